"""What was assumed to make synthetic patients for ``nact_bone``, whose abstract prints percentages and odds ratios."""

from __future__ import annotations

from replicalc.cohort.synthesise.nact_bone_export import NO_CANCER, NO_MAMMOGRAPHY

OWN = "assumption of this project"


def nact_bone_assumptions(treated: dict, followed: dict, unmet: dict[str, str]) -> list[list[str]]:
    """One row an assumption (variable, assumed, why, source); claims that do not come out stand at the end.

    unmet: what was reached, by claim that does not come out.
    """
    silent = "not printed"
    with_mri, recorded = int(treated["mri"].sum()), int(followed["receptors"].sum())
    stated = [
        (
            "(two groups)",
            "nobody belongs to both; age counts at the start of chemotherapy in those who had it, at diagnosis in the others",
            "the abstract does not say whether the groups overlap",
        ),
        (
            "calcified",
            f"{int(treated['calcified'].sum())} of {len(treated['calcified'])} with chemotherapy and "
            f"{int(followed['calcified'].sum())} of {len(followed['calcified'])} followed",
            "no number is printed; these are the whole numbers nearest to percentages, odds ratio and limits",
        ),
        (
            "mri_necrosis",
            f"known in {with_mri}, whole numbers of the printed percentages and P",
            "MRI is not said to exist for all",
        ),
        (
            "pcr",
            "goes with calcification and necrosis; with the other factors only as far as they are not significant",
            "only the odds ratios of the two are printed",
        ),
        (
            "pcr by subtype",
            "not the usual order: HER2-positive and triple-negative tumours do not respond more often",
            "the abstract calls molecular type not significant; the search keeps it so and aims at nothing else",
        ),
        ("age_years", "normal, 50.5 with SD 9.5, 26 to 79", silent),
        ("menopausal_status", "postmenopausal in half at 50.5 years, rising with age", silent),
        ("breast_density", "a 8, b 32, c 42, d 18 to 100, denser in the young", silent),
        ("mass", "in 68 % with and 92 % without microcalcification", silent),
        ("subtype", "HER2-positive 1.6 times, triple-negative half as likely with microcalcification", silent),
        ("histology", "in situ component twice, lobular half as likely with microcalcification", silent),
        (
            "er_percent, pr_percent, her2_ihc, her2_ish",
            f"recorded in all with chemotherapy and in {recorded} of those followed: as "
            "many as the wider limits of the multivariable model need; a quarter are 2+ with in situ hybridisation",
            "the abstract does not say how many are in the model",
        ),
        (
            "miller_payne",
            "grade 5 if and only if no invasive carcinoma is left; otherwise mostly 3; in situ carcinoma is left in a "
            "quarter of the complete responses",
            "only the share of complete responses is printed",
        ),
        (
            "bone_lesion_type",
            "what is not osteolytic is mixed in 60 %, otherwise osteoblastic; osteolytic somewhat less often if "
            "widespread",
            "only osteolytic is printed",
        ),
        (
            "bone_extent",
            "what is not whole body is axial in nine of ten; known in as many as the percentages and P allow",
            "the abstract says mainly axial",
        ),
        ("nat_start_date", "spread evenly over 2012 to 2020", silent),
        ("laterality", "two sides, equally likely; missing in 2 %", silent),
        (
            "excluded patients",
            f"{NO_CANCER} without cancer, {NO_MAMMOGRAPHY} without mammography; mammography and the rest from two patients, "
            "age of their own, menopause as at that age",
            "the abstract gives no number",
        ),
    ]
    rows = [[variable, assumed, why, OWN] for variable, assumed, why in stated]
    for claim_id, reached in unmet.items():
        why = f"not reached together with the other printed numbers: {reached}"
        rows.append(
            ["(printed numbers)", f"{claim_id} does not come out", why, "search described in docs/methods/synthetic.md"]
        )
    return rows
