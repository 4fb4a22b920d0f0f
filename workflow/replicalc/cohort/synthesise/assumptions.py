"""What was assumed to make synthetic patients where a paper is silent: variable, assumption, reason, source."""

from __future__ import annotations

from collections.abc import Sequence

from replicalc.cohort.synthesise.joint import Joint

COLUMNS = ("variable", "assumed", "why", "source")


def nat_residual_assumptions(
    joint: Joint, largest_cm: dict[str, float], least_cm: dict[str, float], missed: Sequence[tuple[str, str]]
) -> list[list[str]]:
    stated = [
        ("(joint table)", "a random table around maximum entropy given the printed counts, moved as little as possible",
         "the paper prints margins and some cross-tables only"),
        ("er_status", "93 % of HR-positive tumours are ER-positive; HR-negative tumours are ER-negative",
         "only the ER status of the six misses is printed"),
        ("mri_complete_response", "agrees with pCR three to one before the printed table is imposed; misses in HR-negative "
         "tumours one in a thousand", "keeps subgroups plausible where only the total is printed"),
        ("miller_payne", "grade 5 if and only if no invasive carcinoma is left", "definition of the grade"),
        ("bcs_eligible", "80 % before the printed share among them is imposed; whoever had breast conservation was eligible",
         "the paper prints a share, not the number of eligible patients"),
        ("regimen", "anti-HER2 treatment only in HER2-positive, endocrine treatment only in HR-positive tumours; "
         "chemotherapy alone a tenth as likely in HER2-positive", "usual care; the paper prints the total only"),
        ("grade", "in HR-negative tumours grade 3 is 2.5 times, grade 1 a fifth as likely", "only the total is printed"),
        ("histology", "DCIS in the biopsy three times as likely with residual DCIS; lobular ten times as likely in "
         "HR-positive HER2-negative tumours", "only the total is printed"),
        ("calc_shape_pre, calc_distribution_pre", "fine linear 1.8 times, segmental 1.5 times as likely in HER2-positive tumours",
         "only the total is printed"),
        ("mg_lesion_type, mri_lesion_type, lesion_number", "independent of the rest", "only the total is printed"),
        ("mri_lesion_count", "2 to 5, equally likely, where there are several", "only single or multiple is printed"),
        ("birads", "4A 10 %, 4B 20 %, 4C 35 %, 5 35 %", "only the range 4 to 5 is printed"),
        ("mri_scanner, laterality", "two scanners, two sides, equally likely", "not printed"),
        ("calc_extent_pre_mm, mri_pre_mm", "in the rank order of the size after treatment divided by a random ratio (extent: "
         "0.35 to 0.85 for decrease, 1.15 to 1.8 for increase; MRI: 0.25 to 0.7), within the class",
         "only quartiles of all patients are printed"),
        ("calc_extent_post_mm", "never 0: no calcification disappears altogether", "not printed"),
        ("calc_cc_*, calc_mlo_*", "the smaller view is 70 to 100 % of the larger, either view may be the larger",
         "only the larger is analysed"),
        ("sizes after treatment", "follow a common burden (extent 0.2 of it, MRI 1 with noise 0.4; smaller in pCR and in complete "
         "response on MRI) before values are swapped towards the printed ICCs", "only ICCs and quartiles are printed"),
        ("largest sizes", ", ".join(f"{name} {value} cm" for name, value in largest_cm.items()), "not printed"),
        ("smallest sizes", ", ".join(f"{name} {value} cm" for name, value in least_cm.items()), "not printed"),
        ("mri_pre_mm", "no smaller than the tumour left in the specimen, where the class of response allows it",
         "not printed; a tumour rarely grows under treatment"),
        ("surgery, bcs_eligible", "among patients with the same response, eligible are those whose largest extent after treatment "
         "is small (noise 0.8 cm), conserved the smallest of these (noise 2 cm)", "printed by response only"),
        ("sizes above the third quartile", "rise with the cube of the rank", "large sizes are rare; not printed"),
        ("residual_size_mm", "0 in pCR, residual DCIS does not count", "reading, see NOTES.md"),
        ("age_years", "normal, rounded to whole years, 25 to 75", "mean and SD are printed"),
        ("dates", "surgery spread evenly over the printed period; treatment lasts 130 to 199 days; examinations 2 to 24 days "
         "before treatment or surgery", "only the period is printed"),
        ("er_percent, pr_percent", "ER 10 to 99 %, PR 5 to 94 % where positive; PR positive in 80 % of ER-positive tumours",
         "only the subtype is printed"),
        ("her2_ihc, her2_ish", "a quarter are 2+ with in situ hybridisation", "only the subtype is printed"),
        ("missing values", "side in 2 %, PR in 3 % of ER-positive patients", "no printed count depends on them"),
        ("excluded patients", "41: no calcification 9, BI-RADS 3 4, no MG after 6, no MRI after 7, previous cancer 3, "
         "metastasis 5, no pathology 4, poor images 3; otherwise like those included, findings drawn from three of them",
         "Figure 1 names the reasons, the text gives no numbers"),
    ]  # fmt: skip
    rows = [[variable, assumed, why, "assumption of this project"] for variable, assumed, why in stated]
    rows[0][3] = "Jaynes 1957, doi:10.1103/PhysRev.106.620"
    for claim in joint.unmet:
        rows.append(
            [
                "(joint table)",
                f"{claim} does not come out",
                f"cannot be met together with the other claims: {joint.reached[claim]}",
                "CP-SAT",
            ]
        )
    rows += [["(sizes)", f"{claim} does not come out", why, "random search"] for claim, why in missed]
    return rows
