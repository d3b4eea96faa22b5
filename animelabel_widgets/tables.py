"""The database's tables as typed SQLAlchemy models.

Every time is UTC with milliseconds. `store/` alone queries these models; the
migrations in `migrations/` create and change the tables. Longer than other
modules, so that all tables stand in one place.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from .column_types import BIG_ID, BinaryUUID, UTCDateTime, exact_text

FOLDER_LENGTH = 255
FILENAME_LENGTH = 512
TITLE_LENGTH = 512
REASON_LENGTH = 200
NICKNAME_LENGTH = 24
REVIEWER_LENGTH = 100


class State(StrEnum):
    """Where an image stands in the campaign."""

    OPEN = "open"
    RETIRED = "retired"
    PREFILTERED = "prefiltered"
    BROKEN = "broken"
    REPORTED = "reported"


class Lease(StrEnum):
    """What became of an assignment."""

    LIVE = "live"
    RATED = "rated"
    EXPIRED = "expired"
    REPORTED = "reported"
    GOLD = "gold"
    """Handed out to compare with the known answer: counted nowhere, and never expires."""


class Base(DeclarativeBase):
    """The base of all models."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's declarative hook
        datetime: UTCDateTime(),
        float: Double(),
        UUID: BinaryUUID(),
    }


def table(model: type[Base]) -> Table:
    """Give the table of a model, for statements that do without the model's cost."""
    return cast("Table", model.__table__)


class AnswerColumns:
    """A yes or no for each of the four features."""

    text: Mapped[bool]
    logo: Mapped[bool]
    person: Mapped[bool]
    empty: Mapped[bool]


class CountColumns:
    """How many of an image's ratings say yes to each feature."""

    n_text: Mapped[int] = mapped_column(default=0)
    n_logo: Mapped[int] = mapped_column(default=0)
    n_person: Mapped[int] = mapped_column(default=0)
    n_empty: Mapped[int] = mapped_column(default=0)


class ProbabilityColumns:
    """The estimated probability of each feature, 0 to 1."""

    p_text: Mapped[float]
    p_logo: Mapped[float]
    p_person: Mapped[float]
    p_empty: Mapped[float]


class Campaign(Base):
    """One row: what tells this database from every other in a browser's storage."""

    __tablename__ = "campaign"

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]


class SeriesRow(Base):
    """A series: a folder below the pictures' root."""

    __tablename__ = "series"

    series_id: Mapped[int] = mapped_column(primary_key=True)
    folder: Mapped[str] = mapped_column(exact_text(FOLDER_LENGTH), unique=True)
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    is_anime: Mapped[bool | None]


class Image(Base):
    """What a picture is."""

    __tablename__ = "images"
    __table_args__ = (UniqueConstraint("series_id", "filename"),)

    image_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.series_id"))
    filename: Mapped[str] = mapped_column(exact_text(FILENAME_LENGTH))
    width: Mapped[int]
    height: Mapped[int]
    byte_size: Mapped[int] = mapped_column(BigInteger)
    imported_at: Mapped[datetime]


class Pool(CountColumns, Base):
    """An image's state in the campaign.

    A smaller `priority` is handed out first. `load` is the number of its
    ratings plus its live leases; `shuffle` is a random place among the images
    of one priority and load.
    """

    __tablename__ = "pool"
    __table_args__ = (Index(None, "state", "priority", "load", "shuffle"),)

    image_id: Mapped[int] = mapped_column(
        ForeignKey("images.image_id"), primary_key=True, autoincrement=False
    )
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    priority: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    load: Mapped[int] = mapped_column(default=0)
    votes: Mapped[int] = mapped_column(default=0)
    shuffle: Mapped[float]


class Volunteer(Base):
    """An anonymous volunteer, known by the hash of a random token."""

    __tablename__ = "volunteers"

    volunteer_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(
        LargeBinary(32).with_variant(mysql.BINARY(32), "mysql", "mariadb"), unique=True
    )
    nickname: Mapped[str | None] = mapped_column(String(NICKNAME_LENGTH), index=True)
    created_at: Mapped[datetime]
    blocked_at: Mapped[datetime | None] = mapped_column(index=True)


