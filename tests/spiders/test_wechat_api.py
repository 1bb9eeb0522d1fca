"""The operator's own WeChat account: its token, its unordered list, its publications, its codes."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.page import Known, Problem, Reads
from spiders.conversation import Ask, Failure, Reader, Rule, Task
from spiders.edge import Edge
from spiders.wechat_api import ARTICLE, LIST, MOST_PAGES, TOKEN, WechatAccount
from tests.support.talk import AT, Remembered, Talk, is_allowed, reply, shown, talk, task

APPID, SECRET, ACCESS = "wx-EXAMPLE-APPID", "SECRET-OF-THE-APP", "SECRET-TOKEN"
GIVEN = {"access_token": ACCESS, "expires_in": 7200}
AUTHOR = "田小禾"
BODY = "<p>近日，网上流传停水三天的消息。云岫供水公司核实，全区没有停水三天的计划，今夜只有柳渡路检修，明早恢复。</p>"
DAY = 24 * 60


def reader(base: str | None = None) -> WechatAccount:
    return WechatAccount(APPID, SECRET, "town", base)


def moment(minutes: float) -> int:
    return int((AT - timedelta(minutes=minutes)).timestamp())


def entry(number: int, minutes: float = 30, *deleted: bool, **more: object) -> dict[str, object]:
    """Publication ``number`` of the list, which holds an article or one for every mark in ``deleted``."""
    news = [{"title": "说明", "url": link(number, n), "is_deleted": gone} for n, gone in enumerate(deleted or [False])]
    return {
        "article_id": f"EXAMPLE_{number:04}",
        "update_time": moment(minutes),
        "content": {"news_item": news},
        **more,
    }


def link(number: int, place: int = 0, biz: str = "MzA0000000AAA==") -> str:
    sn = "0123456789abcdef0123456789abcdef"
    return f"http://mp.weixin.qq.com/s?__biz={biz}&mid={2247480000 + number}&idx={place + 1}&sn={sn}&chksm=aa#rd"


def news(number: int, place: int = 0, **changes: object) -> dict[str, object]:
    made: dict[str, object] = {
        "title": f"第{number}号说明",
        "author": AUTHOR,
        "digest": AUTHOR,
        "content": BODY,
        "content_source_url": "",
        "thumb_media_id": "EX",
        "thumb_url": "https://img.example/0",
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
        "url": link(number, place),
        "is_deleted": False,
    }
    return {**made, **changes}


def listed(*items: object, total: object = None, **more: object) -> dict[str, object]:
    count = len(items) if total is None else total
    return {"total_count": count, "item_count": len(items), "item": list(items), **more}


def published(*some: dict[str, object], **more: object) -> dict[str, object]:
    return {"news_item": list(some), **more}


def key(number: int) -> str:
    return f"town:pub:EXAMPLE_{number:04}"


def article_key(number: int, place: int = 0) -> str:
    return f"wx:MzA0000000AAA==:{2247480000 + number}:{place + 1}"


def body(ask: Ask) -> dict[str, Any]:
    found = json.loads(ask.body)
    assert isinstance(found, dict)
    return found


def paths(found: Talk) -> list[str]:
    return [ask.url.rpartition("/")[2] for ask in found.asks]


def keys(found: Talk) -> list[str]:
    return [article.key for page in found.pages for article in page.articles]


def read(
    edge: Edge, *bodies: object, resume: str = "", memory: Remembered | None = None, by: WechatAccount | None = None
) -> Talk:
    return talk(by or reader(), task(edge, resume=resume, memory=memory), bodies)


# -- what is asked -------------------------------------------------------------------------------


def test_a_token_then_the_list_then_each_publication(office: Edge) -> None:
    found = read(office, GIVEN, listed(entry(1)), published(news(1)))
    assert [(ask.method, ask.url) for ask in found.asks] == [
        ("POST", "https://api.weixin.qq.com/cgi-bin/stable_token"),
        ("POST", "https://api.weixin.qq.com/cgi-bin/freepublish/batchget"),
        ("POST", "https://api.weixin.qq.com/cgi-bin/freepublish/getarticle"),
    ]
    assert [body(ask) for ask in found.asks] == [
        {"grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": False},
        {"offset": 0, "count": 20, "no_content": 1},
        {"article_id": "EXAMPLE_0001"},
    ]
    assert [dict(ask.private) for ask in found.asks] == [{}, {"access_token": ACCESS}, {"access_token": ACCESS}]
    assert {dict(ask.headers)["Content-Type"] for ask in found.asks} == {"application/json"}


def test_the_list_of_what_may_be_asked_is_closed(office: Edge) -> None:
    host = "api.weixin.qq.com"
    assert reader().rules == (Rule("POST", host, TOKEN), Rule("POST", host, LIST), Rule("POST", host, ARTICLE))
    for path in ("/cgi-bin/material/batchget_material", "/cgi-bin/comment/list", "/s"):
        assert not is_allowed(reader(), Ask(url=f"https://{host}{path}", method="POST"))
    assert not is_allowed(reader(), Ask(url=f"https://{host}{LIST}"))
    local = reader("http://127.0.0.1:8765")
    assert {rule.host for rule in local.rules} == {"127.0.0.1:8765"}
    assert is_allowed(local, local.begin(task(office)))
    assert local.official


# -- pages ---------------------------------------------------------------------------------------


def test_every_answer_but_the_tokens_is_a_page(office: Edge) -> None:
    found = read(office, GIVEN, listed(entry(1), entry(2)), published(news(1), news(1, 1)), published(news(2)))
    assert [page.reads for page in found.pages] == [Reads(), Reads(read=2), Reads(read=1)]
    assert [page.known for page in found.pages] == [
        (),
        (Known(key(1), str(moment(30))),),
        (Known(key(2), str(moment(30))),),
    ]
    assert [page.done for page in found.pages] == [False, False, True]
    assert keys(found) == [article_key(1), article_key(1, 1), article_key(2)]
    first = found.pages[1].articles[0]
    assert (first.outlet, first.title, first.published) == ("云岫发布", "第1号说明", AT - timedelta(minutes=30))
    assert first.link.startswith("https://mp.weixin.qq.com/s?__biz=MzA0000000AAA==&mid=2247480001&idx=1&sn=")


def test_an_account_without_publications_is_read_too(office: Edge) -> None:
    for answer in (listed(), {"total_count": 0, "item_count": 0}):
        found = read(office, GIVEN, answer)
        assert [(page.reads, page.done) for page in found.pages] == [(Reads(), True)]


def test_all_of_the_list_is_read_whatever_its_order(office: Edge) -> None:
    """The first page holds nothing but old publications; a new one stands on the last."""
    old = [entry(n, 60 * DAY) for n in range(1, 21)]
    more = [entry(n, 60 * DAY) for n in range(21, 41)]
    found = read(
        office,
        GIVEN,
        listed(*old, total=41),
        listed(*more, total=41),
        listed(entry(41, 10), total=41),
        published(news(41)),
    )
    assert [body(ask).get("offset") for ask in found.asks] == [None, 0, 20, 40, None]
    assert [page.resume for page in found.pages] == ["20", "40", "40", ""]
    assert [page.done for page in found.pages] == [False, False, False, True]
    assert keys(found) == [article_key(41)]


def test_a_page_that_holds_less_than_asked_leaves_no_gap(office: Edge) -> None:
    old = [entry(n, 60 * DAY) for n in range(1, 19)]
    found = read(office, GIVEN, listed(*old, total=20), listed(entry(19, 60 * DAY), entry(20, 60 * DAY), total=20))
    assert [body(ask)["offset"] for ask in found.asks[1:]] == [0, 18]
    assert found.pages[-1].done
    empty = read(office, GIVEN, listed(total=30), listed(entry(1, 60 * DAY), total=30), listed(total=21))
    assert [body(ask)["offset"] for ask in empty.asks[1:]] == [0, 20, 21]


def test_what_an_earlier_reading_dealt_with_is_not_asked_for_again(office: Edge) -> None:
    memory = Remembered()
    read(office, GIVEN, listed(entry(1), entry(2)), published(news(1)), published(news(2)), memory=memory)
    again = read(office, GIVEN, listed(entry(2), entry(1)), memory=memory)
    assert (paths(again), again.pages[-1].done) == (["stable_token", "batchget"], True)
    edited = read(office, GIVEN, listed(entry(2, 5), entry(1)), published(news(2)), memory=memory)
    assert [body(ask).get("article_id") for ask in edited.asks] == [None, None, "EXAMPLE_0002"]
    assert memory.known[key(2)] == str(moment(5))


def test_old_publications_are_remembered_unread_at_the_first_reading(office: Edge) -> None:
    """30 days before the window's beginning, an hour ago."""
    memory = Remembered()
    line = 30 * DAY + 60
    found = read(office, GIVEN, listed(entry(1, line + 1), entry(2, line)), published(news(2)), memory=memory)
    assert [body(ask).get("article_id") for ask in found.asks] == [None, None, "EXAMPLE_0002"]
    assert found.pages[0].known == (Known(key(1), str(moment(line + 1))),)
    assert set(memory.known) == {key(1), key(2)}


