"""The queue of windows: planned without gap, held by one, read page by page; what can't be read stays on record."""

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import pace, queue, schema, windows
from pipelines.page import Page, Post, Reads
from pipelines.queue import AGED_OUT, FINISHED, READING, WAITING, Lanes, LostWindow
from tests.support.lanes import NOW, POLL, REACH, TERM, advance, plan, rows, spans, take, taken

# -- planning ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("failing", [False, True])
def test_two_hundred_missed_polls_leave_one_window(connection: Connection, failing: bool) -> None:
    """It grows with every poll, whether nobody came or every reading failed."""
    for poll in range(200):
        plan(connection, NOW + poll * POLL, reach=None)
        if failing:
            window = taken(connection, now=NOW + poll * POLL)
            queue.fail(connection, window.id, "one", "timeout", not_before=NOW)
    (row,) = rows(connection)
    assert (row.since, row.until) == (NOW - REACH, NOW + 199 * POLL)
    assert (row.state, row.attempts) == (WAITING, 200 if failing else 0)


def test_polls_while_it_is_being_read_leave_one_more(connection: Connection) -> None:
    """A source that hangs through 200 polls: the window in hand, and one behind it."""
    plan(connection, NOW, reach=None)
    window = taken(connection)
    for poll in range(1, 201):
        plan(connection, NOW + poll * POLL, reach=None)
    queue.fail(connection, window.id, "one", "timeout", not_before=NOW)
    plan(connection, NOW + 201 * POLL, reach=None)
    assert spans(connection) == [(-REACH, 0, WAITING, "timeout"), (0, 201 * POLL, WAITING, None)]


def test_a_window_with_a_page_does_not_grow(connection: Connection) -> None:
    """What was read of it was read up to its end."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, resume="1")
    queue.give_back(connection, window.id, "one", "budget")
    plan(connection, NOW + POLL)
    assert spans(connection) == [(-REACH, 0, WAITING, None), (0, POLL, WAITING, None)]
    assert [row.cursor for row in rows(connection)] == [1, 0]


def test_planning_twice_changes_nothing(connection: Connection) -> None:
    """At the same moment, or with a clock that went back."""
    plan(connection, NOW - REACH, "a", "b")
    plan(connection, NOW + 7200, "a", "b", "c")
    before = rows(connection)
    plan(connection, NOW + 7200, "a", "b", "c")
    queue.plan(connection, Lanes("search", "b", "weibo", ["a", "b", "c"], NOW, None), NOW)
    assert rows(connection) == before


def test_what_nothing_planned_is_on_record(connection: Connection) -> None:
    """The program stood still for ten days: seven of them are a hole, with its reason."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, done=True)
    ten = 10 * 86_400
    plan(connection, NOW + ten)
    assert spans(connection) == [
        (-REACH, 0, FINISHED, None),
        (0, ten - REACH, AGED_OUT, "not_planned"),
        (ten - REACH, ten, WAITING, None),
    ]


@pytest.mark.parametrize(
    ("why", "wanted", "goes_on"),
    [(None, "aged_out", None), ("timeout", "timeout", "timeout"), ("budget", "budget", None)],
)
def test_what_ages_out_keeps_the_reason_it_waited_with(
    connection: Connection, why: str | None, wanted: str | None, goes_on: str | None
) -> None:
    """A part of a window, then all of it. What waited for the budget is waiting anew with each plan."""
    plan(connection, NOW)
    ids = [row.id for row in rows(connection)]
    queue.set_why(connection, ids if why else [], why or "")
    plan(connection, NOW + 3600)
    assert spans(connection) == [(-REACH, 3600 - REACH, AGED_OUT, wanted), (3600 - REACH, 3600, WAITING, goes_on)]
    queue.set_why(connection, ids if why else [], why or "")
    plan(connection, NOW + REACH + 3600)
    whole = (3600 - REACH, 3600, AGED_OUT, wanted)
    assert spans(connection)[1:] == [whole, (3600, REACH + 3600, WAITING, None)]


def test_a_lane_that_is_never_read_leaves_one_hole(connection: Connection) -> None:
    """Two hundred polls without a call for it: two rows, not two hundred; a new reason begins a new one."""
    for poll in range(200):
        plan(connection, NOW + poll * POLL)
        queue.set_why(connection, [row.id for row in rows(connection)], "budget" if poll < 150 else "throttled")
    last = 199 * POLL
    first, second, third = spans(connection)
    assert first[0] == -REACH and first[2:] == (AGED_OUT, "budget")
    assert second[:1] + second[2:] == (first[1], AGED_OUT, "throttled")
    assert third == (second[1], last, WAITING, "throttled") and third[0] == last - REACH


