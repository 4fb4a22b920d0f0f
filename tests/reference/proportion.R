# References for replicalc.stats.proportion: base R prop.test, binom.test and qbeta; epiR's Agresti-Coull; Wald by hand.
# Rscript tests/reference/proportion.R > tests/reference/proportion.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(epiR); library(jsonlite)})
options(warn = -1)

cases <- list(c(0, 10), c(1, 10), c(8, 10), c(10, 10), c(0, 1), c(1, 1), c(49, 127), c(71, 127), c(126, 127), c(3, 750))

one <- function(case, level) {
  x <- case[1]; n <- case[2]; p <- x / n; tail <- (1 - level) / 2; z <- qnorm(1 - tail)
  agresti <- epi.conf(cbind(x, n), ctype = "prevalence", method = "agresti", conf.level = level)
  clip <- function(limits) pmin(pmax(limits, 0), 1)
  list(count = x, n = n, level = level, intervals = list(
    "Wald" = clip(p + c(-1, 1) * z * sqrt(p * (1 - p) / n)),
    "Wilson" = clip(as.numeric(prop.test(x, n, correct = FALSE, conf.level = level)$conf.int)),
    "Clopper-Pearson" = as.numeric(binom.test(x, n, conf.level = level)$conf.int),
    "Agresti-Coull" = clip(c(agresti$lower, agresti$upper)),
    "Jeffreys" = qbeta(c(tail, 1 - tail), x + 0.5, n - x + 0.5)
  ))
}
results <- do.call(c, lapply(c(0.9, 0.95, 0.99), function(level) lapply(cases, one, level = level)))
cat(toJSON(results, auto_unbox = TRUE, digits = NA, pretty = 4), "\n")
