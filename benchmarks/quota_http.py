"""What the quota planner finds over HTTP, beside a round-robin with the same requests: the real crawl, a made district.

    python -m benchmarks.quota_http

Both arms crawl the same stand-in for four simulated days, a round every simulated hour, with a quarter of the requests
that reading every lane to its end at every round takes. Round-robin is the same crawl, only that each round begins with
the lanes that were looked at longest ago. A claim is found when its wording stands above the floor in the database.

The district is invented like that of :mod:`benchmarks.quota`: noise is log-normal over lanes, claims start within three
days, are said by 5 to 60 accounts within 6 to 24 hours, and come in swarms, the more the more harmful their hazard is.
Wordings are the corpus's. ``in time``: within two hours of the moment at which the fifth account has said it.
"""

import asyncio
import json
import math
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
from argparse import Namespace
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks import quota as district
from chengqing.clock import CHINA
from chengqing.crawl.lanes import search_terms
from nlp.packs import load_packs
from nlp.reader import Reader, load_reader
from nlp.text import normalise
from tests.servers.base import serve
from tests.servers.running import start
from tests.servers.weibo import Weibo
from tests.support.statuses import TALK, status

SEEDS = (1, 2, 3)
HAZARDS = 20
"""Those of which the corpus has most wordings."""
PART = 4
BEGIN = datetime(2026, 11, 22, tzinfo=CHINA)
HOUR, PAGE = 3600, 50
ROUNDS = district.SPAN // HOUR
_CORPUS = Path(__file__).parents[1] / "nlp" / "corpus"
_SOURCE = """[source.search]
kind = "weibo_search"
base = "{url}"
access_basis = "official_api"
basis_note = "benchmark"
valid_until = 2099-12-31
may_store = true
politeness = {{ delay = 0, poll_minutes = 60, daily_requests = {daily} }}
hazards = {hazards}
divisions = ["999901"]
token = "env:BENCH"
"""


# -- the district ------------------------------------------------------------------------------------


@cache
def _reader() -> Reader:
    return load_reader(())


@cache
def wordings() -> Mapping[str, Sequence[str]]:
    """Texts of the corpus that the gate keeps, by the hazard of whose searched terms they hold one; the most first."""
    hazards = load_packs().hazards
    lines = (json.loads(line) for file in sorted(_CORPUS.glob("*.jsonl")) for line in file.open(encoding="utf-8"))
    texts = (line["text"] for line in lines if line["kind"] == "claim")
    kept = {text: normalise(text) for text in texts if _reader().read(text)}
    found = {
        hazard.id: [text for text, words in kept.items() if any(term in words for term in search_terms(hazard))]
        for hazard in hazards.values()
    }
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:HAZARDS])


@dataclass(frozen=True)
class Post:
    """Seconds from the beginning, the claim's number or -1, an account, and what is said."""

    at: int
    claim: int
    account: int
    text: str


@dataclass
class District:
    """What is published, as the stand-in takes it; a number is a place in ``posts``."""

    posts: list[Post] = field(default_factory=list)
    claims: list[tuple[float, float, str]] = field(default_factory=list)
    """When each claim began, when its fifth account had said it, and its wording."""
    lanes: dict[str, list[int]] = field(default_factory=dict)
    """By searched term, newest first."""

    def search(self, words: tuple[str, ...], county: str, since: int, until: int) -> Sequence[int]:  # noqa: ARG002
        found = self.lanes.get(words[-1], [])
        first = bisect_left(found, 1 - until, key=lambda number: -self.at(number))
        return found[first : bisect_left(found, 1 - since, key=lambda number: -self.at(number))]

    def timeline(self, account: str) -> None:
        """Nobody's is asked for."""

    def others(self, account: str) -> Sequence[int]:  # noqa: ARG002
        return ()

    def numbered(self, mid: int) -> int | None:
        number = mid - self.mid(0)
        return number if 0 <= number < len(self.posts) else None

    def mid(self, number: int) -> int:
        return int(status(number, 0, "", BEGIN)["id"])

    def at(self, number: int) -> int:
        return int(BEGIN.timestamp()) + self.posts[number].at

    def record(self, number: int) -> Any:
        post = self.posts[number]
        return status(number, post.account, post.text, BEGIN + timedelta(seconds=post.at))


