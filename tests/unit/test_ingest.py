"""The import, with a catalogue that lives in memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image
from support.shelves import Shelves

from animelabel_widgets.errors import InputError
from animelabel_widgets.ingest import ImportReport, import_folder
from animelabel_widgets.labels import Series


def draw(file: Path, *, plain: bool = False) -> None:
    """Draw a small picture."""
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.new("RGB", (120, 80), "black")
    if not plain:
        picture.paste(Image.effect_noise((120, 40), 90).convert("RGB"), (0, 20))
    picture.save(file, "JPEG")


def run(shelves: Shelves, folder: Path, root: Path | None = None) -> ImportReport:
    """Import without a progress bar."""
    return import_folder(shelves, root or folder, folder, progress=False)


def test_each_sub_folder_is_a_series_with_all_its_files(tmp_path: Path) -> None:
    """Deeper files belong to it too; names in any language work; hidden ones are passed over."""
    names = ["1.jpg", "staffel 2/ä.jpeg", "日本/場面.jpg", "e\u0301.jpg", "é.jpg", "A.JPG", "a.JPG"]
    for name in names:
        draw(tmp_path / "series one" / name)
    draw(tmp_path / "アニメ" / "1.jpg")
    draw(tmp_path / "series one" / ".hidden.jpg")
    draw(tmp_path / ".trash" / "1.jpg")
    shelves = Shelves()
    report = run(shelves, tmp_path)
    assert shelves.series == [Series("series one", "series one"), Series("アニメ", "アニメ")]
    assert {name for folder, name in shelves.images if folder == "series one"} == set(names)
    assert report == ImportReport(2, len(names) + 1, 0, 0, ())


def test_a_repeated_import_adds_only_what_is_new(tmp_path: Path) -> None:
    """Known files are not even opened."""
    draw(tmp_path / "s" / "1.jpg")
    shelves = Shelves()
    run(shelves, tmp_path)
    draw(tmp_path / "s" / "2.jpg")
    (tmp_path / "s" / "1.jpg").write_bytes(b"no longer a picture")
    assert run(shelves, tmp_path) == ImportReport(1, 1, 1, 0, ())


def test_a_list_gives_titles_and_kinds(tmp_path: Path) -> None:
    """With a byte order mark, with quotes, with an empty kind; unlisted folders keep their name."""
    for name in "abcd":
        draw(tmp_path / name / "1.jpg")
    (tmp_path / "series.csv").write_text(
        '\ufefffolder,title,is_anime\na,"Star, the Wind",1\nb,ビー,no\nc,,\n', encoding="utf-8"
    )
    shelves = Shelves()
    run(shelves, tmp_path)
    assert shelves.series == [
        Series("a", "Star, the Wind", is_anime=True),
        Series("b", "ビー", is_anime=False),
        Series("c", "c", is_anime=None),
        Series("d", "d"),
    ]


def test_a_folder_below_the_root_keeps_its_place(tmp_path: Path) -> None:
    """The page finds the pictures from the root."""
    draw(tmp_path / "tv" / "s" / "1.jpg")
    shelves = Shelves()
    run(shelves, tmp_path / "tv", root=tmp_path)
    assert list(shelves.images) == [("tv/s", "1.jpg")]


def test_small_and_plain_frames_are_kept_as_prefiltered(tmp_path: Path) -> None:
    """They are in the table, and on the disk as before."""
    draw(tmp_path / "s" / "good.jpg")
    draw(tmp_path / "s" / "black.jpg", plain=True)
    Image.linear_gradient("L").resize((8, 8)).save(tmp_path / "s" / "tiny.png")
    large = Image.new("RGB", (1600, 900), "#336699")
    large.save(tmp_path / "s" / "blue.jpg")
    before = {file.name: file.read_bytes() for file in (tmp_path / "s").iterdir()}
    shelves = Shelves()
    report = run(shelves, tmp_path)
    assert {name: image.prefiltered for (_, name), image in shelves.images.items()} == {
        "black.jpg": "under 1000 bytes",
        "blue.jpg": "one colour",
        "good.jpg": None,
        "tiny.png": "under 1000 bytes",
    }
    assert (report.added, report.prefiltered) == (4, 3)
    assert {file.name: file.read_bytes() for file in (tmp_path / "s").iterdir()} == before


def test_the_smallest_size_is_settable(tmp_path: Path) -> None:
    """With 0, only one colour is left as a reason."""
    Image.linear_gradient("L").resize((8, 8)).save(tmp_path / "x.png")
    (tmp_path / "s").mkdir()
    (tmp_path / "x.png").rename(tmp_path / "s" / "x.png")
    shelves = Shelves()
    import_folder(shelves, tmp_path, tmp_path, min_bytes=0, progress=False)
    assert [image.prefiltered for image in shelves.images.values()] == [None]


def test_what_cannot_be_used_is_listed_with_its_reason(tmp_path: Path) -> None:
    """Nothing hangs, nothing is imported by mistake, and the good ones are there."""
    folder = tmp_path / "frames"
    draw(folder / "s" / "good.jpg")
    draw(tmp_path / "elsewhere" / "secret.jpg")
    (folder / "s" / "notes.txt").write_text("hello")
    (folder / "s" / "cut.jpg").write_bytes((folder / "s" / "good.jpg").read_bytes()[:700])
    (folder / "s" / "out.jpg").symlink_to(tmp_path / "elsewhere" / "secret.jpg")
    (folder / "s" / "loop.jpg").symlink_to("loop.jpg")
    (folder / "s" / "dangling.jpg").symlink_to("nowhere.jpg")
    (folder / "s" / "round").symlink_to(folder)
    (folder / "elsewhere").symlink_to(tmp_path / "elsewhere")
    (folder / "s" / "inside.jpg").symlink_to("good.jpg")
    os.mkfifo(folder / "s" / "pipe.jpg")
    draw(folder / "s" / "space.jpg ")
    draw(folder / "s" / ("n" * 200) / ("n" * 200) / ("n" * 200 + ".jpg"))
    draw(folder / "loose.jpg")
    Path(os.fsdecode(os.fsencode(folder / "s") + b"/\xff.jpg")).write_bytes(b"x")
    shelves = Shelves()
    report = run(shelves, folder)
    assert {name for _, name in shelves.images} == {"good.jpg", "inside.jpg"}
    reasons = {refusal.path[:20]: refusal.reason for refusal in report.refused}
    assert len(reasons) == len(report.refused) == 12
    for path, part in {
        "s/notes.txt": "no JPEG",
        "s/cut.jpg": "damaged",
        "s/out.jpg": "outside of the pictures' folder",
        "s/loop.jpg": "leads to itself",
        "s/dangling.jpg": "missing",
        "s/round": "link to a folder",
        "elsewhere": "link to a folder",
        "s/pipe.jpg": "no regular file",
        "s/space.jpg ": "ends in a space",
        "loose.jpg": "no series' folder",
        "s/nnnnnnnnnnnnnnnnnn": "longer than 512",
        "s/\\udcff.jpg": "not UTF-8",
    }.items():
        assert part in reasons[path]
    assert "12 files were refused" in report.summary()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "does not exist"),
        ("empty", "is empty"),
        ("file", "is a file"),
        ("flat", "no sub-folders"),
        ("../outside", "outside of the pictures' folder"),
    ],
)
def test_a_folder_that_cannot_be_imported_is_named(tmp_path: Path, name: str, message: str) -> None:
    """One sentence says what to give instead."""
    root = tmp_path / "root"
    (root / "empty").mkdir(parents=True)
    (root / "file").touch()
    draw(root / "flat" / "1.jpg")
    draw(tmp_path / "outside" / "s" / "1.jpg")
    with pytest.raises(InputError, match=message):
        run(Shelves(), root / name, root=root)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"folder;title;is_anime\na;A;1\n", "expected folder, title, is_anime"),
        (b"", "expected folder, title, is_anime"),
        (b"folder,title,is_anime\nb,B,1\n", "'b', which is not there"),
        (b"folder,title,is_anime\na,A,1\na,B,1\n", "twice"),
        (b"folder,title,is_anime\na,A,maybe\n", "line 2: expected is_anime .*'maybe'"),
        (b"folder,title,is_anime\n../a,A,1\n", "line 2: expected the name of a sub-folder"),
        (b"folder,title,is_anime\na,A\x07,1\n", "printable"),
        (b"folder,title,is_anime\na," + b"A" * 600 + b",1\n", "512"),
        (b"folder,title,is_anime\na,\xff,1\n", "UTF-8"),
        (b'folder,title,is_anime\na,"A,1\n', "UTF-8|CSV"),
    ],
)
def test_a_wrong_list_is_refused_before_anything_is_added(
    tmp_path: Path, text: bytes, message: str
) -> None:
    """The message says what is wrong and where."""
    draw(tmp_path / "a" / "1.jpg")
    (tmp_path / "series.csv").write_bytes(text)
    shelves = Shelves()
    with pytest.raises(InputError, match=message):
        run(shelves, tmp_path)
    assert not shelves.series


def test_a_progress_bar_counts_all_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, so that standard output stays clean."""
    for number in range(3):
        draw(tmp_path / "s" / f"{number}.jpg")
    import_folder(Shelves(), tmp_path, tmp_path)
    captured = capsys.readouterr()
    assert "3/3" in captured.err
    assert captured.out == ""
