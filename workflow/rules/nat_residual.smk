# nat_residual: Zhu 2023, doi:10.21037/qims-22-1170. One rule for each reported result, in the order of the paper.
# What a variable means stands in data/dictionary.csv; why a test or a reading was taken, in config/studies/nat_residual/NOTES.md.

from replicalc.cohort.synthesise import nat_residual as nat_residual_patients


module nat_residual:
    pathvars:
        study="nat_residual",
        result="unset",
        first="unset",
        second="unset",
    snakefile:
        "archetypes.smk"


use rule numeric from nat_residual as nat_residual_m_period with:
    """Methods, patients: the years of the study period (read as years of surgery)."""
    pathvars:
        result="nat_residual_m_period",
    params:
        variables={"surgery_year": "year"},
        unit="year",
        extremes=True,


use rule distribution from nat_residual as nat_residual_m_scanners with:
    """Methods, examinations: the MRI scanners in use."""
    pathvars:
        result="nat_residual_m_scanners",
    params:
        variables=["mri_scanner"],


use rule patient_flow from nat_residual as nat_residual_f1_flow with:
    """Figure 1 and Results, paragraph 1: patients assessed, excluded and included."""
    pathvars:
        result="nat_residual_f1_flow",


use rule cited from nat_residual as nat_residual_x_cited with:
    """Introduction and Discussion: numbers cited from other publications."""
    pathvars:
        result="nat_residual_x_cited",


use rule numeric from nat_residual as nat_residual_t1_age with:
    """Table 1: age."""
    pathvars:
        result="nat_residual_t1_age",
    params:
        variables={"age_years": "year"},
        unit="year",


use rule distribution from nat_residual as nat_residual_t1_regimen with:
    """Table 1: neoadjuvant treatment regimen."""
    pathvars:
        result="nat_residual_t1_regimen",
    params:
        variables=["regimen"],


use rule distribution from nat_residual as nat_residual_t1_histology with:
    """Table 1: histological type before treatment."""
    pathvars:
        result="nat_residual_t1_histology",
    params:
        variables=["histology"],


use rule distribution from nat_residual as nat_residual_t1_subtype with:
    """Table 1: molecular subtype."""
    pathvars:
        result="nat_residual_t1_subtype",
    params:
        variables=["subtype"],


use rule distribution from nat_residual as nat_residual_t1_pcr with:
    """Table 1: pathologic complete response."""
    pathvars:
        result="nat_residual_t1_pcr",
    params:
        variables=["pcr"],


use rule distribution from nat_residual as nat_residual_t1_surgery with:
    """Table 1: type of surgery."""
    pathvars:
        result="nat_residual_t1_surgery",
    params:
        variables=["surgery"],


use rule distribution from nat_residual as nat_residual_t1_grade with:
    """Table 1: tumour grade before treatment."""
    pathvars:
        result="nat_residual_t1_grade",
    params:
        variables=["grade"],


use rule association from nat_residual as nat_residual_x_surgery_pcr with:
    """Results, paragraph 1, and Discussion: pCR among mastectomies."""
    pathvars:
        result="nat_residual_x_surgery_pcr",
    params:
        rows="surgery",
        columns="pcr",
        test="pearson",


use rule association from nat_residual as nat_residual_t2_subtype_pcr with:
    """Table 2: tumour subtype by pCR."""
    pathvars:
        result="nat_residual_t2_subtype_pcr",
    params:
        rows="pcr",
        columns="subtype",
        test="pearson",


use rule distribution from nat_residual as nat_residual_t3_mg_lesion with:
    """Table 3: lesion type on mammography before treatment."""
    pathvars:
        result="nat_residual_t3_mg_lesion",
    params:
        variables=["mg_lesion_type"],


use rule distribution from nat_residual as nat_residual_t3_shape with:
    """Table 3: shape of the microcalcifications before treatment."""
    pathvars:
        result="nat_residual_t3_shape",
    params:
        variables=["calc_shape_pre"],


use rule distribution from nat_residual as nat_residual_t3_distribution with:
    """Table 3: distribution of the microcalcifications before treatment."""
    pathvars:
        result="nat_residual_t3_distribution",
    params:
        variables=["calc_distribution_pre"],


