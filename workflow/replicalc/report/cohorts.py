"""What a page tells of a cohort: who is in it, how it was made or read, what was checked, withheld, and repeated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from replicalc.records import load_yaml, read_csv
from replicalc.report import trail
from replicalc.report.drawings import inline
from replicalc.report.model import Cohort, Figure, Part, Rule, Run, Table
from replicalc.report.plain import anchor

NONE = Table("", (), ())
#: What is shown of across.csv.
ACROSS = ("claim_id", "label", "reported", "value", "lo", "hi", "n", "difference", "verdict", "why")


def cohort_of(
    name: str,
    kind: str,
    title: str,
    protection: dict | None,
    files: dict,
    studies: list[str],
    whole: dict[tuple[str, str], tuple[tuple[Rule, Run], ...]],
) -> Cohort:
    """Gather a cohort for the studies that it speaks to.

    Of a confidential one the mapping is told without the words of its export. ``whole``: results of whole cohorts by
    study and cohort.
    """
    mappings = {file: load_yaml(file) for file in files["mappings"]}
    mine = {
        f: m
        for f, m in mappings.items()
        if m["cohort"] == name or (kind == "synthetic" and Path(f).parts[-2] in studies)
    }
    config = next(iter(mine.values()), {})
    hidden = bool(protection and protection.get("confidential"))
    sources = [
        (
            "withheld"
            if hidden
            else ", ".join([str(each["file"]), *([f"sheet {each['sheet']}"] if "sheet" in each else [])]),
            str(each.get("records", "")),
            str(each.get("sha256", "not recorded")),
        )
        for each in config.get("sources", [])
    ]
    published = [row for row in read_csv("data/sources.csv") if row["cohort"] == name]
    return Cohort(
        name,
        kind,
        title or ("Synthetic patients, made from the printed numbers of each study" if kind == "synthetic" else name),
        str(config.get("caveat", "")),
        "; ".join(dict.fromkeys(f"{row['publisher']}, doi:{row['doi']}, {row['licence']}" for row in published)),
        Table("Files", ("file", "records", "sha256"), tuple(sources) if kind == "real" else ()),
        mapping_table(config, hidden) if kind == "real" else NONE,
        protection_text(config, protection, kind),
        tuple(replace(part_of(name, kind, study, files), whole=whole.get((study, name), ())) for study in studies),
        "" if hidden else str(config.get("period", "")),
    )


def mapping_table(config: dict, hidden: bool) -> Table:
    """How each canonical variable is read from the export: column, codes, unit, note."""
    rows = []
    for variable, how in config.get("variables", {}).items():
        how = how if isinstance(how, dict) else {"constant": how}
        codes = how.get("codes") if isinstance(how.get("codes"), dict) else {}
        where = how.get("column", "")
        told = where if isinstance(where, str) else str(where)
        if "constant" in how:
            told = f"always {how['constant']}"
        elif not where:
            told = "made from other columns: " + ", ".join(
                str(key) for key in how if key not in ("note", "codes", "unit")
            )
        read = "; ".join(f"{key} → {value}" for key, value in codes.items())
        rows.append(
            (
                variable,
                "withheld" if hidden else told,
                "" if hidden else read,
                str(how.get("unit", "")),
                "" if hidden else str(how.get("note", "")),
            )
        )
    return Table("Mapping", ("variable", "column", "codes", "unit", "note"), tuple(rows))


def protection_text(config: dict, protection: dict | None, kind: str) -> str:
    """Say in a sentence how what is shown of a cohort was protected."""
    if kind == "synthetic":
        return "Synthetic: there is nobody to protect."
    if not protection:
        why = (config.get("disclosure") or {}).get("why", "")
        return f"No disclosure control: {why}" if why else "No disclosure control."
    text = f"Protected: counts from 1 to {protection['threshold'] - 1} are withheld, and what would give them away"
    text += f"; other counts are rounded to {protection['round_to']}" if protection.get("round_to") else ""
    text += ". Figures of single patients are not drawn." + (" Confidential." if protection.get("confidential") else "")
    return text + (f" {protection['why']}" if protection.get("why") else "")


def part_of(cohort: str, kind: str, study: str, files: dict) -> Part:
    """Gather what one study sees of a cohort, from the files that the rule names and no others."""
    here = f"results/{study}/{cohort}"
    known = {*files["steps"], *files["assumptions"], *files["disclosures"], *files["across"]}

    def table(file: str, columns: tuple[str, ...]) -> Table:
        if file not in known or trail.is_private(file):
            return NONE
        rows = read_csv(file)
        return Table("", columns, tuple(tuple(row.get(name, "") for name in columns) for row in rows), len(rows))

    checks = table(
        f"{here}/steps/validation.csv", ("variable", "check", "n_checked", "n_found", "stops_the_run", "note")
    )
    missing = tuple(
        (row[0], int(row[3]), int(row[2]))
        for row in checks.rows
        if row[1] == "missing" and row[2].isdigit() and row[3].isdigit()
    )
    told = [row for row in read_csv(f"results/{study}/across.csv") if row["source"] == cohort] if kind == "real" else []
    compared = [row for row in told if row["value"]]
    return Part(
        study,
        table(f"{here}/steps/flow.csv", ("excluded_because", "n_before", "n_excluded", "n_after", "note")),
        Table("", checks.columns, tuple(row for row in checks.rows if row[1] not in ("missing", "values"))),
        missing,
        table(f"{here}/assumptions.csv", ("variable", "assumed", "why", "source")),
        table(f"{here}/disclosure.csv", ("rule", "numbers", "meaning")),
        tuple(
            _forest(study, cohort, row)
            for row in compared
            if row["lo"] and _forest_file(study, row["claim_id"]).is_file()
        ),
        Table("", ACROSS, tuple(tuple(row[name] for name in ACROSS) for row in compared), len(told)),
    )


def _forest_file(study: str, claim_id: str) -> Path:
    return Path("results") / study / "forests" / f"{claim_id}.svg"


def _forest(study: str, cohort: str, row: dict[str, str]) -> Figure:
    file = _forest_file(study, row["claim_id"])
    name = anchor(f"{row['claim_id']}.forest")
    svg = inline(file.read_text(encoding="utf-8"), name)
    return Figure(row["claim_id"], study, cohort, row["label"], str(file), name, svg, (row["result"],))
