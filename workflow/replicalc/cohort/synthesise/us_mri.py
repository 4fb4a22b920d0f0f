"""Synthetic women and lesions for ``us_mri``, as a hospital would export them: every printed count comes out jointly.

The printed numbers are read from ``claims.csv``. Histology, mammographic category, findings and categories on
ultrasound and MRI are one table of whole lesions; women are made of lesions afterwards, because the paper prints how
many there are and nothing about who has several.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from replicalc.cohort.synthesise import synonyms
from replicalc.cohort.synthesise.assumptions import COLUMNS
from replicalc.cohort.synthesise.joint import Cells, Joint, rake, solve
from replicalc.cohort.synthesise.mess import write_export
from replicalc.cohort.synthesise.restrictions import Restriction, among_recorded, denominators, restrictions
from replicalc.cohort.synthesise.us_mri_assumptions import us_mri_assumptions
from replicalc.cohort.synthesise.us_mri_export import Protocol, export_rows
from replicalc.cohort.synthesise.us_mri_prior import BENIGN, DERIVED, FACTORS, allowed, weights
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import Claim, load_claims, load_dictionary
from replicalc.table import to_csv
from replicalc.verify.printed import printed_number

ISOLATED = {"us_finding": ("isolated_dots",)}
#: How much likelier a further lesion of a woman is to be like her first: benign or malignant as it, and of its type.
SAME_HISTOLOGY, SAME_TYPE = 3.0, 2.0


@job
def synthesise(claims_file, dictionary_file, export_out, assumptions_out, *, seed):
    """Write the synthetic export (one row a lesion) and the list of everything that was assumed to make it.

    Raises ReplicalcError if a number that the export is built on is not printed, or if no table of lesions has the
    printed counts.
    """
    claims = load_claims(claims_file)
    n_lesions, n_women = (_whole(claims, stat=stat) for stat in ("n_included", "n_patients"))
    dictionary = load_dictionary(dictionary_file)
    protocol = Protocol(
        phases=_whole(claims, variable="mri_dynamic_phases"),
        screening_readers=_whole(claims, variable="mg_reader_count"),
        radiologists=dictionary["image_reader"].code_list[: _whole(claims, variable="image_reader")],
    )
    joint = solve_joint(claims, n_lesions, seed)
    rng = np.random.default_rng([seed, 2])
    women = gather(joint.codes, n_women, rng)
    rows = export_rows(joint.codes, women, protocol, rng)
    assumed = write_export(rows, synonyms.US_MRI, export_out, seed)
    assumed = [*us_mri_assumptions(joint, women, (SAME_HISTOLOGY, SAME_TYPE)), *assumed]
    write_text(assumptions_out, to_csv(assumed, COLUMNS))


def solve_joint(claims: Iterable[Claim], total: int, seed: int) -> Joint:
    """Solve all the printed shares and measures jointly, with what the paper says of isolated microcalcifications."""
    cells = Cells(FACTORS, allowed, DERIVED)
    malignant = tuple(code for code in FACTORS["malignancy_type"] if code != BENIGN)
    conditions = among_recorded(restrictions(claims, total), {"malignancy_type": malignant})
    for claim in claims:
        if claim.claim_id.endswith(".isolated_only_benign"):
            conditions.append(Restriction(claim.claim_id, {**ISOLATED, "malignant": ("yes",)}, None, 0, 0))
            conditions.append(Restriction(f"{claim.claim_id}: they occur", ISOLATED, None, 1, total))
    prior = rake(cells, conditions, weights(cells.cells), total)
    return solve(cells, [*conditions, *denominators(conditions, total)], prior, total, seed)


def gather(codes: dict[str, np.ndarray], n_women: int, rng: np.random.Generator) -> list[list[int]]:
    """Make women of lesions: a list of lesion numbers for each woman, those with several first.

    One woman has three lesions if that is possible, the others who have several have two. A woman had one mammogram, so
    her lesions share its indication; her further lesions are drawn with ``SAME_HISTOLOGY`` and ``SAME_TYPE``.

    Raises ReplicalcError if there are more women than lesions, or fewer than half as many.
    """
    n_lesions = len(codes["malignant"])
    further = n_lesions - n_women
    if not 0 <= further <= n_women:
        raise ReplicalcError(f"{n_lesions} lesions cannot be shared out among {n_women} women with one to three each")
    sizes = [3] + [2] * (further - 2) if further > 2 else [2] * further
    free, women = list(rng.permutation(n_lesions)), []
    for size in sizes:
        woman = [free.pop()]
        while len(woman) < size:
            candidates = np.array(free)
            first = woman[0]
            weight = (codes["mg_indication"][candidates] == codes["mg_indication"][first]).astype(float)
            weight *= np.where(codes["malignant"][candidates] == codes["malignant"][first], SAME_HISTOLOGY, 1.0)
            alike = codes["malignancy_type"][candidates] == codes["malignancy_type"][first]
            weight *= np.where(alike, SAME_TYPE, 1.0)
            if not weight.any():
                raise ReplicalcError(
                    "no two lesions left share the indication of the mammogram, as those of a woman do"
                )
            woman.append(free.pop(int(rng.choice(len(free), p=weight / weight.sum()))))
        women.append([int(lesion) for lesion in woman])
    return women + [[int(lesion)] for lesion in free]


def _whole(claims: Iterable[Claim], **place: str) -> int:
    """Read the one printed whole number at a place (``stat`` or ``variable``), also where it is printed as a word."""
    found = {
        int(printed_number(claim.reported).value)
        for claim in claims
        if all(getattr(claim, name) == text for name, text in place.items()) and printed_number(claim.reported)
    }
    if len(found) != 1:
        told = " and ".join(f"{name} '{text}'" for name, text in place.items())
        raise ReplicalcError(f"the synthetic patients need one printed number with {told}; claims.csv has {len(found)}")
    return found.pop()
