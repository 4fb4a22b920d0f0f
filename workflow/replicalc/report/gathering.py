"""Read what a run wrote into the records of ``model``: once, before any page is made.

Files come by name from the rule. Of a protected cohort only its shared side is among them, and ``trail`` opens nothing
that lies on a private one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from replicalc.records import load_yaml, read_csv
from replicalc.report import trail
from replicalc.report.checklists import StudyChecklists, checklists
from replicalc.report.cohorts import cohort_of
from replicalc.report.drawings import inline
from replicalc.report.findings import findings_of
from replicalc.report.model import (
    ClaimRow,
    Figure,
    NamedTest,
    OnCohort,
    Relation,
    Result,
    Rule,
    Site,
    Study,
    Table,
)
from replicalc.report.openness import openness_of
from replicalc.report.plain import Listing, anchor
from replicalc.report.proofs import proofs_of
from replicalc.report.references import references_in, references_of
from replicalc.report.rulebook import results_drawn, rules_of
from replicalc.report.summary import closing_line
from replicalc.report.tables import is_table, rebuild


def gather_site(files: dict, *, pairs: list, titles: dict, protected: dict) -> Site:
    """Gather everything that the pages show.

    ``files``: claims, summary (a path each); verifications, evidence, results, figures, comparators, across, forests,
    steps, assumptions, disclosures, certificates, records, mappings, rules, witnesses (lists of
    paths), references (scripts, kept outputs and tests). ``pairs``: (study, cohort) of the run.
    ``protected``: threshold, round_to, why, confidential by cohort.
    """
    about = json.loads(Path(files["summary"]).read_text(encoding="utf-8"))
    kinds = about["cohorts"]
    found = read_csv(files["claims"])
    cohorts_by_study = {study: [c for s, c in pairs if s == study] for study in about["studies"]}
    registry = {
        (study, row["claim_id"]): row
        for study in about["studies"]
        for row in read_csv(f"config/studies/{study}/claims.csv")
    }
    claims = [_claim(row, registry, cohorts_by_study, kinds) for row in found]
    rules = rules_of(files["rules"])
    relations = {Path(file).parent.name: relations_of(file) for file in files["evidence"]}
    figures = figures_of(files["figures"], rules)
    studies = [
        study_of(
            name,
            counts,
            [c for c in claims if c.study == name],
            kinds,
            rules,
            relations.get(name, []),
            figures,
            cohorts_by_study[name],
            files["steps"],
        )
        for name, counts in about["studies"].items()
    ]
    known = references_in(files["references"])
    opened = openness_of(files["witnesses"])
    studies = [
        replace(
            study,
            openness=opened.get(study.name),
            results=tuple(
                replace(
                    result,
                    references=references_of(result.name, function.reaches if function else (), known)
                    if known.there
                    else None,
                    witnesses=opened[study.name].by_result.get(result.name) if study.name in opened else None,
                )
                for result in study.results
                for function in [result.rule.function]
            ),
        )
        for study in studies
    ]
    models = [
        (Path(f).parts[-3], Path(f).stem, json.loads(Path(f).read_text(encoding="utf-8")))
        for f in files["certificates"]
    ]
    claimed = {claim.result for claim in claims}
    whole: dict[tuple[str, str], tuple] = {}
    for file in files["results"]:
        study, cohort, name = Path(file).parts[-3], Path(file).parts[-2], Path(file).stem
        if name in rules and name not in claimed and (study, cohort) in map(tuple, pairs):
            run = trail.run_of(study, cohort, kinds[cohort], name, [])
            whole[study, cohort] = (*whole.get((study, cohort), ()), (rules[name], run))
    ordered = [claim for study in studies for claim in claims if claim.study == study.name]
    return Site(
        about["replicalc"],
        about["seed"],
        closing_line(about),
        kinds,
        tuple(studies),
        tuple(
            cohort_of(
                name,
                kinds[name],
                titles.get(name, ""),
                protected.get(name),
                files,
                [study for study, cohort in pairs if cohort == name],
                whole,
            )
            for name in dict.fromkeys(cohort for _, cohort in pairs)
        ),
        tuple(findings_of(ordered, {s.name: s.checklists.copy_kind for s in studies if s.checklists})),
        tuple(proofs_of(ordered, relations, models)),
        tuple(about["left_out"]),
        tuple(trail.software(Path("."))),
        about.get("withheld", {}),
    )


def _claim(row: dict, registry: dict, cohorts: dict, kinds: dict) -> ClaimRow:
    study = row["study"]
    entry = registry[study, row["claim_id"]]
    return ClaimRow(
        study,
        row["claim_id"],
        row["result"],
        row["location"],
        row["kind"],
        row["reported"],
        row["label"],
        entry["group"],
        entry["variable"],
        entry["stat"],
        *(
            row[f"paper_{what}"]
            for what in ("recomputed", "verdict", "method", "solutions", "evidence", "repair", "note")
        ),
        tuple(
            OnCohort(name, kinds[name], *(row[f"{name}_{what}"] for what in ("replicated", "n", "verdict", "note")))
            for name in cohorts[study]
        ),
    )


def relations_of(file: str) -> list[Relation]:
    """Read the relations of a study's evidence: what is said, the tables, whom it is about."""
    kept = json.loads(Path(file).read_text(encoding="utf-8"))
    return [
        Relation(
            each["id"],
            each["kind"],
            each["note"],
            tuple(each["lines"]),
            tuple(
                Table(
                    t["title"], tuple(map(str, t["columns"])), tuple(tuple(map(str, r)) for r in t["rows"]), t["total"]
                )
                for t in each["tables"]
            ),
            tuple(dict.fromkeys(opinion["claim_id"] for opinion in each["opinions"])),
        )
        for each in kept["relations"]
    ]


