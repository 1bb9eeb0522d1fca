"""What leaves a spider: closed, frozen types with no room for an identity.

A callback turns one answer of a source into one :class:`Page`. Ids, names and
addresses of individuals are signed in memory with the epoch key and forgotten;
the two values that remain (``token``, ``account``) are keyed and never printed.
These are the only names of ours that ``spiders`` may import.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, get_args

Reason = Literal["out_of_scope", "not_public", "not_permitted", "duplicate", "malformed", "too_old"]
"""Why a text was dropped: closed, and silent about what the text was."""
REASONS: tuple[Reason, ...] = get_args(Reason)

Fault = Literal[
    "not_json",
    "not_an_object",
    "bad_encoding",
    "too_long",
    "too_deep",
    "no_id",
    "no_text",
    "no_time",
    "bad_time",
    "bad_field",
    "not_an_article",
]
"""What is wrong with a malformed record: a closed word, never a piece of the record."""

ArticleStatus = Literal["ok", "deleted", "blocked", "moved", "missing_body"]


class Signer(Protocol):
    """Signs what identifies a person with one epoch's key, in memory."""

    @property
    def epoch(self) -> str:
        """The epoch's own random name."""

    def post(self, platform: str, post_id: str) -> bytes:
        """Eight bytes that stand for a post within the epoch."""

    def account(self, platform: str, account: str) -> bytes:
        """Sixteen bytes that stand for an account within the epoch."""


class Signers(Protocol):
    """Hands out the signer of the epoch that a published hour belongs to."""

    def at(self, hour: int) -> Signer | None:
        """Signer for posts of ``hour`` (hours since 1970, UTC); None where no key serves it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One individual's public post, without the individual.

    ``hour`` is the whole hour of publication, in hours since 1970-01-01T00Z. For a repost, ``text``
    holds the reposter's own words and ``quoted`` the parent's. ``parent`` marks a text met only inside
    a repost: it is counted apart, so that a file of n statuses reads as n.
    """

    token: bytes = field(repr=False)
    account: bytes = field(repr=False)
    epoch: str
    hour: int
    text: str = field(repr=False)
    quoted: str = field(default="", repr=False)
    parent: bool = False
    reposts: int = 0

    def __post_init__(self) -> None:
        if len(self.token) != 8 or len(self.account) != 16:
            raise ValueError("Post: token must be 8 and account 16 keyed bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One text published by an organisation (design, Bound 7), which may be named and linked.

    ``key`` identifies the article across edits (for WeChat ``wx:biz:mid:idx``). ``status`` other than
    ``ok`` is a tombstone: the text is empty and an article stored before goes.
    """

    outlet: str
    key: str
    link: str
    title: str = field(repr=False)
    text: str = field(repr=False)
    published: datetime
    updated: datetime | None = None
    status: ArticleStatus = "ok"
    parent: bool = False

    def __post_init__(self) -> None:
        if self.published.tzinfo is None:
            raise ValueError("Article: published needs a time zone")


@dataclass(frozen=True, slots=True)
class Problem:
    """A malformed record: where, and which closed fault."""

    line: int
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What one answer held: ``read`` texts, of which ``dropped`` never left the edge.

    ``quoted`` counts the parents met inside reposts, apart. read = dropped + items handed on.
    """

    read: int = 0
    dropped: Mapping[Reason, int] = field(default_factory=dict)
    quoted_read: int = 0
    quoted_dropped: Mapping[Reason, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """An organisation's article that was dealt with: its key, and the stamp that an edit would change."""

    key: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Visit:
    """The validators of one address of an organisation, for the next conditional GET (RFC 9110, 13.1)."""

    url: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer of a source: the unit of a transaction.

    ``cursor`` counts the window's pages, this one among them: it is stored only after page ``cursor - 1``. ``resume``
    is what the source's reader goes on with after it; of a source of individuals it may hold numbers only. ``done``
    closes the window in the same transaction. ``known`` and ``visits`` are of organisations alone. ``unknown`` names
    fields the reader does not know (names only, and only plain lower-case words).
    """

    source: str
    window: int
    cursor: int
    reads: Reads
    resume: str = ""
    done: bool = False
    posts: tuple[Post, ...] = ()
    articles: tuple[Article, ...] = ()
    known: tuple[Known, ...] = ()
    visits: tuple[Visit, ...] = ()
    problems: tuple[Problem, ...] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)
