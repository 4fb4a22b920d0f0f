"""The job of the centre: the counts of all sites added up, so that the same rules compute the same results from them.

Where disclosure control left out counts, nothing is put in their place silently. A site tells how many patients a
table has; those who stand in none of its shown cells are in the withheld ones. The tables are therefore made several
times, each time with these patients otherwise (``fills``): whatever comes out the same does not depend on them
(``settle``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replicalc.cohort.counted import TABLE, write_tables
from replicalc.cohort.flow import COLUMNS
from replicalc.cohort.grouped import PATIENT_ID, PATIENTS, UNITS
from replicalc.errors import ReplicalcError
from replicalc.federated.asking import all_tables
from replicalc.federated.cells import EVERYBODY, INSIDE
from replicalc.federated.fills import FEWEST, MOST, SPREADS, Fill, enough
from replicalc.federated.sites import Site, check_study, load_sites, notes_of, one_of
from replicalc.job import job, write_text
from replicalc.records import load_checked, load_dictionary, read_csv
from replicalc.table import to_csv

if TYPE_CHECKING:
    import pandas as pd

VALIDATION = ("variable", "check", "n_checked", "n_found", "stops_the_run", "note", "cohort", "kind")


@job
def pool(cohort_file, study_file, dictionary_file, cohort_out, everybody_out, flow_out, checks_out, *,
         study, fill, recipes, prints, dictionary):  # fmt: skip
    """Add up the sites' tables of a study: ``cohort.parquet``, ``everybody.parquet``, the flow, and what is missing.

    ``fill`` is one of ``FILLS``, or empty where every count is known. ``recipes`` holds (function, parameters) of each
    result; ``prints`` and ``dictionary`` are hashes of the study and of the variables here.
    """
    config = load_checked(cohort_file, "cohort")
    sites = load_sites(cohort_file, config, dictionary)
    wanted = [
        (INSIDE, names) for names in all_tables({k: v for k, v in recipes.items() if not k.startswith("cohort_")})
    ]
    wanted += [
        (EVERYBODY, names) for names in all_tables({k: v for k, v in recipes.items() if k.startswith("cohort_")})
    ]
    check_study(sites, study, prints, wanted)
    kind = sites[0].told["kind"]
    described = {
        "study": study,
        "name": config["cohort"],
        "kind": kind,
        "unit_of_analysis": sites[0].told["unit_of_analysis"],
        "clustering": one_of(sites, "clustering"),
        "conf_level": load_checked(study_file, "study")["conf_level"],
        "caveat": "; ".join(filter(None, [config.get("caveat", ""), one_of(sites, "caveat")])),
        "notes": notes_of(sites),
    }
    gaps = _gaps(sites, study, fill)
    variables = load_dictionary(dictionary_file)
    for of, out in ((INSIDE, cohort_out), (EVERYBODY, everybody_out)):
        parts = [_table(sites, study, of, names, fill, variables) for each, names in wanted if each == of]
        about = gaps | {"tables": [{key: part[key] for key in ("variables", "columns", "why")} for part in parts]}
        write_tables(_together([part["frame"] for part in parts], variables), described, about, out)
    told = [config["cohort"], kind]
    write_text(flow_out, to_csv([[*row, *told] for row in _flow(sites, study, fill)], COLUMNS))
    lines = [[name, "missing", str(gaps["n"]), str(n), "no", ""] for name, n in sorted(gaps["missing"].items())]
    write_text(checks_out, to_csv([[*line, *told] for line in lines], VALIDATION))


def _gaps(sites: list[Site], study: str, fill: str) -> dict:
    """How many are included, of how many each variable is missing, and how many patients there are."""
    told = [site.told["studies"][study] for site in sites]
    n = sum(each["n"] or 0 for each in told)
    missing = {}
    for name in sorted({name for each in told for name in each["missing"]}):
        total = 0
        for each in told:
            here = each["missing"].get(name, each["n"] or 0)  # a site without the variable lacks it of everybody
            total += _count_of(each["n"] or 0, fill) if here is None else here
        missing[name] = total
    patients = [each["patients"] for each in told]
    return {"n": n, "missing": missing, "patients": None if None in patients else sum(patients)}


def _count_of(most: int, fill: str) -> int:
    """A withheld count that stands alone: it may be anything up to ``most``."""
    if fill in (FEWEST, MOST):
        return most if fill == MOST else 0
    return most * int(fill) // SPREADS


def _table(sites: list[Site], study: str, of: str, names: list[str], fill: str, variables: dict) -> dict:
    """One table of all sites: its rows alike are one row; none, and why, where some site does not share it."""
    import pandas as pd

    frames, reasons = [], []
    for at, site in enumerate(sites):
        told = site.told["studies"][study]
        number, each = next((i, t) for i, t in enumerate(told["tables"]) if (t["of"], t["variables"]) == (of, names))
        if each["why"]:
            reasons.append(f"{site.name}: {each['why']}")
            continue
        total = told["n" if of == INSIDE else "n_everybody"]
        rows = _rows(site, study, each["file"], total, Fill(fill, (at, number)))
        if rows is None:
            reasons.append(f"{site.name}: too few patients stand in too many withheld counts to tell anything")
            continue
        if PATIENT_ID in rows:  # kinds of patients are numbered by each site for itself
            rows[PATIENT_ID] = rows[PATIENT_ID].where(rows[PATIENT_ID] == "", f"{at}:" + rows[PATIENT_ID])
        frames.append(rows)
    why = "; ".join(reasons)
    if why:
        return {"variables": names, "columns": [], "why": why, "frame": None}
    whose = all(PATIENT_ID in frame for frame in frames)
    frame = pd.concat(
        [each if whose else each.drop(columns=[PATIENT_ID, PATIENTS], errors="ignore") for each in frames]
    )
    for name in names:
        frame[name] = _column(frame[name], variables[name], f"the summaries of {study}, {', '.join(names)}")
    if whose:
        frame[PATIENT_ID] = frame[PATIENT_ID].where(frame[PATIENT_ID] != "")
        frame[PATIENTS] = pd.to_numeric(frame[PATIENTS])
    else:
        by = list(names)
        frame = frame.groupby(by, dropna=False, observed=True, sort=True)[UNITS].sum().reset_index() if by else frame
        if not by:
            frame = pd.DataFrame({UNITS: [int(frame[UNITS].sum())]})
    frame = frame[frame[UNITS] > 0].reset_index(drop=True)
    return {"variables": names, "columns": list(frame.columns), "why": "", "frame": frame}


def _rows(site: Site, study: str, name: str, total: int, fill: Fill) -> pd.DataFrame | None:
    """Read a site's table as text, withheld counts filled in; None where the fills cannot tell them apart.

    Raises ReplicalcError where its counts do not add up.
    """
    import pandas as pd

    path = site.file(study, name)
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    unknown = (frame[UNITS] == "").to_numpy()
    try:
        counts = frame[UNITS].where(~unknown, "0").astype("int64").to_numpy().copy()
    except ValueError as error:
        raise ReplicalcError(f"{path}, column {UNITS}: counts must be whole numbers ({error})") from None
    left = total - int(counts.sum())
    if left < 0 or (left and not unknown.any()):
        raise ReplicalcError(f"{path}: its counts add up to {counts.sum()}, but the manifest says {total} patients")
    if unknown.any():
        if not enough(left, int(unknown.sum())):
            return None
        counts[unknown] = fill.spread(left, int(unknown.sum()))
    return frame.assign(**{UNITS: counts})


def _column(texts: pd.Series, variable, place: str) -> pd.Series:
    """Turn the texts of a column into its type; a code that the dictionary lacks is an error."""
    import pandas as pd

    known = texts.where(texts != "")
    if variable.type == "category":
        strange = sorted(set(known.dropna()) - set(variable.code_list))
        if strange:
            raise ReplicalcError(f"{place}: '{strange[0]}' is no code of {variable.variable} in data/dictionary.csv")
        return pd.Series(pd.Categorical(known, categories=variable.code_list), index=texts.index)
    if variable.type in ("number", "integer"):
        return pd.to_numeric(known).astype("float64")
    if variable.type == "date":
        return pd.to_datetime(known, format="%Y-%m-%d")
    return known


def _together(frames: list, variables: dict) -> pd.DataFrame:
    """Put tables one below the other; a variable that a table lacks is empty there, with its own type."""
    import pandas as pd

    there = [(number, frame) for number, frame in enumerate(frames) if frame is not None]
    columns = dict.fromkeys(name for _, frame in there for name in frame.columns)
    found = pd.concat(
        [frame.astype({n: object for n in frame if n in variables}).assign(**{TABLE: at}) for at, frame in there] or
        [pd.DataFrame({TABLE: pd.Series(dtype=int), UNITS: pd.Series(dtype=int)})],
        ignore_index=True,
    )  # fmt: skip
    for name in columns:
        if name in variables and variables[name].type == "category":
            found[name] = pd.Categorical(found[name], categories=variables[name].code_list)
        elif name in variables and variables[name].type in ("number", "integer"):
            found[name] = found[name].astype("float64")
        elif name in variables and variables[name].type == "date":
            found[name] = pd.to_datetime(found[name])
    return found


def _flow(sites: list[Site], study: str, fill: str) -> list[list[str]]:
    """Add up the steps at which patients were left out. A step that some site did not apply says which."""
    flows = {site.name: read_csv(site.file(study, "flow.csv")) for site in sites}
    names = max(([row["criterion"] for row in rows] for rows in flows.values()), key=len)
    for name, rows in flows.items():
        mine = [row["criterion"] for row in rows]
        if [each for each in names if each in mine] != mine:
            raise ReplicalcError(
                f"{name} leaves patients out of {study} by other criteria; use one version of the study"
            )
    levels = {site.name: _levels(flows[site.name], site.told["studies"][study]["n"], fill) for site in sites}
    found = []
    for number, criterion in enumerate(names, start=1):
        before = after = 0
        applied, notes, because = set(), [], ""
        for name, rows in flows.items():
            at = next((at for at, row in enumerate(rows) if row["criterion"] == criterion), None)
            if at is None:  # a step that only some sites have, such as repeated rows: nobody is left out by it here
                before, after = before + levels[name][0], after + levels[name][0]
                continue
            before, after = before + levels[name][at], after + levels[name][at + 1]
            because = rows[at]["excluded_because"]
            applied.add(rows[at]["applied"])
            notes += [f"{name}: {rows[at]['note']}" if rows[at]["applied"] == "no" else rows[at]["note"]]
        done = "no" if applied == {"no"} else "yes"
        note = "; ".join(dict.fromkeys(filter(None, notes)))
        found.append([str(number), criterion, because, str(before), str(before - after), str(after), done, note])
    return found


def _levels(rows: list[dict], n: int, fill: str) -> list[int]:
    """How many patients of a site are there before each step, and after the last one: withheld numbers filled in."""
    numbers = [[int(row[key]) if row[key] else None for key in ("n_before", "n_excluded", "n_after")] for row in rows]
    found: list[int | None] = [*(row[0] for row in numbers), n]
    for at, (_, _, after) in enumerate(numbers):
        found[at + 1] = after if found[at + 1] is None else found[at + 1]
    out = [row[1] for row in numbers]
    for at in reversed(range(len(rows))):  # from those included backwards: the number after a step is known by now
        if found[at] is None:
            least = found[at + 1]
            most = next((each for each in reversed(found[:at]) if each is not None), 2 * least + 1)
            found[at] = least + (out[at] if out[at] is not None else _count_of(max(0, most - least), fill))
    return found
