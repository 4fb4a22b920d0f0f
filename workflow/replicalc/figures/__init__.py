"""The functions that figure rules call: each draws one figure, as SVG and PNG. Imports stay lean."""

from replicalc.figures.diagnostic import confusion
from replicalc.figures.extent import extent_before_after
from replicalc.figures.flowchart import flow
from replicalc.figures.forest import icc_by_subtype, pcr_by_subtype
from replicalc.figures.response import change_by_response
from replicalc.figures.sizes import agreement

__all__ = [
    "agreement",
    "change_by_response",
    "confusion",
    "extent_before_after",
    "flow",
    "icc_by_subtype",
    "pcr_by_subtype",
]
