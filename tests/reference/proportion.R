# References for replicalc.stats.proportion: base R prop.test, binom.test, qbeta and glm; epiR's Agresti-Coull; the others
# by hand: Blaker's acceptability as his paper prints it, scanned for the outermost accepted proportions.
# Rscript tests/reference/proportion.R > tests/reference/proportion.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(epiR); library(jsonlite)})
options(warn = -1)

cases <- list(c(0, 10), c(1, 10), c(8, 10), c(10, 10), c(0, 1), c(1, 1), c(49, 127), c(71, 127), c(126, 127), c(3, 750),
  c(7, 14), c(2, 3), c(13, 40), c(500, 1000))

# Blaker 2000: the acceptability of p, and its lower limit by a scan upwards from Clopper and Pearson's.
acceptability <- function(x, n, p) {
  upper <- 1 - pbinom(x - 1, n, p); lower <- pbinom(x, n, p)
  a1 <- upper + pbinom(qbinom(upper, n, p) - 1, n, p)
  a2 <- lower + 1 - pbinom(qbinom(1 - lower, n, p), n, p)
  pmin(a1, a2, 1)
}
blaker_lower <- function(x, n, level) {
  if (x == 0) return(0)
  start <- qbeta((1 - level) / 2, x, n - x + 1)
  scan <- seq(start, x / n, length.out = 20001)
  first <- which(acceptability(x, n, scan[-1]) >= 1 - level)[1]
  low <- scan[first]; high <- scan[first + 1]
  for (i in 1:60) {
    middle <- (low + high) / 2
    if (acceptability(x, n, middle) >= 1 - level) high <- middle else low <- middle
  }
  high
}
mid_p_lower <- function(x, n, level) if (x == 0) 0 else uniroot(function(p)
  pbinom(x, n, p, lower.tail = FALSE) + dbinom(x, n, p) / 2 - (1 - level) / 2, c(0, 1), tol = 1e-15)$root
likelihood_lower <- function(x, n, level) if (x == 0) 0 else uniroot(function(p)
  2 * (dbinom(x, n, x / n, log = TRUE) - dbinom(x, n, p, log = TRUE)) - qchisq(level, 1), c(1e-9, x / n), tol = 1e-15)$root
both <- function(lower, x, n, level) c(lower(x, n, level), 1 - lower(n - x, n, level))
# Newcombe's method 4: the p at which |count - n p| - 1/2 is z standard errors; prop.test where it corrects by as much.
corrected <- function(x, n, level) {
  if (abs(x - n / 2) >= 0.5) return(as.numeric(prop.test(x, n, correct = TRUE, conf.level = level)$conf.int))
  z <- qnorm((1 + level) / 2); gap <- function(p) abs(x - n * p) - 0.5 - z * sqrt(n * p * (1 - p))
  c(uniroot(gap, c(0, (x - 0.5) / n), tol = 1e-15)$root, uniroot(gap, c((x + 0.5) / n, 1), tol = 1e-15)$root)
}
logit <- function(x, n, level) {
  fit <- summary(glm(cbind(x, n - x) ~ 1, family = binomial, control = list(epsilon = 1e-14)))$coefficients
  plogis(fit[1] + c(-1, 1) * qnorm((1 + level) / 2) * fit[2])
}
arcsine <- function(p, n, z) sin(pmin(pi / 2, pmax(0, asin(sqrt(p)) + c(-1, 1) * z / (2 * sqrt(n)))))^2

one <- function(case, level) {
  x <- case[1]; n <- case[2]; p <- x / n; tail <- (1 - level) / 2; z <- qnorm(1 - tail)
  agresti <- epi.conf(cbind(x, n), ctype = "prevalence", method = "agresti", conf.level = level)
  clip <- function(limits) pmin(pmax(limits, 0), 1)
  out <- list(count = x, n = n, level = level, intervals = list(
    "Wald" = clip(p + c(-1, 1) * z * sqrt(p * (1 - p) / n)),
    "Wilson" = clip(as.numeric(prop.test(x, n, correct = FALSE, conf.level = level)$conf.int)),
    "Clopper-Pearson" = as.numeric(binom.test(x, n, conf.level = level)$conf.int),
    "Agresti-Coull" = clip(c(agresti$lower, agresti$upper)),
    "Jeffreys" = qbeta(c(tail, 1 - tail), x + 0.5, n - x + 0.5),
    "Wald with continuity correction" = clip(p + c(-1, 1) * (z * sqrt(p * (1 - p) / n) + 1 / (2 * n))),
    "Wilson with continuity correction" = corrected(x, n, level),
    "mid-P" = both(mid_p_lower, x, n, level),
    "Blaker" = both(blaker_lower, x, n, level),
    "arcsine" = arcsine(p, n, z),
    "arcsine (Anscombe)" = arcsine((x + 0.375) / (n + 0.75), n, z),
    "likelihood ratio" = both(likelihood_lower, x, n, level)
  ))
  if (x > 0 && x < n) out$intervals$logit <- logit(x, n, level)
  out
}
results <- do.call(c, lapply(c(0.9, 0.95, 0.99), function(level) lapply(cases, one, level = level)))
cat(toJSON(results, auto_unbox = TRUE, digits = NA, pretty = 4), "\n")
