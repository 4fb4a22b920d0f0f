"""The table of printed numbers: its form, what is taken for granted, tables that share variables, and their limits."""

from __future__ import annotations

import doctest
from fractions import Fraction

import numpy as np
import pytest

from replicalc.cohort.synthesise import margin_cliques, margin_tables
from replicalc.cohort.synthesise.margin_cliques import cliques_of, patients_of
from replicalc.cohort.synthesise.margin_patients import make_patients
from replicalc.cohort.synthesise.margin_tables import Conflict, wholes_with_share
from replicalc.cohort.synthesise.margins import margins_of, read_margins, row_of
from replicalc.errors import ReplicalcError

HEAD = "group,variable,stat,value\n"


def margins(*lines: str):
    return margins_of([row_of(number, *line.split(",")) for number, line in enumerate(lines, start=2)])


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("all,grade=1,cuont,18", "there is no stat 'cuont'. Did you mean 'count'?"),
        ("all,grade,count,18", "a row of 'count' needs a code such as node=positive"),
        ("all,grade=1,n,18", "a row of 'n' needs no variable"),
        ("all,grade=1,median,18", "needs the name of a measurement"),
        ("all,age,icc,0.5", "needs two measurements"),
        ("all,age~age,icc,0.5", "needs two measurements"),
        ("all,test=positive,sensitivity,80.0", "needs index and target"),
        ("grade,age,mean,50.1", "the group 'grade' is neither 'all' nor codes"),
        ("grade=1;grade=2,age,mean,50.1", "names 'grade' twice; several codes of one variable are written grade=2|3"),
        ("grade=,age,mean,50.1", "is no place such as"),
        ("all,grade=1,count,18.5", "'18.5' is no whole number"),
        ("all,grade=1,count,-1", "'-1' is no whole number"),
        ("all,grade=1,percent,<5", "'<5' is no printed number"),
        ("all,grade=1,percent,many", "'many' is no printed number"),
        ("all,,n,0", "there has to be somebody"),
        ("all,grade,codes,1", "is no list of codes such as"),
        ("grade=1,age,step,1", "'step' is said of all patients"),
        ("all,age,step,0", "is no step between two measurements"),
        ("all,age,step,1e-300", "has more than 6 decimals"),
        ("all,grade=1,count,1000000", "is more than the 100,000 patients that can be made"),
        (f"all,,n,{'9' * 5000}", "is too long for a printed number"),
        ("all,patient_id=1,count,3", "is the column of the patients' numbers"),
        ("all,gra\0de=1,count,3", "has a sign that cannot be printed"),
    ],
)
def test_a_row_of_the_wrong_form_is_refused_with_its_line(line, says):
    with pytest.raises(ReplicalcError) as caught:
        row_of(9, *line.split(","))
    assert str(caught.value).startswith("line 9: ") and says in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD, "has no rows"),
        ("group,variable,stat\nall,,n\n", "the column 'value' is missing"),
        ("group,variable,stat,value,nte\nall,,n,5,x\n", "there is no column 'nte'. Did you mean 'note'?"),
        (HEAD + "all,,n,5\nall,,n,5\n", "margins.csv: line 3 says again what line 2 says"),
        (HEAD + "\n,,,\nall,,n,5\n\nall,a=1,cuont,5\n", "margins.csv, line 6: there is no stat 'cuont'"),
        (HEAD + ",,,\n", "has no rows that say something"),
        (HEAD.replace(",", ";") + "all;;n;5,0\n", "parted by semicolons; save it with commas"),
        (
            HEAD + "all,,n,5\nall,x,mean,3,2\n",
            "line 3: expected 4 fields, found more (a comma within a field needs quotes)",
        ),
        (HEAD.replace("\n", ",\n") + "all,,n,5,\n", "a column has no name. Columns are group"),
        ("all,,n,5\nall,a=1,count,3\n", "there is no column 'all'. Columns are group"),
        (HEAD + "all,,n,5\nb=x;a=y,,n,2\na=y;b=x,,n,3\n", "line 4 says again what line 3 says"),
        (HEAD + "all,,n,5\nall,age,mean,3\nall,age=old,count,2\n", "'age' is a measurement in line 3"),
        (HEAD + "all,,n,5\nall,g,codes,1|2\nall,g=3,count,2\n", "'g=3' is not among the codes of line 3"),
        (HEAD + "all,,n,5\nall,g,cods,1|2\nall,g=3,cunt,2\n", "line 4: there is no stat 'cunt'"),
        (HEAD + "all,a=x|y~b=yes,ppv,50.0\nall,a,codes,x|y\n", "no other code than those that count as positive"),
    ],
)
def test_a_file_of_the_wrong_form_is_refused(tmp_path, text, says):
    path = tmp_path / "margins.csv"
    path.write_text(text)
    with pytest.raises(ReplicalcError) as caught:
        read_margins(path)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (["all,,n,100", "all,g=1,count,40", "all,g=2,count,60"], ("1", "2")),
        (["all,,n,100", "all,g=1,count,40", "all,g=2,count,50"], ("1", "2", "(other)")),
        (["all,,n,100", "all,g=1,percent,33.3", "all,g=2,percent,66.7"], ("1", "2")),
        (["all,,n,100", "all,g=1,count,40", "all,g=2,count,70"], ("1", "2")),
        (["all,,n,1 182", "all,g=1,count,1 001", "all,g=2,count,181"], ("1", "2")),
        (["all,,n,100", "all,g=positive,Count,40"], ("positive", "negative")),
        (["all,,n,100", "all,g=1,count,40"], ("1", "(other)")),
        (["all,,n,100", "all,g=1,count,40", "all,g,codes,1|2|3"], ("1", "2", "3")),
    ],
)
def test_which_codes_there_are(lines, codes):
    assert margins(*lines).codes["g"] == codes


