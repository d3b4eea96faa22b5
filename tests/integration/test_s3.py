"""Pictures in a bucket: a real S3 server on loopback, through the command line and a project."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image
from support.commands import run, serving
from support.story import tell
from support.visitor import Visitor
from support.waiting import free_port, wait_until

import animelabel_widgets as al
from animelabel_widgets.errors import ConfigError, InputError, PictureError
from animelabel_widgets.estimation import reestimate
from animelabel_widgets.pictures.remote import RemoteFolder
from animelabel_widgets.session import Session

FRAMES = "s3://bucket/frames"

# Of aiohttp, whose sessions s3fs closes when the interpreter ends.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of moto's S3 server, which keeps all in its memory."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("moto") / "log.txt"
    with (
        log.open("w", encoding="utf-8") as output,
        subprocess.Popen(
            [sys.executable, "-m", "moto.server", "--port", str(port)],
            stdout=output,
            stderr=output,
            # The server itself asks nobody for anything.
            env={**os.environ, "AWS_EC2_METADATA_DISABLED": "true"},
        ) as process,
    ):

        def answers() -> bool:
            with suppress(OSError), urllib.request.urlopen(f"{address}/moto-api/") as reply:  # noqa: S310
                return bool(reply.status == 200)
            return False

        try:
            wait_until(answers, "moto's server", timeout=60)
            yield address
        finally:
            process.terminate()


@pytest.fixture
def keys(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the variables that lead to the bucket, and set them here too."""
    named = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
    }
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    return named


@pytest.fixture
def bucket(keys: dict[str, str], demo_set: Path) -> Iterator[RemoteFolder]:
    """Give two of the demo's series in a bucket, with their list."""
    folder = RemoteFolder(FRAMES)
    folder._files.invalidate_cache()
    folder._files.mkdir("bucket")
    for series in ("kujira", "hoshi-no-kaze"):
        for file in sorted((demo_set / "frames" / series).iterdir())[:6]:
            folder._files.pipe_file(f"bucket/frames/{series}/{file.name}", file.read_bytes())
    titles = "folder,title,is_anime\nkujira,Whale,0\nhoshi-no-kaze,Star,1\n"
    folder._files.pipe_file("bucket/frames/series.csv", titles.encode())
    folder._files.touch("bucket/frames/empty.jpg")
    yield folder
    folder._files.rm("bucket", recursive=True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_project_works_on_a_bucket_as_on_a_folder(
    bucket: RemoteFolder, database_url: str, tmp_path: Path
) -> None:
    """Import, hand-out, gallery, review, and export again with what is unchanged."""
    with al.open_project(database_url, pictures=FRAMES) as project:
        report = project.add_series(progress=False)
        assert (report.series, report.added, len(report.refused)) == (2, 12, 1)
        session = Session(project.store, project.pictures)
        session.hello("a" * 32)
        while handed := session.fetch(5):
            for each in handed:
                assert each.jpeg[:2] == b"\xff\xd8"
                session.rate(each.rated.task.assignment_id, al.Answer.of("person"), 0, 900)
        reestimate(project.store)
        images = project.images()
        assert set(images["title"]) == {"Whale", "Star"}
        row = images.iloc[0]
        with Image.open(BytesIO(project.pictures.jpeg(row["folder"], row["filename"]))) as shown:
            assert shown.size == (row["width"], row["height"])
        gallery = project.gallery(project.verdicts())
        asked = {"id": 1, "kind": "thumbnails", "version": 1, "rows": [0], "side": 240}
        reply, (thumbnail,) = gallery._answer(asked, ())()  # type: ignore[operator, misc]
        assert (reply["pictures"], thumbnail[:2]) == ([0], b"\xff\xd8")
        board = project.review()
        board._answer({"id": 1, "kind": "hello", "reviewer": "Ada"}, ())
        opened = {"id": 2, "kind": "open", "image": int(row["image_id"])}
        reply, pictures = board._answer(opened, ())  # type: ignore[misc]
        assert (reply["missing"], len(pictures)) == (None, 1)
        gallery.close()
        board.close()
        count = len(project.verdicts())
        for reused in (0, count):
            done = project.export(project.verdicts(), tmp_path / "set")
            assert (done.exported, done.reused) == (count, reused)
        path = pd.read_csv(tmp_path / "set" / "metadata.csv")["file_name"].iloc[0]
        name = path.partition("/")[2]
        assert (tmp_path / "set" / path).read_bytes() == bucket._files.cat_file(f"{FRAMES}/{name}")
        with pytest.raises(InputError, match="cannot be linked: use the mode copy or manifest"):
            project.export(project.verdicts(), tmp_path / "links", mode="symlink")
        with pytest.raises(PictureError, match="the file is missing"):
            project.pictures.jpeg("kujira", "gone.jpg")
        bucket._files.rm(FRAMES, recursive=True)
        with pytest.raises(ConfigError, match="s3://bucket/frames is missing or empty"):
            project.pictures.jpeg("kujira", "gone.jpg")
        bucket._files.pipe_file("bucket/other", b"")


def test_the_command_line_takes_an_address(
    bucket: RemoteFolder, keys: dict[str, str], tmp_path: Path
) -> None:
    """Where a folder would stand; a key that is refused or no server is one sentence."""
    done = run("import", FRAMES, cwd=tmp_path, **keys)
    assert done.stdout.startswith("Added 12 images in 2 series"), done.stderr
    done = run("import", f"{FRAMES}/hoshi-no-kaze/..", "--pictures", FRAMES, cwd=tmp_path, **keys)
    assert done.returncode == 1
    words = ["export", "set", "--pictures", FRAMES, "--filter", "votes >= 0", "--mode", "manifest"]
    done = run(*words, cwd=tmp_path, **keys)
    assert (done.returncode, done.stdout) == (0, "Exported 0 images to set: none was chosen.\n")
    for wrong, said in (
        ({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}, "cannot be read"),
        ({"ANIMELABEL_PICTURES": "s3://nowhere/frames"}, "is empty, or does not exist"),
    ):
        environ = {"ANIMELABEL_PICTURES": FRAMES, **keys, **wrong}
        done = run("import", environ["ANIMELABEL_PICTURES"], cwd=tmp_path, **environ)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_volunteers_get_pictures_of_a_bucket(
    bucket: RemoteFolder, keys: dict[str, str], tmp_path: Path
) -> None:
    """The served page takes the address as a folder."""
    environ = {"ANIMELABEL_PICTURES": FRAMES, **keys}
    assert run("import", FRAMES, cwd=tmp_path, **environ).returncode == 0

    async def story() -> None:
        visitor = Visitor(server.address)
        await visitor.visit()
        _, pictures = await visitor.ask(kind="fetch", count=3)
        assert {each[:2] for each in pictures} == {b"\xff\xd8"}

    with serving("serve", "--hosts", "1", cwd=tmp_path, environ=environ) as server:
        tell(story)
