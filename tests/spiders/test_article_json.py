"""Articles as JSON: two shapes, one rule of who may be named."""

from dataclasses import astuple
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.page import REASONS, Article, Post
from spiders.article import ArticleReading
from spiders.article_json import read_article, read_articles
from spiders.edge import Edge

CHINA = timezone(timedelta(hours=8))
AUTHOR = "田小禾"
TEXT = "今天上午，云岫供水公司完成柳渡路阀门更换，沿线六个小区已恢复供水，水压正常，请居民放水一两分钟后再用。"
WECHAT = "https://mp.weixin.qq.com/s?__biz=MzA0000000AAA==&mid=2247480001&idx=1&sn=0123456789abcdef0123456789abcdef"


def record(**changes: Any) -> dict[str, Any]:
    """One article in our own shape; a field set to ``...`` is left out."""
    fields: dict[str, Any] = {
        "id": "a-1800001",
        "url": "https://app.example/article/1800001#top",
        "title": "柳渡路恢复供水",
        "text": f"{TEXT}\n\n责任编辑：{AUTHOR}",
        "published": "2026-11-23T09:15:00+08:00",
        "author": AUTHOR,
    }
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not ...}


def listed(**changes: Any) -> dict[str, Any]:
    """One record of the open API of 天目云."""
    fields: dict[str, Any] = {
        "id": 1800001,
        "listTitle": "柳渡路恢复供水",
        "docType": 1,
        "originalId": 1799990,
        "creator": AUTHOR,
        "url": "https://app.example/article/1800001",
        "createdAt": "2026-11-23 09:10:00",
        "updatedAt": "2026-11-23 09:20:00",
        "updatedBy": AUTHOR,
        "publishedAt": "2026-11-23 09:15:00",
        "channelName": "民生",
        "listPics": [],
        "content": f"<p>{TEXT}</p><p>记者：{AUTHOR}</p>",
    }
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not ...}


def article(reading: ArticleReading) -> Article:
    assert isinstance(reading.item, Article)
    return reading.item


def post(reading: ArticleReading) -> Post:
    assert isinstance(reading.item, Post)
    return reading.item


def test_a_record_of_an_organisation_is_an_article(office: Edge) -> None:
    reading = read_article(record(), office)
    assert reading == ArticleReading(
        Article(
            outlet="云岫发布",
            key="town:a-1800001",
            link="https://app.example/article/1800001",
            title="柳渡路恢复供水",
            text=TEXT,
            published=datetime(2026, 11, 23, 9, 15, tzinfo=CHINA),
        ),
        None,
        frozenset(),
        "article",
    )


def test_a_record_of_a_county_app_is_an_article(office: Edge) -> None:
    found = article(read_article(listed(), office))
    assert found.key == "town:1799990"
    assert (found.title, found.text) == ("柳渡路恢复供水", TEXT)
    assert found.updated == datetime(2026, 11, 23, 9, 20, tzinfo=CHINA)
    assert AUTHOR not in repr(astuple(found))


@pytest.mark.parametrize("make", [record, listed])
def test_without_an_organisation_it_is_an_individuals_post(edge: Edge, make: Any) -> None:
    found = post(read_article(make(), edge))
    signer = edge.signers.at(0)
    assert signer is not None
    assert found.account == signer.account("article", "app.example")
    assert found.text == "柳渡路恢复供水\n" + TEXT
    left = repr(astuple(found))
    assert not any(trace in left for trace in (AUTHOR, "app.example", "1800001", "1799990", "town"))
    assert read_article(make(published="2026-11-20 09:00", publishedAt="2026-11-20 09:00"), edge).item == "too_old"


def test_without_an_address_the_source_is_the_account(edge: Edge) -> None:
    signer = edge.signers.at(0)
    assert signer is not None
    assert post(read_article(record(url=...), edge)).account == signer.account("article", "town")


