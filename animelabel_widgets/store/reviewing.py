"""Reviewers: they settle images, take them out of the pool and bring them back.

A standing decision wins over the crowd. Each act is done and logged in one
transaction, under the lock of the pool's row, and taken back by `undo`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ..errors import ConflictError, InputError
from ..labels import KEYS, Act, Answer, Decision
from ..tables import Consensus, Pool, Review, State
from . import acts, blocking
from .database import Database

SETTLED, TAKEN_OUT, BROUGHT_BACK = "settled", "taken out", "brought back"
"""Why an image is out of the pool, or stays in it: a reviewer did so."""

BY_REVIEW = "review"
"""The method of a stored verdict that waits for the next estimate."""

Condition = dict[str, Any]
"""What of an image a reviewer can change: `review`, `state`, `reason`."""


def settle(
    database: Database, image_id: int, decision: Decision, reviewer: str, version: int
) -> Act:
    """Store a decision in place of a former one; the image needs no more ratings."""
    review = {
        "answer": sorted(decision.answer.features),
        "reviewer": acts.checked_name(reviewer),
        "teaches": decision.teaches,
        "explanation": decision.explanation,
    }

    def change(was: Condition) -> Condition:
        if was["state"] in (State.PREFILTERED, State.BROKEN):
            return was | {"review": review}
        return {"review": review, "state": State.RETIRED, "reason": SETTLED}

    return _do(database, "settle", image_id, reviewer, version, change)


def withdraw(database: Database, image_id: int, reviewer: str, version: int) -> Act:
    """End a decision: the crowd's verdict holds again."""

    def change(was: Condition) -> Condition:
        if was["review"] is None:
            raise InputError(f"Image {image_id} is not settled: there is nothing to withdraw.")
        if (was["state"], was["reason"]) == (State.RETIRED, SETTLED):
            return {"review": None, "state": State.OPEN, "reason": None}
        return was | {"review": None}

    return _do(database, "withdraw", image_id, reviewer, version, change)


def take_out(database: Database, image_id: int, reviewer: str, version: int) -> Act:
    """Hand an image out no more."""

    def change(was: Condition) -> Condition:
        if was["state"] not in (State.OPEN, State.REPORTED):
            raise InputError(f"Image {image_id} is not in the pool: it is {was['state']}.")
        return was | {"state": State.RETIRED, "reason": TAKEN_OUT}

    return _do(database, "retire", image_id, reviewer, version, change)


def bring_back(database: Database, image_id: int, reviewer: str, version: int) -> Act:
    """Hand an image out again, whatever took it out."""

    def change(was: Condition) -> Condition:
        if was["state"] == State.OPEN:
            raise InputError(f"Image {image_id} is in the pool already.")
        return was | {"state": State.OPEN, "reason": BROUGHT_BACK}

    return _do(database, "reopen", image_id, reviewer, version, change)


def undo(database: Database, act_id: int, reviewer: str) -> Act:
    """Take an act back, where no other one about the same came after it and still stands.

    Raises
    ------
    InputError
        If there is no such act.
    ConflictError
        If another act came after it; nothing is changed then.
    """

    def work(connection: Connection) -> Act:
        act = acts.get(connection, act_id)
        if act is None:
            raise InputError(f"There is no act {act_id} to undo.")
        if act.image_id is not None:
            now = _locked(connection, act.image_id)
            _expect(acts.standing(connection, act), act_id)
            was, became = now, now | {"review": act.was["review"]}
            # What the rules or a lost picture changed meanwhile stays.
            if (now["state"], now["reason"]) == (act.became["state"], act.became["reason"]):
                became |= {"state": act.was["state"], "reason": act.was["reason"]}
            _apply(connection, database, act.image_id, was, became)
        else:
            was = {"blocked": blocking.locked(connection, act.volunteer_id)}
            _expect(acts.standing(connection, act), act_id)
            became = act.was
            blocking.change(connection, database, act.volunteer_id, blocked=became["blocked"])
        return acts.add(
            connection,
            database,
            kind=acts.UNDO,
            image_id=act.image_id,
            volunteer_id=act.volunteer_id,
            reviewer=acts.checked_name(reviewer),
            undoes=act_id,
            was=was,
            became=became,
        )

    return database.write(work)


def condition(connection: Connection, image_id: int) -> Condition:
    """Give what a reviewer can change of an image."""
    row = connection.execute(_PLACE, {"image": image_id}).first()
    if row is None:
        raise InputError(f"There is no image {image_id} in this project.")
    return {"review": _standing(connection, image_id), "state": row.state, "reason": row.reason}


