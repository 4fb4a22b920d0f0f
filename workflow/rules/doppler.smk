# doppler: an abstract on colour Doppler ultrasound (no title, authors or DOI in the text). One rule for each reported
# result, in the order of the abstract. Why a test or a reading was taken: config/studies/doppler/NOTES.md.

from replicalc.cohort.synthesise import doppler as doppler_patients


module doppler:
    pathvars:
        study="doppler",
        result="unset",
        first="unset",
        second="unset",
    snakefile:
        "archetypes.smk"


use rule patient_flow from doppler as doppler_a_flow with:
    """Abstract, Methods: patients assessed, excluded and included."""
    pathvars:
        result="doppler_a_flow",


use rule distribution from doppler as doppler_a_prognosis with:
    """Abstract, Methods: patients with a good and with a poor prognosis."""
    pathvars:
        result="doppler_a_prognosis",
    params:
        variables=["prognosis"],


use rule distribution from doppler as doppler_a_calc_location with:
    """Abstract, Results: where ultrasound shows the microcalcifications."""
    pathvars:
        result="doppler_a_calc_location",
    params:
        variables=["us_calc_location"],
        subset={"us_calcification": "yes"},
        holds=[
            (("all", "us_calc_location=within_mass", "count"), ">", 0),
            (("all", "us_calc_location=around_mass", "count"), ">", 0),
            (("all", "us_calc_location=along_ducts", "count"), ">", 0),
        ],


use rule distribution from doppler as doppler_a_mass_features with:
    """Abstract, Results: edge, shape, spiculation and orientation of masses with microcalcifications."""
    pathvars:
        result="doppler_a_mass_features",
    params:
        variables=["us_edge", "us_shape", "us_spiculated", "us_taller_than_wide"],
        subset={"us_calcification": "yes"},
        holds=[
            (("all", "us_edge=ill_defined", "percent"), ">", 50),
            (("all", "us_shape=irregular", "percent"), ">", 50),
            (("all", "us_spiculated=yes", "percent"), ">", 50),
            (("all", "us_taller_than_wide=yes", "count"), ">", 0),
        ],


use rule association from doppler as doppler_a_ducts_prognosis with:
    """Abstract, Results: prognosis by where the microcalcifications lie."""
    pathvars:
        result="doppler_a_ducts_prognosis",
    params:
        rows="us_calc_location",
        columns="prognosis",
        test="pearson",
        subset={"us_calcification": "yes"},
        holds=[
            (
                ("us_calc_location=along_ducts", "prognosis=poor", "percent"),
                "<",
                ("all", "prognosis=poor", "percent"),
            )
        ],


use rule accuracy from doppler as doppler_a_accuracy with:
    """Abstract, Results: colour Doppler ultrasound against pathology for microcalcification, with five interval methods."""
    pathvars:
        result="doppler_a_accuracy",
    params:
        index=("us_calcification", "yes"),
        target=("path_calcification", "yes"),


use rule logistic from doppler as doppler_a_multivariable with:
    """Abstract, Results: factors of a poor prognosis, univariable, multivariable and by Firth's method."""
    pathvars:
        result="doppler_a_multivariable",
    params:
        outcome=("prognosis", "poor"),
        factors={
            "tumour_size_class": "over_20",
            "lymph_node_metastasis": "yes",
            "path_calcification": "yes",
            "stage": "I|II against III|IV",
            "adjuvant_radiotherapy": "yes",
            "adjuvant_chemotherapy": "yes",
        },


use rule statement from doppler as doppler_a_risk_factors with:
    """Abstract, Results: large tumour, lymph-node metastasis and microcalcification are risk factors (P < 0.05 each)."""
    pathvars:
        result="doppler_a_risk_factors",
        first="doppler_a_multivariable",
        second="doppler_a_multivariable",
    params:
        relations=[
            (("first", "model=multivariable", "tumour_size_class=over_20", "or"), ">", 1),
            (("first", "model=multivariable", "tumour_size_class=over_20", "p"), "<", 0.05),
            (("first", "model=multivariable", "lymph_node_metastasis=yes", "or"), ">", 1),
            (("first", "model=multivariable", "lymph_node_metastasis=yes", "p"), "<", 0.05),
            (("first", "model=multivariable", "path_calcification=yes", "or"), ">", 1),
            (("first", "model=multivariable", "path_calcification=yes", "p"), "<", 0.05),
        ],


use rule statement from doppler as doppler_a_protective_factors with:
    """Abstract, Results: early stage, radiotherapy and chemotherapy are protective factors (P < 0.05 each)."""
    pathvars:
        result="doppler_a_protective_factors",
        first="doppler_a_multivariable",
        second="doppler_a_multivariable",
    params:
        relations=[
            (("first", "model=multivariable", "stage=I|II", "or"), "<", 1),
            (("first", "model=multivariable", "stage=I|II", "p"), "<", 0.05),
            (("first", "model=multivariable", "adjuvant_radiotherapy=yes", "or"), "<", 1),
            (("first", "model=multivariable", "adjuvant_radiotherapy=yes", "p"), "<", 0.05),
            (("first", "model=multivariable", "adjuvant_chemotherapy=yes", "or"), "<", 1),
            (("first", "model=multivariable", "adjuvant_chemotherapy=yes", "p"), "<", 0.05),
        ],


use rule statement from doppler as doppler_a_adjusted_label with:
    """Abstract, Results: the odds ratios are called adjusted; the adjusted one of microcalcification is not the crude one."""
    pathvars:
        result="doppler_a_adjusted_label",
        first="doppler_a_multivariable",
        second="doppler_a_multivariable",
    params:
        relations=[
            (
                ("first", "model=multivariable", "path_calcification=yes", "or"),
                "!=",
                ("second", "model=univariable", "path_calcification=yes", "or"),
            )
        ],


use rule statement from doppler as doppler_a_microcalcification_independent with:
    """Abstract, Conclusions: microcalcification is an independent factor of a poor prognosis."""
    pathvars:
        result="doppler_a_microcalcification_independent",
        first="doppler_a_multivariable",
        second="doppler_a_multivariable",
    params:
        relations=[
            (("first", "model=multivariable", "path_calcification=yes", "or"), ">", 1),
            (("first", "model=multivariable", "path_calcification=yes", "p"), "<", 0.05),
        ],


rule doppler_synthesise:
    """Synthetic patients, as a hospital would export them: the counts and the 2 x 2 table jointly, the model by search."""
    input:
        claims=ancient("config/studies/doppler/claims.csv"),
        dictionary=ancient("data/dictionary.csv"),
    output:
        export="results/doppler/{cohort}/raw/export.csv",
        assumptions="results/doppler/{cohort}/assumptions.csv",
    log:
        "logs/doppler/{cohort}/synthesise.log",
    wildcard_constraints:
        cohort=WITNESS,
    params:
        seed=lambda wildcards: registry.seed_of(wildcards.cohort),
        uses=[registry.print_of("printed", "doppler"), registry.print_of("variables", "doppler")],
        code=digest("cohort.synthesise.doppler:synthesise"),
    run:
        doppler_patients.synthesise(input.claims, input.dictionary, output.export, output.assumptions, log[0], **params)
