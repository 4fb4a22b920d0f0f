"""The command line: ``replicalc summary``, the questions by hand (``recover`` to ``certify``) and ``synthesise``."""

from __future__ import annotations

import os
import sys

from replicalc import __version__
from replicalc.errors import ReplicalcError
from replicalc.hand import certify, check, check_means, new_cohort, recover, recover_split, synthesise, which
from replicalc.hand.answer import first_words
from replicalc.hand.arguments import Parser

ABOUT = """Holds printed numbers against what can be.

From the numbers of a paper alone: which counts lie behind them, by which method they were made,
and whether they can be at all. No data, no configuration.

Type each number as it is printed: 58.0 and 58 are different claims, "<0.001" is one too.
Every answer has the solutions, the method and one sentence for a review; --json has everything."""
EPILOG = """Examples:
  replicalc recover counts --percent 67.6 --n 71
  replicalc which-test --table "12 5; 6 11" --p 0.086 --named pearson
  replicalc which-interval --count 8 --n 10 --lo 49.0 --hi 94.3

An answer is a signal about numbers. The exit code is 0 whatever it says, and 2 where the input was at fault;
synthesise has 1 where not every number could be given to patients."""


def parser() -> Parser:
    """All commands with their help. Imports no numpy, scipy or pandas, so that help comes at once."""
    top = Parser(prog="replicalc", description=ABOUT, epilog=EPILOG)
    top.add_argument("--version", action="version", version=f"replicalc {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    summary = commands.add_parser("summary", help="print how the last run came out: claims by verdict")
    summary.add_argument("file", nargs="?", default="results/summary.json", help="default: %(default)s")
    texts = {
        "recover": "the counts behind printed numbers: two-by-two, counts, split",
        "check": "printed numbers against each other: odds-ratio, hazard-ratio, means, sums",
        "certify": "whether any data can give a printed model: logistic",
    }
    groups = {}
    for name, text in texts.items():
        group = commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}. Each command has its own --help."
        )
        groups[name] = group.add_subparsers(dest="task", required=True, metavar="COMMAND", title="commands")
    for module in (recover, recover_split):
        module.add(groups["recover"])
    which.add(commands)
    for module in (check, check_means):
        module.add(groups["check"])
    certify.add(groups["certify"])
    synthesise.add(commands)
    new_cohort.add(commands)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code. A fault of the input is told in its sentence alone."""
    try:
        given = parser().parse_args(sys.argv[1:] if arguments is None else arguments)
        if given.command == "summary":
            return _summary(given.file)
        answer = given.run(given)
    except ReplicalcError as error:
        print(first_words(str(error)), file=sys.stderr)
        return 2
    try:
        print(answer.as_json() if given.json else answer.as_text(given.show), flush=True)
    except BrokenPipeError:  # the reader (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return answer.exit_code


def _summary(file: str) -> int:
    from replicalc.report.summary import print_summary

    try:
        print_summary(file)
    except ReplicalcError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
