"""An exported set is read by the tools that train on it, offline."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from support.commands import run

import animelabel_widgets as al
from animelabel_widgets.errors import InputError
from animelabel_widgets.labels import KEYS, Answer, Decision

SHARES = {"train": 0.5, "validation": 0.25, "test": 0.25}


@pytest.fixture
def project(database_url: str, demo_set: Path) -> Iterator[al.Project]:
    """Give the demo's project, which three have rated."""
    with al.open_project(database_url, pictures=demo_set / "frames") as opened:
        opened.add_series(progress=False)
        for token in "abc":
            volunteer = opened.store.volunteer(token * 32)
            for task in opened.store.hand_out(volunteer, 150):
                said = Answer.of("person") if task.image_id % 2 else Answer.of("text")
                opened.store.rate(volunteer, task.assignment_id, said, 0, 900)
        yield opened


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Give Hugging Face's library, offline, with its cache in the test's folder."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    with warnings.catch_warnings():
        # Its own, of how it is made.
        warnings.simplefilter("ignore")
        import datasets as library

    monkeypatch.setattr(library.config, "HF_DATASETS_OFFLINE", True)
    library.disable_progress_bars()
    with warnings.catch_warnings():
        # It leaves files to the garbage collector, which is made to come here.
        warnings.simplefilter("ignore", ResourceWarning)
        yield library
        gc.collect()


def class_folder(root: Path) -> list[tuple[Path, int]]:
    """Read as torchvision's ImageFolder does: sub-folders are classes, in the order of names."""
    classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
    return [
        (Path(place) / name, number)
        for number, each in enumerate(classes)
        for place, _, names in sorted(os.walk(root / each, followlinks=True))
        for name in sorted(names)
        if name.lower().endswith((".jpg", ".jpeg", ".png", ".webp"))
    ]


@pytest.mark.parametrize(
    ("mode", "split"),
    [("copy", None), ("copy", SHARES), ("hardlink", None), ("symlink", SHARES)],
)
def test_hugging_face_reads_it(
    project: al.Project,
    datasets: ModuleType,
    tmp_path: Path,
    mode: str,
    split: dict[str, float] | None,
) -> None:
    """By `imagefolder`: each picture with its own row, in its split."""
    verdicts = project.verdicts()
    report = project.export(verdicts, tmp_path / "set", mode=mode, split=split, ratings=True)
    assert report.exported == len(verdicts) == 120
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = datasets.load_dataset(
            "imagefolder", data_dir=str(tmp_path / "set"), cache_dir=str(tmp_path / "cache")
        )
    assert set(loaded) == set(split or ["train"])
    table = pd.read_parquet(tmp_path / "set" / "images.parquet").set_index("image_id")
    met = []
    for name, part in loaded.items():
        for row in part:
            known = table.loc[row["image_id"]]
            assert row["image"].size == (known["width"], known["height"])
            assert [row[key] for key in KEYS] == known[list(KEYS)].tolist()
            assert row["kind"] == known["kind"]
            assert split is None or known["split"] == name
            met.append(row["image_id"])
    assert sorted(met) == sorted(verdicts.index)


def test_folders_are_classes(project: al.Project, tmp_path: Path) -> None:
    """As ImageFolder reads them; every file is a picture of that kind."""
    project.export(project.verdicts(), tmp_path / "set", split=SHARES)
    table = pd.read_parquet(tmp_path / "set" / "images.parquet")
    samples = [each for split in SHARES for each in class_folder(tmp_path / "set" / split)]
    kinds = {str(tmp_path / "set" / row.file_name): row.kind for row in table.itertuples()}
    assert len(samples) == 120
    for file, number in samples:
        assert ["anime", "cartoon"][number] == kinds[str(file)]
        with Image.open(file) as picture:
            picture.load()


def test_ratings_are_in_the_contract_of_crowd_kit(project: al.Project, tmp_path: Path) -> None:
    """Those of the exported images, which an aggregator takes as they are."""
    chosen = project.verdicts().query("person")
    project.export(chosen, tmp_path / "set", ratings=True, mode="manifest")
    for key in KEYS:
        votes = pd.read_csv(tmp_path / "set" / "ratings" / f"{key}.csv")
        assert votes.columns.tolist() == ["task", "worker", "label"]
        assert set(votes["task"]) == set(chosen.index)
        assert len(votes) == 3 * len(chosen)
    assert al.majority(pd.read_csv(tmp_path / "set" / "ratings" / "person.csv"))["label"].all()


def test_the_card_tells_how_to_make_the_set_again(project: al.Project, tmp_path: Path) -> None:
    """Counts, filter, threshold, method, version, date, agreement, votes and volunteers."""
    condition = "person & ~text"
    chosen = al.consensus(project.ratings()).query(condition)
    project.export(chosen, tmp_path / "set", split=SHARES, seed=7, condition=condition)
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    kinds = pd.read_parquet(tmp_path / "set" / "images.parquet")["kind"].value_counts()
    for line in (
        f"{len(chosen)} images of 6 series.",
        "| filter | `person & ~text` |",
        "| threshold | a feature is there above a probability of 0.5, and undecided at 0.5 |",
        "| split | train 0.5, validation 0.25, test 0.25, by series: none is in two |",
        "| seed | 7 |",
        f"| animelabel_widgets | {al.__version__} |",
        f"| method | {chosen.attrs['method']} |",
        f"| calibrated | {chosen.attrs['calibrated']} |",
        f"{3 * len(chosen)} ratings by 3 volunteers on these images.",
        "| feature | Krippendorff's alpha | unanimous |",
        "| folder | title | kind | split | images |",
    ):
        assert line in card.splitlines()
    assert "| date | 20" in card
    assert kinds.sum() == len(chosen)


