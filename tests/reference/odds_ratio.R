# References for replicalc.stats.odds_ratio: fisher.test for the exact conditional limits and estimate, glm for Wald, glm
# with an offset for the score and the deviance at any odds ratio, dhyper weighted by the odds ratio for the tails.
# Rscript tests/reference/odds_ratio.R > tests/reference/odds_ratio.json
suppressPackageStartupMessages(library(jsonlite))
options(warn = -1)
tables <- list(c(12, 5, 6, 11), c(30, 20, 21, 29), c(3, 1, 1, 3), c(7, 27, 1, 33), c(0, 16, 15, 57), c(10, 4, 12, 0),
  c(140, 60, 95, 105), c(2, 48, 9, 41), c(1, 2, 40, 7), c(9, 0, 5, 8))
tight <- function(f, from, to) uniroot(f, c(from, to), tol = 1e-13, maxiter = 10000)$root
# Outward from the odds ratio with 0.5 added, as glm does not converge far away from it.
crossing <- function(f, t) {
  near <- log((t[1] + 0.5) * (t[4] + 0.5) / ((t[2] + 0.5) * (t[3] + 0.5))); side <- sign(f(near)); far <- near
  while (sign(f(far)) == side) { near <- far; far <- far + side * 0.25 }
  exp(tight(f, min(near, far), max(near, far)))
}
control <- glm.control(epsilon = 1e-15, maxit = 500)
one <- function(t, level = 0.95) {
  m <- matrix(t, 2, byrow = TRUE); alpha <- 1 - level; z <- qnorm(1 - alpha / 2)
  f <- fisher.test(m, conf.level = level)
  x <- c(1, 0); n <- rowSums(m); y <- m[, 1]
  # The exact tails written out: dhyper times OR^a.
  lo <- max(0, sum(y) - n[2]):min(n[1], sum(y)); w <- dhyper(lo, n[1], n[2], sum(y), log = TRUE)
  tail <- function(beta, keep, half) {
    p <- w + lo * beta; p <- exp(p - max(p)); p <- p / sum(p); p[lo == t[1]] <- p[lo == t[1]] * half; sum(p[keep])
  }
  up <- function(beta, half) tail(beta, lo >= t[1], half); down <- function(beta, half) tail(beta, lo <= t[1], half)
  limits <- function(half) list(lo = if (t[1] == min(lo)) 0 else exp(tight(function(b) up(b, half) - alpha / 2, -30, 30)),
    hi = if (t[1] == max(lo)) NA else exp(tight(function(b) down(b, half) - alpha / 2, -30, 30)))
  # With beta held by an offset only the intercept is fitted: score and deviance of beta in the logistic model.
  fixed <- function(beta) glm(cbind(y, n - y) ~ 1, offset = beta * x, family = binomial, control = control)
  score <- function(beta, over) {
    g <- fixed(beta); p <- fitted(g); v <- n * p * (1 - p)
    u <- sum(x * (y - n * p)); info <- sum(x^2 * v) - sum(x * v)^2 / sum(v)
    u / sqrt(info) * if (over) sqrt((sum(n) - 1) / sum(n)) else 1
  }
  root_deviance <- function(beta) { # by logarithms of its own, as R's deviance is of the model and not of the table
    p <- fitted(fixed(beta)); o <- c(y, n - y); e <- c(n * p, n * (1 - p))
    sqrt(max(0, 2 * sum(ifelse(o > 0, o * log(o / e), 0)))) * sign(y[1] - n[1] * p[1])
  }
  pair <- function(g) list(lo = if (t[1] * t[4] == 0) 0 else crossing(function(b) g(b) - z, t),
    hi = if (t[2] * t[3] == 0) NA else crossing(function(b) g(b) + z, t))
  halves <- matrix(t + 0.5, 2, byrow = TRUE)
  wald <- function(m) {
    s <- summary(glm(m ~ x, family = binomial, control = control))$coefficients[2, ]
    list(value = exp(s[[1]]), lo = exp(s[[1]] - z * s[[2]]), hi = exp(s[[1]] + z * s[[2]]))
  }
  open <- all(t > 0)
  c(list(table = t, level = level, fisher_test = list(value = f$estimate[[1]], lo = f$conf.int[1], hi = f$conf.int[2]),
    "exact conditional" = limits(1), "mid-P" = limits(0.5), "Woolf with 0.5" = wald(halves),
    Cornfield = pair(function(b) score(b, FALSE)), "Miettinen-Nurminen" = pair(function(b) score(b, TRUE)),
    "profile likelihood" = pair(root_deviance)),
    if (open) list(Woolf = wald(m), median = crossing(function(b) 0.5 - up(b, 0.5), t),
      conditional = crossing(function(b) { p <- w + lo * b; p <- exp(p - max(p)); t[1] - sum(lo * p) / sum(p) }, t)))
}
cases <- c(lapply(tables, one), lapply(tables[1:3], one, level = 0.9))
cat(toJSON(cases, auto_unbox = TRUE, digits = NA, na = "null", pretty = 4), "\n")
