"""RSS 0.9 to 2.0 and Atom, as publishers really write them.

feedparser knows the dialects. It is shown a document made anew, of the few elements that are read, for three reasons:
what it never sees it can't hand on (authors, contributors, editors); given bytes it takes them for the name of a file
first; and an author of some ten thousand letters costs it the square of their number.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from io import BytesIO
from itertools import islice
from typing import Any, Literal

import feedparser  # type: ignore[import-untyped]
from lxml import etree  # type: ignore[import-untyped]

from spiders.bridge import refuse_addresses, refuse_programs
from spiders.edge import malformed, unknown_fields
from spiders.feed import LONGEST_BODY, MOST_ENTRIES, Feed, Gathering, Words, body_of, title_of
from spiders.feed_markup import inner_html, read_xml

_ATOM = ("http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#")
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PREFIXES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "rdf": _RDF,
}
_PLAIN = (
    None,
    "http://purl.org/rss/1.0/",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://backend.userland.com/rss2",
    *_ATOM,
    *_PREFIXES.values(),
)
_ELSEWHERE = frozenset(
    (
        "http://purl.org/rss/1.0/modules/slash/ http://purl.org/rss/1.0/modules/syndication/ "
        "http://wellformedweb.org/CommentAPI/ http://purl.org/syndication/thread/1.0 "
        "http://search.yahoo.com/mrss/ http://www.itunes.com/dtds/podcast-1.0.dtd "
        "http://www.georss.org/georss http://www.w3.org/2003/01/geo/wgs84_pos#"
    ).split()
)
"""Namespaces of extensions that are known and hold nothing that is read."""
_READ = frozenset(
    "title link guid id pubdate published issued created updated modified date description summary content "
    "encoded".split()
)
_UNREAD = frozenset(
    "item entry items channel author creator contributor managingeditor webmaster publisher category subject comments "
    "enclosure source rights copyright language image icon logo generator docs cloud ttl rating textinput skiphours "
    "skipdays lastbuilddate subtitle tagline info type format identifier".split()
)
_ATTRIBUTES = ("href", "rel", "type", "isPermaLink")
_TEXT_TYPES = frozenset(("", "text", "html", "text/plain", "text/html"))
_MARKUP_TYPES = frozenset(("xhtml", "application/xhtml+xml"))
_MOST_PARTS = 40
"""Elements of one entry that are looked at."""
_FORMATS = ("rfc822", "rfc3339", "rel_zh")


def read_xml_feed(body: bytes, *, kind: Literal["rss", "atom"], url: str, at: datetime, tz: tzinfo) -> Feed:
    """Reads one page of an RSS or Atom feed."""
    root = read_xml(body)
    head, items = _parts(root, kind)
    _refuse_bridges(head, url)
    gathering = Gathering(url=url, at=at, tz=tz, formats=_FORMATS)
    for found in _understood(_anew(root, items[:MOST_ENTRIES])):
        _add(found, gathering, kind)
    return Feed(
        entries=gathering.settled(),
        next=gathering.link(next(_links(head, "next"), "")),
        faults=gathering.faults,
        cut=max(0, len(items) - MOST_ENTRIES),
        naive_dates=gathering.naive_dates,
        unknown=_unknown(head, items[:MOST_ENTRIES]),
    )


def _parts(root: Any, kind: str) -> tuple[Any, list[Any]]:
    """The element that describes the feed, and its entries; a refusal if it is no feed of this kind."""
    name = etree.QName(root)
    if kind == "atom":
        if name.localname != "feed" or name.namespace not in _ATOM:
            raise malformed("not_an_article")
        return root, root.findall("{*}entry")
    head = root.find("{*}channel")
    if head is None or not (name.localname == "rss" or name.text == f"{{{_RDF}}}RDF"):
        raise malformed("not_an_article")
    return head, [*head.findall("{*}item"), *root.findall("{*}item")]


def _refuse_bridges(head: Any, url: str) -> None:
    generators = head.findall("{*}generator")
    refuse_programs(
        generators=[text for element in generators for text in (element.text or "", *element.attrib.values())],
        descriptions=[head.findtext(f"{{*}}{name}") or "" for name in ("title", "description", "subtitle")],
    )
    refuse_addresses(url, [*_links(head), head.findtext("{*}id") or ""])


def _links(head: Any, rel: str = "") -> Iterator[str]:
    """The addresses of the feed's own links, all or those of one relation."""
    for element in head.findall("{*}link"):
        if not rel or element.get("rel") == rel:
            yield element.get("href") or element.text or ""


