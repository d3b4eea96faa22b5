"""Waiting on conditions, never on the clock; and free ports."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from threading import Event
from typing import TypeVar

Result = TypeVar("Result")


def wait_until(
    condition: Callable[[], Result],
    what: str,
    *,
    timeout: float = 60,
    check: Callable[[], None] | None = None,
) -> Result:
    """Poll until `condition()` is true, and give what it returned.

    Parameters
    ----------
    condition
        Asked about every 50 ms.
    what
        What is being waited for, for the message.
    timeout
        Seconds until giving up.
    check
        Called before each poll; raises when waiting on makes no sense, for
        example because the process ended.

    Raises
    ------
    TimeoutError
        If the condition is still not true after `timeout` seconds.
    """
    pause = Event()
    deadline = time.monotonic() + timeout
    while True:
        if check is not None:
            check()
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited {timeout:g} s in vain for {what}.")
        pause.wait(0.05)


def free_port() -> int:
    """Give a port of 127.0.0.1 that nobody listens on, and that was not given just before."""
    while True:
        port = next(_ports)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _own_ports() -> Iterator[int]:
    """Give the ports of this worker of pytest-xdist, in no order, again and again.

    No other worker takes one before the test binds it; no connection does either, as the system
    takes its ports from 32768 on. Browsers refuse some of those below 11000.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 11_000 + 2_000 * (worker % 10)
    return cycle(random.sample(range(first, first + 2_000), 2_000))


_ports = _own_ports()
