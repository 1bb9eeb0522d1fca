"""What stands in one answer of a list: its entries in their places, in JSON, HTML and XML."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.conversation import FailureKind, Reply
from spiders.entry import Entry
from spiders.listing import NoList, Sheet, read_list
from spiders.plan import Days, Detail, Plan
from spiders.record import Record
from tests.support.press import BODY, HOST, PERSON, ago
from tests.support.talk import AT

PLAN = Plan(
    source="town",
    organisation="云岫融媒",
    kind="json_list",
    url=f"{HOST}/list",
    items="data.articleList.records[]",
    map={
        "id": "to_string(id)",
        "url": "url",
        "title": "listTitle",
        "published": "publishedAt",
        "updated": "updatedAt",
        "dedupe": "to_string(originalId)",
        "text": "content",
    },
    formats=("%Y-%m-%d %H:%M:%S", "epoch_ms", "rel_zh"),
)
MARKUP = replace(
    PLAN,
    kind="html_list",
    items="ul.news > li",
    map={"url": "a::attr(href)", "title": "a", "published": ".date", "text": ".body"},
)


def sheet(body: object, plan: Plan = PLAN, *, first: bool = True, **reply: Any) -> Sheet:
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return read_list(plan, Reply(status=200, url=plan.url, body=content, at=AT, **reply), plan.url, first=first)


def records(*some: object) -> dict[str, object]:
    return {"code": 0, "data": {"articleList": {"records": list(some)}}}


def record(**changes: object) -> dict[str, object]:
    made: dict[str, object] = {
        "id": 1800001,
        "listTitle": "检修公告",
        "url": "/article/1800001",
        "publishedAt": ago(45),
        "creator": PERSON,
    }
    return {name: value for name, value in {**made, **changes}.items() if value is not ...}


def entries(found: Sheet) -> list[Entry]:
    return [one.entry for one in found.records if one.entry]


def only(found: Sheet) -> Record:
    (one,) = found.records
    return one


def kind(body: object, plan: Plan = PLAN, **more: Any) -> FailureKind:
    with pytest.raises(NoList) as error:
        sheet(body, plan, **more)
    return error.value.kind


# -- JSON ----------------------------------------------------------------------------------------


def test_a_record_of_the_documented_interface() -> None:
    found = sheet(records(record(updatedAt=ago(5), originalId=1799990)))
    assert entries(found) == [
        Entry(
            url=f"{HOST}/article/1800001",
            title="检修公告",
            id="1800001",
            dedupe="1799990",
            published=AT - timedelta(minutes=45),
            updated=AT - timedelta(minutes=5),
        )
    ]
    assert PERSON not in repr(found)


def test_an_id_keeps_all_its_digits() -> None:
    assert entries(sheet(records(record(id=9007199254740993))))[0].id == "9007199254740993"


@pytest.mark.parametrize(
    ("changes", "moment"),
    [
        ({"publishedAt": int((AT - timedelta(minutes=7)).timestamp() * 1000)}, AT - timedelta(minutes=7)),
        ({"publishedAt": "3小时前"}, AT - timedelta(hours=3)),
        ({"publishedAt": "昨天 09:15"}, AT.replace(day=22, hour=9, minute=15)),
        ({"publishedAt": "不久"}, None),
        ({"publishedAt": None}, None),
        ({"publishedAt": {"a": 1}}, None),
        ({"publishedAt": True}, None),
    ],
)
def test_times_in_every_configured_form(changes: dict[str, object], moment: object) -> None:
    assert entries(sheet(records(record(**changes))))[0].published == moment


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f"<p>{BODY}</p><p>请&nbsp;知悉</p>", f"{BODY}\n请 知悉"),
        (f"{BODY}\n\n 请知悉 &amp; 转告", f"{BODY}\n请知悉 & 转告"),
        ("1 < 2", "1 < 2"),
        ("", None),
        (5, "5"),
        (None, None),
    ],
)
def test_a_text_may_be_html_or_not(content: object, text: str | None) -> None:
    assert entries(sheet(records(record(content=content))))[0].text == text


@pytest.mark.parametrize("title", ["检修 &amp; 停水", "<em>检修</em> & 停水", "检修\n& 停水"])
def test_titles_are_one_plain_line(title: str) -> None:
    assert entries(sheet(records(record(listTitle=title))))[0].title == "检修 & 停水"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"listTitle": ...}, "no_text"),
        ({"listTitle": "  "}, "no_text"),
        ({"listTitle": ["检修"]}, "no_text"),
        ({"url": ...}, "no_id"),
        ({"url": "javascript:alert(1)"}, "no_id"),
        ({"url": "http://[broken"}, "no_id"),
        ({"url": f"https://{PERSON}@app.example/"}, "no_id"),
        ({"id": "x" * 201}, "bad_field"),
    ],
)
def test_a_broken_record_is_a_fault_of_its_place(changes: dict[str, object], fault: str) -> None:
    found = sheet(records(record(), record(**changes)))
    assert [(one.place, one.fault, one.entry is None) for one in found.records] == [(1, None, False), (2, fault, True)]


def test_equal_faults_have_equal_marks_and_others_do_not() -> None:
    first, second, third = sheet(records(record(url=...), record(url=...), record(url=..., id=7))).records
    assert first.mark == second.mark != third.mark


def test_without_a_link_the_articles_own_page_is_made_from_its_id() -> None:
    plan = replace(PLAN, detail=Detail(url=f"{HOST}/article/{{id}}"))
    assert entries(sheet(records(record(url=...)), plan))[0].url == f"{HOST}/article/1800001"
    assert only(sheet(records(record(url=..., id=None)), plan)).fault == "no_id"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_json_in_the_encodings_that_occur(encoding: str) -> None:
    body = json.dumps(records(record()), ensure_ascii=False).encode(encoding)
    assert entries(sheet(body))[0].title == "检修公告"


@pytest.mark.parametrize(
    "body",
    [
        '{"data": {"articleList": {"records": [}}}',
        '{"data": NaN}',
        "[" * 100 + "]" * 100,
        b'{"data": "\xff\xff"}',
        "",
    ],
)
def test_json_is_read_strictly(body: object) -> None:
    assert kind(body) == "garbled"


@pytest.mark.parametrize("value", [True, 0, 5, "yes", [0]])
def test_an_answer_is_sound_by_the_languages_own_truth(value: object) -> None:
    assert sheet(records() | {"fine": value}, replace(PLAN, ok="fine")).records == ()


@pytest.mark.parametrize("value", [False, None, "", [], {}])
def test_an_answer_that_is_not_sound_is_busy(value: object) -> None:
    assert kind(records() | {"fine": value}, replace(PLAN, ok="fine")) == "busy"
    assert kind(records(), replace(PLAN, ok="length(`5`)")) == "busy"


@pytest.mark.parametrize("answer", [{"code": 401}, {"errcode": "403"}, {"status": 401}])
def test_an_answer_that_refuses_the_credentials_says_so(answer: object) -> None:
    assert kind(answer, replace(PLAN, ok="code == `0`")) == "auth_required"


def test_items_of_another_shape_are_a_changed_one() -> None:
    bodies: list[object] = [{}, [], 5, {"data": {"articleList": {"records": 5}}}, {"data": {"articleList": None}}]
    for body in bodies:
        assert kind(body) == "changed_shape"
    assert sheet(records()).records == ()


def test_fields_that_no_expression_names_are_named_without_values() -> None:
    one = only(sheet(records(record(readCount=PERSON, updatedAt=ago(1)))))
    assert one.unknown == {"read_count", "other"}


# -- HTML ----------------------------------------------------------------------------------------


def listed(*items: str, head: str = "") -> str:
    return f"<html><head>{head}</head><body><ul class=news>{''.join(items)}</ul></body></html>"


def item(number: int = 1, **parts: str) -> str:
    link = parts.get("link", f"./a_{number}.html")
    date = f"<span class=date>[{ago(45)[:10]}]</span>"
    return f"<li><a href='{link}'><b>第{number}号</b> 公告</a>{date}{parts.get('more', '')}</li>"


def test_a_html_list_by_selectors() -> None:
    plan = replace(MARKUP, url=f"{HOST}/news/index.html")
    found = sheet(listed(item(1), item(2, more=f"<div class=body><p>{BODY}</p><p>请知悉</p></div>")), plan)
    assert entries(found) == [
        Entry(url=f"{HOST}/news/a_1.html", title="第1号 公告", published=AT.replace(hour=0)),
        Entry(url=f"{HOST}/news/a_2.html", title="第2号 公告", published=AT.replace(hour=0), text=f"{BODY}\n请知悉"),
    ]


def test_a_html_list_by_xpath() -> None:
    plan = replace(
        MARKUP,
        items="//ul[@class='news']/li",
        map={"url": "./a/@href", "title": "./a", "published": "(./span)[1]", "text": "./div/p"},
    )
    more = f"<div class=body><p>{BODY}</p><p>请知悉</p></div>"
    assert entries(sheet(listed(item(more=more)), plan)) == entries(sheet(listed(item(more=more)), MARKUP))


def test_a_html_list_in_gb18030() -> None:
    body = listed(item()).encode("gb18030")
    assert entries(sheet(body, MARKUP))[0].title == "第1号 公告"
    assert entries(sheet(body, MARKUP, encoding="gbk"))[0].title == "第1号 公告"


def test_a_html_list_without_entries_has_changed_unless_it_is_a_later_page_or_a_day() -> None:
    assert kind(listed(), MARKUP) == "changed_shape"
    assert kind("<html><title>登录</title></html>", MARKUP) == "captcha"
    assert kind(b"\x00", MARKUP) == "garbled"
    assert sheet(listed(), MARKUP, first=False).records == ()
    assert sheet(listed(), replace(MARKUP, paging=Days("a", "b"))).records == ()


def test_an_expression_that_can_not_be_evaluated_finds_nothing() -> None:
    plan = replace(MARKUP, map={**MARKUP.map, "published": "(./span", "title": "./a[unknown()]"})
    assert only(sheet(listed(item()), plan)).fault == "no_text"


@pytest.mark.parametrize(
    "head", ["<link rel=next href='p2'>", "<link rel='last next' href='p2'>", "<a rel=next href=p2>"]
)
def test_the_next_page_of_a_html_list(head: str) -> None:
    assert sheet(listed(item(), head=head), MARKUP).next == "p2"
    assert sheet(listed(item(), head=head.replace("next", "prev")), MARKUP).next == ""


def test_what_paging_finds_in_an_answer() -> None:
    assert sheet(records() | {"pages": 7, "next": None}).find("pages") == "7"
    assert sheet(records()).find("next") == ""
    assert sheet(listed(item(), head="<meta name=pages content=9>"), MARKUP).find("meta::attr(content)") == "9"


# -- XML -----------------------------------------------------------------------------------------

XML = replace(
    MARKUP, kind="xml_list", items="item", map={"url": "link", "title": "title", "published": "date", "text": "body"}
)


def xml(inner: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return f"\n{declaration}<list><item>{inner}</item></list>"


FIELDS = f"<link>/a/1</link><title>检修 &amp; 停水</title><date>{ago(45)}</date><author>{PERSON}</author>"


def test_an_xml_list() -> None:
    body = f"<body><![CDATA[<p>{BODY}</p><p>请知悉</p>]]></body>"
    (found,) = entries(sheet(xml(FIELDS + body), XML))
    assert (found.url, found.title, found.published) == (f"{HOST}/a/1", "检修 & 停水", AT - timedelta(minutes=45))
    assert found.text == f"{BODY}\n请知悉"
    gb = xml(FIELDS, '<?xml version="1.0" encoding="GB2312"?>').encode("gb18030")
    assert entries(sheet(gb, XML))[0].title == "检修 & 停水"


ENTITIES = {
    "internal": '<!DOCTYPE list [<!ENTITY a "停水">]>',
    "external": '<!DOCTYPE list [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
    "bomb": '<!DOCTYPE list [<!ENTITY b "停水"><!ENTITY a "&b;&b;&b;&b;&b;&b;&b;&b;">]>',
    "outside": '<!DOCTYPE list SYSTEM "https://other.example/list.dtd">',
}


@pytest.mark.parametrize("doctype", ENTITIES.values(), ids=ENTITIES)
def test_xml_with_a_document_type_is_refused(doctype: str) -> None:
    inner = FIELDS.replace("检修", "检修&a;" if "ENTITY" in doctype else "检修")
    assert kind(xml(inner, f'<?xml version="1.0"?>{doctype}'), XML) == "garbled"
    # Without the document type the same list is read.
    assert sheet(xml(FIELDS), XML).records


@pytest.mark.parametrize("body", ["", "text", "<list><item>", "<list><item></list>", "<list>&nbsp;</list>", "{}"])
def test_xml_that_is_cut_or_none_is_garbled(body: str) -> None:
    assert kind(body, XML) == "garbled"


def test_a_deep_list_is_refused() -> None:
    assert kind("<a>" * 5_000 + "</a>" * 5_000, XML) == "garbled"
    assert kind("<ul class=news><li>" + "<article>" * 2_000 + "<p>水" * 50_000, MARKUP) == "garbled"


# -- feeds ---------------------------------------------------------------------------------------


def feed(*items: object, **more: object) -> dict[str, object]:
    return {"version": "https://jsonfeed.org/version/1.1", "title": "云岫", "items": list(items), **more}


def test_entries_of_a_feed_and_their_faults() -> None:
    plan = replace(PLAN, kind="jsonfeed")
    good = {
        "id": "1",
        "url": f"{HOST}/a/1",
        "title": "检修",
        "date_published": "2026-11-23T09:15:00",
        "authors": [PERSON],
    }
    found = sheet(feed(good, {"id": "2"}, {"id": "3", "url": f"{HOST}/bbs/3"}, x=1, next_url=f"{HOST}/2"), plan)
    assert [(one.place, one.reason, one.entry is None) for one in found.records] == [
        (1, "malformed", False),
        (2, "not_permitted", True),
        (0, "malformed", True),
    ]
    assert found.next == f"{HOST}/2"
    assert found.unknown == {"naive_dates": 1, "other": 1}
    assert PERSON not in repr(found)


@pytest.mark.parametrize(
    ("name", "body", "failure"),
    [
        ("jsonfeed", {"items": []}, "garbled"),
        ("rss", "<html><title>登录</title><input type=password></html>", "captcha"),
        ("rss", "<rss><channel>", "garbled"),
        ("sitemap", "<a/>", "garbled"),
        ("jsonfeed", feed(generator="RSSHub"), "bridge"),
        ("jsonfeed", feed({"id": "1", "url": "https://mp.weixin.qq.com/s/EXAMPLE0", "title": "x"}), "bridge"),
    ],
)
def test_what_is_no_feed_has_one_closed_failure(name: Any, body: object, failure: FailureKind) -> None:
    assert kind(body, replace(PLAN, kind=name)) == failure


# -- whatever comes ------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)


@given(st.lists(JSON, max_size=5))
def test_every_record_has_its_place(some: list[object]) -> None:
    plan = replace(PLAN, items="data.articleList.records")
    assert [one.place for one in sheet(records(*some), plan).records] == list(range(1, len(some) + 1))


@given(st.dictionaries(st.sampled_from(sorted(record(updatedAt=1, originalId=1, content=1))), JSON))
def test_no_value_of_a_field_raises(changes: dict[str, object]) -> None:
    assert only(sheet(records(record(**changes)))).place == 1


@given(
    st.sampled_from(["json_list", "html_list", "xml_list", "rss", "atom", "jsonfeed", "sitemap"]),
    st.binary() | st.text(),
)
def test_no_answer_raises_but_that_it_is_no_list(name: Any, body: Any) -> None:
    try:
        sheet(body, replace(MARKUP, kind=name, items="item"))
    except NoList:
        return
