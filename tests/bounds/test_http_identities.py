"""Bound 3 over HTTP: 1,000 planted identities in all that sources say, and none in any byte that is left anywhere.

Sources are read as people read them, at log level debug, by processes with a home, a temporary and a working directory
of their own: whole answers and answers that are broken in every way, twice, tried, killed in the middle, forgotten.
After each command every file and all that was said is searched. Secrets are looked for in the same way.
"""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from urllib.parse import urljoin

import psutil
import pytest

from chengqing.clock import CHINA
from spiders.record import digest
from tests.servers.base import Asked
from tests.servers.wechat import ARTICLE
from tests.servers.weibo import BATCH, SEARCH
from tests.support import planted
from tests.support.desk import publisher, timeline, wechat, weibo
from tests.support.planted_http import (
    OUTLET,
    STRANGER,
    TOKENS,
    CrowdedWechat,
    CrowdedWeibo,
    PeopleServer,
    search_moods,
    serving,
)
from tests.support.planted_press import CrowdedPublisher, foreign
from tests.support.program import until
from tests.support.search import Search, certain, contents, describe
from tests.support.site import Site

pytestmark = pytest.mark.timeout(600)  # much of it waits for a machine that may have other things to do

NOW = datetime.now(CHINA).replace(microsecond=0)
FIRST = (NOW - timedelta(hours=1)).isoformat()
"""When the first round begins; the second one's time is the present."""
AT = NOW - timedelta(hours=3)
SAID = (
    "紧急通知：云岫区今晚10点起全区停水三天，主管道要大修，家家户户赶紧接水储水，老人孩子的用水提前备好",
    "听说小龙虾和西瓜一起吃会产生砒霜，昨晚柳渡夜市有一家三口吃完送去洗胃，家里有孩子的千万别再吃了，转给家人",
    "吃了虾蟹两个小时内不能吃葡萄石榴和维C片，虾壳里的五价砷遇到维生素C变成三价砷，就是砒霜，会七窍流血",
)
ANSWER = (
    "今天下午，云岫区自来水停三天的消息在网上流传。云岫供水公司核实：该消息不实，全区没有停水三天的计划，"
    "柳渡路一处老旧阀门今夜0时至4时更换，其他街道供水不受影响。"
)
SECRET = "wT5kXn8RbQz3VmLc7YdPf2Hs"  # noqa: S105 - what only stand-ins take
ENVIRONMENT = ("env", f"STAND_IN={SECRET}")
_MAPPED = 'map = { url = "a::attr(href)", title = "a::attr(title)", published = ".date::text" }\n'
_DETAIL = 'detail = { body = "article .content" }\n'
FORMS = {
    "json_list": 'list = { url = "@/list.json" }\nitems = "data.articleList.records[]"\n'
    'map = { id = "id", url = "url", title = "listTitle", published = "publishedAt" }\n' + _DETAIL,
    "rss": 'list = { url = "@/feed.rss" }\n',
    "atom": 'list = { url = "@/feed.atom" }\n',
    "jsonfeed": 'list = { url = "@/feed.json" }\n',
    "sitemap": 'list = { url = "@/sitemap.xml" }\n',
    "html_list": 'list = { url = "@/list.html" }\nitems = "ul.list > li"\n' + _MAPPED + _DETAIL,
    "xml_list": 'list = { url = "@/module/dataproxy.jsp" }\nitems = "recordset > record"\n' + _MAPPED + _DETAIL,
}
"""The seven forms of a publisher's list; ``@`` stands for the server's address and a folder."""
SPOILT = [
    *"500 cut drop truncated utf-16 zipped list html 404 401 away onward length header chunks captcha tail".split(),
    "status line",
]
"""What goes wrong with a feed, a feed each; two in a row at most, since after three failures a host is left alone."""
PAGES = {"/atom/feed.atom": ["gb18030"], "/json_list/article/2": ["404"], "/json_list/article/3": ["gb18030"]}
LATER = {
    **{f"/json_list/article/{n}": ["410"] for n in (1, 2)},
    "/rss/feed.rss": ["gb18030"],
    "/html_list/list.html": ["tail"],
    "/jsonfeed/feed.json": ["utf-16"],
}
KINDS = set("server_error network garbled changed_shape redirected captcha auth_required not_permitted".split())


