"""When an image has been rated enough."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from animelabel_widgets.errors import InputError
from animelabel_widgets.labels import KEYS
from animelabel_widgets.retirement import Rule, decide, priorities, replay


def verdicts(*rows: tuple[int, float, float, float, float], method: str = "ds") -> pd.DataFrame:
    """Make verdicts of votes and probabilities."""
    columns = ["votes", *(f"p_{key}" for key in KEYS)]
    frame = pd.DataFrame(rows, columns=columns, index=pd.RangeIndex(len(rows), name="image_id"))
    frame.attrs = {"method": method}
    return frame


def reasons(frame: pd.DataFrame, rule: Rule | None = None) -> list[str | None]:
    """Decide, with None for what stays open."""
    return [None if pd.isna(each) else each for each in decide(frame, rule or Rule())]


def test_all_four_features_must_be_sure() -> None:
    """One that is not keeps the image in the pool, and one vote is never enough."""
    frame = verdicts(
        (2, 0.96, 0.01, 0.99, 0.02),
        (2, 0.94, 0.01, 0.99, 0.02),
        (1, 1, 0, 1, 0),
        (6, 0.5, 0, 1, 0),
        (7, 0.5, 0, 1, 0),
        (3, 0.01, 0.01, 0.02, 0.97),
    )
    assert reasons(frame) == ["consensus", None, None, None, "limit", "blank"]
    assert reasons(frame, Rule(sure=0.9, least=3, most=6)) == [
        None, None, None, "limit", "limit", "blank",
    ]  # fmt: skip


def test_without_a_model_three_equal_answers_or_five_votes_are_enough() -> None:
    """Shares of votes are no probabilities: two of two say little."""
    frame = verdicts(
        (2, 0, 0, 1, 0),
        (3, 0, 0, 1, 0),
        (4, 0.25, 0, 1, 0),
        (4, 0.5, 0, 1, 0),
        (5, 0.4, 0, 0.6, 0),
        (5, 0.2, 0, 0.8, 0),
        (3, 0, 0, 0, 1),
        method="majority",
    )
    assert reasons(frame) == [
        None,
        "consensus",
        "consensus",
        None,
        "consensus",
        "consensus",
        "blank",
    ]
    tied = verdicts((5, 0.4, 0.4, 0.4, 0.4), (4, 0.5, 0, 0, 0), method="majority")
    assert reasons(tied, Rule(most=4)) == ["consensus", "limit"]


def test_the_unsure_come_first() -> None:
    """Neither the new ones nor the decided ones do."""
    frame = verdicts((1, 0.5, 0, 0, 0), (3, 0.5, 0, 0, 0), (3, 0, 0, 0, 0))
    found = priorities(frame, decide(frame, Rule()), Rule())
    assert found.tolist() == [0, -1, 0]


@pytest.mark.parametrize(
    "words", [{"sure": 0.5}, {"sure": 1.1}, {"least": 0}, {"least": 3, "most": 2}]
)
def test_a_rule_that_makes_no_sense_is_refused(words: dict[str, float]) -> None:
    """The message names what is wrong."""
    with pytest.raises(InputError, match="must be"):
        Rule(**words)


def crowd(seed: int = 0, images: int = 300, votes: int = 7) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let twenty volunteers who are right nine times in ten rate; give the truth too."""
    rng = np.random.default_rng(seed)
    truth = rng.random((images, 3)) < (0.3, 0.2, 0.6)
    truth = pd.DataFrame(np.c_[truth, np.zeros(images, dtype=bool)], columns=list(KEYS))
    volunteers = np.stack([rng.permutation(20)[:votes] for _ in range(images)])
    image = np.tile(np.arange(images), votes)
    said = truth.to_numpy()[image] ^ (rng.random((images * votes, 4)) < (0.1, 0.1, 0.1, 0))
    ratings = pd.DataFrame(said, columns=list(KEYS))
    ratings.insert(0, "image_id", image)
    ratings.insert(1, "volunteer_id", volunteers.T.ravel())
    return ratings, truth.rename_axis("image_id")


def test_a_replay_saves_votes_and_says_at_what_price() -> None:
    """Fewer votes, and hardly more errors; a stricter rule saves less."""
    ratings, truth = crowd()
    loose, strict = (replay(ratings, Rule(sure=sure), truth) for sure in (0.9, 0.99))
    assert 2 <= loose.votes_per_image < strict.votes_per_image < strict.votes_of_all == 7
    assert loose.error >= strict.error >= strict.error_of_all
    assert loose.error < 0.03
    assert loose.summary().startswith(
        f"{loose.votes_per_image:.2f} votes per image instead of 7.00"
    )


def test_a_replay_without_the_truth_compares_with_all_votes() -> None:
    """The error of all is none then."""
    ratings, _ = crowd(images=100)
    found = replay(ratings, Rule())
    assert found.error_of_all == 0 < found.votes_per_image


def test_no_ratings_cannot_be_replayed() -> None:
    """The message says what is missing."""
    ratings, _ = crowd(images=60)
    with pytest.raises(InputError, match="no ratings to replay"):
        replay(ratings[:0], Rule())
