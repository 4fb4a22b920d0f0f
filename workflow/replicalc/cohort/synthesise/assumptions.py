"""What was assumed to make synthetic patients where a paper is silent: variable, assumption, reason, source."""

from __future__ import annotations

from replicalc.cohort.synthesise.joint import Joint

COLUMNS = ("variable", "assumed", "why", "source")


def nat_residual_assumptions(joint: Joint, largest_cm: dict[str, float]) -> list[list[str]]:
    own = "assumption of this project"
    rows = [
        ["(joint table)", "maximum entropy given the printed counts, then the likeliest whole numbers near it",
         "the paper prints margins and some cross-tables only", "Jaynes 1957, doi:10.1103/PhysRev.106.620"],
        ["er_status", "93 % of HR-positive tumours are ER-positive", "only the ER status of the six misses is printed",
         own],
        ["mri_complete_response", "agrees with pCR three to one before the printed table is imposed",
         "keeps subgroups plausible where only the total is printed", own],
        ["bcs_eligible", "eligible patients are drawn so that the printed share among them comes out",
         "the paper prints a share, not the number of eligible patients", own],
        ["regimen", "anti-HER2 treatment only in HER2-positive, endocrine treatment only in HR-positive tumours",
         "usual care; the paper prints the total only", own],
        ["grade", "grade 3 is 2.5 times as likely in HR-negative tumours", "only the total is printed", own],
        ["histology", "DCIS in the biopsy goes with residual DCIS", "only the total is printed", own],
        ["calc_shape_pre, calc_distribution_pre", "fine linear and segmental more often in HER2-positive tumours",
         "only the total is printed", own],
        ["mg_lesion_type, mri_lesion_type, lesion_number, birads, mri_scanner, laterality", "independent of the rest",
         "only the total, or nothing, is printed", own],
        ["calc_extent_pre_mm, mri_pre_mm", "in the rank order of the size after treatment, within its class",
         "only quartiles of all patients are printed", own],
        ["calc_cc_*, calc_mlo_*", "the smaller view is 70 to 100 % of the larger, either view may be the larger",
         "only the larger is analysed", own],
        ["largest sizes", ", ".join(f"{name} {value} cm" for name, value in largest_cm.items()), "not printed", own],
        ["sizes above the third quartile", "rise with the cube of the rank", "large sizes are rare; not printed", own],
        ["residual_size_mm", "0 in pCR, residual DCIS does not count", "reading, see NOTES.md", own],
        ["age_years", "normal, rounded to whole years, 25 to 75", "mean and SD are printed", own],
        ["dates", "surgery spread evenly over the printed period; treatment lasts 130 to 199 days",
         "only the period is printed", own],
        ["er_percent, pr_percent, her2_ihc, her2_ish", "a quarter are HER2 2+ with in situ hybridisation",
         "only the subtype is printed", own],
        ["missing values", "side in 2 %, PR in 3 % of ER-positive patients", "no printed count depends on them", own],
        ["excluded patients", "41: no calcification 9, BI-RADS 3 4, no MG after 6, no MRI after 7, previous cancer 3, "
         "metastasis 5, no pathology 4, poor images 3", "Figure 1 names the reasons, the text gives no numbers", own],
    ]  # fmt: skip
    for claim in joint.unmet:
        rows.append(
            [
                "(joint table)",
                f"{claim} does not come out",
                "cannot be met together with the other claims",
                "CP-SAT",
            ]
        )
    return rows
