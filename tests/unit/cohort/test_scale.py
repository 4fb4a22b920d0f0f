"""A witness in any size: whole copies exactly, the rest without replacement, ids unique, memory bounded, same bytes."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.cohort.frame import Cohort, read_cohort, write_cohort
from replicalc.cohort.synthesise import scale
from replicalc.cohort.synthesise.scale import Scaled, scaled
from replicalc.errors import ReplicalcError
from replicalc.table import to_csv


def witness(patients: list[int], kind: str = "synthetic", prefix: str = "SYN") -> Cohort:
    """A cohort of lesions; patient i has ``patients[i]`` of them."""
    owner = np.repeat(np.arange(len(patients)), patients)
    n = len(owner)
    frame = pd.DataFrame(
        {
            "source_row": np.arange(2, n + 2),
            "patient_id": [f"{prefix}-{i:04d}" for i in owner],
            "lesion_id": [f"L{i}" for size in patients for i in range(1, size + 1)],
            "size": np.where(np.arange(n) % 5 == 3, np.nan, np.arange(n) / 4),
            "code": pd.Categorical(np.array(["a", "b"])[np.arange(n) % 2], categories=["a", "b", "c"]),
            "date": pd.Timestamp("2015-02-03") + pd.to_timedelta(np.arange(n), unit="D"),
        }
    )
    frame.loc[frame.index % 7 == 2, "code"] = None
    return Cohort(frame, "us_mri", "synthetic", kind, "lesion", "one row a lesion", caveat="made")


@pytest.fixture(scope="module")
def lesions(tmp_path_factory):
    path = tmp_path_factory.mktemp("witness") / "cohort.parquet"
    write_cohort(witness([1, 3, 2, 1, 1, 2]), path)
    return path


def contents(frame: pd.DataFrame) -> Counter:
    return Counter(map(repr, frame.drop(columns="patient_id").itertuples(index=False)))


def test_whole_copies_are_exact_and_every_copy_of_a_patient_is_a_patient(lesions, tmp_path):
    assert scaled(lesions, tmp_path / "big.parquet", n_copies=12, seed=1) == Scaled(120, 12, 0)
    one, big = read_cohort(lesions), read_cohort(tmp_path / "big.parquet")
    assert contents(big.frame) == Counter({row: 12 * count for row, count in contents(one.frame).items()})
    assert list(big.frame.dtypes) == list(one.frame.dtypes) and list(big.frame["code"].cat.categories) == [
        "a",
        "b",
        "c",
    ]
    assert not big.frame.duplicated(["patient_id", "lesion_id"]).any() and big.frame["patient_id"].nunique() == 72
    assert Counter(big.frame["patient_id"].value_counts()) == {1: 36, 2: 24, 3: 12}
    assert big.frame["patient_id"].str.fullmatch(r"SYN-\d\d-\d{4}").all()
    assert big.frame["patient_id"].iloc[[0, -1]].tolist() == ["SYN-01-0000", "SYN-12-0005"]


def test_the_description_is_kept_and_says_that_these_are_copies(lesions, tmp_path):
    scaled(lesions, tmp_path / "big.parquet", n=23, seed=1)
    one, big = read_cohort(lesions), read_cohort(tmp_path / "big.parquet")
    assert (big.study, big.kind, big.unit_of_analysis, big.clustering) == (
        one.study,
        one.kind,
        one.unit_of_analysis,
        one.clustering,
    )
    assert big.caveat.startswith("made; 23 rows made of 10 synthetic ones (2 copies, 3 rows drawn)")


@settings(max_examples=40, deadline=None)
@given(patients=st.lists(st.integers(1, 4), min_size=1, max_size=12), n=st.integers(1, 120), seed=st.integers(0, 20))
def test_any_number_of_rows(patients, n, seed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    write_cohort(witness(patients), folder / "one.parquet")
    total = sum(patients)
    found = scaled(folder / "one.parquet", folder / "n.parquet", n=n, seed=seed)
    assert (found.n, found.n_copies, found.n_drawn) == (n, n // total, n % total)
    one, big = read_cohort(folder / "one.parquet").frame, read_cohort(folder / "n.parquet").frame
    assert len(big) == n and not big.duplicated(["patient_id", "lesion_id"]).any()
    rest = contents(big) - Counter({row: found.n_copies * count for row, count in contents(one).items()})
    assert sum(rest.values()) == found.n_drawn and not rest - contents(one)
    drawn = big.iloc[found.n_copies * total :]
    whole = one.groupby("patient_id").size()
    parts = [id_ for id_, size in drawn.groupby("patient_id").size().items() if size != whole[f"SYN-{id_[-4:]}"]]
    assert len(parts) <= 1


def test_patients_are_split_only_where_nobody_else_fits(tmp_path):
    """With as many patients of one row as rows are wanted at the end, nobody is split; with none, one is."""
    write_cohort(witness([4, 1, 1, 4, 1, 1]), tmp_path / "one.parquet")
    write_cohort(witness([2, 2, 2]), tmp_path / "pairs.parquet")
    drawn = set()
    for seed in range(8):
        scaled(tmp_path / "one.parquet", tmp_path / "n.parquet", n=6, seed=seed)
        sizes = read_cohort(tmp_path / "n.parquet").frame.groupby("patient_id").size()
        assert sorted(sizes) in ([1, 1, 4], [1, 1, 1, 1, 2])
        drawn.add(tuple(sizes.index))
        scaled(tmp_path / "pairs.parquet", tmp_path / "n.parquet", n=3, seed=seed)
        assert sorted(read_cohort(tmp_path / "n.parquet").frame.groupby("patient_id").size()) == [1, 2]
    assert len(drawn) > 3


def test_the_seed_decides_the_bytes_and_groups_of_rows_do_not_change_the_patients(lesions, tmp_path, monkeypatch):
    files = [tmp_path / f"{name}.parquet" for name in "abcd"]
    for file, seed in zip(files, (1, 1, 2), strict=False):
        scaled(lesions, file, n=1005, seed=seed)
    assert files[0].read_bytes() == files[1].read_bytes() != files[2].read_bytes()
    monkeypatch.setattr(scale, "ROWS_AT_ONCE", 64)
    scaled(lesions, files[3], n=1005, seed=1)
    assert pq.ParquetFile(files[3]).num_row_groups == 18 and pq.ParquetFile(files[0]).num_row_groups == 2
    pd.testing.assert_frame_equal(read_cohort(files[0]).frame, read_cohort(files[3]).frame)


def test_an_export_is_multiplied_with_its_repeated_rows(tmp_path):
    rows = [["SYN-0001", "1", "n/a"], ["SYN-0002", "y", ""], ["SYN-0001", "1", "n/a"]]
    (tmp_path / "export.csv").write_text(to_csv(rows, ["Patient ID", "Ca", "Side"]))
    assert scaled(tmp_path / "export.csv", tmp_path / "big.parquet", n_copies=2, seed=1).n == 6
    big = pd.read_parquet(tmp_path / "big.parquet")
    assert big.values.tolist()[3:] == [["SYN-2-0001", "1", "n/a"], ["SYN-2-0002", "y", ""], ["SYN-2-0001", "1", "n/a"]]


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({}, "either the number of rows"),
        ({"n": 5, "n_copies": 2}, "either the number of rows"),
        ({"n": 0}, "n should be a whole number of 1 or more, not 0"),
        ({"n_copies": 1.5}, "n_copies should be a whole number"),
        ({"n": True}, "not True"),
    ],
)
def test_numbers_that_are_none_are_refused(lesions, tmp_path, how, words):
    with pytest.raises(ReplicalcError, match=words):
        scaled(lesions, tmp_path / "big.parquet", seed=1, **how)
    assert not list(tmp_path.iterdir())


def test_real_patients_are_not_multiplied(tmp_path):
    for name, cohort in {"a": witness([1, 2], kind="real"), "b": witness([1, 2], prefix="P")}.items():
        write_cohort(cohort, tmp_path / f"{name}.parquet")
        with pytest.raises(ReplicalcError, match="only synthetic patients are multiplied"):
            scaled(tmp_path / f"{name}.parquet", tmp_path / "big.parquet", n=10, seed=1)
    (tmp_path / "c.csv").write_text("id,x\nA,1\n")
    with pytest.raises(ReplicalcError, match="no column has identifiers like SYN-0001"):
        scaled(tmp_path / "c.csv", tmp_path / "big.parquet", n=10, seed=1)


def test_files_that_are_none_are_named(lesions, tmp_path):
    (tmp_path / "bad.parquet").write_text("no Parquet")
    for file, words in (("none.parquet", "no such file"), ("bad.parquet", "not a readable Parquet file")):
        with pytest.raises(ReplicalcError, match=words):
            scaled(tmp_path / file, tmp_path / "big.parquet", n=10, seed=1)
    with pytest.raises(ReplicalcError, match=r"end the name in \.parquet"):
        scaled(lesions, tmp_path / "big.csv", n=10, seed=1)


def test_memory_does_not_grow_with_the_rows(lesions, tmp_path):
    """What Arrow holds at most is the same for twenty groups of rows as for two."""
    import pyarrow as pa

    def most(copies: int) -> int:
        pool = pa.system_memory_pool()
        before = pa.default_memory_pool()
        pa.set_memory_pool(proxy := pa.proxy_memory_pool(pool))
        try:
            scaled(lesions, tmp_path / "big.parquet", n_copies=copies, seed=1)
        finally:
            pa.set_memory_pool(before)
        return proxy.max_memory()

    group = scale.ROWS_AT_ONCE // 10
    assert most(20 * group) < 1.2 * most(2 * group)
