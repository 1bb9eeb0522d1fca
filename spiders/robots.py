"""robots.txt, fail-closed (design, Bound 1; the sources' notes, D3).

Scrapy allows everything when the file can't be had, parses whatever came instead of it, and applies no Crawl-delay.
Here only a readable file, or the plain statement that there is none, opens a host. For ``official`` crawls, documented
APIs called with the operator's own credentials, what is no robots.txt is recorded (``robots/absent``) and the call
allowed; a Disallow holds for them too.
"""

import asyncio
import re
from dataclasses import dataclass
from time import monotonic
from typing import ClassVar
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser, RobotParser

from spiders.allow import ROBOTS, NotListed, private_of, whole
from spiders.settings import POLITENESS, Politeness

LONGEST_DELAY = 3600
"""Seconds of a Crawl-delay that are waited; who asks for more does not want to be read."""
_LARGEST = 512 * 1024
_DENY = b"User-agent: *\nDisallow: /\n"
_NONE = (404, 410)
_AGENT = re.compile(r"(?i)user[ -]?agent\b")
_SITEWIDE = re.compile(r"(?i)(?:sitemaps?|site-map|host)\b")

ABSENT = "robots/absent"
"""The statistic that counts APIs whose robots.txt says nothing."""


class RobotsDenied(IgnoreRequest):
    """The host's robots.txt forbids the request, or can't be read; nothing was sent."""


@dataclass(frozen=True, slots=True)
class _Found:
    rules: RobotParser
    at: float


class FailClosedRobots(RobotsTxtMiddleware):
    """Denies what is not clearly allowed, and keeps the pause that the file asks for."""

    again: ClassVar[float] = 24 * 3600
    """Seconds after which the file is read anew."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._polite: Politeness = crawler.settings[POLITENESS]
        self._agent: str = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self._found: dict[str, _Found] = {}
        self._turn = asyncio.Lock()

    async def process_request(self, request: Request, spider: Spider | None = None) -> None:  # noqa: ARG002
        """Let the request pass at the host's pace, or raise RobotsDenied."""
        path = urlsplit(request.url).path
        if request.meta.get("dont_obey_robotstxt") and request.callback is NO_CALLBACK:
            if path != ROBOTS:  # a robots.txt that leads elsewhere
                raise RobotsDenied("redirected")
            return
        rules = await self.robot_parser(request)
        if not rules.allowed(whole(request.url, private_of(request)), self._agent):
            self._stats.inc_value("robotstxt/forbidden")
            raise RobotsDenied("disallowed")
        self._slow_down(request, rules.crawl_delay(self._agent) or 0)

    def _slow_down(self, request: Request, asked: float) -> None:
        """Before every request: Scrapy forgets idle slots, and its throttle knows the configured delay only."""
        if asked > LONGEST_DELAY:
            raise RobotsDenied("delay")
        _, slot = self.crawler.engine.downloader._get_slot(request)
        slot.delay = max(slot.delay, self._polite.delay, asked)

    async def robot_parser(self, request: Request) -> RobotParser:
        """The rules of the request's host, read at most a day ago."""
        netloc = urlsplit(request.url).netloc.lower()
        async with self._turn:
            found = self._found.get(netloc)
            if found is None or monotonic() - found.at >= self.again:
                found = self._found[netloc] = _Found(await self._read(request), monotonic())
        return found.rules

    async def _read(self, request: Request) -> RobotParser:
        self._stats.inc_value("robotstxt/request_count")
        answer = await self._ask(urlsplit(request.url)._replace(path=ROBOTS, query="", fragment="").geturl())
        missing = answer is not None and answer.status in _NONE
        text = readable(answer) if answer is not None and not missing else None
        if text is None and self._polite.official:
            self._stats.inc_value(ABSENT)
        if text is None:
            text = b"" if missing or self._polite.official else _DENY
        return ProtegoRobotParser(text, None)

    async def _ask(self, url: str) -> Response | None:
        """The answer, None where there was none."""
        ask = Request(url, priority=self.DOWNLOAD_PRIORITY, callback=NO_CALLBACK, meta={"dont_obey_robotstxt": True})
        try:
            return await self.crawler.engine.download_async(ask)
        except Exception as error:
            # A refusal of another kind, such as a spent budget, says nothing about the host.
            if isinstance(error, IgnoreRequest) and type(error) not in (IgnoreRequest, NotListed, RobotsDenied):
                raise
            return None


def readable(answer: Response) -> bytes | None:
    """The body, if it is a robots.txt; None if it is anything else: an error, a page, a login, garbage."""
    body = answer.body.removeprefix(b"\xef\xbb\xbf")
    if answer.status != 200 or urlsplit(answer.url).path != ROBOTS or len(body) > _LARGEST:
        return None
    if isinstance(answer, HtmlResponse) or body.lstrip().startswith(b"<") or b"\0" in body:
        return None
    try:
        lines = [rule for line in body.decode().splitlines() if (rule := line.partition("#")[0].strip())]
    except UnicodeDecodeError:
        return None
    # Rules that name no agent, or a text of another kind, would allow everything.
    named = any(map(_AGENT.match, lines)) or all(map(_SITEWIDE.match, lines))
    return body if named else None
