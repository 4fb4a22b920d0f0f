"""Write what the verdicts are now, from the papers alone and on cohorts: ``python tests/golden/make.py``, after a run on
all cohorts.

The golden files are what came out when somebody last looked; a difference is a question to a person, not a fault by itself.
"""

from __future__ import annotations

import csv
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = ("claim_id", "replicated", "n", "verdict")
PAPER = ("claim_id", "recomputed", "verdict", "method", "solutions", "repair")


def short(table: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the named columns of a table."""
    rows = csv.DictReader(table.open(encoding="utf-8", newline=""))
    return [{name: row[name] for name in columns} for row in rows]


def write(table: Path, name: str, columns: tuple[str, ...]) -> None:
    with (HERE / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(short(table, columns))


def main() -> None:
    results = HERE.parents[1] / "results"
    for comparison in sorted(results.glob("*/*/comparison.csv")):
        write(comparison, f"{comparison.parent.parent.name}_{comparison.parent.name}", COLUMNS)
    for verification in sorted(results.glob("*/verification.csv")):
        write(verification, f"{verification.parent.name}_paper", PAPER)


if __name__ == "__main__":
    main()
