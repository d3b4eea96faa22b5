"""Waiting on conditions, never on the clock; and free ports."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
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
    """Give a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
