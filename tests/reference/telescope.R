# References for replicalc.stats.telescope and replicalc.stats.two_estimates: pwr; differences of summaries by hand.
# Rscript tests/reference/telescope.R > tests/reference/telescope.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(pwr); library(jsonlite)})

# pwr solves for an effect to four places only; its power is exact, so the root is taken here.
solve_for <- function(reach) uniroot(function(x) reach(x) - 1 / 3, c(1e-6, 3), tol = 1e-14)$root
two <- function(n1, n2, h, alpha) list(n1 = n1, n2 = n2, h = h, alpha = alpha,
  power = pwr.2p2n.test(h = h, n1 = n1, n2 = n2, sig.level = alpha)$power,
  small = solve_for(function(h) pwr.2p2n.test(h = h, n1 = n1, n2 = n2, sig.level = alpha)$power))
one <- function(n, h, alpha) list(n = n, h = h, alpha = alpha,
  power = pwr.p.test(h = h, n = n, sig.level = alpha)$power,
  small = solve_for(function(h) pwr.p.test(h = h, n = n, sig.level = alpha)$power))
# The normal test of a log ratio, written out; its detectable effect by optimize on the squared distance.
ratio <- function(or, lo, hi, new, new_lo, new_hi, alpha) {
  z <- qnorm(1 - alpha / 2); se <- log(hi / lo) / (2 * qnorm(0.975)); se_new <- log(new_hi / new_lo) / (2 * qnorm(0.975))
  reach <- function(d, s) pnorm(d / s - z) + pnorm(-d / s - z)
  small <- uniroot(function(d) reach(d, se) - 1 / 3, c(0, 10), tol = 1e-14)$root
  way <- sign(log(or))
  list(or = or, lo = lo, hi = hi, new = new, new_lo = new_lo, new_hi = new_hi, alpha = alpha, small = way * small,
    p_smaller = pnorm(way * log(new), small, se_new), power = reach(log(or), se_new),
    dismiss = pnorm(qnorm(alpha, small, se_new), 0, se_new))
}
chi <- function(x, n, df, new, n_new, alpha) {
  small <- solve_for(function(w) pwr.chisq.test(w = w, N = n, df = df, sig.level = alpha)$power)
  list(x = x, n = n, df = df, new = new, n_new = n_new, alpha = alpha, small = small,
    p_smaller = pchisq(new, df, ncp = n_new * small^2),
    power = pwr.chisq.test(w = sqrt(x / n), N = n_new, df = df, sig.level = alpha)$power,
    dismiss = pchisq(qchisq(alpha, df, ncp = n_new * small^2), df))
}
summaries <- function(m1, s1, n1, m2, s2, n2, level) {
  a <- m1 + s1 * scale(seq_len(n1))[, 1]; b <- m2 + s2 * scale(seq_len(n2))[, 1]
  list(a = c(m1, s1, n1), b = c(m2, s2, n2), level = level,
    limits = as.numeric(t.test(a, b, conf.level = level)$conf.int))
}
cat(toJSON(list(
  two_shares = list(two(155, 158, 0.2519, 0.05), two(20, 600, 0.4, 0.05), two(611, 571, 0.25, 0.01)),
  one_share = list(one(318, 0.5, 0.05), one(12, 0.9, 0.05)),
  ratios = list(ratio(2.352, 1.186, 4.667, 1.05, 0.8, 1.4, 0.05), ratio(0.269, 0.160, 0.452, 0.9, 0.3, 2.7, 0.05),
    ratio(1.6, 0.5, 5.8, 4.8, 1.8, 12.7, 0.01)),
  chi_squared = list(chi(31, 127, 3, 29.3, 199, 0.05), chi(6.1, 127, 2, 0.4, 900, 0.05), chi(12, 60, 5, 3, 40, 0.01)),
  welch = list(summaries(48.07, 9.04, 204, 49.9, 9.3, 127, 0.95), summaries(3, 1.5, 4, 5, 0.2, 9, 0.9)),
  fisher_z = lapply(c(-0.3, 0, 0.771), function(r) list(icc = r, n = 127, z = log((1 + r) / (1 - r)) / 2,
    se = 1 / sqrt(125.5)))
), auto_unbox = TRUE, digits = NA, pretty = 4), "\n")
