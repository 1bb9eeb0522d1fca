"""Saved pages and account API answers: what they are, whose they are, and that no author is read."""

from collections.abc import Callable
from dataclasses import astuple
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.page import REASONS, Article, Post
from spiders.article import ArticleReading
from spiders.edge import Edge
from spiders.wechat import PAGE_LIMIT, read_freepublish, read_page

AT = datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=8)))
AUTHOR = "田小禾"
BODY = (
    "<section><p>近日，网上流传“自来水停供三天”的消息。云岫供水公司核实，全区没有停水三天的计划，今夜只有柳渡路检修。</p>"
    '<p><img data-src="https://img.example/640" src="data:image/gif;base64,AA"></p>'
    f"<p>记者：{AUTHOR} 摄影：江一苇</p></section>"
)
TEXT = "近日，网上流传“自来水停供三天”的消息。云岫供水公司核实，全区没有停水三天的计划，今夜只有柳渡路检修。"
KEY = "wx:MzA0000000AAA==:2247480001:1"
LINK = "https://mp.weixin.qq.com/s?__biz=MzA0000000AAA==&mid=2247480001&idx=1&sn=0123456789abcdef0123456789abcdef"
VARIABLES = (
    'var biz="MzA0000000AAA=="||"";var mid=""||"2247480001"||"";var idx="1"||""||"";'
    'var sn="0123456789abcdef0123456789abcdef"||"";var ct="1795395600";'
    "var msg_title='关于网传…'.html(false);var nickname=htmlDecode(\"云岫发布\");"
)


def page(
    body: str = BODY, kind: str = "0", head: str = "", variables: str = VARIABLES, title: str = "关于网传停水的情况说明"
) -> str:
    """A saved page as the notes describe it (B2)."""
    return (
        f'<html><head><meta name="author" content="{AUTHOR}">{head}</head><body><div id="js_article">'
        f'<h1 class="rich_media_title" id="activity-name">\n {title} </h1><div id="meta_content">'
        f'<span class="rich_media_meta rich_media_meta_text">{AUTHOR}</span><a id="js_name">云岫发布</a>'
        '<em id="publish_time"></em></div><div class="rich_media_content" id="js_content" '
        f'style="visibility: hidden; opacity: 0;">{body}</div></div>'
        f'<script nonce="1">{variables}window.item_show_type="{kind}";window.real_item_show_type="{kind}";</script>'
        "</body></html>"
    )


def read(source: str, edge: Edge, encoding: str = "utf-8") -> ArticleReading:
    return read_page(source.encode(encoding), edge)


def article(reading: ArticleReading) -> Article:
    assert isinstance(reading.item, Article)
    return reading.item


def test_a_page_of_a_declared_organisation_is_an_article(office: Edge) -> None:
    reading = read(page(), office)
    assert reading == ArticleReading(
        Article(outlet="云岫发布", key=KEY, link=LINK, title="关于网传停水的情况说明", text=TEXT, published=AT),
        None,
        frozenset(),
        "article",
    )
    assert AUTHOR not in repr(astuple(article(reading)))


def test_the_same_page_of_an_undeclared_source_is_an_individuals_post(edge: Edge) -> None:
    reading = read(page(), edge)
    signer = edge.signers.at(0)
    assert signer is not None
    assert isinstance(reading.item, Post)
    assert reading.item.token == signer.post("wechat", KEY)
    assert reading.item.account == signer.account("wechat", "MzA0000000AAA==")
    assert reading.item.text == "关于网传停水的情况说明\n" + TEXT
    assert reading.state == "article"
    left = repr(astuple(reading.item))
    assert not any(trace in left for trace in (AUTHOR, "云岫发布", "mp.weixin", "MzA0", "2247480001"))


def test_only_an_individuals_page_ages(edge: Edge, office: Edge, edge_without_key: Callable[[datetime], Edge]) -> None:
    old = page(variables=VARIABLES.replace("1795395600", "1795000000"))
    assert read(old, edge).item == "too_old"
    assert article(read(old, office)).status == "ok"
    assert read(page(), edge_without_key(AT)).item == "too_old"


