"""The queue of windows: no gap, no overlap, one holder each, and what can't be read any more stays on record."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.engine import Connection, Row

from pipelines import pace, queue, schema, windows
from pipelines.page import Page, Post, Reads
from pipelines.queue import AGED_OUT, FINISHED, OPEN, READING, WAITING, Lanes, LostWindow, Stretch
from pipelines.store import Store
from tests.pipelines import test_postgres
from tests.support.program import until

server, postgres = test_postgres.server, test_postgres.postgres

ROOT = Path(__file__).parents[2]
POLL, REACH = 900, 72 * 3600
NOW = 1_800_000_000
ANY = sa.true()
TERM = 120
"""Seconds of a lease."""


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


# -- planning ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", [False, True])
def test_two_hundred_missed_polls_leave_one_window(connection: Connection, failing: bool) -> None:
    """It grows with every poll, whether nobody came or every reading failed."""
    for poll in range(200):
        plan(connection, NOW + poll * POLL, reach=None)
        if failing:
            window = taken(connection, now=NOW + poll * POLL)
            queue.fail(connection, window.id, "one", "timeout", not_before=NOW)
    (row,) = rows(connection)
    assert (row.since, row.until) == (NOW - REACH, NOW + 199 * POLL)
    assert (row.state, row.attempts) == (WAITING, 200 if failing else 0)


def test_polls_while_it_is_being_read_leave_one_more(connection: Connection) -> None:
    """A source that hangs through 200 polls: the window in hand, and one behind it."""
    plan(connection, NOW, reach=None)
    window = taken(connection)
    for poll in range(1, 201):
        plan(connection, NOW + poll * POLL, reach=None)
    queue.fail(connection, window.id, "one", "timeout", not_before=NOW)
    plan(connection, NOW + 201 * POLL, reach=None)
    assert spans(connection) == [(-REACH, 0, WAITING, "timeout"), (0, 201 * POLL, WAITING, None)]


def test_a_window_with_a_page_does_not_grow(connection: Connection) -> None:
    """What was read of it was read up to its end."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, resume="1")
    queue.give_back(connection, window.id, "one", "budget")
    plan(connection, NOW + POLL)
    assert spans(connection) == [(-REACH, 0, WAITING, None), (0, POLL, WAITING, None)]
    assert [row.cursor for row in rows(connection)] == [1, 0]


def test_planning_twice_changes_nothing(connection: Connection) -> None:
    """At the same moment, or with a clock that went back."""
    plan(connection, NOW - REACH, "a", "b")
    plan(connection, NOW + 7200, "a", "b", "c")
    before = rows(connection)
    plan(connection, NOW + 7200, "a", "b", "c")
    queue.plan(connection, Lanes("search", "b", "weibo", ["a", "b", "c"], NOW, None), NOW)
    assert rows(connection) == before


