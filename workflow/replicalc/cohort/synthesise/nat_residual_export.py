"""The synthetic patients of ``nat_residual`` in a hospital's own columns, codes and units."""

from __future__ import annotations

import datetime


def export_rows(patients: dict, rng) -> list[dict]:
    """Write patients in the hospital's own columns, codes and units, with a few gaps where no printed count looks."""
    n = len(patients["subtype"])
    rows = []
    for i in range(n):
        p = {name: values[i] for name, values in patients.items()}
        her2_positive = p["subtype"] in ("hrneg_her2pos", "hrpos_her2pos")
        hr_positive = p["subtype"] in ("hrpos_her2pos", "hrpos_her2neg")
        equivocal = rng.random() < 0.25
        er = int(rng.integers(10, 100)) if p["er_status"] == "positive" else 0
        pr = int(rng.integers(5, 95)) if hr_positive and (er == 0 or rng.random() < 0.8) else 0
        pr_known = not (er > 0 and rng.random() < 0.03)
        invasive = p["residual_type"] in ("invasive", "idc_dcis")
        dcis = p["residual_type"] in ("dcis", "idc_dcis")
        chemo, targeted, endocrine = (
            "1" if word in p["regimen"] else "0" for word in ("chemo", "targeted", "endocrine")
        )
        rows.append(
            {
                **date_cells(patients, i),
                "Side": "" if rng.random() < 0.02 else rng.choice(["L", "R"]),
                "Previous breast cancer": "0",
                "M stage": "0",
                "Image quality": "adequate",
                "Microcalcification": "1",
                "BI-RADS": rng.choice(["4A", "4B", "4C", "5"], p=[0.1, 0.2, 0.35, 0.35]),
                "MG lesion": {"calcification_only": "calc", "calcification_and_mass": "calc+mass"}[p["mg_lesion_type"]],
                "Calc shape before": p["calc_shape_pre"].replace("_", " "),
                "Calc shape after": p["calc_shape_post"].replace("_", " "),
                "Calc distribution before": p["calc_distribution_pre"],
                "Calc distribution after": p["calc_distribution_post"],
                **_two_views("before", p["calc_extent_pre_mm"], rng),
                **_two_views("after", p["calc_extent_post_mm"], rng),
                "MRI scanner": rng.choice(["Optima 360", "Achieva"]),
                "MRI lesion": {"mass": "mass", "non_mass": "NME"}[p["mri_lesion_type"]],
                "MRI lesions (n)": 1 if p["lesion_number"] == "single" else int(rng.integers(2, 6)),
                "MRI LD before (mm)": f"{10 * p['mri_pre_mm']:.0f}",
                "MRI LD after (mm)": f"{10 * p['mri_post_mm']:.0f}",
                "ER (%)": er,
                "PR (%)": pr if pr_known else "",
                "HER2 IHC": "2+" if equivocal else "3+" if her2_positive else rng.choice(["0", "1+"]),
                "HER2 FISH": ("amp" if her2_positive else "not amp") if equivocal else "",
                "Chemotherapy": chemo,
                "Anti-HER2": targeted,
                "Endocrine": endocrine,
                "Histology": {"idc": "IDC", "ilc": "ILC", "idc_dcis": "IDC+DCIS"}[p["histology"]],
                "Grade": p["grade"],
                "Operation": {"breast_conserving": "BCS", "mastectomy": "mastectomy"}[p["surgery"]],
                "BCS possible": {"yes": "1", "no": "0"}[p["bcs_eligible"]],
                "Miller-Payne": p["miller_payne"],
                "Residual invasive": "1" if invasive else "0",
                "Residual DCIS": "1" if dcis else "0",
                "Invasive size (mm)": f"{10 * p['residual_size_mm']:.0f}",
            }
        )
    return rows


def _two_views(when: str, extent: float, rng) -> dict[str, str]:
    other = round(max(0.1, extent * rng.uniform(0.7, 1.0)), 1)
    cc, mlo = (extent, min(other, extent)) if rng.random() < 0.5 else (min(other, extent), extent)
    return {f"Calc CC {when} (cm)": f"{cc:.1f}", f"Calc MLO {when} (cm)": f"{mlo:.1f}"}


def _day(ordinal: int) -> str:
    return datetime.date.fromordinal(int(ordinal)).strftime("%d.%m.%Y")


#: What is blank in the export of a patient whom a criterion leaves out, and how many such patients there are.
LEFT_OUT = [
    (9, {"Microcalcification": "0"}, ("Calc ", "MG lesion", "BI-RADS")),
    (4, {"BI-RADS": "3"}, ()),
    (6, {}, ("MG after", "Calc shape after", "Calc distribution after", "Calc CC after", "Calc MLO after")),
    (7, {}, ("MRI after", "MRI LD after")),
    (3, {"Previous breast cancer": "1"}, ()),
    (5, {"M stage": "1"}, ()),
    (4, {}, ("Miller-Payne", "Residual ", "Invasive size")),
    (3, {"Image quality": "poor"}, ()),
]
MAMMOGRAPHY = ("Calc ", "MG lesion", "BI-RADS")
AFTER_TREATMENT = ("MRI ", "Operation", "BCS possible", "Miller-Payne", "Residual ", "Invasive size")
DATES = ("Date of birth", "Start of NAT", "Surgery", "MG before", "MG after", "MRI before", "MRI after")


def date_cells(people: dict, i: int) -> dict[str, str]:
    """Write the dates of a patient as the hospital does."""
    names = ("birth", "start", "surgery", "mg_pre", "mg_post", "mri_pre", "mri_post")
    return {column: _day(people[f"{name}_date"][i]) for column, name in zip(DATES, names, strict=True)}


def excluded_rows(included: list[dict], people: dict, rng) -> list[dict]:
    """Add patients whom each criterion leaves out, so that the flow has something to count.

    Each has dates and an age of their own; mammography, the course after treatment, and the rest come from three
    different patients, so that nobody is in the export twice.
    """
    rows: list[dict] = []
    for count, changes, blank in LEFT_OUT:
        for _ in range(count):
            rest, breast, course = (included[i] for i in rng.choice(len(included), 3, replace=False))
            row = {**rest}
            row.update({name: cell for name, cell in breast.items() if name.startswith(MAMMOGRAPHY)})
            row.update({name: cell for name, cell in course.items() if name.startswith(AFTER_TREATMENT)})
            row.update(date_cells(people, len(rows)))
            row.update(dict.fromkeys([name for name in row if blank and name.startswith(blank)], ""))
            rows.append({**row, **changes})
    return rows
