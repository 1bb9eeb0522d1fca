"""What a reading costs: kills, conditional questions, missing pages; and every conversation ends within its rules."""

from dataclasses import astuple, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.page import Visit
from spiders.conversation import Ask, Reply
from spiders.edge import Edge
from spiders.plan import Cursor, Days, Offset, Pages, Paging
from spiders.publisher import Publisher
from tests.support.app import LOGIN, MAP, PLAN, entry, listed, once, page, site
from tests.support.press import BODY, HOST, PERSON, Memory, Press, Reading, ago, article, read, window

# -- withdrawn articles --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
def test_an_article_that_was_read_and_is_gone_leaves_a_tombstone(office: Edge, status: int) -> None:
    memory = Memory()
    once(office, site(listed(entry(1, 300))), memory=memory)
    press = site(listed(entry(1, 300, updatedAt=ago(5))))
    press.answers["/article/1"] = status
    found = once(office, press, memory=memory)
    assert [(one.key, one.status, one.text, one.title) for one in found.articles] == [("town:1", "deleted", "", "")]
    assert once(office, press, memory=memory).read == 0


def test_an_article_that_never_was_there_is_counted_once(office: Edge) -> None:
    memory, press = Memory(), site(listed(entry(1, 300)))
    press.answers["/article/1"] = 404
    assert once(office, press, memory=memory).dropped == {"not_public": 1}
    assert once(office, press, memory=memory).read == 0


def test_a_page_may_lag_behind_its_list(office: Edge) -> None:
    memory, press = Memory(), site(listed(entry(1, 5), entry(2)))
    press.headers[page(1)] = {"etag": '"a"'}
    press.answers["/article/1"] = 404
    assert once(office, press, memory=memory).keys == ["town:2"]
    assert not memory.visits
    press.answers["/article/1"] = article(1)
    assert once(office, press, memory=memory).keys == ["town:1"]


# -- conditional questions -----------------------------------------------------------------------


def test_a_list_that_has_not_changed_is_not_read_again(office: Edge) -> None:
    memory, press = Memory(), site(listed(entry(1), entry(2)))
    press.headers[page(1)] = {"etag": 'W/"abc"', "last-modified": "Mon, 23 Nov 2026 01:00:00 GMT"}
    first = once(office, press, memory=memory)
    visit = Visit(HOST + page(1), 'W/"abc"', "Mon, 23 Nov 2026 01:00:00 GMT")
    assert [page.visits for page in first.pages] == [(), (), (visit,)]
    press.asks.clear()
    second = once(office, press, memory=memory)
    assert dict(press.asks[0].headers) == {"If-None-Match": visit.etag, "If-Modified-Since": visit.last_modified}
    assert (len(press.asks), second.done, second.read, second.beyond) == (1, True, 0, None)


def test_a_list_that_was_read_by_half_is_asked_for_without_conditions(office: Edge) -> None:
    memory, press = Memory(), site(listed(entry(1), entry(2)))
    press.headers[page(1)] = {"etag": '"a"'}
    cut = read(Publisher(PLAN), window(office, memory), press, most=2)
    assert not memory.visits
    memory.visits[HOST + page(1)] = Visit(HOST + page(1), '"before"')
    press.asks.clear()
    rest = read(Publisher(PLAN), cut.task, press)
    assert not press.asks[0].headers and rest.keys == ["town:2"]


@pytest.mark.parametrize("etag", ["abc", '"' + "x" * 300 + '"', '"a\nb"', '"é"'])
def test_validators_that_can_not_be_kept_are_not(office: Edge, etag: str) -> None:
    memory, press = Memory(), site(listed(entry(1)))
    press.headers[page(1)] = {"etag": etag}
    once(office, press, memory=memory)
    assert not memory.visits


# -- kills ---------------------------------------------------------------------------------------


def long_site() -> Press:
    def records(p: int) -> list[dict[str, Any]]:
        return [*(entry(10 * p + n, 10 * p + n) for n in range(5)), entry(90 + p, listTitle=...)]

    return site(*(listed(*records(p), pages=3) for p in (1, 2, 3)))


@pytest.mark.parametrize("most", range(18))
def test_after_a_kill_nothing_is_lost_or_counted_twice(office: Edge, most: int) -> None:
    whole = once(office, long_site())
    memory, press = Memory(), long_site()
    first = read(Publisher(PLAN), window(office, memory), press, most=most)
    rest = read(Publisher(PLAN), first.task, press)
    assert rest.done
    assert sorted(first.keys + rest.keys) == sorted(whole.keys) and len(whole.keys) == 15
    assert first.read + rest.read == whole.read == 18
    details = [path for path in press.asked if path.startswith("/article")]
    assert len(details) == len(set(details))
    assert len(press.asks) <= len(whole.steps) + 1


def test_a_resume_of_another_configuration_begins_anew(office: Edge) -> None:
    for resume in ("", "x", "999 0 0 - 1 3", "2 0 0 - 1 https://evil.example/", "2 0 0 - 1 -7", "0 0 0 - 1 1"):
        task = replace(window(office, Memory()), resume=resume, cursor=3)
        assert Publisher(PLAN).begin(task).url == HOST + page(1)


