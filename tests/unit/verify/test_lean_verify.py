"""The verification modules load without statistics packages, and every documented example runs."""

import doctest
import importlib
import subprocess
import sys

import pytest

MODULES = [f"replicalc.verify.{name}" for name in ("interval_bounds", "which_icc", "which_interval", "which_test")]


def test_import_loads_no_statistics_package():
    heavy = ("scipy", "statsmodels", "pingouin", "pandas", "matplotlib", "sklearn")
    code = f"import sys, {', '.join(MODULES)}; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_run(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted and not result.failed
