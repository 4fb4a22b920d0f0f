# References for replicalc.stats.agreement: psych::ICC (limits included); Bland and Altman's formulas in base R.
# Rscript tests/reference/agreement.R > tests/reference/agreement.json
suppressPackageStartupMessages({library(psych); library(jsonlite)})
set.seed(20240731)

lesions <- rnorm(30, 24, 9)
ratings <- list(
  shrout_fleiss = rbind(c(9, 2, 5, 8), c(6, 1, 3, 2), c(8, 4, 6, 8), c(7, 1, 2, 6), c(10, 5, 6, 9), c(6, 2, 4, 7)),
  two_readers_mm = round(cbind(lesions + rnorm(30, 0, 2), lesions + rnorm(30, 3, 2))),
  three_readers = round(outer(lesions[1:20], c(0, 1, -2), "+") + matrix(rnorm(60, 0, 4), 20), 1),
  unrelated = round(matrix(rnorm(36, 20, 5), 12), 1),
  opposed = cbind(c(1, 2, 3, 4, 5, 7), c(6, 5, 5, 3, 2, 1)),
  close = round(cbind(lesions, lesions + rnorm(30, 0, 0.05)), 2)
)
forms <- c("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")

one_icc <- function(x) {
  by_level <- function(level) {
    r <- ICC(x, lmer = FALSE, alpha = 1 - level)$results
    list(level = level, form = forms, value = r$ICC, f = r$F, df1 = r$df1, df2 = r$df2, p = r$p,
         lo = r$"lower bound", hi = r$"upper bound")
  }
  list(ratings = x, levels = lapply(c(0.95, 0.9), by_level))
}

one_bland_altman <- function(x, y, level) {
  d <- x - y; n <- length(d); z <- qnorm(0.975)
  limits <- mean(d) + c(-1, 1) * z * sd(d)
  half <- qt((1 + level) / 2, n - 1) * sd(d) * sqrt(1 / n + z^2 / (2 * (n - 1)))
  list(x = x, y = y, level = level, bias = mean(d), sd = sd(d), limits = limits,
       bias_interval = as.numeric(t.test(x, y, paired = TRUE, conf.level = level)$conf.int),
       lower_interval = limits[1] + c(-1, 1) * half, upper_interval = limits[2] + c(-1, 1) * half)
}

cat(toJSON(list(
  icc = lapply(ratings, one_icc),
  bland_altman = list(
    one_bland_altman(ratings$two_readers_mm[, 1], ratings$two_readers_mm[, 2], 0.95),
    one_bland_altman(ratings$shrout_fleiss[, 1], ratings$shrout_fleiss[, 4], 0.9)
  )
), auto_unbox = TRUE, digits = NA, pretty = 4), "\n")
