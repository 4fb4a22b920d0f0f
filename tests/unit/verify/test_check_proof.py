"""The program for readers that checks a kept proof in Python alone: agrees with the engine, believes nothing forged."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest

from replicalc.errors import ReplicalcError
from replicalc.verify.weighing import certify, proven

PROGRAM = Path(__file__).parents[3] / "workflow/report/static/check_proof.py"
ONE = {"terms": [["a", "2.00", "1.80", "2.22"]], "n": [20, 20], "events": [10, 10]}
TWO = {"terms": [["a", "2.00", "1.60", "2.50"], ["b", "0.50", "0.40", "0.62"]], "n": [60, 70], "events": [20, 24]}
BARE = {"margins": [], "exclusive": [], "level": 0.95}
MODELS = {
    "one factor": ONE,
    "ranges of patients": TWO,
    "exclusive factors": TWO | {"exclusive": [["a", "b"]]},
    "margins": TWO | {"margins": [[{"a": 1}, [30, 32], [12, 12]], [{"b": 0}, None, [9, 10]]]},
    "another level": ONE | {"level": 0.9},
}


def check(kept: dict, folder: Path) -> subprocess.CompletedProcess:
    """Run the program as a reader would: by itself, where the package cannot be imported."""
    (folder / "kept.json").write_text(json.dumps(kept), encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(PROGRAM), "kept.json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def kept() -> dict[str, dict]:
    return {name: certify(BARE | asked) for name, asked in MODELS.items()}


@pytest.mark.parametrize("name", MODELS)
def test_it_proves_what_the_engine_proves(name, kept, tmp_path):
    assert kept[name]["verdict"] == "impossible"
    done = check(kept[name], tmp_path)
    assert done.returncode == 0, done.stderr
    told = float(done.stdout.split("at least ")[1].split(" times")[0])
    assert told == pytest.approx(proven(kept[name]), rel=1e-4)


def gap(proof):
    proof["pieces"].pop()


def twice(proof):
    proof["pieces"].append(proof["pieces"][0])


def outside(proof):
    proof["pieces"][0]["box"][0][1] = "1000000"


def cheap(proof):
    proof["pieces"][0]["prices"][0] = "0"


def flat(proof):
    """One box for all, and no length in one side of it: left out of the product, it would seem to fill the whole."""
    box = [list(side) for side in proof["whole"]]
    box[0][1] = box[0][0]
    del proof["pieces"][1:]
    proof["pieces"][0]["box"] = box


@pytest.mark.parametrize(
    ("forge", "sentence"),
    [
        (gap, "leave a gap"),
        (flat, "leave a gap"),
        (twice, "two boxes overlap"),
        (outside, "outside the range"),
        (cheap, "the prices do not bound"),
    ],
)
def test_a_forged_proof_is_not_believed(forge, sentence, kept, tmp_path):
    forged = copy.deepcopy(kept["ranges of patients"])
    forge(forged["proof"])
    done = check(forged, tmp_path)
    assert done.returncode == 1 and sentence in done.stderr
    if forge is not cheap:  # the engine takes no price for the number of patients from the file
        with pytest.raises(ReplicalcError, match="do not fill the range"):
            proven(forged)


@pytest.mark.parametrize(
    "other",
    [
        {"n": [200_000, 200_000], "events": [100_000, 100_000]},
        {"terms": [["a", "2.00", "0.10", "40.0"]]},
        {"terms": [["a", "3.00", "2.80", "3.22"]]},
    ],
)
def test_a_proof_of_other_numbers_than_those_printed_is_not_believed(other, kept, tmp_path):
    """The question is made from what was printed, so a true proof of another model does not pass for this one."""
    forged = copy.deepcopy(kept["one factor"])
    forged["asked"] |= other
    done = check(forged, tmp_path)
    assert done.returncode == 1
    assert "the proof does not hold" in done.stderr or "nothing is proven" in done.stderr
