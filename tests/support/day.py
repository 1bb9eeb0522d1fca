"""An ordinary day of a desk: stand-ins, sources on them, and what is published in the morning and an hour later.

Every text is invented. The search finds more than it shows for one query, so that its first window is cut in two.
"""

import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.servers import publisher_stories
from tests.servers.running import Hit, Running, start
from tests.servers.weibo import SEARCH
from tests.support.desk import CREDENTIAL, Desk, publisher, timeline, weibo
from tests.support.statuses import MARKS, TALK, status

MORNING = datetime.fromisoformat("2026-11-22T08:00:00+08:00")
SOON, LATER, AFTER = (MORNING + timedelta(minutes=minutes) for minutes in (5, 60, 120))
"""Not due yet; the second reading; the third."""
SETTLE = timedelta(minutes=5)
TALKS, SAYERS, LONGS, GONE, NEWLY, ELSEWHERE = 1_240, 40, 30, 3, 120, 12
"""Statuses of the search: small talk, a claim, long texts, taken back; new an hour later; at the second search."""
CLAIM = "今晚十点停水三天，主管道大修，赶紧接水，转给家人"
LONG = "听说停水以后水塔要清淤，" + "大家互相转告一下。" * 16 + "清淤那几天水里会有铁锈和虫子，千万别直接喝"
AFTER_CUT = "清淤那几天水里会有铁锈和虫子"
"""A clause of the long text that the search does not show."""
NOTICE = "今晚0时至4时因阀门检修，柳渡路沿线6个小区停水，送水车停在社区服务中心门口，恢复后请先放水两分钟再用。"
OUTLET, OTHER_OUTLET = "云岫水务", "云岫发布"
PEOPLE = publisher_stories.PEOPLE
_LINES = Path(publisher_stories.__file__).with_name("publisher_town.txt").read_text("utf-8").splitlines()
_BYLINE = f"记者：{PEOPLE[0]}　通讯员：{PEOPLE[2]}　责任编辑：{PEOPLE[1]}"
LISTED, FED = range(12), range(12, 16)
"""Lines of the invented articles: those of the list, those of the feed."""
EDITED, FRESH = 4, 20
"""The article that is edited, and the one that is new, an hour later."""
LIST = """channels = ["民生", "健康"]
list = {{ url = "{url}/openapi/v2/channel_article/list", params = {{ channelId = "{{channel}}", size = 5 }} }}
paging = {{ type = "page", param = "current", start = 1, total_pages = "data.articleList.pages", max_pages = 10 }}
items = "data.articleList.records[]"
detail = {{ url = "{url}/article/{{id}}", body = "article .content", drop = [".rec", ".editor"] }}
dates = {{ formats = ["%Y-%m-%d %H:%M:%S"] }}
window = {{ field = "updated" }}

[source.{id}.map]
id = "to_string(id)"
url = "url"
title = "listTitle"
published = "publishedAt"
updated = "updatedAt"
dedupe = "to_string(originalId)"
"""
"""A list in JSON of two channels, whose articles stand on pages of their own."""


# -- what is published -------------------------------------------------------------------------------


def mid(number: int) -> int:
    """The id of a status."""
    return int(status(number, 0, "", MORNING)["mid"])


def verified(name: str, kind: int) -> dict[str, Any]:
    """An account that the platform verifies."""
    return {"id": 9_990_900_000 + kind, "screen_name": name, "verified": True, "verified_type": kind}


def statuses() -> list[dict[str, Any]]:
    """What the search finds in the morning: of 70 hours, and none that is as young as ten minutes."""
    chance = random.Random(8)

    def at() -> datetime:
        return MORNING - timedelta(minutes=chance.randint(10, 70 * 60))

    made = [status(n, n, f"{TALK[n % 5].format(n)}，停水也照样", at()) for n in range(TALKS)]
    made += [status(2_000 + n, n, CLAIM + chance.choice(MARKS), at()) for n in range(SAYERS)]
    made += [status(3_000 + n, 100 + n, LONG, at()) for n in range(LONGS)]
    made += [status(4_000 + n, 200 + n, CLAIM, at()) for n in range(GONE)]
    made.append(status(5_000, 0, NOTICE, at(), user=verified(OTHER_OUTLET, 1)))
    made.append(status(5_001, 0, f"{CLAIM}！", at(), user=verified("云岫一名演员", 0)))
    return made


