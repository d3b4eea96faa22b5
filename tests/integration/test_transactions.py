"""Errors that pass are tried again, and on SQLite many threads and processes share one writer."""

from __future__ import annotations

import gc
import os
import signal as signals
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError
from support.mariadb import MariaDB
from support.waiting import wait_until

from animelabel_widgets.errors import StoreError
from animelabel_widgets.store import Store
from animelabel_widgets.store.database import ATTEMPTS, Database
from animelabel_widgets.store.gate import Gate
from animelabel_widgets.store.lock_files import Turn
from animelabel_widgets.store.single_writer import SingleWriter

Work = Callable[[Connection], Any]


@pytest.fixture
def database(mariadb_url: str) -> Iterator[Database]:
    """Give an empty MariaDB database whose pauses take no time."""
    with closing(Database(mariadb_url)) as opened:
        opened.pause = lambda attempt: None
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give an SQLite database with the table that `put` fills."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x INTEGER PRIMARY KEY)")
    return path


@pytest.fixture
def sqlite(file: Path) -> Iterator[Database]:
    """Give that database, opened."""
    with closing(Database(f"sqlite:///{file}")) as opened:
        yield opened


def put(number: int, connection: Connection) -> int:
    """Insert a number."""
    connection.execute(text("INSERT INTO t VALUES (:x)"), {"x": number})
    return number


def numbers(database: Database) -> list[int]:
    """Read what was inserted."""
    return database.read(
        lambda connection: list(connection.scalars(text("SELECT x FROM t ORDER BY x")))
    )


def signal(code: int, connection: Connection) -> None:
    """Let the server answer with an error of this number."""
    connection.exec_driver_sql(f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {code}")


def cut(connection: Connection) -> None:
    """Let the server close this very connection."""
    connection.exec_driver_sql("KILL CONNECTION_ID()")
    connection.exec_driver_sql("SELECT 1")


def failing(times: int, failure: Work) -> tuple[Work, list[int]]:
    """Give work that fails so many times, and the list of its attempts."""
    attempts: list[int] = []

    def work(connection: Connection) -> str:
        attempts.append(len(attempts))
        if len(attempts) <= times:
            failure(connection)
        return "done"

    return work, attempts


@pytest.mark.parametrize(
    "failure",
    [*(partial(signal, code) for code in (1213, 1205, 1020, 1047, 2006, 2013)), cut],
    ids=["deadlock", "lock wait", "snapshot", "not ready", "gone", "lost", "cut"],
)
def test_an_error_that_passes_is_tried_again(failure: Work, database: Database) -> None:
    """The work is done again as a whole, on a connection that works."""
    work, attempts = failing(2, failure)
    assert database.write(work) == "done"
    assert len(attempts) == 3


def test_the_attempts_have_an_end(database: Database) -> None:
    """What still fails is one sentence, which the page turns into "not saved yet"."""
    work, attempts = failing(99, partial(signal, 1213))
    with pytest.raises(StoreError, match="refused the work"):
        database.write(work)
    assert len(attempts) == ATTEMPTS


def test_an_error_that_stays_is_not_tried_again(database: Database) -> None:
    """A wrong statement is wrong each time."""
    work, attempts = failing(99, lambda connection: connection.exec_driver_sql("SELEKT"))
    with pytest.raises(StoreError):
        database.write(work)
    assert len(attempts) == 1


def test_pauses_grow_and_differ(monkeypatch: pytest.MonkeyPatch, sqlite: Database) -> None:
    """Two that met do not meet again."""
    slept: list[float] = []
    monkeypatch.setattr("animelabel_widgets.store.database.time.sleep", slept.append)
    for attempt in (1, 1, 6):
        sqlite.pause(attempt)
    assert 0 < slept[0] != slept[1] < 0.02 + 1e-9
    assert 0.3 < slept[2] < 0.7


def test_two_that_lock_each_other_out_both_succeed(database: Database) -> None:
    """A real deadlock: the server ends one of them, and its work is done again."""
    database.write(lambda c: c.execute(text("CREATE TABLE t (x INT PRIMARY KEY, n INT)")))
    database.write(lambda c: c.execute(text("INSERT INTO t VALUES (1, 0), (2, 0)")))
    both = threading.Barrier(2)
    attempts: list[int] = []

    def work(first: int, second: int, connection: Connection) -> None:
        count = text("UPDATE t SET n = n + 1 WHERE x = :x")
        connection.execute(count, {"x": first})
        if len(attempts) < 2:
            attempts.append(first)
            both.wait(30)
        else:
            attempts.append(first)
        connection.execute(count, {"x": second})

    threads = [
        threading.Thread(target=database.write, args=(partial(work, *order),))
        for order in ((1, 2), (2, 1))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.read(lambda c: list(c.scalars(text("SELECT n FROM t")))) == [2, 2]
    assert len(attempts) == 3


def test_a_connection_that_ended_meanwhile_harms_nobody(
    database: Database, mariadb: MariaDB
) -> None:
    """The work is done again on a new one, with no look at the connection before each work."""
    kept = database.read(lambda c: c.scalar(text("SELECT CONNECTION_ID()")))
    mariadb.administer(f"KILL {kept}")
    work, attempts = failing(0, cut)
    assert database.write(work) == "done"
    assert len(attempts) == 2


def test_a_computer_that_vanishes_is_noticed_within_a_minute(database: Database) -> None:
    """Not after two hours, in which a thread and a connection would wait for it."""

    def options(connection: Connection) -> list[int]:
        driver: Any = connection.connection.driver_connection
        names = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
        found = [driver._sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, n)) for n in names]
        return [driver._sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), *found]

    alive, idle, pause, times, unheard = database.read(options)
    assert alive == 1
    assert idle + pause * times <= 60
    assert unheard <= 60_000


