"""Memory of a crawling process on a source of a million items, page after page committed.

    python -m benchmarks.memory

A search whose every status is a kept claim, and a publisher's list whose articles are kept notices, each crawled by the
real program until 2,000 pages are committed. Flat: the largest and the smallest of the last three quarters differ
little.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

from tests.servers.running import Running, start

AS_OF = "2026-11-22T08:00:00+08:00"
UNTIL = 1_795_305_600
ITEMS, PAGES, STEP = 1_000_000, 2_000, 200
_COMMON = """basis_note = "benchmark"
valid_until = 2099-12-31
may_store = true
politeness = {{ delay = 0, poll_minutes = 1440, daily_requests = 10000 }}
"""
SEARCH = (
    """[source.bench]
kind = "weibo_search"
base = "{url}"
access_basis = "official_api"
hazards = ["water-supply"]
divisions = ["999901"]
token = "env:BENCH"
"""
    + _COMMON
)
LIST = (
    """[source.bench]
kind = "json_list"
access_basis = "publisher_consent"
organisation = {{ name = "云岫发布", credit_code = "11000000MBT0000116" }}
list = {{ url = "{url}/openapi/v2/channel_article/list", params = {{ channelId = "C12", size = 50 }} }}
paging = {{ type = "page", param = "current", total_pages = "data.articleList.pages", max_pages = 50 }}
items = "data.articleList.records[]"
map = {{ id = "to_string(id)", url = "url", title = "listTitle", published = "publishedAt" }}
detail = {{ url = "{url}/article/{{id}}", body = "article .content", drop = [".rec", ".editor"] }}
dates = {{ formats = ["%Y-%m-%d %H:%M:%S"] }}
"""
    + _COMMON
)


@contextmanager
def crawling(server: Running, source: str) -> Iterator[tuple[psutil.Process, Path]]:
    """A crawl at work: its process and its data directory."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "sources").mkdir()
        (folder / "chengqing.toml").write_text('[desk]\ncontact = "https://desk.example/about"\n', encoding="utf-8")
        (folder / "sources" / "bench.toml").write_text(source.format(url=server.url), encoding="utf-8")
        program = Path(sys.executable).with_name("chengqing")
        process = subprocess.Popen(
            [program, "--data", folder, "crawl", "--once", "--as-of", AS_OF],
            env={**os.environ, "BENCH": "x"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield psutil.Process(process.pid), folder
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def committed(folder: Path) -> int:
    """Pages that stand in the database."""
    if not (folder / "chengqing.db").exists():
        return 0
    with closing(sqlite3.connect(folder / "chengqing.db", timeout=60)) as connection:
        try:
            return int(connection.execute("SELECT coalesce(sum(cursor), 0) FROM window").fetchone()[0])
        except sqlite3.OperationalError:  # the tables are being made
            return 0


def watch(process: psutil.Process, folder: Path) -> list[float]:
    """Memory of the process that crawls, in MiB, at every step of pages."""
    found: list[float] = []
    while len(found) < PAGES // STEP and process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)
        children = process.children()
        if children and (pages := committed(folder)) >= STEP * (len(found) + 1):
            found.append(children[0].memory_info().rss / 2**20)
            print(f"    {pages} pages committed: {found[-1]:.0f} MiB")
    return found


def main() -> None:
    """Both sources, one after the other."""
    told = {"million": ITEMS, "until": UNTIL, "million_text": "今晚十点停水三天，主管道大修，赶紧接水，转给家人"}
    for name, source, module, scenario in (
        ("search", SEARCH, "weibo", told),
        ("list", LIST, "publisher", {"million": ITEMS, "now": AS_OF}),
    ):
        print(f"{name} of {ITEMS} items")
        with start(f"tests.servers.{module}") as server:
            server.set(**scenario)
            with crawling(server, source) as (process, folder):
                sizes = watch(process, folder)
        last = sizes[len(sizes) // 4 :]
        print(f"{name}: largest to smallest of the last three quarters {max(last) / min(last):.3f}")


if __name__ == "__main__":
    main()
