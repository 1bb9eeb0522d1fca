"""An article's own page: its text, and what it says of itself.

The configured selector comes first; where it finds no article, trafilatura looks for one. Nobody's name is read: author
fields are never looked at, bylines go with the text (the sources' notes, C3). Meta names of public bodies: C1.
"""

import logging
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import trafilatura
from lxml import etree  # type: ignore[import-untyped]
from parsel import Selector

from spiders.article import State, is_missing, public_link
from spiders.charset import decoded
from spiders.edge import clean_html, drop_bylines
from spiders.selecting import body_text, empty, is_gate, parse_html, value

# It reports what it discards, now and then with pieces of it.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL + 1)

_SEARCHED = 1 << 20
"""Characters of the longest page in which a body is searched for: it takes about two seconds."""
_MAKER = re.compile(r"(?i)author|byline|reporter|journalist|(?<![a-z])(?:by|editor|writer)(?![a-z_-])")
"""In an element's own attributes: it says who made the page."""
_LONGEST_NAMES = 60
"""Characters of the longest element that is taken for a name or some: a longer one is more than that."""
_TITLES = ("ArticleTitle", "og:title")
_TIMES = ("PubDate", "article:published_time", "publishdate")


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailText:
    """What a page says. ``published`` is as it is written; ``channel`` is the column that it names for itself.

    ``state`` is ``article``, ``missing_body``, or ``verification`` for a page that asks for a login or a captcha.
    """

    text: str = field(default="", repr=False)
    title: str = field(default="", repr=False)
    published: str = ""
    canonical: str = ""
    channel: str = ""
    state: State = "article"


def read_detail(body: bytes, *, encoding: str, body_selector: str, drop: tuple[str, ...], url: str) -> DetailText:
    """Read one page. ``encoding`` is what its header declares; ``body_selector`` may be empty.

    A refusal with ``bad_encoding`` or ``too_deep`` where it can't be read.
    """
    source = decoded(body, encoding)
    page = parse_html(source)
    told = DetailText(
        title=_meta(page, *_TITLES) or value(page, "h1") or value(page, "title"),
        published=_meta(page, *_TIMES) or value(page, "time[datetime]::attr(datetime)"),
        canonical=_canonical(page, url),
        channel=_meta(page, "ColumnName"),
        text="",
        state="missing_body",
    )
    for unwanted in drop:
        empty(page, unwanted)
    _drop_makers(page)
    text = drop_bylines(body_text(page, body_selector)) if body_selector else ""
    if is_missing(text):
        if is_gate(source):
            return DetailText(state="verification")
        text = _searched(page) or text
    return _with_text(told, text)


def _drop_makers(page: Selector) -> None:
    """Empty the short elements whose attributes say that they name who wrote: no word in them need say so."""
    for element in list(page.root.iter(etree.Element)):
        marks = " ".join(element.get(name) or "" for name in ("class", "id", "rel", "itemprop"))
        if _MAKER.search(marks) and _is_short(element):
            element.clear(keep_tail=True)


def _is_short(element: Any) -> bool:
    """Whether an element holds no more than a few names; a long text is not gone through to its end."""
    length = 0
    for text in element.itertext():
        length += len(text.strip())
        if length > _LONGEST_NAMES:
            return False
    return True


def _with_text(told: DetailText, text: str) -> DetailText:
    return DetailText(
        text=text,
        title=told.title,
        published=told.published,
        canonical=told.canonical,
        channel=told.channel,
        state="missing_body" if is_missing(text) else "article",
    )


def _searched(page: Selector) -> str:
    """The body that trafilatura finds; empty where it finds none.

    Its ``fast`` mode: the slower algorithms take minutes for a page of long lists.
    """
    markup = page.get() or ""
    if len(markup) > _SEARCHED:
        return ""
    found = trafilatura.extract(
        markup, output_format="html", fast=True, favor_precision=True, include_comments=False, include_tables=True
    )
    return drop_bylines(clean_html(found or ""))


def _meta(page: Selector, *names: str) -> str:
    """The content of the first of the meta elements ``names`` that holds any, in whatever case it is written."""
    for name in names:
        if found := value(page, f'meta[name="{name}" i]::attr(content), meta[property="{name}" i]::attr(content)'):
            return found
    return ""


def _canonical(page: Selector, url: str) -> str:
    """The address that the page gives as its own; empty where it gives none."""
    named = _meta(page, "og:url") or value(page, 'link[rel="canonical"]::attr(href)')
    try:
        return public_link(urljoin(url, named)) if named else ""
    except ValueError:
        return ""
