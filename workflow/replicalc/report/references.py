"""Which outside reference holds a statistic: found by reading the project's own tests, never typed for a result.

A script in ``tests/reference`` computes a family of statistics without this package, and its output is kept. A test
that reads a kept output and calls a function of ``replicalc.stats`` holds that function against that script. Here the
test files are read as text (nothing of them runs), and the functions that a result can reach are looked up in what was
found. A function that no such test calls is told as such.
"""

from __future__ import annotations

import ast
import functools
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from replicalc.digest import PACKAGE, reached_by
from replicalc.report.model import Reference

STATS = f"{PACKAGE}.stats."
#: Checks of arguments and the like; nothing in it is a statistic.
NO_STATISTICS = f"{STATS}base"


@dataclass(frozen=True, slots=True)
class Held:
    """What the tests of one file hold against one kept output: functions of the package as 'module:name'."""

    family: str
    test: str
    functions: frozenset[str]


@dataclass(frozen=True, slots=True)
class References:
    """All references of the project: what tests hold, what computed them, which whole results are held.

    ``there`` is False where the project lies without its tests, as in an archive.
    """

    there: bool = False
    held: tuple[Held, ...] = ()
    scripts: tuple[tuple[str, str, str], ...] = ()
    whole: frozenset[tuple[str, str]] = frozenset()


def references_in(files: Iterable[str]) -> References:
    """Read the scripts, kept outputs and tests among ``files``: paths of tests/reference and tests/unit.

    Raises nothing on a file of another kind; it is passed over.
    """
    paths = [Path(file) for file in files]
    kept = {path.stem: path for path in paths if path.suffix == ".json"}
    scripts = {path.stem: path for path in paths if path.suffix in (".R", ".py") and path.stem in kept}
    with_what = _table(next((path for path in paths if path.name == "README.md"), None))
    held = []
    for path in paths:
        if path.name.startswith("test_") and path.suffix == ".py":
            text = path.read_text(encoding="utf-8")
            held += [Held(family, str(path), found) for family, found in held_by(text, frozenset(scripts)).items()]
    whole = set()
    for family, path in kept.items():
        rows = json.loads(path.read_text(encoding="utf-8"))
        for row in rows.get("rows", []) if isinstance(rows, dict) and family in scripts else []:
            if isinstance(row, dict) and {"study", "result"} <= set(row):
                whole.add((row["result"], family))
    told = tuple((family, str(path), with_what.get(path.name, "")) for family, path in sorted(scripts.items()))
    return References(bool(scripts), tuple(held), told, frozenset(whole))


