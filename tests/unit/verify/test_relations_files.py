"""The relations of the five studies name what is there, and nearly everything that a paper prints is in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatchcase

import pytest
from project import ROOT

from replicalc.errors import ReplicalcError
from replicalc.records import load_checked, load_claims, validate
from replicalc.verify import which_test

STUDIES = sorted(path.parent.name for path in ROOT.glob("config/studies/*/study.yaml"))
#: Claims of the paper's own that no relation can be stated for: how many there were when the relations were written.
UNCOVERED = {"casting": 8, "doppler": 3, "nact_bone": 1, "nat_residual": 3, "us_mri": 7}

#: Keys that hold claims (ids or patterns with *), counts, and relations. What other keys hold is words and numbers.
CLAIMS = ("claims", "p", "crude", "a", "b", "estimate", "limits", "claim", "number", "greatest", "smallest", "among")
COUNTS = (
    "of",
    "at_most",
    "total",
    "parts",
    "totals",
    "n",
    "n_a",
    "n_b",
    "events",
    "exposed",
    "exposed_events",
    "count",
    "whole_of",
    "sum",
)
COUNTS += ("without", "diseased", "healthy", "positive", "negative", "greater", "equal", "zeros", "none")
RELATIONS = ("significant", "not_significant", "above_one", "below_one", "one_model", "interval", "ratio", "model")
#: Words, and names of another study's claims.
OTHERS = (("ratio", "at_most"), ("cited", "number"))
CELLS = ("tp", "fp", "fn", "tn", "diseased", "healthy", "positive", "negative", "correct", "wrong", "n")


def leaves(given: object, key: str = "", above: str = "") -> Iterator[tuple[str, str, str]]:
    """Every text below ``given`` with the key that it stands under, and the key above that."""
    if isinstance(given, dict):
        for name, value in given.items():
            yield from leaves(value, name, key)
    elif isinstance(given, list):
        for value in given:
            yield from leaves(value, key, above)
    elif isinstance(given, str):
        yield key, given, above


class Study:
    """One study's relations and claims, and what each text of a relation names."""

    def __init__(self, name: str) -> None:
        folder = ROOT / "config" / "studies" / name
        self.name = name
        self.relations = load_checked(folder / "study.yaml", "study")["relations"]
        self.rows = load_claims(folder / "claims.csv")
        self.claims = [claim.claim_id for claim in self.rows]
        self.kinds = {relation["id"]: relation["kind"] for relation in self.relations}

    def named(self, text: str) -> set[str]:
        """The claims of this id or pattern, with or without the prefix of the study."""
        return {c for c in self.claims if fnmatchcase(c, text) or fnmatchcase(c.removeprefix(f"{self.name}."), text)}

    def is_cell(self, text: str) -> bool:
        relation, _, cell = text.rpartition(".")
        return self.kinds.get(relation) == "accuracy" and cell in CELLS

    def texts(self) -> Iterator[tuple[str, str, str]]:
        """(relation, what kind of name it must be, text) for every name in the relations."""
        for relation in self.relations:
            for key, text, above in leaves({k: v for k, v in relation.items() if k not in ("id", "kind", "note")}):
                if key in ("ratios", "exclusive") or (key in RELATIONS and relation["kind"] == "statement"):
                    yield relation["id"], "relation", text
                elif (relation["kind"], key) in OTHERS:
                    continue
                elif key == "of" and above == "target":
                    yield relation["id"], "relation", text
                elif above in ("differ", "not_differ"):
                    yield relation["id"], "count", text
                elif key in CLAIMS:
                    yield relation["id"], "claim", text
                elif key in COUNTS:
                    yield relation["id"], "count", text


@pytest.fixture(params=STUDIES)
def study(request):
    return Study(request.param)


def test_each_id_stands_once_and_is_no_claim(study):
    often = [name for name, times in Counter(r["id"] for r in study.relations).items() if times > 1]
    assert not often
    assert not [name for name in study.kinds if study.named(name)]


def test_every_name_in_a_relation_is_there(study):
    """A claim or pattern fits a claim; a cell is one of an accuracy relation; a relation that is named exists."""
    missing, seen = [], 0
    for relation, wanted, text in study.texts():
        seen += 1
        there = bool(study.named(text))
        if wanted == "relation":
            # a sentence about P may name the P claim instead of a relation
            there = text in study.kinds or there
        elif wanted == "count":
            there = there or study.is_cell(text)
        if not there:
            missing.append(f"{relation}: no {wanted} '{text}'")
    assert not missing
    assert seen >= len(study.relations)


