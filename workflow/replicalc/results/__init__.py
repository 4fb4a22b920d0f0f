"""The functions that rules call: each reads files, computes one result, writes one table. Imports stay lean."""

from replicalc.results.agreement import accuracy, agreement, misses
from replicalc.results.association import association, before_after
from replicalc.results.describe import cited, distribution, numeric, patient_flow
from replicalc.results.evidence import evidence
from replicalc.results.paired import two_tests
from replicalc.results.predictive import predictive_values
from replicalc.results.regression import hazard, logistic
from replicalc.results.statement import statement
from replicalc.results.survival import survival
from replicalc.results.work_up import work_up

__all__ = [
    "accuracy",
    "agreement",
    "association",
    "before_after",
    "cited",
    "distribution",
    "evidence",
    "hazard",
    "logistic",
    "misses",
    "numeric",
    "patient_flow",
    "predictive_values",
    "statement",
    "survival",
    "two_tests",
    "work_up",
]