def test_a_wechat_article_is_the_same_by_every_road(edge: Edge, office: Edge) -> None:
    found = article(read_article(record(url=WECHAT + "&scene=1#rd"), office))
    assert (found.key, found.link) == ("wx:MzA0000000AAA==:2247480001:1", WECHAT)
    signer = edge.signers.at(0)
    assert signer is not None
    signed = post(read_article(record(url=WECHAT), edge))
    assert signed.token == signer.post("wechat", "wx:MzA0000000AAA==:2247480001:1")
    assert signed.account == signer.account("wechat", "MzA0000000AAA==")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "ftp://app.example/1",
        "https://田小禾@app.example/1",
        "https://[app.example/1",
        "/article/1",
        "https://app.example/a b",
        "https://app.example/" + "a" * 3000,
        WECHAT + "&key=EXAMPLE",
        "",
        None,
    ],
)
def test_an_address_that_may_not_be_shown_is_left_out(office: Edge, url: object) -> None:
    assert article(read_article(record(url=url), office)).link == ""


def test_markup_is_read_where_there_is_no_text(office: Edge) -> None:
    assert article(read_article(record(text=..., html=f"<p>{TEXT}</p><script>x</script>"), office)).text == TEXT


def test_an_address_serves_as_id_and_nothing_else_does(office: Edge) -> None:
    assert article(read_article(record(id=...), office)).key == "town:https://app.example/article/1800001"
    assert read_article(record(id=None, url=...), office).fault == "no_id"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        (record(id=1.5), "bad_field"),
        (record(id=True), "bad_field"),
        (record(id=[]), "bad_field"),
        (record(id="x" * 201), "bad_field"),
        (record(title=5), "bad_field"),
        (record(url=5), "bad_field"),
        (record(text=5), "bad_field"),
        (record(text=..., html=[]), "bad_field"),
        (record(text=...), "no_text"),
        (record(published=...), "no_time"),
        (record(published=""), "no_time"),
        (record(published="昨天"), "bad_time"),
        (record(published=1795395600), "bad_field"),
        (record(updated="11-20 09:15"), "bad_time"),
        (record(channel=5), "bad_field"),
        (None, "not_an_object"),
        ([record()], "not_an_object"),
    ],
)
def test_a_malformed_record_has_one_closed_fault(office: Edge, fields: object, fault: str) -> None:
    reading = read_article(fields, office)
    assert (reading.item, reading.fault, reading.state) == ("malformed", fault, None)


@pytest.mark.parametrize("text", ["", "获取全文失败，请重试~", "<![CDATA[" + TEXT + "]]>", "水" * 39])
def test_a_body_that_is_none_is_missing(edge: Edge, office: Edge, text: str) -> None:
    found = article(read_article(record(text=text), office))
    assert (found.status, found.title, found.text) == ("missing_body", "", "")
    assert read_article(record(text=text), edge).fault == "no_text"


@pytest.mark.parametrize("channel", ["网络问政", "我要爆料", "社区", "云岫社区圈"])
def test_channels_that_users_write_are_not_read(office: Edge, channel: str) -> None:
    assert read_article(listed(channelName=channel), office).item == "not_permitted"
    assert read_article(record(channel=channel), office).item == "not_permitted"


def test_a_source_that_may_not_be_read_is_not_read(shut: Edge) -> None:
    assert read_article(record(), shut) == ArticleReading("not_permitted", None, frozenset(), None)
    assert read_articles([record()] * 3, shut) == [ArticleReading("not_permitted", None, frozenset(), None)]


def test_a_document_is_a_list_an_answer_or_one_record(office: Edge) -> None:
    answer = {"code": 0, "data": {"articleList": {"total": 2, "records": [listed(), listed(originalId=7)]}}}
    assert [article(found).key for found in read_articles(answer, office)] == ["town:1799990", "town:7"]
    assert [found.fault for found in read_articles([record(), 5], office)] == [None, "not_an_object"]
    assert [found.fault for found in read_articles(record(), office)] == [None]
    assert read_articles([], office) == []


def test_unknown_fields_are_named(office: Edge) -> None:
    assert read_article(record(readCount=1, 田小禾=2), office).unknown == {"read_count", "other"}
    assert read_article(record(readCount=1, published=None), office).unknown == {"read_count"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.dictionaries(st.sampled_from([*sorted(record()), "html", "updated"]), JSON))
def test_no_json_raises(edge: Edge, office: Edge, document: object, changes: dict[str, Any]) -> None:
    for source in (edge, office):
        for reading in (*read_articles(document, source), read_article(record(**changes), source)):
            assert isinstance(reading.item, Article | Post) or reading.item in REASONS
