"""Sizes of the synthetic patients of ``nat_residual``: quantiles and agreements as printed, classes exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from replicalc.cohort.synthesise.measurement_targets import Printing, agreement_window, printing, targets
from replicalc.cohort.synthesise.measurements import Missed, Target, fit_measurements
from replicalc.cohort.synthesise.values import pair_by_rank, sample_with_quartiles, within_bounds
from replicalc.records import Claim

#: Largest and least sizes, in cm; a size on MRI or in the specimen is 0 where nothing is left.
LARGEST_CM = {
    "calc_extent_post_mm": 10.5,
    "residual_size_mm": 9.0,
    "mri_post_mm": 8.0,
    "calc_extent_pre_mm": 12.0,
    "mri_pre_mm": 11.5,
}
#: Nobody is treated before surgery for a lesion of a few millimetres, whatever is left of it afterwards.
LEAST_CM = {
    "calc_extent_post_mm": 0.2,
    "residual_size_mm": 0.2,
    "mri_post_mm": 0.2,
    "calc_extent_pre_mm": 0.2,
    "mri_pre_mm": 1.0,
}
AFTER, BEFORE = ("calc_extent_post_mm", "mri_post_mm", "residual_size_mm"), ("calc_extent_pre_mm", "mri_pre_mm")
STEPS_PER_CM = 10


@dataclass(frozen=True)
class Sizes:
    """cm: by variable, shape (n,), on the grid of 0.1 cm. missed: printed numbers that do not come out, and why."""

    cm: dict[str, np.ndarray]
    missed: tuple[tuple[str, str], ...]


def draw_sizes(patients: dict[str, np.ndarray], claims: Sequence[Claim], seed: int, rng) -> Sizes:
    """Draw sizes after treatment by subtype with the printed quartiles and agreements, then those before it.

    patients: by variable, shape (n,): subtype, mri_complete_response, pcr, recist, calc_change. What a class demands
    (0 in complete responders, the 10 % rule, RECIST) holds exactly.
    """
    found = printing(claims)
    subtypes = list(dict.fromkeys(patients["subtype"]))
    groups = {f"subtype={code}": patients["subtype"] == code for code in subtypes}
    groups["all"] = np.ones(len(patients["subtype"]), dtype=bool)
    steps = {name: round(cm * STEPS_PER_CM) for name, cm in LARGEST_CM.items()}
    wanted = targets(found, dict.fromkeys(LARGEST_CM, STEPS_PER_CM), {g: int(mask.sum()) for g, mask in groups.items()})

    nothing_left = {
        "calc_extent_post_mm": np.zeros(len(groups["all"]), dtype=bool),
        "mri_post_mm": patients["mri_complete_response"] == "yes",
        "residual_size_mm": patients["pcr"] == "yes",
    }
    least = _least_after(patients, nothing_left)
    most = {v: np.where(nothing_left[v], 0, steps[v]) for v in AFTER}
    start = _start(patients, found, groups, nothing_left, rng)
    start = {v: np.clip(x, least[v], most[v]) for v, x in start.items()}
    after = fit_measurements(start, least, most, groups, [t for t in wanted if _about(t, AFTER)], [seed, 3])

    least, most = _bounds_before(patients, after.values)
    provisional = _before(patients, after.values, rng)
    start = {}
    for v in BEFORE:
        quartiles = [float(found["all", v, stat][1].value) for stat in ("q1", "median", "q3")]
        sample = sample_with_quartiles(len(groups["all"]), 0, quartiles, LARGEST_CM[v], LEAST_CM[v])
        start[v] = within_bounds(provisional[v], least[v], most[v], sample * STEPS_PER_CM, step=1).astype(int)
    before = fit_measurements(start, least, most, groups, [t for t in wanted if _about(t, BEFORE)], [seed, 4])

    cm = {v: x / STEPS_PER_CM for v, x in (*after.values.items(), *before.values.items())}
    missed = [_told(each) for each in (*after.missed, *before.missed)]
    return Sizes(cm, (*missed, *_limits_of_another_size(found, groups)))


def _about(target: Target, variables: tuple[str, ...]) -> bool:
    return getattr(target, "variable", getattr(target, "x", "")) in variables


def _told(missed: Missed) -> tuple[str, str]:
    scale = 1 if "~" in missed.target.name or hasattr(missed.target, "x") else STEPS_PER_CM
    return missed.target.name, f"not reached by the search, which came to {missed.value / scale:.4g}"


def _limits_of_another_size(found: Printing, groups: dict[str, np.ndarray]) -> list[tuple[str, str]]:
    """Name printed limits that no agreement has in that many patients."""
    told = []
    for (group, variable, stat), _ in found.items():
        if stat == "icc" and group in groups:
            n = int(groups[group].sum())
            if not agreement_window(found, group, variable, n)[2]:
                for side in ("icc_lo", "icc_hi"):
                    told.append((found[group, variable, side][0], f"no ICC(C,1) of {n} patients has these limits"))
    return told


def _start(patients, found: Printing, groups, nothing_left, rng) -> dict[str, np.ndarray]:
    """Draw sizes by subtype, large in those who have large ones otherwise; what the search begins with."""
    n = len(groups["all"])
    burden = rng.normal(size=n)
    score = {
        "residual_size_mm": burden - 1.5 * (patients["mri_complete_response"] == "yes"),
        "mri_post_mm": burden + 0.4 * rng.normal(size=n) - 1.5 * (patients["pcr"] == "yes"),
        "calc_extent_post_mm": 0.2 * burden + rng.normal(size=n),
    }
    size = {name: np.zeros(n) for name in AFTER}
    for group, mine in groups.items():
        if group == "all":
            continue
        for name in AFTER:
            quartiles = [float(found[group, name, stat][1].value) for stat in ("q1", "median", "q3")]
            zeros = int((mine & nothing_left[name]).sum())
            values = sample_with_quartiles(int(mine.sum()), zeros, quartiles, LARGEST_CM[name], LEAST_CM[name])
            free = mine & ~nothing_left[name]
            size[name][free] = pair_by_rank(values[zeros:], score[name][free])
    return {name: np.rint(x * STEPS_PER_CM).astype(int) for name, x in size.items()}


def _least_after(patients, nothing_left: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Least sizes after treatment, in grid steps, from which a class leaves room for the least size before it."""
    small = {v: cm * STEPS_PER_CM for v, cm in LEAST_CM.items()}
    extent, lesion = small["calc_extent_pre_mm"], small["mri_pre_mm"]
    room = {
        "calc_extent_post_mm": np.where(patients["calc_change"] == "increase", np.ceil(1.1 * extent - 1e-9), 0),
        "mri_post_mm": np.select(
            [patients["recist"] == "sd", patients["recist"] == "pd"],
            [np.floor(0.7 * lesion + 1e-9) + 1, np.ceil(1.2 * lesion - 1e-9)],
            0,
        ),
        "residual_size_mm": 0,
    }
    return {v: np.where(nothing_left[v], 0, np.maximum(round(small[v]), room[v])).astype(int) for v in AFTER}


