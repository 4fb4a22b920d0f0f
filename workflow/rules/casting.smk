# casting: Tot 2021, doi:10.1016/j.semcancer.2019.10.024, a review, and the primary studies behind it. One rule for each
# statement and for each reported result of a primary study. The synthetic cohort holds the patients of all five, told
# apart by `primary_study`; a cohort without that variable is held against each. Readings: config/studies/casting/NOTES.md.

from replicalc.cohort.synthesise import casting as casting_patients


module casting:
    pathvars:
        study="casting",
        result="unset",
        first="unset",
        second="unset",
    snakefile:
        "archetypes.smk"


# Whom the primary studies are about. Sizes are in the classes of the dictionary; a patient without a size is not left out.
TABAR_2004 = {"primary_study": "tabar2004 or not recorded", "tumour_size_class": "1_9|10_14 or not recorded"}
TABAR_2000 = {"primary_study": "tabar2000 or not recorded", "tumour_size_class": "1_9|10_14 or not recorded"}
# 1-15 mm; the class 15_20 holds the 15.
POPULATION = {"primary_study": "population or not recorded", "tumour_size_class": "1_9|10_14|15_20 or not recorded"}


use rule hazard from casting as casting_a_independent_marker with:
    """Statement: casting type is worse than other calcification and than none, adjusted for size, nodes and grade."""
    pathvars:
        result="casting_a_independent_marker",
    params:
        time="follow_up_days",
        event=("vital_status", "dead_of_breast_cancer"),
        unit="year",
        factors={
            "casting_group": "each against casting",
            "tumour_size_class": "each against 1_9",
            "lymph_node_metastasis": "yes",
            "grade": "each against 1",
        },
        subset=TABAR_2004,
        holds=[
            (("model=multivariable", "casting_group=no_calcification", "hr"), "<", 1),
            (("model=multivariable", "casting_group=no_calcification", "p"), "<", 0.05),
            (("model=multivariable", "casting_group=other_calcification", "hr"), "<", 1),
            (("model=multivariable", "casting_group=other_calcification", "p"), "<", 0.05),
        ],


use rule association from casting as casting_a_molecular with:
    """Statement: calcification goes with unfavourable molecular characteristics."""
    pathvars:
        result="casting_a_molecular",
    params:
        rows="calcified",
        columns=["luminal", "intrinsic_subtype", "subtype"],
        test="pearson",
        holds=[
            (("calcified=yes", "luminal=no", "percent"), ">", ("calcified=no", "luminal=no", "percent")),
            (("all", "calcified x luminal", "p"), "<", 0.05),
        ],


rule casting_a_surgery:
    """Statement: calcified tumours are operated on more extensively; beside it, surgery in nat_residual."""
    input:
        cohort="results/casting/{cohort}/cohort.parquet",
        elsewhere=lambda wildcards: result_elsewhere("nat_residual", wildcards.cohort, "nat_residual_t1_surgery"),
    output:
        stats="results/casting/{cohort}/casting_a_surgery.csv",
    log:
        "logs/casting/{cohort}/casting_a_surgery.log",
    params:
        rows="calcified",
        columns="surgery",
        test="pearson",
        holds=[
            (
                ("calcified=yes", "surgery=mastectomy", "percent"),
                ">",
                ("calcified=no", "surgery=mastectomy", "percent"),
            ),
            (("all", "calcified x surgery", "p"), "<", 0.05),
        ],
        no_judgement="in nat_residual every tumour is calcified: its share of mastectomies has nothing to be compared with",
        code=digest("results.evidence:evidence"),
    run:
        results.evidence(input.cohort, list(input.elsewhere), output.stats, log[0], **params)


use rule association from casting as casting_a_benign_malignant with:
    """Statement: the type of calcification tells benign from malignant in most lesions."""
    pathvars:
        result="casting_a_benign_malignant",
    params:
        rows=["calc_type_class", "calc_type", "calc_type_correct"],
        columns="malignant",
        test="pearson",
        subset={"calcified": "yes", "worked_up": "yes or not recorded"},
        holds=[
            (("all", "calc_type_class x malignant", "p"), "<", 0.05),
            (("all", "calc_type_correct=yes", "percent"), ">", 50),
            (("all", "calc_type_correct=yes", "percent"), ">", ("all", "malignant=yes", "percent")),
            (("all", "calc_type_correct=yes", "percent"), ">", ("all", "malignant=no", "percent")),
        ],


use rule distribution from casting as casting_x_tabar2004_features with:
    """Tabar 2004: mammographic tumour features of invasive cancers of 1-14 mm."""
    pathvars:
        result="casting_x_tabar2004_features",
    params:
        variables=["tumour_feature", "tumour_size_class"],
        subset=TABAR_2004,


use rule hazard from casting as casting_x_tabar2004_hazard with:
    """Tabar 2004: hazard of breast-cancer death by tumour feature, alone and adjusted."""
    pathvars:
        result="casting_x_tabar2004_hazard",
    params:
        time="follow_up_days",
        event=("vital_status", "dead_of_breast_cancer"),
        unit="year",
        factors={
            "tumour_feature": "each against stellate",
            "tumour_size_class": "each against 1_9",
            "lymph_node_metastasis": "yes",
            "grade": "each against 1",
        },
        subset=TABAR_2004,


