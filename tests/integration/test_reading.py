"""All ratings, into a notebook and into a file."""

from __future__ import annotations

import itertools
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest
from pyarrow import parquet
from sqlalchemy import Connection, event, text
from support.mariadb import MariaDB

from animelabel_widgets.errors import InputError, StoreError
from animelabel_widgets.export import export_ratings
from animelabel_widgets.labels import KEYS, Answer, NewImage, Series
from animelabel_widgets.store import Store, streaming

ANSWERS = [Answer(), Answer.of("empty"), Answer.of("text", "person"), Answer.of("logo")]
COLUMNS = ["image_id", "volunteer_id", *KEYS, "created_at", "elapsed_ms"]
TYPES = ["int32", "int32", *["bool"] * len(KEYS), "datetime64[ms, UTC]", "int32"]


@pytest.fixture
def rated(database_url: str) -> Iterator[tuple[Store, pd.DataFrame]]:
    """Give a store with seven ratings, and what they are."""
    now = datetime(2026, 3, 29, 0, 59, 59, 7000, tzinfo=UTC)
    with closing(Store.open(database_url, clock=lambda: now)) as store:
        series_id = store.put_series(Series("a", "A, \"B\" \n, 'C'"), update=False)
        store.add_images(series_id, [NewImage(f"{n}.jpg", 9, 9, 5000) for n in range(7)])
        rows = []
        for token in ("0" * 32, "f" * 32):
            volunteer = store.volunteer(token)
            for task in store.hand_out(volunteer, 4 if token[0] == "0" else 3):
                now += timedelta(minutes=20, milliseconds=61)
                answer = ANSWERS[len(rows) % len(ANSWERS)]
                store.rate(volunteer, task.assignment_id, answer, 0, 100 + len(rows))
                rows.append((task.image_id, volunteer, *answer.as_row().values(), now))
        frame = pd.DataFrame(rows, columns=COLUMNS[:-1])
        frame["elapsed_ms"] = range(100, 107)
        yield store, frame.astype(dict(zip(COLUMNS, TYPES, strict=True)))


def test_what_was_said_is_what_is_read(rated: tuple[Store, pd.DataFrame]) -> None:
    """Every value, in the order of arrival, in narrow types, alike on both databases."""
    store, expected = rated
    pd.testing.assert_frame_equal(store.ratings(), expected)
    assert [str(each) for each in store.ratings().dtypes] == TYPES


@pytest.mark.parametrize("portion", [1, 3, 7])
def test_portions_are_put_together(
    portion: int, rated: tuple[Store, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gaps between the ids, however wide, neither end the reading nor hold it up."""
    monkeypatch.setattr(streaming, "PORTION", portion)
    store, expected = rated
    for change in (
        "DELETE FROM ratings WHERE rating_id = 2",
        "UPDATE ratings SET rating_id = 9000000000000 WHERE rating_id = 7",
    ):
        store._database.write(lambda c, change=change: c.execute(text(change)))
    whole = expected.drop(index=1).reset_index(drop=True)
    pd.testing.assert_frame_equal(store.ratings(), whole)


@pytest.mark.parametrize("portion", [3, 7])
def test_the_frame_can_be_changed(
    portion: int, rated: tuple[Store, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every cell is the reader's own, whether it came in one portion or in several."""
    monkeypatch.setattr(streaming, "PORTION", portion)
    store, expected = rated
    frame = store.ratings()
    for column in COLUMNS:
        frame.loc[0, column] = expected.loc[1, column]
    assert tuple(frame.loc[0]) == tuple(expected.loc[1])


def test_reading_leaves_the_log_of_sqlite_alone(sqlite_url: str) -> None:
    """What is rated after a reading is there for other processes, and what they write stays."""
    other = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1])\n"
        "connection.execute('UPDATE ratings SET elapsed_ms = elapsed_ms + 1')\n"
        "connection.commit()\n"
        "print(connection.execute('SELECT COUNT(*) FROM ratings').fetchone()[0])"
    )
    file = sqlite_url.removeprefix("sqlite:///")
    with closing(Store.open(sqlite_url)) as store:
        series_id = store.put_series(Series("a", "A"), update=False)
        store.add_images(series_id, [NewImage(f"{n}.jpg", 9, 9, 5000) for n in range(3)])
        volunteer = store.volunteer("0" * 32)
        for given, task in enumerate(store.hand_out(volunteer, 3)):
            assert len(store.ratings()) == given
            store.rate(volunteer, task.assignment_id, Answer(), 0, 100)
            done = subprocess.run(
                [sys.executable, "-c", other, file], capture_output=True, text=True, check=True
            )
            assert done.stdout.strip() == str(given + 1)
        assert store.ratings()["elapsed_ms"].tolist() == [103, 102, 101]


def test_no_ratings_are_a_frame_of_the_same_columns(store: Store) -> None:
    """An empty campaign can be aggregated like any other."""
    frame = store.ratings()
    assert (list(frame), len(frame)) == (COLUMNS, 0)
    assert [str(each) for each in frame.dtypes] == TYPES


