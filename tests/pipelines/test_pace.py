"""Budgets that no interleaving exceeds, hosts that one process holds, and what is left alone until it is over."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from pipelines import pace, schema
from pipelines.pace import Breaker

CHINA = timezone(timedelta(hours=8))
DAY = 86_400
MIDNIGHT = datetime(2026, 11, 24, tzinfo=CHINA).timestamp()
LIMITS = {"host:api.example": 7, "source:search": 5}
NAMES = st.sampled_from([{"host:api.example"}, {"source:search"}, set(LIMITS)])


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """What is done inside is rolled back: every example begins with an empty database."""
    savepoint = connection.begin_nested()
    try:
        yield
    finally:
        savepoint.rollback()


def limits(names: set[str]) -> dict[str, int]:
    return {name: LIMITS[name] for name in names}


# -- days ------------------------------------------------------------------------------------------


def test_a_day_begins_at_midnight_in_china() -> None:
    """At +08:00, where the sources count: 16:00 UTC, and at no other hour."""
    hours = [MIDNIGHT + 3600 * n for n in range(-36, 37)]
    turns = [later for earlier, later in pairwise(hours) if pace.day_of(earlier) != pace.day_of(later)]
    assert turns == [MIDNIGHT - DAY, MIDNIGHT, MIDNIGHT + DAY]
    assert pace.day_of(MIDNIGHT - 0.5) + 1 == pace.day_of(MIDNIGHT)


@pytest.mark.parametrize(("ago", "seconds"), [(1, 1), (3600, 3600), (DAY, DAY), (0, DAY)])
def test_what_is_left_of_the_day(ago: int, seconds: int) -> None:
    assert pace.left_of_day(MIDNIGHT - ago) == seconds


# -- budgets ---------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["take", "put_back"]), NAMES, st.integers(0, 6), st.sampled_from([0, 0, 9, DAY])),
        max_size=40,
    )
)
def test_no_interleaving_exceeds_a_budget(connection: Connection, steps: list[tuple[str, set[str], int, int]]) -> None:
    """Takers of either budget or of both, giving back, days going by: each day sends what it may, and can send it."""
    now, used, out = MIDNIGHT - 20, Counter[tuple[str, int]](), list[tuple[set[str], int, float]]()
    with undone(connection):
        for what, names, n, wait in steps:
            now += wait
            day = pace.day_of(now)
            room = min(LIMITS[name] - used[name, day] for name in names)
            assert pace.left(connection, limits(names), now) == room
            if what == "take":
                taken = pace.take(connection, limits(names), n, now)
                assert taken == min(n, room)
                used.update({(name, day): taken for name in names})
                out.append((names, taken, now))
            elif out:
                names, taken, then = out.pop()
                pace.put_back(connection, names, taken, then)
                used.subtract({(name, pace.day_of(then)): taken for name in names})
            assert all(0 <= n <= LIMITS[name] for (name, _), n in used.items())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAMES, st.integers(-9, 9)), max_size=40))
def test_who_comes_late_begins_no_day_anew(connection: Connection, steps: list[tuple[set[str], int]]) -> None:
    """Takers that looked at the clock on either side of a midnight, in any order: two days' requests, never three."""
    sent = Counter[str]()
    with undone(connection):
        for names, around in steps:
            taken = pace.take(connection, limits(names), 3, MIDNIGHT + around)
            sent.update(dict.fromkeys(names, taken))
    assert all(n <= 2 * LIMITS[name] for name, n in sent.items())


def test_a_midnight_that_is_seen_in_two_orders(connection: Connection) -> None:
    """The same once more by hand: the old day, the new one, a late one of the old, the new one."""
    taken = [pace.take(connection, {"host:api.example": 7}, 7, MIDNIGHT + around) for around in (-1, 1, -1, 1)]
    assert taken == [7, 7, 0, 0]


def test_who_comes_late_is_of_the_new_day(connection: Connection) -> None:
    """Where one of its budgets has begun the new day, the other, which was used up in the old one, begins it too."""
    assert pace.take(connection, {"source:search": 5}, 5, MIDNIGHT - 2) == 5
    assert pace.take(connection, {"host:api.example": 7}, 4, MIDNIGHT + 1) == 4
    assert pace.take(connection, LIMITS, 9, MIDNIGHT - 1) == 3
    assert [pace.left(connection, {name: LIMITS[name]}, MIDNIGHT + 2) for name in LIMITS] == [0, 2]


def test_a_clock_that_was_far_ahead_blocks_nothing(connection: Connection) -> None:
    """A row of next year, left by a wrong clock, is no reason to wait a year."""
    assert pace.take(connection, LIMITS, 5, MIDNIGHT + 365 * DAY) == 5
    assert pace.take(connection, LIMITS, 5, MIDNIGHT) == 5
    assert pace.take(connection, LIMITS, 5, MIDNIGHT) == 0


def test_a_lowered_limit_holds_at_once(connection: Connection) -> None:
    """What was taken under a higher one counts, and nothing is taken below zero."""
    assert pace.take(connection, {"source:search": 100}, 50, MIDNIGHT) == 50
    assert pace.take(connection, {"source:search": 5}, 1, MIDNIGHT) == 0
    assert pace.left(connection, {"source:search": 5}, MIDNIGHT) == 0


def test_yesterdays_requests_are_not_given_back_to_today(connection: Connection) -> None:
    """Taken before midnight, put back after it, when others have begun the day: today's stay taken."""
    assert pace.take(connection, LIMITS, 4, MIDNIGHT - 1) == 4
    assert pace.take(connection, LIMITS, 5, MIDNIGHT + 1) == 5
    pace.put_back(connection, LIMITS, 4, MIDNIGHT - 1)
    assert pace.left(connection, LIMITS, MIDNIGHT + 1) == 0


