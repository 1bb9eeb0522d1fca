"""Whatever happens to the queue, every second that was planned is on record once, and what has ended stays so."""

from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy.engine import Connection, Row

from pipelines import queue, schema
from pipelines.queue import AGED_OUT, FINISHED, OPEN, READING, WAITING, Lanes, LostWindow
from tests.support.lanes import ANY, NOW, page, rows

HOLDERS = st.sampled_from(["one", "two", "three"])
Seconds = dict[tuple[str, int], tuple[str, str | None]]


def seconds(rows: list[Row[Any]]) -> Seconds:
    """What is on record of every second; a second in two windows is caught."""
    found: Seconds = {}
    for row in rows:
        for second in range(row.since, row.until):
            assert (row.lane, second) not in found
            found[row.lane, second] = (row.state, row.why)
    return found


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
        expected, waits = self.expected(names)
        lanes = Lanes("search", "b", "f", sorted(names), self.now - self.reach, self.oldest)
        queue.plan(self.connection, lanes, self.now)
        stands = self.rows()
        assert seconds(stands) == expected
        queue.plan(self.connection, lanes, self.now)
        assert self.rows() == stands
        assert len([row for row in stands if row.state in OPEN]) == waits

    def expected(self, names: set[str]) -> tuple[Seconds, int]:
        """What plan has to come to, second by second, and in how many windows that are still to be read."""
        oldest = self.oldest or 0
        before = self.rows()
        found = seconds(before)
        waits = len([row for row in before if row.state in OPEN and row.until > oldest])
        for row in before:
            unread = row.state == WAITING and row.cursor == 0
            for second in range(row.since, row.until):
                if row.state in OPEN and (row.until <= oldest or (unread and second < oldest)):
                    found[row.lane, second] = (AGED_OUT, row.why or "aged_out")
        for key, (state, why) in found.items():
            if (state, why) == (WAITING, "budget"):
                found[key] = (WAITING, None)
        for name in names:
            since, last = self.planned.get(name, (self.now - self.reach,) * 2)
            newest = next((row for row in before if row.lane == name and row.until == last), None)
            grows = newest is not None and newest.state == WAITING and not newest.cursor and newest.until > oldest
            why = newest.why if newest is not None and grows and newest.why != "budget" else None
            for second in range(last, self.now):
                found[name, second] = (AGED_OUT, "not_planned") if second < oldest else (WAITING, why)
            if self.now > last:
                self.planned[name] = (since, self.now)
                waits += not grows
        return found, waits

    @rule(ends=st.sampled_from([False, False, False, True]))
    def unplan(self, ends: bool) -> None:
        if ends:
            queue.unplan(self.connection, "search", self.now, "expired")
            assert not [row for row in self.rows() if row.state in OPEN]

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

    @rule(data=st.data(), holder=HOLDERS, share=st.integers(0, 10))
    def split(self, data: st.DataObject, holder: str, share: int) -> None:
        if (row := self.some(data, holder)) is None:
            return
        at = row.since + (row.until - row.since) * share // 10
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
    def holds(self) -> None:
        """All that was planned is on record, and nothing else; what has ended stays; who reads holds, and only they."""
        stands = self.rows()
        now = seconds(stands)
        assert now.keys() == {(lane, second) for lane, ends in self.planned.items() for second in range(*ends)}
        assert self.ended.items() <= now.items()
        self.ended |= {key: value for key, value in now.items() if value[0] not in OPEN}
        assert all((row.holder is not None) is (row.state == READING) for row in stands)


def test_windows_lose_no_second(connection: Connection) -> None:
    """Plan, lease, advance, fail, give back, split, hole, age out, take over, in any order."""
    Life.connection = connection
    some = settings(max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Life, settings=some)
