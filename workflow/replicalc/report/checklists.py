"""Reporting guidelines (STROBE, STARD 2015, REMARK), item by item: what the record of a paper holds of each.

What the items ask stands in ``workflow/report/checklists/<list>.yaml``; what a paper reports stands in
``config/studies/<study>/checklists.yaml``, read in the paper by hand, or as the name of the rule of ``checklist_rules``
that finds it from the printed numbers. A judgement of reporting, never of quality. docs/methods/checklists.md says what
the states mean.

    from replicalc.report.checklists import checklists
    for applied in checklists("nat_residual").applied:
        print(applied.checklist.name, applied.counts())
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all
from replicalc.job import job, write_text
from replicalc.records import load_checked, load_claims, load_dictionary, read_csv
from replicalc.report.checklist_rules import NOTHING, PARTLY, REPORTED, Evidence, find
from replicalc.table import safe_csv

LISTS = ("strobe", "stard", "remark")
FOLDER = Path("workflow/report/checklists")
ABSENT, NOT_APPLICABLE, CANNOT_TELL = "absent", "not_applicable", "cannot_tell"
#: The states of an item, with the words that people see.
STATES = {
    REPORTED: "reported",
    PARTLY: "partly reported",
    ABSENT: "not found",
    NOT_APPLICABLE: "does not apply",
    CANNOT_TELL: "cannot be told from this copy",
}
#: What an answer in each state must say, and what else it may say.
NEEDED = {REPORTED: ("place",), PARTLY: ("place", "missing"), ABSENT: (), NOT_APPLICABLE: ("reason",), CANNOT_TELL: ()}
ALLOWED = {
    REPORTED: ("quote", "claims", "note"),
    PARTLY: ("quote", "claims", "note"),
    ABSENT: ("note",),
    NOT_APPLICABLE: ("note",),
    CANNOT_TELL: ("lost", "note"),
}
FOR_DERIVED = ("derived", "with", "place", "quote", "claims", "missing", "note")


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a guideline: its number, the parts of a paper where it is looked for, what it asks in our words."""

    item: str
    where: tuple[str, ...]
    topic: str
    asks: str


