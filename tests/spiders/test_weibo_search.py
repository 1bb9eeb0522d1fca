"""Weibo's commercial search: what is asked, when a list ends, whose long text is read, what each error means."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.page import Problem, Reads
from spiders.conversation import Ask, Failure, Reader, Rule
from spiders.edge import Edge
from spiders.weibo import bid_of
from spiders.weibo_search import BATCH, SEARCH, WeiboSearch
from tests.support.statuses import status
from tests.support.talk import AT, Talk, is_allowed, params, reply, shown, talk, task

TOKEN = "SECRET-TOKEN"  # noqa: S105 - invented
QUERY = "云岫 停水"
LANE = "water.370999.0"


def reader(base: str | None = None) -> WeiboSearch:
    return WeiboSearch(TOKEN, {LANE: QUERY}, base)


def said(number: int, text: str = "听说要停水三天", minutes: float = 30, **fields: Any) -> dict[str, Any]:
    """Status ``number``, published so many minutes ago by the person of that number."""
    return status(number, number, text, AT - timedelta(minutes=minutes), **fields)


def cut(number: int, **fields: Any) -> dict[str, Any]:
    return said(number, "听说要停水…全文", isLongText=True, **fields)


def mid(number: int) -> str:
    return str(said(number)["mid"])


def listed(*statuses: object, total: object = 990, **more: object) -> dict[str, object]:
    return {"statuses": list(statuses), "total_number": total, **more}


def texts(found: Talk) -> list[str]:
    return [post.text for page in found.pages for post in page.posts]


def read(edge: Edge, *bodies: object, hours: float = 1, resume: str = "") -> Talk:
    return talk(reader(), task(edge, lane=LANE, hours=hours, resume=resume), bodies)


# -- what is asked -------------------------------------------------------------------------------


def test_a_query_has_a_time_and_a_page_and_no_person_or_place(edge: Edge) -> None:
    ask = reader().begin(task(edge, lane=LANE))
    assert ask.url.startswith("https://c.api.weibo.com/2/search/statuses/limited.json?")
    assert params(ask) == {
        "q": QUERY,
        "starttime": str(int(AT.timestamp()) - 3600),
        "endtime": str(int(AT.timestamp())),
        "sort": "time",
        "count": "50",
        "page": "1",
        "dup": "0",
        "antispam": "1",
    }
    assert (ask.method, ask.body, dict(ask.private)) == ("GET", b"", {"access_token": TOKEN})


def test_the_list_of_what_may_be_asked_is_closed() -> None:
    assert reader().rules == (Rule("GET", "c.api.weibo.com", SEARCH), Rule("GET", "c.api.weibo.com", BATCH))
    assert {rule.host for rule in reader("http://LOCALHOST:8765").rules} == {"localhost:8765"}
    other = Ask(url="https://c.api.weibo.com/2/comments/show.json")
    assert not is_allowed(reader(), other)
    assert reader().official


def test_a_stand_in_is_asked_in_the_place_of_the_host(edge: Edge) -> None:
    ask = reader("http://127.0.0.1:8765").begin(task(edge, lane=LANE))
    assert ask.url.startswith("http://127.0.0.1:8765/2/search/statuses/limited.json?")
    assert is_allowed(reader("http://127.0.0.1:8765"), ask)
    assert not is_allowed(reader(), ask)


def test_a_lane_without_a_query_is_a_fault_of_the_program(edge: Edge) -> None:
    with pytest.raises(KeyError):
        reader().begin(task(edge, lane="water.370999.9"))


# -- pages ---------------------------------------------------------------------------------------


def test_every_answer_is_a_page_and_an_empty_one_is_the_last(edge: Edge) -> None:
    """A short page in the middle is not the end."""
    found = read(edge, listed(said(1), said(2), said(3)), listed(said(4)), listed(said(5), said(6)), listed())
    assert [params(ask)["page"] for ask in found.asks] == ["1", "2", "3", "4"]
    assert [page.reads.read for page in found.pages] == [3, 1, 2, 0]
    assert [page.resume for page in found.pages] == ["1", "2", "3", "3"]
    assert [page.done for page in found.pages] == [False, False, False, True]
    assert {(page.source, page.window) for page in found.pages} == {("town", 7)}
    assert len(texts(found)) == 6
    assert found.last.beyond is None


def test_a_window_goes_on_after_its_last_committed_page(edge: Edge) -> None:
    found = read(edge, listed(said(1)), listed(), resume="4")
    assert [params(ask)["page"] for ask in found.asks] == ["5", "6"]
    assert [(page.cursor, page.resume) for page in found.pages] == [(2, "5"), (3, "5")]


def test_a_page_counts_as_an_import_does(edge: Edge) -> None:
    office = {"id": 9990000099, "screen_name": "云岫发布", "verified": True, "verified_type": 1}
    notice = said(20, "今夜柳渡路检修", user=office)
    found = read(
        edge,
        listed(
            said(1),
            notice,
            said(2, minutes=80 * 60),
            said(3, deleted="1"),
            said(4, created_at="gestern"),
            said(5, "是真的吗", retweeted_status=notice),
            said(6, "看看", retweeted_status=said(7, minutes=80 * 60)),
            5,
        ),
        listed(),
    )
    page = found.pages[0]
    assert page.reads == Reads(
        read=8,
        dropped={"too_old": 1, "not_public": 1, "malformed": 2},
        quoted_read=2,
        quoted_dropped={"too_old": 1},
    )
    assert [post.text for post in page.posts] == ["听说要停水三天", "是真的吗", "看看"]
    assert [(article.outlet, article.parent) for article in page.articles] == [("云岫发布", False), ("云岫发布", True)]
    assert page.problems == (Problem(5, "bad_time"), Problem(8, "not_an_object"))
    assert (page.known, page.visits) == ((), ())


def test_unknown_fields_are_named_of_envelope_and_statuses(edge: Edge) -> None:
    found = read(
        edge,
        listed(said(1, editCount=1), said(2, editCount=2), cut(3), hasVisible=False),
        listed(topicTotal=1),
        listed(adList=[], 田小禾=1),
    )
    assert found.pages[0].unknown == {"edit_count": 2, "has_visible": 1, "topic_total": 1}
    assert found.pages[1].unknown == {"ad_list": 1, "other": 1}


def test_of_a_source_that_may_not_be_read_only_numbers_are_kept(shut: Edge) -> None:
    """Nor is a long text asked for."""
    found = read(shut, listed(said(1), cut(2)), listed())
    assert len(found.asks) == 2
    assert found.pages[0].reads == Reads(read=2, dropped={"not_permitted": 2})
    assert (found.pages[0].posts, found.pages[0].articles) == ((), ())


def test_a_pinned_old_status_neither_ends_the_list_nor_moves_its_beginning(edge: Edge) -> None:
    """The pinned one is a month old, and the window holds more than can be shown."""
    pinned = said(99, minutes=30 * 24 * 60)
    bodies = [listed(pinned, said(n, minutes=n / 20), total=1300) for n in range(1, 21)]
    found = read(edge, *bodies, hours=1 / 30)
    assert len(found.pages) == 20
    assert found.last.beyond == AT - timedelta(minutes=1)


def test_a_repeated_page_ends_the_loop_and_is_not_counted_again(edge: Edge) -> None:
    again = listed(said(1), said(2), total=60)
    found = read(edge, again, again, again)
    assert [(page.reads.read, page.done) for page in found.pages] == [(2, False), (0, True)]


def test_a_short_page_that_covers_the_total_is_the_last(edge: Edge) -> None:
    """It saves the question for an empty one. A full page, or a larger total, is not believed to be the end."""
    assert [page.done for page in read(edge, listed(said(1), said(2), total=2)).pages] == [True]
    full = listed(*(said(n, minutes=n / 100) for n in range(50)), total=50)
    assert [page.done for page in read(edge, full, listed(total=50)).pages] == [False, True]
    assert [page.done for page in read(edge, listed(said(1), total=51), listed(said(2), total=51)).pages] == [
        False,
        True,
    ]


def test_a_server_that_repeats_a_page_in_the_place_of_others_leaves_a_hole(edge: Edge) -> None:
    again = listed(said(1, minutes=10), said(2, minutes=20), total=150)
    assert read(edge, again, again).last.beyond == AT - timedelta(minutes=20)
    overlapping = listed(said(2, minutes=20), said(3, minutes=30), total=150)
    assert [page.reads.read for page in read(edge, again, overlapping, listed()).pages] == [2, 2, 0]


def test_pages_without_a_readable_id_are_no_repetition(edge: Edge) -> None:
    spoilt = listed({"text": "x"})
    assert [page.reads.read for page in read(edge, spoilt, spoilt, listed()).pages] == [1, 1, 0]


@pytest.mark.parametrize(("total", "hole"), [(1000, False), (1300, True), (None, True)])
def test_nobody_asks_for_a_21st_page(edge: Edge, total: int | None, hole: bool) -> None:
    found = read(edge, *(listed(said(n, minutes=n / 20), total=total) for n in range(1, 30)), hours=1 / 30)
    assert len(found.asks) == len(found.pages) == 20
    assert (found.pages[-1].done, found.pages[-1].reads.read) == (True, 1)
    assert found.last.beyond == (AT - timedelta(minutes=1) if hole else None)


def test_a_later_page_that_fails_keeps_the_pages_before_it(edge: Edge) -> None:
    found = read(edge, listed(said(1)), {"error_code": 10009, "error": "busy"})
    assert [(page.cursor, page.resume, page.done) for page in found.pages] == [(1, "1", False)]
    assert found.failure == Failure(kind="busy")


def test_a_first_page_that_fails_is_not_nothing_new(edge: Edge) -> None:
    found = read(edge, {"error_code": "10001", "error": "System error"})
    assert (found.pages, found.failure) == ([], Failure(kind="busy"))
    assert found.last.then is None


# -- windows that hold too much ------------------------------------------------------------------


@pytest.mark.parametrize("total", [1001, "1300"])
def test_a_window_with_more_than_1000_hits_is_cut_in_its_middle(edge: Edge, total: object) -> None:
    found = read(edge, listed(said(1), total=total))
    assert (found.pages, found.last.split) == ([], AT - timedelta(minutes=30))


def test_a_cut_lies_on_a_whole_second(edge: Edge) -> None:
    found = read(edge, listed(said(1), total=1300), hours=121 / 3600)
    assert found.last.split == datetime(2026, 11, 23, 1, 58, 59, tzinfo=UTC)


@pytest.mark.parametrize(("total", "hours"), [(1000, 1), (1300, 120 / 3600), ("many", 1), (None, 1), (-5, 1)])
def test_any_other_window_is_read(edge: Edge, total: object, hours: float) -> None:
    found = read(edge, listed(said(1, minutes=1), total=total), listed(), hours=hours)
    assert (found.pages[0].reads.read, found.last.split) == (1, None)


def test_only_the_first_answer_can_cut_a_window(edge: Edge) -> None:
    """What was committed can't be taken back: the rest of such a window is a hole."""
    found = read(edge, listed(said(1), total=900), listed(said(2, minutes=40), total=1100), listed())
    assert [page.reads.read for page in found.pages] == [1, 1, 0]
    assert found.last.beyond == AT - timedelta(minutes=40)


