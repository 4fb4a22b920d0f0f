"""The registry ties claims, results and rules together, and says which files a run makes. Read once, at parse time."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from replicalc.cohort.source import locate
from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all
from replicalc.records import load_checked, load_claims, validate

CONFIG = Path("config")
SYNTHETIC = "synthetic"


@contextmanager
def plainly() -> Iterator[None]:
    """Show a fault of the input as its sentence alone, and stop with exit code 1."""
    try:
        yield
    except ReplicalcError as error:
        print(f"\n{error}\n", file=sys.stderr)
        raise SystemExit(1) from None


@dataclass
class Registry:
    """Studies with their claims, the cohorts of a run, and (after ``check``) the rules that make the results."""

    studies: list[str]
    cohorts: list[str]
    seed: int
    raw_folders: list[str]
    results: dict[str, list[str]]
    n_claims: dict[str, int]
    figures: dict[str, list[str]] = field(default_factory=dict)
    cohort_results: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, config: dict) -> Registry:
        """Check the configuration and every study and cohort file that it names."""
        validate(config, "config", "config/config.yaml")
        cohorts = config["cohorts"].split() if isinstance(config["cohorts"], str) else list(config["cohorts"])
        known_studies = sorted(path.parent.name for path in (CONFIG / "studies").glob("*/study.yaml"))
        known_cohorts = [
            SYNTHETIC,
            *sorted(p.stem for p in (CONFIG / "cohorts").glob("*.yaml") if p.stem.islower()),
        ]
        problems = []
        for word, given, known in (
            ("study", config["studies"], known_studies),
            ("cohort", cohorts, known_cohorts),
        ):
            problems += [
                f"there is no {word} '{name}'.{did_you_mean(name, known)} Known: {', '.join(known)}"
                for name in given
                if name not in known
            ]
            problems += [
                f"the {word} '{name}' is named twice" for name in sorted({n for n in given if given.count(n) > 1})
            ]
        fail_with_all("config/config.yaml:", problems)
        results, n_claims = {}, {}
        for study in config["studies"]:
            folder = CONFIG / "studies" / study
            about = load_checked(folder / "study.yaml", "study")
            if about["study"] != study:
                raise ReplicalcError(
                    f"{folder / 'study.yaml'}: 'study' is '{about['study']}', but the folder is '{study}'"
                )
            claims = load_claims(folder / "claims.csv")
            results[study] = list(dict.fromkeys(claim.result for claim in claims))
            n_claims[study] = len(claims)
        registry = cls(list(config["studies"]), cohorts, config["seed"], config["raw_folders"], results, n_claims)
        for study, cohort in registry.pairs:
            path = registry.cohort_file(study, cohort)
            found = load_checked(path, "cohort")
            if found["cohort"] != cohort:
                raise ReplicalcError(f"{path}: 'cohort' is '{found['cohort']}', but should be '{cohort}'")
            if found["kind"] == "real":
                registry.export_files(study, cohort)
        return registry

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every study with every cohort of the run."""
        return [(study, cohort) for study in self.studies for cohort in self.cohorts]

    def cohort_file(self, study: str, cohort: str) -> str:
        """The mapping of a cohort; the synthetic export of a study has its own beside the study."""
        folder = CONFIG / "studies" / study if cohort == SYNTHETIC else CONFIG / "cohorts"
        return str(folder / f"{cohort}.yaml")

    def export_files(self, study: str, cohort: str) -> list[str]:
        """The raw files of a cohort, one for each entry of its ``sources``. Raises ReplicalcError if one is missing."""
        sources = load_checked(self.cohort_file(study, cohort), "cohort")["sources"]
        if cohort == SYNTHETIC:
            return [f"results/{study}/{SYNTHETIC}/raw/{source['file']}" for source in sources]
        return [str(locate(source["file"], cohort, self.raw_folders)) for source in sources]

    def check(self, rules: list[tuple[str, list[str], list[str]]]) -> None:
        """Hold the rules (name, outputs, logs) against the claims, both ways.

        A result rule is one whose only output is ``results/<study>/{cohort}/<name>.csv``. Raises ReplicalcError naming
        each claim without a rule, each rule without a claim, and each file not named after its rule.
        """
        problems = []
        stems = {name: self._stems(outputs) for name, outputs, _ in rules}
        for study in self.studies:
            mine = {name: s for name, s in stems.items() if name.startswith(f"{study}_")}
            figures = [name for name in mine if name.startswith(f"{study}_fig_")]
            results = [name for name in mine if name not in figures and f"results/{study}/{{cohort}}" in mine[name][0]]
            claimed = self.results[study]
            for name in claimed:
                if name not in mine:
                    problems.append(f"claims of {study}: the result '{name}' has no rule.{did_you_mean(name, results)}")
            problems += [f"rule {name}: no claim of {study} belongs to it" for name in results if name not in claimed]
            self.figures[study] = figures
            self.results[study] = [
                name for name in results if name in claimed
            ]  # in the order of the rules: the paper's
        self.cohort_results = [name for name in stems if name.startswith("cohort_")]
        checked = {name for study in self.studies for name in self.results[study] + self.figures[study]}
        for name, outputs, logs in rules:
            if name in checked or name in self.cohort_results:
                problems += [
                    f"rule {name}: the file '{file}' is not named after its rule"
                    for file in outputs + logs
                    if Path(file).stem != name
                ]
                if not logs:
                    problems.append(f"rule {name}: has no log")
        fail_with_all("Claims and rules do not fit together:", problems)

    @staticmethod
    def _stems(outputs: list[str]) -> tuple[set[str], set[str]]:
        plain = [re.sub(r"\{(\w+)[^}]*\}", r"{\1}", file) for file in outputs]
        return {str(Path(file).parent) for file in plain}, {Path(file).stem for file in plain}
