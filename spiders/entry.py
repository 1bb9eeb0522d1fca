"""One entry of a publisher's list or feed, whatever the form it came in."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article as its list shows it. Nobody's name has a place here.

    ``id`` is the publisher's, ``dedupe`` the original's where one story stands in several channels. ``text`` is the
    body where the list holds it, a line per paragraph; None where the article's own page must be read.
    ``published`` and ``updated`` are None where the list names none, or names one that can't be read.
    """

    url: str
    title: str = field(repr=False)
    id: str = ""
    dedupe: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    text: str | None = field(default=None, repr=False)
