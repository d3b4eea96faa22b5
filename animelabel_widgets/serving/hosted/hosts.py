"""The server's side of the host processes: starting, spreading visitors, recycling, mourning.

A little longer than other modules, so that a host's whole life stands in one place.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from .children import Children, kill

_log = logging.getLogger(__name__)
_LINE = 64 * 2**20
_PATIENCE = 60.0
"""Seconds for which a host may do what it was asked."""
_START_WITHIN = 300.0
"""Seconds for which a host may start, beside all others."""
_SOON = 10.0
"""Seconds within which a host that is well tells how it is."""
_SILENCES = 3
"""Times in a row that a host does not tell, after which it is ended."""


class HostError(RuntimeError):
    """A host did not do what it was asked: it died, or the notebook failed."""


class HostDiedError(HostError):
    """The host ended meanwhile: another one can be asked."""


@dataclass(eq=False)
class Process:
    """A host process, and the kernels in it."""

    child: asyncio.subprocess.Process
    requests: asyncio.StreamWriter
    kernels: set[str] = field(default_factory=set)
    served: int = 0
    rss: int = 0
    silences: int = 0
    draining: bool = False
    dead: bool = False
    asked: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)


class Hosts:
    """A few host processes, kept at their number.

    Parameters
    ----------
    number
        How many.
    modules
        What each imports before it takes visitors.
    recycle_after
        Visitors after whom a host takes no more, and ends once the last of them has gone.
    recycle_bytes
        Memory from which on the same happens.
    environ
        Variables of the hosts, beside those of this process.
    """

    def __init__(
        self,
        number: int = 2,
        modules: Sequence[str] = ("ipywidgets",),
        *,
        recycle_after: int = 5000,
        recycle_bytes: int = 2 * 2**30,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._number = number
        self._modules = modules
        self._recycle_after = recycle_after
        self._recycle_bytes = recycle_bytes
        self._environ = dict(environ or {})
        self._hosts: list[Process] = []
        self._children = Children()
        self._places: dict[str, Process] = {}
        self._texts: dict[str, str] = {}
        self._ids = count()
        self._starting = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False
        self.on_death: Callable[[list[str]], None] = lambda _kernels: None

    async def start(self) -> None:
        """Start what is missing; give back once all are ready."""
        async with self._starting:
            missing = self._number - len(self._taking())
            if missing > 0 and not self._closed:
                starts = [self._start_one() for _ in range(missing)]
                # All of them, also where one fails: the others would be counted by nobody.
                for failed in await asyncio.gather(*starts, return_exceptions=True):
                    if failed:
                        raise failed

    async def launch(
        self,
        kernel_id: str,
        connection: dict[str, Any],
        environ: dict[str, str],
        *,
        statuses: bool,
    ) -> None:
        """Start a virtual kernel in the host that has fewest.

        Raises
        ------
        HostError
            If no host can.
        """
        request = {
            "kernel": kernel_id,
            "connection": connection,
            "environ": environ,
            "statuses": statuses,
        }
        for _ in range(self._number):
            try:
                await self._place(kernel_id, request)
            except HostDiedError as error:
                # It died just now: there is another, or one that starts.
                _log.info("Another host is asked: %s", error)
            else:
                return
        await self._place(kernel_id, request)

    async def _place(self, kernel_id: str, request: dict[str, Any]) -> None:
        """Start a virtual kernel in a host."""
        host = await self._some_host()
        host.kernels.add(kernel_id)
        host.served += 1
        self._places[kernel_id] = host
        try:
            await self._ask(host, "start", **request)
        except HostError:
            self._gone(kernel_id)
            self._end_drained(host)
            raise
        if host.served >= self._recycle_after:
            self._drain(host)

    async def run(self, kernel_id: str, code: str) -> dict[str, Any]:
        """Run code in a kernel; see `VirtualKernel.run`.

        Raises
        ------
        HostError
            If the code fails, or its host dies.
        """
        answer = await self._ask(self._host(kernel_id), "run", kernel=kernel_id, code=code)
        self._texts.update(answer.pop("texts"))
        return answer

    def text(self, digest: str) -> str:
        """Give a large text of a widget's state by its hash."""
        return self._texts[digest]

    def alive(self, kernel_id: str) -> bool:
        """Tell whether a kernel lives."""
        return kernel_id in self._places

    async def stop(self, kernel_id: str) -> None:
        """End a kernel; that of a dead host has ended already."""
        host = self._gone(kernel_id)
        if host and not host.dead:
            with contextlib.suppress(HostError):
                await self._ask(host, "stop", kernel=kernel_id)
            self._end_drained(host)

    async def stats(self) -> list[dict[str, Any]]:
        """Give each host's process id, kernels, and memory in bytes.

        One that has become too large takes no more visitors; one that does not answer several
        times in a row is ended.
        """
        told = await asyncio.gather(*map(self._stats_of, list(self._hosts)))
        return [each for each in told if each]

    async def _stats_of(self, host: Process) -> dict[str, Any] | None:
        """Ask a host how it is."""
        try:
            answer = await self._ask(host, "stats", within=_SOON)
        except HostDiedError:
            return None
        except HostError as error:
            host.silences += 1
            if host.silences >= _SILENCES:
                _log.error("Host %d is ended: %s", host.child.pid, error)
                kill(host.child)
            return None
        host.silences = 0
        host.rss = answer["rss"]
        if host.rss > self._recycle_bytes and not host.draining:
            self._drain(host)
        return {"pid": host.child.pid, **answer, "draining": host.draining}

    async def close(self) -> None:
        """End all hosts, and their kernels with them."""
        self._closed = True
        # What still starts holds the lock until it is ready or has ended.
        self._children.kill_all_but(each.child for each in self._hosts)
        async with self._starting:
            hosts = list(self._hosts)
        for host in hosts:
            host.requests.close()
        await self._children.end(within=5)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _some_host(self) -> Process:
        """Give the host that has fewest kernels, waiting for one only where there is none."""
        if not self._taking():
            await self.start()
        elif len(self._taking()) < self._number and not self._starting.locked():
            self._go_on(self.start())
        if not self._taking():
            raise HostError("no host process is running: the server ends")
        return min(self._taking(), key=lambda each: len(each.kernels))

    def _taking(self) -> list[Process]:
        """Give the hosts that take visitors."""
        return [each for each in self._hosts if not each.draining]

    async def _start_one(self) -> None:
        """Start a host and wait until it is ready."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", f"{__package__}.host", str(theirs.fileno())]
        with theirs:
            child = await self._children.start(
                *command,
                *self._modules,
                pass_fds=[theirs.fileno()],
                env={**os.environ, **self._environ},
            )
        answers, requests = await asyncio.open_connection(sock=ours, limit=_LINE)
        if not await self._children.first_line(child, answers, _START_WITHIN):
            requests.close()
            status = await self._children.ended(child)
            raise HostError(f"a host process ended at its start with {status}")
        host = Process(child, requests)
        self._hosts.append(host)
        self._go_on(self._listen(host, answers))

    async def _listen(self, host: Process, answers: asyncio.StreamReader) -> None:
        """Take a host's answers until it ends; then mourn it and start another."""
        with contextlib.suppress(ConnectionError):
            # What has no end is the last of a host that died over it.
            while (line := await answers.readline()).endswith(b"\n"):
                answer = json.loads(line)
                if "ended" in answer:
                    self._gone(answer["ended"])
                    continue
                future = host.asked.pop(answer["id"], None)
                if future and not future.done():
                    future.set_result(answer)
        host.dead = True
        self._hosts.remove(host)
        host.requests.close()
        for future in host.asked.values():
            if not future.done():
                future.set_exception(HostDiedError("the host process ended"))
        host.asked.clear()
        lost = sorted(host.kernels)
        for kernel_id in lost:
            self._gone(kernel_id)
        status = await self._children.ended(host.child)
        if self._closed:
            return
        if not host.draining:
            _log.error(
                "Host %d ended with %d, and %d kernels with it", host.child.pid, status, len(lost)
            )
        self.on_death(lost)
        await self.start()

    async def _ask(
        self, host: Process, do: str, *, within: float = _PATIENCE, **request: Any
    ) -> dict[str, Any]:
        """Ask a host, and wait for its answer so many seconds."""
        if host.dead:
            raise HostDiedError("the host process ended")
        number = next(self._ids)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        host.asked[number] = future
        host.requests.write(json.dumps({"id": number, "do": do, **request}).encode() + b"\n")
        try:
            async with asyncio.timeout(within):
                answer = await future
        except TimeoutError:
            host.asked.pop(number, None)
            raise HostError(f"the host did not answer within {within:.0f} s") from None
        if "error" in answer:
            raise HostError(answer["error"])
        return answer

    def _host(self, kernel_id: str) -> Process:
        """Give the host of a kernel."""
        if kernel_id not in self._places:
            raise HostError("the kernel ended")
        return self._places[kernel_id]

    def _gone(self, kernel_id: str) -> Process | None:
        """Note that a kernel ended."""
        host = self._places.pop(kernel_id, None)
        if host:
            host.kernels.discard(kernel_id)
        return host

    def _drain(self, host: Process) -> None:
        """Let a host take no more visitors, and start another in its place."""
        host.draining = True
        self._end_drained(host)
        self._go_on(self.start())

    def _end_drained(self, host: Process) -> None:
        """End a host that takes no more visitors once the last of them has gone."""
        if host.draining and not host.kernels:
            host.requests.close()

    def _go_on(self, work: Any) -> None:
        """Do something beside."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        """Tell what went wrong beside."""
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            _log.error("A host is missing: %s", task.exception())
