"""Three Galera nodes on loopback, as an unprivileged user, ended whatever happens."""

from __future__ import annotations

import os
import pwd
import random
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from galera_node import DATABASE, START_SECONDS, USER, Node, make_folders

NODES = 3
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
    subprocess.run(
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