def _bounds_before(patients, after: dict[str, np.ndarray]):
    """Admissible sizes before treatment, in grid steps: inside or outside the 10 % rule, and the class of RECIST.

    On MRI a lesion was no smaller than the tumour that is left in the specimen, as far as its class allows.
    """
    extent, change = after["calc_extent_post_mm"], patients["calc_change"]
    left, recist = after["mri_post_mm"], patients["recist"]
    small = {v: np.full(len(left), LEAST_CM[v] * STEPS_PER_CM) for v in BEFORE}
    lo = {
        "calc_extent_pre_mm": np.select(
            [change == "decrease", change == "increase"],
            [extent / 0.9, small["calc_extent_pre_mm"]],
            extent / 1.1 + 1e-5,
        ),
        "mri_pre_mm": np.select(
            [recist == "cr", recist == "pr", recist == "pd"],
            [small["mri_pre_mm"], left / 0.7, small["mri_pre_mm"]],
            left / 1.2 + 1e-5,
        ),
    }
    # Extents and lesions of up to 25 cm where a class demands it; the quartiles keep such sizes rare.
    far = np.full(len(left), 25.0 * STEPS_PER_CM)
    hi = {
        "calc_extent_pre_mm": np.select(
            [change == "decrease", change == "increase"], [far, extent / 1.1], extent / 0.9 - 1e-5
        ),
        "mri_pre_mm": np.select(
            [recist == "cr", recist == "pr", recist == "pd"], [far, far, left / 1.2], left / 0.7 - 1e-5
        ),
    }
    least = {v: np.ceil(np.maximum(x, small[v]) - 1e-9).astype(int) for v, x in lo.items()}
    most = {v: np.floor(x + 1e-9).astype(int) for v, x in hi.items()}
    least["mri_pre_mm"] = np.maximum(least["mri_pre_mm"], np.minimum(after["residual_size_mm"], most["mri_pre_mm"]))
    for v in BEFORE:  # no larger than stated, where the class allows it
        most[v] = np.maximum(least[v], np.minimum(most[v], round(LARGEST_CM[v] * STEPS_PER_CM)))
    return least, most


def _before(patients, after: dict[str, np.ndarray], rng) -> dict[str, np.ndarray]:
    """Sizes before treatment as they would be from those after it; only their order is used."""
    change, recist, n = patients["calc_change"], patients["recist"], len(patients["recist"])
    ratio = np.select(
        [change == "decrease", change == "increase"], [rng.uniform(0.35, 0.85, n), rng.uniform(1.15, 1.8, n)], 1.0
    )
    shrunk = np.where(recist == "cr", rng.uniform(12, 50, n), after["mri_post_mm"] / rng.uniform(0.25, 0.7, n))
    return {"calc_extent_pre_mm": after["calc_extent_post_mm"] / ratio, "mri_pre_mm": shrunk}
