"""A hospital's cohort from its export to what may be shared: what is withheld, what can be told, what lies where."""

from __future__ import annotations

import ast
import csv
import re
from pathlib import Path

import pytest
from attacker import Attacker
from project import copy_project, snakemake

#: The threshold by study: that of the default, and a higher one where few of a study's counts are below it.
THRESHOLDS = {"nat_residual": 5, "us_mri": 5, "doppler": 20, "casting": 20}
PLACE = ("result", "cohort", "group", "variable", "n")


def rows(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=list(THRESHOLDS))
def hospital(request, tmp_path_factory) -> Path:
    """A project in which the synthetic export of one study is a real cohort, 'clinic', used for all five studies."""
    study = request.param
    folder = copy_project(tmp_path_factory.mktemp(study) / "project")
    export = f"results/{study}/synthetic/raw/export.csv"
    snakemake(folder, export)
    (folder / "data/raw/clinic.csv").write_bytes((folder / export).read_bytes())
    text = (folder / f"config/studies/{study}/synthetic.yaml").read_text()
    for old, new in (
        (
            "cohort: synthetic",
            f"cohort: clinic\nconfidential: true\ndisclosure: {{threshold: {THRESHOLDS[study]}}}",
        ),
        ("kind: synthetic", "kind: real"),
        ("export.csv", "clinic.csv"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "config/cohorts/clinic.yaml").write_text(text)
    plan = "results/disclosure/clinic.private/plan.csv"
    snakemake(folder, plan, "--config", "cohorts=clinic")
    called = (folder / "logs/disclosure/clinic.private/plan.log").read_text()
    results = ast.literal_eval(re.findall(r"  file   (\[.*\])", called)[2])
    shared = [each.replace("clinic.private", "clinic") for each in results]
    studies = {Path(each).parents[1].name for each in results}
    words = [
        f"results/{each}/{file}"
        for each in studies
        for file in ("clinic/comparison.csv", "clinic/disclosure.csv", "clinic.private/README.txt")
    ]
    figures = [f"results/{study}/clinic/{study}_fig_flow.svg"] * (study != "casting")
    figures += ["results/nat_residual/clinic/nat_residual_fig_agreement.svg"] * (study == "nat_residual")
    snakemake(folder, *shared, *words, *figures, "--config", "cohorts=clinic")
    return folder


def threshold(folder: Path) -> int:
    return int(re.search(r"threshold: (\d+)", (folder / "config/cohorts/clinic.yaml").read_text())[1])


def sides(folder: Path) -> list[tuple[list[dict], list[dict]]]:
    """Every released result beside the unsuppressed one."""
    return [
        (rows(shared), rows(Path(str(shared).replace("/clinic/", "/clinic.private/"))))
        for shared in sorted(folder.glob("results/*/clinic/*.csv"))
        if shared.stem not in ("comparison", "disclosure") and not is_statement(rows(shared))
    ]


def is_statement(found: list[dict]) -> bool:
    return {row["stat"] for row in found} <= {"left", "right", "holds"}


def decided(hospital: Path, out: Path, **changed) -> None:
    """Plan and release the tables of the cohort once more with other parameters, into the folder ``out``."""
    from replicalc.disclosure.plan import plan
    from replicalc.disclosure.release import release

    called = (hospital / "logs/disclosure/clinic.private/plan.log").read_text()
    everybody, studies, results = (ast.literal_eval(found) for found in re.findall(r"  file   (\[.*\])", called)[:3])
    recipes = ast.literal_eval(re.search(r"param  recipes = (.*)", called)[1])
    inputs = [[str(hospital / each) for each in files] for files in (everybody, studies, results)]
    params = {"threshold": threshold(hospital), "round_to": None, "recipes": recipes} | changed
    plan(*inputs, out / "plan.csv", out / "plan.log", **params)
    for file in results:
        study, name = Path(file).parents[1].name, Path(file).name
        mapping, shown = hospital / "config/cohorts/clinic.yaml", out / study / "clinic" / name
        release(hospital / file, out / "plan.csv", mapping, shown, out / "log", study=study)


def test_nobody_with_the_released_files_can_tell_a_withheld_count(hospital):
    attacker = Attacker(hospital / "results", "clinic")
    assert len(attacker.wanted) > 30 and len(attacker.equations) > 80
    assert dict(attacker.told()) == {}


def test_the_attacker_does_tell_counts_where_only_small_ones_are_withheld(hospital, tmp_path):
    """The same attack on the same cohort without complementary suppression: the test above can fail."""
    decided(hospital, tmp_path, complementary=False)
    told = Attacker(tmp_path, "clinic").told()
    assert any(0 < value < threshold(hospital) for _, value in told)


def test_rounding_shows_multiples_alone_and_percentages_made_of_them(hospital, tmp_path):
    decided(hospital, tmp_path, round_to=10)
    shown = [row for file in tmp_path.glob("*/clinic/*.csv") for row in rows(file) if row["stat"] != "applied"]
    numbers = [(row["stat"], float(row["value"])) for row in shown if row["value"]]
    assert len(numbers) > 60
    for row in shown:
        assert not (row["value"] and row["stat"].startswith(("p_", "statistic", "mean", "percent_", "odds"))), row
        assert all(row[column] == "" or int(row[column]) % 10 == 0 for column in ("n", "n_missing"))
        if row["stat"] == "percent" and row["value"]:
            count = next(r for r in shown if r["stat"] == "count" and [r[k] for k in PLACE] == [row[k] for k in PLACE])
            assert float(row["value"]) == pytest.approx(100 * float(count["value"]) / int(row["n"]))
    assert all(value % 10 == 0 for stat, value in numbers if stat != "percent")


def test_what_is_shown_is_true_and_no_count_that_is_shown_is_small(hospital):
    shown = withheld = 0
    least = threshold(hospital)
    for shared, private in sides(hospital):
        assert [row["stat"] for row in shared] == [row["stat"] for row in private]
        for one, other in zip(shared, private, strict=True):
            assert list(one) == list(other)
            if one["stat"] in ("count", "tp", "fp", "fn", "tn", "n", "n_excluded", "found", "missed"):
                assert one["value"] in ("", other["value"]), one
                assert one["value"] == "" or not 0 < float(one["value"]) < least, one
            for column in ("n", "n_missing"):
                assert one[column] in ("", other[column])
                assert one[column] == "" or not 0 < int(one[column]) < least, one
            shown += one["value"] != ""
            withheld += one["value"] == "" and other["value"] != ""
            if one["stat"].startswith(("min", "max", "median_", "q1_", "q3_")) and "follow" not in one["stat"]:
                assert one["value"] == "", one
    assert shown > 200 and withheld > 100


def test_percentages_and_tests_made_of_withheld_counts_are_withheld(hospital):
    for shared, _ in sides(hospital):
        counts = {(row["group"], row["variable"]): row for row in shared if row["stat"] == "count"}
        for row in shared:
            if row["stat"].startswith("percent") and row["value"] and (row["group"], row["variable"]) in counts:
                assert counts[row["group"], row["variable"]]["value"] and row["n"], row
            if row["stat"].startswith(("p", "statistic", "odds_ratio")) and row["value"] and " x " in row["variable"]:
                cells = [
                    each
                    for each in shared
                    if each["stat"] == "count"
                    and each["group"].partition("=")[0] == row["variable"].partition(" x ")[0]
                    and each["variable"].partition("=")[0] == row["variable"].partition(" x ")[2]
                ]
                assert cells and all(each["value"] for each in cells), row


def test_no_patient_is_on_the_shared_side_and_the_private_side_is_closed(hospital):
    study = next(iter(hospital.glob("results/*/synthetic/raw/export.csv"))).parents[2].name
    export = rows(hospital / "data/raw/clinic.csv")
    mapping = (hospital / "config/cohorts/clinic.yaml").read_text()
    column = re.search(r"patient_id: \{column: (.*?)\}", mapping)[1]
    ids = {row[column] for row in export if len(row[column]) > 4}
    assert len(ids) > 50
    files = [
        each for where in ("results", "logs") for each in hospital.glob(f"{where}/*/clinic/**/*") if each.is_file()
    ]
    assert len(files) > 60
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        assert not any(each in text for each in ids), file
        assert file.suffix in (".csv", ".svg", ".png", ".log"), file
    private = [*hospital.glob("results/*/clinic.private"), *hospital.glob("logs/*/clinic.private")]
    assert len(private) >= 4
    for folder in private:
        for each in (folder, *folder.rglob("*")):
            assert each.stat().st_mode & 0o777 == (0o700 if each.is_dir() else 0o600), each
    assert "no archive" in (hospital / f"results/{study}/clinic.private/README.txt").read_text()


def test_the_comparison_says_what_is_withheld_and_the_summary_counts_it(hospital):
    found = [row for file in hospital.glob("results/*/clinic/comparison.csv") for row in rows(file)]
    withheld = [row for row in found if "withheld by disclosure control" in row["note"]]
    assert withheld and {row["verdict"] for row in withheld if not row["replicated"]} == {"not_evaluable"}
    for file in hospital.glob("results/*/clinic/disclosure.csv"):
        told = {row["rule"]: int(row["numbers"]) for row in rows(file)}
        assert 0 < told["withheld"] < told["all"]
        assert told["withheld"] == sum(n for rule, n in told.items() if rule not in ("all", "withheld", "rounded"))


def test_every_table_is_understood(hospital):
    """A table withheld whole is safe, but nobody's wish: only numbers that no rule can read are unclear."""
    plan = rows(hospital / "results/disclosure/clinic.private/plan.csv")
    unclear = {
        (line["study"], line["result"]) for line in plan if (line["rule"], line["column"]) == ("unclear", "value")
    }
    told_otherwise = ("_flow", "casting_a_surgery", "tabar", "palka", "independent")
    assert not [result for _, result in unclear if not any(each in result for each in told_otherwise)]
