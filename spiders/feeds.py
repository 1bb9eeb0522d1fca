"""A publisher's own feed: RSS, Atom, JSON Feed or a sitemap, from the bytes of one answer (sources' notes, B3, C1)."""

from datetime import datetime, tzinfo
from typing import Literal

from spiders.edge import malformed
from spiders.feed import BODY_LIMIT, Feed
from spiders.feed_json import read_json_feed
from spiders.feed_xml import read_xml_feed
from spiders.sitemap import read_sitemap

Kind = Literal["rss", "atom", "jsonfeed", "sitemap"]


def read_feed(body: bytes, *, kind: Kind, url: str, at: datetime, tz: tzinfo) -> Feed:
    """What the answer of ``url`` holds. ``at`` is the answer's own Date, ``tz`` the zone of dates that name none.

    Raises :class:`spiders.edge.Refusal` for a body that is none of ``kind``, or is cut short, and
    :class:`spiders.bridge.BridgeRefused` for a copy of a social platform. An entry without a readable body has no
    text: its own page must be read.
    """
    if len(body) > BODY_LIMIT:
        raise malformed("too_long")
    match kind:
        case "jsonfeed":
            return read_json_feed(body, url=url, at=at, tz=tz)
        case "sitemap":
            return read_sitemap(body, url=url, at=at, tz=tz)
        case _:
            return read_xml_feed(body, kind=kind, url=url, at=at, tz=tz)
