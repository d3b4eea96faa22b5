"""Settings: arguments first, then variables, then defaults."""

from pathlib import Path

import pytest

from animelabel_widgets.config import Settings
from animelabel_widgets.errors import ConfigError


def test_an_argument_beats_its_variable_and_a_variable_the_default() -> None:
    """The order is argument, variable, default."""
    environ = {"ANIMELABEL_TARGET": "7", "ANIMELABEL_PICTURES": "shots", "ANIMELABEL_QUALITY": ""}
    settings = Settings.load(environ, target=9, max_side=None)
    assert (settings.target, settings.pictures) == (9, "shots")
    assert (settings.quality, settings.max_side) == (Settings().quality, Settings().max_side)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TARGET", "many"),
        ("TARGET", "0"),
        ("QUALITY", "96"),
        ("MAX_SIDE", "1e3"),
        ("LEADERBOARD", "2"),
        ("GOLD", "often"),
        ("GOLD", "0:1.5"),
        ("GOLD", "-1:0.5"),
        ("LIMITS", "ratings=many"),
        ("LIMITS", "0:3"),
    ],
)
def test_a_wrong_value_names_its_variable(variable: str, value: str) -> None:
    """The message says which variable to correct."""
    with pytest.raises(ConfigError, match=f"ANIMELABEL_{variable} must be .*{value}"):
        Settings.load({f"ANIMELABEL_{variable}": value})


def test_settings_survive_the_environment_of_another_process() -> None:
    """A kernel reads exactly what the server was given."""
    settings = Settings(database_url="sqlite:///a.db", pictures="p", target=3, quality=70)
    assert Settings.load(settings.as_environ()) == settings


def test_the_password_is_not_shown() -> None:
    """Settings may end up in a notebook or a log."""
    assert "secret" not in repr(Settings(database_url="mysql+pymysql://me:secret@host/db"))


def test_absolute_settings_mean_the_same_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative SQLite file and folder are those of the folder where the server began."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(database_url="sqlite:///a.db", pictures="frames").absolute()
    assert settings.database_url == f"sqlite:///{tmp_path}/a.db"
    assert settings.pictures == str(tmp_path / "frames")
    mysql = "mysql+pymysql://me@host/db"
    assert Settings(database_url=mysql).absolute().database_url == mysql
    assert Settings(pictures="s3://bucket/a").absolute().pictures == "s3://bucket/a"


def test_the_chances_of_known_images_are_read() -> None:
    """By the number of ratings from which they hold; 0 turns them off."""
    assert Settings().gold_chances() == {0: 0.4, 20: 0.3, 40: 0.2, 60: 0.1}
    assert Settings(gold="5:1").gold_chances() == {5: 1.0}
    assert Settings(gold="0").gold_chances() == {}


def test_an_absolute_tutorial_is_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none stays none."""
    monkeypatch.chdir(tmp_path)
    assert Settings(tutorial="lessons").absolute().tutorial == str(tmp_path / "lessons")
    assert Settings().absolute().tutorial == ""
