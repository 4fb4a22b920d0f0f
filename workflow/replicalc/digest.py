"""A digest of exactly the code that a rule runs, so that an edit re-runs what it affects and nothing else.

Snakemake does not see what a rule imports. ``digest("results.contingency:contingency")`` follows the names that a
function uses, through the package's own modules, and hashes the definitions it reaches: an edit of another function in
the same file, of a comment or of a docstring changes nothing. Every archetype rule carries the digest as a parameter.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import json
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from replicalc.errors import ReplicalcError
from replicalc.job import write_text

PACKAGE = "replicalc"
ROOT = Path(__file__).parent


@dataclass(frozen=True)
class _Definition:
    """What one definition says: the hash of its code, and the names in it as they are written."""

    code: str
    names: list[str]  # every name, also those before a dot
    attributes: list[tuple[str, str]]  # name.attribute
    bare: list[str]  # names that stand alone, not before a dot
    imports: dict[str, tuple[str, str | None]]  # imported within the definition


@dataclass(frozen=True)
class _Module:
    definitions: dict[str, _Definition] = field(default_factory=dict)
    imports: dict[str, tuple[str, str | None]] = field(default_factory=dict)


@functools.cache
def digest(*entries: str) -> str:
    """Hash the code reached from ``module:name`` entries (module relative to the package), as 16 hex digits.

    Raises ReplicalcError if an entry names no definition of the package.
    """
    reached: dict[tuple[str, str], str] = {}
    for entry in entries:
        module, _, name = entry.partition(":")
        if not name or name not in _module(f"{PACKAGE}.{module}").definitions:
            raise ReplicalcError(f"digest: '{entry}' names no definition of the package {PACKAGE}")
        _reach(f"{PACKAGE}.{module}", name, reached)
    lines = [f"{module}:{name}={code}" for (module, name), code in sorted(reached.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def reached_by(entry: str) -> list[str]:
    """Name every definition of the package that an entry reaches, sorted: the reading list of an auditor."""
    module, _, name = entry.partition(":")
    reached: dict[tuple[str, str], str] = {}
    _reach(f"{PACKAGE}.{module}", name, reached)
    return sorted(f"{module}:{name}" for module, name in reached)


def _reach(module: str, name: str, reached: dict[tuple[str, str], str]) -> None:
    pending = [(module, name)]
    while pending:
        module, name = pending.pop()
        if (module, name) in reached:
            continue
        known = _module(module)
        if name in known.definitions:
            reached[module, name], used = _definition(module, name)
            pending.extend(used)
        elif name in known.imports:
            source, original = known.imports[name]
            if original is not None and _path(source) is not None:
                pending.append((source, original))


@functools.cache
def _definition(module: str, name: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the hash of a definition and the package names it uses."""
    known = _module(module)
    found = known.definitions[name]
    local = {**known.imports, **found.imports}
    used: list[tuple[str, str]] = []
    for each in found.names:
        used.extend(_resolve(each, module, known, local))
    for base, attribute in found.attributes:
        target = _module_named(base, local)
        if target:
            used.append((target, attribute))
    for each in found.bare:
        # A module that is used as a whole (handed to getattr, say): everything in it counts.
        target = _module_named(each, local)
        if target:
            used.extend((target, other) for other in _module(target).definitions)
    return found.code, used


def _module_named(name: str, local: dict) -> str | None:
    """Tell which module of the package a name stands for, if it stands for one."""
    source, original = local.get(name, (None, None))
    target = f"{source}.{original}" if original else source
    return target if target and _path(target) is not None else None


def _resolve(name: str, module: str, known: _Module, local: dict) -> list[tuple[str, str]]:
    if name in known.definitions:
        return [(module, name)]
    source, original = local.get(name, (None, None))
    if source and original and _path(source) is not None:
        return [(source, original)]
    return []


