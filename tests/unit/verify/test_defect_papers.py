"""The seeded-defect benchmark: what its papers print is what its patients say, and a defect is what it is called."""

import sys
from collections import Counter
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
sys.path.append(str(ROOT))

from benchmarks.defects import defects, outside, possible  # noqa: E402
from benchmarks.defects.change_measurements import model_fits  # noqa: E402
from benchmarks.defects.papers import paper  # noqa: E402
from benchmarks.defects.printing import HABITS, prints, show, show_p, span  # noqa: E402
from benchmarks.defects.run import Task, kind_of, one_paper, rows_of, table  # noqa: E402

from replicalc.records import validate  # noqa: E402
from replicalc.stats import agreement, contingency, logistic, ordered, proportion, two_by_two, two_groups  # noqa: E402
from replicalc.verify.printed import format_as  # noqa: E402

PAPERS = 25


@pytest.fixture(scope="module")
def papers():
    return [paper(3, k) for k in range(PAPERS)]


def parts(papers, kind):
    found = [(made, part) for made in papers for part in made.parts if part.kind == kind]
    assert len(found) > PAPERS // 2
    return found


def test_a_seed_gives_the_same_paper_and_another_gives_another():
    assert paper(3, 5).texts == paper(3, 5).texts
    assert paper(3, 5).about == paper(3, 5).about
    assert paper(3, 5).texts != paper(4, 5).texts


def test_claims_fit_the_schema_and_relations_name_claims(papers):
    for made in papers:
        validate([asdict(claim) for claim in made.claims], "claims", made.study)
        assert len({claim.claim_id for claim in made.claims}) == len(made.claims)
        relations = made.about["relations"]
        ids = [relation["id"] for relation in relations]
        assert len(set(ids)) == len(ids)
        for relation in relations:
            for name in names_in({k: v for k, v in relation.items() if k not in ("id", "kind", "rows", "columns")}):
                known = name in ids or name in made.texts
                assert known or any(place.startswith(name.removesuffix("*")) for place in made.texts), name


