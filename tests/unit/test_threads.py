"""The threads of a host."""

from __future__ import annotations

import sys
import threading
from threading import Barrier, Event, Thread

import pytest

from animelabel_widgets.serving.hosted.turns import Threads


def begun(before: list[Thread]) -> int:
    """Count the pool's threads since then; those of other tests may end at any time."""
    return sum(each.name == "visitor" for each in threading.enumerate() if each not in before)


def test_a_thread_outlives_a_work_that_fails() -> None:
    """Whatever it raises: nobody would take its place."""
    threads, done = Threads(1), Event()
    threads.give(sys.exit)
    threads.give(done.set)
    assert done.wait(30)


def test_works_are_done_beside_each_other_in_no_more_threads_than_are_allowed() -> None:
    """Two that wait for each other both end; what comes meanwhile waits for one of them."""
    threads, before = Threads(2), threading.enumerate()
    met, done = Barrier(3, timeout=30), Event()
    for work in (met.wait, met.wait, done.set):
        threads.give(work)
    assert begun(before) == 2
    assert not done.is_set()
    met.wait()
    assert done.wait(30)


def test_one_thread_is_enough_for_one_work_after_another() -> None:
    """A quiet host's memory is in the caches that one thread uses."""
    threads, before = Threads(8), threading.enumerate()
    for _ in range(20):
        done = Event()
        threads.give(done.set)
        assert done.wait(30)
    assert 0 < begun(before) < 8


def test_what_comes_while_no_thread_can_begin_is_done_once_one_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The system may be short of memory for stacks, or of processes, for a while."""
    threads, done = Threads(2), [Event() for _ in range(5)]
    former = threading.stack_size(2**62)
    try:
        for each in done[:4]:
            threads.give(each.set)
    finally:
        threading.stack_size(former)
    assert "lets no thread begin" in caplog.text
    assert not any(each.is_set() for each in done)
    threads.give(done[4].set)
    assert all(each.wait(60) for each in done)
