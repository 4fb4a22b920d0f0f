"""What the tests of weights share: rows with weights, the same rows repeated, and results compared part by part."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st

CLOSED, ITERATED = 1e-10, 1e-8
fast = settings(max_examples=60, deadline=None)
LEVEL = 0.95


def weights_of(n, most=4):
    """Weights of ``n`` rows, rows that stand for nobody among them."""
    return st.lists(st.integers(0, most), min_size=n, max_size=n)


@st.composite
def columns(draw, *values, most=4, least_rows=0, most_rows=12):
    """One list for each strategy of ``values``, all of one length, and the weights of their rows."""
    n = draw(st.integers(least_rows, most_rows))
    lists = [draw(st.lists(each, min_size=n, max_size=n)) for each in values]
    return *lists, draw(weights_of(n, most))


def repeated(values, weights):
    """The rows as they were before anybody counted them."""
    return np.repeat(np.asarray(values), np.asarray(weights, dtype=int), axis=0)


def assert_same(found, expected, rel, abs_=1e-12):
    """Two results agree in every number to ``rel``, and in every word."""
    assert type(found) is type(expected)
    if is_dataclass(found):
        for field in fields(found):
            assert_same(getattr(found, field.name), getattr(expected, field.name), rel, abs_)
    elif isinstance(found, dict):
        assert list(found) == list(expected)
        for name in found:
            assert_same(found[name], expected[name], rel, abs_)
    elif isinstance(found, tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other, rel, abs_)
    elif isinstance(found, float):
        assert found == pytest.approx(expected, rel=rel, abs=abs_, nan_ok=True)
    else:
        assert found == expected
