"""Every form of paging: what is asked, where it ends, what a list that goes round or ends too early comes to."""

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from spiders.edge import Edge
from spiders.plan import Cursor, Days, Detail, Links, Offset, Pages, Plan
from spiders.publisher import Publisher
from tests.support.paged import HTML_PLAN, JSON_PLAN, entry, html_page, listed, next_link, reading
from tests.support.press import HOST, Memory, Press, Reading, ago, article, read, window
from tests.support.talk import AT, params

# -- pages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "tokens"), [(1, "123"), (0, "012")])
def test_pages_are_asked_up_to_their_number(office: Edge, start: int, tokens: str) -> None:
    answers = {f"/list?p={token}": listed(int(token) + 1, pages=3) for token in tokens}
    press, found = reading(office, Pages("p", start=start, total_pages="pages"), answers)
    assert press.asked == [f"/list?p={token}" for token in tokens]
    assert found.done and len(found.keys) == 3 and found.beyond is None


def test_without_their_number_pages_end_with_an_empty_one(office: Edge) -> None:
    answers = {"/list?p=1": listed(1, 2), "/list?p=2": listed(3), "/list?p=3": listed()}
    press, found = reading(office, Pages("p"), answers)
    assert len(press.asks) == 3 and len(found.keys) == 3 and found.beyond is None


def test_a_page_that_is_missing_past_the_first_is_the_end(office: Edge) -> None:
    _, found = reading(office, Pages("p"), {"/list?p=1": listed(1)})
    assert found.done and found.keys == ["town:1"]


def test_a_page_older_than_the_window_ends_it_and_one_old_entry_does_not(office: Edge) -> None:
    pinned = {"items": [entry(1, 9_000), entry(2, 10)]}
    answers = {"/list?p=1": pinned, "/list?p=2": listed(3, minutes=100), "/list?p=3": listed(4, 5, minutes=200)}
    press, found = reading(office, Pages("p"), answers | {"/list?p=4": listed(6)}, hours=1)
    assert len(press.asks) == 3
    assert found.done and found.beyond is None
    # The window begins an hour ago, the overlap is two hours: what is older is read too, where it is met.
    assert sorted(found.keys) == ["town:1", "town:2", "town:3", "town:4", "town:5"]


@pytest.mark.parametrize("minutes", [120 + 59, 120 + 61])
def test_the_overlap_is_exact(office: Edge, minutes: float) -> None:
    answers = {"/list?p=1": {"items": [entry(1, minutes)]}, "/list?p=2": listed(2)}
    press, _ = reading(office, Pages("p"), answers, hours=1)
    assert len(press.asks) == (3 if minutes < 180 else 1)


# -- offsets and cursors -------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "tokens"), [(0, [0, 20, 40]), (1, [1, 21, 41])])
def test_offsets_grow_by_the_step_and_a_short_page_is_not_the_last(office: Edge, start: int, tokens: list[int]) -> None:
    answers = {f"/list?o={token}": listed(token + 1) for token in tokens[:2]} | {f"/list?o={tokens[2]}": listed()}
    press, found = reading(office, Offset("o", 20, start=start), answers)
    assert press.asked == [f"/list?o={token}" for token in tokens]
    assert found.done and len(found.keys) == 2


@pytest.mark.parametrize("end", [None, "", 0, "0", -1, False, [], {}])
def test_a_cursor_that_is_none_is_the_end(office: Edge, end: object) -> None:
    answers = {"/list": listed(1, next={"c": "a b&c"}), "/list?c=a+b%26c": listed(2, next={"c": end})}
    press, found = reading(office, Cursor("next.c", "c"), answers)
    assert len(press.asks) == 2 and params(press.asks[1]) == {"c": "a b&c"}
    assert found.done and found.keys == ["town:1", "town:2"] and found.beyond is None


def test_an_empty_page_with_a_cursor_is_not_the_last(office: Edge) -> None:
    answers = {"/list": listed(1, c="x"), "/list?c=x": listed(c="y"), "/list?c=y": listed(2)}
    assert reading(office, Cursor("c", "c"), answers)[1].keys == ["town:1", "town:2"]


def test_a_key_of_the_last_entry_may_be_the_cursor(office: Edge) -> None:
    answers = {"/list": listed(1, 2), "/list?start=2": listed(3), "/list?start=3": listed()}
    press, _ = reading(office, Cursor("items[-1].id", "start"), answers)
    assert press.asked == ["/list", "/list?start=2", "/list?start=3"]


def test_a_cursor_too_long_to_be_kept_is_not_followed(office: Edge) -> None:
    press, found = reading(office, Cursor("c", "c"), {"/list": listed(1, c="x" * 401)})
    assert len(press.asks) == 1 and found.done


