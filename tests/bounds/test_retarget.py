"""Bounds 1 to 4 and 7: configurations that would turn the tool on people, refused at start with file, line and field.

Each is a desk of its own that differs from a good one by one mistake. All are run in one process that forks, so that
it is loaded once; a connection, or the look-up of a name, ends it with 99.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

import chengqing.source
from chengqing import address, demo
from chengqing.clock import CHINA
from chengqing.config import load_config
from chengqing.crawl.readers import reader_of
from chengqing.source import Crawled
from nlp.packs import load_packs
from spiders.conversation import Ask, Task
from spiders.edge import Edge
from tests.servers.running import Running, start
from tests.support.desk import Desk
from tests.support.mistakes import DESK, GOOD, MISTAKES, PEOPLE, PERSON, STAND_IN, VALUE
from tests.support.program import environment

# -- running them --------------------------------------------------------------------------------------

RUNNER = """
import json, os, sys

def hook(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen"):
        os._exit(99)

from chengqing.cli import main
sys.addaudithook(hook)
for folder in json.loads(sys.stdin.read()):
    read, write = os.pipe()
    if not (child := os.fork()):
        os.dup2(write, 1), os.dup2(write, 2), os.close(read)
        sys.argv = ["chengqing", "--data", folder, "crawl", "--once"]
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code
        sys.stdout.flush(), sys.stderr.flush()
        os._exit(code)
    os.close(write)
    with open(read, encoding="utf-8") as pipe:
        said = pipe.read()
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said]), flush=True)
"""


@dataclass
class Refusals:
    """What came of each mistake: exit code and words; ``folders`` are the desks."""

    folders: dict[str, Path] = field(default_factory=dict)
    told: dict[str, tuple[int, str]] = field(default_factory=dict)

    def run(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", RUNNER],
            input=json.dumps([str(folder) for folder in self.folders.values()]),
            env=environment({"STAND_IN": "x", "CHENGQING_LANG": "en"}),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        lines = done.stdout.splitlines()
        assert len(lines) == len(self.folders), done.stderr
        self.told = dict(zip(self.folders, (tuple(json.loads(line)) for line in lines), strict=True))


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with start("tests.servers.publisher") as running:
        yield running


@pytest.fixture(scope="module")
def refusals(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Refusals:
    """Every mistake, in a folder of its own, each source at a server that would answer."""
    root, found = tmp_path_factory.mktemp("retarget"), Refusals()
    for number, (name, mistake) in enumerate(MISTAKES.items()):
        kind = "feed" if mistake.kind == "desk" else mistake.kind
        folder = found.folders[name] = root / f"{number:03}"
        desk_text = mistake.text(DESK) if mistake.kind == "desk" else mistake.desk
        source = GOOD[kind] if mistake.kind == "desk" else mistake.text(GOOD[kind])
        write(folder, source.replace(STAND_IN, server.url), desk_text)
    for kind, text in GOOD.items():
        write(found.folders.setdefault(f"good {kind}", root / kind), text.replace(STAND_IN, server.url))
    found.run()
    return found


def write(folder: Path, source: str, desk_text: str = DESK) -> None:
    (folder / "sources").mkdir(parents=True)
    (folder / "chengqing.toml").write_text(desk_text, encoding="utf-8")
    (folder / "sources" / "demo.toml").write_text(source, encoding="utf-8")


def line_of(path: Path, field: str) -> int:
    """The line on which the field's first key stands, of a table the line of the table; 1 where there is none."""
    *tables, last = field.split(".")
    lines = path.read_text("utf-8").split("\n")
    words = [last.partition("[")[0], *reversed(tables)]
    stands = (n for word in words for n, line in enumerate(lines, 1) if line.startswith((f"{word} =", f"[{word}]")))
    return next(stands, 1)


def test_there_are_enough() -> None:
    """Forty were asked for."""
    assert len(MISTAKES) >= 40


@pytest.mark.parametrize("name", MISTAKES)
def test_it_is_refused_at_start(refusals: Refusals, name: str) -> None:
    """One line: file, line, field, what is wrong and what to do; not what stood there."""
    mistake, (code, said) = MISTAKES[name], refusals.told[name]
    folder = refusals.folders[name]
    path = folder / "chengqing.toml" if mistake.kind == "desk" else folder / "sources" / "demo.toml"
    where = mistake.field if mistake.kind == "desk" else f"source.demo.{mistake.field}"
    assert code == 3, said
    assert said.startswith(f"{path}:{line_of(path, mistake.field)}: {where}: ") and said.count("\n") == 1, said
    assert mistake.says in said and ";" in said
    assert not [part for part in (VALUE, PERSON, mistake.new or VALUE) if part in said]


def test_nothing_was_asked(refusals: Refusals, server: Running) -> None:
    """Not even robots.txt; and no folder holds more than was put there."""
    assert refusals.told and server.hits() == []
    kept = {path.name for name in MISTAKES for path in refusals.folders[name].rglob("*")}
    assert kept == {"chengqing.toml", "sources", "demo.toml"}


