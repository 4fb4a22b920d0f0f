# References for replicalc.stats.contingency: base R, coin, and a plain enumeration of every table with the margins.
# Rscript tests/reference/contingency.R > tests/reference/contingency.json
suppressPackageStartupMessages({library(coin); library(jsonlite)})
options(warn = -1)

tables <- list(
  recist_change = rbind(c(22, 15, 5), c(26, 32, 12), c(8, 2, 5)),
  miller_payne_change = rbind(c(1, 0, 0), c(4, 1, 3), c(18, 20, 13), c(8, 7, 0), c(25, 21, 6)),
  pcr_change = rbind(c(25, 21, 6), c(31, 28, 16)),
  pathology_change = rbind(c(13, 15, 4), c(24, 27, 14), c(7, 1, 2), c(12, 6, 2)),
  subtype_pcr = rbind(c(19, 21, 8, 4), c(6, 21, 39, 9)),
  two_by_two = rbind(c(12, 5), c(6, 11)),
  small_two_by_two = rbind(c(3, 1), c(1, 3)),
  one_zero_cell = rbind(c(0, 5), c(7, 3)),
  diagonal = rbind(c(10, 0), c(0, 12)),
  zero_and_ties = rbind(c(3, 0), c(9, 4)),
  no_association = rbind(c(4, 8), c(6, 12)),
  many_ties = rbind(c(2, 1, 0), c(0, 2, 1), c(1, 0, 2)),
  tall = rbind(c(5, 1), c(3, 3), c(2, 4), c(0, 6), c(4, 2), c(1, 5)),
  large_four_by_two = rbind(c(100, 90), c(80, 110), c(95, 85), c(88, 102)),
  four_by_four = rbind(c(3, 1, 0, 2), c(1, 4, 1, 0), c(0, 2, 3, 1), c(2, 0, 1, 4))
)

# All ways to put `total` patients into cells that hold at most `caps`.
fillings <- function(total, caps) {
  if (length(caps) == 1) return(matrix(total[total <= caps], ncol = 1))
  out <- do.call(rbind, lapply(0:min(total, caps[1]), function(first) {
    rest <- fillings(total - first, caps[-1])
    if (nrow(rest)) cbind(first, rest, deparse.level = 0)
  }))
  if (is.null(out)) matrix(0, 0, length(caps)) else out
}

# Visit every table: the largest row is what remains, the second largest is handled as a vector.
enumerate <- function(table) {
  if (ncol(table) > nrow(table)) table <- t(table)
  table <- table[order(rowSums(table)), , drop = FALSE]
  rows <- rowSums(table); columns <- colSums(table); n <- sum(table); r <- length(rows)
  expected <- outer(rows, columns) / n
  constant <- sum(lfactorial(rows)) + sum(lfactorial(columns)) - lfactorial(n)
  observed_log <- constant - sum(lfactorial(table))
  observed_chi <- sum((table - expected)^2 / expected)
  sums <- c(probability = 0, pearson = 0, total = 0, tables = 0)
  row_log <- function(cells) rowSums(lfactorial(cells))
  row_chi <- function(cells, i) colSums((t(cells) - expected[i, ])^2 / expected[i, ])
  visit <- function(i, left, log_so_far, chi_so_far) {
    ways <- fillings(rows[i], left)
    if (!nrow(ways)) return(invisible())
    log_here <- log_so_far - row_log(ways)
    chi_here <- chi_so_far + row_chi(ways, i)
    if (i == r - 1) {
      last <- t(left - t(ways))
      p_log <- log_here - row_log(last)
      chi <- chi_here + row_chi(last, r)
      p <- exp(p_log)
      sums <<- sums + c(sum(p[p_log <= observed_log + log1p(1e-7)]),
                        sum(p[chi >= observed_chi * (1 - 1e-7) - 1e-12]), sum(p), length(p))
    } else for (k in seq_len(nrow(ways))) visit(i + 1, left - ways[k, ], log_here[k], chi_here[k])
  }
  visit(1, columns, constant, 0)
  as.list(sums)
}

# Linear-by-linear association: coin's permutation test of two numeric scores, one line a patient.
trend_test <- function(table, row_scores, column_scores) {
  patients <- data.frame(row = rep(row_scores[row(table)], table), column = rep(column_scores[col(table)], table))
  test <- independence_test(column ~ row, data = patients)
  list(statistic = unname(statistic(test))^2, p = as.numeric(pvalue(test)))
}

one <- function(name) {
  table <- tables[[name]]
  plain <- chisq.test(table, correct = FALSE)
  ratio <- loglin(table, list(1, 2), print = FALSE)
  trend <- trend_test(table, seq_len(nrow(table)), seq_len(ncol(table)))
  row_scores <- seq_len(nrow(table))^2; column_scores <- c(0, 1, 5, 7)[seq_len(ncol(table))]
  scored <- trend_test(table, row_scores, column_scores)
  set.seed(20240731)
  draws <- 1e6
  simulated <- chisq.test(table, simulate.p.value = TRUE, B = draws)$p.value
  out <- list(
    table = table,
    pearson = list(statistic = unname(plain$statistic), df = unname(plain$parameter), p = plain$p.value),
    likelihood_ratio = list(statistic = ratio$lrt, df = ratio$df, p = pchisq(ratio$lrt, ratio$df, lower.tail = FALSE)),
    linear_by_linear = trend,
    scored = c(list(row = row_scores, column = column_scores), scored),
    cochran = list(share = mean(plain$expected < 5), smallest = min(plain$expected)),
    fisher = fisher.test(table, workspace = 2e8)$p.value,
    enumeration = enumerate(table),
    monte_carlo = list(pearson = simulated, draws = draws)
  )
  if (all(dim(table) == 2)) {
    corrected <- chisq.test(table, correct = TRUE)
    out$yates <- list(statistic = unname(corrected$statistic), p = corrected$p.value)
  }
  out
}
results <- sapply(names(tables), one, simplify = FALSE)
cat(toJSON(results, auto_unbox = TRUE, digits = NA, pretty = 4), "\n")
