"""The end of an epoch: everything that its key made goes, numbers and shared wording stay."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import schema
from pipelines.claims import CARRIED_MIN
from pipelines.epoch import EpochKey
from pipelines.spread import unsigned
from pipelines.store import insert, upsert

STEPS = (40, 20, 10)
"""Different bins from which a hazard without common wording is told of (design, Bound 4)."""
_KEYED = (schema.pending, schema.band, schema.clause, schema.clause_text, schema.seen, schema.carried, schema.asking)


def live(connection: Connection) -> set[str]:
    """Epochs of which keyed rows may stand."""
    return set(connection.scalars(sa.select(schema.epoch.c.name).where(schema.epoch.c.ended_at.is_(None))))


def begin(connection: Connection, epoch: str, opened_at: int) -> None:
    """Put a shared epoch on record with the moment (Unix seconds) from which it signs. Twice changes nothing."""
    row = {"name": epoch, "private": False, "opened_at": opened_at, "ended_at": None}
    connection.execute(insert(connection, schema.epoch).values(row).on_conflict_do_nothing(index_elements=["name"]))


def ended(connection: Connection, names: Collection[str]) -> set[str]:
    """Those of ``names`` that have ended although their key may still stand: a kill came between the two."""
    table = schema.epoch
    query = sa.select(table.c.name).where(table.c.name.in_(sorted(names)), table.c.ended_at.is_not(None))
    return set(connection.scalars(query))


def tell_hazards(connection: Connection, epoch: str, now: int) -> None:
    """Keep, in steps, how many accounts spoke of each hazard in groups that stayed below the floor."""
    pending = schema.pending
    bins: dict[str, int] = {}
    for row in connection.execute(
        sa.select(pending.c.hazards, pending.c.bins).where(
            pending.c.epoch == epoch, pending.c.claim.is_(None), sa.not_(pending.c.muted)
        )
    ):
        most = min(row.hazards, key=lambda id_: (-row.hazards[id_], id_))
        bins[most] = bins.get(most, 0) | unsigned(row.bins)
    told = {hazard: step for hazard, set_ in bins.items() for step in STEPS[::-1] if set_.bit_count() >= step}
    upsert(
        connection,
        schema.hazard_spread,
        [{"epoch": epoch, "hazard": hazard, "at_least": n, "observed_at": now} for hazard, n in sorted(told.items())],
    )


def end(connection: Connection, epoch: str, now: int) -> None:
    """Delete every row that the epoch's key made; account counts stay as numbers. Twice is no error."""
    pending, part = schema.pending, schema.part
    for counted in (part, schema.question):
        connection.execute(sa.update(counted).where(counted.c.epoch == epoch).values(bitmap=None))
    inner = sa.select(pending.c.id).where(pending.c.epoch == epoch)
    connection.execute(sa.delete(schema.group_article).where(schema.group_article.c.group.in_(inner)))
    for table in _KEYED:
        connection.execute(sa.delete(table).where(table.c.epoch == epoch))
    connection.execute(sa.update(schema.epoch).where(schema.epoch.c.name == epoch).values(ended_at=now))


def end_missing(connection: Connection, keys: Collection[str], now: int) -> list[str]:
    """End every epoch whose key is gone: rows that a restored backup brought back, or that a kill left."""
    missing = sorted(live(connection) - set(keys))
    for epoch in missing:
        end(connection, epoch, now)
    return missing


def carry(connection: Connection, key: EpochKey) -> None:
    """Hash long shared clauses of standing claims under a new key, so that posts that hold one find them."""
    clause = schema.shared_clause
    rows = connection.execute(
        sa.select(clause.c.claim, clause.c.text).where(sa.func.length(clause.c.text) >= CARRIED_MIN)
    ).all()
    upsert(
        connection,
        schema.carried,
        [{"epoch": key.epoch, "hash": key.clause(row.text), "claim": row.claim} for row in rows],
    )
