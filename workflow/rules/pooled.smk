# Results of several papers pooled, from printed numbers alone: no patients, so one table for a study and not one for
# each cohort. To add a study to a pool, enter its claims and add its line: where its ratio stands, of which event,
# against whom.
from replicalc.digest import digest
from replicalc.figures import pooled as pooled_figures, pooled_accuracy as pooled_accuracy_figures
from replicalc.results import pooled, pooled_accuracy

CASTING = "tumour_feature=casting"


rule casting_pooled_hazard_ratios:
    """Casting-type calcification and outcome: the ratios of the primary studies pooled, and how far they disagree."""
    input:
        claims="config/studies/casting/claims.csv",
        study="config/studies/casting/study.yaml",
    output:
        stats="results/casting/casting_pooled_hazard_ratios.csv",
    log:
        "logs/casting/casting_pooled_hazard_ratios.log",
    params:
        pools={
            "death": [
                ("casting_x_tabar2004_hazard", "model=multivariable", CASTING, "death from breast cancer", "stellate"),
                ("casting_x_palka2008_death", "model=univariable", CASTING, "death from any cause", "no casting type"),
                ("casting_x_population_death", "model=multivariable", CASTING, "death from breast cancer", "stellate"),
            ],
            "relapse": [
                ("casting_x_palka2008_relapse", "model=univariable", CASTING, "relapse", "no casting type"),
            ],
        },
        code=digest("results.pooled:pooled_ratios"),
    run:
        pooled.pooled_ratios(input.claims, input.study, output.stats, log[0], **params)


rule casting_fig_pooled:
    """The pooled ratios of casting type, drawn: each study, its weight, the pooled ratios and the prediction interval."""
    input:
        table="results/casting/casting_pooled_hazard_ratios.csv",
        claims="config/studies/casting/claims.csv",
    output:
        svg=shown("results/casting/casting_fig_pooled.svg", "pooled"),
        png="results/casting/casting_fig_pooled.png",
    log:
        "logs/casting/casting_fig_pooled.log",
    params:
        title="Casting-type calcification: published ratios, pooled",
        code=digest("figures.pooled:ratios"),
    run:
        pooled_figures.ratios(*input, output.svg, output.png, log[0], **params)


rule us_mri_pooled_mri_accuracy:
    """MRI of microcalcifications: sensitivity and specificity of this study and others, pooled bivariately."""
    input:
        claims="config/studies/us_mri/claims.csv",
        study="config/studies/us_mri/study.yaml",
        comparators="config/studies/us_mri/comparators.csv",
    output:
        stats="results/us_mri/us_mri_pooled_mri_accuracy.csv",
    log:
        "logs/us_mri/us_mri_pooled_mri_accuracy.log",
    params:
        n=("us_mri_m_flow", "all", "", "n_included"),
        prevalence=("us_mri_x_prevalence", "all", "malignant=yes", "percent"),
        accuracy=("us_mri_x_mri_accuracy", "all", "mri_assessment=positive~malignant=yes"),
        test="MRI",
        correction="all",
        code=digest("results.pooled_accuracy:pooled_accuracy"),
    run:
        pooled_accuracy.pooled_accuracy(*input, output.stats, log[0], **params)


rule us_mri_fig_sroc:
    """The pooled accuracy of MRI, drawn: studies, summary point, regions and summary ROC curve; forest below."""
    input:
        table="results/us_mri/us_mri_pooled_mri_accuracy.csv",
        comparators="config/studies/us_mri/comparators.csv",
    output:
        svg=shown("results/us_mri/us_mri_fig_sroc.svg", "pooled"),
        png="results/us_mri/us_mri_fig_sroc.png",
    log:
        "logs/us_mri/us_mri_fig_sroc.log",
    params:
        code=digest("figures.pooled_accuracy:sroc"),
    run:
        pooled_accuracy_figures.sroc(*input, output.svg, output.png, log[0], **params)