def test_steps_are_those_of_quantiles_unless_declared():
    found = margins(
        "all,,n,9", "all,a,median,2.1", "all,a,mean,2.13", "all,b,mean,50.1", "all,b,step,1", "all,c,mean,5.25"
    )
    assert found.steps == {"a": Fraction(1, 10), "b": Fraction(1), "c": Fraction(1, 100)}


def test_numbers_of_patients_with_a_share():
    lo, hi = Fraction("0.2855"), Fraction("0.2865")
    by_hand = [n for n in range(1, 400) if any(lo <= Fraction(k, n) <= hi for k in range(n + 1))]
    runs = wholes_with_share(lo, hi, 399)
    assert [n for a, b in runs for n in range(a, b + 1)] == by_hand
    assert wholes_with_share(Fraction("1.001"), Fraction("1.002"), 50) == []


def test_a_chain_of_many_variables_needs_small_tables_only():
    codes = {f"v{i}": ("yes", "no") for i in range(40)}
    made = cliques_of(codes, [frozenset({f"v{i}", f"v{i + 1}"}) for i in range(39)])
    assert max(each.size for each in made) == 4 and len(made) == 39
    assert {name for each in made for name in each.names} == set(codes)


def test_patients_of_tables_that_share_a_variable_have_both_tables():
    codes = dict(a=("x", "y"), b=("x", "y"), c=("x", "y", "z"))
    made = cliques_of(codes, [frozenset("ab"), frozenset("bc")])
    tables = [np.array([3, 4, 5, 6]), np.array([2, 2, 4, 1, 4, 5])]  # b is x in 8, y in 10
    assert [each.names for each in made] == [("a", "b"), ("b", "c")]
    found = patients_of(made, tables, np.random.default_rng(1))
    for clique, table in zip(made, tables, strict=True):
        for cell in range(clique.size):
            mask = np.ones(18, dtype=bool)
            for name in clique.names:
                mask &= found[name] == codes[name][clique.codes[name][cell]]
            assert mask.sum() == table[cell]


def test_variables_that_no_row_ties_are_independent():
    lines = ["all,,n,4000", "all,a=yes,percent,50.0", "all,b=yes,percent,30.0"]
    found = make_patients(margins(*lines), 3).columns
    both = ((found["a"] == "yes") & (found["b"] == "yes")).mean()
    assert both == pytest.approx(0.15, abs=0.02)


def test_twelve_variables_in_one_table_and_as_a_star():
    names = [f"v{i}" for i in range(12)]
    each = [f"all,{name}=yes,percent,{20 + 5 * i}.0" for i, name in enumerate(names)]
    everything = ";".join(f"{name}=yes" for name in names)
    made = make_patients(margins("all,,n,300", f"{everything},,n,3", *each), 1)
    assert sum(all(made.columns[name][i] == "yes" for name in names) for i in range(made.n)) == 3
    star = [f"v0=yes,{name}=yes,count,{5 + 4 * i}" for i, name in enumerate(names) if i]
    made = make_patients(margins("all,,n,300", *each, *star), 1)
    assert made.missed == () and len(made.checks) == 24


def test_too_many_variables_in_one_table_are_refused_in_a_sentence():
    everything = ";".join(f"v{i}=yes" for i in range(16))
    with pytest.raises(ReplicalcError, match=r"tie 16 variables together .* 65,536 combinations of codes"):
        make_patients(margins("all,,n,300", f"{everything},,n,3"), 1)


def test_without_a_number_of_patients_the_fewest_are_made():
    made = make_patients(margins("all,a=yes,percent,63.4"), 1)
    assert made.n == 41 and (made.columns["a"] == "yes").sum() == 26
    assert any("the fewest that can have" in row[1] for row in made.assumptions)
    with pytest.raises(ReplicalcError, match="no row says how many patients"):
        make_patients(margins("all,age,mean,50.1"), 1)


