"""``codecheck.yml``: the outputs that a CODECHECK makes again, each with what it is, and the hash it had here.

Specification: https://codecheck.org.uk/spec/config/1.0/. Whoever checks adds ``codechecker``, ``report`` and
``certificate``; an author cannot say these, so they are absent.
"""

from __future__ import annotations

from replicalc.report.machine.about import About
from replicalc.report.machine.members import Member

CODECHECK = "codecheck.yml"
VERSION = "https://codecheck.org.uk/spec/config/1.0/"
HEAD = """%YAML 1.1
---
# Whoever checks adds codechecker, report, check_time and certificate; whoever publishes, the reference of the paper.
"""


def codecheck(outputs: list[tuple[Member, str]], about: About, source: str) -> str:
    """Return the file as text. ``outputs``: each output with its comment, in the order in which they are to be read.

    The hashes stand under ``replicalc``, for the specification has no place for them in the manifest.
    """
    import yaml

    authors = [{"name": author.name} | ({"ORCID": author.orcid} if author.orcid else {}) for author in about.authors]
    content = {
        "version": VERSION,
        "manifest": [{"file": member.path, "comment": comment} for member, comment in outputs],
        "paper": {"title": about.title, "authors": authors},
        "source": source,
        **({"repository": about.repository} if about.repository else {}),
        "replicalc": {"version": about.version, "sha256": {member.path: member.sha256 for member, _ in outputs}},
    }
    return HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
