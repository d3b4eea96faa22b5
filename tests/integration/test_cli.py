"""The command line, as a user types it."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import click
import pytest
from support.commands import run

from animelabel_widgets.cli import cli
from animelabel_widgets.store import schema

COMMANDS = sorted(cli.commands)


def test_the_commands_are_those_of_the_readme() -> None:
    """Nothing missing, nothing more."""
    assert COMMANDS == [
        "check", "consensus", "demo", "export", "forget", "gold", "import", "init", "serve",
        "simulate", "stats",
    ]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example_that_it_understands(name: str) -> None:
    """The example's words parse; nothing is run."""
    command = cli.commands[name]
    text = command.get_help(click.Context(command, info_name=name))
    example = re.search(rf"Example:\n\s+animelabel {name}(.*)", text)
    assert example
    words = next(csv.reader([example[1].strip()], delimiter=" ")) if example[1].strip() else []
    command.make_context(name, [word for word in words if word])
    for option in command.params:
        assert isinstance(option, click.Argument) or option.help or option.show_default


def test_help_comes_quickly_without_the_heavy_imports(tmp_path: Path) -> None:
    """Neither pandas nor Voilà is needed to say what there is."""
    done = run("--help", cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    assert "simulate" in done.stdout
    assert " pandas" not in done.stderr
    assert " voila" not in done.stderr


def test_a_campaign_from_the_command_line(
    database_url: str, demo_set: Path, tmp_path: Path
) -> None:
    """init, import, simulate, stats, export, with settings from the environment."""
    shutil.copytree(demo_set, tmp_path / "demo")
    environ = {
        "ANIMELABEL_DATABASE_URL": database_url,
        "ANIMELABEL_PICTURES": str(tmp_path / "demo" / "frames"),
    }
    said = {}
    for words in (
        ["init"],
        ["import", "demo/frames"],
        ["simulate", "--volunteers", "3", "--ratings", "50", "--skill", "1", "--seed", "1"],
        ["stats"],
        ["check"],
        ["export", "dataset", "--ratings", "ratings.parquet"],
    ):
        done = run(*words, cwd=tmp_path, **environ)
        assert done.returncode == 0, done.stderr
        said[words[0]] = done.stdout
    assert said["init"] == f"The tables are ready (version {schema.HEAD}).\n"
    assert said["import"].startswith("Added 132 images in 6 series, 12 of them prefiltered;")
    assert said["simulate"] == "150 ratings by 3 simulated volunteers.\n"
    assert re.search(r"ratings +150\n", said["stats"])
    assert re.search(r"prefiltered +12\n", said["stats"])
    assert re.search(r"known answers +0\n  said to them +0\nreports +0\n", said["stats"])
    assert said["check"] == "Every counter is what the history says.\n"
    assert re.match(r"Exported \d+ images to dataset\.\n", said["export"])
    assert said["export"].endswith("\nExported 150 ratings to ratings.parquet.\n")
    assert (tmp_path / "dataset" / "metadata.csv").exists()


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["label"], 2, "No such command 'label'"),
        (["import"], 2, "Missing argument 'FOLDER'"),
        (["serve", "--port", "many"], 2, "'many' is not a valid integer"),
        (["simulate", "--skill", "2"], 2, "not in the range 0<=x<=1"),
        (["export", "out", "--filter", "hero & ~text"], 1, "name 'hero' is not defined"),
        (["export"], 2, "Name a folder for the data set, or a file with --ratings"),
        (["export", "--ratings", "a.parquet", "--filter", "text"], 2, "name a folder to copy"),
        (["export", "--ratings", "a.csv"], 1, "let it end in .parquet"),
        (["consensus", "--out", "a.csv"], 1, "let it end in .parquet"),
        (["consensus", "--least", "5", "--most", "4"], 2, "--least 5 is above --most 4: swap them"),
        (["serve", "--port", "99999"], 2, "not in the range 1<=x<=65535"),
        (["serve", "--kernels", "process", "--workers", "2"], 1, "are for the lean page"),
        (["serve", "--template", "lab", "--max-visitors", "9"], 1, "are for the lean page"),
        (["export", "--ratings", "none/a.parquet"], 1, "cannot be written (No such file"),
        (["import", "nowhere"], 1, "nowhere does not exist: give a folder"),
        (["import", "empty"], 1, "empty is empty: put the frames of each series in a folder"),
        (["import", "flat"], 1, "flat has files but no sub-folders"),
        (["stats", "--database-url", "anime.db"], 1, "The database URL cannot be read"),
        (["stats", "--database-url", "sqlite:///none.db"], 1, "run `animelabel init`"),
        (["serve", "--pictures", "nowhere"], 1, "There is no folder of pictures"),
        (["serve", "--log", "none/page.log"], 1, "page.log cannot be written (No such file"),
        (["serve", "--database-url", "sqlite:///none.db"], 1, "run `animelabel init`"),
        (["simulate", "--pictures", "empty"], 1, "There is no file truth.csv"),
        (["init", "--database-url", "mysql+pymysql://me:geheim@127.0.0.1:1/a"], 1, "start the"),
    ],
)
def test_wrong_use_is_2_and_failure_is_1_each_in_one_sentence(
    tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    """No traceback, no password, and what to do."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "frames").mkdir()
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "1.jpg").touch()
    assert run("init", cwd=tmp_path).returncode == 0
    done = run(*words, cwd=tmp_path)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr
    if code == 1:
        assert len(done.stderr.strip().splitlines()) == 1


def test_a_file_for_ratings_that_cannot_be_is_told_before_the_data_set_is_made(
    tmp_path: Path,
) -> None:
    """It may take hours, and replaces the former one."""
    assert run("init", cwd=tmp_path).returncode == 0
    (tmp_path / "r.parquet").touch()
    done = run("export", "dataset", "--ratings", "r.parquet", cwd=tmp_path)
    assert done.returncode == 1
    assert "r.parquet exists: remove it" in done.stderr
    assert not (tmp_path / "dataset").exists()


def test_debug_shows_where(tmp_path: Path) -> None:
    """The traceback is there for who asks."""
    done = run("--debug", "import", "nowhere", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "InputError" in done.stderr


def test_an_older_schema_names_the_command(tmp_path: Path) -> None:
    """Every command that opens the project says to run init."""
    from contextlib import closing

    from animelabel_widgets.store import schema
    from animelabel_widgets.store.database import Database

    with closing(Database(f"sqlite:///{tmp_path}/animelabel.db")) as database:
        schema.upgrade(database, "0001")
    (tmp_path / "frames" / "s").mkdir(parents=True)
    for words in (["stats"], ["import", "frames"], ["serve"], ["export", "out"]):
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 1
        assert "run `animelabel init`" in done.stderr
    assert run("init", cwd=tmp_path).returncode == 0
    assert run("stats", cwd=tmp_path).returncode == 0


def test_refused_files_are_listed(tmp_path: Path, demo_set: Path) -> None:
    """Each with its reason, on standard error."""
    shutil.copytree(demo_set / "frames" / "kujira", tmp_path / "frames" / "kujira")
    (tmp_path / "frames" / "kujira" / "notes.txt").write_text("hello")
    done = run("import", "frames", cwd=tmp_path)
    assert done.returncode == 0
    assert "Refused kujira/notes.txt: it is no JPEG, PNG, WebP or GIF picture" in done.stderr
    assert "1 files were refused" in done.stdout


def test_known_answers_are_imported_from_the_command_line(
    database_url: str, demo_set: Path, tmp_path: Path
) -> None:
    """What is stored is said, and what is not there is named."""
    environ = {
        "ANIMELABEL_DATABASE_URL": database_url,
        "ANIMELABEL_PICTURES": str(demo_set / "frames"),
    }
    assert run("import", str(demo_set / "frames"), cwd=tmp_path, **environ).returncode == 0
    lines = (demo_set / "truth.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "gold.csv").write_text(
        "\n".join([*lines[:8], "nowhere,1.jpg,0,0,0,0", ""]), encoding="utf-8"
    )
    done = run("gold", "import", "gold.csv", cwd=tmp_path, **environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "7 right answers are stored, 1 refused.\n"
    assert done.stderr == "Refused nowhere/1.jpg: no such image was imported\n"
    wrong = run("gold", "import", "none.csv", cwd=tmp_path, **environ)
    assert (wrong.returncode, wrong.stderr) == (
        1, "Error: none.csv cannot be read: No such file or directory.\n",
    )  # fmt: skip


def test_a_wrong_tutorial_is_told_before_anything_is_served(
    demo_set: Path, sqlite_url: str, tmp_path: Path
) -> None:
    """In one sentence, with the name of the setting."""
    environ = {"ANIMELABEL_DATABASE_URL": sqlite_url, "ANIMELABEL_TUTORIAL": "lessons"}
    assert run("init", cwd=tmp_path, **environ).returncode == 0
    done = run("serve", "--pictures", str(demo_set / "frames"), cwd=tmp_path, **environ)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The tutorial ")
    assert "cannot be read" in done.stderr
    assert done.stderr.endswith("correct it or ANIMELABEL_TUTORIAL.\n")