def test_what_nothing_planned_is_on_record(connection: Connection) -> None:
    """The program stood still for ten days: seven of them are a hole, with its reason."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, done=True)
    ten = 10 * 86_400
    plan(connection, NOW + ten)
    assert spans(connection) == [
        (-REACH, 0, FINISHED, None),
        (0, ten - REACH, AGED_OUT, "not_planned"),
        (ten - REACH, ten, WAITING, None),
    ]


@pytest.mark.parametrize(
    ("why", "wanted", "goes_on"),
    [(None, "aged_out", None), ("timeout", "timeout", "timeout"), ("budget", "budget", None)],
)
def test_what_ages_out_keeps_the_reason_it_waited_with(
    connection: Connection, why: str | None, wanted: str | None, goes_on: str | None
) -> None:
    """A part of a window, then all of it. What waited for the budget is waiting anew with each plan."""
    plan(connection, NOW)
    ids = [row.id for row in rows(connection)]
    queue.set_why(connection, ids if why else [], why or "")
    plan(connection, NOW + 3600)
    assert spans(connection) == [(-REACH, 3600 - REACH, AGED_OUT, wanted), (3600 - REACH, 3600, WAITING, goes_on)]
    queue.set_why(connection, ids if why else [], why or "")
    plan(connection, NOW + REACH + 3600)
    whole = (3600 - REACH, 3600, AGED_OUT, wanted)
    assert spans(connection)[1:] == [whole, (3600, REACH + 3600, WAITING, None)]


def test_a_lane_that_is_never_read_leaves_one_hole(connection: Connection) -> None:
    """Two hundred polls without a call for it: two rows, not two hundred; a new reason begins a new one."""
    for poll in range(200):
        plan(connection, NOW + poll * POLL)
        queue.set_why(connection, [row.id for row in rows(connection)], "budget" if poll < 150 else "throttled")
    last = 199 * POLL
    first, second, third = spans(connection)
    assert first[0] == -REACH and first[2:] == (AGED_OUT, "budget")
    assert second[:1] + second[2:] == (first[1], AGED_OUT, "throttled")
    assert third == (second[1], last, WAITING, "throttled") and third[0] == last - REACH


def test_a_window_in_hand_is_not_cut(connection: Connection) -> None:
    """It ages out as a whole, and then it is nobody's; of organisations nothing does."""
    plan(connection, NOW)
    window = taken(connection)
    plan(connection, NOW + 3600)
    assert spans(connection)[0] == (-REACH, 0, READING, None)
    plan(connection, NOW + REACH)
    assert spans(connection)[0] == (-REACH, 0, AGED_OUT, "aged_out")
    with pytest.raises(LostWindow):
        advance(connection, window.id, 1)
    plan(connection, NOW, source="news", reach=None)
    plan(connection, NOW + 10 * REACH, source="news", reach=None)
    assert [(row.state, row.until) for row in rows(connection, "news")] == [(WAITING, NOW + 10 * REACH)]


def test_how_far_windows_reach(connection: Connection) -> None:
    """As far as the lane that is furthest behind; nowhere while one has none."""
    plan(connection, NOW, "a")
    plan(connection, NOW + 60, "b")
    assert queue.reaches(connection, "search", ["a", "b"]) == NOW
    assert queue.reaches(connection, "search", ["b"]) == NOW + 60
    assert queue.reaches(connection, "search", ["a", "c"]) is None and queue.reaches(connection, "news", ["a"]) is None


def test_what_is_unplanned_is_on_record(connection: Connection) -> None:
    """The contract ended: nothing waits any more, and who reads loses the window; another source goes on."""
    plan(connection, NOW, "a", "b")
    window = taken(connection)
    plan(connection, NOW, source="news")
    queue.unplan(connection, "search", NOW, "expired")
    assert {(row.state, row.why, row.holder) for row in rows(connection)} == {(AGED_OUT, "expired", None)}
    assert queue.waiting(connection, "search", NOW) == [] and len(queue.waiting(connection, "news", NOW)) == 1
    with pytest.raises(LostWindow):
        advance(connection, window.id, 1)


def test_windows_of_files_are_none_of_its_business(connection: Connection) -> None:
    """An import that lies unfinished is not leased, aged out or unplanned."""
    opened = windows.open_window(
        connection, source="search", name="n", basis="b", format="f", as_of=NOW, epoch="e", now=NOW
    )
    connection.execute(sa.update(schema.window).values(state=WAITING))
    assert take(connection, "one", NOW) is None and queue.waiting(connection, "search", NOW) == []
    queue.unplan(connection, "search", NOW, "expired")
    plan(connection, NOW + REACH)
    found = windows.find(connection, "n")
    assert found is not None and (found.id, found.state) == (opened.id, WAITING)


# -- leasing -----------------------------------------------------------------------------------------


def test_what_ages_out_soonest_comes_first(connection: Connection) -> None:
    """Over lanes and sources, whoever was planned last."""
    plan(connection, NOW, "late", reach=60)
    plan(connection, NOW, "middle", source="news", reach=3600)
    plan(connection, NOW, "early", reach=7200)
    assert [stretch.lane for stretch in queue.waiting(connection, "search", NOW)] == ["early", "late"]
    for lane in ("early", "middle", "late"):
        window = taken(connection)
        assert window.lane == lane
        advance(connection, window.id, 1, done=True)
    assert take(connection, "one", NOW) is None