use rule before_after from nat_residual as nat_residual_t3_extent with:
    """Table 3: extent of the microcalcifications before and after treatment, Wilcoxon signed-rank test."""
    pathvars:
        result="nat_residual_t3_extent",
    params:
        before="calc_extent_pre_mm",
        after="calc_extent_post_mm",
        canonical="mm",
        unit="cm",


use rule distribution from nat_residual as nat_residual_t3_shape_change with:
    """Table 3 and Results, mammography: changes of shape."""
    pathvars:
        result="nat_residual_t3_shape_change",
    params:
        variables=["calc_shape_changed", "calc_shape_change"],


use rule distribution from nat_residual as nat_residual_t3_distribution_change with:
    """Table 3 and Results, mammography: changes of distribution."""
    pathvars:
        result="nat_residual_t3_distribution_change",
    params:
        variables=["calc_distribution_changed", "calc_distribution_change"],


use rule distribution from nat_residual as nat_residual_x_extent_change with:
    """Results, mammography, and head of Table 4: decrease, no change or increase of the extent."""
    pathvars:
        result="nat_residual_x_extent_change",
    params:
        variables=["calc_change"],


use rule distribution from nat_residual as nat_residual_t3_mri_lesion with:
    """Table 3: lesion type on MRI before treatment."""
    pathvars:
        result="nat_residual_t3_mri_lesion",
    params:
        variables=["mri_lesion_type"],


use rule statement from nat_residual as nat_residual_x_lesion_surgery_same with:
    """Tables 1 and 3: mass and non-mass have the same counts as mastectomy and breast conservation."""
    pathvars:
        result="nat_residual_x_lesion_surgery_same",
        first="nat_residual_t3_mri_lesion",
        second="nat_residual_t1_surgery",
    params:
        relations=[
            (("first", "all", "mri_lesion_type=mass", "count"), "=", ("second", "all", "surgery=mastectomy", "count")),
            (
                ("first", "all", "mri_lesion_type=non_mass", "count"),
                "=",
                ("second", "all", "surgery=breast_conserving", "count"),
            ),
        ],


use rule distribution from nat_residual as nat_residual_t3_number with:
    """Table 3: one or several cancer lesions on MRI."""
    pathvars:
        result="nat_residual_t3_number",
    params:
        variables=["lesion_number"],


use rule before_after from nat_residual as nat_residual_t3_mri_size with:
    """Table 3: tumour size on MRI before and after treatment, Wilcoxon signed-rank test."""
    pathvars:
        result="nat_residual_t3_mri_size",
    params:
        before="mri_pre_mm",
        after="mri_post_mm",
        canonical="mm",
        unit="cm",


use rule distribution from nat_residual as nat_residual_t3_mri_cr with:
    """Table 3: complete response on MRI."""
    pathvars:
        result="nat_residual_t3_mri_cr",
    params:
        variables=["mri_complete_response"],


use rule accuracy from nat_residual as nat_residual_x_mri_accuracy with:
    """Results, MRI: accuracy of residual enhancement for residual disease."""
    pathvars:
        result="nat_residual_x_mri_accuracy",
    params:
        index=("mri_complete_response", "no"),
        target=("pcr", "no"),
        both_targets=True,


use rule accuracy from nat_residual as nat_residual_x_mri_accuracy_subtype with:
    """Results, MRI: accuracy by molecular subtype."""
    pathvars:
        result="nat_residual_x_mri_accuracy_subtype",
    params:
        index=("mri_complete_response", "no"),
        target=("pcr", "no"),
        by="subtype",
        pooled=[["hrneg_her2pos", "tn"], ["hrneg_her2pos", "hrpos_her2pos", "tn"]],


use rule misses from nat_residual as nat_residual_x_mri_misses with:
    """Results, MRI, and Discussion: who the patients are whom MRI gets wrong."""
    pathvars:
        result="nat_residual_x_mri_misses",
    params:
        index=("mri_complete_response", "no"),
        target=("pcr", "no"),
        described_by=["er_status", "subtype", "residual_type"],


