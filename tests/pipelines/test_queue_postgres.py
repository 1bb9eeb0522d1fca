"""Leasing on a real PostgreSQL, by several processes and in several transactions at once."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.store import Store
from tests.pipelines import test_postgres
from tests.support.lanes import NOW, plan, rows, take, taken
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
    code = "import sys; from tests.pipelines.test_queue_postgres import lease_all; lease_all(*sys.argv[1:])"
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


# -- the same rows as on SQLite ----------------------------------------------------------------------


def _outcome(store: Store) -> tuple[object, ...]:
    """What every statement of the queue, of coverage and of pace leaves behind."""
    with store.write() as connection:
        plan(connection, NOW, "a", "b", "c")
        for lane in ("a", "b", "c"):
            window = taken(connection)
            if lane == "a":
                queue.split(connection, window.id, "one", NOW - 7200, NOW)
            elif lane == "b":
                advance(connection, window.id, 1, resume="1")
                advance(connection, window.id, 2, done=True)
                queue.hole(connection, window.id, NOW - 3600, "beyond_reach", NOW)
            else:
                queue.fail(connection, window.id, "one", "timeout", not_before=NOW + 60)
        return ()
