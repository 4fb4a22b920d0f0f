"""Each rule of disclosure control by itself, and random tables whose margins are known."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from ortools.sat.python import cp_model
from project import ROOT

from replicalc.disclosure.few import few
from replicalc.disclosure.people import People, conjunction
from replicalc.disclosure.protect import Protection
from replicalc.disclosure.reader import Telling
from replicalc.disclosure.release import WITHHELD, _shown, _without_counts
from replicalc.disclosure.settings import close_notes, refuse_archive, settings_of
from replicalc.disclosure.tellings import read
from replicalc.errors import ReplicalcError
from replicalc.records import read_csv
from replicalc.table import ResultTable, Row, read_result


def people(columns: dict[str, list], criteria: list[dict] = ()) -> People:
    """Patients with categories of the dictionary's kind; None is missing."""
    size = len(next(iter(columns.values())))
    frame = pd.DataFrame({"source_row": range(size)})
    for name, values in columns.items():
        numeric = all(value is None or isinstance(value, float) for value in values)
        frame[name] = pd.Series(values, dtype=float) if numeric else pd.Categorical(values)
    found = People()
    found.add_study("s", frame, list(criteria))
    return found


def crossed(one: str, two: str, counts: dict[tuple[str, str], int]) -> dict[str, list]:
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    return {one: [pair[0] for pair in pairs], two: [pair[1] for pair in pairs]}


def table(found: People, one: str, two: str) -> list[Row]:
    """The rows of a cross-tabulation as ``association`` writes them, counts only."""
    frame, rows = found.frames["s"], []
    for name in (one, two):
        for code in frame[name].cat.categories:
            rows.append(Row("r", "all", f"{name}={code}", "count", int((frame[name] == code).sum()), n=len(frame)))
    for first, second in itertools.product(frame[one].cat.categories, frame[two].cat.categories):
        both = int(((frame[one] == first) & (frame[two] == second)).sum())
        rows.append(Row("r", f"{one}={first}", f"{two}={second}", "count", both, n=int((frame[one] == first).sum())))
    return rows


def decide(found: People, rows: list[Row], complementary: bool = True):
    """The rows with their values, None where withheld."""
    protection = Protection(found, 5)
    lines = read(
        found, "s", {"rows": rows[0].variable.partition("=")[0], "columns": rows[-1].variable.partition("=")[0]}, rows
    )
    for line in lines:
        for telling in (line.value, line.n):
            protection.tell(telling)
    gone = protection.withheld(complementary)
    return [
        (row, None if line.value.counts[0] in gone else row.value, None if line.n.counts[0] in gone else row.n)
        for row, line in zip(rows, lines, strict=True)
    ]


def interval(shown: list[tuple], row: Row, one: str, two: str) -> tuple[int, int]:
    """How small and how large a count can be, by whoever sees what is shown: cells of the table as whole numbers."""
    rows = [row for row, _, _ in shown]
    cells = {(r.group, r.variable): None for r in rows if r.group != "all"}
    total = next(r.n for r in rows if r.group == "all")
    model = cp_model.CpModel()
    x = {place: model.new_int_var(0, 10 * total, str(place)) for place in cells}

    def parts(r: Row) -> list:
        if r.group != "all":
            return [x[r.group, r.variable]]
        return [cell for (group, variable), cell in x.items() if r.variable in (group, variable)]

    for r, value, n in shown:
        if value is not None:
            model.add(sum(parts(r)) == int(value))
        if n is not None:
            model.add(sum(x.values() if r.group == "all" else [c for (g, _), c in x.items() if g == r.group]) == n)
    ends = []
    for sign in (1, -1):
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        model.minimize(sign * sum(parts(row)))
        assert solver.solve(model) == cp_model.OPTIMAL
        ends.append(round(sign * solver.objective_value))
    return ends[0], ends[1]


def test_a_small_count_is_withheld_and_so_is_what_gives_it_away():
    counts = {("a", "no"): 20, ("a", "yes"): 3, ("b", "no"): 30, ("b", "yes"): 25}
    found = people(crossed("g", "h", counts))
    rows = table(found, "g", "h")
    alone = {(row.group, row.variable): value for row, value, _ in decide(found, rows, complementary=False)}
    assert alone["g=a", "h=yes"] is None and alone["g=a", "h=no"] == 20
    shown = decide(found, rows)
    small = next(row for row in rows if (row.group, row.variable) == ("g=a", "h=yes"))
    low, high = interval(shown, small, "g", "h")
    assert low <= 3 <= high and high - low >= 5
    before = interval(decide(found, rows, complementary=False), small, "g", "h")
    assert before == (3, 3)  # without it, subtraction tells the count
    assert any(value is not None for _, value, _ in shown)


