"""The cache of scaled pictures on disk: bounded, whole or absent, and never in the way."""

from __future__ import annotations

import logging
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from PIL import Image

from animelabel_widgets.pictures import DiskCache, Pictures, user_cache
from animelabel_widgets.pictures.disk_cache import DIGEST, SHARDS, key_of

MB = 2**20


def files(folder: Path) -> list[Path]:
    """Give the files of a cache."""
    return sorted(each for each in folder.rglob("*") if each.is_file())


def fill(folder: Path, number: int) -> int:
    """Write and read entries as a process of its own does; count those read wrongly."""
    cache = DiskCache(folder, MB)
    wrong = 0
    for each in range(200):
        cache.put(f"k{each}", b"%d" % each * 900)
        found = cache.get(f"k{(each * 7 + number) % 200}")
        wrong += found not in (None, b"%d" % ((each * 7 + number) % 200) * 900)
    return wrong


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """Give the file of a picture in a series."""
    path = tmp_path / "root" / "s" / "a.png"
    path.parent.mkdir(parents=True)
    Image.new("RGB", (800, 400), "red").save(path)
    return path


def test_a_picture_is_encoded_once_for_all_processes(picture: Path, tmp_path: Path) -> None:
    """Another `Pictures` takes it from the disk: what stands there is given."""
    root, cache = picture.parent.parent, DiskCache(tmp_path / "cache", 64 * MB)
    encoded = Pictures(root, disk=cache).jpeg("s", "a.png", max_side=100)
    told = picture.stat()
    key = key_of(root, "s", "a.png", told.st_size, told.st_mtime_ns, 100, 85)
    assert cache.get(key) == encoded
    cache.put(key, b"from the disk")
    again = Pictures(root, disk=DiskCache(tmp_path / "cache", 64 * MB))
    assert again.jpeg("s", "a.png", max_side=100) == b"from the disk"
    assert again.jpeg("s", "a.png", max_side=101) != b"from the disk"


def test_a_changed_file_is_encoded_anew(picture: Path, tmp_path: Path) -> None:
    """Also where only its time has changed."""
    root, cache = picture.parent.parent, DiskCache(tmp_path / "cache", 64 * MB)
    first = Pictures(root, disk=cache).jpeg("s", "a.png")
    Image.new("RGB", (800, 400), "blue").save(picture)
    os.utime(picture, ns=(1, 1))
    assert Pictures(root, disk=cache).jpeg("s", "a.png") != first


def test_the_bytes_are_bounded_and_the_unused_go_first(tmp_path: Path) -> None:
    """Each sub-folder keeps within its part; an entry read lately outlives an older one."""
    cache = DiskCache(tmp_path, SHARDS * 10_000)
    for each in range(2_000):
        cache.put(f"k{each}", bytes(900))
    for shard in tmp_path.iterdir():
        assert sum(each.stat().st_size for each in shard.iterdir()) <= 10_000
    (old, used), shard = files(tmp_path / "00")[:2], tmp_path / "00"
    for each in files(shard):
        os.utime(each, (2000, 2000))
    os.utime(old, (1500, 1500))
    os.utime(used, (1000, 1000))
    assert cache.get(used.stem) == bytes(900)
    number = 2_000
    while old.exists():
        cache.put(f"k{number}", bytes(900))
        number += 1
    assert used.exists()
    before = files(tmp_path)
    cache.put("large", bytes(10_000))
    assert (cache.get("large"), files(tmp_path)) == (None, before)


@pytest.mark.parametrize("damage", [b"", b"x", bytes(DIGEST + 900), None])
def test_a_damaged_entry_is_dropped(tmp_path: Path, damage: bytes | None) -> None:
    """Cut short, overwritten, or that of another key."""
    cache = DiskCache(tmp_path, MB)
    cache.put("a", bytes(900))
    (file,) = files(tmp_path)
    if damage is None:
        cache.put("b", b"other")
        damage = next(each for each in files(tmp_path) if each != file).read_bytes()
    file.write_bytes(damage)
    assert cache.get("a") is None
    assert not file.exists()
    cache.put("a", bytes(900))
    assert cache.get("a") == bytes(900)


def test_processes_and_threads_share_it(tmp_path: Path) -> None:
    """No entry is read half written, and nothing unfinished is left."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert list(processes.map(fill, [tmp_path] * 2, range(2))) == [0, 0]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(fill, [tmp_path] * 4, range(4))) == [0] * 4
    assert all(each.suffix == ".jpg" for each in files(tmp_path))


def test_a_folder_that_cannot_be_used_is_told_once(
    picture: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The picture is shown all the same."""
    (tmp_path / "cache").write_text("no folder", encoding="utf-8")
    pictures = Pictures(picture.parent.parent, disk=DiskCache(tmp_path / "cache", 64 * MB))
    with caplog.at_level(logging.WARNING, "animelabel_widgets"):
        for side in (100, 200):
            assert pictures.jpeg("s", "a.png", max_side=side).startswith(b"\xff\xd8")
    assert len(caplog.records) == 1


def test_it_is_in_the_users_cache_directory_or_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readable by this user only."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_cache(0) is None
    cache = user_cache(64 * MB)
    assert cache is not None
    cache.put("a", b"1")
    (file,) = files(tmp_path / "animelabel_widgets")
    assert file.stat().st_mode & 0o077 == 0
