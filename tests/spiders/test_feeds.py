"""RSS and Atom: what becomes of an entry, and that nobody is named."""

from base64 import b64encode
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO

import feedparser  # type: ignore[import-untyped]
import pytest

from spiders.feed import LONGEST_BODY, Feed
from tests.support.feed_samples import (
    AT,
    AUTHOR,
    HTML,
    PLAIN,
    SPACES,
    URL,
    WORDS,
    atom,
    escaped,
    fault,
    item,
    one,
    read,
    rss,
)

BYLINES = " ".join(f"{role}：{AUTHOR}" for role in ("记者", "摄影", "编辑", "责编", "审核", "校对"))


def test_an_item_of_rss() -> None:
    assert read(rss(item())) == Feed(entries=(PLAIN,))


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "<title><![CDATA[\n停水公告 ]]></title>"},
        {"title": "<title>&lt;b&gt;停水&lt;/b&gt;公告</title>"},
        {"link": "<link>/a/1?b=1&amp;c=2</link>"},
        {"link": "<link><![CDATA[https://news.yunxiu.example/a/1?b=1&c=2]]></link>"},
        {"link": '<atom:link href="/a/1?b=1&amp;c=2"/><atom:link rel="self" href="/other"/>'},
        {"date": "<dc:date>2026-11-23T09:12:05+08:00</dc:date>"},
        {"text": f"<description><![CDATA[{HTML}]]></description>"},
        {"text": f"<description>{HTML.replace('></p>', '/></p>')}</description>"},
        {"text": f"<content:encoded><![CDATA[{HTML}]]></content:encoded>"},
        {"text": f"<description>摘要</description><content:encoded><![CDATA[{HTML}]]></content:encoded>"},
        {"text": f"<description>{WORDS * 2}</description><content:encoded>{escaped(HTML)}</content:encoded>"},
    ],
)
def test_other_ways_to_write_the_same_item(changes: dict[str, str]) -> None:
    dated = changes.get("date", "").startswith("<dc:date>")
    assert one(rss(item(**changes))) == replace(PLAIN, updated=PLAIN.published if dated else None)


def test_rss_1_0_keeps_its_items_beside_the_channel() -> None:
    body = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'{SPACES}><channel rdf:about="{URL}"><title>云岫发布</title></channel>'
        '<item rdf:about="https://news.yunxiu.example/a/2"><title>停水公告</title>'
        "<link>https://news.yunxiu.example/a/2</link><dc:date>2026-11-23T09:12:05+08:00</dc:date>"
        f"<dc:creator>{AUTHOR}</dc:creator><description>{escaped(HTML)}</description></item></rdf:RDF>"
    )
    entry = one(body)
    assert (entry.url, entry.id, entry.published) == ("https://news.yunxiu.example/a/2", entry.url, PLAIN.published)
    assert (entry.title, entry.text) == ("停水公告", WORDS)


@pytest.mark.parametrize("space", ["http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"])
@pytest.mark.parametrize(
    "content",
    [
        f'<content type="html">{escaped(HTML)}</content>',
        f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{WORDS}</p><p>编辑：{AUTHOR}</p></div></content>',
        '<content type="xhtml"><x:div xmlns:x="http://www.w3.org/1999/xhtml">'
        f"<x:p>{WORDS}</x:p><x:p>编辑：{AUTHOR}</x:p></x:div></content>",
        f"<content>{WORDS}\n编辑：{AUTHOR}</content>",
        f'<summary type="html">{escaped(HTML)}</summary>',
        f'<summary>{WORDS}</summary><content type="image/png">{"QUJD" * 40}</content>',
    ],
)
def test_an_entry_of_atom(space: str, content: str) -> None:
    entry = one(
        atom(
            f'<id>urn:yx:1</id><title type="html">停水&amp;lt;3天&amp;gt;</title><author><name>{AUTHOR}</name></author>'
            '<link rel="self" href="/feed/1"/><link href="a/1"/><published>2026-11-23T01:12:05Z</published>'
            f"<updated>2026-11-23T01:30:00Z</updated>{content}",
            space=space,
        ),
        "atom",
    )
    assert (entry.url, entry.id, entry.title) == ("https://news.yunxiu.example/a/1", "urn:yx:1", "停水<3天>")
    assert entry.published == PLAIN.published
    assert entry.updated == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    assert entry.text == WORDS
    assert AUTHOR not in repr(astuple(entry))