# -- hosts -----------------------------------------------------------------------------------------


def hold(connection: Connection, hosts: str, holder: str, now: float = 0.0) -> bool:
    """Ask for the hosts of those one-letter names, for ten seconds."""
    return pace.hold_hosts(connection, hosts, holder, now=now, until=now + 10)


def held(connection: Connection) -> dict[str, str]:
    rows = connection.execute(sa.select(schema.host.c.name, schema.host.c.holder))
    return {row.name: row.holder for row in rows if row.holder is not None}


def test_all_hosts_or_none(connection: Connection) -> None:
    """One of three is another's: the other two stay free for a third."""
    assert hold(connection, "b", "one")
    assert not hold(connection, "abc", "two")
    assert held(connection) == {"b": "one"}
    assert hold(connection, "ac", "three")
    assert held(connection) == {"a": "three", "b": "one", "c": "three"}


def test_a_lease_of_hosts_ends(connection: Connection) -> None:
    """While it runs its holder alone may renew it; afterwards it is another's, and the first has lost it."""
    assert hold(connection, "ab", "one") and hold(connection, "ab", "one", 5)
    assert not hold(connection, "b", "two", 15)
    assert hold(connection, "b", "two", 15.1)
    assert not hold(connection, "ab", "one", 16)
    assert held(connection) == {"b": "two"}


def test_a_host_is_held_while_its_lease_runs(connection: Connection) -> None:
    """One of those asked about is enough; one that was let go, or outlived, is held by nobody."""
    assert not pace.held(connection, "ab", 0)
    hold(connection, "bc", "one")
    assert pace.held(connection, "ab", 10) and not pace.held(connection, "a", 10)
    assert not pace.held(connection, "ab", 10.1)
    pace.let_hosts_go(connection, "b", "one")
    assert not pace.held(connection, "ab", 0) and pace.held(connection, "c", 0)


def test_only_ones_own_hosts_are_let_go(connection: Connection) -> None:
    """Somebody else's stay, even when they are named."""
    hold(connection, "a", "one")
    hold(connection, "b", "two")
    pace.let_hosts_go(connection, "ab", "one")
    assert held(connection) == {"b": "two"}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["hold", "let go"]),
            st.sets(st.sampled_from("abc"), min_size=1).map(lambda hosts: "".join(sorted(hosts))),
            st.sampled_from(["one", "two", "three"]),
            st.integers(0, 6),
        ),
        max_size=30,
    )
)
def test_no_host_is_held_by_two(connection: Connection, steps: list[tuple[str, str, str, int]]) -> None:
    """Whatever is held, let go and outlived: a host goes to a holder only when every one asked for is free."""
    now, until, owner = 0, dict[str, int](), dict[str, str]()
    with undone(connection):
        for what, hosts, holder, wait in steps:
            now += wait
            mine = {host for host in hosts if owner.get(host) == holder}
            if what == "hold":
                free = all(host in mine or host not in owner or until[host] < now for host in hosts)
                assert hold(connection, hosts, holder, now) is free
                if free:
                    owner.update(dict.fromkeys(hosts, holder))
                    until.update(dict.fromkeys(hosts, now + 10))
                else:
                    mine |= {host for host in hosts if host in owner and until[host] < now}
            else:
                free = False
                pace.let_hosts_go(connection, hosts, holder)
            if not free:
                owner = {host: one for host, one in owner.items() if host not in mine}
            assert held(connection) == owner


def test_the_distance_is_kept_to_whoever_asked_last(connection: Connection) -> None:
    """Over all hosts of a group the latest counts; letting go forgets nothing."""
    assert pace.last_asked(connection, "ab") == 0
    hold(connection, "abc", "one")
    pace.asked(connection, "a", 5.5)
    pace.asked(connection, "bc", 7.25)
    pace.let_hosts_go(connection, "abc", "one")
    hold(connection, "abc", "two")
    assert [pace.last_asked(connection, hosts) for hosts in ("a", "ab", "abc")] == [5.5, 7.25, 7.25]


# -- what is left alone ----------------------------------------------------------------------------

NAME = "host:api.example"


def test_a_breaker_stands_until_its_moment(connection: Connection) -> None:
    """Then it may be asked again, and the failures are still known for the next time."""
    found = Breaker(NAME, 2, 100, "throttled", None)
    pace.trip(connection, found)
    assert pace.standing(connection, [NAME, "source:search"], 99) == {NAME: found}
    assert pace.standing(connection, [NAME], 100) == {}
    assert pace.tripped(connection, [NAME]) == {NAME: found}


def test_without_a_moment_it_stands_for_ever(connection: Connection) -> None:
    """Until somebody acts: no clock ends it."""
    found = Breaker("source:search", 1, None, "captcha", "c0ffee")
    pace.trip(connection, found)
    for now in (0, MIDNIGHT, MIDNIGHT + 10**9):
        assert pace.standing(connection, ["source:search"], now) == {"source:search": found}


def test_a_later_failure_takes_the_place_of_the_first(connection: Connection) -> None:
    """One row a name."""
    for times in (1, 2, 3):
        pace.trip(connection, Breaker(NAME, times, 100 * times, "timeout", None))
    assert pace.tripped(connection, [NAME]) == {NAME: Breaker(NAME, 3, 300, "timeout", None)}


def test_mending_forgets_what_is_named(connection: Connection) -> None:
    """How many stood is told; others stand on."""
    for name in ("a", "b", "c"):
        pace.trip(connection, Breaker(name, 1, None, "captcha", None))
    assert pace.mend(connection, ["a", "b", "z"]) == 2
    assert pace.tripped(connection, ["a", "b", "c"]).keys() == {"c"}
    assert pace.mend(connection, ["a", "b", "z"]) == 0