@pytest.mark.parametrize("kind", GOOD)
def test_without_a_mistake_it_would_go_out(refusals: Refusals, kind: str) -> None:
    """The arm: the files that the mistakes are made in are no mistakes, and lead to a process that asks."""
    assert refusals.told[f"good {kind}"] == (99, "")


def test_the_console_script_says_the_same(refusals: Refusals, server: Running, tmp_path: Path) -> None:
    """The program as people run it: refused with 3; without the mistake it asks."""
    env = {"STAND_IN": "x", "CHENGQING_LANG": "en"}
    desk = Desk(refusals.folders["uid in a path"], env)
    (desk.folder / "chengqing.toml").write_text(DESK, encoding="utf-8")
    assert PEOPLE in desk.run("crawl", "--once", code=3)
    assert server.hits() == []
    good = Desk(tmp_path, env)
    good.declare(demo=GOOD["feed"].replace(STAND_IN, server.url))
    good.run("crawl", "--once")
    assert {hit.path for hit in server.hits()} >= {"/robots.txt", "/feed.rss"}
    server.clear()


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://10.0.0.1", 1), ("http://127.0.0.1.evil.example", 1), ("http://127.0.0.1:80@evil.example", 3)],
)
def test_the_sample_town_stays_on_this_machine(tmp_path: Path, url: str, code: int) -> None:
    """Stand-ins of the demo, which the environment names."""
    town = dict.fromkeys(("weibo", "wechat", "app", "rongmei", "wanbao", "jikong"), url)
    given = json.dumps({**town, demo.END: datetime.now(CHINA).isoformat()})
    desk = Desk(tmp_path / "desk", {demo.SERVERS: given, "CHENGQING_LANG": "en"})
    said = desk.run("--data", str(tmp_path / "town"), "demo", code=code)
    assert "stand-in on this machine" in said and url not in said


# -- without the checks --------------------------------------------------------------------------------


class _Nothing:
    """Signs nothing, remembers nothing."""

    def at(self, hour: int) -> None:  # noqa: ARG002 - part of the protocol
        return None

    def visit(self, url: str) -> None:  # noqa: ARG002 - part of the protocol
        return None


def first_question(folder: Path) -> Ask:
    """What the source of a desk would ask first; nothing is sent."""
    source = load_config(folder).sources["demo"]
    assert isinstance(source, Crawled)
    now = datetime(2026, 11, 22, 8, tzinfo=CHINA)
    nothing: Any = _Nothing()
    packs = load_packs()
    reader = reader_of(source, packs)
    lane = "water-supply.999901.0" if source.kind == "weibo_search" else source.lanes()[0]
    edge = Edge("demo", nothing, now)
    ask = reader.begin(
        Task(window=1, source="demo", lane=lane, since=now - timedelta(1), until=now, edge=edge, memory=nothing)
    )
    parts = urlsplit(ask.url)
    assert any(rule.allows(ask.method, parts.netloc, parts.path) for rule in reader.rules)
    return ask


@pytest.mark.parametrize(
    ("name", "where", "check", "asked"),
    [
        ("ids of a list", address, ("_EXCLUDED_NAMES", {}), {"ids": [PERSON]}),
        ("search in the address", address, ("_EXCLUDED_NAMES", {}), {"s": [VALUE]}),
        ("uid in a path", address, ("_PERSON_PARTS", frozenset()), f"/u/{PERSON}/feed.rss"),
        ("weibo on the phone", address, ("denied", lambda host: False), "https://m.weibo.cn/feed"),
        ("a bridge to the other side", address, ("_BRIDGED", frozenset()), f"/telegram/channel/{VALUE}"),
        ("base in the office", address, ("is_loopback", lambda host: True), "http://10.0.0.1/2/search"),
        ("questions to the office", address, ("USERS_CHANNELS", ()), {"channelId": ["网络问政"]}),
        ("a county that is invented", chengqing.source, ("INVENTED", {}), "https://c.api.weibo.com/2/search"),
    ],
)
def test_without_the_check_it_would_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, where: Any, check: tuple[str, Any], asked: Any
) -> None:
    """The arm: with the one check taken out the source would ask just that, and its own list would allow it."""
    monkeypatch.setenv("STAND_IN", "x")
    mistake = MISTAKES[name]
    write(tmp_path / "desk", mistake.text(GOOD[mistake.kind]).replace("delay = 0", "delay = 2"))
    with pytest.raises(ValueError, match=r"source\.demo"):
        first_question(tmp_path / "desk")
    monkeypatch.setattr(where, *check)
    url = first_question(tmp_path / "desk").url
    given = parse_qs(urlsplit(url).query)
    assert given.items() >= asked.items() if isinstance(asked, dict) else asked in url