def test_a_source_that_may_not_be_read_is_not_read(shut: Edge) -> None:
    assert read_page(page().encode(), shut) == ArticleReading("not_permitted", None, frozenset(), None)
    assert read_freepublish(answer(), shut) == [ArticleReading("not_permitted", None, frozenset(), None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings(office: Edge, encoding: str) -> None:
    assert article(read(page(), office, encoding)).text == TEXT


def test_a_page_in_no_encoding_and_a_page_without_end_are_malformed(office: Edge) -> None:
    assert read_page(b"\xff\xff<html>", office).fault == "bad_encoding"
    assert read_page(b" " * (PAGE_LIMIT + 1), office).fault == "too_long"


def test_escapes_of_variables_and_titles_are_resolved(office: Edge) -> None:
    escaped = VARIABLES.replace("==", r"\x3d\x3d").replace("2247480001", r"\u0032247480001")
    assert article(read(page(variables=escaped), office)).key == KEY
    title = r"停水\x0a辟谣 \x26amp; 说明&amp;提醒"
    assert article(read(page(title=title), office)).title == "停水 辟谣 & 说明&提醒"
    head = r'<meta property="og:title" content="停水\x26quot;辟谣\x26quot;">'
    assert article(read(page(title="", head=head), office)).title == '停水"辟谣"'
    scripted = VARIABLES.replace("关于网传…", r"关于\u7f51传 \ud83d\ude00\ud800")
    assert article(read(page(title="", variables=scripted), office)).title == "关于网传 \U0001f600"


def test_og_url_names_the_article_where_the_variables_do_not(office: Edge) -> None:
    head = f'<meta property="og:url" content="{LINK.replace("https", "http").replace("&", "&amp;")}&amp;chksm=aa#rd">'
    found = article(read(page(head=head, variables='var ct = 1795395600;var biz="";'), office))
    assert (found.key, found.link, found.published) == (KEY, LINK, AT)


def test_an_address_that_holds_a_session_is_not_shown(office: Edge) -> None:
    head = f'<meta property="og:url" content="{LINK}&amp;uin=EXAMPLE&amp;key=EXAMPLE">'
    assert article(read(page(head=head), office)).link == ""


@pytest.mark.parametrize(
    ("notice", "state", "status"),
    [
        ("该内容已被发布者删除", "deleted", "deleted"),
        ("此内容因违规无法查看", "blocked_by_platform", "blocked"),
        ("此内容发送失败无法查看", "blocked_by_platform", "blocked"),
        ("该公众号已迁移", "moved", "moved"),
    ],
)
def test_a_page_that_is_gone(edge: Edge, office: Edge, notice: str, state: str, status: str) -> None:
    bare = f'<title></title><div class="weui-msg"><div class="weui-msg__title warn">{notice}</div></div>'
    for source in (edge, office):
        assert read(bare, source) == ArticleReading("not_public", None, frozenset(), state)  # type: ignore[arg-type]
    known = bare + f"<script>{VARIABLES}</script>"
    assert read(known, edge).item == "not_public"
    tombstone = article(read(known, office))
    assert (tombstone.key, tombstone.status, tombstone.title, tombstone.text) == (KEY, status, "", "")
    undated = bare + f"<script>{VARIABLES.replace('1795395600', '')}</script>"
    assert article(read(undated, office)).published == office.now


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("<h2>环境异常</h2><p>当前环境异常，完成验证后即可继续访问。</p><a id='js_verify'>去验证</a>", "verification"),
        ("<p>参数错误</p>", "bad_url"),
        ("<p>请在微信客户端打开链接</p>", "client_only"),
    ],
)
def test_a_page_that_is_no_article(office: Edge, words: str, state: str) -> None:
    reading = read(f"<title></title><div class='weui-msg'>{words}</div>", office)
    assert (reading.item, reading.fault, reading.state) == ("malformed", "not_an_article", state)


def test_an_article_may_quote_a_notice(office: Edge) -> None:
    body = (
        BODY
        + "<p>有群众打开链接看到“该内容已被发布者删除”“环境异常，去验证”，这与停水无关，"
        + "请以公告为准。" * 20
        + "</p>"
    )
    assert read(page(body), office).state == "article"


def test_a_notice_in_a_script_is_no_notice(office: Edge) -> None:
    reading = read(page("", variables=VARIABLES + 'var tip="该内容已被发布者删除";'), office)
    assert reading.state == "missing_body"


