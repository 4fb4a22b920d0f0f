import numpy as np
import pytest


@pytest.fixture(autouse=True)
def no_numpy_warnings():
    """Degenerate input must be met by a check, not by a numpy warning."""
    with np.errstate(all="raise", under="ignore"):
        yield
