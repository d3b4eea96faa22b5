"""The threads of a host."""

from __future__ import annotations

import sys
from threading import Event

from animelabel_widgets.serving.hosted.turns import Threads


def test_a_thread_outlives_a_work_that_fails() -> None:
    """Whatever it raises: nobody would take its place."""
    threads, done = Threads(1), Event()
    threads.give(sys.exit)
    threads.give(done.set)
    assert done.wait(30)
