"""The widget of the reviewers' page: its traits, and its messages to and from the store."""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from traitlets import Bool, Dict, List, Unicode

from .. import assets
from ..errors import ConflictError, HelloError, InputError, ProtocolError
from ..labels import EXCLUSIVE, KEYS, LABELS, Act
from ..pictures import Pictures, picture_or_reason, pictures_or_reasons
from ..protocol import Thumbnails, Window
from ..store import Store
from ..store.board import REASONS, STATES
from ..widget import Answered, PageWidget, Reply
from . import messages as said
from .dashboard import PLOTS, Dashboard
from .filtering import Filter, chosen
from .messages import Block, Find, Hello, Message, Move, Open, Settle, Undo, parse
from .wording import described, state_in_words, told

if TYPE_CHECKING:
    from collections.abc import Callable

LATE = 100
"""Acts behind the latest one among which another may still come."""
FIRST = 48
"""Images that are shown before all are read."""
PEOPLE = 100
"""Volunteers that are listed at a time."""


class ReviewBoard(PageWidget):
    """Shows images through filters, and lets a reviewer settle them.

    Parameters
    ----------
    store
        The database.
    pictures
        Where the pictures come from.
    app
        Make it the whole page.
    """

    _esm = assets.esm("review.js")
    _css = assets.css("gallery.css") + assets.css("review.css")

    app = Bool().tag(sync=True)
    plots = List(Unicode()).tag(sync=True)
    labels = List(Dict()).tag(sync=True)
    exclusive = Unicode(EXCLUSIVE).tag(sync=True)
    states = List(Unicode()).tag(sync=True)
    reasons = List(Unicode()).tag(sync=True)
    series: Any = List().tag(sync=True)

    def __init__(self, store: Store, pictures: Pictures, *, app: bool = False) -> None:
        self._store = store
        self._pictures = pictures
        self._reviewer: str | None = None
        self._series = store.series()
        self._board: pd.DataFrame | None = None
        self._found = np.array([], dtype=np.int64)
        # A page that had another widget before this one may ask for rows of that one's lists.
        self._version = random.randrange(2**20)  # noqa: S311 - told apart, not secret
        # The acts that have been looked at: the latest ones, and all before them.
        self._seen = {act.act_id for act in store.acts()}
        self._dashboard = Dashboard(store)
        super().__init__(
            app=app,
            plots=list(PLOTS),
            labels=[asdict(label) for label in LABELS],
            states=[state_in_words(state) for state in STATES],
            reasons=list(REASONS),
            series=[
                [key, title]
                for key, title in zip(
                    self._series.index.tolist(), self._series["title"], strict=True
                )
            ],
        )

    def _answer(self, content: object, buffers: object) -> Answered:
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

    def _do(self, message: Message, reviewer: str) -> Answered:  # noqa: C901, PLR0911 - one a message
        """Do what the reviewer asks for."""
        match message:
            case Find(wanted=wanted):
                return self._find(wanted)
            case Window(version=version, first=first, count=count):
                return self._rows(version, first, count)
            case Thumbnails():
                return self._thumbnails(message)
            case said.Load():
                # The kernel may have been ready long before the reviewer came.
                self._board, self._series = self._store.board(), self._store.series()
                return {"kind": "loaded", "images": len(self._board)}, ()
            case said.Dashboard() | said.Draw() | said.People():
                return self._look(message)
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
            case Block(volunteer=volunteer, blocked=blocked, image=beside):
                switch = self._store.block if blocked else self._store.unblock
                done = switch(volunteer, reviewer)
                # Counters have changed in many images.
                self._board = None if self._board is None else self._store.board()
                return self._done(done, beside)
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
        # On MySQL an id is given before the commit: a lower one may come after a higher one.
        late = self._store.acts(max(self._seen, default=0) - LATE)
        acts = [act for act in late if act.act_id not in self._seen]
        images = sorted({act.image_id for act in acts if act.image_id is not None})
        self._seen = {act.act_id for act in late}
        if self._board is not None and images:
            new = self._store.board(images)
            self._board = pd.concat([self._board.drop(index=images, errors="ignore"), new])

    def _rows(self, version: int, first: int, count: int) -> Reply:
        """Put some of what was found into words, as it is now."""
        if version != self._version:
            return {"kind": "stale"}, ()
        ids = self._found[first : first + count].tolist()
        places, board = self._store.image_places(ids), self._store.board(ids)
        rows = [
            described(image_id, places[image_id].title, board.loc[image_id])
            if image_id in places
            else {"image_id": image_id, "title": f"Image {image_id}", "caption": "", "badges": []}
            for image_id in ids
        ]
        return {"kind": "rows", "rows": rows}, ()

    def _thumbnails(self, message: Thumbnails) -> Answered:
        """Give the thumbnails of a few of what was found."""
        if message.version != self._version:
            return {"kind": "stale"}, ()
        if max(message.rows) >= len(self._found):
            raise ProtocolError("expected a row of what was found")
        ids = self._found[list(message.rows)].tolist()
        places = self._store.image_places(ids)

        def work() -> Reply:
            shown = map(places.get, ids)
            found, files = pictures_or_reasons(self._pictures, shown, message.side)
            return {"kind": "thumbnails", "pictures": found}, files

        return work

    def _look(self, message: said.Dashboard | said.Draw | said.People) -> Answered:
        """Give a part of the dashboard, which takes its time."""
        board = self._store.board() if self._board is None else self._board

        def work() -> Reply:
            match message:
                case said.Draw(plot=name):
                    return {"kind": "plot", **self._dashboard.plot(name, board)}, ()
                case said.People(order=order, start=start):
                    found = self._dashboard.volunteers(order, start, PEOPLE)
                    return {"kind": "volunteers", **found}, ()
                case _:
                    return {"kind": "dashboard", **self._dashboard.counts(board)}, ()

        return work

    def _done(self, act: Act, image_id: int | None) -> Reply:
        """Show what an act has made of an image."""
        if image_id is None:
            return {"kind": "done", "done": act.kind, "undoable": self._undoable()}, ()
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
        place = self._store.image_places([image_id])[image_id]
        given = picture_or_reason(self._pictures, place)
        row = self._store.board([image_id]).loc[image_id]
        reply = {
            "kind": "image",
            **found,
            "title": place.title,
            "file": f"{place.folder}/{place.filename}",
            "missing": given if isinstance(given, str) else None,
            "crowd": {
                key: None if pd.isna(row[f"p_{key}"]) else float(row[f"p_{key}"]) for key in KEYS
            },
            "version": acts[0].act_id if acts else 0,
            "acts": [told(act) for act in acts],
            "undoable": self._undoable(),
        }
        return reply, [given] if isinstance(given, bytes) else []

    def _undoable(self) -> dict[str, object] | None:
        """Tell what Undo would take back."""
        act = self._store.undoable(self._reviewer or "")
        return None if act is None else told(act)
