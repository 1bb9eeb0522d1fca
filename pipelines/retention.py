"""Retention: what is past its time goes, and it is proved that it went.

Pending rows live 72 hours, keys 14 days, claims without a decision 90 days from their first observation, and so does
the record of what was read of a source's time. Deleted bytes are overwritten (``secure_delete``) and the write-ahead
log, which still holds them, is emptied; a reader that keeps it open is waited for, and reported when it does not go.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, fields

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import outbox, schema
from pipelines.spread import ALL, signed, unsigned
from pipelines.store import Store, slices

_PLAIN = (
    schema.asking,
    schema.question,
    schema.window,
    schema.known,
    schema.visit,
    schema.lane,
    schema.unknown_field,
)
"""Tables whose rows go by their rule alone."""
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
    hazards: int


@dataclass(frozen=True, slots=True)
class _Rules:
    """What is past its time, by table: the one place that deleting and proving both read."""

    pending: sa.ColumnElement[bool]
    seen: sa.ColumnElement[bool]
    asking: sa.ColumnElement[bool]
    question: sa.ColumnElement[bool]
    claim: sa.ColumnElement[bool]
    article: sa.ColumnElement[bool]
    hazard_spread: sa.ColumnElement[bool]
    window: sa.ColumnElement[bool]
    known: sa.ColumnElement[bool]
    visit: sa.ColumnElement[bool]
    lane: sa.ColumnElement[bool]
    unknown_field: sa.ColumnElement[bool]

    @classmethod
    def at(cls, limits: Limits, now: int) -> "_Rules":
        """Rules at ``now`` (Unix seconds)."""
        hour, day = now // 3600 - limits.pending_hours, now - limits.claim_days * 86400
        pending, claim, article, asking = schema.pending, schema.claim, schema.article, schema.asking
        return cls(
            # Below the floor a group lives 72 hours from its first mention, above it from its last.
            pending=sa.or_(pending.c.touched < hour, sa.and_(pending.c.claim.is_(None), pending.c.created < hour)),
            seen=schema.seen.c.hour < hour,
            asking=sa.or_(asking.c.touched < hour, sa.and_(asking.c.question.is_(None), asking.c.created < hour)),
            question=schema.question.c.last_hour < hour,
            claim=sa.and_(claim.c.status == "open", claim.c.observed_at < day),
            article=sa.and_(article.c.published < day, article.c.id.not_in(sa.select(schema.claim_article.c.article))),
            hazard_spread=schema.hazard_spread.c.observed_at < hour * 3600,
            window=schema.window.c.until < day,
            known=schema.known.c.at < day,
            visit=schema.visit.c.at < day,
            lane=schema.lane.c.looked_at < day,
            unknown_field=schema.unknown_field.c.at < day,
        )


def sweep(connection: Connection, limits: Limits, now: int) -> Swept:
    """Delete everything past its time at ``now`` (Unix seconds)."""
    rules = _Rules.at(limits, now)
    groups = _pending(connection, rules)
    _young_sets(connection, now // 3600 - limits.pending_hours)
    for table in _PLAIN:
        connection.execute(sa.delete(table).where(getattr(rules, table.name)))
    return Swept(
        groups=groups,
        seen=connection.execute(sa.delete(schema.seen).where(rules.seen)).rowcount,
        claims=_claims(connection, rules, now),
        articles=connection.execute(sa.delete(schema.article).where(rules.article)).rowcount,
        hazards=connection.execute(sa.delete(schema.hazard_spread).where(rules.hazard_spread)).rowcount,
    )


def _pending(connection: Connection, rules: _Rules) -> int:
    """Groups past their time, with bands and clauses."""
    pending = schema.pending
    old = list(connection.scalars(sa.select(pending.c.id).where(rules.pending)))
    for some in slices(old):
        for table in (schema.band, schema.clause, schema.group_article):
            connection.execute(sa.delete(table).where(table.c.group.in_(some)))
        connection.execute(sa.delete(pending).where(pending.c.id.in_(some)))
    return len(old)


def _young_sets(connection: Connection, hour: int) -> None:
    """Sets of clauses below the floor in groups first seen before ``hour`` go; sets over all groups follow them."""
    pending, clause, text = schema.pending, schema.clause, schema.clause_text
    older = sa.select(pending.c.id).where(pending.c.created < hour)
    connection.execute(sa.delete(clause).where(clause.c.group.in_(older), sa.not_(clause.c.shown)))
    held: dict[tuple[str, int], int] = {}
    for row in connection.execute(sa.select(clause.c.epoch, clause.c.hash, clause.c.bins).where(clause.c.group != ALL)):
        held[row.epoch, row.hash] = held.get((row.epoch, row.hash), 0) | unsigned(row.bins)
    gone, less = [], []
    for row in connection.execute(sa.select(clause).where(clause.c.group == ALL)):
        bins = held.get((row.epoch, row.hash))
        if bins is None:
            gone.append({"e": row.epoch, "h": row.hash})
        elif bins != unsigned(row.bins):
            less.append({"e": row.epoch, "h": row.hash, "b": signed(bins)})
    this = sa.and_(clause.c.epoch == sa.bindparam("e"), clause.c.hash == sa.bindparam("h"), clause.c.group == ALL)
    if gone:
        connection.execute(sa.delete(clause).where(this), gone)
    if less:
        connection.execute(sa.update(clause).where(this).values(bins=sa.bindparam("b")), less)
    connection.execute(sa.delete(text).where(text.c.hash.not_in(sa.select(clause.c.hash).where(clause.c.group != ALL))))


def _claims(connection: Connection, rules: _Rules, now: int) -> int:
    """Claims without a decision."""
    claim = schema.claim
    old = list(connection.scalars(sa.select(claim.c.id).where(rules.claim)))
    for some in slices(old):
        connection.execute(sa.delete(claim).where(claim.c.id.in_(some)))
        outbox.put(connection, "claim", some, now)
    return len(old)


def overdue(connection: Connection, limits: Limits, now: int) -> dict[str, int]:
    """What is still there and should not be, by table; empty when retention holds."""
    rules = _Rules.at(limits, now)
    found = {
        rule.name: int(connection.scalar(sa.select(sa.func.count()).where(getattr(rules, rule.name))) or 0)
        for rule in fields(rules)
    }
    return {name: n for name, n in found.items() if n}


def empty_log(store: Store, sleep: Callable[[float], None] = time.sleep) -> None:
    """Empty SQLite's write-ahead log, where deleted rows still lie.

    Raises RetentionError when a reader keeps it open for about half a minute.
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
