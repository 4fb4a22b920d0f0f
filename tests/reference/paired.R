# References for replicalc.stats.paired: mcnemar.test and binom.test; Wald and Newcombe by hand from prop.test's Wilson
# limits; Tango's limits by maximising the multinomial likelihood numerically under each difference.
# Rscript tests/reference/paired.R > tests/reference/paired.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages(library(jsonlite))
options(warn = -1)

tables <- list(rbind(c(14, 5), c(0, 22)), rbind(c(36, 12), c(2, 0)), rbind(c(53, 16), c(8, 9)), rbind(c(1, 1), c(7,
  12)),
               rbind(c(40, 3), c(9, 73)), rbind(c(20, 0), c(0, 5)), rbind(c(0, 9), c(4, 0)), rbind(c(30, 1), c(6, 0)),
                 rbind(c(11, 4), c(4, 9)))
newcombe <- function(t, level) {
  n <- sum(t); x1 <- sum(t[1, ]); x2 <- sum(t[, 1])
  w1 <- prop.test(x1, n, correct = FALSE, conf.level = level)$conf.int
  w2 <- prop.test(x2, n, correct = FALSE, conf.level = level)$conf.int
  B <- t[1, 1] * t[2, 2] - t[1, 2] * t[2, 1]; A <- prod(rowSums(t), colSums(t))
  C <- if (B > n / 2) B - n / 2 else if (B < 0) B else 0
  phi <- if (A == 0) 0 else C / sqrt(A)
  p1 <- x1 / n; p2 <- x2 / n
  dl <- p1 - w1[1]; ul <- w2[2] - p2; du <- w1[2] - p1; lu <- p2 - w2[1]
  c(p1 - p2 - sqrt(dl^2 - 2 * phi * dl * ul + ul^2), p1 - p2 + sqrt(du^2 - 2 * phi * du * lu + lu^2))
}
tango <- function(t, level) {
  b <- t[1, 2]; c <- t[2, 1]; n <- sum(t); z <- qnorm((1 + level) / 2)
  term <- function(k, p) if (k == 0) 0 else k * log(p)
  score <- function(delta) {  # q21 maximises the likelihood under q12 = q21 + delta: a root of its derivative
    lower <- max(0, -delta); upper <- (1 - delta) / 2
    slope <- function(q) (if (c) c / q else 0) + (if (b) b / (q + delta) else 0) -
      2 * (if (n - b - c) (n - b - c) / (1 - 2 * q - delta) else 0)
    eps <- 1e-15 * (upper - lower)
    q <- if (slope(lower + eps) <= 0) lower else if (slope(upper - eps) >= 0) upper else
      uniroot(slope, c(lower + eps, upper - eps), tol = 1e-16, maxiter = 1e5)$root
    (b - c - n * delta) / sqrt(n * (2 * q + delta * (1 - delta)))
  }
  d <- (b - c) / n
  c(uniroot(function(x) score(x) - z, c(-1 + 1e-12, d - 1e-12), tol = 1e-15)$root, uniroot(function(x) score(x) + z,
    c(d + 1e-12, 1 - 1e-12), tol = 1e-15)$root)
}
one <- function(t, level) {
  b <- t[1, 2]; c <- t[2, 1]; n <- sum(t); d <- (b - c) / n
  se <- sqrt((b + c) - (b - c)^2 / n) / n
  out <- list(table = t, level = level, value = d, Wald = d + c(-1, 1) * qnorm((1 + level) / 2) * se,
    Newcombe = newcombe(t, level), Tango = tango(t, level))
  if (b + c > 0) {
    plain <- mcnemar.test(t, correct = FALSE); corrected <- mcnemar.test(t, correct = TRUE)
    exact <- binom.test(b, b + c)$p.value
    out$mcnemar <- list(exact = exact, "mid-p" = exact - dbinom(b, b + c, 0.5) * (if (b == c) 0.5 else 1),
                        asymptotic = plain$p.value, "asymptotic with continuity" = corrected$p.value)
  }
  out
}
cat(toJSON(do.call(c, lapply(c(0.9, 0.95), function(l) lapply(tables, one, level = l))), auto_unbox = TRUE,
  digits = NA, pretty = 4), "\n")
