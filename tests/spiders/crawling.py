"""Runs small crawls with the real Scrapy inside the test's process, its reactor in a thread of its own."""

import asyncio
import atexit
import logging
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings
from scrapy.utils.reactor import install_reactor
from twisted.python.failure import Failure

from spiders.conversation import Rule
from spiders.settings import PolitenessAddon, settings

AGENT = "chengqing/0.1.0 (+https://desk.example/about)"
_MOST_SECONDS = 60


@dataclass
class Crawl:
    """What a crawl came to: answers and errors in the order in which they came."""

    responses: list[Response] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)
    stats: dict[str, Any] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    """The delay of the only slot, at each answer."""

    @property
    def statuses(self) -> list[int]:
        return [response.status for response in self.responses]

    @property
    def kinds(self) -> list[str]:
        return [type(error).__name__ for error in self.errors]


class Asker(Spider):
    """Asks one thing after the other and puts down what comes."""

    name = "asker"

    def __init__(self, requests: list[Request], crawl: Crawl) -> None:
        super().__init__()
        self._requests = list(requests)
        self._crawl = crawl

    async def start(self) -> AsyncIterator[Any]:
        for request in self._next():
            yield request

    def heard(self, response: Response) -> Iterator[Request]:
        self._crawl.responses.append(response)
        self._crawl.delays += [slot.delay for slot in self.crawler.engine.downloader.slots.values()]
        yield from self._next()

    def unheard(self, failed: Failure) -> Iterator[Request]:
        assert failed.value is not None
        self._crawl.errors.append(failed.value)
        yield from self._next()

    def _next(self) -> Iterator[Request]:
        if self._requests:
            request = self._requests.pop(0)
            yield request.replace(callback=self.heard, errback=self.unheard, dont_filter=True)


class Loose(PolitenessAddon):
    """Lets everything be set: the transport asks for an add-on, whatever it does."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Nothing is refused."""


class Loud(Loose):
    """Leaves Scrapy's words as they are, too."""

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:
        """Nothing is silenced."""


def polite(
    netloc: str, *paths: str, official: bool = False, timeout: float = 5.0, delay: float = 0.0
) -> dict[str, Any]:
    """Settings for a stand-in; ``paths`` are its rules, all of them GET, by default every path."""
    rules = tuple(Rule("GET", netloc, path) for path in paths or ("/*",))
    return settings(agent=AGENT, delay=delay, loopback=True, rules=rules, official=official, timeout=timeout)


def loose(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The same settings, some of them changed, with an add-on that lets them be."""
    return {**given, "ADDONS": {Loose: 0}, **more}


CHAIN: dict[Any, int] = polite("127.0.0.1:1")["DOWNLOADER_MIDDLEWARES"]
"""Our middlewares."""
HANDLERS = {"http": "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"}
"""Scrapy's own transport."""
STOCK = {
    "USER_AGENT": AGENT,
    "RETRY_ENABLED": False,
    "DOWNLOAD_TIMEOUT": 1.0,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
}
"""Scrapy as it is, but for what would open ports or take long."""


def crawl(given: dict[str, Any], *requests: Request | str, spider: type[Asker] = Asker) -> Crawl:
    """Ask ``requests`` in their order; raises what kept the crawl from starting."""
    asked = [request if isinstance(request, Request) else Request(request) for request in requests]
    factory = logging.getLogRecordFactory()
    try:
        return asyncio.run_coroutine_threadsafe(_crawl(given, asked, spider), _loop()).result(_MOST_SECONDS)
    finally:
        logging.setLogRecordFactory(factory)


async def _crawl(given: dict[str, Any], requests: list[Request], spider: type[Asker]) -> Crawl:
    found = Crawl()
    crawler = Crawler(spider, given)
    await AsyncCrawlerRunner(given).crawl(crawler, requests, found)
    found.stats = dict(crawler.stats.get_stats())
    return found


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The loop of the one reactor that a process can have, running."""
    started = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def run() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[0])
        install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
        reactor: Any = import_module("twisted.internet.reactor")
        reactor.callWhenRunning(started.set)
        atexit.register(lambda: reactor.callFromThread(reactor.stop))
        reactor.run(installSignalHandlers=False)

    threading.Thread(target=run, daemon=True).start()
    assert started.wait(_MOST_SECONDS)
    return loops[0]


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every record that any logger makes at DEBUG, formatted with all that it carries."""
    told: list[str] = []

    class Everything(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(f"{logging.Formatter().format(record)} {vars(record)!r}")

    root, scrapy = logging.getLogger(), logging.getLogger("scrapy")
    levels = root.level, scrapy.level
    handler = Everything(logging.DEBUG)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    scrapy.setLevel(logging.DEBUG)
    try:
        yield told
    finally:
        root.removeHandler(handler)
        root.setLevel(levels[0])
        scrapy.setLevel(levels[1])
