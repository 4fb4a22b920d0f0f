# References for replicalc.stats.describe: base R quantile, fivenum, t.test, qchisq, qbinom.
# Rscript tests/reference/describe.R > tests/reference/describe.json
suppressPackageStartupMessages(library(jsonlite))
set.seed(20240731)

samples <- list(
  two = c(3, 8), odd = c(1, 4, 4, 9, 16, 25, 31), even = c(2, 2, 3, 5, 8, 13), thirty = round(rnorm(30, 50, 11)),
  skewed = round(rexp(101, 1 / 20), 3)
)
probabilities <- c(0, 0.05, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.975, 1)

one <- function(x) {
  n <- length(x)
  limits <- function(level, q) {
    ranks <- c(qbinom((1 - level) / 2, n, q), qbinom((1 + level) / 2, n, q) + 1)
    inside <- ranks >= 1 & ranks <= n
    list(level = level, q = q, ranks = ranks, values = ifelse(inside, sort(x)[pmin(pmax(ranks, 1), n)], NA),
         coverage = pbinom(ranks[2] - 1, n, q) - pbinom(ranks[1] - 1, n, q))
  }
  by_level <- function(level) list(
    level = level,
    mean = as.numeric(t.test(x, conf.level = level)$conf.int),
    sd = sd(x) * sqrt((n - 1) / qchisq(c((1 + level) / 2, (1 - level) / 2), n - 1))
  )
  list(
    x = x, mean = mean(x), sd = sd(x), probabilities = probabilities,
    type6 = unname(quantile(x, probabilities, type = 6)), type7 = unname(quantile(x, probabilities, type = 7)),
    type2 = unname(quantile(x, probabilities, type = 2)), hinges = fivenum(x)[2:4],
    intervals = lapply(c(0.9, 0.95, 0.99), by_level),
    order_statistics = list(limits(0.95, 0.5), limits(0.9, 0.5), limits(0.95, 0.25), limits(0.99, 0.9))
  )
}
cat(toJSON(lapply(samples, one), auto_unbox = TRUE, digits = NA, pretty = 4, na = "null"), "\n")
