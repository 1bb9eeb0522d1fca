"""Coverage: an hour is read when all of it was; everything else stands with its reason, and nothing counts posts."""

from collections import Counter
from dataclasses import dataclass, fields
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from pipelines import queue, schema, windows
from pipelines.coverage import Hour, coverage
from pipelines.queue import AGED_OUT, FINISHED, READING, WAITING

FIRST = 500_000
"""The hour (since 1970) that the tests begin at."""
HOURS = 4
BEGIN, END = FIRST * 3600, (FIRST + HOURS) * 3600


@dataclass(frozen=True)
class Piece:
    """A window of a lane, in seconds since BEGIN."""

    since: int
    until: int
    state: str = FINISHED
    attempts: int = 0
    why: str | None = None


def put(connection: Connection, *pieces: Piece, lane: str = "a", source: str = "news") -> None:
    """Windows as the queue would have left them."""
    for piece in pieces:
        values = {
            "source": source, "name": f"{source} {lane} {piece.since}", "basis": "b", "format": "f", "as_of": END,
            "opened_at": END, "state": piece.state, "lane": lane, "since": BEGIN + piece.since,
            "until": BEGIN + piece.until, "attempts": piece.attempts, "why": piece.why,
        }  # fmt: skip
        connection.execute(sa.insert(schema.window).values(values))


def hours(connection: Connection, since: int = 0, until: int = HOURS) -> list[Hour]:
    return list(coverage(connection, since=FIRST + since, until=FIRST + until))


def one(connection: Connection, hour: int = 0) -> tuple[int, int, int, dict[str, int]]:
    """(read, failed, not looked at, why) of a single hour."""
    (found,) = hours(connection, hour, hour + 1)
    assert found.hour == FIRST + hour
    return found.read, found.failed, found.not_looked_at, dict(found.why)


# -- what an hour says -------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [0, 1, 1799, 3599])
@pytest.mark.parametrize(
    ("hole", "wanted"),
    [
        (Piece(0, 0), (1, 0, 0, {})),
        (Piece(0, 1, AGED_OUT, 0, "beyond_reach"), (0, 0, 1, {"beyond_reach": 1})),
        (Piece(0, 1, AGED_OUT, 3, "timeout"), (0, 1, 0, {"timeout": 1})),
        (Piece(0, 1, WAITING, 0, "budget"), (0, 0, 1, {"budget": 1})),
        (Piece(0, 1, WAITING), (0, 0, 1, {"waiting": 1})),
        (Piece(0, 1, READING), (0, 0, 1, {"reading": 1})),
    ],
)
def test_an_hour_with_a_hole_of_one_second_is_not_read(
    connection: Connection, at: int, hole: Piece, wanted: tuple[int, int, int, dict[str, int]]
) -> None:
    """At either end or in the middle, for every reason; the hour after it is read. Without the hole it counts."""
    ends = at + hole.until
    pieces = [Piece(0, at), Piece(at, ends, hole.state, hole.attempts, hole.why), Piece(ends, 7200)]
    put(connection, *(piece for piece in pieces if piece.since < piece.until))
    assert one(connection) == wanted
    assert one(connection, 1) == (1, 0, 0, {})


def test_what_lies_before_the_first_window_was_not_read(connection: Connection) -> None:
    """Its first hour begins in the middle: nobody has seen the minutes before."""
    put(connection, Piece(600, 7200))
    assert one(connection) == (0, 0, 1, {"not_planned": 1})
    assert one(connection, 1) == (1, 0, 0, {})


def test_the_hour_that_goes_on_is_not_read_yet(connection: Connection) -> None:
    """Five minutes that a search is left to settle are missing from its last hour."""
    put(connection, Piece(0, 6900))
    assert one(connection) == (1, 0, 0, {})
    assert one(connection, 1) == (0, 0, 1, {"waiting": 1})