def test_large_ids_stay_whole(rated: tuple[Store, pd.DataFrame]) -> None:
    """An id that 32 bits cannot hold widens its own column alone."""
    store, _ = rated
    large = 2**31 + 5
    token = uuid4().bytes * 2
    add = text(
        "INSERT INTO volunteers (volunteer_id, token_hash, created_at)"
        " VALUES (:id, :token, '2026-01-01 00:00:00.000000')"
    )
    store._database.write(lambda c: c.execute(add, {"id": large, "token": token}))
    (task,) = store.hand_out(large, 1)
    store.rate(large, task.assignment_id, Answer(), 0, 9)
    frame = store.ratings()
    assert frame["volunteer_id"].iloc[-1] == large
    assert [str(each) for each in frame.dtypes[:2]] == ["int32", "int64"]


def test_a_server_that_cuts_answers_short_is_told_apart(mariadb_url: str) -> None:
    """Wherever it cuts, no rating is lost or changed in silence; the message names the setting."""
    with closing(Store.open(mariadb_url)) as store:
        series_id = store.put_series(Series("a", "A"), update=False)
        store.add_images(series_id, [NewImage(f"{n}.jpg", 9, 9, 5000) for n in range(2)])
        volunteer = store.volunteer("0" * 32)
        for task in store.hand_out(volunteer, 2):
            store.rate(volunteer, task.assignment_id, Answer(), 0, 3800)
        whole = store.ratings()
        longest = itertools.count(10)

        @event.listens_for(store._database.engine, "begin")
        def _short(connection: Connection) -> None:
            connection.exec_driver_sql(f"SET SESSION group_concat_max_len = {next(longest)}")

        said = set()
        for _ in range(200):
            try:
                pd.testing.assert_frame_equal(store.ratings(), whole)
                break
            except StoreError as error:
                said.add(str(error))
        else:
            pytest.fail("It was never long enough.")
    (sentence,) = said
    assert "max_allowed_packet to 16M" in sentence


def test_blanks_in_names_change_nothing(tmp_path: Path, mariadb: MariaDB) -> None:
    """A file, a folder and a database may have them."""
    (tmp_path / "my frames").mkdir()
    with mariadb.database() as url:
        name = f"{url.rpartition('/')[2]} b"
        mariadb.administer(f"CREATE DATABASE `{name}`")
        try:
            for each in (f"sqlite:///{tmp_path}/my frames/a b.db", f"{url} b"):
                with closing(Store.open(each)) as store:
                    assert len(store.ratings()) == 0
                    assert export_ratings(store, tmp_path / "my frames" / "a b.parquet") == 0
                (tmp_path / "my frames" / "a b.parquet").unlink()
        finally:
            mariadb.administer(f"DROP DATABASE `{name}`")


@pytest.mark.parametrize(("patience", "shown"), [(600, False), (0, True)])
def test_a_progress_bar_appears_where_it_takes_long(
    patience: int,
    shown: bool,  # noqa: FBT001 - what is expected
    rated: tuple[Store, pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Seven ratings do not; and only who asks for it gets one."""
    monkeypatch.setattr(streaming, "PATIENCE", patience)
    monkeypatch.setattr(streaming, "PORTION", 1)
    store, _ = rated
    store.ratings(progress=True)
    assert ("ratings" in capsys.readouterr().err) is shown
    store.ratings()
    assert capsys.readouterr().err == ""


def test_ratings_are_exported_in_portions(
    rated: tuple[Store, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file has what the notebook has, and its types."""
    monkeypatch.setattr(streaming, "PORTION", 3)
    store, expected = rated
    out = tmp_path / "out"
    out.mkdir()
    file = out / "ratings.parquet"
    assert export_ratings(store, file) == 7
    pd.testing.assert_frame_equal(pd.read_parquet(file), expected)
    assert parquet.ParquetFile(file).num_row_groups == 3
    assert list(out.iterdir()) == [file]


def test_a_failed_export_leaves_nothing(
    rated: tuple[Store, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that goes away in the middle takes the half file with it."""
    monkeypatch.setattr(streaming, "PORTION", 3)
    store, _ = rated
    out = tmp_path / "out"
    out.mkdir()
    columns, portions = store.rating_tables()

    class Broken:
        def rating_tables(self, *, progress: bool) -> object:
            def some() -> Iterator[object]:
                yield next(portions)
                raise StoreError("gone")

            return columns, some()

    with pytest.raises(StoreError, match="gone"):
        export_ratings(Broken(), out / "ratings.parquet")
    assert list(out.iterdir()) == []


def test_a_disk_without_space_leaves_nothing(
    rated: tuple[Store, pd.DataFrame], tmp_path: Path
) -> None:
    """One sentence, and no half file; a limit on the size of files stands for the full disk."""
    store, _ = rated
    out = tmp_path / "out"
    out.mkdir()
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, usual[1]))
    try:
        with pytest.raises(InputError, match=r"cannot be written \(File too large\)"):
            export_ratings(store, out / "ratings.parquet", progress=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert list(out.iterdir()) == []


def test_wrong_targets_are_refused_in_one_sentence(store: Store, tmp_path: Path) -> None:
    """What is there is not overwritten."""
    there = tmp_path / "there.parquet"
    there.write_text("mine")
    for file, message in (
        (there, "exists: remove it, or export to another file"),
        (tmp_path / "a.csv", "let it end in .parquet"),
        (tmp_path / "none" / "a.parquet", r"cannot be written \(No such file"),
    ):
        with pytest.raises(InputError, match=message):
            export_ratings(store, file)
    assert there.read_text() == "mine"
