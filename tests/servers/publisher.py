"""Stands in for the host of a publisher: a county's media centre, a public body's portal, a newspaper.

Formats are those of the sources' notes, B3 and C1. Whatever form is asked for holds the same articles: those of a file
(``--articles``, JSON lines, see :func:`tests.servers.publisher_stories.told`), or 41 built-in ones of three days.
``--now`` is the moment at which the server's clock begins: relative times and the Date header follow it. Every answer
but that of ``/robots.txt`` has its Date from there. Keys of the scenario, beside those of every stand-in:

What is there. ``articles``: records in place of the file's. ``million``: so many made ones in place of all others (what
follows about single articles is not for them). ``now``: the clock stands still there. ``withdrawn``: an id or a list:
no list has it, its page is a 410. ``edited``: an id, a list, or true for the third: another text, ``updated`` the
moment at which this was told. ``two_channels``: every second story also stands in 健康, with another id.
``user_channel``: the second one is said to be of 问政. ``grows``: a new article at each call of a list's beginning.

How it is written. ``gb18030``: "declared" (by header and document), "meta" (by the document), "undeclared"; pages,
XML and JSON. ``unknown_field``: true, or a field's name, in JSON entries. ``naive_dates``: feeds name no zone.
``summaries``: feeds hold no bodies.
``missing_body``: the first four bodies are none, in the four ways of B3; ``literal_cdata``: all bodies in the third
way. ``bridge``: feeds as one of BRIDGES writes them (``/feeds/MP_WXS_…`` always are). ``index``: ``/sitemap.xml`` is
an index. ``pinned``: the oldest also stands before the first page.

What is kept. ``etag``, ``last_modified``: validators, and a 304 where they match. ``no_cache``.

What fails (FAULTS): at once, or after ``after`` calls; everywhere, or at paths that begin with ``on``. ``throttle``
(429, Retry-After 30), ``redirect_login``, ``captcha``, ``huge`` (11 MB of blanks at the end), ``deep`` (pages and
JSON), ``xxe`` and ``bomb`` (XML), ``wrong_encoding`` (GB18030 that says it is UTF-8), ``changed_shape`` (a list
without its key), ``looping`` (each page is the first, and there is always a next one). ``appkey``: the only good one.
"""

import argparse
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.servers.base import Answer, Asked, StandIn, serve, text_answer
from tests.servers.publisher_call import Call
from tests.servers.publisher_faults import recoded, spoilt
from tests.servers.publisher_feeds import BRIDGE_PATH, atom, json_feed, rss, sitemap
from tests.servers.publisher_json import article_list, by_cursor, by_days, by_offset, channel_list
from tests.servers.publisher_pages import CAPTCHA, JPAGE, art_id, art_page, article, bad_request, html_list, jpage
from tests.servers.publisher_pages import missing as no_page
from tests.servers.publisher_stories import (
    CHINA,
    Made,
    Story,
    filed,
    grown,
    in_channel,
    latest,
    moment,
    named,
    numbered,
    shelved,
    told,
    town,
)

ARTICLE_LIST = "/openapi/v2/channel_article/list"
CHANNEL_LIST = "/openapi/v2/channel_article/channel_list"
FAULTS = (
    "throttle",
    "redirect_login",
    "captcha",
    "huge",
    "deep",
    "xxe",
    "bomb",
    "wrong_encoding",
    "changed_shape",
    "looping",
)
ENTITY = "/entity.txt"
"""What the entity of ``xxe`` names: whoever asks for it has fallen for it."""
_Route = Callable[[Call], Answer]
_ROUTES: Mapping[str, _Route] = {
    ARTICLE_LIST: article_list,
    CHANNEL_LIST: channel_list,
    JPAGE: jpage,
    "/list.html": html_list,
    "/days": by_days,
    "/offset": by_offset,
    "/cursor": by_cursor,
    "/feed.rss": rss,
    "/feed.atom": atom,
    "/feed.json": json_feed,
}
_BRIDGED: Mapping[str, _Route] = {"rss": rss, "xml": rss, "atom": atom, "json": json_feed}
_INDEX = re.compile(r"/index_[1-9][0-9]{0,6}\.html")
_SITEMAP = re.compile(r"/sitemap(_index|_[1-9][0-9]{0,6})?\.xml")
_PAGERS = ("current", "start", "offset", "cursor", "page", "startrecord")
_RETRY_AFTER = 30


