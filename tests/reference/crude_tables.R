# References for replicalc.verify.crude: every 2x2 table with the given patients and events, one after the other, whose
# odds ratio and Woolf limits print as told with sprintf. No range is worked out beforehand: all tables are looked at.
# Rscript tests/reference/crude_tables.R > tests/reference/crude_tables.json
suppressPackageStartupMessages(library(jsonlite))
cases <- list(
  list(n = 420, events = 74, printed = c("2.401", "1.105", "5.216")),
  list(n = 420, events = 74, printed = c("0.269", "0.160", "0.452")),
  list(n = 420, events = 74, printed = c("0.345", "0.202", "0.590")),
  list(n = 78, events = 33, printed = c("2.6", "1.0", "6.6")),
  list(n = 78, events = 33, printed = c("2.625", "1.039", "6.631")),
  list(n = 150, events = 20, printed = c("1.00", "0.37", "2.71")),
  list(n = 60, events = 30, printed = c("9.1", "2.9", "28.9"))
)
tables <- function(case) {
  d <- nchar(sub("^[^.]*[.]?", "", case$printed))
  all <- expand.grid(a = seq_len(case$events - 1), b = seq_len(case$n - case$events - 1))
  all$c <- case$events - all$a; all$d <- case$n - case$events - all$b
  or <- all$a * all$d / (all$b * all$c); se <- sqrt(1 / all$a + 1 / all$b + 1 / all$c + 1 / all$d)
  z <- qnorm(0.975)
  values <- list(or, exp(log(or) - z * se), exp(log(or) + z * se))
  same <- Reduce(`&`, Map(function(v, d, p) sprintf(paste0("%.", d, "f"), v) == p, values, d, case$printed))
  c(case, list(tables = unname(as.matrix(all[same, ]))))
}
cat(toJSON(lapply(cases, tables), auto_unbox = TRUE, digits = NA, pretty = TRUE), "\n")
