"""Sources with stand-ins to be crawled again and again, and what a crawl of them comes to, so that two can be compared.

Ids and estimates of accounts depend on chance; the rest depends on the keys, which every desk of a scene shares.
"""

import random
import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.servers.running import Running
from tests.servers.wechat import publication
from tests.support.desk import Desk, publisher, wechat, weibo
from tests.support.statuses import CANDIDATES, MARKS, TALK, status

NOW = datetime.fromisoformat("2026-11-22T08:30:00+08:00")
POLL = 60
"""Minutes between two readings: a crawl that goes on within them plans nothing new."""
SOURCES = ("weibo", "wechat", "news")


# -- what there is to read ---------------------------------------------------------------------------


def statuses() -> list[dict[str, Any]]:
    """Three claims of many accounts and some small talk, all of the last 20 hours; some texts are long."""
    chance = random.Random(4)
    texts = [CANDIDATES[1], CANDIDATES[6], "今晚十点停水三天，主管道大修，赶紧接水，转给家人"]
    made = []
    for number in range(300):
        text = texts[number % 3] if number % 5 else f"{chance.choice(TALK).format(number)}，停水也照样"
        long = "大家互相转告一下。" * 20 if number % 12 == 1 else ""
        at = NOW - timedelta(minutes=chance.randint(30, 20 * 60))
        made.append(status(number, chance.randrange(120), text + chance.choice(MARKS) + long, at))
    return made


def _publications() -> list[dict[str, Any]]:
    """Two pages of a list; one entry names no publication."""
    broken = {"article_id": "?", "update_time": int(NOW.timestamp()), "news_item": []}
    return [broken] + [
        publication(number, int((NOW - timedelta(hours=2 * number)).timestamp())) for number in range(1, 26)
    ]


def scenario(source: str) -> dict[str, Any]:
    """What the stand-in of a source is told: the search must be bisected, the account's list has two pages."""
    if source == "weibo":
        return {"statuses": statuses(), "county": "云岫区", "total_1300": True}
    return {"articles": _publications()} if source == "wechat" else {}


def declared(source: str, url: str, daily: int = 10_000) -> str:
    """The source's file."""
    if source == "weibo":
        return weibo(url, hazards=("water-supply", "seafood-fish"), poll=POLL, daily=daily)
    return wechat(url, poll=POLL, daily=daily) if source == "wechat" else _news(url, daily)


def _news(url: str, daily: int) -> str:
    """A list in JSON whose articles stand on pages of their own. Its third page is never asked for: a hole."""
    return publisher(
        "json_list",
        f"""channels = ["民生"]
list = {{ url = "{url}/openapi/v2/channel_article/list", params = {{ channelId = "{{channel}}", size = 20 }} }}
paging = {{ type = "page", param = "current", start = 1, total_pages = "data.articleList.pages", max_pages = 2 }}
items = "data.articleList.records[]"
map = {{ id = "to_string(id)", url = "url", title = "listTitle", published = "publishedAt", updated = "updatedAt" }}
detail = {{ url = "{url}/article/{{id}}", body = "article .content", drop = [".rec", ".editor"] }}
dates = {{ tz = "Asia/Shanghai", formats = ["%Y-%m-%d %H:%M:%S"] }}
window = {{ field = "updated", overlap_minutes = 120, max_age_days = 7 }}
""",
        poll=POLL,
        daily=daily,
    )


# -- what stands -------------------------------------------------------------------------------------

