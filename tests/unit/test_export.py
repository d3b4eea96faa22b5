"""A data set of its own, complete or not there at all."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from animelabel_widgets.errors import InputError
from animelabel_widgets.export import export


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


def test_every_image_is_copied_to_its_kind_and_described(
    tmp_path: Path, rows: pd.DataFrame
) -> None:
    """Nothing collides, nothing is moved, and the table leads to each file."""
    out = tmp_path / "new" / "dataset"
    report = export(rows, tmp_path / "root", out)
    assert (report.exported, report.missing) == (4, ())
    described = pd.read_csv(out / "metadata.csv", index_col="image_id")
    assert [(out / path).read_text() for path in described["path"]] == [
        f"picture {image_id}" for image_id in rows.index
    ]
    assert [path.split("/")[0] for path in described["path"]] == [
        "anime", "anime", "cartoon", "unknown"
    ]  # fmt: skip
    assert described["title"].tolist() == rows["title"].tolist()
    assert len(list((tmp_path / "root").rglob("*.jpg"))) == 4


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


def test_an_export_never_mixes_with_what_is_there(tmp_path: Path, rows: pd.DataFrame) -> None:
    """An empty folder is fine, a folder with something in it or a file is not."""
    (tmp_path / "out").mkdir()
    export(rows, tmp_path / "root", tmp_path / "out")
    (tmp_path / "file").touch()
    for name in ("out", "file"):
        with pytest.raises(InputError, match="not empty"):
            export(rows, tmp_path / "root", tmp_path / name)


def test_an_interrupted_export_leaves_nothing(
    tmp_path: Path, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the data set nor a half of it."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", interrupted)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        export(rows, tmp_path / "root", tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


def test_no_images_give_an_empty_table(tmp_path: Path, rows: pd.DataFrame) -> None:
    """A filter may leave nothing."""
    report = export(rows.iloc[:0], tmp_path / "root", tmp_path / "out")
    assert report.exported == 0
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["metadata.csv"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, rows: pd.DataFrame) -> None:
    """A file in the way of a folder."""
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be made"):
        export(rows, tmp_path / "root", tmp_path / "file" / "out")