def test_a_window_is_held_by_one(connection: Connection) -> None:
    """While the lease runs nobody gets it, not even its holder a second time; only what is asked for is given."""
    plan(connection, NOW)
    assert take(connection, "one", NOW, schema.window.c.source == "news") is None
    window = taken(connection)
    assert [take(connection, holder, NOW + TERM) for holder in ("one", "two")] == [None, None]
    assert queue.waiting(connection, "search", NOW + TERM) == []
    assert queue.waiting(connection, "search", NOW + TERM + 1) == [window]
    assert taken(connection, "one", NOW + TERM + 1) == window


def test_an_expired_lease_is_taken_over_where_it_stopped(connection: Connection) -> None:
    """At the page and with the resume that were committed; who had it before writes no more."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, resume="41")
    advance(connection, window.id, 2, resume="42", now=NOW + 50)
    assert take(connection, "two", NOW + 50 + TERM) is None
    over = taken(connection, "two", NOW + 51 + TERM)
    assert (over.id, over.cursor, over.resume) == (window.id, 2, "42")
    with pytest.raises(LostWindow):
        advance(connection, window.id, 3)
    for let_go in (queue.give_back, queue.fail):
        let_go(connection, window.id, "one", "budget", not_before=NOW)
    with pytest.raises(LostWindow):
        queue.split(connection, window.id, "one", NOW - 60, NOW)
    (row,) = rows(connection)
    assert (row.holder, row.cursor, row.attempts, row.why) == ("two", 2, 0, None)


def test_who_was_not_overtaken_goes_on(connection: Connection) -> None:
    """A slow page after the lease's end, and nobody else came: it counts."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, now=NOW + 10 * TERM)
    assert take(connection, "two", NOW + 11 * TERM) is None


def test_its_turn_comes_again_at_not_before(connection: Connection) -> None:
    """A window that failed, and one that was given back, is nobody's before its time."""
    plan(connection, NOW)
    for let_go in (queue.fail, queue.give_back):
        let_go(connection, taken(connection).id, "one", "timeout", not_before=NOW + 60)
        assert take(connection, "one", NOW + 59) is None and queue.waiting(connection, "search", NOW + 59) == []
        assert taken(connection, "two", NOW + 60).attempts == 1
        queue.free_of(connection, ["two"])
        connection.execute(sa.update(schema.window).values(not_before=0))


def test_what_others_hold_is_not_given_back(connection: Connection) -> None:
    """Windows and hosts of the holders that are named, and of them alone; where they stopped, others go on."""
    plan(connection, NOW, "a", "b", "c")
    for holder in ("one", "two", "three"):
        advance(connection, taken(connection, holder).id, 1, holder, resume="7")
        pace.hold_hosts(connection, [f"{holder}.example"], holder, now=NOW, until=NOW + TERM)
    assert queue.holders(connection) == {"one", "two", "three"}
    queue.free_of(connection, ["one", "three", "nobody"])
    assert queue.holders(connection) == {"two"}
    assert [(row.holder, row.state) for row in rows(connection)] == [
        (None, WAITING),
        ("two", READING),
        (None, WAITING),
    ]
    assert taken(connection, "four").cursor == 1
    assert pace.hold_hosts(connection, ["one.example", "three.example"], "four", now=NOW, until=NOW)
    assert not pace.hold_hosts(connection, ["two.example"], "four", now=NOW, until=NOW)


def test_what_waits_for_the_budget_waits_for_the_next_plan(connection: Connection) -> None:
    """Nobody counts with it in this round; with the next one it is there again."""
    plan(connection, NOW, "a", "b")
    first, second = queue.waiting(connection, "search", NOW)
    queue.set_why(connection, [first.id], "budget")
    assert queue.waiting(connection, "search", NOW) == [second]
    plan(connection, NOW + POLL, "a", "b")
    assert [stretch.id for stretch in queue.waiting(connection, "search", NOW)] == [first.id, second.id]


