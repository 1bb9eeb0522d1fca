"""Bounds 1 and 2 on the wire: which command asks anybody anything, and that nothing is asked which is not on a list.

The lists are written down here, apart from the program's own. Every process of the program notes where it connects to.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from chengqing.cli import app
from chengqing.clock import CHINA
from nlp import packs
from tests.servers.running import Hit, Running, start
from tests.servers.wechat import publication
from tests.support.desk import Desk, publisher, timeline, wechat, weibo
from tests.support.statuses import status

pytestmark = pytest.mark.timeout(600)  # much of it waits for a machine that may have other things to do

AT = datetime.now(CHINA).replace(microsecond=0)
OUTLET = "云岫发布"
LIST = "/openapi/v2/channel_article/list"
ALLOWED = {
    "weibo": "GET /robots.txt|GET /2/search/statuses/limited.json|GET /2/statuses/show_batch/biz.json|"
    "GET /2/statuses/user_timeline.json",
    "wechat": "GET /robots.txt|POST /cgi-bin/stable_token|POST /cgi-bin/freepublish/(?:batchget|getarticle)",
    "news": f"GET /robots.txt|GET {LIST}|GET /feed.rss|GET /article/[0-9]+",
}
"""All that may ever be asked of each stand-in here."""
NEVER = (
    "/s /s/ /2/comments/ /2/users/ /2/place/ /2/friendships/ /2/statuses/repost_timeline /2/statuses/show.json "
    "/2/direct_messages /cgi-bin/material/ /cgi-bin/user/ /cgi-bin/message/ /cgi-bin/draft/"
).split()
SEARCH_KEYS = {"q", "starttime", "endtime", "sort", "count", "page", "dup", "antispam", "access_token"}
KEYS = {
    "/2/search/statuses/limited.json": SEARCH_KEYS,
    "/2/statuses/show_batch/biz.json": {"ids", "isGetLongText", "trim_user", "access_token"},
    "/2/statuses/user_timeline.json": {"screen_name", "count", "page", "trim_user", "feature", "access_token"},
    "/cgi-bin/stable_token": set[str](),
    "/cgi-bin/freepublish/batchget": {"access_token"},
    "/cgi-bin/freepublish/getarticle": {"access_token"},
    LIST: {"channelId", "size", "current"},
}
"""Names of parameters by path: none but these."""
PERSONAL = "ids uid uids user_id province city base_app lat long coordinates range filter_ori hasori".split()
ASKING = {"crawl", "source try"}
HAZARDS = ("water-supply", "fruit-scares")
HOOK = """
import json, os, sys

EVENTS = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")

