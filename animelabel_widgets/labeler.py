"""The labeler widget: its traits, and its messages to and from a session. No SQL here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from time import perf_counter

from traitlets import Bool, Dict, List, Unicode

from . import assets, metrics
from .errors import ProtocolError
from .labels import EXCLUSIVE, LABELS, Receipt
from .protocol import (
    Again,
    Fetch,
    Hello,
    LabelerMessage,
    Lesson,
    Progress,
    Rate,
    Rename,
    Report,
    Week,
    parse,
)
from .session import Delivery, Session
from .tutorial import Tutorial
from .widget import PageWidget, Reply


class Labeler(PageWidget):
    """Shows one image after another and takes a volunteer's answers.

    Parameters
    ----------
    session
        The visit that this widget serves; one for each widget.
    campaign
        Tells this database from others in the browser's storage.
    tutorial
        What teaches the volunteer; without one, the page has none.
    app
        True where the widget is the whole page.
    leaderboard
        True where volunteers may choose a nickname and see the week's leaderboard.
    """

    _esm = assets.esm("labeler.js")
    _css = assets.css("labeler.css")

    labels = List(Dict()).tag(sync=True)
    exclusive = Unicode(EXCLUSIVE).tag(sync=True)
    campaign = Unicode().tag(sync=True)
    words = Dict().tag(sync=True)
    app = Bool(default_value=False).tag(sync=True)
    taught = Bool(default_value=False).tag(sync=True)
    leaderboard = Bool(default_value=False).tag(sync=True)

    def __init__(
        self,
        session: Session,
        *,
        campaign: str,
        tutorial: Tutorial | None = None,
        app: bool = False,
        leaderboard: bool = False,
    ) -> None:
        self._session = session
        self._tutorial = tutorial
        super().__init__(
            labels=[asdict(label) for label in LABELS],
            campaign=campaign,
            words=assets.words(),
            app=app,
            taught=tutorial is not None,
            leaderboard=leaderboard,
        )

    def _answer(self, content: object, buffers: object) -> Reply:
        """Answer a message, and count it."""
        since = perf_counter()
        message = parse(content, buffers)
        reply = self._respond(message)
        metrics.answered(type(message).__name__.lower(), since)
        return reply

    def _respond(self, message: LabelerMessage) -> Reply:
        """Answer a message that is well formed."""
        match message:
            case Hello(token=token, resume=resume):
                return _tasks("welcome", self._session.hello(token, resume))
            case Fetch(count=count):
                deliveries = self._session.fetch(count)
                reply, pictures = _tasks("tasks", deliveries)
                return {**reply, "finished": len(deliveries) < count}, pictures
            case Again(assignments=assignments):
                return _tasks("tasks", self._session.again(assignments))
            case Rate():
                receipt = self._session.rate(
                    message.assignment, message.answer, message.revision, message.elapsed_ms
                )
                if not receipt.stored and not receipt.conflict:
                    metrics.resent()
                return _receipt(message, receipt), ()
            case Report(assignment=assignment, reason=reason):
                self._session.report(assignment, reason)
                return {"kind": "saved", "assignment": str(assignment), "revision": 0}, ()
            case _:
                return self._inform(message)

    def _inform(self, message: LabelerMessage) -> Reply:
        """Answer a message that is not about a picture to rate."""
        match message:
            case Lesson(number=number):
                return self._lesson(number)
            case Progress():
                own, progress = self._session.progress()
                return {"kind": "progress", "own": own, **asdict(progress)}, ()
            case Week() | Rename() if not self.leaderboard:
                raise ProtocolError("expected no question for a leaderboard: there is none")
            case Rename(nickname=nickname):
                self._session.rename(nickname)
        nickname, places = self._session.week()
        rows = [asdict(place) for place in places]
        return {"kind": "week", "nickname": nickname, "places": rows}, ()

    def _lesson(self, number: int) -> Reply:
        """Give an example of the tutorial."""
        examples = self._tutorial.examples if self._tutorial else ()
        if self._tutorial is None or number >= len(examples):
            raise ProtocolError(f"expected the number of one of {len(examples)} examples")
        self._session.lesson()
        example = examples[number]
        lesson = {
            "kind": "lesson",
            "number": number,
            "total": len(examples),
            "title": example.title,
            "answer": example.answer.as_row(),
            "missed": example.missed,
            "wrong": example.wrong,
        }
        return lesson, [self._tutorial.jpeg(example.picture)]


def _receipt(rate: Rate, receipt: Receipt) -> dict[str, object]:
    """Acknowledge a rating, or tell of a conflict; with the right answer where it is known."""
    assignment = str(rate.assignment)
    if receipt.conflict:
        return {"kind": "conflict", "assignment": assignment, "revision": receipt.revision}
    saved = {"kind": "saved", "assignment": assignment, "revision": rate.revision}
    if receipt.known is None:
        return saved
    known = receipt.known
    return {**saved, "known": {"answer": known.answer.as_row(), "explanation": known.explanation}}


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
