"""Crawls that are killed at any moment: the next one goes on, and what stands is as if nothing had happened."""

import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.servers.running import Running, start
from tests.servers.wechat import publication
from tests.support.desk import AS_OF, Desk, publisher, wechat, weibo
from tests.support.statuses import CANDIDATES, MARKS, TALK, status

AT = datetime.fromisoformat(AS_OF)
SOURCES = ("weibo", "wechat", "news")
MOMENTS = ("start", "work", "work", "work", "end")
"""When a crawl is killed, five times in a row."""
VICTIMS = ("parent", "child", "both")
PATIENCE = 60
"""Seconds that anything may take on a machine that is busy."""
_MOST_TRIES = 20


# -- what there is to read ---------------------------------------------------------------------------


def statuses() -> list[dict[str, Any]]:
    """Three claims of many accounts and some small talk, all of the last 20 hours; some texts are long."""
    chance = random.Random(4)
    texts = [CANDIDATES[1], CANDIDATES[6], "今晚十点停水三天，主管道大修，赶紧接水，转给家人"]
    made = []
    for number in range(300):
        text = texts[number % 3] if number % 5 else f"{chance.choice(TALK).format(number)}，停水也照样"
        long = "大家互相转告一下。" * 20 if number % 12 == 1 else ""
        at = AT - timedelta(minutes=chance.randint(30, 20 * 60))
        made.append(status(number, chance.randrange(120), text + chance.choice(MARKS) + long, at))
    return made


def publications() -> list[dict[str, Any]]:
    """What the account has published: two pages of a list."""
    return [publication(number, int((AT - timedelta(hours=2 * number)).timestamp())) for number in range(1, 26)]