def hook(event, args):
    if event in EVENTS:
        where = args[1] if event in ("socket.connect", "socket.sendto") else args[0]
        note = os.open(os.environ["WIRE"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(note, json.dumps(repr(where)).encode() + b"\\n")
        os.close(note)

sys.addaudithook(hook)
"""


# -- desks ---------------------------------------------------------------------------------------------


def statuses() -> list[dict[str, Any]]:
    """What the search finds, some of it cut short, and a timeline; all of it leads to people and to other pages."""
    user = {"id": 9_990_500_001, "screen_name": OUTLET, "verified": True, "verified_type": 1}
    said = "听说今晚十点停水三天，主管道要大修，赶紧接水"
    tempting = {"comments_count": 9, "geo": {"coordinates": [31.1, 121.2]}, "region_name": "云岫区", "pic_ids": ["x"]}
    made = [
        status(n, n, said + "，大家转告" * (40 * (n % 2)), AT - timedelta(hours=2 + n), **tempting) for n in range(20)
    ]
    return made + [status(100 + n, 0, f"{said}：不实", AT - timedelta(hours=3 + n), user=user) for n in range(3)]


@dataclass
class Wire:
    """Three stand-ins, and desks that read them."""

    servers: Mapping[str, Running]
    folder: Path

    def desk(self, name: str, *sources: str) -> Desk:
        """A desk of its own, with the ``sources`` that are named, whose processes note what they connect to."""
        (hook := self.folder / "hook").mkdir(exist_ok=True)
        (hook / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
        proxy = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://[::1]:9")
        note = {"WIRE": str(self.folder / f"{name}.wire"), "PYTHONPATH": str(hook)}
        desk = Desk(self.folder / name, {"STAND_IN": "stand-in-credential", "CHENGQING_LANG": "en", **proxy, **note})
        desk.declare(**{source: text for source, text in self.sources().items() if source in sources})
        return desk

    def sources(self) -> dict[str, str]:
        """What may be declared, by id."""
        url = self.servers["news"].url
        params = '{ channelId = "{channel}", size = 20 }'
        listed = (
            f'channels = ["民生"]\nlist = {{ url = "{url}{LIST}", params = {params} }}\n'
            'paging = { type = "page", param = "current", total_pages = "data.articleList.pages" }\n'
            'items = "data.articleList.records[]"\ndates = { formats = ["%Y-%m-%d %H:%M:%S"] }\n'
            'map = { id = "to_string(id)", url = "url", title = "listTitle", published = "publishedAt" }\n'
            'detail = { body = "article .content" }\n'
        )
        return {
            "weibo": weibo(self.servers["weibo"].url, hazards=HAZARDS),
            "timeline": timeline(self.servers["weibo"].url, OUTLET),
            "wechat": wechat(self.servers["wechat"].url),
            "news": publisher("json_list", listed),
            "feed": publisher("rss", f'list = {{ url = "{url}/feed.rss" }}\n', id="feed"),
        }

    def connected(self, name: str) -> Counter[str]:
        """Where the desk's processes connected to since this was last asked."""
        note = self.folder / f"{name}.wire"
        lines = note.read_text("utf-8").splitlines() if note.exists() else []
        note.unlink(missing_ok=True)
        return Counter(json.loads(line) for line in lines)

    def hits(self) -> dict[str, list[Hit]]:
        """What each stand-in was asked since this was last asked."""
        found = {name: server.hits() for name, server in self.servers.items()}
        for server in self.servers.values():
            server.clear()
        return found


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with ExitStack() as stack:
        servers = {
            "weibo": stack.enter_context(start("tests.servers.weibo")),
            "wechat": stack.enter_context(start("tests.servers.wechat")),
            "news": stack.enter_context(start("tests.servers.publisher", "--now", AT.isoformat())),
        }
        servers["weibo"].set(statuses=statuses(), county="云岫区")
        page = f"{servers['wechat'].url}/s"
        links = (f"{page}/EXAMPLETOKEN", f"{page}?__biz=MzA0000000AAA==&mid=9990000002&idx=1&sn=0123456789abcdef")
        more = [{}, {"url": links[0], "content": ""}, {"url": links[1], "content": "获取全文失败"}]
        made = [publication(n, int((AT - timedelta(hours=n)).timestamp()), **more[n % 3]) for n in range(1, 7)]
        servers["wechat"].set(articles=made)
        yield Wire(servers, tmp_path_factory.mktemp("wire"))


@dataclass(frozen=True)
class Commands:
    """Where every command connected to, and what the stand-ins were asked by all of them."""

    connected: Mapping[str, Counter[str]]
    hits: Mapping[str, list[Hit]]
    queries: frozenset[str]


@pytest.fixture(scope="module")
def commands(wire: Wire) -> Commands:
    """Every command of the program once, the demo beside the others."""
    with ThreadPoolExecutor(1) as pool:
        town = pool.submit(_demo, wire)
        connected = _day(wire)
        connected["demo"] = town.result()
    hits = wire.hits()
    queries = {hit.query["q"] for hit in hits["weibo"] if "q" in hit.query}
    return Commands(connected, hits, frozenset(queries))


def _demo(wire: Wire) -> Counter[str]:
    desk = wire.desk("demo")
    for path in (desk.folder / "chengqing.toml", desk.folder / "sources"):
        path.unlink() if path.is_file() else path.rmdir()
    desk.run("demo")
    return wire.connected("demo")


def _day(wire: Wire) -> dict[str, Counter[str]]:
    """Commands in the order of a day."""
    desk, folder = wire.desk("day", *wire.sources()), wire.folder
    posts, own = folder / "posts.jsonl", folder / "own.jsonl"
    lines = (status(n, n, "听说今晚十点停水三天，主管道要大修，赶紧接水", AT - timedelta(hours=2)) for n in range(20))
    posts.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    own.write_text('{"id": 1, "text": "听说今夜停水"}\n', encoding="utf-8")
    found: dict[str, Counter[str]] = {}

    def do(name: str, *words: str | Path, code: int = 0) -> str:
        said = desk.run(*name.split(), *map(str, words), code=code)
        found[name] = wire.connected("day")
        return said

    do("crawl", "--once")
    do("source try", "news")
    do("source list")
    do("source resume", "weibo")
    do("coverage", "--json")
    do("import", posts, "--format", "weibo-status")
    said = do("claims", "--json")
    do("questions", "--json")
    do("triage", own)
    do("group", own)
    do("doctor")
    do("retain")
    do("erase", json.loads(said.splitlines()[0])["id"])
    do("source forget", "news", "--yes")
    (desk.folder / "chengqing.toml").unlink()
    do("init")
    return found


# -- who asks ------------------------------------------------------------------------------------------


def leaves(command: Any, name: str = "") -> Iterator[str]:
    """The names of all commands."""
    for word, inner in getattr(command, "commands", {}).items():
        yield from leaves(inner, f"{name} {word}".strip())
    if not getattr(command, "commands", {}):
        yield name


def test_every_command_was_run(commands: Commands) -> None:
    """A new command must be put on one list or the other."""
    assert set(leaves(get_command(app))) == set(commands.connected)


def test_two_commands_ask_and_nobody_else_does(wire: Wire, commands: Commands) -> None:
    """Neither a connection nor a look-up by any other; these two connect to the stand-ins alone, past any proxy.

    A number is looked up too, by itself.
    """
    asking = {name for name, connected in commands.connected.items() if connected}
    assert asking == ASKING
    known = {repr(("127.0.0.1", int(server.netloc.split(":")[1]))) for server in wire.servers.values()}
    number = repr("127.0.0.1")
    assert set(commands.connected["crawl"]) - {number} == known
    assert set(commands.connected["source try"]) - {number} < known


def test_the_note_is_taken(wire: Wire) -> None:
    """The arm: whatever connects, looks up a name or sends a packet is noted, in a process of this program too."""
    desk = wire.desk("rogue")
    words = (
        "import socket, urllib.request as r; socket.getaddrinfo('localhost', 80);"
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9));"
        f"r.build_opener(r.ProxyHandler({{}})).open('{wire.servers['news'].url}/feed.rss').read()"
    )
    subprocess.run([sys.executable, "-c", words], env={**os.environ, **desk.env}, check=False)
    assert sum(wire.connected("rogue").values()) >= 3
    wire.hits()


