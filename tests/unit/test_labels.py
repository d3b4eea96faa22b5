"""The four features and what an answer may be."""

import itertools

import pytest

from animelabel_widgets.labels import EXCLUSIVE, KEYS, LABELS, Answer


def test_features_are_those_of_the_campaign_in_the_order_of_the_buttons() -> None:
    """The keys, names and shortcuts are what the database and the page rely on."""
    assert [(label.key, label.name, label.shortcut) for label in LABELS] == [
        ("text", "Text", "1"),
        ("logo", "Logo", "2"),
        ("person", "Character", "3"),
        ("empty", "Empty", "4"),
    ]


@pytest.mark.parametrize(
    "features",
    list(
        itertools.chain.from_iterable(
            itertools.combinations(KEYS, size) for size in range(len(KEYS) + 1)
        )
    ),
)
def test_an_answer_survives_its_row_and_empty_excludes_the_rest(features: tuple[str, ...]) -> None:
    """Every combination is either refused or comes back unchanged from its row."""
    if EXCLUSIVE in features and len(features) > 1:
        with pytest.raises(ValueError, match="excludes"):
            Answer.of(*features)
    else:
        answer = Answer.of(*features)
        assert Answer.from_row(answer.as_row()) == answer
        assert list(answer.as_row()) == list(KEYS)


def test_an_unknown_feature_is_refused() -> None:
    """A misspelt feature does not pass as one that is absent."""
    with pytest.raises(ValueError, match="charakter"):
        Answer.of("charakter")
