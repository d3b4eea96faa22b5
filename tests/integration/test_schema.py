"""The tables: made, upgraded with their rows, and refused where they do not fit."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, inspect, text
from support.mariadb import MariaDB

from animelabel_widgets.errors import ConfigError, SchemaError, StoreError
from animelabel_widgets.labels import KEYS, Answer, NewImage, Series
from animelabel_widgets.store import Store, schema
from animelabel_widgets.store.database import Database
from animelabel_widgets.tables import Base

T = "2026-03-01 10:20:30.125"
IDS = [bytes([number]) * 16 for number in range(5)]
YES, NO = dict.fromkeys(KEYS, True), dict.fromkeys(KEYS, False)
FIRST: dict[str, list[dict[str, object]]] = {
    "series": [{"series_id": 1, "folder": "a", "title": "星の風", "is_anime": True}],
    "images": [
        {"image_id": n, "series_id": 1, "filename": f"{n}.jpg", "width": 640, "height": 360,
         "byte_size": 9000, "imported_at": T}
        for n in range(1, 10)
    ],
    "pool": [
        {"image_id": n, "state": "open", "reason": None, "load": int(n < 6), "votes": int(n < 4),
         "shuffle": n / 10, **dict.fromkeys(["n_text", "n_logo", "n_person"], int(n < 4)),
         "n_empty": int(n < 4)}
        for n in range(1, 10)
    ],
    "volunteers": [{"volunteer_id": 1, "token_hash": sha256(b"0" * 32).digest(), "created_at": T}],
    "assignments": [
        {"assignment_id": IDS[n - 1], "image_id": n, "volunteer_id": 1, "created_at": T,
         "lease": "rated" if n < 4 else "live", "expires_at": "2026-03-01 10:30:30"}
        for n in range(1, 6)
    ],
    "ratings": [
        {"rating_id": n, "image_id": n, "volunteer_id": 1, "assignment_id": IDS[n - 1],
         "revision": int(n == 1), "elapsed_ms": 900, **YES, "created_at": T, "updated_at": T}
        for n in range(1, 4)
    ],
    "rating_events": [
        {"event_id": n, "assignment_id": IDS[n - 1], "revision": int(n == 1), "elapsed_ms": 900,
         **YES, "created_at": T}
        for n in range(1, 4)
    ] + [{"event_id": 4, "assignment_id": IDS[0], "revision": 0, "elapsed_ms": 9, **NO,
          "created_at": T}],
}  # fmt: skip
SECOND: dict[str, list[dict[str, object]]] = {
    "gold": [{"image_id": 1, **YES, "explanation": "Read it.", "created_at": T}],
    "reviews": [{"review_id": 1, "image_id": 1, "reviewer": "me", **NO, "created_at": T,
                 "withdrawn_at": None}],
    "consensus": [{"image_id": 1, **YES, **{f"p_{key}": 0.5 for key in KEYS}, "votes": 1,
                   "method": "majority", "version": "1", "computed_at": T}],
}  # fmt: skip
FOURTH: dict[str, list[dict[str, object]]] = {
    "gold_answers": [{"answer_id": 1, "assignment_id": IDS[0], "revision": 0, "elapsed_ms": 9,
                      **YES, "created_at": T}],
    "reports": [{"report_id": 1, "image_id": 1, "volunteer_id": 1, "assignment_id": IDS[0],
                 "reason": "broken", "created_at": T}],
}  # fmt: skip


def insert_rows(rows: dict[str, list[dict[str, object]]], connection: Connection) -> None:
    """Insert rows as they are, through the driver alone."""
    preparer = connection.dialect.identifier_preparer
    for table, values in rows.items():
        names = ", ".join(preparer.quote(name) for name in values[0])
        places = ", ".join(f":{name}" for name in values[0])
        connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)


def read_rows(
    rows: dict[str, list[dict[str, object]]], connection: Connection
) -> dict[str, list[tuple[object, ...]]]:
    """Read the same columns of the same tables."""
    preparer = connection.dialect.identifier_preparer
    found = {}
    for table, values in rows.items():
        names = ", ".join(preparer.quote(name) for name in values[0])
        query = text(f"SELECT {names} FROM {table} ORDER BY 1")
        found[table] = [tuple(row) for row in connection.execute(query)]
    return found


@pytest.mark.parametrize(
    ("version", "data"),
    [
        ("0001", FIRST),
        ("0002", FIRST | SECOND),
        ("0004", FIRST | SECOND | FOURTH),
    ],
)
def test_a_former_version_with_data_is_upgraded_without_loss(
    version: str, data: dict[str, list[dict[str, object]]], database_url: str
) -> None:
    """Every row is as before, and rating goes on."""
    with closing(Database(database_url)) as database:
        schema.upgrade(database, version)
        database.write(partial(insert_rows, data))
        before = database.read(partial(read_rows, data))
    assert {name: len(found) for name, found in before.items()} == {
        name: len(values) for name, values in data.items()
    }

    needed = f"of version {version}, and {schema.HEAD} is needed.*`animelabel init`"
    with pytest.raises(SchemaError, match=needed):
        Store.open(database_url)
    assert Store.initialise(database_url) == schema.HEAD

    with closing(Database(database_url)) as database:
        assert database.read(partial(read_rows, data)) == before
    soon = datetime(2026, 3, 1, 10, 25, tzinfo=UTC)
    with closing(Store.open(database_url, create=False, clock=lambda: soon)) as store:
        assert store.check() == []
        volunteer = store.volunteer("0" * 32)
        assert volunteer == 1
        store.rate(volunteer, UUID(bytes=IDS[4]), Answer.of("logo"), 0, 700)
        assert len(store.ratings()) == 4
        assert {task.image_id for task in store.hand_out(volunteer, 9)} == {6, 7, 8, 9}
        assert store.check() == []


@pytest.mark.parametrize(
    "left", [[], ["DROP INDEX ix_pool_state_priority_load_shuffle ON pool"]], ids=["two", "one"]
)
def test_an_interrupted_upgrade_is_completed(left: list[str], mariadb_url: str) -> None:
    """MariaDB commits each step by itself; those that were done are not repeated."""
    with closing(Database(mariadb_url)) as database:
        schema.upgrade(database, "0002")
        database.write(partial(insert_rows, FIRST))
    Store.initialise(mariadb_url)
    undo = [
        "CREATE INDEX ix_pool_state_load_shuffle ON pool (state, `load`, shuffle)",
        "UPDATE alembic_version SET version_num = '0002'",
        *left,
    ]
    with closing(Database(mariadb_url)) as database:
        for statement in undo:
            database.write(lambda c, statement=statement: c.execute(text(statement)))
    Store.initialise(mariadb_url)
    with closing(Database(mariadb_url)) as database:
        indexes = database.read(lambda c: {i["name"] for i in inspect(c).get_indexes("pool")})
    assert indexes == {"ix_pool_state_priority_load_shuffle"}
    with closing(Store.open(mariadb_url, create=False)) as store:
        assert store.check() == []


def test_the_models_are_the_tables(database_url: str) -> None:
    """Alembic finds nothing that a model has and the migrations do not make."""
    Store.initialise(database_url)
    with closing(Database(database_url)) as database:
        difference = database.read(
            lambda connection: compare_metadata(
                MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata
            )
        )
    assert difference == []


def test_the_version_asked_for_is_the_newest_migration() -> None:
    """The constant spares the page an import of Alembic."""
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


def test_initialising_twice_changes_nothing(database_url: str) -> None:
    """The campaign keeps its identity, which browsers know."""
    Store.initialise(database_url)
    with closing(Store.open(database_url)) as store:
        first = store.campaign
    Store.initialise(database_url)
    with closing(Store.open(database_url)) as store:
        assert store.campaign == first != ""


def test_an_interrupted_initialisation_is_completed(mariadb_url: str) -> None:
    """MariaDB commits each table by itself, so a killed init leaves some."""
    Store.initialise(mariadb_url)
    with closing(Database(mariadb_url)) as database:

        def undo(connection: Connection) -> None:
            connection.execute(text("DROP TABLE consensus"))
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))

        database.write(undo)
    Store.initialise(mariadb_url)
    with closing(Store.open(mariadb_url, create=False)) as store:
        assert store.stats().ratings == 0


def test_missing_and_newer_tables_are_told_apart(database_url: str) -> None:
    """Each says what to do."""
    if database_url.startswith("mysql"):
        with pytest.raises(SchemaError, match="no tables of animelabel yet: run `animelabel init`"):
            Store.open(database_url, create=False)
    Store.initialise(database_url)
    with closing(Database(database_url)) as database:
        newer = text("UPDATE alembic_version SET version_num = '0999'")
        database.write(lambda connection: connection.execute(newer))
    with pytest.raises(SchemaError, match="0999, newer than this program knows"):
        Store.open(database_url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("anime.db", "cannot be read: expected sqlite:///FILE"),
        ("postgresql://me@host/db", "begins with postgresql"),
        ("mysql://me:geheim@host/db", r"begins with mysql: expected .*mysql\+pymysql"),
        ("sqlite://", "names no database"),
        ("sqlite:///:memory:", "names no database"),
        ("mysql+pymysql://me:geheim@host", "names no database"),
    ],
)
def test_a_wrong_url_is_explained_without_its_password(url: str, message: str) -> None:
    """The message says what was expected."""
    with pytest.raises(ConfigError, match=message) as caught:
        Store.open(url)
    assert "geheim" not in str(caught.value)


def test_a_missing_file_or_folder_is_named(tmp_path: Path) -> None:
    """Without `create`, no empty database is left behind by a misspelt name."""
    with pytest.raises(StoreError, match=r"There is no database .*misspelt"):
        Store.open(f"sqlite:///{tmp_path}/misspelt.db", create=False)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoreError, match="There is no folder"):
        Store.open(f"sqlite:///{tmp_path}/none/a.db")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """And it is left as it is."""
    (tmp_path / "notes.db").write_text("shopping list " * 50)
    with pytest.raises(StoreError, match="file is not a database"):
        Store.open(f"sqlite:///{tmp_path}/notes.db")
    assert (tmp_path / "notes.db").read_text().startswith("shopping list")


def test_a_server_that_is_down_or_refuses_says_so_without_the_password(mariadb_url: str) -> None:
    """A wrong port, a wrong password, a database that is not there."""
    user, _, place = mariadb_url.removeprefix("mysql+pymysql://").partition("@")
    name = user.split(":")[0]
    host, _, database = place.partition("/")
    for url, advice in (
        (f"mysql+pymysql://{user}@127.0.0.1:1/{database}", "start the server"),
        (f"mysql+pymysql://{name}:geheim@{host}/{database}", "check the user and the password"),
        (f"mysql+pymysql://{user}@{host}/elsewhere", "database"),
    ):
        with pytest.raises(StoreError, match=advice) as caught:
            Store.open(url)
        assert "geheim" not in str(caught.value)
        assert user.split(":")[1] not in str(caught.value)


def test_times_are_utc_with_milliseconds(store: Store) -> None:
    """What is stored comes back as the same instant, whatever the server's clock says."""
    moment = datetime.now(UTC)
    series_id = store.put_series(Series("a", "A"), update=False)
    store.add_images(series_id, [NewImage("1.jpg", 1, 1, 5000)])
    volunteer = store.volunteer(uuid4().hex)
    (task,) = store.hand_out(volunteer, 1)
    store.rate(volunteer, task.assignment_id, Answer(), 0, 1)
    (created,) = store.ratings()["created_at"].dt.to_pydatetime()
    assert 0 <= (created - moment).total_seconds() + 0.001 < 60
    assert created.microsecond % 1000 == 0


