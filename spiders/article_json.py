"""Articles that publishers hand over as JSON: one object a line, a list, or a list answer of a county app.

Two shapes are read. Our own: ``id``, ``url``, ``title``, ``text`` or ``html``, ``published``, ``updated``. And the
records of the documented open API of 天目云 (the sources' notes, C1): ``id``, ``originalId``, ``listTitle``, ``url``,
``publishedAt``, ``updatedAt``, with the article's ``content``. People in them (``author``, ``creator``,
``updatedBy``) are known by name and never read.
"""

import hashlib
import html
import re
import unicodedata
from collections.abc import Mapping

from spiders.article import (
    NOT_PERMITTED,
    ArticleReading,
    Draft,
    State,
    host_of,
    is_missing,
    public_link,
    refused,
    require,
    settle,
)
from spiders.channels import USERS_CHANNELS
from spiders.edge import (
    Edge,
    Refusal,
    as_object,
    clean_html,
    drop_bylines,
    malformed,
    read_moment,
    sound,
    text_field,
    unknown_fields,
)
from spiders.wechat_link import canonical, identity_of, is_wechat

_KNOWN = frozenset(
    [
        "id",
        "url",
        "title",
        "text",
        "html",
        "published",
        "updated",
        "author",
        "channel",
        "listTitle",
        "docType",
        "originalId",
        "creator",
        "createdAt",
        "updatedAt",
        "updatedBy",
        "publishedAt",
        "channelName",
        "listPics",
        "content",
    ]
)
_MARKS = re.compile(r"[\W_]+")
_LONGEST_ID = 200


def read_articles(document: object, edge: Edge) -> list[ArticleReading]:
    """Read a whole JSON document: a list of records, a list answer of 天目云, or one record; never raises."""
    if not edge.permitted:
        return [NOT_PERMITTED]
    records = document if isinstance(document, list) else _listed(document)
    return [read_article(record, edge) for record in records]


def _listed(document: object) -> list[object]:
    """The records of a list answer (``data.articleList.records``); anything else is one record."""
    inner = document
    for name in ("data", "articleList", "records"):
        inner = inner.get(name) if isinstance(inner, dict) else None
    return inner if isinstance(inner, list) else [document]


def read_article(record: object, edge: Edge) -> ArticleReading:
    """Read one record; never raises. Channels that users write (问政, 爆料, 社区) are not permitted (Bound 7)."""
    if not edge.permitted:
        return NOT_PERMITTED
    unknown: frozenset[str] = frozenset()
    try:
        article = as_object(record)
        unknown = unknown_fields(article, _KNOWN)
        if any(is_users_channel(text_field(article, name) or "") for name in ("channelName", "channel")):
            raise Refusal("not_permitted")
        return settle(_draft(article, edge), edge, unknown)
    except Refusal as refusal:
        return refused(refusal, unknown)


def is_users_channel(channel: str) -> bool:
    """Whether users write in the channel, whatever width, blanks or marks its name is spelt with."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKC", channel))
    return any(word in plain for word in USERS_CHANNELS)


def _draft(article: Mapping[str, object], edge: Edge) -> Draft:
    url = text_field(article, "url") or ""
    wechat = identity_of(url)
    link = canonical(url) if is_wechat(url) else public_link(url)
    key = wechat.key if wechat else key_of(edge.source, require(_id(article) or link, "no_id"))
    updated = text_field(article, "updated", "updatedAt")
    text = _body(article)
    state: State = "missing_body" if is_missing(text) else "article"
    return Draft(
        platform="wechat" if wechat else "article",
        account=wechat.biz if wechat else host_of(link) or edge.source,
        key=key,
        link=link,
        published=read_moment(text_field(article, "published", "publishedAt")),
        updated=read_moment(updated) if updated else None,
        title=" ".join(html.unescape(text_field(article, "title", "listTitle") or "").split()),
        text=drop_bylines(text),
        state=state,
    )


def key_of(source: str, name: str) -> str:
    """What names an article of a source across edits, in at most 200 characters."""
    key = f"{source}:{name}"
    return key if len(key) <= _LONGEST_ID else f"{source}:{hashlib.sha256(name.encode()).hexdigest()}"


def _id(article: Mapping[str, object]) -> str | None:
    """The article's id in its source; the original's where one story stands in several channels."""
    for name in ("originalId", "id"):
        value = article.get(name)
        if value in (None, "", 0):
            continue
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**20:
            return str(value)
        if isinstance(value, str) and len(value) <= _LONGEST_ID and sound(value).strip():
            return sound(value).strip()
        raise malformed("bad_field")
    return None


def _body(article: Mapping[str, object]) -> str:
    """The article's text, a line per paragraph."""
    plain = text_field(article, "text")
    if plain is not None:
        return "\n".join(line for line in (" ".join(raw.split()) for raw in plain.splitlines()) if line)
    markup = text_field(article, "html", "content")
    if markup is None:
        raise malformed("no_text")
    return clean_html(markup)
