"""An article's own page: its body, what it says of itself, what it never gives away, and how long it may take."""

import logging
import socket
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.detail import DetailText, read_detail
from spiders.edge import Refusal
from tests.support.effort import is_linear
from tests.support.press import BODY, PERSON, article

URL = "https://app.example/article/1"
MORE = "如有疑问，请致电县供水公司服务热线。"


def detail(page: str | bytes, selector: str = "article .content", **changes: Any) -> DetailText:
    body = page.encode() if isinstance(page, str) else page
    given: dict[str, Any] = {"encoding": "", "drop": (), "url": URL, **changes}
    return read_detail(body, body_selector=selector, **given)


def page(inner: str, head: str = "", title: str = "公告_云岫发布") -> str:
    return f"<html><head><title>{title}</title>{head}</head><body>{inner}</body></html>"


# -- the body ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "selector", ["article .content", "//div[@class='content']", "./body//div[@class='content']", ".content p, .content"]
)
def test_the_selector_finds_the_body(selector: str) -> None:
    found = detail(article(1), selector, drop=(".rec",))
    assert (found.text, found.state) == (f"第1号：{BODY}", "article")


def test_paragraphs_may_be_selected_one_by_one() -> None:
    inner = f"<div class='c'><p>{BODY}</p><p>{MORE}</p></div>"
    assert detail(page(inner), ".c p").text == detail(page(inner), ".c").text == f"{BODY}\n{MORE}"
    assert detail(page(inner), ".c p::text").text == f"{BODY}\n{MORE}"


def test_what_is_found_twice_counts_once() -> None:
    inner = f"<div class='c'><div class='c'><p>{BODY}</p></div><p>{MORE}</p></div>"
    assert detail(page(inner), ".c").text == f"{BODY}\n{MORE}"


@pytest.mark.parametrize("drop", [(".rec", ".editor"), ("//div[@class='rec']", "//span[@class='editor']")])
def test_what_is_not_wanted_goes_and_what_follows_it_stays(drop: tuple[str, ...]) -> None:
    inner = (
        f"<div class='c'>{BODY}<span class='editor'>{PERSON}</span>{MORE}<div class='rec'>相关<b>阅读</b></div>完</div>"
    )
    assert detail(page(inner), ".c", drop=drop).text == f"{BODY}{MORE}\n完"
    assert "相关" in detail(page(inner), ".c").text


SHAPES = {
    "paragraphs": f"<div class='nav'><a href='/'>首页</a></div><div class='x'><p>{BODY}</p><p>{MORE}</p></div>",
    "article": f"<article><div><p>{BODY}</p><p>{MORE}</p></div></article><div class='footer'>版权所有</div>",
    "table": f"<table><tr><td><p>{BODY}</p><p>{MORE}</p></td></tr></table>",
}


