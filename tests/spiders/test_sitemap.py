"""Sitemaps and their indexes: what is newest, what is cut, what is refused."""

from datetime import timedelta

import pytest

from spiders.feed import Feed
from spiders.sitemap import MOST_PAGES, MOST_SITEMAPS
from tests.support.feed_samples import AT, AUTHOR, PLAIN, fault, one, read

BASE = "https://news.yunxiu.example"
SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)


def page(number: int | str, lastmod: str = "", more: str = "") -> str:
    return f"<url>{more}<loc>{BASE}/a/{number}</loc>{f'<lastmod>{lastmod}</lastmod>' if lastmod else ''}</url>"


def urlset(*pages: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {SPACES}>{"".join(pages)}</urlset>'


def index(*sitemaps: tuple[str, str]) -> str:
    children = "".join(f"<sitemap><loc>{loc}</loc><lastmod>{lastmod}</lastmod></sitemap>" for loc, lastmod in sitemaps)
    return f"<sitemapindex {SPACES}>{children}</sitemapindex>"


def test_a_page_of_news() -> None:
    news = (
        f"<news:news><news:publication><news:name>{AUTHOR}</news:name></news:publication>"
        "<news:title> 停水\n公告 &lt;3天&gt;</news:title>"
        "<news:publication_date>2026-11-23T09:12:05+08:00</news:publication_date></news:news>"
        f"<image:image><image:loc>{BASE}/1.png</image:loc><image:title>{AUTHOR}</image:title></image:image>"
    )
    entry = one(urlset(page(1, "2026-11-23T09:40:00+08:00", news)), "sitemap")
    assert (entry.url, entry.title, entry.published) == (f"{BASE}/a/1", "停水 公告 <3天>", PLAIN.published)
    assert (entry.updated, entry.text, entry.id, entry.dedupe) == (AT - timedelta(minutes=20), None, "", "")


def test_the_newest_pages_come_first_and_those_without_a_date_last() -> None:
    days = ["2026-11-20", "", "2026-11-23", "2026-11-22T23:59:00+08:00", "soon", "2027-01-01"]
    feed = read(urlset(*(page(number, day) for number, day in enumerate(days))), "sitemap")
    assert [entry.url.rpartition("/")[2] for entry in feed.entries] == ["2", "3", "0", "1", "4", "5"]
    assert (feed.naive_dates, feed.faults, feed.cut) == (2, 0, 0)
    assert feed.entries[0].updated == AT.replace(hour=0)


def test_of_more_pages_than_are_read_the_newest_are() -> None:
    pages = [page(number, "2026-11-01") for number in range(MOST_PAGES)] + [page("new", "2026-11-23")] * 2
    feed = read(urlset(*pages, "<url><loc>x:y</loc></url>"), "sitemap")
    assert (len(feed.entries), feed.cut, feed.faults) == (MOST_PAGES, 2, 1)
    assert [entry.url for entry in feed.entries[:3]] == [f"{BASE}/a/new"] * 2 + [f"{BASE}/a/0"]


@pytest.mark.parametrize("space", [SPACES, "", 'xmlns="https://www.sitemaps.org/schemas/sitemap/0.9"'])
def test_a_sitemap_in_any_namespace_or_encoding(space: str) -> None:
    body = urlset("<url><loc>/a/水</loc></url>").replace(SPACES, space).replace("UTF-8", "GB2312")
    for encoding in ("utf-8", "gb18030"):
        assert one(body.encode(encoding), "sitemap").url == f"{BASE}/a/水"


def test_an_index_names_its_newest_sitemaps() -> None:
    dated = [(f"{BASE}/s{day}.xml", f"2026-11-{day:02}") for day in range(1, MOST_SITEMAPS + 4)]
    feed = read(index(("/undated.xml", ""), *dated, (f"{BASE}/s.xml.gz", ""), ("x:y", "")), "sitemap")
    assert feed.more == tuple(loc for loc, _ in reversed(dated))[:MOST_SITEMAPS]
    assert (feed.entries, feed.cut, feed.faults) == ((), 4, 2)
    assert read(index(("/undated.xml", "")), "sitemap").more == (f"{BASE}/undated.xml",)


def test_an_empty_sitemap_is_one() -> None:
    assert read(urlset(), "sitemap") == read(index(), "sitemap") == Feed()


def test_unknown_elements_are_named_by_plain_words_only() -> None:
    feed = read(urlset(page(1, more=f"<changefreq>daily</changefreq><readCount>1</readCount><{AUTHOR}/>")), "sitemap")
    assert feed.unknown == {"read_count", "other"}


@pytest.mark.parametrize(
    "body",
    [
        "",
        f"{BASE}/a/1\n{BASE}/a/2\n",
        "<html><body><p>404</p></body></html>",
        "<rss version='2.0'><channel/></rss>",
        urlset(page(1))[:-9],
        '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/hostname">]><urlset><url><loc>/&x;</loc></url></urlset>',
        '<!DOCTYPE urlset [<!ENTITY x "y">]><urlset><url><loc>/a/1</loc></url></urlset>',
        "\x1f\x8b",
    ],
)
def test_what_is_no_sitemap_is_refused(body: str) -> None:
    assert fault(body, "sitemap") == "not_an_article"


def test_dates_without_a_zone_are_the_sources() -> None:
    entry = one(urlset(page(1, "2026-11-23T09:12:05")), "sitemap")
    assert entry.updated == PLAIN.published
