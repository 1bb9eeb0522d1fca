"""JSON Feed: what is required, what becomes of an item, and that nobody is named."""

import json
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.bridge import BridgeRefused
from spiders.edge import Refusal
from spiders.feed import LONGEST_BODY, MOST_ENTRIES, Feed
from tests.support.effort import is_linear
from tests.support.feed_samples import AUTHOR, HTML, PLAIN, WORDS, fault, read

PUBLISHED = "2026-11-23T09:12:05+08:00"


def document(*items: object, **changes: Any) -> str:
    """A feed of one page; a field set to ``...`` is left out."""
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "云岫发布",
        "home_page_url": "https://news.yunxiu.example/",
        "authors": [{"name": AUTHOR}],
        "items": list(items),
    }
    return json.dumps({name: value for name, value in (whole | changes).items() if value is not ...})


def item(**changes: Any) -> dict[str, Any]:
    whole = {
        "id": "yx-1",
        "url": "https://news.yunxiu.example/a/1?b=1&c=2#top",
        "external_url": "https://elsewhere.example/",
        "title": "停水公告",
        "content_html": HTML,
        "summary": "摘要",
        "date_published": PUBLISHED,
        "author": {"name": AUTHOR},
        "authors": [{"name": AUTHOR, "url": f"https://news.yunxiu.example/{AUTHOR}"}],
        "tags": ["水"],
    }
    return {name: value for name, value in (whole | changes).items() if value is not ...}


def test_an_item() -> None:
    feed = read(document(item()), "jsonfeed")
    assert feed == Feed(entries=(PLAIN,))
    assert AUTHOR not in repr(astuple(feed))


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "/a/1?b=1&c=2"},
        {"content_html": ..., "content_text": f"{WORDS}\n记者：{AUTHOR}"},
        {"content_html": "获取全文失败，请重试~", "content_text": WORDS},
        {"content_html": ..., "summary": WORDS},
        {"title": " 停水公告\n"},
    ],
)
def test_other_ways_to_write_the_same_item(changes: dict[str, Any]) -> None:
    assert read(document(item(**changes)), "jsonfeed").entries == (PLAIN,)


def test_plain_text_is_no_markup() -> None:
    plain = item(title="<b>", content_html=..., content_text=f"{WORDS}\n<b>a</b> & b")
    (entry,) = read(document(plain), "jsonfeed").entries
    assert (entry.title, entry.text) == ("<b>", f"{WORDS}\n<b>a</b> & b")


@pytest.mark.parametrize(
    "html",
    [..., None, "", "<p>见下图</p>", "环境异常，去验证", f"<![CDATA[{WORDS}]]>", "水" * (LONGEST_BODY + 1)],
)
def test_a_body_that_is_none_is_never_a_text(html: Any) -> None:
    assert read(document(item(content_html=html)), "jsonfeed").entries[0].text is None


def test_version_1_and_a_mark_of_utf_8() -> None:
    body = document(item(), version="https://jsonfeed.org/version/1")
    assert read(b"\xef\xbb\xbf" + body.encode(), "jsonfeed").entries == (PLAIN,)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (document(item(), version="https://jsonfeed.org/version/2"), "bad_field"),
        (document(item(), version=...), "bad_field"),
        (document(item(), version=1), "bad_field"),
        (document(item(), title=...), "bad_field"),
        (document(item(), title=5), "bad_field"),
        (document(items=...), "bad_field"),
        (document(items={}), "bad_field"),
        (document(item(), next_url=5), "bad_field"),
        ("[]", "not_an_object"),
        (document(item())[:-1], "not_json"),
        ("<rss/>", "not_json"),
        ('{"a": NaN}', "not_json"),
        ("[" * 100_000, "too_deep"),
    ],
)
def test_what_is_no_json_feed_is_refused(body: str, expected: str) -> None:
    assert fault(body, "jsonfeed") == expected


def test_json_in_another_encoding_is_refused() -> None:
    body = json.dumps({"title": "云岫"}, ensure_ascii=False).encode("gb18030")
    assert fault(body, "jsonfeed") == "bad_encoding"


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        5,
        [],
        {},
        item(id=5.5),
        item(id=True),
        item(id=["yx-1"]),
        item(url=5),
        item(title=["停水"]),
        item(content_html={}),
        item(date_published=1795395600),
        item(id=..., url=...),
        item(url=..., content_html=...),
        item(url="javascript:alert(1)", content_html=...),
    ],
)
def test_an_item_that_can_not_be_read_is_a_fault_and_no_more(wrong: object) -> None:
    feed = read(document(wrong, item()), "jsonfeed")
    assert (feed.entries, feed.faults) == ((PLAIN,), 1)


def test_ids() -> None:
    """A whole number is one; without a link an id and a text are enough."""
    feed = read(document(item(id=9007199254740993), item(id=...), item(url=...)), "jsonfeed")
    assert [(entry.id, bool(entry.url)) for entry in feed.entries] == [
        ("9007199254740993", True),
        ("", True),
        ("yx-1", False),
    ]


def test_dates() -> None:
    dates = [
        PUBLISHED,
        "2026-11-23T01:12:05Z",
        "2026-11-23T09:12:05",
        "2026-11-23",
        "刚刚",
        "2028-01-01T00:00:00Z",
        None,
    ]
    feed = read(document(*(item(date_published=date) for date in dates)), "jsonfeed")
    assert [entry.published for entry in feed.entries] == [PLAIN.published] * 3 + [None] * 4
    assert (feed.naive_dates, feed.faults) == (1, 0)
    (entry,) = read(document(item(date_modified="2026-11-23T01:30:00Z")), "jsonfeed").entries
    assert entry.updated == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def test_the_next_page() -> None:
    assert (
        read(document(next_url="/feed.json?page=2"), "jsonfeed").next == "https://news.yunxiu.example/feed.json?page=2"
    )
    assert read(document(next_url="file:///feed.json"), "jsonfeed").next == ""


def test_unknown_fields_are_named_by_plain_words_only() -> None:
    feed = read(document(item(readCount=5, 田小禾=1), item(_yunxiu={}), hot=1), "jsonfeed")
    assert feed.unknown == {"read_count", "hot", "other"}


def test_more_items_than_are_read_are_counted() -> None:
    feed = read(document(*[item()] * MOST_ENTRIES, *[5] * 7), "jsonfeed")
    assert (len(feed.entries), feed.cut, feed.faults) == (MOST_ENTRIES, 7, 0)


def test_a_tag_of_many_attributes_costs_no_more_than_its_length() -> None:
    """As the square of their number it would be half a minute."""

    def run(attributes: int) -> None:
        html = f"<p>{WORDS}</p><a {' '.join(f'b{n}' for n in range(attributes))}>"
        assert read(document(item(content_html=html)), "jsonfeed").entries == (PLAIN,)

    assert is_linear(run, 12_500, 100_000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["version", "title", "next_url", "feed_url", "generator", "items"]), JSON),
    st.dictionaries(st.sampled_from([*item()]), JSON),
)
def test_any_feed_is_read_or_refused(whole: dict[str, object], one: dict[str, object]) -> None:
    try:
        feed = read(document(item(), item() | one, **whole), "jsonfeed")
    except (Refusal, BridgeRefused):
        return
    assert len(feed.entries) + feed.faults <= 2 or "items" in whole