@cache
def make(seed: int) -> District:
    """The district of a seed."""
    chance, packs = random.Random(seed), load_packs()
    hazards = [packs.hazards[name] for name in wordings()]
    lively = [chance.gauss(0, 1) for _ in hazards]
    made = District()
    for hazard, much in zip(hazards, lively, strict=True):
        for term in search_terms(hazard):
            idle = [text for talk in TALK if not _reader().read(text := f"{talk.format(3)}，{term}")]
            common = 0.3 * much + math.sqrt(1 - 0.3**2) * chance.gauss(0, 1)
            for at, _ in district._noise(math.exp(2 * common), chance):
                made.posts.append(Post(int(at), -1, len(made.posts), chance.choice(idle)))
                made.lanes.setdefault(term, []).append(len(made.posts) - 1)
    weights = [math.exp(1.25 * much) * hazard.harm for hazard, much in zip(hazards, lively, strict=True)]
    _say(made, district._starts(weights, True, chance), chance)
    for numbers in made.lanes.values():
        numbers.sort(key=lambda number: -made.posts[number].at)
    return made


def _say(made: District, starts: Iterable[tuple[int, float]], chance: random.Random) -> None:
    """Claims, each with a wording of its own, found by every term that it holds."""
    left = [list(texts) for texts in wordings().values()]
    terms = [term for name in wordings() for term in search_terms(load_packs().hazards[name])]
    used: set[str] = set()
    for hazard, started in starts:
        text = next((text for text in chance.sample(left[hazard], len(left[hazard])) if text not in used), None)
        if text is None:
            continue
        used.add(text)
        said, held = district._said(started, chance), {term for term in terms if term in normalise(text)}
        for at in said:
            made.posts.append(Post(int(at), len(made.claims), 1_000_000 + len(made.posts), text))
            for term in held:
                made.lanes.setdefault(term, []).append(len(made.posts) - 1)
        made.claims.append((started, said[district.FLOOR - 1], text))


def clause_of(text: str) -> str:
    """The longest clause that is kept of a wording."""
    reading = _reader().read(text)
    return max((clause.text for clause in reading.clauses), key=len) if reading else ""


