"""What follows from the printed numbers for an item of a reporting guideline, so that nobody judges it by hand.

Each rule takes the evidence of one paper and the arguments of the item (``with`` in ``checklists.yaml``) and returns a
``Finding``: ``reported``, ``partly`` or ``nothing``, a sentence with the counts, and the claims that it looked at.
Whether ``nothing`` means absent or unknown depends on the copy of the paper and is decided in ``checklists``. The rules
are told in docs/methods/checklists.md.

The numbers of another publication (claims of kind ``external``) never count. A number printed twice counts once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.records import Claim

REPORTED, PARTLY, NOTHING = "reported", "partly", "nothing"
#: Stages of the flow, as item 13a of STROBE (doi:10.1371/journal.pmed.0040296) lists them.
STAGES = ("assessed", "eligible", "included", "followed", "analysed")
#: Statistics that describe a measured variable; a category is described by counts.
SUMMARIES = ("mean", "median")
CELLS = ("tp", "fp", "fn", "tn")
ADJUSTED, UNADJUSTED = "multivariable", "univariable"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: a state, the counts in words, and the claims behind it."""

    state: str
    words: str
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """The record of one paper: its claims, the rows of verification.csv by claim id, the names of all variables."""

    study: str
    claims: tuple[Claim, ...]
    verification: Mapping[str, Mapping[str, str]]
    variables: frozenset[str]

    def named(self, patterns: Sequence[str]) -> tuple[Claim, ...]:
        """The claims that fit any of the patterns (ids without the study, ``*`` allowed), in the order of the file.

        Raises ReplicalcError for a pattern that fits no claim.
        """
        short = {claim.claim_id.removeprefix(f"{self.study}."): claim for claim in self.claims}
        found: dict[str, Claim] = {}
        for pattern in patterns:
            fits = {name: claim for name, claim in short.items() if fnmatchcase(name, pattern)}
            if not fits:
                raise ReplicalcError(
                    f"no claim of {self.study} is called '{pattern}'.{did_you_mean(pattern, [*short])}"
                )
            found |= fits
        return tuple(claim for name, claim in short.items() if name in found)

    def own(self) -> tuple[Claim, ...]:
        """The claims that are the paper's own numbers."""
        return tuple(claim for claim in self.claims if claim.kind != "external")

    def check_variables(self, names: Sequence[str]) -> None:
        """Raise ReplicalcError for a name that is no variable of the dictionary."""
        for name in names:
            if name not in self.variables:
                hint = did_you_mean(name, sorted(self.variables))
                raise ReplicalcError(f"'{name}' is no variable of data/dictionary.csv.{hint}")


Place = tuple[str, str, str]


def _by_place(evidence: Evidence) -> dict[Place, dict[str, Claim]]:
    """Claims by result, group and variable, then by statistic; of a number printed twice, the first."""
    places: dict[Place, dict[str, Claim]] = {}
    for claim in evidence.own():
        places.setdefault((claim.result, claim.group, claim.variable), {}).setdefault(claim.stat, claim)
    return places


def _has_limits(stats: Mapping[str, Claim], stat: str) -> bool:
    return f"{stat}_lo" in stats and f"{stat}_hi" in stats


def _in_model(group: str, model: str) -> bool:
    return f"model={model}" in group.split(";")


def _limits(stats: Mapping[str, Claim], stat: str) -> list[Claim]:
    return [stats[name] for name in (f"{stat}_lo", f"{stat}_hi") if name in stats]


def intervals(evidence: Evidence, *, stats: Sequence[str], model: str | None = None) -> Finding:
    """Effect estimates with their precision: how many of the printed ones stand with both limits of an interval.

    ``stats`` names the statistics that count as estimates (``or``, ``icc``, ``sensitivity``, ...), ``model`` keeps
    those of univariable or multivariable models. All with limits: reported. Some or none: partly. No estimate: nothing.
    """
    if model not in (None, ADJUSTED, UNADJUSTED):
        raise ReplicalcError(f"the model '{model}' is not known. Known: {UNADJUSTED}, {ADJUSTED}")
    found, behind, whole = 0, [], 0
    for (_, group, _), here in _by_place(evidence).items():
        for stat in stats:
            if stat in here and (model is None or _in_model(group, model)):
                found += 1
                whole += _has_limits(here, stat)
                behind += [here[stat], *_limits(here, stat)]
    kind = f" of a {model} model" if model else ""
    if not found:
        return Finding(NOTHING, f"no estimate{kind} is printed in the record")
    words = f"{whole} of {_number(found, 'estimate')}{kind} {_stand(found)} with both limits of an interval"
    return Finding(REPORTED if whole == found else PARTLY, words, tuple(behind))


