"""The timeline of one organisation: whose it must be, what is new, when it ends."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.page import Article, Known, Problem, Reads
from spiders.conversation import Ask, Failure, Reader, Rule
from spiders.edge import Edge
from spiders.weibo import bid_of
from spiders.weibo_timeline import TIMELINE, WeiboTimeline
from tests.support.statuses import status
from tests.support.talk import AT, Remembered, Talk, is_allowed, params, reply, shown, talk, task

TOKEN = "SECRET-TOKEN"  # noqa: S105 - invented
NAME = "云岫发布"
PERSON = "田小禾的名字"
TOMBSTONE = "此微博已被原作者删除。"


def reader(base: str | None = None) -> WeiboTimeline:
    return WeiboTimeline(TOKEN, NAME, base)


def account(**changes: Any) -> dict[str, Any]:
    return {"id": 9990000500, "screen_name": NAME, "verified": True, "verified_type": 1, **changes}


def said(number: int, text: str = "今夜柳渡路检修", minutes: float = 30, **fields: Any) -> dict[str, Any]:
    """The account's status ``number``, so many minutes old."""
    return status(number, 500, text, AT - timedelta(minutes=minutes), **{"user": account(), **fields})


def individual(number: int, text: str, **fields: Any) -> dict[str, Any]:
    made = status(number, number, text, AT - timedelta(minutes=40), **fields)
    made["user"]["screen_name"] = PERSON
    return made


def key(number: int) -> str:
    return f"weibo:{9_990_000_000_000_000 + number}"


def listed(*statuses: object, total: object = 300, **more: object) -> dict[str, object]:
    return {"statuses": list(statuses), "total_number": total, "previous_cursor": 0, "next_cursor": 0, **more}


def keys(found: Talk) -> list[str]:
    return [article.key for page in found.pages for article in page.articles]


def read(edge: Edge, *bodies: object, hours: float = 1, resume: str = "", memory: Remembered | None = None) -> Talk:
    return talk(reader(), task(edge, hours=hours, resume=resume, memory=memory), bodies)


# -- what is asked -------------------------------------------------------------------------------


def test_one_account_is_asked_for_by_its_name(edge: Edge) -> None:
    ask = reader().begin(task(edge))
    assert ask.url.startswith("https://api.weibo.com/2/statuses/user_timeline.json?")
    assert params(ask) == {"screen_name": NAME, "count": "100", "page": "1", "trim_user": "0", "feature": "0"}
    assert (ask.method, dict(ask.private)) == ("GET", {"access_token": TOKEN})


def test_the_list_of_what_may_be_asked_is_closed(edge: Edge) -> None:
    assert reader().rules == (Rule("GET", "api.weibo.com", TIMELINE),)
    assert not is_allowed(reader(), Ask(url="https://api.weibo.com/2/statuses/home_timeline.json"))
    local = reader("http://127.0.0.1:8765")
    assert local.rules == (Rule("GET", "127.0.0.1:8765", TIMELINE),)
    assert is_allowed(local, local.begin(task(edge)))
    assert local.official


# -- whose it is (design, Bound 2) ---------------------------------------------------------------


@pytest.mark.parametrize("kind", [1, 3])
def test_a_page_of_the_named_verified_account_is_read(edge: Edge, kind: int) -> None:
    found = read(edge, listed(said(1, user=account(verified_type=kind)), said(2)))
    assert [(article.outlet, article.key) for article in found.pages[0].articles] == [(NAME, key(1)), (NAME, key(2))]
    assert found.pages[0].reads == Reads(read=2)


