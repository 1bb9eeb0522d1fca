"""Weibo statuses: who may be named, what counts as public, whose words are whose."""

from collections.abc import Callable
from dataclasses import astuple
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.page import REASONS, Article, Post
from spiders.edge import Edge, hour_of
from spiders.weibo import StatusReading, bid_of, read_status

CHINA = timezone(timedelta(hours=8))
PLANTED = "田小禾的名字"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def status(**changes: Any) -> dict[str, Any]:
    """An individual's public post of the morning; a field set to ``...`` is left out."""
    record: dict[str, Any] = {
        "created_at": "Mon Nov 23 09:12:05 +0800 2026",
        "id": 5101234567890123,
        "idstr": "5101234567890123",
        "mid": "5101234567890123",
        "text": "听说柳渡街道的自来水要停三天？",
        "isLongText": False,
        "source": "示例客户端",
        "reposts_count": 8,
        "visible": {"type": 0, "list_id": 0},
        "user": person(),
    }
    record.update(changes)
    return {name: value for name, value in record.items() if value is not ...}


def person(**changes: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": 9990000001,
        "idstr": "9990000001",
        "screen_name": PLANTED,
        "verified": False,
        "verified_type": -1,
        "location": PLANTED,
        "description": PLANTED,
    }
    record.update(changes)
    return {name: value for name, value in record.items() if value is not ...}


def outlet(**changes: Any) -> dict[str, Any]:
    return person(**{"screen_name": "云岫发布", "verified": True, "verified_type": 1, **changes})


def notice(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "id": 5101230000000001,
        "idstr": "5101230000000001",
        "mid": "5101230000000001",
        "text": "【停水通知】柳渡路今夜0时至4时检修",
        "user": outlet(id=9990000002, idstr="9990000002"),
    }
    return status(**{**given, **changes})


def post(reading: StatusReading) -> Post:
    assert isinstance(reading.item, Post)
    return reading.item


def article(reading: StatusReading) -> Article:
    assert isinstance(reading.item, Article)
    return reading.item


def test_an_individuals_post_is_signed_and_anonymous(edge: Edge) -> None:
    reading = read_status(status(), edge)
    signer = edge.signers.at(0)
    assert signer is not None
    assert post(reading) == Post(
        token=signer.post("weibo", "5101234567890123"),
        account=signer.account("weibo", "9990000001"),
        epoch="e0",
        hour=hour_of(datetime(2026, 11, 23, 9, tzinfo=CHINA)),
        text="听说柳渡街道的自来水要停三天？",
        reposts=8,
    )
    assert (reading.quoted, reading.fault, reading.unknown) == (None, None, frozenset())


@pytest.mark.parametrize(
    "record",
    [
        status(mid=...),
        status(mid=..., idstr=...),
        status(id=..., idstr=..., mid=5101234567890123),
        status(user=..., uid=9990000001),
        status(user=None, uid="9990000001"),
        status(user={"id": 9990000001}),
    ],
)
def test_one_post_has_one_token_whatever_form_its_ids_have(edge: Edge, record: object) -> None:
    assert post(read_status(record, edge)) == post(read_status(status(), edge))


@pytest.mark.parametrize("kind", [1, 3])
def test_verified_government_and_media_are_named(edge: Edge, kind: int) -> None:
    found = article(read_status(status(user=outlet(verified_type=kind)), edge))
    assert found == Article(
        outlet="云岫发布",
        key="weibo:5101234567890123",
        link="https://weibo.com/9990000001/P0w7ex6A3",
        title="",
        text="听说柳渡街道的自来水要停三天？",
        published=datetime(2026, 11, 23, 9, 12, 5, tzinfo=CHINA),
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"verified": "true"},
        {"verified": 1},
        {"verified": False},
        {"verified": None},
        {"verified_type": 0},
        {"verified_type": 2},
        {"verified_type": 7},
        {"verified_type": "1"},
        {"verified_type": True},
        {"verified_type": 1.0},
        {"verified_type": None},
        {"screen_name": " "},
        {"screen_name": None},
    ],
)
def test_everybody_else_is_an_individual(edge: Edge, changes: dict[str, Any]) -> None:
    found = post(read_status(status(user=outlet(**changes)), edge))
    assert "云岫发布" not in repr(astuple(found))