def test_windows_of_an_hour_make_it_together(connection: Connection) -> None:
    """Twelve of five minutes are an hour; eleven are not."""
    pieces = [Piece(300 * n, 300 * n + 300) for n in range(12)]
    put(connection, *pieces[:-1])
    assert one(connection) == (0, 0, 1, {"waiting": 1})
    put(connection, pieces[-1])
    assert one(connection) == (1, 0, 0, {})


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("state", "why", "told"), [(WAITING, "timeout", "timeout"), (READING, None, "reading")])
def test_a_failure_tells_why_before_what_nobody_tried(
    connection: Connection, turned: bool, state: str, why: str | None, told: str
) -> None:
    """In whichever order they lie in the hour, the reason is of what failed, or is being tried again."""
    failed, left = (1800, 0) if turned else (0, 1800)
    put(connection, Piece(failed, failed + 1800, state, 2, why), Piece(left, left + 1800, WAITING, 0, "budget"))
    assert one(connection) == (0, 1, 0, {told: 1})


def test_lanes_add_up_as_cells(connection: Connection) -> None:
    """Seven lanes are seven cells, each with one reason at most; sources stay apart."""
    for lane in "abc":
        put(connection, Piece(0, 3600), lane=lane)
    put(connection, Piece(0, 3599), Piece(3599, 3600, AGED_OUT, 0, "aged_out"), lane="d")
    put(connection, Piece(0, 3600, WAITING, 1, "throttled"), lane="e")
    put(connection, Piece(0, 1800, WAITING, 1, "throttled"), Piece(1800, 3600, WAITING, 4, "throttled"), lane="f")
    put(connection, Piece(0, 3600, WAITING, 0, "budget"), lane="g")
    put(connection, Piece(0, 3600), lane="a", source="paper")
    found = {hour.source: hour for hour in hours(connection)}
    why = Counter({"aged_out": 1, "throttled": 2, "budget": 1})
    assert found["news"] == Hour("news", FIRST, planned=7, read=3, failed=2, not_looked_at=2, why=why)
    assert found["paper"] == Hour("paper", FIRST, planned=1, read=1)


def test_only_the_hours_and_sources_asked_for(connection: Connection) -> None:
    """A window of four hours asked for two; an hour beside the windows has no row; another source is left out."""
    put(connection, Piece(0, 4 * 3600))
    put(connection, Piece(0, 4 * 3600), source="paper")
    asked = list(coverage(connection, since=FIRST + 1, until=FIRST + 3, sources=["paper"]))
    assert [(hour.source, hour.hour, hour.read) for hour in asked] == [("paper", FIRST + 1, 1), ("paper", FIRST + 2, 1)]
    assert hours(connection, 4, 9) == [] and hours(connection, -3, 0) == [] and hours(connection, 2, 2) == []
    assert list(coverage(connection, since=FIRST, until=FIRST + 4, sources=[])) == []


def test_lanes_that_stand_for_no_time_are_left_out(connection: Connection) -> None:
    """Those that are named, of every source; they neither fill an hour nor leave one open."""
    put(connection, Piece(0, 3600))
    put(connection, Piece(0, 7200, WAITING), lane="long")
    put(connection, Piece(0, 3600), lane="long", source="paper")
    asked = list(coverage(connection, since=FIRST, until=FIRST + 2, apart=["long"]))
    assert asked == [Hour("news", FIRST, planned=1, read=1)] and len(hours(connection)) == 3


def test_a_window_that_only_touches_an_hour_is_not_in_it(connection: Connection) -> None:
    """``until`` is exclusive."""
    put(connection, Piece(0, 3600))
    assert [hour.hour for hour in hours(connection, -1, 2)] == [FIRST]


# -- what it never says ------------------------------------------------------------------------------