SOMEBODY_ELSE: list[object] = [
    said(2, user=account(screen_name="柳渡发布")),
    said(2, user=account(screen_name=f"{NAME}粉丝团")),
    said(2, user=account(screen_name=None)),
    said(2, user=account(screen_name=5)),
    said(2, user=account(verified=False)),
    said(2, user=account(verified="true")),
    said(2, user=account(verified=1)),
    *(said(2, user=account(verified_type=kind)) for kind in (-1, 0, 2, 4, 5, 6, 7, "1", True, None)),
    said(2, user=None),
    said(2, user=None, uid=9990000500),
    said(2, user=[]),
    said(2, TOMBSTONE, user=account(screen_name="柳渡发布")),
    said(2, TOMBSTONE, user=None, uid=9990000500),
    individual(2, "听说要停水三天"),
    5,
    None,
]


@pytest.mark.parametrize("other", SOMEBODY_ELSE)
def test_a_page_with_anybody_else_is_discarded_unread(edge: Edge, other: object) -> None:
    """No text, no count, no name of a field; the source stops."""
    found = read(edge, listed(said(1, editCount=1), other, said(3), hasVisible=1), listed(said(4)))
    assert (found.pages, found.failure) == ([], Failure(kind="not_permitted"))
    assert len(found.asks) == 1


@pytest.mark.parametrize("other", SOMEBODY_ELSE)
def test_without_the_other_one_the_page_is_read(edge: Edge, other: object) -> None:
    """The same page, and the same check on a later page."""
    found = read(edge, listed(said(1), said(3)), listed(said(4), other))
    assert keys(found) == [key(1), key(3)]
    assert found.failure == Failure(kind="not_permitted")


def test_a_status_that_nobody_signed_because_it_is_gone_holds_nothing(edge: Edge) -> None:
    found = read(edge, listed(said(1), {"id": 9990000000000002, "text": TOMBSTONE, "user": None}))
    assert keys(found) == [key(1)]
    assert found.pages[0].reads == Reads(read=2, dropped={"not_public": 1})


def test_individuals_inside_reposts_are_posts(edge: Edge) -> None:
    found = read(edge, listed(said(1, "不实", retweeted_status=individual(2, "听说要停水三天"))))
    page = found.pages[0]
    assert [(article.text, article.parent) for article in page.articles] == [("不实", False)]
    assert [(post.text, post.parent) for post in page.posts] == [("听说要停水三天", True)]
    assert page.reads == Reads(read=1, quoted_read=1)
    assert [one.key for one in page.known] == [key(1)]


def test_of_a_source_that_may_not_be_read_nothing_is_remembered(shut: Edge) -> None:
    page = read(shut, listed(said(1))).pages[0]
    assert (page.reads, page.articles, page.known) == (Reads(read=1, dropped={"not_permitted": 1}), (), ())


# -- what is new ---------------------------------------------------------------------------------


def test_what_was_handed_on_before_is_a_duplicate(edge: Edge) -> None:
    memory = Remembered()
    repost = said(2, "不实", retweeted_status=individual(3, "听说要停水三天"))
    first = read(edge, listed(said(1), repost), memory=memory)
    assert [one.key for one in first.pages[0].known] == [key(1), key(2)]
    second = read(edge, listed(said(4), said(1), repost), memory=memory).pages[0]
    assert [article.key for article in second.articles] == [key(4)]
    assert (second.posts, [one.key for one in second.known]) == ((), [key(4)])
    assert second.reads == Reads(read=3, dropped={"duplicate": 2}, quoted_read=1, quoted_dropped={"duplicate": 1})


def test_one_status_twice_on_a_page_is_remembered_once(edge: Edge) -> None:
    page = read(edge, listed(said(1), said(1))).pages[0]
    assert (len(page.known), page.reads) == (1, Reads(read=2, dropped={"duplicate": 1}))


def test_an_edited_status_is_handed_on_again(edge: Edge) -> None:
    memory = Remembered()
    read(edge, listed(said(1)), memory=memory)
    edited = read(edge, listed(said(1, "今夜柳渡路检修，改在明晚")), memory=memory).pages[0]
    assert [article.text for article in edited.articles] == ["今夜柳渡路检修，改在明晚"]
    grown = read(edge, listed(said(1, "今夜柳渡路检修，改在明晚", reposts_count=99)), memory=memory).pages[0]
    assert grown.articles == ()