# -- long texts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("long", ["听说要停水三天，请储水", {"longTextContent": "听说要停水三天，请储水"}])
def test_the_long_text_of_a_cut_status_is_asked_for_before_the_page_is_made(edge: Edge, long: object) -> None:
    found = read(edge, listed(cut(1), said(2)), listed({"mid": mid(1), "text": "听说要停水…全文", "longText": long}))
    batch = found.asks[1]
    assert batch.url == "https://c.api.weibo.com/2/statuses/show_batch/biz.json?isGetLongText=1&trim_user=0"
    assert dict(batch.private) == {"access_token": TOKEN, "ids": mid(1)}
    assert texts(found) == ["听说要停水三天，请储水", "听说要停水三天"]
    assert (found.pages[0].cursor, params(found.asks[2])["page"]) == (1, "2")


def test_the_parent_of_a_repost_is_completed_too(edge: Edge) -> None:
    repost = said(1, "真的吗", retweeted_status=cut(2))
    found = read(edge, listed(repost), listed({"id": int(mid(2)), "longText": "停水三天，请储水"}))
    own, parent = found.pages[0].posts
    assert (own.text, own.quoted, parent.text, parent.parent) == (
        "真的吗",
        "停水三天，请储水",
        "停水三天，请储水",
        True,
    )


