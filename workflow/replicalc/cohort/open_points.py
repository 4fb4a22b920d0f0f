"""Open points of a cohort file: texts that begin with TODO. Told all at once, with line, key and question."""

from __future__ import annotations

from pathlib import Path

from replicalc.errors import ReplicalcError

#: A value that begins so is a question and no answer.
TODO = "TODO"
#: More than this are counted, not listed: who has so many works through the file itself.
MOST_LISTED = 60


def open_points(path: str | Path) -> list[tuple[int, str, str]]:
    """Find the open points of a YAML file: line, key and question of each, in the order of the file.

    Only values are looked at: a code or a heading that an export calls TODO is a key or is renamed.
    """
    import yaml

    text = Path(path).read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.SafeLoader) if TODO in text else None
    found: list[tuple[int, str, str]] = []
    todo = [(root, "")] if root is not None else []
    while todo:
        node, key = todo.pop()
        if isinstance(node, yaml.ScalarNode):
            if node.value.startswith(TODO):
                question = " ".join(node.value.removeprefix(TODO).lstrip(": ").split())
                found.append((node.start_mark.line + 1, key, question))
        elif isinstance(node, yaml.SequenceNode):
            todo += [(each, key) for each in node.value]
        else:
            todo += [(value, f"{key}.{_short(name.value)}".lstrip(".")) for name, value in node.value]
    return sorted(set(found))


def _short(name: object) -> str:
    text = " ".join(str(name).split())
    return text if len(text) <= 40 else text[:37] + "..."


def check_answered(path: str | Path) -> None:
    """Raise one ReplicalcError that lists every open point of a cohort file; do nothing where there is none."""
    points = open_points(path)
    if not points:
        return
    heading = (
        f"{path}: {len(points)} open point{'s' if len(points) > 1 else ''}; write the answer in place of each TODO:"
    )
    lines = [
        f"  - line {line}, {key}: {question or 'something is still to be filled in'}" for line, key, question in points
    ]
    more = len(lines) - MOST_LISTED
    if more > 0:
        lines = [*lines[:MOST_LISTED], f"  - and {more} more"]
    raise ReplicalcError("\n".join([heading, *lines]))
