"""Erasing a claim: from the database, from the index by the outbox, and for good.

The id is kept outside the database before the rows go, and replayed at every start, so that no restored backup
brings it back. Early warnings and claims with a verdict hide at once and ask a second person (design, Bound 12).
Questions for a public fact are erased by their ids in the same way, at once.
"""

from collections.abc import Collection
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import asked, audit, outbox, schema

UNCONFIRMED = 3600
"""Seconds after which the wording of a hidden claim goes although nobody confirmed."""


class Erased(Enum):
    """What became of the wish to erase."""

    UNKNOWN = "unknown"
    DONE = "done"
    HIDDEN = "hidden"
    NEEDS_ANOTHER = "needs_another"


def resolve(connection: Connection, claim: str) -> str | None:
    """The id under which the claim, or the question for a public fact, stands now; None when there is none."""
    table, alias = schema.claim, schema.claim_alias
    if connection.scalar(sa.select(table.c.id).where(table.c.id == claim)) is not None:
        return claim
    new: str | None = connection.scalar(sa.select(alias.c.new).where(alias.c.old == claim))
    return new if new is not None else (claim if asked.same(connection, claim) else None)


def names(connection: Connection, claim: str) -> list[str]:
    """The claim's id and every id that was joined into it, or a question's ids."""
    alias = schema.claim_alias
    joined = connection.scalars(sa.select(alias.c.old).where(alias.c.new == claim))
    return list(dict.fromkeys([claim, *joined, *asked.same(connection, claim)]))


def decide(connection: Connection, claim: str, actor: str) -> Erased:
    """Whether ``actor`` may erase the claim now, must hide it first, or must find somebody else."""
    row = connection.execute(
        sa.select(schema.claim.c.early_warning, schema.claim.c.status).where(schema.claim.c.id == claim)
    ).one_or_none()
    if row is None:
        return Erased.DONE if asked.same(connection, claim) else Erased.UNKNOWN
    if not row.early_warning and row.status == "open":
        return Erased.DONE
    first = connection.scalar(sa.select(schema.erasure.c.actor).where(schema.erasure.c.claim == claim))
    if first is None:
        return Erased.HIDDEN
    return Erased.NEEDS_ANOTHER if first == actor else Erased.DONE


def hide(connection: Connection, claim: str, actor: str, key: bytes, now: int) -> None:
    """Take the claim off every screen until a second person confirms."""
    connection.execute(sa.insert(schema.erasure).values(claim=claim, actor=actor, at=now))
    audit.append(connection, key, audit.Entry(now, actor, "hide", claim))
    outbox.put(connection, "claim", [claim], now)


def hide_again(connection: Connection, claim: str, actor: str, at: int, now: int) -> None:
    """Hide a claim that an older backup shows although it was hidden; ``at`` is when it was."""
    standing = resolve(connection, claim)
    erasure = schema.erasure
    if standing is None or connection.scalar(sa.select(erasure.c.at).where(erasure.c.claim == standing)) is not None:
        return
    connection.execute(sa.insert(erasure).values(claim=standing, actor=actor, at=at))
    outbox.put(connection, "claim", [standing], now)


def erase(connection: Connection, claims: Collection[str], actor: str, key: bytes, now: int) -> list[str]:
    """Delete ``claims`` with everything said in them; the ids that stood. Remember them before calling this.

    Their groups are muted: the same words, said again in the same epoch, are left alone. An id of a question for a
    public fact does the same to that question.
    """
    stood = sorted(filter(None, (resolve(connection, claim) for claim in set(claims))))
    for claim in stood:
        if not asked.erase(connection, claim):
            _erase(connection, claim)
            outbox.put(connection, "claim", [claim], now)
        audit.append(connection, key, audit.Entry(now, actor, "erase", claim))
    return stood


def _erase(connection: Connection, claim: str) -> None:
    """Delete a claim's rows, and mute its groups."""
    pending = schema.pending
    of_claim = sa.select(pending.c.id).where(_belongs([claim]))
    _drop_clauses(connection, [claim])
    connection.execute(sa.delete(schema.group_article).where(schema.group_article.c.group.in_(of_claim)))
    connection.execute(
        sa.update(pending)
        .where(_belongs([claim]))
        .values(muted=True, claim=None, inherits=None, bins=0, mentions=0, questions=0, reposts=0, hazards={}, rules=[])
    )
    connection.execute(sa.delete(schema.claim).where(schema.claim.c.id == claim))


def _belongs(claims: Collection[str]) -> sa.ColumnElement[bool]:
    """Groups of the claims, and those under a newer key that wait to become part of them."""
    pending = schema.pending
    return sa.or_(pending.c.claim.in_(claims), pending.c.inherits.in_(claims))


def _drop_clauses(connection: Connection, claims: Collection[str]) -> None:
    """Delete the clauses of the claims' groups, keyed and worded: sets and texts below what is shown."""
    clause, text = schema.clause, schema.clause_text
    of_claims = sa.select(schema.pending.c.id).where(_belongs(claims))
    hashes = sa.select(clause.c.hash).where(clause.c.group.in_(of_claims))
    connection.execute(sa.delete(text).where(text.c.hash.in_(hashes)))
    connection.execute(sa.delete(clause).where(clause.c.group.in_(of_claims)))


def drop_wording(connection: Connection, key: bytes, now: int) -> list[str]:
    """Delete individuals' wording of claims that were hidden an hour ago and that nobody confirmed; their ids."""
    erasure, clause = schema.erasure, schema.shared_clause
    due = sa.select(erasure.c.claim).where(erasure.c.at <= now - UNCONFIRMED)
    ids = sorted(connection.scalars(sa.select(clause.c.claim).distinct().where(clause.c.claim.in_(due))))
    connection.execute(sa.delete(clause).where(clause.c.claim.in_(ids)))
    _drop_clauses(connection, ids)
    for claim in ids:
        audit.append(connection, key, audit.Entry(now, "system", "drop_wording", claim))
    return ids
