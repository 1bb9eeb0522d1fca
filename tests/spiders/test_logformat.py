"""No log holds a name, an address, an item or the text of an error, whoever listens and whatever goes wrong."""

import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from spiders.logformat import ClosedLogFormatter, Word, closed_record, silence
from tests.servers.running import Running, start
from tests.spiders.crawling import Asker, Loud, crawl, listening, loose, polite

PLANTED = "张三丰示例"
LOGGERS = [
    "scrapy.core.scraper",
    "twisted",
    "asyncio",
    "aiohttp.client",
    "trafilatura.core",
    "feedparser",
    "urllib3.connectionpool",
    "charset_normalizer",
    "protego",
    "py.warnings",
    f"library.{PLANTED}",
    PLANTED,
    "root",
]


class Clumsy(Asker):
    """Says all it knows, puts names into everything and fails everywhere."""

    async def start(self) -> AsyncIterator[Any]:
        self.logger.warning("about %s", PLANTED, extra={"about": PLANTED})
        async for request in super().start():
            yield request
        yield {"name": PLANTED}
        raise ValueError(PLANTED)

    def heard(self, response: Response) -> Iterator[Any]:
        yield from super().heard(response)
        yield {"name": PLANTED}
        if not self._requests:
            raise ValueError(PLANTED)


class Dropping:
    """A pipeline that drops every second item and fails with the others."""

    def __init__(self) -> None:
        self._items = 0

    @classmethod
    def from_crawler(cls, _: Crawler) -> "Dropping":
        return cls()

    def process_item(self, item: Any) -> Any:
        self._items += 1
        raise DropItem(PLANTED) if self._items % 2 else ValueError(item)


@pytest.fixture
def silent() -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    silence()
    yield
    logging.setLogRecordFactory(factory)


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    with start("tests.spiders.site") as running:
        running.set(answers={"/broken": {"status": 500}, "/gone": {"manner": "drop"}})
        yield running


def clumsy(site: Running, **more: Any) -> list[str]:
    """What is told of a crawl in which everything goes wrong."""
    asked = [f"{site.url}/{name}?q={PLANTED}" for name in ("a", "broken", "gone", "b")]
    with listening() as told:
        crawl(loose(polite(site.netloc), ITEM_PIPELINES={Dropping: 1}, **more), *asked, spider=Clumsy)
    return told


def test_a_crawl_in_which_everything_goes_wrong_tells_no_name(site: Running) -> None:
    """Nor any address; without the silence it tells many, with our formatter or without."""
    told = "\n".join(clumsy(site))
    assert "crawled 200" in told and "spider error ValueError" in told and "dropped DropItem" in told
    assert "item error ValueError" in told
    assert not any(planted in told for planted in (PLANTED, site.netloc, "%E5%BC%A0"))
    loud = "\n".join(clumsy(site, ADDONS={Loud: 0}))
    assert loud.count(PLANTED) > 5 and site.netloc in loud


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("name", LOGGERS)
def test_a_record_carries_nothing(name: str) -> None:
    """Of its message, arguments, error, stack, extras or the name of its logger."""
    with listening() as told:
        logger = logging.getLogger(None if name == "root" else name)
        logger.setLevel(logging.DEBUG)
        logger.debug(PLANTED)
        logger.info("about %s", PLANTED)
        logger.warning("about %(name)s", {"name": PLANTED})
        try:
            raise ValueError(PLANTED)
        except ValueError:
            logger.exception(PLANTED, stack_info=True, extra={"about": PLANTED, PLANTED: 1})
    assert len(told) == 4
    assert PLANTED not in "\n".join(told)
    assert told[3].startswith("withheld ValueError ")


def test_without_the_silence_it_carries_all() -> None:
    with listening() as told:
        logging.getLogger("asyncio").warning("about %s", PLANTED, extra={"about": PLANTED})
    assert told[0].count(PLANTED) >= 3


@pytest.mark.usefixtures("silent")
def test_a_word_is_told_unless_it_has_arguments() -> None:
    """A class of errors with an odd name is not named."""
    odd = type(PLANTED, (Exception,), {})
    with listening() as told:
        logging.getLogger("scrapy").info(Word("crawled 200"))
        logging.getLogger("scrapy").info(Word("about %s"), PLANTED)
        logging.getLogger("scrapy").info("x", exc_info=odd(PLANTED))
    assert [line.partition(" {")[0] for line in told] == ["crawled 200", "withheld", "withheld error"]
    assert closed_record("scrapy.core", 10, "", 1, "x", (), None).name == "scrapy"


def test_every_message_of_the_formatter_is_closed() -> None:
    """Even where nothing is silenced."""
    formatter, spider = ClosedLogFormatter(), Asker([], None)  # type: ignore[arg-type]
    request = Request(f"https://news.example/{PLANTED}")
    response = TextResponse(request.url, status=404, body=PLANTED.encode())
    failure: Failure = Failure(ValueError(PLANTED))  # type: ignore[no-untyped-call]
    said = [
        formatter.crawled(request, response, spider),
        formatter.scraped({"name": PLANTED}, response, spider),
        formatter.dropped({"name": PLANTED}, DropItem(PLANTED), response, spider),
        formatter.item_error({"name": PLANTED}, ValueError(PLANTED), failure, spider),
        formatter.spider_error(failure, request, response, spider),
        formatter.download_error(failure, request, spider, PLANTED),
    ]
    assert [one["msg"] for one in said] == [
        "crawled 404",
        "scraped",
        "dropped DropItem",
        "item error ValueError",
        "spider error ValueError",
        "download error ValueError",
    ]
    assert all(type(one["msg"]) is Word and not one["args"] for one in said)


@pytest.mark.parametrize(("quiet", "shown"), [(True, False), (False, True)])
def test_twisted_prints_no_error_that_nobody_handled(quiet: bool, shown: bool) -> None:
    """It would, with its text, on standard error; so would Python a warning that nobody listens to."""
    program = (
        "import logging\n"
        "from twisted.internet.defer import fail\n"
        "from spiders.logformat import silence\n"
        f"{'silence()' if quiet else ''}\n"
        "fail(ValueError('planted'))\n"
        "logging.getLogger('scrapy').warning('planted')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert ("planted" in done.stderr) is shown
    assert not quiet or done.stderr == ""
