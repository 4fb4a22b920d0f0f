"""Somebody who has the released files of a cohort and nothing else, and tries to tell what was withheld.

Written apart from the package on purpose: it imports nothing of it. It reads the CSV files, takes every number in them as an
equation over whole numbers of patients, adds what everybody knows (the codes of a variable and those without a value make
up the group, a study's patients are some of all), and asks CP-SAT of every withheld count whether it can have two values.
"""

from __future__ import annotations

import csv
from itertools import product
from pathlib import Path

from ortools.sat.python import cp_model

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
#: Whom a rule is about, where it is not everybody in the study (from the rule files; the tables do not say so).
SUBSETS = {
    "cohort_calcified_malignant_unselected": {"series": "unselected"},
    "us_mri_x_histology": {"malignant": "yes"},
    "us_mri_t3_accuracy_by_type": {"mri_enhancement": "mass|non_mass"},
    "nact_bone_a_osteolytic": {"bone_metastasis": "yes"},
    "nact_bone_a_axial": {"bone_metastasis": "yes"},
    "nact_bone_a_whole_body": {"bone_metastasis": "yes"},
    "nact_bone_a_necrosis": {"pcr": "yes|no"},
}

Key = tuple[str, frozenset]


class Attacker:
    """Reads ``results/<study>/<cohort>/*.csv`` and keeps equations; a key is (whose patients, {(variable, code)})."""

    def __init__(self, results: Path, cohort: str):
        self.rows: list[dict] = []
        for file in sorted(results.glob(f"*/{cohort}/*.csv")):
            if file.stem not in ("comparison", "disclosure"):
                with file.open(encoding="utf-8", newline="") as lines:
                    self.rows += [{**row, "study": file.parents[1].name} for row in csv.DictReader(lines)]
        self.codes: dict[str, list[str]] = {}
        for row in self.rows:
            for part in [*row["group"].split(";"), *row["variable"].split("~")]:
                name, sign, code = part.partition("=")
                if sign and "|" not in code and code != "not recorded" and name not in ("error", "model", "measure"):
                    self.codes.setdefault(name, [])
                    if code not in self.codes[name]:
                        self.codes[name].append(code)
        for name, codes in ((name, codes) for subset in SUBSETS.values() for name, codes in subset.items()):
            known = self.codes.setdefault(name, [])
            known += [code for code in codes.split("|") if code not in known]
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
        if row["result"].startswith("casting_") or group.startswith(("measure=", "strategy=", "model=", "study=")):
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

    def told(self) -> dict[tuple, int]:
        """Name every withheld number that has one possible value, with that value."""
        keys = {key for sums, _ in self.equations for key in sums} | {
            key for sums in self.wanted.values() for key in sums
        }
        model, x = cp_model.CpModel(), {}
        most = 2 * max((value for _, value in self.equations), default=1_000)
        pending = sorted(keys, key=lambda key: (key[0], sorted(key[1])))

        def unknown(key: Key):
            if key not in x:
                x[key] = model.new_int_var(0, most, "")
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
                    model.add(sum(parts) == unknown(parent))
            if key[0] in self.studies and (key, "rest") not in done:
                done.add((key, "rest"))
                rest = (f"not {key[0]}", key[1])
                model.add(unknown((EVERYBODY, key[1])) == x[key] + unknown(rest))
        for sums, value in self.equations:
            model.add(sum(factor * x[key] for key, factor in sums.items()) == value)
        goals = {}
        for name, sums in self.wanted.items():
            goal = model.new_int_var(-most * len(sums), most * len(sums), "")
            model.add(goal == sum(factor * x[key] for key, factor in sums.items()))
            goals[name] = goal
        self.model, self.x = model, x
        return _fixed(model, goals)


def _fixed(model, goals: dict) -> dict[tuple, int]:
    """The goals that are the same in every solution: each is asked to differ from what it is in one."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers, solver.parameters.random_seed = 1, 7
    assert solver.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE), "the released numbers contradict each other"
    seen = {name: {solver.value(goal)} for name, goal in goals.items()}
    found = {}
    for name, goal in goals.items():
        if len(seen[name]) > 1:
            continue
        (value,) = seen[name]
        other = model.clone()
        other.add(goal_of(other, goal) != value)
        status = solver.solve(other)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            for each, its in goals.items():
                seen[each].add(solver.value(goal_of(other, its)))
        else:
            assert status == cp_model.INFEASIBLE, "the attacker ran out of time"
            found[name] = value
    return found


def goal_of(model, goal):
    return model.get_int_var_from_proto_index(goal.index)
