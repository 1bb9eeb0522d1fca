"""Articles of organisations: stored with outlet and link, replaced by edits, gone with a tombstone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from nlp.reader import Told
from pipelines import outbox, schema
from pipelines.page import Article
from pipelines.store import slices


@dataclass(frozen=True, slots=True)
class Stored:
    """An article's row; ``changed`` is False when the same version stood already."""

    id: int
    changed: bool


def save(
    connection: Connection, source: str, some: Sequence[tuple[Article, Told]], now: int
) -> list[tuple[Article, Told, Stored]]:
    """Store articles, or replace older versions of them; what became of each. ``now`` in Unix seconds.

    Of one that stands in ``some`` more than once, the last counts.
    """
    table = schema.article
    last = {article.key: (article, told) for article, told in some}
    before: dict[str, Row[Any]] = {}
    for keys in slices(last):
        before.update({row.key: row for row in connection.execute(sa.select(table).where(table.c.key.in_(keys)))})
    new = [_row(source, article, told, 1) for key, (article, told) in last.items() if key not in before]
    ids: dict[str, int] = {}
    if new:
        ids.update(
            (row.key, row.id) for row in connection.execute(sa.insert(table).returning(table.c.key, table.c.id), new)
        )
    edited = {
        key: row for key, row in before.items() if (row.title, row.text) != (last[key][1].title, last[key][1].text)
    }
    for key, row in edited.items():
        values = _row(source, *last[key], row.version + 1)
        connection.execute(sa.update(table).where(table.c.id == row.id).values(values))
    _detach(connection, [row.id for row in edited.values()], now)
    ids.update((key, row.id) for key, row in before.items())
    changed = ids.keys() - (before.keys() - edited.keys())
    outbox.put(connection, "article", {str(ids[key]) for key in changed}, now)
    return [
        (article, told, Stored(ids[article.key], article.key in changed and last[article.key][0] is article))
        for article, told in some
    ]


def _row(source: str, article: Article, told: Told, version: int) -> dict[str, Any]:
    return {
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
        "version": version,
    }


def young(connection: Connection, source: str, since: int) -> bool:
    """Whether an article of ``source`` stands that was published since ``since`` (Unix seconds)."""
    table = schema.article
    query = sa.select(table.c.id).where(table.c.source == source, table.c.published >= since).limit(1)
    return connection.scalar(query) is not None


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
    if not ids:
        return
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
