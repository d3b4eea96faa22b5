"""Ending expired leases in the background, so that their images return to the pool unasked."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import StoreError
from ..store import Store

_log = logging.getLogger(__name__)

EVERY = 30.0


@contextmanager
def sweeping(store: Store, *, every: float = EVERY) -> Iterator[None]:
    """End expired leases as long as the block lasts, in a thread.

    Any number of processes may do so at once; each lease is ended by one.

    Parameters
    ----------
    store
        Where the leases are.
    every
        Seconds between two looks.
    """
    stopped = threading.Event()

    def sweep() -> None:
        while not stopped.is_set():
            try:
                while store.release_expired() and not stopped.is_set():
                    pass
            except StoreError as error:
                _log.warning("Expired leases wait for the next look: %s", error)
            stopped.wait(every)

    sweeper = threading.Thread(target=sweep, name="sweeper", daemon=True)
    sweeper.start()
    try:
        yield
    finally:
        stopped.set()
        sweeper.join()