@pytest.mark.parametrize(
    "gone",
    [
        {"text": TOMBSTONE},
        {"text": TOMBSTONE, "user": None},
        {"deleted": "1"},
        {"visible": {"type": 1}},
    ],
)
def test_a_status_taken_back_is_a_tombstone_once(edge: Edge, gone: dict[str, Any]) -> None:
    memory = Remembered()
    read(edge, listed(said(1, "停水三天")), memory=memory)
    withdrawn = said(1, **{"text": "停水三天", **gone})
    page = read(edge, listed(withdrawn), memory=memory).pages[0]
    assert page.articles == (
        Article(outlet=NAME, key=key(1), link="", title="", text="", published=AT, status="deleted"),
    )
    assert page.reads == Reads(read=1)
    again = read(edge, listed(withdrawn), memory=memory).pages[0]
    assert (again.articles, again.known, again.reads) == ((), (), Reads(read=1, dropped={"not_public": 1}))
    back = read(edge, listed(said(1, "停水三天")), memory=memory).pages[0]
    assert [article.status for article in back.articles] == ["ok"]


def test_a_malformed_status_is_counted_and_named_by_place(edge: Edge) -> None:
    page = read(edge, listed(said(1), said(2, created_at="gestern"), said(3, editCount=1))).pages[0]
    assert (page.reads.dropped, page.problems) == ({"malformed": 1}, (Problem(2, "bad_time"),))
    assert page.unknown == {"edit_count": 1}


# -- when it ends --------------------------------------------------------------------------------


def test_it_is_read_back_to_two_hours_before_the_window(edge: Edge) -> None:
    """The window begins an hour ago, so a page of which all is older than three hours is the last."""
    found = read(edge, listed(said(1, minutes=10), said(2, minutes=179)), listed(said(3), said(4, minutes=181)))
    assert [page.done for page in found.pages] == [False, True]
    assert [params(ask)["page"] for ask in found.asks] == ["1", "2"]
    assert [page.resume for page in found.pages] == ["1", "2"]
    assert (keys(found), found.last.beyond) == ([key(1), key(2), key(3), key(4)], None)


def test_a_pinned_old_status_does_not_end_it(edge: Edge) -> None:
    pinned = said(99, minutes=30 * 24 * 60)
    found = read(edge, listed(pinned, said(1, minutes=10)), listed(pinned), listed(said(2), said(3, minutes=999)))
    assert [page.done for page in found.pages] == [False, False, True]
    alone = read(edge, listed(pinned, said(98, minutes=29 * 24 * 60)))
    assert alone.pages[0].done


def test_an_empty_page_ends_it(edge: Edge) -> None:
    found = read(edge, listed(said(1, minutes=10)), listed(total=0))
    assert [(page.done, page.reads.read) for page in found.pages] == [(False, 1), (True, 0)]
    assert found.last.beyond is None


def test_an_account_that_does_not_exist_is_no_empty_one(edge: Edge) -> None:
    """A misspelt outlet would be taken for one that says nothing."""
    found = read(edge, {"error_code": "20003", "error": "User does not exists!"})
    assert found.pages == [] and found.last.failure == Failure(kind="bad_request")


def test_a_repeated_page_ends_it_and_leaves_a_hole_if_more_was_promised(edge: Edge) -> None:
    again = listed(said(1, minutes=10), said(2, minutes=20), total=300)
    found = read(edge, again, again, again)
    assert [(page.done, page.reads.read) for page in found.pages] == [(False, 2), (True, 0)]
    assert found.last.beyond == AT - timedelta(minutes=20)
    whole = listed(said(1, minutes=10), said(2, minutes=20), total=2)
    assert read(edge, whole, whole).last.beyond is None


