"""Write what the verdicts on a cohort are now: ``python tests/golden/make.py``, after a run on all cohorts.

The golden files are what came out when somebody last looked; a difference is a question to a person, not a fault by itself.
"""

from __future__ import annotations

import csv
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = ("claim_id", "replicated", "n", "verdict")


def short(comparison: Path) -> list[dict[str, str]]:
    """Return claim, replicated number, n and verdict of a comparison table."""
    rows = csv.DictReader(comparison.open(encoding="utf-8", newline=""))
    return [{name: row[name] for name in COLUMNS} for row in rows]


def main() -> None:
    for comparison in sorted((HERE.parents[1] / "results").glob("*/*/comparison.csv")):
        path = HERE / f"{comparison.parent.parent.name}_{comparison.parent.name}.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(short(comparison))


if __name__ == "__main__":
    main()
