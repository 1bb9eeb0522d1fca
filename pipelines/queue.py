"""The queue of windows: which stretch of a source's time is to be read, who reads it, how far it got.

A window is leased before it is read and moved on by the transaction that stores its pages, so that whoever takes over
an expired lease goes on after the last page that was committed. Two things fence a late writer off: the lease's holder,
and the number of the page (design, How a page becomes durable).
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from pipelines import schema
from pipelines.page import Page
from pipelines.store import insert, slices

WAITING, READING = "waiting", "reading"
FINISHED, AGED_OUT = "finished", "aged_out"
OPEN = (WAITING, READING)
BUDGET = "budget"
"""Why a window waits that today's or this round's requests can't pay for: its turn comes with the next plan."""
LONGEST_RESUME = 500
_HOPELESS = 3
_NUMBERS = frozenset("0123456789 ,:-")


class LostWindow(RuntimeError):
    """The window is no longer this holder's, or stands at another page: nothing of the page was stored."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One window of time: ``since`` (inclusive) to ``until`` (exclusive), in Unix seconds."""

    id: int
    source: str
    lane: str
    since: int
    until: int
    cursor: int
    resume: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Lanes:
    """What is asked of a source at each reading, and from when on.

    ``first`` is where a lane begins that was never read, ``oldest`` what can't be read any more (None where that never
    happens): both in Unix seconds.
    """

    source: str
    basis: str
    kind: str
    names: Sequence[str]
    first: int
    oldest: int | None


def _name(source: str, lane: str, since: int) -> str:
    """The window's unique name; it holds nothing but what stands beside it."""
    return hashlib.sha256(f"{source}\0{lane}\0{since}".encode()).hexdigest()


def _stretch(row: Row[Any]) -> Stretch:
    return Stretch(row.id, row.source, row.lane, row.since, row.until, row.cursor, row.resume, row.attempts)


# -- planning ------------------------------------------------------------------------------------


def plan(connection: Connection, lanes: Lanes, now: int) -> None:
    """See to it that windows cover every lane up to ``now``, without gap or overlap.

    A window of which nothing was read yet grows, however often it was tried: after an outage there is one to read, not
    one for every missed reading. Otherwise a new one follows the last. What has aged out unread is a hole on record.
    """
    if lanes.oldest is not None:
        _age_out(connection, lanes.source, lanes.oldest, now)
    window = schema.window
    left = sa.and_(window.c.source == lanes.source, window.c.state == WAITING, window.c.why == BUDGET)
    connection.execute(sa.update(window).where(left).values(why=None))
    last = _last(connection, lanes.source, lanes.names)
    rows: list[dict[str, Any]] = []
    growing: list[int] = []
    for lane in lanes.names:
        newest = last.get(lane)
        since = newest.until if newest else lanes.first
        if since >= now:
            continue
        if newest and newest.state == WAITING and newest.cursor == 0:
            growing.append(newest.id)
            continue
        if lanes.oldest is not None and since < lanes.oldest:
            rows.append(_row(lanes, lane, since, lanes.oldest, now) | {"state": AGED_OUT, "why": "not_planned"})
            since = lanes.oldest
        rows.append(_row(lanes, lane, since, now, now))
    for some in slices(growing):
        connection.execute(sa.update(window).where(window.c.id.in_(some)).values(until=now))
    if rows:
        connection.execute(insert(connection, window).on_conflict_do_nothing(index_elements=["name"]), rows)


def _last(connection: Connection, source: str, lanes: Collection[str]) -> dict[str, Any]:
    """The newest window of those of ``lanes`` that have one: asked lane by lane, however many windows there are."""
    window = schema.window
    found: dict[str, Any] = {}
    for some in slices(set(lanes)):
        asked = sa.values(sa.column("lane", sa.String), name="asked").data([(lane,) for lane in some]).cte()
        newest = (
            sa.select(window.c.id)
            .where(window.c.source == source, window.c.lane == asked.c.lane, window.c.until.is_not(None))
            .order_by(window.c.until.desc())
            .limit(1)
            .scalar_subquery()
        )
        ids = [id_ for id_ in connection.scalars(sa.select(newest).select_from(asked)) if id_ is not None]
        for part in slices(ids):
            columns = (window.c.id, window.c.lane, window.c.until, window.c.state, window.c.cursor)
            found.update(
                {row.lane: row for row in connection.execute(sa.select(*columns).where(window.c.id.in_(part)))}
            )
    return found


def reaches(connection: Connection, source: str, lanes: Collection[str]) -> int | None:
    """The moment (Unix seconds) up to which windows cover all of ``lanes``; None where one of them has none yet."""
    last = _last(connection, source, lanes)
    return min((last[lane].until for lane in lanes), default=None) if set(lanes) <= last.keys() else None


def begun(connection: Connection, source: str) -> int | None:
    """The moment (Unix seconds) at which windows of ``source`` were first planned; None where none was."""
    window = schema.window
    found: int | None = connection.scalar(
        sa.select(sa.func.min(window.c.opened_at)).where(window.c.source == source, window.c.since.is_not(None))
    )
    return found


