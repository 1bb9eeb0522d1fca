"""Sitemaps (sitemaps.org 0.9) with their extension for news: where a publisher's pages are, and how new."""

from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import urlsplit

from lxml import etree  # type: ignore[import-untyped]

from spiders.bridge import refuse_addresses
from spiders.edge import malformed, unknown_fields
from spiders.entry import Entry
from spiders.feed import Feed, Gathering, title_of
from spiders.feed_markup import read_xml

MOST_PAGES = 5_000
"""Entries of a sitemap that are read: the newest, since its order means nothing."""
MOST_SITEMAPS = 10
"""Sitemaps of an index that are named: the newest."""

_MOST_LOOKED_AT = 50_000
"""Entries of one sitemap that the format allows."""
_KNOWN = frozenset("loc lastmod changefreq priority news image video link mobile data".split())
_FORMATS = ("rfc3339", "%Y-%m-%d")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def read_sitemap(body: bytes, *, url: str, at: datetime, tz: tzinfo) -> Feed:
    """Reads a sitemap, the newest entry first, or a sitemap index. ``updated`` of an entry is its ``lastmod``."""
    root = read_xml(body)
    gathering = Gathering(url=url, at=at, tz=tz, formats=_FORMATS)
    match etree.QName(root).localname:
        case "urlset":
            return _pages(root, gathering)
        case "sitemapindex":
            return _index(root, gathering)
    raise malformed("not_an_article")


def _pages(root: Any, gathering: Gathering) -> Feed:
    pages = root.findall("{*}url")
    for page in pages[:_MOST_LOOKED_AT]:
        gathering.add(
            link=_text(page, "loc"),
            title=title_of((_text(page, "news", "title"), False)),
            published=gathering.date(_text(page, "news", "publication_date")),
            updated=gathering.date(_text(page, "lastmod")),
        )
    entries = sorted(gathering.settled(), key=_age, reverse=True)[:MOST_PAGES]
    return Feed(
        entries=tuple(entries),
        faults=gathering.faults,
        cut=len(pages) - gathering.faults - len(entries),
        naive_dates=gathering.naive_dates,
        unknown=_unknown(root),
    )


def _age(entry: Entry) -> datetime:
    return entry.updated or entry.published or _LONG_AGO


def _index(root: Any, gathering: Gathering) -> Feed:
    found: list[tuple[datetime, str]] = []
    for sitemap in root.iterchildren("{*}sitemap"):
        address = _text(sitemap, "loc")
        refuse_addresses(gathering.url, [address])
        link = gathering.link(address)
        if link and not urlsplit(link).path.endswith(".gz"):
            found.append((gathering.date(_text(sitemap, "lastmod")) or _LONG_AGO, link))
        else:
            gathering.faults += 1
    found.sort(key=lambda dated: dated[0], reverse=True)
    return Feed(
        more=tuple(link for _, link in found[:MOST_SITEMAPS]),
        faults=gathering.faults,
        cut=max(0, len(found) - MOST_SITEMAPS),
        naive_dates=gathering.naive_dates,
        unknown=_unknown(root),
    )


def _text(element: Any, *path: str) -> str:
    """The text of the element at ``path`` below ``element``, whatever its namespace; empty where there is none."""
    return (element.findtext("/".join(f"{{*}}{name}" for name in path)) or "").strip()


def _unknown(root: Any) -> frozenset[str]:
    tags = {child.tag for element in root for child in element}
    return unknown_fields(dict.fromkeys(etree.QName(tag).localname for tag in tags), _KNOWN)
