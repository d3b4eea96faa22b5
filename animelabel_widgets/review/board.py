"""The widget of the reviewers' page: its traits, and its messages to and from the store."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from traitlets import Dict, List, Unicode

from .. import assets
from ..errors import ConflictError, HelloError, InputError, PictureError, ProtocolError
from ..labels import EXCLUSIVE, KEYS, LABELS, Act
from ..pictures import Pictures
from ..store import Store
from ..store.board import REASONS, STATES
from ..widget import PageWidget, Reply
from .filtering import Filter, certainty, chosen
from .messages import (
    Block,
    Dashboard,
    Find,
    Hello,
    Load,
    Message,
    Move,
    Open,
    Page,
    Settle,
    Undo,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = 48
"""Images that are shown before all are read."""
THUMBNAIL = 320
"""Longest side of a thumbnail, in pixels."""


class ReviewBoard(PageWidget):
    """Shows images through filters, and lets a reviewer settle them.

    Parameters
    ----------
    store
        The database.
    pictures
        Where the pictures come from.
    """

    _esm = assets.esm("review.js")
    _css = assets.css("review.css")

    labels = List(Dict()).tag(sync=True)
    exclusive = Unicode(EXCLUSIVE).tag(sync=True)
    states = List(Unicode()).tag(sync=True)
    reasons = List(Unicode()).tag(sync=True)
    series: Any = List().tag(sync=True)

    def __init__(self, store: Store, pictures: Pictures) -> None:
        self._store = store
        self._pictures = pictures
        self._reviewer: str | None = None
        self._series = store.series()
        self._board: pd.DataFrame | None = None
        self._found = np.array([], dtype=np.int64)
        self._version = 0
        self._seen = max((act.act_id for act in store.acts()), default=0)
        super().__init__(
            labels=[asdict(label) for label in LABELS],
            states=list(STATES),
            reasons=list(REASONS),
            series=[
                [key, title]
                for key, title in zip(
                    self._series.index.tolist(), self._series["title"], strict=True
                )
            ],
        )

    def _answer(self, content: object, buffers: object) -> Reply:
        """Answer a message; the first one says who reviews."""
        message = parse(content, buffers)
        if isinstance(message, Hello):
            self._reviewer = message.reviewer
            return self._hello()
        if self._reviewer is None:
            raise HelloError("the page has to say who reviews first")
        try:
            return self._do(message, self._reviewer)
        except ConflictError as error:
            return self._conflict(message, error)
        except InputError as error:
            return {"kind": "refused", "message": str(error)}, ()

    def _do(self, message: Message, reviewer: str) -> Reply:  # noqa: PLR0911 - one a message
        """Do what the reviewer asks for."""
        match message:
            case Find(wanted=wanted):
                return self._find(wanted)
            case Page(version=version, start=start, count=count):
                return self._page(version, start, count)
            case Load():
                # The kernel may have been ready long before the reviewer came.
                self._board, self._series = self._store.board(), self._store.series()
                return {"kind": "loaded", "images": len(self._board)}, ()
            case Dashboard():
                return self._dashboard(), ()
            case Open(image=image):
                return self._image(image)
            case Undo(act=act_id):
                act = self._store.undo(act_id, reviewer)
                return self._done(act, act.image_id)
            case Settle(image=image, version=version, decision=decision):
                done = self._store.settle(image, decision, reviewer, version=version)
                return self._done(done, image)
            case Move(what=what, image=image, version=version):
                moves: dict[str, Callable[..., Act]] = {
                    "withdraw": self._store.withdraw,
                    "retire": self._store.take_out,
                    "reopen": self._store.bring_back,
                }
                return self._done(moves[what](image, reviewer, version=version), image)
            case Block(volunteer=volunteer, blocked=blocked, image=image):
                switch = self._store.block if blocked else self._store.unblock
                done = switch(volunteer, reviewer)
                # Counters have changed in many images.
                self._board = None if self._board is None else self._store.board()
                return self._done(done, image)
        raise ProtocolError("expected another message")

    def _hello(self) -> Reply:
        """Give a few hard images at once; the rest is read when they are on the screen."""
        if self._board is None:
            self._found = np.array(self._store.unsure(FIRST), dtype=np.int64)
        self._version += 1
        return {**self._total(), "partial": self._board is None, "undoable": self._undoable()}, ()

    def _total(self) -> dict[str, object]:
        """Tell how many images were found."""
        return {"kind": "found", "version": self._version, "total": len(self._found)}

    def _find(self, wanted: Filter) -> Reply:
        """Filter all images."""
        if self._board is None:
            self._board = self._store.board()
        self._catch_up()
        self._found = chosen(self._board, self._series, wanted)
        self._version += 1
        return {**self._total(), "partial": False, "undoable": self._undoable()}, ()

    def _catch_up(self) -> None:
        """Read those images again that reviewers have touched since the last time."""
        acts = self._store.acts(self._seen)
        images = sorted({act.image_id for act in acts if act.image_id is not None})
        self._seen = max((act.act_id for act in acts), default=self._seen)
        if self._board is not None and images:
            new = self._store.board(images)
            self._board = pd.concat([self._board.drop(index=images, errors="ignore"), new])

    def _page(self, version: int, start: int, count: int) -> Reply:
        """Give some of what was found, with thumbnails."""
        if version != self._version:
            return {"kind": "stale"}, ()
        ids = self._found[start : start + count].tolist()
        files = self._store.files(ids)
        rows = self._store.board(ids) if self._board is None else self._board.reindex(ids)
        sent: list[bytes] = []
        items = []
        for image_id in ids:
            folder, filename, title = files.get(image_id, ("", "", ""))
            given = self._picture(folder, filename, THUMBNAIL)
            items.append({"image_id": image_id, "title": title, "picture": None})
            items[-1] |= _described(rows.loc[image_id])
            if isinstance(given, bytes):
                items[-1]["picture"] = len(sent)
                sent.append(given)
        return {"kind": "page", "start": start, "items": items}, sent

    def _done(self, act: Act, image_id: int | None) -> Reply:
        """Show what an act has made of an image."""
        if image_id is None:
            return {"kind": "undone", "undoable": self._undoable()}, ()
        reply, pictures = self._image(image_id)
        return {**reply, "done": act.kind}, pictures

    def _conflict(self, message: Message, error: ConflictError) -> Reply:
        """Show the later of two reviewers what the other one decided."""
        if isinstance(message, (Settle, Move)):
            reply, pictures = self._image(message.image)
            return {**reply, "kind": "conflict", "message": str(error)}, pictures
        return {"kind": "refused", "message": str(error)}, ()

    def _image(self, image_id: int) -> Reply:
        """Give an image with all that is known of it."""
        found = self._store.image(image_id)
        acts: list[Act] = found.pop("acts")
        folder, filename = found.pop("folder"), found.pop("filename")
        given = self._picture(folder, filename, None)
        row = self._store.board([image_id]).loc[image_id]
        reply = {
            "kind": "image",
            **found,
            "file": f"{folder}/{filename}",
            "missing": given if isinstance(given, str) else None,
            "crowd": {
                key: None if pd.isna(row[f"p_{key}"]) else float(row[f"p_{key}"]) for key in KEYS
            },
            "version": acts[0].act_id if acts else 0,
            "acts": [_told(act) for act in acts],
            "undoable": self._undoable(),
        }
        return reply, [given] if isinstance(given, bytes) else []

    def _undoable(self) -> dict[str, object] | None:
        """Tell what Undo would take back."""
        act = self._store.undoable(self._reviewer or "")
        return None if act is None else _told(act)

    def _picture(self, folder: str, filename: str, side: int | None) -> bytes | str:
        """Give a picture, or why it cannot be shown."""
        try:
            return self._pictures.jpeg(folder, filename, max_side=side)
        except PictureError as error:
            return f"This picture cannot be shown: {error}"

    def _dashboard(self) -> dict[str, object]:
        """Count the campaign."""
        stats = self._store.stats()
        settled = self._store.reviews()
        sure = 0.0
        if self._board is not None and len(self._board):
            rated = self._board[self._board["votes"] > 0]
            said = rated[[f"p_{key}" for key in KEYS]].to_numpy()
            sure = float((certainty(said) >= 0.95).mean()) if len(rated) else 0.0  # noqa: PLR2004
        return {
            "kind": "dashboard",
            "images": sum(stats.images.values()),
            "states": stats.images,
            "ratings": stats.ratings,
            "volunteers": stats.volunteers,
            "settled": len(settled),
            "sure": sure,
            "coverage": [[votes, count] for votes, count in sorted(stats.coverage.items())],
        }


def _told(act: Act) -> dict[str, object]:
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


def _described(row: pd.Series) -> dict[str, object]:
    """Put a row of the board into what a thumbnail says."""
    said = {key: row[f"p_{key}"] for key in KEYS}
    features = [label.name for label in LABELS if said[label.key] > 0.5]  # noqa: PLR2004
    return {
        "features": features,
        "votes": int(row["votes"]),
        "sure": None if pd.isna(list(said.values())).any() else _least(said),
        "state": int(row["state"]),
        "reason": int(row["reason"]),
    }


def _least(said: dict[str, Any]) -> float:
    """Give the certainty of the least certain feature."""
    return round(float(min(max(each, 1 - each) for each in said.values())), 3)