use rule statement from nat_residual as nat_residual_x_mri_target_residual with:
    """Results, MRI: the six measures are about residual disease."""
    pathvars:
        result="nat_residual_x_mri_target_residual",
        first="nat_residual_x_mri_accuracy",
        second="nat_residual_x_mri_accuracy",
    params:
        relations=[
            (
                ("first", "all", "mri_complete_response=no~pcr=no", "sensitivity"),
                ">",
                ("first", "all", "mri_complete_response=no~pcr=no", "specificity"),
            ),
        ],


use rule statement from nat_residual as nat_residual_x_mri_target_pcr with:
    """Discussion: the measures are said to be about pCR."""
    pathvars:
        result="nat_residual_x_mri_target_pcr",
        first="nat_residual_x_mri_accuracy",
        second="nat_residual_x_mri_accuracy",
    params:
        relations=[
            (
                ("first", "all", "mri_complete_response=yes~pcr=yes", "sensitivity"),
                ">",
                ("first", "all", "mri_complete_response=yes~pcr=yes", "specificity"),
            ),
        ],


use rule association from nat_residual as nat_residual_t4_recist with:
    """Table 4: change of extent by RECIST response on MRI."""
    pathvars:
        result="nat_residual_t4_recist",
    params:
        rows="recist",
        columns="calc_change",
        order={"recist": ["cr", "pr", "sd", "pd"], "calc_change": ["decrease", "no_change", "increase"]},
        test="pearson",


use rule association from nat_residual as nat_residual_t4_miller_payne with:
    """Table 4: change of extent by Miller-Payne grade."""
    pathvars:
        result="nat_residual_t4_miller_payne",
    params:
        rows="miller_payne",
        columns="calc_change",
        order={"miller_payne": ["1", "2", "3", "4", "5"], "calc_change": ["decrease", "no_change", "increase"]},
        test="fisher",


use rule association from nat_residual as nat_residual_t4_pcr with:
    """Table 4: change of extent by pCR."""
    pathvars:
        result="nat_residual_t4_pcr",
    params:
        rows="pcr",
        columns="calc_change",
        order={"pcr": ["no", "yes"], "calc_change": ["decrease", "no_change", "increase"]},
        test="pearson",


use rule association from nat_residual as nat_residual_t4_residual_type with:
    """Table 4: change of extent by postoperative pathological type."""
    pathvars:
        result="nat_residual_t4_residual_type",
    params:
        rows="residual_type",
        columns="calc_change",
        test="fisher",


use rule numeric from nat_residual as nat_residual_t5_mg_size with:
    """Table 5: extent of residual microcalcifications, all and by subtype."""
    pathvars:
        result="nat_residual_t5_mg_size",
    params:
        variables={"calc_extent_post_mm": "mm"},
        unit="cm",
        by="subtype",


use rule numeric from nat_residual as nat_residual_t5_mri_size with:
    """Table 5: size of the enhancing lesion on MRI, all and by subtype."""
    pathvars:
        result="nat_residual_t5_mri_size",
    params:
        variables={"mri_post_mm": "mm"},
        unit="cm",
        by="subtype",


use rule numeric from nat_residual as nat_residual_t5_pathology_size with:
    """Table 5: size of the residual tumour, all and by subtype."""
    pathvars:
        result="nat_residual_t5_pathology_size",
    params:
        variables={"residual_size_mm": "mm"},
        unit="cm",
        by="subtype",


use rule agreement from nat_residual as nat_residual_t5_icc_mg_pathology with:
    """Table 5, column a: mammography against pathology, intraclass correlation, all and by subtype."""
    pathvars:
        result="nat_residual_t5_icc_mg_pathology",
    params:
        x="calc_extent_post_mm",
        y="residual_size_mm",
        canonical="mm",
        unit="cm",
        form="ICC(C,1)",
        by="subtype",


use rule agreement from nat_residual as nat_residual_t5_icc_mri_pathology with:
    """Table 5, column b: MRI against pathology, intraclass correlation, all and by subtype."""
    pathvars:
        result="nat_residual_t5_icc_mri_pathology",
    params:
        x="mri_post_mm",
        y="residual_size_mm",
        canonical="mm",
        unit="cm",
        form="ICC(C,1)",
        by="subtype",


use rule agreement from nat_residual as nat_residual_t5_icc_mg_mri with:
    """Table 5, column c: mammography against MRI, intraclass correlation, all and by subtype."""
    pathvars:
        result="nat_residual_t5_icc_mg_mri",
    params:
        x="calc_extent_post_mm",
        y="mri_post_mm",
        canonical="mm",
        unit="cm",
        form="ICC(C,1)",
        by="subtype",


