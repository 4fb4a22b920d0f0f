# References for replicalc.stats.survival and replicalc.stats.cox: the survival package.
# Rscript tests/reference/survival.R > tests/reference/survival.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(survival); library(jsonlite)})
options(warn = -1)

casting <- function(n, seed, digits) {
  set.seed(seed)
  type <- rbinom(n, 1, 0.25); size <- sample(c(0, 1), n, TRUE); age <- round(rnorm(n, 55, 8))
  death <- rweibull(n, 0.9, 30 * exp(-0.9 * type - 0.5 * size)); end <- runif(n, 3, 24)
  list(time = round(pmin(death, end), digits), event = as.integer(death <= end), X = cbind(casting = type,
    size = size, age = age),
       group = sample(c("casting", "other", "none"), n, TRUE, c(0.3, 0.4, 0.3)))
}
pick <- function(d, cols, rows) list(time = d$time[rows], event = d$event[rows], X = as.matrix(d$X[rows, cols,
  drop = FALSE]), group = d$group[rows])
lung2 <- na.omit(lung[, c("time", "status", "age", "sex", "ph.ecog")])
cases <- list(
  years = casting(343, 1, 2), months_tied = casting(120, 2, 0), small = casting(25, 3, 1),
  one_covariate = pick(casting(343, 4, 1), "casting", 1:343),
  lung = list(time = lung2$time, event = lung2$status - 1, X = as.matrix(lung2[, c("age", "sex", "ph.ecog")]),
    group = paste0("e", lung2$ph.ecog > 0)),
  half = list(time = c(1, 2, 3, 4, 5, 6, 7, 8), event = c(1, 1, 1, 1, 0, 0, 1, 1), X = cbind(x = c(1, 0, 1, 0, 0, 1,
    0, 1)), group = rep(c("a", "b"), 4))
)
model <- function(case, ties, level) {
  fit <- coxph(Surv(case$time, case$event) ~ case$X, ties = ties, control = coxph.control(eps = 1e-14,
    toler.chol = 1e-15, iter.max = 100))
  s <- summary(fit, conf.int = level)
  X <- case$X; fit2 <- coxph(Surv(time, event) ~ ., data = data.frame(time = case$time, event = case$event, X),
    ties = ties, control = coxph.control(eps = 1e-14, iter.max = 100))
  zph <- function(transform) { z <- cox.zph(fit2, transform = transform)$table
    list(statistic = unname(z[, "chisq"]), df = unname(z[, "df"]), p = unname(z[, "p"])) }
  list(coefficient = I(unname(coef(fit))), se = I(unname(s$coefficients[, "se(coef)"])), lo = I(unname(s$conf.int[,
    3])), hi = I(unname(s$conf.int[, 4])),
       z = I(unname(s$coefficients[, "z"])), p_wald = I(unname(s$coefficients[, "Pr(>|z|)"])), loglik = fit$loglik,
       likelihood_ratio = 2 * diff(fit$loglik), score = fit$score, wald = fit$wald.test, km = zph("km"),
         identity = zph("identity"))
}
curve <- function(time, event, level) {
  fit <- survfit(Surv(time, event) ~ 1, conf.type = "log-log", conf.int = level)
  q <- quantile(fit, 0.5)
  list(times = fit$time, at_risk = fit$n.risk, events = fit$n.event, censored = fit$n.censor, survival = fit$surv,
    se = fit$surv * fit$std.err,
       lo = fit$lower, hi = fit$upper, median = unname(c(q$quantile, q$lower, q$upper)))
}
one <- function(case, level) {
  rank <- survdiff(Surv(case$time, case$event) ~ case$group)
  at <- unname(quantile(case$time, c(0.2, 0.5, 0.7), type = 1)) + c(0, 0.001, 0)
  s <- summary(survfit(Surv(case$time, case$event) ~ 1, conf.type = "log-log", conf.int = level), times = at)
  list(time = case$time, event = case$event, X = unname(case$X), names = I(colnames(case$X)), group = case$group,
    level = level,
       curve = curve(case$time, case$event, level), reverse = curve(case$time, 1 - case$event, level)$median,
       at = list(times = at, survival = s$surv, lo = s$lower, hi = s$upper, at_risk = s$n.risk),
       logrank = list(statistic = rank$chisq, df = length(rank$n) - 1, p = pchisq(rank$chisq, length(rank$n) - 1,
         lower.tail = FALSE)),
       efron = model(case, "efron", level), breslow = model(case, "breslow", level))
}
fits <- c(lapply(cases, one, level = 0.95), list(small_90 = one(cases$small, 0.9)))
cat(toJSON(fits, auto_unbox = TRUE, digits = NA, na = "null", pretty = FALSE), "\n")
