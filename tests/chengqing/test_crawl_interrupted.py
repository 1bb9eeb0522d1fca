"""Crawls that are killed, or sleep for too long: others go on, and what stands is as if nothing had happened."""

import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from chengqing.config import load_config
from chengqing.crawl.groups import groups
from chengqing.crawl.purse import CHUNK, Purse
from chengqing.source import Crawled as CrawledSource
from chengqing.workspace import Workspace
from nlp.reader import load_reader
from pipelines import epochs, queue, schema
from pipelines.crawled import LEASE, Crawled
from pipelines.epoch import EpochKey
from pipelines.page import Page, Post, Reads
from pipelines.queue import AGED_OUT, FINISHED, Lanes, LostWindow
from pipelines.store import Store
from spiders.host import Spent
from tests.servers.running import start
from tests.support.desk import Desk
from tests.support.killer import PATIENCE, Killer
from tests.support.program import until
from tests.support.scene import NOW, SOURCES, Scene, declared, is_open, state
from tests.support.statuses import CANDIDATES

pytestmark = pytest.mark.timeout(600)  # much of it waits for a machine that may have other things to do
MOMENTS = ("start", "work", "work", "work", "end")
"""When a crawl is killed, five times in a row."""
VICTIMS = ("parent", "child", "both")
LANE = "water-supply.999901.0"
"""Texts that others hold too, and texts that they don't."""


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Scene]]:
    """Sources by name, each crawled once without a break."""
    folder = tmp_path_factory.mktemp("reference")
    options = {"news": ("tests.servers.publisher", "--now", NOW.isoformat())}
    with ExitStack() as stack:
        servers = {name: stack.enter_context(start(*options.get(name, (f"tests.servers.{name}",)))) for name in SOURCES}
        made = {name: Scene(name, server, folder / name) for name, server in servers.items()}
        together(Scene.measure, made.values())
        yield made


def together(do: Callable[[Scene], None], some: Iterable[Scene]) -> None:
    """Do it for several scenes at a time."""
    with ThreadPoolExecutor(len(SOURCES)) as pool:
        list(pool.map(do, some))


# -- kill -9 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_killed_and_run_again_is_as_if_never_killed(tmp_path: Path, scenes: Mapping[str, Scene], seed: int) -> None:
    """Thirty random moments, fifteen to a test, five in a row for each source; then one crawl to the end."""

    def attack(scene: Scene) -> None:
        chance = random.Random(f"{seed} {scene.name}")
        with Killer(scene, scene.desk(tmp_path / scene.name), chance) as killer:
            for number, moment in enumerate(MOMENTS):
                killer.kill(moment, (number + chance.random()) / len(MOMENTS), chance.choice(VICTIMS))
                scene.assert_paid(killer.desk)
            killer.finish()
        assert not is_open(killer.desk)
        assert state(killer.desk) == scene.state
        assert killer.desk.rows("PRAGMA integrity_check") == [("ok",)]
        scene.assert_paid(killer.desk)

    together(attack, scenes.values())


def test_the_reference_holds_what_can_be_lost(scenes: Mapping[str, Scene]) -> None:
    """Claims above the floor, duplicates, windows that were cut, articles, a hole."""
    weibo, wechat, news = (Desk(scenes[name].folder) for name in SOURCES)
    assert weibo.rows("SELECT count(*) FROM claim WHERE above_floor AND mentions > 50") == [(3,)]
    assert set(weibo.totals()) == {"kept", "duplicate", "out_of_scope"}
    assert weibo.rows("SELECT count(*) > count(DISTINCT lane) FROM window") == [(1,)]
    assert len(scenes["weibo"].server.hits("/2/statuses/show_batch/biz.json")) > 0
    assert wechat.rows("SELECT count(*) FROM article") == [(25,)]
    assert news.rows("SELECT why, count(*) FROM window WHERE state = 'aged_out'") == [("beyond_reach", 1)]


# -- the arms without the guard ----------------------------------------------------------------------


def test_a_window_that_is_lost_would_be_seen(tmp_path: Path, scenes: Mapping[str, Scene]) -> None:
    """It is said to have been read before anybody has read it."""
    scene = scenes["weibo"]
    with Killer(scene, scene.desk(tmp_path), random.Random(1)) as killer:
        scene.server.set(all="hang")
        killer.kill("work", 1 / scene.needed, "both")
        killer.settle()
        scene.server.set(all=None)
        change(killer.desk, "UPDATE window SET state = 'finished', holder = NULL WHERE lane = ?", LANE)
        killer.finish()
    assert not is_open(killer.desk)
    found = state(killer.desk)
    assert {name for name, rows in scene.state.items() if found[name] != rows} >= {"outcomes", "seen", "claims"}