use rule statement from nat_residual as nat_residual_x_mri_agrees_better with:
    """Abstract: MRI agrees better with pathology than mammography does."""
    pathvars:
        result="nat_residual_x_mri_agrees_better",
        first="nat_residual_t5_icc_mri_pathology",
        second="nat_residual_t5_icc_mg_pathology",
    params:
        relations=[
            (
                ("first", "all", "mri_post_mm~residual_size_mm", "icc"),
                ">",
                ("second", "all", "calc_extent_post_mm~residual_size_mm", "icc"),
            )
        ],


use rule statement from nat_residual as nat_residual_x_icc_tn_highest with:
    """Results, size: MRI agrees best with pathology in triple-negative tumours."""
    pathvars:
        result="nat_residual_x_icc_tn_highest",
        first="nat_residual_t5_icc_mri_pathology",
        second="nat_residual_t5_icc_mri_pathology",
    params:
        relations=[
            (
                ("first", "subtype=tn", "mri_post_mm~residual_size_mm", "icc"),
                ">",
                ("first", "subtype=hrneg_her2pos", "mri_post_mm~residual_size_mm", "icc"),
            ),
            (
                ("first", "subtype=tn", "mri_post_mm~residual_size_mm", "icc"),
                ">",
                ("first", "subtype=hrpos_her2pos", "mri_post_mm~residual_size_mm", "icc"),
            ),
            (
                ("first", "subtype=tn", "mri_post_mm~residual_size_mm", "icc"),
                ">",
                ("first", "subtype=hrpos_her2neg", "mri_post_mm~residual_size_mm", "icc"),
            ),
        ],


use rule statement from nat_residual as nat_residual_x_icc_mg_pathology_none with:
    """Results, size: mammography does not agree with pathology (the interval includes 0)."""
    pathvars:
        result="nat_residual_x_icc_mg_pathology_none",
        first="nat_residual_t5_icc_mg_pathology",
        second="nat_residual_t5_icc_mg_pathology",
    params:
        relations=[
            (("first", "all", "calc_extent_post_mm~residual_size_mm", "icc_lo"), "<=", 0),
            (("first", "all", "calc_extent_post_mm~residual_size_mm", "icc_hi"), ">=", 0),
        ],


use rule statement from nat_residual as nat_residual_x_icc_mg_mri_none with:
    """Results, size: mammography is not associated with MRI (the interval includes 0)."""
    pathvars:
        result="nat_residual_x_icc_mg_mri_none",
        first="nat_residual_t5_icc_mg_mri",
        second="nat_residual_t5_icc_mg_mri",
    params:
        relations=[
            (("first", "all", "calc_extent_post_mm~mri_post_mm", "icc_lo"), "<=", 0),
            (("first", "all", "calc_extent_post_mm~mri_post_mm", "icc_hi"), ">=", 0),
        ],


use rule association from nat_residual as nat_residual_x_bcs_eligible with:
    """Discussion: breast conservation among those who were eligible for it."""
    pathvars:
        result="nat_residual_x_bcs_eligible",
    params:
        rows="bcs_eligible",
        columns="surgery",
        test="pearson",


rule nat_residual_synthesise:
    """Synthetic patients, as a hospital would export them, from whom every printed count comes out jointly."""
    input:
        claims=ancient("config/studies/nat_residual/claims.csv"),
        dictionary=ancient("data/dictionary.csv"),
    output:
        export="results/nat_residual/{cohort}/raw/export.csv",
        assumptions="results/nat_residual/{cohort}/assumptions.csv",
    log:
        "logs/nat_residual/{cohort}/synthesise.log",
    wildcard_constraints:
        cohort=WITNESS,
    params:
        seed=lambda wildcards: registry.seed_of(wildcards.cohort),
        uses=[registry.print_of("printed", "nat_residual"), registry.print_of("variables", "nat_residual")],
        code=digest("cohort.synthesise.nat_residual:synthesise"),
    run:
        nat_residual_patients.synthesise(
            input.claims, input.dictionary, output.export, output.assumptions, log[0], **params
        )
