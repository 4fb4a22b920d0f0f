# References for whole results of the studies: the models of the papers fitted in R to kept synthetic patients.
# tests/reference/patients/<study>.csv holds derived variables of one run; it need not be what the workflow makes today.
# Rscript tests/reference/studies.R > tests/reference/studies.json
Sys.setenv(TZ = "UTC")
suppressPackageStartupMessages({library(survival); library(jsonlite)})
here <- sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE))
read <- function(study) {
  file <- file.path(dirname(here), "patients", paste0(study, ".csv"))
  read.csv(file, na.strings = "", colClasses = "character", check.names = FALSE)
}
rows <- list()
keep <- function(study, result, group, variable, stat, value) {
  rows[[length(rows) + 1]] <<- list(study = study, result = result, group = group, variable = variable, stat = stat,
    value = unname(value))
}
z <- qnorm(0.975)
against <- function(x, reference) relevel(factor(x), reference)

logit <- function(study, result, group, formula, data, names) {
  fit <- glm(formula, binomial, data, control = glm.control(epsilon = 1e-14, maxit = 100))
  b <- summary(fit)$coefficients
  for (term in names(names)) {
    keep(study, result, group, names[[term]], "or", exp(b[term, 1]))
    keep(study, result, group, names[[term]], "or_lo", exp(b[term, 1] - z * b[term, 2]))
    keep(study, result, group, names[[term]], "or_hi", exp(b[term, 1] + z * b[term, 2]))
    keep(study, result, group, names[[term]], "p", b[term, 4])
  }
  invisible(fit)
}
whole <- function(study, result, group, variable, fit, term) {  # likelihood ratio of all categories of a factor
  without <- update(fit, as.formula(paste(". ~ . -", term)), data = model.frame(fit))
  keep(study, result, group, variable, "p", anova(without, fit, test = "LRT")[2, "Pr(>Chi)"])
}

# doppler
d <- read("doppler")
d$poor <- as.integer(d$prognosis == "poor")
d$large <- as.integer(d$tumour_size_class == "over_20")
for (v in c("lymph_node_metastasis", "path_calcification", "adjuvant_radiotherapy", "adjuvant_chemotherapy"))
  d[[v]] <- as.integer(d[[v]] == "yes")
d$early <- ifelse(d$stage %in% c("I", "II"), 1, ifelse(d$stage %in% c("III", "IV"), 0, NA))
names <- c(large = "tumour_size_class=over_20", lymph_node_metastasis = "lymph_node_metastasis=yes",
  path_calcification = "path_calcification=yes", early = "stage=I|II",
  adjuvant_radiotherapy = "adjuvant_radiotherapy=yes", adjuvant_chemotherapy = "adjuvant_chemotherapy=yes")
r <- "doppler_a_multivariable"
for (v in names(names)) logit("doppler", r, "model=univariable", reformulate(v, "poor"), d, as.list(names[v]))
logit("doppler", r, "model=multivariable", reformulate(names(names), "poor"), d, as.list(names))
seen <- read("doppler"); t <- table(seen$us_calcification, seen$path_calcification)
for (m in list(c("sensitivity", t["yes", "yes"], sum(t[, "yes"])), c("specificity", t["no", "no"], sum(t[, "no"])),
               c("ppv", t["yes", "yes"], sum(t["yes", ])), c("npv", t["no", "no"], sum(t["no", ])),
               c("accuracy", sum(diag(t)), sum(t)))) {
  k <- as.numeric(m[2]); n <- as.numeric(m[3])
  ci <- prop.test(k, n, correct = FALSE)$conf.int
  exact <- binom.test(k, n)$conf.int
  place <- "us_calcification=yes~path_calcification=yes"
  keep("doppler", "doppler_a_accuracy", "all", place, m[1], 100 * k / n)
  keep("doppler", "doppler_a_accuracy", "all", place, paste0(m[1], "_lo"), 100 * ci[1])
  keep("doppler", "doppler_a_accuracy", "all", place, paste0(m[1], "_hi"), 100 * ci[2])
  keep("doppler", "doppler_a_accuracy", "all", place, paste0(m[1], "_clopper_pearson_lo"), 100 * exact[1])
  keep("doppler", "doppler_a_accuracy", "all", place, paste0(m[1], "_clopper_pearson_hi"), 100 * exact[2])
}

