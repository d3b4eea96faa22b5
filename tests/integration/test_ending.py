"""What hangs holds nothing else up, and the server can always be ended."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
import pytest
from support.commands import ANIMELABEL, Server, heed_ctrl_c, run, serving
from support.house import House, tell
from support.visitor import Visitor
from support.waiting import free_port, wait_until

from animelabel_widgets.errors import StoreError
from animelabel_widgets.serving.hosted.hosts import HostError, Hosts
from animelabel_widgets.store import Store, engines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.mariadb import MariaDB

HOSTS = "animelabel_widgets.serving.hosted.hosts"


def sleepy_hosts(folder: Path) -> Hosts:
    """Give hosts whose processes never become ready."""
    (folder / "sleeps.py").write_text("import signal\nsignal.pause()\n", encoding="utf-8")
    return Hosts(1, ["sleeps"], environ={"PYTHONPATH": str(folder)})


def test_a_host_that_never_becomes_ready_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever waits for it hears so, and the next one may start."""
    monkeypatch.setattr(f"{HOSTS}._START_WITHIN", 0.5)

    async def story() -> None:
        hosts = sleepy_hosts(tmp_path)
        for _ in range(2):
            with pytest.raises(HostError, match="ended at its start with -9"):
                await hosts.start()
        await hosts.close()

    asyncio.run(story())
    assert caplog.text.count("did not start within") == 2


def test_hosts_end_while_one_of_them_starts(tmp_path: Path) -> None:
    """Whatever it waits for."""

    async def story() -> None:
        hosts = sleepy_hosts(tmp_path)
        starting = asyncio.create_task(hosts.start())
        await asyncio.to_thread(wait_until, lambda: len(hosts._children), "a host to start")
        await asyncio.wait_for(hosts.close(), 30)
        with pytest.raises(HostError, match="ended at its start"):
            await starting

    asyncio.run(story())


def test_who_waits_for_a_notebook_hears_that_its_kernel_ended() -> None:
    """The notebook may never end."""

    async def story(house: House) -> None:
        ann = await house.kernel("ann")
        endless = asyncio.create_task(
            house.hosts.run(ann.kernel_id, "import threading; threading.Event().wait()")
        )
        # Both go the same way, one after the other.
        await house.hosts.stats()
        await house.end(ann)
        with pytest.raises(HostError, match="the kernel ended"):
            await asyncio.wait_for(endless, 30)

    tell(story, "import anywidget; anywidget.AnyWidget()")


def test_a_server_ends_while_its_processes_start(frames: Path, tmp_path: Path) -> None:
    """Ctrl-C is heard, and nothing is left, also where they hang."""
    environ = {**os.environ, "ANIMELABEL_PICTURES": str(frames)}
    run("import", str(frames), cwd=tmp_path)
    command = [*ANIMELABEL, "serve", "--workers", "2", "--no-browser", "--port", str(free_port())]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environ,
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509
        text=True,
    ) as process:
        server = Server(process, "", tmp_path)

        def started() -> list[int]:
            return [*server.children("serving.worker"), *server.children("spawn_main")]

        wait_until(lambda: len(started()) == 3, "two processes and the estimator to start")
        stopped = started()
        for each in stopped:
            os.kill(each, signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        finally:
            process.kill()
    wait_until(lambda: not any(Path(f"/proc/{each}").exists() for each in stopped), "their end")


@contextmanager
def frozen(mariadb: MariaDB) -> Iterator[None]:
    """Have the database take connections and say nothing."""
    mariadb.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        mariadb.process.send_signal(signal.SIGCONT)


@contextmanager
def locked(mariadb: MariaDB) -> Iterator[None]:
    """Have nobody write to the database, as a backup does."""
    with (
        closing(pymysql.connect(unix_socket=str(mariadb.socket), user="root")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("FLUSH TABLES WITH READ LOCK")
        yield


def test_a_server_ends_while_the_database_says_nothing(
    mariadb: MariaDB, mariadb_url: str, frames: Path, tmp_path: Path
) -> None:
    """Though somebody asks just then whether it answers."""
    environ = {"ANIMELABEL_DATABASE_URL": mariadb_url, "ANIMELABEL_PICTURES": str(frames)}
    run("import", str(frames), cwd=tmp_path, **environ)
    # It says nothing until the server has ended.
    with ExitStack() as after, serving("serve", cwd=tmp_path, environ=environ) as server:
        after.enter_context(frozen(mariadb))

        async def story() -> None:
            assert (await Visitor(server.address).fetch("readyz")).code == 503

        asyncio.run(story())


def test_a_database_that_takes_a_connection_and_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one sentence, as one that cannot be reached."""
    monkeypatch.setattr(engines, "_GREETED_WITHIN", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreError, match=r"refused the work \(.*\): check that it runs"):
            Store.open(f"mysql+pymysql://ann:secret@127.0.0.1:{port}/frames")


def test_a_query_may_take_longer_than_a_connection(
    mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is of the greeting alone."""
    monkeypatch.setattr(engines, "_GREETED_WITHIN", 1)
    with closing(Store.open(mariadb_url)) as store:
        slept = store._database.read(
            lambda connection: connection.exec_driver_sql("SELECT SLEEP(2)").scalar()
        )
    assert slept == 0


def test_a_lock_of_the_tables_is_not_waited_for_without_end(
    mariadb: MariaDB, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup that got stuck may hold one for a day."""
    monkeypatch.setattr(engines, "_LOCK_WAIT", 1)
    monkeypatch.setattr("animelabel_widgets.store.database.ATTEMPTS", 1)
    with closing(Store.open(mariadb_url)) as store, locked(mariadb):
        with pytest.raises(StoreError, match="Lock wait timeout exceeded"):
            store.volunteer("a-token-of-the-test-0123456789")
        assert store.ratings().empty
