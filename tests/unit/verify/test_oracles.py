"""The verification against other people's programs for the same questions; where one disagrees, who is right is shown.

scrutipy 0.1.12 (Posner, after Jung's scrutiny): GRIM, GRIMMER, DEBIT. mlscorecheck 1.0.3 (Fazekas & Kovács 2023,
arXiv:2310.12527): fourfold tables behind printed measures. fisher-rxc 1.0.2: Mehta and Patel's network algorithm. None
of them is needed to run the product.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations_with_replacement, product
from math import isqrt

import numpy as np
import pytest

from replicalc.stats.contingency import fisher_freeman_halton
from replicalc.verify.moments import debit, grim, grimmer
from replicalc.verify.printed import format_as, parse
from replicalc.verify.recovery import print_share
from replicalc.verify.two_by_two import two_by_two

WHY = "a test-only package, installed by uv sync; conda and some platforms have no build of it"
#: scrutipy's default is half-up or half-down; truncation has to be asked for.
ROUNDED = ("half-up", "half-even", "half-down")


@pytest.fixture(scope="module")
def scrutipy():
    return pytest.importorskip("scrutipy", reason=WHY)


def _moments(values):
    """Mean and standard deviation of whole numbers as fractions: (mean, variance)."""
    n, total, square = len(values), sum(values), sum(v * v for v in values)
    return Fraction(total, n), Fraction(n * square - total * total, n * (n - 1))


def _root(square: Fraction, decimals: int) -> str:
    """The square root of a fraction, half-up and exact."""
    twice = isqrt(4 * 10 ** (2 * decimals) * square.numerator // square.denominator)  # in halves of the last place
    whole = (twice + 1) // 2
    return f"{whole / 10**decimals:.{decimals}f}"


@pytest.mark.parametrize("items", [1, 3])
def test_grim_for_every_mean_from_0_to_5(scrutipy, items):
    for n in range(1, 101, 3):
        for size in range(0, 500, 7):
            mean = f"{size / 100:.2f}"
            ours = grim(mean, n, items)
            theirs = scrutipy.grim_scalar(mean, n, items=items)
            assert theirs == (bool(ours.sums) and ours.rounding in ROUNDED), (mean, n)
            if not theirs:  # it may still be a truncated mean
                cut = scrutipy.grim_scalar(mean, n, items=items, rounding="trunc")
                # In binary, 4.00 times 100 can fall short of 400, so that scrutipy cuts it off to 3.99. It is 4.00.
                one_more = Fraction(size + 1, 100) * n * items
                assert cut == (ours.rounding == "truncation") or (cut and one_more.denominator == 1), (mean, n)


def test_grimmer_where_the_mean_tells_the_sum(scrutipy):
    """Up to 100 values a mean with two decimals tells their sum: both tests then have the same question."""
    draw, seen = random.Random(41), {True: 0, False: 0}
    for n in range(3, 100, 2):
        for _ in range(20):
            mean, square = _moments([draw.randint(1, 7) for _ in range(n)])
            shown, sd = format_as(float(mean), 2), _root(square, 2)
            if draw.random() < 0.7:
                sd = f"{max(0, float(sd) + draw.randint(-8, 8) / 100):.2f}"
            ours = grimmer(shown, sd, n, repairs=False)
            theirs = scrutipy.grimmer([shown], [sd], [n])[0]
            assert theirs == (ours.verdict == "consistent" and ours.rounding in ROUNDED), (shown, sd, n)
            seen[theirs] += 1
    assert min(seen.values()) > 100


def test_grimmer_where_several_sums_print_one_mean(scrutipy):
    """scrutipy tries one sum, so that it calls some samples impossible; ours shows the values that print so."""
    draw, alarms = random.Random(42), 0
    for _ in range(400):
        n = draw.randint(15, 60)
        mean, square = _moments([draw.randint(1, 7) for _ in range(n)])
        shown, sd = format_as(float(mean), 1), _root(square, 2)
        ours = grimmer(shown, sd, n, repairs=False)
        assert ours.verdict == "consistent", (shown, sd, n)
        if not scrutipy.grimmer([shown], [sd], [n])[0]:
            alarms += 1
            middle, spread = _moments([int(v) for v in ours.values])
            assert (print_share(middle.numerator, middle.denominator, 1, scale=1), _root(spread, 2)) == (shown, sd)
    assert alarms > 20


def test_grimmer_of_few_values_is_stricter_and_right(scrutipy):
    """With two to four values some sums of squares of the right parity are no sum of squares; scrutipy passes them."""
    passed = 0
    for n in (2, 3, 4):
        every = {}  # all samples with a mean of 0: others are the same, moved
        for values in combinations_with_replacement(range(-9, 10), n):
            if sum(values) == 0:
                every.setdefault(_root(_moments(values)[1], 2), values)
        for size in range(0, 400):
            sd = f"{size / 100:.2f}"
            ours = grimmer("10.00", sd, n, repairs=False)
            rounded = ours.verdict == "consistent" and ours.rounding in ROUNDED
            assert rounded == (sd in every), (sd, n)
            theirs = scrutipy.grimmer(["10.00"], [sd], [n])[0]
            assert theirs or not rounded, (sd, n)
            passed += theirs and not rounded
    assert passed


def test_debit_is_stricter_for_it_counts_the_ones(scrutipy):
    """scrutipy puts the ends of the printed mean into the formula. Ours takes whole ones, as all numbers of ones show.

    Means of 0.00 and 1.00 are left out: scrutipy breaks off, for the lower end is below 0.
    """
    draw, both, more = random.Random(43), 0, 0
    for n in range(3, 150, 3):
        for _ in range(25):
            k = draw.randint(1, n - 1)
            mean = print_share(k, n, 2, scale=1)
            if mean in ("0.00", "1.00"):
                continue
            sd = _root(Fraction(k * (n - k), n * (n - 1)), 2)
            if draw.random() < 0.7:
                sd = f"{max(0, float(sd) + draw.randint(-3, 3) / 100):.2f}"
            ours = debit(mean, sd, n)
            rounded = ours.verdict == "consistent" and ours.rounding == "half-up"
            slow = [
                one
                for one in range(n + 1)
                if print_share(one, n, 2, scale=1) == mean and _root(Fraction(one * (n - one), n * (n - 1)), 2) == sd
            ]
            assert rounded == bool(slow) and (not rounded or list(ours.sums) == slow), (mean, sd, n)
            theirs = scrutipy.debit([mean], [sd], [n])[0]
            assert theirs or not rounded, (mean, sd, n)
            both += theirs and rounded
            more += theirs and not rounded
    assert both > 100 and more


def _shares(tp, fp, fn, tn):
    return {
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, tn + fp),
        "ppv": (tp, tp + fp),
        "npv": (tn, tn + fn),
        "accuracy": (tp + tn, tp + fp + fn + tn),
    }


def _off(share, text):
    """How far a share of 100 is from its print, exactly; None without a denominator."""
    over, under = share
    return Fraction(100 * over, under) - Fraction(text) if under else None


THEIRS = {"sensitivity": "sens", "specificity": "spec", "ppv": "ppv", "npv": "npv", "accuracy": "acc"}


@pytest.mark.parametrize("rounding", ["half-up", "truncation"])
def test_fourfold_tables_of_known_diseased_and_healthy(rounding):
    """Consistent or not, and how many tables, on printed measures of which every second set has one changed.

    mlscorecheck counts both ends of a rounding interval, and lets 0 / 0 print as anything. With both allowed for, all
    tables one by one give its number.
    """
    check = pytest.importorskip("mlscorecheck.check.binary", reason=WHY).check_1_testset_no_kfold
    draw, seen, more = random.Random(44), {True: 0, False: 0}, 0
    for turn in range(300):
        ill, well = draw.randint(5, 70), draw.randint(5, 70)
        tp, tn = draw.randint(1, ill), draw.randint(1, well)
        every = _shares(tp, well - tn, ill - tp, tn)
        names = draw.sample(sorted(every), draw.randint(2, 5))
        texts = {name: print_share(*every[name], 1, rounding) for name in names}
        if turn % 2:
            first = names[0]
            texts[first] = f"{min(100, max(0, float(texts[first]) + draw.choice([-4, -0.9, -0.1, 0.1, 0.9, 4]))):.1f}"
        printed = {name: parse(text) for name, text in texts.items()}
        found = two_by_two(printed, ill + well, {"diseased": ill, "healthy": well}, repair=False)
        ours = {(t.tp, t.tn) for t in found.tables if rounding in t.roundings}
        shift = 0.05 if rounding == "truncation" else 0.0
        scores = {THEIRS[name]: (float(text) + shift) / 100 for name, text in texts.items()}
        theirs = check({"p": ill, "n": well}, scores, eps=0.0005, numerical_tolerance=1e-9)
        number = 0 if theirs["inconsistency"] else theirs["n_valid_tptn_pairs"]
        low, high = (Fraction(x, 20) for x in ((0, 2) if rounding == "truncation" else (-1, 1)))
        closed = set()
        for a, d in product(range(ill + 1), range(well + 1)):
            every = _shares(a, well - d, ill - a, d)
            off = [_off(every[name], text) for name, text in texts.items()]
            if all(each is None or low <= each <= high for each in off):
                closed.add((a, d))
                # Those that only they count: on the upper end, or a measure without a denominator.
                assert (a, d) in ours or high in off or None in off, texts
        assert number == len(closed) and ours <= closed, (texts, ill, well, number, len(closed))
        more += len(closed - ours)
        seen[bool(ours)] += 1
    assert min(seen.values()) > 50 and more


def test_a_measure_without_a_denominator_never_prints():
    """No positive result, and a PPV of 50 %: mlscorecheck passes it, for it skips 0 / 0; a paper cannot print it."""
    check = pytest.importorskip("mlscorecheck.check.binary", reason=WHY).check_1_testset_no_kfold
    theirs = check({"p": 10, "n": 10}, {"sens": 0.0, "spec": 1.0, "ppv": 0.5}, eps=0.0005)
    printed = {"sensitivity": parse("0.0"), "specificity": parse("100.0"), "ppv": parse("50.0")}
    ours = two_by_two(printed, 20, {"diseased": 10, "healthy": 10}, repair=False)
    assert not theirs["inconsistency"] and theirs["n_valid_tptn_pairs"] == 1 and ours.tables == ()


def test_fisher_r_by_c_on_random_tables():
    exact = pytest.importorskip("fisher", reason=WHY).exact
    draw, shapes = np.random.default_rng([44, 1]), [(2, 3), (3, 2), (3, 3), (2, 5), (4, 3), (3, 4)]
    for turn in range(240):
        shape = shapes[turn % len(shapes)]
        table = draw.poisson(draw.uniform(0.5, 5), shape)
        if (table.sum(0) == 0).any() or (table.sum(1) == 0).any():
            continue
        assert fisher_freeman_halton(table).p == pytest.approx(exact(table.tolist()), rel=1e-6, abs=1e-12), table
