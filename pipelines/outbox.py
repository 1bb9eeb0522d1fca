"""The outbox: what the search index must learn, written in the transaction of the change.

A row names kind, id and version, never content: an erased claim leaves nothing here to erase.
"""

from collections.abc import Collection
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import schema

Kind = Literal["claim", "article"]


def put(connection: Connection, kind: Kind, subjects: Collection[str], now: int) -> None:
    """Tell the index that ``subjects`` changed or went; their versions grow by one a row. ``now`` in Unix seconds."""
    table = schema.outbox
    if not subjects:
        return
    names = sorted(set(subjects))
    rows = connection.execute(
        sa.select(table.c.subject, sa.func.max(table.c.version).label("version"))
        .where(table.c.kind == kind, table.c.subject.in_(names))
        .group_by(table.c.subject)
    )
    before = {row.subject: int(row.version) for row in rows}
    # A newer version makes an older waiting row needless: the index reads the claim as it stands.
    connection.execute(
        sa.delete(table).where(table.c.kind == kind, table.c.subject.in_(names), table.c.done_at.is_(None))
    )
    connection.execute(
        sa.insert(table),
        [{"kind": kind, "subject": name, "version": before.get(name, 0) + 1, "at": now} for name in names],
    )
