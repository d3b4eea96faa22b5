"""Writers over several database nodes: pages that keep an answer until it is acknowledged."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from animelabel_widgets.errors import AssignmentError, StoreError, VolunteerError
from animelabel_widgets.labels import Answer, Task
from animelabel_widgets.store import Store

Result = TypeVar("Result")

BATCH = 5
BATCHES_A_VISIT = 10
REVISED = 0.1
"""How many answers are changed afterwards, as by Back."""

PAUSE = 0.1
"""Seconds before a page tries again after an error."""

PATIENCE = 60
"""Seconds for which the answers on their way are sent again after the end."""

ANSWERS = (Answer(), Answer.of("empty"), Answer.of("text"), Answer.of("person", "logo"))


@dataclass
class Ledger:
    """What the writers were told, by assignment and revision, and how it went."""

    acknowledged: dict[tuple[UUID, int], Answer] = field(default_factory=dict)
    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    stretch: str = "start"
    longest_pauses: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str) -> None:
        """Count something."""
        with self.lock:
            self.counts[what] += 1

    def watch(self) -> None:
        """Count the errors of the database by their number, also those that the store retries."""

        @event.listens_for(Engine, "handle_error")
        def _failed(context: ExceptionContext) -> None:
            arguments = context.original_exception.args
            with self.lock:
                self.errors[str(arguments[0]) if arguments else "unknown"] += 1


class Writer(threading.Thread):
    """One page after another on one node; where that fails, on another.

    Parameters
    ----------
    stores
        One for each node.
    home
        The node to be on.
    roam
        Send each request to any node, as behind a balancer that knows no pages.
    """

    def __init__(self, stores: list[Store], home: int, ledger: Ledger, *, roam: bool) -> None:
        super().__init__(daemon=True)
        self.failure: BaseException | None = None
        self._stores = stores
        self._home = self._at = home
        self._roam = roam
        self._ledger = ledger
        self._ended = threading.Event()
        self._end_by = float("inf")
        self._last = time.monotonic()
        self._rng = random.Random()  # noqa: S311 - play, not secrets

    def go_home(self) -> None:
        """Use the first node again, as a balancer decides when it is back."""
        self._at = self._home

    def end(self) -> None:
        """Send what is on its way, and end."""
        self._end_by = time.monotonic() + PATIENCE
        self._ended.set()

    def run(self) -> None:
        """Visit again and again."""
        try:
            while not self._ended.is_set():
                self._visit()
        except BaseException as error:  # noqa: BLE001 - told in the main thread
            self.failure = error

    def _visit(self) -> None:
        """Rate a few batches as a new volunteer."""
        token = secrets.token_hex(16)
        volunteer, _ = self._ask("volunteer", lambda store: store.volunteer(token))
        for _ in range(BATCHES_A_VISIT):
            try:
                tasks, _ = self._ask("hand_out", lambda store: store.hand_out(volunteer, BATCH))
            except VolunteerError:
                self._ledger.count("volunteers_unknown_at_another_node")
                return
            for task in tasks:
                if self._rate(volunteer, task, 0) and self._rng.random() < REVISED:
                    self._rate(volunteer, task, 1)
            if not tasks or self._ended.is_set():
                return

    def _rate(self, volunteer: int, task: Task, revision: int) -> bool:
        """Rate until it is acknowledged; say whether it was."""
        answer = self._rng.choice(ANSWERS)
        key = task.assignment_id
        try:
            receipt, tries = self._ask(
                "rate", lambda store: store.rate(volunteer, key, answer, revision, 1000)
            )
        except AssignmentError:
            # The page would drop this answer.
            self._ledger.count("answers_refused")
            return False
        now = time.monotonic()
        with self._ledger.lock:
            self._ledger.acknowledged[key, revision] = answer
            former = self._ledger.longest_pauses.get(self._ledger.stretch, 0.0)
            self._ledger.longest_pauses[self._ledger.stretch] = max(former, now - self._last)
            self._ledger.counts["answers_sent_again"] += tries > 1
            self._ledger.counts["recognised_as_stored"] += not receipt.stored
            self._ledger.counts["conflicts"] += receipt.conflict
        self._last = now
        return True

    def _ask(self, what: str, work: Callable[[Store], Result]) -> tuple[Result, int]:
        """Do something until a node answers; give the result and how many tries it took."""
        tries = 0
        while True:
            tries += 1
            if self._roam:
                self._at = self._rng.randrange(len(self._stores))
            start = time.monotonic()
            try:
                result = work(self._stores[self._at])
            except (AssignmentError, VolunteerError):
                raise
            except StoreError:
                if time.monotonic() > self._end_by:
                    raise
                self._ledger.count("failed_requests")
                others = [each for each in range(len(self._stores)) if each != self._at]
                self._at = self._rng.choice(others)
                time.sleep(PAUSE)
            else:
                milliseconds = 1000 * (time.monotonic() - start)
                with self._ledger.lock:
                    self._ledger.milliseconds[what].append(milliseconds)
                return result, tries