def test_more_than_50_take_more_questions(edge: Edge) -> None:
    """50 statuses and 20 parents; one of them stands under two reposts and is asked for once."""
    statuses = [cut(n, retweeted_status=cut(100 + min(n, 20))) for n in range(1, 51)]
    batches = [
        listed(*({"mid": mid(n), "longText": f"第{n}条"} for n in range(1, 51))),
        listed(*({"mid": mid(100 + n), "longText": f"第{100 + n}条"} for n in range(1, 21))),
    ]
    found = read(edge, listed(*statuses), *batches)
    asked = [ask.private["ids"].split(",") for ask in found.asks[1:3]]
    assert [len(ids) for ids in asked] == [50, 20]
    assert asked[0] == [mid(n) for n in range(1, 51)]
    assert {post.text for post in found.pages[0].posts} == {f"第{n}条" for n in (*range(1, 51), *range(101, 121))}
    assert found.pages[0].reads == Reads(read=50, quoted_read=50)


@pytest.mark.parametrize(
    "nothing_to_ask",
    [
        said(1),
        cut(1, longText="停水三天"),
        cut(1, longText={"longTextContent": "停水三天"}),
        cut(1, deleted="1"),
        said(1, isLongText="true"),
        cut(1, id=None, idstr=None, mid=None),
        cut(1, id=1.5),
        5,
    ],
)
def test_without_need_nothing_is_asked(edge: Edge, nothing_to_ask: object) -> None:
    assert params(read(edge, listed(nothing_to_ask)).asks[1])["page"] == "2"


