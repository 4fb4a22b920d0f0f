# replicalc: one rule per reported result. `snakemake --list` is the table of contents; start at config/config.yaml.
import os

from snakemake.utils import min_version

min_version("9.17.1")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/cohort.smk"
include: "workflow/rules/doppler.smk"
include: "workflow/rules/nact_bone.smk"
include: "workflow/rules/casting.smk"
include: "workflow/rules/us_mri.smk"
include: "workflow/rules/nat_residual.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/pooled.smk"
include: "workflow/rules/verify.smk"
include: "workflow/rules/witnesses.smk"
include: "workflow/rules/across.smk"


# Every claim has a rule, every rule a claim, every file the name of its rule; otherwise nothing starts.
check_registry(workflow.rules)
workflow.list_rules = in_order(workflow.rules)


include: "workflow/rules/disclosure.smk"
include: "workflow/rules/federated.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/archive.smk"
include: "workflow/rules/cluster.smk"


rule all:
    """Everything: each result and figure of each study on each cohort, the comparison with the paper, the report."""
    default_target: True
    input:
        results=all_results(),
        figures=all_figures(),
        comparisons=all_comparisons(),
        verifications=all_verifications(),
        pooled=study_results(),
        exports=synthetic_exports(),
        kept=private_files() + all_disclosures(),
        witnesses=witness_files() if len(registry.witnesses) > 1 else [],
        across=across_files(),
        overview=["results/claims.csv", "results/summary.json"],
        report=["results/report/index.html", "results/report.html"] + checklist_files + rules.data.output,


onsuccess:
    if "MAKELEVEL" not in os.environ:  # make says it itself, also when there was nothing to do
        print_summary("results/summary.json", not_before=STARTED)


onerror:
    print("Stopped; the sentence above says why.")
