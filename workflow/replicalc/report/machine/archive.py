"""One zip to upload with a paper: report, data, run crate, CODECHECK file, configuration, workflow, logs; no patients.

Members are sorted, all of one date and mode, so the same project gives the same bytes. Which files may go in:
``shareable``. Who reads the zip finds in ARCHIVE.md what was left out, and why.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from replicalc.disclosure.settings import PRIVATE
from replicalc.errors import ReplicalcError
from replicalc.job import job, whole_file
from replicalc.records import load_checked, read_csv
from replicalc.registry import is_synthetic
from replicalc.report.machine.about import load_about, software
from replicalc.report.machine.codecheck import CODECHECK, codecheck
from replicalc.report.machine.crate import METADATA, crate
from replicalc.report.machine.members import Member
from replicalc.report.machine.shareable import SMALL, files_below, may_leave, refuse_private
from replicalc.report.machine.steps import steps_of

README, SUMS = "ARCHIVE.md", "SHA256SUMS"
#: What a rerun needs besides workflow/ and the configuration.
PROJECT = (
    "Snakefile", "Makefile", "pyproject.toml", "uv.lock", "environment.yml", "README.md", "LICENSE", "CITATION.cff",
    "data/dictionary.csv", "data/sources.csv", "profiles/default/config.yaml",
)  # fmt: skip
#: Endings of the workflow's own files; anything else that lies below workflow/ is not ours to send.
SOURCE = {".smk", ".py", ".yaml", ".yml", ".json", ".j2", ".css", ".js", ".rst", ".svg", ".html"}
#: All of a zip's members are of the first day that the format knows.
FIRST_DAY = (1980, 1, 1, 0, 0, 0)
#: The last line of the log of a job that went well; a log that stops otherwise may quote values in a traceback.
WENT_WELL = re.compile(r"^done in [0-9.]+ s\n?\Z", re.MULTILINE)


@job
def archive(files, out, *, pairs, protected, settings, docs, date=""):
    """Write the archive.

    ``files`` has results, study_results, overview, report (lists of paths) and synthetic (exports of synthetic
    patients). ``pairs``: (study, cohort) of the run. ``protected``: cohorts under disclosure control. ``settings``:
    what the run was configured with. ``docs``: what each rule says of itself, by name. ``date``: see ``load_about``.

    Raises ReplicalcError where a file that was asked for lies on a private side or holds patients who are not
    synthetic.
    """
    refuse_private([path for given in files.values() for path in given])
    _refuse_patients(files, protected)
    pairs, protected = [tuple(pair) for pair in pairs], set(protected)
    about = load_about("CITATION.cff", date)
    members, left_out = _members(files, pairs, protected)
    members = sorted(members, key=lambda member: member.path)
    paths = [member.path for member in members]
    known, names = _sources(pairs, protected)
    steps = steps_of(paths, pairs, protected, names)
    made = {path for step in steps for path in step.outputs}
    outputs = [(member, _comment(member.path, docs)) for member in members if member.path in made]
    studies = dict.fromkeys(study for study, _ in pairs)
    cited = [load_checked(f"config/studies/{study}/study.yaml", "study")["citation"] for study in studies]
    source = "Printed numbers of " + "; ".join(_cited(each) for each in cited)
    members.append(Member(README, _readme(about, members, left_out).encode()))
    members.append(Member(CODECHECK, codecheck(outputs, about, source).encode()))
    told = {name: str(value) for name, value in settings.items()}
    members.sort(key=lambda member: member.path)
    described = crate(members, steps, about, software(), told, known)
    members.append(Member(METADATA, described.encode()))
    members.sort(key=lambda member: member.path)
    members.append(Member(SUMS, "".join(f"{member.sha256}  {member.path}\n" for member in members).encode()))
    with whole_file(out) as temporary:
        temporary.write_bytes(zipped(members))


def zipped(members: list[Member]) -> bytes:
    """Zip members sorted by path, all of one date and mode. Raises ReplicalcError where a path stands twice."""
    paths = [member.path for member in members]
    if len(set(paths)) < len(paths):
        raise ReplicalcError(f"archive: {next(p for p in paths if paths.count(p) > 1)} stands twice")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member in sorted(members, key=lambda member: member.path):
            info = zipfile.ZipInfo(member.path, FIRST_DAY)
            info.create_system = 3  # Unix, on whatever system this runs
            info.external_attr = 0o100644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.data)
    return buffer.getvalue()


def _refuse_patients(files: dict[str, list[str]], protected: list[str]) -> None:
    """Raise ReplicalcError where patients are asked for who are not synthetic, by the cohort's name and its file."""
    for path in files["synthetic"]:
        study, cohort = Path(path).parts[1:3]
        about = load_checked(f"config/studies/{study}/synthetic.yaml", "cohort")
        if not is_synthetic(cohort) or cohort in protected or about["kind"] != "synthetic":
            raise ReplicalcError(f"{path}: these patients are not synthetic; they may not be archived")


