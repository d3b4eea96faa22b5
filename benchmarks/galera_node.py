"""One Galera node on loopback: started, killed, brought back, asked, ended."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql

DATABASE = "anime"
USER = "rater"
START_SECONDS = 120
"""For a node to join, state transfer included."""

# Both transfers end with such a line of the joiner's script.
TRANSFERRED = re.compile(r"(IST|SST) completed on joiner")
RECOVERED = re.compile(r"Recovered position: (\S+)")


@dataclass
class Node:
    """One server, its folder and its ports."""

    number: int
    folder: Path
    port: int
    password: str
    server: str
    account: dict[str, object]
    process: subprocess.Popen[bytes] | None = None
    sessions: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the store finds the database."""
        return f"mysql+pymysql://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self, *options: str) -> None:
        """Start the server; it takes part once `wait_until_synced` has returned."""
        with (self.folder / "node.out").open("ab") as out:
            self.process = subprocess.Popen(
                # Should this benchmark be killed, the servers go with it.
                ["setpriv", "--pdeathsig", "KILL", *self._command(*options)],  # noqa: S607
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                **self.account,
            )
        self.sessions.append(self.process.pid)

    def wait_until_synced(self) -> None:
        """Wait until the node has everything and takes queries."""
        end = time.monotonic() + START_SECONDS
        while not self._is_synced():
            if self.process is None or self.process.poll() is not None:
                raise RuntimeError(f"Node {self.number} ended; its log ends with:\n{self._log_end}")
            if time.monotonic() > end:
                raise TimeoutError(
                    f"Node {self.number} was not synced after {START_SECONDS} s; "
                    f"its log ends with:\n{self._log_end}"
                )
            time.sleep(0.1)

    def kill(self) -> None:
        """End the server with SIGKILL, as a machine that fails."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self) -> str:
        """Start it again after `kill`, from the position that its own files say; give that."""
        log = self.folder / "node.err"
        log.unlink(missing_ok=True)
        subprocess.run(
            self._command("--wsrep-recover"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=START_SECONDS,
            check=True,
            **self.account,
        )
        found = RECOVERED.findall(log.read_text(errors="replace"))
        position: str = found[-1] if found else "00000000-0000-0000-0000-000000000000:-1"
        self.start(f"--wsrep-start-position={position}")
        return position

    def lose_data(self) -> None:
        """Empty its data directory, as a new disk is."""
        shutil.rmtree(self.folder / "data")
        (self.folder / "node.err").unlink(missing_ok=True)
        make_folders(self.folder, self.account, "data")

    @property
    def transferred(self) -> str:
        """How the node got its state when it last joined: IST or SST."""
        found = TRANSFERRED.findall(self._log)
        return found[-1] if found else "unknown"

    def status(self, name: str) -> str:
        """Give a status variable."""
        rows = self.query("SHOW GLOBAL STATUS LIKE %s", name)
        return str(rows[0][1]) if rows else ""

    def wait_until_applied(self) -> None:
        """Wait until the node has applied everything that was committed anywhere."""
        self.query("SELECT 1")

    def query(self, statement: str, *values: object) -> tuple[tuple[Any, ...], ...]:
        """Run a statement as root, after everything that was committed anywhere is applied."""
        with (
            closing(
                pymysql.connect(unix_socket=str(self.folder / "s"), user="root", read_timeout=60)
            ) as connection,
            connection.cursor() as cursor,
        ):
            if not statement.startswith("SHOW"):  # which a node answers before it has joined
                cursor.execute("SET SESSION wsrep_sync_wait = 15")
            cursor.execute(statement, values or None)
            return tuple(cursor.fetchall())

    def end(self) -> None:
        """End the server and what it started; a killed server leaves its transfer scripts."""
        self.kill()
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if os.getsid(int(process.name)) in self.sessions:
                    os.kill(int(process.name), signal.SIGKILL)

    def _is_synced(self) -> bool:
        try:
            return self.status("wsrep_local_state_comment") == "Synced"
        except pymysql.Error:
            return False

    @property
    def _log(self) -> str:
        """What the server has logged since it was last started."""
        log = self.folder / "node.err"
        return log.read_text(errors="replace") if log.exists() else "(empty)"

    @property
    def _log_end(self) -> str:
        return "\n".join(self._log.splitlines()[-15:])

    def _command(self, *options: str) -> list[str]:
        return [self.server, f"--defaults-file={self.folder / 'node.cnf'}", *options]


def make_folders(folder: Path, account: dict[str, object], *names: str) -> None:
    """Make folders that belong to the servers' user."""
    for name in names:
        made = folder / name
        made.mkdir(parents=True, exist_ok=True)
        if account:
            os.chown(made, int(str(account["user"])), int(str(account["group"])))
