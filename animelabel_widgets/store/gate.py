"""A gate that lets so many in at once, in the order in which they came.

A pool of connections alone is unfair: where there are more threads than
connections, who comes back at once finds the connection he just gave away,
and somebody else waits for seconds.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import StoreError


class Gate:
    """Lets in so many threads.

    Parameters
    ----------
    places
        How many may be in.
    patience
        Seconds for which one waits.
    """

    def __init__(self, places: int, patience: float = 30) -> None:
        self._free = places
        self._patience = patience
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Be in as long as the block lasts.

        Raises
        ------
        StoreError
            If no place becomes free.
        """
        turn = threading.Event()
        try:
            with self._guard:
                if self._free:
                    self._free -= 1
                    turn.set()
                else:
                    self._waiting.append(turn)
            if not turn.wait(self._patience) and self._left(turn):
                raise StoreError(
                    f"All connections to the database were in use for {self._patience:.0f} "
                    "seconds: look what takes so long, or allow more of them."
                )
            yield
        finally:
            if not self._left(turn):
                self._leave()

    def _left(self, turn: threading.Event) -> bool:
        """Take one out of the queue; say whether he was still there, or never came."""
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return True
            return not turn.is_set()

    def _leave(self) -> None:
        """Give the place to who has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
