"""The reviewers' filters, and the strictness of their messages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from animelabel_widgets.errors import ProtocolError
from animelabel_widgets.labels import KEYS, Answer, Decision
from animelabel_widgets.review.filtering import Filter, chosen
from animelabel_widgets.review.messages import Find, Settle, parse
from animelabel_widgets.review.wording import described

SERIES = pd.DataFrame(
    {"title": ["A", "B"], "is_anime": pd.array([True, None], dtype="boolean")}, index=[1, 2]
)
ANSWER = Answer.of("text").as_row()


def board() -> pd.DataFrame:
    """Give four images: sure text, split on text, sure nothing, and one without votes."""
    frame = pd.DataFrame(index=pd.Index([1, 2, 3, 4], name="image_id"))
    frame["series_id"] = [1, 1, 2, 2]
    frame["state"], frame["reason"] = [1, 0, 0, 2], [1, 0, 0, 0]
    frame["votes"] = [4, 4, 2, 0]
    for key in KEYS:
        frame[f"n_{key}"] = [4, 2, 0, 0] if key == "text" else 0
        frame[f"p_{key}"] = (
            [0.99, 0.6, 0.01, np.nan] if key == "text" else [0.01, 0.01, 0.01, np.nan]
        )
    return frame


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Filter(), [2, 1, 3, 4]),
        (Filter(order="number"), [1, 2, 3, 4]),
        (Filter(order="votes"), [1, 2, 3, 4]),
        (Filter(order="disagreement", votes=(1, 9)), [2, 1, 3]),
        (Filter({"text": "yes"}), [2, 1]),
        (Filter({"text": "no"}), [3]),
        (Filter({"text": "unsure"}), [2, 4]),
        (Filter(confidence=(0.9, 1.0)), [1, 3]),
        (Filter(disagreement=0.3), [2]),
        (Filter(votes=(0, 0)), [4]),
        (Filter(series=2), [3, 4]),
        (Filter(kind="anime"), [2, 1]),
        (Filter(kind="cartoon"), []),
        (Filter(state=1, reason=1), [1]),
    ],
)
def test_each_filter_lets_through_what_it_says(wanted: Filter, ids: list[int]) -> None:
    """The hardest first unless told; none at all is an answer too."""
    assert chosen(board(), SERIES, wanted).tolist() == ids


def message(**change: object) -> dict[str, object]:
    """Make a decision as a browser sends it."""
    settle = {"id": 1, "kind": "settle", "image": 2, "version": 3, "answer": ANSWER}
    return {**settle, "teaches": False, "explanation": None, **change}


def search(**change: object) -> dict[str, object]:
    """Make a filter as a browser sends it."""
    wanted: dict[str, object] = {"features": dict.fromkeys(KEYS, "any"), "confidence": [0, 100]}
    wanted |= {"votes": [0, 9], "disagreement": 0, "series": None, "kind": "any", "state": None}
    return {
        "id": 1,
        "kind": "find",
        "filter": {**wanted, "reason": None, "order": "votes", **change},
    }


def test_what_the_page_sends_is_read() -> None:
    """A decision and a filter."""
    assert parse(message()) == Settle(2, 3, Decision(Answer.of("text")))
    taught = parse(message(teaches=True, explanation=" Look \n left "))
    assert taught == Settle(2, 3, Decision(Answer.of("text"), True, "Look left"))  # noqa: FBT003
    assert isinstance(parse(search()), Find)


@pytest.mark.parametrize(
    "content",
    [
        None,
        {"id": 1, "kind": "drop"},
        message(image=True),
        message(image=-1),
        message(version="1"),
        message(answer={"text": True}),
        message(answer=dict.fromkeys(KEYS, True)),
        message(teaches=1),
        message(explanation="without gold"),
        message(teaches=True, explanation="x" * 501),
        message(teaches=True, explanation="\u202e"),
        message(more=1),
        {"id": 1, "kind": "hello", "reviewer": " "},
        {"id": 1, "kind": "hello", "reviewer": "x" * 101},
        {"id": 1, "kind": "rows", "version": 0, "first": 0, "count": 201},
        {"id": 1, "kind": "thumbnails", "version": 0, "rows": [], "side": 240},
        {"id": 1, "kind": "plot", "name": "os.system"},
        {"id": 1, "kind": "volunteers", "order": "name", "start": 0},
        {"id": 1, "kind": "block", "volunteer": 1, "image": -1},
        search(order="RANDOM()"),
        search(features={"text": "yes"}),
        search(features=dict.fromkeys(KEYS, "maybe")),
        search(confidence=[0]),
        search(state=99),
        search(kind=None),
    ],
)
def test_anything_else_is_refused(content: object) -> None:
    """By its keys, types, sizes and ranges."""
    with pytest.raises(ProtocolError):
        parse(content)


def test_of_a_single_vote_nobody_is_sure() -> None:
    """Its share is 100 %, which says nothing."""
    row = pd.Series({f"p_{key}": 1.0 for key in KEYS} | {"state": 0, "reason": 0})
    captions = [
        described(7, "A", pd.concat([row, pd.Series({"votes": votes})]))["caption"]
        for votes in (1, 2)
    ]
    assert captions == ["1 vote", "2 votes · 100% sure"]
