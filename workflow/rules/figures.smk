# The figures of the studies, made from the result tables and, where single patients are drawn, from the cohort.
# Each is a rule of its own, written as SVG and PNG. A figure whose variables a cohort lacks is written all the same
# and says which.
from replicalc import figures
from replicalc.digest import digest


rule nat_residual_fig_flow:
    """Figure 1 and Results, paragraph 1, drawn: patients assessed, excluded for each reason and included."""
    input:
        flow="results/nat_residual/{cohort}/steps/flow.csv",
        cohort="results/nat_residual/{cohort}/cohort.parquet",
    output:
        svg=shown("results/nat_residual/{cohort}/nat_residual_fig_flow.svg"),
        png="results/nat_residual/{cohort}/nat_residual_fig_flow.png",
    log:
        "logs/nat_residual/{cohort}/nat_residual_fig_flow.log",
    params:
        code=digest("figures.flowchart:flow"),
    run:
        figures.flow(input.flow, input.cohort, output.svg, output.png, log[0], **params)


rule nat_residual_fig_pcr_by_subtype:
    """Table 2, drawn: share of patients with pCR by molecular subtype, beside the printed counts."""
    input:
        table="results/nat_residual/{cohort}/nat_residual_t2_subtype_pcr.csv",
        claims="config/studies/nat_residual/claims.csv",
    output:
        svg=shown("results/nat_residual/{cohort}/nat_residual_fig_pcr_by_subtype.svg"),
        png="results/nat_residual/{cohort}/nat_residual_fig_pcr_by_subtype.png",
    log:
        "logs/nat_residual/{cohort}/nat_residual_fig_pcr_by_subtype.log",
    params:
        code=digest("figures.forest:pcr_by_subtype"),
    run:
        figures.pcr_by_subtype(input.table, input.claims, output.svg, output.png, log[0], **params)


rule nat_residual_fig_extent_before_after:
    """Table 3 and head of Table 4, drawn: extent before and after treatment, patient by patient."""
    input:
        cohort="results/nat_residual/{cohort}/cohort.parquet",
        table="results/nat_residual/{cohort}/nat_residual_t3_extent.csv",
        study="config/studies/nat_residual/study.yaml",
    output:
        svg=shown("results/nat_residual/{cohort}/nat_residual_fig_extent_before_after.svg"),
        png="results/nat_residual/{cohort}/nat_residual_fig_extent_before_after.png",
    log:
        "logs/nat_residual/{cohort}/nat_residual_fig_extent_before_after.log",
    params:
        code=digest("figures.extent:extent_before_after"),
    run:
        figures.extent_before_after(*input, output.svg, output.png, log[0], **params)


rule nat_residual_fig_change_by_response:
    """Table 4, drawn: decrease, no change or increase of the extent by response, with the named tests."""
    input:
        recist="results/nat_residual/{cohort}/nat_residual_t4_recist.csv",
        miller_payne="results/nat_residual/{cohort}/nat_residual_t4_miller_payne.csv",
        pcr="results/nat_residual/{cohort}/nat_residual_t4_pcr.csv",
        residual_type="results/nat_residual/{cohort}/nat_residual_t4_residual_type.csv",
        study="config/studies/nat_residual/study.yaml",
    output:
        svg=shown("results/nat_residual/{cohort}/nat_residual_fig_change_by_response.svg"),
        png="results/nat_residual/{cohort}/nat_residual_fig_change_by_response.png",
    log:
        "logs/nat_residual/{cohort}/nat_residual_fig_change_by_response.log",
    params:
        code=digest("figures.response:change_by_response"),
    run:
        figures.change_by_response(*input, output.svg, output.png, log[0], **params)


rule nat_residual_fig_agreement:
    """Table 5, its sizes drawn: mammography and MRI against pathology, Bland-Altman and scatter plots."""
    input:
        cohort="results/nat_residual/{cohort}/cohort.parquet",
        mg_pathology="results/nat_residual/{cohort}/nat_residual_t5_icc_mg_pathology.csv",
        mri_pathology="results/nat_residual/{cohort}/nat_residual_t5_icc_mri_pathology.csv",
    output:
        svg=shown("results/nat_residual/{cohort}/nat_residual_fig_agreement.svg"),
        png="results/nat_residual/{cohort}/nat_residual_fig_agreement.png",
    log:
        "logs/nat_residual/{cohort}/nat_residual_fig_agreement.log",
    params:
        code=digest("figures.sizes:agreement"),
    run:
        figures.agreement(*input, output.svg, output.png, log[0], **params)


