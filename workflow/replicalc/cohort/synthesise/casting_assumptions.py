"""What was assumed to make the synthetic patients of ``casting``: variable, assumption, reason, source."""

from __future__ import annotations

from replicalc.cohort.synthesise import casting_export as export
from replicalc.cohort.synthesise import casting_groups as groups
from replicalc.cohort.synthesise import casting_times as times

OURS = "assumption of this project"


def casting_assumptions(unmet: dict[str, str]) -> list[list[str]]:
    """Return one row an assumption, then one for each claim that does not come out, with what was reached."""
    rows = [
        ["(groups)", "five groups of patients, told apart by primary_study; each printed number looks at its own group",
         "the review has no patients; its numbers are those of five studies", OURS],
        ["(joint table)", "a random table around maximum entropy given the printed counts, moved as little as possible",
         "few counts are printed", "Jaynes 1957, doi:10.1103/PhysRev.106.620"],
    ]  # fmt: skip
    for study, group in groups.GROUPS.items():
        rows.append(["tumour_feature", f"{study}: shares before the printed ones are imposed: {_told(group.features)}",
                     "few are printed", OURS])  # fmt: skip
        rows.append(["tumour_diameter_mm", f"{study}: shares of size classes {_told(group.sizes)}; within a class whole mm, "
                     "rarely the smallest (above 20 mm: rarely the largest)", "not printed", OURS])  # fmt: skip
        until = f"closing day {group.closing}" if group.closing else f"median follow-up {group.median_months:g} months"
        when = f"{study}: evenly {group.first} to {group.last}; {until}"
        if study == "palka2008":
            when = f"{study}: between {group.first} and {group.last}, when whoever lives is seen last; {until}"
        rows.append(["diagnosis_date", when,
                     "length of the study or its median follow-up is printed; the dates are not", OURS])  # fmt: skip
    for study, stated in groups.WITHOUT_ID.items():
        for name, _, n in stated:
            rows.append(
                ["(joint table)", f"{study}: {n} {name}", "in the abstract, without an id in claims.csv", "NOTES.md"]
            )
    for study, stated in groups.IMPLIED.items():
        for name, _, lo, hi in stated:
            rows.append(["(joint table)", f"{study}: {lo} to {hi} {name} (before the search)",
                         "not printed; the width of the printed limits of the ratios needs about so many", OURS])  # fmt: skip
    bounds = f"{groups.CURVE_DEATHS[0]:g} to {groups.CURVE_DEATHS[1]:g} times the printed mortality"
    rows += [[*each, OURS] for each in [
        ("grade", f"grades 1, 2, 3 by size: {_told(groups.GRADES)}; factors on grades 1 and 3 by feature: "
         f"{_told(groups.GRADE_FACTORS)}; factor on grade 3 in high-risk groups {_risks()}", "Tabar 2004: casting type "
         "goes with poorer grade; no number is printed"),
        ("lymph_node_metastasis", f"odds by size {_told(groups.NODE_ODDS)}; times {_told(groups.NODE_BY_GRADE)} by grade, "
         f"{groups.NODE_CASTING:g} in casting type, {_risks()} in high-risk groups", "Tabar 2004: casting type goes with "
         "positive nodes; no number is printed"),
        ("vital_status", f"hazard ratios {_told({k: _told(v) for k, v in groups.HAZARD.items()})} before printed numbers are "
         f"imposed; odds of death from breast cancer in a reference patient {_told(groups.DEATH_ODDS)}, from another cause "
         f"{_told(groups.OTHER_DEATH_ODDS)}", "only some ratios are printed"),
        ("vital_status", f"tabar2000: deaths with casting type are {bounds} at 20 years", "deaths later than 20 years, and "
         "patients who leave earlier, are not printed"),
        ("tumour_feature", "tabar2000: the share of casting type among deaths is that of cancers of 1-9 mm",
         "reading, see NOTES.md"),
        ("last_contact_date", "tabar2004: exponential times to death from breast cancer, not before day "
         f"{times.FIRST_DEATH}, drawn until the survivals print; other causes by age, hazard a year "
         f"{times.OTHER_CAUSES[0]:g} exp({times.OTHER_CAUSES[1]:g} age), {times.MOVED:.0%} of these move away instead",
         "numbers at risk are not printed"),
        ("last_contact_date", "other groups: deaths fall evenly on the time between "
         f"{times.DEATH_SHARE[0]:.0%} and {times.DEATH_SHARE[1]:.0%} of follow-up; {times.LOST:.0%} of those who live move "
         "away", "times are not printed"),
        ("last_contact_date", f"no death from breast cancer within {times.QUIET} days of a year of printed survival; distinct days",
         "no printed number may depend on ties"),
        ("follow_up_days", "the median follow-up of the papers is the median of all patients' follow-up", "not defined"),
        ("grade, lymph_node_metastasis", "tabar2004: exchanged between patients of one feature and size until the hazard "
         "ratio prints; covariates: feature, size, nodes, grade", "covariates are not printed, see NOTES.md"),
        ("vital_status", "population: exchanged between patients, casting type apart, until both odds ratios print; "
         "covariates: feature, size, nodes, grade", "covariates are not printed, see NOTES.md"),
        ("vital_status, relapse, relapse_date", "palka2008: who dies, who relapses and when is moved until the hazard ratios "
         "print; whoever dies of breast cancer has relapsed; one death in ten is of another cause", "events are not printed"),
        ("relapse", "recorded in palka2008 only", "no printed number of the other groups needs it"),
        ("birth_date", "age at diagnosis normal with SD 9, 38 to 76 years, mean by group "
         + _told({k: g.mean_age for k, g in groups.GROUPS.items()}), "not printed"),
        ("missing values", f"side in 2 %; {_told({k: _told(v) for k, v in export.GAPS.items()})}",
         "no printed number depends on them"),
        ("excluded patients", f"{export.UNDESCRIBED} in each group, mammographic feature not described; otherwise like those "
         "included, 5 to 59 days later and not after closing day", "the papers give no number"),
    ]]  # fmt: skip
    rows += [["(search)", f"{claim_id} does not come out", f"not within the conditions or tries allowed: {reached}", "search"]
             for claim_id, reached in unmet.items()]  # fmt: skip
    return rows


def _told(values: dict) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _risks() -> str:
    return _told({name: group.high_risk for name, group in groups.GROUPS.items() if group.high_risk != 1})
