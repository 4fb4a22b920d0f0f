"""The draft of a cohort file: everything that the export tells, a reason beside each line, a TODO for the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from replicalc.cohort import profile_yaml as yaml
from replicalc.cohort.profile import Column, Table, decimal_sign, describe, shown
from replicalc.cohort.profile_dates import Computed, computed
from replicalc.cohort.profile_entry import entry_of
from replicalc.cohort.profile_match import Proposal, propose, unfitting
from replicalc.cohort.profile_shape import check_shape
from replicalc.cohort.profile_words import Words, folded
from replicalc.cohort.source import ROW, join_sources, stack_sources, without_identical
from replicalc.errors import ReplicalcError
from replicalc.records import Variable

#: Variables that are often the same for everybody and stand in no column.
OFTEN_CONSTANT = ("malignant", "calcified")


@dataclass(frozen=True, slots=True)
class Draft:
    """A cohort file as text; the columns, proposals and rules behind it; headings that answer further variables.

    ``unfit``: columns whose heading says a variable (or two) that their values cannot be.
    """

    text: str
    columns: list[Column]
    proposals: list[Proposal]
    entries: dict[str, dict]
    again: dict[str, list[str]]
    n_records: int
    computed: dict[str, Computed]
    unfit: dict[str, str]


def draft(
    name: str,
    tables: list[Table],
    files: list[str],
    variables: dict[str, Variable],
    words: Words,
    said_so: Sequence[tuple[str, str]] = (),
) -> Draft:
    """Propose a cohort file for one or several tables; ``files`` are their names below the raw folder.

    ``said_so``: headings with their variables, as the person says who knows the export.
    """
    for table in tables:
        check_shape(table, words)
    sources = [dict(table.source) for table in tables]
    together, records, remarks = _together(tables, sources)
    columns = tables[0].columns if len(tables) == 1 else _columns(tables, records)
    proposals, again = propose(columns, variables, words, said_so)
    unfit = unfitting(columns, proposals, variables, words)
    general = list(dict.fromkeys(t for c in columns for t in c.missing if t not in c.value_labels))
    typed = [table.typed for table in tables]
    main = tables[0].main if len(tables) == 1 else records
    kept, _ = without_identical(main)
    unit, unit_id = _unit(proposals, kept)
    for each in proposals:
        if each.variable == "lesion_id" and len(unit_id) > 1 and unit_id[1].startswith("TODO"):
            each.question = each.question or "patient and lesion together do not tell the rows apart"
    entries: dict[str, dict] = {}
    why: dict[str, list[str]] = {}
    for each in proposals:
        target = variables[each.variable]
        entries[each.variable], why[each.variable] = entry_of(each, target, records, all(typed), set(general))
    rules = computed(proposals, columns, unfit, main)
    for variable, rule in rules.items():
        entries[variable], why[variable] = rule.entry, [rule.why]
    doubled = len(main) - len(kept) if len(tables) == 1 or together.get("stack") else 0
    lines = _head(name, files)
    lines += yaml.mapping({"cohort": name, "kind": "real", "title": f"Cohort {name}"}, "")
    lines += ["# What one row is (patient, breast or lesion), and whether several rows belong to one patient."]
    lines += yaml.mapping(unit, "")
    lines += [
        "# caveat: what a reader of any number must know, such as how the patients were chosen",
        "# period: when the patients were seen, and of what date the export is",
        "# studies: [nat_residual]   # the studies that the cohort is used for; all of them if not given",
        "",
        "sources:",
    ]
    for table, source, file in zip(tables, sources, files, strict=True):
        digest = hashlib.sha256(table.path.read_bytes()).hexdigest()
        counted = {} if "where" in source else {"records": len(table.records)}
        entry = {"file": file, "sha256": digest} | counted | source
        first, *rest = yaml.mapping(entry, "    ")
        lines += [f"  - {first.strip()}", *rest]
    lines += remarks + yaml.mapping(together, "")
    found = [(table.typed, decimal_sign(table.columns, typed=table.typed)) for table in tables]
    # Numbers that a file has as numbers are read whatever the sign.
    signs = {sign for typed_file, sign in found if not (typed_file and sign == ".")}
    if signs - {"."}:
        only = signs.pop() if len(signs) == 1 else None
        lines += yaml.mapping(
            {
                "decimal": only
                or "TODO: is the decimal sign a point or a comma? Both occur, or '1,234' and '1.234' could be either."
            },
            "",
        )
    lines += ["# Texts that mean 'missing' in every column; an empty cell always does."]
    lines += yaml.mapping({"missing": ["", *general]}, "")
    lines += yaml.mapping({"unit_id": unit_id}, "")
    if doubled:
        question = f"TODO: {doubled} rows stand twice, alike in every column. Write keep_first, or delete this line."
        lines += yaml.mapping({"identical_rows": question}, "")
    if "patient_id" not in entries:
        entries["patient_id"] = {"column": "TODO: which column holds the pseudonym of the patient?"}
        why["patient_id"] = ["no column looks like one"]
    lines += ["", "# The number is how sure the proposal is (1 is certain), then why.", "variables:"]
    score = {each.variable: f"{each.fit.score:.2f}; " for each in proposals}
    for variable in [v for v in variables if v in entries]:
        question = next((each.question for each in proposals if each.variable == variable), "")
        reasons = score.get(variable, "") + "; ".join(filter(None, [*why[variable], question]))
        lines += yaml.remark(reasons, "  ")
        lines += yaml.mapping({variable: entries[variable]}, "  ")
    lines += _further(again, entries, columns, variables, words)
    lines += _unused(columns, proposals, together, unfit)
    return Draft("\n".join(lines) + "\n", columns, proposals, entries, again, len(records), rules, unfit)


def _head(name: str, files: list[str]) -> list[str]:
    return [
        *yaml.remark(f"Proposed from {', '.join(files)}. Every TODO is a question: write the answer in its place."),
        f"# Then run: make results COHORTS={name}",
        "# It holds the codes of the export, so it may name what only a few patients have: look before you share it.",
        "# All keys are explained in config/cohorts/TEMPLATE.yaml, the variables in data/dictionary.csv.",
    ]


def _together(tables: list[Table], sources: list[dict]) -> tuple[dict, list[dict[str, str]], list[str]]:
    """How several tables belong together: beside each other by a key, or below each other; never by a guess."""
    if len(tables) == 1:
        return {}, tables[0].records, []
    names = [[column.name for column in table.columns] for table in tables]
    common = [name for name in names[0] if all(name in other for other in names[1:])]
    unique = [name for name in common if all(_column(table, name).is_unique for table in tables)]
    keys = [
        name
        for name in unique
        if all(set(_column(table, name).counts) == set(_column(tables[0], name).counts) for table in tables)
    ]
    plain = [{folded(name) for name in each} for each in names]
    alike = len(set.intersection(*plain)) / len(set.union(*plain))
    if keys and alike < 0.9:
        records, _ = join_sources([table.records for table in tables], _told(tables), keys[0])
        more = f" (so do {', '.join(shown(k) for k in keys[1:])})" if keys[1:] else ""
        return {"join_on": keys[0]}, records, yaml.remark(f"Every record has one partner by this column{more}.")
    if alike < 0.5:
        raise ReplicalcError(
            f"{' and '.join(_told(tables))} have no column by which every record has exactly one partner, and too few "
            "columns in common to be put below each other; make a proposal for each file alone"
        )
    remarks = ["# The files have nearly the same columns, so they are put below each other."]
    first = {folded(name): name for name in names[0]}
    for own, source in zip(names, sources, strict=True):
        rename = {name: first[folded(name)] for name in own if folded(name) in first and name not in names[0]}
        if rename:
            source["rename"] = rename
    every = list(
        dict.fromkeys(s.get("rename", {}).get(n, n) for own, s in zip(names, sources, strict=True) for n in own)
    )
    records_of = []
    for table, own, source in zip(tables, names, sources, strict=True):
        rename = source.get("rename", {})
        lacks = [name for name in every if name not in {rename.get(n, n) for n in own}]
        if lacks:
            source["without"] = lacks
        records_of.append([{rename.get(k, k): v for k, v in record.items()} for record in table.records])
    records, _ = stack_sources(records_of, _told(tables), sources)
    return {"stack": True}, records, remarks


def _told(tables: list[Table]) -> list[str]:
    return [str(t.path) + (f" [{shown(t.source['sheet'])}]" if "sheet" in t.source else "") for t in tables]


def _column(table: Table, name: str) -> Column:
    return next(column for column in table.columns if column.name == name)


def _columns(tables: list[Table], records: list[dict[str, str]]) -> list[Column]:
    """The columns of records from several tables, with the labels of the first table that has them."""
    known: dict[str, Column] = {}
    for table in reversed(tables):
        known |= {column.name: column for column in table.columns}
    return [
        describe(
            name,
            (record[name] for record in records),
            known[name].label if name in known else "",
            known[name].value_labels if name in known else {},
        )
        for name in records[0]
        if name != ROW and not name.startswith(f"{ROW}/")
    ]


def _unit(proposals: list[Proposal], records: list[dict[str, str]]) -> tuple[dict, list[str]]:
    """What one row is, as far as the identifiers tell it."""
    column = {each.variable: each.column.name for each in proposals}
    if "patient_id" not in column:
        return {
            "unit_of_analysis": "TODO: is one row a patient, a breast or a lesion?",
            "clustering": "TODO: say in words whether several rows belong to one patient.",
        }, ["patient_id"]
    found = _smallest(column, records)
    if found == ["patient_id"]:
        return {"unit_of_analysis": "patient", "clustering": "none; one row a patient"}, found
    told = {
        "unit_of_analysis": "TODO: is one row a breast or a lesion? Several rows have the same patient.",
        "clustering": "TODO: say without numbers which rows are one patient; the tests take rows as independent.",
    }
    if found:
        return told, found
    question = (
        "TODO: several rows have the same patient, and no side or number of a lesion tells them apart. Name the "
        "variables that do, or take the rows together with 'collapse' (see TEMPLATE.yaml)."
    )
    return told, ["patient_id", question]


def _smallest(column: dict[str, str], records: list[dict[str, str]]) -> list[str]:
    for names in (["patient_id"], ["patient_id", "laterality"], ["patient_id", "lesion_id"]):
        if all(name in column for name in names):
            keys = {tuple(record[column[name]] for name in names) for record in records}
            if len(keys) == len(records):
                return names
    return []


def _further(
    again: dict[str, list[str]], entries: dict, columns: list[Column], variables: dict[str, Variable], words: Words
) -> list[str]:
    """As comments: what a column in use could answer as well, and variables that may be the same for everybody."""
    from replicalc.cohort.profile_codes import code_column

    lines: list[str] = []
    for heading, names in again.items():
        column = next(column for column in columns if column.name == heading)
        for name in names:
            lines += yaml.remark(
                f"The column '{shown(heading)}' is used above. It could also answer {name}: if that is right, remove "
                "the '# ' of these lines.",
                "  ",
            )
            codes = code_column(column, variables[name], words).codes
            block = yaml.mapping({name: {"column": heading, "codes": codes}}, "  ")
            lines += ["  # " + part[2:] for line in block for part in line.split("\n")]
    absent = [name for name in OFTEN_CONSTANT if name not in entries]
    if absent:
        lines += yaml.remark(
            "No column is used for these. If one is the same for every patient, remove its '# '.", "  "
        )
        lines += [f'  # {name}: {{constant: "yes"}}   # {variables[name].definition}' for name in absent]
    return lines


def _unused(columns: list[Column], proposals: list[Proposal], together: dict, unfit: dict[str, str]) -> list[str]:
    asked = {name for each in proposals for name in [each.column.name, *each.rivals]}
    unused = [c for c in columns if c.name not in asked and c.name != together.get("join_on")]
    if not unused:
        return []
    lines = [
        "",
        "# Columns that fit no variable. A column that is neither here nor above stops the run. If one of them is a",
        "# variable of data/dictionary.csv, its block is written by: make cohort ... IS='heading=variable' FORCE=1",
        "unused_columns:",
    ]
    for column in unused:
        note = "   # no value at all" if column.kind == "empty" else ""
        if column.name in unfit:
            note = f"   # its heading says {unfit[column.name]}, but the values cannot be read as that"
        lines.append(f"  - {yaml.scalar(column.name)}{note}")
    return lines


def schema_line(out: Path, root: Path) -> str:
    """The comment by which editors complete and check the file, with the path from where it stands."""
    import os

    schema = root / "workflow" / "schemas" / "cohort.schema.json"
    relative = os.path.relpath(schema, out.resolve().parent).replace(os.sep, "/")
    return f"# yaml-language-server: $schema={relative}\n"
