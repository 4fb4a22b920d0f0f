"""All studies together: one table with a row a claim, one JSON summary, one closing line."""

from __future__ import annotations

import json
from pathlib import Path

from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import load_claims, read_csv
from replicalc.table import to_csv

#: In the order in which they are counted and told.
VERDICTS = ("same_print", "same_conclusion", "same_direction", "conclusion_differs", "not_evaluable")


@job
def gather(comparisons, claims_files, claims_out, summary_out, *, pairs, seed, left_out=()):
    """Join every comparison to its claim, and count the verdicts by study and cohort.

    ``left_out``: (study, cohort, reason) of the cohorts of the run that cannot speak to a study.
    """
    from replicalc import __version__

    tables = {tuple(pair): read_csv(file) for pair, file in zip(pairs, comparisons, strict=True)}
    cohorts = list(dict.fromkeys(cohort for _, cohort in tables))
    columns = ["study", "claim_id", "result", "location", "kind", "reported", "label"]
    columns += [f"{cohort}_{what}" for cohort in cohorts for what in ("replicated", "n", "verdict", "note")]
    rows = []
    summary = {"replicalc": __version__, "seed": seed, "studies": {}, "cohorts": {}, "left_out": []}
    summary["left_out"] = [dict(zip(("study", "cohort", "reason"), each, strict=True)) for each in left_out]
    for file in claims_files:
        study = Path(file).parent.name
        found = {cohort: {row["claim_id"]: row for row in rows_} for (s, cohort), rows_ in tables.items() if s == study}
        claims = load_claims(file)
        for claim in claims:
            row = [
                study,
                claim.claim_id,
                claim.result,
                claim.location,
                claim.kind,
                claim.reported,
                claim.label,
            ]
            for cohort in cohorts:
                mine = found.get(cohort, {}).get(claim.claim_id, {})
                row += [mine.get(what, "") for what in ("replicated", "n", "verdict", "note")]
            rows.append(row)
        summary["studies"][study] = {"claims": len(claims), "cohorts": {}}
        for cohort, by_id in found.items():
            verdicts = [row["verdict"] for row in by_id.values()]
            counts = {verdict: verdicts.count(verdict) for verdict in VERDICTS}
            summary["studies"][study]["cohorts"][cohort] = counts
            summary["cohorts"][cohort] = next(iter(by_id.values()))["kind"]
    write_text(claims_out, to_csv(rows, columns))
    write_text(summary_out, json.dumps(summary, indent=2) + "\n")


def closing_line(summary: dict) -> str:
    """Say in one line how many claims came out how, for each cohort."""
    claims = sum(study["claims"] for study in summary["studies"].values())
    studies = len(summary["studies"])
    noun = "study" if studies == 1 else "studies"
    return f"{claims} claims of {studies} {noun}; " + _by_cohort(summary, list(summary["studies"].values()))


def study_lines(summary: dict) -> list[str]:
    """Say the same of each study, in a line of its own."""
    return [
        f"{name}: {study['claims']} claims; {_by_cohort(summary, [study])}"
        for name, study in summary["studies"].items()
    ]


def _by_cohort(summary: dict, studies: list[dict]) -> str:
    parts = []
    for cohort, kind in summary["cohorts"].items():
        totals = dict.fromkeys(VERDICTS, 0)
        for study in studies:
            for verdict, count in study["cohorts"].get(cohort, {}).items():
                totals[verdict] += count
        told = ", ".join(f"{count} {verdict}" for verdict, count in totals.items() if count)
        if told:
            parts.append(f"{cohort} ({kind}): {told}")
    return "; ".join(parts) or "no cohort of this run can speak to it"


def print_summary(path: str | Path, not_before: float | None = None) -> None:
    """Print how a finished run came out: a line for each study, and the closing line of all.

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
    print(closing_line(summary))