def test_nothing_but_a_work_and_its_commit_goes_to_the_server(database: Database) -> None:
    """Each round trip is a part of what a volunteer waits for."""
    status = text("SHOW SESSION STATUS LIKE 'Questions'")
    first, second = (database.read(lambda c: int(c.execute(status).one()[1])) for _ in range(2))
    assert second - first == 2


def test_what_was_left_uncommitted_is_undone_when_its_connection_is_given_back(
    database: Database,
) -> None:
    """The next one to get it commits nothing of others."""
    database.write(lambda c: c.execute(text("CREATE TABLE t (x INT) ENGINE=InnoDB")))
    left = database.engine.raw_connection()
    left.cursor().execute("INSERT INTO t VALUES (1)")
    left.close()
    assert database.write(lambda c: c.scalar(text("SELECT COUNT(*) FROM t"))) == 0
    assert database.read(lambda c: c.scalar(text("SELECT COUNT(*) FROM t"))) == 0


def test_threads_share_few_connections(mariadb_url: str) -> None:
    """However many threads there are, they wait for a connection instead of opening one."""
    with closing(Database(mariadb_url, connections=2)) as database:
        ids: set[int | None] = set()
        connection_id = text("SELECT CONNECTION_ID()")
        threads = [
            threading.Thread(
                target=lambda: ids.add(database.write(lambda c: c.scalar(connection_id)))
            )
            for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 1 <= len(ids) <= 2


def test_a_gate_lets_in_who_has_waited_longest() -> None:
    """Who comes back at once goes to the end of the queue."""
    gate, order, threads = Gate(1), [], []

    def pass_through(number: int) -> None:
        with gate.passed():
            order.append(number)

    with gate.passed():
        for number in range(4):
            threads.append(threading.Thread(target=pass_through, args=(number,)))
            threads[-1].start()
            wait_until(lambda number=number: len(gate._waiting) > number, "the thread to wait")
    with gate.passed():
        order.append(99)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 99]


def test_a_gate_has_an_end_of_patience() -> None:
    """The message says what to look for, and the place is not lost."""
    gate = Gate(1, patience=0.01)
    with gate.passed(), pytest.raises(StoreError, match="All connections"), gate.passed():
        pytest.fail("There was no place.")
    for _ in range(2):
        with gate.passed():
            pass