def test_a_window_that_is_read_twice_would_be_seen(tmp_path: Path, scenes: Mapping[str, Scene]) -> None:
    """It begins anew, as if no page of it had been committed: all its posts are counted once more, as duplicates."""
    scene = scenes["weibo"]
    scene.desk(tmp_path / "none")  # for its stand-in
    shutil.copytree(scene.folder, tmp_path / "desk")
    desk = Desk(tmp_path / "desk")
    change(desk, "UPDATE window SET state = 'waiting', cursor = 0, resume = '' WHERE lane = ?", LANE)
    with Killer(scene, desk, random.Random(1)) as killer:
        killer.finish()
    found = state(desk)
    assert {name for name, rows in scene.state.items() if found[name] != rows} == {"outcomes"}


def change(desk: Desk, statement: str, *values: str) -> None:
    """Change rows behind the program's back."""
    with closing(sqlite3.connect(desk.folder / "chengqing.db")) as connection:
        assert connection.execute(statement, values).rowcount > 0
        connection.commit()


# -- budgets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("remembered", [True, False])
def test_kills_never_lift_the_days_budget(tmp_path: Path, scenes: Mapping[str, Scene], remembered: bool) -> None:
    """A kill wastes some of the day's requests, and the rest of the work is the next days'.

    Without the rows in which they are counted, more would be asked.
    """
    scene, limit = scenes["news"], 2 * CHUNK
    assert limit < scene.needed
    with Killer(scene, scene.desk(tmp_path, daily=limit), random.Random(2)) as killer:
        for _ in range(2):
            killer.kill("work", scene.asked() / scene.needed + 0.15, "both")  # what has asked something has a row
            if remembered:
                scene.assert_paid(killer.desk)
            else:
                change(killer.desk, "DELETE FROM budget")
        for _ in range(3):
            killer.finish()
            assert (scene.asked() <= limit) == remembered
            if not (remembered and is_open(killer.desk)):
                break
            killer.at += timedelta(days=1)
            scene.server.clear()
    assert not is_open(killer.desk)
    assert state(killer.desk)["outcomes"] == scene.state["outcomes"]


# -- who is left, and who comes back -----------------------------------------------------------------


def test_children_end_with_their_parent(tmp_path: Path, scenes: Mapping[str, Scene]) -> None:
    """With the page in hand, giving back what they hold; and after a while where no answer comes at all."""
    busy, hanging = scenes["news"], scenes["wechat"]
    desks = {scene.name: scene.desk(tmp_path / scene.name) for scene in (busy, hanging)}
    hanging.server.set(all="hang")

    def orphan(scene: Scene) -> None:
        share = 1 / scene.needed if scene is hanging else 0.2
        with Killer(scene, desks[scene.name], random.Random(3)) as killer:
            killer.kill("work", share, "parent")
            killer.settle()
        assert scene.asked() <= share * scene.needed + scene.needed // 3

    together(orphan, (busy, hanging))
    held = "SELECT holder FROM host UNION ALL SELECT holder FROM window"
    assert {holder for (holder,) in desks["news"].rows(held)} == {None}


@pytest.mark.parametrize("source", ["weibo", "wechat"])
def test_who_wakes_up_after_its_lease_stores_and_asks_nothing(
    tmp_path: Path, scenes: Mapping[str, Scene], source: str
) -> None:
    """A crawl sleeps while another one, 25 minutes later, has begun to read in its place: the same window of an
    account, or others that still wait, of a search."""
    scene = scenes[source]
    with Killer(scene, scene.desk(tmp_path), random.Random(5)) as killer:
        sleeper, child = asleep(killer, 0.2)
        killer.at += timedelta(minutes=25)
        second, other = asleep(killer, 0.5)
        asked = scene.asked()
        assert asked < scene.needed - 5
        child.resume()
        said = b"".join(sleeper.communicate(timeout=PATIENCE))
        assert sleeper.returncode == 0, said.decode()
        assert scene.asked() <= asked + 3  # what was on its way, and sent again
        other.resume()
        said = b"".join(second.communicate(timeout=PATIENCE))
        assert second.returncode == 0, said.decode()
    assert not is_open(killer.desk)
    assert state(killer.desk) == scene.state
    scene.assert_paid(killer.desk)


def asleep(killer: Killer, share: float) -> tuple[subprocess.Popen[bytes], psutil.Process]:
    """A crawl whose child stands still, not in the middle of a transaction."""
    process = killer.start()
    until(lambda: killer.scene.asked() >= share * killer.scene.needed, PATIENCE)
    (child,) = psutil.Process(process.pid).children()
    killer.children.append(child)
    stop(child)
    while is_writing(killer.desk):
        child.resume()
        time.sleep(0.005)
        stop(child)
    return process, child


