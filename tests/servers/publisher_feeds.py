"""The publisher's feeds and sitemaps (the sources' notes, B3 and C1), and the shapes of bridges to a platform."""

import html
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from typing import Any, NamedTuple

from tests.servers.base import Answer, json_answer
from tests.servers.publisher_call import PAGE, Call
from tests.servers.publisher_stories import CHINA, OUTLET, Story

BRIDGES: Mapping[str, str] = {"wewe-rss": "WeWe-RSS", "we-mp-rss": "Mp-We-Rss", "rsshub": "RSSHub"}
"""Bridges that log in to a platform, with what each writes as its feeds' generator."""
BRIDGE_PATH = "/feeds/MP_WXS_"
_MOST = 100
_MOST_IN_SITEMAP = 1_000
_NEWS_AGE = timedelta(days=2)
_SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:atom="http://www.w3.org/2005/Atom"'
)
_SITEMAP = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def xml_answer(text: str, kind: str = "application/xml") -> Answer:
    """A document of XML in UTF-8, which says so itself too."""
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
    return Answer(body=document.encode(errors="xmlcharrefreplace"), headers={"Content-Type": f"{kind}; charset=utf-8"})


class _Feed(NamedTuple):
    """Whose feed it is: its own address, its generator, and whether its entries lie on a platform."""

    address: str
    generator: str
    bridge: bool

    def link(self, call: Call, story: Story) -> str:
        if not self.bridge:
            return call.link(story)
        return f"https://mp.weixin.qq.com/s/EXAMPLE{sha256(str(story.id).encode()).hexdigest()[:15]}"


def _feed(call: Call) -> _Feed:
    name = call.scenario.get("bridge") or ("wewe-rss" if call.path.startswith(BRIDGE_PATH) else "")
    if not name:
        return _Feed(call.base + call.path, "示例发布系统", False)
    return _Feed(f"{call.base}{BRIDGE_PATH}3999999999.{call.path.rpartition('.')[2]}", BRIDGES[name], True)


def rss(call: Call) -> Answer:
    """``/feed.rss``: RSS 2.0 with ``content:encoded``."""
    feed = _feed(call)
    by = " - Powered by RSSHub" if feed.generator == "RSSHub" else ""
    head = (
        f"<title>{OUTLET}</title><link>{call.base}/</link><description>{OUTLET}的新闻{by}</description>"
        f"<generator>{feed.generator}</generator><language>zh-cn</language>"
        f'<atom:link href="{feed.address}" rel="self" type="application/rss+xml"/>'
    )
    items = "" if call.broken else "\n".join(_item(call, feed, story) for story in call.cut(0, _MOST))
    return xml_answer(f'<rss version="2.0" {_SPACES}><channel>{head}\n{items}</channel></rss>', "application/rss+xml")


def _item(call: Call, feed: _Feed, story: Story) -> str:
    link = html.escape(feed.link(call, story))
    published = format_datetime(story.published)[: -6 if _naive(call) else None]
    # A CDATA section can't hold the end of another one.
    markup = html.escape(story.markup) if "]]>" in story.markup else f"<![CDATA[{story.markup}]]>"
    body = "" if _short(call) else f"<content:encoded>{markup}</content:encoded>"
    return (
        f'<item><title>{html.escape(story.title)}</title><link>{link}</link><guid isPermaLink="true">{link}</guid>'
        f"<pubDate>{published}</pubDate><category>{html.escape(story.shown)}</category><dc:creator>{html.escape(story.creator)}"
        f"</dc:creator><description>{html.escape(story.title)}</description>{body}</item>"
    )


def atom(call: Call) -> Answer:
    """``/feed.atom``."""
    feed = _feed(call)
    stories = call.cut(0, _MOST)
    updated = _rfc3339(call, stories[0].updated if stories else call.now)
    head = (
        f"<title>{OUTLET}</title><id>{feed.address}</id><updated>{updated}</updated>"
        f'<generator>{feed.generator}</generator><link rel="self" href="{feed.address}"/><link href="{call.base}/"/>'
    )
    entries = "" if call.broken else "\n".join(_entry(call, feed, story) for story in stories)
    return xml_answer(f'<feed xmlns="http://www.w3.org/2005/Atom">{head}\n{entries}</feed>', "application/atom+xml")


