# References for replicalc.stats.clustered.clustered_difference: the mean of within-lesion differences, survey::svymean.
# Rscript tests/reference/clustered_difference.R > tests/reference/clustered_difference.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(survey); library(jsonlite)})
set.seed(125)
sizes <- c(rep(1, 60), rep(2, 12), 3, 4)
id <- rep(seq_along(sizes), sizes)
u <- rep(runif(length(sizes)), sizes)
cases <- list(
  lesions = list(first = rbinom(length(id), 1, 0.4 + 0.5 * u), second = rbinom(length(id), 1, 0.3 + 0.4 * u), id = id),
  one_way = list(first = c(1, 1, 1, 1, 0, 1), second = c(1, 0, 1, 0, 0, 1), id = c(1, 1, 2, 3, 4, 4)),
  both_ways = list(first = c(1, 0, 1, 0, 1), second = c(0, 1, 0, 1, 1), id = c(1, 1, 2, 3, 3))
)
one <- function(case, level) {
  m <- svymean(~d, svydesign(ids = ~id, data = data.frame(d = case$first - case$second, id = case$id), weights = ~1))
  value <- unname(coef(m)); se <- as.numeric(SE(m)); z <- qnorm((1 + level) / 2)
  c(case, list(level = level, value = value, se = se, limits = value + c(-1, 1) * z * se))
}
cat(toJSON(do.call(c, lapply(c(0.9, 0.95), function(l) lapply(unname(cases), one, level = l))), auto_unbox = TRUE,
  digits = NA, pretty = 4), "\n")