# -- what is asked -------------------------------------------------------------------------------------


def test_every_request_is_on_the_list(commands: Commands) -> None:
    """By method, path and names of parameters; and a good number were made."""
    for name, hits in commands.hits.items():
        asked = {f"{hit.method} {hit.path}" for hit in hits}
        assert [one for one in asked if not re.fullmatch(ALLOWED[name], one)] == []
        assert {hit.path for hit in hits} - {"/robots.txt"} and hits[0].path == "/robots.txt"
        assert [hit for hit in hits if not set(hit.query) <= KEYS.get(hit.path, set())] == []
    assert {path for hits in commands.hits.values() for path in (hit.path for hit in hits)} >= set(KEYS)


def test_what_is_never_asked(commands: Commands) -> None:
    """Pages of WeChat, although articles had no text but there; comments, users, places, friends, material."""
    paths = [hit.path for hits in commands.hits.values() for hit in hits]
    assert [path for path in paths if path in NEVER or path.startswith(tuple(n for n in NEVER if n[-1] == "/"))] == []


def shipped() -> set[str]:
    """The terms of the hazards that were asked for, as the shipped files have them."""
    found: set[str] = set()
    for path in Path(packs.__file__).with_name("packs").glob("*.toml"):
        for name, hazard in tomllib.loads(path.read_text("utf-8")).get("hazard", {}).items():
            found |= set(hazard["terms"]) if name in HAZARDS else set()
    return found


def test_a_query_is_a_shipped_term_in_a_county(commands: Commands) -> None:
    """County first, one term after it, and nothing else; no search says whose or where in any other way."""
    pairs = [query.split(" ") for query in commands.queries]
    assert len(pairs) > 8 and {county for county, *_ in pairs} == {"云岫区"}
    assert {term for _, *terms in pairs for term in [" ".join(terms)]} <= shipped()
    searches = [hit.query for hit in commands.hits["weibo"] if hit.path.endswith("limited.json")]
    assert all(set(query) == SEARCH_KEYS and not set(query) & set(PERSONAL) for query in searches)


PLACES = """name = "云岫区"
division = "330106"
streets = ["探针桥街道", "欧阳建国街道"]
schools = ["探针小学"]
outlets = ["探针发布"]
"""


@pytest.fixture(scope="module")
def changed(wire: Wire, commands: Commands) -> dict[str, list[Hit]]:
    """A crawl by a desk with places and words of its own, whose WeChat and news answer with WeChat's robots.txt."""
    assert commands.hits
    for name in ("wechat", "news"):
        wire.servers[name].set(robots="wx")
    desk = wire.desk("changed", "weibo", "wechat", "news", "feed")
    (desk.folder / "region.toml").write_text(PLACES, encoding="utf-8")
    given = (desk.folder / "chengqing.toml").read_text("utf-8")
    (desk.folder / "chengqing.toml").write_text(f'regions = ["region.toml"]\n{given}', encoding="utf-8")
    for folder in ("packs", "nlp/packs", "regions"):
        (desk.folder / folder).mkdir(parents=True)
        for name in ("public_service", "欧阳建国"):
            words = 'scope = "public_service"\n[hazard.water-supply]\nterms = ["欧阳建国", "探针"]\n'
            (desk.folder / folder / f"{name}.toml").write_text(words, encoding="utf-8")
    desk.run("crawl", "--once")
    return wire.hits()


def test_places_and_words_of_ones_own_change_no_query(commands: Commands, changed: dict[str, list[Hit]]) -> None:
    """A region file with streets and schools, files that look like packs: the queries are the same ones."""
    assert {hit.query["q"] for hit in changed["weibo"] if "q" in hit.query} == commands.queries


@pytest.mark.parametrize("name", ["wechat", "news"])
def test_an_explicit_disallow_is_obeyed(name: str, commands: Commands, changed: dict[str, list[Hit]]) -> None:
    """With WeChat's own robots.txt nothing is asked but that, of an official API either; without it, much was."""
    assert {hit.path for hit in changed[name]} == {"/robots.txt"}
    assert len({hit.path for hit in commands.hits[name]}) > 3