@pytest.mark.parametrize(
    "answer",
    [
        listed(),
        listed({"mid": mid(2), "longText": "别的"}),
        listed({"mid": mid(1), "longText": ""}),
        listed({"mid": mid(1), "longText": 5}),
        listed({"mid": mid(1), "longText": {"content": "别的"}}),
        listed({"longText": "别的"}, 5),
        {"error_code": "10011", "error": "RPC error"},
        b"<html>502</html>",
        b'{"statuses":[{"mid":',
        {"data": []},
    ],
)
def test_a_long_text_that_cannot_be_had_leaves_the_cut_one(edge: Edge, answer: object) -> None:
    found = read(edge, listed(cut(1)), answer, listed())
    assert texts(found) == ["听说要停水"]
    assert found.pages[0].reads == Reads(read=1)
    assert found.pages[-1].done


def test_a_second_question_that_fails_keeps_the_first_ones_texts(edge: Edge) -> None:
    statuses = [cut(n) for n in range(1, 52)]
    assert len(read(edge, listed(*statuses), b"", listed()).asks) == 3
    found = read(edge, listed(*statuses), listed({"mid": mid(1), "longText": "停水三天"}), b"", listed())
    assert texts(found) == ["停水三天"] + ["听说要停水"] * 50


@pytest.mark.parametrize(
    "answer",
    [
        listed({"id": int(mid(1)), "text": "此微博已被原作者删除。", "user": None, "created_at": None}),
        listed({"mid": mid(1), "deleted": "1", "longText": "停水三天"}),
        listed({"mid": mid(1), "visible": {"type": 1, "list_id": 0}, "longText": "停水三天"}),
        {"error_code": 20101, "error": "target weibo does not exist!"},
        {"error_code": "20112", "error": "Permission denied, private"},
    ],
)
def test_what_its_author_took_back_since_is_dropped(edge: Edge, answer: object) -> None:
    """Design, Bound 12. Where the platform says that nothing of a question exists, none of it is counted."""
    found = read(edge, listed(cut(1), said(2), 5), answer, listed())
    assert found.pages[0].reads == Reads(read=3, dropped={"not_public": 1, "malformed": 1})
    assert texts(found) == ["听说要停水三天"]


def test_a_parent_that_was_taken_back_is_not_quoted(edge: Edge) -> None:
    repost = said(1, "真的吗", retweeted_status=cut(2))
    found = read(edge, listed(repost), listed({"mid": mid(2), "text": "此微博已被原作者删除。"}))
    assert found.pages[0].reads == Reads(read=1, quoted_read=1, quoted_dropped={"not_public": 1})
    assert [(post.text, post.quoted) for post in found.pages[0].posts] == [("真的吗", "")]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(10023, "quota"), (21327, "auth_required"), (10014, "not_entitled"), (10016, "bad_request"), (20031, "captcha")],
)
def test_a_refusal_of_the_operator_is_a_failure_though_a_page_waits(edge: Edge, code: int, kind: str) -> None:
    found = read(edge, listed(cut(1)), {"error_code": code, "error": "x"})
    assert found.pages == []
    assert found.failure is not None and found.failure.kind == kind


# -- errors --------------------------------------------------------------------------------------

CODES = {
    "busy": [10001, 10002, 10003, 10009, 10010, 10011, 10007, 21321, 99999],
    "quota": [10004, 10022, 10023, 10024],
    "not_entitled": [10005, 10014, 10032],
    "auth_required": [10006, 21301, 21315, 21327, 21332],
    "bad_request": [10008, 10016, 10017, 10020, 10021],
    "captcha": [20031, 20033],
}


@pytest.mark.parametrize(("kind", "code"), [(kind, code) for kind, codes in CODES.items() for code in codes])
def test_every_code_has_one_meaning_in_both_envelopes(edge: Edge, kind: str, code: int) -> None:
    """A number or a text, with a path or without, whatever HTTP says; the error's own words are not read."""
    for status_code in (200, 400, 403, 500):
        for envelope in ({"error_code": code}, {"error_code": str(code), "request": SEARCH, "error": "busy"}):
            found = read(edge, reply(envelope, status_code))
            assert found.failure is not None and found.failure.kind == kind


