"""The demo data set."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from PIL import Image

from animelabel_widgets import demo
from animelabel_widgets.ingest.series_list import read_series
from animelabel_widgets.labels import KEYS
from animelabel_widgets.pictures import inspect
from animelabel_widgets.simulate import read_truth


def test_the_set_is_as_promised(demo_set: Path) -> None:
    """120 frames or more, six series, half of them anime, every frame with its truth."""
    files = {(file.parent.name, file.name): file for file in (demo_set / "frames").glob("*/*.jpg")}
    truth = read_truth(demo_set / "truth.csv")
    assert set(truth) == set(files)
    assert len(files) >= 120
    series = read_series(demo_set / "frames")
    assert sorted(each.is_anime for each in series.values()) == [False] * 3 + [True] * 3
    assert any(not each.title.isascii() for each in series.values())
    assert any(not name.isascii() for _, name in files)
    for key in KEYS:
        for folder in series:
            shown = [key in answer.features for (of, _), answer in truth.items() if of == folder]
            assert any(shown)
            assert not all(shown)
    assert any(not answer.features for answer in truth.values())


def test_black_and_plain_frames_are_empty_and_others_are_not_plain(demo_set: Path) -> None:
    """What the import filters out is empty by its truth; some empty ones are left to the crowd."""
    truth = read_truth(demo_set / "truth.csv")
    plain = {
        place for place in truth if inspect(demo_set / "frames" / place[0] / place[1]).one_colour
    }
    empty = {place for place, answer in truth.items() if "empty" in answer.features}
    assert len(plain) == 12
    assert plain < empty


def test_a_second_time_nothing_is_drawn_again_and_a_half_is_completed(
    tmp_path: Path, demo_set: Path
) -> None:
    """Files that are there stay; the missing one is the same as before."""
    with (demo_set / "truth.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        file = tmp_path / "frames" / row["folder"] / row["filename"]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"there already")
    lost = tmp_path / "frames" / rows[0]["folder"] / rows[0]["filename"]
    lost.unlink()
    demo.draw_demo(tmp_path)
    original = demo_set / "frames" / rows[0]["folder"] / rows[0]["filename"]
    assert lost.read_bytes() == original.read_bytes()
    kept = tmp_path / "frames" / rows[1]["folder"] / rows[1]["filename"]
    assert kept.read_bytes() == b"there already"
    assert (tmp_path / "truth.csv").read_bytes() == (demo_set / "truth.csv").read_bytes()
    lost.unlink()
    demo.draw_demo(tmp_path)
    assert not lost.exists()


@pytest.mark.parametrize("name", ["hoshi-no-kaze", "owl-office"])
def test_frames_have_the_size_of_the_screen(demo_set: Path, name: str) -> None:
    """960 × 540 pixels."""
    for file in (demo_set / "frames" / name).iterdir():
        with Image.open(file) as picture:
            assert picture.size == (960, 540)