def test_a_stored_verdict_says_when_it_was_computed(project: al.Project, tmp_path: Path) -> None:
    """The card has the time; without a verdict, it says that the rows were passed."""
    project.store.put_verdicts(al.consensus(project.ratings()))
    project.export(project.verdicts(), tmp_path / "set", mode="manifest")
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    assert f"| computed_at | {project.verdicts().attrs['computed_at']} |" in card.splitlines()
    assert "| filter | not known: rows were passed |" in card.splitlines()


def test_a_query_chooses_what_reviewers_decided_and_reads_the_ratings_once(
    project: al.Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also an image that nobody has rated; the card counts it, and not one decided otherwise."""
    images = project.images()
    unrated = int(images.loc[images["votes"] == 0, "image_id"].iloc[0])
    rated = int(images.loc[images["votes"] > 0, "image_id"].iloc[0])
    project.store.settle(unrated, Decision(Answer.of("person")), "Ada", version=0)
    project.store.settle(rated, Decision(Answer.of("logo")), "Ada", version=0)
    reads, read = [], project.store.ratings
    monkeypatch.setattr(
        project.store, "ratings", lambda **options: reads.append(1) or read(**options)
    )
    project.export("person", tmp_path / "set", mode="manifest")
    exported = pd.read_parquet(tmp_path / "set" / "images.parquet")["image_id"]
    assert unrated in set(exported)
    assert rated not in set(exported)
    assert len(reads) == 1
    lines = (tmp_path / "set" / "README.md").read_text(encoding="utf-8").splitlines()
    assert "| settled by reviewers | 1 images |" in lines
    assert "| filter | `person` |" in lines
    with pytest.raises(InputError, match=r"The filter 'hero' cannot be used .* use the columns"):
        project.export("hero", tmp_path / "other")


def test_the_card_tells_a_threshold_of_ones_own(project: al.Project, tmp_path: Path) -> None:
    """As the rows show it; where they have no probabilities, it says so."""
    verdicts = project.verdicts()
    verdicts["p_text"] = np.linspace(0, 1, len(verdicts))
    verdicts["text"] = verdicts["p_text"] > 0.8
    project.export(verdicts, tmp_path / "set", mode="manifest")
    card = (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    assert "text is there at 0.81 to 1.00, absent at 0.00 to 0.80" in card
    assert "probabilities | text 0.00 to 1.00, logo " in card
    assert "probability of 0.5, and" not in card
    project.export(verdicts[["votes"]], tmp_path / "bare", mode="manifest")
    card = (tmp_path / "bare" / "README.md").read_text(encoding="utf-8")
    assert "| threshold | not known: the rows have no probabilities |" in card.splitlines()


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"a": [1]}), "The frame has no image_id"),
        (pd.DataFrame({"image_id": [1, 1]}), "has image 1 twice"),
        (pd.DataFrame({"image_id": [999]}), "not of this project, 999 for one"),
    ],
)
def test_frames_that_name_no_images_are_refused(
    project: al.Project, tmp_path: Path, frame: pd.DataFrame, message: str
) -> None:
    """In one sentence, and no folder is made."""
    with pytest.raises(InputError, match=message):
        project.export(frame, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_the_command_has_the_same_options(
    project: al.Project, database_url: str, demo_set: Path, tmp_path: Path
) -> None:
    """Mode, split, balance, seed, ratings, reviewers' decisions; wrong use in one sentence."""
    images = project.images()
    unrated = int(images.loc[images["votes"] == 0, "image_id"].iloc[0])
    project.store.settle(unrated, Decision(Answer.of("person")), "Ada", version=0)
    environ = {
        "ANIMELABEL_DATABASE_URL": database_url,
        "ANIMELABEL_PICTURES": str(demo_set / "frames"),
    }
    words = ["export", "set", "--filter", "person", "--split", "50/25/25", "--seed", "3"]
    words += ["--balance", "--crowdkit"]
    first = run(*words, cwd=tmp_path, **environ)
    assert (first.returncode, "left out for the balance" in first.stdout) == (0, True)
    again = run(*words, cwd=tmp_path, **environ)
    assert "of them unchanged" in again.stdout
    assert unrated in set(pd.read_parquet(tmp_path / "set" / "images.parquet")["image_id"])
    assert (tmp_path / "set" / "ratings" / "logo.csv").exists()
    assert "`person`" in (tmp_path / "set" / "README.md").read_text(encoding="utf-8")
    for wrong, code, message in (
        (["--split", "80/20"], 2, "expected three numbers as in 80/10/10"),
        (["--split", "80/-1/21"], 2, "expected shares of 0 or more"),
        (["--mode", "move"], 2, "'move' is not one of"),
        (["--filter", "person & ~person"], 1, "No image was chosen"),
    ):
        done = run("export", "set", *wrong, cwd=tmp_path, **environ)
        assert (done.returncode, message in done.stderr) == (code, True), done.stderr