def test_only_what_waits_is_told_why(connection: Connection) -> None:
    """What is in hand, or done, keeps its own reason."""
    plan(connection, NOW, "a", "b")
    window = taken(connection)
    queue.set_why(connection, [row.id for row in rows(connection)], "budget")
    assert {row.id == window.id: row.why for row in rows(connection)} == {True: None, False: "budget"}


# -- reading -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cursor", "holder", "before"),
    [
        (1, "one", "again"),
        (3, "one", "a page is missing"),
        (2, "two", "another's"),
        (2, "one", "finished"),
        (2, "one", "given back"),
        (2, "one", None),
    ],
)
def test_only_the_holder_stores_only_the_next_page(
    connection: Connection, cursor: int, holder: str, before: str | None
) -> None:
    """Anything else is refused and leaves the row as it was; the next page by its holder is stored."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, done=before == "finished", resume="1")
    if before == "given back":
        queue.give_back(connection, window.id, "one", "budget")
    stands = rows(connection)
    if before is None:
        advance(connection, window.id, cursor, holder)
        assert [row.cursor for row in rows(connection)] == [2]
        return
    with pytest.raises(LostWindow):
        advance(connection, window.id, cursor, holder)
    assert rows(connection) == stands


def test_the_last_page_finishes(connection: Connection) -> None:
    """Nobody's any more, nothing left to go on with, no reason; there is nothing to read."""
    plan(connection, NOW)
    queue.fail(connection, taken(connection).id, "one", "timeout", not_before=0)
    window = taken(connection)
    advance(connection, window.id, 1, resume="12")
    assert [(row.resume, row.finished_at, row.why) for row in rows(connection)] == [("12", None, None)]
    advance(connection, window.id, 2, resume="13", done=True, now=NOW + 5)
    (row,) = rows(connection)
    assert (row.state, row.holder, row.resume, row.finished_at, row.cursor) == (FINISHED, None, "", NOW + 5, 2)
    assert take(connection, "one", NOW + REACH) is None


@pytest.mark.parametrize("resume", ["小龙虾", "wx999", "https://a.example/", "1" * 501])
def test_beside_posts_a_window_goes_on_with_numbers(connection: Connection, resume: str) -> None:
    """Words beside individuals' posts are refused, and so is what no column holds; of articles words may be kept."""
    plan(connection, NOW)
    window = taken(connection)
    post = Post(token=bytes(8), account=bytes(16), epoch="e", hour=0, text="小龙虾")
    words = Page(source="search", window=window.id, cursor=1, reads=Reads(), resume=resume, posts=(post,))
    with pytest.raises(ValueError, match="resume"):
        queue.advance(connection, words, "one", now=NOW, until=NOW)
    assert [row.cursor for row in rows(connection)] == [0]
    advance(connection, window.id, 1, resume=resume[:500])
    assert [row.resume for row in rows(connection)] == [resume[:500]]


def test_a_window_that_holds_too_much_is_read_in_two(connection: Connection) -> None:
    """Cut where the reader says, both free at once, the earlier first; only the later one grows."""
    plan(connection, NOW)
    queue.fail(connection, taken(connection).id, "one", "timeout", not_before=0)
    window = taken(connection)
    queue.split(connection, window.id, "one", NOW - 600, NOW)
    assert spans(connection) == [(-REACH, -600, WAITING, None), (-600, 0, WAITING, None)]
    assert taken(connection, "two").until == NOW - 600
    plan(connection, NOW + POLL)
    assert spans(connection) == [(-REACH, -600, READING, None), (-600, POLL, WAITING, None)]


@pytest.mark.parametrize("at", [-REACH - 1, -REACH, 0, 1])
def test_nothing_is_cut_at_its_ends(connection: Connection, at: int) -> None:
    """Or outside."""
    plan(connection, NOW)
    window = taken(connection)
    with pytest.raises(LostWindow):
        queue.split(connection, window.id, "one", NOW + at, NOW)
    advance(connection, window.id, 1, done=True)
    queue.hole(connection, window.id, NOW + at, "beyond_reach", NOW)
    assert spans(connection) == [(-REACH, 0, FINISHED, None)]


