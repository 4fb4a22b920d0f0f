"""Which file of rules made which files of the archive, from what: the actions of the run crate."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from replicalc.report.machine.members import Step

RULES = "workflow/rules/{}.smk"
CONFIG = ("config/config.yaml", "data/dictionary.csv")


def steps_of(
    paths: Collection[str], pairs: list[tuple[str, str]], protected: Collection[str], sources: dict[str, list[str]]
) -> list[Step]:
    """Order the files of an archive into runs of rules, by study and cohort.

    ``paths``: all members. ``sources``: by cohort, the names of the exports that are not in the archive. What an
    archive does not hold is not named; a run of which nothing is held is left out.
    """
    made = [path for path in paths if path.startswith("results/")]
    found: list[Step] = []
    for study, cohort in pairs:
        found += _of_cohort(study, cohort, made, paths, protected, sources.get(cohort, []))
    for study in dict.fromkeys(study for study, _ in pairs):
        found += _of_study(study, made, paths)
    overview = [path for path in made if path.count("/") == 1]
    data = [path for path in made if path.startswith("results/report/data/")]
    site = [path for path in made if path.startswith("results/report/") and path not in data]
    inputs = [path for path in made if Path(path).name in ("comparison.csv", "verification.csv", "across.csv")]
    found.append(_step("all studies together", "report", inputs, [*overview, *site]))
    found.append(_step("tables for programs", "archive", [*inputs, *overview], data))
    return [step for step in found if step.outputs]


def _of_cohort(
    study: str,
    cohort: str,
    made: list[str],
    paths: Collection[str],
    protected: Collection[str],
    sources: list[str],
) -> Iterator[Step]:
    folder = f"results/{study}/{cohort}/"
    mine = [path for path in made if path.startswith(folder)]
    export = [path for path in mine if "/raw/" in path]
    record = _record(study, paths)
    mapping = [f"config/cohorts/{cohort}.yaml", f"config/studies/{study}/synthetic.yaml"]
    read = [*record, *(path for path in mapping if path in paths)]
    by_tool: dict[str, list[str]] = {}
    for path in mine:
        by_tool.setdefault(_tool(path, study, cohort in protected), []).append(path)
    tables = [
        path for path in mine if path.endswith(".csv") and Path(path).name not in ("comparison.csv", "assumptions.csv")
    ]
    for tool, outputs in by_tool.items():
        inputs = [*record, *tables] if tool in ("figures", "verify") else [*read, *export]
        yield _step(
            f"{study} on the cohort {cohort}: {tool}", tool, inputs, outputs, () if tool == "figures" else sources
        )


def _tool(path: str, study: str, protected: bool) -> str:
    """The file of rules that makes a file of a cohort."""
    name = Path(path).name
    if name.endswith((".svg", ".png")):
        return "figures"
    if name == "comparison.csv":
        return "verify"
    if protected:
        return "disclosure"
    if name.startswith("cohort_") or name.endswith((".xlsx", ".sav")):
        return "cohort"
    return study


def _of_study(study: str, made: list[str], paths: Collection[str]) -> Iterator[Step]:
    folder = f"results/{study}/"
    own = [path for path in made if path.startswith(folder)]
    alone = [path for path in own if Path(path).name in ("verification.csv", "evidence.json", "evidence.md")]
    alone += [path for path in own if path.startswith(f"{folder}certificates/")]
    across = [
        path for path in own if Path(path).name in ("across.csv", "across.html") or path.startswith(f"{folder}forests/")
    ]
    witnesses = [path for path in own if Path(path).name in ("witnesses.csv", "witnesses.md")]
    rest = [path for path in own if path.count("/") == 2 and path not in {*alone, *across, *witnesses}]
    results = [path for path in own if path.count("/") == 3 and path.endswith(".csv")]
    record = _record(study, paths)
    yield _step(f"{study} from the paper alone", "verify", record, alone)
    yield _step(f"{study} across cohorts", "across", [*record, *results], across)
    yield _step(f"{study}, what the paper leaves open", "witnesses", [*record, *results], witnesses)
    yield _step(f"{study}, published numbers pooled", "pooled", record, rest)


def _record(study: str, paths: Collection[str]) -> list[str]:
    wanted = [f"config/studies/{study}/{name}" for name in ("study.yaml", "claims.csv", "comparators.csv")]
    return [path for path in (*wanted, *CONFIG) if path in paths]


def _step(name: str, tool: str, inputs: list[str], outputs: list[str], sources: Collection[str] = ()) -> Step:
    written = set(outputs)
    return Step(
        name,
        RULES.format(tool),
        tuple(dict.fromkeys(path for path in inputs if path not in written)),
        tuple(outputs),
        tuple(sources),
    )
