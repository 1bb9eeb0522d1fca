"""The reader of publishers' lists: what is read, what is passed over, what a kill costs, whose name never goes on."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pipelines.page import Article, Problem
from spiders.conversation import FailureKind, Rule
from spiders.edge import Edge
from spiders.plan import Detail
from spiders.publisher import Publisher
from tests.support.app import LOGIN, MAP, PLAN, entry, listed, once, page, site
from tests.support.press import BODY, HOST, PERSON, Memory, Press, ago, article, read, window
from tests.support.talk import AT

# -- what is read --------------------------------------------------------------------------------


def test_a_list_is_read_article_by_article(office: Edge) -> None:
    press = site(listed(entry(1, 30), entry(2, 40)))
    found = once(office, press)
    assert press.asked == [page(1), "/article/1", "/article/2"]
    assert [len(page.articles) for page in found.pages] == [0, 1, 1]
    assert found.articles[0] == Article(
        outlet="云岫融媒",
        key="town:1",
        link=f"{HOST}/article/1",
        title="第1号公告",
        text=f"第1号：{BODY}",
        published=AT - timedelta(minutes=30),
    )
    assert found.done and found.beyond is None and found.read == 2


def test_texts_in_the_list_need_no_page_of_their_own(office: Edge) -> None:
    plan = replace(PLAN, map=MAP | {"text": "content"}, detail=None)
    press = site(listed(entry(1, content=f"<p>{BODY}</p><p>编辑：{PERSON}</p>"), entry(2, content=f"{BODY}\n请知悉")))
    found = once(office, press, plan)
    assert press.asked == [page(1)]
    assert [one.text for one in found.articles] == [BODY, f"{BODY}\n请知悉"]
    assert [known.key for known in found.pages[0].known] == ["town:1", "town:2"]


def test_what_was_dealt_with_is_not_asked_for_again(office: Edge) -> None:
    memory, press = Memory(), site(listed(entry(1), entry(2)))
    once(office, press, memory=memory)
    press.asks.clear()
    found = once(office, press, memory=memory)
    assert press.asked == [page(1)]
    assert (found.done, found.read) == (True, 0)


def test_an_edit_is_a_new_version_of_the_same_article(office: Edge) -> None:
    memory = Memory()
    once(office, site(listed(entry(1, 90))), memory=memory)
    press = site(listed(entry(1, 90, updatedAt=ago(5))))
    found = once(office, press, memory=memory)
    assert press.asked == [page(1), "/article/1"]
    assert found.keys == ["town:1"] and found.articles[0].updated == AT - timedelta(minutes=5)


def test_a_time_that_went_back_is_no_edit(office: Edge) -> None:
    memory = Memory()
    once(office, site(listed(entry(1, 90))), memory=memory)
    assert once(office, site(listed(entry(1, 95))), memory=memory).read == 0


def test_relative_times_are_no_edits(office: Edge) -> None:
    memory, plan = Memory(), replace(PLAN, formats=("rel_zh",))
    assert once(office, site(listed(entry(1, publishedAt="3小时前"))), plan, memory).read == 1
    later = replace(window(office, memory), until=AT)
    press = site(listed(entry(1, publishedAt="4小时前")))
    assert read(Publisher(plan), later, press).read == 0
    assert once(office, site(listed(entry(1, publishedAt="4小时前", listTitle="改了"))), plan, memory).read == 1


def test_a_story_in_two_channels_is_read_once(office: Edge) -> None:
    memory, plan = Memory(), replace(PLAN, channels=("C12", "C13"), params={"channelId": "{channel}"})
    first = Press({"/list?channelId=C12&current=1": listed(entry(1))}, default=article(1))
    second = Press({"/list?channelId=C13&current=1": listed(entry(2, 10, originalId=1))}, default=article(1))
    assert once(office, first, plan, memory, lane="C12").keys == ["town:1"]
    assert once(office, second, plan, memory, lane="C13").read == 0
    assert once(office, second, plan, memory, lane="C13").read == 0
    assert len(second.asks) == 2


def test_an_edited_copy_is_a_new_version_of_the_story(office: Edge) -> None:
    memory = Memory()
    once(office, site(listed(entry(1), entry(2, originalId=1))), memory=memory)
    found = once(office, site(listed(entry(1), entry(2, originalId=1, updatedAt=ago(1)))), memory=memory)
    assert found.keys == ["town:1"]


def test_the_original_is_not_read_again_after_its_copy(office: Edge) -> None:
    memory = Memory()
    assert once(office, site(listed(entry(2, 30, originalId=1), entry(1, 40))), memory=memory).keys == ["town:1"]
    assert once(office, site(listed(entry(2, 30, originalId=1), entry(1, 40))), memory=memory).read == 0


@pytest.mark.parametrize("original", [0, "", None, "0", "null"])
def test_no_original_is_no_shared_story(office: Edge, original: object) -> None:
    found = once(office, site(listed(entry(1, originalId=original), entry(2, originalId=original))))
    assert found.keys == ["town:1", "town:2"]


def test_the_same_words_under_one_canonical_address_are_one_story(office: Edge) -> None:
    plan = replace(PLAN, map={**MAP, "id": "nothing"}, detail=Detail("article .content"))
    mirror = entry(1, 20, id=..., url="/m/1")
    press = site(listed(entry(1, id=...), mirror))
    press.answers |= {"/m/1": article(1, **{"og:url": f"{HOST}/article/1"})}
    found = once(office, press, plan)
    assert (found.keys, found.dropped) == ([f"town:{HOST}/article/1"], {"duplicate": 1})
    # A page that names its column as its address is still a page of its own.
    wrong = site(listed(entry(1, id=...), entry(2, id=...)))
    wrong.answers |= {f"/article/{n}": article(n, **{"og:url": f"{HOST}/news/"}) for n in (1, 2)}
    assert len(once(office, wrong, plan).articles) == 2


def test_too_old_articles_are_neither_read_nor_counted(office: Edge) -> None:
    press = site(listed(entry(1, 10 * 24 * 60), entry(2)))
    found = once(office, press)
    assert press.asked == [page(1), "/article/2"]
    assert (found.keys, found.read) == (["town:2"], 1)


def test_a_date_that_the_list_lacks_is_the_pages(office: Edge) -> None:
    press = site(listed(entry(1, publishedAt=...), entry(2, publishedAt="不详"), entry(3, publishedAt=...)))
    press.answers["/article/1"] = article(1, PubDate="2026-11-23 08:15")
    press.answers["/article/3"] = article(3, PubDate="2026-10-01 08:15")
    found = once(office, press)
    assert [one.published for one in found.articles] == [AT.replace(hour=8, minute=15)]
    assert found.dropped == {"malformed": 1}
    assert [page.problems for page in found.pages if page.problems] == [(Problem(2, "no_time"),)]


def test_a_broken_record_is_a_fault_of_its_place_and_counts_once(office: Edge) -> None:
    memory = Memory()
    broken = [entry(1, listTitle=...), entry(2), "nothing", entry(4, url=..., id=...)]
    found = once(office, site(listed(*broken)), memory=memory)
    assert found.pages[0].problems == (Problem(1, "no_text"), Problem(3, "no_id"), Problem(4, "no_id"))
    assert (found.keys, found.dropped) == (["town:2"], {"malformed": 3})
    assert once(office, site(listed(*broken)), memory=memory).read == 0


def test_a_list_of_nothing_but_faults_has_changed_its_shape(office: Edge) -> None:
    found = once(office, site(listed(entry(1, listTitle=...), entry(2, listTitle=...))))
    assert found.failure and found.failure.kind == "changed_shape"


@pytest.mark.parametrize(
    "changes",
    [
        {"channelName": "网络问政"},
        {"channel": " 社 区 "},
        {"url": "https://app.example/bbs/thread/9"},
        {"url": "https://app.example/随手拍/9"},
        {"url": "https://weibo.com/9990000001/P0w7ex6A3"},
    ],
)
def test_what_users_write_is_not_permitted(office: Edge, changes: dict[str, Any]) -> None:
    memory, press = Memory(), site(listed(entry(1, **changes), entry(2)))
    found = once(office, press, memory=memory)
    assert press.asked == [page(1), "/article/2"]
    assert found.dropped == {"not_permitted": 1}
    assert once(office, press, memory=memory).read == 0


def test_a_page_that_names_a_users_column_is_not_permitted(office: Edge) -> None:
    press = site(listed(entry(1)))
    press.answers["/article/1"] = article(1, ColumnName="百姓爆料")
    assert once(office, press).dropped == {"not_permitted": 1}


def test_unknown_fields_are_named_without_values(office: Edge) -> None:
    found = once(office, site(listed(entry(1, docType=PERSON, readCount=5))))
    names = {name for page in found.pages for name in page.unknown}
    assert {"read_count"} <= names and PERSON not in repr(names)


# -- hosts ---------------------------------------------------------------------------------------


def test_the_rules_are_the_hosts_of_list_and_articles() -> None:
    plan = replace(PLAN, detail=Detail(url="https://www.example:8443/a/{id}"))
    assert Publisher(plan).rules == (Rule("GET", "app.example", "/*"), Rule("GET", "www.example:8443", "/*"))
    jpage = replace(PLAN, kind="xml_list", url="https://www.example/module/web/jpage/dataproxy.jsp")
    assert Rule("POST", "www.example", "/module/web/jpage/dataproxy.jsp") in Publisher(jpage).rules


@pytest.mark.parametrize(
    "link", ["https://other.example/article/1", "https://app.example.evil.example/1", "https://app.example:8443/1"]
)
def test_links_to_another_host_are_never_followed(office: Edge, link: str) -> None:
    plan = replace(PLAN, detail=Detail("article .content"))
    press = site(listed(entry(1, url=link), entry(2)))
    found = once(office, press, plan)
    assert press.asked == [page(1), "/article/2"]
    assert found.dropped == {"not_permitted": 1}


def test_a_link_to_another_host_is_kept_beside_a_text(office: Edge) -> None:
    plan = replace(PLAN, map=MAP | {"text": "content"})
    wechat = "http://mp.weixin.qq.com/s?__biz=MzA0000000AAA==&mid=2247480001&idx=1&sn=0123456789abcdef&chksm=aa#rd"
    other = "https://other.example/1"
    press = site(listed(entry(1, url=other, content=BODY), entry(2, url=wechat, content=BODY)))
    found = once(office, press, plan)
    assert [one.link for one in found.articles] == [
        other,
        "https://mp.weixin.qq.com/s?__biz=MzA0000000AAA==&mid=2247480001&idx=1&sn=0123456789abcdef",
    ]
    assert len(press.asks) == 1


def test_plain_http_of_the_same_host_is_asked_as_https(office: Edge) -> None:
    plan = replace(PLAN, detail=Detail("article .content"))
    press = site(listed(entry(1, url="http://APP.example:80/article/1")))
    once(office, press, plan)
    assert press.asks[1].url == f"{HOST}/article/1"


@pytest.mark.parametrize("name", ["../../admin", "a/b?c=d", "..", "1#x"])
def test_an_id_does_not_leave_its_place_in_the_template(office: Edge, name: str) -> None:
    press = site(listed(entry(1, id=name, url=f"{HOST}/article/1")))
    once(office, press)
    (asked,) = (ask.url.removeprefix(f"{HOST}/article/") for ask in press.asks[1:])
    assert asked == "1" or not (asked.startswith(".") or set(asked) & set("/?#"))


def test_private_parameters_go_to_the_list_alone(office: Edge) -> None:
    plan = replace(PLAN, private={"appkey": "SECRET"})
    press = site(listed(entry(1)))
    found = once(office, press, plan)
    assert [dict(ask.private) for ask in press.asks] == [{"appkey": "SECRET"}, {}]
    assert "SECRET" not in repr((plan, press.asks, found.steps))


def test_a_channel_that_is_not_configured_is_not_asked_for(office: Edge) -> None:
    plan = replace(PLAN, channels=("C12",), params={"channelId": "{channel}"})
    reader = Publisher(plan)
    assert "channelId=C12" in reader.begin(window(office, Memory(), lane="C12")).url
    for lane in ("", "C13"):
        with pytest.raises(ValueError, match="does not name"):
            reader.begin(window(office, Memory(), lane=lane))


def test_a_source_that_may_not_be_read_is_counted_only(shut: Edge) -> None:
    press = site(listed(entry(1), entry(2)))
    found = once(shut, press)
    assert (len(press.asks), found.articles, found.dropped) == (1, [], {"not_permitted": 2})


# -- answers that are none -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"code": 5, "data": {}}, "busy"),
        ({"code": 401, "message": "x"}, "auth_required"),
        ({"code": "403"}, "auth_required"),
        ({"code": 0, "data": {"items": []}}, "changed_shape"),
        ({"code": 0, "data": {"records": {"1": {}}}}, "changed_shape"),
        ([], "busy"),
        (b'{"code":0,"data":{"rec', "garbled"),
        (b"\xff\xfe\x00\x01", "garbled"),
        (b"", "garbled"),
        (LOGIN, "captcha"),
        ("<html><body>" + "<p>维护中</p>" * 3 + "</body></html>", "garbled"),
        (404, "changed_shape"),
        (304, "garbled"),
        (204, "garbled"),
    ],
)
def test_what_is_no_list_has_one_closed_failure(office: Edge, body: object, kind: FailureKind) -> None:
    found = once(office, site(body))
    assert found.failure and found.failure.kind == kind
    assert not found.pages


def test_a_page_that_asks_for_a_login_stops_the_source(office: Edge) -> None:
    press = site(listed(entry(1), entry(2)))
    press.answers["/article/1"] = LOGIN
    found = once(office, press)
    assert found.failure and found.failure.kind == "captcha"
    assert press.asked == [page(1), "/article/1"]


@pytest.mark.parametrize("body", ["<html><body></body></html>", article(1, "短"), "获取全文失败，请重试~"])
def test_a_missing_body_is_counted_and_not_asked_for_again(office: Edge, body: str) -> None:
    memory, press = Memory(), site(listed(entry(1), entry(2)))
    press.answers["/article/1"] = body
    found = once(office, press, memory=memory)
    assert [(one.key, one.status) for one in found.articles] == [("town:1", "missing_body"), ("town:2", "ok")]
    assert once(office, press, memory=memory).read == 0


def test_a_page_in_no_encoding_is_one_malformed_article(office: Edge) -> None:
    press = site(listed(entry(1), entry(2)))
    press.answers["/article/1"] = b"\x00\xff\xff"
    found = once(office, press)
    assert (found.keys, found.dropped) == (["town:2"], {"malformed": 1})
