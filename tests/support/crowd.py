"""Volunteers in processes of their own, who note every rating that was acknowledged."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from sqlalchemy import text

from animelabel_widgets.errors import StoreError
from animelabel_widgets.labels import EXCLUSIVE, KEYS, Answer
from animelabel_widgets.store import Store

ANSWERS = (Answer(), Answer.of(EXCLUSIVE), Answer.of("person"), Answer.of("text", "logo"))

_PATIENCE = 300.0
"""Seconds after which a volunteer takes an error for one that stays."""

Result = TypeVar("Result")

Said = dict[tuple[UUID, int], Answer]
"""An answer by assignment and revision."""


@dataclass(frozen=True)
class Crowd:
    """A process of volunteers, each a thread, who rate until nothing is left for them."""

    url: str
    notes: Path
    volunteers: int = 4
    target: int = 5
    batch: int = 5

    def start(self) -> BaseProcess:
        """Start the process, which does not outlive the tests."""
        process = get_context("spawn").Process(target=_run, args=(self,), daemon=True)
        process.start()
        return process

    def acknowledged(self) -> Said:
        """Give what the volunteers noted so far; a line that was not written out is left out."""
        written = self.notes.read_bytes() if self.notes.exists() else b""
        said: Said = {}
        for line in written[: written.rfind(b"\n") + 1].decode().splitlines():
            assignment, revision, *keys = line.split()
            said[UUID(assignment), int(revision)] = Answer.of(*keys)
        return said


def finished(process: BaseProcess) -> bool:
    """Wait until a process has ended; tell whether all its volunteers have rated to the end."""
    # Volunteers give up before.
    process.join(_PATIENCE + 60)
    assert process.exitcode is not None, "the crowd goes on and on"
    return process.exitcode == 0


def stored(store: Store) -> Said:
    """Give the whole history."""
    columns = ", ".join(f"`{key}`" for key in KEYS)
    query = text(f"SELECT assignment_id, revision, {columns} FROM rating_events")
    rows = store._database.read(lambda connection: connection.execute(query).all())
    return {
        (UUID(bytes=row.assignment_id), row.revision): Answer.from_row(row._asdict())
        for row in rows
    }


def lost(store: Store, crowds: Sequence[Crowd]) -> Said:
    """Give what was acknowledged and is not stored as it was said."""
    history = stored(store)
    return {
        what: answer
        for crowd in crowds
        for what, answer in crowd.acknowledged().items()
        if history.get(what) != answer
    }


def _run(crowd: Crowd) -> None:
    """Let the volunteers of one process rate."""
    with (
        closing(Store.open(crowd.url, create=False, target=crowd.target)) as store,
        crowd.notes.open("ab", buffering=0) as notes,
    ):
        with ThreadPoolExecutor(crowd.volunteers) as pool:
            visits = [
                pool.submit(_visit, crowd, store, notes.fileno()) for _ in range(crowd.volunteers)
            ]
        for visit in visits:
            visit.result()


def _visit(crowd: Crowd, store: Store, notes: int) -> None:
    """Rate as one volunteer."""
    deadline = time.monotonic() + _PATIENCE
    token = uuid.uuid4().hex
    while True:
        volunteer = _again(deadline, store.volunteer, token)
        tasks = _again(deadline, store.hand_out, volunteer, crowd.batch)
        if not tasks:
            return
        for task in tasks:
            for revision in range(random.choice((1, 1, 1, 2))):  # noqa: S311 - play
                answer = random.choice(ANSWERS)  # noqa: S311 - play
                _again(deadline, store.rate, volunteer, task.assignment_id, answer, revision, 700)
                said = f"{task.assignment_id} {revision} {' '.join(answer.features)}\n"
                os.write(notes, said.encode())


def _again(deadline: float, do: Callable[..., Result], *arguments: object) -> Result:
    """Do what may fail again and again, as the page does, but not for ever."""
    pause = threading.Event()
    while True:
        try:
            return do(*arguments)
        except StoreError:
            if time.monotonic() > deadline:
                raise
        pause.wait(0.05)
