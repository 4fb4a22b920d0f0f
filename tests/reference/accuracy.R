# References for replicalc.stats.accuracy: epiR::epi.tests, with its log-method intervals.
# Rscript tests/reference/accuracy.R > tests/reference/accuracy.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(epiR); library(jsonlite)})
options(warn = -1)

cases <- list(c(40, 10, 5, 45), c(31, 22, 18, 56), c(3, 1, 2, 90), c(120, 60, 40, 80))
names_of <- c(sensitivity = "se", specificity = "sp", ppv = "pv.pos", npv = "pv.neg", accuracy = "diag.ac",
              prevalence = "tp", youden = "youden", lr_positive = "lr.pos", lr_negative = "lr.neg",
              diagnostic_odds_ratio = "diag.or", false_positive_rate = "p.tpdn", false_negative_rate = "p.tndp")

one <- function(case, level) {
  detail <- epi.tests(as.table(matrix(case, 2, byrow = TRUE)), digits = 4, conf.level = level)$detail
  rows <- match(names_of, detail$statistic)
  measures <- lapply(rows, function(i) as.list(detail[i, c("est", "lower", "upper")]))
  list(tp = case[1], fp = case[2], fn = case[3], tn = case[4], level = level,
       measures = setNames(measures, names(names_of)))
}
results <- do.call(c, lapply(c(0.95, 0.9), function(level) lapply(cases, one, level = level)))
cat(toJSON(results, auto_unbox = TRUE, digits = NA, pretty = 4), "\n")