def test_what_was_begun_is_not_cut(connection: Connection) -> None:
    """Its pages would count for both halves."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, resume="1")
    with pytest.raises(LostWindow):
        queue.split(connection, window.id, "one", NOW - 600, NOW)


def test_what_could_not_be_had_is_a_hole(connection: Connection) -> None:
    """Of a window that was read to its end, the part that the source no longer gave."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, done=True)
    queue.hole(connection, window.id, NOW - 600, "beyond_reach", NOW)
    assert spans(connection) == [(-REACH, -600, AGED_OUT, "beyond_reach"), (-600, 0, FINISHED, None)]
    plan(connection, NOW + POLL)
    assert spans(connection)[2:] == [(0, POLL, WAITING, None)]


# -- whatever happens --------------------------------------------------------------------------------

HOLDERS = st.sampled_from(["one", "two", "three"])
Seconds = dict[tuple[str, int], tuple[str, str | None]]


class Life(RuleBasedStateMachine):
    """Windows of two lanes through polls, readers, failures and the clock; seconds instead of days."""

    connection: ClassVar[Connection]
    reach, term = 60, 10

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = self.connection.begin_nested()
        self.now = NOW
        self.oldest: int | None = None
        self.planned: dict[str, tuple[int, int]] = {}
        self.ended: Seconds = {}

    def teardown(self) -> None:
        self.savepoint.rollback()

    def rows(self) -> list[Row[Any]]:
        return rows(self.connection)

    def seconds(self) -> Seconds:
        """What is on record of every second; a second in two windows is caught."""
        found: Seconds = {}
        for row in self.rows():
            for second in range(row.since, row.until):
                assert (row.lane, second) not in found
                found[row.lane, second] = (row.state, row.why)
        return found

    @initialize(ages=st.booleans())
    def begin(self, ages: bool) -> None:
        self.oldest = NOW - self.reach if ages else None

    @rule(seconds=st.integers(0, 25))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        self.oldest = self.oldest and self.now - self.reach

    # -- planning

    @rule(names=st.sets(st.sampled_from("ab"), min_size=1))
    def plan(self, names: set[str]) -> None:
        expected, most = self.expected(names), len(self.rows()) + 2 * len(names)
        lanes = Lanes("search", "b", "f", sorted(names), self.now - self.reach, self.oldest)
        queue.plan(self.connection, lanes, self.now)
        assert self.seconds() == expected
        stands = self.rows()
        queue.plan(self.connection, lanes, self.now)
        assert self.rows() == stands
        waits = [row for row in stands if row.state == WAITING and not row.cursor and row.until <= (self.oldest or 0)]
        assert not waits and len([row for row in stands if row.state in OPEN]) <= most

    def expected(self, names: set[str]) -> Seconds:
        """What plan has to come to, second by second."""
        oldest = self.oldest or 0
        found = self.seconds()
        for row in self.rows():
            unread = row.state == WAITING and row.cursor == 0
            for second in range(row.since, row.until):
                if row.state in OPEN and (row.until <= oldest or (unread and second < oldest)):
                    found[row.lane, second] = (AGED_OUT, row.why or "aged_out")
        for key, (state, why) in found.items():
            if (state, why) == (WAITING, "budget"):
                found[key] = (WAITING, None)
        for name in names:
            since, last = self.planned.get(name, (self.now - self.reach,) * 2)
            newest = next((row for row in self.rows() if row.lane == name and row.until == last), None)
            grows = newest is not None and newest.state == WAITING and not newest.cursor and newest.until > oldest
            why = newest.why if newest is not None and grows and newest.why != "budget" else None
            for second in range(last, self.now):
                found[name, second] = (AGED_OUT, "not_planned") if second < oldest else (WAITING, why)
            if self.now > last:
                self.planned[name] = (since, self.now)
        return found

    @rule(why=st.sampled_from(["budget", "throttled"]))
    def tell_why(self, why: str) -> None:
        queue.set_why(self.connection, [row.id for row in self.rows()], why)

    # -- leasing

    @rule(holder=HOLDERS, lane=st.none() | st.sampled_from("ab"))
    def lease(self, holder: str, lane: str | None) -> None:
        free = [
            row
            for row in self.rows()
            if row.state in OPEN
            and row.not_before <= self.now
            and lane in (None, row.lane)
            and (row.holder is None or row.leased_until < self.now)
        ]
        wanted = ANY if lane is None else schema.window.c.lane == lane
        ends = self.now + self.term
        found = queue.lease(self.connection, wanted, holder, now=self.now, until=ends)
        first = min(free, key=lambda row: (row.since, row.id), default=None)
        assert (found and found.id) == (first and first.id)
        if found is not None and first is not None:
            assert (found.cursor, found.resume, found.until) == (first.cursor, first.resume, first.until)
            (row,) = [row for row in self.rows() if row.id == found.id]
            assert (row.holder, row.leased_until, row.state) == (holder, ends, READING)

    @rule(holders=st.sets(HOLDERS))
    def free(self, holders: set[str]) -> None:
        others = [row.id for row in self.rows() if row.holder and row.holder not in holders]
        queue.free_of(self.connection, holders)
        assert [row.id for row in self.rows() if row.holder] == others

    # -- reading

    @rule(data=st.data(), holder=HOLDERS, step=st.sampled_from([1, 1, 1, 1, 0, 2]), done=st.booleans())
    def page(self, data: st.DataObject, holder: str, step: int, done: bool) -> None:
        if (row := self.some(data, holder)) is None:
            return
        stands = self.rows()
        found = page(row.id, row.cursor + step, done=done, resume=str(row.cursor + step))
        if (row.holder, step) != (holder, 1):
            with pytest.raises(LostWindow):
                queue.advance(self.connection, found, holder, now=self.now, until=self.now + self.term)
            assert self.rows() == stands
            return
        queue.advance(self.connection, found, holder, now=self.now, until=self.now + self.term)
        (after,) = [one for one in self.rows() if one.id == row.id]
        assert (after.cursor, after.resume) == (row.cursor + 1, "" if done else found.resume)
        assert (after.state, after.holder) == ((FINISHED, None) if done else (READING, holder))

    @rule(data=st.data(), holder=HOLDERS, fails=st.booleans(), wait=st.integers(0, 30))
    def let_go(self, data: st.DataObject, holder: str, fails: bool, wait: int) -> None:
        if (row := self.some(data, holder)) is None:
            return
        stands, held = self.rows(), row.holder == holder
        let_go = queue.fail if fails else queue.give_back
        let_go(self.connection, row.id, holder, "timeout" if fails else "budget", not_before=self.now + wait)
        assert (self.rows() == stands) is not held
        (after,) = [one for one in self.rows() if one.id == row.id]
        assert after.attempts == row.attempts + (held and fails)

    @rule(data=st.data(), holder=HOLDERS, at=st.integers(NOW - 70, NOW + 200))
    def split(self, data: st.DataObject, holder: str, at: int) -> None:
        if (row := self.some(data, holder)) is None:
            return
        if row.holder == holder and row.since < at < row.until and not row.cursor:
            queue.split(self.connection, row.id, holder, at, self.now)
            ends = [(one.since, one.until) for one in self.rows() if one.lane == row.lane]
            assert (row.since, at) in ends and (at, row.until) in ends
        else:
            with pytest.raises(LostWindow):
                queue.split(self.connection, row.id, holder, at, self.now)

    @rule(data=st.data(), share=st.integers(0, 10))
    def hole(self, data: st.DataObject, share: int) -> None:
        finished = [row for row in self.rows() if row.state == FINISHED]
        if finished:
            row = data.draw(st.sampled_from(finished))
            at = row.since + (row.until - row.since) * share // 10
            queue.hole(self.connection, row.id, at, "beyond_reach", self.now)
            if row.since < at < row.until:
                self.ended |= {(row.lane, second): (AGED_OUT, "beyond_reach") for second in range(row.since, at)}

    def some(self, data: st.DataObject, holder: str) -> Row[Any] | None:
        """A window, more often than not one that ``holder`` has."""
        every = self.rows()
        mine = [row for row in every if row.holder == holder]
        return data.draw(st.sampled_from(mine * len(every) + every)) if every else None

    # -- always

    @invariant()
    def covers_all_that_was_planned(self) -> None:
        """From where a lane began to where it was last planned, second by second, and nothing else."""
        wanted = {(lane, second) for lane, ends in self.planned.items() for second in range(*ends)}
        assert self.seconds().keys() == wanted

    @invariant()
    def what_has_ended_stays(self) -> None:
        now = self.seconds()
        assert self.ended.items() <= now.items()
        self.ended |= {key: value for key, value in now.items() if value[0] not in OPEN}

    @invariant()
    def who_reads_holds(self) -> None:
        assert all((row.holder is not None) is (row.state == READING) for row in self.rows())