def _anew(root: Any, items: list[Any]) -> bytes:
    """A document with the same entries that holds only what is read."""
    anew = etree.Element(root.tag, version=root.get("version", ""), nsmap=_PREFIXES)
    head = anew if etree.QName(root).localname == "feed" else etree.SubElement(anew, "channel")
    for item in items:
        entry = etree.SubElement(head, item.tag)
        if about := item.get(f"{{{_RDF}}}about"):
            entry.set(f"{{{_RDF}}}about", about)
        for element in islice(filter(_is_read, item), _MOST_PARTS):
            _copy(element, entry)
    document: bytes = etree.tostring(anew, encoding="utf-8")
    return document


def _is_read(element: Any) -> bool:
    name = etree.QName(element)
    return name.namespace in _PLAIN and name.localname.lower() in _READ


def _copy(element: Any, entry: Any) -> None:
    """Copies an element's text into ``entry``: markup as escaped HTML, whatever is neither text nor HTML not at all."""
    attributes = {name: value for name in _ATTRIBUTES if (value := element.get(name))}
    text = element.text
    if etree.QName(element).localname.lower() != "link":
        declared = attributes.get("type", "").lower()
        if declared not in _TEXT_TYPES | _MARKUP_TYPES or element.get("mode") == "base64":
            return
        if len(element):
            attributes["type"], text = "html", inner_html(element)
        elif declared in _MARKUP_TYPES:
            attributes["type"] = "text"
    if len(text or "") <= LONGEST_BODY:
        etree.SubElement(entry, element.tag, attributes).text = text


def _understood(document: bytes) -> list[Mapping[str, Any]]:
    """The entries of ``document`` as feedparser sees them; a stream is read and never opened or fetched.

    The header says what the bytes are, so that nothing is guessed. Markup stays as it is: it becomes text.
    """
    parsed = feedparser.parse(
        BytesIO(document),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    # Plain dictionaries: its own give one date for another where a name is not there.
    return [dict(entry) for entry in parsed["entries"]]


def _add(found: Mapping[str, Any], gathering: Gathering, kind: str) -> None:
    published = gathering.date(found.get("published") or found.get("created"))
    updated = gathering.date(found.get("updated"))
    gathering.add(
        link=found.get("link", ""),
        id=found.get("id", ""),
        title=title_of(_words(found.get("title_detail", {}))),
        # dc:date, which is the date of publication, comes as "updated".
        published=published or (updated if kind == "rss" else None),
        updated=updated,
        text=body_of(_bodies(found)),
    )


def _bodies(found: Mapping[str, Any]) -> Iterator[Words]:
    for content in found.get("content", ()):
        yield _words(content)
    yield _words(found.get("summary_detail", {}))


def _words(detail: Mapping[str, Any]) -> Words:
    return detail.get("value", ""), detail.get("type") != "text/plain"


def _unknown(head: Any, items: list[Any]) -> frozenset[str]:
    """Names of elements that the reader does not know, those of other namespaces with their prefix."""
    names: dict[str, None] = {}
    for tag, prefix in {(child.tag, child.prefix) for parent in (head, *items) for child in parent}:
        name = etree.QName(tag)
        if name.namespace in _PLAIN:
            names |= {} if name.localname.lower() in _READ | _UNREAD else {name.localname: None}
        elif name.namespace not in _ELSEWHERE:
            names[f"{prefix}_{name.localname}" if prefix else name.localname] = None
    return unknown_fields(names, ())
