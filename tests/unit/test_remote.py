"""Pictures that fsspec reads: from its memory and its local file systems."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from PIL import Image
from support.shelves import Shelves

from animelabel_widgets.errors import ConfigError, InputError, PictureError
from animelabel_widgets.export import Recipe, export
from animelabel_widgets.ingest import import_folder
from animelabel_widgets.pictures import DiskCache, Pictures, find_folder
from animelabel_widgets.pictures.remote import RemoteFolder


def jpeg(size: tuple[int, int] = (120, 80)) -> bytes:
    """Draw a small picture that is not of one colour."""
    data = io.BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(data, "JPEG")
    return data.getvalue()


FILES = {
    "series.csv": b"folder,title,is_anime\na,Anime A,1\nb,Cartoon B,0\n",
    "a/1.jpg": jpeg(),
    "a/deep/2.jpg": jpeg(),
    "b/3.jpg": jpeg((90, 60)),
    "b/broken.jpg": b"no picture",
    "b/.hidden.jpg": jpeg(),
    "loose.jpg": jpeg(),
}


@pytest.fixture(params=["memory", "local"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RemoteFolder]:
    """Give a folder of two series, read through fsspec."""
    address = "memory://frames" if request.param == "memory" else f"local://{tmp_path}/frames"
    found = RemoteFolder(address)
    for name, content in FILES.items():
        found._files.makedirs(f"{found._root}/{name}".rpartition("/")[0], exist_ok=True)
        found._files.pipe_file(f"{found._root}/{name}", content)
    yield found
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


def test_a_folder_elsewhere_is_imported_like_one_of_this_machine(folder: RemoteFolder) -> None:
    """With its titles and its refusals; a folder below it too, and again nothing is new."""
    shelves = Shelves()
    report = import_folder(shelves, folder, progress=False)
    assert (report.series, report.added) == (2, 3)
    assert [(each.title, each.is_anime) for each in shelves.series] == [
        ("Anime A", True),
        ("Cartoon B", False),
    ]
    assert set(shelves.images) == {("a", "1.jpg"), ("a", "deep/2.jpg"), ("b", "3.jpg")}
    assert {each.path for each in report.refused} == {"b/broken.jpg", "loose.jpg"}
    below = import_folder(Shelves(), folder, f"{folder}/a", progress=False)
    assert below.added == 1
    assert import_folder(shelves, folder, progress=False).known == 3
    for wrong in ("memory://other", "frames"):
        with pytest.raises(InputError, match="lies outside of the pictures' folder"):
            import_folder(Shelves(), folder, wrong, progress=False)


def test_pictures_are_shown_and_kept_in_a_bounded_cache(
    folder: RemoteFolder, tmp_path: Path
) -> None:
    """A file is read once for all processes, and again when it has changed."""
    reads = []
    read = folder._files.cat_file
    folder._files.cat_file = lambda path, **rest: reads.append(path) or read(path, **rest)
    try:
        for _ in range(2):
            pictures = Pictures(folder, disk=DiskCache(tmp_path / "cache", 64 * 2**20))
            first = pictures.jpeg("a", "1.jpg", max_side=60)
        assert len(reads) == 1
        folder._files.pipe_file(f"{folder._root}/a/1.jpg", jpeg((100, 100)))
        pictures = Pictures(folder, disk=DiskCache(tmp_path / "cache", 64 * 2**20))
        assert pictures.jpeg("a", "1.jpg", max_side=60) != first
        assert len(reads) == 2
    finally:
        del folder._files.cat_file


def test_what_is_missing_says_why_and_an_empty_folder_blames_no_picture(
    folder: RemoteFolder,
) -> None:
    """Dots never lead out of the folder."""
    pictures = Pictures(folder)
    with pytest.raises(PictureError, match="the file is missing"):
        pictures.jpeg("a", "gone.jpg")
    with pytest.raises(PictureError, match=r"damaged|no JPEG"):
        pictures.jpeg("b", "broken.jpg")
    for parts in (("..", "frames/a/1.jpg"), ("a", "../b/3.jpg"), ("a", "/b/3.jpg")):
        with pytest.raises(PictureError, match="outside"):
            pictures.jpeg(*parts)
    folder._files.rm(folder._root, recursive=True)
    with pytest.raises(ConfigError, match="is missing or empty: correct --pictures"):
        pictures.jpeg("a", "1.jpg")
    with pytest.raises(InputError, match="is empty, or does not exist"):
        import_folder(Shelves(), folder, progress=False)


def test_storage_that_does_not_answer_blames_no_picture(
    folder: RemoteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Volunteers are then given no other image in its place."""

    def broken(*_: Any, **__: Any) -> bytes:
        raise ConnectionError("no route to host")

    for name in ("cat_file", "find", "ls", "info"):
        monkeypatch.setattr(folder._files, name, broken)
    with pytest.raises(ConfigError, match=r"cannot be read \(no route to host\)"):
        Pictures(folder).jpeg("a", "1.jpg")
    with pytest.raises(ConfigError, match="no route to host"):
        import_folder(Shelves(), folder, progress=False)