@pytest.mark.parametrize("inner", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("selector", ["", ".nothing", ".short"])
def test_where_the_selector_finds_no_article_one_is_searched(inner: str, selector: str) -> None:
    found = detail(page(f"<div class='short'>短</div>{inner}<p>记者：{PERSON}</p>"), selector)
    assert found.state == "article"
    assert BODY in found.text and MORE in found.text
    assert PERSON not in found.text and "首页" not in found.text and "|" not in found.text


@pytest.mark.parametrize("inner", ["", "<p>短</p>", "<p>获取全文失败，请重试~</p>", "<img src='x'>" * 20])
def test_a_page_without_a_body_is_missing_one(inner: str) -> None:
    assert detail(page(inner)).state == "missing_body"


@pytest.mark.parametrize("length", [39, 40])
def test_forty_characters_are_a_body(length: int) -> None:
    assert detail(page(f"<div class='c'>{'水' * length}</div>"), ".c").state == (
        "article" if length == 40 else "missing_body"
    )


# -- login and verification ----------------------------------------------------------------------

GATES = {
    "wechat": "<div class='weui-msg'><h2>环境异常</h2><p>当前环境异常，完成验证后即可继续访问。</p><a>去验证</a></div>",
    "captcha": "<form><p>请输入验证码</p><input name='captcha'></form>",
    "slider": "<div>请完成安全验证，拖动滑块</div>",
}


@pytest.mark.parametrize("inner", GATES.values(), ids=GATES)
def test_a_page_that_wants_proof_is_a_verification(inner: str) -> None:
    assert detail(page(inner)) == DetailText(state="verification")


def test_a_login_page_is_a_verification() -> None:
    form = "<form>用户名<input>密码<input type='password'><button>登录</button></form>"
    assert detail(page(form, title="")).state == "verification"
    assert detail(page("<div id='app'></div>", title="用户登录 - 云岫通")).state == "verification"


def test_an_article_about_a_login_is_an_article() -> None:
    form = "<form><input type='password'><button>登录</button></form>"
    inner = f"{form}<article><div class='content'><p>{BODY * 4}登录时如遇环境异常，请去验证。</p></div></article>"
    assert detail(page(inner, title="登录提示")).state == "article"
    # Without the selector's find it would be taken for one: what tells them apart is the body.
    assert detail(page(f"{form}<p>登录时如遇环境异常，请去验证。</p>", title="登录提示")).state == "verification"


# -- what it says of itself ----------------------------------------------------------------------


def test_meta_of_public_bodies_is_read_in_any_case() -> None:
    head = "<meta name='articletitle' content='检修 公告'><META NAME='PubDate' CONTENT='2026-11-23 09:15'>"
    found = detail(
        page(f"<h1>别的</h1><div class='c'>{BODY}</div>", head + "<meta name='ColumnName' content='要闻'>"), ".c"
    )
    assert (found.title, found.published, found.channel) == ("检修 公告", "2026-11-23 09:15", "要闻")


def test_titles_and_times_have_other_places() -> None:
    og = (
        "<meta property='og:title' content='甲'>"
        "<meta property='article:published_time' content='2026-11-23T09:15:00+08:00'>"
    )
    assert detail(page("<h1>乙</h1>", og)).title == "甲"
    assert detail(page("<h1>乙</h1>", og)).published == "2026-11-23T09:15:00+08:00"
    assert detail(page("<h1>乙 <b>丙</b></h1><time datetime='2026-11-23'>昨天</time>")).title == "乙 丙"
    assert detail(page("<time datetime='2026-11-23'>昨天</time>")).published == "2026-11-23"
    assert detail(page("")).title == "公告_云岫发布"


@pytest.mark.parametrize(
    ("head", "canonical"),
    [
        ("<meta property='og:url' content='/a/1?x=2#top'>", "https://app.example/a/1?x=2"),
        ("<link rel='canonical' href='https://www.example/a/1'>", "https://www.example/a/1"),
        ("<meta property='og:url' content='javascript:x'>", ""),
        ("<meta property='og:url' content='http://[x'>", ""),
        ("<meta property='og:url' content='https://user@app.example/'>", ""),
        ("", ""),
    ],
)
def test_the_address_that_a_page_gives_as_its_own(head: str, canonical: str) -> None:
    assert detail(page("", head)).canonical == canonical


def test_nobody_who_wrote_edited_or_photographed_is_named() -> None:
    head = (
        f"<meta name='author' content='{PERSON}'><meta property='article:author' content='{PERSON}'>"
        f"<meta property='og:article:author' content='{PERSON}'><meta name='Editor' content='{PERSON}'>"
        f'<script type=\'application/ld+json\'>{{"@type":"NewsArticle","author":{{"name":"{PERSON}"}}}}</script>'
    )
    inner = (
        f"<h1>公告</h1><span class='author'>{PERSON}</span><a rel='author'>{PERSON}</a>"
        f"<div class='c'><p>{BODY}（记者 {PERSON} 通讯员：{PERSON}）</p><p>{MORE}来源：云岫融媒 记者：{PERSON}</p>"
        f"<p>责任编辑：{PERSON}</p><p>审核｜{PERSON}</p></div>"
    )
    for selector in (".c", "", ".nothing"):
        found = detail(page(inner, head), selector)
        assert found.state == "article" and BODY in found.text
        assert PERSON not in repr(astuple(found))
    # What the guard takes out is there.
    assert PERSON in page(inner, head)


# -- encodings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "header", "head"),
    [
        ("utf-8", "", ""),
        ("utf-8-sig", "", ""),
        ("utf-8", "utf-8", ""),
        ("utf-8", "iso-8859-1", ""),
        ("utf-8", "gbk", "<meta charset='utf-8'>"),
        ("utf-8", "nonsense", "<meta charset=none>"),
        ("gb18030", "", ""),
        ("gb18030", "gb2312", ""),
        ("gb18030", "", "<meta http-equiv='Content-Type' content='text/html; charset=gb2312'>"),
        ("gb18030", "utf-8", "<meta charset='utf-8'>"),
        ("big5hkscs", "Big5", ""),
    ],
)
def test_a_page_is_read_in_its_encoding_declared_or_not(encoding: str, header: str, head: str) -> None:
    text = "柳渡路今夜零時至四時檢修，明早恢復供水，全區沒有停水三天的計畫，請居民放心，如有疑問請致電供水公司。" * 2
    found = detail(page(f"<div class='c'>{text}。</div>", head).encode(encoding), ".c", encoding=header)
    assert found.text == f"{text}。"


@pytest.mark.parametrize("body", [b"%PDF-1.4\x00\x01\x02", b"\xff\xff\xff", "<html>水".encode("utf-16")])
def test_what_is_no_text_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as refusal:
        detail(body)
    assert refusal.value.fault == "bad_encoding"


# -- hostile pages -------------------------------------------------------------------------------


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    try:
        found = detail(body + article(1).encode()[:200])
    except Refusal:
        return
    assert found.state in ("article", "missing_body", "verification")


@pytest.mark.parametrize("depth", [300, 1_500, 3_000, 100_000])
def test_a_deep_page_is_read_or_refused(depth: int) -> None:
    deep = page("<div>" * depth + f"<div class='c'>{BODY}</div>" + "</div>" * depth)
    if depth < 2_000:
        assert detail(deep, ".c").text == BODY
        return
    with pytest.raises(Refusal) as refusal:
        detail(deep, ".c")
    assert refusal.value.fault == "too_deep"


def test_a_page_that_would_take_minutes_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        detail(page("<article>" * 2_000 + "<p>水</p>" * 100_000))
    assert refusal.value.fault == "too_deep"


WIDE = {
    "paragraphs": "<p>水厂通知今天停水</p>",
    "lists": "<ul><li>水厂通知</li></ul>",
    "tables": "<table><tr><td>水</td></tr></table>",
    "unwanted": "<i class='rec'>x</i>水",
    "brackets": "（记者",
    "links": "<a href='/x'>水厂</a>",
}


@pytest.mark.parametrize("piece", WIDE.values(), ids=WIDE)
@pytest.mark.parametrize("selector", [".c", ".nothing"])
def test_time_grows_with_the_length_alone(piece: str, selector: str) -> None:
    pages = {pieces: page(f"<div class='c'>{piece * pieces}</div>") for pieces in (1_000, 8_000)}
    assert is_linear(lambda pieces: detail(pages[pieces], selector, drop=(".rec",)), 1_000, 8_000)


def test_nothing_is_fetched_written_or_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.DEBUG):
        for inner in (*SHAPES.values(), "", f"<p>{PERSON}</p>", "<table>" * 50):
            detail(page(inner), ".nothing")
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())
