"""What every kind of feed ends in: entries without anybody's name, and counts of what could not be read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from html import escape
from urllib.parse import urljoin

from spiders.article import is_missing, public_link
from spiders.bridge import BridgeRefused, lies_elsewhere
from spiders.dates import read_written
from spiders.edge import clean_html, drop_bylines
from spiders.entry import Entry

BODY_LIMIT = 8 << 20
"""Bytes of the largest feed that is read."""
MOST_ENTRIES = 2_000
"""Entries of a feed that are read, from its beginning; those of a sitemap have a limit of their own."""
LONGEST_BODY = 1 << 20
"""Characters of the longest body that is read; in place of a longer one the article's own page is."""

_LONGEST_TITLE = 500
_LONGEST_ID = 500

Words = tuple[str, bool]
"""A text as a feed holds it, and whether it is HTML."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One answer of a feed. ``next`` is the address of the page after it, empty where it names none.

    ``more`` are the sitemaps of a sitemap index, the newest first. ``faults`` counts entries that can't be read,
    ``cut`` those beyond the limit, which were not looked at, ``naive_dates`` dates that name no zone. ``unknown`` are
    names of fields that the reader does not know.
    """

    entries: tuple[Entry, ...] = ()
    next: str = ""
    more: tuple[str, ...] = ()
    faults: int = 0
    cut: int = 0
    naive_dates: int = 0
    unknown: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Gathering:
    """Entries on their way into a :class:`Feed`. ``url`` is the feed's own address, ``formats`` those of its dates."""

    url: str
    at: datetime
    tz: tzinfo
    formats: Sequence[str]
    entries: list[Entry] = field(default_factory=list)
    faults: int = 0
    naive_dates: int = 0
    social: int = 0

    def date(self, text: str | None) -> datetime | None:
        """The time in ``text``; None where there is none. One that names no zone is counted."""
        found = read_written(text, self.formats, tz=self.tz, at=self.at) if text else None
        self.naive_dates += found is not None and not found.zoned
        return found.moment if found else None

    def link(self, address: str) -> str:
        """``address``, which may be relative to the feed, as a plain web address; empty where it is none."""
        try:
            return public_link(urljoin(self.url, address.strip())) if address.strip() else ""
        except ValueError:
            return ""

    def add(
        self,
        *,
        link: str,
        id: str = "",
        title: str = "",
        published: datetime | None = None,
        updated: datetime | None = None,
        text: str | None = None,
    ) -> None:
        """Takes in an entry, or counts a fault: without a link it needs an id and a text. Refuses a bridge's.

        An entry that lies on a social platform is passed over: a publisher may link a post of its own there.
        """
        if lies_elsewhere(self.url, (link, id)):
            self.social += 1
            self.faults += 1
            return
        url = self.link(link)
        known = id.strip() if len(id) <= _LONGEST_ID else ""
        if not url and not (known and text):
            self.faults += 1
            return
        self.entries.append(Entry(url=url, id=known, title=title, published=published, updated=updated, text=text))

    def settled(self) -> tuple[Entry, ...]:
        """The entries. Raises BridgeRefused where most of the feed lies on a social platform: it is a copy of it."""
        if self.social > len(self.entries):
            raise BridgeRefused("host")
        return tuple(self.entries)


def title_of(words: Words) -> str:
    """A title in one line of plain text."""
    return " ".join(_plain(words).split())[:_LONGEST_TITLE] if words[0] else ""


def body_of(candidates: Iterable[Words]) -> str | None:
    """The first text that is one, without bylines; None where the article's own page must be read (notes, B3)."""
    for words in candidates:
        if len(words[0]) <= LONGEST_BODY and not is_missing(words[0]):
            text = drop_bylines(_plain(words))
            if not is_missing(text):
                return text
    return None


def _plain(words: Words) -> str:
    text, is_html = words
    return clean_html(text if is_html else escape(text).replace("\n", "<br>"))
