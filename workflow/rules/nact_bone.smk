# nact_bone: doi:10.1007/s00432-023-04668-4. One rule for each reported result, in the order of the abstract: first the
# patients with neoadjuvant chemotherapy, then those followed for bone metastasis. Which patients belong to which is told
# by the known outcome. Why a test or a reading was taken: config/studies/nact_bone/NOTES.md.

from replicalc.cohort.synthesise import nact_bone as nact_bone_patients


module nact_bone:
    pathvars:
        study="nact_bone",
        result="unset",
        first="unset",
        second="unset",
    snakefile:
        "archetypes.smk"


use rule distribution from nact_bone as nact_bone_a_cohorts with:
    """Abstract, Methods and Results: patients with a known response, and patients followed for bone metastasis."""
    pathvars:
        result="nact_bone_a_cohorts",
    params:
        variables=["pcr", "bone_metastasis"],


use rule association from nact_bone as nact_bone_a_pcr with:
    """Abstract, Results: pathologic complete response by microcalcification."""
    pathvars:
        result="nact_bone_a_pcr",
    params:
        rows="calcified",
        columns="pcr",
        test="pearson",


use rule logistic from nact_bone as nact_bone_a_nonpcr_univariable with:
    """Abstract, Results: no pCR by each factor alone."""
    pathvars:
        result="nact_bone_a_nonpcr_univariable",
    params:
        outcome=("pcr", "no"),
        models=["univariable"],
        factors={
            "calcified": "yes",
            "mri_necrosis": "yes",
            "age_years": "per year",
            "menopausal_status": "postmenopausal",
            "breast_density": "each against b",
            "mass": "yes",
            "subtype": "each against hrpos_her2neg",
            "histology": "each against idc",
        },


use rule logistic from nact_bone as nact_bone_a_nonpcr_multivariable with:
    """Abstract, Results: no pCR by all factors together, and by Firth's method."""
    pathvars:
        result="nact_bone_a_nonpcr_multivariable",
    params:
        outcome=("pcr", "no"),
        models=["multivariable", "firth"],
        factors={
            "calcified": "yes",
            "mri_necrosis": "yes",
            "age_years": "per year",
            "menopausal_status": "postmenopausal",
            "breast_density": "each against b",
            "mass": "yes",
            "subtype": "each against hrpos_her2neg",
            "histology": "each against idc",
        },


use rule statement from nact_bone as nact_bone_a_calcification_risk with:
    """Abstract, Results: microcalcification raises the odds of no pCR, alone and adjusted."""
    pathvars:
        result="nact_bone_a_calcification_risk",
        first="nact_bone_a_nonpcr_univariable",
        second="nact_bone_a_nonpcr_multivariable",
    params:
        relations=[
            (("first", "model=univariable", "calcified=yes", "or"), ">", 1),
            (("second", "model=multivariable", "calcified=yes", "or"), ">", 1),
        ],


use rule association from nact_bone as nact_bone_a_necrosis with:
    """Abstract, Results: necrosis on MRI by microcalcification, among those with a known response."""
    pathvars:
        result="nact_bone_a_necrosis",
    params:
        rows="calcified",
        columns="mri_necrosis",
        test="pearson",
        subset={"pcr": "yes|no"},


use rule statement from nact_bone as nact_bone_a_other_factors with:
    """Abstract, Results: age, menopausal status, density, mass, molecular and pathology type are not significant."""
    pathvars:
        result="nact_bone_a_other_factors",
        first="nact_bone_a_nonpcr_univariable",
        second="nact_bone_a_nonpcr_multivariable",
    params:
        relations=[
            (("first", "model=univariable", "age_years", "p"), ">=", 0.05),
            (("first", "model=univariable", "menopausal_status=postmenopausal", "p"), ">=", 0.05),
            (("first", "model=univariable", "breast_density", "p"), ">=", 0.05),
            (("first", "model=univariable", "mass=yes", "p"), ">=", 0.05),
            (("first", "model=univariable", "subtype", "p"), ">=", 0.05),
            (("first", "model=univariable", "histology", "p"), ">=", 0.05),
            (("second", "model=multivariable", "age_years", "p"), ">=", 0.05),
            (("second", "model=multivariable", "menopausal_status=postmenopausal", "p"), ">=", 0.05),
            (("second", "model=multivariable", "breast_density", "p"), ">=", 0.05),
            (("second", "model=multivariable", "mass=yes", "p"), ">=", 0.05),
            (("second", "model=multivariable", "subtype", "p"), ">=", 0.05),
            (("second", "model=multivariable", "histology", "p"), ">=", 0.05),
        ],


