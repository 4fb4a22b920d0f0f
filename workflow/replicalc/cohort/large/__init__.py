"""The way of a large cohort from its export to the analysis file: the same steps, in chunks and on distinct texts."""