def test_an_organisations_status_may_be_old(edge: Edge) -> None:
    old = "Mon Nov 02 09:12:05 +0800 2026"
    assert isinstance(read_status(notice(created_at=old), edge).item, Article)
    assert read_status(status(created_at=old), edge).item == "too_old"


@pytest.mark.parametrize(
    "changes",
    [
        {"deleted": "1"},
        {"deleted": 1},
        {"deleted": True},
        {"text": "此微博已被原作者删除。", "created_at": None, "user": None},
        {"text": "抱歉，此微博已被删除"},
        {"text": "抱歉，此微博已被作者删除。查看帮助：http://t.cn/EXAMPLE"},
        {"text": "该微博因被多人投诉，根据《微博社区公约》，已被删除。"},
        {"text": "抱歉，由于作者设置，你暂时没有这条微博的查看权限哦。"},
        {"text": "抱歉，作者已设置仅展示半年内微博，此微博已不可见。"},
        {"visible": ...},
        {"visible": None},
        {"visible": 0},
        {"visible": {}},
        {"visible": {"type": 1}},
        {"visible": {"type": 6, "list_id": 0}},
        {"visible": {"type": "0"}},
        {"visible": {"type": False}},
        {"visible": {"type": 0.0}},
        {"user": ...},
        {"user": None},
        {"user": {}},
        {"user": [9990000001]},
        {"user": {"screen_name": PLANTED}},
    ],
)
def test_what_not_everybody_may_see_is_not_read(edge: Edge, changes: dict[str, Any]) -> None:
    reading = read_status(status(**changes, retweeted_status=notice()), edge)
    assert (reading.item, reading.quoted, reading.fault) == ("not_public", None, None)
    assert read_status(status(retweeted_status=notice(**changes)), edge).quoted == "not_public"
    assert post(read_status(status(retweeted_status=notice(**changes)), edge)).quoted == ""


@pytest.mark.parametrize(
    "text",
    [
        "朋友说此微博已被原作者删除。大家快保存停水通知",
        "作者说这瓶药水设置在暗处，不可见光",
        "此微博已被删除了三次我再发一遍：停水三天",
    ],
)
def test_a_post_that_speaks_of_deletion_is_read(edge: Edge, text: str) -> None:
    assert post(read_status(status(text=text, deleted="0"), edge)).text == text


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (None, "not_an_object"),
        ([status()], "not_an_object"),
        ("bad_time", "not_an_object"),
        ({}, "no_id"),
        (status(id=..., idstr=None, mid=""), "no_id"),
        (status(id=5.101234567890123e15), "bad_field"),
        (status(mid="P0w7ex6A3"), "bad_field"),
        (status(id=True, idstr=..., mid=...), "bad_field"),
        (status(user=person(id=9.99e9)), "bad_field"),
        (status(user=person(id=[1])), "bad_field"),
        (status(created_at=...), "no_time"),
        (status(created_at=""), "no_time"),
        (status(created_at=1795395600), "bad_time"),
        (status(created_at="2026-11-23 09:12:05"), "bad_time"),
        (status(created_at="周一 11月 23 09:12:05 +0800 2026"), "bad_time"),
        (status(created_at="Mon Nov 31 09:12:05 +0800 2026"), "bad_time"),
        (status(created_at="Mon Nov 23 25:12:05 +0800 2026"), "bad_time"),
        (status(created_at="Mon Nov 23 09:12:05 +9900 2026"), "bad_time"),
        (status(created_at="Mon Nov 23 09:12:05 +0800 2008"), "bad_time"),
        (status(created_at="Mon Nov 23 09:12:05 +0800 2101"), "bad_time"),
        (status(created_at="Mon Nov 23 09:12:05 +0800 ２０２６"), "bad_time"),
        (status(text=...), "no_text"),
        (status(text=" \n"), "no_text"),
        (status(text=5), "bad_field"),
        (status(longText=5), "bad_field"),
        (status(longText={"longTextContent": 5}), "bad_field"),
    ],
)
def test_a_malformed_status_has_one_closed_fault(edge: Edge, record: object, fault: str) -> None:
    reading = read_status(record, edge)
    assert (reading.item, reading.quoted, reading.fault) == ("malformed", None, fault)