@pytest.mark.parametrize(
    "body", ["", "<p><img data-src='https://img.example/1'></p>", "<p>见下图</p>", "获取全文失败，请重试~"]
)
def test_a_body_that_is_none_is_missing(edge: Edge, office: Edge, body: str) -> None:
    assert article(read(page(body), office)).status == "missing_body"
    assert article(read(page(body), office)).text == ""
    alone = read(page(body), edge)
    assert (alone.item, alone.fault, alone.state) == ("malformed", "no_text", "missing_body")


@pytest.mark.parametrize("kind", ["8", "10", "17"])
def test_short_forms_may_be_short_and_stand_in_the_description(office: Edge, kind: str) -> None:
    assert article(read(page("<p>今夜柳渡路停水</p>", kind), office)).text == "今夜柳渡路停水"
    head = r'<meta name="description" content="今夜柳渡路停水\x0a明早\x26lt;6点\x26gt;恢复">'
    assert article(read(page("", kind, head), office)).text == "今夜柳渡路停水\n明早<6点>恢复"
    assert article(read(page("", "0", head), office)).status == "missing_body"


@pytest.mark.parametrize("kind", ["5", "6", "7", "11"])
def test_other_media_are_not_read(office: Edge, kind: str) -> None:
    reading = read(page(kind=kind), office)
    assert (reading.item, reading.state) == ("out_of_scope", "other_media")


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("", "not_an_article"),
        ("<html><p>一个别的网页</p></html>", "not_an_article"),
        (page(variables='var ct="1795395600";'), "no_id"),
        (page(variables=VARIABLES.replace("MzA0000000AAA==", "<biz>")), "no_id"),
        (page(variables=VARIABLES.replace("1795395600", "")), "no_time"),
        (page(variables=VARIABLES.replace("1795395600", "17953956000000")), "bad_time"),
        (page(variables=VARIABLES.replace("1795395600", "昨天")), "bad_time"),
    ],
)
def test_a_malformed_page_has_one_closed_fault(office: Edge, source: str, fault: str) -> None:
    reading = read(source, office)
    assert (reading.item, reading.fault) == ("malformed", fault)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda body: page(body).encode("utf-8", "replace")))
def test_no_page_raises(office: Edge, source: bytes) -> None:
    found = read_page(source, office).item
    assert isinstance(found, Article) or found in REASONS


def news(**changes: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "title": "关于网传停水的情况说明",
        "author": AUTHOR,
        "digest": AUTHOR,
        "content": BODY,
        "content_source_url": "",
        "thumb_media_id": "EX",
        "thumb_url": "https://img.example/0",
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
        "url": LINK.replace("https", "http") + "&chksm=aa#rd",
        "is_deleted": False,
    }
    record.update(changes)
    return {name: value for name, value in record.items() if value is not ...}


def answer(*entries: object, **changes: Any) -> dict[str, Any]:
    item = {
        "article_id": "EXAMPLE_ARTICLE_0001",
        "update_time": 1795395600,
        "content": {"news_item": list(entries) or [news()]},
        **changes,
    }
    return {"total_count": 1, "item_count": 1, "item": [item]}


def test_an_answer_of_the_account_api_is_its_articles(office: Edge) -> None:
    second = news(url=LINK.replace("idx=1", "idx=2"), title="第二条")
    found = read_freepublish(answer(news(), second), office)
    assert [article(reading).key for reading in found] == [KEY, KEY[:-1] + "2"]
    assert found[0].item == read(page(), office).item
    assert AUTHOR not in repr([astuple(article(reading)) for reading in found])


def test_getarticle_has_its_articles_at_the_top(office: Edge) -> None:
    assert article(read_freepublish({"news_item": [news()], "update_time": 1795395600}, office)[0]).key == KEY
    assert read_freepublish({"news_item": [news()]}, office)[0].fault == "no_time"
    assert article(read_freepublish({"news_item": [news(is_deleted=True)]}, office)[0]).status == "deleted"