def figures_of(files: Iterable[str], rules: dict[str, Rule]) -> list[Figure]:
    """Read the drawings; what lies in a study's own folder is made from published numbers."""
    made = []
    for file in files:
        path = Path(file)
        if path.suffix != ".svg":
            continue
        published = path.parents[1].name == "results"
        study = path.parent.name if published else path.parents[1].name
        cohort = "published" if published else path.parent.name
        rule = rules[path.stem]
        name = anchor(f"{path.stem}.{cohort}")
        svg = inline(path.read_text(encoding="utf-8"), name)
        made.append(Figure(path.stem, study, cohort, rule.doc, file, name, svg, results_drawn(rule)))
    return made


def study_of(
    name: str,
    counts: dict,
    claims: list[ClaimRow],
    kinds: dict[str, str],
    rules: dict[str, Rule],
    relations: list[Relation],
    figures: list[Figure],
    cohorts: list[str],
    steps: list[str],
) -> Study:
    """Gather one paper: its record, its results in the order of the rules, its tables, what nothing covers.

    ``steps``: the files of cohorts whose patients may be counted openly; no other flow is looked for.
    """
    folder = Path("config/studies") / name
    about = load_yaml(folder / "study.yaml")
    mine = [figure for figure in figures if figure.study == name]
    order = [rule for rule in rules if any(claim.result == rule for claim in claims)]
    results = tuple(_result(each, name, rules[each], claims, kinds, about, relations, mine, cohorts) for each in order)
    texts = dict.fromkeys(claim.location for claim in claims if not is_table(claim.location))
    flows = []
    for cohort in cohorts:
        file = f"results/{name}/{cohort}/steps/flow.csv"
        if file in steps:
            rows = read_csv(file)
            shown = ("excluded_because", "n_before", "n_excluded", "n_after", "note")
            flows.append((cohort, Table("", shown, tuple(tuple(row[key] for key in shown) for row in rows))))
    return Study(
        name,
        about,
        Listing((folder / "NOTES.md").read_text(encoding="utf-8")) if (folder / "NOTES.md").is_file() else "",
        counts["paper"],
        counts["checkable"],
        counts["cohorts"],
        results,
        tuple(rebuild(claims)),
        tuple((place, tuple(claim for claim in claims if claim.location == place)) for place in texts),
        tuple(mine),
        tuple(flows),
        tuple(claim for claim in claims if claim.verdict == "not_checkable"),
        checklists_of(name),
    )


def checklists_of(study: str) -> StudyChecklists | None:
    """The reporting guidelines of a study; a new study may do without."""
    return checklists(study) if Path(f"config/studies/{study}/checklists.yaml").is_file() else None


def _result(
    name: str,
    study: str,
    rule: Rule,
    claims: list[ClaimRow],
    kinds: dict[str, str],
    about: dict,
    relations: list[Relation],
    figures: list[Figure],
    cohorts: list[str],
) -> Result:
    mine = tuple(claim for claim in claims if claim.result == name)
    ids = {claim.claim_id for claim in mine}
    records = [f"config/studies/{study}/claims.csv", f"config/studies/{study}/study.yaml"]
    runs = [trail.run_of(study, cohort, kinds[cohort], name, records) for cohort in cohorts]
    named = tuple(
        NamedTest(each["name"], each.get("used_for", ""), each.get("reading", ""))
        for each in about.get("tests", [])
        if name in each.get("results", [])
    )
    return Result(
        name,
        study,
        rule,
        mine,
        named,
        tuple(trail.tests_of(runs, {(c.group, c.variable): c.reported for c in reversed(mine) if c.stat == "p"})),
        tuple(relation for relation in relations if ids & set(relation.claims)),
        tuple(runs),
        tuple(figure for figure in figures if name in figure.results),
    )
