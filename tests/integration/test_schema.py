"""The tables: made, upgraded with their rows, and refused where they do not fit."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from animelabel_widgets.errors import ConfigError, SchemaError, StoreError
from animelabel_widgets.labels import Answer, NewImage, Series
from animelabel_widgets.store import Store, schema
from animelabel_widgets.store.database import Database
from animelabel_widgets.tables import Base

BEFORE = "The tables in .* are of version 0001, and 0002 is needed.*`animelabel init`"


def rows(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Read every row of every table of the first version."""
    names = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
    first = set(names) - {"gold", "reviews", "consensus"}
    return {
        name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name} ORDER BY 1"))]
        for name in first
    }


def test_the_first_version_with_data_is_upgraded_without_loss(database_url: str) -> None:
    """Every row is as before, and rating goes on."""
    with closing(Database(database_url)) as database:
        schema.upgrade(database, "0001")
        store = Store(database)
        series_id = store.put_series(Series("a", "星の風", is_anime=True), update=True)
        store.add_images(series_id, [NewImage(f"{n}.jpg", 640, 360, 9000) for n in range(9)])
        volunteer = store.volunteer("0" * 32)
        tasks = store.hand_out(volunteer, 5)
        for task in tasks[:3]:
            store.rate(volunteer, task.assignment_id, Answer.of("person"), 0, 1200)
        store.rate(volunteer, tasks[0].assignment_id, Answer.of("text"), 1, 800)
        before = database.read(rows)
    assert {name: len(found) for name, found in before.items()} == {
        "campaign": 1, "series": 1, "images": 9, "pool": 9, "volunteers": 1,
        "assignments": 5, "ratings": 3, "rating_events": 4,
    }  # fmt: skip

    with pytest.raises(SchemaError, match=BEFORE):
        Store.open(database_url)
    assert Store.initialise(database_url) == schema.HEAD

    with closing(Database(database_url)) as database:
        assert database.read(rows) == before
    with closing(Store.open(database_url, create=False)) as store:
        store.rate(volunteer, tasks[4].assignment_id, Answer.of("logo"), 0, 700)
        assert len(store.ratings()) == 4


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