def test_only_atom_of_one_date_has_no_date_of_publication() -> None:
    entry = one(atom('<id>1</id><link href="/1"/><updated>2026-11-23T01:30:00Z</updated>'), "atom")
    assert (entry.published, entry.updated) == (None, datetime(2026, 11, 23, 1, 30, tzinfo=UTC))


def test_plain_text_is_no_markup() -> None:
    words = f"<title>a &lt;b&gt; c</title><content>{WORDS}&lt;p&gt;</content>"
    entry = one(atom(f"<id>1</id><link href='/1'/>{words}"), "atom")
    assert (entry.title, entry.text) == ("a <b> c", WORDS + "<p>")


def test_a_body_in_base64_is_not_read() -> None:
    encoded = b64encode(WORDS.encode()).decode()
    content = f'<content type="text/html" mode="base64">{encoded}</content>'
    assert one(atom(f"<id>1</id><link href='/1'/>{content}", space="http://purl.org/atom/ns#"), "atom").text is None


def test_no_author_is_read() -> None:
    """In the arm without the guard feedparser alone hands every one of them on."""
    names = (
        f"<author>a@b.example ({AUTHOR})</author><dc:creator>{AUTHOR}</dc:creator>"
        f"<dc:contributor>{AUTHOR}</dc:contributor>"
        f"<managingEditor>{AUTHOR}</managingEditor><dc:publisher>{AUTHOR}</dc:publisher><source>{AUTHOR}</source>"
        f"<atom:author><atom:name>{AUTHOR}</atom:name></atom:author><media:credit>{AUTHOR}</media:credit>"
        f"<category>{AUTHOR}</category><comments>https://news.yunxiu.example/{AUTHOR}</comments>"
    )
    body = rss(item(author=names), head=f"<managingEditor>{AUTHOR}</managingEditor><webMaster>{AUTHOR}</webMaster>")
    feed = read(body)
    assert feed == Feed(entries=(PLAIN,))
    assert AUTHOR not in repr(astuple(feed))
    assert AUTHOR in repr(feedparser.parse(BytesIO(body.encode()))["entries"])


@pytest.mark.parametrize(
    "body",
    [
        None,
        "<description></description>",
        "<description>见下图</description>",
        "<description>获取全文失败，请重试~</description>",
        "<description>当前环境异常，完成验证后即可继续访问。 去验证</description>",
        f"<description>&lt;![CDATA[{escaped(HTML)}]]&gt;</description>",
        f"<description>&lt;p&gt;&amp;lt;![CDATA[{escaped(HTML)}]]&amp;gt;&lt;/p&gt;</description>",
        f"<description>{BYLINES}</description>",
        f"<description>{escaped('<img alt=' + chr(34) + WORDS + chr(34) + '>')}</description>",
        f"<description>{'水' * (LONGEST_BODY + 1)}</description>",
        "<description>获取全文失败</description><content:encoded>获取全文失败，请重试~</content:encoded>",
    ],
)
def test_a_body_that_is_none_is_never_a_text(body: str | None) -> None:
    entry = one(rss(item(text=body)))
    assert (entry.title, entry.text) == ("停水公告", None)


def test_of_an_entrys_elements_only_the_first_are_looked_at() -> None:
    many = "<description></description>" * 36
    assert one(rss(item(text=f"{many[27:]}<content:encoded>{WORDS}</content:encoded>"))).text == WORDS
    assert one(rss(item(text=f"{many}<content:encoded>{WORDS}</content:encoded>"))).text is None


def test_the_next_text_counts_where_the_first_is_none() -> None:
    text = f"<content:encoded>获取全文失败，请重试~</content:encoded><description>{escaped(HTML)}</description>"
    assert one(rss(item(text=text))).text == WORDS


@pytest.mark.parametrize(
    ("changes", "entries", "faults"),
    [
        ({"guid": None}, 1, 0),
        ({"link": None}, 1, 0),
        ({"link": None, "guid": None}, 0, 1),
        ({"link": None, "text": None}, 0, 1),
        ({"link": "<link>javascript:alert(1)</link>", "text": None}, 0, 1),
        ({"link": "<link>https://a@b.example/</link>", "text": None}, 0, 1),
        ({"link": "<link>http://[::1</link>", "text": None}, 0, 1),
        ({"link": f"<link>/{'a' * 3_000}</link>", "text": None}, 0, 1),
        ({"guid": f"<guid>{'a' * 3_000}</guid>"}, 1, 0),
        ({"title": None, "date": None}, 1, 0),
    ],
)
def test_an_entry_without_a_link_needs_an_id_and_a_text(
    changes: dict[str, str | None], entries: int, faults: int
) -> None:
    feed = read(rss(item(**changes), item()))
    assert (len(feed.entries), feed.faults) == (entries + 1, faults)
    assert feed.entries[-1] == PLAIN


