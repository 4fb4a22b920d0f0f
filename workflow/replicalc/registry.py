"""The registry ties claims, results and rules together, and says which files a run makes. Read once, at parse time."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from replicalc.cohort.mapping import check_mapping
from replicalc.cohort.source import locate
from replicalc.disclosure.settings import FILL, KEYS, Settings, private, settings_of, shared
from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all
from replicalc.evaluable import Made, available, findings, nearest
from replicalc.federated.asking import archetype_of
from replicalc.federated.sites import MANIFEST, Site, load_sites, needs_bounds, studies_of, variables_of
from replicalc.records import Claim, Variable, load_checked, load_claims, load_dictionary, load_yaml, validate
from replicalc.study_checks import load_study

CONFIG = Path("config")
DICTIONARY = Path("data/dictionary.csv")
SYNTHETIC = "synthetic"
#: Names of synthetic cohorts: the first one, and further ones by their number.
WITNESS = rf"{SYNTHETIC}(?:_(?:[2-9]|[1-9][0-9]+))?"
#: What a further synthetic cohort adds to the seed of the one before: a prime that neither seeds tried by hand (one
#: more, ten more) nor the steps between the attempts of a search meet.
SEED_STEP = 10_000_019


def _is_open(path: Path) -> bool:
    """Tell whether a cohort file says that its patients need no protection; one that cannot be read does not."""
    try:
        found = load_yaml(path)
        return isinstance(found, dict) and found.get("kind") == "real" and settings_of(found, str(path)) is None
    except (ReplicalcError, AttributeError, TypeError):
        return False


def is_synthetic(cohort: str) -> bool:
    """Tell whether a cohort is one of those that the workflow makes from printed numbers.

    >>> [is_synthetic(name) for name in ("synthetic", "synthetic_12", "synthetic_1", "synthetic_ispy1")]
    [True, True, False, False]
    """
    return re.fullmatch(WITNESS, cohort) is not None


@dataclass
class Registry:
    """Studies with their claims, the cohorts of a run, and (after ``check``) the rules that make the results."""

    studies: list[str]
    cohorts: list[str]
    seed: int
    raw_folders: list[str]
    results: dict[str, list[str]]
    records: dict[str, tuple[dict, list[Claim]]]
    variables: dict[str, Variable]
    figures: dict[str, list[str]] = field(default_factory=dict)
    cohort_results: list[str] = field(default_factory=list)
    #: Results and figures of a study that are made from published numbers, not from a cohort.
    study_results: dict[str, list[str]] = field(default_factory=dict)
    study_files: dict[str, list[str]] = field(default_factory=dict)
    #: Every study with every cohort of the run that can speak to it; all of them until ``check`` has seen the rules.
    pairs: list[tuple[str, str]] = field(default_factory=list)
    #: The synthetic cohorts that are held against each other: of every study the same names.
    witnesses: list[str] = field(default_factory=lambda: [SYNTHETIC])
    #: Why a cohort of the run is not applied to a study: (study, cohort, reason).
    left_out: list[tuple[str, str, str]] = field(default_factory=list)
    #: The cohorts of the run whose results are released only after disclosure control, and how.
    protected: dict[str, Settings] = field(default_factory=dict)
    #: The cohorts from whose rows nothing may be made on the shared side, whether or not they are part of the run.
    closed: list[str] = field(default_factory=list)
    #: The cohorts of the run of which only the sites' summaries are known.
    pooled: dict[str, list[Site]] = field(default_factory=dict)
    #: How each result and figure is made, once ``check`` has seen the rules.
    made: dict[str, Made] = field(default_factory=dict)
    #: Cohort files that were read and checked, by path, and hashes by what they are of: with hundreds of cohorts
    #: thousands of jobs ask for the same ones. A run reads what people write once, when it is planned.
    _read: dict[str, dict] = field(default_factory=dict, repr=False)
    _prints: dict[tuple[str, ...], str] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, config: dict) -> Registry:
        """Check the configuration and every study and cohort file that it names."""
        load_checked(CONFIG / "config.yaml", "config")
        validate(config, "config", "config/config.yaml or --config")
        named = config["cohorts"]
        cohorts = named.replace(",", " ").split() if isinstance(named, str) else list(named)
        witnesses = [SYNTHETIC, *(f"{SYNTHETIC}_{n}" for n in range(2, config["witnesses"] + 1))]
        known_studies = sorted(path.parent.name for path in (CONFIG / "studies").glob("*/study.yaml"))
        real = sorted(p.stem for p in (CONFIG / "cohorts").glob("*.yaml") if p.stem.islower())
        fail_with_all(
            "config/cohorts:",
            [
                f"{name}.yaml: a real cohort cannot be called '{name}'; names that begin with '{SYNTHETIC}' belong to "
                "the cohorts that the workflow makes. Give the file and its 'cohort' another name"
                for name in real
                if name.startswith(SYNTHETIC)
            ],
        )
        known_cohorts = [*witnesses, *real]
        problems = []
        for word, given, known in (("study", config["studies"], known_studies), ("cohort", cohorts, known_cohorts)):
            problems += [
                f"there is no {word} '{name}'.{did_you_mean(name, known)} Known: {', '.join(known)}"
                for name in given
                if name not in known
            ]
            problems += [
                f"the {word} '{name}' is named twice" for name in sorted({n for n in given if given.count(n) > 1})
            ]
        fail_with_all("config/config.yaml or --config:", problems)
        results, records = {}, {}
        variables = load_dictionary(DICTIONARY)
        for study in config["studies"]:
            about, claims = load_study(CONFIG / "studies" / study, variables)
            results[study] = list(dict.fromkeys(claim.result for claim in claims))
            records[study] = about, claims
        registry = cls(
            list(config["studies"]), cohorts, config["seed"], config["raw_folders"], results, records, variables
        )
        registry.witnesses = witnesses
        registry.pairs = [(study, cohort) for study in registry.studies for cohort in registry.cohorts]
        for study, cohort in registry.pairs:
            path = registry.cohort_file(study, cohort)
            if path not in registry._read:  # a real cohort has one file for every study, the witnesses of a study too
                registry._check_cohort(study, cohort, known_studies)
            settings = settings_of(registry._read[path], str(path)) if cohort not in registry.pooled else None
            if settings is not None:
                registry.protected[cohort] = settings
                registry._refuse_open_files(study, cohort)
        shut = {**registry.protected, **registry.pooled}
        registry.closed = [
            name
            for name in real
            if name in shut or not (name in cohorts or _is_open(CONFIG / "cohorts" / f"{name}.yaml"))
        ]
        return registry

    def cohort_config(self, study: str, cohort: str) -> dict:
        """The checked content of a cohort's file, read once; not to be changed. Raises ReplicalcError if wrong."""
        path = self.cohort_file(study, cohort)
        if path not in self._read:
            self._read[path] = load_checked(path, "cohort")
        return self._read[path]

    def _check_cohort(self, study: str, cohort: str, known_studies: list[str]) -> None:
        """Hold a cohort file against dictionary, name and studies. Raises ReplicalcError naming the file."""
        path = self.cohort_file(study, cohort)
        found = self.cohort_config(study, cohort)
        if found["kind"] == "summary":
            self.pooled[cohort] = load_sites(path, found, self.print_of("variables", ""))
        else:
            check_mapping(found, self.variables, path)
        expected = SYNTHETIC if is_synthetic(cohort) else cohort  # the witnesses of a study share a file
        if found["cohort"] != expected:
            raise ReplicalcError(f"{path}: 'cohort' is '{found['cohort']}', but should be '{expected}'")
        if found["kind"] == SYNTHETIC and not is_synthetic(cohort):
            raise ReplicalcError(
                f"{path}: 'kind: synthetic' is for the cohorts that the workflow makes. Write 'kind: real'; "
                "where the rows are public or made up, 'disclosure: {control: off, why: ...}' says so"
            )
        for name in found.get("studies", []):
            if name not in known_studies:
                told = f"there is no study '{name}'.{did_you_mean(name, known_studies)}"
                raise ReplicalcError(f"{path}, studies: {told} Known: {', '.join(known_studies)}")
        if found["kind"] == "real":
            self.export_files(study, cohort)

    @staticmethod
    def _refuse_open_files(study: str, cohort: str) -> None:
        """Raise ReplicalcError where patient-level files of a protected cohort lie where only released ones may."""
        folder = Path("results") / study / cohort
        # A run that stopped early has left its steps alone.
        if any((folder / name).exists() for name in ("cohort.parquet", "everybody.parquet", "steps")):
            raise ReplicalcError(
                f"{folder}: patient-level files of a run without disclosure control lie here, where only "
                f"what may be shared belongs. Delete the folder (and logs/{study}/{cohort}), then start again"
            )

    def home(self, cohort: str) -> str:
        """Name the side of a cohort that holds its patients: its private one where it is protected."""
        if cohort in self.suppressed:
            return f"{cohort}{FILL}1"
        return private(cohort) if cohort in self.protected else cohort

    @property
    def suppressed(self) -> list[str]:
        """The pooled cohorts of which some site withheld counts."""
        return [name for name, sites in self.pooled.items() if needs_bounds(sites)]

    def needs_rows(self, study: str) -> list[str]:
        """Name the figures of a study that are drawn from single patients."""
        return [name for name in self.figures[study] if "cohort" in self.made[name].sources]

    def is_statement(self, result: str) -> bool:
        """Tell whether a result is judged from other results alone: it is judged again from the released ones."""
        return "relations" in self.made[result].params

    def recipes(self, cohort: str) -> dict[str, dict[str, dict]]:
        """Parameters of every result of a cohort, by study: what the counts of its tables are about."""
        return {study: self._recipes(study) for study in self.shared_studies(cohort)}

    def _recipes(self, study: str) -> dict[str, dict]:
        return {
            name: {key: value for key, value in self.made[name].params.items() if key not in ("code", "uses")}
            for name in [*self.results[study], *self.cohort_results]
            if not self.is_statement(name)
        }

    def made_by(self, study: str) -> dict[str, tuple[str, dict]]:
        """The function and the parameters of every result of a study that is made from patients."""
        return {
            name: (archetype_of(self.made[name].params, name), recipe) for name, recipe in self._recipes(study).items()
        }

    def shared_studies(self, cohort: str) -> list[str]:
        """The studies that a cohort answers."""
        return [study for study, mine in self.pairs if mine == shared(cohort)]

    def study_prints(self, study: str) -> dict[str, str]:
        """Hashes by which two sites know that they use the same study."""
        return {part: self.print_of(part, study) for part in ("readings", "criteria")}

    def control_of(self, cohort: str) -> dict:
        """How the summary of a cohort is protected. Raises ReplicalcError where counts may only be shown rounded."""
        if cohort not in self.protected:
            found = self.cohort_config(self.studies[0], cohort)
            return {"off": found.get("disclosure", {}).get("why", "synthetic patients")}
        if self.protected[cohort].round_to:
            raise ReplicalcError(
                f"{self.cohort_file('', cohort)}, disclosure: with 'round_to' no exact count may be shared, and "
                "rounded ones cannot be pooled; a summary needs the threshold alone"
            )
        return {"threshold": self.protected[cohort].threshold}

    def manifests(self, cohort: str) -> list[str]:
        """The manifests of a pooled cohort."""
        return [str(site.folder / MANIFEST) for site in self.pooled[shared(cohort)]]

    def pooled_sides(self) -> list[str]:
        """Patterns of the folders in which summaries are pooled: the cohort itself, or its fills where counts lack."""
        from replicalc.federated.fills import FILLS

        exact = [name for name in self.pooled if name not in self.suppressed]
        return [*exact, *(re.escape(f"{name}{FILL}{fill}") for name in self.suppressed for fill in FILLS)]

    @property
    def titles(self) -> dict[str, str]:
        """What each cohort of the run is; a synthetic one says so by its name."""
        real = [cohort for cohort in self.cohorts if not is_synthetic(cohort)]
        found = {cohort: self.cohort_config("", cohort)["title"] for cohort in real}
        return {cohort: found.get(cohort, "") for cohort in self.cohorts}

    def cohort_file(self, study: str, cohort: str) -> str:
        """The mapping of a cohort; the synthetic exports of a study share one beside the study."""
        if is_synthetic(cohort):
            return str(CONFIG / "studies" / study / f"{SYNTHETIC}.yaml")
        return str(CONFIG / "cohorts" / f"{shared(cohort)}.yaml")

    def seed_of(self, cohort: str) -> int:
        """The seed of a synthetic cohort: that of the run for the first, ``SEED_STEP`` more for each further one."""
        _, _, number = cohort.partition("_")
        return self.seed + SEED_STEP * (int(number or 1) - 1)

    def need_witnesses(self) -> None:
        """Raise ReplicalcError where there is one synthetic cohort alone: nothing could be held against it."""
        if len(self.witnesses) < 2:
            raise ReplicalcError(
                "config/config.yaml or --config: 'witnesses' is 1, and what a paper leaves open shows from 2 synthetic "
                "cohorts on. Try: make witnesses K=5"
            )

    def models(self, study: str) -> list[str]:
        """The ids of the multivariable models that a study declares; each has a certificate."""
        return [each["id"] for each in self.records[study][0].get("relations", []) if each["kind"] == "model"]

    def export_files(self, study: str, cohort: str) -> list[str]:
        """The raw files of a cohort, one for each entry of its ``sources``. Raises ReplicalcError if one is missing."""
        sources = self.cohort_config(study, cohort)["sources"]
        if is_synthetic(cohort):
            return [f"results/{study}/{cohort}/raw/{source['file']}" for source in sources]
        return [str(locate(source["file"], shared(cohort), self.raw_folders)) for source in sources]

    def check(self, rules: list[tuple[str, list[str], list[str]]], made: dict[str, Made] | None = None) -> None:
        """Hold the rules (name, outputs, logs) against the claims, both ways; then find who speaks to what.

        A result rule is one whose only output is ``results/<study>/{cohort}/<name>.csv``; what a rule writes into
        ``results/<study>`` itself is made from published numbers. ``made`` says how each result is made. Raises
        ReplicalcError naming each claim without a rule, each rule without a claim, each file not named after its rule,
        and a cohort that speaks to no study.
        """
        problems = []
        stems = {name: self._stems(outputs) for name, outputs, _ in rules}
        for study in self.studies:
            folder = f"results/{study}/{{cohort}}"
            mine = {name: s for name, s in stems.items() if s[0] == {folder}}
            figures = [name for name in mine if name.startswith(f"{study}_fig_")]
            results = [name for name in mine if name not in figures]
            claimed = self.results[study]
            for name in claimed:
                if name not in mine:
                    problems.append(f"claims of {study}: the result '{name}' has no rule.{did_you_mean(name, results)}")
            problems += [f"rule {name}: no claim of {study} belongs to it" for name in results if name not in claimed]
            self.figures[study] = figures
            self.study_results[study] = [name for name, s in stems.items() if s[0] == {f"results/{study}"}]
            self.study_files[study] = [
                file for name, outputs, _ in rules if name in self.study_results[study] for file in outputs
            ]
            self.results[study] = [
                name for name in results if name in claimed
            ]  # in the order of the rules: the paper's
        self.cohort_results = [name for name in stems if name.startswith("cohort_")]
        checked = {
            name
            for study in self.studies
            for name in self.results[study] + self.figures[study] + self.study_results[study]
        }
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
        if made is not None:
            self.made = made
            self._pair(made)

    def _pair(self, made: dict[str, Made]) -> None:
        """Keep the pairs of a study and a cohort in which at least one finding can be judged."""
        kept, self.left_out = [], []
        for study, cohort in self.pairs:
            config = self.cohort_config(study, cohort)
            about, claims = self.records[study]
            has, constant = set(), set()
            if cohort in self.pooled:
                has = variables_of(self.pooled[cohort], study)
            else:
                has, constant = available(config, about["readings"])
            if cohort in self.pooled and study not in studies_of(self.pooled[cohort]):
                self.left_out.append((study, cohort, "some site has no summary of it"))
            elif study not in config.get("studies", [study]):
                self.left_out.append((study, cohort, "not among the 'studies' of the cohort file"))
            elif is_synthetic(cohort) or findings(claims, made, self.variables, has, constant):
                kept.append((study, cohort))
            else:
                lacking = nearest(claims, made, self.variables, has)
                told = f"the nearest would need {' and '.join(lacking)}" if lacking else "all is the same in everybody"
                self.left_out.append((study, cohort, f"no finding can be judged; {told}"))
        self.pairs = kept
        mute = [] if kept else self.cohorts
        fail_with_all(
            "config/config.yaml or --config:",
            [
                f"the cohort '{cohort}' can speak to none of the studies: "
                + "; ".join(f"{study}: {why}" for study, name, why in self.left_out if name == cohort)
                for cohort in mute
            ],
        )

    def print_of(self, what: str, study: str, cohort: str = "") -> str:
        """Hash the part of the record that a step uses, once for each part; ``what`` as in ``_print_of``."""
        of = {"mapping": self.cohort_file(study, cohort), "variables": ""}.get(what, study)
        if (what, of) not in self._prints:
            self._prints[what, of] = self._print_of(what, study, cohort)
        return self._prints[what, of]

    def _print_of(self, what: str, study: str, cohort: str) -> str:
        """Hash the part of the record that a step uses, so that an edit elsewhere in the same file re-runs nothing.

        ``what``: 'printed' (the printed numbers and their places), 'readings', 'criteria', 'relations', 'mapping' (a
        cohort file but its title), 'variables' (the dictionary without definitions and sources).
        """
        if what not in ("mapping", "variables") and study not in self.records:  # a study that is not part of the run
            folder = CONFIG / "studies" / study
            self.records[study] = load_checked(folder / "study.yaml", "study"), load_claims(folder / "claims.csv")
        if what == "printed":
            part = [[c.claim_id, c.kind, c.reported, c.group, c.variable, c.stat] for c in self.records[study][1]]
        elif what == "variables":
            part = [[v.variable, v.type, v.unit, v.codes, v.min, v.max, v.median_min, v.median_max, v.role]
                    for v in self.variables.values()]  # fmt: skip
        elif what == "mapping":
            part = {k: v for k, v in self.cohort_config(study, cohort).items() if k not in ("title", "studies", *KEYS)}
        elif what == "relations":
            part = self.records[study][0].get("relations", [])
        else:
            part = [self.records[study][0][name] for name in ([what] if what == "readings" else [what, "conf_level"])]
        return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:16]

    @staticmethod
    def _stems(outputs: list[str]) -> tuple[set[str], set[str]]:
        plain = [re.sub(r"\{(\w+)[^}]*\}", r"{\1}", file) for file in outputs]
        return {str(Path(file).parent) for file in plain}, {Path(file).stem for file in plain}
