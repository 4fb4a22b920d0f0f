# From a raw export to the cohort of a study, one step a rule, each with a file that a reviewer can open:
# export -> steps/mapped.csv -> steps/validation.csv -> steps/derived.csv -> steps/flow.csv and cohort.parquet ->
# steps/split.csv. What was changed on the way is steps/changes.csv, what is wrong steps/problems.csv: value by value, both
# for the hospital alone. The wildcards are the study and the cohort.
from replicalc import results
from replicalc.cohort import derivation, flow, mapping, validation
from replicalc.cohort.synthesise import formats
from replicalc.digest import digest


rule synthetic_formats:
    """Cohort: the synthetic export also as a workbook and as an SPSS file, for whoever works with these."""
    input:
        export="results/{study}/synthetic/raw/export.csv",
        mapping=ancient("config/studies/{study}/synthetic.yaml"),
        dictionary=ancient("data/dictionary.csv"),
    output:
        xlsx="results/{study}/synthetic/raw/export.xlsx",
        sav="results/{study}/synthetic/raw/export.sav",
    log:
        "logs/{study}/synthetic/synthetic_formats.log",
    params:
        uses=lambda wildcards: [
            registry.print_of("mapping", wildcards.study, "synthetic"),
            registry.print_of("variables", wildcards.study),
        ],
        code=digest("cohort.synthesise.formats:other_formats"),
    run:
        formats.other_formats(input.export, input.mapping, input.dictionary, output.xlsx, output.sav, log[0], **params)


rule map_export:
    """Cohort, step 1: the columns, codes and units of the export become canonical variables."""
    input:
        exports=lambda wildcards: export_files(wildcards, wildcards.study),
        mapping=lambda wildcards: ancient(cohort_file(wildcards, wildcards.study)),
        dictionary=ancient("data/dictionary.csv"),
    output:
        mapped="results/{study}/{cohort}/steps/mapped.csv",
        unread="results/{study}/{cohort}/steps/unread.csv",
        changes="results/{study}/{cohort}/steps/mapping_changes.csv",
    log:
        "logs/{study}/{cohort}/steps/map_export.log",
    # The patients of a protected cohort are read on its private side alone; so nothing else can be made from its rows, also
    # where a file is asked for by its path in a run of other cohorts.
    # Of a pooled cohort nobody here has rows.
    wildcard_constraints:
        cohort=rf"(?!(?:{any_of([*registry.closed, *registry.pooled_sides()])})/)[^/]+",
    params:
        uses=lambda wildcards: used(wildcards, "mapping", "variables"),
        cohort=lambda wildcards: shared(wildcards.cohort),
        code=digest("cohort.mapping:map_export"),
    run:
        mapping.map_export(
            list(input.exports),
            input.mapping,
            input.dictionary,
            output.mapped,
            output.unread,
            output.changes,
            log[0],
            **params,
        )


rule validate_cohort:
    """Cohort, step 2: ranges, duplicates, units, implausible combinations and published totals; all problems at once."""
    input:
        mapped="results/{study}/{cohort}/steps/mapped.csv",
        unread="results/{study}/{cohort}/steps/unread.csv",
        mapping=lambda wildcards: ancient(cohort_file(wildcards, wildcards.study)),
        dictionary=ancient("data/dictionary.csv"),
    output:
        checks="results/{study}/{cohort}/steps/validation.csv",
    log:
        "logs/{study}/{cohort}/steps/validate_cohort.log",
    params:
        uses=lambda wildcards: used(wildcards, "mapping", "variables"),
        cohort=lambda wildcards: shared(wildcards.cohort),
        # No output: Snakemake deletes those of a failed job, and this file is for whoever repairs the export.
        problems=lambda wildcards: f"results/{wildcards.study}/{wildcards.cohort}/steps/problems.csv",
        code=digest("cohort.validation:validate_cohort"),
    run:
        validation.validate_cohort(
            input.mapped, input.mapping, input.dictionary, output.checks, input.unread, log[0], **params
        )