def _do(
    database: Database,
    kind: str,
    image_id: int,
    reviewer: str,
    version: int,
    change: Callable[[Condition], Condition],
) -> Act:
    """Do something to an image that nobody has touched since `version`, and log it.

    Raises
    ------
    InputError
        If it cannot be done to this image, or the reviewer has no name.
    ConflictError
        If another act came in between; nothing is changed then.
    """
    name = acts.checked_name(reviewer)

    def work(connection: Connection) -> Act:
        was = _locked(connection, image_id)
        last, former = [*acts.of_image(connection, image_id)[:2], None, None][:2]
        if last is not None and last.act_id != version:
            # The same once more: the first try was committed, and its answer lost.
            since = former.act_id if former else 0
            same = (last.kind, last.reviewer, since) == (kind, name, version)
            if same and change(last.was) == last.became:
                return last
            raise ConflictError(_IN_BETWEEN)
        became = change(was)
        _apply(connection, database, image_id, was, became)
        return acts.add(
            connection,
            database,
            kind=kind,
            image_id=image_id,
            reviewer=name,
            was=was,
            became=became,
        )

    return database.write(work)


def _locked(connection: Connection, image_id: int) -> Condition:
    """Lock an image's row of the pool, and give what of it can be changed."""
    connection.execute(_LOCKED, {"image": image_id})
    return condition(connection, image_id)


def _expect(last: Act | None, act_id: int) -> None:
    """Make sure that no other act came after this one."""
    if last is None or last.act_id != act_id:
        raise ConflictError(_IN_BETWEEN)


def _apply(
    connection: Connection, database: Database, image_id: int, was: Condition, became: Condition
) -> None:
    """Bring an image from one condition to another."""
    now = database.now()
    if became["review"] != was["review"]:
        connection.execute(_ENDED, {"image": image_id, "ended": now})
        if became["review"] is None:
            _crowd_again(connection, database, image_id)
        else:
            review = dict(became["review"])
            answer = Answer.of(*review.pop("answer"))
            connection.execute(
                insert(Review).values(
                    image_id=image_id, **review, **answer.as_row(), created_at=now
                )
            )
    place = {name: became[name] for name in ("state", "reason")}
    if place != {name: was[name] for name in place}:
        connection.execute(update(Pool).where(Pool.image_id == image_id).values(**place))


def _crowd_again(connection: Connection, database: Database, image_id: int) -> None:
    """Store the majority until the next estimate, in place of what the reviewer said."""
    mine = Consensus.image_id == image_id
    former = connection.execute(select(Consensus.version).where(mine)).first()
    if former is None:
        return
    row = connection.execute(_COUNTED, {"image": image_id}).one()
    connection.execute(delete(Consensus).where(mine))
    if not row.votes:
        return
    shares = {key: getattr(row, f"n_{key}") / row.votes for key in KEYS}
    connection.execute(
        insert(Consensus).values(
            image_id=image_id,
            votes=row.votes,
            **{f"p_{key}": share for key, share in shares.items()},
            **{key: share > 0.5 for key, share in shares.items()},  # noqa: PLR2004
            method=BY_REVIEW,
            version=former.version,
            computed_at=database.now(),
        )
    )


def _standing(connection: Connection, image_id: int) -> dict[str, Any] | None:
    """Give the decision that stands."""
    row = connection.execute(_STANDING, {"image": image_id}).first()
    if row is None:
        return None
    said = row._asdict()
    answer = sorted(Answer.from_row(said).features)
    return {"answer": answer} | {name: said[name] for name in _OF_REVIEW}


_IN_BETWEEN = "Another act came in between, and nothing was stored: look at it and decide again."
_OF_REVIEW = ("reviewer", "teaches", "explanation")
_LOCKED = select(Pool.image_id).where(Pool.image_id == bindparam("image")).with_for_update()
_PLACE = select(Pool.state, Pool.reason).where(Pool.image_id == bindparam("image"))
_COUNTED = select(Pool.votes, *[getattr(Pool, f"n_{key}") for key in KEYS]).where(
    Pool.image_id == bindparam("image")
)
_STANDING = (
    select(*[getattr(Review, name) for name in (*_OF_REVIEW, *KEYS)])
    .where(Review.image_id == bindparam("image"), Review.withdrawn_at.is_(None))
    .order_by(Review.review_id.desc())
    .limit(1)
)
_ENDED = (
    update(Review)
    .where(Review.image_id == bindparam("image"), Review.withdrawn_at.is_(None))
    .values(withdrawn_at=bindparam("ended"))
)
