"""The job that writes the site: every page from its template, opened from disk, no server, no network.

Every template is rendered with autoescape, and every value passes ``plain.shown`` first; only drawings that
``drawings`` made anew are let through as markup. Pages carry a Content-Security-Policy that allows the site's own
style and script.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from replicalc.job import job, write_text
from replicalc.report import words as said
from replicalc.report.gathering import gather_site
from replicalc.report.model import Site
from replicalc.report.plain import Listing, anchor, numeric, shown, words
from replicalc.report.summary import PAPER_VERDICTS, VERDICTS

POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"

#: HTML lets the end of a cell out where another follows (HTML standard, 13.1.2.4): a twentieth of the site's bytes.
_CLOSED = re.compile(r"</t[dh]>(?=<t[dh][ >])")
#: What the site owns within its folder, beside its pages.
FOLDERS = ("studies", "results", "cohorts", "static")


@job
def site(files, start, pointer, *, pairs, titles, protected):
    """Write the site into the folder of its first page, ``start``, and a page, ``pointer``, that leads there.

    ``files`` as for ``gather_site``, and templates and static (lists of paths). ``titles``: what each cohort file calls
    its cohort. ``protected``: how each protected cohort is protected.
    """
    found = gather_site(files, pairs=pairs, titles=titles, protected=protected)
    templates = Path(files["templates"][0]).parent
    folder = Path(start).parent
    write_site(found, folder, templates, [Path(file) for file in files["static"]])
    write_text(pointer, environment(templates).get_template("pointer.html.j2").render(to=folder.name))


def environment(templates: Path):
    """Make the template engine: autoescape everywhere, an unknown name is an error, every value is made readable."""
    import jinja2
    from markupsafe import Markup

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "anchor": anchor,
        "words": words,
        "numeric": numeric,
        "whole": Listing,
        "text_read": said.text_read,
        "drawing": lambda figure: Markup(figure.svg),
    }
    made.globals |= {
        "policy": POLICY,
        "signs": said.SIGNS,
        "meanings": said.MEANINGS,
        "titles": said.TITLES,
        "paper_verdicts": PAPER_VERDICTS,
        "verdicts": VERDICTS,
    }
    return made


def write_site(found: Site, folder: str | Path, templates: Path, static: list[Path]) -> None:
    """Write all pages of a site. Its own folders are made anew; others, such as the data beside it, stay."""
    folder = Path(folder)
    for own in FOLDERS:
        shutil.rmtree(folder / own, ignore_errors=True)
    engine = environment(templates)

    def page(file: str, template: str, **values) -> None:
        root = "../" * file.count("/")
        text = engine.get_template(template).render(site=found, root=root, here=file, **values)
        write_text(folder / file, _CLOSED.sub("", text))

    page("index.html", "start.html.j2")
    page("claims.html", "claims.html.j2")
    page("certificates.html", "certificates.html.j2")
    for study in found.studies:
        page(f"studies/{anchor(study.name)}.html", "study.html.j2", study=study)
        for result in study.results:
            page(f"results/{anchor(result.name)}.html", "result.html.j2", study=study, result=result)
    for cohort in found.cohorts:
        page(f"cohorts/{anchor(cohort.name)}.html", "cohort.html.j2", cohort=cohort)
    for file in static:
        write_text(folder / "static" / file.name, file.read_text(encoding="utf-8"))
