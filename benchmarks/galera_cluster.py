"""Three Galera nodes on loopback: started, killed, brought back, and ended whatever happens."""

from __future__ import annotations

import os
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pymysql

NODES = 3
DATABASE = "anime"
USER = "rater"
START_SECONDS = 120
"""For a node to join, state transfer included."""

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin"
PROVIDERS = ("/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so")
# Debian's package of each program, for the sentence that says what is missing.
PROGRAMS = {
    "mariadbd": "mariadb-server",
    "mariadb-install-db": "mariadb-server",
    "setpriv": "util-linux",
    "ss": "iproute2",
}
TRANSFERS = {
    "rsync": {"rsync": "rsync"},
    "mariabackup": {"mariadb-backup": "mariadb-backup", "socat": "socat"},
}
"""The methods of a full state transfer, with what each needs."""

SETTINGS = """\
[mariadbd]
binlog_format = ROW
default_storage_engine = InnoDB
innodb_autoinc_lock_mode = 2
innodb_flush_log_at_trx_commit = 1
innodb_buffer_pool_size = 128M
innodb_log_file_size = 64M
character_set_server = utf8mb4
performance_schema = OFF
max_connections = 100
skip_name_resolve
bind_address = 127.0.0.1
port = {port}
datadir = {folder}/data
tmpdir = {folder}/tmp
socket = {folder}/s
pid_file = {folder}/pid
log_error = {folder}/node.err

wsrep_on = ON
wsrep_provider = {provider}
wsrep_provider_options = "gmcast.listen_addr=tcp://127.0.0.1:{group_port};\
ist.recv_addr=127.0.0.1:{ist_port};gcache.size=128M"
wsrep_cluster_name = {cluster}
wsrep_cluster_address = gcomm://{members}
wsrep_node_name = node{number}
wsrep_node_address = 127.0.0.1:{group_port}
wsrep_node_incoming_address = 127.0.0.1:{port}
wsrep_slave_threads = 4
wsrep_sst_method = {transfer}
wsrep_sst_receive_address = 127.0.0.1:{sst_port}
wsrep_sst_auth = root:
wsrep_sync_wait = 1

[sst]
sst-log-archive = 0
"""
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
            self.process = subprocess.Popen(  # noqa: S603 - our own command
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
        subprocess.run(  # noqa: S603 - our own command
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

    def query(self, statement: str, *values: object) -> tuple[tuple[object, ...], ...]:
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


@contextmanager
def galera(transfer: str) -> Iterator[list[Node]]:
    """Start three nodes with an empty database, and end them with all their data.

    Parameters
    ----------
    transfer
        How a node gets the whole state: a key of `TRANSFERS`.
    """
    provider = look_for_programs(transfer)
    account = unprivileged()
    with ExitStack() as stack:
        # Short on purpose: the path of a Unix socket ends at 107 characters.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="alg-", dir="/tmp")))
        make_folders(folder, account, ".")
        nodes = prepare(folder, account, provider, transfer)
        for node in nodes:
            stack.callback(node.end)
        install(nodes[0])
        nodes[0].start("--wsrep-new-cluster")
        nodes[0].wait_until_synced()
        nodes[0].query(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4")
        nodes[0].query(f"CREATE USER {USER}@127.0.0.1 IDENTIFIED BY '{nodes[0].password}'")
        nodes[0].query(f"GRANT ALL ON {DATABASE}.* TO {USER}@127.0.0.1")
        for node in nodes[1:]:  # one after another: a donor serves one at a time
            node.start()
            node.wait_until_synced()
        yield nodes


def look_for_programs(transfer: str) -> str:
    """Give the path of Galera's library, or end with a sentence that says what to install."""
    needed = PROGRAMS | TRANSFERS[transfer]
    missing = {package for name, package in needed.items() if not shutil.which(name, path=PATH)}
    provider = next((each for each in PROVIDERS if Path(each).is_file()), None)
    if provider is None:
        missing.add("galera-4")
    if missing or provider is None:
        sys.exit(
            f"Not found: {', '.join(sorted(missing))} (Debian's names): "
            "install them to run three Galera nodes."
        )
    return provider


def unprivileged() -> dict[str, object]:
    """Give what makes a process of root's somebody else's: rsync's transfer fails as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("mysql", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    sys.exit("As root, a user mysql or nobody is needed to run the servers: create one.")


def make_folders(folder: Path, account: dict[str, object], *names: str) -> None:
    """Make folders that belong to the servers' user."""
    for name in names:
        made = folder / name
        made.mkdir(parents=True, exist_ok=True)
        if account:
            os.chown(made, int(str(account["user"])), int(str(account["group"])))


def prepare(folder: Path, account: dict[str, object], provider: str, transfer: str) -> list[Node]:
    """Write the settings of every node."""
    ports = free_ports(4 * NODES)
    groups = ports[NODES : 2 * NODES]
    password = secrets.token_hex(16)
    server = str(shutil.which("mariadbd", path=PATH))
    nodes = []
    for index in range(NODES):
        node = Node(index + 1, folder / str(index + 1), ports[index], password, server, account)
        make_folders(node.folder, account, ".", "data", "tmp")
        text = SETTINGS.format(
            number=node.number,
            folder=node.folder,
            provider=provider,
            cluster=folder.name,
            members=",".join(f"127.0.0.1:{port}" for port in groups),
            port=node.port,
            group_port=groups[index],
            ist_port=ports[2 * NODES + index],
            sst_port=ports[3 * NODES + index],
            transfer=transfer,
        )
        (node.folder / "node.cnf").write_text(text)
        nodes.append(node)
    return nodes


def install(node: Node) -> None:
    """Write the server's own tables; the other nodes get them from this one."""
    subprocess.run(  # noqa: S603 - our own command
        [
            str(shutil.which("mariadb-install-db", path=PATH)),
            f"--defaults-file={node.folder / 'node.cnf'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=START_SECONDS,
        check=True,
        **node.account,
    )


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on, and that no connection is given while a node is down."""
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 100 * count):
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            break
    return found
