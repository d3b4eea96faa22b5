"""How the reviewers' page is told of an image and of an act: rows of tables put into words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..labels import KEYS, LABELS, Act
from ..store.board import REASONS, STATES
from ..tables import State

IN_THE_POOL = "in the pool"


def state_in_words(state: str) -> str:
    """Give the state of an image as the page says it."""
    return IN_THE_POOL if state == "open" else state


def described(image_id: int, title: str, row: pd.Series) -> dict[str, object]:
    """Put a row of the board into what a thumbnail says."""
    said = {key: row[f"p_{key}"] for key in KEYS}
    estimated = not pd.isna(list(said.values())).any()
    shown = [label.name for label in LABELS if said[label.key] > 0.5]  # noqa: PLR2004
    votes = int(row["votes"])
    facts = ["1 vote" if votes == 1 else f"{votes} votes"]
    # Of a single vote, all that is known is who gave it.
    if estimated and votes != 1:
        facts.append(f"{_least(said):.0%} sure")
    state = STATES[int(row["state"])]
    facts += ["" if state == State.OPEN else state, REASONS[int(row["reason"])]]
    return {
        "image_id": image_id,
        "title": f"{title} · {image_id}",
        "caption": " · ".join(filter(None, facts)),
        "badges": [{"text": name, "look": "yes"} for name in shown]
        or [{"text": "nothing of these" if estimated else "not rated", "look": "value"}],
    }


def told(act: Act) -> dict[str, object]:
    """Give an act as the page shows it."""
    review = act.became.get("review")
    return {
        "act": act.act_id,
        "kind": act.kind,
        "reviewer": act.reviewer,
        "image": act.image_id,
        "volunteer": act.volunteer_id,
        "when": act.created_at.isoformat(),
        "answer": review["answer"] if review else None,
    }


def _least(said: dict[str, Any]) -> float:
    """Give the certainty of the least certain feature."""
    return float(min(max(each, 1 - each) for each in said.values()))
