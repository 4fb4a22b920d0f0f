# References for replicalc.stats.rank: base R wilcox.test and binom.test, coin::wilcoxsign_test.
# Rscript tests/reference/rank.R > tests/reference/rank.json
suppressPackageStartupMessages({library(coin); library(jsonlite)})
options(warn = -1)
set.seed(20240731)

pairs <- list(
  zeros_and_ties = list(x = c(23, 31, 18, 40, 27, 35, 22, 29, 31, 18, 25, 30),
                        y = c(20, 32, 11, 30, 27, 29, 22, 30, 28, 16, 25, 27)),
  ties = list(x = c(5, 7, 8, 6, 9, 12, 4, 10), y = c(4, 6, 7, 5, 10, 9, 6, 7)),
  no_ties = list(x = c(12.1, 15.3, 9.8, 20.4, 17.7, 14.2, 11.9), y = c(11.0, 15.9, 7.1, 16.2, 12.5, 14.5, 10.0)),
  balanced = list(x = c(1, 2, 3, 4), y = c(2, 1, 5, 2)),
  sizes_mm = list(x = round(rnorm(60, 30, 12)), y = round(rnorm(60, 27, 12))),
  continuous = list(x = round(rnorm(40, 0.4), 6), y = round(rnorm(40), 6))
)
alternatives <- c("two.sided", "greater", "less")

one <- function(pair) {
  x <- pair$x; y <- pair$y; d <- x - y
  out <- list(x = x, y = y)
  for (a in alternatives) {
    key <- sub("two.sided", "two-sided", a, fixed = TRUE)
    paired <- function(...) wilcox.test(x, y, paired = TRUE, alternative = a, ...)$p.value
    signed <- function(zero) wilcoxsign_test(x ~ y, zero.method = zero, alternative = a)
    out[[key]] <- list(
      wilcox_plain = paired(exact = FALSE, correct = FALSE),
      wilcox_corrected = paired(exact = FALSE, correct = TRUE),
      coin_wilcoxon = list(z = unname(statistic(signed("Wilcoxon"))), p = as.numeric(pvalue(signed("Wilcoxon")))),
      coin_pratt = list(z = unname(statistic(signed("Pratt"))), p = as.numeric(pvalue(signed("Pratt")))),
      sign = binom.test(sum(d > 0), sum(d != 0), alternative = a)$p.value
    )
    if (!any(d == 0) && !anyDuplicated(abs(d)))
      out[[key]]$exact <- list(v = unname(wilcox.test(x, y, paired = TRUE)$statistic), p = paired(exact = TRUE))
  }
  out
}
cat(toJSON(lapply(pairs, one), auto_unbox = TRUE, digits = NA, pretty = 4), "\n")