State = Mapping[str, object]
_ROWS = {
    "outcomes": "SELECT source, unit, outcome, sum(n) FROM tally GROUP BY 1, 2, 3 HAVING sum(n) ORDER BY 1, 2, 3",
    "seen": "SELECT token, hour FROM seen ORDER BY token",
    "groups": "SELECT mentions, questions, reposts, score, bins, muted FROM pending ORDER BY 1, 2, 3, 4, 5, 6",
    "clauses": "SELECT hash, bins, mentions, shown FROM clause ORDER BY 1, 2, 3, 4",
    "known": "SELECT source, key, stamp FROM known ORDER BY 1, 2",
    "articles": "SELECT source, key, title, text, hazard, role, published, version FROM article ORDER BY key",
}
_CLAIMS = """SELECT id, hazard, mentions, questions, reposts, score, early_warning, rules, above_floor, first_hour,
last_hour FROM claim"""
_OF_CLAIM = (
    "SELECT text, guard, mentions FROM shared_clause WHERE claim = ? ORDER BY text",
    "SELECT hour, source, mentions, questions FROM claim_hour WHERE claim = ? ORDER BY 1, 2",
    "SELECT key, c.role FROM claim_article c JOIN article a ON a.id = c.article WHERE claim = ? ORDER BY 1",
)
_OWN = "FROM window WHERE lane <> 'recheck'"
"""How often a publisher's articles are looked at again depends on when a crawl begins."""
_WINDOWS = f"SELECT source, lane, since, until, state {_OWN} ORDER BY source, lane, since"


def state(desk: Desk) -> State:
    """All that a reading comes to: equal for crawls of the same sources under the same keys."""
    return {name: desk.rows(query) for name, query in _ROWS.items()} | {"time": _time(desk), "claims": _claims(desk)}


def _time(desk: Desk) -> list[tuple[str, str, int, int, str]]:
    """What became of the time of every lane, in whole hours; stretches that touch and came to the same are one."""
    merged: list[tuple[str, str, int, int, str]] = []
    for source, lane, since, until, became in desk.rows(_WINDOWS):
        touches = bool(merged) and (*merged[-1][:2], *merged[-1][3:]) == (source, lane, since, became)
        first = merged.pop()[2] if touches else since
        merged.append((source, lane, first, until, became))
    return [(source, lane, since // 3600, until // 3600, became) for source, lane, since, until, became in merged]


def _claims(desk: Desk) -> list[str]:
    """Every claim with its wording, its hours and its articles."""
    return sorted(repr((row[1:], [desk.rows(part, row[0]) for part in _OF_CLAIM])) for row in desk.rows(_CLAIMS))


def is_open(desk: Desk) -> bool:
    """Whether something is still to be read, or nothing is planned yet."""
    found = desk.rows(f"SELECT state IN ('waiting', 'reading') {_OWN}") if _has_tables(desk) else []
    return not found or any(waits for (waits,) in found)


def _has_tables(desk: Desk) -> bool:
    with suppress(sqlite3.OperationalError):
        return (desk.folder / "chengqing.db").exists() and bool(desk.rows("SELECT count(*) FROM budget"))
    return False


# -- scenes ------------------------------------------------------------------------------------------


@dataclass
class Scene:
    """A source with its stand-in, and a crawl of it that nothing disturbed: requests, seconds, what it came to."""

    name: str
    server: Running
    folder: Path
    needed: int = 0
    seconds: float = 0.0
    state: State = field(default_factory=dict)

    def measure(self) -> None:
        """The crawl that nothing disturbs."""
        desk, began = self.desk(self.folder), time.monotonic()
        desk.crawl(as_of=NOW.isoformat())
        self.seconds = time.monotonic() - began
        self.needed = self.asked()
        self.state = state(desk)

    def desk(self, folder: Path, daily: int = 10_000) -> Desk:
        """A desk that has read nothing, with the keys of the crawl that nothing disturbed."""
        self.server.set(reset=True, **scenario(self.name))
        self.server.clear()
        desk = Desk(folder)
        desk.declare(**{self.name: declared(self.name, self.server.url, daily)})
        if (self.folder / "keys").exists():
            shutil.copytree(self.folder / "keys", folder / "keys")
        return desk

    def asked(self) -> int:
        """Requests that the source got for the newest of the desks."""
        return len(self.server.hits())

    def assert_paid(self, desk: Desk) -> None:
        """No more was asked than was taken out of the day's budgets before."""
        asked = self.asked()
        used = [n for (n,) in desk.rows("SELECT used FROM budget")] if _has_tables(desk) else []
        assert asked <= min(used, default=0)
