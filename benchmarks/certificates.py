"""Is a model that simulated patients have ever certified impossible? ``python -m benchmarks.certificates --n 500``.

Each data set has 60 to 600 patients, one to five yes/no factors (some of them levels of one factor) and an outcome that
depends on them. Its logistic model is fitted by maximum likelihood, printed with two or three decimals by a drawn
rounding, and given to the certificate with what a paper would print beside it: patients, events, sometimes how many are
exposed. A verdict of "impossible" is an error of the proof; the program ends with exit code 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

import numpy as np

from replicalc.stats.logistic import logistic
from replicalc.verify.certificate import Margin, Term
from replicalc.verify.certificate import logistic as certify
from replicalc.verify.printed import ROUNDINGS, format_as


def model(seed: int, k: int):
    """Terms, patients, events, margins and exclusive groups of one data set; None where nothing can be fitted."""
    rng = np.random.default_rng([seed, k])
    n, p = int(rng.integers(60, 601)), int(rng.integers(1, 6))
    together = p >= 2 and rng.random() < 0.3
    x = (rng.random((n, p)) < rng.uniform(0.15, 0.85, p)).astype(float)
    if together:  # the first two are levels of one factor
        x[:, 1] *= 1 - x[:, 0]
    logit = rng.uniform(-1.5, 0.5) + x @ rng.uniform(-1.5, 1.5, p)
    y = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    names = [f"factor{j}" for j in range(p)]
    try:
        fit = logistic(y, x, names)
    except ValueError:
        return None
    values = [(fit.term(name).odds_ratio, fit.term(name).lo, fit.term(name).hi) for name in names]
    if not fit.converged or fit.separation or not np.isfinite(values).all():
        return None
    if max(max(v) for v in values) > 500 or min(min(v) for v in values) < 0.02:
        return None  # nothing that a paper would print, or that its decimals would tell from 0
    decimals, rounding = int(rng.integers(2, 4)), str(rng.choice(list(ROUNDINGS)))
    printed = [[format_as(v, decimals, rounding) for v in triple] for triple in values]
    terms = [Term(name, *texts) for name, texts in zip(names, printed, strict=True)]
    known = rng.random() < 0.5
    margins = [Margin({name: 1}, (int(x[:, j].sum()),) * 2) for j, name in enumerate(names)] if known else []
    return terms, n, int(y.sum()), margins, [names[:2]] if together else []


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--n", type=int, default=500, help="data sets")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    verdicts: Counter[str] = Counter()
    wrong, k, started = [], 0, time.perf_counter()
    while sum(verdicts.values()) < given.n:
        asked, k = model(given.seed, k), k + 1
        if asked is None:
            continue
        terms, n, events, margins, exclusive = asked
        found = certify(terms, n, events, margins, exclusive, repairs=False)
        verdicts[found.verdict] += 1
        if found.verdict == "impossible":
            wrong.append(f"data set {k - 1}: {terms}, {events} events in {n}, {margins}: {found.evidence}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    counted = ", ".join(f"{verdicts[name]} {name}" for name in ("possible", "undecided", "impossible"))
    print(f"{given.n} models that data have: {counted} ({time.perf_counter() - started:.0f} s)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
