# Used by all the files beside this one: the checked configuration, the registry of claims, the lists of files to make.
import logging
import sys
import time
from inspect import signature
from pathlib import Path

import snakemake.workflow
from replicalc.digest import digest
from replicalc.disclosure.settings import FILL, close_notes, private, refuse_archive, shared
from replicalc.evaluable import Made
from replicalc.plainly import plain_words, plainly
from replicalc.registry import WITNESS, Registry, is_synthetic
from replicalc.report.summary import print_summary

STARTED = time.time()
# What Snakemake says around every batch of jobs and every fault buries the one sentence that matters.
logging.getLogger("snakemake.logging").addFilter(plain_words)


def parsed_once(parse):
    """Let Snakemake parse archetypes.smk once; it does so again for each of the hundred heirs, a third of every start.

    The parsed text of a file depends on nothing but the file as long as all its rules have names.
    """
    known = {}

    def parsed(path, workflow, linemap, overwrite_shellcmd=None, rulecount=0):
        name = path.get_path_or_uri(secret_free=True)
        if Path(name).name != "archetypes.smk":
            return parse(path, workflow, linemap, overwrite_shellcmd, rulecount)
        if name not in known:
            lines = {}
            known[name] = *parse(path, workflow, lines, overwrite_shellcmd), lines
        text, rules, lines = known[name]
        linemap.update(lines)
        return text, rulecount + rules

    return parsed


# A version of Snakemake that calls it otherwise (this is 9.27) is slower and no less right.
if list(signature(snakemake.workflow.parse).parameters) == list(signature(parsed_once(None)).parameters):
    snakemake.workflow.parse = parsed_once(snakemake.workflow.parse)

with plainly():
    registry = Registry.load(config)
    # Snakemake's own notes hold what the terminal showed and checksums of unsuppressed tables.
    close_notes(registry.closed)
    refuse_archive(sys.argv[1:], list(registry.protected))


def check_registry(made):
    """Stop, with the names, where claims, results, figures and what makes them do not fit together."""
    with plainly():
        registry.check(
            [(each.name, [str(file) for file in each.output], [str(file) for file in each.log]) for each in made],
            {
                each.name: Made(
                    {name: value for name, value in each.params.items() if not callable(value)},
                    tuple(Path(str(file)).stem for file in each.input if not callable(file)),
                )
                for each in made
            },
        )


def all_results():
    return [
        f"results/{study}/{cohort}/{result}.csv"
        for study, cohort in registry.pairs
        for result in [*registry.results[study], *registry.cohort_results, *row_files(cohort)]
    ]


def row_files(cohort):
    """What a run makes besides results; of a protected cohort nothing unsuppressed is asked for on its shared side."""
    return [] if cohort in registry.protected or cohort in registry.pooled else ["steps/split"]


def summary_files(cohort, file):
    """A file of each study that a cohort answers, on the side that holds its patients."""
    return [f"results/{study}/{registry.home(cohort)}/{file}" for study in registry.shared_studies(cohort)]


def all_disclosures():
    """Of each protected cohort, how much was withheld from each study."""
    return [
        f"results/{study}/{cohort}/disclosure.csv" for study, cohort in registry.pairs if cohort in registry.protected
    ]


def private_files():
    """What a hospital keeps of its protected cohorts: every claim against the unsuppressed results, and a word on the folder."""
    return [
        f"results/{study}/{private(cohort)}/{file}"
        for study, cohort in registry.pairs
        if cohort in registry.protected
        for file in ("comparison.csv", "README.txt")
    ]


def any_of(names):
    """A pattern for a wildcard: one of these names, or nothing at all where there are none."""
    return "|".join(sorted(names)) or "(?!)"


def params_of(result, *names):
    """Parameters of a result's rule: its figure shows the same patients. (`rules` only sees those of the archetype.)"""
    params = workflow.get_rule(result).params
    return {name: params[name] for name in names}


def in_order(made):
    """For `snakemake --list`: the rules as the files have them, which is the order of the papers, not of the alphabet."""

    def list_rules(only_targets=False):
        for each in made:
            if not (only_targets and each.has_wildcards()):
                print(f"{each.name} ({each.docstring})" if each.docstring else each.name)

    return list_rules


def study_results():
    """What is made from published numbers alone: files of each study, outside of any cohort."""
    return [file for files in registry.study_files.values() for file in files]


