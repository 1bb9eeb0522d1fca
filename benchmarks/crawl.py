"""HTTP to durable: posts a second of a crawl, beside two others that read the same pages in the same run.

    python -m benchmarks.crawl

All three ask the same stand-in on this machine, without pauses. *Bare* is Scrapy that only counts statuses. *Plain* is
Scrapy with what one would wire first: for every status ``jieba.lcut``, scikit-learn's ``predict``, one insert and one
commit. Rates are statuses a second between the server's first and last hit, so that start-up does not count.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.data import shared
from tests.servers.running import Running, start

AS_OF = "2026-11-22T08:00:00+08:00"
SINCE, UNTIL = 1_795_046_100, 1_795_305_300
"""The 72 hours up to five minutes before, as a first reading covers them."""
SOURCE = """[source.bench]
kind = "weibo_search"
base = "{url}"
access_basis = "official_api"
basis_note = "benchmark"
valid_until = 2099-12-31
may_store = true
politeness = {{ delay = 0, poll_minutes = 1440, daily_requests = 10000 }}
hazards = ["water-supply"]
divisions = ["999901"]
token = "env:BENCH"
"""
SPIDER = """
import sys
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

url, mode, folder = sys.argv[1:]

class Bare(scrapy.Spider):
    name = "bare"
    read = 0
    custom_settings = {{"LOG_ENABLED": False, "CONCURRENT_REQUESTS": 1, "TELNETCONSOLE_ENABLED": False}}
    async def start(self):
        for since, until in {cuts}:
            yield self.ask(since, until, 1)
    def ask(self, since, until, page):
        query = f"q=x&starttime={{since}}&endtime={{until}}&count=50&page={{page}}&access_token=x"
        address = f"{{url}}/2/search/statuses/limited.json?{{query}}"
        return scrapy.Request(address, cb_kwargs=dict(s=since, u=until, p=page))
    def parse(self, response, s, u, p):
        statuses = response.json()["statuses"]
        Bare.read += len(statuses)
        if mode == "plain":
            yield from ({{"text": status["text"]}} for status in statuses)
        if statuses:
            yield self.ask(s, u, p + 1)

settings = {{}}
if mode == "plain":
    settings["ITEM_PIPELINES"] = {{"benchmarks.crawl.PlainStack": 1}}
    settings["PLAIN_FOLDER"] = folder
process = AsyncCrawlerProcess(settings)
process.crawl(Bare)
process.start()
print(Bare.read)
"""
_HOURS = 6
CUTS = [(at, min(at + _HOURS * 3600, UNTIL)) for at in range(SINCE, UNTIL, _HOURS * 3600)]
"""Stretches of time that hold fewer statuses than the search gives for one query."""


class PlainStack:
    """An item pipeline as one would write it first."""

    def __init__(self, folder: str) -> None:
        from benchmarks.throughput import plain_model  # scikit-learn: only this process needs it

        self._model = plain_model()
        self._connection = sqlite3.connect(Path(folder) / "plain.db")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("CREATE TABLE post (id INTEGER PRIMARY KEY, text TEXT, flag INTEGER)")

    @classmethod
    def from_crawler(cls, crawler: Any) -> "PlainStack":
        """Scrapy's way of making a component."""
        return cls(crawler.settings["PLAIN_FOLDER"])

    def process_item(self, item: dict[str, str]) -> dict[str, str]:
        """Predict, insert, commit."""
        flag = int(self._model.predict([item["text"]])[0])
        self._connection.execute("INSERT INTO post (text, flag) VALUES (?, ?)", (item["text"], flag))
        self._connection.commit()
        return item


def ours(server: Running, folder: Path) -> int:
    """Statuses that a crawl of ours read."""
    (folder / "sources").mkdir(parents=True)
    (folder / "chengqing.toml").write_text('[desk]\ncontact = "https://desk.example/about"\n', encoding="utf-8")
    (folder / "sources" / "bench.toml").write_text(SOURCE.format(url=server.url), encoding="utf-8")
    program = Path(sys.executable).with_name("chengqing")
    subprocess.run(
        [program, "--data", folder, "crawl", "--once", "--as-of", AS_OF],
        env={**os.environ, "BENCH": "x"},
        check=True,
        capture_output=True,
    )
    with sqlite3.connect(folder / "chengqing.db") as connection:
        return int(connection.execute("SELECT sum(n) FROM tally WHERE unit = 'text'").fetchone()[0])


def scrapy(mode: str) -> Callable[[Running, Path], int]:
    """Statuses that the spider above read, alone or with the plain stack behind it."""

    def read(server: Running, folder: Path) -> int:
        done = subprocess.run(
            [sys.executable, "-c", SPIDER.format(cuts=CUTS), server.url, mode, str(folder)],
            check=True,
            capture_output=True,
            text=True,
        )
        return int(done.stdout)

    return read


def rate(server: Running, work: Callable[[Running, Path], int]) -> float:
    """Statuses a second between the server's first and last hit on its search."""
    server.clear()
    with tempfile.TemporaryDirectory() as folder:
        read = work(server, Path(folder) / "desk" if work is ours else Path(folder))
    hits = [hit.at for hit in server.hits("/2/search/statuses/limited.json")]
    print(f"    {read} statuses, {len(hits)} requests, {hits[-1] - hits[0]:.1f} s")
    return read / (hits[-1] - hits[0])


def main() -> None:
    """Three readers in turn, three times over."""
    rates: dict[str, list[float]] = {"ours": [], "bare": [], "plain": []}
    with start("benchmarks.everything", "--statuses", str(shared("statuses-dev.jsonl"))) as server:
        for _ in range(3):
            rates["ours"].append(rate(server, ours))
            rates["bare"].append(rate(server, scrapy("bare")))
            rates["plain"].append(rate(server, scrapy("plain")))
    best = {name: max(some) for name, some in rates.items()}
    print("HTTP to durable:", json.dumps({name: round(value) for name, value in best.items()}), "statuses/s")
    for name in ("bare", "plain"):
        pairs = [a / b for a, b in zip(rates["ours"], rates[name], strict=True)]
        print(f"ratio ours/{name} {best['ours'] / best[name]:.2f} (in pairs: {', '.join(f'{r:.2f}' for r in pairs)})")


if __name__ == "__main__":
    main()