def test_an_old_publication_that_changes_is_read(office: Edge) -> None:
    """It is not news, but what it says now replaces what it said; so a deletion reaches the store."""
    memory = Remembered({key(1): str(moment(90 * DAY))})
    found = read(
        office, GIVEN, listed(entry(1, 90 * DAY, False, True)), published(news(1), news(1, 1, is_deleted=True)),
        memory=memory,
    )  # fmt: skip
    assert [article.status for article in found.pages[1].articles] == ["ok", "deleted"]
    assert memory.known[key(1)] == f"{moment(90 * DAY)}-01"


def test_a_deleted_article_is_a_tombstone(office: Edge) -> None:
    found = read(office, GIVEN, listed(entry(1)), published(news(1, is_deleted=True)))
    assert [(one.key, one.status, one.text) for one in found.pages[1].articles] == [(article_key(1), "deleted", "")]


def test_a_publication_taken_back_since_the_list_was_read_is_passed_over(office: Edge) -> None:
    gone = {"errcode": 53600, "errmsg": "Article ID 无效"}
    found = read(office, GIVEN, listed(entry(1), entry(2)), gone, published(news(2)))
    assert [page.reads for page in found.pages] == [
        Reads(),
        Reads(read=1, dropped={"not_public": 1}),
        Reads(read=1),
    ]
    assert found.pages[-1].done
    assert read(office, GIVEN, gone).failure == Failure(kind="busy")


