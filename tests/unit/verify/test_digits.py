"""Adding digits never adds solutions, whatever is printed: also to numbers that no table has.

A number is printed as c, and with one more digit as f, up to four units of that digit away (where f ends in 5, c may be
it rounded up or down, so that this is left out). Whatever prints f by half-up, half-even or truncation then prints c by
half-up and half-even, so that each solution of the finer print is one of the coarser.
"""

from __future__ import annotations

from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from replicalc.stats.logistic import odds_ratio
from replicalc.verify.fast_p import p_values
from replicalc.verify.fourfold import MEASURES, Table
from replicalc.verify.printed import Printed, format_as, parse
from replicalc.verify.recovery import counts_from_percent, denominators, print_share
from replicalc.verify.split import QUICK, split
from replicalc.verify.two_by_two import two_by_two

tenths = st.integers(-4, 4)
cells = st.tuples(*[st.integers(0, 40)] * 4).filter(any)


def finer(printed: Printed, step: int, most: int | None = 100) -> Printed:
    """The number with one more digit, ``step`` tenths of its unit away, but not outside 0 to ``most``."""
    low, high = printed.value, (Decimal(most) if most is not None else None)
    away = Decimal(step).scaleb(-printed.decimals - 1)
    away = abs(away) if low + away < 0 else -abs(away) if high is not None and low + away > high else away
    return parse(f"{low + away:.{printed.decimals + 1}f}")


def moved(printed: Printed, units: int, most: int = 100) -> Printed:
    """The number some units of its last place away, where there is room: a defect."""
    value = printed.value + Decimal(units).scaleb(-printed.decimals)
    return parse(str(value)) if 0 <= value <= most else printed


def nested(fine: dict, coarse: dict) -> bool:
    """Whether each solution of the finer print is one of the coarser, by half-up as well as half-even."""
    return all({"half-up", "half-even"} <= set(coarse.get(key, ())) for key in fine)


def test_what_is_finer():
    assert [finer(parse(t), s).text for t, s in (("50", 4), ("50", -4), ("0", -3), ("100.0", 2))] == [
        "50.4",
        "49.6",
        "0.3",
        "99.98",
    ]


@settings(max_examples=600)
@given(st.integers(1, 2000), st.integers(0, 10_000), st.integers(0, 2), tenths)
def test_counts_behind_a_percentage(n, size, places, step):
    printed = parse(format_as(size / 100, places))
    coarse, fine = (
        {c.k: c.roundings for c in counts_from_percent(p, n).solutions} for p in (printed, finer(printed, step))
    )
    assert nested(fine, coarse)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), tenths), min_size=2, max_size=4).filter(
        lambda each: any(k for k, _ in each)
    ),
    st.integers(0, 1),
    st.booleans(),
    st.integers(-1, 1),
)
def test_sizes_of_a_group(drawn, places, exhaustive, defect):
    n = sum(k for k, _ in drawn)
    printed = {f"c{i}": parse(print_share(k, n, places)) for i, (k, _) in enumerate(drawn)}
    printed["c0"] = moved(printed["c0"], defect)
    fine = {name: finer(p, step) for (name, p), (_, step) in zip(printed.items(), drawn, strict=True)}
    many, few = (denominators(p, 1, n + 20, exhaustive=exhaustive) for p in (printed, fine))
    by_n = {d.n: {c: (lo, hi) for c, lo, hi in d.counts} for d in many.solutions if d.rounding == "half-up"}
    for found in few.solutions:
        for name, low, high in found.counts:
            least, most = by_n[found.n][name]
            assert least <= low <= high <= most


@settings(max_examples=400, deadline=None)
@given(
    cells,
    st.sets(st.sampled_from(sorted(MEASURES)), min_size=2, max_size=5),
    st.integers(0, 1),
    st.lists(tenths, min_size=5, max_size=5),
    st.integers(-2, 2),
    st.integers(0, 2),
)
def test_fourfold_tables(drawn, measures, places, steps, defect, beside):
    table = Table(*drawn)
    printed = {m: parse(print_share(*table.share(m), places)) for m in sorted(measures) if table.share(m)[1]}
    assume(printed)
    first = next(iter(printed))
    printed[first] = moved(printed[first], defect)
    fine = {name: finer(p, step) for (name, p), step in zip(printed.items(), steps, strict=False)}
    sizes = (max(1, table.n - beside), table.n + beside)
    many, few = (two_by_two(p, sizes, repair=False) for p in (printed, fine))
    assume(many.complete)
    coarse, fine = ({(t.tp, t.fp, t.fn, t.tn): t.roundings for t in found.tables} for found in (many, few))
    assert nested(fine, coarse)


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(*[st.integers(1, 40)] * 4),
    st.integers(0, 1),
    st.none() | st.tuples(*[tenths] * 4),
    st.integers(-1, 1),
    st.sampled_from(["", "ratio", "p", "ratio p"]),
    st.sampled_from(QUICK),
)
def test_splits_into_two_groups(drawn, places, steps, defect, given_too, test):
    """Without ``steps`` the finer numbers are the true ones, so that there is a split that prints them."""
    a, b, c, d = drawn
    ratio, p = odds_ratio(*drawn).value, p_values([drawn], test)[0]

    def prints(more: int) -> list[Printed]:
        shares = [print_share(k, n, places + more) for k, n in ((a, a + b), (c, c + d))]
        return [parse(text) for text in (*shares, format_as(ratio, 2 + more), format_as(p, 3 + more))]

    coarse = prints(0)
    if steps:
        coarse[0] = moved(coarse[0], defect)
        fine = [finer(x, step, most) for x, step, most in zip(coarse, steps, (100, 100, None, 1), strict=True)]
    else:
        fine = prints(1)
        assume(not any(x.text.endswith("5") for x in fine))
    assume(coarse[2].value > 0 and fine[2].value > 0)
    results = []
    for one, two, r, q in (coarse, fine):
        more = dict(odds_ratio=r if "ratio" in given_too else None, p=q if "p" in given_too.split() else None)
        found = split(one, two, sum(drawn), tests=(test,), **more)
        results.append({(s.counts, s.direction, s.tests): s.roundings for s in found.splits})
    assert nested(results[1], results[0])
    assert steps or any(counts == (a, a + b, c, c + d) for counts, *_ in results[1])