def test_groups_without_a_printed_size_get_one_in_which_the_values_can_be():
    """A mean of 2.5 of whole numbers is none of one or three patients; nothing says how many are in the group."""
    made = make_patients(margins("all,,n,12", "g=yes,x,mean,2.50", "g=yes,x,min,2", "g=yes,x,max,3", "all,x,step,1"), 2)
    assert made.missed == ()
    x = made.columns["x"][made.columns["g"] == "yes"].astype(int)
    assert f"{x.mean():.2f}" == "2.50"


@pytest.mark.parametrize(("last", "n"), [("all,x,sd,1.1", 2), ("all,x~y,icc,0.5", 3)])
def test_measurements_take_as_many_patients_as_they_need(last, n):
    made = make_patients(margins("grade=3,x,mean,3.2", last), seed=1)
    assert made.n == n and not any(np.isnan(c.value) for c in made.checks)
    with pytest.raises(Conflict) as caught:
        make_patients(margins(f"all,,n,{n - 1}", "all,x,mean,3.2", last), seed=1)
    assert [r.line for r in caught.value.rows] == [2, 4] and f"it takes {n} patients" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "says"),
    [("all,,n,5", "no row names a variable"), ("all,a,codes,1|2", "no row has a printed number")],
)
def test_rows_that_say_nothing_of_patients_are_refused(line, says):
    with pytest.raises(ReplicalcError, match=says):
        make_patients(margins(line), seed=1)


@pytest.mark.parametrize(
    ("lines", "below_0"),
    [
        (["all,,n,50", "all,x,mean,0.3", "all,x,sd,4.0", "all,x,step,1"], True),  # a change, of which half is negative
        (["all,,n,40", "all,x,median,2", "all,x,q1,1", "all,x,q3,3", "all,x,mean,9.1"], False),  # far to the right
    ],
)
def test_values_far_from_what_is_printed_are_looked_for_before_anything_is_called_impossible(lines, below_0):
    made = make_patients(margins(*lines), seed=1)
    assert not made.missed and (made.columns["x"].astype(float).min() < 0) == below_0


def test_a_smallest_conflict_is_proven_farther_away_too():
    """Mean and SD by themselves can be, and so can the quartile with either; the sizes name their lines."""
    lines = ["all,,n,40", "all,x,q3,3", "all,x,mean,9", "all,x,sd,1"]
    with pytest.raises(Conflict) as caught:
        make_patients(margins(*lines), seed=1)
    assert [r.line for r in caught.value.rows] == [3, 4, 5] and caught.value.minimal
    assert "all are 40 patients (line 2)" in str(caught.value) and "x from -" in str(caught.value)


def test_tables_give_way_to_measurements():
    """Medians by two factors are possible only in patients in whom the factors hang together; a random table has others."""
    lines = ["all,,n,40", "all,a=yes,count,20", "all,b=yes,count,20", "all,x,step,1"]
    lines += ["a=yes,x,max,10", "a=no,x,min,20", "b=yes,x,max,10", "b=no,x,min,20"]
    made = make_patients(margins(*lines), 1)
    assert made.missed == () and (made.columns["a"] == made.columns["b"]).all()


def test_an_agreement_that_is_not_reached_is_named_and_proves_nothing():
    """Two measurements of the same range per patient cannot have such an agreement and such means; no proof is claimed."""
    lines = [
        "all,,n,10",
        "all,x,min,1",
        "all,x,max,2",
        "all,y,min,1",
        "all,y,max,2",
        "all,x,mean,1.1",
        "all,y,mean,1.9",
    ]
    made = make_patients(margins(*lines, "all,x~y,icc,0.50", "all,x,step,1", "all,y,step,1"), 1)
    assert [each.row.stat for each in made.missed] == ["icc"]
    x, y = (made.columns[name].astype(float) for name in "xy")
    assert made.missed[0].value == pytest.approx(2 * np.cov(x, y)[0, 1] / (x.var(ddof=1) + y.var(ddof=1)))


def test_an_agreement_beyond_one_is_refused_alone():
    with pytest.raises(Conflict) as caught:
        make_patients(margins("all,,n,10", "all,x~y,icc,1.02"), 1)
    assert [row.line for row in caught.value.rows] == [3]


def test_a_conflict_names_what_it_took_for_granted():
    with pytest.raises(Conflict, match="taken for granted of g: its codes are 1, 2") as caught:
        make_patients(margins("all,,n,100", "all,g=1,count,40", "all,g=2,count,70"), 1)
    assert caught.value.minimal and {row.line for row in caught.value.rows} == {2, 3, 4}


@pytest.mark.parametrize("module", [margin_cliques, margin_tables])
def test_the_examples_in_the_docstrings_run(module):
    found = doctest.testmod(module)
    assert found.attempted and not found.failed