def _entry(call: Call, feed: _Feed, story: Story) -> str:
    link = html.escape(feed.link(call, story))
    body = "" if _short(call) else f'<content type="html">{html.escape(story.markup)}</content>'
    return (
        f'<entry><title>{html.escape(story.title)}</title><id>{link}</id><link rel="alternate" href="{link}"/>'
        f"<published>{_rfc3339(call, story.published)}</published><updated>{_rfc3339(call, story.updated)}</updated>"
        f'<author><name>{html.escape(story.creator)}</name></author><category term="{html.escape(story.shown)}"/>'
        f"<summary>{html.escape(story.title)}</summary>{body}</entry>"
    )


def json_feed(call: Call) -> Answer:
    """``/feed.json``: JSON Feed 1.1, whose pages follow each other by ``next_url``."""
    feed, page = _feed(call), max(call.number("page", 1), 1)
    items = [_json_item(call, feed, story) for story in call.cut((page - 1) * PAGE, PAGE)]
    answer: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": OUTLET,
        "home_page_url": f"{call.base}/",
        "feed_url": feed.address,
        "entries" if call.broken else "items": items,
    }
    if call.more(page * PAGE):
        answer["next_url"] = f"{call.base}{call.path}?page={page if call.looping else page + 1}"
    if feed.bridge:
        answer["generator"] = feed.generator
    return json_answer(answer, headers={"Content-Type": "application/feed+json; charset=utf-8"})


def _json_item(call: Call, feed: _Feed, story: Story) -> dict[str, Any]:
    name = call.scenario.get("unknown_field")
    unknown = {"weight_level" if name is True else name: "示例"} if name else {}
    item = {
        "id": feed.link(call, story),
        "url": feed.link(call, story),
        "title": story.title,
        "summary": story.title,
        "date_published": _rfc3339(call, story.published),
        "date_modified": _rfc3339(call, story.updated),
        "authors": [{"name": story.creator}],
        "tags": [story.shown],
    }
    body = {} if _short(call) else {"content_html": story.markup}
    return {**item, **body, **unknown, **story.extra}


def sitemap(call: Call) -> Answer:
    """``/sitemap.xml`` (all of it, or the index) and ``/sitemap_N.xml``: pages with ``lastmod``, and as news if new."""
    name = call.path.removeprefix("/sitemap").removesuffix(".xml")
    if name == "_index" or (not name and call.scenario.get("index")):
        return _index(call)
    size = _children(call) if name else _MOST_IN_SITEMAP
    urls = [_url(call, story) for story in call.cut((int(name[1:] or 1) - 1) * size, size)]
    root, joined = "pageset" if call.broken else "urlset", "\n".join(urls)
    news = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    return xml_answer(f"<{root} {_SITEMAP} {news}>\n{joined}</{root}>")


def _children(call: Call) -> int:
    """How many pages one of the index's sitemaps holds."""
    return PAGE if len(call.stories) <= _MOST_IN_SITEMAP else _MOST_IN_SITEMAP


def _index(call: Call) -> Answer:
    places = range(1, -(-len(call.stories) // _children(call)) + 1)
    maps = [call.base + ("/sitemap.xml" if call.looping else f"/sitemap_{place}.xml") for place in places]
    return xml_answer(f"<sitemapindex {_SITEMAP}>\n{_locations(maps)}</sitemapindex>")


def _locations(addresses: Sequence[str]) -> str:
    return "\n".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)


def _url(call: Call, story: Story) -> str:
    new = story.published > call.now - _NEWS_AGE
    of_news = (
        f"<news:news><news:publication><news:name>{OUTLET}</news:name><news:language>zh-cn</news:language>"
        f"</news:publication><news:publication_date>{_rfc3339(call, story.published)}</news:publication_date>"
        f"<news:title>{html.escape(story.title)}</news:title></news:news>"
    )
    lastmod = f"<lastmod>{_rfc3339(call, story.updated)}</lastmod>"
    return f"<url><loc>{html.escape(call.link(story))}</loc>{lastmod}{of_news if new else ''}</url>"


def _naive(call: Call) -> bool:
    return bool(call.scenario.get("naive_dates"))


def _short(call: Call) -> bool:
    return bool(call.scenario.get("summaries"))


def _rfc3339(call: Call, at: datetime) -> str:
    here = at.astimezone(CHINA).replace(microsecond=0)
    return (here.replace(tzinfo=None) if _naive(call) else here).isoformat()
