"""What goes on beside the page: expired leases end, and verdicts are estimated."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import connection, get_context, parent_process

from ..config import Settings
from ..errors import StoreError
from ..store import Store

_log = logging.getLogger(__name__)

EVERY = 30.0
_END_WITHIN = 5.0
"""Seconds for which the end waits for each of them: the database may not answer just then."""
_AGAIN = 10.0
"""Seconds after which another process estimates in place of one that ended."""


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
            except Exception:  # noqa: BLE001 - it would never look again
                _log.exception("Expired leases wait for the next look")
            stopped.wait(every)

    sweeper = threading.Thread(target=sweep, name="sweeper", daemon=True)
    sweeper.start()
    try:
        yield
    finally:
        stopped.set()
        sweeper.join(_END_WITHIN)


@contextmanager
def estimating(settings: Settings) -> Iterator[None]:
    """Estimate verdicts and retire images as long as the block lasts, in a process of its own.

    It ends with this process, however this one ends.
    """
    if not settings.estimate_seconds:
        yield
        return
    told, tell = connection.Pipe(duplex=False)
    keeper = threading.Thread(
        target=_keep_estimating, args=(settings, told), name="estimating", daemon=True
    )
    keeper.start()
    try:
        yield
    finally:
        tell.close()
        keeper.join()


def _keep_estimating(settings: Settings, told: connection.Connection) -> None:
    """Have a process estimate until one is told to end; another one where it ends by itself."""
    while True:
        process = get_context("spawn").Process(
            name="estimator", target=_estimate, args=(settings,), daemon=True
        )
        try:
            # Ctrl-C in a terminal reaches the whole group; this one ends with whom it serves.
            with _blocked(signal.SIGINT):
                process.start()
            if told in connection.wait([process.sentinel, told]):
                process.terminate()
                process.join(_END_WITHIN)
                process.kill()
                process.join()
                return
            process.join()
            _log.error("The process that estimates verdicts ended with %s", process.exitcode)
        except OSError:
            _log.exception("No process can estimate verdicts yet")
        if told.poll(_AGAIN):
            return


@contextmanager
def _blocked(number: signal.Signals) -> Iterator[None]:
    """Keep a signal from this thread, and for good from a process that it starts meanwhile."""
    if not hasattr(signal, "pthread_sigmask"):  # pragma: no cover - Windows
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _estimate(settings: Settings) -> None:
    """Be that process."""
    # On Windows it was not blocked.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Imported here: the process that serves the page does without pandas.
    from ..estimation import rule, watch

    parent = parent_process()
    if parent is None:
        raise RuntimeError("This is the work of a child process.")
    with closing(Store.open(settings.database_url, create=False)) as store:
        watch(
            store,
            rule(settings),
            every=settings.estimate_seconds,
            wait=lambda seconds: bool(connection.wait([parent.sentinel], seconds)),
        )