use rule survival from casting as casting_x_tabar2004_survival with:
    """Tabar 2004: breast-cancer survival by tumour feature and size."""
    pathvars:
        result="casting_x_tabar2004_survival",
    params:
        time="follow_up_days",
        event=("vital_status", "dead_of_breast_cancer"),
        unit="year",
        times=[5, 10, 15, 20, 24],
        by=["tumour_feature", "casting_group", "tumour_feature+tumour_size_class"],
        subset=TABAR_2004,


use rule distribution from casting as casting_x_tabar2000_features with:
    """Tabar 2000: cancers of 1-14 mm."""
    pathvars:
        result="casting_x_tabar2000_features",
    params:
        variables=["tumour_feature"],
        subset=TABAR_2000,


use rule survival from casting as casting_x_tabar2000_survival with:
    """Tabar 2000: breast-cancer survival at 20 years."""
    pathvars:
        result="casting_x_tabar2000_survival",
    params:
        time="follow_up_days",
        event=("vital_status", "dead_of_breast_cancer"),
        unit="year",
        times=[5, 10, 15, 20],
        by=["tumour_feature"],
        subset=TABAR_2000,


use rule association from casting as casting_x_tabar2000_small with:
    """Tabar 2000: casting type among cancers of 1-9 mm."""
    pathvars:
        result="casting_x_tabar2000_small",
    params:
        rows="tumour_size_class",
        columns="tumour_feature",
        test="pearson",
        subset=TABAR_2000,


use rule association from casting as casting_x_tabar2000_deaths with:
    """Tabar 2000: casting type among the breast-cancer deaths of women with cancers of 1-9 mm."""
    pathvars:
        result="casting_x_tabar2000_deaths",
    params:
        rows="vital_status",
        columns="tumour_feature",
        test="pearson",
        subset={"primary_study": "tabar2000 or not recorded", "tumour_size_class": "1_9"},


use rule distribution from casting as casting_x_palka2008_features with:
    """Palka: patients, all at high risk."""
    pathvars:
        result="casting_x_palka2008_features",
    params:
        variables=["tumour_feature"],
        subset={"primary_study": "palka2008 or not recorded"},


use rule hazard from casting as casting_x_palka2008_relapse with:
    """Palka: hazard of relapse, casting type against all others."""
    pathvars:
        result="casting_x_palka2008_relapse",
    params:
        time="relapse_free_days",
        event=("relapse", "yes"),
        unit="year",
        factors={"tumour_feature": "casting"},
        models=["univariable"],
        subset={"primary_study": "palka2008 or not recorded"},


use rule hazard from casting as casting_x_palka2008_death with:
    """Palka: hazard of death from any cause, casting type against all others."""
    pathvars:
        result="casting_x_palka2008_death",
    params:
        time="follow_up_days",
        event=("vital_status", "dead_of_breast_cancer|dead_of_other_cause"),
        unit="year",
        factors={"tumour_feature": "casting"},
        models=["univariable"],
        subset={"primary_study": "palka2008 or not recorded"},


use rule distribution from casting as casting_x_population_features with:
    """Population-based cohort: patients with a unifocal cancer of 1-15 mm."""
    pathvars:
        result="casting_x_population_features",
    params:
        variables=["tumour_feature"],
        subset=POPULATION,


use rule logistic from casting as casting_x_population_death with:
    """Population-based cohort: odds of breast-cancer death by tumour feature, alone and adjusted."""
    pathvars:
        result="casting_x_population_death",
    params:
        outcome=("vital_status", "dead_of_breast_cancer"),
        factors={
            "tumour_feature": "each against stellate",
            "tumour_size_class": "each against 1_9",
            "lymph_node_metastasis": "yes",
            "grade": "each against 1",
        },
        subset=POPULATION,


use rule distribution from casting as casting_x_li2019_features with:
    """Li 2019: casting type among all patients."""
    pathvars:
        result="casting_x_li2019_features",
    params:
        variables=["tumour_feature"],
        subset={"primary_study": "li2019 or not recorded"},


rule casting_synthesise:
    """Synthetic patients of the five primary studies: counts and survival exactly, hazard and odds ratios by search."""
    input:
        claims=ancient("config/studies/casting/claims.csv"),
        dictionary=ancient("data/dictionary.csv"),
    output:
        export="results/casting/{cohort}/raw/export.csv",
        assumptions="results/casting/{cohort}/assumptions.csv",
    log:
        "logs/casting/{cohort}/synthesise.log",
    wildcard_constraints:
        cohort=WITNESS,
    params:
        seed=lambda wildcards: registry.seed_of(wildcards.cohort),
        uses=[registry.print_of("printed", "casting"), registry.print_of("variables", "casting")],
        code=digest("cohort.synthesise.casting:synthesise"),
    run:
        casting_patients.synthesise(input.claims, input.dictionary, output.export, output.assumptions, log[0], **params)
