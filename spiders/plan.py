"""What the reader of a publisher's list or feed is told about its source: the configuration, in plain types.

Form by form as in the sources' notes, C2. The operator's file is checked where it is loaded; here nothing is checked
again but what an answer could bring in: links.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta, tzinfo
from typing import Literal
from urllib.parse import quote, urlsplit

from spiders.article import public_link
from spiders.edge import CHINA

Kind = Literal["rss", "atom", "jsonfeed", "sitemap", "json_list", "xml_list", "html_list"]
FEEDS = frozenset(("rss", "atom", "jsonfeed", "sitemap"))
MOST_OF_A_FEED = 50
"""Pages of one feed, or parts of one sitemap, that are asked for in one reading."""

_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages numbered from ``start``; ``total_pages`` finds their number in the answer."""

    param: str
    start: int = 1
    total_pages: str = ""
    max_pages: int = 10


@dataclass(frozen=True, slots=True)
class Offset:
    """Pages by the number of entries before them, ``step`` a page."""

    param: str
    step: int
    start: int = 0
    max_pages: int = 10


@dataclass(frozen=True, slots=True)
class Cursor:
    """The value found at ``found_at`` in an answer goes into ``param`` of the next question."""

    found_at: str
    param: str
    max_pages: int = 10


@dataclass(frozen=True, slots=True)
class Links:
    """The next page is the link with ``rel`` "next"."""

    max_pages: int = 10


@dataclass(frozen=True, slots=True)
class Days:
    """Days asked one by one: their beginning goes into ``first``, their end into ``last``, in a strptime ``format``."""

    first: str
    last: str
    format: str = "%Y-%m-%d"


Paging = Pages | Offset | Cursor | Links | Days


@dataclass(frozen=True, slots=True)
class Detail:
    """The article's own page: ``body`` is read without ``drop``. Without ``url`` the entry's own link is followed."""

    body: str = ""
    url: str = ""
    drop: tuple[str, ...] = ()

    def page_of(self, name: str) -> str:
        """The page of the article with the id ``name``; empty where there is no template, or no id that fits in it."""
        if not self.url or not name or not {".", ".."}.isdisjoint(name.split("/")):
            return ""
        return self.url.replace("{id}", quote(name, safe=""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One source. ``private`` parameters go to the list alone, and into its query only where the bytes are sent.

    ``map`` names what is what in an entry: ``url``, ``title``, ``published``, ``id``, ``updated``, ``dedupe``,
    ``text``. ``dated_by`` is the time that decides whether an article is new.
    """

    source: str
    organisation: str
    kind: Kind
    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict, repr=False)
    channels: tuple[str, ...] = ()
    ok: str = ""
    items: str = ""
    map: Mapping[str, str] = field(default_factory=dict)
    paging: Paging | None = None
    detail: Detail | None = None
    formats: tuple[str, ...] = ("rfc3339",)
    tz: tzinfo = CHINA
    dated_by: Literal["updated", "published"] = "published"
    overlap: timedelta = timedelta(minutes=120)
    max_age: timedelta = timedelta(days=7)

    @property
    def is_feed(self) -> bool:
        """Whether it is a standard form, which needs no map."""
        return self.kind in FEEDS

    @property
    def is_jpage(self) -> bool:
        """Whether the list is a jpage one (the sources' notes, C1): asked by POST, its records HTML within XML."""
        return self.kind == "xml_list" and urlsplit(self.url).path.endswith("dataproxy.jsp")

    @property
    def most_pages(self) -> int:
        """How many pages of the list are asked for in one reading."""
        if isinstance(self.paging, Days):
            return self.max_age.days + 3
        return self.paging.max_pages if self.paging else MOST_OF_A_FEED

    def hosts(self) -> Mapping[str, str]:
        """The hosts (with their ports) that may be asked, and their schemes."""
        urls = (self.url, self.detail.url if self.detail else "")
        return {parts.netloc.lower(): parts.scheme for parts in map(urlsplit, urls) if parts.netloc}

    def follow(self, link: str) -> str:
        """``link`` as it may be asked; empty if it leads to another host than the list's or the articles'."""
        plain = public_link(link)
        parts = urlsplit(plain)
        for host, scheme in self.hosts().items():
            # Plain http to a host that speaks https is the same site's older address.
            if plain and _bare(parts.netloc, parts.scheme) == _bare(host, scheme):
                return parts._replace(scheme=scheme, netloc=host).geturl()
        return ""


def _bare(netloc: str, scheme: str) -> str:
    """A host, with its port where that is not its scheme's own."""
    return netloc.lower().removesuffix(_PORTS[scheme])
