"""A data set of its own: complete, or as it was before."""

from __future__ import annotations

import csv
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from animelabel_widgets.errors import InputError
from animelabel_widgets.export import Recipe, export, placing
from animelabel_widgets.export.swapping import building, recover
from animelabel_widgets.export.tables import write_csv

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


@pytest.fixture
def rows(tmp_path: Path) -> pd.DataFrame:
    """Give four images of three kinds, with their files."""
    table = pd.DataFrame(
        {
            "folder": ["a", "a", "b/c", "d"],
            "filename": ["1.jpg", "x/1.jpg", "1.jpg", "日本.jpg"],
            "title": ["A", "A", "B, or C", "D"],
            "is_anime": pd.array([True, True, False, pd.NA], dtype="boolean"),
            "votes": [3, 3, 4, 5],
        },
        index=pd.Index([11, 12, 13, 14], name="image_id"),
    )
    for image_id, folder, filename in zip(table.index, table.folder, table.filename, strict=True):
        file = tmp_path / "root" / folder / filename
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"picture {image_id}")
    return table


def content(folder: Path) -> dict[str, bytes]:
    """Read all files below a folder."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def many(series: int, images: int = 10) -> pd.DataFrame:
    """Give rows of many series, a third of them cartoons, without files."""
    number = np.arange(series * images)
    folder = number // images
    return pd.DataFrame(
        {
            "folder": [f"s{each:03}" for each in folder],
            "filename": [f"{each}.jpg" for each in number],
            "title": [f"Series {each}" for each in folder],
            "is_anime": pd.array(folder % 3 > 0, dtype="boolean"),
        },
        index=pd.Index(number + 1, name="image_id"),
    )


def test_every_image_is_copied_to_its_kind_and_described(
    tmp_path: Path, rows: pd.DataFrame
) -> None:
    """Nothing collides, nothing is moved, and both tables lead to each file."""
    out = tmp_path / "new" / "dataset"
    report = export(rows, tmp_path / "root", out)
    assert (report.exported, report.missing) == (4, ())
    for described in (pd.read_csv(out / "metadata.csv"), pd.read_parquet(out / "images.parquet")):
        assert described.columns[0] == "file_name"
        assert described["image_id"].tolist() == rows.index.tolist()
        assert [(out / path).read_text() for path in described["file_name"]] == [
            f"picture {image_id}" for image_id in rows.index
        ]
        assert described["kind"].tolist() == ["anime", "anime", "cartoon", "unknown"]
        assert described["title"].tolist() == rows["title"].tolist()
    assert len(list((tmp_path / "root").rglob("*.jpg"))) == 4


@pytest.mark.parametrize("mode", ["hardlink", "symlink", "manifest"])
def test_pictures_may_stay_where_they_are(tmp_path: Path, rows: pd.DataFrame, mode: str) -> None:
    """Links of both kinds lead to them; of a manifest, the tables do."""
    out = tmp_path / "out"
    assert export(rows, tmp_path / "root", out, Recipe(mode)).exported == 4
    described = pd.read_csv(out / "metadata.csv")
    source = tmp_path / "root" / "d" / "日本.jpg"
    if mode == "manifest":
        assert sorted(content(out)) == sorted(
            [".animelabel.json", "README.md", "images.parquet", "metadata.csv"]
        )
        assert (tmp_path / "root" / described["file_name"].iloc[-1]).samefile(source)
    else:
        last = out / described["file_name"].iloc[-1]
        assert last.samefile(source)
        assert last.is_symlink() == (mode == "symlink")


def test_a_lost_file_is_listed_and_the_rest_is_exported(tmp_path: Path, rows: pd.DataFrame) -> None:
    """Also where a link leads out of the pictures' folder."""
    (tmp_path / "root" / "a" / "1.jpg").unlink()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "root" / "d" / "日本.jpg").unlink()
    (tmp_path / "root" / "d" / "日本.jpg").symlink_to(tmp_path / "secret")
    report = export(rows, tmp_path / "root", tmp_path / "out")
    assert report.exported == 2
    assert [image_id for image_id, _ in report.missing] == [11, 14]
    assert "2 could not be copied, image 11 for one" in report.summary()
    assert pd.read_csv(tmp_path / "out" / "metadata.csv")["image_id"].tolist() == [12, 13]


def test_no_series_is_in_two_splits(tmp_path: Path) -> None:
    """The shares are met by kind, a seed draws the same again, and another one does not."""
    rows = many(60)
    splits = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        export(rows, tmp_path, tmp_path / name, Recipe("manifest", SHARES, seed=seed))
        described = pd.read_parquet(tmp_path / name / "images.parquet").set_index("image_id")
        assert len(described[["folder", "split"]].drop_duplicates()) == 60
        for _, part in described.groupby("kind"):
            shares = part["split"].value_counts(normalize=True)
            assert shares.to_dict() == pytest.approx(SHARES, abs=0.05)
        splits.append(described["split"])
    assert splits[0].equals(splits[1])
    assert not splits[0].equals(splits[2])