def synthetic_exports():
    """The synthetic export of each study as a workbook and as an SPSS file, beside the CSV that the run itself reads."""
    made = [study for study, cohort in registry.pairs if cohort == "synthetic"]
    return [f"results/{study}/synthetic/raw/export.{kind}" for study in made for kind in ("xlsx", "sav")]


def result_elsewhere(study, cohort, result):
    """A result of another study on the same cohort, where it can be evaluated; otherwise nothing."""
    return [f"results/{study}/{cohort}/{result}.csv"] if (study, shared(cohort)) in registry.pairs else []


def witness_results(study):
    """Every result of a study on each of its synthetic cohorts; where there is only one, stop and say how to get more."""
    with plainly():
        registry.need_witnesses()
    return [
        f"results/{study}/{cohort}/{result}.csv" for cohort in registry.witnesses for result in registry.results[study]
    ]


def witness_files():
    """What the synthetic cohorts of each study say together."""
    return [f"results/{study}/witnesses.{kind}" for study in registry.studies for kind in ("csv", "md")]


def shown(path, caption="figure"):
    """Mark a file for Snakemake's own report (--report): under its study, figures and tables apart, with a caption.

    Only what is made of shared sides may be marked: the report takes every marked file of a run. So comparison.csv, which a
    protected cohort has on its private side too, is not; results/claims.csv has the same verdicts.
    """
    parts = Path(path).parts
    study = parts[1] if len(parts) > 2 else "all studies"
    name = Path(path).stem.removeprefix(f"{study}_fig_").replace("_", " ")
    return report(
        path,
        caption=f"../report/captions/{'flow' if name == 'flow' else caption}.rst",
        category=study,
        subcategory="figures" if path.endswith(".svg") else "tables",
        labels={"what": name, "cohort": "{cohort}" if "{cohort}" in path else "all"},
    )


def all_figures():
    return [
        f"results/{study}/{cohort}/{figure}.{kind}"
        for study, cohort in registry.pairs
        for figure in registry.figures[study]
        for kind in ("svg", "png")
    ]


def rule_files():
    general = ("archetypes", "cohort", "figures", "pooled")
    return [f"workflow/rules/{name}.smk" for name in (*general, *registry.studies)]


def all_comparisons():
    return [f"results/{study}/{cohort}/comparison.csv" for study, cohort in registry.pairs]


def cohort_file(wildcards, study):
    """The file that says how a cohort's export is read; the synthetic one belongs to its study."""
    return registry.cohort_file(study, wildcards.cohort)


def used(wildcards, *parts):
    """Hashes of the parts of study, cohort file and dictionary that a step uses; an edit elsewhere re-runs nothing."""
    return [registry.print_of(part, wildcards.study, wildcards.cohort) for part in parts]


def export_files(wildcards, study):
    """The raw files of a cohort: made by the workflow, or found in the folders of config.yaml."""
    with plainly():
        return registry.export_files(study, wildcards.cohort)


def all_claims():
    return [f"config/studies/{study}/claims.csv" for study in registry.studies]


def all_verifications():
    return [f"results/{study}/verification.csv" for study in registry.studies]


def certificates(study):
    """One file for each multivariable model that a study declares."""
    return [f"results/{study}/certificates/{model}.json" for model in registry.models(study)]


def paper_parts(study):
    """Hashes of what a verification reads: printed numbers and relations of its study, and numbers it may cite."""
    cited = any(each["kind"] == "cited" for each in registry.records[study][0].get("relations", []))
    others = [registry.print_of("printed", other) for other in registry.studies] if cited else []
    return [registry.print_of("printed", study), registry.print_of("relations", study), *others]


def cohorts_of(study):
    """The cohorts of the run that speak to a study, in the order of the configuration."""
    return [cohort for name, cohort in registry.pairs if name == study]


def across_results(study):
    return [f"results/{study}/{cohort}/{name}.csv" for cohort in cohorts_of(study) for name in registry.results[study]]


def across_files():
    """The tables; with a real cohort also the page with the forest plots, for synthetic patients can replicate nothing."""
    studies = list(dict.fromkeys(study for study, _ in registry.pairs))
    drawn = [study for study in studies if not all(map(is_synthetic, cohorts_of(study)))]
    return [f"results/{study}/across.csv" for study in studies] + [f"results/{study}/across.html" for study in drawn]