def campaigns(connection: Connection) -> int | None:
    """Count the campaigns, of which a database has one."""
    return connection.scalar(text("SELECT COUNT(*) FROM campaign"))


def test_a_creation_can_be_interrupted_anywhere(mariadb: MariaDB) -> None:
    """A second one completes it, whatever the last statement of the first one was."""

    class Interrupted(BaseException):
        pass

    for last in range(1, 60):
        with mariadb.database() as url:
            with closing(Database(url)) as database:
                left = iter(range(last))

                @event.listens_for(database.engine, "before_cursor_execute")
                def _stop(*_: object, left: Iterator[int] = left) -> None:
                    if next(left, None) is None:
                        raise Interrupted

                try:
                    schema.upgrade(database)
                except Interrupted:
                    whole = False
                else:
                    whole = True
            Store.initialise(url)
            with closing(Store.open(url, create=False)) as store:
                assert store.check() == []
            with closing(Database(url)) as database:
                assert database.read(campaigns) == 1
        if whole:
            return
    pytest.fail("The creation has more statements than this test expects.")


def test_a_connection_that_is_lost_while_tables_are_made_is_replaced(
    mariadb_url: str, mariadb: MariaDB
) -> None:
    """The work is done again, and what was made is not made twice."""
    with closing(Database(mariadb_url)) as database:
        kills = iter(range(1))

        @event.listens_for(database.engine, "before_cursor_execute")
        def _cut(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
            if "CREATE TABLE" in statement and "images" in statement and next(kills, None) == 0:
                mariadb.administer(f"KILL {connection.connection.dbapi_connection.thread_id()}")

        schema.upgrade(database)
        schema.check(database)


def test_two_upgrades_do_not_run_at_once(mariadb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one waits for its turn, and says so when none comes."""
    monkeypatch.setattr("animelabel_widgets.store.database.UPGRADE_SECONDS", 0)
    with closing(Database(mariadb_url)) as first, first.engine.connect() as holder:
        holder.exec_driver_sql("SELECT GET_LOCK(CONCAT('animelabel_schema_', DATABASE()), 0)")
        with pytest.raises(StoreError, match="Another process has been changing the tables"):
            Store.initialise(mariadb_url)
    assert Store.initialise(mariadb_url) == schema.HEAD


def test_many_may_open_a_new_file_at_once(sqlite_url: str) -> None:
    """SQLite does not wait by itself when a file is switched to its log."""
    together = threading.Barrier(8)
    found: list[object] = []

    def opened() -> None:
        together.wait()
        try:
            Store.open(sqlite_url).close()
            found.append(None)
        except StoreError as error:
            found.append(error)

    threads = [threading.Thread(target=opened) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [None] * 8


def test_the_lock_files_stay_beside_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a notebook changes its folder."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with closing(Store.open("sqlite:///a.db")) as store:
        monkeypatch.chdir(tmp_path / "elsewhere")
        store.volunteer("0" * 32)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///a.db?timeout=1",
        "sqlite:///file:a.db?uri=true",
        "mysql+pymysql://me@localhost/a?bogus=1",
        "mysql+pymysql://me@localhost:port/a",
    ],
)
def test_options_and_ports_that_cannot_be_used_are_refused(url: str) -> None:
    """Before anything is opened, in one sentence."""
    with pytest.raises(ConfigError, match="The database URL"):
        Store.open(url)
