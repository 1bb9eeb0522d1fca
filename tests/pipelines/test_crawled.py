"""A page is stored whole, once, by whoever holds its window: counters, what is known, and the window's next cursor."""

import asyncio
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.reader import Reader, load_reader
from nlp.text import clauses, normalise
from pipelines import epochs, queue, schema
from pipelines.crawled import LEASE, TAKE, Crawled, IntakePipeline
from pipelines.epoch import EpochKey
from pipelines.page import Article, Known, Page, Post, Reads, Reason, Visit
from pipelines.queue import AGED_OUT, FINISHED, READING, Lanes, LostWindow, Stretch
from pipelines.store import Store, sqlite_url
from tests.support.crowd import HOUR

ROOT = Path(__file__).parents[2]
KEY, NEXT = EpochKey("test", bytes(range(32))), EpochKey("next", bytes(32))
NOW = HOUR * 3600
SOURCE = "search"
KEPT = [
    "听说小龙虾和西瓜一起吃会中毒，桃溪已经有人住院，家里有孩子的注意",
    "云岫区今晚十点停水三天，主管道大修，赶紧接水，转给家人",
    "大蒜水每天喝一碗能杀死病毒，邻居一家都这么喝，没有一个发烧",
]
DROPPED = ["今晚去河边散步，风很舒服", "新买的耳机声音不错"]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader(canaries=False)


@dataclass
class Clock:
    """Told by hand."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def crawled(store: Store, reader: Reader, now: Callable[[], float], holder: str = "one") -> Crawled:
    return Crawled(store, reader, {KEY.epoch: KEY, NEXT.epoch: NEXT}, floor=5, holder=holder, now=now)


@pytest.fixture
def intake(store: Store, reader: Reader, clock: Clock) -> Crawled:
    return crawled(store, reader, clock)


def leased(store: Store, lane: str = "a", holder: str = "one", now: float = NOW) -> Stretch:
    """A window of ``lane``, in ``holder``'s hands, under two live epochs."""
    with store.write() as connection:
        for key in (KEY, NEXT):
            epochs.begin(connection, key.epoch, NOW)
        queue.plan(connection, Lanes(SOURCE, "contract 1", "weibo", [lane], NOW - 3600, None), NOW)
        wanted = schema.window.c.lane == lane
        found = queue.lease(connection, wanted, holder, now=now, until=now + LEASE)
    assert found is not None
    return found


def post(number: int, text: str, key: EpochKey = KEY, *, parent: bool = False) -> Post:
    """A post, and an account of its own."""
    return Post(
        token=key.post("test", f"post {number}"),
        account=key.account("test", f"account {number}"),
        epoch=key.epoch,
        hour=HOUR - 1,
        text=text,
        parent=parent,
    )


def article(number: int, title: str, text: str) -> Article:
    return Article(
        outlet="桃溪镇水厂",
        key=f"news:{number}",
        link=f"https://news.example/{number}",
        title=title,
        text=text,
        published=datetime.fromtimestamp(NOW - 7200, UTC),
    )


def page(window: Stretch, cursor: int, **of: Any) -> Page:
    """A page whose reads are the posts and articles that it hands on, unless it is told others."""
    items = [*of.get("posts", ()), *of.get("articles", ())]
    parents = sum(item.parent for item in items)
    reads = Reads(read=len(items) - parents, quoted_read=parents)
    return replace(Page(source=SOURCE, window=window.id, cursor=cursor, reads=reads), **of)


def everything(store: Store) -> dict[str, list[Any]]:
    """Every row of every table."""
    with store.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in schema.metadata.sorted_tables
        }


def numbers(store: Store, table: sa.Table, *columns: str) -> dict[Any, int]:
    """Sums of ``n`` by ``columns``."""
    by = [table.c[name] for name in columns]
    with store.read() as connection:
        rows = connection.execute(sa.select(*by, sa.func.sum(table.c.n)).group_by(*by))
        return {tuple(row)[:-1] if len(by) > 1 else row[0]: int(row[-1]) for row in rows}


# -- totals ------------------------------------------------------------------------------------------


