"""A digest of exactly the code that a rule runs, so that an edit re-runs what it affects and nothing else.

Snakemake does not see what a rule imports. ``digest("results.contingency:contingency")`` follows the names that a
function uses, through the package's own modules, and hashes the definitions it reaches: an edit of another function in
the same file, of a comment or of a docstring changes nothing. Every archetype rule carries the digest as a parameter.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from replicalc.errors import ReplicalcError

PACKAGE = "replicalc"
ROOT = Path(__file__).parent


@dataclass(frozen=True)
class _Module:
    definitions: dict[str, tuple[ast.AST, ...]] = field(default_factory=dict)
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
    """Return the canonical code of a definition and the package names it uses."""
    known = _module(module)
    nodes = known.definitions[name]
    used: list[tuple[str, str]] = []
    followed: set[ast.AST] = set()
    local = dict(known.imports)
    for node in nodes:
        for inner in ast.walk(node):
            local.update(_imports_of(inner, module))
    for node in nodes:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                used.extend(_resolve(inner.id, module, known, local))
            elif isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
                target = _module_named(inner.value.id, local)
                if target:
                    used.append((target, inner.attr))
                    followed.add(inner.value)
        for inner in ast.walk(node):
            # A module that is used as a whole (handed to getattr, say): everything in it counts.
            target = _module_named(inner.id, local) if isinstance(inner, ast.Name) and inner not in followed else None
            if target:
                used.extend((target, each) for each in _module(target).definitions)
    code = "\n".join(ast.dump(node) for node in nodes)
    return hashlib.sha256(code.encode()).hexdigest(), used


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
    path = _path(module)
    if path is None:
        raise ReplicalcError(f"digest: {module} is not a module of the package {PACKAGE}")
    known = _Module()
    for node in _without_docstrings(ast.parse(path.read_text(encoding="utf-8"))).body:
        known.imports.update(_imports_of(node, module))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign):
            names = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        elif isinstance(node, ast.AnnAssign | ast.AugAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            continue
        for name in names:
            known.definitions[name] = (*known.definitions.get(name, ()), node)
    return known


def _imports_of(node: ast.AST, module: str) -> dict[str, tuple[str, str | None]]:
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    if isinstance(node, ast.Import):
        return {alias.asname or alias.name: (alias.name, None) for alias in node.names}
    return {}


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
