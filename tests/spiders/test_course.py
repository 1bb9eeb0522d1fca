"""Where a reading ends: in a circle, at its limit, with a hole; and what a feed or sitemap comes to."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from spiders.course import course
from spiders.edge import Edge
from spiders.harvest import Harvest
from spiders.listing import Sheet
from spiders.paging import Place
from spiders.plan import Cursor, Detail, Pages
from spiders.publisher import Publisher
from spiders.sifting import Sifted
from spiders.turn import Turn
from tests.support.paged import JSON_PLAN, entry, listed, reading
from tests.support.press import BODY, HOST, Memory, Press, article, read, window
from tests.support.talk import AT

# -- holes ---------------------------------------------------------------------------------------


def test_the_most_pages_end_a_window_with_a_hole(office: Edge) -> None:
    answers = {f"/list?p={n}": listed(n, n + 100, minutes=60 * n) for n in range(1, 9)}
    press, found = reading(office, Pages("p", max_pages=3), answers)
    assert len(press.asks) == 3
    assert found.done and found.beyond == AT - timedelta(minutes=180 + 103)


def test_a_pinned_entry_does_not_hide_the_hole(office: Edge) -> None:
    answers = {f"/list?p={n}": {"items": [entry(99, 9_000), entry(n, 60 * n)]} for n in range(1, 9)}
    _, found = reading(office, Pages("p", max_pages=3), answers)
    assert found.beyond == AT - timedelta(minutes=180)


def test_a_last_page_at_the_limit_leaves_no_hole(office: Edge) -> None:
    answers = {f"/list?p={n}": listed(n, pages=3) for n in (1, 2, 3)}
    _, found = reading(office, Pages("p", total_pages="pages", max_pages=3), answers)
    assert found.done and found.beyond is None


def test_a_last_page_that_reaches_back_leaves_no_hole(office: Edge) -> None:
    answers = {"/list?p=1": {"items": [entry(1, 5), entry(2, 60 * 40)]}, "/list?p=2": listed(3)}
    assert reading(office, Pages("p", max_pages=1), answers)[1].beyond is None
    shuffled = {"items": [entry(2, 60 * 40), entry(3, 60 * 40), entry(1, 5)]}
    found = reading(office, Pages("p", max_pages=1), answers | {"/list?p=1": shuffled})[1]
    assert found.beyond == AT - timedelta(minutes=5)


@pytest.mark.parametrize("most", range(1, 8))
def test_a_kill_does_not_close_a_hole(office: Edge, most: int) -> None:
    fields = {name: path for name, path in JSON_PLAN.map.items() if name != "text"}
    plan = replace(JSON_PLAN, map=fields, detail=Detail(), paging=Pages("p", max_pages=2))
    press = Press({f"/list?p={n}": listed(2 * n, 2 * n + 1) for n in range(1, 5)})
    press.answers |= {f"/a/{n}": article(n) for n in range(10)}
    cut = read(Publisher(plan), window(office, Memory()), press, most=most)
    # What was asked for at the first kill comes last; at the second one the page's last entry has been read.
    again = cut if cut.done else read(Publisher(plan), cut.task, press, most=2)
    end = again if again.done else read(Publisher(plan), again.task, press)
    assert end.done and end.beyond == AT - timedelta(minutes=35)


def test_a_feed_longer_than_is_read_leaves_a_hole(office: Edge) -> None:
    plan = replace(JSON_PLAN, kind="jsonfeed", url=f"{HOST}/feed.json")

    def feed(minutes: float) -> dict[str, object]:
        items = [
            {"id": f"g{n}", "url": f"{HOST}/a/{n}", "date_published": moment.isoformat(), "content_text": BODY}
            for n in range(2_001)
            for moment in [AT - timedelta(minutes=minutes * n)]
        ]
        return {"version": "https://jsonfeed.org/version/1.1", "title": "云岫", "items": items, "next_url": "/2"}

    assert reading(office, None, {"/feed.json": feed(0.1)}, plan)[1].beyond == AT - timedelta(minutes=199.9)
    assert reading(office, None, {"/feed.json": feed(1)}, plan)[1].beyond is None


def test_of_two_holes_the_later_end_counts(office: Edge) -> None:
    plan, task = replace(JSON_PLAN, kind="sitemap"), window(office, Memory())
    turn: Turn | None = Turn(place=Place(2, f"{HOST}/s1.xml"))
    for hours in (5, 3, 4, 100):
        assert turn
        oldest = AT - timedelta(hours=hours)
        turn = course(plan, task, turn, Sheet(cut=True), Sifted(Harvest(), oldest=oldest), turn.place.token)
    assert turn and turn.beyond == AT - timedelta(hours=3)
    whole = Sifted(Harvest(), oldest=AT, reaches_back=True)
    assert course(plan, task, turn, Sheet(cut=True), whole, turn.place.token) == turn


def test_entries_older_than_the_window_leave_no_hole(office: Edge) -> None:
    answers = {f"/list?p={n}": listed(n, minutes=100) for n in (1, 2, 3)}
    _, found = reading(office, Pages("p", max_pages=2), answers, hours=1)
    assert found.done and found.beyond is None


# -- going round ---------------------------------------------------------------------------------


def test_a_source_that_gives_the_same_page_again_is_left(office: Edge) -> None:
    press, found = reading(office, Pages("p"), {f"/list?p={n}": listed(1, 2) for n in range(1, 9)})
    assert len(press.asks) == 2
    assert found.done and found.beyond == AT - timedelta(minutes=32)


def test_a_source_that_goes_round_with_nothing_new_fails(office: Edge) -> None:
    memory, answers = Memory(), {f"/list?p={n}": listed(1, 2) for n in range(1, 9)}
    reading(office, Pages("p"), answers, memory=memory)
    press, found = reading(office, Pages("p"), answers, memory=memory)
    assert len(press.asks) == 2
    assert found.failure and found.failure.kind == "looping"


def test_pages_in_a_circle_are_left(office: Edge) -> None:
    answers = {f"/list?p={n}": listed(n % 3) for n in range(1, 9)}
    press, found = reading(office, Pages("p"), answers)
    assert len(press.asks) == 4 and found.done


def test_a_cursor_that_repeats_is_left(office: Edge) -> None:
    answers = {"/list": listed(1, c="x"), "/list?c=x": listed(2, c="y"), "/list?c=y": listed(3, c="x")}
    press, found = reading(office, Cursor("c", "c"), answers)
    assert press.asked == ["/list", "/list?c=x", "/list?c=y"]
    assert found.done and found.beyond == AT - timedelta(minutes=33)


def test_a_circle_is_left_with_its_hole_after_a_kill_too(office: Edge) -> None:
    plan = replace(JSON_PLAN, paging=Pages("p"))
    press = Press({f"/list?p={n}": listed(1, 2) for n in range(1, 9)})
    cut = read(Publisher(plan), window(office, Memory()), press, most=1)
    rest = read(Publisher(plan), cut.task, press)
    assert rest.done and rest.read == 0 and rest.beyond == AT - timedelta(minutes=32)


def test_without_the_guard_the_circle_would_be_walked_to_the_limit(office: Edge) -> None:
    """The arm without: pages whose entries always are new."""
    answers = {f"/list?p={n}": listed(n) for n in range(1, 60)}
    press, _ = reading(office, Pages("p", max_pages=50), answers)
    assert len(press.asks) == 50


# -- lists that never have a second page ---------------------------------------------------------


def test_a_list_of_the_latest_that_does_not_reach_back_leaves_a_hole(office: Edge) -> None:
    memory = Memory()
    _, found = reading(office, None, {"/list": listed(1, 2, 3)}, memory=memory)
    assert found.done and found.beyond == AT - timedelta(minutes=33)
    # What was read before proves that nothing lies between.
    _, again = reading(office, None, {"/list": listed(9, 2, 3)}, memory=memory)
    assert again.keys == ["town:9"] and again.beyond is None
    _, old = reading(office, None, {"/list": {"items": [entry(1, 10), entry(2, 60 * 40)]}})
    assert old.beyond is None


def test_feeds_and_their_pages(office: Edge) -> None:
    plan = replace(JSON_PLAN, kind="jsonfeed", url=f"{HOST}/feed.json", detail=None)

    def feed(*numbers: int, **more: object) -> dict[str, object]:
        items = [
            {
                "id": f"g{n}",
                "url": f"{HOST}/a/{n}",
                "title": f"第{n}号",
                "content_text": f"{n}{BODY}",
                "date_published": (AT - timedelta(minutes=n)).isoformat(),
            }
            for n in numbers
        ]
        return {"version": "https://jsonfeed.org/version/1.1", "title": "云岫", "items": items, **more}

    answers = {"/feed.json": feed(1, 2, next_url=f"{HOST}/feed.json?p=2"), "/feed.json?p=2": feed(3)}
    press, found = reading(office, None, answers, plan)
    assert press.asked == ["/feed.json", "/feed.json?p=2"]
    assert found.keys == ["town:g1", "town:g2", "town:g3"] and found.beyond is None
    assert reading(office, None, {"/feed.json": feed(1, 2)}, plan)[1].beyond == AT - timedelta(minutes=2)
    bridge = feed(1, generator="rsshub")
    refused = reading(office, None, {"/feed.json": json.dumps(bridge)}, plan)[1]
    assert refused.failure and refused.failure.kind == "bridge"


def test_all_sitemaps_of_an_index_are_read_and_a_kill_loses_none(office: Edge) -> None:
    plan = replace(JSON_PLAN, kind="sitemap", url=f"{HOST}/sitemap.xml", detail=Detail("article .content"))
    xmlns = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'

    def stamp(n: int) -> str:
        return (AT - timedelta(hours=n)).isoformat()

    def site() -> Press:
        names = "".join(
            f"<sitemap><loc>{HOST}/s{n}.xml</loc><lastmod>{stamp(n)}</lastmod></sitemap>" for n in (1, 2, 3)
        )
        answers: dict[str, object] = {"/sitemap.xml": f"<sitemapindex {xmlns}>{names}</sitemapindex>"}
        for n in (1, 2, 3):
            urls = "".join(
                f"<url><loc>{HOST}/article/{k}</loc><lastmod>{stamp(n)}</lastmod></url>" for k in (n, n + 10)
            )
            answers[f"/s{n}.xml"] = f"<urlset {xmlns}>{urls}</urlset>"
        return Press(answers | {f"/article/{k}": article(k) for k in range(20)})

    press = site()
    press.headers["/sitemap.xml"] = {"etag": '"a"'}
    memory = Memory()
    whole = read(Publisher(plan), window(office, memory), press)
    assert whole.done and len(whole.keys) == 6 and not memory.visits
    assert [one.title for one in whole.articles][:1] == ["第1号公告"]
    for most in range(1, len(whole.steps)):
        press, memory = site(), Memory()
        cut = read(Publisher(plan), window(office, memory), press, most=most)
        rest = read(Publisher(plan), cut.task, press)
        assert rest.done and sorted(cut.keys + rest.keys) == sorted(whole.keys)
        assert len(press.asks) <= len(whole.steps) + 2


def test_entries_of_a_sitemap_without_a_date_are_not_read(office: Edge) -> None:
    """The whole site would be asked for, however old it is."""
    plan, memory = (
        replace(JSON_PLAN, kind="sitemap", url=f"{HOST}/sitemap.xml", detail=Detail("article .content")),
        Memory(),
    )
    urls = "".join(f"<url><loc>{HOST}/article/{n}</loc></url>" for n in (1, 2))
    dated = f"<url><loc>{HOST}/article/3</loc><lastmod>{AT.date()}</lastmod></url>"
    answers = {"/sitemap.xml": f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{dated}{urls}</urlset>"}
    press = Press({**answers, "/article/3": article(3)})
    found = read(Publisher(plan), window(office, memory), press)
    assert press.asked == ["/sitemap.xml", "/article/3"]
    assert (len(found.articles), found.dropped) == (1, {"malformed": 2})
    assert read(Publisher(plan), window(office, memory), press).read == 0


def test_a_date_alone_stands_for_its_whole_day(office: Edge) -> None:
    """What is dated today may be younger than a window that began at noon."""
    plan = replace(JSON_PLAN, formats=("%Y-%m-%d",))
    answers = {f"/list?p={n}": {"items": [{**entry(n), "at": "2026-11-23"}]} for n in range(1, 4)}
    press, found = reading(office, Pages("p"), answers, plan, hours=2)
    assert len(press.asks) == 4 and len(found.keys) == 3
    answers = {f"/list?p={n}": {"items": [{**entry(n), "at": "2026-11-22"}]} for n in range(1, 4)}
    press, found = reading(office, Pages("p"), answers, plan, hours=2)
    assert len(press.asks) == 1 and found.beyond is None
