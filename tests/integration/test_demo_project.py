"""The project that the notebooks open, and the crowd that rates their demo."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import animelabel_widgets as al
from animelabel_widgets.store import Store


@pytest.fixture
def demo(demo_set: Path, tmp_path: Path) -> Path:
    """Give a drawn demo of the test's own."""
    return Path(shutil.copytree(demo_set, tmp_path / "demo"))


def test_a_crowd_of_all_kinds_rates_the_demo_over_two_weeks(demo: Path) -> None:
    """Once: the second time everything is there; and pictures are left to rate."""
    with al.open_project_or_demo(demo) as project:
        ratings, gold, stats = project.ratings(), project.store.gold(), project.stats()
    with al.open_project_or_demo(demo) as project:
        assert project.stats() == stats

    assert 1.5 * stats.images["open"] < stats.ratings < 6 * stats.images["open"]
    assert not ratings.duplicated(["image_id", "volunteer_id"]).any()
    now = datetime.now(UTC)
    assert ratings["created_at"].between(now - timedelta(days=15), now).all()
    assert ratings["created_at"].dt.date.nunique() > 8
    assert len(gold.index.intersection(ratings["image_id"])) >= 20

    crowd = al.volunteers(ratings, gold)
    assert crowd["ratings"].max() > 2 * crowd["ratings"].min()
    assert crowd["informedness"].min() < 0.3
    assert crowd["informedness"].max() > 0.75
    assert crowd["too_fast"].sum() == 1
    assert crowd["spammer"].any()


def test_a_demo_that_was_left_half_rated_is_rated_to_the_end(demo: Path) -> None:
    """The known answers, which come last, tell that it is whole."""
    with al.open_project_or_demo(demo, create=True) as project:
        project.add_series(progress=False)
        assert project.stats().ratings == 0
    with al.open_project_or_demo(demo) as project:
        assert project.stats().ratings > 0
        assert len(project.store.gold()) == 44


def test_the_campaign_of_the_demo_page_is_left_alone(demo: Path) -> None:
    """Its database is another one, so that visitors still find pictures to rate."""
    url = f"sqlite:///{demo / 'animelabel.db'}"
    with al.open_project(url, pictures=demo / "frames") as page:
        page.add_series(progress=False)
        al.open_project_or_demo(demo).close()
        assert page.stats().ratings == 0


def test_two_notebooks_do_not_prepare_the_demo_at_once(demo: Path) -> None:
    """The later one is told to wait."""
    url = f"sqlite:///{demo / 'notebooks.db'}"
    with (
        closing(Store.open(url)) as store,
        store.alone("demo"),
        pytest.raises(al.StoreError, match="Another notebook is preparing the demo"),
    ):
        al.open_project_or_demo(demo)


def test_a_named_database_gets_no_simulated_rating(
    database_url: str, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither with images in it nor without, and no demo is made beside it."""
    with al.open_project(database_url, pictures=demo / "frames") as project:
        project.add_series(progress=False)
        before = project.stats()
    monkeypatch.setenv("ANIMELABEL_DATABASE_URL", database_url)
    for pictures in ("", str(demo / "frames")):
        monkeypatch.setenv("ANIMELABEL_PICTURES", pictures)
        with al.open_project_or_demo(demo) as project:
            assert project.stats() == before
    assert before.ratings == 0
    assert not (demo / "notebooks.db").exists()


def test_named_pictures_alone_are_no_demo_either(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who names a folder has a project of his own, in the default database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ANIMELABEL_PICTURES", str(demo / "frames"))
    with al.open_project_or_demo(create=True) as project:
        assert project.stats().images == {}
    assert (tmp_path / "animelabel.db").exists()


def test_a_named_database_without_tables_is_not_made_by_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong name is an error, where nothing is imported."""
    monkeypatch.setenv("ANIMELABEL_DATABASE_URL", f"sqlite:///{tmp_path / 'wrong.db'}")
    with pytest.raises(al.StoreError):
        al.open_project_or_demo()
    assert list(tmp_path.iterdir()) == []
