# References for replicalc.stats.pooling and replicalc.stats.bivariate: metafor (rma, rma.mv); the prediction interval
# by
# hand. rma.mv stops early, so its optimum is polished on the likelihood written out here; on a bound it is held there.
# Rscript tests/reference/pooling.R > tests/reference/pooling.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(metafor); library(jsonlite)})
options(warn = -1)

sets <- list(
  casting = list(y = log(c(9.8, 2.36, 1.5, 0.9, 3.1)), se = c(0.45, 0.31, 0.22, 0.4, 0.35)),
  # printed ratios of death, casting type (config/studies/casting/claims.csv): the log, and the log of the limits
  published = list(y = log(c(9.19, 3.504, 1.6)), se = log(c(20.17, 11.427, 5.8) / c(4.18, 1.074, 0.5)) / (2 *
    qnorm(0.975))),
  alike = list(y = log(c(1.8, 1.9, 1.75, 2.0)), se = c(0.3, 0.25, 0.4, 0.35)),
  three = list(y = c(0.8, 0.1, 1.4), se = c(0.2, 0.3, 0.25)), two = list(y = c(0.8, 0.1), se = c(0.2, 0.3)),
  many = list(y = c(0.1, 0.9, 0.4, 1.2, -0.3, 0.5, 0.7, 0.2, 1.9, 0.6), se = c(0.1, 0.2, 0.15, 0.4, 0.3, 0.1, 0.2,
    0.25, 0.5, 0.3))
)
pooled <- function(set, name, kh, level) {
  fit <- rma(set$y, sei = set$se, method = name, test = if (kh) "knha" else "z", level = 100 * level,
    control = list(threshold = 1e-14, maxiter = 10000))
  k <- length(set$y)
  predict <- if (name == "FE" || k < 3) NULL else as.numeric(fit$b) + c(-1, 1) * qt((1 + level) / 2,
    k - 2) * sqrt(fit$tau2 + fit$se^2)
  list(value = as.numeric(fit$b), se = fit$se, lo = fit$ci.lb, hi = fit$ci.ub, statistic = fit$zval, p = fit$pval,
    tau2 = fit$tau2,
       i2 = if (name == "FE") max(0, (fit$QE - k + 1) / fit$QE) else fit$I2 / 100, q = fit$QE, p_q = fit$QEp,
         predict = predict, weights = as.numeric(weights(fit)) / 100)
}
one <- function(set, level) list(y = set$y, se = set$se, level = level, fits = list(
  fixed = pooled(set, "FE", FALSE, level), "DerSimonian-Laird" = pooled(set, "DL", FALSE, level), REML = pooled(set,
    "REML", FALSE, level),
  "DerSimonian-Laird KH" = pooled(set, "DL", TRUE, level), "REML KH" = pooled(set, "REML", TRUE, level)))

