"""A small site made by hand, every text of it as bad as a cohort file, a config or a log can be."""

from __future__ import annotations

import html.parser
import itertools
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urldefrag

from project import ROOT

from replicalc.report import model
from replicalc.report.drawings import inline
from replicalc.report.plain import Listing, anchor
from replicalc.report.site import POLICY, write_site
from replicalc.report.summary import PAPER_VERDICTS, VERDICTS

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "=cmd|' /C calc'!A0",
    "abc\u202egnp.exe\u2066",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</pre></table><iframe src=//example.org>",
    "x" * 10_000,
    "\x00\x1b[31m",
)
TEMPLATES = ROOT / "workflow/report/templates"
STATIC = sorted((ROOT / "workflow/report/static").iterdir())
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="alert(1)"><title>{0}</title><script>alert(1)</script>'
    '<rect id="r" width="1" height="1" style="fill: #123456; background: url(http://example.org)"/><text>{0}</text>'
    '<use href="http://example.org/x.svg#r"/></svg>'
)


def hostile_site(short_names: tuple[str, str, str] = ('s"><b>', "r'<i>&", 'c"onx=1')) -> model.Site:
    """A site with one study, result and cohort; names are hostile, too, and texts go through HOSTILE in turn."""
    study, result, cohort = short_names
    bad = itertools.cycle(HOSTILE)

    def text() -> str:
        return next(bad)

    def table() -> model.Table:
        return model.Table(text(), (text(), text()), ((text(), text()), (text(), text())), 2)

    claims = tuple(
        model.ClaimRow(
            study, f"{study}.{number}{text()[:40]}", result, text(), "p", text(), text(), "all", "a x b", "p", text(),
            verdict, text(), text(), text(), text(), text(),
            (model.OnCohort(cohort, "real", text(), text(), text() if number == 0 else "same_print", text()),),
        )
        for number, verdict in enumerate([*PAPER_VERDICTS, *PAPER_VERDICTS, text()])
    )  # fmt: skip
    function = model.Function(text(), text(), 1, text(), (text(), text()))
    rule = model.Rule(
        result, text(), 1, text(), text(), model.Rule(text(), text(), 2, text(), text(), None, None), function
    )
    figure = model.Figure(
        f"{study}_fig",
        study,
        cohort,
        text(),
        text(),
        "fig",
        inline(DRAWING.format("&lt;b&gt; onx"), text()[:50]),
        (result,),
    )
    run = model.Run(
        cohort, "real", text(), text(), text(), Listing(text()), text(), (model.Source(text(), text()),), text(),
        ("a", "b"), ((text(), text()),) * 70,
    )  # fmt: skip
    relation = model.Relation(text(), text(), text(), (text(), text()), (table(),), (claims[0].claim_id,))
    made = model.Result(
        result,
        study,
        rule,
        claims,
        (model.NamedTest(text(), text(), text()),),
        (model.TestRow(cohort, text(), text(), text(), True, text()),),
        (relation,),
        (run,),
        (figure,),
    )
    marks = tuple(model.Mark(claim, "(", ")") for claim in claims[:2])
    about = {
        "title": text(),
        "citation": {"authors": text(), "title": text(), "doi": text()},
        "design": text(),
        "tests": [{"name": text(), "reading": text()}],
    }
    whole = model.Study(
        study,
        about,
        Listing(text()),
        dict.fromkeys(PAPER_VERDICTS, 2),
        3,
        {cohort: dict.fromkeys(VERDICTS, 1)},
        (made,),
        (model.Rebuilt(text(), text(), (text(),), ((text(), (marks,)),), marks),),
        ((text(), claims),),
        (figure,),
        ((cohort, model.Table("", ("a", "b", "c", "d"), ((text(),) * 4,))),),
        claims[:1],
    )
    forest = replace(figure, name=claims[0].claim_id, anchor="forest")
    part = model.Part(
        study,
        model.Table("", ("a",) * 4, ((text(),) * 4,)),
        table(),
        ((text(), 1, 2),),
        table(),
        table(),
        (forest,),
        table(),
    )
    return model.Site(
        text(),
        1,
        text(),
        {cohort: "real"},
        (whole,),
        (model.Cohort(cohort, "real", text(), text(), text(), table(), table(), text(), (part,)),),
        (model.Finding(study, "impossible", claims[:2], text()),),
        tuple(
            model.Certificate(
                study, text(), anchor(claim.claim_id), (claim,), text(), text(), text(), (text(),), relation, Listing(text()), (table(),)
            )
            for claim in claims if claim.verdict == "impossible" or claim is claims[0]
        ),
        ({"study": study, "cohort": cohort, "reason": text()},),
        ((text(), text()),),
        {cohort: {"all": 2, "withheld": 1}},
    )  # fmt: skip


def write(folder: Path, site: model.Site | None = None) -> Path:
    """Write a site into ``folder``."""
    write_site(site or hostile_site(), folder, TEMPLATES, STATIC)
    return folder


_ELEMENTS = (
    "html head meta title link script body a header nav span main footer p h1 h2 h3 ul ol li dl dt dd div table caption "
    "thead tbody tr th td details summary pre code b em q section figure figcaption form label input select option "
    "optgroup button output svg path rect line circle ellipse polyline polygon text tspan defs use clippath marker symbol "
    "g desc"
)
ELEMENTS = frozenset(_ELEMENTS.split())


class Page(html.parser.HTMLParser):
    """What a browser would make of a page: its elements with their attributes, its ids, its text."""

    def __init__(self, file: Path):
        super().__init__()
        self.file, self.elements, self.text = file, [], []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    @property
    def ids(self) -> list[str]:
        return [each["id"] for _, each in self.elements if "id" in each]


def pages(folder: Path) -> dict[Path, Page]:
    """Read every page of a site."""
    return {file.resolve(): Page(file) for file in sorted(folder.rglob("*.html"))}


def faults(folder: Path, found: dict[Path, Page]) -> list[str]:
    """Say what in a site would run, lead out of it, or lead nowhere."""
    said = []
    for file, page in found.items():
        where = file.relative_to(folder.resolve())
        policies = [a for t, a in page.elements if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"]
        said += [f"{where}: no policy"] if [a["content"] for a in policies] != [POLICY] else []
        said += [f"{where}: id {each} twice" for each in {i for i in page.ids if page.ids.count(i) > 1}]
        for tag, attributes in page.elements:
            if tag not in ELEMENTS:
                said.append(f"{where}: element {tag}")
            for name, value in attributes.items():
                if name.startswith("on") or name in ("style", "srcdoc", "formaction", "action"):
                    said.append(f"{where}: {tag} has {name}")
                if name in ("href", "src", "xlink:href"):
                    said += [
                        f"{where}: {value[:60]}: {why}" for why in _leads(file, value or "", folder.resolve(), found)
                    ]
            if tag == "script" and not attributes.get("src", "").endswith("static/script.js"):
                said.append(f"{where}: a script of its own")
    return said


def _leads(file: Path, link: str, root: Path, found: dict[Path, Page]) -> list[str]:
    place, fragment = urldefrag(link)
    if ":" in place or place.startswith("/"):
        return ["leads out of the site"]
    target = (file.parent / unquote(place)).resolve() if place else file
    if not target.is_file() or root not in target.parents:
        return ["leads nowhere"]
    filters = target.name == "claims.html" and fragment.startswith(("study=", "cohort=", "verdict="))
    if fragment and not filters and unquote(fragment) not in found[target].ids:
        return [f"there is no {fragment[:60]}"]
    return []
