"""Reports of pictures that cannot be rated; those reported by two leave the pool."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, bindparam, func, insert, select, update

from ..errors import AssignmentError
from ..tables import Assignment, Lease, Pool, Report, State
from . import blocking
from .database import Database

ENOUGH = 2
"""Volunteers whose reports take an image out of the pool, for the reviewers."""


def report(database: Database, volunteer_id: int, assignment_id: UUID, reason: str) -> None:
    """Store a report, and end the lease without a rating; the same one again changes nothing.

    What the volunteer had said to the image before stands.

    Raises
    ------
    AssignmentError
        If the assignment is unknown or another volunteer's, or its image was deleted.
    """
    mine = {"assignment": assignment_id, "volunteer": volunteer_id}

    def work(connection: Connection) -> None:
        image_id = connection.scalar(_ASSIGNMENT, mine)
        # As for a rating, the pool's row is locked first.
        state = connection.scalar(_LOCKED, {"image": image_id})
        if image_id is None or state is None:
            raise AssignmentError("This picture was not handed to this page: it gets another one.")
        if connection.scalar(_SAME, mine | {"reason": reason}) is not None:
            return
        connection.execute(
            insert(Report).values(
                image_id=image_id,
                volunteer_id=volunteer_id,
                assignment_id=assignment_id,
                reason=reason,
                created_at=database.now(),
            )
        )
        changed = _end_lease(connection, assignment_id)
        reporters = connection.scalar(_REPORTERS, {"image": image_id}) or 0
        if reporters >= ENOUGH and state in (State.OPEN, State.RETIRED):
            said = f"reported by {reporters} volunteers, the last said: {reason}"
            changed |= {"state": State.REPORTED, "reason": said}
        if changed:
            connection.execute(update(Pool).where(Pool.image_id == image_id).values(**changed))

    database.write(work)


def _end_lease(connection: Connection, assignment_id: UUID) -> dict[str, object]:
    """End a lease that has no rating; give what that changes in the pool."""
    lease = connection.scalar(_LEASE, {"assignment": assignment_id})
    if lease not in (Lease.LIVE, Lease.EXPIRED):
        return {}
    connection.execute(
        update(Assignment)
        .where(Assignment.assignment_id == assignment_id)
        .values(lease=Lease.REPORTED)
    )
    return {"load": Pool.load - 1} if lease == Lease.LIVE else {}


_ASSIGNMENT = select(Assignment.image_id).where(
    Assignment.assignment_id == bindparam("assignment"),
    Assignment.volunteer_id == bindparam("volunteer"),
)
_LOCKED = select(Pool.state).where(Pool.image_id == bindparam("image")).with_for_update()
_SAME = select(Report.report_id).where(
    Report.assignment_id == bindparam("assignment"), Report.reason == bindparam("reason")
)
_LEASE = select(Assignment.lease).where(Assignment.assignment_id == bindparam("assignment"))
_REPORTERS = select(func.count(Report.volunteer_id.distinct())).where(
    Report.image_id == bindparam("image"), Report.volunteer_id.not_in(blocking.BLOCKED)
)