@pytest.mark.parametrize(
    ("created", "item"),
    [
        ("Fri Nov 20 10:00:00 +0800 2026", None),
        ("Fri Nov 20 09:59:59 +0800 2026", "too_old"),
        ("Mon Nov 23 10:00:00 +0800 2026", None),
        ("Mon Nov 23 10:00:01 +0800 2026", "too_old"),
        ("Mon Nov 23 02:00:00 +0000 2026", None),
        ("Sun Nov 22 21:00:00 -0500 2026", None),
    ],
)
def test_72_hours_are_exact(edge: Edge, created: str, item: str | None) -> None:
    found = read_status(status(created_at=created), edge).item
    assert found == item if item else isinstance(found, Post)


def test_without_a_key_for_its_hour_a_post_is_too_old(edge_without_key: Callable[[datetime], Edge]) -> None:
    spent = edge_without_key(datetime(2026, 11, 23, 9, tzinfo=CHINA))
    assert read_status(status(), spent).item == "too_old"
    assert isinstance(read_status(status(created_at="Mon Nov 23 10:00:00 +0800 2026"), spent).item, Post)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"text": "停水……全文", "longText": "停水三天，请储水"}, "停水三天，请储水"),
        ({"text": "停水…全文", "longText": {"longTextContent": "停水三天，请储水"}}, "停水三天，请储水"),
        ({"text": "停水三天…全文", "longText": {}}, "停水三天"),
        ({"text": "停水三天…全文", "longText": ""}, "停水三天"),
        ({"text": "停水三天…全文"}, "停水三天"),
        ({"text": "停水三天...全文\u200b"}, "停水三天"),
        ({"text": "停水三天...全文： http://m.weibo.cn/9990000001/5101234567890123"}, "停水三天"),
        ({"text": "请看…全文", "isLongText": False}, "请看…全文"),
        ({"text": "请看全文"}, "请看全文"),
    ],
)
def test_long_texts(edge: Edge, changes: dict[str, Any], text: str) -> None:
    assert post(read_status(status(**{"isLongText": True, **changes}), edge)).text == text


def test_a_repost_hands_on_own_words_and_the_parent(edge: Edge) -> None:
    reading = read_status(status(text="是真的吗//@甲乙: 快看//@丙丁: 看", retweeted_status=notice()), edge)
    assert post(reading).text == "是真的吗"
    assert post(reading).quoted == "【停水通知】柳渡路今夜0时至4时检修"
    assert isinstance(reading.quoted, Article)
    assert reading.quoted.parent


@pytest.mark.parametrize(
    "text", ["转发微博", "Repost", "轉發微博", "转发", "", " ", "转发微博//@甲乙:看", "//＠甲乙:看"]
)
def test_a_repost_without_own_words_has_none(edge: Edge, text: str) -> None:
    assert post(read_status(status(text=text, retweeted_status=notice()), edge)).text == ""


def test_others_words_go_even_where_the_parent_is_missing(edge: Edge) -> None:
    assert post(read_status(status(text="储水吧//@甲乙: 停水三天"), edge)).text == "储水吧"
    assert post(read_status(status(text="转发"), edge)).text == "转发"


def test_an_individual_parent_is_a_post_of_its_own(edge: Edge) -> None:
    parent = status(mid="5101230000000003", id=..., idstr=..., text="停水三天", user=person(idstr="9990000003", id=...))
    reading = read_status(status(text="转发", retweeted_status=parent), edge)
    alone = post(read_status(parent, edge))
    assert isinstance(reading.quoted, Post)
    assert reading.quoted == Post(
        token=alone.token, account=alone.account, epoch="e0", hour=alone.hour, text="停水三天", parent=True, reposts=8
    )
    assert reading.quoted.account != post(reading).account


def test_an_old_parent_is_quoted_but_not_counted(edge: Edge) -> None:
    parent = status(created_at="Mon Nov 02 09:12:05 +0800 2026", text="停水三天")
    reading = read_status(status(text="转发", retweeted_status=parent), edge)
    assert (post(reading).quoted, reading.quoted) == ("停水三天", "too_old")


def test_an_old_repost_hands_on_a_fresh_parent(edge: Edge) -> None:
    reading = read_status(status(created_at="Mon Nov 02 09:12:05 +0800 2026", retweeted_status=notice()), edge)
    assert reading.item == "too_old"
    assert isinstance(reading.quoted, Article)


@pytest.mark.parametrize("parent", ["x", [], 5, True, {}, {"id": 1.5}])
def test_a_parent_that_cannot_be_read_is_a_reason(edge: Edge, parent: object) -> None:
    reading = read_status(status(retweeted_status=parent), edge)
    assert (post(reading).quoted, reading.quoted, reading.fault) == ("", "malformed", None)


