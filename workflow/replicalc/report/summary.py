"""All studies together: one table with a row a claim, one JSON summary, one closing line."""

from __future__ import annotations

import json
from pathlib import Path

from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import load_claims, read_csv
from replicalc.table import safe_csv

#: Of the paper alone, in the order in which they are counted and told.
PAPER_VERDICTS = ("exact", "rounding", "unstated_method", "impossible", "underdetermined", "not_checkable")
#: What is taken over from verification.csv.
FROM_PAPER = ("recomputed", "verdict", "method", "solutions", "evidence", "repair", "note")
#: On a cohort, in the order in which they are counted and told.
VERDICTS = ("same_print", "same_conclusion", "same_direction", "conclusion_differs", "not_evaluable")


@job
def gather(files, claims_out, summary_out, *, pairs, seed, left_out=()):
    """Join every verification and comparison to its claim, and count the verdicts by study and cohort.

    ``files`` has comparisons, claims, verifications and disclosures (lists of paths; the last may be empty).
    ``left_out``: (study, cohort, reason) of the cohorts of the run that cannot speak to a study. Columns of what the
    paper alone says begin with ``paper_``.

    Raises ReplicalcError where a claim has no verdict of its paper.
    """
    from replicalc import __version__

    tables = {tuple(pair): read_csv(file) for pair, file in zip(pairs, files["comparisons"], strict=True)}
    verified = {
        Path(file).parent.name: {row["claim_id"]: row for row in read_csv(file)} for file in files["verifications"]
    }
    cohorts = list(dict.fromkeys(cohort for _, cohort in tables))
    columns = ["study", "claim_id", "result", "location", "kind", "reported", "label"]
    columns += [f"paper_{what}" for what in FROM_PAPER]
    columns += [f"{cohort}_{what}" for cohort in cohorts for what in ("replicated", "n", "verdict", "note")]
    rows = []
    summary = {"replicalc": __version__, "seed": seed, "studies": {}, "cohorts": {}, "left_out": []}
    summary["left_out"] = [dict(zip(("study", "cohort", "reason"), each, strict=True)) for each in left_out]
    for file in files["claims"]:
        study = Path(file).parent.name
        found = {cohort: {row["claim_id"]: row for row in rows_} for (s, cohort), rows_ in tables.items() if s == study}
        paper = verified[study]
        claims = load_claims(file)
        missing = [claim.claim_id for claim in claims if claim.claim_id not in paper]
        if missing:
            raise ReplicalcError(f"{study}: no verdict from the paper for {', '.join(missing[:5])}")
        for claim in claims:
            row = [
                study,
                claim.claim_id,
                claim.result,
                claim.location,
                claim.kind,
                claim.reported,
                claim.label,
                *(paper[claim.claim_id][what] for what in FROM_PAPER),
            ]
            for cohort in cohorts:
                mine = found.get(cohort, {}).get(claim.claim_id, {})
                row += [mine.get(what, "") for what in ("replicated", "n", "verdict", "note")]
            rows.append(row)
        given = [paper[claim.claim_id]["verdict"] for claim in claims]
        summary["studies"][study] = {
            "claims": len(claims),
            "paper": {verdict: given.count(verdict) for verdict in PAPER_VERDICTS},
            "checkable": len(given) - given.count("not_checkable"),
            "cohorts": {},
        }
        for cohort, by_id in found.items():
            verdicts = [row["verdict"] for row in by_id.values()]
            counts = {verdict: verdicts.count(verdict) for verdict in VERDICTS}
            summary["studies"][study]["cohorts"][cohort] = counts
            summary["cohorts"][cohort] = next(iter(by_id.values()))["kind"]
    withheld = [line for file in files.get("disclosures", []) for line in read_csv(file)]
    for cohort in dict.fromkeys(line["cohort"] for line in withheld):
        mine = [line for line in withheld if line["cohort"] == cohort]
        told = {
            rule: sum(int(line["numbers"]) for line in mine if line["rule"] == rule) for rule in ("all", "withheld")
        }
        summary.setdefault("withheld", {})[cohort] = told
    write_text(claims_out, safe_csv(rows, columns))
    write_text(summary_out, json.dumps(summary, indent=2) + "\n")


def closing_line(summary: dict) -> str:
    """Say in one line how many claims came out how; of several cohorts, which have their own lines, how many."""
    studies = list(summary["studies"].values())
    noun = "study" if len(studies) == 1 else "studies"
    claims = sum(study["claims"] for study in studies)
    return f"{claims} claims of {len(studies)} {noun}; " + _told(summary, studies)


def study_lines(summary: dict) -> list[str]:
    """Say the same of each study, in a line of its own."""
    return [
        f"{name}: {study['claims']} claims; {_told(summary, [study])}" for name, study in summary["studies"].items()
    ]


def cohort_lines(summary: dict) -> list[str]:
    """Say of each cohort, where there are several, how the claims of its studies came out and what is withheld."""
    if len(summary["cohorts"]) < 2:
        return []
    lines = []
    for cohort, kind in summary["cohorts"].items():
        mine = {name: study for name, study in summary["studies"].items() if cohort in study["cohorts"]}
        speaks = "all studies" if len(mine) == len(summary["studies"]) else ", ".join(mine)
        lines.append(f"{cohort} ({kind}) on {speaks}: {_on(summary, cohort, list(mine.values()))}")
    return lines


def _told(summary: dict, studies: list[dict]) -> str:
    alone = {verdict: sum(study["paper"][verdict] for study in studies) for verdict in PAPER_VERDICTS}
    parts = ["from the paper alone: " + ", ".join(f"{count} {verdict}" for verdict, count in alone.items() if count)]
    cohorts = [cohort for cohort in summary["cohorts"] if any(cohort in study["cohorts"] for study in studies)]
    if not cohorts:
        parts.append("no cohort of this run can speak to it")
    elif len(summary["cohorts"]) == 1:
        parts.append(f"{cohorts[0]} ({summary['cohorts'][cohorts[0]]}): {_on(summary, cohorts[0], studies)}")
    else:
        parts.append("1 cohort" if len(cohorts) == 1 else f"{len(cohorts)} cohorts")
    return "; ".join(parts)


def _on(summary: dict, cohort: str, studies: list[dict]) -> str:
    totals = {
        verdict: sum(study["cohorts"].get(cohort, {}).get(verdict, 0) for study in studies) for verdict in VERDICTS
    }
    line = ", ".join(f"{count} {verdict}" for verdict, count in totals.items() if count)
    told = summary.get("withheld", {}).get(cohort)
    # What is withheld is counted over all studies of a cohort, so it is said where all of them are counted.
    if told and all(cohort not in study["cohorts"] or study in studies for study in summary["studies"].values()):
        line += f"; {told['withheld']} of {told['all']} numbers withheld by disclosure control"
    return line


def print_summary(path: str | Path, not_before: float | None = None) -> None:
    """Print how a finished run came out: a line for each study and each of several cohorts, and the closing line.

    With ``not_before`` (seconds since 1970) an older summary is not printed: a run of single files made no new one.
    """
    path = Path(path)
    if not_before is not None and not (path.is_file() and path.stat().st_mtime >= not_before):
        return
    if not path.is_file():
        raise ReplicalcError(f"{path}: no such file; run the workflow first")
    summary = json.loads(path.read_text(encoding="utf-8"))
    if len(summary["studies"]) > 1:
        print("\n".join(study_lines(summary)))
    for line in cohort_lines(summary):
        print(line)
    print(closing_line(summary))