def both_models(evidence: Evidence, *, stats: Sequence[str]) -> Finding:
    """Adjusted estimates beside unadjusted ones, both with their precision.

    The unadjusted estimate of an adjusted one is that of the same variable in the result whose name, and group, say
    univariable for multivariable. Every adjusted one has it and all have limits: reported. Otherwise, as long as any
    estimate is printed: partly.
    """
    places = _by_place(evidence)
    adjusted, beside, whole, behind = 0, 0, 0, []
    for (result, group, variable), here in places.items():
        for stat in stats:
            if stat not in here or not _in_model(group, ADJUSTED):
                continue
            alone = tuple(text.replace(ADJUSTED, UNADJUSTED) for text in (result, group))
            partner = places.get((*alone, variable), {})
            adjusted += 1
            beside += stat in partner
            whole += _has_limits(here, stat) and (stat not in partner or _has_limits(partner, stat))
            behind += [here[stat], *_limits(here, stat)]
            behind += [partner[stat], *_limits(partner, stat)] if stat in partner else []
    if not adjusted:
        crude = intervals(evidence, stats=stats)
        words = f"no adjusted estimate is printed in the record; {crude.words}"
        return Finding(NOTHING if crude.state == NOTHING else PARTLY, words, crude.claims)
    state = REPORTED if beside == whole == adjusted else PARTLY
    words = f"{beside} of {_number(adjusted, 'adjusted estimate')} {_stand(adjusted)} beside the unadjusted one"
    words += f", {whole} with all limits"
    return Finding(state, words, tuple(behind))


def numbers_of(evidence: Evidence, *, variables: Sequence[str]) -> Finding:
    """Variables with their numbers: counts of a category, mean or median of a measurement; not percentages alone.

    All of ``variables`` so: reported. Some, or percentages alone: partly. Nothing printed of any: nothing.
    """
    evidence.check_variables(variables)
    counted, shares, behind = [], [], []
    for name in variables:
        about = [c for c in evidence.own() if c.variable == name or c.variable.startswith(f"{name}=")]
        numbers = [c for c in about if c.stat == "count" or c.stat in SUMMARIES]
        percent = [c for c in about if c.stat == "percent"]
        if numbers:
            counted.append(name)
        elif percent:
            shares.append(name)
        behind += numbers or percent
    left = [name for name in variables if name not in (*counted, *shares)]
    words = (
        f"{len(counted)} of {_number(len(variables), 'variable')} {_stand(len(variables))} with counts, mean or median"
    )
    words += f"; with percentages alone: {_plain(shares)}" if shares else ""
    words += f"; nothing in the record of {_plain(left)}" if left else ""
    state = REPORTED if len(counted) == len(variables) else PARTLY if counted or shares else NOTHING
    return Finding(state, words, tuple(behind))


def stages(evidence: Evidence, *, stages: Mapping[str, Sequence[str]], not_applicable: Sequence[str] = ()) -> Finding:
    """Numbers of the flow: which of ``STAGES`` have a printed number.

    ``stages`` gives the claims of each stage; a stage that is not named there has none. ``not_applicable`` are stages
    that the study does not have. All that apply: reported. Some: partly. None: nothing.
    """
    for name in (*stages, *not_applicable):
        if name not in STAGES:
            raise ReplicalcError(f"the stage '{name}' is not known. Known: {', '.join(STAGES)}")
    if doubled := set(stages) & set(not_applicable):
        raise ReplicalcError(f"the stage '{min(doubled)}' has claims and is called not applicable")
    told, behind = [], []
    for name in [each for each in STAGES if each in stages]:
        here = evidence.named(stages[name])
        if wrong := [claim.claim_id for claim in here if claim.kind != "count"]:
            raise ReplicalcError(f"the stage '{name}' needs counts; {wrong[0]} is none")
        numbers = {claim.reported: claim.label for claim in reversed(here)}  # of a repeated number, the first label
        told.append(f"{name}: " + ", ".join(f"{number} ({label})" for number, label in reversed(numbers.items())))
        behind += here
    left = [name for name in STAGES if name not in stages and name not in not_applicable]
    if not told:
        return Finding(NOTHING, "no number of the flow is printed in the record")
    words = "; ".join(told) + (f"; no number in the record: {', '.join(left)}" if left else "")
    return Finding(PARTLY if left else REPORTED, words, tuple(behind))