@pytest.mark.parametrize("code", [20003, 20101, 20112, 20132])
def test_what_does_not_exist_is_an_empty_page(edge: Edge, code: int) -> None:
    found = read(edge, {"error_code": code, "error": "x"})
    assert (found.pages[0].reads, found.pages[0].done, found.failure) == (Reads(), True, None)


@pytest.mark.parametrize("code", [True, "quota", "", " 10023", [10023], {}, 10023.5, -1])
def test_a_code_that_cannot_be_read_is_busy(edge: Edge, code: object) -> None:
    assert read(edge, {**listed(said(1)), "error_code": code}).failure == Failure(kind="busy")


@pytest.mark.parametrize("code", [0, "0", None])
def test_no_code_is_no_error(edge: Edge, code: object) -> None:
    assert read(edge, {**listed(said(1)), "error_code": code}).pages[0].reads.read == 1


@pytest.mark.parametrize(
    "body", [b"", b"<!DOCTYPE html><title>x</title>", b'{"statuses":[{"id":1', b"\xff\xfe", b'{"a":NaN}', b"[" * 9999]
)
def test_a_body_that_is_no_json_is_garbled(edge: Edge, body: bytes) -> None:
    assert read(edge, body).failure == Failure(kind="garbled")


@pytest.mark.parametrize("body", [[], [said(1)], 5, None, {}, {"statuses": {}}, {"error": "expired_token"}])
def test_json_of_another_shape_is_a_change(edge: Edge, body: object) -> None:
    assert read(edge, reply(body)).failure == Failure(kind="changed_shape")


# -- what may be printed -------------------------------------------------------------------------

NAME = "田小禾的名字"


def person(number: int) -> dict[str, Any]:
    uid = 9_990_000_000 + number
    return {"id": uid, "idstr": str(uid), "screen_name": NAME, "verified": False, "verified_type": -1}


def traces(number: int) -> tuple[str, ...]:
    """All that leads to the author of status ``number``, and the secret."""
    return (TOKEN, NAME, str(9_990_000_000 + number), mid(number), bid_of(mid(number)))


def test_no_question_and_no_page_shows_a_secret_or_a_person(edge: Edge) -> None:
    repost = cut(1, user=person(1), retweeted_status=cut(2, user=person(2)))
    found = read(edge, listed(repost, **{NAME: 1}), listed({"mid": mid(1), "longText": "停水三天"}), listed())
    assert len(found.asks) == 3 and len(texts(found)) == 2
    for trace in (*traces(1), *traces(2)):
        assert trace not in shown(found)
        assert all(trace not in ask.url for ask in found.asks)


def test_the_same_search_finds_what_goes_with_the_bytes_alone(edge: Edge) -> None:
    found = read(edge, listed(cut(1)), listed())
    sent = repr([dict(ask.private) for ask in found.asks])
    assert TOKEN in sent and mid(1) in sent


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("id", "mid", "text", "isLongText", "longText", "visible", "user", "created_at", "retweeted_status", "deleted")
STATUSES = st.builds(
    lambda number, long, changes, parent: {
        **(cut if long else said)(number, user=person(number)),
        **({"retweeted_status": cut(parent, user=person(parent))} if parent else {}),
        **changes,
    },
    st.integers(1, 9),
    st.booleans(),
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=1),
    st.none() | st.integers(1, 9),
)
BODIES = (
    st.builds(lambda some, total: listed(*some, total=total), st.lists(STATUSES, max_size=4), st.integers(0, 2000))
    | st.builds(lambda code: {"error_code": code}, st.sampled_from([10001, 10023, "20101", "21327", 20031]))
    | JSON
    | st.binary(max_size=20)
)


@given(st.lists(BODIES, max_size=30), st.sampled_from([1, 1 / 60]))
def test_whatever_is_answered_only_the_rules_are_asked(edge: Edge, bodies: list[object], hours: float) -> None:
    """Every question is held against the rules while the conversation is played. Nobody shows in any of it."""
    found = read(edge, *(reply(body) for body in bodies), hours=hours)
    assert all(trace not in shown(found) for number in range(1, 10) for trace in traces(number))
    for page in found.pages:
        parents = [post.parent for post in page.posts] + [article.parent for article in page.articles]
        assert page.reads.read == sum(page.reads.dropped.values()) + parents.count(False)
        assert page.reads.quoted_read == sum(page.reads.quoted_dropped.values()) + parents.count(True)
        assert page.resume.isdecimal()


def test_it_is_a_reader() -> None:
    one: Reader = reader()
    assert TOKEN not in repr((one, vars(one)))
