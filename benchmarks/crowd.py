"""A crowd at once: a thousand visitors who rate every five seconds, with a real browser among them.

Real websocket clients open the page of `animelabel serve` on a durable MariaDB, come back where
their connection breaks, and keep each answer until it is acknowledged, as the page does. One of the
visitors is a real Chromium. At the end, what each of them said is looked up in the database. The
images are hard links to the files of the demo: each is scaled once, and kept. One JSON line: how
many acknowledgements came and how soon, errors, lost answers, memory and CPU time by process.

    python benchmarks/crowd.py [--visitors 1000] [--minutes 5] [--images 5000] [--workers 2]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from engines import durable_mariadb
from playwright.async_api import Page, async_playwright
from playwright.async_api import TimeoutError as Patience
from support.chromium import FLAGS, NAMES
from support.commands import Server, family, serving
from support.crowd import stored
from support.patient import PatientVisitor
from support.volunteer import READY
from support.waiting import free_port
from tornado.httpclient import AsyncHTTPClient

from animelabel_widgets.demo import draw_demo
from animelabel_widgets.labels import Answer, NewImage, Series
from animelabel_widgets.store import Store

EVERY = 5.0
"""Seconds from one rating of a visitor to his next."""

SOME_MORE = 1.5
"""Hand-outs for each rating, at most: pages fetch ahead."""

ROLES = {b"hosted.host": "host", b"serving.worker": "worker", b"animelabel\0serve": "server"}
"""What a process does, by a part of its command line."""

SERIES = "crowd"
PORTION = 1000


@dataclass
class Outcome:
    """What happened to the visitors."""

    waits: list[float] = field(default_factory=list)
    taken: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    clicked: dict[UUID, Answer] = field(default_factory=dict)


def fill(url: str, frames: Path, images: int) -> None:
    """Make a series of so many images, which are links to a few files."""
    files = sorted(frames.rglob("*.jpg"))
    folder = frames / SERIES
    folder.mkdir()
    with closing(Store.open(url)) as store:
        series_id = store.put_series(Series(SERIES, "Crowd"), update=False)
        for start in range(0, images, PORTION):
            names = [f"{n}.jpg" for n in range(start, min(start + PORTION, images))]
            for number, name in enumerate(names, start):
                (folder / name).hardlink_to(files[number % len(files)])
            store.add_images(series_id, [NewImage(name, 640, 360, 20_000) for name in names])


async def visit(visitor: PatientVisitor, begin: float, end: float, outcome: Outcome) -> None:
    """Come at a time, and rate every five seconds until another."""
    loop = asyncio.get_running_loop()
    due = begin

    async def pause() -> None:
        nonlocal due
        if due == begin:
            outcome.waits.append(loop.time() - begin)
        due = max(due + EVERY, loop.time())
        await asyncio.sleep(due - loop.time())

    await asyncio.sleep(begin - loop.time())
    number = 0
    while loop.time() < end:
        number += 1
        try:
            await visitor.rate_many(number, before=pause, after=outcome.taken.append)
        except Exception as error:  # noqa: BLE001 - it is counted
            outcome.errors[f"{type(error).__name__}: {error}"] += 1
            visitor.close()
            visitor.socket = None
        if len(visitor.acknowledged) < number and not visitor.outbox:
            outcome.errors["nothing more to rate"] += 1
            return


def chromium() -> str:
    """Find the browser."""
    found = os.environ.get("ANIMELABEL_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), ""
    )
    if not found:
        sys.exit("Chromium was not found: install it, or set ANIMELABEL_CHROMIUM to its path.")
    return found


async def click(page: Page, address: str, end: float, outcome: Outcome) -> None:
    """Rate in a browser, every five seconds."""
    loop = asyncio.get_running_loop()
    await page.goto(address)
    await page.click("[data-al=lesson-skip]")
    while loop.time() < end:
        try:
            await page.wait_for_selector(READY)
        except Patience:
            outcome.errors[f"the browser waits: {await page.inner_text('body')}"] += 1
            continue
        shown = await page.get_attribute("[data-al=picture]", "data-assignment")
        await page.click("[data-al=label-person]")
        await page.click("[data-al=next]", no_wait_after=True)
        outcome.clicked[UUID(shown)] = Answer.of("person")
        await asyncio.sleep(EVERY)
    await page.wait_for_selector('[data-al=labeler][data-pending="0"]')


async def rate(
    address: str, visitors: list[PatientVisitor], arrive: float, seconds: float
) -> tuple[Outcome, float]:
    """Let all come, rate, and stop; give the outcome, and how much later than asked this ran."""
    outcome = Outcome()
    loop = asyncio.get_running_loop()
    # By default, ten requests of a process are under way at once.
    AsyncHTTPClient.configure(None, max_clients=len(visitors))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = await browser.new_page()
        page.on("pageerror", lambda error: outcome.errors.update([f"in the page: {error}"]))
        begin = loop.time() + 1
        end = begin + arrive + seconds
        steps = [begin + arrive * number / len(visitors) for number in range(len(visitors))]
        random.shuffle(steps)
        late = asyncio.create_task(lateness(end))
        await asyncio.gather(
            click(page, address, end, outcome),
            *(visit(each, step, end, outcome) for each, step in zip(visitors, steps, strict=True)),
        )
        await browser.close()
    for each in visitors:
        each.close()
    return outcome, await late


async def lateness(end: float) -> float:
    """Give the 95th percentile of how late the visitors' own loop is, in seconds."""
    loop = asyncio.get_running_loop()
    found = []
    while (started := loop.time()) < end:
        await asyncio.sleep(0.05)
        found.append(loop.time() - started - 0.05)
    return statistics.quantiles(found, n=20)[-1]


