"""Articles of organisations: stored with outlet and link, replaced by edits, gone with a tombstone."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.reader import Told
from pipelines import outbox, schema
from pipelines.page import Article


@dataclass(frozen=True, slots=True)
class Stored:
    """An article's row; ``changed`` is False when the same version stood already."""

    id: int
    changed: bool


def save(connection: Connection, source: str, article: Article, told: Told, now: int) -> Stored:
    """Store the article, or replace an older version of it. ``now`` in Unix seconds."""
    table = schema.article
    before = connection.execute(sa.select(table).where(table.c.key == article.key)).one_or_none()
    if before is not None and (before.title, before.text) == (told.title, told.text):
        return Stored(before.id, changed=False)
    row = {
        "source": source,
        "key": article.key,
        "outlet": article.outlet,
        "link": article.link,
        "title": told.title,
        "text": told.text,
        "hazard": told.hazard.id,
        "role": told.role,
        "published": int(article.published.timestamp()),
        "updated": int(article.updated.timestamp()) if article.updated else None,
        "version": before.version + 1 if before is not None else 1,
    }
    if before is None:
        id_ = connection.execute(sa.insert(table).values(row).returning(table.c.id)).scalar_one()
    else:
        id_ = before.id
        connection.execute(sa.update(table).where(table.c.id == id_).values(row))
        _detach(connection, [id_], now)
    outbox.put(connection, "article", [str(id_)], now)
    return Stored(id_, changed=True)


def remove(connection: Connection, keys: Iterable[str], now: int) -> int:
    """Delete articles that their publishers took back; how many stood here."""
    table = schema.article
    found = connection.execute(sa.select(table.c.id).where(table.c.key.in_(sorted(set(keys))))).all()
    if found:
        _detach(connection, [row.id for row in found], now)
        connection.execute(sa.delete(table).where(table.c.id.in_([row.id for row in found])))
        outbox.put(connection, "article", [str(row.id) for row in found], now)
    return len(found)


def _detach(connection: Connection, ids: list[int], now: int) -> None:
    """Take articles off their claims; a claim that only they showed goes."""
    link, claim = schema.claim_article, schema.claim
    touched = list(connection.scalars(sa.select(link.c.claim).where(link.c.article.in_(ids))))
    connection.execute(sa.delete(link).where(link.c.article.in_(ids)))
    connection.execute(sa.delete(schema.group_article).where(schema.group_article.c.article.in_(ids)))
    if not touched:
        return
    said = sa.select(link.c.claim).where(link.c.role == "claim")
    connection.execute(
        sa.delete(claim).where(
            claim.c.id.in_(touched), sa.not_(claim.c.above_floor), claim.c.status == "open", claim.c.id.not_in(said)
        )
    )
    outbox.put(connection, "claim", touched, now)