def full(made: District) -> int:
    """Requests a day that reading every lane to its end at every round takes."""
    lanes = sum(len(search_terms(load_packs().hazards[name])) for name in wordings())
    calls = lanes * ROUNDS
    for numbers in made.lanes.values():
        hours: dict[int, int] = {}
        for number in numbers:
            hours[made.posts[number].at // HOUR] = hours.get(made.posts[number].at // HOUR, 0) + 1
        calls += sum(n // PAGE for n in hours.values())
    return calls * district.DAY // district.SPAN


def stand_in(seed: int) -> None:
    """Serve the district."""

    def made(_: Namespace) -> Weibo:
        server = Weibo(())
        server._filed = server._shelf = make(seed)
        return server

    sys.argv = sys.argv[:1]
    serve(made)


# -- one arm -----------------------------------------------------------------------------------------


class Here:
    """A crawling process that is none: its work is done in this one, where the models are loaded already."""

    returncode = 0

    def __init__(self, *_: object, **__: object) -> None:
        self.stdin = self
        self._order: Mapping[str, Any] = {}
        self._said = b""

    def write(self, order: bytes) -> None:
        self._order = json.loads(order)

    def flush(self) -> None:
        from chengqing.crawl import child
        from chengqing.crawl.order import Order

        self._said = json.dumps(child.crawl(Order(**self._order))).encode()

    def poll(self) -> int:
        return self.returncode

    def communicate(self) -> tuple[bytes, bytes]:
        return self._said, b""


class Process:
    """Scrapy's process, on one reactor for all rounds."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        from scrapy.crawler import AsyncCrawlerRunner

        self._runner = AsyncCrawlerRunner(dict(settings))

    def create_crawler(self, spider: Any) -> Any:
        return self._runner.create_crawler(spider)

    def crawl(self, crawler: Any, **work: Any) -> "Process":
        self._begun = crawler, work
        return self

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self._crawl(), _loop()).result()

    async def _crawl(self) -> None:
        crawler, work = self._begun
        await self._runner.crawl(crawler, **work)

    def result(self) -> None:
        """What went wrong was raised."""


@cache
def _loop() -> asyncio.AbstractEventLoop:
    from scrapy.utils.reactor import install_reactor

    started, loop = threading.Event(), asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
        from twisted.internet import reactor

        reactor.callWhenRunning(started.set)  # type: ignore[attr-defined]
        reactor.run(installSignalHandlers=False)  # type: ignore[attr-defined]

    threading.Thread(target=run, daemon=True).start()
    started.wait()
    return loop


def in_turn(lanes: Iterable[Any], spare: Any, *, now: int, round_seconds: int) -> Any:  # noqa: ARG001 - a plan's own
    """The plan of a round-robin."""
    from chengqing import quota

    names = [lane.name for lane in sorted(lanes, key=lambda lane: (lane.looked_at, lane.name))]
    share = quota.share_of(spare, round_seconds)
    return quota.Plan(tuple(quota.Choice(name, "value") for name in names[:share]), tuple(names[share:]))


def arm(name: str, seed: int) -> None:
    """Crawl the district, and print when which of its claims was found (seconds from the beginning), and the calls."""
    from chengqing import quota, workspace
    from chengqing.crawl import asking, child, rounds

    rounds.subprocess = Namespace(Popen=Here, PIPE=None)  # type: ignore[attr-defined]
    asking.AsyncCrawlerProcess = Process  # type: ignore[misc, assignment]
    child._Child._watch = lambda _: None  # type: ignore[method-assign]
    workspace.load_reader = lambda *_, **__: _reader()  # type: ignore[attr-defined]
    if name == "round-robin":
        quota.plan = in_turn
    os.environ["BENCH"] = "x"
    made = make(seed)
    with start("benchmarks.quota_http", "serve", str(seed)) as server, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "sources").mkdir()
        (folder / "chengqing.toml").write_text('[desk]\ncontact = "https://desk.example/about"\n', encoding="utf-8")
        declared = _SOURCE.format(url=server.url, daily=full(made) // PART, hazards=json.dumps(list(wordings())))
        (folder / "sources" / "search.toml").write_text(declared, encoding="utf-8")
        found = _crawl(folder, {clause_of(text): number for number, (_, _, text) in enumerate(made.claims)})
        calls = len(server.hits())
    sys.stdout.write(json.dumps({"found": found, "calls": calls}))


def _crawl(folder: Path, clauses: Mapping[str, int]) -> dict[int, int]:
    """A round every hour; when which claim was found."""
    from chengqing import logs
    from chengqing.clock import ReplayClock
    from chengqing.crawl.rounds import Rounds
    from chengqing.workspace import open_workspace

    logs.configure("error")
    found: dict[int, int] = {}
    for number in range(1, ROUNDS + 1):
        clock = ReplayClock(BEGIN + timedelta(hours=number))
        with open_workspace(folder, None, clock, keep_turn=False) as opened:
            Rounds(opened, None, "error", warn=print).once(list(opened.config.sources.values()))  # type: ignore[arg-type]
        for clause in _clauses(folder):
            if clause in clauses:
                found.setdefault(clauses[clause], number * HOUR)
    return found


def _clauses(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "chengqing.db")) as connection:
        return [text for (text,) in connection.execute("SELECT DISTINCT text FROM shared_clause")]


# -- both --------------------------------------------------------------------------------------------

MEASURES: Mapping[str, Callable[[float, float, float], bool]] = {
    "in time": lambda started, knowable, at: at - knowable <= 2 * HOUR,
    "within 6 h": lambda started, knowable, at: at - started <= 6 * HOUR,
    "within 12 h": lambda started, knowable, at: at - started <= 12 * HOUR,
    "within 72 h": lambda started, knowable, at: at - started <= 72 * HOUR,
}


def measure(name: str, seed: int) -> dict[str, int]:
    """What an arm found, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.quota_http", name, str(seed)], check=True, stdout=subprocess.PIPE, text=True
    )
    told, claims = json.loads(done.stdout), make(seed).claims
    waits = [(*claims[int(number)][:2], at) for number, at in told["found"].items()]
    return {"calls": told["calls"]} | {key: sum(fits(*wait) for wait in waits) for key, fits in MEASURES.items()}


def main() -> None:
    """Both arms on every seed, two at a time; the ratio of the sums."""
    names = ("planner", "round-robin")
    with ThreadPoolExecutor(2) as pool:
        jobs = {(name, seed): pool.submit(measure, name, seed) for seed in SEEDS for name in names}
        found = {key: job.result() for key, job in jobs.items()}
    for seed in SEEDS:
        print(f"seed {seed}: {len(make(seed).claims)} claims, {full(make(seed))} requests a day would read everything")
        for name in names:
            print(f"  {name:12}", json.dumps(found[name, seed]))
    for key in MEASURES:
        sums = [sum(found[name, seed][key] for seed in SEEDS) for name in names]
        print(f"{key}: planner {sums[0]}, round-robin {sums[1]}, ratio {sums[0] / max(1, sums[1]):.2f}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    elif sys.argv[1] == "serve":
        stand_in(int(sys.argv[2]))
    else:
        arm(sys.argv[1], int(sys.argv[2]))
