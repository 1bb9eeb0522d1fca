"""Retention: what is past its time goes, and it is proved that it went.

Pending rows live 72 hours, keys 14 days, claims without a decision 90 days from their first observation. Deleted
bytes are overwritten (``secure_delete``) and the write-ahead log, which still holds them, is emptied; a reader
that keeps it open is waited for, and reported when it does not go.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import outbox, schema
from pipelines.store import Store, slices

TRIES, WAIT = 3, 0.5
"""Attempts to empty the write-ahead log, and seconds between them."""


class RetentionError(RuntimeError):
    """Something past its time is still on disk; the message says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long things live."""

    pending_hours: int = 72
    claim_days: int = 90


@dataclass(frozen=True, slots=True)
class Swept:
    """Rows that one run deleted."""

    groups: int
    seen: int
    claims: int
    articles: int


def sweep(connection: Connection, limits: Limits, now: int) -> Swept:
    """Delete everything past its time at ``now`` (Unix seconds)."""
    hour = now // 3600 - limits.pending_hours
    day = now - limits.claim_days * 86400
    return Swept(
        groups=_pending(connection, hour),
        seen=connection.execute(sa.delete(schema.seen).where(schema.seen.c.hour < hour)).rowcount,
        claims=_claims(connection, day, now),
        articles=_articles(connection, day),
    )


def _pending(connection: Connection, hour: int) -> int:
    """Groups below the floor that nobody said anything in for 72 hours, with bands and clauses."""
    pending, band, clause = schema.pending, schema.band, schema.clause
    old = list(connection.scalars(sa.select(pending.c.id).where(pending.c.touched < hour)))
    for some in slices(old):
        connection.execute(sa.delete(band).where(band.c.group.in_(some)))
        connection.execute(sa.delete(clause).where(clause.c.group.in_(some)))
        connection.execute(sa.delete(pending).where(pending.c.id.in_(some)))
    # A clause's set over all groups has nobody to serve once no group holds the clause.
    inner = sa.select(clause.c.hash).where(clause.c.group != 0)
    connection.execute(sa.delete(clause).where(clause.c.group == 0, clause.c.hash.not_in(inner)))
    text = schema.clause_text
    connection.execute(sa.delete(text).where(text.c.hash.not_in(inner)))
    return len(old)


def _claims(connection: Connection, day: int, now: int) -> int:
    """Claims without a decision, first observed before ``day``."""
    claim = schema.claim
    old = list(connection.scalars(sa.select(claim.c.id).where(claim.c.status == "open", claim.c.observed_at < day)))
    for some in slices(old):
        connection.execute(sa.delete(claim).where(claim.c.id.in_(some)))
        outbox.put(connection, "claim", some, now)
    return len(old)


def _articles(connection: Connection, day: int) -> int:
    """Articles published before ``day`` that stand beside no claim."""
    article = schema.article
    beside = sa.select(schema.claim_article.c.article)
    return connection.execute(sa.delete(article).where(article.c.published < day, article.c.id.not_in(beside))).rowcount


def overdue(connection: Connection, limits: Limits, now: int) -> dict[str, int]:
    """What is still there and should not be, by table; empty when retention holds."""
    hour = now // 3600 - limits.pending_hours
    claim = schema.claim
    counts = {
        "pending": sa.select(sa.func.count()).where(schema.pending.c.touched < hour),
        "seen": sa.select(sa.func.count()).where(schema.seen.c.hour < hour),
        "claim": sa.select(sa.func.count()).where(
            claim.c.status == "open", claim.c.observed_at < now - limits.claim_days * 86400
        ),
    }
    found = {name: int(connection.scalar(query) or 0) for name, query in counts.items()}
    return {name: n for name, n in found.items() if n}


def empty_log(store: Store, sleep: Callable[[float], None] = time.sleep) -> None:
    """Empty SQLite's write-ahead log, where deleted rows still lie.

    Raises RetentionError when a reader keeps it open for ten seconds.
    """
    if not store.is_sqlite:
        return
    for attempt in range(TRIES):
        if attempt:
            sleep(WAIT)
        if store.checkpoint():
            return
    raise RetentionError(
        "deleted rows are still in the write-ahead log: another program reads the database; close it and run "
        "`chengqing retain` again"
    )