def test_a_guid_is_a_link_where_there_is_no_other() -> None:
    guid = "<guid>https://news.yunxiu.example/a/9</guid>"
    assert one(rss(item(link=None, guid=guid))).url == "https://news.yunxiu.example/a/9"
    assert one(rss(item(guid=guid))).url == PLAIN.url


@pytest.mark.parametrize(
    ("date", "published", "naive"),
    [
        ("Mon, 23 Nov 2026 09:12:05", PLAIN.published, 1),
        ("2026-11-23 09:12:05", PLAIN.published, 1),
        ("2026年11月23日 09:12:05", PLAIN.published, 1),
        ("Mon, 23 Nov 2026 01:12:05 GMT", PLAIN.published, 0),
        ("2026-11-23T01:12:05Z", PLAIN.published, 0),
        ("10分钟前", AT - timedelta(minutes=10), 0),
        ("Mon, 23 Nov 2028 01:12:05 GMT", None, 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None, 0),
        ("soon", None, 0),
    ],
)
def test_dates(date: str, published: datetime | None, naive: int) -> None:
    """A date without a zone is of the source's zone, and counted."""
    feed = read(rss(item(date=f"<pubDate>{date}</pubDate>")))
    assert (feed.entries[0].published, feed.naive_dates, feed.faults) == (published, naive, 0)


def test_the_next_page_of_a_feed() -> None:
    assert read(rss(item(), head='<atom:link rel="next" href="?page=2"/>')).next == f"{URL}?page=2"
    head = '<link rel="self" href="/x"/><link rel="next" href="/feed2.xml"/>'
    assert read(atom("<id>1</id>", head), "atom").next == "https://news.yunxiu.example/feed2.xml"
    assert read(rss(item(), head='<atom:link rel="prev" href="?page=2"/>')).next == ""


def test_unknown_elements_are_named_by_plain_words_only() -> None:
    head = f"<ttl>5</ttl><hot>1</hot><x:{AUTHOR} xmlns:x='urn:x'/>"
    feed = read(rss(item(more="<readCount>5</readCount><田小禾>1</田小禾><media:title>x</media:title>"), head=head))
    assert feed.unknown == {"read_count", "hot", "other"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gb2312", "gbk"])
@pytest.mark.parametrize("declared", ["", "utf-8", "GB2312", "gbk", "GB18030"])
def test_encodings(encoding: str, declared: str) -> None:
    """Declared, undeclared, or declared wrongly: UTF-8 and the GB family are told apart."""
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = head + rss(item()).removeprefix('<?xml version="1.0"?>').replace("“", "「").replace("”", "」")
    entry = one(body.encode(encoding))
    assert (entry.title, entry.text) == ("停水公告", WORDS.replace("“", "「").replace("”", "」"))


def test_a_body_in_no_encoding_is_refused() -> None:
    assert fault(rss(item()).encode() + b"\xff\xff") == "bad_encoding"
    assert fault(rss(item()).encode("utf-16")) == "bad_encoding"


@pytest.mark.parametrize(
    "slip",
    ["停水&nbsp;公告", "停水 公告\x08", "停水 公告&#8;", "停水&#x20;公告&#x10FFFFF;"],
)
def test_well_known_slips_are_mended(slip: str) -> None:
    assert one(rss(item(title=f"<title>{slip}</title>"))).title == "停水 公告"


def test_a_bare_ampersand_is_one() -> None:
    bare = item(link="<link>https://news.yunxiu.example/a/1?b=1&c=2&lt=3</link>")
    assert one(rss(bare)).url == "https://news.yunxiu.example/a/1?b=1&c=2&lt=3"
    cdata = "<link><![CDATA[https://news.yunxiu.example/a/1?b=1&copy=2&c=3]]></link>"
    mixed = item(link=cdata, title="<title>水&电</title>")
    assert (one(rss(mixed)).url, one(rss(mixed)).title) == (
        "https://news.yunxiu.example/a/1?b=1&copy=2&c=3",
        "水&电",
    )
