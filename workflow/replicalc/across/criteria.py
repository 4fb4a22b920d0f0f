"""Three criteria of replication, each by itself (docs/methods/across.md). No answer is corrected for multiplicity.

Answers begin with 'yes', 'no', ``TOO_SMALL``, ``UNDECIDED``, 'not applicable' or 'not evaluable'; a reason follows
after a colon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from replicalc.across.measures import ICC, NO_EFFECT, NOT_JUDGED, PART, RATIO, SENTENCE, SHARE, TEST
from replicalc.across.scales import UNIT, OnScale, back, on_scale
from replicalc.across.sides import Side
from replicalc.stats.telescope import Telescope

TOO_SMALL, UNDECIDED = "too small to tell", "undecided"
#: A cohort that leaves the question open was too small if its power was below this, by Cohen's convention.
ENOUGH = 0.8
NOT_EVALUABLE, NOT_APPLICABLE = "not evaluable", "not applicable"
#: Why small telescopes say nothing where one side has no standard error.
UNKNOWN = "what the paper could have detected is not known, or the spread of the estimate here is not"
#: The names under which a verdict lists the criteria.
CRITERIA = ("direction and significance", "interval", "small telescopes")


@dataclass(frozen=True, slots=True)
class Judgement:
    """Answers of the three criteria (the second from both sides) with the numbers behind them; ``nan`` is not known.

    ``nothing_stated``: the paper shows no effect, so the power that matters is that of excluding one.
    """

    direction: str = ""
    published_in_new: str = ""
    new_in_published: str = ""
    new_in_prediction: str = ""
    prediction_lo: float = math.nan
    prediction_hi: float = math.nan
    telescopes: str = ""
    detectable: float = math.nan
    detectable_unit: str = ""
    p_smaller: float = math.nan
    power_published: float = math.nan
    power_to_dismiss: float = math.nan
    nothing_stated: bool = False
    verdict: str = ""
    why: str = ""


def judge(said: Side, here: Side, measure: str, null: float | None, alpha: float, level: float) -> Judgement:
    """Hold a cohort's side against the printed one. On synthetic patients all is filled in but the verdict."""
    if measure in NOT_JUDGED or measure == PART:
        why = NOT_JUDGED.get(measure, "judged with the estimate that it belongs to")
        told = f"{NOT_APPLICABLE}: {why}"
        found = Judgement(told, told, told, told, telescopes=told, verdict="no criterion applies", why=why)
    elif here.why:
        told = f"{NOT_EVALUABLE}: {here.why}"
        found = Judgement(told, told, told, told, telescopes=told, verdict="not_evaluable", why=here.why)
    elif measure == SENTENCE:
        found = _sentence(here)
    else:
        found = _verdict(_estimate(said, here, measure, null, alpha, level))
    return replace(found, verdict="synthetic") if here.kind == "synthetic" else found


def _sentence(here: Side) -> Judgement:
    told = f"{NOT_APPLICABLE}: a sentence has no estimate of its own; see the numbers that it rests on"
    answer = "yes: the sentence holds here" if here.holds else "no: the sentence does not hold here"
    return _verdict(Judgement(answer, told, told, told, telescopes=told, why="a sentence has no power of its own"))


def _estimate(said: Side, here: Side, measure: str, null: float | None, alpha: float, level: float) -> Judgement:
    ours, theirs = on_scale(here, measure, null), on_scale(said, measure, null)
    if null is None:
        told = f"{NOT_APPLICABLE}: {NO_EFFECT[measure]}"
        found = Judgement(direction=told, telescopes=told)
    else:
        found = _effect(said, here, theirs, ours, measure, null, alpha)
    found = replace(found, **_inside(said, here, measure))
    if theirs is None or ours is None or measure == TEST:
        why = "not for tests" if measure == TEST else "the standard error of one side is not known"
        return replace(found, new_in_prediction=f"{NOT_APPLICABLE if measure == TEST else NOT_EVALUABLE}: {why}")
    from replicalc.stats.two_estimates import prediction

    expected = prediction(theirs.value, theirs.se, ours.se, level)
    lo, hi = (back(each, measure, null) for each in (expected.lo, expected.hi))
    inside = "yes" if lo <= here.value <= hi else "no"
    return replace(found, new_in_prediction=inside, prediction_lo=lo, prediction_hi=hi)


def _inside(said: Side, here: Side, measure: str) -> dict[str, str]:
    """Criterion 2, from both sides."""
    if measure == TEST and not here.groups:
        told = f"{NOT_APPLICABLE}: no shares of two groups are printed beside this P, so it has no estimate"
        return dict(published_in_new=told, new_in_published=told)

    def holds(outer: Side, value: float, whose: str) -> str:
        if math.isnan(value):
            return f"{NOT_EVALUABLE}: no estimate is printed"
        if not outer.has_interval:
            return f"{NOT_EVALUABLE}: no interval {whose}"
        return "yes" if outer.lo <= value <= outer.hi else "no"

    return dict(
        published_in_new=holds(here, said.value, "can be given here"),
        new_in_published=holds(said, here.value, "is printed, and none follows from what is printed"),
    )


def _significant(side: Side, measure: str, null: float, alpha: float) -> bool | None:
    """Whether a side shows an effect: by its P, else by its interval; None where neither is known.

    A printed '<0.05' is significant at 0.05; '0.05' and '>0.05' are not.
    """
    if measure in (TEST, RATIO) and not math.isnan(side.p):
        return side.p <= alpha if side.sign in ("<", "<=") else side.p < alpha and side.sign == "="
    return not side.lo <= null <= side.hi if side.has_interval else None