@pytest.mark.parametrize(("total", "hole"), [(2000, False), (2001, True), (None, True)])
def test_nobody_asks_for_a_21st_page(edge: Edge, total: int | None, hole: bool) -> None:
    found = read(edge, *(listed(said(n, minutes=n), total=total) for n in range(1, 30)))
    assert len(found.asks) == len(found.pages) == 20
    assert found.pages[-1].done
    assert found.last.beyond == (AT - timedelta(minutes=20) if hole else None)


def test_it_goes_on_after_the_last_committed_page(edge: Edge) -> None:
    found = read(edge, listed(said(1)), listed(), resume="4")
    assert [params(ask)["page"] for ask in found.asks] == ["5", "6"]


def test_a_later_page_that_fails_keeps_the_pages_before_it(edge: Edge) -> None:
    found = read(edge, listed(said(1)), {"error_code": 10022, "error": "x"})
    assert (keys(found), found.failure) == ([key(1)], Failure(kind="quota"))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": "expired_token", "error_code": 21327, "request": TIMELINE}, "auth_required"),
        ({"error_code": "10014", "error": "Insufficient app permissions"}, "not_entitled"),
        (b"<html>", "garbled"),
        ([], "changed_shape"),
    ],
)
def test_a_first_page_that_fails_is_not_nothing_new(edge: Edge, body: object, kind: str) -> None:
    found = read(edge, reply(body))
    assert found.pages == []
    assert found.failure is not None and found.failure.kind == kind


# -- what may be printed -------------------------------------------------------------------------

PARENTS = st.builds(
    lambda number, extra: individual(number, "听说要停水三天", **extra),
    st.integers(1, 9),
    st.dictionaries(st.sampled_from(["isLongText", "source", "geo", "deleted"]), st.just(PERSON), max_size=2),
)
STATUSES = st.builds(
    lambda number, minutes, parent: said(number, minutes=minutes, **({"retweeted_status": parent} if parent else {})),
    st.integers(10, 40),
    st.integers(-10, 400),
    st.none() | PARENTS,
)
BODIES = (
    st.builds(lambda some, total: listed(*some, total=total), st.lists(STATUSES, max_size=4), st.integers(0, 3000))
    | st.builds(lambda one: listed(said(50), one), PARENTS)
    | st.builds(lambda code: {"error_code": code}, st.sampled_from([10001, "20101", "21327"]))
    | st.binary(max_size=20)
)


@given(st.lists(BODIES, max_size=25))
def test_whatever_is_answered_only_the_rules_are_asked(edge: Edge, bodies: list[object]) -> None:
    """Every question is held against the rules while the conversation is played. No individual shows in any of it."""
    found = read(edge, *(reply(body) for body in bodies))
    printed = shown(found)
    assert TOKEN not in printed and PERSON not in printed
    for number in range(1, 10):
        mid = str(9_990_000_000_000_000 + number)
        assert all(trace not in printed for trace in (mid, bid_of(mid), str(9_990_000_000 + number)))
    for page in found.pages:
        parents = [post.parent for post in page.posts] + [article.parent for article in page.articles]
        assert page.reads.read == sum(page.reads.dropped.values()) + parents.count(False)
        assert page.reads.quoted_read == sum(page.reads.quoted_dropped.values()) + parents.count(True)
        assert len({one.key for one in page.known}) == len(page.known)


def test_the_same_search_finds_the_organisations_ids(edge: Edge) -> None:
    printed = shown(read(edge, listed(said(10))))
    assert all(trace in printed for trace in (key(10), bid_of("9990000000000010"), "9990000500"))


def test_it_is_a_reader(edge: Edge) -> None:
    one: Reader = reader()
    assert TOKEN not in repr((one, vars(one)))
    stamp = read(replace(edge, organisation=NAME), listed(said(1))).pages[0].known
    assert stamp == (Known(key(1), stamp[0].stamp),)
    assert len(stamp[0].stamp) == 16
