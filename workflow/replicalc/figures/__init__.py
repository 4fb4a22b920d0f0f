"""The functions that figure rules call: each draws one figure, as SVG and PNG. Imports stay lean."""

from replicalc.figures.calc_type import malignancy_by_type
from replicalc.figures.curves import survival_curves
from replicalc.figures.diagnostic import confusion
from replicalc.figures.extent import extent_before_after
from replicalc.figures.flowchart import flow, flow_to_prognosis
from replicalc.figures.forest import icc_by_subtype, pcr_by_subtype
from replicalc.figures.hazard import hazard_ratios
from replicalc.figures.intervals import interval_methods
from replicalc.figures.modalities import accuracy_by_test
from replicalc.figures.odds import odds_of_bone_metastasis, odds_of_no_pcr, odds_of_poor_prognosis
from replicalc.figures.response import change_by_response
from replicalc.figures.shares import metastasis_by_calcification, outcomes_by_calcification
from replicalc.figures.sizes import agreement
from replicalc.figures.work_up import work_up_tree

__all__ = [
    "accuracy_by_test",
    "agreement",
    "change_by_response",
    "confusion",
    "extent_before_after",
    "flow",
    "flow_to_prognosis",
    "hazard_ratios",
    "icc_by_subtype",
    "interval_methods",
    "malignancy_by_type",
    "metastasis_by_calcification",
    "odds_of_bone_metastasis",
    "odds_of_no_pcr",
    "odds_of_poor_prognosis",
    "outcomes_by_calcification",
    "pcr_by_subtype",
    "survival_curves",
    "work_up_tree",
]