class Queue:
    """Works of many threads, which wait until the first one may end."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.writer: SingleWriter = database._write.__self__
        self.open = threading.Event()
        self.results: dict[object, object] = {}
        self.threads: list[threading.Thread] = []

    def add(self, key: object, work: Work) -> None:
        """Let a thread write, and wait until its work is in its place."""
        waiting = len(self.writer._waiting)
        leads = not self.threads
        taken = threading.Event()

        def first(connection: Connection) -> object:
            taken.set()
            self.open.wait(30)
            return work(connection)

        def run() -> None:
            try:
                self.results[key] = self.database.write(first if leads else work)
            except BaseException as error:  # noqa: BLE001 - looked at by the test
                self.results[key] = error

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()
        if leads:
            assert taken.wait(30)
        else:
            wait_until(lambda: len(self.writer._waiting) > waiting, "the work to wait")

    def finish(self) -> dict[object, object]:
        """Let the first one end, and give what each thread got."""
        self.open.set()
        for thread in self.threads:
            thread.join()
        return self.results


def commits(database: Database) -> list[None]:
    """Give a list that grows with each commit."""
    found: list[None] = []
    event.listen(database.engine, "commit", lambda connection: found.append(None))
    return found


def test_what_waits_is_committed_together(sqlite: Database) -> None:
    """Nine works, one commit, and each thread gets what its own work gave."""
    queue, committed = Queue(sqlite), commits(sqlite)
    for number in range(9):
        queue.add(number, partial(put, number))
    assert queue.finish() == {number: number for number in range(9)}
    assert len(committed) == 1
    assert numbers(sqlite) == list(range(9))


def test_a_commit_has_an_end(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever leads stops after a while, and the next one leads."""
    monkeypatch.setattr("animelabel_widgets.store.single_writer.TOGETHER", 4)
    queue, committed = Queue(sqlite), commits(sqlite)
    for number in range(9):
        queue.add(number, partial(put, number))
    assert queue.finish() == {number: number for number in range(9)}
    assert len(committed) == 3


def test_a_work_that_fails_undoes_only_itself(sqlite: Database) -> None:
    """A duplicate and an exception in the middle leave the others as they are."""
    queue = Queue(sqlite)

    def half(connection: Connection) -> None:
        put(70, connection)
        raise LookupError("half way")

    for key, work in {"a": partial(put, 1), "b": partial(put, 1), "c": half}.items():
        queue.add(key, work)
    queue.add("d", partial(put, 2))
    got = queue.finish()
    assert (got["a"], got["d"]) == (1, 2)
    assert isinstance(got["b"], StoreError)
    assert isinstance(got["b"].__cause__, IntegrityError)
    assert repr(got["c"]) == "LookupError('half way')"
    assert numbers(sqlite) == [1, 2]


def test_a_commit_that_fails_fails_for_all_and_the_next_ones_go_on(sqlite: Database) -> None:
    """Nobody is told that something was saved which was not."""
    sqlite.write(lambda c: c.execute(text("CREATE TABLE u (x REFERENCES t (x) DEFERRABLE "
                                          "INITIALLY DEFERRED)")))  # fmt: skip
    queue = Queue(sqlite)
    queue.add("good", partial(put, 1))
    queue.add("bad", lambda c: c.execute(text("INSERT INTO u VALUES (99)")))
    got = queue.finish()
    assert all(isinstance(error, StoreError) for error in got.values())
    assert numbers(sqlite) == []
    assert sqlite.write(partial(put, 3)) == 3