# -- links ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    ["index_2.html", "/news/index_2.html", f"{HOST}/news/index_2.html", "http://app.example/news/index_2.html#top"],
)
def test_links_are_followed_on_the_same_host(office: Edge, link: str) -> None:
    plan = replace(HTML_PLAN, url=f"{HOST}/news/index.html")
    answers: dict[str, object] = {
        "/news/index.html": html_page(1, head=next_link(link)),
        "/news/index_2.html": html_page(2),
    }
    press, found = reading(office, plan.paging, answers, plan)
    assert press.asked == ["/news/index.html", "/news/index_2.html"]
    assert found.done and len(found.keys) == 2 and found.beyond is None


def test_a_next_page_on_another_host_is_a_hole(office: Edge) -> None:
    answers: dict[str, object] = {"/list": html_page(1, head=next_link("https://other.example/list"))}
    press, found = reading(office, Links(), answers, HTML_PLAN)
    assert len(press.asks) == 1
    assert found.done and found.beyond == AT - timedelta(minutes=31)


@pytest.mark.parametrize("link", ["http://[broken", "javascript:next()", "", "/list"])
def test_a_link_that_leads_nowhere_new_ends_the_reading(office: Edge, link: str) -> None:
    press, found = reading(office, Links(), {"/list": html_page(1, head=next_link(link))}, HTML_PLAN)
    assert len(press.asks) <= 2 and found.done


@pytest.mark.parametrize(
    "header",
    ['</list?p=2>; rel="next"', '</x>; rel="prev", </list?p=2>; rel=next', '</list?p=2>; title="a"; rel="last next"'],
)
def test_the_header_may_name_the_next_page(office: Edge, header: str) -> None:
    answers = {"/list": listed(1), "/list?p=2": listed(2)}
    press, found = reading(office, Links(), answers, headers={"/list": {"link": header}})
    assert press.asked == ["/list", "/list?p=2"] and len(found.keys) == 2


def test_json_may_name_the_next_page(office: Edge) -> None:
    answers = {"/list": listed(1, next_url="/list?p=2"), "/list?p=2": listed(2, next_url=5)}
    press, _ = reading(office, Links(), answers)
    assert press.asked == ["/list", "/list?p=2"]


def test_a_secret_that_a_source_repeats_in_a_link_is_taken_out(office: Edge) -> None:
    answers = {"/list": listed(1, next_url="/list?appkey=SECRET&p=2"), "/list?p=2": listed(2)}
    press, found = reading(office, Links(), answers, plan_changes={"private": {"appkey": "SECRET"}})
    assert press.asked == ["/list", "/list?p=2"]
    assert [dict(ask.private) for ask in press.asks] == [{"appkey": "SECRET"}] * 2
    assert "SECRET" not in repr(found.steps) + repr([page.resume for page in found.pages])


def test_a_reading_goes_on_at_a_stored_link(office: Edge) -> None:
    answers: dict[str, object] = {f"/list?p={n}": html_page(n, head=next_link(f"/list?p={n + 1}")) for n in range(2, 5)}
    press = Press(answers | {"/list": html_page(1, head=next_link("/list?p=2"))})
    cut = read(Publisher(HTML_PLAN), window(office, Memory()), press, most=2)
    press.asks.clear()
    rest = read(Publisher(HTML_PLAN), cut.task, press)
    assert press.asked == ["/list?p=3", "/list?p=4", "/list?p=5"]
    assert rest.done and len(cut.keys + rest.keys) == 4


# -- days ----------------------------------------------------------------------------------------

DAYS = Days("from", "to")


def test_days_are_asked_one_by_one_up_to_the_window(office: Edge) -> None:
    press = Press(default=listed())
    read(Publisher(replace(JSON_PLAN, paging=DAYS)), window(office, Memory(), hours=30), press)
    assert [tuple(params(ask).values()) for ask in press.asks] == [
        ("2026-11-22", "2026-11-23"),
        ("2026-11-23", "2026-11-24"),
    ]


def test_a_day_without_articles_does_not_end_the_window(office: Edge) -> None:
    answers = {
        "/list?from=20261122&to=20261123": {"items": []},
        "/list?from=20261123&to=20261124": listed(1),
    }
    press, found = reading(office, Days("from", "to", "%Y%m%d"), answers, hours=24)
    assert len(press.asks) == 2 and found.keys == ["town:1"] and found.beyond is None


def test_an_old_page_does_not_end_days(office: Edge) -> None:
    press = Press(default=listed(1, minutes=5 * 24 * 60))
    found = read(Publisher(replace(JSON_PLAN, paging=DAYS)), window(office, Memory(), hours=48), press)
    assert len(press.asks) == 3 and found.done


def test_days_before_the_oldest_article_that_is_read_are_not_asked_for(office: Edge) -> None:
    press = Press(default=listed())
    read(Publisher(replace(JSON_PLAN, paging=DAYS)), window(office, Memory(), hours=24 * 100), press)
    assert len(press.asks) == 8
    assert params(press.asks[0])["from"] == "2026-11-16"


