"""Processes of the served page are killed: nothing is left of it, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.commands import family, run, serving
from support.patient import PatientVisitor
from support.story import tell
from support.visitor import Visitor
from support.waiting import wait_until

from animelabel_widgets.store import Store

VISITORS, RATINGS = 20, 15


@pytest.fixture
def environ(sqlite_url: str, frames: Path) -> dict[str, str]:
    """Give the variables of a page, with the frames imported."""
    given = {
        "ANIMELABEL_DATABASE_URL": sqlite_url,
        "ANIMELABEL_PICTURES": str(frames),
        "ANIMELABEL_TARGET": "1000",
        "ANIMELABEL_LIMITS": "0",
        "ANIMELABEL_GOLD": "0",
    }
    done = run("import", str(frames), cwd=frames.parent, **given)
    assert done.returncode == 0, done.stderr
    return given


@pytest.fixture
def store(environ: dict[str, str]) -> Iterator[Store]:
    """Give the store behind the page."""
    with closing(Store.open(environ["ANIMELABEL_DATABASE_URL"], create=False)) as opened:
        yield opened


def runs(process: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for runs no more."""
    try:
        said = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return said.rpartition(")")[2].split()[0] != "Z"


async def a_while(ratings: list[asyncio.Task[None]]) -> None:
    """Let visitors rate for a moment; what has failed is raised: it would be waited for in vain."""
    done, _ = await asyncio.wait(ratings, timeout=0.01)
    for each in done:
        each.result()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_of_a_killed_server_no_process_is_left(
    environ: dict[str, str], tmp_path: Path, workers: str
) -> None:
    """Its hosts end, and the estimator, whatever they were doing for visitors."""
    with serving("serve", "--workers", workers, cwd=tmp_path, environ=environ) as server:

        async def story() -> None:
            crowd = [PatientVisitor(server.address) for _ in range(4)]
            ratings = [asyncio.create_task(each.rate_many(1000)) for each in crowd]
            while not all(each.acknowledged for each in crowd):
                await a_while(ratings)
            os.kill(server.process.pid, signal.SIGKILL)
            for each in ratings:
                each.cancel()
            await asyncio.gather(*ratings, return_exceptions=True)

        # The server, its two hosts, the estimator, and what multiprocessing starts for it.
        wait_until(lambda: len(family(server.process.pid)) >= 4, "all processes to start")
        before = family(server.process.pid)
        tell(story)
        wait_until(lambda: not any(map(runs, before)), "all processes to end")
    assert "Traceback" not in (tmp_path / "stderr.txt").read_text(encoding="utf-8")


def test_a_killed_host_loses_no_rating(
    environ: dict[str, str], store: Store, tmp_path: Path
) -> None:
    """Twenty rate on, who comes right then gets a place at once, and a new host takes over."""
    with serving("serve", cwd=tmp_path, environ=environ) as server:
        crowd = [PatientVisitor(server.address) for _ in range(VISITORS)]

        async def story() -> None:
            ratings = [asyncio.create_task(each.rate_many(RATINGS)) for each in crowd]
            while sum(len(each.acknowledged) for each in crowd) < VISITORS * RATINGS / 4:
                await a_while(ratings)
            killed, _ = server.kernels()
            os.kill(killed, signal.SIGKILL)
            # No pause: the server may not know of the death yet.
            late = Visitor(server.address)
            assert await late.visit()
            await asyncio.gather(*ratings)

        tell(story)
        assert sum(each.breaks for each in crowd) >= VISITORS / 4
        wait_until(lambda: len(server.kernels()) == 2, "a new host")
    stored = store.ratings()
    assert len(stored) == sum(len(each.acknowledged) for each in crowd) == VISITORS * RATINGS
    assert store.check() == []
    assert "Traceback" not in (tmp_path / "stderr.txt").read_text(encoding="utf-8")
