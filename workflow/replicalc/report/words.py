"""The words of the report: what each verdict is called, its sign, and what it means."""

from __future__ import annotations

import re

from replicalc.figures.labels import code_label, variable_label

#: Beside the colour, for whoever does not see it or prints in grey.
SIGNS = {
    "exact": "✓",
    "rounding": "≈",
    "unstated_method": "?",
    "impossible": "✗",
    "underdetermined": "…",
    "not_checkable": "–",
    "same_print": "=",
    "same_conclusion": "≃",
    "same_direction": "↗",
    "conclusion_differs": "≠",
    "not_evaluable": "–",
    "": "",
}
TITLES = {
    "exact": "exact",
    "rounding": "rounding",
    "unstated_method": "method not stated",
    "impossible": "impossible",
    "underdetermined": "underdetermined",
    "not_checkable": "not checkable",
    "same_print": "same print",
    "same_conclusion": "same conclusion",
    "same_direction": "same direction",
    "conclusion_differs": "conclusion differs",
    "not_evaluable": "not evaluable",
    "": "not applied",
}
MEANINGS = {
    "exact": "recomputed, it prints the same",
    "rounding": "off by one unit of the last printed place",
    "unstated_method": "only by a method that the text read does not name, the one told; or by none of those tried",
    "impossible": "no counts and no data can give it; or none by the named method or by any that was tried; or another "
    "place prints the same number otherwise. Its evidence says which",
    "underdetermined": "several reconstructions fit; it never reads as fine",
    "not_checkable": "nothing to hold it against",
    "same_print": "prints the same",
    "same_conclusion": "another number, the same answer: P on the same side of alpha, the printed value "
    "inside the new interval, or the "
    "statement holds",
    "same_direction": "outside the interval, on the same side of the middle",
    "conclusion_differs": "neither",
    "not_evaluable": "a variable is missing, or the number is another publication's",
}
#: What was read of a paper, by the kind of copy that its checklists were judged on. Where only the abstract was
#: at hand, the Methods may name what the abstract does not.
READ = {"article": "the paper", "abstract": "the abstract"}
#: Statistics that are written in capitals.
CAPITALS = ("ppv", "npv", "icc", "or", "hr", "sd")
#: Names that the figures do not need, or say otherwise where they have a drawing beside them.
_ALONE = {
    "calc_change": "change of extent on mammography",
    "calc_extent_pre_mm": "extent on mammography before treatment",
    "calc_extent_post_mm": "extent on mammography after treatment",
    "mri_pre_mm": "size on MRI before treatment",
    "mri_post_mm": "size on MRI after treatment",
    "residual_size_mm": "residual size in pathology",
    "mg_lesion_type": "lesion on mammography",
    "mri_lesion_type": "lesion on MRI",
    "calc_shape_pre": "shape before treatment",
    "calc_distribution_pre": "distribution before treatment",
}
#: Words by which the figures tell one measurement from another; alone they do not say what was measured.
_SHORT = ("mammography", "MRI", "pathology", "ultrasound", "calcification")
_BETWEEN = {";": ", ", "~": " against ", " x ": " by "}


def text_read(copy: str) -> str:
    """What the text is called that a study's numbers were taken from; ``copy`` as in checklists.yaml, or empty.

    >>> text_read("abstract"), text_read("extract"), text_read("")
    ('the abstract', 'the text at hand', 'the text at hand')
    """
    return READ.get(copy, "the text at hand")


def measure(stat: str) -> str:
    """Name a statistic.

    >>> measure("ppv"), measure("icc_a"), measure("risk_difference")
    ('PPV', 'ICC a', 'risk difference')
    """
    return " ".join(part.upper() if part in CAPITALS else part for part in stat.split("_"))


def named(name: str) -> str:
    """Say whom or what a claim is about in the words that the figures use.

    >>> named("pcr=yes;subtype=hrneg_her2pos"), named("histology=idc"), named("pcr=no")
    ('pCR, HR−/HER2+', 'Histological type: ductal', 'Pathologic complete response (pCR): no')
    >>> named("recist x calc_change"), named("calc_extent_post_mm")
    ('RECIST 1.1 response on MRI by change of extent on mammography', 'extent on mammography after treatment')
    """
    parts = re.split(r"(;|~| x )", name)
    if len(parts) > 1:
        return "".join(_BETWEEN.get(part) or _beside_others(part) for part in parts)
    variable, _, code = name.partition("=")
    label = _ALONE.get(variable) or variable_label(variable)
    label = variable.replace("_", " ") if label in _SHORT else label
    return f"{label}: {code if code in ('yes', 'no') else code_label(variable, code)}" if code else label


def _beside_others(name: str) -> str:
    variable, equals, code = name.partition("=")
    if not equals:
        label = variable_label(variable)
        return _ALONE.get(variable, label) if label == variable.replace("_", " ") else label
    told = code_label(variable, code)
    # Where the figures have words for a class they stand by themselves; 'yes' does not.
    return told if told != code.replace("_", " ") else f"{variable_label(variable)}: {told}"
