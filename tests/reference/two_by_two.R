# References for replicalc.stats.two_by_two and replicalc.stats.ordered: fisher.test and dhyper, prop.test, glm;
# kruskal.test, wilcox.test and prop.trend.test on one line a patient.
# Rscript tests/reference/two_by_two.R > tests/reference/two_by_two.json
suppressPackageStartupMessages(library(jsonlite))
options(warn = -1)
small <- list(rbind(c(12, 5), c(6, 11)), rbind(c(3, 1), c(1, 3)), rbind(c(7, 27), c(1, 33)), rbind(c(0, 16), c(15, 57)),
  rbind(c(9, 4), c(4, 10)), rbind(c(22, 15), c(11, 30)), rbind(c(10, 0), c(0, 12)), rbind(c(4, 8), c(6, 12)))
# Fay 2010: the Blaker P by visiting every table, each with the smaller of its own two tails.
blaker <- function(p, seen) {
  tail <- sapply(seq_along(p), function(i) min(sum(p[1:i]), sum(p[i:length(p)])))
  sum(p[tail <= tail[seen] * (1 + 1e-7)])
}
two_by_two <- function(t) {
  x <- max(0, sum(t[, 1]) - sum(t[2, ])):min(sum(t[1, ]), sum(t[, 1]))
  p <- dhyper(x, sum(t[, 1]), sum(t[, 2]), sum(t[1, ])); seen <- which(x == t[1, 1])
  less <- fisher.test(t, alternative = "less")$p.value; greater <- fisher.test(t, alternative = "greater")$p.value
  half <- p[seen] / 2
  out <- list(table = t,
    fisher = list("point probability" = fisher.test(t)$p.value, doubling = min(1, 2 * min(less, greater)),
      Blaker = blaker(p, seen), greater = greater, less = less),
    mid_p = list("point probability" = fisher.test(t)$p.value - sum(p[abs(p / p[seen] - 1) < 1e-7]) / 2,
      doubling = min(1, 2 * (min(less, greater) - half)), greater = greater - half, less = less - half),
    one_sided = list(greater = prop.test(t, correct = FALSE, alternative = "greater")$p.value,
      less = prop.test(t, correct = FALSE, alternative = "less")$p.value))
  if (all(t > 0)) out$wald <- summary(glm(t ~ c(1, 0), family = binomial,
    control = list(epsilon = 1e-14)))$coefficients[2, 4]
  out
}
large <- list(rbind(c(22, 15, 5), c(8, 2, 5)), rbind(c(22, 15, 5), c(26, 32, 12), c(8, 2, 5)),
  rbind(c(19, 21, 8, 4), c(6, 21, 39, 9)), rbind(c(5, 1), c(3, 3), c(2, 4), c(0, 6)), rbind(c(12, 5), c(6, 11)))
ordered <- function(t) {
  group <- rep(row(t), t); value <- rep(col(t), t)
  k <- kruskal.test(value, group)
  out <- list(table = t, kruskal = list(statistic = unname(k$statistic), df = unname(k$parameter), p = k$p.value))
  if (nrow(t) == 2) {
    x <- value[group == 1]; y <- value[group == 2]
    out$mann_whitney <- list(plain = wilcox.test(x, y, exact = FALSE, correct = FALSE)$p.value,
      corrected = wilcox.test(x, y, exact = FALSE, correct = TRUE)$p.value)
    trend <- prop.trend.test(t[1, ], colSums(t))
    out$trend <- list(statistic = unname(trend$statistic), p = trend$p.value)
  }
  if (ncol(t) == 2 && nrow(t) > 2) {
    trend <- prop.trend.test(t[, 1], rowSums(t))
    out$trend <- list(statistic = unname(trend$statistic), p = trend$p.value)
  }
  out
}
cat(toJSON(list(two_by_two = lapply(small, two_by_two), ordered = lapply(large, ordered)), auto_unbox = TRUE, digits = NA,
  pretty = 4), "\n")