# -- desks and what they read --------------------------------------------------------------------------


@dataclass
class Town:
    """The three servers, and a desk that reads them."""

    site: Site
    weibo: PeopleServer
    wechat: PeopleServer
    press: PeopleServer
    faults: set[str] = field(default_factory=set)

    @property
    def servers(self) -> tuple[PeopleServer, ...]:
        return self.weibo, self.wechat, self.press

    @property
    def hits(self) -> list[Asked]:
        return [hit for server in self.servers for hit in server.hits]

    def run(self, *args: str, code: int = 0) -> bytes:
        return self.site.run(*args, code=code, wrap=ENVIRONMENT)

    def crawl(self, *args: str) -> None:
        """A round; why something was not read is remembered."""
        self.run("crawl", "--once", *args)
        self.faults |= {why for (why,) in self.site.rows("SELECT DISTINCT why FROM window WHERE why IS NOT NULL")}

    def declare(self, spoilt: list[str]) -> None:
        """All sources; behind each two feeds of which something goes wrong comes one that is well."""
        mine = {
            "search": weibo(self.weibo.url, hazards=("water-supply", "seafood-fish", "fruit-scares"), poll=5),
            "timeline": timeline(self.weibo.url, OUTLET, poll=5),
            "stranger": timeline(self.weibo.url, STRANGER, poll=5, id="stranger"),
            "wechat": wechat(self.wechat.url, poll=5),
        }
        well = [*((kind, f"/{kind}") for kind in FORMS), *(("rss", f"/more{n}") for n in range(len(spoilt) // 2))]
        order: list[tuple[str, str]] = []
        for n in range(len(spoilt)):
            order += [("rss", f"/spoilt{n}"), *([well.pop(0)] if n % 2 else [])]
        for n, (kind, folder) in enumerate([*order, *(one for one in well if not one[1].startswith("/more"))]):
            text = FORMS[kind].replace("@", self.press.url + folder)
            mine[f"p{n:02}"] = publisher(kind, text, poll=5, id=folder[1:].replace("_", "-"))
        (self.site.data / "chengqing.toml").write_text('[desk]\ncontact = "https://desk.example/about"\n', "utf-8")
        for name, text in mine.items():
            (self.site.data / "sources" / f"{name}.toml").write_text(text, encoding="utf-8")


def spoil(moods: list[str]) -> dict[str, list[str]]:
    return {f"/spoilt{n}/feed.rss": [mood] for n, mood in enumerate(moods)}


@pytest.fixture(scope="module")
def who() -> planted.Identities:
    return planted.Identities(1)


@pytest.fixture(scope="module")
def search(who: planted.Identities) -> Search:
    return Search([*who.every(), SECRET, *TOKENS])


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Town]]:
    """Three desks with servers of their own: one that reads on, one that is killed, one without guards."""
    with ExitStack() as stack:
        made = {}
        for name in ("whole", "killed", "bare"):
            who = planted.Identities(1)  # the same ones, each time from the first on
            crowds = (CrowdedWeibo(who, SAID, AT), CrowdedWechat(who, ANSWER, AT), CrowdedPublisher(who, ANSWER, AT))
            first, second, third = (stack.enter_context(serving(crowd)) for crowd in crowds)
            made[name] = Town(Site(tmp_path_factory.mktemp(name)), first, second, third)
        days = {"whole": _whole, "killed": _killed, "bare": _bare}
        with ThreadPoolExecutor(len(made)) as pool:
            for done in [pool.submit(day, made[name]) for name, day in days.items()]:
                done.result()
        yield made


def _whole(town: Town) -> None:
    """A desk's day."""
    town.declare(SPOILT)
    town.weibo.crowd.change(search_moods("500", "cut", "drop", "truncated", "utf-16", "zipped", "html", "list", "busy"))
    town.press.crowd.change({**spoil(SPOILT), **PAGES})
    town.crawl("--as-of", FIRST)
    _tries(town)
    town.run("source", "resume", "stranger")
    town.weibo.crowd.change(
        {**search_moods("gone", "status line", "chunks", "header", "length", "away", "no captcha"), BATCH: ["gone"]}
    )
    town.press.crowd.change({**spoil([*SPOILT[1:], SPOILT[0]]), **LATER})
    town.wechat.crowd.change({ARTICLE: ["good", "truncated"]})
    town.crawl()
    claims = town.site.claims()
    assert [claim for claim in claims if claim["wording"] and claim["accounts_at_least"] >= 5]
    town.run("claims")
    town.run("source", "list")
    town.run("coverage")
    town.run("erase", claims[0]["id"], "--by", "somebody")
    town.run("retain")
    assert len(town.site.rows("SELECT 1 FROM article")) >= 20
    for source in ("weibo", "json-list"):
        town.run("source", "forget", source, "--yes", "--by", "somebody")


def _tries(town: Town) -> None:
    """One page each, of which four go wrong."""
    assert isinstance(town.wechat.crowd, CrowdedWechat)
    town.run("source", "try", "json-list")
    town.press.crowd.change({"/robots.txt": ["onward"]})
    town.run("source", "try", "rss", code=1)
    town.press.crowd.change({})
    town.weibo.crowd.change({SEARCH: ["expired"]})
    town.run("source", "try", "weibo", code=1)
    town.wechat.crowd.refuse(45009)
    town.run("source", "try", "wechat", code=1)
    town.wechat.crowd.refuse(None)


def _killed(town: Town) -> None:
    """A crawl whose every child is killed with a page in hand, and one that goes on."""
    town.declare([])
    town.weibo.crowd.change({SEARCH: ["good", "good", "hang"]})
    town.wechat.crowd.change({ARTICLE: ["good", "good", "hang"]})
    town.press.crowd.change({"/html_list/article/2": ["hang"]})
    process = town.site.start("crawl", "--once", "--as-of", FIRST, wrap=ENVIRONMENT)
    until(lambda: bool(town.press.asked("/html_list/article/2")) and len(town.wechat.asked(ARTICLE)) > 2, 60)
    until(lambda: len(town.weibo.asked(SEARCH)) > 2, 60)
    for child in psutil.Process(process.pid).children(recursive=True):
        child.kill()
    process.kill()
    town.site.look(process, -9)
    assert town.site.rows("SELECT 1 FROM window WHERE state = 'reading'")
    for server in town.servers:
        server.crowd.change({})
    town.crawl()
    assert any(claim["wording"] for claim in town.site.claims())


BARE = """
import logging, os
import spiders.logformat
log = logging.FileHandler(os.environ["TMPDIR"] + "/log")
spiders.logformat.silence = lambda: logging.root.addHandler(log)
import spiders.allow, spiders.polite, spiders.sifting, spiders.weibo_api
from urllib.parse import urlencode
from spiders.conversation import Ask

folder, chain = os.environ["TMPDIR"], "scrapy.downloadermiddlewares."
spiders.polite.POLITE["DOWNLOADER_MIDDLEWARES"] |= {
    chain + "cookies.CookiesMiddleware": 700, chain + "httpcache.HttpCacheMiddleware": 900,
}
spiders.polite.POLITE.update(
    COOKIES_ENABLED=True, HTTPCACHE_ENABLED=True, HTTPCACHE_DIR=folder + "/cache",
    LOG_FORMATTER="scrapy.logformatter.LogFormatter",
)
spiders.allow.HEADERS |= {b"cookie"}
spiders.sifting.hidden = lambda plan, record, edge: (f"{plan.source}:?{record.name}",)
spiders.weibo_api.Api.ask = lambda api, path, params, carry, private=None: Ask(
    url=f"{api.root}{path}?{urlencode({**params, 'access_token': api.token})}", carry=carry, private=private or {}
)
"""
"""Takes the guards away: there is a cache, a log as Scrapy writes it, cookies, a token in addresses, unsigned marks."""


def _bare(town: Town) -> None:
    """The same program without its guards."""
    town.declare(["onward"])
    town.press.crowd.change(spoil(["onward"]))
    hook = town.site.root / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(BARE, encoding="utf-8")
    town.site.run("crawl", "--once", wrap=(*ENVIRONMENT, f"PYTHONPATH={hook}"))


# -- what is found -------------------------------------------------------------------------------------


def test_nothing_of_anybody_is_left(search: Search, towns: Mapping[str, Town]) -> None:
    """Every source, every command, broken answers, a killed crawl: no identity, no secret, in any form."""
    whole, killed = (towns[name].site.seen for name in ("whole", "killed"))
    assert describe(certain(search.find(*whole), search.find(*killed))) == []


def test_every_identity_was_said(search: Search, who: planted.Identities, towns: Mapping[str, Town]) -> None:
    """Each of the 1,000 was sent to either desk: by titles and by headers, and found in a copy of what was sent."""
    for name in ("whole", "killed"):
        sent = search.find(*chain.from_iterable(server.sent for server in towns[name].servers))
        assert {found.identity for found in sent} >= set(who.every())


def test_everything_went_wrong_and_everything_was_read(towns: Mapping[str, Town]) -> None:
    """The failures happened that were to happen, and beside them every form of every source was read."""
    whole = towns["whole"]
    assert whole.faults >= KINDS and "fault" not in whole.faults, whole.faults
    read = {source for (source,) in towns["killed"].site.rows("SELECT source FROM tally WHERE outcome = 'kept'")}
    assert read >= {"weibo", "timeline", "wechat", *(kind.replace("_", "-") for kind in FORMS)}


def test_a_planted_copy_would_be_found(
    search: Search, who: planted.Identities, towns: Mapping[str, Town], tmp_path: Path
) -> None:
    """The arm that proves the search: a data directory with one raw answer in it."""
    (tmp_path / "raw").write_bytes(towns["killed"].wechat.sent[-1])
    assert {found.identity for found in search.find(*contents(tmp_path))} & set(who.every())


@pytest.mark.parametrize("place", ["temporary/cache", "temporary/log"])
def test_without_the_guards_people_would_be_found(
    search: Search, who: planted.Identities, towns: Mapping[str, Town], place: str
) -> None:
    """The arm: a cache of answers holds nearly all of them, a log in Scrapy's own words holds some."""
    bare = towns["bare"].site.root / place
    kept = contents(bare) if bare.is_dir() else [bare.read_bytes()]
    found = {one.identity for one in search.find(*kept)} & set(who.every())
    assert len(found) > (900 if bare.is_dir() else 2)


def test_secrets_stay_where_they_are(towns: Mapping[str, Town]) -> None:
    """Every call to Weibo and WeChat was made with one; the arm: an address that holds it gets into the log."""
    asked = [hit for hit in towns["whole"].hits if hit.path.startswith(("/2/", "/cgi-bin/freepublish"))]
    assert len(asked) > 30
    assert {hit.query["access_token"] for hit in asked} == {SECRET, TOKENS[1]}
    assert SECRET.encode() in (towns["bare"].site.root / "temporary" / "log").read_bytes()


def test_nobody_can_test_a_guess(who: planted.Identities, towns: Mapping[str, Town]) -> None:
    """What a list holds of individuals is remembered by a signed value; the arm: without a key a guess is confirmed."""

    def marks(town: Town) -> list[bytes]:
        url = f"{town.press.url}/json_list"
        told = [(one["id"], one["url"]) for one in foreign(who, "/json_list") if one["url"]]
        return [digest(id_, urljoin(url, link)).encode() for id_, link in told]

    for name in ("whole", "killed"):
        town = towns[name]
        assert not [mark for mark in marks(town) if any(mark in content for content in town.site.seen)]
    bare = towns["bare"]
    assert len([mark for mark in marks(bare) if any(mark in content for content in bare.site.seen)]) == 5


def test_nobody_borrows_a_name(towns: Mapping[str, Town]) -> None:
    """Cookies were set at every answer and none came back; every request says what asks, and whom to write to."""
    agent = f"chengqing/{version('chengqing')} (+https://desk.example/about)"
    allowed = {"accept", "accept-encoding", "accept-language", "content-length", "content-type", "host", "user-agent"}
    for name in ("whole", "killed"):
        hits = towns[name].hits
        assert len(hits) > 60 and {hit.headers["user-agent"] for hit in hits} == {agent}
        assert set().union(*(hit.headers for hit in hits)) <= allowed | {"if-none-match", "if-modified-since"}
    assert any(re.match("sid=", hit.headers.get("cookie", "")) for hit in towns["bare"].hits)