def adds_up(evidence: Evidence, *, variables: Sequence[str], total: str) -> Finding:
    """Missing values by arithmetic: printed counts of a variable that add up to all leave nobody without a value.

    A number of missing values is not printed by that, so the finding is partly at most. Counts are those of everybody
    (group ``all``), each category once; a category with two different printed counts adds up to nothing.
    """
    evidence.check_variables(variables)
    (whole,) = evidence.named([total])
    fits, behind = [], [whole]
    for name in variables:
        printed: dict[str, set[str]] = {}
        for claim in evidence.own():
            if claim.group == "all" and claim.stat == "count" and claim.variable.startswith(f"{name}="):
                printed.setdefault(claim.variable, set()).add(claim.reported)
                behind.append(claim)
        once = [_whole(min(each)) for each in printed.values() if len(each) == 1]
        if printed and len(once) == len(printed) and sum(once) == _whole(whole.reported):
            fits.append(name)
    left = [name for name in variables if name not in fits]
    if not fits:
        return Finding(NOTHING, f"the printed counts of no variable add up to {whole.reported}", tuple(behind))
    words = f"the printed counts of {len(fits)} of {_number(len(variables), 'variable')} add up to {whole.reported}"
    words += ", so nobody is without a value of these"
    words += f"; those of {_plain(left)} do not" if left else ""
    return Finding(PARTLY, f"{words}; a number of missing values is not stated", tuple(behind))


def cross_table(evidence: Evidence, *, tests: Mapping[str, Sequence[str]]) -> Finding:
    """The 2 x 2 table of a test: how many of its cells are printed, and whether the measures leave one table alone.

    ``tests`` gives the claims with the measures of each test, all of one group and variable. Every cell printed:
    reported. Some cells, or one table alone by verification.csv: partly. Neither: nothing.
    """
    told, behind, states = [], [], []
    for name, patterns in tests.items():
        measures = evidence.named(patterns)
        places = {(claim.group, claim.variable) for claim in measures}
        if len(places) > 1:
            raise ReplicalcError(f"the measures of {name} are not all of one test and group")
        cells = {c.stat: c for c in evidence.own() if (c.group, c.variable) in places and c.stat in CELLS}
        rows = [evidence.verification[claim.claim_id] for claim in measures]
        tables = {
            match[0]
            for row in rows
            if row["solutions"] == "1" and (match := re.search(r"tp \d+, fp \d+, fn \d+, tn \d+", row["evidence"]))
        }
        words = f"{name}: {len(cells)} of 4 cells are printed"
        if len(tables) == 1:
            repaired = ", once one of them is changed" if any("repair" in row["method"] for row in rows) else ""
            words += f"; one table alone gives the measures{repaired} ({min(tables)})"
        told.append(words)
        behind += [*measures, *cells.values()]
        states.append(REPORTED if len(cells) == 4 else PARTLY if cells or len(tables) == 1 else NOTHING)
    state = states[0] if len(set(states)) == 1 else PARTLY
    return Finding(state, "; ".join(told), tuple(behind))


RULES = {rule.__name__: rule for rule in (intervals, both_models, numbers_of, stages, adds_up, cross_table)}


def find(rule: str, evidence: Evidence, arguments: Mapping) -> Finding:
    """Apply a rule by its name. Raises ReplicalcError for an unknown rule and for arguments that it does not take."""
    if rule not in RULES:
        raise ReplicalcError(f"there is no rule '{rule}'.{did_you_mean(rule, [*RULES])} Known: {', '.join(RULES)}")
    takes = {name: kind for name, kind in RULES[rule].__annotations__.items() if name not in ("evidence", "return")}
    optional = RULES[rule].__kwdefaults__ or {}
    if unknown := [name for name in arguments if name not in takes]:
        raise ReplicalcError(f"the rule '{rule}' takes no '{unknown[0]}'. It takes: {', '.join(takes)}")
    if lacking := [name for name in takes if name not in arguments and name not in optional]:
        raise ReplicalcError(f"the rule '{rule}' needs '{lacking[0]}'")
    for name, value in arguments.items():
        wanted = dict if takes[name].startswith("Mapping") else list if takes[name].startswith("Sequence") else str
        inside = value.values() if isinstance(value, dict) else ()
        if not isinstance(value, wanted) or not value or not all(isinstance(each, list) and each for each in inside):
            kind = {dict: "names with lists", list: "a list that is not empty", str: "text"}[wanted]
            raise ReplicalcError(f"the rule '{rule}': '{name}' should be {kind}")
    found = RULES[rule](evidence, **arguments)
    return Finding(found.state, found.words, tuple(dict.fromkeys(found.claims)))


def _whole(reported: str) -> int:
    """A printed count as a number. Raises ReplicalcError where it is none."""
    if not re.fullmatch(r"\d+", reported):
        raise ReplicalcError(f"'{reported}' is no whole number")
    return int(reported)


def _number(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"


def _stand(n: int) -> str:
    return "stands" if n == 1 else "stand"


def _plain(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
