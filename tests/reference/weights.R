# References for frequency weights and for large tables: R on the rows repeated one by one, and counts of 1e7 patients.
# Rscript tests/reference/weights.R > tests/reference/weights.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(survival); library(jsonlite)})
options(warn = -1)

# Distinct rows of a registry: months of follow-up, whether the event was seen, two covariates, and how many are alike.
rows <- function(seed, n, most) {
  set.seed(seed)
  d <- data.frame(time = sample(1:24, n, TRUE), event = rbinom(n, 1, 0.4), casting = rbinom(n, 1, 0.3),
    age = sample(seq(40, 80, 10), n, TRUE), score = sample(0:5, n, TRUE), reader = sample(0:5, n, TRUE))
  d$weight <- floor(runif(n, 0, most + 1) * exp(-0.04 * d$time) * ifelse(d$casting == d$event, 1.6, 1))
  d
}
control <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100)
hazards <- function(d, ties) {
  fit <- coxph(Surv(time, event) ~ casting + age, data = d, ties = ties, control = control)
  list(coefficient = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), loglik = fit$loglik, score = fit$score,
    wald = unname(fit$wald.test), zph = unname(cox.zph(fit, transform = "km")$table[, "chisq"]))
}
one <- function(d) {
  full <- d[rep(seq_len(nrow(d)), d$weight), ]
  fit <- glm(event ~ casting + age, binomial, full, control = glm.control(epsilon = 1e-14, maxit = 100))
  smaller <- update(fit, . ~ . - casting)
  curve <- survfit(Surv(time, event) ~ 1, data = full, conf.type = "log-log")
  apart <- wilcox.test(score ~ reader > 2, full, exact = FALSE, correct = FALSE)
  signed <- wilcox.test(full$score, full$reader, paired = TRUE, exact = FALSE, correct = FALSE)
  long <- t.test(full$score)
  list(rows = as.list(d), n = nrow(full),
    mean = mean(full$age), sd = sd(full$age), interval = long$conf.int[1:2],
    quantiles = lapply(list(`type 6` = 6, `type 7` = 7, `type 2` = 2), function(type)
      unname(quantile(full$age + full$score / 3, c(0.1, 0.25, 0.5, 0.9), type = type))),
    hinges = fivenum(full$age + full$score / 3)[2:4],
    mann_whitney = apart$p.value, wilcoxon = signed$p.value,
    logistic = list(coefficient = unname(coef(fit)), se = unname(sqrt(diag(vcov(fit)))), loglik = as.numeric(logLik(fit)),
      lr = smaller$deviance - fit$deviance),
    efron = hazards(full, "efron"), breslow = hazards(full, "breslow"),
    curve = list(times = curve$time, at_risk = curve$n.risk, events = curve$n.event, survival = curve$surv,
      se = curve$surv * curve$std.err, lo = curve$lower, hi = curve$upper),
    logrank = survdiff(Surv(time, event) ~ age, data = full)$chisq)
}

# Fisher's exact test and the conditional odds ratio: dhyper over all values that weigh anything, roots to 1e-13.
large <- function(a, b, c, d) {
  x <- max(0, a - d, a - 60000):min(a + b, a + c, a + 60000)
  logs <- dhyper(x, a + c, b + d, a + b, log = TRUE); p <- exp(logs); seen <- p[x == a]
  at <- function(t) { w <- exp(logs + x * t - max(logs + x * t)); w / sum(w) }
  root <- function(f) exp(uniroot(f, log(a * d / (b * c)) + c(-8, 8) * sqrt(1 / a + 1 / b + 1 / c + 1 / d), tol = 1e-14)$root)
  list(cells = c(a, b, c, d), fisher = sum(p[p <= seen * (1 + 1e-7)]), by_r = fisher.test(rbind(c(a, b), c(c, d)))$p.value,
    mid = sum(p[p < seen * (1 - 1e-7)]) + sum(p[abs(p - seen) <= seen * 1e-7]) / 2,
    greater = phyper(a - 1, a + c, b + d, a + b, lower.tail = FALSE), less = phyper(a, a + c, b + d, a + b),
    conditional = root(function(t) sum(x * at(t)) - a), lo = root(function(t) sum(at(t)[x >= a]) - 0.025),
    hi = root(function(t) 0.025 - sum(at(t)[x <= a])))
}
tables <- list(large(3100400, 1899600, 3098000, 1902000), large(30, 4e6, 17, 6e6), large(3, 4e6, 1, 6e6),
  large(60500, 40200, 59900, 40400))
cat(toJSON(list(small = one(rows(1, 60, 6)), registry = one(rows(2, 400, 6000)), tables = tables),
  auto_unbox = TRUE, digits = NA, na = "null"), "\n")