def _row(lanes: Lanes, lane: str, since: int, until: int, now: int) -> dict[str, Any]:
    return {
        "source": lanes.source,
        "name": _name(lanes.source, lane, since),
        "basis": lanes.basis,
        "format": lanes.kind,
        "as_of": now,
        "state": WAITING,
        "opened_at": now,
        "lane": lane,
        "since": since,
        "until": until,
        "why": None,
    }


def _age_out(connection: Connection, source: str, oldest: int, now: int) -> None:
    """What can't be read any more leaves the queue: a whole window, or the part of one that nobody has begun."""
    window = schema.window
    old = sa.and_(window.c.source == source, window.c.state.in_(OPEN), window.c.since.is_not(None))
    connection.execute(
        sa.update(window)
        .where(old, window.c.until <= oldest)
        .values(state=AGED_OUT, finished_at=now, holder=None, why=sa.func.coalesce(window.c.why, "aged_out"))
    )
    partly = connection.execute(
        sa.select(window).where(old, window.c.since < oldest, window.c.state == WAITING, window.c.cursor == 0)
    ).all()
    _age_partly(connection, partly, oldest, now)


def _age_partly(connection: Connection, partly: Sequence[Row[Any]], oldest: int, now: int) -> None:
    """Age out what of ``partly`` is older than ``oldest``.

    It lengthens what aged out before it for the same reason: a lane that is never read leaves one row, not one a poll.
    """
    before = _aged_since(connection, partly)
    longer: list[int] = []
    parts: list[dict[str, Any]] = []
    for row in partly:
        part = _earlier(row, oldest, AGED_OUT, row.why or "aged_out", now)
        same = before.get((row.source, row.lane, row.since, part["why"], row.attempts))
        if same is None:
            parts.append(part)
        else:
            longer.append(same)
    _begin_at(connection, partly, oldest)
    for some in slices(longer):
        connection.execute(sa.update(schema.window).where(schema.window.c.id.in_(some)).values(until=oldest))
    if parts:
        connection.execute(sa.insert(schema.window), parts)


def _aged_since(connection: Connection, rows: Sequence[Row[Any]]) -> dict[tuple[Any, ...], int]:
    """What aged out just before one of ``rows``: ids by source, lane, end, reason and attempts."""
    if not rows:
        return {}
    window = schema.window
    found = connection.execute(
        sa.select(window.c.id, window.c.source, window.c.lane, window.c.until, window.c.why, window.c.attempts).where(
            window.c.source == rows[0].source,
            window.c.state == AGED_OUT,
            window.c.until >= min(row.since for row in rows),
        )
    )
    return {tuple(row)[1:]: row.id for row in found}


def _cut(connection: Connection, row: Row[Any], at: int, state: str, why: str | None, now: int) -> None:
    """Cut the window in two at ``at``; the earlier part gets ``state``, the later stays as it is."""
    _begin_at(connection, [row], at)
    connection.execute(sa.insert(schema.window).values(_earlier(row, at, state, why, now)))


def _begin_at(connection: Connection, rows: Sequence[Row[Any]], at: int) -> None:
    """Let windows begin at ``at``."""
    window = schema.window
    if rows:
        connection.execute(
            sa.update(window).where(window.c.id == sa.bindparam("cut")).values(since=at, name=sa.bindparam("begins")),
            [{"cut": row.id, "begins": _name(row.source, row.lane, at)} for row in rows],
        )


def _earlier(row: Row[Any], at: int, state: str, why: str | None, now: int) -> dict[str, Any]:
    """The part of ``row`` before ``at``, as a window of its own."""
    ended = None if state == WAITING else now
    part = {**row._mapping, "until": at, "state": state, "why": why, "finished_at": ended, "holder": None}
    del part["id"]
    return part


def unplan(connection: Connection, source: str, now: int, why: str) -> None:
    """Take everything that still waits out of the queue: the source is not read any more."""
    window = schema.window
    connection.execute(
        sa.update(window)
        .where(window.c.source == source, window.c.state.in_(OPEN), window.c.since.is_not(None))
        .values(state=AGED_OUT, finished_at=now, holder=None, why=why)
    )


# -- leasing -------------------------------------------------------------------------------------


def waiting(connection: Connection, source: str, now: float) -> list[Stretch]:
    """Windows of ``source`` whose turn it is, the one that ages out soonest first.

    Those that wait for the budget, for a moment to come, or that somebody holds, are not among them.
    """
    window = schema.window
    query = (
        sa.select(window)
        .where(
            window.c.source == source,
            _free(now),
            sa.func.coalesce(window.c.why, "") != BUDGET,
        )
        .order_by(window.c.since, window.c.id)
    )
    return [_stretch(row) for row in connection.execute(query)]


def _free(now: float) -> sa.ColumnElement[bool]:
    """Windows of time that nobody holds and whose moment has come."""
    window = schema.window
    return sa.and_(
        window.c.state.in_(OPEN),
        window.c.since.is_not(None),
        window.c.not_before <= int(now),
        sa.or_(window.c.holder.is_(None), window.c.leased_until < now),
    )


