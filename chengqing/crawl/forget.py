"""``source forget``: the contract has ended, and everything that came from the source goes, proven.

What a source's posts have become is keyed or shared and names no source, so the stricter way is taken: shared epochs
end, with their keys and every row that they made; claims in which the source had a part lose individuals' wording, and
its mentions; claims that it alone carried go whole. Other sources' posts bring back what they say.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import articles, asked, audit, epochs, erase, outbox, retention, schema
from pipelines.pace import Breaker, trip
from pipelines.store import slices

if TYPE_CHECKING:  # it imports this module: a start replays what was forgotten
    from chengqing.workspace import Workspace

FORGOTTEN = "forgotten"
_OWN = (
    schema.tally,
    schema.lane,
    schema.known,
    schema.visit,
    schema.unknown_field,
    schema.claim_hour,
    schema.article,
)
"""Tables whose rows name their source."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went: articles, whole claims, claims that lost wording and mentions, windows."""

    articles: int
    claims: int
    trimmed: int
    windows: int


def forget(workspace: "Workspace", source: str, actor: str) -> Forgotten:
    """Erase everything of ``source``, stop it, and write who did so into the record."""
    now, ring = workspace.now, workspace.keys
    ring.remember_forgotten(source, now)
    with workspace.store.write() as connection:
        alone, shared = _claims(connection, source)
        ring.remember_erased(name for claim in alone for name in erase.names(connection, claim))
        erase.erase(connection, alone, actor, ring.audit(), now)
        _trim(connection, shared, source, now)
        asked.forget(connection)
        gone = _articles(connection, source, now)
        keys = {key.epoch for _, key in ring.shared()} | _imports(connection, source)
        windows = _rows(connection, source)
        for epoch in sorted(keys):
            epochs.end(connection, epoch, now)
        trip(connection, Breaker(f"source:{source}", 0, None, FORGOTTEN, None))
        audit.append(connection, ring.audit(), audit.Entry(now, actor, "forget", source[:40]))
    for epoch in keys:
        ring.destroy(epoch)
    retention.empty_log(workspace.store)
    return Forgotten(gone, len(alone), len(shared), windows)


def replay(workspace: "Workspace") -> bool:
    """Forget again what a restored backup has brought back: rows older than the forgetting; whether there were any."""
    with workspace.store.read() as connection:
        back = [source for source, at in workspace.keys.forgotten().items() if _stands(connection, source, at)]
    for source in back:
        forget(workspace, source, "system")
    return bool(back)


def known(connection: Connection, source: str) -> bool:
    """Whether anything on record names the source."""
    return bool(left(connection, source))


def _stands(connection: Connection, source: str, at: int) -> bool:
    window = schema.window
    query = sa.select(window.c.id).where(window.c.source == source, window.c.opened_at <= at).limit(1)
    return connection.scalar(query) is not None


def _imports(connection: Connection, source: str) -> set[str]:
    """Private epochs of imports of the source that are not finished."""
    window = schema.window
    query = sa.select(window.c.epoch).where(window.c.source == source, window.c.epoch.is_not(None))
    return set(connection.scalars(query))


def left(connection: Connection, source: str) -> dict[str, int]:
    """Rows that still name the source, by table: empty when all of it is gone."""
    found = {
        table.name: int(
            connection.scalar(sa.select(sa.func.count()).select_from(table).where(table.c.source == source)) or 0
        )
        for table in (*_OWN, schema.window)
    }
    return {name: n for name, n in found.items() if n}


def _claims(connection: Connection, source: str) -> tuple[list[str], list[str]]:
    """Open claims that the source alone carried, and the others in which it had a part."""
    hour, link, article, claim = schema.claim_hour, schema.claim_article, schema.article, schema.claim
    mine = set(connection.scalars(sa.select(hour.c.claim).where(hour.c.source == source)))
    shown = sa.select(link.c.claim).join(article, article.c.id == link.c.article)
    mine |= set(connection.scalars(shown.where(article.c.source == source, link.c.role == "claim")))
    others = set(connection.scalars(sa.select(hour.c.claim).where(hour.c.source != source)))
    others |= set(connection.scalars(shown.where(article.c.source != source, link.c.role == "claim")))
    decided = set(connection.scalars(sa.select(claim.c.id).where(claim.c.status != "open")))
    alone = mine - others - decided
    return sorted(alone), sorted(mine - alone)


def _trim(connection: Connection, claims: list[str], source: str, now: int) -> None:
    """Leave of claims that others carry too what the others are known to have said, without individuals' wording.

    What was said before the floor was reached names no source: it may have been this one's, and goes.
    """
    hour, clause, part = schema.claim_hour, schema.shared_clause, schema.part
    for some in slices(claims):
        rows = connection.execute(
            sa.select(hour.c.claim, sa.func.sum(hour.c.mentions).label("m"), sa.func.sum(hour.c.questions).label("q"))
            .where(hour.c.claim.in_(some), hour.c.source != source)
            .group_by(hour.c.claim)
        )
        others = {row.claim: (row.m, row.q) for row in rows}
        for claim in some:
            _count_anew(connection, claim, *others.get(claim, (0, 0)))
        connection.execute(sa.delete(clause).where(clause.c.claim.in_(some)))
        # A variant is told apart by pieces of its wording.
        connection.execute(sa.delete(part).where(part.c.claim.in_(some), part.c.guard.is_not(None)))
    outbox.put(connection, "claim", claims, now)


def _count_anew(connection: Connection, name: str, mentions: int, questions: int) -> None:
    claim = schema.claim
    counted = {"mentions": mentions, "questions": questions, "version": claim.c.version + 1}
    connection.execute(sa.update(claim).where(claim.c.id == name).values(counted))


def _articles(connection: Connection, source: str, now: int) -> int:
    keys = connection.scalars(sa.select(schema.article.c.key).where(schema.article.c.source == source)).all()
    return sum(articles.remove(connection, some, now) for some in slices(keys))


def _rows(connection: Connection, source: str) -> int:
    """Delete every row that names the source; how many windows there were."""
    for table in _OWN:
        connection.execute(sa.delete(table).where(table.c.source == source))
    window = schema.window
    mine = sa.select(window.c.id).where(window.c.source == source)
    for table in (schema.window_count, schema.window_problem):
        connection.execute(sa.delete(table).where(table.c.window.in_(mine)))
    return connection.execute(sa.delete(window).where(window.c.source == source)).rowcount
