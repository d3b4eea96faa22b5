"""Several processes at once, some of which are killed: nothing acknowledged is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from support.crowd import Crowd, finished, lost
from support.mariadb import private_mariadb
from support.waiting import wait_until

from animelabel_widgets.labels import NewImage, Series
from animelabel_widgets.store import Store

IMAGES = 120


def filled(url: str) -> Store:
    """Open a store with images that nobody has rated."""
    store = Store.open(url)
    series_id = store.put_series(Series("a", "A"), update=False)
    store.add_images(series_id, [NewImage(f"{n}.jpg", 9, 9, 5000) for n in range(IMAGES)])
    return store


def crowds(url: str, folder: Path, processes: int) -> list[Crowd]:
    """Give crowds of three volunteers who want every image rated nine times."""
    return [
        Crowd(url, folder / f"notes-{number}", volunteers=3, target=9)
        for number in range(processes)
    ]


def noted(crowds: Sequence[Crowd], count: int) -> bool:
    """Tell whether each crowd has noted so many ratings."""
    return all(len(crowd.acknowledged()) >= count for crowd in crowds)


def test_processes_that_share_a_database_leave_exact_counters(
    database_url: str, tmp_path: Path
) -> None:
    """Three of them with three volunteers each: every image gets nine ratings, none more."""
    with closing(filled(database_url)) as store:
        several = crowds(database_url, tmp_path, 3)
        for process in [crowd.start() for crowd in several]:
            assert finished(process)
        assert lost(store, several) == {}
        assert store.check() == []
        assert set(Counter(store.ratings()["image_id"]).values()) == {9}


def test_a_process_that_is_killed_loses_nothing_and_stops_nobody(
    database_url: str, tmp_path: Path
) -> None:
    """On SQLite it may hold the lock of the queue just then: it ends with the process."""
    with closing(filled(database_url)) as store:
        several = crowds(database_url, tmp_path, 2)
        killed, other = (crowd.start() for crowd in several)
        wait_until(lambda: noted(several, 20), "both to rate")
        killed.kill()
        killed.join()
        assert finished(other)
        assert lost(store, several) == {}
        assert store.check() == []


def test_a_server_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    """The volunteers send again what was not acknowledged, and it counts once."""
    with (
        private_mariadb("--innodb-flush-log-at-trx-commit=1") as server,
        server.database() as url,
        closing(filled(url)) as store,
    ):
        several = crowds(url, tmp_path, 2)
        processes = [crowd.start() for crowd in several]
        wait_until(lambda: noted(several, 20), "both to rate")
        server.kill()
        before = [len(crowd.acknowledged()) for crowd in several]
        server.start()
        for process in processes:
            assert finished(process)
        assert all(
            len(crowd.acknowledged()) > count for crowd, count in zip(several, before, strict=True)
        )
        assert lost(store, several) == {}
        assert store.check() == []