def test_a_window_in_hand_is_not_cut(connection: Connection) -> None:
    """It ages out as a whole, and then it is nobody's; of organisations nothing does."""
    plan(connection, NOW)
    window = taken(connection)
    plan(connection, NOW + 3600)
    assert spans(connection)[0] == (-REACH, 0, READING, None)
    plan(connection, NOW + REACH)
    assert spans(connection)[0] == (-REACH, 0, AGED_OUT, "aged_out")
    with pytest.raises(LostWindow):
        advance(connection, window.id, 1)
    plan(connection, NOW, source="news", reach=None)
    plan(connection, NOW + 10 * REACH, source="news", reach=None)
    assert [(row.state, row.until) for row in rows(connection, "news")] == [(WAITING, NOW + 10 * REACH)]


def test_how_far_windows_reach(connection: Connection) -> None:
    """As far as the lane that is furthest behind; nowhere while one has none."""
    plan(connection, NOW, "a")
    plan(connection, NOW + 60, "b")
    assert queue.reaches(connection, "search", ["a", "b"]) == NOW
    assert queue.reaches(connection, "search", ["b"]) == NOW + 60
    assert queue.reaches(connection, "search", ["a", "c"]) is None and queue.reaches(connection, "news", ["a"]) is None


def test_what_is_unplanned_is_on_record(connection: Connection) -> None:
    """The contract ended: nothing waits any more, and who reads loses the window; another source goes on."""
    plan(connection, NOW, "a", "b")
    window = taken(connection)
    plan(connection, NOW, source="news")
    queue.unplan(connection, "search", NOW, "expired")
    assert {(row.state, row.why, row.holder) for row in rows(connection)} == {(AGED_OUT, "expired", None)}
    assert queue.waiting(connection, "search", NOW) == [] and len(queue.waiting(connection, "news", NOW)) == 1
    with pytest.raises(LostWindow):
        advance(connection, window.id, 1)


def test_windows_of_files_are_none_of_its_business(connection: Connection) -> None:
    """An import that lies unfinished is not leased, aged out or unplanned."""
    opened = windows.open_window(
        connection, source="search", name="n", basis="b", format="f", as_of=NOW, epoch="e", now=NOW
    )
    connection.execute(sa.update(schema.window).values(state=WAITING))
    assert take(connection, "one", NOW) is None and queue.waiting(connection, "search", NOW) == []
    queue.unplan(connection, "search", NOW, "expired")
    plan(connection, NOW + REACH)
    found = windows.find(connection, "n")
    assert found is not None and (found.id, found.state) == (opened.id, WAITING)


# -- leasing -----------------------------------------------------------------------------------------


def test_what_ages_out_soonest_comes_first(connection: Connection) -> None:
    """Over lanes and sources, whoever was planned last."""
    plan(connection, NOW, "late", reach=60)
    plan(connection, NOW, "middle", source="news", reach=3600)
    plan(connection, NOW, "early", reach=7200)
    assert [stretch.lane for stretch in queue.waiting(connection, "search", NOW)] == ["early", "late"]
    for lane in ("early", "middle", "late"):
        window = taken(connection)
        assert window.lane == lane
        advance(connection, window.id, 1, done=True)
    assert take(connection, "one", NOW) is None


def test_a_window_is_held_by_one(connection: Connection) -> None:
    """While the lease runs nobody gets it, not even its holder a second time; only what is asked for is given."""
    plan(connection, NOW)
    assert take(connection, "one", NOW, schema.window.c.source == "news") is None
    window = taken(connection)
    assert [take(connection, holder, NOW + TERM) for holder in ("one", "two")] == [None, None]
    assert queue.waiting(connection, "search", NOW + TERM) == []
    assert queue.waiting(connection, "search", NOW + TERM + 1) == [window]
    assert taken(connection, "one", NOW + TERM + 1) == window


