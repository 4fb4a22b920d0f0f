"""What was assumed to make the synthetic women of ``us_mri`` where the paper is silent."""

from __future__ import annotations

from collections import Counter

from replicalc.cohort.synthesise import us_mri_export as export
from replicalc.cohort.synthesise import us_mri_prior as prior
from replicalc.cohort.synthesise.joint import Joint


def us_mri_assumptions(joint: Joint, women: list[list[int]], same: tuple[float, float]) -> list[list[str]]:
    """Return the rows of ``assumptions.csv``.

    joint: the solved table, whose unmet claims are named. women: the lesions of each woman. same: how much likelier a
    woman's further lesion is to be benign or malignant as her first, and of its type.
    """
    sizes = Counter(map(len, women))
    told = ", ".join(f"{sizes[size]} women with {size}" for size in sorted(sizes))
    left_out = [count for count, *_ in export.LEFT_OUT]
    own = "assumption of this project"
    paper = "Results and Discussion of the paper"
    rows = [
        (
            "(joint table)",
            "a random table around maximum entropy given the printed shares, from the weights below, moved as "
            "little as possible",
            "the paper's tables are lost; the text prints shares and measures only",
            "Jaynes 1957, doi:10.1103/PhysRev.106.620",
        ),
        (
            "(joint table)",
            "every group of which a share is printed has a lesion",
            "a share of an empty group would hold trivially",
            own,
        ),
        ("lesions of a woman", told, "only the numbers of women and of lesions are printed", own),
        (
            "lesions of a woman",
            f"a further lesion is {same[0]:g} times as likely to be malignant or benign as the first one "
            f"is, and {same[1]:g} times as likely to be of the same type; the other findings follow from the lesion",
            "lesions of one woman are alike; intervals that respect this stand beside the naive ones",
            own,
        ),
        (
            "dates, breast_density, mg_indication, mg_reader_count, image_reader",
            "the same for all lesions of a woman",
            "one mammogram, one ultrasound and one MRI a woman",
            own,
        ),
        (
            "birads",
            f"4A, 4B, 4C, 5 before the printed shares are imposed: {_shares(prior.BIRADS)}",
            "only category 4 and category 5 are told apart",
            own,
        ),
        (
            "us_finding",
            f"{', '.join(prior.FACTORS['us_finding'])}, before the printed shares are imposed: "
            f"{_shares(prior.US_FINDING)}",
            "Table 1 is lost; dots within a lesion went with malignancy most often",
            paper,
        ),
        (
            "us_finding",
            "isolated microcalcifications occur, and never in a malignant lesion",
            "the paper says so; how many there were is not printed",
            paper,
        ),
        (
            "us_visible",
            "nothing: the printed shares leave one table only",
            "visibility by histology is what it is",
            own,
        ),
        (
            "mri_enhancement",
            f"{', '.join(prior.FACTORS['mri_enhancement'])}, before the printed shares are imposed: "
            f"{_shares(prior.MRI_ENHANCEMENT)}",
            "the numbers of masses, foci and lesions without enhancement are not printed; "
            "malignancy shows as mass or non-mass enhancement",
            own,
        ),
        (
            "us_birads",
            "by finding, benign / malignant: " + _categories(prior.US_BIRADS) + "; category 1, or none recorded in "
            f"{100 * export.NO_US_CATEGORY_IF_INVISIBLE:.0f} %, where nothing is seen",
            "only positive (4, 5) and negative are told apart",
            own,
        ),
        (
            "mri_birads",
            "by enhancement, benign / malignant: " + _categories(prior.MRI_BIRADS),
            "only positive (4, 5) and negative are told apart",
            own,
        ),
        (
            "us_assessment by mri_assessment",
            f"a benign lesion is judged alike by both {prior.ALIKE:g} times as likely, and "
            f"suspicious by either {prior.SUSPICIOUS:g} times as likely if mammography said 4C or 5",
            "the paired table is not printed; MRI was read with mammography and ultrasound known",
            own,
        ),
        (
            "mg_indication",
            f"screening, before the printed shares are imposed: {_shares(prior.SCREENING)}",
            "not printed; symptoms go with invasive cancer",
            own,
        ),
        (
            "mg_reader_count",
            "as printed for screening, one for diagnostic mammograms",
            "Methods",
            "Methods of the paper",
        ),
        ("image_reader", "equally many women each", "only the number of radiologists is printed", own),
        (
            "malignancy_type",
            f"invasive: ductal {100 * export.HISTOLOGY['invasive']['IDC']:.0f} %, else lobular; benign: "
            + ", ".join(f"{name} {100 * share:.0f} %" for name, share in export.HISTOLOGY[prior.BENIGN].items())
            + "; the final histology after excision",
            "only the three classes of malignancy are printed",
            own,
        ),
        (
            "birth_date",
            f"age normal around {export.AGE_MEAN['no']:g}, with a malignant lesion {export.AGE_MEAN['yes']:g} "
            f"(SD {export.AGE_SD:g}), {export.YOUNGEST} to {export.OLDEST}",
            "not printed; cancer is commoner in older women",
            own,
        ),
        (
            "dates",
            f"mammograms evenly over {export.DAYS_OF_RECRUITMENT} days from {export.FIRST_MAMMOGRAM:%d.%m.%Y}; "
            "ultrasound 1 to 14 days later, MRI 3 to 21 days after it, biopsy 2 to 21 days after MRI",
            "the order is printed, the period is not",
            own,
        ),
        (
            "breast_density",
            f"below {export.MENOPAUSE} years / from then on: "
            + ", ".join(
                f"{name} {100 * share:.0f}/{100 * export.DENSITIES[1][name]:.0f} %"
                for name, share in export.DENSITIES[0].items()
            ),
            "not printed; density falls with age",
            own,
        ),
        (
            "laterality",
            f"either side as often; further lesions on the same side in {100 * export.SAME_SIDE:.0f} %",
            "not printed",
            own,
        ),
        (
            "missing values",
            f"density in {100 * export.NO_DENSITY:.0f} %, side in {100 * export.NO_SIDE:.0f} %",
            "no printed number depends on them",
            own,
        ),
        (
            "excluded lesions",
            f"{sum(left_out)}: no microcalcification {left_out[0]}, BI-RADS 3 {left_out[1]} "
            f"({export.OWN_CATEGORY_3} of them further lesions of women of the study), mass beside {left_out[2]}, no "
            f"ultrasound {left_out[3]}, no MRI {left_out[4]}, no histology {left_out[5]}; findings from two lesions of "
            "the study, without microcalcification those in which ultrasound sees no dots",
            "the criteria are printed, how many were left out is not",
            own,
        ),
    ]
    unmet = [
        (
            "(joint table)",
            f"{claim} does not come out",
            f"cannot be met together with the other claims: {joint.reached[claim]}",
            "CP-SAT",
        )
        for claim in joint.unmet
    ]
    return [list(row) for row in (*rows, *unmet)]


def _shares(table: dict) -> str:
    """Write '<histology> a/b/c %' for each histology."""
    told = []
    for kind, shares in table.items():
        each = shares if isinstance(shares, tuple) else (shares,)
        told.append(f"{'benign' if kind == prior.BENIGN else kind} {'/'.join(f'{100 * s:.0f}' for s in each)} %")
    return "; ".join(told)


def _categories(table: dict) -> str:
    """Write '<finding> 2: 20/0 %, ...' for each finding."""
    told = []
    for finding, (benign, malignant) in table.items():
        codes = sorted({*benign, *malignant})
        each = (f"{c}: {100 * benign.get(c, 0):.0f}/{100 * malignant.get(c, 0):.0f} %" for c in codes)
        told.append(f"{finding} {', '.join(each)}")
    return "; ".join(told)