rule derive_cohort:
    """Cohort, step 3: classes from raw measurements, by the study's definitions."""
    input:
        mapped="results/{study}/{cohort}/steps/mapped.csv",
        checks="results/{study}/{cohort}/steps/validation.csv",
        changes="results/{study}/{cohort}/steps/mapping_changes.csv",
        study=ancient("config/studies/{study}/study.yaml"),
        mapping=lambda wildcards: ancient(cohort_file(wildcards, wildcards.study)),
        dictionary=ancient("data/dictionary.csv"),
    output:
        derived="results/{study}/{cohort}/steps/derived.csv",
        derivations="results/{study}/{cohort}/steps/derivations.csv",
        changes="results/{study}/{cohort}/steps/changes.csv",
    log:
        "logs/{study}/{cohort}/steps/derive_cohort.log",
    params:
        uses=lambda wildcards: used(wildcards, "readings", "mapping", "variables"),
        cohort=lambda wildcards: shared(wildcards.cohort),
        code=digest("cohort.derivation:derive_cohort"),
    run:
        derivation.derive_cohort(
            input.mapped,
            input.checks,
            input.study,
            input.mapping,
            input.dictionary,
            output.derived,
            output.derivations,
            input.changes,
            output.changes,
            log[0],
            **params,
        )


rule select_patients:
    """Cohort, step 4: the study's criteria, every excluded patient counted."""
    input:
        derived="results/{study}/{cohort}/steps/derived.csv",
        study=ancient("config/studies/{study}/study.yaml"),
        mapping=lambda wildcards: ancient(cohort_file(wildcards, wildcards.study)),
        dictionary=ancient("data/dictionary.csv"),
    output:
        flow="results/{study}/{cohort}/steps/flow.csv",
        cohort="results/{study}/{cohort}/cohort.parquet",
        everybody="results/{study}/{cohort}/steps/everybody.parquet",
    log:
        "logs/{study}/{cohort}/steps/select_patients.log",
    params:
        uses=lambda wildcards: used(wildcards, "criteria", "mapping", "variables"),
        cohort=lambda wildcards: shared(wildcards.cohort),
        code=digest("cohort.flow:select_patients"),
    run:
        flow.select_patients(
            input.derived,
            input.study,
            input.mapping,
            input.dictionary,
            output.flow,
            output.cohort,
            output.everybody,
            log[0],
            **params,
        )


rule split_cohort:
    """Cohort, step 5: calcified or not, by molecular subtype."""
    input:
        everybody="results/{study}/{cohort}/steps/everybody.parquet",
    output:
        split="results/{study}/{cohort}/steps/split.csv",
    log:
        "logs/{study}/{cohort}/steps/split_cohort.log",
    params:
        code=digest("cohort.flow:split_cohort"),
    run:
        flow.split_cohort(input.everybody, output.split, log[0], **params)


# What a whole cohort says about calcification, before a study leaves anybody out.


rule cohort_calcified_subtype:
    """Cohort level: calcified or not, by the intrinsic subtype that the centre recorded."""
    input:
        everybody="results/{study}/{cohort}/steps/everybody.parquet",
    output:
        stats="results/{study}/{cohort}/cohort_calcified_subtype.csv",
    log:
        "logs/{study}/{cohort}/cohort_calcified_subtype.log",
    params:
        rows="intrinsic_subtype",
        columns="calcified",
        test="pearson",
        code=digest("results.association:association"),
    run:
        results.association(input.everybody, output.stats, log[0], **params)


use rule cohort_calcified_subtype as cohort_calcified_receptors with:
    """Cohort level: calcified or not, by hormone receptor and HER2 status."""
    output:
        stats="results/{study}/{cohort}/cohort_calcified_receptors.csv",
    log:
        "logs/{study}/{cohort}/cohort_calcified_receptors.log",
    params:
        rows="subtype",
        columns="calcified",
        test="pearson",
        code=digest("results.association:association"),


use rule cohort_calcified_subtype as cohort_calcified_malignant_unselected with:
    """Cohort level: malignancy, by calcified or not, in the part that was not selected for cancer."""
    output:
        stats="results/{study}/{cohort}/cohort_calcified_malignant_unselected.csv",
    log:
        "logs/{study}/{cohort}/cohort_calcified_malignant_unselected.log",
    params:
        rows="calcified",
        columns="malignant",
        test="pearson",
        subset={"series": "unselected"},
        code=digest("results.association:association"),


use rule cohort_calcified_subtype as cohort_calcified_malignant with:
    """Cohort level: malignancy, by calcified or not."""
    output:
        stats="results/{study}/{cohort}/cohort_calcified_malignant.csv",
    log:
        "logs/{study}/{cohort}/cohort_calcified_malignant.log",
    params:
        rows="calcified",
        columns="malignant",
        test="pearson",
        code=digest("results.association:association"),