def test_an_article_of_another_account_is_not_permitted(office: Edge) -> None:
    """What is declared is this account: see :attr:`spiders.edge.Edge.accounts`."""
    strict = replace(office, accounts=frozenset(["MzA0000000AAA=="]))
    foreign = news(1, 1, url=link(1, 1, biz="MzB0000000AAA=="))
    found = read(strict, GIVEN, listed(entry(1)), published(news(1), foreign))
    assert found.pages[1].reads == Reads(read=2, dropped={"not_permitted": 1})
    assert read(office, GIVEN, listed(entry(1)), published(news(1), foreign)).pages[1].reads == Reads(read=2)


def test_of_a_source_that_may_not_be_read_only_numbers_are_kept(shut: Edge) -> None:
    """No publication is asked for, none is remembered, each is counted in the window of its own time."""
    found = read(shut, GIVEN, listed(entry(1, 30), entry(2, 59), entry(3, 61), entry(4, 90 * DAY)))
    assert paths(found) == ["stable_token", "batchget"]
    assert found.pages[0].reads == Reads(read=2, dropped={"not_permitted": 2})
    assert (found.pages[0].known, found.pages[0].done) == ((), True)


def test_spoilt_entries_are_counted_and_spoil_no_other(office: Edge) -> None:
    items = [5, entry(1, article_id=None), entry(1, article_id="x" * 101), entry(1, update_time="gestern"), entry(2)]
    found = read(office, GIVEN, listed(*items), published(news(2), news(2, 1, url=5)))
    assert found.pages[0].reads == Reads(read=4, dropped={"malformed": 4})
    faults = ["not_an_object", "no_id", "no_id", "bad_time"]
    assert found.pages[0].problems == tuple(Problem(n, fault) for n, fault in enumerate(faults, 1))  # type: ignore[arg-type]
    assert found.pages[1].reads == Reads(read=2, dropped={"malformed": 1})
    assert found.pages[1].problems == (Problem(2, "bad_field"),)


def test_unknown_fields_are_named(office: Edge) -> None:
    items = [entry(1, publishType=1), entry(2, 90 * DAY, publishType=1)]
    found = read(
        office,
        GIVEN,
        listed(*items, pageCount=1),
        published(news(1, show_cover_pic=1), news(1, 1), extraInfo=1, errcode=0, errmsg="ok"),
    )
    assert found.pages[0].unknown == {"publish_type": 2, "page_count": 1}
    assert found.pages[1].unknown == {"show_cover_pic": 1, "extra_info": 2}


# -- where it goes on ----------------------------------------------------------------------------