def test_every_split_has_a_series_where_there_are_enough(tmp_path: Path) -> None:
    """Three for three; two are refused, and nothing is made."""
    export(many(3), tmp_path, tmp_path / "out", Recipe("manifest", SHARES))
    described = pd.read_parquet(tmp_path / "out" / "images.parquet")
    assert set(described["split"]) == set(SHARES)
    with pytest.raises(InputError, match="need 3 series at least, and the chosen images are of 2"):
        export(many(2), tmp_path, tmp_path / "two", Recipe("manifest", SHARES))
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_a_balanced_set_has_as_many_of_each_kind(tmp_path: Path) -> None:
    """In each split; those left out are counted, and a kind that is missing is said so."""
    rows = many(60)
    recipe = Recipe("manifest", SHARES, balanced=True, seed=3)
    report = export(rows, tmp_path, tmp_path / "out", recipe)
    described = pd.read_parquet(tmp_path / "out" / "images.parquet")
    counts = described.groupby(["split", "kind"]).size().unstack()  # noqa: PD010
    assert (counts["anime"] == counts["cartoon"]).all()
    assert report.left_out == 600 - len(described) > 0
    with pytest.raises(InputError, match="there are none of cartoon"):
        export(rows[rows["is_anime"]], tmp_path, tmp_path / "b", Recipe("manifest", balanced=True))


def test_a_balanced_split_has_both_kinds_where_there_are_series_for_it(tmp_path: Path) -> None:
    """Three series of each kind make three splits; with fewer, a sentence says what to do."""
    rows = many(9)
    for seed in range(5):
        recipe = Recipe("manifest", SHARES, balanced=True, seed=seed)
        export(rows, tmp_path, tmp_path / f"out{seed}", recipe)
        described = pd.read_parquet(tmp_path / f"out{seed}" / "images.parquet")
        kinds = described.groupby("split")["kind"].nunique()
        assert kinds.to_dict() == dict.fromkeys(SHARES, 2)
        assert len(described[["folder", "split"]].drop_duplicates()) == 9
    recipe = Recipe("manifest", SHARES, balanced=True)
    with pytest.raises(InputError, match="all images are of one kind"):
        export(many(6), tmp_path, tmp_path / "few", recipe)


@pytest.mark.parametrize(
    "shares", [{}, {"train": 1.5}, {"train": 1, "test": 0}, {"best": 1.0}, {"train": np.nan}]
)
def test_shares_that_are_none_are_refused(shares: dict[str, float]) -> None:
    """With an example of what is expected."""
    with pytest.raises(InputError, match=r"give train 0\.8, validation 0\.1, test 0\.1"):
        Recipe(split=shares)


def test_an_unknown_mode_is_refused() -> None:
    """The modes are named."""
    with pytest.raises(InputError, match="one of copy, hardlink, symlink, manifest, not 'move'"):
        Recipe("move")


def test_repeating_replaces_the_set_and_takes_over_what_is_unchanged(
    tmp_path: Path, rows: pd.DataFrame
) -> None:
    """What is changed comes anew, what is not chosen any more goes, and splits may be others."""
    out = tmp_path / "out"
    export(rows, tmp_path / "root", out)
    kept = (out / "cartoon" / "b" / "c" / "1.jpg").stat().st_ino
    (tmp_path / "root" / "a" / "x" / "1.jpg").write_text("another picture")
    report = export(rows.iloc[1:], tmp_path / "root", out, Recipe(split=SHARES))
    assert report.summary() == f"Exported 3 images to {out}, 2 of them unchanged."
    described = pd.read_parquet(out / "images.parquet").set_index("image_id")
    assert (out / described["file_name"][12]).read_text() == "another picture"
    assert (out / described["file_name"][13]).stat().st_ino == kept
    assert len(list(out.rglob("*.jpg"))) == 3
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out", "root"]


def test_links_never_become_copies_of_a_former_set(tmp_path: Path, rows: pd.DataFrame) -> None:
    """A copy is a file of its own, also after hard links, and for another campaign."""
    out = tmp_path / "out"
    export(rows, tmp_path / "root", out, Recipe("hardlink"), campaign="one")
    assert export(rows, tmp_path / "root", out, campaign="one").reused == 0
    assert not (out / "anime" / "a" / "1.jpg").samefile(tmp_path / "root" / "a" / "1.jpg")
    assert export(rows, tmp_path / "root", out, campaign="two").reused == 0


def test_other_peoples_files_are_never_touched(tmp_path: Path, rows: pd.DataFrame) -> None:
    """An empty folder is fine; one with something else in it, or a file, is not."""
    (tmp_path / "out").mkdir()
    export(rows, tmp_path / "root", tmp_path / "out")
    (tmp_path / "out" / "anime" / "notes.txt").write_text("mine")
    (tmp_path / "file").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("mine")
    before = content(tmp_path)
    for name, message in (
        ("out", r"was not exported, anime/notes\.txt: move it away"),
        ("file", "is a file"),
        ("other", "not empty, and not a set"),
        ("root", "not empty, and not a set"),
    ):
        with pytest.raises(InputError, match=message):
            export(rows, tmp_path / "root", tmp_path / name)
    assert content(tmp_path) == before


