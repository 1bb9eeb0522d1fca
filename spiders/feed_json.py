"""JSON Feed 1 and 1.1 (jsonfeed.org): version, title and items are required, times are RFC 3339."""

import codecs
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo

from spiders.bridge import refuse_addresses, refuse_programs
from spiders.edge import Refusal, as_object, malformed, sound, text_field, unknown_fields
from spiders.feed import MOST_ENTRIES, Feed, Gathering, Words, body_of, title_of
from spiders.ndjson import decode

_VERSIONS = ("https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1")
_FEED = frozenset(
    "version title home_page_url feed_url description user_comment next_url icon favicon author authors language "
    "expired hubs items generator".split()
)
_ITEM = frozenset(
    "id url external_url title content_html content_text summary image banner_image date_published date_modified "
    "author authors tags language attachments".split()
)


def read_json_feed(body: bytes, *, url: str, at: datetime, tz: tzinfo) -> Feed:
    """Reads one page of a JSON Feed. Authors are not read, nor is ``external_url``: that is another's page."""
    document = as_object(decode(body.removeprefix(codecs.BOM_UTF8)))
    items = document.get("items")
    if document.get("version") not in _VERSIONS or text_field(document, "title") is None or not isinstance(items, list):
        raise malformed("bad_field")
    refuse_programs(
        generators=_texts(document, "generator", "_generator"), descriptions=_texts(document, "title", "description")
    )
    refuse_addresses(url, _texts(document, "home_page_url", "feed_url", "next_url"))
    gathering = Gathering(url=url, at=at, tz=tz, formats=("rfc3339",))
    unknown = unknown_fields(document, _FEED)
    for item in items[:MOST_ENTRIES]:
        unknown |= unknown_fields(item, _ITEM) if isinstance(item, dict) else frozenset()
        try:
            _add(as_object(item), gathering)
        except Refusal:
            gathering.faults += 1
    return Feed(
        entries=gathering.settled(),
        next=gathering.link(text_field(document, "next_url") or ""),
        faults=gathering.faults,
        cut=max(0, len(items) - MOST_ENTRIES),
        naive_dates=gathering.naive_dates,
        unknown=unknown,
    )


def _texts(document: Mapping[str, object], *names: str) -> list[str]:
    return [value for name in names if isinstance(value := document.get(name), str)]


def _add(item: Mapping[str, object], gathering: Gathering) -> None:
    gathering.add(
        link=text_field(item, "url") or "",
        id=_id(item.get("id")),
        title=title_of((text_field(item, "title") or "", False)),
        published=gathering.date(text_field(item, "date_published")),
        updated=gathering.date(text_field(item, "date_modified")),
        text=body_of(_bodies(item)),
    )


def _bodies(item: Mapping[str, object]) -> Iterator[Words]:
    yield text_field(item, "content_html") or "", True
    yield text_field(item, "content_text") or "", False
    yield text_field(item, "summary") or "", False


def _id(value: object) -> str:
    """An id as text: the format wants one, and allows whole numbers for the sake of those who write them."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise malformed("bad_field")
    return sound(value or "")