def news(url: str, *, daily: int = 10_000) -> str:
    """The list of a publisher, whose articles stand on pages of their own."""
    return publisher(
        "json_list",
        f"""channels = ["民生"]
list = {{ url = "{url}/openapi/v2/channel_article/list", params = {{ channelId = "{{channel}}", size = 20 }} }}
paging = {{ type = "page", param = "current", start = 1, total_pages = "data.articleList.pages", max_pages = 10 }}
items = "data.articleList.records[]"
map = {{ id = "to_string(id)", url = "url", title = "listTitle", published = "publishedAt", updated = "updatedAt" }}
detail = {{ url = "{url}/article/{{id}}", body = "article .content", drop = [".rec", ".editor"] }}
dates = {{ tz = "Asia/Shanghai", formats = ["%Y-%m-%d %H:%M:%S"] }}
window = {{ field = "updated", overlap_minutes = 120, max_age_days = 7 }}
""",
        poll=60,
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
_CLAIM = "hazard, mentions, questions, reposts, score, early_warning, rules, above_floor, first_hour, last_hour"


def state(desk: Desk) -> State:
    """All that a reading comes to, without ids: equal for crawls of the same sources under the same keys."""
    return {name: desk.rows(query) for name, query in _ROWS.items()} | {"time": read_time(desk), "claims": claims(desk)}


def read_time(desk: Desk) -> list[tuple[str, str, int, int, str]]:
    """What time of every lane was read, in whole hours; stretches that touch and came to the same are one."""
    merged: list[tuple[str, str, int, int, str]] = []
    for row in desk.rows("SELECT source, lane, since, until, state FROM window ORDER BY source, lane, since"):
        source, lane, since, until, became = row
        if merged and merged[-1][:2] + merged[-1][3:] == (source, lane, since, became):
            since = merged.pop()[2]
        merged.append((source, lane, since, until, became))
    return [(source, lane, since // 3600, until // 3600, became) for source, lane, since, until, became in merged]


def claims(desk: Desk) -> list[str]:
    """Every claim with its wording, its hours and its articles."""
    parts = {
        "SELECT text, guard, mentions FROM shared_clause WHERE claim = ? ORDER BY text",
        "SELECT hour, source, mentions, questions FROM claim_hour WHERE claim = ? ORDER BY 1, 2",
        "SELECT key, c.role FROM claim_article c JOIN article a ON a.id = c.article WHERE claim = ? ORDER BY 1",
    }
    found = desk.rows(f"SELECT id, {_CLAIM} FROM claim")  # noqa: S608 - names of columns
    return sorted(repr((row[1:], [desk.rows(part, row[0]) for part in sorted(parts)])) for row in found)


# -- desks -------------------------------------------------------------------------------------------


@dataclass
class Scene:
    """A source with its stand-in, and a crawl of it that nobody killed."""

    name: str
    server: Running
    text: str
    scenario: Mapping[str, Any]
    folder: Path
    needed: int = 0
    seconds: float = 0.0
    state: State = field(default_factory=dict)

    def desk(self, folder: Path, text: str = "") -> Desk:
        """A desk that has read nothing; from the second on with the first one's keys."""
        self.server.set(**self.scenario)
        self.server.clear()
        desk = Desk(folder)
        desk.declare(**{self.name: text or self.text})
        if self.needed:
            shutil.copytree(self.folder / "keys", folder / "keys")
        return desk

    def measure(self) -> None:
        """Crawl once without a break."""
        desk, began = self.desk(self.folder), time.monotonic()
        desk.crawl()
        self.seconds = time.monotonic() - began
        self.needed = len(self.server.hits())
        self.state = state(desk)

    def paid(self, desk: Desk) -> None:
        """No more was asked than was taken out of the budgets before."""
        asked = len(self.server.hits())
        used = desk.rows("SELECT used FROM budget ORDER BY used") if tables(desk) else []
        assert asked <= min((n for (n,) in used), default=0)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Scene]]:
    folder = tmp_path_factory.mktemp("reference")
    with ExitStack() as stack:
        servers = {
            "weibo": stack.enter_context(start("tests.servers.weibo")),
            "wechat": stack.enter_context(start("tests.servers.wechat")),
            "news": stack.enter_context(start("tests.servers.publisher", "--now", AS_OF)),
        }
        texts = {
            "weibo": weibo(servers["weibo"].url, hazards=("water-supply", "seafood-fish"), poll=60),
            "wechat": wechat(servers["wechat"].url, poll=60),
            "news": news(servers["news"].url),
        }
        scenarios: dict[str, dict[str, Any]] = {
            "weibo": {"statuses": statuses(), "county": "云岫区", "total_1300": True},
            "wechat": {"articles": publications()},
            "news": {},
        }
        made = {name: Scene(name, servers[name], texts[name], scenarios[name], folder / name) for name in SOURCES}
        together(Scene.measure, made.values())
        yield made


def together(do: Callable[[Scene], None], some: Any) -> None:
    """Do it for several scenes at a time."""
    with ThreadPoolExecutor(len(SOURCES)) as pool:
        list(pool.map(do, some))


def tables(desk: Desk) -> bool:
    """Whether the desk has tables by now."""
    with suppress(sqlite3.OperationalError):
        return (desk.folder / "chengqing.db").exists() and bool(desk.rows("SELECT count(*) FROM budget"))
    return False


def is_open(desk: Desk) -> bool:
    """Whether something is still to be read, or nothing is planned yet."""
    states = {state for (state,) in desk.rows("SELECT state FROM window")} if tables(desk) else set()
    return states != {"finished"}


# -- killing -----------------------------------------------------------------------------------------


@dataclass
class Killer:
    """Runs one desk's crawls and kills them."""

    scene: Scene
    desk: Desk
    chance: random.Random
    said: list[subprocess.Popen[bytes]] = field(default_factory=list)
    left: list[psutil.Process] = field(default_factory=list)

    def kill(self, moment: str, share: float, who: str) -> None:
        """Kill a crawl that is at work at the moment; ``share`` is how much of the requests were asked for by then."""
        for _ in range(_MOST_TRIES):
            process = self.desk.start("crawl", "--once", "--as-of", AS_OF)
            self.said.append(process)
            self._wait(process, moment, share)
            if process.poll() is None:
                self._strike(process, who)
                return
        raise AssertionError(f"no crawl was at work: {moment} {share}")

    def _wait(self, process: subprocess.Popen[bytes], moment: str, share: float) -> None:
        if moment == "start":
            time.sleep(self.chance.uniform(0, 0.7) * self.scene.seconds)
            return
        came = self._finished if moment == "end" else lambda: self._asked(share)
        late = came()
        while not came() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(self.chance.uniform(0, 0.3 * self.scene.seconds if late else 0.05))

    def _finished(self) -> bool:
        return not is_open(self.desk)

    def _asked(self, share: float) -> bool:
        return len(self.scene.server.hits()) >= share * self.scene.needed

    def _strike(self, process: subprocess.Popen[bytes], who: str) -> None:
        parent = psutil.Process(process.pid)
        children = parent.children()
        victims = {"parent": [parent], "child": children or [parent], "both": [*children, parent]}[who]
        self.left += children
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        process.wait(PATIENCE)

    def settle(self) -> None:
        """Let what is left end by itself; nobody may have been told of an error."""
        _, alive = psutil.wait_procs(self.left, PATIENCE)
        assert not alive
        for process in self.said:
            _, said = process.communicate(timeout=PATIENCE)
            assert b"Traceback" not in said, said.decode()


@pytest.mark.parametrize("seed", range(2))
def test_killed_and_run_again_is_as_if_never_killed(tmp_path: Path, scenes: Mapping[str, Scene], seed: int) -> None:
    """Five moments in a row for each source, fifteen in all."""

    def attack(scene: Scene) -> None:
        chance = random.Random(f"{seed} {scene.name}")
        killer = Killer(scene, scene.desk(tmp_path / scene.name), chance)
        for number, moment in enumerate(MOMENTS):
            killer.kill(moment, (number + chance.random()) / len(MOMENTS), chance.choice(VICTIMS))
            scene.paid(killer.desk)
        killer.settle()
        killer.desk.crawl()
        assert not is_open(killer.desk)
        assert state(killer.desk) == scene.state
        scene.paid(killer.desk)

    together(attack, scenes.values())