def test_an_expired_lease_is_taken_over_where_it_stopped(connection: Connection) -> None:
    """At the page and with the resume that were committed; who had it before writes no more."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, resume="41")
    advance(connection, window.id, 2, resume="42", now=NOW + 50)
    assert take(connection, "two", NOW + 50 + TERM) is None
    over = taken(connection, "two", NOW + 51 + TERM)
    assert (over.id, over.cursor, over.resume) == (window.id, 2, "42")
    with pytest.raises(LostWindow):
        advance(connection, window.id, 3)
    for let_go in (queue.give_back, queue.fail):
        let_go(connection, window.id, "one", "budget", not_before=NOW)
    with pytest.raises(LostWindow):
        queue.split(connection, window.id, "one", NOW - 60, NOW)
    (row,) = rows(connection)
    assert (row.holder, row.cursor, row.attempts, row.why) == ("two", 2, 0, None)


def test_who_was_not_overtaken_goes_on(connection: Connection) -> None:
    """A slow page after the lease's end, and nobody else came: it counts."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, now=NOW + 10 * TERM)
    assert take(connection, "two", NOW + 11 * TERM) is None


def test_its_turn_comes_again_at_not_before(connection: Connection) -> None:
    """A window that failed, and one that was given back, is nobody's before its time."""
    plan(connection, NOW)
    for let_go, attempts in ((queue.fail, 1), (queue.give_back, 2)):
        let_go(connection, taken(connection).id, "one", "timeout", not_before=NOW + 60)
        assert take(connection, "one", NOW + 59) is None and queue.waiting(connection, "search", NOW + 59) == []
        assert taken(connection, "two", NOW + 60).attempts == attempts
        queue.free_of(connection, ["two"])
        connection.execute(sa.update(schema.window).values(not_before=0))


def test_what_ends_its_readers_comes_last(connection: Connection) -> None:
    """A window whose holder was found gone three times lets the others be read first."""
    plan(connection, NOW, "a", "b")
    for _ in range(3):
        assert taken(connection).lane == "a"
        queue.free_of(connection, ["one"])
    assert [taken(connection, holder).lane for holder in ("one", "two")] == ["b", "a"]


def test_what_others_hold_is_not_given_back(connection: Connection) -> None:
    """Windows and hosts of the holders that are named, and of them alone; where they stopped, others go on."""
    plan(connection, NOW, "a", "b", "c")
    for holder in ("one", "two", "three"):
        advance(connection, taken(connection, holder).id, 1, holder, resume="7")
        pace.hold_hosts(connection, [f"{holder}.example"], holder, now=NOW, until=NOW + TERM)
    assert queue.holders(connection) == {"one", "two", "three"}
    queue.free_of(connection, ["one", "three", "nobody"])
    assert queue.holders(connection) == {"two"}
    assert [(row.holder, row.state) for row in rows(connection)] == [
        (None, WAITING),
        ("two", READING),
        (None, WAITING),
    ]
    assert taken(connection, "four").cursor == 1
    assert pace.hold_hosts(connection, ["one.example", "three.example"], "four", now=NOW, until=NOW)
    assert not pace.hold_hosts(connection, ["two.example"], "four", now=NOW, until=NOW)


def test_what_waits_for_the_budget_waits_for_the_next_plan(connection: Connection) -> None:
    """Nobody counts with it in this round; with the next one it is there again."""
    plan(connection, NOW, "a", "b")
    first, second = queue.waiting(connection, "search", NOW)
    queue.set_why(connection, [first.id], "budget")
    assert queue.waiting(connection, "search", NOW) == [second]
    plan(connection, NOW + POLL, "a", "b")
    assert [stretch.id for stretch in queue.waiting(connection, "search", NOW)] == [first.id, second.id]


def test_only_what_waits_is_told_why(connection: Connection) -> None:
    """What is in hand, or done, keeps its own reason."""
    plan(connection, NOW, "a", "b")
    window = taken(connection)
    queue.set_why(connection, [row.id for row in rows(connection)], "budget")
    assert {row.id == window.id: row.why for row in rows(connection)} == {True: None, False: "budget"}