def test_who_is_interrupted_while_waiting_takes_the_work_back(sqlite: Database) -> None:
    """Ctrl-C in a notebook leaves neither the work nor a gap in the queue."""
    queue = Queue(sqlite)
    queue.add(1, partial(put, 1))

    def interrupt() -> None:
        wait_until(lambda: len(queue.writer._waiting) == 1, "the main thread to wait")
        signals.pthread_kill(threading.main_thread().ident or 0, signals.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        sqlite.write(partial(put, 2))
    queue.add(3, partial(put, 3))
    assert queue.finish() == {1: 1, 3: 3}
    assert numbers(sqlite) == [1, 3]


def test_a_work_that_wants_to_end_everything_ends_its_own_thread_alone(sqlite: Database) -> None:
    """SystemExit and KeyboardInterrupt are raised by the thread whose work it is."""
    queue = Queue(sqlite)

    def leave(connection: Connection) -> None:
        put(2, connection)
        raise SystemExit

    queue.add(0, partial(put, 0))
    queue.add(1, leave)
    queue.add(3, partial(put, 3))
    got = queue.finish()
    assert isinstance(got.pop(1), SystemExit)
    assert got == {0: 0, 3: 3}
    assert numbers(sqlite) == [0, 3]


def test_a_work_does_not_wait_for_ever(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gets no turn is told so, and his work is not done later."""
    monkeypatch.setattr("animelabel_widgets.store.single_writer.PATIENCE", 0.05)
    queue = Queue(sqlite)
    queue.add(0, partial(put, 0))
    with pytest.raises(StoreError, match="Nobody could write to the database"):
        sqlite.write(partial(put, 1))
    assert queue.finish() == {0: 0}
    assert numbers(sqlite) == [0]


def test_a_write_inside_a_write_is_refused(sqlite: Database) -> None:
    """It would wait for itself."""
    with pytest.raises(RuntimeError, match="inside a write"):
        sqlite.write(lambda connection: sqlite.write(partial(put, 1)))
    assert sqlite.write(partial(put, 2)) == 2


def test_the_writer_ends_when_there_is_nothing_to_do(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And begins again with the next work."""
    monkeypatch.setattr("animelabel_widgets.store.single_writer._IDLE", 0.01)
    writer: SingleWriter = sqlite._write.__self__
    for number in range(2):
        assert sqlite.write(partial(put, number)) == number
        wait_until(lambda: writer._thread is None, "the writer to end")


def test_a_copy_of_a_lock_in_a_forked_process_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fork copies the descriptors of this process, and may outlive its turn."""
    copies: list[int] = []
    really = os.open

    def copied(*arguments: Any) -> int:
        descriptor = really(*arguments)
        copies.append(os.dup(descriptor))
        return descriptor

    file = tmp_path / "a.db"
    monkeypatch.setattr("animelabel_widgets.store.lock_files.os.open", copied)
    turn = Turn(file)
    assert turn.take()
    assert taken(Path(f"{file}-turn"))
    turn.give_back()
    assert not taken(Path(f"{file}-turn"))
    turn.close()
    for descriptor in copies:
        os.close(descriptor)


def test_a_fork_has_no_part_in_a_turn(tmp_path: Path) -> None:
    """It may outlive a process that is killed in its turn."""
    turn = Turn(tmp_path / "a.db")
    assert turn.take()
    child = os.fork()
    if child == 0:
        turn.give_back()
        os._exit(len(turn._locks))
    assert os.waitpid(child, 0)[1] == 0
    assert taken(tmp_path / "a.db-turn")
    turn.close()
    assert not taken(tmp_path / "a.db-turn")


def test_a_forgotten_turn_leaves_no_file_open(tmp_path: Path) -> None:
    """As of a project that a notebook's cell opens again and again."""
    turn = Turn(tmp_path / "a.db")
    assert turn.take()
    del turn
    gc.collect()
    assert not taken(tmp_path / "a.db-turn")


def test_processes_take_turns(tmp_path: Path) -> None:
    """Who just had a turn comes after who waits, even asking again at once."""
    file, order = tmp_path / "a.db", []
    # Each opens the lock files for itself, as processes do.
    one, other = Turn(file), Turn(file)

    def wait_for_a_turn() -> None:
        other.take()
        order.append("second")
        other.give_back()

    waiting = threading.Thread(target=wait_for_a_turn)
    assert one.take()
    order.append("first")
    assert not other.take(wait=False)
    waiting.start()
    wait_until(lambda: taken(Path(f"{file}-queue")), "the other one to wait")
    one.give_back()
    assert one.take()
    order.append("first again")
    waiting.join()
    assert order == ["first", "second", "first again"]
    one.close()
    other.close()


def taken(lock: Path) -> bool:
    """Tell whether somebody holds a lock file."""
    import fcntl

    with lock.open() as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_store_whose_folder_refuses_the_lock_files_says_so(sqlite_url: str) -> None:
    """A file in the place of the queue's lock is an error in one sentence."""
    Store.open(sqlite_url).close()
    queue = Path(sqlite_url.removeprefix("sqlite:///") + "-queue")
    queue.unlink()
    queue.mkdir()
    (queue / "in the way").touch()
    refused = pytest.raises(StoreError, match=r"-queue cannot be opened .*: let this user write")
    with refused, closing(Store.open(sqlite_url)) as store:
        store.volunteer("0" * 32)


def test_a_forked_process_writes_on_a_connection_of_its_own(sqlite: Database) -> None:
    """What this process has kept open is of no use to it."""
    queue = Queue(sqlite)
    queue.add(0, partial(put, 0))
    queue.finish()
    child = os.fork()
    if child == 0:
        try:
            sqlite.write(partial(put, 7))
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert sqlite.write(partial(put, 8)) == 8
    assert numbers(sqlite) == [0, 7, 8]
