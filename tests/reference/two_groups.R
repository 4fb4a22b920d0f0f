# References for replicalc.stats.two_groups: prop.test, epiR, wilcox.test, dhyper; Newcombe by hand; the unconditional
# tests by a plain maximisation over the common proportion (Exact is not in Debian).
# Rscript tests/reference/two_groups.R > tests/reference/two_groups.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(epiR); library(coin); library(jsonlite)})
options(warn = -1)

proportions <- list(c(56, 70, 48, 80), c(22, 37, 11, 41), c(9, 10, 3, 10), c(0, 12, 3, 20), c(5, 56, 0, 29), c(12, 12,
  9, 15))
difference <- function(case, level) {
  a <- case[1]; n1 <- case[2]; b <- case[3]; n2 <- case[4]
  w1 <- prop.test(a, n1, correct = FALSE, conf.level = level)$conf.int
  w2 <- prop.test(b, n2, correct = FALSE, conf.level = level)$conf.int
  p1 <- a / n1; p2 <- b / n2
  wald <- as.numeric(prop.test(c(a, b), c(n1, n2), correct = FALSE, conf.level = level)$conf.int)
  out <- list(case = case, level = level, value = p1 - p2, Wald = wald,
              Newcombe = c(p1 - p2 - sqrt((p1 - w1[1])^2 + (w2[2] - p2)^2),
                p1 - p2 + sqrt((w1[2] - p1)^2 + (p2 - w2[1])^2)))
  if (a > 0 && b > 0) {
    rr <- epi.2by2(rbind(c(a, n1 - a), c(b, n2 - b)), method = "cohort.count",
      conf.level = level)$massoc.detail$RR.strata.wald
    out$ratio <- c(rr$est, rr$lower, rr$upper)
  }
  out
}
samples <- list(
  ages = list(x = c(44, 51, 39, 62, 58, 47, 55), y = c(48, 66, 70, 52, 61, 73, 57, 64)),
  ties = list(x = c(2, 2, 3, 1, 4, 3, 2, 5, 3), y = c(3, 4, 4, 5, 2, 3, 5, 4)),
  mm = list(x = c(12.5, 3.1, 8.8, 22.4, 15.0), y = c(7.2, 9.9, 30.1, 18.3, 25.6, 14.4, 11.1))
)
ranks <- function(s) {
  one <- function(alternative, correct) {
    t <- wilcox.test(s$x, s$y, exact = FALSE, correct = correct, alternative = alternative)
    t$p.value
  }
  kinds <- c("two-sided", "greater", "less"); r <- c("two.sided", "greater", "less")
  g <- factor(rep(c("x", "y"), c(length(s$x), length(s$y))))
  out <- list(x = s$x, y = s$y, z = unname(as.numeric(statistic(wilcox_test(c(s$x, s$y) ~ g)))),
              plain = setNames(lapply(r, one, correct = FALSE), kinds), corrected = setNames(lapply(r, one,
                correct = TRUE), kinds))
  if (!anyDuplicated(c(s$x, s$y))) {
    out$exact <- setNames(lapply(r, function(a) wilcox.test(s$x, s$y, exact = TRUE, alternative = a)$p.value), kinds)
    out$U <- unname(wilcox.test(s$x, s$y, exact = TRUE)$statistic)
  }
  out
}
# Two-sided P of an unconditional test: all tables as extreme by `statistic`, at the least favourable proportion.
worst <- function(n1, n2, extreme) {
  cells <- expand.grid(a = 0:n1, b = 0:n2)[as.vector(extreme), ]
  at <- function(p) sapply(p, function(q) sum(dbinom(cells$a, n1, q) * dbinom(cells$b, n2, q)))
  grid <- seq(0, 1, length.out = 4001); values <- at(grid)
  peaks <- which(values >= max(values) * 0.98)
  max(values, sapply(peaks, function(i) optimize(at, c(max(0, grid[i] - 5e-4), min(1, grid[i] + 5e-4)),
    maximum = TRUE, tol = 1e-12)$objective))
}
unconditional <- function(t) {
  n1 <- sum(t[1, ]); n2 <- sum(t[2, ])
  z <- outer(0:n1, 0:n2, function(a, b) { p <- (a + b) / (n1 + n2); v <- p * (1 - p) * (1 / n1 + 1 / n2)
    ifelse(v == 0, 0, (a / n1 - b / n2) / sqrt(v)) })
  f <- outer(0:n1, 0:n2, Vectorize(function(a, b) phyper(a, a + b, n1 + n2 - a - b, n1)))
  g <- outer(0:n1, 0:n2, Vectorize(function(a, b) phyper(a - 1, a + b, n1 + n2 - a - b, n1, lower.tail = FALSE)))
  i <- t[1, 1] + 1; j <- t[2, 1] + 1
  list(barnard = worst(n1, n2, abs(z) >= abs(z[i, j]) * (1 - 1e-12)),
       boschloo = min(1, 2 * min(worst(n1, n2, f <= f[i, j] * (1 + 1e-12)), worst(n1, n2, g <= g[i, j] * (1 + 1e-12)))))
}
tables <- list(rbind(c(12, 5), c(6, 11)), rbind(c(3, 1), c(1, 3)), rbind(c(7, 27), c(1, 33)), rbind(c(0, 16), c(15,
  57)), rbind(c(9, 4), c(4, 10)), rbind(c(22, 15), c(11, 30)))
two_by_two <- function(t) {
  x <- max(0, sum(t[, 1]) - sum(t[2, ])):min(sum(t[1, ]), sum(t[, 1]))
  p <- dhyper(x, sum(t[, 1]), sum(t[, 2]), sum(t[1, ])); seen <- p[x == t[1, 1]]
  pearson <- chisq.test(t, correct = FALSE)$statistic; n1 <- unname(pearson * (sum(t) - 1) / sum(t))
  c(list(table = t, n_minus_1 = list(statistic = n1, p = pchisq(n1, 1, lower.tail = FALSE)),
         mid_p = fisher.test(t)$p.value - sum(p[abs(p / seen - 1) < 1e-7]) / 2), unconditional(t))
}
cat(toJSON(list(proportions = do.call(c, lapply(c(0.9, 0.95), function(l) lapply(proportions, difference, level = l))),
                samples = lapply(samples, ranks), tables = lapply(tables, two_by_two)), auto_unbox = TRUE,
                  digits = NA, pretty = 4), "\n")
