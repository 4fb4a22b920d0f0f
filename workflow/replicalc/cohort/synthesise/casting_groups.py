"""The five groups of ``casting`` before anybody is followed: who they are, and their joint table of tumours.

The printed counts are read from the claims. Everything here is what the papers do not print: how size, grade and lymph
nodes go together and with the kind of calcification, as odds, and when the patients were diagnosed.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from replicalc.cohort.synthesise.joint import Cells, Joint, solve
from replicalc.cohort.synthesise.restrictions import Restriction, place_conditions, restrictions
from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.printed import parse

Codes = dict[str, float]


@dataclass(frozen=True, slots=True)
class Group:
    """What is assumed of the patients of one primary study.

    features, sizes: shares (any scale). high_risk: factor on the odds of grade 3 and of metastatic nodes. first, last:
    days of diagnosis. closing: end of follow-up, or None where a median follow-up (``median_months``) says it.
    with_status: the vital status is part of the joint table (otherwise it follows from the times).
    """

    features: Codes
    sizes: Codes
    first: datetime.date
    last: datetime.date
    closing: datetime.date | None = None
    median_months: float | None = None
    high_risk: float = 1.0
    mean_age: float = 59.0
    with_status: bool = False


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


GROUPS = {
    "tabar2004": Group(
        {"stellate": 59, "circular": 19, "powdery": 7, "crushed_stone": 8, "casting": 7},
        {"1_9": 40, "10_14": 60},
        _day("1977-10-01"),
        _day("1989-12-31"),
        _day("2002-12-31"),
    ),
    "tabar2000": Group(
        {"stellate": 56, "circular": 18, "powdery": 7, "crushed_stone": 8, "casting": 11},
        {"1_9": 40, "10_14": 60},
        _day("1977-01-10"),
        _day("1986-12-20"),
        _day("1998-12-31"),
        with_status=True,
    ),
    "palka2008": Group(
        {"stellate": 35, "circular": 20, "powdery": 5, "crushed_stone": 10, "casting": 30},
        {"10_14": 10, "15_20": 35, "over_20": 55},
        _day("2001-09-01"),
        _day("2006-09-30"),
        median_months=29.1,
        high_risk=3.0,
        mean_age=53.0,
    ),
    "population": Group(
        {"stellate": 74, "circular": 10, "powdery": 5, "crushed_stone": 6, "casting": 6},
        {"1_9": 40, "10_14": 48, "15_20": 12},
        _day("1990-01-10"),
        _day("2002-12-20"),
        median_months=155.0,
        mean_age=60.0,
        with_status=True,
    ),
    "li2019": Group(
        {"stellate": 34, "circular": 30, "powdery": 6, "crushed_stone": 13, "casting": 12, "other": 5},
        {"1_9": 8, "10_14": 17, "15_20": 35, "over_20": 40},
        _day("2010-01-04"),
        _day("2013-01-31"),
        median_months=60.0,
        high_risk=1.5,
        mean_age=52.0,
        with_status=True,
    ),
}
#: Printed in the abstract of the population-based study, but without an id in claims.csv (see NOTES.md).
WITHOUT_ID = {
    "population": [
        ("deaths from breast cancer", {"vital_status": ("dead_of_breast_cancer",)}, 44),
        ("patients with casting type", {"tumour_feature": ("casting",)}, 29),
        (
            "deaths with casting type",
            {"tumour_feature": ("casting",), "vital_status": ("dead_of_breast_cancer",)},
            3,
        ),
    ]
}
#: What the width of printed limits implies about counts that are not printed: the variance of a log odds ratio is about
#: the sum of 1 / (n p (1 - p)) of the two kinds of tumour, p being the share that dies; that of a log hazard ratio is
#: 1 / (d q (1 - q)) with d deaths, a share q of them with the feature. And a feature without a death has no ratio.
#: (name, condition, least, most)
IMPLIED = {
    "palka2008": [("tumours with casting type", {"tumour_feature": ("casting",)}, 17, 27)],
    "population": [
        ("stellate tumours", {"tumour_feature": ("stellate",)}, 384, 398),
        (
            "deaths with stellate tumours",
            {"tumour_feature": ("stellate",), "vital_status": ("dead_of_breast_cancer",)},
            24,
            26,
        ),
        ("tumours with crushed stone type", {"tumour_feature": ("crushed_stone",)}, 28, 30),
        (
            "deaths with crushed stone type",
            {"tumour_feature": ("crushed_stone",), "vital_status": ("dead_of_breast_cancer",)},
            6,
            7,
        ),
        (
            "deaths with circular tumours",
            {"tumour_feature": ("circular",), "vital_status": ("dead_of_breast_cancer",)},
            3,
            10,
        ),
        (
            "deaths with powdery type",
            {"tumour_feature": ("powdery",), "vital_status": ("dead_of_breast_cancer",)},
            2,
            5,
        ),
    ],
}
#: Results whose rule looks at some of the group's patients only; the place in claims.csv does not repeat it.
SUBSETS = {"casting_x_tabar2000_deaths": {"tumour_size_class": ("1_9",)}}

#: Grades 1, 2, 3 by size, and factors on grades 1 and 3 by feature.
GRADES = {"1_9": (45, 40, 15), "10_14": (33, 43, 24), "15_20": (25, 45, 30), "over_20": (12, 43, 45)}
GRADE_FACTORS = {"stellate": (1.3, 0.8), "powdery": (1.3, 0.8), "crushed_stone": (0.7, 1.5), "casting": (0.4, 2.5)}
#: Odds of metastatic lymph nodes by size, and factors on them by grade and for casting type.
NODE_ODDS = {"1_9": 0.09, "10_14": 0.18, "15_20": 0.35, "over_20": 0.9}
NODE_BY_GRADE = {"1": 1.0, "2": 1.5, "3": 2.0}
NODE_CASTING = 2.0
#: Hazard ratios of death from breast cancer, and the odds of it by the end of follow-up in a reference patient.
HAZARD = {
    "tumour_feature": {"circular": 1.2, "crushed_stone": 1.5, "casting": 6.0},
    "tumour_size_class": {"10_14": 1.5, "15_20": 2.0, "over_20": 3.5},
    "grade": {"2": 1.4, "3": 2.0},
    "lymph_node_metastasis": {"yes": 1.8},
}
DEATH_ODDS = {"tabar2000": 0.025, "population": 0.03, "li2019": 0.011}
OTHER_DEATH_ODDS = {"tabar2000": 0.22, "population": 0.2, "li2019": 0.015}
#: Deaths by the end of follow-up as a part of the printed mortality at some year (least, most).
CURVE_DEATHS = (0.86, 0.96)


def study_of(claim: Claim) -> str:
    """Return the primary study that a claim belongs to: the second part of its id ('q' for the review's own)."""
    return claim.claim_id.split(".")[1]


def claims_of(claims: Iterable[Claim], study: str) -> list[Claim]:
    """Return the claims of one primary study; ReplicalcError if there is none."""
    found = [claim for claim in claims if study_of(claim) == study]
    if not found:
        raise ReplicalcError(f"claims.csv has no claim of '{study}', so its patients cannot be made")
    return found


def total_of(claims: Iterable[Claim], study: str) -> int:
    """Return the printed number of patients of a primary study; ReplicalcError if it is not printed."""
    for claim in claims:
        if claim.stat == "n" and claim.group == "all":
            return int(parse(claim.reported).value)
    raise ReplicalcError(f"claims.csv does not say how many patients '{study}' has")


def solve_group(study: str, claims: list[Claim], seed: int, number: int) -> Joint:
    """Solve the joint table of one group: feature, size, grade, lymph nodes, and the vital status where it is part."""
    group = GROUPS[study]
    factors = {
        "tumour_feature": list(group.features),
        "tumour_size_class": list(group.sizes),
        "grade": ["1", "2", "3"],
        "lymph_node_metastasis": ["yes", "no"],
    }
    if group.with_status:
        factors["vital_status"] = ["alive", "dead_of_breast_cancer", "dead_of_other_cause"]
    cells = Cells(factors, lambda cell: True, {})
    total = total_of(claims, study)
    conditions = [_within_subset(c, claims) for c in restrictions(claims, total)]
    # A share of nobody fulfils its condition, but prints nothing.
    conditions += [Restriction(f"{c.claim_id}, of somebody", c.whole, None, 1, total) for c in conditions if c.whole]
    conditions += [Restriction(f"{study}: {name}", part, None, n, n) for name, part, n in WITHOUT_ID.get(study, [])]
    conditions += [Restriction(f"{study}: {name}", part, None, lo, hi) for name, part, lo, hi in IMPLIED.get(study, [])]
    conditions += list(_deaths_of_curves(claims)) if group.with_status else []
    prior = np.array([_prior(cell, study) for cell in cells.cells])
    return solve(cells, conditions, prior, total, seed + number)


def _within_subset(condition: Restriction, claims: list[Claim]) -> Restriction:
    result = next(claim.result for claim in claims if claim.claim_id == condition.claim_id)
    subset = SUBSETS.get(result)
    if not subset:
        return condition
    whole = {**condition.whole, **subset} if condition.whole is not None else None
    return Restriction(condition.claim_id, {**condition.part, **subset}, whole, condition.lo, condition.hi)


def _deaths_of_curves(claims: list[Claim]):
    """Bound the deaths where survival at some year is printed: few die later, and some who leave early are not seen."""
    for claim in claims:
        if claim.stat == "survival":
            lost = 1 - float(parse(claim.reported).value) / 100
            place = place_conditions(claim.group)
            dead = {**place, "vital_status": ("dead_of_breast_cancer",)}
            yield Restriction(
                f"deaths behind {claim.claim_id}", dead, place, CURVE_DEATHS[0] * lost, CURVE_DEATHS[1] * lost
            )


def hazard_ratio(tumour: dict[str, str]) -> float:
    """Return the assumed hazard ratio of death from breast cancer against the mildest tumour."""
    return float(np.prod([factors.get(tumour[name], 1.0) for name, factors in HAZARD.items()]))


def _prior(cell: dict[str, str], study: str) -> float:
    group, size, feature, grade = GROUPS[study], cell["tumour_size_class"], cell["tumour_feature"], cell["grade"]
    share = group.features[feature] * group.sizes[size] / sum(group.sizes.values())
    low, high = GRADE_FACTORS.get(feature, (1.0, 1.0))
    grades = np.array(GRADES[size]) * (low, 1.0, high * group.high_risk)
    share *= grades[int(grade) - 1] / grades.sum()
    odds = NODE_ODDS[size] * NODE_BY_GRADE[grade] * (NODE_CASTING if feature == "casting" else 1) * group.high_risk
    share *= (odds if cell["lymph_node_metastasis"] == "yes" else 1) / (1 + odds)
    if "vital_status" in cell:
        died = {
            "alive": 1.0,
            "dead_of_breast_cancer": DEATH_ODDS[study] * hazard_ratio(cell),
            "dead_of_other_cause": OTHER_DEATH_ODDS[study],
        }
        share *= died[cell["vital_status"]] / sum(died.values())
    return share
