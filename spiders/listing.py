"""What stands in one answer of a publisher's list or feed: its entries in their places, and what paging needs.

The operator's expressions say where things are: JMESPath in JSON, CSS or XPath in HTML and XML (the sources' notes,
C2). Records of a jpage list are HTML within XML (C1). Fields that no expression names are never read.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import jmespath  # type: ignore[import-untyped]
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]
from parsel import Selector

from spiders.bridge import BridgeRefused
from spiders.charset import decoded
from spiders.conversation import FailureKind, Reply
from spiders.edge import Refusal, sound, unknown_fields
from spiders.feeds import read_feed
from spiders.ndjson import decode
from spiders.plan import Days, Plan
from spiders.record import Origin, Record, checked, digest
from spiders.selecting import body_text, is_gate, parse_html, parse_xml, plain_lines, select, value

_CHANNELS = ("channelName", "channel", "channel_name", "columnName", "column_name", "category", "section")
"""Fields of a record that may name its channel."""
_CODES = ("code", "errcode", "error_code", "status")
_REFUSED = ("401", "403")
_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINK = re.compile(r"<([^<>\s]{1,2000})>([^<]{0,500})")
_NEXT = re.compile(r'\brel\s{0,2}=\s{0,2}"?[^";,]{0,80}\bnext\b', re.IGNORECASE)


class NoList(Exception):
    """An answer is not the list that was asked for: why, in a closed word."""

    def __init__(self, kind: FailureKind) -> None:
        super().__init__(kind)
        self.kind: FailureKind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One answer. ``next`` is the link to the page after it, ``more`` the sitemaps of an index.

    ``find`` is what an expression of the paging finds in it, empty where nothing. ``cut``: it holds more than was read.
    ``unknown`` are fields of the answer itself, and ``naive_dates`` of a feed, whose zone was assumed.
    """

    records: tuple[Record, ...] = ()
    next: str = ""
    more: tuple[str, ...] = ()
    find: Callable[[str], str] = field(default=lambda _: "", repr=False)
    cut: bool = False
    unknown: Mapping[str, int] = field(default_factory=dict)


def read_list(plan: Plan, reply: Reply, url: str, *, first: bool) -> Sheet:
    """What an answer to ``url`` holds; ``first`` if it is the first page. Raises NoList where it is no list."""
    try:
        if plan.kind == "json_list":
            return _json(Origin(plan, url, reply.at), reply)
        if plan.kind == "xml_list" or plan.kind == "html_list":
            return _markup(Origin(plan, url, reply.at), reply, first)
        feed = read_feed(reply.body, kind=plan.kind, url=url, at=reply.at, tz=plan.tz)
    except BridgeRefused:
        raise NoList("bridge") from None
    except Refusal:
        raise NoList("captcha" if _is_gate(reply) else "garbled") from None
    entries = (checked(place, entry) for place, entry in enumerate(feed.entries, start=1))
    faulty = (Record(place=0, mark=digest(url, str(number))) for number in range(feed.faults))
    return Sheet(
        records=(*entries, *faulty),
        next=feed.next or _header_link(reply),
        more=feed.more,
        cut=feed.cut > 0,
        unknown=dict.fromkeys(feed.unknown, 1) | ({"naive_dates": feed.naive_dates} if feed.naive_dates else {}),
    )


def _is_gate(reply: Reply) -> bool:
    try:
        return is_gate(decoded(reply.body, reply.encoding))
    except Refusal:
        return False


def _header_link(reply: Reply) -> str:
    """The next page by the header of RFC 8288."""
    found = _LINK.finditer(reply.headers.get("link", "")[:4000])
    return next((link[1] for link in found if _NEXT.search(link[2])), "")


# -- JSON ----------------------------------------------------------------------------------------


