"""An ordinary day over HTTP: what is asked, what is read once, what is left alone and why, what the commands say."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.servers.publisher_asking import ask
from tests.servers.running import Running, start
from tests.servers.weibo import BATCH, SEARCH
from tests.support.day import (
    AFTER,
    AFTER_CUT,
    CLAIM,
    EDITED,
    ELSEWHERE,
    FED,
    FRESH,
    GONE,
    LATER,
    LISTED,
    LONGS,
    MORNING,
    NEWLY,
    PEOPLE,
    SAYERS,
    SETTLE,
    SOON,
    TALKS,
    Reading,
    Town,
    assert_tiled,
    kept,
    stories,
    stretches,
    town,
)
from tests.support.desk import CREDENTIAL, Desk, publisher, weibo
from tests.support.program import until
from tests.support.scene import NOW, Scene, is_open, state
from tests.support.search import contents

pytestmark = pytest.mark.timeout(600)  # much of it waits for a machine that may have other things to do
LISTS = "/openapi/v2/channel_article/list"


@dataclass(frozen=True)
class Day:
    """The readings of one desk. ``soon`` was too early, ``later`` found news."""

    town: Town
    morning: Reading
    soon: Reading
    later: Reading


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """The day, read once for all tests."""
    folder = tmp_path_factory.mktemp("day")
    with town() as servers:
        desk = Desk(folder / "desk")
        servers.declare(desk)

        def read(at: datetime) -> Reading:
            said = desk.crawl(as_of=at.isoformat())
            return Reading(servers.hits(), said, kept(desk, folder / f"{at:%H%M}"))

        servers.dawns()
        morning, soon = read(MORNING), read(SOON)
        servers.goes_on()
        yield Day(servers, morning, soon, read(LATER))


# -- the first reading -------------------------------------------------------------------------------


def test_a_first_reading_asks_for_the_last_72_hours(day: Day) -> None:
    for windows in stretches(day.morning.hits["weibo"]).values():
        assert_tiled(windows, MORNING - timedelta(hours=72), MORNING - SETTLE)
    assert sorted(map(len, stretches(day.morning.hits["weibo"]).values())) == [1, 1, 1, 1, 1, 2]


def test_past_a_thousand_hits_every_status_is_read_once(day: Day) -> None:
    """Duplicates are two of the bulletins: the timeline was read before."""
    assert day.morning.outcomes("search") == {
        "kept": SAYERS + LONGS + 2,
        "out_of_scope": TALKS,
        "not_public": GONE,
        "duplicate": 2,
    }
    assert day.morning.outcomes("other") == {"kept": ELSEWHERE}


def test_long_texts_are_fetched(day: Day) -> None:
    asked = [mid for hit in day.morning.asked("weibo", BATCH) for mid in hit.query["ids"].split(",")]
    assert len(asked) == len(set(asked)) == LONGS
    assert day.morning.desk.rows("SELECT mentions FROM shared_clause WHERE text = ?", AFTER_CUT) == [(LONGS,)]


def test_a_verified_body_is_quoted_and_everybody_else_is_counted(day: Day) -> None:
    keys = {key for (key,) in day.morning.desk.rows("SELECT key FROM article WHERE source = 'search'")}
    assert keys == {"weibo:9990000000005000"}
    clause = CLAIM.split("，")[0]
    mentions = day.morning.desk.rows("SELECT mentions FROM shared_clause WHERE text = ?", clause)
    assert mentions == [(SAYERS + ELSEWHERE + 1,)]


def test_one_story_in_two_channels_is_one_article(day: Day) -> None:
    lists = Counter(hit.query["channelId"] for hit in day.morning.asked("news", LISTS))
    assert lists == {"民生": 3, "健康": 2}
    pages = [hit.path for hit in day.morning.asked("news", "/article/")]
    assert sorted(pages) == [f"/article/{1_800_000 + n}" for n in LISTED]
    assert sum(day.morning.outcomes("news").values()) == len(LISTED)
    assert set(day.morning.articles("news")) <= {f"news:{1_700_000 + n}" for n in LISTED}


def test_a_page_in_gb18030_is_read(day: Day) -> None:
    with pytest.raises(UnicodeDecodeError):
        _ = ask(day.town["feed"], f"/article/{1_800_000 + FED[0]}").text
    stored = {title: text.split(",")[0] for title, text, _ in day.morning.articles("feed").values()}
    assert stored == {one["title"]: one["body"][0].split("，")[0] for one in stories(FED)}


def test_nobody_who_wrote_or_edited_is_named(day: Day) -> None:
    """Their names stand on the page, and in no byte of the desk."""
    page = ask(day.town["news"], f"/article/{1_800_000 + LISTED[0]}").text
    assert all(name in page for name in PEOPLE)
    left = [name for name in PEOPLE for content in contents(day.later.desk.folder) if name.encode() in content]
    assert left == []


def test_every_request_says_who_asks(day: Day) -> None:
    agent = f"chengqing/{version('chengqing')} (+https://desk.example/about)"
    hits = [hit for reading in (day.morning, day.later) for some in reading.hits.values() for hit in some]
    assert len(hits) > 100
    assert {hit.headers.get("user-agent") for hit in hits} == {agent}
    assert not any({"cookie", "authorization", "referer"} & set(hit.headers) for hit in hits)


# -- the second reading ------------------------------------------------------------------------------


def test_what_is_not_due_is_not_asked(day: Day) -> None:
    assert not any(day.soon.hits.values())
    for source in ("search", "other", "bulletin", "news", "feed"):
        assert day.soon.row(source).endswith("not due yet")


def test_an_hour_later_only_the_new_hour_is_searched(day: Day) -> None:
    """Its pages overlap: what stands on two of them counts once."""
    found = stretches(day.later.hits["weibo"])
    assert len(found) == 6
    for windows in found.values():
        assert_tiled(windows, MORNING - SETTLE, LATER - SETTLE)
    new = Counter(day.later.outcomes("search")) - Counter(day.morning.outcomes("search"))
    assert new == {"kept": NEWLY, "duplicate": 2}
    clause = CLAIM.split("，")[0]
    mentions = day.later.desk.rows("SELECT mentions FROM shared_clause WHERE text = ?", clause)
    assert mentions == [(SAYERS + ELSEWHERE + 1 + NEWLY,)]


def test_of_a_list_only_new_and_edited_articles_are_fetched(day: Day) -> None:
    pages = {hit.path for hit in day.later.asked("news", "/article/")}
    assert pages == {f"/article/{1_800_000 + n}" for n in (EDITED, FRESH)}
    before, after = day.morning.articles("news"), day.later.articles("news")
    assert set(after) - set(before) == {f"news:{1_700_000 + FRESH}"}
    assert {key for key in before if before[key] != after[key]} == {f"news:{1_700_000 + EDITED}"}
    title, text, number = after[f"news:{1_700_000 + EDITED}"]
    assert "更新" in title and "更正" in text and number == 2


def test_a_feed_that_has_not_changed_is_not_read_again(day: Day) -> None:
    first, second = (reading.asked("feed", "/feed.rss") for reading in (day.morning, day.later))
    assert [hit.headers.get("if-none-match") for hit in first] == [None]
    assert [bool(hit.headers.get("if-none-match")) for hit in second] == [True]
    assert day.later.row("feed") == "feed: read 0, kept 0, 1 pages"
    assert day.later.outcomes("feed") == day.morning.outcomes("feed") == {"kept": len(FED)}
    assert not day.later.asked("feed", "/article/")


# -- what is left alone ------------------------------------------------------------------------------


def test_a_source_that_sleeps_is_read_when_it_is_awake(day: Day) -> None:
    assert day.morning.row("asleep").endswith("outside its hours; it is read again from 09:00")
    assert not day.morning.hits["quiet"]
    assert {hit.path for hit in day.later.hits["quiet"]} == {"/robots.txt", "/feed.rss"}
    assert sum(day.later.outcomes("asleep").values()) == 3


def test_a_basis_that_has_ended_is_not_read(day: Day, tmp_path: Path) -> None:
    assert "its basis has ended" in day.later.row("expired")
    assert not day.later.outcomes("expired")
    desk = kept(day.later.desk, tmp_path / "renewed")
    source = desk.folder / "sources" / "expired.toml"
    source.write_text(source.read_text("utf-8").replace("2026-11-21", "2026-11-22"), "utf-8")
    desk.crawl("expired", as_of=LATER.isoformat())
    assert len(day.town.hits()["quiet"]) > 0


def test_a_source_that_is_disabled_says_why(day: Day) -> None:
    assert "disabled: token: env:NOT_SET is not set" in day.morning.row("unarmed")
    assert "disabled: token: env:NOT_SET is not set" in day.morning.desk.run("source", "list")


def test_only_the_sources_that_are_named_are_read(day: Day, tmp_path: Path) -> None:
    desk = kept(day.later.desk, tmp_path / "one")
    day.town.hits()
    said = desk.crawl("feed", as_of=AFTER.isoformat())
    assert said.splitlines() == ["feed: read 0, kept 0, 1 pages"]
    assert {name for name, hits in day.town.hits().items() if hits} == {"feed"}
    assert "nowhere" in desk.crawl("feed", "nowhere", as_of=AFTER.isoformat(), code=2)


# -- commands ----------------------------------------------------------------------------------------


def test_unknown_fields_are_told_by_name_after_five_times(day: Day) -> None:
    """The bulletins had three in the morning."""
    assert day.morning.desk.rows("SELECT n FROM unknown_field WHERE source = 'bulletin'") == [(3,)]
    morning, later = day.morning.desk.run("source", "list"), day.later.desk.run("source", "list")
    named = "unknown fields (names only): weight_level"
    assert morning.count(named) == 2
    assert later.count(named) == 3
    assert "示例" not in later
    assert "search (weibo_search): ready; read up to 2026-11-22T08:00, 0 windows waiting" in later


def everything(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but those of requests that were paid for."""
    with closing(sqlite3.connect(desk.folder / "chengqing.db")) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        wanted = [name for name in names if name not in ("budget", "host")]
        return {name: sorted(connection.execute(f'SELECT * FROM "{name}"'), key=repr) for name in wanted}  # noqa: S608


