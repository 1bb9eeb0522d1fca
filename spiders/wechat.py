"""WeChat articles handed over: saved pages, and answers of the account API.

Format: the sources' notes, B1 (``freepublish``), B2 (pages) and B3 (bodies that are none). Author fields are never
read, bylines are dropped; no page is ever fetched.
"""

import html
import re
from collections.abc import Iterator, Mapping

from parsel import Selector

from spiders.article import NOT_PERMITTED, ArticleReading, Draft, State, is_missing, refused, require, settle, unread
from spiders.edge import (
    Edge,
    Refusal,
    as_object,
    clean_html,
    drop_bylines,
    is_set,
    malformed,
    read_unix,
    sound,
    tame,
    text_field,
    unknown_fields,
)
from spiders.wechat_link import Identity, canonical, identity, identity_of, permanent

PAGE_LIMIT = 8 << 20
"""Bytes of the largest page that is read."""

_WORDS = "0"
_SHARES = ("8", "10", "17")
_NOTICES: tuple[tuple[str, State], ...] = (
    ("该内容已被发布者删除", "deleted"),
    ("此内容因违规无法查看", "blocked_by_platform"),
    ("此内容发送失败无法查看", "blocked_by_platform"),
    ("该公众号已迁移", "moved"),
    ("环境异常", "verification"),
    ("完成验证", "verification"),
    ("去验证", "verification"),
    ("参数错误", "bad_url"),
    ("请在微信客户端打开链接", "client_only"),
)
_STRING = r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')"""
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|(.))")
_HEX = re.compile(r"\\x([0-9a-fA-F]{2})")
_CONTROLS = {"n": "\n", "r": "\n", "t": "\t"}

_ANSWER = frozenset(
    ["total_count", "item_count", "item", "news_item", "errcode", "errmsg", "article_id", "content", "update_time"]
)
_NEWS = frozenset(
    [
        "title",
        "author",
        "digest",
        "content",
        "content_source_url",
        "thumb_media_id",
        "thumb_url",
        "need_open_comment",
        "only_fans_can_comment",
        "url",
        "is_deleted",
    ]
)


def read_page(page: bytes, edge: Edge) -> ArticleReading:
    """Read one saved ``/s`` page; never raises."""
    if not edge.permitted:
        return NOT_PERMITTED
    try:
        return _Page(_decoded(page)).reading(edge)
    except Refusal as refusal:
        return refused(refusal)


def _decoded(page: bytes) -> str:
    if len(page) > PAGE_LIMIT:
        raise malformed("too_long")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return page.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise malformed("bad_encoding")


class _Page:
    """A parsed page: its body, its variables, and what it is."""

    def __init__(self, page: str) -> None:
        self._source = page
        self._root = Selector(text=tame(sound(page)), type="html")
        self._script = "\n".join(self._root.css("script::text").getall())
        self._kind = self._variable("item_show_type") or self._variable("real_item_show_type") or _WORDS
        node = self._root.css("#js_content").get()
        self._has_body = node is not None
        self._body = clean_html(node or "")
        if not self._body and self._kind in _SHARES:
            self._body = clean_html(_unhex(self._meta("description")).replace("\n", "<br>"))

    def reading(self, edge: Edge) -> ArticleReading:
        state = self._state()
        article = self._identity()
        ct = self._variable("ct")
        if state != "article" and article is None:
            return unread(state)
        if article is None:
            raise malformed("no_id")
        draft = Draft(
            platform="wechat",
            account=article.biz,
            key=article.key,
            link=canonical(self._meta("og:url") or permanent(article, self._variable("sn"))),
            published=read_unix(ct) if ct or state == "article" else edge.now,
            title=self._title(),
            text=drop_bylines(self._body),
            state=state,
        )
        return settle(draft, edge)

    def _state(self) -> State:
        """What the page is. Its notices count only where it has no body: an article may quote them."""
        if not self._body:
            shown = "".join(clean_html(self._source).split())
            for notice, state in _NOTICES:
                if notice in shown:
                    return state
        if self._kind != _WORDS and self._kind not in _SHARES:
            return "other_media"
        if not self._has_body and not self._body and self._identity() is None:
            raise malformed("not_an_article")
        return "missing_body" if not self._body or (self._kind == _WORDS and is_missing(self._body)) else "article"

    def _identity(self) -> Identity | None:
        named = identity(self._variable("biz"), self._variable("mid"), self._variable("idx"))
        return named or identity_of(self._meta("og:url"))

    def _title(self) -> str:
        shown = clean_html(self._root.css("#activity-name").get() or "")
        raw = shown or self._meta("og:title") or self._variable("msg_title")
        return " ".join(sound(html.unescape(_unhex(raw))).split())

    def _meta(self, name: str) -> str:
        query = f'meta[property="{name}"]::attr(content), meta[name="{name}"]::attr(content)'
        return (self._root.css(query).get() or "").strip()

    def _variable(self, name: str) -> str:
        """The first value of a script variable that is not empty (``var mid = "" || "2247480001"``); else empty."""
        pattern = rf"(?:\bvar\s+|\bwindow\.){name}\s*=\s*({_STRING}(?:\s*\|\|\s*{_STRING})*|[0-9]{{1,12}})"
        for found in re.finditer(pattern, self._script):
            if found[1].isdecimal():
                return found[1]
            for literal in re.findall(_STRING, found[1]):
                if value := _unescaped(literal[1:-1]):
                    return value
        return ""