def test_after_a_restart_the_page_of_the_list_is_asked_again(office: Edge) -> None:
    """Publications that were committed before are passed over."""
    memory = Remembered()
    items = [entry(n) for n in range(1, 21)]
    first = read(office, GIVEN, listed(total=60), listed(*items, total=60), published(news(1)), memory=memory)
    assert [page.resume for page in first.pages] == ["20", "20", "20"]
    again = read(office, GIVEN, listed(*items, total=60), resume="20", memory=memory)
    assert body(again.asks[1])["offset"] == 20
    assert body(again.asks[2]) == {"article_id": "EXAMPLE_0002"}


def test_once_a_page_of_the_list_is_dealt_with_the_next_one_is_where_it_goes_on(office: Edge) -> None:
    found = read(office, GIVEN, listed(entry(1), total=2), published(news(1)), listed(entry(2), total=2))
    assert [page.resume for page in found.pages] == ["0", "1", "1"]


def test_a_repeated_page_of_the_list_is_a_loop(office: Edge) -> None:
    again = listed(*(entry(n, 60 * DAY) for n in range(1, 21)), total=100)
    found = read(office, GIVEN, again, again)
    assert (len(found.pages), found.failure) == (1, Failure(kind="looping"))


def test_no_more_than_200_pages_are_asked_for_in_one_go(office: Edge) -> None:
    """What is left is read on at the next try: the window stands where it was, and is not called read."""
    answers = [listed(entry(n, 60 * DAY), total=9999) for n in range(MOST_PAGES + 5)]
    found = read(office, GIVEN, *answers)
    assert paths(found).count("batchget") == MOST_PAGES == 200
    assert (found.pages[-1].resume, found.failure) == (str(MOST_PAGES - 1), Failure(kind="too_large"))
    last = [listed(entry(n, 60 * DAY), total=MOST_PAGES) for n in range(MOST_PAGES)]
    assert read(office, GIVEN, *last).pages[-1].done


def test_a_later_answer_that_fails_keeps_the_pages_before_it(office: Edge) -> None:
    found = read(office, GIVEN, listed(entry(1), entry(2)), published(news(1)), {"errcode": -1, "errmsg": "system"})
    assert [page.cursor for page in found.pages] == [1, 2]
    assert found.failure == Failure(kind="busy")


# -- the token -----------------------------------------------------------------------------------


def later(edge: Edge, minutes: float) -> Edge:
    return replace(edge, now=edge.now + timedelta(minutes=minutes))


@pytest.mark.parametrize(("minutes", "path"), [(0, "batchget"), (114, "batchget"), (115, "stable_token")])
def test_a_token_serves_until_five_minutes_before_its_end(office: Edge, minutes: float, path: str) -> None:
    """It counts from the answer's own date; two hours are given."""
    by = reader()
    read(office, GIVEN, listed(), by=by)
    assert paths(read(later(office, minutes), by=by)) == [path]


@pytest.mark.parametrize("lifetime", [0, None, "soon", -5])
def test_a_token_without_a_lifetime_serves_one_window(office: Edge, lifetime: object) -> None:
    by = reader()
    assert read(office, {**GIVEN, "expires_in": lifetime}, listed(), by=by).pages[0].done
    assert paths(read(office, by=by)) == ["stable_token"]


@pytest.mark.parametrize("code", [40001, 40014, 42001, "42001"])
def test_a_refused_token_is_replaced_once(office: Edge, code: object) -> None:
    refused = {"errcode": code, "errmsg": "access_token expired"}
    other = {"access_token": "SECRET-OTHER", "expires_in": 7200}
    found = read(office, GIVEN, refused, other, listed(entry(1)), refused, other, published(news(1)))
    assert paths(found) == [
        "stable_token", "batchget", "stable_token", "batchget", "getarticle", "stable_token", "getarticle",
    ]  # fmt: skip
    assert [dict(ask.private).get("access_token") for ask in found.asks[3:5]] == ["SECRET-OTHER", "SECRET-OTHER"]
    assert body(found.asks[6]) == {"article_id": "EXAMPLE_0001"}
    assert keys(found) == [article_key(1)]
    twice = read(office, GIVEN, refused, other, refused)
    assert (len(twice.asks), twice.failure) == (4, Failure(kind="auth_required"))


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": 5, "expires_in": 7200}, []])
def test_an_answer_without_a_token_is_a_change(office: Edge, answer: object) -> None:
    assert read(office, answer).failure == Failure(kind="changed_shape")


# -- errors --------------------------------------------------------------------------------------

