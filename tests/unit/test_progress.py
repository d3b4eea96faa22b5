"""What is counted now and then, for all who ask."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from animelabel_widgets.store import progress
from animelabel_widgets.store.progress import Kept


def test_while_one_counts_the_others_take_what_was_counted_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They would hold the threads that ratings need."""
    monkeypatch.setattr(progress, "KEPT", -1.0)
    kept: Kept[int] = Kept()
    assert kept.get(lambda: 1) == 1
    counting, go = Event(), Event()

    def slowly() -> int:
        counting.set()
        assert go.wait(60)
        return 2

    with ThreadPoolExecutor(1) as threads:
        one = threads.submit(kept.get, slowly)
        assert counting.wait(60)
        assert kept.get(lambda: 3) == 1
        go.set()
        assert one.result() == 2


def test_of_several_who_ask_first_one_counts() -> None:
    """Nobody is told what nobody has counted; what was dropped is counted anew."""
    kept: Kept[int] = Kept()
    counts: list[int] = []

    def count() -> int:
        counts.append(len(counts))
        return len(counts)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: kept.get(count), range(8))) == {1}
    kept.drop()
    assert (kept.get(count), len(counts)) == (2, 2)


def test_a_count_that_fails_is_counted_by_the_next() -> None:
    """And nobody waits for it for ever."""
    kept: Kept[int] = Kept()
    with pytest.raises(ZeroDivisionError):
        kept.get(lambda: 1 // 0)
    assert kept.get(lambda: 1) == 1