@effort(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 14), min_size=6, max_size=6).filter(sum))
def test_no_small_cell_of_a_random_table_with_margins_can_be_told(sizes):
    counts = dict(zip(itertools.product("ab", "xyz"), sizes, strict=True))
    found = people(crossed("g", "h", counts))
    rows = table(found, "g", "h")
    shown = decide(found, rows)
    for row, value, _ in shown:
        if 0 < row.value < 5:
            assert value is None
            low, high = interval(shown, row, "g", "h")
            assert high - low >= 5, (row, low, high)


def test_a_difference_between_all_and_those_included_is_a_small_count_too():
    columns = {"g": ["a"] * 30 + ["b"] * 12, "ok": ["yes"] * 39 + ["no"] * 3}
    found = people(columns, [{"id": "fit", "keep": {"ok": ["yes"]}}])
    rows = [Row("r", "all", f"g={code}", "count", count, n=42) for code, count in (("a", 30), ("b", 12))]
    inside = [Row("r", "all", f"g={code}", "count", count, n=39) for code, count in (("a", 30), ("b", 9))]
    protection = Protection(found, 5)
    lines = [
        *read(found, "s", {"variables": ["g"]}, rows, everybody=True),
        *read(found, "s", {"variables": ["g"]}, inside),
    ]
    for line in lines:
        protection.tell(line.value)
        protection.tell(line.n)
    gone = protection.withheld()
    b_all, b_inside = lines[1].value.counts[0], lines[3].value.counts[0]
    assert b_all in gone or b_inside in gone
    assert lines[0].n.counts[0] in gone or lines[2].n.counts[0] in gone


def test_all_patients_of_a_small_group_having_the_same_is_withheld():
    found = people(crossed("g", "h", {("a", "yes"): 7, ("b", "yes"): 30, ("b", "no"): 30}))
    shown = {(row.group, row.variable): value for row, value, _ in decide(found, table(found, "g", "h"))}
    assert shown["g=a", "h=yes"] is None


def test_everything_is_withheld_where_the_attack_does_not_come_to_an_end(monkeypatch):
    counts = {("a", "no"): 20, ("a", "yes"): 3, ("b", "no"): 30, ("b", "yes"): 25}
    found = people(crossed("g", "h", counts))
    monkeypatch.setattr("replicalc.disclosure.attack.MOST_PROGRAMMES", 1)
    assert {value for _, value, _ in decide(found, table(found, "g", "h"))} == {None}


def test_a_table_whose_counts_are_not_those_of_the_patients_is_unclear(tmp_path):
    from replicalc.disclosure.plan import _table

    found = people({"g": ["a"] * 30 + ["b"] * 12})
    path = tmp_path / "s" / "x" / "cohort_r.csv"
    for count, clear in ((30, True), (29, False)):
        told = ResultTable("cohort_r", "x", "real")
        told.add("count", count, variable="g=a", n=42, n_missing=0)
        told.write(path)
        assert _table(found, path, {"s": {"cohort_r": {"variables": ["g"]}}}, {"s": []}).clear is clear


def moment(found: People, result: str, code: str | None = None, about: str = "x") -> tuple[str, str, Telling]:
    place = [("g", frozenset([code]))] if code else []
    return "s", result, Telling("moment", ((conjunction(place), None),), about)


def test_a_mean_of_few_goes_and_takes_a_second_group_with_it():
    found = people({"g": ["a"] * 6 + ["b"] * 15 + ["c"] * 40})
    assert found.axis("s", "g") == "g"
    whole, *groups = (moment(found, "r", code) for code in (None, "a", "b", "c"))
    assert few(found, [whole, *groups]) == {groups[0], groups[1]}
    assert few(found, [groups[1], groups[2]]) == set()


def test_means_of_two_nested_groups_that_differ_by_few_are_not_both_shown():
    found = people({"g": ["a"] * 40 + ["b"] * 3})
    found.axis("s", "g")
    assert few(found, [moment(found, "one"), moment(found, "two", "a")]) == {moment(found, "two", "a")}


def test_a_quantile_needs_twenty_patients():
    found = people({"g": ["a"] * 19 + ["b"] * 20})
    found.axis("s", "g")
    pair = [("s", "r", Telling("quantile", moment(found, "r", code)[2].counts, "x")) for code in "ab"]
    assert few(found, pair) == {pair[0]}


def test_single_patients_values_are_never_shown():
    found = people({"x": [1.0, 2.0, 5.0] * 20})
    rows = [
        Row("r", "all", "x", stat, 1.0, n=60, n_missing=0)
        for stat in ("min", "max", "median_lo", "q1_alternative", "mean")
    ]
    kinds = [line.value.kind for line in read(found, "s", {"variables": {"x": ""}}, rows)]
    assert kinds == ["single"] * 4 + ["moment"]


