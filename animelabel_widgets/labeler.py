"""The labeler widget: its traits, and its messages to and from a session. No SQL here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from traitlets import Bool, Dict, List, Unicode

from . import assets
from .labels import EXCLUSIVE, LABELS
from .protocol import Fetch, Hello, Rate, parse
from .session import Delivery, Session
from .widget import PageWidget, Reply


class Labeler(PageWidget):
    """Shows one image after another and takes a volunteer's answers.

    Parameters
    ----------
    session
        The visit that this widget serves; one for each widget.
    campaign
        Tells this database from others in the browser's storage.
    app
        True where the widget is the whole page.
    """

    _esm = assets.esm("labeler.js")
    _css = assets.css("labeler.css")

    labels = List(Dict()).tag(sync=True)
    exclusive = Unicode(EXCLUSIVE).tag(sync=True)
    campaign = Unicode().tag(sync=True)
    app = Bool(default_value=False).tag(sync=True)

    def __init__(self, session: Session, *, campaign: str, app: bool = False) -> None:
        self._session = session
        super().__init__(labels=[asdict(label) for label in LABELS], campaign=campaign, app=app)

    def _answer(self, content: object, buffers: object) -> Reply:
        """Answer hello, fetch or rate."""
        match parse(content, buffers):
            case Hello(token=token, resume=resume):
                return _tasks("welcome", self._session.hello(token, resume))
            case Fetch(count=count):
                deliveries = self._session.fetch(count)
                reply, pictures = _tasks("tasks", deliveries)
                return {**reply, "finished": len(deliveries) < count}, pictures
            case Rate() as rate:
                receipt = self._session.rate(
                    rate.assignment, rate.answer, rate.revision, rate.elapsed_ms
                )
                assignment = str(rate.assignment)
                if receipt.conflict:
                    revision = receipt.revision
                    return {"kind": "conflict", "assignment": assignment, "revision": revision}, ()
                return {"kind": "saved", "assignment": assignment, "revision": rate.revision}, ()


def _tasks(kind: str, deliveries: Sequence[Delivery]) -> Reply:
    """Make a reply that carries pictures."""
    tasks = [
        {
            "assignment": str(each.rated.task.assignment_id),
            "title": each.rated.task.title,
            "answer": each.rated.answer and each.rated.answer.as_row(),
            "revision": each.rated.revision,
        }
        for each in deliveries
    ]
    return {"kind": kind, "tasks": tasks}, [each.jpeg for each in deliveries]