def test_one_broken_page_holds_up_neither_the_others_nor_the_window(office: Edge) -> None:
    """A host's failure ends the conversation: what was asked for last comes last, and three times at most."""
    memory, press = Memory(), site(listed(entry(1), entry(2), entry(3)))
    reader, task, tries = Publisher(PLAN), window(office, memory), 0
    keys: list[str] = []
    read_so_far: list[int] = []
    for _ in range(8):
        reading = read_until(reader, task, press, broken="/article/1")
        keys += reading.keys
        tries += press.asked.count("/article/1")
        press.asks.clear()
        task = reading.task
        read_so_far.append(len(keys))
        if reading.done:
            break
    assert reading.done
    assert (keys, tries) == (["town:2", "town:3"], 3)
    assert read_so_far[:2] == [0, 2]
    assert once(office, press, memory=memory).keys == ["town:1"]


def read_until(reader: Publisher, task: Any, press: Press, broken: str) -> Reading:
    """Read until the page ``broken`` is asked for, which the host answers with an error."""

    class Stop(Exception):
        pass

    class Broken(Press):
        def reply(self, ask: Ask) -> Reply:
            given = super().reply(ask)
            if ask.url.endswith(broken):
                raise Stop
            return given

    found = Reading(task)
    behind = Broken(press.answers, asks=press.asks)
    ask: Ask | None = reader.begin(task)
    while ask is not None:
        try:
            given = behind.reply(ask)
        except Stop:
            return found
        step = reader.answer(found.task, ask, given)
        found.steps.append(step)
        assert step.page and isinstance(task.memory, Memory)
        task.memory.known.update((one.key, one.stamp) for one in step.page.known)
        found.task = replace(found.task, cursor=step.page.cursor, resume=step.page.resume)
        ask = step.then
    return found


# -- every conversation --------------------------------------------------------------------------

PAGINGS = st.sampled_from(
    [
        None,
        Pages("p", total_pages="data.pages", max_pages=6),
        Pages("p", start=0, max_pages=6),
        Offset("o", 5, max_pages=6),
        Cursor("data.cursor", "c", max_pages=6),
        Days("from", "to"),
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)
)
LINKS = [f"{HOST}/a", "https://other.example/b", "javascript:x", "", "//app.example/c", "http://[x", 5]
RECORD = st.builds(
    entry,
    st.integers(1, 12),
    st.sampled_from([1, 50, 500, 5000, 50_000]),
    listTitle=st.sampled_from(["题", "", ...]),
    url=st.sampled_from(LINKS),
    updatedAt=st.sampled_from([..., ago(3), "昨天"]),
    originalId=st.sampled_from([..., 3, None]),
    channelName=st.sampled_from([..., "要闻", "社区"]),
)
LISTS = st.builds(
    lambda records, cursor, pages: {"code": 0, "data": {"records": records, "cursor": cursor, "pages": pages}},
    st.lists(RECORD | JSON, max_size=6),
    st.sampled_from(["a", "b", 7, None]),
    st.integers(0, 9),
)
PAGES = st.sampled_from([article(1), article(1, "短"), LOGIN, "", 404, 410])


class Wild(Press):
    """Answers with whatever comes next."""

    def __init__(self, lists: list[Any], pages: list[Any]) -> None:
        super().__init__()
        self._lists, self._pages = lists, pages

    def reply(self, ask: Ask) -> Reply:
        bodies = self._lists if "/list" in ask.url else self._pages
        self.default = bodies[len(self.asks) % len(bodies)]
        return super().reply(ask)


@settings(deadline=None)
@given(
    PAGINGS, st.lists(LISTS | JSON, min_size=1, max_size=4), st.lists(PAGES, min_size=1, max_size=4), st.integers(1, 30)
)
def test_every_conversation_ends_within_its_rules(
    office: Edge, paging: Paging | None, lists: list[Any], pages: list[Any], most: int
) -> None:
    plan = replace(PLAN, paging=paging)
    task = window(office, Memory())
    first = read(Publisher(plan), task, Wild(lists, pages), most=most)
    found = first if first.done or first.failure else read(Publisher(plan), first.task, Wild(lists, pages))
    assert found.done or found.failure
    both = first.pages if found is first else [*first.pages, *found.pages]
    seen = [(known.key, known.stamp) for page in both for known in page.known]
    assert len(seen) == len(set(seen))


def test_nobodys_name_is_in_any_page(office: Edge) -> None:
    plan = replace(PLAN, map=MAP | {"text": "content"})
    signed = f"{BODY}\n来源：云岫融媒 记者 {PERSON}\n作者：{PERSON}"
    press = site(listed(entry(1, author=PERSON), entry(2, content=signed)))
    found = once(office, press, plan)
    assert len(found.articles) == 2
    assert PERSON not in repr([astuple(page) for page in found.pages]) + repr(found.steps) + repr(press.asks)