@functools.cache
def _module(module: str) -> _Module:
    """Read a module of the package, or take what was kept of the very same text."""
    path = _path(module)
    if path is None:
        raise ReplicalcError(f"digest: {module} is not a module of the package {PACKAGE}")
    source = path.read_bytes()
    key = hashlib.sha256(source + _edition()).hexdigest()
    kept = Path(importlib.util.cache_from_source(path)).with_suffix(".digest.json")
    found = _kept(kept, key)
    if found is None:
        found = _read(source)
        _keep(kept, key, found)
    return found


def _read(source: bytes) -> _Module:
    """Find the definitions and imports of a module in its text alone; what the names stand for is another matter."""
    nodes: dict[str, list[ast.AST]] = {}
    known = _Module()
    for node in _without_docstrings(ast.parse(source)).body:
        known.imports.update(_imports_of(node))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        elif isinstance(node, ast.AnnAssign | ast.AugAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            continue
        for name in names:
            nodes.setdefault(name, []).append(node)
    known.definitions.update({name: _describe(mine) for name, mine in nodes.items()})
    return known


def _describe(nodes: list[ast.AST]) -> _Definition:
    code = "\n".join(ast.dump(node) for node in nodes)
    names, attributes, before_a_dot, imports = {}, {}, set(), {}
    inside = [inner for node in nodes for inner in ast.walk(node)]
    for inner in inside:
        if isinstance(inner, ast.Name):
            names.setdefault(inner.id, None)
        elif isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            attributes.setdefault((inner.value.id, inner.attr), None)
            before_a_dot.add(inner.value)
        else:
            imports.update(_imports_of(inner))
    bare = {inner.id: None for inner in inside if isinstance(inner, ast.Name) and inner not in before_a_dot}
    return _Definition(hashlib.sha256(code.encode()).hexdigest(), list(names), list(attributes), list(bare), imports)


def _imports_of(node: ast.AST) -> dict[str, tuple[str, str | None]]:
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    if isinstance(node, ast.Import):
        return {alias.asname or alias.name: (alias.name, None) for alias in node.names}
    return {}


@functools.cache
def _path(module: str) -> Path | None:
    if module != PACKAGE and not module.startswith(f"{PACKAGE}."):
        return None
    parts = module.split(".")[1:]
    for candidate in (ROOT.joinpath(*parts).with_suffix(".py"), ROOT.joinpath(*parts, "__init__.py")):
        if parts and candidate.is_file():
            return candidate
    return ROOT / "__init__.py" if not parts else None


def _without_docstrings(tree: ast.Module) -> ast.Module:
    """Take the docstrings out of a module's own tree, once, before anything of it is hashed."""
    for inner in ast.walk(tree):
        body = getattr(inner, "body", None)
        if (
            isinstance(inner, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
            and isinstance(body[0].value.value, str)
        ):
            inner.body = body[1:] or [ast.Pass()]
    return tree


# Reading all modules takes seconds, and every start of Snakemake needs the digests. So what was read of a module is
# kept beside what Python compiled of it, with the hash of its text: another text has another hash, and nothing can be
# out of date.


@functools.cache
def _edition() -> bytes:
    """What a reading depends on besides the text: this file, and the Python whose syntax trees were hashed."""
    return hashlib.sha256(Path(__file__).read_bytes() + sys.version.encode()).digest()


def _kept(path: Path, key: str) -> _Module | None:
    """Give what was kept of a module, if it is of this very text."""
    try:
        stored_key, definitions, imports = json.loads(path.read_text(encoding="utf-8"))
        if stored_key == key:
            return _Module({name: _Definition(*each) for name, each in definitions.items()}, imports)
    except (OSError, ValueError, TypeError, AttributeError):
        pass  # not there, or not what was written: the module is read again
    return None


def _keep(path: Path, key: str, module: _Module) -> None:
    """Write down what was read of a module; where the folder cannot be written, every start reads it again."""
    if sys.dont_write_bytecode:
        return
    definitions = {name: list(vars(each).values()) for name, each in module.definitions.items()}
    with suppress(OSError):
        write_text(path, json.dumps([key, definitions, module.imports]))
