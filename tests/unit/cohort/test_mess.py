"""An untidied export says the same as the tidy one: synonyms are codes of the mapping, repetitions are whole rows."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from project import ROOT

from replicalc.cohort.source import without_identical
from replicalc.cohort.synthesise import synonyms
from replicalc.cohort.synthesise.mess import AT_LEAST, NOT_KNOWN, untidy, write_export
from replicalc.errors import ReplicalcError
from replicalc.records import load_checked

STUDIES = ("doppler", "nact_bone", "casting", "us_mri", "nat_residual")
WAYS = {"Side": {"L": ("l", "left"), "R": ("right",)}, "Ca": synonyms.YES_NO}


def table(n: int) -> list[dict[str, str]]:
    return [
        {"Patient ID": f"SYN-{i:04d}", "Side": ("L", "R", "")[i % 3], "Ca": str(i % 2), "Size": f"{i % 7}"}
        for i in range(n)
    ]


@given(st.integers(2, 400), st.integers(0, 50))
def test_cleaning_finds_every_repetition_and_undoing_the_synonyms_gives_the_tidy_rows(n, seed):
    tidy = table(n)
    messy = untidy(tidy, WAYS, np.random.default_rng(seed))
    kept, alike = without_identical(messy)
    usual = {c: {way: text for text, ways in w.items() for way in ways} for c, w in WAYS.items()}
    undone = [
        {c: "" if cell in NOT_KNOWN else usual.get(c, {}).get(cell, cell) for c, cell in row.items()} for row in kept
    ]
    assert undone == tidy
    assert max(alike) == 2 and len(messy) - len(kept) == alike.count(2) == max(AT_LEAST, round(n / 100))
    assert all(row["Size"] == tidy[i]["Size"] for i, row in enumerate(kept))


def test_synonyms_signs_and_repetitions_all_occur():
    messy = untidy(table(2000), WAYS, np.random.default_rng(3))
    for column, texts in {
        "Side": {"L", "l", "left", "R", "right", "", *NOT_KNOWN},
        "Ca": set("10yYnN") | {"yes", "no"},
    }.items():
        assert {row[column] for row in messy} == texts
    places = [i for i, row in enumerate(messy) if row in messy[:i]]
    assert (
        len(places) == 20
        and any(messy[i] == messy[i - 1] for i in places)
        and any(messy[i] != messy[i - 1] for i in places)
    )


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    files = [tmp_path / name for name in "abc"]
    told = [write_export(table(300), WAYS, file, seed) for file, seed in zip(files, (1, 1, 2), strict=True)]
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()
    assert "3 rows stand in the export twice" in told[0][-1][1]


def test_some_lengths_are_in_cm_and_all_are_the_same_lengths():
    tidy = [{"Patient ID": f"SYN-{i:04d}", "mm": "" if i % 50 == 0 else str(i % 49)} for i in range(2000)]
    messy, _ = without_identical(untidy(tidy, {}, np.random.default_rng(1), ["mm"]))
    changed = [(old["mm"], new["mm"]) for old, new in zip(tidy, messy, strict=True) if old != new]
    assert len(changed) == round(0.03 * 1920) and all(new.endswith(" cm") for _, new in changed)
    assert all(Decimal(new.removesuffix(" cm")) * 10 == int(old) and old != "0" for old, new in changed)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ReplicalcError, match="no column 'Sex'"):
        untidy(table(5), {"Sex": {"f": ("F",)}}, np.random.default_rng(1))


@pytest.mark.parametrize("study", STUDIES)
def test_every_synonym_means_the_same_code_in_every_variable_of_the_column(study):
    config = load_checked(ROOT / "config" / "studies" / study / "synthetic.yaml", "cohort")
    assert set(NOT_KNOWN) <= set(config["missing"]) and config["identical_rows"] == "keep_first"
    for column, ways in getattr(synonyms, study.upper()).items():
        readers = [entry for entry in config["variables"].values() if entry.get("column") == column]
        assert readers, f"no variable is read from '{column}'"
        for entry in readers:
            codes = {str(k): str(v) for k, v in entry["codes"].items()} | dict.fromkeys(
                map(str, entry.get("missing", [])), ""
            )
            for text, others in ways.items():
                assert {codes[other] for other in others} == {codes[text]}, f"{column}: {text}"
                assert len({text, *others}) == 1 + len(others)
    for column in getattr(synonyms, f"{study.upper()}_LENGTHS", ()):
        (entry,) = (entry for entry in config["variables"].values() if entry.get("column") == column)
        assert entry["unit"] == "mm" and "cm" in entry["units_in_cells"]
