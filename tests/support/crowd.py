"""Volunteers in processes of their own, who note every rating that was acknowledged."""

from __future__ import annotations

import os
import random
import threading
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from animelabel_widgets.errors import StoreError
from animelabel_widgets.labels import EXCLUSIVE, KEYS, Answer
from animelabel_widgets.store import Store

ANSWERS = (Answer(), Answer.of(EXCLUSIVE), Answer.of("person"), Answer.of("text", "logo"))

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
        """Start the process."""
        process = get_context("spawn").Process(target=_run, args=(self,))
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
        threads = [
            threading.Thread(target=_visit, args=(crowd, store, notes.fileno()))
            for _ in range(crowd.volunteers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _visit(crowd: Crowd, store: Store, notes: int) -> None:
    """Rate as one volunteer; what fails is tried again, as the page does."""
    pause = threading.Event()
    token = uuid.uuid4().hex
    while True:
        try:
            volunteer = store.volunteer(token)
            tasks = store.hand_out(volunteer, crowd.batch)
        except StoreError:
            pause.wait(0.05)
            continue
        if not tasks:
            return
        for task in tasks:
            for revision in range(random.choice((1, 1, 1, 2))):  # noqa: S311 - play
                answer = random.choice(ANSWERS)  # noqa: S311 - play
                while True:
                    try:
                        store.rate(volunteer, task.assignment_id, answer, revision, 700)
                    except StoreError:
                        pause.wait(0.05)
                    else:
                        break
                said = f"{task.assignment_id} {revision} {' '.join(answer.features)}\n"
                os.write(notes, said.encode())
