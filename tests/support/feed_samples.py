"""Feeds of an invented publisher, and how tests read them."""

from datetime import datetime, timedelta, timezone

import pytest

from spiders.edge import Refusal
from spiders.entry import Entry
from spiders.feed import Feed
from spiders.feeds import Kind, read_feed

CHINA = timezone(timedelta(hours=8))
AT = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA)
URL = "https://news.yunxiu.example/feed.xml"
AUTHOR = "田小禾"
WORDS = "近日，网上流传“自来水停供三天”的消息。云岫供水公司核实，全区没有停水三天的计划，今夜只有柳渡路检修。"
HTML = f'<p class="a">{WORDS}</p><p><img alt="{AUTHOR}" src="/1.png"></p><p>记者：{AUTHOR} 摄影：江一苇</p>'
DATE = "Mon, 23 Nov 2026 09:12:05 +0800"
SPACES = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"'
)


def escaped(html: str) -> str:
    return html.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def rss(*items: str, head: str = "") -> str:
    channel = f"<title>云岫发布</title><link>https://news.yunxiu.example/</link>{head}"
    return f'<?xml version="1.0"?><rss version="2.0" {SPACES}><channel>{channel}{"".join(items)}</channel></rss>'


def item(**changes: str | None) -> str:
    parts: dict[str, str | None] = {
        "title": "<title>停水公告</title>",
        "link": "<link>https://news.yunxiu.example/a/1?b=1&amp;c=2#top</link>",
        "guid": '<guid isPermaLink="false">yx-1</guid>',
        "date": f"<pubDate>{DATE}</pubDate>",
        "text": f"<description>{escaped(HTML)}</description>",
    }
    return f"<item>{''.join(part or '' for part in (parts | changes).values())}</item>"


def atom(entry: str, head: str = "", space: str = "http://www.w3.org/2005/Atom") -> str:
    return (
        f'<feed xmlns="{space}"><id>urn:yx</id><title>云岫发布</title><updated>2026-11-23T09:00:00Z</updated>{head}'
        f"<entry>{entry}</entry></feed>"
    )


def read(body: str | bytes, kind: Kind = "rss", url: str = URL) -> Feed:
    return read_feed(body.encode() if isinstance(body, str) else body, kind=kind, url=url, at=AT, tz=CHINA)


def one(body: str | bytes, kind: Kind = "rss") -> Entry:
    (entry,) = read(body, kind).entries
    return entry


def fault(body: str | bytes, kind: Kind = "rss") -> str | None:
    with pytest.raises(Refusal) as caught:
        read(body, kind)
    return caught.value.fault


PLAIN = Entry(
    url="https://news.yunxiu.example/a/1?b=1&c=2",
    id="yx-1",
    title="停水公告",
    published=datetime(2026, 11, 23, 9, 12, 5, tzinfo=CHINA),
    text=WORDS,
)
