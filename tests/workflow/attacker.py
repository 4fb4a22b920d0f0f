"""Somebody who has the released files of a cohort and nothing else, and tries to tell what was withheld.

Written apart from the package on purpose: it imports nothing of it. It reads the CSV files, takes every number in them as an
equation over whole numbers of patients, adds what everybody knows (the codes of a variable and those without a value make
up the group, a study's patients are some of all), and asks of every withheld count for its least and its greatest possible value.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

EVERYBODY = "everybody"
CELLS = {"tp": "++", "fp": "+-", "fn": "-+", "tn": "--"}
#: What a share is a share of, and how many of them count: parts of the 2 x 2 table.
SHARES = {
    "sensitivity": ("tp", ("tp", "fn")),
    "specificity": ("tn", ("tn", "fp")),
    "ppv": ("tp", ("tp", "fp")),
    "npv": ("tn", ("tn", "fn")),
    "prevalence": (("tp", "fn"), ("tp", "fp", "fn", "tn")),
    "accuracy": (("tp", "tn"), ("tp", "fp", "fn", "tn")),
}
PROJECT = Path(__file__).resolve().parents[2]
OR_MISSING = " or not recorded"


def rule_subsets(folder: Path = PROJECT / "workflow/rules") -> dict[str, dict[str, str]]:
    """Whom a rule is about, where it is not everybody in the study: the tables do not say so, the rule files do.

    A code is 'a|b' for either, and ends in '|' where patients without a value are kept.
    """
    found: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("*.smk")):
        text = file.read_text(encoding="utf-8")
        named = dict(re.findall(r"^([A-Z][A-Z_0-9]*) = (\{.*\})$", text, re.MULTILINE))
        for block in re.split(r"^(?=use rule |rule )", text, flags=re.MULTILINE)[1:]:
            parent, name = re.match(r"(?:use rule (\w+)(?: from \w+)? as|rule) (\w+)", block).groups()
            subset = re.search(r"^        subset=(\{[^}]*\}|[A-Z_0-9]+),$", block, re.MULTILINE)
            assert ("subset=" in block) == bool(subset), f"{file}: the subset of {name} is written in a new way"
            if subset:
                kept = ast.literal_eval(named.get(subset[1], subset[1]))
                found[name] = {
                    variable: codes.removesuffix(OR_MISSING) + "|" * codes.endswith(OR_MISSING)
                    for variable, codes in kept.items()
                }
            elif "    params:" not in block and parent in found:
                found[name] = found[parent]
    return found


def known_codes() -> dict[str, list[str]]:
    """Everybody may read the dictionary: all codes that a variable can have."""
    with (PROJECT / "data/dictionary.csv").open(encoding="utf-8", newline="") as lines:
        return {row["variable"]: row["codes"].split("|") for row in csv.DictReader(lines) if row["codes"]}


SUBSETS = rule_subsets()

Key = tuple[str, frozenset]


class Attacker:
    """Reads ``results/<study>/<cohort>/*.csv`` and keeps equations; a key is (whose patients, {(variable, code)})."""

    def __init__(self, results: Path, cohort: str):
        self.rows: list[dict] = []
        for file in sorted(results.glob(f"*/{cohort}/*.csv")):
            if file.stem not in ("comparison", "disclosure"):
                with file.open(encoding="utf-8", newline="") as lines:
                    self.rows += [{**row, "study": file.parents[1].name} for row in csv.DictReader(lines)]
        #: Survival curves are withheld whole (a test of its own), so there is nothing to add up.
        self.curves = {row["result"] for row in self.rows if row["stat"] in ("survival", "at_risk")}
        self.codes: dict[str, list[str]] = {}
        for row in self.rows:
            for part in [*row["group"].split(";"), *row["variable"].split("~")]:
                name, sign, code = part.partition("=")
                if sign and "|" not in code and code != "not recorded" and name not in ("error", "model", "measure"):
                    self.codes.setdefault(name, [])
                    if code not in self.codes[name]:
                        self.codes[name].append(code)
        listed = known_codes()
        for name in {name for subset in SUBSETS.values() for name in subset}:
            known = self.codes.setdefault(name, [])
            known += [code for code in listed[name] if code not in known]
        for codes in self.codes.values():
            codes += ["other"] if len(codes) == 1 else []
        self.equations: list[tuple[dict[Key, int], int]] = []
        self.wanted: dict[tuple, dict[Key, int]] = {}
        self.studies = sorted({row["study"] for row in self.rows})
        for row in self.rows:
            self._read(row)

    def total(self, whose: str, **places: str) -> dict[Key, int]:
        """Sum over single codes: '*' is any known code, 'a|b' either, '' missing; two places may name one variable."""
        choices = []
        for name, code in places.items():
            known = self.codes.get(name, ["known"])
            choices.append([(name, each) for each in (known if code == "*" else code.split("|"))])
        return {(whose, frozenset(chosen)): 1 for chosen in product(*choices)}

    def _read(self, row: dict) -> None:
        whose = EVERYBODY if row["result"].startswith("cohort_") else row["study"]
        base = SUBSETS.get(row["result"], {})
        stat, variable, group = row["stat"], row["variable"], row["group"]
        if row["result"] in self.curves or group.startswith(("measure=", "strategy=", "model=", "study=")):
            return
        if row["result"].endswith("_flow"):
            return self._flow(row)
        inside = dict(base)
        for part in group.split(";") if group not in ("all", "") else ():
            name, _, code = part.partition("=")
            if name == "error":
                index, target = ("mri_complete_response", "pcr")
                inside |= {
                    index: "yes" if code == "false_negative" else "no",
                    target: "no" if code == "false_negative" else "yes",
                }
            elif code:
                if name in base and code not in base[name].split("|"):
                    return None  # nobody the rule is about
                inside[name] = "" if code == "not recorded" else code
        if variable.startswith("everybody~"):
            return
        if "~" in variable and "=" in variable:
            return self._two_by_two(row, whose, inside)
        if variable.partition("=")[0] in base and variable.partition("=")[2] not in (
            "",
            *base[variable.partition("=")[0]].split("|"),
        ):
            return None
        names = variable.replace(" x ", "~").replace(" - ", "~").split("~")
        whole = dict(inside)
        for name in names:
            whole.setdefault(name.partition("=")[0], "*")
        for pair in (
            self._crossed.get((whose, row["study"], row["result"]), ())
            if " x " not in variable and group == "all"
            else ()
        ):
            if names[0].partition("=")[0] in pair:
                whole |= {name: whole.get(name, "*") for name in pair}
                break
        if stat == "count":
            self._take(
                row, "value", self.total(whose, **(whole | {names[0].partition("=")[0]: names[0].partition("=")[2]}))
            )
        elif stat == "percent" and row["value"] and row["n"] and "=" in variable:
            cell = self.total(whose, **(whole | {names[0].partition("=")[0]: names[0].partition("=")[2]}))
            self.equations.append((cell, round(float(row["value"]) * int(row["n"]) / 100)))
        elif stat == "n" and not group.startswith("error="):
            self._take(row, "value", self.total(whose, **whole))
        elif stat == "n":
            return self._take(row, "value", self.total(whose, **inside))
        if stat in ("n", "count", "mean") and variable:
            self._take(row, "n", self.total(whose, **whole))
            lost = self.total(whose, **inside)
            for key, factor in self.total(whose, **whole).items():
                lost[key] = lost.get(key, 0) - factor
            self._take(row, "n_missing", lost)

    @property
    def _crossed(self) -> dict[tuple, list[list[str]]]:
        """The two variables of every cross-tabulation: its margins are of those with both."""
        if not hasattr(self, "_pairs"):
            self._pairs = {}
            for row in self.rows:
                if " x " in row["variable"]:
                    whose = EVERYBODY if row["result"].startswith("cohort_") else row["study"]
                    pairs = self._pairs.setdefault((whose, row["study"], row["result"]), [])
                    pairs.append(row["variable"].split(" x "))
        return self._pairs

    def _two_by_two(self, row: dict, whose: str, inside: dict) -> None:
        pairs = [part.split("=") for part in row["variable"].split("~")]

        def cell(name: str) -> dict[Key, int]:
            places = dict(inside)
            for (variable, code), sign in zip(pairs, CELLS[name], strict=True):
                others = "|".join(each for each in self.codes[variable] if each != code)
                places[variable] = code if sign == "+" else others
            return self.total(whose, **places)

        if row["stat"] in CELLS:
            self._take(row, "value", cell(row["stat"]))
            self._take(row, "n", {key: 1 for name in CELLS for key in cell(name)})
        elif row["stat"] in SHARES and row["value"] and row["n"]:
            right, _ = SHARES[row["stat"]]
            sums = {key: 1 for name in ([right] if isinstance(right, str) else right) for key in cell(name)}
            self.equations.append((sums, round(float(row["value"]) * int(row["n"]) / 100)))

    def _flow(self, row: dict) -> None:
        step, variable = f"left out of {row['study']}", row["variable"]
        steps = [each["variable"] for each in self.rows if each["study"] == row["study"] and each["stat"] == "applied"]
        steps = [each for each in steps if each != "identical_rows"]
        self.codes[step] = [*steps, "included"]
        if row["stat"] == "n_assessed":
            self._take(row, "value", self.total(EVERYBODY))
        elif row["stat"] == "n_included":
            self._take(row, "value", self.total(row["study"]))
            self._take(row, "value", self.total(EVERYBODY, **{step: "included"}))
        elif row["stat"] == "n_value_missing":
            self._take(row, "value", self.total(row["study"], **{variable: ""}))
        elif variable in steps and row["stat"] in ("n_excluded", "n_left"):
            at = steps.index(variable)
            after = "|".join([*steps[at + 1 :], "included"])
            self._take(
                row, "value", self.total(EVERYBODY, **{step: variable if row["stat"] == "n_excluded" else after})
            )

    def _take(self, row: dict, column: str, sums: dict[Key, int]) -> None:
        if row[column]:
            self.equations.append((sums, int(float(row[column]))))
        elif "withheld" in row["warning"] or column != "value":
            self.wanted[row["study"], row["result"], row["group"], row["variable"], row["stat"], column] = sums

    def told(self) -> Iterator[tuple[tuple, int]]:
        """Name every withheld number that has one possible value, with that value, one after the other."""
        keys = {key for sums, _ in self.equations for key in sums} | {
            key for sums in self.wanted.values() for key in sums
        }
        system, x = System(most=2 * max((value for _, value in self.equations), default=1_000)), {}
        pending = sorted(keys, key=lambda key: (key[0], sorted(key[1])))

        def unknown(key: Key) -> int:
            if key not in x:
                x[key] = len(x)
                pending.append(key)
            return x[key]

        done = set()
        while pending:
            key = pending.pop()
            unknown(key) if key not in x else None
            for place in sorted(key[1]):
                parent = (key[0], key[1] - {place})
                if (parent, place[0]) not in done:
                    done.add((parent, place[0]))
                    codes = self.codes.get(place[0], ["known"])
                    codes = codes if place[0].startswith("left out of") else [*codes, ""]
                    parts = [unknown((key[0], parent[1] | {(place[0], code)})) for code in codes]
                    system.equal({**dict.fromkeys(parts, 1), unknown(parent): -1}, 0)
            if key[0] in self.studies and (key, "rest") not in done:
                done.add((key, "rest"))
                rest = (f"not {key[0]}", key[1])
                system.equal({x[key]: 1, unknown(rest): 1, unknown((EVERYBODY, key[1])): -1}, 0)
        for sums, value in self.equations:
            system.equal({x[key]: factor for key, factor in sums.items()}, value)
        system.close(len(x))
        for name, sums in self.wanted.items():
            least, greatest = (
                system.extreme({x[key]: factor for key, factor in sums.items()}, sign) for sign in (1, -1)
            )
            if least == greatest:
                yield name, least


class System:
    """Equations over whole numbers from 0 to ``most``; the least and the greatest value of a sum (HiGHS)."""

    def __init__(self, most: int):
        self.most, self.rows, self.values = most, [], []

    def equal(self, factors: dict[int, int], value: int) -> None:
        self.rows.append(factors)
        self.values.append(value)

    def close(self, unknowns: int) -> None:
        entries = [(row, column, factor) for row, factors in enumerate(self.rows) for column, factor in factors.items()]
        rows, columns, factors = np.array(entries).T
        self.matrix = csr_array((factors, (rows, columns)), shape=(len(self.rows), unknowns))

    def extreme(self, goal: dict[int, int], sign: int) -> int:
        cost = np.zeros(self.matrix.shape[1])
        for column, factor in goal.items():
            cost[column] += sign * factor
        equations = LinearConstraint(self.matrix, self.values, self.values)
        found = milp(cost, constraints=equations, integrality=np.ones_like(cost), bounds=Bounds(0, self.most))
        assert found.status == 0, f"the released numbers contradict each other, or no time was left: {found.message}"
        # What stands here is a table of whole patients that has every released number, not only nearly.
        patients = np.rint(found.x).astype(int)
        assert (self.matrix @ patients == self.values).all() and patients.min() >= 0
        return sum(factor * int(patients[column]) for column, factor in goal.items())