def _members(
    files: dict[str, list[str]], pairs: list[tuple[str, str]], protected: set[str]
) -> tuple[list[Member], list[tuple[str, str]]]:
    """Read what may leave; beside it what was left out (what, why)."""
    small = frozenset(path for path in files["synthetic"] if Path(path).stat().st_size <= SMALL)
    members: dict[str, Member] = {}
    left_out = list(_left_out(pairs, protected))
    left_out += [
        (path, f"synthetic patients, but more than {SMALL:,} bytes; made again by the workflow")
        for path in files["synthetic"]
        if path not in small
    ]
    wanted = [path for path in PROJECT if Path(path).is_file()]
    wanted += [path for path in files_below("workflow") if Path(path).suffix in SOURCE]
    wanted += _configuration(pairs, protected)
    wanted += [path for group in ("results", "study_results", "overview", "report") for path in files[group]]
    wanted += files_below("results/report")
    wanted += [path for path in files["synthetic"] if path in small]
    for path in dict.fromkeys(wanted):
        if Path(path).is_dir():
            wanted_below = files_below(path)
        else:
            wanted_below = [path]
        for each in wanted_below:
            why = may_leave(each, small)
            if why:
                left_out.append((_without_private(each), why))
            else:
                members[each] = Member(each, Path(each).read_bytes())
    for log in _logs(list(members)):
        why = may_leave(log)
        data = Path(log).read_bytes()
        if not why and not WENT_WELL.search(data.decode("utf-8", "replace")):
            why = "the log of a job that did not end well"
        if why:
            left_out.append((log, why))
        else:
            members[log] = Member(log, data)
    return list(members.values()), left_out


def _without_private(path: str) -> str:
    """Name a refused file by its folder at most: names of files on a private side are nobody's business."""
    parts = Path(path).parts
    cut = next((i for i, part in enumerate(parts) if PRIVATE in part.casefold()), None)
    return path if cut is None else "/".join(parts[: cut + 1])


def _configuration(pairs: list[tuple[str, str]], protected: set[str]) -> list[str]:
    """The files that configured the run. That of a protected cohort describes a hospital's export and its totals."""
    studies = dict.fromkeys(study for study, _ in pairs)
    found = ["config/config.yaml", "config/cohorts/TEMPLATE.yaml"]
    for study in studies:
        names = ("study.yaml", "claims.csv", "NOTES.md", "synthetic.yaml", "comparators.csv", "checklists.yaml")
        found += [f"config/studies/{study}/{name}" for name in names]
    cohorts = dict.fromkeys(cohort for _, cohort in pairs if not is_synthetic(cohort) and cohort not in protected)
    found += [f"config/cohorts/{cohort}.yaml" for cohort in cohorts]
    return [path for path in found if Path(path).is_file()]


def _logs(paths: list[str]) -> Iterator[str]:
    """The logs of the jobs that made files of the archive: ``logs/<as in results>/<name>.log``, where there is one."""
    seen = set()
    for path in paths:
        if not path.startswith("results/"):
            continue
        at = Path("logs", *Path(path).parts[1:])
        for log in (at.with_suffix(".log"), at.parent / "synthesise.log", at.parent.parent / f"{at.parent.name}.log"):
            if log.is_file() and not log.is_symlink() and log not in seen:
                seen.add(log)
                yield str(log)
    for log in ("logs/gather.log", "logs/data.log"):
        if Path(log).is_file():
            yield log


def _left_out(pairs: list[tuple[str, str]], protected: set[str]) -> Iterator[tuple[str, str]]:
    """What is never in an archive."""
    for cohort in dict.fromkeys(cohort for _, cohort in pairs):
        if cohort in protected:
            yield (
                f"cohort {cohort}: patients, unsuppressed tables, their logs and config/cohorts/{cohort}.yaml",
                "protected; its private side was not read, and the cohort file describes a hospital's export",
            )
        elif is_synthetic(cohort):
            yield f"cohort {cohort}: steps/, cohort.parquet", "synthetic patients; made again from raw/ by the workflow"
        else:
            yield (
                f"cohort {cohort}: steps/, cohort.parquet and the export",
                "real patients; data/sources.csv says where",
            )
    yield "docs/, tests/, benchmarks/", "not needed to run the workflow; they are in its repository"