def _effect(said: Side, here: Side, theirs, ours, measure: str, null: float, alpha: float) -> Judgement:
    """Criteria 1 and 3 for a claim with an effect."""
    stated = _significant(said, measure, null, alpha)
    found = _significant(here, measure, null, alpha)
    glass, alike = _telescope(said, here, theirs, ours, measure, alpha)
    known = Judgement()
    if glass is not None:
        small = glass.detectable if math.isnan(said.statistic) or theirs is not None else abs(glass.detectable)
        known = Judgement(
            detectable=back(small, measure, null),
            detectable_unit=UNIT[measure] if theirs is not None else "Cohen's w",
            p_smaller=glass.p_smaller,
            power_published=glass.power,
            power_to_dismiss=glass.power_to_dismiss,
        )
    if stated is None or found is None:
        whose = "the paper" if stated is None else "this cohort"
        told = f"{NOT_EVALUABLE}: neither P nor interval is known of {whose}"
        return replace(known, direction=told, telescopes=told)
    sides = _sides(said, here, theirs, ours, null, measure)
    if not stated:
        if theirs is not None and ours is not None:
            known = replace(known, power_to_dismiss=max(0.0, 2 * glass.power_to_dismiss - 1))
        return _nothing_stated(known, found, alike, alpha)
    if found and sides == "other":
        told = "no: significant here, in the other direction"
        return replace(known, direction=told, telescopes=f"no: the effect goes the other way{_p(known.p_smaller)}")
    p = _p(known.p_smaller)
    if glass is None:
        third = f"{NOT_EVALUABLE}: {UNKNOWN}"
    elif known.p_smaller < alpha:
        third = f"no: smaller than what the paper had 33 % power to detect{p}"
    elif found:
        third = f"yes: not smaller than what the paper had 33 % power to detect{p}"
    else:
        third = f"{_open(known.power_published)}: neither an effect nor its absence is shown{p}"
    if found:
        first = "yes: significant in both, " + ("same direction" if sides == "same" else "but no direction is defined")
    elif third.startswith(TOO_SMALL):
        first = f"{TOO_SMALL}: not significant here, and the cohort could have missed it"
    else:
        first = "no: significant in the paper, not here"
    return replace(known, direction=first, telescopes=third)


def _open(power: float) -> str:
    """What a cohort is that leaves the question open: too small, unless its power was enough."""
    return UNDECIDED if power >= ENOUGH else TOO_SMALL


def _nothing_stated(known: Judgement, found: bool, alike: float, alpha: float) -> Judgement:
    """The paper shows no effect: the same again is only told from a cohort that excludes what the paper could see."""
    told = _p(alike)
    if math.isnan(alike):
        third = f"{NOT_EVALUABLE}: {UNKNOWN}"
    elif alike < alpha:
        third = f"yes: any effect here is smaller than what the paper had 33 % power to detect{told}"
    elif found:
        third = f"no: an effect that the paper could have detected is not excluded here{told}"
    else:
        third = f"{_open(known.power_to_dismiss)}: an effect that the paper could have detected is not excluded{told}"
    if found:
        first = "no: significant here, not in the paper"
    elif third.startswith(TOO_SMALL):
        first = f"{TOO_SMALL}: significant in neither, which a small cohort gives whatever is true"
    else:
        first = "yes: significant in neither"
    return replace(known, direction=first, telescopes=third, nothing_stated=True)


def _p(p: float) -> str:
    return "" if math.isnan(p) else " (P <0.001)" if p < 0.001 else f" (P {p:.3f})"


def _telescope(said: Side, here: Side, theirs, ours, measure: str, alpha: float) -> tuple[Telescope | None, float]:
    """What the paper could have seen, and the P that the effect here is smaller, whichever way it goes."""
    from replicalc.stats import telescope as stats

    if theirs is not None and ours is not None:
        found = stats.telescope(theirs.value, theirs.se, ours.value, ours.se, alpha)
        return found, stats.within(found.detectable, ours.value, ours.se)
    known = measure == TEST and theirs is None and ours is None
    if not known or math.isnan(said.statistic + here.statistic) or said.df != here.df:
        return None, math.nan
    found = stats.w_telescope(said.statistic, said.n, said.df, here.statistic, here.n, alpha)
    return found, found.p_smaller


def _sides(said: Side, here: Side, theirs: OnScale | None, ours: OnScale | None, null: float, measure: str) -> str:
    """Whether both estimates lie on the same side of 'no effect'; '' where there are no sides."""
    if theirs is not None and ours is not None:
        one, two = theirs.value, ours.value
    elif measure in (RATIO, ICC, SHARE) or (measure == TEST and here.groups):
        one, two = said.value - null, here.value - null
    else:
        return ""
    return "" if math.isnan(one * two) else "same" if one * two > 0 else "other"


def _verdict(found: Judgement) -> Judgement:
    """List what each criterion says; a cohort that could not have told says so, with the power that it had."""
    answers = (found.direction, found.published_in_new, found.telescopes)
    if any(each.startswith(TOO_SMALL) for each in answers):
        if found.nothing_stated:
            power, what = found.power_to_dismiss, "to exclude an effect that the paper could have detected"
        else:
            power, what = found.power_published, "for the published effect"
        return replace(found, verdict=f"{TOO_SMALL} (power {100 * power:.0f} % {what})")
    told = [
        f"{name} {answer.partition(':')[0]}"
        for name, answer in zip(CRITERIA, answers, strict=True)
        if answer.partition(":")[0] in ("yes", "no", UNDECIDED)
    ]
    alone = " (the only criterion that applies)" if len(told) == 1 else ""
    return replace(found, verdict="; ".join(told) + alone or "no criterion applies")
