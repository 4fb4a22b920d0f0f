"""Importing the statistics loads numpy only, and every documented example runs."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

from replicalc import stats

MODULES = sorted(f"{stats.__name__}.{module.name}" for module in pkgutil.iter_modules(stats.__path__))


def test_import_loads_no_statistics_package():
    heavy = ("scipy", "statsmodels", "pingouin", "pandas", "matplotlib", "sklearn")
    code = f"import sys, {', '.join(MODULES)}; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pingouin 0.7 under pandas 3
@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