class Assignment(Base):
    """An image handed to a volunteer: a lease that ends in a rating or expires."""

    __tablename__ = "assignments"
    __table_args__ = (
        Index(None, "volunteer_id", "image_id", "lease"),
        Index(None, "lease", "expires_at"),
        Index(None, "image_id"),
    )

    assignment_id: Mapped[UUID] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.image_id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteers.volunteer_id"))
    lease: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Rating(AnswerColumns, Base):
    """The current answer of a volunteer to an image."""

    __tablename__ = "ratings"
    __table_args__ = (UniqueConstraint("volunteer_id", "image_id"), Index(None, "image_id"))

    rating_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.image_id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteers.volunteer_id"))
    assignment_id: Mapped[UUID] = mapped_column(
        ForeignKey("assignments.assignment_id"), unique=True
    )
    revision: Mapped[int]
    elapsed_ms: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RatingEvent(AnswerColumns, Base):
    """Everything a volunteer ever said; rows are added, never changed."""

    __tablename__ = "rating_events"
    __table_args__ = (UniqueConstraint("assignment_id", "revision"),)

    event_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.assignment_id"))
    revision: Mapped[int]
    elapsed_ms: Mapped[int]
    created_at: Mapped[datetime]


class Report(Base):
    """A volunteer says why a picture cannot be rated."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("assignment_id", "reason"),
        Index(None, "image_id", "volunteer_id"),
    )

    report_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.image_id"))
    volunteer_id: Mapped[int] = mapped_column(ForeignKey("volunteers.volunteer_id"))
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.assignment_id"))
    reason: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime]


class Gold(AnswerColumns, Base):
    """The known answer to an image, with the words that explain it."""

    __tablename__ = "gold"

    image_id: Mapped[int] = mapped_column(
        ForeignKey("images.image_id"), primary_key=True, autoincrement=False
    )
    explanation: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]


class GoldAnswer(AnswerColumns, Base):
    """What a volunteer said to an image whose answer is known; rows are added, never changed.

    Apart from the ratings, so that no counter and no consensus ever meets them.
    """

    __tablename__ = "gold_answers"
    __table_args__ = (UniqueConstraint("assignment_id", "revision"),)

    answer_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.assignment_id"))
    revision: Mapped[int]
    elapsed_ms: Mapped[int]
    created_at: Mapped[datetime]


class Review(AnswerColumns, Base):
    """A reviewer's decision about an image; a withdrawn one has an end.

    `teaches` says whether the image is handed out as one with a known answer.
    """

    __tablename__ = "reviews"
    __table_args__ = (Index(None, "image_id"),)

    review_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.image_id"))
    reviewer: Mapped[str] = mapped_column(String(REVIEWER_LENGTH))
    teaches: Mapped[bool] = mapped_column(server_default="1")
    explanation: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class Act(Base):
    """What a reviewer did to an image or a volunteer; rows are added, never changed.

    `was` and `became` are what it changed, as JSON. There is no foreign key to the
    volunteers: the log outlives one who is forgotten.
    """

    __tablename__ = "acts"
    __table_args__ = (
        Index(None, "image_id"),
        Index(None, "volunteer_id"),
        Index(None, "reviewer", "act_id"),
        UniqueConstraint("undoes"),
    )

    act_id: Mapped[int] = mapped_column(BIG_ID, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    image_id: Mapped[int | None] = mapped_column(ForeignKey("images.image_id"))
    volunteer_id: Mapped[int | None] = mapped_column(BIG_ID)
    reviewer: Mapped[str] = mapped_column(String(REVIEWER_LENGTH))
    undoes: Mapped[int | None] = mapped_column(ForeignKey("acts.act_id"))
    was: Mapped[str] = mapped_column(Text)
    became: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class Consensus(ProbabilityColumns, AnswerColumns, Base):
    """The crowd's verdict on an image, and how it was reached."""

    __tablename__ = "consensus"

    image_id: Mapped[int] = mapped_column(
        ForeignKey("images.image_id"), primary_key=True, autoincrement=False
    )
    votes: Mapped[int]
    method: Mapped[str] = mapped_column(String(40))
    version: Mapped[str] = mapped_column(String(40))
    computed_at: Mapped[datetime]
