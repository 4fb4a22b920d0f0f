"""Make a study's synthetic export and send it through the ordinary pipeline; shared by tests."""

from __future__ import annotations

import importlib
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from project import ROOT

from replicalc.cohort import derivation, flow, mapping, validation
from replicalc.cohort.frame import read_cohort
from replicalc.records import Claim, load_claims, read_csv
from replicalc.stats.logistic import LogisticFit, logistic
from replicalc.verify.printed import parse, rounding_needed

DICTIONARY = ROOT / "data" / "dictionary.csv"


@dataclass(frozen=True)
class Run:
    frame: pd.DataFrame
    export: bytes
    flow: list[dict[str, str]]
    unmet: set[str]
    claims: list[Claim]


def export(study: str, folder: Path, seed: int) -> Path:
    module = importlib.import_module(f"replicalc.cohort.synthesise.{study}")
    claims = ROOT / "config" / "studies" / study / "claims.csv"
    module.synthesise(claims, DICTIONARY, folder / "export.csv", folder / "assumptions.csv", folder / "log", seed=seed)
    return folder / "export.csv"


def run(study: str, folder: Path, seed: int) -> Run:
    config, log = ROOT / "config" / "studies" / study, folder / "log"
    made, mapped, checks = export(study, folder, seed), folder / "mapped.csv", folder / "checks.csv"
    derived, cohort = folder / "derived.csv", folder / "cohort.parquet"
    how, definitions = config / "synthetic.yaml", config / "study.yaml"
    mapping.map_export([made], how, DICTIONARY, mapped, log)
    validation.validate_cohort(mapped, how, DICTIONARY, checks, log)
    derivation.derive_cohort(mapped, checks, definitions, how, DICTIONARY, derived, folder / "derivations.csv", log)
    everybody = folder / "everybody.parquet"
    flow.select_patients(derived, definitions, how, DICTIONARY, folder / "flow.csv", cohort, everybody, log)
    assumed = [row["assumed"] for row in read_csv(folder / "assumptions.csv")]
    unmet = {text.split()[0] for text in assumed if text.endswith("does not come out")}
    frame = read_cohort(cohort).frame
    return Run(frame, made.read_bytes(), read_csv(folder / "flow.csv"), unmet, load_claims(config / "claims.csv"))


def as_exported(export: bytes) -> pd.DataFrame:
    """Rows as the hospital sent them, those left out included: text, missing where nothing or a word for it stands."""
    frame = pd.read_csv(io.BytesIO(export), dtype=str, na_values=["n/a", "unknown"]).drop_duplicates()
    return frame.reset_index(drop=True)


def day(column: pd.Series) -> pd.Series:
    return pd.to_datetime(column, format="%d.%m.%Y")


def prints(claim: Claim, value: float) -> bool:
    return rounding_needed(value, parse(claim.reported)) is not None


def half_units(claim: Claim, value: float) -> float:
    """Distance from the printed number in half units of its last place; up to 1 it prints the same."""
    printed = parse(claim.reported)
    return abs(value - float(printed.value)) / (0.5 * 10.0**-printed.decimals)


def fitted(frame: pd.DataFrame, outcome: tuple[str, str], columns: dict[str, pd.Series]) -> LogisticFit:
    """Fit the model as the workflow does, to the patients in whom everything is known."""
    x = pd.DataFrame(columns)
    known = x.notna().all(axis=1) & frame[outcome[0]].notna()
    y = (frame.loc[known, outcome[0]] == outcome[1]).astype(float)
    return logistic(y.to_numpy(), x[known].astype(float).to_numpy(), list(columns))


def is_code(frame: pd.DataFrame, name: str, *codes: str) -> pd.Series:
    """1 where the variable has one of the codes, 0 where it has another, missing where it is not known."""
    values = frame[name].astype("object")
    return values.isin(codes).astype(float).where(values.notna())


def of_term(found: LogisticFit, name: str, stat: str) -> float:
    term = found.term(name)
    return {"or": term.odds_ratio, "or_lo": term.lo, "or_hi": term.hi, "p": term.p_wald}[stat]
