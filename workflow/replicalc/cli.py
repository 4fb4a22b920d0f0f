"""The command line: ``replicalc summary``."""

from __future__ import annotations

import argparse
import sys

from replicalc import __version__
from replicalc.errors import ReplicalcError


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code. A fault of the input is told in its sentence alone."""
    parser = argparse.ArgumentParser(prog="replicalc", description="Holds printed numbers against data.")
    parser.add_argument("--version", action="version", version=f"replicalc {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)
    summary = commands.add_parser("summary", help="print the closing line of the last run: claims by verdict")
    summary.add_argument("file", nargs="?", default="results/summary.json", help="default: %(default)s")
    given = parser.parse_args(arguments)
    try:
        from replicalc.report.summary import print_summary

        print_summary(given.file)
    except ReplicalcError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