# nact_bone
d <- read("nact_bone")
d$age_years <- as.numeric(d$age_years)
d$nonpcr <- as.integer(d$pcr == "no"); d$bone <- as.integer(d$bone_metastasis == "yes")
for (v in c("calcified", "mri_necrosis", "mass")) d[[v]] <- as.integer(d[[v]] == "yes")
d$post <- as.integer(d$menopausal_status == "postmenopausal")
d$density <- against(d$breast_density, "b"); d$type <- against(d$subtype, "hrpos_her2neg")
d$path <- against(d$histology, "idc")
terms <- function(x, variable) { l <- setdiff(levels(x), levels(x)[1]); setNames(paste0(variable, "=", l), l) }
label <- function(column, x, variable) { t <- terms(x, variable); setNames(t, paste0(column, names(t))) }
common <- list(calcified = c(calcified = "calcified=yes"), age_years = c(age_years = "age_years"),
  post = c(post = "menopausal_status=postmenopausal"), density = label("density", d$density, "breast_density"),
  mass = c(mass = "mass=yes"), type = label("type", d$type, "subtype"), path = label("path", d$path, "histology"))
categories <- c(density = "breast_density", type = "subtype", path = "histology")
models <- function(outcome, prefix, extra) {
  all <- c(common, extra)
  used <- d[!is.na(d[[outcome]]), ]
  for (v in names(all)) {
    part <- droplevels(used[!is.na(used[[v]]), ])
    known <- all[[v]][names(all[[v]]) %in% names(coef(glm(reformulate(v, outcome), binomial, part)))]
    fit <- logit("nact_bone", paste0(prefix, "_univariable"), "model=univariable", reformulate(v, outcome), part,
      as.list(known))
    if (v %in% names(categories))
      whole("nact_bone", paste0(prefix, "_univariable"), "model=univariable", categories[[v]], fit, v)
  }
  part <- droplevels(used[complete.cases(used[, names(all)]), ])
  flat <- unlist(unname(all))
  fit <- glm(reformulate(names(all), outcome), binomial, part)
  flat <- flat[names(flat) %in% names(coef(fit))]
  fit <- logit("nact_bone", paste0(prefix, "_multivariable"), "model=multivariable", reformulate(names(all), outcome),
    part, as.list(flat))
  for (v in names(categories))
    whole("nact_bone", paste0(prefix, "_multivariable"), "model=multivariable", categories[[v]], fit, v)
}
models("nonpcr", "nact_bone_a_nonpcr", list(mri_necrosis = c(mri_necrosis = "mri_necrosis=yes")))
models("bone", "nact_bone_a_bone", list())
pearson <- function(study, result, data, a, b) {
  t <- table(data[[a]], data[[b]])
  test <- suppressWarnings(chisq.test(t, correct = FALSE))
  keep(study, result, "all", paste(a, "x", b), "p", test$p.value)
  keep(study, result, "all", paste(a, "x", b), "statistic", test$statistic)
}
raw <- read("nact_bone")
pearson("nact_bone", "nact_bone_a_pcr", raw, "calcified", "pcr")
pearson("nact_bone", "nact_bone_a_necrosis", raw[!is.na(raw$pcr), ], "calcified", "mri_necrosis")
pearson("nact_bone", "nact_bone_a_bone", raw, "calcified", "bone_metastasis")
metastatic <- raw[raw$bone_metastasis %in% "yes", ]
pearson("nact_bone", "nact_bone_a_osteolytic", metastatic, "calcified", "osteolytic")
pearson("nact_bone", "nact_bone_a_whole_body", metastatic, "calcified", "bone_whole_body")

# us_mri
d <- read("us_mri")
pearson("us_mri", "us_mri_t2_visibility", d, "malignant", "us_visible")
pearson("us_mri", "us_mri_t3_lesion_type", d, "malignant", "mri_enhancement")
pearson("us_mri", "us_mri_t3_accuracy_by_type", d[d$mri_enhancement %in% c("mass", "non_mass"), ], "mri_enhancement",
  "mri_correct")
place <- "mri_assessment=positive - us_assessment=positive"
for (measure in c("sensitivity", "specificity")) {
  part <- d[d$malignant == ifelse(measure == "sensitivity", "yes", "no"), ]
  right <- ifelse(measure == "sensitivity", "positive", "negative")
  b <- sum(part$mri_assessment == right & part$us_assessment != right)
  c <- sum(part$mri_assessment != right & part$us_assessment == right)
  keep("us_mri", "us_mri_x_us_against_mri", paste0("measure=", measure), place, "p", binom.test(b, b + c)$p.value)
}