def test_without_a_permanent_address_the_publications_id_serves(office: Edge, edge: Edge) -> None:
    short = answer(news(), news(url="https://mp.weixin.qq.com/s/EXAMPLEtoken_0001-ab?key=EX"), news(url=...))
    found = [article(reading) for reading in read_freepublish(short, office)]
    assert [entry.key for entry in found] == [KEY, "wx:EXAMPLE_ARTICLE_0001:2", "wx:EXAMPLE_ARTICLE_0001:3"]
    assert [entry.link for entry in found] == [LINK, "", ""]
    signer = edge.signers.at(0)
    assert signer is not None
    alone = read_freepublish(short, edge)[1].item
    assert isinstance(alone, Post)
    assert alone.account == signer.account("wechat", "town")
    assert read_freepublish(answer(news(url=""), article_id=None), office)[0].fault == "no_id"


@pytest.mark.parametrize("mark", [True, 1, "true"])
def test_a_deleted_article_is_a_tombstone(office: Edge, edge: Edge, mark: object) -> None:
    found = article(read_freepublish(answer(news(is_deleted=mark)), office)[0])
    assert (found.key, found.status, found.title, found.text) == (KEY, "deleted", "", "")
    assert read_freepublish(answer(news(is_deleted=mark)), edge)[0].item == "not_public"


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ("", "missing_body"),
        ("获取全文失败，请重试~", "missing_body"),
        ("<p>当前环境异常，完成验证后即可继续访问。</p><p>去验证</p><p>" + "谢谢" * 20 + "</p>", "missing_body"),
        ("&lt;![CDATA[" + "停水通知" * 20 + "]]&gt;", "missing_body"),
        ("<p>" + "水" * 39 + "</p>", "missing_body"),
        ("<p>" + "水" * 40 + "</p>", "ok"),
    ],
)
def test_a_body_handed_over_may_be_missing(office: Edge, content: str, status: str) -> None:
    assert article(read_freepublish(answer(news(content=content)), office)[0]).status == status


def test_an_answer_asked_for_without_content_says_nothing_about_it(office: Edge) -> None:
    assert read_freepublish(answer(news(content=...)), office)[0].fault == "no_text"


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (None, "not_an_object"),
        ([answer()], "not_an_object"),
        ({"errcode": 40164, "errmsg": "invalid ip 192.0.2.1, not in whitelist"}, "not_an_article"),
        ({"errcode": -1, "errmsg": "system error"}, "not_an_article"),
        ({"errcode": "48001", **answer()}, "not_an_article"),
        ({}, "not_an_article"),
        ({"item": {}}, "bad_field"),
        ({"item": [5]}, "not_an_object"),
        ({"item": [{"content": 5}]}, "not_an_object"),
        ({"item": [{"content": {"news_item": {}}}]}, "bad_field"),
        (answer(5), "not_an_object"),
        (answer(news(url=5)), "bad_field"),
        (answer(news(title=[])), "bad_field"),
        (answer(news(content={})), "bad_field"),
        (answer(update_time=None), "no_time"),
        (answer(update_time="2026-11-23"), "bad_time"),
    ],
)
def test_a_malformed_answer_has_one_closed_fault(office: Edge, document: object, fault: str) -> None:
    (reading,) = read_freepublish(document, office)
    assert (reading.item, reading.fault) == ("malformed", fault)


def test_an_answer_may_say_that_all_is_well_or_be_empty(office: Edge) -> None:
    assert article(read_freepublish({"errcode": 0, **answer()}, office)[0]).key == KEY
    assert read_freepublish({"total_count": 0, "item_count": 0, "item": []}, office) == []


def test_a_spoilt_entry_spoils_no_other(office: Edge) -> None:
    found = read_freepublish(answer(5, news()), office)
    assert [reading.fault for reading in found] == ["not_an_object", None]


def test_unknown_fields_are_named(office: Edge) -> None:
    (reading,) = read_freepublish(answer(news(readCount=3, 田小禾=1), auditStatus=1), office)
    assert reading.unknown == {"read_count", "other", "audit_status"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.dictionaries(st.sampled_from(sorted(news())), JSON))
def test_no_answer_raises(office: Edge, document: object, changes: dict[str, Any]) -> None:
    for given_answer in (document, {"item": document}, answer(document), answer(news(**changes))):
        for reading in read_freepublish(given_answer, office):
            assert isinstance(reading.item, Article) or reading.item in REASONS