def full(*_: object, **__: object) -> None:
    """Be a device without space."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupted(*_: object, **__: object) -> None:
    """Be stopped by Ctrl-C."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("former", [False, True])
@pytest.mark.parametrize("failure", [full, interrupted])
@pytest.mark.parametrize(
    ("module", "name"),
    [(shutil, "copyfile"), (pd.DataFrame, "to_csv"), (pd.DataFrame, "to_parquet"), (Path, "chmod")],
)
def test_a_failure_leaves_what_was_there(
    tmp_path: Path,
    rows: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    former: bool,  # noqa: FBT001
    failure: Callable[..., None],
    module: object,
    name: str,
) -> None:
    """The former set or none, and never a half; no space left is one sentence."""
    if former:
        export(rows.iloc[:2], tmp_path / "root", tmp_path / "out")
    before = content(tmp_path)
    monkeypatch.setattr(module, name, failure)
    expected = InputError if failure is full else KeyboardInterrupt
    with pytest.raises(expected) as raised:
        export(rows, tmp_path / "root", tmp_path / "out")
    monkeypatch.undo()
    assert content(tmp_path) == before
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]
    if failure is full:
        assert "No space left on device" in str(raised.value)
        assert "\n" not in str(raised.value)


def test_the_former_set_comes_back_if_the_new_one_cannot_be_put_in(
    tmp_path: Path, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two renames, too."""
    export(rows, tmp_path / "root", tmp_path / "out")
    before = content(tmp_path)
    rename = Path.rename

    def second_fails(self: Path, target: Path) -> Path:
        if self.name.endswith("animelabel-new"):
            full()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", second_fails)
    with pytest.raises(InputError, match="No space left"):
        export(rows, tmp_path / "root", tmp_path / "out")
    assert content(tmp_path) == before


def test_what_a_killed_run_left_is_put_right(tmp_path: Path, rows: pd.DataFrame) -> None:
    """Killed between the renames, while building, or before the former set was removed."""
    out = tmp_path / "out"
    aside, half = tmp_path / ".out.animelabel-former", tmp_path / ".out.animelabel-new"
    export(rows, tmp_path / "root", out)
    before = content(out)
    out.rename(aside)
    recover(out)
    assert content(out) == before
    shutil.copytree(out, aside)
    half.mkdir()
    (half / "half.jpg").touch()
    assert export(rows, tmp_path / "root", out).reused == 4
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out", "root"]
    assert "half.jpg" not in content(out)


def test_two_exports_to_one_place_do_not_meet(tmp_path: Path, rows: pd.DataFrame) -> None:
    """The second one is told, and the first one ends well."""
    with building(tmp_path / "out") as new:
        (new / "first").touch()
        with pytest.raises(InputError, match="Another process is exporting"):
            export(rows, tmp_path / "root", tmp_path / "out")
    assert list(content(tmp_path / "out")) == ["first"]


def test_hard_links_that_cannot_be_are_explained(
    tmp_path: Path, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the set is on another device than the pictures."""

    def elsewhere(*_: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr(placing.Path, "hardlink_to", elsewhere)
    with pytest.raises(InputError, match="use the mode copy or symlink"):
        export(rows, tmp_path / "root", tmp_path / "out", Recipe("hardlink"))


def test_an_empty_choice_never_replaces_a_set(tmp_path: Path, rows: pd.DataFrame) -> None:
    """In a new folder it makes empty tables and says so; a former set is kept."""
    report = export(rows.iloc[:0], tmp_path / "root", tmp_path / "empty")
    assert report.summary() == f"Exported 0 images to {tmp_path / 'empty'}: none was chosen."
    assert pd.read_csv(tmp_path / "empty" / "metadata.csv").empty
    export(rows, tmp_path / "root", tmp_path / "out")
    before = content(tmp_path)
    with pytest.raises(InputError, match=r"No image was chosen, and the set in .* is kept"):
        export(rows.iloc[:0], tmp_path / "root", tmp_path / "out")
    assert content(tmp_path) == before


def test_columns_that_no_table_can_hold_are_refused(tmp_path: Path, rows: pd.DataFrame) -> None:
    """In one sentence, and nothing is made."""
    odd = rows.assign(odd=[object(), {}, 1, "x"])
    with pytest.raises(InputError, match="A column cannot be stored"):
        export(odd, tmp_path / "root", tmp_path / "out")
    assert [file.name for file in tmp_path.iterdir()] == ["root"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path, start: str) -> None:
    """In the head as well; a path still leads to its file, and a negative number is one."""
    text = f"{start}HYPERLINK(1)"
    frame = pd.DataFrame({"file_name": [text], "title": [text], text: [-1], "kind": ["anime"]})
    write_csv(frame, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        head, cells = list(csv.reader(file))
    assert head == ["file_name", "title", f"'{text}", "kind"]
    assert cells == [f"./{text}", f"'{text}", "-1", "anime"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, rows: pd.DataFrame) -> None:
    """A file in the way of a folder."""
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be made"):
        export(rows, tmp_path / "root", tmp_path / "file" / "out")
