# The table and the logistic model of jobs.py on rows. Called with 'table' or 'model' and a CSV file of the cohort.
given <- commandArgs(trailingOnly = TRUE)
rows <- read.csv(given[2], colClasses = "character", na.strings = "")
if (given[1] == "table") {
  found <- unname(chisq.test(table(rows$tumour_feature, rows$vital_status), correct = FALSE)$statistic)
} else {
  rows <- rows[rows$primary_study %in% "population" & rows$tumour_size_class %in% c("1_9", "10_14", "15_20"), ]
  rows$tumour_feature <- factor(rows$tumour_feature, c("stellate", "circular", "powdery", "crushed_stone", "casting"))
  rows$tumour_size_class <- factor(rows$tumour_size_class, c("1_9", "10_14", "15_20"))
  rows$lymph_node_metastasis <- factor(rows$lymph_node_metastasis, c("no", "yes"))
  fitted <- glm(vital_status == "dead_of_breast_cancer" ~ tumour_feature + tumour_size_class + lymph_node_metastasis + grade,
    data = rows, family = binomial, control = list(epsilon = 1e-12))
  found <- unname(exp(coef(fitted))[-1])
}
cat("[", paste(format(found, digits = 17), collapse = ", "), "]\n", sep = "")