def new_statuses() -> list[dict[str, Any]]:
    """What an hour later is new."""
    return [status(6_000 + n, 300 + n, CLAIM + MARKS[n % 3], MORNING + timedelta(seconds=20 * n)) for n in range(NEWLY)]


def bulletins() -> list[dict[str, Any]]:
    """The timeline of a body that the platform verifies."""
    texts = (NOTICE, "柳渡路阀门已经换好，凌晨3时起恢复自来水，水发白是气泡，静置两分钟就会变清。", "周末愉快。")
    account = verified(OUTLET, 1)
    return [status(7_000 + n, 0, text, MORNING - timedelta(hours=2 + n), user=account) for n, text in enumerate(texts)]


def story(number: int, published: datetime, **more: Any) -> dict[str, Any]:
    """One of the invented articles; some end in a byline."""
    title, *body = _LINES[number].split("\t")
    return {
        "id": 1_800_000 + number,
        "originalId": 1_700_000 + number,
        "title": title,
        "body": [*body, _BYLINE],
        "published": published.isoformat(),
        **more,
    }


def stories(numbers: range) -> list[dict[str, Any]]:
    """Articles, five hours apart, the last of them ten minutes old in the morning."""
    return [story(n, MORNING - timedelta(minutes=10, hours=5 * (numbers[-1] - n))) for n in numbers]


# -- the desk ----------------------------------------------------------------------------------------


@dataclass
class Town:
    """Stand-ins by name."""

    servers: Mapping[str, Running]

    def __getitem__(self, name: str) -> Running:
        return self.servers[name]

    def declare(self, desk: Desk) -> None:
        """All sources; ``asleep``, ``expired`` and ``unarmed`` are on a server of their own."""
        quiet = self["quiet"].url
        asleep = publisher("rss", f'list = {{ url = "{quiet}/feed.rss" }}\n', id="asleep")
        expired = publisher("atom", f'list = {{ url = "{quiet}/feed.atom" }}\n', id="expired")
        feed = f'list = {{ url = "{self["feed"].url}/feed.rss" }}\ndetail = {{ body = "article .content" }}\n'
        desk.declare(
            search=weibo(self["weibo"].url, id="search"),
            other=weibo(self["other"].url, id="other"),
            bulletin=timeline(self["weibo"].url, OUTLET, id="bulletin"),
            news=publisher("json_list", LIST.format(url=self["news"].url, id="news"), id="news"),
            feed=publisher("rss", feed, id="feed"),
            asleep=asleep.replace("daily_requests", 'active_hours = "09-23", daily_requests'),
            expired=expired.replace("2099-12-31", "2026-11-21"),
            unarmed=weibo(quiet, id="unarmed").replace("env:STAND_IN", "env:NOT_SET"),
        )

    def dawns(self) -> None:
        """The morning."""
        weibo = {"county": "云岫区", "unknown_field": True, "token": CREDENTIAL}
        gone = [mid(4_000 + n) for n in range(GONE)]
        elsewhere = [status(n, 500 + n, CLAIM, MORNING - timedelta(hours=n + 1)) for n in range(ELSEWHERE)]
        self._tell("weibo", **weibo, statuses=[*statuses(), *bulletins()], deleted=gone)
        self._tell("other", **weibo, statuses=elsewhere)
        self._tell("news", now=MORNING.isoformat(), two_channels=True, articles=stories(LISTED))
        self._tell(
            "feed", now=MORNING.isoformat(), articles=stories(FED), etag=True, summaries=True, gb18030="undeclared"
        )
        self._tell("quiet", now=MORNING.isoformat(), articles=stories(range(30, 33)))

    def goes_on(self) -> None:
        """An hour later: new statuses, whose pages overlap; an article was edited and one is new."""
        weibo = {"county": "云岫区", "unknown_field": True, "duplicate": True}
        self._tell("weibo", **weibo, statuses=[*statuses(), *new_statuses(), *bulletins()])
        edited = next(one for one in stories(LISTED) if one["id"] == 1_800_000 + EDITED)
        edited |= {"updated": (MORNING + timedelta(minutes=30)).isoformat(), "title": f"{edited['title']}（更新）"}
        edited["body"] = [*edited["body"], "更正：本文于8时30分更新，停水时间改为凌晨1时至3时，以这一版为准。"]
        kept = [one for one in stories(LISTED) if one["id"] != edited["id"]]
        fresh = story(FRESH, MORNING + timedelta(minutes=20))
        self._tell("news", now=LATER.isoformat(), two_channels=True, articles=[*kept, edited, fresh])

    def _tell(self, name: str, **scenario: Any) -> None:
        self[name].set(reset=True, **scenario)

    def hits(self) -> dict[str, list[Hit]]:
        """What every server was asked since the last time."""
        found = {name: server.hits() for name, server in self.servers.items()}
        for server in self.servers.values():
            server.clear()
        return found