def names_in(value):
    """Every text in a relation that has the form of a claim's or relation's id."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [name for each in value for name in names_in(each)]
    return [value] if isinstance(value, str) and "." in value else []


def test_every_study_size_habit_and_kind_occurs(papers):
    assert {made.habit for made in papers} == set(HABITS)
    sizes = [int(made.texts["size.n"]) for made in papers]
    assert min(sizes) >= 40 and max(sizes) <= 600 and len(set(sizes)) > 20
    kinds = {relation["kind"] for made in papers for relation in made.about["relations"]}
    wanted = {"shares", "sum", "repeats", "table", "two_groups", "accuracy", "interval", "ratio", "model", "mean"}
    assert wanted | {"quantiles", "icc", "statement"} <= kinds


def test_counts_are_whole_and_percentages_come_from_them(papers):
    for made, part in parts(papers, "shares"):
        assert sum(part.truth["counts"].values()) == part.truth["n"] == int(made.texts["size.n"])
        for code, (count, percent) in part.truth["rows"].items():
            k = part.truth["counts"][code]
            assert made.texts[count] == str(k)
            decimals = len(made.texts[percent].partition(".")[2])
            assert float(made.texts[percent]) == float(show(Fraction(100 * k, part.truth["n"]), decimals, made.habit))


PACKAGE = {
    "pearson": contingency.pearson,
    "yates": contingency.yates,
    "likelihood_ratio": contingency.likelihood_ratio,
    "linear_by_linear": contingency.linear_by_linear,
    "n_minus_1": two_groups.n_minus_1,
    "fisher": contingency.fisher_freeman_halton,
    "fisher_mid_p": lambda t: two_by_two.fisher(t, "point probability", mid_p=True),
    "kruskal_wallis": ordered.kruskal_wallis,
    "mann_whitney": lambda t: ordered.mann_whitney(t, continuity=False),
    "cochran_armitage": ordered.cochran_armitage,
}


def test_tables_add_up_and_the_package_finds_the_same_p(papers):
    for made, part in [*parts(papers, "table"), *parts(papers, "two_groups")]:
        table = part.truth["table"]
        assert PACKAGE[part.truth["key"]](table).p == pytest.approx(part.truth["value"], rel=1e-6, abs=1e-12)
        assert prints(part.truth["value"], made.texts[part.truth["p"][0]])
        assert table.sum() == int(made.texts["size.n"])
        if part.kind == "table":
            printed = [int(made.texts[at[0]]) for at in part.truth["cells"].values()]
            assert printed == table.ravel().tolist()
            totals = [int(made.texts[at]) for at in part.truth["totals"].values()]
            assert totals == [*table.sum(1).tolist(), *table.sum(0).tolist()]


def test_intervals_are_those_of_the_package(papers):
    for made, part in parts(papers, "interval"):
        limits = proportion.interval(part.truth["k"], part.truth["n"], part.truth["method"], 0.95)
        for at, limit in zip(part.truth["limits"], (limits.lo, limits.hi), strict=True):
            assert prints(100 * limit, made.texts[at]), (part.truth, at)


def test_measures_come_from_the_fourfold_table_and_it_is_among_those_that_print_so(papers):
    for made, part in parts(papers, "accuracy"):
        texts = {name: made.texts[at] for name, at in part.truth["places"].items()}
        measures = {name: text for name, text in texts.items() if "_" not in name}
        for name, text in measures.items():
            assert possible.share(text, *possible.share_of(name, part.truth["table"]))
        assert part.truth["table"] in possible.tables(measures, int(made.texts["size.n"]))
        assert possible.accuracy(texts, part.truth["n"], part.truth["method"], 1 if part.truth["fraction"] else 100)


def test_agreement_is_that_of_the_package():
    for k in range(20):
        rng = np.random.default_rng([7, k])
        x = rng.normal(0, 3, 12)[:, None] + rng.normal(0, 1, (12, 2)) + np.array([0, k / 10])
        for found in agreement.icc(x):
            assert outside.icc(x, found.form) == pytest.approx((found.value, found.lo, found.hi), rel=1e-6)


def test_models_are_those_of_the_package(papers):
    for _, part in parts(papers, "model"):
        x, y = part.truth["x"], part.truth["y"]
        found = logistic.logistic(y, x, [f"factor{j}" for j in range(x.shape[1])])
        for term, j in zip(found.terms[-x.shape[1] :], range(x.shape[1]), strict=True):
            b, _ = part.truth["values"][f"model.factor{j}"]
            assert np.log(term.odds_ratio) == pytest.approx(b, rel=1e-5, abs=1e-6)


def test_whole_numbers_have_their_mean_and_standard_deviation(papers):
    for made, part in parts(papers, "mean"):
        values, places = part.truth["values"], part.truth["places"]
        assert prints(Fraction(int(values.sum()), len(values)), made.texts[places["mean"]])
        assert prints(float(np.std(values, ddof=1)), made.texts[places["sd"]])


def test_clean_prints_are_always_possible(papers):
    """What the exhaustive searches decide: a paper's own print is never called impossible."""
    for made, part in parts(papers, "two_groups"):
        texts = [made.texts[at] for at in (*part.truth["places"], *part.truth["p"])]
        crude = tuple(made.texts[at] for at in part.truth["crude"])
        test = outside.FOURFOLD[part.truth["key"]]
        assert possible.two_groups(texts[0], texts[1], part.truth["n"], texts[2], crude, [test])
    for made, part in parts(papers, "icc"):
        texts = [made.texts[at] for at in part.truth["places"]]
        assert possible.icc(*texts, part.truth["n"], part.truth["form"])
    for made, part in parts(papers, "mean"):
        places = part.truth["places"]
        assert possible.mean_sd(made.texts[places["mean"]], made.texts[places["sd"]], part.truth["n"])
    for made, part in [*parts(papers, "model"), *parts(papers, "ratio")]:
        for row in part.truth["ratios"].values():
            assert possible.ratio(*(made.texts[row[stat]] for stat in ("or", "or_lo", "or_hi", "p")))


def test_clean_models_are_possible(papers):
    for made, part in parts(papers, "model")[:8]:
        assert model_fits(part, made.texts) is True