# casting
d <- read("casting")
d$years <- round(as.numeric(d$follow_up_days) / 365.25, 6)
d$free <- round(as.numeric(d$relapse_free_days) / 365.25, 6)
d$bc <- as.integer(d$vital_status == "dead_of_breast_cancer"); d$dead <- as.integer(d$vital_status != "alive")
d$node <- as.integer(d$lymph_node_metastasis == "yes"); d$back <- as.integer(d$relapse == "yes")
d$casting <- as.integer(d$tumour_feature == "casting")
d$size <- against(d$tumour_size_class, "1_9"); d$g <- against(d$grade, "1")
d$feature <- against(d$tumour_feature, "stellate"); d$group <- against(d$casting_group, "casting")
hazard <- function(result, group, formula, data, names) {
  data <- droplevels(data)
  fit <- coxph(formula, data, ties = "efron", control = coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 100))
  s <- summary(fit)
  for (term in base::names(names)) {
    keep("casting", result, group, names[[term]], "hr", s$conf.int[term, 1])
    keep("casting", result, group, names[[term]], "hr_lo", s$conf.int[term, 3])
    keep("casting", result, group, names[[term]], "hr_hi", s$conf.int[term, 4])
    keep("casting", result, group, names[[term]], "p", s$coefficients[term, 5])
  }
  invisible(fit)
}
tabar <- d[d$primary_study == "tabar2004", ]
small <- droplevels(tabar[tabar$tumour_size_class %in% c("1_9", "10_14"), ])
f <- label("feature", droplevels(small$feature), "tumour_feature")
more <- c(label("size", droplevels(small$size), "tumour_size_class"), node = "lymph_node_metastasis=yes",
  label("g", droplevels(small$g), "grade"))
r <- "casting_x_tabar2004_hazard"
hazard(r, "model=univariable", Surv(years, bc) ~ feature, small[!is.na(small$feature), ], as.list(f))
complete <- small[complete.cases(small[, c("feature", "size", "node", "g")]), ]
fit <- hazard(r, "model=multivariable", Surv(years, bc) ~ feature + size + node + g, complete, as.list(c(f, more)))
keep("casting", r, "model=multivariable", "", "p_proportional_hazards",
  cox.zph(coxph(Surv(years, bc) ~ x, list(years = complete$years, bc = complete$bc, x = model.matrix(~ feature + size + node + g, complete)[, -1])),
          terms = FALSE)$table["GLOBAL", "p"])
complete <- tabar[complete.cases(tabar[, c("group", "size", "node", "g")]), ]
hazard("casting_a_independent_marker", "model=multivariable", Surv(years, bc) ~ group + size + node + g, complete,
  as.list(label("group", droplevels(complete$group), "casting_group")))
palka <- d[d$primary_study == "palka2008", ]
hazard("casting_x_palka2008_relapse", "model=univariable", Surv(free, back) ~ casting, palka,
  list(casting = "tumour_feature=casting"))
hazard("casting_x_palka2008_death", "model=univariable", Surv(years, dead) ~ casting, palka,
  list(casting = "tumour_feature=casting"))
pop <- droplevels(d[d$primary_study == "population", ])
names <- label("feature", pop$feature, "tumour_feature")
logit("casting", "casting_x_population_death", "model=univariable", bc ~ feature, pop[!is.na(pop$feature), ],
  as.list(names))
pop <- droplevels(pop[complete.cases(pop[, c("feature", "size", "node", "g")]), ])
logit("casting", "casting_x_population_death", "model=multivariable", bc ~ feature + size + node + g, pop, as.list(names))
at <- function(data, group, times) {
  fit <- survfit(Surv(years, bc) ~ 1, data, conf.type = "log-log")
  s <- summary(fit, times = times, extend = FALSE)
  for (i in seq_along(s$time)) {
    variable <- paste0("time=", s$time[i])
    keep("casting", "casting_x_tabar2004_survival", group, variable, "survival", 100 * s$surv[i])
    keep("casting", "casting_x_tabar2004_survival", group, variable, "survival_lo", 100 * s$lower[i])
    keep("casting", "casting_x_tabar2004_survival", group, variable, "survival_hi", 100 * s$upper[i])
    keep("casting", "casting_x_tabar2004_survival", group, variable, "at_risk", s$n.risk[i])
  }
  follow <- quantile(survfit(Surv(years, 1 - bc) ~ 1, data, conf.type = "log-log"), 0.5)
  keep("casting", "casting_x_tabar2004_survival", group, "follow_up_days", "median_follow_up", follow$quantile)
}
at(small, "all", c(5, 10, 15, 20, 24))
at(small[small$tumour_feature == "stellate", ], "tumour_feature=stellate", c(10, 20, 24))
for (size in c("1_9", "10_14"))
  at(small[small$tumour_feature == "casting" & small$tumour_size_class == size, ],
     paste0("tumour_feature=casting;tumour_size_class=", size), c(5, 10, 20))
rank <- survdiff(Surv(years, bc) ~ tumour_feature, small)
keep("casting", "casting_x_tabar2004_survival", "all", "follow_up_days by tumour_feature", "statistic", rank$chisq)
keep("casting", "casting_x_tabar2004_survival", "all", "follow_up_days by tumour_feature", "p",
  pchisq(rank$chisq, length(rank$n) - 1, lower.tail = FALSE))

rows <- Filter(function(row) !is.na(row$value), rows)
versions <- list(R = R.version.string, survival = as.character(packageVersion("survival")))
cat(toJSON(list(versions = versions, rows = rows), digits = 15, auto_unbox = TRUE, pretty = TRUE), "\n")
