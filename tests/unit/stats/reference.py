"""Reads the kept outputs of the R scripts in tests/reference."""

import json
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[2] / "reference"


def load(family):
    return json.loads((REFERENCE / f"{family}.json").read_text())


def closed(expected):
    """A closed form: equal to 1e-8 of its size."""
    return pytest.approx(expected, rel=1e-8, abs=1e-12)


def iterated(expected):
    """An enumeration or an iteration: equal to 1e-6 of its size."""
    return pytest.approx(expected, rel=1e-6, abs=1e-12)
