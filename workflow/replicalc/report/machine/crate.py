"""The archive as a Workflow Run RO-Crate: what was run with what, on which inputs, and what came out.

Profiles: Process, Workflow and Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance/0.5) on RO-Crate 1.1. A
step is a file of rules; each run of it for a study and a cohort is an action. Single jobs have their logs. Actions
have no times: the profiles allow that, and the same results give the same crate.
"""

from __future__ import annotations

import json

from replicalc.report.machine.about import About
from replicalc.report.machine.members import Member, Step

METADATA = "ro-crate-metadata.json"
PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/provenance/0.5", "Provenance Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)
WORKFLOW = "Snakefile"
#: Not in the context of RO-Crate 1.1; the term that Workflow Run Crate defines for it.
EXTRA_TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
DONE = "http://schema.org/CompletedActionStatus"


def crate(
    members: list[Member],
    steps: list[Step],
    about: About,
    software: dict[str, str],
    settings: dict[str, str],
    sources: dict[str, dict[str, str]],
) -> str:
    """Return ``ro-crate-metadata.json`` as text.

    ``software``: version by package. ``settings``: what the run was configured with, by name. ``sources``: what is
    known of exports that are not in the archive (name, and where there are any: doi, licence, sha256, size), by the
    name that steps use.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    made = ROCrate(version="1.1")
    made.metadata.extra_terms.update(EXTRA_TERMS)

    def add(identifier: str, kind: str | list[str], /, **properties):
        return made.add(ContextEntity(made, identifier, properties={"@type": kind, **properties}))

    licence = add(
        f"https://spdx.org/licenses/{about.licence}",
        "CreativeWork",
        name=about.licence,
        description="licence of the workflow",
    )
    tools = list(dict.fromkeys(step.tool for step in steps))
    types = {tool: ["File", "SoftwareSourceCode"] for tool in tools}
    types[WORKFLOW] = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]
    files = {}
    for member in members:
        kind = types.get(member.path, "File")
        files[member.path] = made.add_file(dest_path=member.path, properties={"@type": kind} | _file(member))
    workflow = files[WORKFLOW]
    language = add(
        "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
        "ComputerLanguage",
        name="Snakemake",
        identifier={"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        url={"@id": "https://snakemake.readthedocs.io"},
        version=software["snakemake"],
    )
    authors = [
        add(
            f"https://orcid.org/{author.orcid}" if author.orcid else f"#author-{number}",
            "Person" if author.person else "Organization",
            name=author.name,
        )
        for number, author in enumerate(about.authors, 1)
    ]
    programs = {name: _program(add, name, version) for name, version in software.items()}
    exports = {name: add(f"#export-{name}", "CreativeWork", **known) for name, known in sources.items()}
    values = [_parameter(add, name, value) for name, value in settings.items()]
    for tool in tools:
        files[tool]["programmingLanguage"] = language
        files[tool]["version"] = about.version
    stages = {
        tool: add(f"#step-{number}", "HowToStep", name=tool, position=str(number), workExample=files[tool])
        for number, tool in enumerate(tools)
    }
    runs, controls = [], []
    for number, step in enumerate(steps):
        run = add(
            f"#run-{number}",
            "CreateAction",
            name=step.name,
            description=f"Ran the rules of {step.tool}: {step.name}. Function, parameters and duration are in logs/.",
            instrument=files[step.tool],
            object=_one([*(files[path] for path in step.inputs), *(exports[name] for name in step.sources)]),
            result=_one([files[path] for path in step.outputs]),
            actionStatus=DONE,
        )
        runs.append(run)
        controls.append(
            add(
                f"#control-{number}",
                "ControlAction",
                name=f"orchestrate {step.name}",
                description=f"Snakemake had the step {step.tool} run: {step.name}.",
                instrument=stages[step.tool],
                object=run,
                actionStatus=DONE,
            )
        )
    read = dict.fromkeys(path for step in steps for path in step.inputs)
    written = dict.fromkeys(path for step in steps for path in step.outputs)
    whole = add(
        "#run",
        "CreateAction",
        name=f"run of {about.title}",
        description="The whole workflow, from configuration and records to results and report.",
        instrument=workflow,
        object=[*(files[p] for p in read if p not in written), *exports.values(), *(each for _, each in values)],
        result=[files[path] for path in written],
        actionStatus=DONE,
    )
    engine = add(
        "#engine",
        "OrganizeAction",
        name=f"run of Snakemake {software['snakemake']}",
        description="Snakemake decided what was to be run, and in which order.",
        instrument=programs["snakemake"],
        object=controls,
        result=whole,
        actionStatus=DONE,
    )
    for name, value in (
        ("name", about.title),
        ("version", about.version),
        ("license", licence),
        ("creator", _one(authors)),
        ("programmingLanguage", language),
        ("softwareRequirements", list(programs.values())),
        ("hasPart", [files[tool] for tool in tools]),
        ("conformsTo", {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"}),
        ("step", list(stages.values())),
        ("input", _one([parameter for parameter, _ in values])),
    ):
        workflow[name] = value
    if about.repository:
        workflow["codeRepository"] = {"@id": about.repository}
    if "README.md" in files:
        files["README.md"]["about"] = made.root_dataset
    root = made.root_dataset
    for name, value in (
        ("name", f"Run of {about.title}"),
        (
            "description",
            "Results of the workflow with everything they were made from that may be shared; see ARCHIVE.md.",
        ),
        ("datePublished", about.date),
        ("license", licence),
        ("author", _one(authors)),
        ("mainEntity", workflow),
        ("mentions", [engine, whole, *runs]),
        ("conformsTo", [add(url, "CreativeWork", name=name, version=version) for url, name, version in PROFILES]),
    ):
        root[name] = value
    descriptor = made.metadata
    descriptor["conformsTo"] = [{"@id": "https://w3id.org/ro/crate/1.1"}, {"@id": PROFILES[-1][0]}]
    found = descriptor.generate()
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _file(member: Member) -> dict[str, str]:
    return {
        "name": member.path,
        "encodingFormat": member.format,
        "contentSize": str(len(member.data)),
        "sha256": member.sha256,
    }


def _one(found: list):
    """RO-Crate 1.1 wants a single value where there is one, and a list where there are more."""
    return found[0] if len(found) == 1 else found


def _program(add, name: str, version: str):
    page = "https://www.python.org/" if name == "python" else f"https://pypi.org/project/{name}/{version}/"
    return add(page, "SoftwareApplication", name=name, softwareVersion=version, url={"@id": page})


def _parameter(add, name: str, value: str) -> tuple:
    """A setting of the run: the formal parameter, and the value that it had."""
    parameter = add(f"#parameter-{name}", "FormalParameter", name=name, additionalType="Text")
    parameter["conformsTo"] = {"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"}
    given = add(f"#value-{name}", "PropertyValue", name=name, value=value, exampleOfWork=parameter)
    parameter["workExample"] = given
    return parameter, given
