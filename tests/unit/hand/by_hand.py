"""What the tests of the command line share: running a command in this process, and every example that help shows."""

import argparse
import contextlib
import io
import json
import shlex

from replicalc.cli import main, parser


def run(words):
    """Exit code, standard output and standard error of a command; ``words`` as one text or a list."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(shlex.split(words) if isinstance(words, str) else words)
        except SystemExit as left:  # argparse leaves this way after --help
            code = left.code or 0
    return code, out.getvalue(), err.getvalue()


def answer(words):
    """The JSON document of a command that answers."""
    code, out, err = run(f"{words} --json" if isinstance(words, str) else [*words, "--json"])
    assert (code, err) == (0, ""), err
    return json.loads(out)


def parsers(top=None):
    """Every parser that answers (no group), by its words."""
    for action in (top or parser())._actions:
        if isinstance(action, argparse._SubParsersAction):
            for each in action.choices.values():
                inner = list(parsers(each))
                yield from inner or [(each.prog.split(maxsplit=1)[1], each)]


def examples():
    """The command lines that the help of all commands shows, without the name of the program."""
    texts = [parser().epilog, *(each.epilog or "" for _, each in parsers())]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    return [line.removeprefix("replicalc ") for line in lines if line.startswith("replicalc ")]
