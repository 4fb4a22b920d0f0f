"""Proofs to check by hand and by a script: the numbers are right, and the script on the page runs as it stands."""

from __future__ import annotations

import html.parser
import subprocess
import sys
from dataclasses import replace

import pytest
from unit.report.made import hostile_site, write
from unit.report.test_model_parts import claim

from replicalc.report import by_hand, proofs, trail
from replicalc.report.model import Relation, Run, Table

COUNTS = Table(
    "Counts", ("", "decrease", "no_change", "increase"), (("cr", "15", "22", "5"), ("pr", "32", "26", "12"),
    ("sd", "2", "8", "5"), ("pd", "0", "0", "0")), 4,
)  # fmt: skip


class Scripts(html.parser.HTMLParser):
    """The scripts of a page, as a reader copies them."""

    def __init__(self, text: str):
        super().__init__()
        self.inside, self.found = False, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "pre" and dict(attrs).get("class") == "copy":
            self.inside = True
            self.found.append("")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "pre"

    def handle_data(self, data):
        if self.inside:
            self.found[-1] += data


def test_a_table_is_added_up_by_hand_as_scipy_does():
    from scipy.stats import chi2_contingency

    said, between = by_hand.of_table(COUNTS, "0.14")
    expected = chi2_contingency([[15, 22, 5], [32, 26, 12], [2, 8, 5]], correction=False)
    assert f"= {expected.statistic:.2f}, with" in said and f"= {expected.dof} degrees" in said
    assert f"P = {expected.pvalue:.3g}" in said
    low, high = (float(each) for each in between.removesuffix(".").split("between ")[1].split(" and "))
    assert low < high < expected.statistic  # a P of 0.14 needs a smaller statistic than this table has


@pytest.mark.parametrize(
    "rows", [(("a", "1", "2"),), (("a", "1", "0"), ("b", "2", "0")), (("a", "x", "2"), ("b", "1", "1"))]
)
def test_what_is_no_table_of_counts_has_no_such_proof(rows):
    assert by_hand.of_table(Table("Counts", ("", "p", "q"), rows, len(rows)), "0.5") == ()


def test_both_sides_of_the_tightest_box_are_shown():
    proof = {
        "names": ["a"], "se": ["1/2"], "known": [{"text": "patients", "lo": 10, "hi": 20}],
        "pieces": [
            {"rows": [[0, 9]], "prices": ["1"], "inflation": 9.0},
            {"rows": [[0, 6]], "prices": ["2"], "inflation": 1.9},
        ],
    }  # fmt: skip
    said, (left, right) = by_hand.of_model(proof)
    # (6 / 0.5)² = 144; a price above 0 counts with the larger sum: 2 · 20 = 40; √(144 / 40) = 1.8974
    assert left.rows == (("a", "6", "0.5000", "144"),) and right.rows == (("patients", "20", "2", "40"),)
    assert "1.8974" in said[0]
    assert by_hand.of_model({}) == ((), ())


def test_the_scripts_on_the_page_run_with_plain_python(tmp_path):
    relation = Relation("r", "table", "", (), (COUNTS,), ("s.t",))
    claims = [
        claim("l", reported="0.845", verdict="impossible", evidence="300 of 420: none of 13 methods gives it"),
        claim("t", reported="0.14", verdict="impossible", evidence="P = 0.14 is printed by none"),
    ]
    made = tuple(proofs.proofs_of(claims, {"s": [relation]}, []))
    site = replace(hostile_site(), certificates=tuple(replace(each, claims=()) for each in made))
    scripts = Scripts((write(tmp_path / "site", site) / "certificates.html").read_text(encoding="utf-8")).found
    assert len(scripts) == 2
    said = []
    for script in scripts:
        (tmp_path / "proof.py").write_text(script, encoding="utf-8")
        done = subprocess.run([sys.executable, "proof.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert "chance of so few at the limit: 8" in said[0] and "Pearson: 0.0867" in said[1]


def test_every_test_of_a_result_says_how_its_p_would_print():
    columns = ("group", "variable", "stat", "value", "method", "warning")
    rows = (
        ("all", "r x c", "p", "0.0867", "Pearson", ""),
        ("all", "r x c", "p_alternative", "0.0776", "Fisher", ""),
        ("all", "other", "p", "", "none", "nobody is there"),
    )
    run = Run("c", "real", "", "", "", "", "", (), "", columns, rows)
    named, other, empty = trail.tests_of([run], {("all", "r x c"): "0.09", ("all", "other"): "0.5"})
    assert (named.named, named.printed, named.prints, named.agrees) == (True, "0.09", "0.09", True)
    assert (other.named, other.prints, other.agrees) == (False, "0.08", False)
    assert (empty.prints, empty.agrees) == ("", False)