def _table(path: Path | None) -> dict[str, str]:
    """Read from the table of the folder's README what each script computes with."""
    if path is None:
        return {}
    rows = re.findall(r"^\| `([\w.]+)` \|.*\| ([^|]+) \|$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: told.replace("`", "").strip() for name, told in rows}


def held_by(text: str, families: frozenset[str]) -> dict[str, frozenset[str]]:
    """Read a test file: for each family whose kept output a test reads, the functions of the package it calls.

    A test reads what its names lead to within the file: module-level values, fixtures (its arguments), helpers.

    >>> held_by("from replicalc.stats.rank import sign_test\\nCASES = load('rank')\\n"
    ...         "def test_a():\\n    assert sign_test(1) == CASES", frozenset({"rank"}))
    {'rank': frozenset({'replicalc.stats.rank:sign_test'})}
    """
    if "stats" not in text or not (".json" in text or "load(" in text):
        return {}  # reads nothing, or calls nothing: most tests, and parsing them all takes a second
    tree = ast.parse(text)
    imported = _imports(tree)
    parts: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.For):
            for name in (each.id for each in ast.walk(node) if isinstance(each, ast.Name)):
                if not isinstance(node, ast.For) or name not in parts:
                    parts.setdefault(name, node)
    found: dict[str, set[str]] = {}
    for name, node in parts.items():
        if not name.startswith("test") or not isinstance(node, ast.FunctionDef):
            continue
        pending, seen = [node], []
        while pending:
            at = pending.pop()
            if at not in seen:
                seen.append(at)
                pending += [parts[used] for used in _names(at) if used in parts]
        reads = {family for at in seen for family in _families(at, families)}
        calls = {function for at in seen for function in _functions(at, imported | _imports(at))}
        for family in reads if calls else ():
            found.setdefault(family, set()).update(calls)
    return {family: frozenset(calls) for family, calls in found.items()}


def _imports(tree: ast.AST) -> dict[str, str]:
    return {
        each.asname or each.name: f"{node.module}:{each.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE
        for each in node.names
    }


def _names(node: ast.AST) -> set[str]:
    used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return used | {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}


def _families(node: ast.AST, families: frozenset[str]) -> set[str]:
    """Which kept outputs are opened here: load("rank"), or a path that ends in rank.json."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == "load":
            found |= {arg.value for arg in each.args if isinstance(arg, ast.Constant)}
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value.endswith(".json"):
            found.add(Path(each.value).stem)
    return found & families


def _functions(node: ast.AST, imported: dict[str, str]) -> set[str]:
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in imported:
            found.add(imported[each.id])
        elif isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id in imported:
            found.add(f"{imported[each.value.id].replace(':', '.')}:{each.attr}")
    return {each for each in found if each.startswith(STATS) and each.partition(":")[2][:1].islower()}


@functools.cache
def _below(function: str) -> frozenset[str]:
    return frozenset(reached_by(function.removeprefix(f"{PACKAGE}."))) - {function}


def references_of(result: str, reaches: Iterable[str], known: References) -> tuple[Reference, ...]:
    """Look up what holds each statistic that a result's function can reach, module by module.

    A function below one that a test calls is held through it, and told so. Functions of a module that nothing holds
    make a row without a script.
    """
    wanted: dict[str, set[str]] = {}
    for each in reaches:
        module = each.partition(":")[0]
        if module.startswith(STATS) and module != NO_STATISTICS:
            wanted.setdefault(module, set()).add(each)
    about = {family: (script, with_what) for family, script, with_what in known.scripts}
    rows = [
        Reference("the whole result", *about[family], (), (), ())
        for name, family in sorted(known.whole)
        if name == result and family in about
    ]
    for module, functions in sorted(wanted.items()):
        left = set(functions)
        told: dict[str, tuple[set[str], set[str], set[str]]] = {}
        for held in known.held:
            direct = functions & held.functions
            below = functions & frozenset().union(*map(_below, held.functions)) - direct
            if direct or below:
                mine = told.setdefault(held.family, (set(), set(), set()))
                mine[0].update(direct)
                mine[1].update(below)
                mine[2].add(held.test)
        told = {family: mine for family, mine in told.items() if mine[0] or mine[1] & left}
        calls = set().union(*(mine[0] for mine in told.values()))
        # What another reference calls by name need not be told once more as a thing that a third one passes through.
        told = {family: (mine[0], mine[1] - calls, mine[2]) for family, mine in told.items()}
        for family, (direct, below, tests) in sorted(told.items(), key=lambda each: (not each[1][0], each[0])):
            direct, below = direct & left, below & left  # a second script may hold the same, with weights for example
            if direct or below:
                left -= direct | below
                rows.append(
                    Reference(_short(module), *about[family], _bare(direct), _bare(below), tuple(sorted(tests)))
                )
        if left:
            rows.append(Reference(_short(module), "", "", _bare(left), (), ()))
    return tuple(sorted(rows, key=lambda row: (not row.script, not row.functions and bool(row.through))))


def _short(module: str) -> str:
    return f"{module.removeprefix(f'{PACKAGE}.').replace('.', '/')}.py"


def _bare(functions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(each.partition(":")[2] for each in functions))