# -- reading -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cursor", "holder", "before"),
    [
        (1, "one", "again"),
        (3, "one", "a page is missing"),
        (2, "two", "another's"),
        (2, "one", "finished"),
        (2, "one", "given back"),
        (2, "one", None),
    ],
)
def test_only_the_holder_stores_only_the_next_page(
    connection: Connection, cursor: int, holder: str, before: str | None
) -> None:
    """Anything else is refused and leaves the row as it was; the next page by its holder is stored."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, done=before == "finished", resume="1")
    if before == "given back":
        queue.give_back(connection, window.id, "one", "budget")
    stands = rows(connection)
    if before is None:
        advance(connection, window.id, cursor, holder)
        assert [row.cursor for row in rows(connection)] == [2]
        return
    with pytest.raises(LostWindow):
        advance(connection, window.id, cursor, holder)
    assert rows(connection) == stands


def test_the_last_page_finishes(connection: Connection) -> None:
    """Nobody's any more, nothing left to go on with, no reason; there is nothing to read."""
    plan(connection, NOW)
    queue.fail(connection, taken(connection).id, "one", "timeout", not_before=0)
    window = taken(connection)
    advance(connection, window.id, 1, resume="12")
    assert [(row.resume, row.finished_at, row.why) for row in rows(connection)] == [("12", None, None)]
    advance(connection, window.id, 2, resume="13", done=True, now=NOW + 5)
    (row,) = rows(connection)
    assert (row.state, row.holder, row.resume, row.finished_at, row.cursor) == (FINISHED, None, "", NOW + 5, 2)
    assert take(connection, "one", NOW + REACH) is None


@pytest.mark.parametrize("resume", ["小龙虾", "wx999", "https://a.example/", "1" * 501])
def test_beside_posts_a_window_goes_on_with_numbers(connection: Connection, resume: str) -> None:
    """Words beside individuals' posts are refused, and so is what no column holds; of articles words may be kept."""
    plan(connection, NOW)
    window = taken(connection)
    post = Post(token=bytes(8), account=bytes(16), epoch="e", hour=0, text="小龙虾")
    words = Page(source="search", window=window.id, cursor=1, reads=Reads(), resume=resume, posts=(post,))
    with pytest.raises(ValueError, match="resume"):
        queue.advance(connection, words, "one", now=NOW, until=NOW)
    assert [row.cursor for row in rows(connection)] == [0]
    advance(connection, window.id, 1, resume=resume[:500])
    assert [row.resume for row in rows(connection)] == [resume[:500]]


def test_a_window_that_holds_too_much_is_read_in_two(connection: Connection) -> None:
    """Cut where the reader says, both free at once, the earlier first; only the later one grows."""
    plan(connection, NOW)
    queue.fail(connection, taken(connection).id, "one", "timeout", not_before=0)
    window = taken(connection)
    queue.split(connection, window.id, "one", NOW - 600, NOW)
    assert spans(connection) == [(-REACH, -600, WAITING, None), (-600, 0, WAITING, None)]
    assert taken(connection, "two").until == NOW - 600
    plan(connection, NOW + POLL)
    assert spans(connection) == [(-REACH, -600, READING, None), (-600, POLL, WAITING, None)]


@pytest.mark.parametrize("at", [-REACH - 1, -REACH, 0, 1])
def test_nothing_is_cut_at_its_ends(connection: Connection, at: int) -> None:
    """Or outside."""
    plan(connection, NOW)
    window = taken(connection)
    with pytest.raises(LostWindow):
        queue.split(connection, window.id, "one", NOW + at, NOW)
    advance(connection, window.id, 1, done=True)
    queue.hole(connection, window.id, NOW + at, "beyond_reach", NOW)
    assert spans(connection) == [(-REACH, 0, FINISHED, None)]


def test_what_was_begun_is_not_cut(connection: Connection) -> None:
    """Its pages would count for both halves. Nor does anybody else cut what one holds."""
    plan(connection, NOW)
    window = taken(connection)
    with pytest.raises(LostWindow):
        queue.split(connection, window.id, "two", NOW - 600, NOW)
    advance(connection, window.id, 1, resume="1")
    with pytest.raises(LostWindow):
        queue.split(connection, window.id, "one", NOW - 600, NOW)


def test_what_could_not_be_had_is_a_hole(connection: Connection) -> None:
    """Of a window that was read to its end, the part that the source no longer gave."""
    plan(connection, NOW)
    window = taken(connection)
    advance(connection, window.id, 1, done=True)
    queue.hole(connection, window.id, NOW - 600, "beyond_reach", NOW)
    assert spans(connection) == [(-REACH, -600, AGED_OUT, "beyond_reach"), (-600, 0, FINISHED, None)]
    plan(connection, NOW + POLL)
    assert spans(connection)[2:] == [(0, POLL, WAITING, None)]
