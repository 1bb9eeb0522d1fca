"""The tables of a generic source: where its list is, how it pages, what is what in an entry, how often it is asked."""

import re
from typing import Annotated, Literal
from zoneinfo import available_timezones

import jmespath  # type: ignore[import-untyped]
from parsel import Selector
from pydantic import AfterValidator, Field

from chengqing.address import Param, Params, SecretParams, Url
from chengqing.fields import Line, Strict, between, matching, once
from chengqing.messages import say


class Listing(Strict):
    """Where the list or feed is. ``ok`` is a JMESPath that a sound answer fulfils."""

    url: Url
    params: Params = Field(default_factory=dict)
    secret_params: SecretParams = Field(default_factory=dict)


def jmes_path(expression: str) -> str:
    """``expression`` if it is a JMESPath; else ValueError."""
    try:
        jmespath.compile(expression)
    except ValueError:
        raise ValueError(say("jmes_path")) from None
    return expression


def selector(expression: str) -> str:
    """``expression`` if it is a CSS selector or an XPath; else ValueError."""
    page = Selector(text="<a/>", type="html")
    try:
        (page.xpath if expression.startswith(("/", "./", "(")) else page.css)(expression)
    except (ValueError, SyntaxError, RuntimeError):
        raise ValueError(say("selector")) from None
    return expression


JmesPath = Annotated[Line, AfterValidator(jmes_path)]
Select = Annotated[Line, AfterValidator(selector)]
_Pages = Annotated[int, between(1, 50, "pages_remedy")]


class JsonListing(Listing):
    """A list that answers in JSON."""

    ok: JmesPath | None = None


class PagePaging(Strict):
    """Pages numbered from ``start``; ``total_pages`` finds their number in the answer."""

    type: Literal["page"]
    param: Param
    start: Annotated[int, between(0, 1, "page_start_remedy")] = 1
    total_pages: Line | None = None
    max_pages: _Pages = 10


class OffsetPaging(Strict):
    """Pages by the number of entries before them, ``step`` a page."""

    type: Literal["offset"]
    param: Param
    start: Annotated[int, between(0, 1, "offset_start_remedy")] = 0
    step: Annotated[int, between(1, 1_000, "offset_step_remedy")]
    max_pages: _Pages = 10


class CursorPaging(Strict):
    """The value found at ``from`` in an answer goes into ``param`` of the next question."""

    type: Literal["cursor"]
    from_: Line = Field(alias="from")
    param: Param
    max_pages: _Pages = 10


class LinkPaging(Strict):
    """The next page is the link with this ``rel``."""

    type: Literal["link"]
    rel: Literal["next"] = "next"
    max_pages: _Pages = 10


class DateWindowPaging(Strict):
    """Days asked one by one: the window's ends go into two parameters, in a strptime ``format``."""

    type: Literal["date_window"]
    from_: Param = Field(alias="from")
    to: Param
    format: Line = "%Y-%m-%d"


Paging = Annotated[
    PagePaging | OffsetPaging | CursorPaging | LinkPaging | DateWindowPaging, Field(discriminator="type")
]


class JsonMap(Strict):
    """Which part of an entry is what, as JMESPath. Nobody's name has a place here."""

    url: JmesPath
    title: JmesPath
    published: JmesPath
    id: JmesPath | None = None
    updated: JmesPath | None = None
    dedupe: JmesPath | None = None
    text: JmesPath | None = None


class MarkupMap(Strict):
    """Which part of an entry is what, as CSS or XPath. Nobody's name has a place here."""

    url: Select
    title: Select
    published: Select
    id: Select | None = None
    updated: Select | None = None
    dedupe: Select | None = None
    text: Select | None = None


class Detail(Strict):
    """The article's own page: ``body`` is read without ``drop``. Without ``url`` the entry's own link is followed."""

    body: Select
    url: Url | None = None
    drop: Annotated[tuple[Select, ...], Field(strict=False)] = ()


_DIRECTIVES = re.compile(r"(?:[^%\x00-\x1f]|%[YmdHMSzfyjbBp%])*")
_NAMED = ("epoch_ms", "epoch_s", "rfc3339", "rfc822", "rel_zh")


def _date_format(text: str) -> str:
    if text not in _NAMED and not ("%" in text and len(text) <= 60 and _DIRECTIVES.fullmatch(text)):
        raise ValueError(say("date_format", choices=", ".join(_NAMED)))
    return text


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(say("zone"))
    return name


class Dates(Strict):
    """How times are written, tried in order; ``tz`` is the zone of one that names none."""

    tz: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    formats: Annotated[
        tuple[Annotated[str, AfterValidator(_date_format)], ...], Field(strict=False), AfterValidator(once)
    ] = ("rfc3339",)


class Window(Strict):
    """How far back a reading goes: the overlap in minutes, the oldest article in days."""

    field: Literal["updated", "published"] = "published"
    overlap_minutes: Annotated[int, between(0, 1_440, "overlap_remedy")] = 120
    max_age_days: Annotated[int, between(1, 30, "age_remedy")] = 7


_HOURS = r"(?:[01][0-9]|2[0-3])-(?:[01][0-9]|2[0-4])"


class Politeness(Strict):
    """The rate: seconds between requests, minutes between readings, requests a day, hours of the day at +08:00."""

    delay: Annotated[int, between(0, 600, "delay_remedy")] = 5
    poll_minutes: Annotated[int, between(5, 1_440, "poll_remedy")] = 15
    daily_requests: Annotated[int, between(1, 10_000, "daily_remedy")] = 500
    active_hours: Annotated[str, matching(_HOURS, "hours_form")] = "00-24"