CODES = {
    -1: "busy",
    40013: "auth_required",
    40125: "auth_required",
    40164: "auth_required",
    45009: "quota",
    45011: "quota",
    48001: "not_entitled",
    40097: "busy",
    99999: "busy",
}
BEFORE: dict[str, tuple[object, ...]] = {
    "stable_token": (),
    "batchget": (GIVEN,),
    "getarticle": (GIVEN, listed(entry(1))),
}


@pytest.mark.parametrize("call", sorted(BEFORE))
@pytest.mark.parametrize(("code", "kind"), CODES.items())
def test_every_code_has_one_meaning_in_every_call(office: Edge, call: str, code: int, kind: str) -> None:
    for errcode in (code, str(code)):
        found = read(office, *BEFORE[call], {"errcode": errcode, "errmsg": "ok rid: 0-0"})
        assert paths(found)[-1] == call
        assert found.failure is not None and found.failure.kind == kind


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refusal_of_the_credentials_asks_for_no_other_token(office: Edge, code: int) -> None:
    found = read(office, {"errcode": code, "errmsg": "x"})
    assert (len(found.asks), found.failure) == (1, Failure(kind="auth_required"))


@pytest.mark.parametrize("code", [None, True, "", "x", [], 0.5])
def test_a_code_that_cannot_be_read_is_busy(office: Edge, code: object) -> None:
    assert read(office, {**GIVEN, "errcode": code}).failure == Failure(kind="busy")


@pytest.mark.parametrize("call", sorted(BEFORE))
@pytest.mark.parametrize("content", [b"", b"<html>502</html>", b'{"item":[', b"\xff"])
def test_a_body_that_is_no_json_is_garbled(office: Edge, call: str, content: bytes) -> None:
    assert read(office, *BEFORE[call], content).failure == Failure(kind="garbled")


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        ("batchget", []),
        ("batchget", {}),
        ("batchget", {"total_count": 1, "item": {}}),
        ("batchget", {"total_count": 1, "item_count": 1, "list": [entry(1)]}),
        ("batchget", {"item": []}),
        ("batchget", listed(entry(1), total="many")),
        ("getarticle", 5),
        ("getarticle", {}),
        ("getarticle", {"news_item": {}}),
    ],
)
def test_json_of_another_shape_is_a_change(office: Edge, call: str, answer: object) -> None:
    """Nothing is remembered as dealt with then."""
    memory = Remembered()
    found = read(office, *BEFORE[call], reply(answer), memory=memory)
    assert (found.failure, memory.known) == (Failure(kind="changed_shape"), {})


# -- what may be printed -------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MAKERS: list[Callable[[int], object]] = [
    lambda n: GIVEN,
    lambda n: listed(entry(n), entry(n + 1), total=n * 4),
    lambda n: listed(entry(n, 90 * DAY, True, False), total=n),
    lambda n: published(news(n), news(n, 1, is_deleted=True)),
    lambda n: {"errcode": [-1, 40001, 42001, 45009, 53600, 0][n % 6], "errmsg": f"{ACCESS} {AUTHOR}"},
]
BODIES = st.builds(lambda make, n: make(n), st.sampled_from(MAKERS), st.integers(1, 20)) | JSON | st.binary(max_size=9)


@given(st.lists(BODIES, max_size=30))
def test_whatever_is_answered_only_the_rules_are_asked(office: Edge, bodies: list[object]) -> None:
    """Every question is held against the rules while the conversation is played. No secret shows in any of it."""
    found = read(office, GIVEN, *(reply(one) for one in bodies))
    for trace in (APPID, SECRET, ACCESS, AUTHOR):
        assert trace not in shown(found)
        assert all(trace not in ask.url for ask in found.asks)
    for page in found.pages:
        assert page.reads.read == sum(page.reads.dropped.values()) + len(page.articles)
        assert page.resume.isdecimal() or page.done


def test_the_same_search_finds_what_goes_with_the_bytes_alone(office: Edge) -> None:
    by = reader()
    sent = repr([(ask.body, dict(ask.private)) for ask in read(office, GIVEN, listed(), by=by).asks])
    assert all(trace in sent for trace in (APPID, SECRET, ACCESS))
    assert all(trace not in repr((by, vars(by)["_token"])) for trace in (APPID, SECRET, ACCESS))


def test_it_is_a_reader(office: Edge) -> None:
    one: Reader = reader()
    about: Task = task(office)
    assert SECRET not in repr(one.begin(about))