def test_a_withheld_row_says_so_and_texts_tell_no_patients():
    row = Row("r", "all", "g=a", "percent", 12.5, n=8, warning="of the patients analysed 3 contribute more than one")
    shown = _shown(row, {"value": "", "n": ""}, "")
    assert (shown.value != shown.value, shown.n, shown.warning) == (True, None, WITHHELD)
    assert _without_counts("an ICC needs at least 2 patients with both sizes; here 3", "") == ""
    assert _without_counts("tumours of at least 3 patients; nobody has g=a", "tumours of at least 3 patients") != ""
    assert _without_counts("only one category of g occurs", "") == "only one category of g occurs"


@pytest.mark.parametrize(("several", "kept"), [(4, False), (5, True)])
def test_limits_by_patient_need_enough_patients_with_several_lesions(several, kept):
    """Design effect, share and n give the number of patients back: only for the true one a sum of squares is whole."""
    from replicalc.disclosure.plan import Table, _rounded, _rule

    codes = ["a", "b"] * 40
    frame = pd.DataFrame({"source_row": range(80), "g": pd.Categorical(codes)})
    frame["patient_id"] = [f"P{row if row >= 2 * several else row // 2}" for row in range(80)]
    found = People()
    found.add_study("s", frame, [])
    rows = [
        Row("r", "all", "g=a", stat, 51.2345, n=80, n_missing=0, method=method)
        for stat, method in (
            ("percent_clustered_lo", "Wilson at the effective sample size"),
            ("percent_design_effect", "Wilson at the effective sample size"),
            ("percent_clustered_lo", "Wilson with each of 76 patients counted once"),
        )
    ]
    lines = read(found, "s", {"variables": ["g"]}, rows)
    table = Table("s", "r", rows, lines)
    assert [_rule(found, line.value, {}, set(), 5, table) for line in lines] == [
        "" if kept else "few",
        *["lesions"] * 2,
    ]
    assert _rounded(table, 0, "value", lines[0].value, None) == "51.2"
    told = "unit is the lesion; of the patients analysed 14 contribute more than one, treated as independent"
    shown = _shown(replace(rows[0], warning=told), {}, "").warning
    assert shown == "unit is the lesion; some patients contribute more than one, treated as independent"


def test_events_for_each_term_are_events():
    found = people(crossed("g", "h", {("a", "no"): 20, ("a", "yes"): 30, ("b", "no"): 30, ("b", "yes"): 25}))
    rows = [Row("r", "model=multivariable", "g", stat, 27.5, n=105) for stat in ("events", "events_per_variable", "or")]
    params = {"outcome": ("h", "yes"), "factors": {"g": "each against a"}}
    events, each, ratio = (line.value for line in read(found, "s", params, rows))
    assert (each.kind, each.counts) == ("made", events.counts) and ratio.kind == "model"


def test_a_warning_keeps_no_number_at_all():
    for told in (
        "5 differences tied in size",
        "1 values are too few for a limit on either side",
        "nothing to judge: count(g=a; all) is 3 here, not >= 5",
        "25% of the cells have an expected count below 5, the smallest is 4: the large-sample P value is doubtful",
    ):
        row = Row("r", "all", "x", "p", 0.5, n=60, warning=f"{told}; nobody has g=0")
        assert _shown(row, {}, "").warning == "nobody has g=0"
        assert _shown(row, {}, f"{told}; public data").warning == row.warning  # said by the cohort file itself


