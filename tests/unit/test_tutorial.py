"""The tutorial: what is built in, and a project's own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from animelabel_widgets.assets import words
from animelabel_widgets.demo import built_in_tutorial
from animelabel_widgets.errors import ConfigError
from animelabel_widgets.labels import KEYS, Answer
from animelabel_widgets.project import find_tutorial

OWN = """
[[example]]
picture = "one.png"
title = "Mine"
shows = ["text"]
missed.text = "Look below."
wrong.logo = {en = "No.", ja = "いいえ"}
"""


def test_each_feature_has_two_pictures_and_every_one_explains_what_is_missed() -> None:
    """In every language of the page; one picture shows nothing at all."""
    examples = built_in_tutorial().examples
    shown = Counter(key for example in examples for key in example.answer.features)
    assert all(shown[key] >= 2 for key in KEYS)
    assert any(not example.answer.features for example in examples)
    for example in examples:
        assert example.missed.keys() == example.answer.features
        for text in [*example.missed.values(), *example.wrong.values()]:
            assert text.keys() == words().keys()


def test_the_built_in_pictures_can_be_drawn() -> None:
    """Each is a JPEG file of a size for phones."""
    tutorial = built_in_tutorial()
    tutorial.check()
    for example in tutorial.examples:
        assert 1_000 < len(tutorial.jpeg(example.picture)) < 100_000


def test_a_project_brings_its_own(tmp_path: Path) -> None:
    """A folder with one readable file and its pictures, named by a setting."""
    (tmp_path / "tutorial.toml").write_text(OWN, encoding="utf-8")
    Image.new("RGB", (40, 30), "red").save(tmp_path / "one.png")
    tutorial = find_tutorial(str(tmp_path))
    tutorial.check()
    (example,) = tutorial.examples
    assert (example.title, example.answer) == ("Mine", Answer.of("text"))
    assert example.missed == {"text": {"": "Look below."}}
    assert example.wrong == {"logo": {"en": "No.", "ja": "いいえ"}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("shows", "sows"), "Example 1 .*it has sows"),
        (('"text"', '"words"'), "expected features of"),
        (('["text"]', '["text", "empty"]'), "'empty' excludes"),
        (('"Mine"', "7"), "title is no text"),
        (("missed.text", "missed.logo"), "logo cannot be missed, as it is not shown"),
        (("wrong.logo", "wrong.text"), "text cannot be wrong, as it is shown"),
        (("wrong.logo", "wrong.face"), "face is no feature"),
        (('"Look below."', "[1]"), "Example 1"),
        (("[[example]]", "[[lesson]]"), "needs 1 to 100"),
        (('"one.png"', '"one.png'), "cannot be read"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    """The message names the example and what is wrong with it."""
    (tmp_path / "tutorial.toml").write_text(OWN.replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        find_tutorial(str(tmp_path))


def test_a_missing_folder_or_picture_is_named(tmp_path: Path) -> None:
    """Before the first volunteer meets it."""
    with pytest.raises(ConfigError, match="cannot be read"):
        find_tutorial(str(tmp_path / "none"))
    (tmp_path / "tutorial.toml").write_text(OWN, encoding="utf-8")
    tutorial = find_tutorial(str(tmp_path))
    with pytest.raises(ConfigError, match=r"picture one\.png .*the file is missing"):
        tutorial.check()


def test_no_picture_from_outside_of_the_folder(tmp_path: Path) -> None:
    """A tutorial may come from somebody else."""
    home = tmp_path / "home"
    home.mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "secret.png")
    (home / "tutorial.toml").write_text(OWN.replace("one.png", "../secret.png"), encoding="utf-8")
    with pytest.raises(ConfigError, match="outside"):
        find_tutorial(str(home)).check()
