"""The command line as a process of its own, and the server that it starts."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from .waiting import free_port, wait_until

ANIMELABEL = [str(Path(sys.executable).with_name("animelabel"))]
_ADDRESS = re.compile(r"http://localhost:\d+/[\w./-]*")


def run(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a folder of its own."""
    return subprocess.run(
        [*ANIMELABEL, *arguments],
        cwd=cwd,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def children_of(process: int) -> list[int]:
    """Give the processes that any thread of a process has started."""
    found: list[int] = []
    # It may just have ended, or one of its threads.
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            with suppress(OSError):
                children = (thread / "children").read_text(encoding="ascii")
                found += [int(each) for each in children.split()]
    return sorted(found)


def command_of(process: int) -> bytes:
    """Give the command line of a process, its words ended by zeros; none if it has just ended."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def family(root: int) -> list[int]:
    """Give a process and all that come from it."""
    found = [root]
    for parent in found:
        found += children_of(parent)
    return found


@dataclass(frozen=True)
class Server:
    """A running `animelabel serve`, or another command that serves."""

    process: subprocess.Popen[str]
    address: str
    folder: Path

    def kernels(self) -> list[int]:
        """Give the processes that run the kernels of its pages: the shared hosts."""
        return self.children("hosted.host")

    def children(self, what: str) -> list[int]:
        """Give the processes that it started, by a part of their command line."""
        return [each for each in children_of(self.process.pid) if what.encode() in command_of(each)]

    @property
    def log(self) -> str:
        """What the page's kernels have logged."""
        file = self.folder / "animelabel.log"
        return file.read_text(encoding="utf-8") if file.exists() else ""


@contextmanager
def serving_notebook(file: Path, *, environ: Mapping[str, str]) -> Iterator[str]:
    """Serve any notebook with a plain Voilà; give its address."""
    port = free_port()
    command = [sys.executable, "-m", "voila", str(file), "--no-browser", f"--port={port}"]
    address = f"http://localhost:{port}/"
    with (file.parent / "voila.txt").open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=file.parent, env={**os.environ, **environ}, stdout=output, stderr=output
        )

        def ended() -> None:
            if process.poll() is not None:
                said = (file.parent / "voila.txt").read_text(encoding="utf-8")
                raise RuntimeError(f"Voilà ended with {process.returncode}; it said:\n{said}")

        def listens() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("localhost", port)) == 0

        with process:
            try:
                wait_until(listens, "Voilà to listen", timeout=60, check=ended)
                yield address
            finally:
                process.terminate()
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()


def heed_ctrl_c() -> None:
    """Undo what a shell does to a job in its background: its processes ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def serving(
    *arguments: str,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    port: int | None = None,
    program: Sequence[str] = ANIMELABEL,
) -> Iterator[Server]:
    """Start a command that serves, wait for its address, and end it as Ctrl-C does."""
    command = [*program, *arguments, "--no-browser", "--port", str(port or free_port())]
    with (cwd / "stderr.txt").open("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            preexec_fn=heed_ctrl_c,  # noqa: PLW1509
        )
        with process:
            try:
                yield Server(process, _address(process, cwd), cwd)
            finally:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    raise


def _address(process: subprocess.Popen[str], folder: Path) -> str:
    """Read the output until it tells the address."""
    assert process.stdout is not None
    # The output of one that never tells has an end then.
    limit = Timer(300, process.kill)
    limit.start()
    try:
        for line in process.stdout:
            found = _ADDRESS.search(line)
            if found:
                return found[0]
    finally:
        limit.cancel()
    said = (folder / "stderr.txt").read_text(encoding="utf-8")
    raise RuntimeError(f"The server ended with {process.wait()}; it said:\n{said}")