use rule association from nact_bone as nact_bone_a_bone with:
    """Abstract, Results: bone metastasis by microcalcification."""
    pathvars:
        result="nact_bone_a_bone",
    params:
        rows="calcified",
        columns="bone_metastasis",
        test="pearson",


use rule logistic from nact_bone as nact_bone_a_bone_univariable with:
    """Abstract, Results: bone metastasis by each factor alone."""
    pathvars:
        result="nact_bone_a_bone_univariable",
    params:
        outcome=("bone_metastasis", "yes"),
        models=["univariable"],
        factors={
            "calcified": "yes",
            "age_years": "per year",
            "menopausal_status": "postmenopausal",
            "breast_density": "each against b",
            "mass": "yes",
            "subtype": "each against hrpos_her2neg",
            "histology": "each against idc",
        },


use rule logistic from nact_bone as nact_bone_a_bone_multivariable with:
    """Abstract, Results: bone metastasis by all factors together, and by Firth's method."""
    pathvars:
        result="nact_bone_a_bone_multivariable",
    params:
        outcome=("bone_metastasis", "yes"),
        models=["multivariable", "firth"],
        factors={
            "calcified": "yes",
            "age_years": "per year",
            "menopausal_status": "postmenopausal",
            "breast_density": "each against b",
            "mass": "yes",
            "subtype": "each against hrpos_her2neg",
            "histology": "each against idc",
        },


use rule association from nact_bone as nact_bone_a_osteolytic with:
    """Abstract, Results: osteolytic type by microcalcification, among those with bone metastasis."""
    pathvars:
        result="nact_bone_a_osteolytic",
    params:
        rows="calcified",
        columns="osteolytic",
        test="pearson",
        subset={"bone_metastasis": "yes"},


use rule association from nact_bone as nact_bone_a_axial with:
    """Abstract, Results: part of the skeleton by microcalcification, among those with bone metastasis."""
    pathvars:
        result="nact_bone_a_axial",
    params:
        rows="calcified",
        columns="bone_extent",
        test="pearson",
        subset={"bone_metastasis": "yes"},
        holds=[(("calcified=yes", "bone_extent=axial", "percent"), ">", 50)],


use rule association from nact_bone as nact_bone_a_whole_body with:
    """Abstract, Results: whole-body metastasis by microcalcification, among those with bone metastasis."""
    pathvars:
        result="nact_bone_a_whole_body",
    params:
        rows="calcified",
        columns="bone_whole_body",
        test="pearson",
        subset={"bone_metastasis": "yes"},


rule nact_bone_synthesise:
    """Synthetic patients, as a hospital would export them: the counts jointly, the models by search."""
    input:
        claims=ancient("config/studies/nact_bone/claims.csv"),
        dictionary=ancient("data/dictionary.csv"),
    output:
        export="results/nact_bone/{cohort}/raw/export.csv",
        assumptions="results/nact_bone/{cohort}/assumptions.csv",
    log:
        "logs/nact_bone/{cohort}/synthesise.log",
    wildcard_constraints:
        cohort=WITNESS,
    params:
        seed=lambda wildcards: registry.seed_of(wildcards.cohort),
        uses=[registry.print_of("printed", "nact_bone"), registry.print_of("variables", "nact_bone")],
        code=digest("cohort.synthesise.nact_bone:synthesise"),
    run:
        nact_bone_patients.synthesise(
            input.claims, input.dictionary, output.export, output.assumptions, log[0], **params
        )