def stop(process: psutil.Process) -> None:
    """Let the process stand still, with all its threads."""
    process.suspend()
    until(lambda: process.status() == psutil.STATUS_STOPPED, PATIENCE)
    time.sleep(0.05)


def is_writing(desk: Desk) -> bool:
    """Whether somebody has the database's writer."""
    with closing(sqlite3.connect(desk.folder / "chengqing.db", timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
        return False


# -- in small ----------------------------------------------------------------------------------------

KEY = EpochKey("test", bytes(range(32)))
END = int(NOW.timestamp())


@pytest.fixture
def window(store: Store) -> Callable[[str, int], int]:
    """Leases the one window there is, the hour before END, to a holder at a moment; its id."""
    with store.write() as connection:
        epochs.begin(connection, KEY.epoch, END)
        queue.plan(connection, Lanes("search", "contract 1", "weibo", ["a"], END - 3600, None), END)

    def lease(holder: str, now: int) -> int:
        with store.write() as connection:
            found = queue.lease(connection, sa.true(), holder, now=now, until=now + LEASE)
        assert found is not None
        return found.id

    return lease


def crawled(store: Store, holder: str) -> Crawled:
    return Crawled(store, load_reader(canaries=False), {KEY.epoch: KEY}, floor=5, holder=holder, now=lambda: END)


def page(window: int, **of: Any) -> Page:
    """The first page of a window: five posts."""
    tokens = [KEY.post("test", str(number)) for number in range(5)]
    accounts = [KEY.account("test", str(number)) for number in range(5)]
    posts = tuple(
        Post(token=token, account=account, epoch=KEY.epoch, hour=END // 3600 - 1, text=CANDIDATES[6])
        for token, account in zip(tokens, accounts, strict=True)
    )
    return Page(source="search", window=window, cursor=1, reads=Reads(read=5), posts=posts, **of)


@pytest.mark.parametrize("fenced", [True, False])
def test_who_was_overtaken_counts_nothing(
    store: Store, window: Callable[[str, int], int], monkeypatch: pytest.MonkeyPatch, fenced: bool
) -> None:
    """Two have read the same page. Without the check of holder and cursor it would count twice."""
    read = page(window("one", END))
    assert window("two", END + LEASE + 1) == read.window
    crawled(store, "two").take(read)
    if not fenced:
        monkeypatch.setattr(queue, "advance", lambda *_, **__: None)
    outcome: AbstractContextManager[object] = pytest.raises(LostWindow) if fenced else nullcontext()
    with outcome:
        crawled(store, "one").take(read)
    with store.read() as connection:
        counted = {row.outcome: row.n for row in connection.execute(sa.select(schema.tally))}
    assert counted == ({"kept": 5} if fenced else {"kept": 5, "duplicate": 5})


def test_a_hole_stands_as_soon_as_the_last_page_does(store: Store, window: Callable[[str, int], int]) -> None:
    """Whoever is killed right after that commit leaves no silence behind."""
    crawled(store, "one").take(page(window("one", END), done=True), END - 1800)
    spans = sa.select(schema.window.c.since, schema.window.c.until, schema.window.c.state, schema.window.c.why)
    with store.read() as connection:
        found = sorted(tuple(row) for row in connection.execute(spans))
    assert found == [
        (END - 3600, END - 1800, AGED_OUT, "beyond_reach"),
        (END - 1800, END, FINISHED, None),
    ]


def test_requests_taken_out_before_midnight_are_not_sent_after_it(tmp_path: Path, store: Store) -> None:
    """What was paid for from one day's budget would come on top of the next one's."""
    limit = CHUNK + 5
    Desk(tmp_path).declare(wechat=declared("wechat", "http://127.0.0.1:9", limit))
    config, clock = load_config(tmp_path, None), ByHand(NOW.replace(hour=23, minute=59))
    found = groups(source for source in config.sources.values() if isinstance(source, CrawledSource))
    purse = Purse(Workspace(tmp_path, config, clock, store), found[0], "one")
    purse.turn_to(found[0].sources[0])
    purse.on_send()
    clock.moment += timedelta(minutes=2)
    for _ in range(limit):
        purse.on_send()
    with pytest.raises(Spent):
        purse.on_send()
    with store.read() as connection:
        assert set(connection.scalars(sa.select(schema.budget.c.used))) == {limit}


@dataclass
class ByHand:
    """A clock that is told the time."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment
