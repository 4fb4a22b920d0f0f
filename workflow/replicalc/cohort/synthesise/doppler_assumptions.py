"""What was assumed to make synthetic patients for ``doppler``: the abstract prints a table, a model and little else."""

from __future__ import annotations

OWN = "assumption of this project"


def doppler_assumptions(
    counts_unmet: dict[str, str], model_unmet: dict[str, str], crude: bool, no_cancer: int, no_surgery: int
) -> list[list[str]]:
    """One row an assumption (variable, assumed, why, source); claims that do not come out stand at the end.

    counts_unmet, model_unmet: what was reached, by claim that does not come out.
    """
    silent = "not printed"
    stated = [
        (
            "(six factors of the model)",
            "each printed ratio with its limits is that of a 2x2 table of the factor by prognosis, not adjusted; what "
            "is left open is exchanged between patients of the same prognosis until the model of all six is near the "
            "printed one and all are significant in it"
            if crude
            else "as many patients of each combination as the printed ratios and limits need; among these, near a "
            "prior in which a late stage without node metastasis is 0.15 times and with a tumour up to 2 cm 0.3 times "
            "as likely",
            "each ratio comes out of such a table; the abstract prints no frequency of any factor"
            if crude
            else "the abstract prints no frequency of any factor",
        ),
        (
            "stage",
            "late stages without node metastasis remain frequent (T4 or M1)",
            "the narrow printed limits ask for factors that hardly go together",
        ),
        (
            "stage",
            "nobody is in stage 0; I if up to 2 cm without node metastasis, otherwise II; a late stage is IV in "
            "half of those with a poor prognosis, otherwise in 3 % with and 8 % without node metastasis",
            "only I and II against the rest is printed",
        ),
        (
            "tumour_diameter_mm",
            "whole millimetres; up to 2 cm around 15 (6 to 20), above around 31 (21 to 95, at most 50 in stage II)",
            silent,
        ),
        (
            "us_calcification",
            "seen 1.6 times as often in tumours above 2 cm, given pathology",
            "only the table against pathology is printed",
        ),
        (
            "us_calc_location",
            "among those seen: within the mass 50 %, around it 28 %, along ducts 22 %; along ducts a quarter "
            "as likely with a poor prognosis",
            "the abstract says that all three occur and that ducts go with a better prognosis",
        ),
        (
            "us_edge, us_shape, us_spiculated, us_taller_than_wide",
            "75, 72, 64 and 30 % of all, going together, more often with "
            "calcification seen, node metastasis and large tumours",
            "the abstract says which features are usual, without numbers",
        ),
        (
            "surgery",
            "breast conservation in 50 % up to 2 cm and 20 % above, a quarter as likely without radiotherapy",
            silent,
        ),
        (
            "adjuvant_chemotherapy, adjuvant_radiotherapy",
            "as the printed ratios and limits need; they do not rise with stage or nodes, as they would in practice",
            "six ratios leave little room; no frequency is printed",
        ),
        ("age_years", "normal, 51 with SD 10, 26 to 84, completed at surgery; born on any day that gives it", silent),
        ("surgery_date", "spread evenly over the printed period", silent),
        ("laterality", "two sides, equally likely", silent),
        ("missing values", "date of birth and side in 2 % each", "no printed number depends on them"),
        (
            "excluded patients",
            f"{no_cancer} without cancer, {no_surgery} not operated; ultrasound and the rest are put "
            "together from two patients; what was benign was excised, and nothing follows an operation that was not done",
            "the abstract gives no number",
        ),
    ]
    rows = [[variable, assumed, why, OWN] for variable, assumed, why in stated]
    rows.append(
        ["(diagnostic measures)", "the limits of the five measures are not aimed at; comparison.csv says how they come out",
         "which interval method was used is not said", OWN]
    )  # fmt: skip
    for claim_id, reached in counts_unmet.items():
        why = f"cannot be met together with the other claims: {reached}"
        rows.append(["(joint table)", f"{claim_id} does not come out", why, "CP-SAT"])
    for claim_id, reached in model_unmet.items():
        why = f"not reached together with the other ratios and limits, the patients and the prognosis: {reached}"
        rows.append(["(model)", f"{claim_id} does not come out", why, "search described in docs/methods/synthetic.md"])
    return rows