@pytest.mark.parametrize(
    ("source", "server", "path", "asked", "named"),
    [
        ("search", "weibo", SEARCH, "/2/search/statuses/limited.json?q=", "weight_level"),
        ("news", "news", LISTS, "/openapi/v2/channel_article/list?channelId=", "list_pics"),
    ],
)
def test_a_trial_shows_a_page_and_stores_nothing(
    day: Day, tmp_path: Path, source: str, server: str, path: str, asked: str, named: str
) -> None:
    """The search finds more than a thousand: its newer half is tried."""
    desk = kept(day.later.desk, tmp_path / "tried")
    before = everything(desk)
    said = desk.run("source", "try", source, "--as-of", AFTER.isoformat())
    assert any(hit.path == path for hit in day.town.hits()[server])
    assert everything(desk) == before
    assert asked in said and "would keep" in said and named in said
    assert CREDENTIAL not in said and "access_token" not in said and "ids=" not in said
    assert "示例用户" not in said


def claims(desk: Desk) -> dict[str, tuple[int, list[str]]]:
    """Mentions of every claim above the floor and its wording, by the hazard and sources of its hours."""
    found = {}
    for id_, mentions in desk.rows("SELECT id, mentions FROM claim WHERE above_floor"):
        hours = desk.rows("SELECT DISTINCT source FROM claim_hour WHERE claim = ? ORDER BY 1", id_)
        texts = desk.rows("SELECT text FROM shared_clause WHERE claim = ? ORDER BY 1", id_)
        found["+".join(source for (source,) in hours)] = (mentions, [text for (text,) in texts])
    return found


