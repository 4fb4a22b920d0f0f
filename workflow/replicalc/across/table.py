"""Write the comparison across cohorts: for each claim one row of the paper and one of each cohort."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path

from replicalc.across.criteria import Judgement, judge
from replicalc.across.measures import (
    COUNT,
    ICC,
    MEAN,
    PART,
    RATIO,
    SHARE,
    SURVIVAL,
    TEST,
    Printing,
    measure_of,
    null_of,
)
from replicalc.across.scales import DIFFERENCE, on_scale
from replicalc.across.sides import Here, Published, Side
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import Claim, load_checked, load_claims
from replicalc.stats.effect import Effect
from replicalc.table import Lookup, as_text, read_result, safe_csv

_CLAIM = ("claim_id", "result", "label", "measure", "judged_with", "drawn_as", "reported", "null", "source", "kind")
_SIDE = ("value", "lo", "hi", "unit", "level", "method", "n", "n_from", "p")
_DIFFERENCE = ("difference", "difference_lo", "difference_hi", "difference_unit", "difference_method")
_JUDGED = tuple(each.name for each in fields(Judgement) if each.name != "nothing_stated")
#: Units that follow from the kind of a claim; a count is compared as a share of its whole.
UNITS = {SHARE: "percent", COUNT: "percent", SURVIVAL: "percent", RATIO: "ratio", ICC: "ICC", TEST: "percentage points"}
COLUMNS = (*_CLAIM, *_SIDE, *_DIFFERENCE, *_JUDGED, "note")


@job
def across(claims_file, study_file, result_files, out, *, cohorts):
    """Write ``across.csv`` of a study.

    ``result_files`` are ``.../<cohort>/<result>.csv`` of every cohort; ``cohorts`` are their names, in order. Raises
    ReplicalcError where a cohort lacks a result.
    """
    study = load_checked(study_file, "study")
    printing = Printing(load_claims(claims_file))
    lookups: dict[str, dict[str, Lookup]] = {cohort: {} for cohort in cohorts}
    kinds: dict[str, str] = {}
    for file in map(Path, result_files):
        rows = read_result(file)
        lookups[file.parent.name][file.stem] = Lookup(rows)
        if rows:
            kinds[file.parent.name] = rows[0].kind
    for cohort in cohorts:
        lacking = {claim.result for claim in printing.claims} - set(lookups[cohort])
        if lacking or cohort not in kinds:
            raise ReplicalcError(
                f"the cohort '{cohort}' has no result {sorted(lacking)[0] if lacking else 'with rows'}"
            )
    fractions = study["readings"].get("proportion_limits_printed_as") == "fraction"
    synthetic = next((lookups[cohort] for cohort in cohorts if kinds[cohort] == "synthetic"), {})
    level, alpha = study["conf_level"], study["alpha"]
    said = Published(printing, synthetic, level, fractions)
    here = [Here(printing, cohort, kinds[cohort], lookups[cohort], level) for cohort in cohorts]
    table = [row for claim in printing.claims for row in rows_of(claim, printing, said, here, alpha, level)]
    write_text(out, safe_csv([[as_text(row.get(name)) for name in COLUMNS] for row in table], COLUMNS))


def rows_of(
    claim: Claim, printing: Printing, said: Published, cohorts: list[Here], alpha: float, level: float
) -> list[dict[str, object]]:
    """Return the rows of a claim: the paper's own, then one for each cohort."""
    measure = measure_of(claim, printing)
    estimate = printing.estimate_of(claim)
    about = dict(
        claim_id=claim.claim_id,
        result=claim.result,
        label=claim.label,
        measure=measure,
        judged_with=estimate.claim_id if estimate else "",
        drawn_as=printing.first(estimate or claim).claim_id,
        reported=claim.reported,
        null=null_of(claim, measure),
    )
    published, null = said(claim, measure), null_of(claim, measure)
    sides = [each(claim, measure) for each in cohorts]
    unit = UNITS.get(measure, next((side.unit for side in sides if side.unit), ""))
    rows = [about | _side(published) | {"unit": unit}]
    for here in sides:
        judged = judge(published, here, measure, null, alpha, level)
        differing = {} if here.why or measure == PART else _difference(published, here, measure, null, level)
        answers = {name: getattr(judged, name) for name in _JUDGED}
        rows.append(about | _side(here) | {"unit": unit} | differing | answers | {"note": here.note})
    return rows


def _side(side: Side) -> dict[str, object]:
    return {name: getattr(side, name) for name in ("source", "kind", *_SIDE)}


def _difference(said: Side, here: Side, measure: str, null: float | None, level: float) -> dict[str, object]:
    """New minus published (a ratio: new over published), with the interval that its kind has."""
    from replicalc.stats.effect import undefined
    from replicalc.stats.two_estimates import by_limits, welch

    if math.isnan(said.value + here.value) or measure not in (SHARE, COUNT, RATIO, ICC, MEAN, TEST):
        return {}
    if measure == RATIO:
        found = _ratio_of_ratios(said, here, level)
    elif measure == MEAN and said.sd > 0 and here.sd > 0 and said.n and here.n:
        found = welch((here.value, here.sd, here.n), (said.value, said.sd, said.n), level)
    elif measure == MEAN or not (said.has_interval and here.has_interval):
        found = undefined("", level, "", here.value - said.value)
    else:
        named = {
            ICC: "limits of both squared and added (Zou 2007)",
            TEST: "limits of both differences squared and added (Zou & Donner 2008)",
        }
        if measure in (SHARE, COUNT) and said.method == "as printed" and not said.n:
            found = _normal(said, here, level)
        else:
            limits = _wilson_of(said, level) if measure in (SHARE, COUNT) and said.n else (said.lo, said.hi)
            ours = (here.value, here.lo, here.hi)
            found = by_limits(ours, (said.value, *limits), level, named.get(measure, "Newcombe"))
    return dict(
        difference=found.value,
        difference_lo=found.lo,
        difference_hi=found.hi,
        difference_unit=DIFFERENCE[measure],
        difference_method=found.method,
    )


def _wilson_of(side: Side, level: float) -> tuple[float, float]:
    """Wilson's limits of a printed share, whatever limits are printed beside it."""
    from replicalc.stats.effect import wilson

    lo, hi = wilson(side.value / 100, side.n_effective, level)
    return 100 * lo, 100 * hi


def _normal(said: Side, here: Side, level: float) -> Effect:
    """Difference of shares of which one has printed limits and no printed number of patients: half widths as z se."""
    d = here.value - said.value
    half = math.hypot((said.hi - said.lo) / 2, (here.hi - here.lo) / 2)
    return Effect("normal, from the printed limits", d, d - half, d + half, level)


def _ratio_of_ratios(said: Side, here: Side, level: float) -> Effect:
    from replicalc.stats.effect import on_log_scale, undefined

    ratio = here.value / said.value if said.value > 0 else math.nan
    theirs, ours = on_scale(said, RATIO, 1.0), on_scale(here, RATIO, 1.0)
    if theirs is None or ours is None:
        return undefined("", level, "", ratio)
    method = "normal on the log scale, standard errors from the limits"
    return on_log_scale(method, ratio, math.hypot(theirs.se, ours.se), level)
