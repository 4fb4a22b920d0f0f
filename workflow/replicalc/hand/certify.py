"""``replicalc certify logistic``: whether any patients can give a printed multivariable logistic model."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import Any

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.hand.answer import Answer, listed
from replicalc.hand.arguments import command, given, number, read_text, share, span

_KEYS = ("n", "events", "level", "terms", "exclusive", "margins")
_TERM_KEYS = ("name", "odds_ratio", "lo", "hi")
_MARGIN_KEYS = ("where", "patients", "events")
_VERDICTS = {"impossible": "impossible", "possible": "underdetermined", "undecided": "not_checkable"}


def add(group: Any) -> None:
    """Add the command to the group ``certify``."""
    parser = command(
        group,
        "logistic",
        "whether any data set can give a printed logistic model of yes/no factors",
        """Decides, from odds ratios, limits, patients and events alone, whether any patients at all can give a
        logistic model of yes/no factors: impossible (a proof, checked in exact arithmetic, with all roundings
        of all numbers), possible (patients in real numbers are found) or undecided. Give the model as a YAML
        file or term by term.""",
        'replicalc certify logistic --n 100 --events 30 --term "node 2.00 1.90 2.11" --term "grade 1.50 0.62 3.63"',
        logistic,
    )
    parser.add_argument(
        "--model", metavar="YAML", help="n, events, terms (name, odds_ratio, lo, hi), exclusive, margins"
    )
    parser.add_argument("--term", type=term, action="append", default=[], metavar="'NAME OR LO HI'", help="one factor")
    parser.add_argument("--n", type=span, metavar="N[-N]", help="patients in the model, or a range")
    parser.add_argument("--events", type=span, metavar="N[-N]", help="events among them, or a range")
    parser.add_argument(
        "--exclusive", type=_names, action="append", default=[], metavar="A,B", help="levels of one factor: one at most"
    )
    parser.add_argument("--level", type=share, help="confidence level: 0.95")


def term(text: str) -> tuple[str, str, str, str]:
    """Name, odds ratio and limits; the name may have blanks."""
    plain = re.sub(r"\(\s*([\d.,]+)\s*[-–−]\s*([\d.,]+)\s*\)\s*$", r" \1 \2", text)
    words = plain.replace("(", " ").replace(")", " ").replace(" to ", " ").split()
    if len(words) < 4:
        raise argparse.ArgumentTypeError(f"'{text}' is not a name with ratio and limits, such as 'node 2.00 1.90 2.11'")
    return " ".join(words[:-3]), *(number(word).text for word in words[-3:])


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def logistic(arguments: argparse.Namespace) -> Answer:
    if arguments.model:
        if arguments.term or arguments.exclusive or arguments.n or arguments.events:
            raise ReplicalcError("give the model either as a file by --model or by --term, --n and --events, not both")
        model = _read_model(arguments.model)
    else:
        if not arguments.term or arguments.n is None or arguments.events is None:
            raise ReplicalcError("give --model, or at least one --term with --n and --events")
        model = {"terms": arguments.term, "n": arguments.n, "events": arguments.events, "margins": []}
        model |= {"exclusive": arguments.exclusive, "level": None}
    from replicalc.verify import certificate as engine

    level = arguments.level or model["level"] or 0.95
    terms = [engine.Term(*t) for t in model["terms"]]
    margins = [engine.Margin(*m) for m in model["margins"]]
    found = engine.logistic(terms, model["n"], model["events"], margins, model["exclusive"], level)
    names = [t.name for t in terms]
    solutions = [
        {"has": [n for n, x in zip(names, c.pattern, strict=True) if x] or ["none of them"]}
        | {"patients": c.patients, "events": c.events}
        for c in (found.cells if found.verdict == "possible" else ())
    ]
    needed = found.needed or [None] * len(terms)
    ratios = found.odds_ratios or [None] * len(terms)
    checks = [
        {"term": t.name, "odds_ratio": f"{t.odds_ratio} ({t.lo} to {t.hi})", "best_odds_ratio": r, "se_over_printed": x}
        for t, r, x in zip(terms, ratios, needed, strict=True)
    ]
    patients, events = (str(a) if a == b else f"{a} to {b}" for a, b in (model["n"], model["events"]))
    of = f"{patients} patients with {events} event{'' if model['events'] == (1, 1) else 's'}"
    model_of = f"the model of {len(terms)} yes/no factor{'s' if len(terms) > 1 else ''}"
    if found.verdict == "impossible":
        sentence = f"No data set of {of} can give {model_of}: its intervals are narrower than any such data allow."
        if not found.needed:
            sentence = f"No data set of {of} can have the odds ratios of {model_of} and the other numbers at once."
    elif found.verdict == "possible":
        sentence = f"Data of {of} can give the odds ratios and intervals of {model_of}, as far as they were checked."
    else:
        sentence = f"For {of}, neither data that give {model_of} were found nor a proof that there are none."
    verdict = _VERDICTS[found.verdict]
    uneven = _no_wald_limits(terms)
    if uneven:
        # The standard errors are read from the limits as Wald's: of other limits they prove nothing.
        verdict = "unstated_method" if found.verdict != "undecided" else verdict
        whose = "its ratio" if len(uneven) == 1 else "their ratios"
        sentence = f"The limits of {listed(uneven)} are no Wald limits of {whose}, and only those are judged here."
        if found.verdict == "impossible":
            sentence = f"{sentence[:-1]}; were they Wald's, no data set of {of} could give {model_of}."
    notes = ["the printed standard errors are compared with the smallest that any patients allow; 1 is the limit"]
    if found.verdict == "possible":
        notes.append("the patients above are real numbers, not whole ones: a witness is still to be made of them")
    return Answer(
        arguments.name,
        {**given(arguments), **model, "level": level},
        verdict,
        found.method,
        found.evidence,
        sentence,
        solutions,
        checks,
        repair=found.repair,
        notes=notes,
    )


def _no_wald_limits(terms) -> list[str]:
    """The terms whose ratio is not at the geometric mean of its limits, by more than one unit of a last place."""
    from replicalc.verify.ratios import check

    return [t.name for t in terms if check(t.odds_ratio, t.lo, t.hi)[0].verdict == "unstated_method"]


def _read_model(path: str) -> dict[str, Any]:
    """The model of a YAML file. Numbers are read as text, so that 2.00 stays 2.00."""
    import yaml

    try:
        raw = yaml.load(read_text(path), Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        raise ReplicalcError(f"{path} is no YAML file") from None
    _keys(path, raw, _KEYS, ("n", "events", "terms"))
    try:
        terms = []
        for each in _list(path, raw["terms"], "terms"):
            _keys(path, each, _TERM_KEYS, _TERM_KEYS)
            terms.append((_word(path, each["name"]), *(number(_word(path, each[k])).text for k in _TERM_KEYS[1:])))
        margins = []
        for each in _list(path, raw.get("margins", []), "margins"):
            _keys(path, each, _MARGIN_KEYS, ("where",))
            where = each["where"]
            if not isinstance(where, Mapping) or any(v not in ("0", "1") for v in where.values()):
                raise ReplicalcError(f"{path}: 'where' of a margin names terms with 0 or 1, such as {{node: 1}}")
            ends = [span(_word(path, each[k])) if k in each else None for k in _MARGIN_KEYS[1:]]
            margins.append(({k: int(v) for k, v in where.items()}, *ends))
        exclusive = [
            [_word(path, name) for name in _list(path, names, "exclusive")]
            for names in _list(path, raw.get("exclusive", []), "exclusive")
        ]
        return {
            "terms": terms,
            "margins": margins,
            "exclusive": exclusive,
            "n": span(_word(path, raw["n"])),
            "events": span(_word(path, raw["events"])),
            "level": share(_word(path, raw["level"])) if "level" in raw else None,
        }
    except argparse.ArgumentTypeError as error:
        raise ReplicalcError(f"{path}: {error}") from None


def _keys(path: str, value: Any, known: tuple[str, ...], needed: tuple[str, ...]) -> None:
    if not isinstance(value, Mapping):
        raise ReplicalcError(f"{path}: expected entries such as '{needed[0]}: ...', found {value!r}")
    for key in value:
        if key not in known:
            raise ReplicalcError(f"{path}: there is no key '{key}'.{did_you_mean(key, known)} Keys: {', '.join(known)}")
    for key in needed:
        if key not in value:
            raise ReplicalcError(f"{path}: '{key}' is missing")


def _list(path: str, value: Any, name: str) -> list:
    if not isinstance(value, list):
        raise ReplicalcError(f"{path}: '{name}' is a list")
    return value


def _word(path: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ReplicalcError(f"{path}: expected a number or a name, found {value!r}")
    return value