@pytest.fixture
def rows() -> pd.DataFrame:
    """Give three images, one of which has no file."""
    return pd.DataFrame(
        {
            "folder": ["a", "b", "b"],
            "filename": ["deep/2.jpg", "3.jpg", "gone.jpg"],
            "title": ["A", "B", "B"],
            "is_anime": pd.array([True, False, False], dtype="boolean"),
        },
        index=pd.Index([1, 2, 3], name="image_id"),
    )


def test_a_set_is_copied_and_again_only_what_has_changed(
    folder: RemoteFolder, rows: pd.DataFrame, tmp_path: Path
) -> None:
    """The missing one is told; a manifest needs no picture, and links are refused."""
    out = tmp_path / "out"
    report = export(rows, folder, out, campaign="c")
    assert (report.exported, report.reused, [each for each, _ in report.missing]) == (2, 0, [3])
    assert (out / "anime" / "a" / "deep" / "2.jpg").read_bytes() == FILES["a/deep/2.jpg"]
    folder._files.pipe_file(f"{folder._root}/b/3.jpg", jpeg((50, 50)))
    again = export(rows, folder, out, campaign="c")
    assert (again.exported, again.reused) == (2, 1)
    assert export(rows, folder, tmp_path / "list", Recipe("manifest")).exported == 3
    for mode in ("hardlink", "symlink"):
        with pytest.raises(InputError, match="cannot be linked: use the mode copy or manifest"):
            export(rows, folder, tmp_path / mode, Recipe(mode))
        assert not (tmp_path / mode).exists()


def test_an_address_is_read_as_what_it_is(tmp_path: Path) -> None:
    """A path, an address of this machine, one that nobody knows, and one that lacks a package."""
    assert find_folder(f"file://{tmp_path}").local == tmp_path
    assert find_folder("frames").local == Path("frames")
    with pytest.raises(ConfigError, match=r"nowhere:// cannot be reached"):
        find_folder("nowhere://frames")
    assert "secret" not in str(RemoteFolder("memory://me:secret@frames"))


def test_a_missing_package_is_named() -> None:
    """As where the extra of S3 was not installed."""
    code = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from animelabel_widgets.errors import ConfigError\n"
        "from animelabel_widgets.pictures import find_folder\n"
        "try:\n    find_folder('s3://bucket/frames')\n"
        "except ConfigError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'animelabel-widgets[s3]'" in done.stdout


def test_a_folder_of_this_machine_needs_no_fsspec(tmp_path: Path) -> None:
    """The volunteers' kernels import nothing of it."""
    (tmp_path / "frames" / "a").mkdir(parents=True)
    (tmp_path / "frames" / "a" / "1.jpg").write_bytes(jpeg())
    code = (
        "import sys, animelabel_widgets as al\n"
        "project = al.open_project('sqlite:///x.db', pictures='frames')\n"
        "project.add_series(progress=False); project.pictures.jpeg('a', '1.jpg')\n"
        "project.labeler()\n"
        "print({'fsspec', 's3fs', 'botocore', 'aiohttp'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, capture_output=True, text=True, check=True, env=os.environ,
    )  # fmt: skip
    assert done.stdout == "set()\n"
