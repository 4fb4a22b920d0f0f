"""The summaries of a pooled cohort as they came from the sites: checked against each other and this project."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from replicalc.errors import fail_with_all
from replicalc.records import validate

MANIFEST, SUMMARY = "manifest.json", "summary"


@dataclass(frozen=True, slots=True)
class Site:
    """A site's summary: its folder and its manifest. ``name`` is what messages and notes call it."""

    name: str
    folder: Path
    told: dict

    @property
    def is_protected(self) -> bool:
        """Tell whether disclosure control left out counts."""
        return "threshold" in self.told["control"]

    def file(self, study: str, name: str) -> Path:
        return self.folder / study / name


def load_sites(path: str | Path, config: dict, dictionary: str = "") -> list[Site]:
    """Read the manifests of a cohort file of ``kind: summary``.

    ``dictionary`` is the hash of this project's own; not compared if empty. Raises ReplicalcError with all faults: a
    folder without a manifest, a site named twice, other variables, units or kinds, different thresholds.
    """
    sites, faults = [], []
    for folder in map(Path, config["sites"]):
        file = folder / MANIFEST
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            validate(told, SUMMARY, file)
        except FileNotFoundError:
            faults.append(
                f"{folder}: there is no {MANIFEST}. It should be the folder that the site's `make summary` wrote"
            )
            continue
        except (OSError, ValueError) as error:
            faults.append(f"{file}: cannot be read as JSON ({error}). Ask the site to send it again")
            continue
        sites.append(Site(told["cohort"], folder, told))
    for at, site in enumerate(sites):
        for other in sites[:at]:
            if site.folder.resolve() == other.folder.resolve() or _contents(site) == _contents(other):
                faults.append(f"{site.folder}: the same patients as {other.folder}; a site counts once")
            elif site.name == other.name:
                faults.append(f"{site.folder}: two sites call their cohort '{site.name}'; one must take another name")
        if dictionary and site.told["dictionary"] != dictionary:
            faults.append(
                f"{site.folder}: made with other variables than data/dictionary.csv has here. Use one version"
            )
    for key, word in (("unit_of_analysis", "units of analysis"), ("kind", "kinds")):
        found = sorted({site.told[key] for site in sites})
        if len(found) > 1:
            faults.append(f"the sites have different {word}: {', '.join(found)}")
    limits = sorted({site.told["control"]["threshold"] for site in sites if site.is_protected})
    if len(limits) > 1:
        faults.append(f"the sites have different thresholds ({', '.join(map(str, limits))}); agree on one")
    fail_with_all(f"{path}, sites:", faults)
    return sites


def _contents(site: Site) -> list:
    return sorted((name, sorted(each["files"].items())) for name, each in site.told["studies"].items())


def studies_of(sites: list[Site]) -> list[str]:
    """Name the studies that every site answers."""
    return sorted(set.intersection(*(set(site.told["studies"]) for site in sites)))


def variables_of(sites: list[Site], study: str) -> set[str]:
    """Name the variables of a study that some site has."""
    return {name for site in sites for name in site.told["studies"].get(study, {}).get("variables", [])}


def check_study(sites: list[Site], study: str, prints: dict[str, str], tables: list[tuple[str, list[str]]]) -> None:
    """Hold the sites' summaries of a study against this project's own study, results and the files that were sent."""
    faults = []
    for site in sites:
        told = site.told["studies"][study]
        if told["n"] is None:
            faults.append(
                f"{site.folder}: may not share how many patients {study} has. Leave the study or the site out"
            )
        for part, value in prints.items():
            if told["prints"].get(part) != value:
                faults.append(f"{site.folder}: {study} has other {part} there than here. Use one version of the study")
        there = {(each["of"], tuple(each["variables"])) for each in told["tables"]}
        lacking = [names for of, names in tables if (of, tuple(names)) not in there]
        if lacking:
            names = ", ".join(lacking[0]) or "the number of patients"
            faults.append(
                f"{site.folder}: the rules of {study} need a table of {names}, which the site's rules did not"
            )
        for name, expected in told["files"].items():
            file = site.file(study, name)
            if not file.is_file():
                faults.append(f"{file}: the manifest names this file, but it was not sent")
            elif hashlib.sha256(file.read_bytes()).hexdigest() != expected:
                faults.append(f"{file}: is not the file that the manifest names (its sha256 is another)")
    fail_with_all(f"Summaries of {study}:", faults)


def needs_bounds(sites: list[Site]) -> bool:
    """Tell whether some counts are not known to the centre."""
    return any(site.is_protected for site in sites)


def one_of(sites: list[Site], key: str) -> str:
    """Give what all sites say the same; joined with the site's name where they do not."""
    said = [site.told[key] for site in sites]
    if len(set(said)) == 1:
        return said[0]
    return "; ".join(f"{site.name}: {text}" for site, text in zip(sites, said, strict=True) if text)


def notes_of(sites: list[Site]) -> dict[str, str]:
    """What the sites say of single variables, by variable."""
    names = sorted({name for site in sites for name in site.told["notes"]})
    found = {}
    for name in names:
        said = {site.name: site.told["notes"].get(name, "") for site in sites}
        same = len(set(said.values())) == 1
        found[name] = next(iter(said.values())) if same else "; ".join(f"{s}: {t}" for s, t in said.items() if t)
    return found