def _json(origin: Origin, reply: Reply) -> Sheet:
    plan, document = origin.plan, _document(reply.body)
    if plan.ok and not _holds(_found(plan.ok, document)):
        raise NoList("auth_required" if _is_refused(document) else "busy")
    items = _found(plan.items, document)
    if not isinstance(items, list):
        raise NoList("changed_shape")
    named = document.get("next_url") if isinstance(document, dict) else None
    return Sheet(
        records=tuple(_json_record(origin, place, item) for place, item in enumerate(items, start=1)),
        next=named if isinstance(named, str) else _header_link(reply),
        find=lambda expression: _plain(_found(expression, document)),
    )


def _document(body: bytes) -> object:
    """A JSON document in UTF-8, or in GB18030, which RFC 8259 does not know and publishers still send."""
    content = body.removeprefix(b"\xef\xbb\xbf")
    try:
        return decode(content)
    except Refusal as refusal:
        if refusal.fault != "bad_encoding":
            raise
    return decode(decoded(content).encode())


def _found(expression: str, document: object) -> object:
    """What a JMESPath finds; None also where a function does not suit what stands there."""
    try:
        found: object = jmespath.search(expression, document)
    except (JMESPathError, ValueError, TypeError, ArithmeticError):
        return None
    return found


def _holds(found: object) -> bool:
    """JMESPath's own truth: a number always is true, what is empty is not."""
    return bool(found) or (isinstance(found, int | float) and not isinstance(found, bool))


def _is_refused(document: object) -> bool:
    """Whether the answer says by a code that the credentials are not good enough."""
    return isinstance(document, dict) and any(str(document.get(name)) in _REFUSED for name in _CODES)


def _json_record(origin: Origin, place: int, item: object) -> Record:
    expressions = origin.plan.map
    fields = {name: _plain(_found(expression, item)) for name, expression in expressions.items()}
    fields["text"] = plain_lines(fields.get("text", ""))
    if not isinstance(item, dict):
        return origin.record(place, fields)
    unknown = unknown_fields(item, set(_NAMES.findall(" ".join(expressions.values()))))
    return origin.record(place, fields, [str(item.get(name) or "") for name in _CHANNELS], unknown)


def _plain(found: object) -> str:
    """A text, or a number's digits; empty for anything else. JMESPath's to_string makes "null" of what is not there."""
    if isinstance(found, str):
        return "" if found == "null" else sound(found).strip()
    if isinstance(found, bool) or not isinstance(found, int | float):
        return ""
    return str(int(found)) if found == int(found) else str(found)


# -- HTML and XML --------------------------------------------------------------------------------


def _markup(origin: Origin, reply: Reply, first: bool) -> Sheet:
    plan, text = origin.plan, decoded(reply.body, reply.encoding)
    document = parse_xml(text) if plan.kind == "xml_list" else parse_html(text)
    items = select(document, plan.items)
    if not items and first and not isinstance(plan.paging, Days):
        # A day may have no articles; a whole list without any is another page than it was.
        raise NoList("captcha" if is_gate(text) else "changed_shape")
    return Sheet(
        records=tuple(_markup_record(origin, place, item) for place, item in enumerate(items, start=1)),
        next=value(document, _next_link(plan)) or _header_link(reply),
        find=lambda expression: value(document, expression),
    )


def _next_link(plan: Plan) -> str:
    if plan.kind == "xml_list":
        return '//*[local-name()="link"][@rel="next"]/@href'
    return 'link[rel~="next"]::attr(href), a[rel~="next"]::attr(href)'


def _markup_record(origin: Origin, place: int, item: Selector) -> Record:
    expressions = origin.plan.map
    try:
        node = parse_html(item.xpath("string()").get() or "") if origin.plan.is_jpage else item
    except Refusal as refusal:
        return Record(place=place, fault=refusal.fault, mark=digest(str(item.get())))
    fields = {name: value(node, expression) for name, expression in expressions.items()}
    if "text" in expressions:
        fields["text"] = body_text(node, expressions["text"])
    return origin.record(place, fields)
