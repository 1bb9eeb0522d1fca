"""The spider of one host: one question at a time, window after window, each page stored before the next question.

It knows no source. A :class:`Work` hands it leased windows with the readers of their sources; the reader says what to
ask and what the answer came to (:mod:`spiders.conversation`). What is asked, how often, and by whom, is checked
elsewhere: :mod:`spiders.allow`, :mod:`spiders.robots`, :mod:`spiders.settings`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest, NotSupported
from scrapy.http import Request, Response
from twisted.python.failure import Failure as Failed

from pipelines.page import Page
from spiders.allow import NotListed
from spiders.conversation import Ask, Failure, FailureKind, Reader, Reply, Step, Task
from spiders.refusals import refusal
from spiders.robots import RobotsDenied
from spiders.transport import TransportFault


class Spent(IgnoreRequest):
    """Today's requests, or this process's time, are used up: nothing more is sent."""


@dataclass(slots=True)
class Errand:
    """A window on its way, with the reader of its source.

    ``task`` moves on with each page that is stored; ``step`` is what the page that is being stored came with.
    """

    reader: Reader
    task: Task
    step: Step | None = field(default=None, repr=False)


class Work(Protocol):
    """Hands out windows and is told what became of them. Its calls may block: none is made on the reactor's thread."""

    def next(self) -> Errand | None:
        """The next window, leased; None where nothing is to be done now."""

    def failed(self, errand: Errand, failure: Failure) -> None:
        """The window could not be read on."""

    def spent(self, errand: Errand) -> None:
        """Nothing more may be sent in the middle of the window, which goes on where it stopped."""

    def split(self, errand: Errand, at: datetime) -> None:
        """The window holds more than can be paged through: two take its place."""

    def finished(self, errand: Errand) -> None:
        """The window was read to its end."""


class HostSpider(Spider):
    """Asks one host."""

    name = "host"

    def __init__(self, work: Work, now: Callable[[], datetime], **kwargs: Any) -> None:
        """``now`` is the clock, for answers without a Date."""
        super().__init__(**kwargs)
        self._work = work
        self._now = now
        self._errand: Errand | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> "HostSpider":
        """Scrapy's way of making a spider."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.stored, signal=signals.item_scraped)
        crawler.signals.connect(spider.not_stored, signal=signals.item_error)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """The first question of the first window."""
        if (request := await self._next()) is not None:
            yield request

    # -- answers -------------------------------------------------------------------------------------

    async def heard(self, response: Response, errand: Errand, ask: Ask) -> AsyncIterator[Any]:
        """An answer came: a page goes to the pipelines, or the conversation goes on."""
        reply = self._reply(response)
        failure = refusal(reply, official=errand.reader.official)
        step = Step(failure=failure) if failure else _answer(errand, ask, reply)
        if step.page is not None:
            errand.step = step
            yield step.page
        elif (request := await self._turn(errand, step)) is not None:
            yield request

    async def unheard(self, failed: Failed) -> AsyncIterator[Any]:
        """No answer came."""
        request: Request = failed.request  # type: ignore[attr-defined]  # Scrapy puts it there
        errand: Errand = request.cb_kwargs["errand"]
        if isinstance(failed.value, Spent):
            await asyncio.to_thread(self._work.spent, errand)
        else:
            await asyncio.to_thread(self._work.failed, errand, Failure(kind=_kind(failed)))
        if (following := await self._next()) is not None:
            yield following

    async def stored(self, item: Page) -> None:
        """The page was committed: now, and not before, the next question."""
        errand = self._errand
        if errand is None or errand.step is None or errand.step.page is not item:
            return
        step, errand.step = errand.step, None
        errand.task = replace(errand.task, cursor=item.cursor, resume=item.resume)
        if step.then is not None:
            self._ask(self._request(errand, step.then))
        else:
            await asyncio.to_thread(self._work.finished, errand)
            self._ask(await self._next())

    async def not_stored(self, failure: Failed) -> None:
        """The page could not be committed: its window went to another holder, or nothing can be stored at all."""
        if type(failure.value).__name__ == "LostWindow":
            self._ask(await self._next())
            return
        if self._errand is not None:
            await asyncio.to_thread(self._work.failed, self._errand, Failure(kind="store"))
        await self.crawler.engine.close_spider_async(reason="store")

    # -- questions -----------------------------------------------------------------------------------

    async def _turn(self, errand: Errand, step: Step) -> Request | None:
        """The next request after a step that brought no page."""
        if step.then is not None:
            return self._request(errand, step.then)
        if step.split is not None:
            await asyncio.to_thread(self._work.split, errand, step.split)
        else:
            await asyncio.to_thread(self._work.failed, errand, step.failure or Failure(kind="fault"))
        return await self._next()

    async def _next(self) -> Request | None:
        """The first question of the next window; None where there is none."""
        while (errand := await asyncio.to_thread(self._work.next)) is not None:
            self._errand = errand
            try:
                return self._request(errand, errand.reader.begin(errand.task))
            except Exception:  # a fault of the program: this window is left, the others go on
                await asyncio.to_thread(self._work.failed, errand, Failure(kind="fault"))
        self._errand = None
        return None

    def _request(self, errand: Errand, ask: Ask) -> Request:
        return Request(
            ask.url,
            method=ask.method,
            body=ask.body,
            headers=dict(ask.headers),
            callback=self.heard,
            errback=self.unheard,
            cb_kwargs={"errand": errand, "ask": ask},
            meta={"private": ask.private, "dont_redirect": errand.reader.official},
            dont_filter=True,
        )

    def _ask(self, request: Request | None) -> None:
        if request is not None:
            self.crawler.engine.crawl(request)

    def _reply(self, response: Response) -> Reply:
        headers = _headers(response)
        return Reply(
            status=response.status,
            url=response.url,
            body=response.body,
            headers=headers,
            at=_date(headers.get("date", "")) or self._now(),
            encoding=_charset(headers.get("content-type", "")),
        )


def _answer(errand: Errand, ask: Ask, reply: Reply) -> Step:
    """The reader's step; one that raises is a fault of the program: the window is left, and the others go on."""
    try:
        return errand.reader.answer(errand.task, ask, reply)
    except Exception:  # whatever it is, it may hold a piece of the answer: only its kind goes on
        return Step(failure=Failure(kind="fault"))


def _headers(response: Response) -> dict[str, str]:
    return {
        name.decode("latin-1").lower(): values[-1].decode("latin-1")
        for name, values in response.headers.items()
        if values
    }


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _charset(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset":
            return value.strip("\"' ").lower()[:40]
    return ""


def _kind(failed: Failed) -> FailureKind:
    """Why no answer came, by the kind of error alone."""
    error = failed.value
    if isinstance(error, RobotsDenied):
        return "robots"
    if isinstance(error, DownloadTimeoutError):
        return "timeout"
    if isinstance(error, DownloadCancelledError):
        return "too_large"
    if isinstance(error, NotListed) and "redirect_times" in failed.request.meta:  # type: ignore[attr-defined]
        return "redirected"
    return "fault" if isinstance(error, NotListed | NotSupported | TransportFault) else "network"