studies <- list(  # made up; two of `three` are published MRI studies
  smooth = rbind(c(47, 101, 9, 738), c(126, 272, 51, 1543), c(19, 12, 10, 192), c(36, 78, 3, 276), c(130, 211, 19,
    959), c(84, 68, 2, 89), c(60, 30, 21, 170), c(25, 40, 4, 120)),
  zeros = rbind(c(20, 5, 0, 40), c(35, 9, 6, 61), c(50, 22, 4, 80), c(18, 3, 5, 33), c(41, 17, 3, 25), c(29, 2, 9,
    60), c(33, 30, 1, 70)),
  three = rbind(c(103, 25, 4, 116), c(23, 29, 2, 88), c(48, 9, 12, 56)),
  # MRI in microcalcifications: us_mri and the studies of config/studies/us_mri/comparators.csv
  microcalcification = rbind(c(48, 23, 0, 54), c(103, 25, 4, 116), c(23, 29, 2, 88)),
  bound_up = rbind(c(90, 10, 10, 190), c(70, 40, 30, 60), c(95, 5, 4, 150), c(60, 50, 40, 80), c(80, 20, 20, 80))
)
log_likelihood <- function(theta, y, v, restricted) {  # theta: log sds and correlation
  s <- exp(theta[1:2]); S <- matrix(c(s[1]^2, prod(s) * theta[3], prod(s) * theta[3], s[2]^2), 2)
  W <- lapply(seq_len(nrow(y)), function(i) solve(S + diag(v[i, ]))); total <- Reduce(`+`, W); cov <- solve(total)
  mu <- cov %*% Reduce(`+`, lapply(seq_along(W), function(i) W[[i]] %*% y[i, ]))
  fit <- sum(sapply(seq_along(W), function(i) { r <- y[i, ] - mu; -log(det(W[[i]])) + t(r) %*% W[[i]] %*% r }))
  list(value = -0.5 * (fit + (if (restricted) log(det(total)) else 0) + (length(y) - 2 * restricted) * log(2 * pi)),
    mu = as.numeric(mu), cov = cov)
}
reitsma <- function(tab, correction, method, bound) {
  zero <- apply(tab == 0, 1, any)
  if (any(zero)) { if (correction == "all") tab <- tab + 0.5 else tab[zero, ] <- tab[zero, ] + 0.5 }
  y <- cbind(log(tab[, 1] / tab[, 3]), log(tab[, 4] / tab[, 2]))
  v <- cbind(1 / tab[, 1] + 1 / tab[, 3], 1 / tab[, 4] + 1 / tab[, 2])
  d <- data.frame(y = as.vector(t(y)), v = as.vector(t(v)), study = rep(seq_len(nrow(tab)), each = 2),
    outcome = factor(rep(c("sens", "spec"), nrow(tab)), c("sens", "spec")))
  fit <- rma.mv(y, v, mods = ~ outcome - 1, random = ~ outcome | study, struct = "UN", data = d, method = method,
    control = list(optimizer = "optim", optmethod = "BFGS", reltol = 1e-14, maxit = 5000))
  by <- if (is.null(bound)) "metafor::rma.mv, its optimum polished by optim" else
    "metafor::rma.mv, polished by optim with the correlation held on its bound"
  target <- function(t) -log_likelihood(if (is.null(bound)) t else c(t, bound), y, v, method == "REML")$value
  x <- c(log(fit$tau2) / 2, if (is.null(bound)) fit$rho)
  for (i in 1:5) x <- optim(x, target, method = "Nelder-Mead", control = list(reltol = 1e-16, maxit = 20000))$par
  for (i in 1:10) {  # Newton, by differences, as long as it does no harm
    H <- try(optimHess(x, target, control = list(ndeps = rep(1e-4, length(x)))), silent = TRUE)
    g <- sapply(seq_along(x), function(j) { e <- replace(0 * x, j, 1e-5); (target(x + e) - target(x - e)) / 2e-5 })
    step <- try(solve(H, g), silent = TRUE)
    if (inherits(step, "try-error") || !isTRUE(target(x - step) <= target(x) + 1e-12)) break
    x <- x - step
  }
  theta <- if (is.null(bound)) x else c(x, bound)
  best <- log_likelihood(theta, y, v, method == "REML"); s <- exp(theta[1:2])
  inside <- if (is.null(bound)) NA else log_likelihood(c(x, bound * 0.999), y, v, method == "REML")$value < best$value
  list(computed_with = by, mu = best$mu, cov = best$cov, sd = s, rho = theta[3], log_likelihood = best$value,
    on_bound = inside,
       metafor = list(mu = as.numeric(fit$b), sd = sqrt(fit$tau2), rho = fit$rho))
}
bounds <- list(smooth = NULL, zeros = -1, three = NULL, microcalcification = 1, bound_up = 1)
models <- do.call(c, lapply(names(studies), function(name) lapply(c("REML", "ML"),
  function(method) lapply(if (any(studies[[name]] == 0)) c("all", "single") else "all", function(correction)
  c(list(name = name, table = studies[[name]], method = method, correction = correction), reitsma(studies[[name]],
    correction, method, bounds[[name]]))))))
models <- do.call(c, models)
# the printed ratios without each study in turn; sensitivity and specificity each alone, on the logit scale
left_out <- lapply(seq_along(sets$published$y), function(i) { rest <- lapply(sets$published, function(x) x[-i])
  list(fixed = pooled(rest, "FE", FALSE, 0.95), "REML KH" = pooled(rest, "REML", TRUE, 0.95)) })
separate <- lapply(c(all = "all", single = "single"), function(correction) {
  tab <- studies$microcalcification
  tab <- tab + 0.5 * (if (correction == "all") rep(1, nrow(tab)) else apply(tab == 0, 1, any))
  logits <- function(x, m) list(y = log(x / m), se = sqrt(1 / x + 1 / m))
  list(sensitivity = pooled(logits(tab[, 1], tab[, 3]), "REML", TRUE, 0.95), specificity = pooled(logits(tab[, 4],
    tab[, 2]), "REML", TRUE, 0.95)) })
cat(toJSON(list(left_out = left_out, separate = separate,
  pooled = c(lapply(sets, one, level = 0.95), list(many_90 = one(sets$many, 0.9))), models = models),
  auto_unbox = TRUE, digits = NA, na = "null", null = "null", pretty = 4), "\n")