def test_a_source_is_forgotten_whole(day: Day, tmp_path: Path) -> None:
    """What it said alone is gone, what others say too stays without wording, and it is not read before it may be."""
    desk = kept(day.later.desk, tmp_path / "forgetting")
    before = claims(desk)
    assert set(before) == {"search", "other+search"} and all(texts for _, texts in before.values())
    assert desk.rows("SELECT count(*) > 0 FROM pending") == [(1,)]
    assert desk.rows("SELECT count(*) > 0 FROM part WHERE guard IS NOT NULL") == [(1,)]
    ((known,),) = desk.rows("SELECT sum(mentions) FROM claim_hour WHERE source = 'other'")
    assert 0 < known <= ELSEWHERE  # what was said before the floor was reached has no hour and no source
    keys = {path.name for path in (desk.folder / "keys").iterdir() if path.name.startswith("shared")}
    assert keys
    desk.run("source", "forget", "search", "--by", "示例甲", code=1)  # its basis still holds
    assert claims(desk) == before
    assert "Nothing of it is left" in desk.run("source", "forget", "search", "--by", "示例甲", "--yes")
    assert [name for name, rows in everything(desk).items() if any("search" in row for row in rows)] == ["audit"]
    (said,) = claims(desk).values()
    assert said == (known, [])
    assert desk.rows("SELECT count(*) FROM part WHERE guard IS NOT NULL") == [(0,)]
    assert desk.rows("SELECT count(*) FROM pending") == [(0,)]
    assert not keys & {path.name for path in (desk.folder / "keys").iterdir()}
    assert AFTER_CUT not in b"".join(contents(desk.folder)).decode("utf-8", "replace")
    assert "stopped: erased and stopped on request" in desk.crawl("search", as_of=AFTER.isoformat())
    assert not day.town.hits()["weibo"]
    desk.run("source", "resume", "search")
    assert "search: read" in desk.crawl("search", as_of=AFTER.isoformat())
    assert day.town.hits()["weibo"]


