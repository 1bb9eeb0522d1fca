"""Windows of time as a crawl plans, leases and reads them, in few words."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from pipelines import queue, schema
from pipelines.page import Page, Reads
from pipelines.queue import Lanes, Stretch

NOW = 1_800_000_000
POLL, REACH, TERM = 900, 72 * 3600, 120
"""Seconds between two plans, back to what can still be read, and of a lease."""
ANY = sa.true()


def plan(connection: Connection, now: int, *names: str, source: str = "search", reach: int | None = REACH) -> None:
    """Plan ``names`` up to ``now``, as a source does of which nothing can be read after ``reach`` seconds."""
    lanes = Lanes(
        source=source,
        basis="contract 1",
        kind="weibo",
        names=names or ("a",),
        first=now - REACH if reach is None else now - reach,
        oldest=None if reach is None else now - reach,
    )
    queue.plan(connection, lanes, now)


def rows(connection: Connection, source: str = "search") -> list[Row[Any]]:
    """Every window of time, lane by lane."""
    window = schema.window
    query = sa.select(window).where(window.c.source == source, window.c.since.is_not(None))
    return list(connection.execute(query.order_by(window.c.lane, window.c.since)))


def spans(connection: Connection) -> list[tuple[int, int, str, str | None]]:
    """(since, until, state, why) in seconds from NOW."""
    return [(row.since - NOW, row.until - NOW, row.state, row.why) for row in rows(connection)]


def take(connection: Connection, holder: str, now: float, wanted: sa.ColumnElement[bool] = ANY) -> Stretch | None:
    return queue.lease(connection, wanted, holder, now=now, until=now + TERM)


def taken(connection: Connection, holder: str = "one", now: float = NOW) -> Stretch:
    """A window that must be free."""
    found = take(connection, holder, now)
    assert found is not None
    return found


def page(window: int, cursor: int, *, done: bool = False, resume: str = "", source: str = "search") -> Page:
    return Page(source=source, window=window, cursor=cursor, reads=Reads(), done=done, resume=resume)


def advance(connection: Connection, window: int, cursor: int, holder: str = "one", now: int = NOW, **of: Any) -> None:
    queue.advance(connection, page(window, cursor, **of), holder, now=now, until=now + TERM)