@contextmanager
def town() -> Iterator[Town]:
    """The stand-ins, while the block lasts."""
    modules = {"weibo": "weibo", "other": "weibo", "news": "publisher", "feed": "publisher", "quiet": "publisher"}
    with ExitStack() as stack:
        yield Town({name: stack.enter_context(start(f"tests.servers.{module}")) for name, module in modules.items()})


def kept(desk: Desk, folder: Path) -> Desk:
    """A copy of the desk as it is now."""
    shutil.copytree(desk.folder, folder)
    return Desk(folder, desk.env)


# -- what came of it ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reading:
    """One round: what the servers were asked, what it said, and the desk as it was then."""

    hits: Mapping[str, Sequence[Hit]]
    said: str
    desk: Desk

    def asked(self, server: str, path: str = "/") -> list[Hit]:
        """What a server was asked at paths that begin so."""
        return [hit for hit in self.hits[server] if hit.path.startswith(path)]

    def outcomes(self, source: str) -> dict[str, int]:
        """What became of all texts of a source so far."""
        query = "SELECT outcome, sum(n) FROM tally WHERE unit = 'text' AND source = ? GROUP BY outcome HAVING sum(n)"
        return dict(self.desk.rows(query, source))

    def articles(self, source: str) -> dict[str, tuple[str, str, int]]:
        """Title, text and version of a source's articles by key."""
        rows = self.desk.rows("SELECT key, title, text, version FROM article WHERE source = ?", source)
        return {key: (title, text, number) for key, title, text, number in rows}

    def row(self, source: str) -> str:
        """What was said of a source."""
        return next(line for line in self.said.splitlines() if line.split(":")[0].split(" ")[0] == source)


def stretches(hits: Sequence[Hit]) -> dict[str, set[tuple[int, int]]]:
    """The windows that were searched, by query; of what was too much for one query only its parts."""
    found: dict[str, set[tuple[int, int]]] = {}
    for hit in hits:
        if hit.path == SEARCH:
            found.setdefault(hit.query["q"], set()).add((int(hit.query["starttime"]), int(hit.query["endtime"])))
    return {q: {window for window in some if not _parts(window, some)} for q, some in found.items()}


def _parts(whole: tuple[int, int], some: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Those of ``some`` that lie within ``whole``."""
    return [one for one in some if one != whole and whole[0] <= one[0] and one[1] <= whole[1]]


def assert_tiled(windows: set[tuple[int, int]], since: datetime, until: datetime) -> None:
    """The windows follow each other without gap or overlap."""
    ends = [int(since.timestamp())]
    for begin, end in sorted(windows):
        assert begin == ends[-1]
        ends.append(end)
    assert ends[-1] == int(until.timestamp())
