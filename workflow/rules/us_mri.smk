# us_mri: Pustahija and Brkljacic, Diagnostic Imaging Europe 2018. One rule for each reported result, in the order of the
# article; a row is a lesion. Why a test or a reading was taken: config/studies/us_mri/NOTES.md.

from replicalc.cohort.synthesise import us_mri as us_mri_lesions


module us_mri:
    pathvars:
        study="us_mri",
        result="unset",
        first="unset",
        second="unset",
    snakefile:
        "archetypes.smk"


# How many are malignant is no finding of a collection that was put together by it.
NOT_CHOSEN_FOR_CANCER = {"series": "unselected or not recorded"}


use rule cited from us_mri as us_mri_x_cited with:
    """Introduction and Results: numbers cited from other publications."""
    pathvars:
        result="us_mri_x_cited",


use rule patient_flow from us_mri as us_mri_m_flow with:
    """Study design: women and lesions included."""
    pathvars:
        result="us_mri_m_flow",


use rule numeric from us_mri as us_mri_m_mri_phases with:
    """Methods: dynamic series after the contrast agent."""
    pathvars:
        result="us_mri_m_mri_phases",
    params:
        variables={"mri_dynamic_phases": ""},
        unit="",


use rule distribution from us_mri as us_mri_m_readers with:
    """Methods: radiologists among whom the examinations were shared."""
    pathvars:
        result="us_mri_m_readers",
    params:
        variables=["image_reader"],


use rule numeric from us_mri as us_mri_m_double_reading with:
    """Methods: readers of screening and of diagnostic mammograms."""
    pathvars:
        result="us_mri_m_double_reading",
    params:
        variables={"mg_reader_count": ""},
        unit="",
        by="mg_indication",


use rule distribution from us_mri as us_mri_x_prevalence with:
    """Results, paragraph 1: malignant lesions."""
    pathvars:
        result="us_mri_x_prevalence",
    params:
        variables=["malignant"],
        subset=NOT_CHOSEN_FOR_CANCER,


use rule distribution from us_mri as us_mri_x_histology with:
    """Results, paragraph 1: histology of the malignant lesions."""
    pathvars:
        result="us_mri_x_histology",
    params:
        variables=["malignancy_type"],
        subset={"malignant": "yes"},


use rule association from us_mri as us_mri_x_ppv3 with:
    """Results, paragraph 2: PPV3 of mammography, all and by BI-RADS category."""
    pathvars:
        result="us_mri_x_ppv3",
    params:
        rows="birads_category",
        columns="malignant",
        test="fisher",
        subset=NOT_CHOSEN_FOR_CANCER,


use rule association from us_mri as us_mri_t2_visibility with:
    """Results, ultrasound, and Table 2: visibility on ultrasound by histology."""
    pathvars:
        result="us_mri_t2_visibility",
    params:
        rows="malignant",
        columns="us_visible",
        test="pearson",


use rule statement from us_mri as us_mri_x_malignant_more_visible with:
    """Results, ultrasound, and Discussion: malignant lesions are visible more often."""
    pathvars:
        result="us_mri_x_malignant_more_visible",
        first="us_mri_t2_visibility",
        second="us_mri_t2_visibility",
    params:
        relations=[
            (
                ("first", "malignant=yes", "us_visible=yes", "percent"),
                ">",
                ("second", "malignant=no", "us_visible=yes", "percent"),
            )
        ],


use rule association from us_mri as us_mri_x_us_differs with:
    """Results, ultrasound: visibility (Table 2) by histology, said to differ significantly; beside it the findings (Table 1)."""
    pathvars:
        result="us_mri_x_us_differs",
    params:
        rows=["us_visible", "us_finding"],
        columns="malignant",
        test="pearson",
        holds=[(("all", "us_visible x malignant", "p"), "<", 0.05)],


use rule accuracy from us_mri as us_mri_x_us_accuracy with:
    """Results, ultrasound: sensitivity, specificity, PPV3 and NPV."""
    pathvars:
        result="us_mri_x_us_accuracy",
    params:
        index=("us_assessment", "positive"),
        target=("malignant", "yes"),


use rule accuracy from us_mri as us_mri_x_mri_accuracy with:
    """Results, MRI, summary box and Discussion: sensitivity, specificity, PPV3 and NPV."""
    pathvars:
        result="us_mri_x_mri_accuracy",
    params:
        index=("mri_assessment", "positive"),
        target=("malignant", "yes"),


use rule predictive_values from us_mri as us_mri_x_ppv_improved with:
    """Results, MRI: the predictive value of MRI against that of mammography alone, said to be better significantly."""
    pathvars:
        result="us_mri_x_ppv_improved",
    params:
        first=("mri_assessment", "positive"),
        second=None,
        target=("malignant", "yes"),
        measure="ppv",
        holds=[
            (("measure=ppv", "mri_assessment=positive - everybody", "difference"), ">", 0),
            (("measure=ppv", "mri_assessment=positive - everybody", "p"), "<", 0.05),
        ],