@pytest.mark.parametrize("name", defects.CLASSES)
def test_a_defect_changes_what_it_says_and_nothing_else(papers, name):
    seen = set()
    for k, made in enumerate(papers[:8] if "model" in name or "crude" in name else papers):
        pair = defects.inject(made, name, np.random.default_rng([3, k]))
        if pair is None:
            continue
        clean, defect = pair
        seen.add(defect.detectable)
        now, before = defect.paper.texts, clean.texts
        assert {at for at in before if now[at] != before[at]} == set(defect.changed)
        assert all((before[at], now[at]) == texts for at, texts in defect.changed.items())
        assert all(made.texts[at] == text for at, text in before.items())
        old, new = clean.about["relations"], defect.paper.about["relations"]
        assert [r["id"] for r, s in zip(old, new, strict=True) if r != s] == (
            [defect.relation] if defect.relation else []
        )
        assert bool(defect.changed) != bool(defect.relation)
        assert all(claim.reported == claim.second_entry for claim in defect.paper.claims)
    assert seen & {True, None}


def test_a_change_that_leaves_the_print_possible_is_not_called_detectable():
    """Swapping one rounding for another is no defect that a reader could find."""
    assert possible.share("12", 1, 8) and possible.share("13", 1, 8) and not possible.share("14", 1, 8)
    assert possible.ratio("2.00", "1.00", "4.00") and not possible.ratio("2.00", "1.00", "3.00")
    assert possible.mean_sd("5.18", "1.02", 28) and possible.mean_sd("5.18", "1.00", 28) is False
    assert possible.mean_sd("5.20", "1.02", 28) is False
    assert possible.mean_sd("2.00", "1.20", 2) is False  # 1 and 3 have 1.41, 2 and 2 have 0
    assert possible.same("34.5", "35") and possible.same("34.5", "34") and not possible.same("34.5", "36")
    assert possible.icc("0.715", "0.342", "0.946", 6, "ICC(C,1)", 4)
    assert not possible.icc("0.715", "0.342", "0.946", 8, "ICC(C,1)", 4)
    assert possible.limits("49.0", "94.3", [(8, 10)], ["Wilson"])
    assert not possible.limits("49.0", "94.3", [(8, 10)], ["Jeffreys"])


@pytest.mark.parametrize("habit", HABITS)
def test_numbers_print_as_the_package_reads_them(habit):
    for k in range(400):
        for decimals in (0, 1, 2):
            text = show(Fraction(100 * k, 400), decimals, habit)
            assert text == format_as(100 * k / 400, decimals, habit)
            low, high = span(text)
            assert low <= 100 * k / 400 <= high
    assert show_p(0.0004, 3, habit) == "<0.001" and show_p(0.0040, 2, habit) == "<0.01"


def test_the_table_counts_claims_and_has_wilson_intervals():
    name = defects.CLASSES[0]
    counts = Counter({("clean", "whole paper", "n"): 10, ("clean", "shares", "n"): 50, ("clean", "shares", "found"): 0})
    counts |= Counter({("defect", name, "n"): 12, ("defect", name, "detectable"): 10, ("defect", name, "found"): 8})
    counts |= Counter({("defect", name, "not_detectable"): 2, ("defect", name, "found_not_detectable"): 1})
    rows = {row["class"]: row for row in rows_of(counts)}
    assert (rows[name]["share"], rows[name]["lo"], rows[name]["hi"]) == ("0.8000", "0.4902", "0.9433")
    assert rows["shares"]["share"] == "0.0000" and rows["all classes"]["detectable"] == 10
    text = table(list(rows.values()))
    assert f"| {name} | 12 | 10 | 8 | 80.0 (49.0 to 94.3) | 2: 1 | 0: 0 |" in text
    assert "| shares | 50 | 0 | 0.0 (0.0 to 7.1) |" in text and defects.CLASSES[1] not in text


def test_every_claim_is_counted_under_a_kind_of_relation(papers):
    known = {relation["kind"] for made in papers for relation in made.about["relations"]}
    for made in papers:
        assert {kind_of(made, place) for place in made.texts} <= known


def test_the_engine_is_silent_on_a_clean_paper_and_finds_a_defect():
    counts, lines = one_paper(Task(1, 3, True, True, False, 0, "count: one more"))
    assert counts["clean", "whole paper", "n"] == 1 and counts["clean", "whole paper", "found"] == 0 and not lines
    assert counts["clean", "table", "n"] > 10
    assert counts["defect", "count: one more or fewer", "found"] == 1
    assert {name for what, name, _ in counts if what == "defect"} == {"count: one more or fewer"}