def test_windows_lose_no_second(connection: Connection) -> None:
    """Plan, lease, advance, fail, give back, split, hole, age out, take over, in any order."""
    Life.connection = connection
    some = settings(max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Life, settings=some)


# -- several processes -------------------------------------------------------------------------------


def lease_all(url: str, holder: str, alone: str) -> None:
    """Lease window after window and print their ids: as the crawl does, or without its writer's lock."""
    store = Store(url)
    while True:
        with store.write() if alone else store.engine.begin() as connection:
            leased = take(connection, holder, NOW)
        if leased is None:
            break
        print(leased.id)
    store.close()


@pytest.mark.parametrize("alone", ["", "alone"])
def test_four_processes_share_two_hundred_windows(postgres: Store, alone: str) -> None:
    """Each window is leased once and every one is, with one writer at a time and by FOR UPDATE SKIP LOCKED alone."""
    with postgres.write() as connection:
        plan(connection, NOW, *(f"lane{n}" for n in range(200)))
        wanted = {row.id for row in rows(connection)}
    code = "import sys; from tests.pipelines.test_queue import lease_all; lease_all(*sys.argv[1:])"
    words = [[sys.executable, "-c", code, postgres.url, f"holder{n}", alone] for n in range(4)]
    running = [subprocess.Popen(some, cwd=ROOT, stdout=subprocess.PIPE) for some in words]
    leased = [[int(line) for line in process.communicate(timeout=60)[0].split()] for process in running]
    assert [process.returncode for process in running] == [0] * 4
    assert len(wanted) == 200 and sorted(id_ for some in leased for id_ in some) == sorted(wanted)
    with postgres.read() as connection:
        assert {row.id: row.holder for row in rows(connection)} == {
            id_: f"holder{n}" for n, some in enumerate(leased) for id_ in some
        }


def waits(store: Store) -> bool:
    """Whether a transaction waits for a row."""
    with store.engine.connect() as connection:
        return bool(
            connection.scalar(sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid'"))
        )


@pytest.mark.parametrize("guarded", [True, False])
def test_two_transactions_take_two_windows(postgres: Store, monkeypatch: pytest.MonkeyPatch, guarded: bool) -> None:
    """What another is just taking is passed over at once. Without the row's lock both are told that they have it."""
    if not guarded:
        monkeypatch.setattr(sa.Select, "with_for_update", lambda query, **_: query)
    with postgres.write() as connection:
        plan(connection, NOW, "a", "b")
    found: list[int] = []
    with postgres.engine.connect() as first, postgres.engine.connect() as second:
        found.append(taken(first, "one").id)
        other = threading.Thread(target=lambda: found.append(taken(second, "two").id))
        other.start()
        until(lambda: not other.is_alive() or waits(postgres))
        assert other.is_alive() is not guarded  # with the lock, it passed the row over and did not wait
        first.commit()
        other.join(20)
        second.commit()
    assert len(found) == 2 and (found[0] != found[1]) is guarded
