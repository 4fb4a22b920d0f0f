"""What is measured, each a process of its own: ``python -m benchmarks.large.jobs KIND ...`` (called by ``run``).

``step`` is a step from the export to the analysis file, ``result`` a result of the study on that file, ``table`` and
``model`` the same two analyses by replicalc and by pandas with statsmodels on rows; ``compared.R`` has them in R.
"""

from __future__ import annotations

import csv
import importlib
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: The analyses that are done beside: a table with its test, and the logistic model of casting_x_population_death.
TABLE = ("tumour_feature", "vital_status")
OUTCOME = ("vital_status", "dead_of_breast_cancer")
FACTORS = {
    "tumour_feature": ("stellate", "circular", "powdery", "crushed_stone", "casting"),
    "tumour_size_class": ("1_9", "10_14", "15_20"),
    "lymph_node_metastasis": ("no", "yes"),
    "grade": ("1", "2", "3"),
}
SERIES = ("primary_study", "population")
SIZES = ("1_9", "10_14", "15_20")


def step(name: str, study: str, export: str, cohort_file: str, folder: str) -> None:
    """Do one step of a study, from the files that the step before left in ``folder``."""
    from replicalc.cohort import derivation, flow, mapping, validation

    at = {each: f"{folder}/{each}.csv" for each in ("mapped", "unread", "validation", "problems", "derived", "flow")}
    at |= {each: f"{folder}/{each}.csv" for each in ("mapping_changes", "changes", "derivations")}
    dictionary, study_file, log = "data/dictionary.csv", f"config/studies/{study}/study.yaml", f"{folder}/{name}.log"
    if name == "map":
        files = ([export], cohort_file, dictionary, at["mapped"], at["unread"], at["mapping_changes"])
        mapping.map_export(*files, log)
    elif name == "validate":
        files = (at["mapped"], cohort_file, dictionary, at["validation"], at["unread"])
        validation.validate_cohort(*files, log, problems=at["problems"])
    elif name == "derive":
        files = (at["mapped"], at["validation"], study_file, cohort_file, dictionary, at["derived"])
        derivation.derive_cohort(*files, at["derivations"], at["mapping_changes"], at["changes"], log)
    else:
        files = (at["derived"], study_file, cohort_file, dictionary, at["flow"])
        flow.select_patients(*files, f"{folder}/cohort.parquet", f"{folder}/everybody.parquet", log)


def result(log: str, cohort: str) -> None:
    """Compute a result as the run computed it, but on another cohort than its log names."""
    from benchmarks.run import recorded

    name, files, params = recorded(Path(log))
    module, function = name.split(":")
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / Path(files[-1]).name)
        files = [cohort if Path(file).name == "cohort.parquet" else str(ROOT / file) for file in files[:-1]]
        getattr(importlib.import_module(module), function)(*files, out, f"{out}.log", **params)


def table(engine: str, cohort: str) -> None:
    """Print Pearson's chi-squared statistic of the table."""
    if engine == "replicalc":
        print(
            json.dumps(
                _ours(
                    "association:association", cohort, ("statistic",), rows=TABLE[0], columns=TABLE[1], test="pearson"
                )
            )
        )
        return
    import pandas as pd
    from scipy.stats import chi2_contingency

    frame = pd.read_parquet(cohort, columns=list(TABLE))
    counts = pd.crosstab(*(frame[name].cat.remove_unused_categories() for name in TABLE))
    print(json.dumps([chi2_contingency(counts, correction=False).statistic]))


def model(engine: str, cohort: str) -> None:
    """Print the odds ratios of the model, factor by factor."""
    if engine == "replicalc":
        against = {name: f"each against {codes[0]}" for name, codes in FACTORS.items()} | {
            "lymph_node_metastasis": "yes"
        }
        subset = {SERIES[0]: f"{SERIES[1]} or not recorded", "tumour_size_class": f"{'|'.join(SIZES)} or not recorded"}
        how = dict(outcome=OUTCOME, factors=against, models=("multivariable",), subset=subset)
        print(json.dumps(_ours("regression:logistic", cohort, ("or",), **how)))
        return
    import numpy as np
    import pandas as pd
    import statsmodels.api as sm

    frame = pd.read_parquet(cohort, columns=[OUTCOME[0], *FACTORS, SERIES[0]])
    frame = frame[frame[SERIES[0]] == SERIES[1]]
    frame = frame[frame["tumour_size_class"].isin(SIZES)].dropna()
    columns = [frame[name] == code for name, codes in FACTORS.items() for code in codes[1:]]
    design = np.column_stack([np.ones(len(frame)), *columns]).astype(float)
    fitted = sm.GLM((frame[OUTCOME[0]] == OUTCOME[1]).astype(float), design, family=sm.families.Binomial()).fit(
        tol=1e-12
    )
    print(json.dumps(np.exp(fitted.params.to_numpy())[1:].tolist()))


def _ours(function: str, cohort: str, stats: tuple[str, ...], **params) -> list[float]:
    module, name = function.split(":")
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/result.csv"
        getattr(importlib.import_module(f"replicalc.results.{module}"), name)(cohort, out, f"{out}.log", **params)
        with open(out, encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
    found = [float(row["value"]) for row in rows if row["stat"] in stats and row["value"]]
    if not found:
        sys.exit(f"{function}: no {stats[0]} in its table: {rows[:3]}")
    return found


def columns_of_both() -> list[str]:
    """The columns that R is given."""
    return list(dict.fromkeys([*TABLE, OUTCOME[0], *FACTORS, SERIES[0]]))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
