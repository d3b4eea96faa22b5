"""What a data scientist does, from a folder to a data set, on both databases."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import animelabel_widgets as al
from animelabel_widgets.labels import KEYS
from animelabel_widgets.simulate import read_truth, simulate

GOOD = "person & ~text & ~logo & ~empty"


@pytest.fixture
def project(database_url: str, demo_set: Path) -> Iterator[al.Project]:
    """Give a project with the demo frames imported."""
    with al.open_project(database_url, pictures=demo_set / "frames") as opened:
        opened.add_series(progress=False)
        yield opened


@pytest.fixture
def rated(project: al.Project, demo_set: Path) -> al.Project:
    """Give a project that simulated volunteers without fault have rated."""
    truth = read_truth(demo_set / "truth.csv")
    simulate(
        project.store, project.pictures, truth,
        volunteers=4, ratings=60, skill=1, seed=3, progress=False,
    )  # fmt: skip
    return project


def test_the_lines_of_the_readme_lead_to_a_data_set(
    rated: al.Project, demo_set: Path, tmp_path: Path
) -> None:
    """With faultless volunteers, the data set is exactly what the truth says."""
    ratings = rated.ratings()
    assert list(ratings) == ["image_id", "volunteer_id", *KEYS, "created_at", "elapsed_ms", "hasty"]
    verdicts = al.consensus(ratings)
    good = verdicts.query(GOOD)
    report = rated.export(good, tmp_path / "dataset")
    assert report.exported == len(good) > 10

    truth = read_truth(demo_set / "truth.csv")
    images = rated.images().set_index("image_id").loc[verdicts.index]
    expected = {
        (row.folder, row.filename)
        for row in images.itertuples()
        if truth[row.folder, row.filename] == al.Answer.of("person")
    }
    described = pd.read_csv(tmp_path / "dataset" / "metadata.csv")
    assert set(zip(described["folder"], described["filename"], strict=True)) == expected
    assert set(described["file_name"].str.split("/").str[0]) == {"anime", "cartoon"}


def test_simulated_volunteers_rate_like_real_ones(rated: al.Project) -> None:
    """Each image once per volunteer, the least rated first, none that is prefiltered."""
    ratings = rated.ratings()
    assert len(ratings) == 240
    assert not ratings.duplicated(["image_id", "volunteer_id"]).any()
    images = rated.images()
    assert images["state"].value_counts().to_dict() == {"open": 120, "prefiltered": 12}
    # At the end of a round, the images left may be those that the volunteer at hand has rated.
    assert images.loc[images["state"] == "open", "votes"].between(1, 3).all()
    assert images["votes"].sum() == 240
    assert ratings["elapsed_ms"].between(800, 6000).all()


def test_a_lesser_skill_makes_mistakes(project: al.Project, demo_set: Path) -> None:
    """About as many as the skill says, and never a contradiction."""
    truth = read_truth(demo_set / "truth.csv")
    simulate(
        project.store, project.pictures, truth,
        volunteers=5, ratings=60, skill=0.8, seed=5, progress=False,
    )  # fmt: skip
    ratings = project.ratings().merge(project.images(), on="image_id")
    wrong = sum(
        getattr(row, key) != (key in truth[row.folder, row.filename].features)
        for row in ratings.itertuples()
        for key in KEYS
    )
    assert 0.1 < wrong / (len(ratings) * len(KEYS)) < 0.3
    others = [key for key in KEYS if key != "empty"]
    assert not (ratings["empty"] & ratings[others].any(axis=1)).any()


def test_a_repeated_import_touches_no_rating(rated: al.Project) -> None:
    """Neither the ratings nor the counters change."""
    before = rated.ratings()
    report = rated.add_series(progress=False)
    assert (report.added, report.known) == (0, 132)
    pd.testing.assert_frame_equal(rated.ratings(), before)


def test_a_gallery_shows_verdicts_and_refuses_foreign_images(rated: al.Project) -> None:
    """A frame of another project is told apart."""
    good = al.consensus(rated.ratings()).query(GOOD)
    gallery = rated.gallery(good)
    described = gallery._described(0, len(good))
    assert [each["image_id"] for each in described] == good.index.tolist()
    assert all(each["badges"] == [{"text": "Character", "look": "yes"}] for each in described)
    details = rated.store.image_details(described[0]["image_id"])
    assert len(details["votes"]) == good["votes"].iloc[0]
    assert all(vote["person"] for vote in details["votes"])
    assert details["history"][-1]["what"] == "Now open"
    gallery.close()
    with pytest.raises(al.InputError, match=r"1 image ids are not of this project, 999999"):
        rated.gallery(pd.DataFrame(index=pd.Index([999_999], name="image_id")))


def test_truth_that_does_not_fit_is_named(project: al.Project, tmp_path: Path) -> None:
    """A missing file, wrong columns, and an image that it does not list."""
    with pytest.raises(al.InputError, match="There is no file"):
        read_truth(tmp_path / "none.csv")
    (tmp_path / "truth.csv").write_text("folder,filename,text\na,1.jpg,1\n")
    with pytest.raises(al.InputError, match="expected the columns folder, filename, text, logo"):
        read_truth(tmp_path / "truth.csv")
    with pytest.raises(al.InputError, match=r"is not known: give a truth.csv that has every image"):
        simulate(project.store, project.pictures, {}, volunteers=1, ratings=1, progress=False)


def test_the_page_loads_neither_pandas_nor_plots(database_url: str, demo_set: Path) -> None:
    """In a volunteer's process every import counts."""
    al.open_project(database_url).close()
    code = (
        "import sys, animelabel_widgets as al\n"
        "al.label_app()\n"
        "print([name for name in ('pandas', 'numpy', 'pyarrow', 'matplotlib', 'alembic', 'voila', "
        "'click') "
        "if name in sys.modules])"
    )
    environ = {
        "ANIMELABEL_DATABASE_URL": database_url,
        "ANIMELABEL_PICTURES": str(demo_set / "frames"),
        "PATH": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_votes_are_in_the_contract_of_other_aggregators(rated: al.Project) -> None:
    """One feature at a time; a feature that is not there is named."""
    votes = rated.votes("logo")
    assert list(votes) == ["task", "worker", "label"]
    assert len(al.DawidSkene().fit_predict(votes)) == rated.ratings()["image_id"].nunique()
    with pytest.raises(al.InputError, match="no feature 'hero': use one of text, logo"):
        rated.votes("hero")


def test_verdicts_are_those_that_were_stored_or_else_estimated_now(rated: al.Project) -> None:
    """A notebook does not estimate again what is there already."""
    assert "computed_at" not in rated.verdicts().attrs
    majority = al.consensus(rated.ratings(), method="majority")
    rated.store.put_verdicts(majority)
    stored = rated.verdicts()
    assert stored.attrs["computed_at"]
    pd.testing.assert_frame_equal(stored, majority, check_index_type=False)