@dataclass(frozen=True, slots=True)
class Checklist:
    """A reporting guideline. ``n_items`` counts numbered items; 1a and 1b are parts of one."""

    checklist: str
    name: str
    title: str
    year: int
    doi: tuple[str, ...]
    used_for: str
    n_items: int
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the record of a paper holds of one item.

    ``derived`` names the rule that found the state, or is empty for an answer given by hand. ``verdicts`` counts the
    verdicts of verification.csv for the claims behind it. ``sentence`` says all of it but the quote.
    """

    item: Item
    state: str
    sentence: str
    derived: str = ""
    place: str = ""
    quote: str = ""
    claims: tuple[str, ...] = ()
    verdicts: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Applied:
    """A guideline that applies to a study: why, and one answer for each item, in the order of the guideline."""

    checklist: Checklist
    why: str
    answers: tuple[Answer, ...]

    def counts(self) -> dict[str, int]:
        """How many items are in each state, every state named."""
        found = Counter(answer.state for answer in self.answers)
        return {state: found[state] for state in STATES}


@dataclass(frozen=True, slots=True)
class StudyChecklists:
    """All guidelines of a study. ``copy_kind`` is article, extract or abstract; ``copy_note`` says what the copy lacks.

    ``subject`` is what the answers are about where that is not the paper itself. ``not_applied``: (guideline, reason).
    """

    study: str
    subject: str
    copy_kind: str
    copy_note: str
    applied: tuple[Applied, ...]
    not_applied: tuple[tuple[Checklist, str], ...]


COLUMNS = (
    "study",
    "checklist",
    "item",
    "topic",
    "asks",
    "state",
    "derived",
    "place",
    "quote",
    "sentence",
    "claims",
    "verdicts",
)


def checklists(study: str, root: str | Path = ".") -> StudyChecklists:
    """Read and judge the guidelines of one study from the files of the project in ``root``.

    Needs results/<study>/verification.csv. Raises ReplicalcError for anything that does not fit together.
    """
    root = Path(root)
    folder = root / "config" / "studies" / study
    return judge(
        folder / "checklists.yaml",
        folder / "claims.csv",
        root / "results" / study / "verification.csv",
        root / "data" / "dictionary.csv",
        [root / FOLDER / f"{name}.yaml" for name in LISTS],
    )


@job
def write_checklists(answers, claims, verification, dictionary, lists, table, page):
    """Write the answers of one study as a table (CSV, one item a row) and as a page for people (Markdown)."""
    made = judge(answers, claims, verification, dictionary, lists)
    write_text(table, safe_csv(as_rows(made), COLUMNS))
    write_text(page, as_page(made))


def load_list(path: str | Path) -> Checklist:
    """Read what a guideline asks. Raises ReplicalcError where an item stands twice or the numbers are not complete."""
    data = load_checked(path, "checklist")
    items = tuple(Item(**{**each, "where": tuple(each["where"])}) for each in data["items"])
    names = [item.item for item in items]
    problems = [f"item {name} stands {n} times" for name, n in Counter(names).items() if n > 1]
    numbers = {int(name.rstrip("abcde")) for name in names}
    if numbers != set(range(1, data["n_items"] + 1)):
        problems.append(f"the items should be numbered 1 to {data['n_items']} without a gap")
    if Path(path).stem != data["checklist"]:
        problems.append(f"the list is called '{data['checklist']}' and the file is not")
    fail_with_all(f"{path}:", problems)
    return Checklist(**{**data, "doi": tuple(data["doi"]), "items": items})


def judge(answers, claims, verification, dictionary, lists) -> StudyChecklists:
    """Read the answers of a study, hold them against guidelines and claims, and derive what is to be derived.

    All arguments are paths; ``lists`` has one for each guideline. Raises one ReplicalcError that names every fault: an
    item without an answer or with an unknown number, a place or claim that the record does not have, a guideline that
    is neither applied nor excused, an item called absent in a part of the paper that the copy does not hold.
    """
    data = load_checked(answers, "checklists")
    guidelines = {each.checklist: each for each in map(load_list, lists)}
    known = tuple(load_claims(claims))
    verified = {row["claim_id"]: row for row in read_csv(verification)}
    record = Evidence(data["study"], known, verified, frozenset(load_dictionary(dictionary)))
    if without := [claim.claim_id for claim in known if claim.claim_id not in verified]:
        raise ReplicalcError(f"{verification} has no row for {without[0]}; run the workflow again")
    if wrong := [claim.claim_id for claim in known if not claim.claim_id.startswith(f"{data['study']}.")]:
        raise ReplicalcError(f"{answers} is about {data['study']}; {claims} has {wrong[0]}")
    problems = _faults_of_lists(data, guidelines)
    fail_with_all(f"{answers}:", problems)
    places = {claim.location for claim in known} | set(data["copy"]["places"])
    made: dict[str, Applied] = {}
    for name, given in data["applied"].items():
        found = []
        for item in guidelines[name].items:
            where = f"{name}, item {item.item}"
            if item.item not in given["answers"]:
                problems.append(f"{where}: no answer")
                continue
            try:
                found.append(_answer(item, given["answers"][item.item], data["copy"], places, record))
            except ReplicalcError as error:
                problems.append(f"{where}: {error}")
        items = [item.item for item in guidelines[name].items]
        problems += [
            f"{name} has no item {item}.{did_you_mean(item, items)}" for item in given["answers"] if item not in items
        ]
        made[name] = Applied(guidelines[name], given["why"], tuple(found))
    fail_with_all(f"{answers}:", problems)
    excused = data.get("not_applied", {})
    return StudyChecklists(
        data["study"],
        data.get("subject", ""),
        data["copy"]["kind"],
        data["copy"]["note"],
        tuple(made[name] for name in guidelines if name in made),
        tuple((guidelines[name], excused[name]) for name in guidelines if name in excused),
    )


def _faults_of_lists(data: Mapping, guidelines: Mapping[str, Checklist]) -> list[str]:
    """Each guideline is applied, or excused with a reason, and not both."""
    applied, excused = data["applied"], data.get("not_applied", {})
    faults = [f"no guideline is called '{name}'" for name in (*applied, *excused) if name not in guidelines]
    faults += [f"{name} is both applied and not applied" for name in applied if name in excused]
    faults += [f"{name} is neither applied nor excused" for name in guidelines if name not in (*applied, *excused)]
    return faults


def _answer(item: Item, given: Mapping, copy: Mapping, places: set[str], record: Evidence) -> Answer:
    """Check one answer and complete it. Raises ReplicalcError with one sentence."""
    if ("state" in given) == ("derived" in given):
        raise ReplicalcError("either 'state' or 'derived' is needed, not both")
    if "place" in given and given["place"] not in places:
        hint = did_you_mean(given["place"], sorted(places))
        raise ReplicalcError(f"'{given['place']}' is neither a location of claims.csv nor a place of this file.{hint}")
    if "quote" in given and "place" not in given:
        raise ReplicalcError("a quote needs its 'place'")
    held = set(item.where) <= set(copy["holds"])
    behind = record.named(given["claims"]) if "claims" in given else ()
    if "derived" in given:
        _check_keys(given, FOR_DERIVED, "a derived answer")
        finding = find(given["derived"], record, given.get("with", {}))
        state = finding.state
        if state == NOTHING:
            state, parts = (ABSENT if held else CANNOT_TELL), [finding.words]
        else:
            state = PARTLY if "missing" in given else state
            parts = [finding.words, *([given["missing"]] if "missing" in given else [])]
            if "place" not in given:
                raise ReplicalcError("the rule finds something in the paper; 'place' is needed")
        behind = tuple(dict.fromkeys((*finding.claims, *behind)))
    else:
        state = given["state"]
        _check_keys(given, ("state", *NEEDED[state], *ALLOWED[state]), f"an item that is '{state}'")
        if lacking := [key for key in NEEDED[state] if key not in given]:
            raise ReplicalcError(f"an item that is '{state}' needs '{lacking[0]}'")
        if state == ABSENT and not held:
            unknown = ", ".join(part for part in item.where if part not in copy["holds"])
            raise ReplicalcError(f"cannot be called absent: the copy does not hold {unknown}. Say cannot_tell")
        if state == CANNOT_TELL and held and "lost" not in given:
            raise ReplicalcError(f"the copy holds {', '.join(item.where)}; say with 'lost' what is not in it")
        parts = [given[key] for key in ("missing", "reason", "lost") if key in given]
    verdicts = Counter(record.verification[claim.claim_id]["verdict"] for claim in behind)
    return Answer(
        item,
        state,
        _sentence(state, given, parts, copy["note"]),
        given.get("derived", ""),
        given.get("place", "") if state in (REPORTED, PARTLY) else "",
        given.get("quote", ""),
        tuple(claim.claim_id for claim in behind),
        tuple(sorted(verdicts.items())),
    )


def _check_keys(given: Mapping, allowed: tuple[str, ...], what: str) -> None:
    if extra := [key for key in given if key not in allowed]:
        raise ReplicalcError(f"{what} has no '{extra[0]}'")


def _sentence(state: str, given: Mapping, parts: list[str], note_on_copy: str) -> str:
    """Say an answer in words, neutral and without the name of the item."""
    told = "; ".join(parts)
    if state == REPORTED:
        text = f"Reported ({given['place']}){f': {told}' if told else ''}."
    elif state == PARTLY:
        text = f"Partly reported ({given['place']}): {told}."
    elif state == ABSENT:
        text = f"Not found{f': {told}' if told else ''}."
    elif state == NOT_APPLICABLE:
        text = f"Does not apply: {told}."
    else:
        text = f"Cannot be told: {told}." if told else "Cannot be told."
        text = text if "lost" in given else f"{text} {note_on_copy}"
    return f"{text} Note: {given['note']}." if "note" in given else text


def as_rows(made: StudyChecklists) -> list[list[str]]:
    """One row an item, columns as in ``COLUMNS``; claims parted by blanks, verdicts by semicolons."""
    return [
        [
            made.study,
            applied.checklist.checklist,
            answer.item.item,
            answer.item.topic,
            answer.item.asks,
            answer.state,
            answer.derived,
            answer.place,
            answer.quote,
            answer.sentence,
            " ".join(answer.claims),
            "; ".join(f"{verdict} {n}" for verdict, n in answer.verdicts),
        ]
        for applied in made.applied
        for answer in applied.answers
    ]


def as_page(made: StudyChecklists) -> str:
    """The same for people, as Markdown."""
    lines = [
        f"# {made.study}: reporting guidelines, item by item",
        "",
        "What the record of the paper holds of each item: a judgement of reporting, not of the quality of the study.",
        f"{made.copy_note}{f' The answers are about {made.subject}.' if made.subject else ''}",
        "An item that this copy cannot show is never called missing. States and rules: `docs/methods/checklists.md`.",
        "",
    ]
    for applied in made.applied:
        about = applied.checklist
        told = ", ".join(f"{n} {STATES[state]}" for state, n in applied.counts().items() if n)
        links = ", ".join(f"[doi:{doi}](https://doi.org/{doi})" for doi in about.doi)
        lines += [
            f"## {about.name}",
            "",
            f"{about.title} ({links}); {about.n_items} items. Applied because: {applied.why}.",
            "",
            f"Of {len(applied.answers)} items and parts of items: {told}.",
            "",
            "| item | asks | state | what the record holds | claims behind it |",
            "|---|---|---|---|---|",
        ]
        for each in applied.answers:
            quote = f" “{each.quote}”" if each.quote else ""
            judged = f" (from claims, rule {each.derived})" if each.derived else ""
            behind = ", ".join(f"{n} {verdict}" for verdict, n in each.verdicts)
            cells = (
                each.item.item,
                f"{each.item.topic}: {each.item.asks}",
                STATES[each.state] + judged,
                each.sentence + quote,
                behind,
            )
            lines.append(f"| {' | '.join(map(_cell, cells))} |")
        lines.append("")
    if made.not_applied:
        lines += ["## Not applied", ""]
        lines += [f"- {about.name} ({about.used_for}): {_cell(reason)}." for about, reason in made.not_applied]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text for a cell of a Markdown table: no HTML, no new column, no line break, no marks of emphasis or links."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for sign in "\\`|*_[]":
        text = text.replace(sign, f"\\{sign}")
    return text
