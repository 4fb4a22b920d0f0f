"""From the name of a result to the rule that makes it, and on to the one function that the rule calls."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

from replicalc.digest import reached_by
from replicalc.report.model import Function, Rule

_HEAD = re.compile(r"^(?:use rule (?P<parent>\w+)(?: from \w+)? as |rule )(?P<name>\w+)(?: with)?:\s*$", re.MULTILINE)
_PACKAGE = Path(__file__).resolve().parents[1]


def rules_of(files: list[str]) -> dict[str, Rule]:
    """Map each rule's name to what its file says; an heir knows its parent, and calls its parent's function.

    A parent stands in any of ``files``; one that stands in none of them is None.
    """
    found: dict[str, tuple[str, int, str, str]] = {}
    for file in files:
        text = Path(file).read_text(encoding="utf-8")
        heads = list(_HEAD.finditer(text))
        for head, following in zip(heads, [*heads[1:], None], strict=False):
            block = text[head.start() : following.start() if following else len(text)]
            block = re.split(r"\n\n\n|\n#", block)[0].rstrip()
            line = text.count("\n", 0, head.start()) + 1
            found[head["name"]] = file, line, block, head["parent"] or ""
    made: dict[str, Rule] = {}

    def make(name: str, below: tuple[str, ...] = ()) -> Rule | None:
        if name not in found or name in below:
            return None
        if name not in made:
            file, line, text, parent = found[name]
            doc = re.search(r'"""(.*?)"""', text, re.DOTALL)
            above = make(parent, (*below, name)) if parent else None
            entry = re.search(r'digest\("([\w.]+:\w+)"\)', text)
            function = function_of(entry[1]) if entry else above.function if above else None
            made[name] = Rule(name, file, line, text, " ".join(doc[1].split()) if doc else "", above, function)
        return made[name]

    for name in found:
        make(name)
    return made


@functools.cache
def function_of(entry: str) -> Function | None:
    """Find a function of the package by 'module:name', with its source; None where the module has no such function."""
    module, _, name = entry.partition(":")
    path = _PACKAGE.joinpath(*module.split(".")).with_suffix(".py")
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            source = "\n".join(text.splitlines()[first - 1 : node.end_lineno])
            shown_as = "/".join(("workflow", _PACKAGE.name, *path.relative_to(_PACKAGE).parts))
            reaches = tuple(each for each in reached_by(entry) if each.partition(":")[2][:1].islower())
            return Function(f"{_PACKAGE.name}.{module}.{name}", shown_as, node.lineno, source, reaches)
    return None


def results_drawn(rule: Rule) -> tuple[str, ...]:
    """Name the results whose tables a figure's rule reads.

    The name of a result is the stem of its file, so it stands in the rule's own text.
    """
    return tuple(dict.fromkeys(re.findall(r"results/\w+/(?:\{cohort\}/)?(\w+)\.csv", rule.text)))
