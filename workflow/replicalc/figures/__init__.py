"""The functions that figure rules call: each draws one figure, as SVG and PNG. Imports stay lean."""

from replicalc.figures.calc_type import malignancy_by_type
from replicalc.figures.curves import survival_curves
from replicalc.figures.diagnostic import confusion
from replicalc.figures.extent import extent_before_after
from replicalc.figures.flowchart import flow
from replicalc.figures.forest import icc_by_subtype, pcr_by_subtype
from replicalc.figures.hazard import hazard_ratios
from replicalc.figures.modalities import accuracy_by_test
from replicalc.figures.response import change_by_response
from replicalc.figures.sizes import agreement
from replicalc.figures.work_up import work_up_tree

__all__ = [
    "accuracy_by_test",
    "agreement",
    "change_by_response",
    "confusion",
    "extent_before_after",
    "flow",
    "hazard_ratios",
    "icc_by_subtype",
    "malignancy_by_type",
    "pcr_by_subtype",
    "survival_curves",
    "work_up_tree",
]
