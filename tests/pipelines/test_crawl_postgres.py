"""Crawling on a real PostgreSQL: several processes lease at once, and every statement does what it does on SQLite."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.reader import Reader, load_reader
from pipelines import pace, queue, schema
from pipelines.coverage import coverage
from pipelines.store import Store
from tests.pipelines import test_crawled, test_postgres
from tests.support.lanes import NOW, POLL, advance, plan, rows, take, taken
from tests.support.program import until

server, postgres = test_postgres.server, test_postgres.postgres
ROOT = Path(__file__).parents[2]


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
    code = "import sys; from tests.pipelines.test_crawl_postgres import lease_all; lease_all(*sys.argv[1:])"
    words = [[sys.executable, "-c", code, postgres.url, f"holder{n}", alone] for n in range(4)]
    running = [subprocess.Popen(some, cwd=ROOT, stdout=subprocess.PIPE) for some in words]
    leased = [[int(line) for line in process.communicate(timeout=100)[0].split()] for process in running]
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


# -- the same rows as on SQLite ----------------------------------------------------------------------


def _queue(connection: Connection) -> None:
    """Every statement of the queue once: three lanes that are split, read, and failed, and grow old."""
    plan(connection, NOW, "a", "b", "c")
    first, second, third = (taken(connection) for _ in range(3))
    queue.split(connection, first.id, "one", NOW - 7200, NOW)
    queue.set_why(connection, [first.id], "budget")
    queue.give_back(connection, taken(connection).id, "one", "timeout", not_before=NOW + 10**6)
    advance(connection, second.id, 1, resume="1")
    advance(connection, second.id, 2, done=True)
    queue.hole(connection, second.id, NOW - 3600, "beyond_reach", NOW)
    queue.fail(connection, third.id, "one", "timeout", not_before=NOW + 10**6)
    for poll in range(1, 4):
        plan(connection, NOW + poll * POLL, "a", "b", "c")
    assert queue.holders(connection) == set()
    taken(connection, now=NOW + 2 * 10**6)
    queue.free_of(connection, queue.holders(connection))


def _pace(connection: Connection) -> list[object]:
    """Every statement of pace once."""
    limits = {"host:a.example": 7, "source:search": 5}
    found: list[object] = [pace.hold_hosts(connection, ["a.example", "b.example"], "one", now=NOW, until=NOW + 9)]
    found += [pace.hold_hosts(connection, ["b.example", "c.example"], "two", now=NOW, until=NOW + 9)]
    pace.asked(connection, ["a.example"], NOW + 0.5)
    found += [pace.held(connection, ["a.example"], NOW), pace.last_asked(connection, ["a.example", "b.example"])]
    pace.let_hosts_go(connection, ["a.example"], "one")
    found += [pace.take(connection, limits, 9, NOW), pace.take(connection, limits, 9, NOW + 86_400)]
    pace.put_back(connection, limits, 2, NOW + 86_400)
    found += [pace.left(connection, limits, NOW + 86_400)]
    for name in ("host:a.example", "source:search", "source:search"):
        pace.trip(connection, pace.Breaker(name, 1, None if name.startswith("source") else NOW, "timeout", None))
    found += [pace.standing(connection, ["host:a.example", "source:search"], NOW)]
    return [*found, pace.mend(connection, ["source:search"])]


def _outcome(store: Store, reader: Reader) -> list[object]:
    """What crawling comes to, and what it leaves in its tables."""
    with store.write() as connection:
        _queue(connection)
        found = _pace(connection)
        found += coverage(connection, since=NOW // 3600 - 80, until=NOW // 3600 + 1)
        connection.execute(sa.delete(schema.window))
    intake = test_crawled.crawled(store, reader, lambda: NOW)
    window = test_crawled.leased(store)
    found += [intake.take(test_crawled.full_page(window, cursor)) for cursor in (1, 2)]
    tables = ("window", "tally", "unknown_field", "known", "visit", "host", "budget", "breaker", "seen")
    rows_ = test_crawled.everything(store)
    return [*found, *(re.sub(r"\(\d+, ", "(", row) for name in tables for row in rows_[name])]


def test_crawling_leaves_the_same_rows(postgres: Store, store: Store) -> None:
    """Windows, coverage, budgets, breakers, pages: each statement runs, and comes to the same as on SQLite."""
    reader = load_reader(canaries=False)
    found = _outcome(postgres, reader)
    assert len(found) > 90 and found == _outcome(store, reader)