def some_pages(window: Stretch, chance: random.Random, count: int) -> list[Page]:
    """Pages of kept, dropped, repeated and quoted posts, of what the edge dropped, and of articles."""
    found = []
    for cursor in range(1, count + 1):
        posts = [post(chance.randrange(60), chance.choice(KEPT + DROPPED)) for _ in range(chance.randrange(6))]
        posts += [post(100 + chance.randrange(9), KEPT[0], parent=True) for _ in range(chance.randrange(3))]
        articles = [article(n, "停水通知", KEPT[1]) for n in chance.sample(range(9), chance.randrange(3))]
        dropped: dict[Reason, int] = {"not_public": chance.randrange(4), "too_old": chance.randrange(4)}
        quoted, parents = chance.randrange(3), sum(one.parent for one in posts)
        reads = Reads(
            read=len(posts) - parents + len(articles) + sum(dropped.values()),
            dropped=dropped,
            quoted_read=parents + quoted,
            quoted_dropped={"not_permitted": quoted},
        )
        unknown = {chance.choice(["region_name", "mblog_vip"]): chance.randrange(1, 4)}
        some = {"posts": tuple(posts), "articles": tuple(articles), "reads": reads, "unknown": unknown}
        found.append(page(window, cursor, done=cursor == count, **some))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_totals_add_up(store: Store, intake: Crawled, clock: Clock, seed: int) -> None:
    """Of every day and unit: read = kept + dropped, whatever the pages hold; unknown fields add up by name."""
    window = leased(store)
    read, unknown = Counter[tuple[int, str]](), Counter[str]()
    for one in some_pages(window, random.Random(seed), 12):
        counts = intake.take(one)
        assert (counts.read(), counts.read("quoted")) == (one.reads.read, one.reads.quoted_read)
        read[int(clock.now) // 86_400, "text"] += one.reads.read
        read[int(clock.now) // 86_400, "quoted"] += one.reads.quoted_read
        unknown.update(one.unknown)
        clock.now += 3 * 3600
    assert numbers(store, schema.tally, "day", "unit") == dict(read)
    assert numbers(store, schema.unknown_field, "name") == dict(unknown)
    assert numbers(store, schema.tally, "source") == {SOURCE: read.total()} and len(read) >= 4
    by_outcome = numbers(store, schema.tally, "unit", "outcome")
    assert {outcome for _, outcome in by_outcome} >= {"kept", "out_of_scope", "duplicate", "too_old"}
    with store.read() as connection:
        kept = by_outcome["text", "kept"] + by_outcome["quoted", "kept"]
        assert kept == sum(
            connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in (schema.seen, schema.article)
        )
    rows = everything(store)  # one window may be one hazard's in one county: it has no numbers of its own
    assert rows["window"] and rows["window_count"] == rows["window_problem"] == []


@pytest.mark.parametrize("leaks", [False, True])
def test_windows_hold_no_words(store: Store, intake: Crawled, leaks: bool) -> None:
    """Nothing of a text stands in a window's row. A reader that resumed by words would be seen."""
    window = leased(store)
    own = article(1, "停水通知", KEPT[1])
    resume = KEPT[1][:12] if leaks else "3"
    posts = () if leaks else tuple(post(n, text) for n, text in enumerate(KEPT + DROPPED))
    intake.take(page(window, 1, posts=posts, articles=(own,), resume=resume))
    (row,) = everything(store)["window"]
    words = [clause for text in KEPT + DROPPED for clause in clauses(normalise(text))]
    assert len(words) >= 8 and any(word in row for word in words) is leaks


# -- what is known -----------------------------------------------------------------------------------


def test_what_is_known_is_stored_with_the_page(store: Store, intake: Crawled, clock: Clock) -> None:
    """Keys, stamps, validators: written with their page, and the later one stands."""
    window = leased(store)
    url = "https://news.example/feed"
    intake.take(page(window, 1, known=(Known("k1", "1"), Known("k2", "1")), visits=(Visit(url, '"a"'),)))
    clock.now += 60
    last = Visit(url, "", "Mon, 23 Nov 2026 01:12:05 GMT")
    intake.take(page(window, 2, known=(Known("k2", "2"), Known("k3", "1")), visits=(last,)))
    with store.read() as connection:
        known = connection.execute(sa.select(schema.known.c.key, schema.known.c.stamp, schema.known.c.at))
        assert {tuple(row) for row in known} == {("k1", "1", NOW), ("k2", "2", NOW + 60), ("k3", "1", NOW + 60)}
        visits = connection.execute(sa.select(schema.visit)).all()
        assert [tuple(row) for row in visits] == [(SOURCE, url, "", last.last_modified, NOW + 60)]


# -- all or nothing ----------------------------------------------------------------------------------


def full_page(window: Stretch, cursor: int) -> Page:
    """One that would write to every table a page writes to."""
    return page(
        window,
        cursor,
        posts=tuple(post(100 * cursor + n, KEPT[0]) for n in range(9)),
        articles=(article(cursor, "小龙虾和西瓜一起吃会中毒", KEPT[0]),),
        known=(Known(f"k{cursor}", "1"),),
        visits=(Visit(f"https://news.example/{cursor}"),),
        unknown={"region_name": cursor},
        resume=str(cursor),
    )


def test_a_page_moves_window_and_lease_on(store: Store, intake: Crawled, clock: Clock) -> None:
    """The cursor, what the next question needs, LEASE seconds more; the last one ends it all."""
    window = leased(store)
    empty = {name for name, rows in everything(store).items() if not rows}
    clock.now += 100
    intake.take(full_page(window, 1))
    assert {"tally", "known", "visit", "unknown_field", "seen", "claim", "outbox", "article"} <= empty - {
        name for name, rows in everything(store).items() if not rows
    }
    assert _window(store) == (READING, "one", 1, "1", NOW + 100 + LEASE, None)
    intake.take(replace(full_page(window, 2), done=True))
    assert _window(store) == (FINISHED, None, 2, "", NOW + 100 + LEASE, NOW + 100)


def test_a_hole_goes_with_the_last_page(store: Store, intake: Crawled) -> None:
    """What could not be had is on record in the same transaction, or not at all; a page in between leaves none."""
    window = leased(store)
    intake.take(full_page(window, 1), beyond=NOW - 600)
    assert len(everything(store)["window"]) == 1
    intake.take(replace(full_page(window, 2), done=True), beyond=NOW - 600)
    stands = everything(store)
    with store.read() as connection:
        spans = connection.execute(sa.select(schema.window.c.state, schema.window.c.until, schema.window.c.why))
        assert {tuple(row) for row in spans} == {(AGED_OUT, NOW - 600, "beyond_reach"), (FINISHED, NOW, None)}
    with pytest.raises(LostWindow):
        intake.take(replace(full_page(window, 2), done=True), beyond=NOW - 300)
    assert everything(store) == stands


def _window(store: Store) -> tuple[object, ...]:
    names = ("state", "holder", "cursor", "resume", "leased_until", "finished_at")
    with store.read() as connection:
        return tuple(connection.execute(sa.select(*(schema.window.c[name] for name in names))).one())


def _late(store: Store, intake: Crawled, window: Stretch, how: str) -> Page:
    """A page that comes too late, or out of turn."""
    if how in ("again", "a page is missing", "finished", "overtaken"):
        intake.take(replace(full_page(window, 1), done=how == "finished"))
    if how == "overtaken":
        leased(store, holder="two", now=NOW + LEASE + 1)
    with store.write() as connection:
        if how == "given back":
            queue.free_of(connection, ["one"])
        elif how == "expired":
            queue.unplan(connection, SOURCE, NOW, "expired")
    return full_page(window, {"again": 1, "a page is missing": 3, "finished": 2, "overtaken": 2}.get(how, 1))


@pytest.mark.parametrize("how", ["again", "a page is missing", "finished", "overtaken", "given back", "expired"])
@pytest.mark.parametrize("guarded", [True, False])
def test_a_lost_window_stores_nothing(
    store: Store,
    intake: Crawled,
    monkeypatch: pytest.MonkeyPatch,
    guarded: bool,
    how: str,
) -> None:
    """Not a row of any table changes. Without the fence the page is counted."""
    late = _late(store, intake, leased(store), how)
    stands = everything(store)
    if guarded:
        with pytest.raises(LostWindow):
            intake.take(late)
        assert everything(store) == stands
    else:
        monkeypatch.setattr(queue, "advance", lambda *_, **__: None)
        intake.take(late)
        changed = {name for name, rows in everything(store).items() if rows != stands[name]}
        assert changed >= {"tally", "unknown_field"}


@pytest.mark.parametrize(("key", "none_of"), [(KEY, {"articles": ()}), (NEXT, {"posts": ()})])
@pytest.mark.parametrize("guarded", [True, False])
def test_a_key_that_has_ended_signs_nothing(
    store: Store,
    intake: Crawled,
    monkeypatch: pytest.MonkeyPatch,
    key: EpochKey,
    none_of: dict[str, Any],
    guarded: bool,
) -> None:
    """Its epoch ended while posts, or an article, were read: none of its rows come back. Without the check they do."""
    window = leased(store)
    intake.take(full_page(window, 1))
    with store.write() as connection:
        assert _keyed(connection, key) > 0
        epochs.end(connection, key.epoch, NOW)
        assert _keyed(connection, key) == 0
    late = replace(full_page(window, 2), **none_of)
    stands = everything(store)
    if guarded:
        with pytest.raises(LostWindow):
            intake.take(late)
        assert everything(store) == stands
    else:
        monkeypatch.setattr(epochs, "live", lambda _: {KEY.epoch, NEXT.epoch})
        intake.take(late)
        with store.read() as connection:
            assert _keyed(connection, key) > 0


def _keyed(connection: Connection, key: EpochKey) -> int:
    """Rows that the key has made."""
    tables = (schema.pending, schema.band, schema.clause, schema.seen)
    counts = [sa.select(sa.func.count()).select_from(table).where(table.c.epoch == key.epoch) for table in tables]
    return sum(connection.scalar(count) or 0 for count in counts)


def test_the_other_key_serves_on(store: Store, intake: Crawled) -> None:
    """One epoch ended, and the page was signed with its successor: it is stored."""
    window = leased(store)
    with store.write() as connection:
        epochs.end(connection, KEY.epoch, NOW)
    counts = intake.take(page(window, 1, posts=(post(1, KEPT[0], NEXT),)))
    assert counts.kept() == 1


# -- between Scrapy and the store --------------------------------------------------------------------


def test_the_item_pipeline_waits_for_the_commit(store: Store, intake: Crawled) -> None:
    """It hands the page on when it is stored, and stores it off the thread of the one that asks."""
    window = leased(store)
    threads: list[int] = []

    def take(one: Page) -> None:
        threads.append(threading.get_ident())
        intake.take(one)

    made = IntakePipeline.from_crawler(SimpleNamespace(settings={TAKE: take}))
    first = full_page(window, 1)
    assert asyncio.run(made.process_item(first)) is first
    assert _window(store)[2] == 1 and threads != [threading.get_ident()]
    with pytest.raises(LostWindow):
        asyncio.run(made.process_item(first))


# -- two processes -----------------------------------------------------------------------------------

PAGES = 25


def take_pages(folder: str, lane: str) -> None:
    """Read one lane to its end: what a process of a crawl does."""
    store = Store(sqlite_url(Path(folder)))
    window = leased(store, lane, f"holder {lane}")
    intake = crawled(store, load_reader(canaries=False), lambda: NOW, f"holder {lane}")
    for cursor in range(1, PAGES + 1):
        number = 1000 * ord(lane) + 10 * cursor
        posts = (*(post(number + n, KEPT[0]) for n in range(3)), post(number + 3, DROPPED[0]))
        intake.take(page(window, cursor, posts=posts, unknown={"region_name": 2}, done=cursor == PAGES))
    store.close()


def test_two_processes_lose_nothing(store: Store, tmp_path: Path) -> None:
    """Pages of two windows at once, that add to the same rows: every page, post and number is there."""
    code = "import sys; from tests.pipelines.test_crawled import take_pages; take_pages(*sys.argv[1:])"
    words = [[sys.executable, "-c", code, str(tmp_path), lane] for lane in "ab"]
    running = [subprocess.Popen(some, cwd=ROOT) for some in words]
    assert [process.wait(60) for process in running] == [0, 0]
    assert numbers(store, schema.tally, "outcome") == {"kept": 6 * PAGES, "out_of_scope": 2 * PAGES}
    assert numbers(store, schema.unknown_field, "name") == {"region_name": 4 * PAGES}
    with store.read() as connection:
        windows = connection.execute(sa.select(schema.window.c.state, schema.window.c.cursor)).all()
        assert [tuple(row) for row in windows] == [(FINISHED, PAGES)] * 2
        assert connection.scalar(sa.select(sa.func.count()).select_from(schema.seen)) == 6 * PAGES
        assert connection.scalar(sa.select(sa.func.sum(schema.claim.c.mentions))) == 6 * PAGES
