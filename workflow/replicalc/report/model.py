"""What the report is made of: plain frozen records, gathered once (``gathering``) and handed to the templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replicalc.report.checklists import StudyChecklists
    from replicalc.report.openness import Openness


@dataclass(frozen=True, slots=True)
class OnCohort:
    """What a claim came to on one cohort; ``kind`` is synthetic or real."""

    cohort: str
    kind: str
    replicated: str
    n: str
    verdict: str
    note: str


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A printed number with its verdict from the paper alone and on each cohort."""

    study: str
    claim_id: str
    result: str
    location: str
    kind: str
    reported: str
    label: str
    group: str
    variable: str
    stat: str
    recomputed: str
    verdict: str
    method: str
    solutions: str
    evidence: str
    repair: str
    note: str
    cohorts: tuple[OnCohort, ...]

    @property
    def short(self) -> str:
        """The id without its study."""
        return self.claim_id.removeprefix(f"{self.study}.")


@dataclass(frozen=True, slots=True)
class Function:
    """The one function of the package that a rule calls, and what it reaches."""

    name: str
    file: str
    line: int
    text: str
    reaches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as its file has it; ``parent`` is the rule that it inherits files and function from."""

    name: str
    file: str
    line: int
    text: str
    doc: str
    parent: Rule | None
    function: Function | None


@dataclass(frozen=True, slots=True)
class Source:
    """A file that went in, with the sha256 of its bytes (empty where it is not there)."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TestRow:
    """A P value of a result on a cohort: by the test that the study is read to use, or by another.

    ``prints`` is how it prints where the paper prints a P, ``agrees`` whether that is what is printed.
    """

    __test__ = False  # not a test of pytest's

    cohort: str
    place: str
    method: str
    p: str
    named: bool
    warning: str
    printed: str = ""
    prints: str = ""
    agrees: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """A result computed on one cohort: the command, the files, the log, the statistics."""

    cohort: str
    kind: str
    file: str
    command: str
    log_file: str
    log: str
    seconds: str
    inputs: tuple[Source, ...]
    sha256: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class NamedTest:
    """What the Methods name for a result, and the reading where the paper leaves it open."""

    name: str
    used_for: str
    reading: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An outside script that a module of statistics is held against; ``script`` is empty where there is none.

    ``functions`` are called by the tests that read the script's output, ``through`` are reached by those.
    """

    module: str
    script: str
    computed_with: str
    functions: tuple[str, ...]
    through: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A plain table; ``total`` is the number of rows where some are not shown."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int = 0


@dataclass(frozen=True, slots=True)
class Relation:
    """What ties printed numbers together, and what follows: sentences and tables of the verification."""

    id: str
    kind: str
    note: str
    lines: tuple[str, ...]
    tables: tuple[Table, ...]
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing, already cleaned for standing inside a page; ``cohort`` is 'published' where no patients are in it."""

    name: str
    study: str
    cohort: str
    doc: str
    file: str
    anchor: str
    svg: str
    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A table block, sentence or figure of a paper: its claims, its rule, its runs."""

    name: str
    study: str
    rule: Rule
    claims: tuple[ClaimRow, ...]
    named: tuple[NamedTest, ...]
    tests: tuple[TestRow, ...]
    relations: tuple[Relation, ...]
    runs: tuple[Run, ...]
    figures: tuple[Figure, ...]
    #: What holds the statistics that the function can reach; None where the tests do not lie beside the run.
    references: tuple[Reference, ...] | None = None
    #: The result over several synthetic cohorts, where the run has them.
    witnesses: Table | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One printed number in a cell of a rebuilt table."""

    claim: ClaimRow
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A table of the paper made again from its claims: a cell is one or more printed numbers."""

    title: str
    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[Mark, ...], ...]], ...]
    below: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What a reviewer should see first: claims with one verdict for one reason, and a sentence to paste."""

    study: str
    verdict: str
    claims: tuple[ClaimRow, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Part:
    """A cohort as one study uses it."""

    study: str
    flow: Table
    checks: Table
    missing: tuple[tuple[str, int, int], ...]
    assumptions: Table
    disclosure: Table
    forests: tuple[Figure, ...]
    across: Table
    #: Results of the whole cohort, before the study leaves anybody out; no printed number belongs to them.
    whole: tuple[tuple[Rule, Run], ...] = ()


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort of the run: who is in it, how it was read or made, what each study sees of it."""

    name: str
    kind: str
    title: str
    caveat: str
    data: str
    sources: Table
    mapping: Table
    protection: str
    parts: tuple[Part, ...]
    #: When the patients were seen, as the file of the cohort says.
    period: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A proof: what is claimed, why it cannot be, how to check it by hand and by a script.

    ``kept``: file of the whole proof, which ``static/check_proof.py`` adds up; empty where the script says it all.
    """

    study: str
    title: str
    anchor: str
    claims: tuple[ClaimRow, ...]
    evidence: str
    repair: str
    note: str
    explained: tuple[str, ...]
    relation: Relation | None
    script: str
    tables: tuple[Table, ...] = ()
    by_hand: tuple[str, ...] = ()
    hand_tables: tuple[Table, ...] = ()
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Study:
    """A paper: what its record says, its results, its tables rebuilt, what nothing covers."""

    name: str
    about: dict
    notes: str
    counts: dict[str, int]
    checkable: int
    cohorts: dict[str, dict[str, int]]
    results: tuple[Result, ...]
    tables: tuple[Rebuilt, ...]
    sentences: tuple[tuple[str, tuple[ClaimRow, ...]], ...]
    figures: tuple[Figure, ...]
    flows: tuple[tuple[str, Table], ...]
    uncovered: tuple[ClaimRow, ...]
    #: Reporting guidelines; None where none is recorded for the study.
    checklists: StudyChecklists | None = None
    #: What the paper leaves open; None where the run has one synthetic cohort.
    openness: Openness | None = None

    @property
    def claims(self) -> list[ClaimRow]:
        """All claims of the study, result by result."""
        return [claim for result in self.results for claim in result.claims]


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that the pages show."""

    version: str
    seed: int
    line: str
    kinds: dict[str, str]
    studies: tuple[Study, ...]
    cohorts: tuple[Cohort, ...]
    findings: tuple[Finding, ...]
    certificates: tuple[Certificate, ...]
    left_out: tuple[dict[str, str], ...]
    software: tuple[tuple[str, str], ...]
    withheld: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def coverage(self) -> dict[str, int]:
        """How many claims have a value on a real cohort."""
        claims = [claim for study in self.studies for claim in study.claims]
        evaluated = [c for c in claims if any(on.kind == "real" and on.verdict != "not_evaluable" for on in c.cohorts)]
        return {"claims": len(claims), "real": len(evaluated)}