def test_it_says_nothing_of_posts(connection: Connection) -> None:
    """A lane that brought 900 posts and one that brought none look alike, and files have no hours."""
    put(connection, Piece(0, 3600), lane="a")
    before = hours(connection)
    outcome = {"source": "news", "day": FIRST // 24, "unit": "text", "outcome": "kept", "n": 900}
    connection.execute(sa.insert(schema.tally).values(outcome))
    connection.execute(sa.update(schema.window).values(cursor=45, resume="45"))
    windows.open_window(
        connection, source="news", name="file", basis="b", format="f", as_of=END, epoch="private", now=BEGIN
    )
    assert hours(connection) == before
    names = {field.name for field in fields(Hour)}
    assert names == {"source", "hour", "planned", "read", "failed", "not_looked_at", "why"}


# -- whatever the windows are ------------------------------------------------------------------------

PARTS = st.tuples(
    st.sampled_from([FINISHED, FINISHED, FINISHED, WAITING, READING, AGED_OUT]),
    st.integers(0, 2),
    st.none() | st.sampled_from(["budget", "timeout"]),
)
LANE = st.lists(st.integers(0, HOURS * 3600) | st.sampled_from([0, 3600, 7200]), min_size=2, max_size=7, unique=True)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(LANE, st.lists(PARTS, min_size=6, max_size=6)).map(lambda lane: _pieces(*lane)), max_size=4))
def test_every_hour_adds_up(connection: Connection, made: list[list[Piece]]) -> None:
    """planned = read + failed + not looked at = lanes that touch the hour, and as many reasons as cells not read."""
    savepoint = connection.begin_nested()
    for number, pieces in enumerate(made):
        put(connection, *pieces, lane=f"lane{number}")
    found = {hour.hour - FIRST: hour for hour in hours(connection)}
    savepoint.rollback()
    for number in range(HOURS):
        cells = [cell for pieces in made if (cell := _within(pieces, number))]
        hour = found.get(number, Hour("news", FIRST + number))
        assert (number in found) is bool(cells)
        assert hour.planned == len(cells) == hour.read + hour.failed + hour.not_looked_at
        assert hour.read == sum(_is_read(cell, number) for cell in cells)
        assert hour.failed == sum(any(piece.attempts for piece in cell if piece.state != FINISHED) for cell in cells)
        assert hour.why.total() == hour.failed + hour.not_looked_at


def _pieces(cuts: list[int], parts: list[tuple[str, int, str | None]]) -> list[Piece]:
    """Windows side by side, cut at ``cuts``."""
    ends = pairwise(sorted(cuts))
    return [Piece(since, until, *part) for (since, until), part in zip(ends, parts, strict=False)]


def _within(pieces: list[Piece], hour: int) -> list[Piece]:
    return [piece for piece in pieces if piece.until > hour * 3600 and piece.since < (hour + 1) * 3600]


def _is_read(cell: list[Piece], hour: int) -> bool:
    """Whether every second of the hour lies in a finished window."""
    seconds = set(range(hour * 3600, (hour + 1) * 3600))
    for piece in cell:
        if piece.state == FINISHED:
            seconds -= set(range(piece.since, piece.until))
    return not seconds


# -- with the queue ----------------------------------------------------------------------------------


def test_a_life_of_a_lane(connection: Connection) -> None:
    """Planned, read in part, failed, aged out: hour by hour, as the queue writes it."""
    lanes = queue.Lanes(source="news", basis="b", kind="f", names=["a"], first=BEGIN, oldest=None)
    queue.plan(connection, lanes, BEGIN + 3600)
    window = queue.lease(connection, sa.true(), "one", now=BEGIN, until=END)
    assert window is not None
    connection.execute(
        sa.update(schema.window).where(schema.window.c.id == window.id).values(state=FINISHED, holder=None)
    )
    queue.plan(connection, lanes, BEGIN + 7200)
    window = queue.lease(connection, sa.true(), "one", now=BEGIN, until=END)
    assert window is not None and window.since == BEGIN + 3600
    assert one(connection, 1) == (0, 0, 1, {"reading": 1})
    queue.fail(connection, window.id, "one", "timeout", not_before=END)
    assert one(connection, 1) == (0, 1, 0, {"timeout": 1})
    late = queue.Lanes(source="news", basis="b", kind="f", names=["a"], first=BEGIN, oldest=END - 3600)
    queue.plan(connection, late, END)
    assert [one(connection, hour) for hour in range(HOURS)] == [
        (1, 0, 0, {}),
        (0, 1, 0, {"timeout": 1}),
        (0, 0, 1, {"not_planned": 1}),
        (0, 0, 1, {"waiting": 1}),
    ]
