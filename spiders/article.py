"""What every reader of articles ends in: one reading, by the rule of who may be named.

An article is an organisation's only where its source is declared as one (design, Bound 7). From any other source
the writer may be an individual: the same text becomes a post, signed and anonymous, and old ones are not read.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

from pipelines.page import Article, ArticleStatus, Fault, Post, Reason
from spiders.edge import Edge, Refusal, age_fault, hour_of, malformed

State = Literal[
    "article",
    "deleted",
    "blocked_by_platform",
    "moved",
    "missing_body",
    "verification",
    "bad_url",
    "client_only",
    "other_media",
]
"""What a page or record turned out to be."""

_STATUS: dict[State, ArticleStatus] = {
    "article": "ok",
    "deleted": "deleted",
    "blocked_by_platform": "blocked",
    "moved": "moved",
    "missing_body": "missing_body",
}
_SHORTEST_BODY = 40
_LONGEST_EXCUSE = 200
_LONGEST_LINK = 2048


@dataclass(frozen=True, slots=True)
class ArticleReading:
    """What one record or page came to. ``state`` is None where it is malformed or was not read."""

    item: Article | Post | Reason
    fault: Fault | None
    unknown: frozenset[str]
    state: State | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An article in memory, before it is decided whether its publisher may be named.

    ``key`` names it across edits; ``platform`` and ``account`` name its publisher, for the signature of a post.
    """

    platform: Literal["wechat", "article"]
    account: str
    key: str
    link: str
    published: datetime
    updated: datetime | None = None
    title: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    state: State = "article"


NOT_PERMITTED = ArticleReading("not_permitted", None, frozenset(), None)


def refused(refusal: Refusal, unknown: frozenset[str] = frozenset()) -> ArticleReading:
    """The reading of a record that did not get past the edge."""
    return ArticleReading(refusal.reason, refusal.fault, unknown, None)


def settle(draft: Draft, edge: Edge, unknown: frozenset[str] = frozenset()) -> ArticleReading:
    """The reading of a draft: an organisation's article or tombstone, an individual's post, or a reason."""
    whole = draft.state == "article"
    foreign = draft.platform == "wechat" and draft.account not in edge.accounts | {edge.source}
    if edge.organisation and edge.accounts and foreign:
        return ArticleReading("not_permitted", None, unknown, draft.state)
    if edge.organisation is None and whole:
        return ArticleReading(_post(draft, edge), None, unknown, draft.state)
    if edge.organisation is None or draft.state not in _STATUS:
        return unread(draft.state, unknown)
    article = Article(
        outlet=edge.organisation,
        key=draft.key,
        link=draft.link,
        title=draft.title if whole else "",
        text=draft.text if whole else "",
        published=draft.published,
        updated=draft.updated,
        status=_STATUS[draft.state],
    )
    return ArticleReading(article, None, unknown, draft.state)


def unread(state: State, unknown: frozenset[str] = frozenset()) -> ArticleReading:
    """The reading of a page that holds no article and can't be told which one it was."""
    if state in ("deleted", "blocked_by_platform", "moved"):
        return ArticleReading("not_public", None, unknown, state)
    if state == "other_media":
        return ArticleReading("out_of_scope", None, unknown, state)
    fault: Fault = "no_text" if state == "missing_body" else "not_an_article"
    return ArticleReading("malformed", fault, unknown, state)


def _post(draft: Draft, edge: Edge) -> Post | Reason:
    hour = hour_of(draft.published)
    signer = edge.signers.at(hour)
    if age_fault(draft.published, edge.now) or signer is None:
        return "too_old"
    return Post(
        token=signer.post(draft.platform, draft.key),
        account=signer.account(draft.platform, draft.account),
        epoch=signer.epoch,
        hour=hour,
        text=f"{draft.title}\n{draft.text}".strip(),
    )


def is_missing(body: str) -> bool:
    """Whether a body handed over is none: a tool's excuse, a literal CDATA, or under 40 characters (notes, B3)."""
    if len("".join(body.split())) < _SHORTEST_BODY or body.lstrip().startswith("<![CDATA["):
        return True
    verification = "环境异常" in body and "去验证" in body
    return len(body) <= _LONGEST_EXCUSE and ("获取全文失败" in body or verification)


def public_link(url: str) -> str:
    """``url`` without its fragment if it is a plain web address; empty otherwise."""
    try:
        parts = urlsplit(url.strip())
        whole = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    except ValueError:
        return ""
    link = parts._replace(fragment="").geturl()
    return link if whole and len(link) <= _LONGEST_LINK and not any(map(str.isspace, link)) else ""


def host_of(link: str) -> str:
    """The host of a link that :func:`public_link` passed; empty for an empty one."""
    return urlsplit(link).hostname or ""


def require(value: str | None, fault: Fault) -> str:
    """``value`` if there is one, else the refusal of a malformed record."""
    if not value:
        raise malformed(fault)
    return value