rule nat_residual_fig_icc_by_subtype:
    """Table 5, its intraclass correlations drawn: by molecular subtype, beside the printed ones."""
    input:
        mg_pathology="results/nat_residual/{cohort}/nat_residual_t5_icc_mg_pathology.csv",
        mri_pathology="results/nat_residual/{cohort}/nat_residual_t5_icc_mri_pathology.csv",
        mg_mri="results/nat_residual/{cohort}/nat_residual_t5_icc_mg_mri.csv",
        claims="config/studies/nat_residual/claims.csv",
    output:
        svg=shown("results/nat_residual/{cohort}/nat_residual_fig_icc_by_subtype.svg"),
        png="results/nat_residual/{cohort}/nat_residual_fig_icc_by_subtype.png",
    log:
        "logs/nat_residual/{cohort}/nat_residual_fig_icc_by_subtype.log",
    params:
        code=digest("figures.forest:icc_by_subtype"),
    run:
        figures.icc_by_subtype(*input, output.svg, output.png, log[0], **params)


rule nat_residual_fig_confusion:
    """Results, MRI, drawn: complete response on MRI against pCR, fourfold table and measures of accuracy."""
    input:
        table="results/nat_residual/{cohort}/nat_residual_x_mri_accuracy.csv",
        claims="config/studies/nat_residual/claims.csv",
    output:
        svg=shown("results/nat_residual/{cohort}/nat_residual_fig_confusion.svg"),
        png="results/nat_residual/{cohort}/nat_residual_fig_confusion.png",
    log:
        "logs/nat_residual/{cohort}/nat_residual_fig_confusion.log",
    params:
        code=digest("figures.diagnostic:confusion"),
    run:
        figures.confusion(input.table, input.claims, output.svg, output.png, log[0], **params)


# us_mri: a row is a lesion; intervals that respect several lesions of one woman stand beside the others.


rule us_mri_fig_flow:
    """Study design, drawn: lesions assessed, excluded for each reason and included, and of how many women."""
    input:
        flow="results/us_mri/{cohort}/steps/flow.csv",
        cohort="results/us_mri/{cohort}/cohort.parquet",
    output:
        svg=shown("results/us_mri/{cohort}/us_mri_fig_flow.svg"),
        png="results/us_mri/{cohort}/us_mri_fig_flow.png",
    log:
        "logs/us_mri/{cohort}/us_mri_fig_flow.log",
    params:
        grouping=["birads_category", "us_finding", "mri_assessment", "mri_enhancement", "malignant"],
        code=digest("figures.flowchart:flow"),
    run:
        figures.flow(input.flow, input.cohort, output.svg, output.png, log[0], **params)


rule us_mri_fig_accuracy:
    """Results, drawn: accuracy of mammography (PPV3), ultrasound and MRI side by side, beside the printed values."""
    input:
        us="results/us_mri/{cohort}/us_mri_x_us_accuracy.csv",
        mri="results/us_mri/{cohort}/us_mri_x_mri_accuracy.csv",
        ppv3="results/us_mri/{cohort}/us_mri_x_ppv3.csv",
        claims="config/studies/us_mri/claims.csv",
    output:
        svg=shown("results/us_mri/{cohort}/us_mri_fig_accuracy.svg"),
        png="results/us_mri/{cohort}/us_mri_fig_accuracy.png",
    log:
        "logs/us_mri/{cohort}/us_mri_fig_accuracy.log",
    params:
        code=digest("figures.modalities:accuracy_by_test"),
    run:
        figures.accuracy_by_test(*input, output.svg, output.png, log[0], **params)


rule us_mri_fig_work_up:
    """Conclusion, drawn: the sequential work-up as a tree, the biopsies each rule would spare and the cancers missed."""
    input:
        cohort="results/us_mri/{cohort}/cohort.parquet",
        table="results/us_mri/{cohort}/us_mri_x_work_up.csv",
    output:
        svg=shown("results/us_mri/{cohort}/us_mri_fig_work_up.svg"),
        png="results/us_mri/{cohort}/us_mri_fig_work_up.png",
    log:
        "logs/us_mri/{cohort}/us_mri_fig_work_up.log",
    params:
        code=digest("figures.work_up:work_up_tree"),
    run:
        figures.work_up_tree(*input, output.svg, output.png, log[0], **params)


