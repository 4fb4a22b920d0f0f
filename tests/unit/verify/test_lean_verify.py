"""The verification modules load without statistics packages, and every documented example runs."""

import doctest
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import replicalc.verify

MODULES = sorted(f"replicalc.verify.{path.stem}" for path in Path(replicalc.verify.__path__[0]).glob("[!_]*.py"))
HEAVY = ("scipy", "statsmodels", "pingouin", "pandas", "matplotlib", "sklearn", "cvxpy", "clarabel", "ortools")
#: Searches over arrays: whoever reaches them from the Snakefile imports them inside a function.
WITH_NUMPY = {
    f"replicalc.verify.{name}"
    for name in (
        "fast_p",
        "fourfold",
        "interval_bounds",
        "split",
        "two_by_two",
        "which_icc",
        "which_interval",
        "which_test",
    )
}


def loaded(modules, heavy) -> str:
    code = f"import sys, {', '.join(modules)}; print([m for m in {tuple(heavy)} if m in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout


def test_import_loads_no_statistics_package():
    assert loaded(MODULES, HEAVY) == "[]\n"


def test_import_loads_no_numpy_but_where_arrays_are_searched():
    assert loaded([name for name in MODULES if name not in WITH_NUMPY], ("numpy",)) == "[]\n"


def test_what_the_rules_import_of_it_loads_no_array():
    # These are imported by the Snakefile; they reach searches over arrays, but only once they are called.
    assert loaded(["replicalc.results.pooled", "replicalc.results.pooled_accuracy"], ("numpy",)) == "[]\n"


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_run(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module)
    assert bool(result.attempted) == (">>>" in Path(module.__file__).read_text(encoding="utf-8"))
    assert not result.failed