@pytest.mark.parametrize(("of", "told"), [((3, 20), WITHHELD), ((20, 20), "no healthy patient is positive")])
def test_a_row_without_a_number_says_why_only_where_its_counts_are_shown(tmp_path, of, told):
    """That a measure is not defined tells an empty cell; that a quantile has no limits tells the n."""
    from replicalc.disclosure.plan import plan
    from replicalc.disclosure.release import release, summary

    columns = {"g": ["a"] * of[0] + ["b"] * of[1] + ["b"] * 30, "h": ["yes"] * sum(of) + ["no"] * 30}
    frame = pd.DataFrame({"source_row": range(len(columns["g"])), **{k: pd.Categorical(v) for k, v in columns.items()}})
    frame["x"] = [float(i < of[0]) if i < of[0] else float("nan") for i in range(len(frame))]
    (tmp_path / "s" / "x").mkdir(parents=True)
    frame.to_parquet(tmp_path / "everybody.parquet")
    files = []
    for name, rows in {
        "cohort_accuracy": [
            *(Row("", "all", "g=a~h=yes", stat, n, n=len(frame), n_missing=0)
              for stat, n in zip(("tp", "fp", "fn", "tn"), (of[0], 0, of[1], 30), strict=True)),
            Row("", "all", "g=a~h=yes", "lr_positive", float("nan"), n=len(frame), n_missing=0,
                warning="no healthy patient is positive"),
        ],
        "cohort_number": [
            Row("", "all", "x", "q1_lo", float("nan"), n=of[0], n_missing=len(frame) - of[0],
                warning=f"{of[0]} values are too few"),
        ],
    }.items():  # fmt: skip
        table = ResultTable(name, "x", "real")
        table.rows += rows
        files.append(str(table.write(tmp_path / "s" / "x" / f"{name}.csv") or tmp_path / "s" / "x" / f"{name}.csv"))
    recipes = {"s": {"cohort_accuracy": {"index": ("g", "a"), "target": ("h", "yes")}}}
    recipes["s"]["cohort_number"] = {"variables": {"x": ""}}
    study, out = "config/studies/nat_residual/study.yaml", tmp_path / "plan.csv"
    found = dict(threshold=5, round_to=None, recipes=recipes)
    plan([str(tmp_path / "everybody.parquet")], [str(ROOT / study)], files, out, tmp_path / "log", **found)
    released = []
    for file in files:
        shown = tmp_path / "shown" / Path(file).name
        release(file, out, ROOT / "config/cohorts/cmmd.yaml", shown, tmp_path / "log", study="s")
        released += read_result(shown)
    assert next(row.warning for row in released if row.stat == "lr_positive") == told
    assert next(row.warning for row in released if row.stat == "q1_lo") == WITHHELD
    summary(out, files, tmp_path / "summary.csv", tmp_path / "log", study="s", cohort="x", threshold=5)
    counted = {row["rule"]: int(row["numbers"]) for row in read_csv(tmp_path / "summary.csv")}
    numbers = [value for row in released for value in (row.value, row.n, row.n_missing)]
    empty = sum(value is None or value != value for value in numbers) - 2  # two rows had no number from the start
    assert counted["withheld"] == empty and not {"small", "linked", "reason"} & counted.keys()


@pytest.mark.parametrize("words", [["--archive", "all.tar.gz"], ["--arch=all.tar.gz"]])
def test_no_archive_of_a_protected_cohort(words):
    refuse_archive(words, [])
    refuse_archive(["--all-temp", "--cores", "1"], ["clinic"])
    with pytest.raises(ReplicalcError, match="would hold the export of clinic"):
        refuse_archive(["--cores", "1", *words], ["clinic"])


def test_snakemakes_own_notes_are_closed_where_a_cohort_is_protected(tmp_path):
    tmp_path.chmod(0o755)
    close_notes([], str(tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    close_notes(["clinic"], str(tmp_path))
    assert tmp_path.stat().st_mode & 0o777 == 0o700
    close_notes(["clinic"], str(tmp_path / "nothing"))


def test_what_a_cohort_file_may_say():
    with pytest.raises(ReplicalcError, match="needs 'why'"):
        settings_of({"kind": "real", "disclosure": {"control": "off", "why": " "}}, "x.yaml")
    assert settings_of({"kind": "real", "disclosure": {"control": "off", "why": "published"}}) is None
    with pytest.raises(ReplicalcError, match="needs 'why'"):
        settings_of({"kind": "real", "disclosure": {"control": "off"}}, "x.yaml")
    with pytest.raises(ReplicalcError, match="round_to is 3, below the threshold 5"):
        settings_of({"kind": "real", "disclosure": {"round_to": 3}}, "x.yaml")
    with pytest.raises(ReplicalcError, match="contradict"):
        settings_of({"kind": "real", "confidential": True, "disclosure": {"control": "off", "why": "x"}}, "x.yaml")


def test_bars_with_a_withheld_class_are_not_drawn_from_the_others():
    from replicalc.figures.response import _counts

    rows = [
        Row("r", f"pcr={code}", f"calc_change={change}", "count", float("nan") if (code, change) == gone else 7)
        for gone in [("no", "increase")]
        for code in ("yes", "no")
        for change in ("decrease", "no_change", "increase")
    ]
    assert _counts(rows, "pcr") == {"yes": {"decrease": 7, "no_change": 7, "increase": 7}, "no": {}}


def test_survival_is_withheld_whole_and_the_summary_says_so():
    """Whatever the row and however many patients: numbers at risk at two times are a small count by subtraction."""
    from replicalc.disclosure.release import RULES

    rows = [
        Row("r", group, "", stat, value, n=n, n_missing=0)
        for group in ("all", "g=a")
        for stat, value in (("survival_percent", 81.5), ("n_at_risk", 4000.0), ("hazard_ratio", 1.5), ("p", 0.2))
        for n in (12, 5000)
    ]
    lines = read(people({"g": ["a", "b"]}), "s", {"time": "follow_up_days", "event": "vital_status"}, rows)
    assert {getattr(line, column).kind for line in lines for column in ("value", "n", "n_missing")} == {"unclear"}
    assert len(lines) == len(rows)
    assert "survival" in RULES["unclear"]
