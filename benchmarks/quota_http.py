"""What the quota planner finds over HTTP, beside round-robins with the same requests: the real crawl, a made district.

    python -m benchmarks.quota_http

All arms crawl the same stand-in for three simulated days, a round every simulated hour, with a quarter of the requests
that reading every lane to its end at every round takes. The round-robins are the same crawl, only that each round takes
the lanes in turn: one call for each, or each to its end. A claim is found when its wording stands above the floor in
the database, in time when that is within two hours of the moment at which its fifth account had said it. The rest of
what is counted says less: whatever the order, everything is read within a few hours.
"""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.utils.reactor import install_reactor

from benchmarks.district import BEGIN, HOUR, SPAN, District, clause_of, full, make, packs, reader, wordings
from chengqing import logs, quota, workspace
from chengqing.clock import ReplayClock
from chengqing.crawl import asking, child, rounds
from chengqing.crawl.order import Order
from chengqing.source import Crawled
from tests.servers.running import start

SEEDS = (1, 2, 3)
PART = 4
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


# -- rounds in one process ---------------------------------------------------------------------------


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
        self._said = json.dumps(child.crawl(Order(**self._order))).encode()

    def poll(self) -> int:
        return self.returncode

    def communicate(self) -> tuple[bytes, bytes]:
        return self._said, b""


class Process:
    """Scrapy's process, on one reactor for all rounds."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
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
    """The loop of the one reactor that a process can have, running."""
    started, loop = threading.Event(), asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
        reactor: Any = import_module("twisted.internet.reactor")
        reactor.callWhenRunning(started.set)
        reactor.run(installSignalHandlers=False)

    threading.Thread(target=run, daemon=True).start()
    started.wait()
    return loop


def in_turn(lanes: Iterable[quota.Lane], spare: quota.Quota, *, now: int, round_seconds: int) -> quota.Plan:  # noqa: ARG001
    """The plan of a round-robin of one call a lane: those that were looked at longest ago."""
    return _first(sorted(lanes, key=lambda lane: (lane.looked_at, lane.name)), spare, round_seconds)


def to_the_end(lanes: Iterable[quota.Lane], spare: quota.Quota, *, now: int, round_seconds: int) -> quota.Plan:  # noqa: ARG001
    """The plan of a round-robin that reads one lane after the other to its end: those begun first."""

    def begun(lane: quota.Lane) -> bool:
        return lane.looked_at - lane.since > HOUR // 2

    return _first(sorted(lanes, key=lambda lane: (not begun(lane), lane.looked_at, lane.name)), spare, round_seconds)


def _first(lanes: Iterable[quota.Lane], spare: quota.Quota, round_seconds: int) -> quota.Plan:
    """As many of the lanes, in their order, as a round has calls."""
    names = [lane.name for lane in lanes]
    share = quota.share_of(spare, round_seconds)
    return quota.Plan(tuple(quota.Choice(name, "value") for name in names[:share]), tuple(names[share:]))


REPLACED: tuple[tuple[object, str, object], ...] = (
    (rounds, "subprocess", Namespace(Popen=Here, PIPE=None)),
    (asking, "AsyncCrawlerProcess", Process),
    (child._Child, "_watch", lambda _: None),
    (workspace, "load_reader", lambda *_, **__: reader()),
    (workspace, "load_packs", packs),
)
"""What makes a round cost no more than its requests; all else is the program's own."""
ARMS: Mapping[str, tuple[tuple[object, str, object], ...]] = {
    "planner": (),
    "round-robin": ((quota, "plan", in_turn),),
    "to the end": ((quota, "plan", to_the_end),),
}


# -- one arm -----------------------------------------------------------------------------------------


def arm(name: str, seed: int) -> None:
    """Crawl the district; print when which of its claims was found (seconds from the beginning), and the requests."""
    for place, what, by in (*REPLACED, *ARMS[name]):
        setattr(place, what, by)
    os.environ["BENCH"] = "x"
    logs.configure("error")
    made = make(seed)
    with start("benchmarks.district", str(seed)) as server, tempfile.TemporaryDirectory() as place:
        found = crawl(
            desk(Path(place), server.url, made), {clause_of(claim.text): n for n, claim in enumerate(made.claims)}
        )
        print(json.dumps({"found": found, "requests": len(server.hits())}))


def desk(folder: Path, url: str, made: District) -> Path:
    """A data directory that reads the district with a part of the requests."""
    (folder / "sources").mkdir()
    (folder / "chengqing.toml").write_text('[desk]\ncontact = "https://desk.example/about"\n', encoding="utf-8")
    declared = _SOURCE.format(url=url, daily=full(made) // PART, hazards=json.dumps(list(wordings())))
    (folder / "sources" / "search.toml").write_text(declared, encoding="utf-8")
    return folder


def crawl(folder: Path, clauses: Mapping[str, int]) -> dict[int, int]:
    """A round every hour; when which claim was found, by its clause."""
    found: dict[int, int] = {}
    for number in range(1, SPAN // HOUR + 1):
        clock = ReplayClock(BEGIN + timedelta(seconds=number * HOUR))
        with workspace.open_workspace(folder, None, clock, keep_turn=False) as opened:
            sources = [source for source in opened.config.sources.values() if isinstance(source, Crawled)]
            rounds.Rounds(opened, None, "error", warn=print).once(sources)
        with closing(sqlite3.connect(folder / "chengqing.db")) as connection:
            for (clause,) in connection.execute("SELECT text FROM shared_clause"):
                if clause in clauses:
                    found.setdefault(clauses[clause], number * HOUR)
    return found


# -- both --------------------------------------------------------------------------------------------

MEASURES: Mapping[str, Callable[[float, float, float], bool]] = {
    "in time": lambda started, knowable, at: at - knowable <= 2 * HOUR,
    "within 6 h": lambda started, knowable, at: at - started <= 6 * HOUR,
    "within 12 h": lambda started, knowable, at: at - started <= 12 * HOUR,
    "within 72 h": lambda started, knowable, at: at - started <= 72 * HOUR,
}


def measure(name: str, seed: int) -> dict[str, int]:
    """What an arm found, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.quota_http", name, str(seed)]
    told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    claims = make(seed).claims
    waits = [(claims[int(n)].started, claims[int(n)].knowable, at) for n, at in told["found"].items()]
    return {"requests": told["requests"]} | {key: sum(fits(*wait) for wait in waits) for key, fits in MEASURES.items()}


def main() -> None:
    """All arms on every seed, two at a time; then the ratios of the sums."""
    with ThreadPoolExecutor(2) as pool:
        jobs = {(name, seed): pool.submit(measure, name, seed) for seed in SEEDS for name in ARMS}
        found = {key: job.result() for key, job in jobs.items()}
    for seed in SEEDS:
        print(f"seed {seed}: {len(make(seed).claims)} claims; {full(make(seed))} requests a day read everything hourly")
        for name in ARMS:
            print(f"  {name:12}", json.dumps(found[name, seed]))
    for key in MEASURES:
        ours, *others = (sum(found[name, seed][key] for seed in SEEDS) for name in ARMS)
        told = (f"{name} {n}, ratio {ours / max(1, n):.2f}" for name, n in zip(list(ARMS)[1:], others, strict=True))
        print(f"{key}: planner {ours}; {'; '.join(told)}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        arm(sys.argv[1], int(sys.argv[2]))
