"""Acts of reviewers with numbers of the test's own."""

from __future__ import annotations

from sqlalchemy import text

from animelabel_widgets.store import Store


def put_act(store: Store, act_id: int, image_id: int) -> None:
    """Store that Ada took an image out, and nothing else."""
    add = text(
        "INSERT INTO acts (act_id, kind, image_id, reviewer, was, became, created_at)"
        f" VALUES ({act_id}, 'retire', {image_id}, 'Ada', '{{}}', '{{}}', '2026-01-01')"
    )
    store._database.write(lambda connection: connection.execute(add))
