"""A plain page: every claim with its verdict, and the way to its result, its log and its rule."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from replicalc.job import job, write_text
from replicalc.records import read_csv
from replicalc.report.summary import PAPER_VERDICTS, VERDICTS, closing_line

_HEAD = re.compile(r"^(?:use rule \w+ from \w+ as|use rule \w+ as|rule) (?P<name>\w+)(?: with)?:\s*$", re.MULTILINE)


def rule_sources(files: list[str]) -> dict[str, dict]:
    """Map each rule's name to its text, file and line, read from the rule files."""
    sources = {}
    for file in files:
        text = Path(file).read_text(encoding="utf-8")
        heads = list(_HEAD.finditer(text))
        for head, following in zip(heads, [*heads[1:], None], strict=False):
            block = text[head.start() : following.start() if following else len(text)]
            block = re.split(r"\n\n\n|\n#", block)[0].rstrip()
            doc = re.search(r'"""(.*?)"""', block, re.DOTALL)
            sources[head["name"]] = {
                "file": file,
                "line": text.count("\n", 0, head.start()) + 1,
                "text": block,
                "doc": doc[1] if doc else "",
            }
    return sources


def _whose(file: Path) -> dict[str, str]:
    """Name study and cohort of a file; what lies in a study's own folder is made from published numbers."""
    if file.parents[1].name == "results":
        return {"study": file.parent.name, "cohort": "published"}
    return {"study": file.parents[1].name, "cohort": file.parent.name}


@job
def report(files, out, *, pairs, titles):
    """Write the page. Every text is escaped; links are relative, so the project can be moved as a whole.

    ``titles`` is what each cohort file calls its cohort. ``files`` has claims, summary and template (a path each),
    rules, results and figures (lists of paths).
    """
    import jinja2

    rows = read_csv(files["claims"])
    about = json.loads(Path(files["summary"]).read_text(encoding="utf-8"))
    folder = Path(out).parent
    rules = rule_sources(files["rules"])
    for source in rules.values():
        source["link"] = os.path.relpath(source["file"], folder)
    pictures = [
        {
            "link": os.path.relpath(file, folder),
            "name": Path(file).stem,
            "doc": rules[Path(file).stem]["doc"],
            **_whose(Path(file)),
        }
        for file in files["figures"]
        if file.endswith(".svg")
    ]
    pooled = [
        {"link": os.path.relpath(file, folder), "name": Path(file).stem, "study": Path(file).parent.name}
        for file in files["figures"]
        if file.endswith(".csv")
    ]
    claimed = {row["result"] for row in rows}
    cohort_results = [
        {"link": os.path.relpath(file, folder), "name": Path(file).stem, **_whose(Path(file))}
        for file in files["results"]
        if Path(file).stem in rules and Path(file).stem not in claimed
    ]
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.from_string(Path(files["template"]).read_text(encoding="utf-8")).render(
        rows=rows,
        summary=about,
        line=closing_line(about),
        verdicts=VERDICTS,
        paper_verdicts=PAPER_VERDICTS,
        cohorts=about["cohorts"],
        titles=titles,
        pairs=pairs,
        rules=rules,
        pictures=pictures,
        pooled=pooled,
        cohort_results=cohort_results,
    )
    write_text(out, page)