def lease(
    connection: Connection, wanted: sa.ColumnElement[bool], holder: str, *, now: float, until: float
) -> Stretch | None:
    """Take the first free window that fulfils ``wanted``, until ``until`` (Unix seconds); None where none is free.

    One that was tried in vain again and again comes last: it may be what ends the processes that read it. On PostgreSQL
    rows that another holder is just taking are passed over.
    """
    window = schema.window
    query = (
        sa.select(window)
        .where(_free(now), wanted)
        .order_by(window.c.attempts >= _HOPELESS, window.c.since, window.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    connection.execute(
        sa.update(window).where(window.c.id == row.id).values(state=READING, holder=holder, leased_until=until)
    )
    return _stretch(row)


def free_of(connection: Connection, holders: Iterable[str]) -> None:
    """Give back what ``holders``, who are known to be gone, still hold: a try in vain, whatever they died of."""
    window, host = schema.window, schema.host
    names = sorted(holders)
    values = {"holder": None, "state": WAITING, "attempts": window.c.attempts + 1}
    connection.execute(sa.update(window).where(window.c.holder.in_(names)).values(values))
    connection.execute(sa.update(host).where(host.c.holder.in_(names)).values(holder=None))


def holders(connection: Connection) -> set[str]:
    """Everybody who holds a window or a host."""
    window, host = schema.window, schema.host
    found = set(connection.scalars(sa.select(window.c.holder).where(window.c.state == READING).distinct()))
    return {one for one in found | set(connection.scalars(sa.select(host.c.holder))) if one}


# -- reading -------------------------------------------------------------------------------------


def advance(connection: Connection, page: Page, holder: str, *, now: int, until: float) -> None:
    """Move the window on by ``page``, in the transaction that stores it; the lease runs on to ``until``.

    Raises LostWindow when somebody else holds the window, or when the page does not follow the last one; ValueError
    when its resume is longer than the column, or, of a page of individuals, more than numbers (design, Bound 3).
    """
    window = schema.window
    if len(page.resume) > LONGEST_RESUME or (page.posts and not _NUMBERS.issuperset(page.resume)):
        raise ValueError("a page's resume is too long, or a word beside individuals' posts")
    moved = connection.execute(
        sa.update(window)
        .where(
            window.c.id == page.window,
            window.c.holder == holder,
            window.c.state == READING,
            window.c.cursor == page.cursor - 1,
        )
        .values(
            cursor=page.cursor,
            resume="" if page.done else page.resume,
            leased_until=until,
            state=FINISHED if page.done else READING,
            holder=None if page.done else holder,
            finished_at=now if page.done else None,
            why=None,
        )
    )
    if moved.rowcount != 1:
        raise LostWindow("a page of a window that is not held, or not the next one")


def give_back(connection: Connection, window_id: int, holder: str, why: str | None, *, not_before: int = 0) -> None:
    """Let go of a window unread; ``why`` is a closed word, ``not_before`` (Unix seconds) when its turn comes again."""
    _let_go(connection, window_id, holder, {"why": why, "not_before": not_before})


def fail(connection: Connection, window_id: int, holder: str, why: str, *, not_before: int) -> None:
    """Let go of a window whose reading failed; it is tried again at ``not_before`` (Unix seconds)."""
    attempts = schema.window.c.attempts + 1
    _let_go(connection, window_id, holder, {"why": why, "not_before": not_before, "attempts": attempts})


def _let_go(connection: Connection, window_id: int, holder: str, values: Mapping[str, Any]) -> None:
    window = schema.window
    connection.execute(
        sa.update(window)
        .where(window.c.id == window_id, window.c.holder == holder, window.c.state == READING)
        .values(state=WAITING, holder=None, **values)
    )


def split(connection: Connection, window_id: int, holder: str, at: int, now: int) -> None:
    """Put two windows, cut at ``at`` (Unix seconds), in the place of one that holds more than can be paged through."""
    window = schema.window
    row = connection.execute(sa.select(window).where(window.c.id == window_id, window.c.holder == holder)).one_or_none()
    if row is None or not row.since < at < row.until or row.cursor:
        raise LostWindow("a window that can't be cut there")
    _cut(connection, row, at, WAITING, None, now)
    connection.execute(sa.update(window).where(window.c.id == window_id).values(state=WAITING, holder=None, why=None))


def hole(connection: Connection, window_id: int, at: int, why: str, now: int) -> None:
    """Record that of a finished window the part before ``at`` (Unix seconds) could not be had."""
    window = schema.window
    row = connection.execute(sa.select(window).where(window.c.id == window_id)).one_or_none()
    if row is not None and row.since < at < row.until:
        _cut(connection, row, at, AGED_OUT, why, now)


def set_why(connection: Connection, ids: Collection[int], why: str) -> None:
    """Say of windows that wait why nobody has looked at them."""
    window = schema.window
    for some in slices(ids):
        connection.execute(sa.update(window).where(window.c.id.in_(some), window.c.state == WAITING).values(why=why))
