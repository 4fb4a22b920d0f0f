# References for replicalc.stats.predictive, from one row a subject. Weighted generalised score: a binomial glm without
# any effect of the test, fitted to one row a call, gives the residuals and the variance of one call; calls of two tests
# on one subject covary by their residuals (crossprod), and the contrast of the two tests is held against that matrix.
# Tests that never call the same subject so: prop.test. Wald: the difference as a function of the eight shares of a
# multinomial distribution, differentiated by deriv().
# Rscript tests/reference/predictive.R > tests/reference/predictive.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages(library(jsonlite))
options(warn = -1)

tables <- list(
  list(rbind(c(319, 78), c(22, 32)), rbind(c(31, 53), c(22, 155))),
  list(rbind(c(48, 0), c(0, 0)), rbind(c(23, 0), c(54, 0))),        # the second test is positive in everybody
  list(rbind(c(41, 0), c(7, 0)), rbind(c(13, 13), c(10, 41))),
  list(rbind(c(0, 30), c(18, 5)), rbind(c(0, 11), c(16, 20))),      # nobody is positive by both
  list(rbind(c(7, 9), c(3, 0)), rbind(c(0, 12), c(21, 0))),         # nobody is negative by both
  list(rbind(c(9, 2), c(1, 3)), rbind(c(4, 6), c(5, 10)))
)
subjects <- function(diseased, healthy) {
  grid <- expand.grid(first = c(1, 0), second = c(1, 0))            # as a matrix runs: down the columns
  rbind(cbind(grid, sick = 1)[rep(1:4, c(diseased)), ], cbind(grid, sick = 0)[rep(1:4, c(healthy)), ])
}
score <- function(s, measure) {
  calls <- as.matrix(s[, c("first", "second")]) == (measure == "ppv")
  right <- as.numeric(s$sick == (measure == "ppv"))
  long <- data.frame(right = rep(right, 2)[c(calls)])
  null <- glm(right ~ 1, binomial, long, control = list(epsilon = 1e-15, maxit = 100))
  p <- mean(fitted(null))
  residuals <- calls * (right - p)
  V <- crossprod(residuals)
  diag(V) <- colSums(calls) * null$family$variance(p)
  L <- c(1, -1) / colSums(calls)
  statistic <- sum(L * colSums(calls * right))^2 / drop(t(L) %*% V %*% L)
  if (!any(calls[, 1] & calls[, 2])) {
    plain <- prop.test(colSums(calls * right), colSums(calls), correct = FALSE)
    stopifnot(abs(plain$statistic - statistic) < 1e-8 * statistic)
  }
  list(statistic = statistic, p = pchisq(statistic, 1, lower.tail = FALSE))
}
ppv <- deriv(~ (s11 + s10) / (s11 + s10 + h11 + h10) - (s11 + s01) / (s11 + s01 + h11 + h01),
             c("s11", "s01", "s10", "s00", "h11", "h01", "h10", "h00"), function(s11, s01, s10, s00, h11, h01, h10,
                                                                               h00) NULL)
npv <- deriv(~ (h00 + h01) / (s00 + s01 + h00 + h01) - (h00 + h10) / (s00 + s10 + h00 + h10),
             c("s11", "s01", "s10", "s00", "h11", "h01", "h10", "h00"), function(s11, s01, s10, s00, h11, h01, h10,
                                                                               h00) NULL)
wald <- function(diseased, healthy, measure, level) {
  n <- sum(diseased, healthy); share <- c(diseased, healthy) / n
  found <- do.call(if (measure == "ppv") ppv else npv, as.list(share))
  g <- drop(attr(found, "gradient"))
  se <- sqrt(drop(t(g) %*% (diag(share) - share %o% share) %*% g) / n)
  list(value = c(found), limits = pmin(1, pmax(-1, c(found) + c(-1, 1) * qnorm((1 + level) / 2) * se)))
}
one <- function(t, measure, level) {
  called <- if (measure == "ppv") c(t[[1]][1, ] + t[[2]][1, ], t[[1]][, 1] + t[[2]][, 1]) else
    c(t[[1]][2, ] + t[[2]][2, ], t[[1]][, 2] + t[[2]][, 2])
  if (sum(called[1:2]) == 0 || sum(called[3:4]) == 0) return(NULL)
  c(list(diseased = t[[1]], healthy = t[[2]], measure = measure, level = level), wald(t[[1]], t[[2]], measure, level),
    score(subjects(t[[1]], t[[2]]), measure))
}
cases <- list()
for (t in tables) for (measure in c("ppv", "npv")) for (level in c(0.9, 0.95))
  cases <- c(cases, list(one(t, measure, level)))
cat(toJSON(Filter(Negate(is.null), cases), auto_unbox = TRUE, digits = NA, pretty = 4), "\n")