def test_a_day_goes_on_after_a_kill(office: Edge) -> None:
    plan, press = replace(JSON_PLAN, paging=DAYS), Press(default=listed())
    cut = read(Publisher(plan), window(office, Memory(), hours=48), press, most=1)
    press.asks.clear()
    read(Publisher(plan), cut.task, press)
    assert [params(ask)["from"] for ask in press.asks] == ["2026-11-22", "2026-11-23"]


def test_days_are_those_of_the_zone(office: Edge) -> None:
    task = replace(window(office, Memory()), since=datetime.fromisoformat("2026-11-22T18:00:00+00:00"))
    press = Press(default=listed())
    read(Publisher(replace(JSON_PLAN, paging=DAYS)), task, press)
    assert [params(ask)["from"] for ask in press.asks] == ["2026-11-23"]


def test_a_window_that_ends_at_midnight_does_not_reach_into_the_day(office: Edge) -> None:
    midnight = AT.replace(hour=0)
    task = replace(window(office, Memory()), since=midnight - timedelta(hours=3), until=midnight)
    press = Press(default=listed())
    read(Publisher(replace(JSON_PLAN, paging=DAYS)), task, press)
    assert [params(ask)["from"] for ask in press.asks] == ["2026-11-22"]


def test_days_are_never_asked_conditionally(office: Edge) -> None:
    memory, press = Memory(), Press(default=listed())
    plan = replace(JSON_PLAN, paging=DAYS)
    for day in (22, 23):
        press.headers[f"/list?from=2026-11-{day}&to=2026-11-{day + 1}"] = {"etag": '"a"'}
    read(Publisher(plan), window(office, memory), press)
    assert not memory.visits and not any(ask.headers for ask in press.asks)


# -- jpage ---------------------------------------------------------------------------------------

JPAGE = replace(
    HTML_PLAN,
    kind="xml_list",
    url="https://app.example/module/web/jpage/dataproxy.jsp",
    params={"col": "1", "columnid": "{channel}", "perpage": "20", "unitid": "9"},
    channels=("12",),
    items="record",
    map={"url": "a::attr(href)", "title": "a::attr(title)", "published": "span"},
    detail=Detail("#zoom"),
    paging=Offset("startrecord", 2, start=1),
)


def records(*numbers: int, total: int | None = None) -> str:
    inner = "".join(
        f"<record><![CDATA[<li><a href='/art/{n}.html' title='第{n}号&amp;公告'>第…</a>"
        f"<span>{ago(n)}</span></li>]]></record>"
        for n in numbers
    )
    counts = f"<totalrecord>{total}</totalrecord><totalpage>9</totalpage>" if total is not None else ""
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<datastore>{counts}<recordset>{inner}</recordset></datastore>"


def jpage(office: Edge, plan: Plan, *bodies: str) -> tuple[Press, Reading]:
    press = Press({f"/art/{n}.html": article(n).replace("class='content'", "id='zoom'") for n in range(9)})
    path = "/module/web/jpage/dataproxy.jsp"
    for n, body in enumerate(bodies):
        name = f"{path}?startrecord={2 * n + 1}&endrecord={2 * n + 2}&perpage=20"
        press.answers[name] = body
        press.headers[name] = {"etag": '"a"'}
    return press, read(Publisher(plan), window(office, Memory(), lane="12"), press)


def test_a_jpage_list_is_asked_by_post(office: Edge) -> None:
    press, found = jpage(office, JPAGE, records(1, 2, total=3), records(3, total=3))
    posts = [ask for ask in press.asks if ask.method == "POST"]
    assert len(posts) == 2 and len(press.asks) == 5
    assert not any(page.visits for page in found.pages)
    assert dict(parse_qsl(posts[0].body.decode())) == {"col": "1", "columnid": "12", "unitid": "9"}
    assert posts[0].headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert params(posts[1]) == {"startrecord": "3", "endrecord": "4", "perpage": "20"}
    assert found.done and [one.title for one in found.articles] == ["第1号&公告", "第2号&公告", "第3号&公告"]
    assert found.articles[0].link == f"{HOST}/art/1.html"


def test_without_its_count_a_jpage_list_ends_with_an_empty_answer(office: Edge) -> None:
    press, found = jpage(office, JPAGE, records(1, 2), records(3), records())
    assert len([ask for ask in press.asks if ask.method == "POST"]) == 3
    assert found.done and len(found.keys) == 3


def test_without_paging_a_jpage_list_is_asked_for_its_first_records(office: Edge) -> None:
    press, found = jpage(office, replace(JPAGE, paging=None))
    assert params(press.asks[0]) == {"startrecord": "1", "endrecord": "60", "perpage": "20"}
    assert found.failure
