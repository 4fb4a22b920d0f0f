# References for replicalc.stats.clustered: the linearised variance and effective size of survey::svymean, and
# prop.test's Wilson formula at that size.
# Rscript tests/reference/clustered.R > tests/reference/clustered.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(survey); library(jsonlite)})
options(warn = -1)

set.seed(113)
women <- function(sizes, strength) unlist(lapply(sizes, function(k) { p <- rbeta(1, strength * 0.6, strength * 0.4)
  rbinom(k, 1, p) }))
sizes <- c(rep(1, 102), rep(2, 10), 3)
cases <- list(
  us_mri = list(y = women(sizes, 2), id = rep(seq_along(sizes), sizes)),
  strong = list(y = rep(c(1, 0, 1, 1, 0), c(4, 3, 5, 2, 4)), id = rep(1:5, c(4, 3, 5, 2, 4))),
  single = list(y = rep(c(1, 0), c(17, 9)), id = 1:26),
  opposed = list(y = c(1, 0, 1, 0, 1, 0, 1, 1, 0), id = c(1, 1, 2, 2, 3, 3, 4, 5, 5))
)
wilson <- function(p, n, level) {
  z <- qnorm((1 + level) / 2)
  (p + z^2 / (2 * n) + c(-1, 1) * z * sqrt(p * (1 - p) / n + z^2 / (4 * n^2))) / (1 + z^2 / n)
}
one <- function(case, level) {
  d <- svydesign(ids = ~id, data = data.frame(case), weights = ~1)
  m <- svymean(~y, d)
  p <- unname(coef(m)); se <- as.numeric(SE(m)); n <- length(case$y)
  size <- p * (1 - p) / se^2
  list(y = case$y, id = case$id, level = level, value = p, se = se, design_effect = n / size, effective_n = size,
    limits = wilson(p, size, level))
}
cat(toJSON(do.call(c, lapply(c(0.9, 0.95), function(l) lapply(unname(cases), one, level = l))), auto_unbox = TRUE,
  digits = NA, pretty = 4), "\n")
