"""Where two sets of verdicts differ."""

import pandas as pd
import pytest

import animelabel_widgets as al
from animelabel_widgets.labels import KEYS


def verdicts(person: dict[int, float]) -> pd.DataFrame:
    """Give verdicts of images that show a character with these probabilities, and nothing else."""
    index = pd.Index(list(person), name="image_id")
    frame = pd.DataFrame({f"p_{key}": 0.1 for key in KEYS}, index=index)
    frame["p_person"] = list(person.values())
    for key in KEYS:
        said = (frame[f"p_{key}"] > 0.5).astype("boolean")
        frame[key] = said.mask(frame[f"p_{key}"] == 0.5)
    return frame


def test_the_surest_differences_come_first() -> None:
    """Each with what both say; what they agree on and what one of them lacks is left out."""
    ours = verdicts({1: 0.7, 2: 0.95, 3: 0.9, 4: 0.02, 5: 0.9})
    found = al.differences(ours, verdicts({1: 0.1, 2: 0.2, 3: 0.8, 4: 0.9}))
    assert found.index.names == ["image_id", "feature"]
    assert found.index.tolist() == [(4, "person"), (2, "person"), (1, "person")]
    assert found["said"].tolist() == [False, True, True]
    assert found["other"].tolist() == [True, False, False]
    assert found["probability"].tolist() == pytest.approx([0.98, 0.95, 0.7])


def test_undecided_differs_from_yes_and_no() -> None:
    """But not from undecided."""
    found = al.differences(verdicts({1: 0.5, 2: 0.5, 3: 0.9}), verdicts({1: 0.5, 2: 0.9, 3: 0.5}))
    assert sorted(found.index.unique("image_id")) == [2, 3]


def test_known_answers_can_be_compared_with() -> None:
    """A plain bool for each feature is enough on that side."""
    gold = pd.DataFrame(dict.fromkeys(KEYS, False), index=pd.Index([7, 8], name="image_id"))
    found = al.differences(verdicts({7: 0.9, 9: 0.9}), gold)
    assert found.index.tolist() == [(7, "person")]


def test_nothing_in_common_is_no_difference() -> None:
    """An empty frame of the same form."""
    found = al.differences(verdicts({1: 0.9}), verdicts({}))
    assert found.empty
    assert list(found) == ["said", "probability", "other"]
    assert found.index.names == ["image_id", "feature"]


def test_a_missing_column_is_named() -> None:
    """On both sides."""
    ours = verdicts({1: 0.9})
    with pytest.raises(al.InputError, match="There is no column p_logo: pass what"):
        al.differences(ours.drop(columns="p_logo"), ours)
    with pytest.raises(al.InputError, match="There is no column text: pass verdicts or known"):
        al.differences(ours, ours.drop(columns="text"))
