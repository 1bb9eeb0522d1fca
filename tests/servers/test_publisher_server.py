"""The publisher's stand-in says what the sources' notes say (B3 and C1), in every form that it has."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from parsel import Selector

from tests.servers import running
from tests.servers.publisher import ARTICLE_LIST, CHANNEL_LIST
from tests.servers.publisher_asking import IDS, NEWEST, NOW, ask, feed, first, follow, listed
from tests.servers.publisher_feeds import BRIDGES
from tests.servers.publisher_pages import JPAGE
from tests.servers.publisher_stories import PEOPLE
from tests.servers.running import Running


@pytest.fixture(scope="module")
def started() -> Iterator[Running]:
    with running.start("tests.servers.publisher", "--now", NOW.isoformat()) as server:
        yield server


@pytest.fixture
def server(started: Running) -> Running:
    """The clock stands still, so that times can be compared."""
    started.set(reset=True, now=NOW.isoformat())
    started.clear()
    return started


# -- lists -----------------------------------------------------------------------------------------


def test_the_open_api_lists_41_articles_on_three_pages(server: Running) -> None:
    pages = [listed(server, current=page) for page in (1, 2, 3, 4)]
    assert [record["id"] for page in pages for record in page["records"]] == IDS
    assert [len(page["records"]) for page in pages] == [20, 20, 1, 0]
    assert {(page["total"], page["size"], page["pages"]) for page in pages} == {(41, 20, 3)}
    assert [page["current"] for page in pages] == [1, 2, 3, 4]


def test_a_record_has_the_fields_of_the_open_api(server: Running) -> None:
    record = listed(server)["records"][1]
    assert record == {
        "id": NEWEST - 1,
        "listTitle": "隔夜西瓜能不能吃",
        "docType": 1,
        "originalId": NEWEST - 12,
        "creator": PEOPLE[0],
        "url": f"{server.url}/article/{NEWEST - 1}",
        "createdAt": "2026-11-23 09:30:00",
        "updatedAt": "2026-11-23 09:35:00",
        "updatedBy": PEOPLE[3],
        "publishedAt": "2026-11-23 09:35:00",
        "channelName": "民生",
        "listPics": [],
    }


def test_the_open_api_wants_a_channel_and_gives_at_most_50(server: Running) -> None:
    assert len(listed(server, size=200)["records"]) == 41 and listed(server, size=200)["size"] == 50
    assert listed(server, channelId="民生")["total"] == 41
    assert listed(server, channelId="C13")["total"] == 0
    bare = ask(server, ARTICLE_LIST)
    assert (bare.status, bare.value["code"] != 0) == (200, True)


@pytest.mark.parametrize("path", [ARTICLE_LIST, CHANNEL_LIST])
def test_a_wrong_appkey_is_refused_in_the_body(server: Running, path: str) -> None:
    server.set(appkey="example-key")
    refused, allowed = (ask(server, path, channelId="C12", appkey=key) for key in ("other", "example-key"))
    assert (refused.status, refused.value["code"], refused.value["data"]) == (200, 40101, None)
    assert allowed.value["code"] == 0 and first(server, path).value["code"] == 40101


def test_sort_numbers_page_through_a_channel(server: Running) -> None:
    found: list[Any] = []
    while page := ask(
        server, CHANNEL_LIST, channelId="C12", size=20, start=found[-1]["sort_number"] if found else 0
    ).value["data"]["article_list"]:
        found.extend(page)
    assert [entry["id"] for entry in found] == IDS
    assert found[1]["published_at"] == int((NOW - timedelta(minutes=25)).timestamp() * 1000)
    assert [entry["timeline"] for entry in found[:3]] == ["刚刚", "25分钟前", "2小时前"]


def test_plain_lists_page_by_offset_cursor_and_days(server: Running) -> None:
    by_offset = [ask(server, "/offset", offset=offset).value for offset in (0, 20, 40, 60)]
    assert [entry["id"] for page in by_offset for entry in page["list"]] == IDS
    assert {page["total"] for page in by_offset} == {41}
    by_cursor = [ask(server, "/cursor").value]
    while cursor := by_cursor[-1]["pre_timestamp"]:
        by_cursor.append(ask(server, "/cursor", cursor=cursor).value)
    assert [entry["id"] for page in by_cursor for entry in page["list"]] == IDS and len(by_cursor) == 3
    days = [f"{NOW - timedelta(days=back):%Y-%m-%d}" for back in range(4)]
    by_days = [ask(server, "/days", **{"from": day, "to": day}).value["list"] for day in days]
    assert [entry["id"] for page in by_days for entry in page] == IDS and all(by_days)
    instant = {"from": (NOW - timedelta(minutes=25)).isoformat(), "to": NOW.isoformat()}
    assert [entry["id"] for entry in ask(server, "/days", **instant).value["list"]] == IDS[:2]


def test_a_plain_entry_has_a_body_and_a_time_in_several_forms(server: Running) -> None:
    entry = ask(server, "/offset", offset=1, size=1).value["list"][0]
    assert datetime.fromisoformat(entry["published"]).timestamp() == entry["timestamp"]
    assert entry["author"] == PEOPLE[0] and entry["content"].startswith("<p>切开的西瓜")


def test_static_lists_follow_each_other_and_write_times_as_people_do(server: Running) -> None:
    pages = list(follow(server, ask(server, "/list.html")))
    assert [page.page.css("ul.list > li > a::attr(href)").getall() for page in pages] == [
        [f"/article/{number}" for number in IDS[begin : begin + 20]] for begin in (0, 20, 40)
    ]
    assert ask(server, "/index_1.html").ids == pages[0].ids
    dates = "\n".join(date for page in pages for date in page.page.css(".date::text").getall())
    forms = ["刚刚", "25分钟前", "2小时前", r"昨天 \d\d:\d\d", r"\d\d-\d\d \d\d:\d\d", r"11月\d\d日 \d\d:\d\d"]
    for form in [*forms, r"2026-11-\d\d \d\d:\d\d"]:
        assert re.search(f"^{form}$", dates, re.MULTILINE), form
    assert ask(server, "/list.html", channel="C13").ids == []


def test_a_portal_answers_records_in_xml(server: Running) -> None:
    form: dict[str, Any] = {
        "col": 1,
        "appid": 1,
        "webid": 3301,
        "path": "/",
        "columnid": 4584,
        "unitid": 60353,
        "permissiontype": 0,
    }
    asked = {"startrecord": 1, "endrecord": 60, "perpage": 20}
    whole = ask(server, JPAGE, "POST", form=form, **asked)
    document = Selector(text=whole.text, type="xml")
    assert document.xpath("//totalrecord/text() | //totalpage/text()").getall() == ["41", "3"]
    rows = document.xpath("/datastore/recordset/record/text()").getall()
    assert rows[1] == (
        f'<li><a href="/art/2026/11/23/art_4584_{NEWEST - 1}.html" title="隔夜西瓜能不能吃" target="_blank">'
        "隔夜西瓜能不能吃</a><span>2026-11-23</span></li>"
    )
    assert whole.ids == IDS and whole.headers["Content-Type"].startswith("text/xml")
    pages = [ask(server, JPAGE, startrecord=start, perpage=20, **form).ids for start in (1, 21, 41, 61)]
    assert pages == [IDS[:20], IDS[20:40], IDS[40:], []]


# -- pages -----------------------------------------------------------------------------------------


def test_a_portals_article_lies_between_its_marks(server: Running) -> None:
    said = ask(server, f"/art/2026/11/23/art_4584_{NEWEST - 2}.html")
    meta = {name: said.page.css(f'meta[name="{name}"]::attr(content)').get() for name in ("ArticleTitle", "PubDate")}
    assert meta == {"ArticleTitle": "桃溪街道三处路灯今晚修好", "PubDate": "2026-11-23 07:10"}
    inner = said.text.split('<meta name="ContentStart"/>')[1].split('<meta name="ContentEnd"/>')[0]
    assert inner.startswith('<div id="zoom"><p>桃溪街道') and f"记者：{PEOPLE[0]}" in inner
    assert ask(server, "/art/2026/11/23/art_4584_77.html").status == 404


def test_an_article_has_around_it_what_a_reader_must_leave_out(server: Running) -> None:
    said = ask(server, f"/article/{NEWEST - 2}")
    content = said.page.css("article .content")
    assert len(content.css(".rec a")) == 3 and PEOPLE[3] in content.css(".editor::text").get("")
    assert content.css("p::text").getall()[-1].startswith(f"记者：{PEOPLE[0]}") and said.page.css("nav a")
    assert said.page.css('meta[property="og:url"]::attr(content)').get() == f"{server.url}/article/{NEWEST - 2}"
    linked = json.loads(said.page.css("script::text").get(""))
    assert linked["author"]["name"] == PEOPLE[0] and linked["datePublished"] == "2026-11-23T07:10:00+08:00"
    assert ask(server, "/article/77").status == ask(server, "/nothing").status == 404


def test_the_built_in_articles_are_whole_and_every_third_names_people(server: Running) -> None:
    bodies = [entry["content"] for entry in ask(server, "/offset", size=50).value["list"]]
    assert min(len(re.sub("<[^>]+>", "", body)) for body in bodies) >= 60
    assert sum(PEOPLE[2] in body for body in bodies) == 13
    assert len(set(bodies)) == 41


# -- feeds and sitemaps ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom"])
def test_feeds_hold_whole_articles(server: Running, path: str) -> None:
    said = ask(server, path)
    parsed = feed(said)
    assert not parsed.bozo and said.ids == IDS
    entry = parsed.entries[1]
    assert entry.published_parsed[:5] == (2026, 11, 23, 1, 35) and entry.author == PEOPLE[0]
    assert entry.content[0].value.startswith("<p>切开的西瓜") and entry.tags[0].term == "民生"
    server.set(summaries=True)
    assert "content" not in feed(ask(server, path)).entries[1]


def test_a_json_feed_leads_to_its_next_page(server: Running) -> None:
    pages, url = [], "/feed.json"
    while url:
        pages.append(ask(server, url.removeprefix(server.url)).value)
        url = pages[-1].get("next_url", "")
    assert [len(page["items"]) for page in pages] == [20, 20, 1]
    assert {(page["version"], bool(page["title"])) for page in pages} == {("https://jsonfeed.org/version/1.1", True)}
    item = pages[0]["items"][1]
    assert item["date_published"] == "2026-11-23T09:35:00+08:00" and item["authors"] == [{"name": PEOPLE[0]}]


def test_a_sitemap_tells_changes_and_the_news_of_two_days(server: Running) -> None:
    whole = ask(server, "/sitemap.xml")
    assert whole.ids == IDS and whole.text.count("<lastmod>") == 41
    assert whole.text.count("<news:news>") == 29
    index = ask(server, "/sitemap_index.xml").text
    children = re.findall(f"<loc>{server.url}(.+?)</loc>", index)
    assert [number for child in children for number in ask(server, child).ids] == IDS and len(children) == 3
    server.set(index=True)
    assert ask(server, "/sitemap.xml").text == index


@pytest.mark.parametrize("name", BRIDGES)
@pytest.mark.parametrize("form", ["rss", "atom", "json"])
def test_a_bridge_writes_its_own_shape(server: Running, name: str, form: str) -> None:
    server.set(bridge=name)
    text = ask(server, f"/feed.{form}").text
    assert BRIDGES[name] in text and f"/feeds/MP_WXS_3999999999.{form}" in text
    assert text.count("https://mp.weixin.qq.com/s/EXAMPLE") >= 20 and "/article/" not in text
    assert BRIDGES["wewe-rss"] in ask(server, f"/feeds/MP_WXS_3123456789.{form}").text or name != "wewe-rss"


def test_dates_without_a_zone(server: Running) -> None:
    server.set(naive_dates=True)
    assert "<pubDate>Mon, 23 Nov 2026 09:35:00</pubDate>" in ask(server, "/feed.rss").text
    assert "<published>2026-11-23T09:35:00</published>" in ask(server, "/feed.atom").text
    assert ask(server, "/feed.json").value["items"][1]["date_published"] == "2026-11-23T09:35:00"


def test_bodies_that_are_none(server: Running) -> None:
    whole = feed(ask(server, "/feed.rss")).entries[2].content[0].value
    server.set(missing_body=True)
    bodies = [entry.content[0].value for entry in feed(ask(server, "/feed.rss")).entries]
    assert "获取全文失败，请重试~" in bodies[0] and "环境异常" in bodies[1] and "去验证" in bodies[1]
    literal = ask(server, "/feed.json").value["items"][2]["content_html"]
    assert literal == f"<![CDATA[{whole}]]>" and len(bodies[3]) < 40 < len(bodies[4])
    server.set(reset=True, literal_cdata=True)
    assert ask(server, "/feed.rss").text.count("&lt;![CDATA[&lt;p&gt;") == 41


# -- how it is started -----------------------------------------------------------------------------


def test_articles_come_from_a_file_or_from_the_scenario(tmp_path: Path) -> None:
    record = {"id": 7, "title": "一\u2028二", "published": "2026-11-22T08:00:00", "channel": "健康"}
    people = {"creator": "田小禾", "updatedBy": "云中舟", "extra": {"mobile": "示例", "listTitle": "另一个题目"}}
    records = [{**record, "body": ["第一段", "第<二>段"]}, {**record, **people, "id": 8, "body": "一行\n两行"}]
    file = tmp_path / "articles.jsonl"
    file.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in records), encoding="utf-8")
    with running.start("tests.servers.publisher", "--articles", str(file), "--now", NOW.isoformat()) as server:
        second, one = listed(server, channelId="C13")["records"]
        assert (one["id"], one["listTitle"], one["publishedAt"]) == (7, "一\u2028二", "2026-11-22 08:00:00")
        assert (second["creator"], second["updatedBy"], second["mobile"]) == ("田小禾", "云中舟", "示例")
        assert second["listTitle"] == "另一个题目"
        assert ask(server, "/article/7").page.css(".content p::text").getall() == ["第一段", "第<二>段"]
        assert ask(server, "/article/8").page.css(".content p::text").getall() == ["一行", "两行"]
        server.set(articles=[{**records[0], "id": "甲 1"}])
        (entry,) = ask(server, "/offset").value["list"]
        assert ask(server, entry["url"].removeprefix(server.url)).status == 200
        server.set(reset=True)
        assert ask(server, "/offset").value["total"] == 2


def test_the_clock_begins_where_it_is_told_and_goes_on() -> None:
    with running.start("tests.servers.publisher", "--now", "2026-11-23T02:00:00+00:00") as server:
        date = parsedate_to_datetime(ask(server, "/offset").headers["Date"])
        assert timedelta(0) <= date - NOW < timedelta(seconds=30)
        server.set(now="2026-11-24T10:00:00+08:00")
        said = ask(server, "/list.html")
        assert parsedate_to_datetime(said.headers["Date"]) - NOW == timedelta(days=1)
        assert said.page.css(".date::text").get() == "昨天 09:59"
