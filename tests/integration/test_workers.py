"""Server processes behind one address: visitors stay with theirs, and a dead one is replaced."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.commands import Server, serving
from support.story import tell
from support.visitor import Visitor
from support.waiting import wait_until

from animelabel_widgets.store import Store

WORKERS, PLACES = 2, 8


@pytest.fixture
def server(served: Store, sqlite_url: str, frames: Path, tmp_path: Path) -> Iterator[Server]:
    """Give the page behind two server processes, each with one host, below a base URL."""
    environ = {"ANIMELABEL_DATABASE_URL": sqlite_url, "ANIMELABEL_PICTURES": str(frames)}
    options = ["--workers", str(WORKERS), "--hosts", "1", "--max-visitors", str(PLACES)]
    with serving(
        "serve", *options, "--base-url", "label", cwd=tmp_path, environ=environ
    ) as running:
        assert running.address.endswith("/label/")
        yield running


def worker_of(visitor: Visitor) -> str:
    """Give the number of a visitor's server process."""
    return visitor.cookie.partition("=")[2].partition(".")[0]


async def come_in(visitor: Visitor) -> list[dict[str, Any]]:
    """Ask for a place until there is one, as the page does; give the first pictures' tasks.

    Where all come at once, the front may send one to a process whose last place has just gone: it
    knows how full each is from what they tell once a second.
    """
    async with asyncio.timeout(60):
        while await visitor.enter() != 200:
            pass
    return await visitor.begin()


def test_visitors_stay_with_their_process_and_are_spread(server: Server, served: Store) -> None:
    """All places are taken evenly, each visitor rates through requests that come one by one."""

    async def story() -> None:
        crowd = [Visitor(server.address) for _ in range(PLACES)]
        first = await asyncio.gather(*map(come_in, crowd))
        for visitor, tasks in zip(crowd, first, strict=True):
            former = visitor.place["kernel"]
            assert (await visitor.rate(tasks[0], person=True))["kind"] == "saved"
            # He comes back to his kernel over new connections.
            await visitor.connect()
            assert await visitor.enter() == 200
            assert visitor.place["kernel"] == former
        numbers = sorted(worker_of(each) for each in crowd)
        assert numbers == ["0"] * (PLACES // 2) + ["1"] * (PLACES // 2)
        assert await Visitor(server.address).enter() == 503

    tell(story)
    assert len(served.ratings()) == PLACES


def test_nobody_waits_at_a_full_process_while_another_has_a_place(server: Server) -> None:
    """Whoever leaves where: the place is for who waits."""

    async def story() -> None:
        crowd = [Visitor(server.address) for _ in range(PLACES)]
        await asyncio.gather(*map(come_in, crowd))
        late = Visitor(server.address)
        assert await late.enter() == 503
        elsewhere = next(each for each in crowd if worker_of(each) != worker_of(late))
        reply = await elsewhere.fetch("leave", method="POST", body=elsewhere.place["kernel"])
        assert reply.code < 300
        assert len(await come_in(late)) > 0
        assert worker_of(late) == worker_of(elsewhere)

    tell(story)


async def come_back(visitor: Visitor) -> None:
    """Ask for the page, as a browser does, until it is not the dead process that is to answer."""
    async with asyncio.timeout(30):
        while True:
            try:
                await visitor.visit()
            except OSError:
                continue
            return


def test_a_dead_process_is_replaced_and_the_others_go_on(server: Server, served: Store) -> None:
    """Its visitors get new kernels, at once from the other or later from the new one."""

    async def story() -> None:
        crowd = [Visitor(server.address) for _ in range(4)]
        tasks = [await each.visit() for each in crowd]
        # The front may not know yet of the last who came: they need not be two and two.
        with_the_dead = [worker_of(each) for each in crowd].count("0")
        assert 1 <= with_the_dead <= 3
        (killed,) = server.children('"number": 0')
        os.kill(killed, signal.SIGKILL)
        lost = 0
        for visitor, (task, *_) in zip(crowd, tasks, strict=True):
            try:
                assert (await visitor.rate(task))["kind"] == "saved"
            except ConnectionError:
                lost += 1
                # Its token brings the volunteer's assignments along.
                await come_back(visitor)
                assert (await visitor.rate(task))["kind"] == "saved"
        assert lost == with_the_dead

    tell(story)
    assert len(served.ratings()) == 4
    wait_until(lambda: len(server.children("serving.worker")) == WORKERS, "a new process")
    wait_until(lambda: server.log.count("Ready for") == WORKERS + 1, "it to be ready")


def test_figures_of_all_processes_stand_together(server: Server) -> None:
    """Prometheus gets one page for all; a visitor through a proxy gets none."""

    async def story() -> None:
        crowd = [Visitor(server.address) for _ in range(2)]
        for visitor in crowd:
            (task, *_) = await visitor.visit()
            for _ in range(2):
                assert (await visitor.rate(task))["kind"] == "saved"
            await visitor.ask(kind="nonsense")

        async def figures() -> str:
            return (await crowd[0].fetch("metrics")).body.decode()

        async with asyncio.timeout(30):
            while "animelabel_visitors 2.0" not in await figures():
                continue
        said = await figures()
        assert 'animelabel_answer_seconds_count{message="fetch"} 2.0' in said
        assert 'animelabel_answer_seconds_count{message="rate"} 4.0' in said
        assert "animelabel_resends_total 2.0" in said
        assert 'animelabel_errors_total{code="malformed"} 2.0' in said
        assert f"animelabel_visitors_limit {PLACES}.0" in said
        processes = re.findall(r'memory_bytes\{pid="\d+",process="(\w+)"\}', said)
        assert sorted(processes) == ["estimator", "front", "host", "host", "server", "server"]
        for header in ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via"):
            reply = await crowd[0].fetch("metrics", headers={header: "127.0.0.1"})
            assert reply.code == 404

    tell(story)


def test_the_log_is_structured_and_tells_nothing_of_a_visitor(server: Server) -> None:
    """Each line is a JSON object; no token, cookie or address is in any."""
    visitor = Visitor(server.address)

    async def story() -> None:
        await visitor.visit()
        await visitor.ask(kind="nonsense")
        await visitor.fetch("api/contents")
        await visitor.fetch("visit", method="POST", body="nonsense")

    tell(story)
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert all({"time", "level", "logger", "process", "message"} <= line.keys() for line in lines)
    assert any("A malformed message" in line["message"] for line in lines)
    for secret in (visitor.token, visitor.cookie.partition("=")[2], "127.0.0.1", "::1"):
        assert secret not in server.log


def test_halves_of_requests_hold_nobody_up(server: Server) -> None:
    """Connections that send nothing, or not the whole head, stay outside; the others come in."""
    host, port = server.address.split("/")[2].split(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(200)]
    for each in idle[::2]:
        each.sendall(b"GET /label/ HTTP/1.1\r\nHost: ")

    async def story() -> None:
        visitor = Visitor(server.address)
        (task, *_) = await visitor.visit()
        assert (await visitor.rate(task))["kind"] == "saved"

    tell(story)
    for each in idle:
        each.close()


def test_it_ends_as_a_whole(server: Server) -> None:
    """A polite end of the process in front, as of the one that serves alone, ends all others."""
    started = [int(each) for each in re.findall(r'"process": (\d+)', server.log)]
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=30) == 0
    wait_until(lambda: not any(map(alive, started)), "all processes to end")
    assert "Traceback" not in (server.folder / "stderr.txt").read_text(encoding="utf-8")


def alive(process: int) -> bool:
    """Tell whether a process runs."""
    return Path(f"/proc/{process}/cmdline").exists()
