"""A private MariaDB server on a temporary directory and a free port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pymysql

from .missing import missing
from .waiting import free_port, wait_until

REMEDY = "install the Debian package mariadb-server, or what your system calls it"
USER = "tester"
# Of a server that lives for one test run and listens on 127.0.0.1 only.
PASSWORD = "p@ss:w/rd"  # noqa: S105


@dataclass
class MariaDB:
    """A server: how it is started, where it listens, and the log that it writes."""

    command: list[str]
    port: int
    socket: Path
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Start the server on what its folder has, and wait until it answers."""
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)
        _wait_until_listening(self)

    def kill(self) -> None:
        """End the server as a crash does."""
        self.process.kill()
        self.process.wait()

    def administer(self, *statements: str) -> None:
        """Execute statements as root, through the socket."""
        with (
            closing(pymysql.connect(unix_socket=str(self.socket), user="root")) as connection,
            connection.cursor() as cursor,
        ):
            # A forgotten transaction fails the test at once instead of hanging it.
            cursor.execute("SET lock_wait_timeout = 15")
            for statement in statements:
                cursor.execute(statement)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, give its URL, drop it afterwards."""
        name = f"test_{uuid4().hex}"
        self.administer(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            yield f"mysql+pymysql://{USER}:p%40ss%3Aw%2Frd@127.0.0.1:{self.port}/{name}"
        finally:
            self.administer(f"DROP DATABASE {name}")


@contextmanager
def private_mariadb(*options: str) -> Iterator[MariaDB]:
    """Start a server that nobody else uses, and end it with all its data.

    Parameters
    ----------
    options
        Of `mariadbd`; they win over those of the tests.
    """
    programs = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
    server = shutil.which("mariadbd", path=programs)
    installer = shutil.which("mariadb-install-db", path=programs)
    if server is None or installer is None:
        missing("MariaDB", REMEDY)
    # Short on purpose: the path of a Unix socket ends at 107 characters.
    with tempfile.TemporaryDirectory(prefix="al-", dir="/tmp") as name:
        folder = Path(name)
        # A server that root starts refuses to run as root unless told to.
        user = ["--user=root"] if os.geteuid() == 0 else []
        _install(installer, folder, user)
        port = free_port()
        log = folder / "server.log"
        usual = [
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            f"--socket={folder / 's'}",
            f"--pid-file={folder / 'pid'}",
            f"--log-error={log}",
            "--bind-address=127.0.0.1",
            f"--port={port}",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_general_ci",
            "--innodb-buffer-pool-size=48M",
            "--innodb-log-file-size=16M",
            "--innodb-flush-log-at-trx-commit=2",
            "--performance-schema=OFF",
            "--max-connections=200",
            "--table-open-cache=400",
        ]
        found = MariaDB([server, *usual, *options, *user], port, folder / "s", log)
        try:
            found.start()
            found.administer(
                f"CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
                f"GRANT ALL ON `test\\_%`.* TO '{USER}'@'127.0.0.1'",
            )
            yield found
        finally:
            _end(found.process)


def _install(installer: str, folder: Path, user: list[str]) -> None:
    """Write the server's own tables into the folder."""
    done = subprocess.run(
        [
            installer,
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *user,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"mariadb-install-db failed; its output was:\n{done.stdout}")


def _wait_until_listening(server: MariaDB) -> None:
    """Wait until the server answers."""

    def check() -> None:
        if server.process.poll() is not None:
            raise RuntimeError(
                f"mariadbd ended with {server.process.returncode}; its log:\n{_read(server.log)}"
            )

    def listens() -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(server.socket)) == 0

    try:
        wait_until(listens, "mariadbd to listen", timeout=60, check=check)
    except TimeoutError as error:
        raise RuntimeError(f"{error} Its log:\n{_read(server.log)}") from error


def _read(log: Path) -> str:
    """Give the log's text, as far as there is one."""
    return log.read_text(errors="replace") if log.exists() else "(empty)"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process, kindly at first."""
    process.terminate()
    try:
        process.wait(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
