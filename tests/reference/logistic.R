# References for replicalc.stats.logistic: glm with deviance tests; Firth with brglm2 (estimates) and a plain
# maximisation of the penalised likelihood (limits and tests; logistf is not in Debian); Woolf by epiR.
# Rscript tests/reference/logistic.R > tests/reference/logistic.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(brglm2); library(epiR); library(jsonlite)})
options(warn = -1)

prognosis <- function(n, seed) {
  set.seed(seed)
  diameter <- round(rlnorm(n, 3, 0.5), 1)
  node <- rbinom(n, 1, 0.45); calcified <- rbinom(n, 1, 0.4); stage <- rbinom(n, 1, 0.6)
  age <- round(rnorm(n, 52, 9))
  poor <- rbinom(n, 1, plogis(-2 + 0.03 * diameter + 0.8 * node + 0.6 * calcified - 0.5 * stage))
  list(y = poor, X = cbind(diameter, node, calcified, stage, age))
}
indicator <- function(a, b, c, d) list(y = rep(c(1, 0, 1, 0), c(a, b, c, d)), X = cbind(calcified = rep(c(1, 0),
  c(a + b, c + d))))
year <- prognosis(80, 5); year$X <- cbind(year$X[, 2:3], year = 1990 + year$X[, 5])
quasi <- prognosis(60, 7); quasi$y[quasi$X[, "node"] == 1] <- 1; quasi$X <- quasi$X[, c("diameter", "node")]
cases <- list(
  doppler = prognosis(420, 1), small = prognosis(45, 2), one_covariate = indicator(22, 15, 11, 30),
  year = year, quasi_binary = indicator(9, 0, 14, 20), quasi_adjusted = quasi,
  complete = list(y = c(0, 0, 0, 0, 1, 1, 1), X = cbind(size = c(4, 7, 9, 11, 14, 20, 25)))
)

log_likelihood <- function(beta, X, y) { eta <- drop(X %*% beta)
  sum(y * eta) - sum(ifelse(eta > 0, eta + log1p(exp(-eta)), log1p(exp(eta)))) }
# Penalised likelihood and its gradient, in standardised covariates to keep optim honest.
penalised <- function(beta, X, y) {
  p <- plogis(drop(X %*% beta))
  log_likelihood(beta, X, y) + 0.5 * as.numeric(determinant(crossprod(X * sqrt(p * (1 - p))))$modulus)
}
gradient <- function(beta, X, y) {
  p <- plogis(drop(X %*% beta)); w <- p * (1 - p)
  h <- rowSums((X %*% solve(crossprod(X * sqrt(w)), tol = 0)) * X) * w
  drop(crossprod(X, y - p + h * (0.5 - p)))
}
climb <- function(start, X, y, free = seq_along(start)) {
  if (!length(free)) return(list(value = penalised(start, X, y), par = start))
  full <- function(b) { start[free] <- b; start }
  b <- start[free]
  b <- nlminb(b, function(b) -penalised(full(b), X, y), control = list(eval.max = 5000, iter.max = 5000))$par
  for (i in 1:20) {  # Newton on the score, its derivative by differences
    J <- sapply(seq_along(b), function(k) { e <- replace(numeric(length(b)), k, 1e-5)
      (gradient(full(b + e), X, y)[free] - gradient(full(b - e), X, y)[free]) / 2e-5 })
    step <- solve(matrix(J, length(b)), gradient(full(b), X, y)[free]); now <- penalised(full(b), X, y)
    while (!isTRUE(penalised(full(b - step), X, y) >= now - 1e-9)) step <- step / 2
    b <- b - step
    if (max(abs(step)) < 1e-13) break
  }
  list(value = penalised(full(b), X, y), par = full(b))
}
firth <- function(case, level) {
  spread <- apply(case$X, 2, sd); X <- cbind(1, scale(case$X, center = FALSE, scale = spread)); y <- case$y
  scales <- c(1, spread)
  top <- climb(rep(0, ncol(X)), X, y)
  p <- plogis(drop(X %*% top$par)); cov <- solve(crossprod(X * sqrt(p * (1 - p)))); se <- sqrt(diag(cov))
  target <- top$value - qchisq(level, 1) / 2
  at <- function(j, value) climb(top$par + cov[, j] / cov[j, j] * (value - top$par[j]), X, y, setdiff(seq_along(se),
    j))$value
  crossing <- function(j, sign) {
    far <- 1; while (at(j, top$par[j] + sign * far * se[j]) > target) far <- far + 1
    uniroot(function(v) at(j, v) - target, sort(top$par[j] + sign * c(far - 1, far) * se[j]), tol = 1e-13)$root
  }
  fit <- glm(y ~ case$X, family = binomial(), method = "brglmFit", type = "AS_mean", epsilon = 1e-12, maxit = 10000)
  list(coefficient = top$par / scales, brglm2 = unname(coef(fit)), se = se / scales,
       log_likelihood = penalised(top$par / scales, cbind(1, case$X), y),
       lo = exp(sapply(seq_along(se), crossing, sign = -1) / scales), hi = exp(sapply(seq_along(se), crossing,
         sign = 1) / scales),
       p_lr = sapply(seq_along(se), function(j) pchisq(2 * (top$value - at(j, 0)), 1, lower.tail = FALSE)))
}
maximum <- function(case, level) {
  X <- cbind(1, case$X); y <- case$y
  control <- list(epsilon = 1e-14, maxit = 200)
  fit <- glm.fit(X, y, family = binomial(), control = control)
  p <- fit$fitted.values; se <- sqrt(diag(solve(crossprod(X * sqrt(p * (1 - p))), tol = 0)))
  beta <- unname(fit$coefficients); z <- qnorm((1 + level) / 2)
  without <- sapply(seq_along(beta), function(j) glm.fit(X[, -j, drop = FALSE], y, family = binomial(),
    control = control)$deviance)
  list(log_likelihood = -fit$deviance / 2, coefficient = beta, se = unname(se), lo = exp(beta - z * se),
    hi = exp(beta + z * se),
       z = beta / se, p_wald = 2 * pnorm(-abs(beta / se)), p_lr = pchisq(without - fit$deviance, 1, lower.tail = FALSE))
}
one <- function(case, level) list(y = case$y, X = unname(case$X), names = I(colnames(case$X)), level = level,
                                  maximum = maximum(case, level), firth = firth(case, level))
fits <- c(lapply(cases, one, level = 0.95), list(small_90 = one(cases$small, 0.9)))
tables <- list(c(12, 5, 6, 11), c(22, 15, 11, 30), c(1, 40, 3, 7))
ratio <- function(cells) {
  tab <- matrix(cells, 2, byrow = TRUE)
  out <- epi.2by2(tab, method = "cross.sectional", conf.level = 0.9)$massoc.detail$OR.strata.wald
  list(cells = cells, level = 0.9, value = out$est, lo = out$lower, hi = out$upper)
}
cat(toJSON(list(fits = fits, odds_ratios = lapply(tables, ratio)), auto_unbox = TRUE, digits = NA, pretty = FALSE),
  "\n")