def _unescaped(literal: str) -> str:
    """The text of a JavaScript string literal, without its quotes."""

    def plain(found: re.Match[str]) -> str:
        code = found[1] or found[2]
        return chr(int(code, 16)) if code else _CONTROLS.get(found[3], found[3])

    return _ESCAPE.sub(plain, literal).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _unhex(text: str) -> str:
    """``text`` with the escapes that WeChat leaves in attributes and titles (``\\x0a``, ``\\x26amp;``) resolved."""
    return _HEX.sub(lambda found: chr(int(found[1], 16)), text)


def read_freepublish(document: object, edge: Edge) -> list[ArticleReading]:
    """Read an answer of ``freepublish/batchget`` or ``freepublish/getarticle``, a reading per article; never raises.

    An error envelope (``errcode`` other than 0) is one malformed reading; its message is not read.
    """
    if not edge.permitted:
        return [NOT_PERMITTED]
    try:
        answer = as_object(document)
        if is_set(answer.get("errcode")) or not ("item" in answer or "news_item" in answer):
            raise malformed("not_an_article")
        items = answer.get("item", [answer])
        if not isinstance(items, list):
            raise malformed("bad_field")
    except Refusal as refusal:
        return [refused(refusal)]
    return [reading for item in items for reading in _item(item, edge)]


def _item(item: object, edge: Edge) -> Iterator[ArticleReading]:
    """Readings of one publication, which holds one article or several."""
    try:
        publication = as_object(item)
        content = as_object(publication["content"]) if "content" in publication else publication
        news = content.get("news_item")
        if not isinstance(news, list):
            raise malformed("bad_field")
    except Refusal as refusal:
        yield refused(refusal)
        return
    unknown = unknown_fields(publication, _ANSWER) | unknown_fields(content, _ANSWER)
    for place, entry in enumerate(news, start=1):
        names = unknown | (unknown_fields(entry, _NEWS) if isinstance(entry, dict) else frozenset())
        try:
            yield settle(_draft(as_object(entry), publication, place, edge), edge, names)
        except Refusal as refusal:
            yield refused(refusal, names)


def _draft(entry: Mapping[str, object], publication: Mapping[str, object], place: int, edge: Edge) -> Draft:
    url = text_field(entry, "url") or ""
    article = identity_of(url)
    number = text_field(publication, "article_id")
    key = article.key if article else f"wx:{require(number, 'no_id')}:{place}"
    updated = publication.get("update_time")
    body = text_field(entry, "content")
    text = clean_html(body or "")
    state: State = "missing_body" if is_missing(text) else "article"
    if is_set(entry.get("is_deleted")):
        state = "deleted"
    elif body is None:
        raise malformed("no_text")
    return Draft(
        platform="wechat",
        account=article.biz if article else edge.source,
        key=key,
        link=canonical(url),
        published=read_unix(updated) if updated or state == "article" else edge.now,
        title=" ".join(html.unescape(text_field(entry, "title") or "").split()),
        text=drop_bylines(text),
        state=state,
    )