def test_coverage_adds_up(day: Day) -> None:
    found = day.later.desk.coverage(
        "--since", (MORNING - timedelta(hours=72)).isoformat(), "--until", LATER.isoformat()
    )
    for hour in found:
        assert list(hour) == ["source", "hour", "planned", "read", "failed", "not_looked_at", "why"]
        assert hour["planned"] == hour["read"] + hour["failed"] + hour["not_looked_at"]
        assert sum(hour["why"].values()) == hour["failed"] + hour["not_looked_at"]
    of = {source: [hour for hour in found if hour["source"] == source] for source in ("search", "news", "feed")}
    assert {len(hours) for hours in of.values()} == {73}
    # The last five minutes of its last hour are left to settle.
    assert [hour["read"] for hour in of["search"]] == [6] * 72 + [0]
    assert of["search"][-1]["why"] == {"waiting": 6}
    assert all(hour["read"] == 2 for hour in of["news"])
    assert of["feed"][0]["why"] == {"beyond_reach": 1} and of["feed"][-1]["read"] == 1


# -- pace and end ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def press() -> Iterator[Running]:
    with start("tests.servers.publisher", "--now", MORNING.isoformat()) as running:
        yield running


@pytest.mark.parametrize("delay", [1, 0])
def test_the_pause_between_two_requests_is_kept(tmp_path: Path, press: Running, delay: int) -> None:
    """By the server's clock, give or take what a request needs to get there; robots.txt is one of them.

    The arm without a pause shows that it is no accident.
    """
    press.clear()
    desk = Desk(tmp_path)
    desk.declare(
        news=publisher(
            "json_list",
            f'list = {{ url = "{press.url}/offset", params = {{ size = 20 }} }}\nitems = "list[]"\n'
            'paging = { type = "offset", param = "offset", step = 20, max_pages = 10 }\n'
            'map = { id = "to_string(id)", url = "url", title = "title", published = "published", text = "content" }\n',
        ).replace("delay = 0", f"delay = {delay}")
    )
    desk.crawl()
    at = [hit.at for hit in press.hits()]
    pauses = [later - earlier for earlier, later in pairwise(at)]
    assert len(at) == 5
    assert (min(pauses) > 0.9) == bool(delay)


def test_a_crawl_that_goes_on_for_ever_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """In the middle of its work, cleanly; the next one finishes what it left, as if nothing had happened."""
    with start("tests.servers.weibo") as server:
        scene = Scene("weibo", server, tmp_path / "undisturbed")
        scene.measure()
        desk = scene.desk(tmp_path / "told")
        process = desk.start("crawl", "--as-of", NOW.isoformat())
        until(lambda: scene.asked() > scene.needed // 3, 60)
        children = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        assert process.wait(20) == 0
        said = b"".join(filter(None, process.communicate()))
        assert b"stopping" in said and b"weibo: read" in said and b"Traceback" not in said
        assert children and not any(child.is_running() for child in children)
        assert desk.rows("SELECT count(*) FROM window WHERE holder IS NOT NULL OR state = 'reading'") == [(0,)]
        assert desk.rows("SELECT count(*) FROM host WHERE holder IS NOT NULL") == [(0,)]
        assert is_open(desk) and desk.rows("SELECT count(*) > 0 FROM window WHERE cursor > 0") == [(1,)]
        desk.crawl(as_of=NOW.isoformat())
        assert state(desk) == scene.state


def test_hosts_that_hang_do_not_keep_it_for_long(tmp_path: Path) -> None:
    """Each child is given some seconds for the page in hand, all of them the same seconds."""
    with start("tests.servers.weibo") as one, start("tests.servers.weibo") as other:
        desk = Desk(tmp_path)
        for name, server in (("one", one), ("other", other)):
            server.set(all="hang")
            desk.declare(**{name: weibo(server.url, id=name)})
        process = desk.start("crawl", "--as-of", MORNING.isoformat())
        until(lambda: bool(one.hits(SEARCH) and other.hits(SEARCH)), 60)
        process.terminate()
        assert process.wait(19) == 0
        process.communicate()
