"""What is known of each volunteer, and how far they agree."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from support.ratings import rated

from animelabel_widgets.aggregation import agreement, consensus, volunteers
from animelabel_widgets.errors import InputError
from animelabel_widgets.labels import EXCLUSIVE, KEYS

OTHERS = [key for key in KEYS if key != EXCLUSIVE]


def test_good_volunteers_spammers_and_the_lazy_are_told_apart() -> None:
    """Who presses at random, who presses one thing always, and who does not look."""
    skill = np.full(20, 0.93)
    skill[3] = 0.5
    ratings, truth = rated(900, 6, 20, skill=skill)
    ratings.loc[ratings["volunteer_id"] == 5, list(KEYS)] = False
    ratings.loc[ratings["volunteer_id"] == 5, "elapsed_ms"] = 150
    found = volunteers(ratings, truth.iloc[:100])
    assert set(found.index[found["spammer"]]) == {3, 5}
    assert set(found.index[found["always_the_same"]]) == {5}
    assert set(found.index[found["too_fast"]]) == {5}
    assert found.loc[5, "median_ms"] == 150
    good = found.drop(index=[3, 5])
    assert good["informedness"].between(0.75, 1).all()
    assert good["gold_score"].between(0.85, 1).all()
    assert (good["agreement"] > found.loc[3, "agreement"]).all()
    assert found["ratings"].is_monotonic_decreasing
    assert found["ratings"].sum() == len(ratings)


def test_an_interval_holds_what_is_true() -> None:
    """Mostly, and it is wide where there is little to know."""
    ratings, truth = rated(1500, 5, 25, skill=0.9, seed=2)
    found = volunteers(ratings)
    for key in OTHERS:
        low, high = found[f"skill_{key}_low"], found[f"skill_{key}_high"]
        assert (low <= found[f"skill_{key}"]).all()
        assert (found[f"skill_{key}"] <= high).all()
    # Of those whose answer says nothing of being empty, a coin of 0.9 gives a skill near 0.8.
    inside = [
        ((found[f"skill_{key}_low"] < 0.82) & (found[f"skill_{key}_high"] > 0.78)).mean()
        for key in OTHERS
    ]
    assert min(inside) > 0.8
    few = volunteers(ratings[ratings["image_id"] < 100])
    wide = few["skill_person_high"] - few["skill_person_low"]
    narrow = found["skill_person_high"] - found["skill_person_low"]
    assert wide.mean() > 2 * narrow.mean()
    assert truth.index.name == "image_id"


def test_the_same_ratings_give_the_same_numbers() -> None:
    """The draws have a fixed seed."""
    ratings, _ = rated(80, 3, 9)
    pd.testing.assert_frame_equal(volunteers(ratings), volunteers(ratings))


def test_few_ratings_flag_nobody_and_no_ratings_are_a_frame() -> None:
    """What cannot be known is missing, not wrong."""
    ratings, _ = rated(10, 2, 3, skill=0.5)
    found = volunteers(ratings.drop(columns="elapsed_ms"))
    assert not found[["spammer", "always_the_same", "too_fast"]].any(axis=None)
    assert found["median_ms"].isna().all()
    assert found["gold_score"].isna().all()
    nobody = volunteers(ratings[:0])
    assert (list(nobody), len(nobody)) == (list(found), 0)


def test_alpha_is_that_of_a_known_table() -> None:
    """Three volunteers, four images; computed by hand after Krippendorff's formula."""
    said = {1: [1, 1, 1], 2: [1, 1, 0], 3: [0, 0, 0], 4: [0, 0, 1]}
    rows = [
        {
            "image_id": image,
            "volunteer_id": number,
            **dict.fromkeys(KEYS, False),
            "text": bool(each),
        }
        for image, answers in said.items()
        for number, each in enumerate(answers)
    ]
    found = agreement(pd.DataFrame(rows))
    # Observed: 2 of 4 images have 4 of 6 ordered pairs unequal; expected: 2 · 6 · 6 / (12 · 11).
    alpha = 1 - (2 * 4 / 2 / 12) / (2 * 6 * 6 / (12 * 11))
    assert found.loc["text", "alpha"] == pytest.approx(alpha)
    assert found.loc["text", "unanimous"] == 0.5
    assert np.isnan(found.loc["logo", "alpha"])
    assert found.loc["logo", "unanimous"] == 1
    assert found[["images", "ratings"]].to_numpy().tolist() == [[4, 12]] * 4


def test_agreement_by_group_and_over_time() -> None:
    """Each group apart, by a column or by a series."""
    good, _ = rated(200, 4, 12, skill=0.97)
    poor, _ = rated(200, 4, 12, skill=0.7, seed=1)
    both = pd.concat(
        [good.assign(title="Good"), poor.assign(title="Poor", image_id=poor["image_id"] + 500)]
    ).reset_index(drop=True)
    by_title = agreement(both, "title")
    assert by_title.index.names == ["title", "feature"]
    assert (by_title.loc["Good", "alpha"] > by_title.loc["Poor", "alpha"]).all()
    day = pd.Series(np.where(both["image_id"] < 500, "Monday", "Tuesday"), name="day")
    by_day = agreement(both, day)
    np.testing.assert_allclose(by_day["alpha"], by_title["alpha"])
    assert by_day.index.names == ["day", "feature"]


def test_agreement_of_nothing_is_not_known() -> None:
    """No ratings, one volunteer, one image."""
    ratings, _ = rated(5, 1, 1)
    for few in (ratings[:0], ratings, ratings[:1]):
        found = agreement(few)
        assert found["alpha"].isna().all()
        assert found["unanimous"].isna().all()
        assert (found["images"] == 0).all()
    assert len(agreement(ratings[:0].assign(title=""), "title")) == 4


def test_a_column_that_is_not_there_is_named() -> None:
    """Before anything is computed."""
    ratings, _ = rated(5, 2, 3)
    with pytest.raises(InputError, match="no column title"):
        agreement(ratings, "title")
    with pytest.raises(InputError, match="no column volunteer_id"):
        volunteers(ratings.drop(columns="volunteer_id"))


def test_one_volunteer_alone_is_described() -> None:
    """With nobody to compare with, he agrees with himself."""
    ratings, _ = rated(60, 1, 1)
    found = volunteers(ratings)
    assert found["agreement"].item() > 0.9
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert len(consensus(ratings)) == 60