# casting: the curves are those of the result's own patients.


rule casting_fig_survival:
    """Tabar 2004, drawn: breast-cancer survival by tumour feature, and of casting type by size, with printed values."""
    input:
        cohort="results/casting/{cohort}/cohort.parquet",
        table="results/casting/{cohort}/casting_x_tabar2004_survival.csv",
        claims="config/studies/casting/claims.csv",
    output:
        svg=shown("results/casting/{cohort}/casting_fig_survival.svg"),
        png="results/casting/{cohort}/casting_fig_survival.png",
    log:
        "logs/casting/{cohort}/casting_fig_survival.log",
    params:
        **params_of("casting_x_tabar2004_survival", "time", "event", "unit", "subset"),
        panels=[("tumour_feature", None), ("tumour_feature+tumour_size_class", "tumour_feature=casting")],
        code=digest("figures.curves:survival_curves"),
    run:
        figures.survival_curves(*input, output.svg, output.png, log[0], **params)


rule casting_fig_hazard:
    """Tabar 2004, drawn: hazard ratios of breast-cancer death, each factor alone and all together, beside the printed."""
    input:
        table="results/casting/{cohort}/casting_x_tabar2004_hazard.csv",
        claims="config/studies/casting/claims.csv",
    output:
        svg=shown("results/casting/{cohort}/casting_fig_hazard.svg"),
        png="results/casting/{cohort}/casting_fig_hazard.png",
    log:
        "logs/casting/{cohort}/casting_fig_hazard.log",
    params:
        code=digest("figures.hazard:hazard_ratios"),
    run:
        figures.hazard_ratios(input.table, input.claims, output.svg, output.png, log[0], **params)


rule casting_fig_calc_type:
    """Statement on benign and malignant, drawn: share of malignant lesions by BI-RADS type of calcification."""
    input:
        table="results/casting/{cohort}/casting_a_benign_malignant.csv",
    output:
        svg=shown("results/casting/{cohort}/casting_fig_calc_type.svg"),
        png="results/casting/{cohort}/casting_fig_calc_type.png",
    log:
        "logs/casting/{cohort}/casting_fig_calc_type.log",
    params:
        **params_of("casting_a_benign_malignant", "subset"),
        code=digest("figures.calc_type:malignancy_by_type"),
    run:
        figures.malignancy_by_type(input.table, output.svg, output.png, log[0], **params)


# The figures of doppler.


rule doppler_fig_flow:
    """Abstract, Methods, drawn: patients assessed, excluded and included, then by prognosis."""
    input:
        flow="results/doppler/{cohort}/steps/flow.csv",
        cohort="results/doppler/{cohort}/cohort.parquet",
        prognosis="results/doppler/{cohort}/doppler_a_prognosis.csv",
        claims="config/studies/doppler/claims.csv",
    output:
        svg=shown("results/doppler/{cohort}/doppler_fig_flow.svg"),
        png="results/doppler/{cohort}/doppler_fig_flow.png",
    log:
        "logs/doppler/{cohort}/doppler_fig_flow.log",
    params:
        grouping=["us_calcification", "path_calcification"],
        code=digest("figures.flowchart:flow_to_prognosis"),
    run:
        figures.flow_to_prognosis(*input, output.svg, output.png, log[0], **params)


rule doppler_fig_accuracy:
    """Abstract, Results, drawn: ultrasound against pathology, each measure by five interval methods and as printed."""
    input:
        table="results/doppler/{cohort}/doppler_a_accuracy.csv",
        claims="config/studies/doppler/claims.csv",
        study="config/studies/doppler/study.yaml",
    output:
        svg=shown("results/doppler/{cohort}/doppler_fig_accuracy.svg"),
        png="results/doppler/{cohort}/doppler_fig_accuracy.png",
    log:
        "logs/doppler/{cohort}/doppler_fig_accuracy.log",
    params:
        code=digest("figures.intervals:interval_methods"),
    run:
        figures.interval_methods(*input, output.svg, output.png, log[0], **params)