use rule association from us_mri as us_mri_t3_lesion_type with:
    """Table 3: lesion type on MRI, by histology."""
    pathvars:
        result="us_mri_t3_lesion_type",
    params:
        rows="malignant",
        columns="mri_enhancement",
        test="pearson",


use rule accuracy from us_mri as us_mri_t3_accuracy with:
    """Table 3: accuracy of MRI by lesion type."""
    pathvars:
        result="us_mri_t3_accuracy",
    params:
        index=("mri_assessment", "positive"),
        target=("malignant", "yes"),
        by="mri_enhancement",


use rule association from us_mri as us_mri_t3_accuracy_by_type with:
    """Table 3: right and wrong MRI assessments, masses against non-mass lesions, said not to differ."""
    pathvars:
        result="us_mri_t3_accuracy_by_type",
    params:
        rows="mri_enhancement",
        columns="mri_correct",
        test="pearson",
        subset={"mri_enhancement": "mass|non_mass"},


use rule association from us_mri as us_mri_t3_malignancy with:
    """Table 3: malignant lesions by lesion type on MRI."""
    pathvars:
        result="us_mri_t3_malignancy",
    params:
        rows="mri_enhancement",
        columns="malignant",
        test="pearson",


use rule statement from us_mri as us_mri_t3_mass_more_malignant with:
    """Table 3: masses are malignant more often than non-mass lesions."""
    pathvars:
        result="us_mri_t3_mass_more_malignant",
        first="us_mri_t3_malignancy",
        second="us_mri_t3_malignancy",
    params:
        relations=[
            (
                ("first", "mri_enhancement=mass", "malignant=yes", "percent"),
                ">",
                ("second", "mri_enhancement=non_mass", "malignant=yes", "percent"),
            )
        ],


use rule statement from us_mri as us_mri_t3_descriptors_differ with:
    """Table 3: malignant and benign lesions differ in MRI descriptors, said to be significant."""
    pathvars:
        result="us_mri_t3_descriptors_differ",
        first="us_mri_t3_lesion_type",
        second="us_mri_t3_lesion_type",
    params:
        relations=[(("first", "all", "malignant x mri_enhancement", "p"), "<", 0.05)],


use rule association from us_mri as us_mri_x_isolated_benign with:
    """Discussion: isolated microcalcifications on ultrasound are benign without exception."""
    pathvars:
        result="us_mri_x_isolated_benign",
    params:
        rows="us_finding",
        columns="malignant",
        test="pearson",
        holds=[
            ("given", ("us_finding=isolated_dots", "malignant", "n"), ">", 0),
            ("given", ("all", "malignant=yes", "count"), ">", 0),
            (("us_finding=isolated_dots", "malignant=yes", "count"), "=", 0),
        ],


use rule two_tests from us_mri as us_mri_x_us_against_mri with:
    """Discussion: ultrasound alone does not rule out malignancy where MRI does; both on the same lesions."""
    pathvars:
        result="us_mri_x_us_against_mri",
    params:
        first=("mri_assessment", "positive"),
        second=("us_assessment", "positive"),
        target=("malignant", "yes"),
        test="exact",
        holds=[
            (("measure=sensitivity", "mri_assessment=positive - us_assessment=positive", "difference"), ">", 0),
            (("measure=sensitivity", "mri_assessment=positive - us_assessment=positive", "p"), "<", 0.05),
        ],


use rule work_up from us_mri as us_mri_x_work_up with:
    """Conclusion: the sequential work-up, how many biopsies a negative MRI would spare and how many cancers it would miss."""
    pathvars:
        result="us_mri_x_work_up",
    params:
        steps=[("us_assessment", "positive"), ("mri_assessment", "positive")],
        target=("malignant", "yes"),
        holds=[
            ("given", ("strategy=biopsy if mri_assessment is positive", "malignant=yes", "biopsies_spared"), ">", 0),
            ("given", ("all", "malignant=yes", "count"), ">", 0),
            (("strategy=biopsy if mri_assessment is positive", "malignant=yes", "missed"), "=", 0),
        ],


rule us_mri_synthesise:
    """Synthetic lesions, as a hospital would export them, from which the printed counts and measures come out jointly."""
    input:
        claims=ancient("config/studies/us_mri/claims.csv"),
        dictionary=ancient("data/dictionary.csv"),
    output:
        export="results/us_mri/{cohort}/raw/export.csv",
        assumptions="results/us_mri/{cohort}/assumptions.csv",
    log:
        "logs/us_mri/{cohort}/synthesise.log",
    wildcard_constraints:
        cohort=WITNESS,
    params:
        seed=lambda wildcards: registry.seed_of(wildcards.cohort),
        uses=[registry.print_of("printed", "us_mri"), registry.print_of("variables", "us_mri")],
        code=digest("cohort.synthesise.us_mri:synthesise"),
    run:
        us_mri_lesions.synthesise(input.claims, input.dictionary, output.export, output.assumptions, log[0], **params)