def _sources(pairs: list[tuple[str, str]], protected: set[str]) -> tuple[dict[str, dict], dict[str, list[str]]]:
    """The exports that stay where they are: what is known of each, and the names of each cohort's."""
    rows = read_csv("data/sources.csv")
    known: dict[str, dict] = {}
    names: dict[str, list[str]] = {}
    for cohort in dict.fromkeys(cohort for _, cohort in pairs if not is_synthetic(cohort)):
        if cohort in protected:
            known[cohort] = {
                "name": f"export of the cohort {cohort}",
                "description": "patients; not part of the archive",
            }
            names[cohort] = [cohort]
            continue
        for number, row in enumerate((row for row in rows if row["cohort"] == cohort), 1):
            name = f"{cohort}-{number}"
            names.setdefault(cohort, []).append(name)
            known[name] = {
                "name": row["file"],
                "description": f"public data of {row['publisher']}; not part of the archive",
                "license": row["licence"],
                "url": {"@id": row["download"]},
                "identifier": f"https://doi.org/{row['doi']}",
                "contentSize": row["bytes"],
                "sha256": row["sha256"],
            }
    return known, names


def _comment(path: str, docs: dict[str, str]) -> str:
    """What an output is: the sentence of its rule, and the cohort."""
    parts = Path(path).parts
    told = docs.get(Path(path).stem, "") or OVERVIEW.get(Path(path).name, "")
    if not told and "data" in parts:
        told = "table for programs; its columns are in dictionary.csv"
    if not told and "raw" in parts:
        told = "synthetic patients, as a hospital would export them"
    if not told and parts[-2:-1] == ("certificates",):
        told = "what was asked of a model, and the proof that no patients have it, where there is one"
    where = f"{parts[1]}, cohort {parts[2]}: " if len(parts) > 3 and parts[1] != "report" else ""
    if parts[2:3] in (("certificates",), ("forests",)):
        where = f"{parts[1]}: "  # these stand beside the cohorts, and are of none or of all
    return f"{where}{told or 'part of the report'}"


#: What files are whose name is not that of a rule.
OVERVIEW = {
    "claims.csv": "every printed number with its verdicts",
    "summary.json": "verdicts counted by study and cohort",
    "report.html": "every printed number with the way to its result, log and rule",
    "comparison.csv": "every printed number against this cohort",
    "disclosure.csv": "how many numbers were withheld, by rule",
    "assumptions.csv": "what was assumed to make the synthetic patients",
    "verification.csv": "every printed number from the paper alone",
    "evidence.json": "evidence of the verdicts from the paper alone",
    "evidence.md": "evidence of the verdicts from the paper alone",
    "across.csv": "the paper against every cohort",
    "across.html": "the paper against every cohort, drawn",
    "witnesses.csv": "what the paper leaves open",
    "witnesses.md": "what the paper leaves open",
}


def _cited(citation: dict) -> str:
    doi = f" https://doi.org/{citation['doi']}" if citation.get("doi") else ""
    year = f" ({citation['year']})" if citation.get("year") else ""
    return f"{citation['title']}{year}{doi}"


def _readme(about, members: list[Member], left_out: list[tuple[str, str]]) -> str:
    folders: dict[str, list[Member]] = {}
    for member in members:
        folders.setdefault(member.path.split("/")[0] if "/" in member.path else ".", []).append(member)
    parts = "\n".join(
        f"| {folder} | {len(mine)} | {sum(len(m.data) for m in mine):,} |" for folder, mine in sorted(folders.items())
    )
    without = "\n".join(f"- {what}: {why}" for what, why in dict.fromkeys(left_out))
    start = next(
        (m.path for m in members if m.path in ("results/report/index.html", "results/report.html")), "results/"
    )
    return f"""# {about.title}

Version {about.version}; date {about.date} ({about.dated}); licence of the workflow {about.licence}.

Start at `{start}`. Tables for programs: `results/report/data/` (`dictionary.csv` says what each column means).
`{METADATA}` (Workflow Run RO-Crate) says what was made by what from what, `{CODECHECK}` lists the outputs to be
made again.
`sha256sum --check {SUMS}` checks every file. To run it again: `make results` (Python 3.11 or newer).

| folder | files | bytes |
|---|---|---|
{parts}

## Left out

{without}
"""