def test_relations_are_of_the_kind_that_is_asked_for(study):
    """A model is made of ratios; the interval, target and model of a sentence are what these words say."""
    kinds = {"ratios": {"ratio"}, "exclusive": {"ratio"}, "above_one": {"ratio"}, "below_one": {"ratio"}}
    kinds |= {"one_model": {"model"}, "ratio": {"ratio"}, "model": {"model"}}
    kinds |= {"interval": {"icc", "ratio", "interval"}, "target": {"accuracy"}}
    wrong = [
        f"{relation['id']}: {text} is of kind {study.kinds.get(text)}"
        for relation in study.relations
        for key, text, above in leaves({k: v for k, v in relation.items() if k not in ("id", "kind", "note")})
        for asked in [above if key == "of" and above == "target" else key]
        if asked in kinds and study.kinds.get(text) not in kinds[asked]
    ]
    assert not wrong


def test_claims_and_counts_have_the_stats_that_their_relation_takes(study):
    """A ratio is made of one estimate and its limits, an ICC likewise; a number is not declared as another kind of number."""
    allowed = {
        "shares": {"count", "n", "percent"},
        "ratio": {"or", "or_lo", "or_hi", "hr", "hr_lo", "hr_hi", "p"},
        "icc": {"icc", "icc_lo", "icc_hi"},
        "mean": {"mean", "sd", "median", "min", "max"},
        "quantiles": {"min", "q1", "median", "q3", "max"},
    }
    stats = {claim.claim_id: claim.stat for claim in study.rows}
    wrong = [
        f"{relation['id']}: {claim} is of stat {stats[claim]}"
        for relation in study.relations
        if relation["kind"] in allowed
        for key, text, _ in leaves(relation)
        if key == "claims"
        for claim in study.named(text)
        if stats[claim] not in allowed[relation["kind"]]
    ]
    assert not wrong


def test_repeats_print_the_same_kind_of_number(study):
    """A count may repeat an n, but no count a percentage."""
    counts = {"count", "n", "n_included", "fn", "fp", "tp", "tn"}
    stats = {claim.claim_id: "count" if claim.stat in counts else claim.stat for claim in study.rows}
    for relation in study.relations:
        if relation["kind"] == "repeats":
            claims = set().union(*map(study.named, relation["claims"]))
            assert len(claims) > 1, relation["id"]
            assert len({stats[claim] for claim in claims}) == 1, relation["id"]


def test_named_tests_exist(study):
    known = which_test.tests_of(None)
    assert not [(r["id"], test) for r in study.relations for test in r.get("tests", ()) if test not in known]


def test_codes_of_a_table_are_those_of_its_claims(study):
    """Each cell that is printed has a code that the table lists; totals are as many as codes."""
    places = {claim.claim_id: claim for claim in study.rows}
    for relation in study.relations:
        if relation["kind"] != "table":
            continue
        listed = {
            f"{relation[side]['variable']}={code}" for side in ("rows", "columns") for code in relation[side]["codes"]
        }
        for side in ("rows", "columns"):
            assert len(relation[side].get("totals", relation[side]["codes"])) == len(relation[side]["codes"])
        for claim in set().union(*map(study.named, relation["claims"])):
            if places[claim].stat != "p":
                parts = {places[claim].group, places[claim].variable} - {"all"}
                assert parts <= listed, f"{relation['id']}: {claim} stands at {sorted(parts)}"


def test_nearly_every_claim_is_in_a_relation(study):
    """All but those of other publications. What no relation names is listed when there is more of it than there was."""
    named = {claim for _, _, text in study.texts() for claim in study.named(text)}
    left = [claim.claim_id for claim in study.rows if claim.kind != "external" and claim.claim_id not in named]
    assert len(left) <= UNCOVERED.get(study.name, 0), "in no relation: " + ", ".join(left)


@pytest.mark.parametrize(
    ("relation", "sentence"),
    [
        ({"id": "x", "kind": "shares", "claims": ["a"], "exhaustiv": True}, "Did you mean 'exhaustive'"),
        ({"id": "x", "kind": "share", "claims": ["a"]}, "'share' is not allowed. Allowed: shares"),
        ({"id": "x", "kind": "sum", "total": {"whole": "a"}, "parts": ["b"]}, "Did you mean 'whole_of'"),
        ({"id": "x", "kind": "sum", "total": "a"}, "the key 'parts' is missing"),
        ({"id": "x", "kind": "sum", "total": "a", "parts": [1.5]}, "1.5 should be text or a whole number"),
        ({"id": "x", "kind": "ratio", "claims": "a", "measure": "risk"}, "Allowed: odds, hazard"),
        ({"id": "x.n", "kind": "repeats", "claims": ["a"]}, "does not have the form"),
        ({"kind": "repeats", "claims": ["a"]}, "the key 'id' is missing"),
    ],
)
def test_a_relation_with_a_fault_is_refused_in_a_sentence(relation, sentence):
    study = load_checked(ROOT / "config" / "studies" / "doppler" / "study.yaml", "study")
    with pytest.raises(ReplicalcError) as refused:
        validate(study | {"relations": [relation]}, "study", "study.yaml")
    assert sentence in str(refused.value)
    assert len(str(refused.value).splitlines()) == 2
