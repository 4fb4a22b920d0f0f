"""A run that must be refused: with a sentence, without a traceback, and with nothing half written."""

from __future__ import annotations

import pytest

from replicalc.errors import ReplicalcError


def refused(run, *words, **how) -> str:
    (run.folder / "validation.csv").unlink(missing_ok=True)
    with pytest.raises(ReplicalcError) as error:
        run(**how)
    message = str(error.value)
    for word in words:
        assert word in message, message
    assert "Traceback" not in message
    assert not (run.folder / "validation.csv").exists()
    assert not list(run.folder.glob("*.part"))
    return message