rule doppler_fig_forest:
    """Abstract, Results, drawn: odds ratios of a poor prognosis, each factor alone, together, by Firth, as printed."""
    input:
        table="results/doppler/{cohort}/doppler_a_multivariable.csv",
        claims="config/studies/doppler/claims.csv",
    output:
        svg=shown("results/doppler/{cohort}/doppler_fig_forest.svg"),
        png="results/doppler/{cohort}/doppler_fig_forest.png",
    log:
        "logs/doppler/{cohort}/doppler_fig_forest.log",
    params:
        code=digest("figures.odds:odds_of_poor_prognosis"),
    run:
        figures.odds_of_poor_prognosis(*input, output.svg, output.png, log[0], **params)


# The figures of nact_bone.


rule nact_bone_fig_outcomes:
    """Abstract, Results, drawn: pCR, necrosis on MRI and bone metastasis with and without calcification."""
    input:
        pcr="results/nact_bone/{cohort}/nact_bone_a_pcr.csv",
        necrosis="results/nact_bone/{cohort}/nact_bone_a_necrosis.csv",
        bone="results/nact_bone/{cohort}/nact_bone_a_bone.csv",
        claims="config/studies/nact_bone/claims.csv",
    output:
        svg=shown("results/nact_bone/{cohort}/nact_bone_fig_outcomes.svg"),
        png="results/nact_bone/{cohort}/nact_bone_fig_outcomes.png",
    log:
        "logs/nact_bone/{cohort}/nact_bone_fig_outcomes.log",
    params:
        code=digest("figures.shares:outcomes_by_calcification"),
    run:
        figures.outcomes_by_calcification(*input, output.svg, output.png, log[0], **params)


rule nact_bone_fig_forest_nonpcr:
    """Abstract, Results, drawn: odds ratios of no pCR, every factor and category, beside the printed ones."""
    input:
        univariable="results/nact_bone/{cohort}/nact_bone_a_nonpcr_univariable.csv",
        multivariable="results/nact_bone/{cohort}/nact_bone_a_nonpcr_multivariable.csv",
        claims="config/studies/nact_bone/claims.csv",
    output:
        svg=shown("results/nact_bone/{cohort}/nact_bone_fig_forest_nonpcr.svg"),
        png="results/nact_bone/{cohort}/nact_bone_fig_forest_nonpcr.png",
    log:
        "logs/nact_bone/{cohort}/nact_bone_fig_forest_nonpcr.log",
    params:
        code=digest("figures.odds:odds_of_no_pcr"),
    run:
        figures.odds_of_no_pcr(*input, output.svg, output.png, log[0], **params)


rule nact_bone_fig_forest_bone:
    """Abstract, Results, drawn: odds ratios of bone metastasis, every factor and category, beside the printed ones."""
    input:
        univariable="results/nact_bone/{cohort}/nact_bone_a_bone_univariable.csv",
        multivariable="results/nact_bone/{cohort}/nact_bone_a_bone_multivariable.csv",
        claims="config/studies/nact_bone/claims.csv",
    output:
        svg=shown("results/nact_bone/{cohort}/nact_bone_fig_forest_bone.svg"),
        png="results/nact_bone/{cohort}/nact_bone_fig_forest_bone.png",
    log:
        "logs/nact_bone/{cohort}/nact_bone_fig_forest_bone.log",
    params:
        code=digest("figures.odds:odds_of_bone_metastasis"),
    run:
        figures.odds_of_bone_metastasis(*input, output.svg, output.png, log[0], **params)


rule nact_bone_fig_metastasis:
    """Abstract, Results, drawn: type and place of bone metastases with and without calcification."""
    input:
        osteolytic="results/nact_bone/{cohort}/nact_bone_a_osteolytic.csv",
        skeleton="results/nact_bone/{cohort}/nact_bone_a_axial.csv",
        whole_body="results/nact_bone/{cohort}/nact_bone_a_whole_body.csv",
        claims="config/studies/nact_bone/claims.csv",
    output:
        svg=shown("results/nact_bone/{cohort}/nact_bone_fig_metastasis.svg"),
        png="results/nact_bone/{cohort}/nact_bone_fig_metastasis.png",
    log:
        "logs/nact_bone/{cohort}/nact_bone_fig_metastasis.log",
    params:
        code=digest("figures.shares:metastasis_by_calcification"),
    run:
        figures.metastasis_by_calcification(*input, output.svg, output.png, log[0], **params)
