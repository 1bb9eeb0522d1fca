"""The record: append-only, chained with a key over ids and states, never over wording.

Contents stay erasable: a row names an action and an id. Changing, removing or reordering a row breaks the chain.
"""

import hmac
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import schema

_START = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision: who (a staff login or ``system``), what, on which id, when (Unix seconds)."""

    at: int
    actor: str
    action: str
    subject: str


def _mac(key: bytes, before: bytes, seq: int, entry: Entry) -> bytes:
    parts = (str(seq), str(entry.at), entry.actor, entry.action, entry.subject)
    return hmac.digest(key, before + b"\0".join(part.encode() for part in parts), "sha256")


def append(connection: Connection, key: bytes, entry: Entry) -> None:
    """Add ``entry`` to the chain, in the transaction of what it records."""
    table = schema.audit
    last = connection.execute(sa.select(table.c.seq, table.c.mac).order_by(table.c.seq.desc()).limit(1)).one_or_none()
    seq, before = (last.seq + 1, last.mac) if last is not None else (1, _START)
    connection.execute(
        sa.insert(table).values(
            seq=seq,
            at=entry.at,
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            mac=_mac(key, before, seq, entry),
        )
    )


def broken_at(connection: Connection, key: bytes) -> int | None:
    """The first row at which the chain does not hold, or None when all of it does."""
    before, expected = _START, 1
    for row in connection.execute(sa.select(schema.audit).order_by(schema.audit.c.seq)):
        entry = Entry(row.at, row.actor, row.action, row.subject)
        if row.seq != expected or not hmac.compare_digest(row.mac, _mac(key, before, row.seq, entry)):
            return expected
        before, expected = row.mac, expected + 1
    return None
