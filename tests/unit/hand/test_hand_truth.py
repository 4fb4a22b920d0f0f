"""What the sentence for a review asserts holds: no claim is left out of it, and nothing in it goes beyond the search."""

import itertools
from fractions import Fraction

import pytest
from by_hand import answer, run


def test_a_size_that_is_unique_only_up_to_this_programs_own_bound_is_not_called_the_only_one():
    """10 of 493 is 2.02840 %, and so is 20 of 986, which lies above the 500 that are tried unasked."""
    free = answer("recover counts --percent 2.02840")
    assert [s["n"] for s in free["solutions"]] == [493] and Fraction(10, 493) == Fraction(20, 986)
    assert free["verdict"] == "underdetermined"
    assert "Of the groups of 1 to 500, only one of 493" in free["sentence"] and "doubled" in free["notes"][0]
    assert answer("recover counts --percent 2.02840 --n-max 500")["verdict"] == "exact"
    # a printed count leaves no room for larger groups, whoever gave the bound
    assert answer("recover counts --percent a=2.02840 --known a=10")["verdict"] == "exact"


def test_a_table_that_is_unique_only_up_to_this_programs_own_bound_is_not_called_the_only_one():
    line = "recover two-by-two --sensitivity 99.8753 --specificity 99.8770 --ppv 99.8753"
    free, bounded = answer(line), answer(f"{line} --n-max 2000")
    assert [free["n_solutions"], bounded["n_solutions"]] == [1, 1]
    assert (free["verdict"], bounded["verdict"]) == ("underdetermined", "exact")
    assert "2000 were not tried" in free["notes"][0]


@pytest.mark.parametrize("line", ["counts --percent 33.3 --n-min 900", "two-by-two --sensitivity 80 --n-min 2500"])
def test_a_smallest_size_above_all_that_are_tried_is_no_single_size(line):
    code, _, err = run(f"recover {line}")
    assert code == 2 and "give --n-max too" in err


def test_what_is_known_beside_the_percentages_stands_in_the_sentence():
    """Of 500 sizes, 250 have 50 %; only the count makes it one."""
    assert "(5 a)" in answer("recover counts --percent a=50 --known a=5 --n-max 90")["sentence"]
    assert "add up to 5;" in answer("recover counts --percent a=50 --known-sum 5 --n-max 90")["sentence"]


def test_where_no_measure_can_stand_each_is_told_with_what_it_would_read():
    """All counts of 8 over 8 are tried by hand: none prints 0.5, and 0 of 8 comes nearest."""
    assert all(round(100 * k / 8, 1) != 0.5 for k in range(9))
    assert answer("recover two-by-two --n 8 --prevalence 0.5")["repair"] == "prevalence 0.0 instead of 0.5"
    both = answer("recover two-by-two --n 13 --fnr 16.5 --ppv 83,1")
    shares = {f"{100 * a / b:.1f}" for a, b in itertools.product(range(14), range(1, 14)) if a <= b}
    assert not shares & {"16.5", "83.1"} and {"16.7", "83.3"} <= shares
    assert "ppv 83.3 instead of 83,1 and fnr 16.7 instead of 16.5" in both["repair"]


def test_a_range_of_many_sizes_keeps_its_proof_and_its_repair():
    """The proof takes a second; the search for the nearest tables would have to visit more than is allowed."""
    line = "recover two-by-two --n-max 2000 --sensitivity 85.2 --specificity 77.7 --ppv 62.7 --npv 12.3"
    found = answer(line)
    assert found["verdict"] == "impossible" and " instead of " in found["repair"]