def test_only_one_level_of_reposts_is_read(edge: Edge) -> None:
    inner = status(text="最里面的话", mid="5101230000000009")
    reading = read_status(status(text="转发", retweeted_status=notice(text="转发", retweeted_status=inner)), edge)
    assert isinstance(reading.quoted, Article)
    assert "最里面的话" not in repr((astuple(reading.quoted), astuple(post(reading))))


@pytest.mark.parametrize(
    ("given_count", "count"),
    [
        (0, 0),
        (12, 12),
        ("12", 12),
        ("1.2万", 12_000),
        ("100万+", 1_000_000),
        ("1.5亿", 150_000_000),
        (-3, 0),
        (True, 0),
        (1.5, 0),
        (10**30, 0),
        ("9999999999亿", 0),
        ("很多", 0),
        ("-1", 0),
        (None, 0),
        ([], 0),
    ],
)
def test_spread_counts(edge: Edge, given_count: object, count: int) -> None:
    assert post(read_status(status(reposts_count=given_count), edge)).reposts == count


def test_a_source_that_may_not_be_read_is_not_read(shut: Edge) -> None:
    refused = StatusReading("not_permitted", None, None, frozenset())
    for record in (status(), notice(), status(retweeted_status=notice(), editCount=1), None, {}):
        assert read_status(record, shut) == refused


def test_unknown_fields_are_named_of_parents_too(edge: Edge) -> None:
    reading = read_status(status(editCount=1, retweeted_status=notice(mblogtype=2)), edge)
    assert reading.unknown == {"edit_count", "mblogtype"}


@given(JSON)
def test_no_json_raises(edge: Edge, record: object) -> None:
    found = read_status(record, edge)
    assert found.item in REASONS


@given(st.dictionaries(st.sampled_from(sorted(status())), JSON), st.none() | JSON)
def test_no_change_to_a_status_raises(edge: Edge, changes: dict[str, Any], parent: object) -> None:
    found = read_status(status(**changes, retweeted_status=parent), edge)
    assert isinstance(found.item, Post | Article) or found.item in REASONS


PEOPLE = {name: st.just(PLANTED) for name in ("source", "region_name", "in_reply_to_screen_name", "geo", "annotations")}


@given(
    st.fixed_dictionaries({}, optional=PEOPLE),
    st.dictionaries(st.text("abcxyz_", min_size=1) | st.just(PLANTED), st.just(PLANTED), max_size=3),
)
def test_of_an_individual_no_name_and_no_id_goes_on(edge: Edge, known: dict[str, Any], extra: dict[str, Any]) -> None:
    parent = status(mid="5000000000000001", id=..., idstr=..., text="停水", **known)
    reading = read_status({**extra, **status(**known, retweeted_status=parent)}, edge)
    assert isinstance(reading.item, Post)
    assert isinstance(reading.quoted, Post)
    left = repr((astuple(reading.item), astuple(reading.quoted), reading.unknown))
    for trace in (PLANTED, "9990000001", "5101234567890123", "P0w7ex6A3", "5000000000000001", "O00000001"):
        assert trace not in left


def test_the_same_search_finds_an_organisations_ids(edge: Edge) -> None:
    left = repr(astuple(article(read_status(status(user=outlet()), edge))))
    assert all(trace in left for trace in ("9990000001", "5101234567890123", "P0w7ex6A3"))


DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def mid_of(bid: str) -> str:
    """The other way round, by the rule of the notes: four characters from the right are seven digits."""
    mid = ""
    while bid:
        group, bid = bid[-4:], bid[:-4]
        number = 0
        for digit in group:
            number = number * 62 + DIGITS.index(digit)
        mid = str(number).rjust(7, "0") + mid
    return mid.lstrip("0") or "0"


@pytest.mark.parametrize(("mid", "bid"), [("5101234567890123", "P0w7ex6A3"), ("5000000000000001", "O00000001")])
def test_short_ids_of_the_notes(mid: str, bid: str) -> None:
    assert (bid_of(mid), mid_of(bid)) == (bid, mid)


@given(st.integers(0, 10**20 - 1))
def test_short_ids_lead_back(number: int) -> None:
    assert mid_of(bid_of(str(number))) == str(number)