def missing(store: Store, visitors: list[PatientVisitor], outcome: Outcome) -> dict[str, int]:
    """Count what was said, what of it is not in the database, and what is there twice."""
    history = stored(store)
    said = {**outcome.clicked}
    for each in visitors:
        said |= each.acknowledged
    unsettled = [key for each in visitors for key in each.outbox if (key, 0) not in history]
    return {
        "acknowledged": len(said),
        "lost": sum(history.get((key, 0)) != answer for key, answer in said.items()),
        "neither": len(unsettled),
        "stored": len(store.ratings()),
        "wrong_counters": len(store.check()),
        "in_the_browser": len(outcome.clicked),
    }


async def used_after(
    seconds: float, server: Server, database: int
) -> dict[str, tuple[float, float]]:
    """Give what the processes use when all visitors are still there."""
    await asyncio.sleep(seconds)
    return await asyncio.to_thread(used, server, database)


def used(server: Server, database: int) -> dict[str, tuple[float, float]]:
    """Give the proportional memory of each process in MiB and its CPU seconds, by what it does."""
    found = {"mariadbd": (_pss(database), _cpu(database))}
    counts = Counter[str]()
    for process in family(server.process.pid):
        line = Path(f"/proc/{process}/cmdline").read_bytes()
        role = next((role for part, role in ROLES.items() if part in line), "other")
        counts[role] += 1
        found[f"{role}_{counts[role]}"] = _pss(process), _cpu(process)
    return found


def _pss(process: int) -> float:
    """Give a process's proportional memory in MiB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return round(int(next(each for each in lines if each.startswith("Pss:")).split()[1]) / 1024, 1)


def _cpu(process: int) -> float:
    """Give the CPU seconds that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return round((int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), 1)


def milliseconds(seconds: list[float]) -> dict[str, float]:
    """Give the median and the tail."""
    quantiles = statistics.quantiles(seconds, n=100)
    return {
        "p50": round(1000 * quantiles[49], 1),
        "p95": round(1000 * quantiles[94], 1),
        "p99": round(1000 * quantiles[98], 1),
        "max": round(1000 * max(seconds), 1),
    }


@contextmanager
def served(options: argparse.Namespace) -> Iterator[tuple[Server, str, int]]:
    """Serve a campaign that is large enough; give the server, the database and its process."""
    ratings = (options.visitors + 1) * (options.minutes * 60 + options.arrive) / EVERY
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
        database = stack.enter_context(durable_mariadb("--innodb-buffer-pool-size=512M"))
        url = stack.enter_context(database.database())
        draw_demo(folder)
        fill(url, folder / "frames", options.images)
        environ = {
            "ANIMELABEL_DATABASE_URL": url,
            "ANIMELABEL_PICTURES": str(folder / "frames"),
            "ANIMELABEL_TARGET": str(math.ceil(SOME_MORE * ratings / options.images) + 5),
            # All say the same: else the estimator would soon be sure of every image, and retire it.
            "ANIMELABEL_LEAST": "1000",
            "ANIMELABEL_LIMITS": "0",
            "XDG_CACHE_HOME": str(folder / "cache"),
        }
        arguments = ["--workers", str(options.workers), "--hosts", str(options.hosts)]
        arguments += ["--max-visitors", str(options.visitors + 20 * options.workers)]
        server = stack.enter_context(
            serving("serve", *arguments, cwd=folder, environ=environ, port=free_port())
        )
        yield server, url, database.process.pid


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Let the crowd rate, and look up what it said."""
    with served(options) as (server, url, database):
        visitors = [PatientVisitor(server.address) for _ in range(options.visitors)]
        seconds = 60 * options.minutes

        async def story() -> tuple[tuple[Outcome, float], dict[str, tuple[float, float]]]:
            return await asyncio.gather(
                rate(server.address, visitors, options.arrive, seconds),
                used_after(options.arrive + seconds - 2, server, database),
            )

        started = time.monotonic()
        (outcome, late), sizes = asyncio.run(story())
        took = time.monotonic() - started
        with closing(Store.open(url, create=False)) as store:
            found = missing(store, visitors, outcome)
    refused = Counter(str(reply.get("code")) for each in visitors for reply in each.refused)
    return {
        "visitors": options.visitors + 1,
        "minutes": options.minutes,
        "arrive_in_s": options.arrive,
        "workers": options.workers,
        "hosts": options.hosts,
        "images": options.images,
        "cpus": os.cpu_count(),
        **found,
        "ratings_per_s": round(found["acknowledged"] / took),
        "errors": sum(outcome.errors.values()) + sum(refused.values()),
        "what": dict(outcome.errors + refused),
        "breaks": sum(each.breaks for each in visitors),
        "sent_again": sum(each.sent_again for each in visitors),
        "first_picture_ms": milliseconds(outcome.waits),
        "acknowledged_ms": milliseconds(outcome.taken),
        "own_lateness_ms_p95": round(1000 * late, 1),
        "mib": {name: mib for name, (mib, _) in sizes.items()},
        "cpu_s": {"visitors": round(time.process_time(), 1)}
        | {name: cpu for name, (_, cpu) in sizes.items()},
    }


def main() -> None:
    """Measure, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--arrive", type=float, default=60, help="seconds in which all come")
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--hosts", type=int, default=1, help="for each worker")
    options = parser.parse_args()
    # Each visitor is an open file here, too.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(json.dumps({"benchmark": "crowd", **measure(options)}))


if __name__ == "__main__":
    main()
