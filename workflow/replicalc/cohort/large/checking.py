"""The checks of a cohort that went the large way: one pass over ``mapped.parquet``, identifiers by DuckDB."""

from __future__ import annotations

import glob
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from replicalc.cohort.audit import Problem
from replicalc.cohort.checks import (
    Checks,
    Identified,
    Seen,
    count_alike,
    count_several,
)
from replicalc.cohort.collapse import BOOKKEEPING, SEVERAL, noted_variables
from replicalc.cohort.grouped import connection, quoted
from replicalc.cohort.implausible import IMPLAUSIBLE, Implausible
from replicalc.cohort.large import limits
from replicalc.cohort.large.columns import Coded
from replicalc.cohort.large.implausible import hits
from replicalc.cohort.large.mapping import read_about, read_mapped
from replicalc.cohort.mapping_checks import TOTAL
from replicalc.cohort.row_checks import against_dictionary, repeated_units
from replicalc.cohort.source import ROW
from replicalc.records import Variable

#: Of each identifier that stands more than once so many rows are told.
ROWS_OF_ONE = 100


class LargeChecks(Checks):
    """Counts while it reads; of what is wrong the first ``limits.LISTED`` rows of each kind are kept."""

    def __init__(self, config: dict, variables: dict[str, Variable], unread: list[Problem], mapped: Path):
        self.about, self.mapped = read_about(mapped), mapped
        super().__init__(config, variables, unread, self.about.rows)
        self._found: dict[tuple[str, str], int] = Counter()
        self._told: dict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
        self._missing: dict[str, int] = Counter()
        self._several: dict[str, int] = Counter()
        self._totals: dict[str, int] = Counter()
        self._values: dict[str, list[tuple[np.ndarray, np.ndarray]]] = defaultdict(list)
        there = [each for each in IMPLAUSIBLE if all(need in config["variables"] for need in each.needs)]
        for rows, columns in read_mapped(mapped):
            self._look_at_cells(rows, columns)
            for each in there:
                which = hits(each, columns, variables, len(rows))
                self._keep(("", each.name), np.flatnonzero(which), rows, [columns[need] for need in each.needs])
            empty = np.zeros(len(rows), bool)
            for name in config["unit_id"]:
                empty |= _is(columns[name], "")
            self._keep(("", "no_identifier"), np.flatnonzero(empty), rows, [])
            if SEVERAL in columns:
                self._several.update(_by_variable(_counts(columns[SEVERAL])))
            for name in config.get("totals", {}):
                distinct, _, _, variable, code = TOTAL.fullmatch(name).groups()
                if distinct is None:
                    self._totals[name] += int(_is(columns[variable], code).sum())

    def _look_at_cells(self, rows: np.ndarray, columns: dict[str, Coded]) -> None:
        """Hold the different texts of each variable against the dictionary."""
        names = [name for name in columns if name in self.variables and name not in BOOKKEEPING]
        looked_at = {name: columns[name] for name in names if self.variables[name].type != "id"}
        for name in set(names) - set(looked_at):
            self._missing[name] += int(_is(columns[name], "").sum())
        frame, wrong = against_dictionary(_side_by_side(looked_at), self.variables)
        for name, column in looked_at.items():
            n = np.bincount(column.codes, minlength=len(column.texts))
            values = frame[name].iloc[: len(column.texts)]
            self._missing[name] += int(n[values.isna().to_numpy()].sum())
            if self.variables[name].median_min and self.variables[name].median_max:
                above = (values > 0).to_numpy() & (n > 0)
                self._values[name].append((values.to_numpy()[above], n[above]))
        bad = defaultdict(list)
        for name, place, check in wrong:
            bad[name, check].append(place)
        for (name, check), places in bad.items():
            which = np.isin(columns[name].codes, places)
            self._keep((name, check), np.flatnonzero(which), rows, [columns[name]])

    def _keep(self, kind: tuple[str, str], which: np.ndarray, rows: np.ndarray, shown: list[Coded]) -> None:
        """Count the rows in which something is found, and keep the first of them with their values."""
        self._found[kind] += len(which)
        for row in which[: limits.LISTED - len(self._told[kind])]:
            self._told[kind].append((self.file, str(rows[row]), "; ".join(column.at(row) for column in shown)))

    def _seen(self, *kind: str) -> Seen:
        return Seen(self._found[kind], self._told[kind])

    def missing(self, name: str) -> int:
        return self._missing[name]

    def bad(self, name: str, check: str) -> Seen:
        return self._seen(name, check)

    def together(self, each: Implausible) -> Seen:
        return self._seen("", each.name)

    def positive(self, name: str) -> tuple[int, float]:
        values, counts = map(np.concatenate, zip(*self._values[name], strict=True))
        order = np.argsort(values, kind="stable")
        values, upto = values[order], np.cumsum(counts[order])
        n = int(upto[-1]) if len(upto) else 0
        if not n:
            return 0, float("nan")
        low, high = (values[np.searchsorted(upto, place, side="right")] for place in ((n - 1) // 2, n // 2))
        return n, float((low + high) / 2)

    def choices(self, record: Callable) -> None:
        if "identical_rows" in self.config:
            count_alike(self.config, self.about.exported, self.n, self.about.several_alike, record)
        if any("split" in entry for entry in self.config["variables"].values()):
            count_several(self.config, self.n, self._several, record)

    def total(self, name: str) -> int:
        distinct, condition, at, _, _ = TOTAL.fullmatch(name).groups()
        if distinct is None:
            return self._totals[name]
        where = f"WHERE {quoted(condition)} = ?" if condition else ""
        with connection() as database:
            database.read_parquet(glob.escape(str(self.mapped))).create_view("units")
            query = f"SELECT count(DISTINCT nullif({quoted(distinct)}, '')) FROM units {where}"
            return database.execute(query, [at] if condition else []).fetchone()[0]

    def identified(self) -> Identified:
        """Units whose identifier stands once, whatever its capital letters, are done with; the others are looked at."""
        import pandas as pd

        unit_id = self.config["unit_id"]
        empty = self._seen("", "no_identifier")
        texts = [f"{quoted(name)}::VARCHAR" for name in unit_id]
        folded = [f"c{place}" for place in range(len(unit_id))]
        known = " AND ".join(f"{text} != ''" for text in texts)
        with connection() as database:
            database.read_parquet(glob.escape(str(self.mapped))).create_view("units")
            beyond = database.execute(
                " UNION ".join(
                    f"SELECT DISTINCT {text} AS id FROM units WHERE strlen({text}) != length({text})" for text in texts
                )
            ).df()
            database.register(
                "other", pd.DataFrame({"id": beyond["id"], "folded": [t.casefold() for t in beyond["id"]]}, dtype=str)
            )
            # Letters beyond ASCII are folded as Python does, which is what a small cohort is held against.
            joins, names = "", []
            for place, text in enumerate(texts):
                if len(beyond):
                    joins += f" LEFT JOIN other AS o{place} ON o{place}.id = {text}"
                names.append(f"coalesce(o{place}.folded, lower({text}))" if len(beyond) else f"lower({text})")
            as_told = ", ".join(f"{name} AS {fold}" for name, fold in zip(names, folded, strict=True))
            alike = f"SELECT {as_told} FROM units{joins} WHERE {known} GROUP BY ALL HAVING count(*) > 1"
            same = " AND ".join(f"{name} = alike.{fold}" for name, fold in zip(names, folded, strict=True))
            ids = ", ".join(f"{text} AS i{place}" for place, text in enumerate(texts))
            keys = ", ".join(f"i{place}" for place in range(len(texts)))
            database.execute(f"CREATE TABLE alike AS {alike}")
            database.execute(
                f"CREATE TABLE ids AS SELECT {ids}, count(*) AS n, min({ROW}) AS first "
                f"FROM units{joins} JOIN alike ON {same} WHERE {known} GROUP BY {keys}"
            )
            n_folded = database.execute("SELECT count(*) FROM alike").fetchone()[0]
            n_ids, n_groups = database.execute("SELECT count(*), count(*) FILTER (n > 1) FROM ids").fetchone()
            groups = self._groups(database, texts) if n_groups else []
        return Identified(empty, groups, n_groups, n_ids - n_folded)

    def _groups(self, database, texts: list[str]) -> list[tuple[str, str]]:
        """Tell of the first identifiers that stand more than once where they stand and in what their rows differ."""
        same = " AND ".join(f"{text} = told.i{place}" for place, text in enumerate(texts))
        keys = ", ".join(f"i{place}" for place in range(len(texts)))
        query = f"""
            WITH told AS (SELECT * FROM ids WHERE n > 1 ORDER BY first LIMIT {limits.LISTED}),
            numbered AS (
                SELECT units.*, n, first, row_number() OVER (PARTITION BY {keys} ORDER BY {ROW}) AS place
                FROM units JOIN told ON {same}
            )
            SELECT * EXCLUDE (place) FROM numbered WHERE place <= {ROWS_OF_ONE} ORDER BY first, {ROW}
        """
        rows = database.execute(query).df().astype({ROW: str})
        more = rows.drop_duplicates("first")["n"].tolist()
        names = [ROW, *self.config["variables"]]
        frame, _ = against_dictionary(rows[names].astype("object"), self.variables)
        told = repeated_units(frame, rows[ROW], self.config, in_words=False)
        return [
            (where + (f" and {n - ROWS_OF_ONE} more" if n > ROWS_OF_ONE else ""), advice)
            for (where, advice), n in zip(told, more, strict=True)
        ]


def _side_by_side(columns: dict[str, Coded]):
    """Put the different texts of columns side by side, the shorter ones filled up with nothing."""
    import pandas as pd

    longest = max((len(column.texts) for column in columns.values()), default=0)
    texts = {name: [*column.texts, *[""] * (longest - len(column.texts))] for name, column in columns.items()}
    return pd.DataFrame({ROW: ["0"] * longest, **texts}, dtype=object)


def _is(column: Coded, text: str) -> np.ndarray:
    """Tell of each row whether it has this text."""
    return column.has(text)[column.codes]


def _counts(column: Coded) -> dict[str, int]:
    found: Counter[str] = Counter()
    for text, n in zip(column.texts, np.bincount(column.codes, minlength=len(column.texts)).tolist(), strict=True):
        found[text] += n
    return found


def _by_variable(counts: dict[str, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for told, n in counts.items():
        found.update(dict.fromkeys(noted_variables(told), n))
    return found