class Publisher(StandIn):
    """The host. ``now`` is where its clock begins, the present if not given."""

    def __init__(self, stories: Sequence[Story] | None, now: datetime | None) -> None:
        super().__init__()
        self._began = (now or datetime.now(UTC)).astimezone(CHINA).replace(microsecond=0)
        self._started = time.monotonic()
        self._filed = town(self._began) if stories is None else stories
        self._stories: Sequence[Story] = shelved(self._filed, {}, self._began)
        self._grown = 0

    def tell(self, change: Mapping[str, Any]) -> None:
        super().tell(change)
        scenario = self.scenario
        if size := scenario.get("million"):
            self._stories = Made(size, self._now())
        else:
            given = scenario.get("articles")
            stories = self._filed if given is None else [told(record) for record in given]
            self._stories = shelved(stories, scenario, self._now())

    def answer(self, asked: Asked) -> Answer:
        faulty = self._is_faulty(asked)
        scenario = self.scenario if faulty else {k: v for k, v in self.scenario.items() if k not in FAULTS}
        if refusal := _refused(scenario):
            return self._dated(refusal)
        try:
            answer = self._found(asked, scenario)
        except ValueError:
            answer = bad_request()
        answer = recoded(spoilt(answer, scenario, _base(asked) + ENTITY), scenario)
        return self._dated(self._validated(asked, answer))

    def _is_faulty(self, asked: Asked) -> bool:
        """Whether this call is one that goes wrong."""
        on = self.scenario.get("on", "/")
        with self.lock:
            calls = sum(n for path, n in self.counts.items() if path.startswith(on) and path != "/robots.txt")
        return asked.path.startswith(on) and calls > self.scenario.get("after", 0)

    def _found(self, asked: Asked, scenario: Mapping[str, Any]) -> Answer:
        """What stands at the path."""
        if asked.path == ENTITY:
            return text_answer("外部实体\n")
        if asked.method not in ("GET", "HEAD") and (asked.method, asked.path) != ("POST", JPAGE):
            return text_answer("Method Not Allowed\n", 405, {"Allow": "GET"})
        given = {**asked.query, **dict(parse_qsl(asked.body.decode("utf-8", "replace")))}
        route = _route(asked.path)
        if route and scenario.get("grows") and all(given.get(name, "") in ("", "0", "1") for name in _PAGERS):
            self._grow()
        stories = in_channel(self._stories, given.get("channelId") or given.get("channel", "")) if route else ()
        call = Call(asked.path, given, _base(asked), stories, scenario, self._now())
        return route(call) if route else self._page(replace(call, stories=self._stories))

    def _page(self, call: Call) -> Answer:
        """An article's page, in the one form or the other."""
        portal = art_id(call.path)
        name = portal or (unquote(call.path.removeprefix("/article/")) if call.path.startswith("/article/") else "")
        if story := numbered(call.stories, name):
            return art_page(call, story) if portal else article(call, story)
        return no_page(410 if name in named(call.scenario.get("withdrawn")) else 404)

    def _grow(self) -> None:
        with self.lock:
            self._grown += 1
            self._stories = grown(self._stories, self._grown, self._now())

    def _validated(self, asked: Asked, answer: Answer) -> Answer:
        """The answer with its validators, or a 304 where the caller has it already (RFC 9110, 13.1)."""
        if answer.status != 200 or asked.method == "POST":
            return answer
        kept: dict[str, str] = {}
        if self.scenario.get("no_cache"):
            kept["Cache-Control"] = "no-cache"
        if self.scenario.get("etag"):
            kept["ETag"] = f'"{sha256(answer.body).hexdigest()[:20]}"'
        if self.scenario.get("last_modified"):
            kept["Last-Modified"] = format_datetime(latest(self._stories).astimezone(UTC), usegmt=True)
        if _is_known(asked.headers, kept):
            return Answer(304, headers=kept)
        return replace(answer, headers={**answer.headers, **kept})

    def _dated(self, answer: Answer) -> Answer:
        date = format_datetime(self._now().astimezone(UTC), usegmt=True)
        return replace(answer, headers={**answer.headers, "Date": date})

    def _now(self) -> datetime:
        if still := self.scenario.get("now"):
            return moment(still)
        return self._began + timedelta(seconds=int(time.monotonic() - self._started))


def _route(path: str) -> _Route | None:
    """What answers lists and feeds at the path."""
    if path.startswith(BRIDGE_PATH):
        return _BRIDGED.get(path.rpartition(".")[2])
    if _INDEX.fullmatch(path):
        return html_list
    return sitemap if _SITEMAP.fullmatch(path) else _ROUTES.get(path)


def _refused(scenario: Mapping[str, Any]) -> Answer | None:
    if scenario.get("throttle"):
        return text_answer("Too Many Requests\n", 429, {"Retry-After": str(_RETRY_AFTER)})
    if scenario.get("redirect_login"):
        return Answer(302, headers={"Location": "/login"})
    return CAPTCHA if scenario.get("captcha") else None


def _base(asked: Asked) -> str:
    return f"http://{asked.headers.get('host', '127.0.0.1')}"


def _is_known(headers: Mapping[str, str], kept: Mapping[str, str]) -> bool:
    """Whether a caller's validators are still right; with an ETag of its own its date does not count."""
    if tags := headers.get("if-none-match"):
        return kept.get("ETag") in [tag.strip().removeprefix("W/") for tag in tags.split(",")]
    since, modified = headers.get("if-modified-since"), kept.get("Last-Modified")
    return bool(since and modified and parsedate_to_datetime(modified) <= parsedate_to_datetime(since))


def _made(arguments: argparse.Namespace) -> Publisher:
    file = arguments.articles
    stories = filed(file.read_text("utf-8").split("\n")) if file else None
    return Publisher(stories, moment(arguments.now) if arguments.now else None)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--articles", type=Path)
    options.add_argument("--now")
    serve(_made, options)
