"""What every reader shares: hours, ages, times, ids, prose, leftovers."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.edge import (
    Edge,
    Refusal,
    age_fault,
    clean_html,
    drop_bylines,
    hour_of,
    id_field,
    is_set,
    read_moment,
    read_unix,
    text_field,
    unknown_fields,
)

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


def test_an_edge_needs_a_zone(edge: Edge) -> None:
    with pytest.raises(ValueError, match="time zone"):
        Edge("town", edge.signers, NOW.replace(tzinfo=None))


def test_hours_are_whole_and_in_utc() -> None:
    assert hour_of(datetime(1970, 1, 1, 0, 59, 59, tzinfo=UTC)) == 0
    assert hour_of(read_moment("1970-01-01T08:00:00+08:00".replace("1970", "2026"))) == hour_of(
        datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert hour_of(datetime(2026, 11, 23, 2, 59, tzinfo=UTC)) == hour_of(NOW)


@pytest.mark.parametrize(
    ("before", "fault"),
    [
        (timedelta(0), None),
        (timedelta(hours=72), None),
        (timedelta(hours=72, microseconds=1), "too_old"),
        (timedelta(microseconds=-1), "too_old"),
    ],
)
def test_an_individuals_post_lives_72_hours(before: timedelta, fault: str | None) -> None:
    assert age_fault(NOW - before, NOW) == fault


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-23T09:12:05+08:00", "2026-11-23T01:12:05"),
        ("2026-11-23T01:12:05Z", "2026-11-23T01:12:05"),
        ("2026-11-23t01:12:05.25z", "2026-11-23T01:12:05.250000"),
        ("2026-11-23 09:12:05", "2026-11-23T01:12:05"),
        (" 2026-11-23 09:12 ", "2026-11-23T01:12:00"),
    ],
)
def test_times_without_a_zone_are_chinas(text: str, utc: str) -> None:
    assert read_moment(text).astimezone(UTC).replace(tzinfo=None).isoformat() == utc


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, "no_time"),
        ("", "no_time"),
        ("  ", "no_time"),
        ("11-20 09:15", "bad_time"),
        ("20261123", "bad_time"),
        ("2026-11-23", "bad_time"),
        ("2026-W47-1 09:12", "bad_time"),
        ("2026-13-01 00:00", "bad_time"),
        ("2026-11-23 24:01", "bad_time"),
        ("2026-11-23T09:12:05+99:00", "bad_time"),
        ("２０２６-11-23 09:12", "bad_time"),
        ("2008-12-31 23:59", "bad_time"),
        ("2101-01-01 00:00", "bad_time"),
    ],
)
def test_a_time_that_is_none_is_refused(text: str | None, fault: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read_moment(text)
    assert refusal.value.fault == fault


@pytest.mark.parametrize("value", [1795395600, "1795395600"])
def test_unix_seconds(value: object) -> None:
    assert read_unix(value).isoformat() == "2026-11-23T09:00:00+08:00"


@pytest.mark.parametrize("value", [True, 1.5, -1, "1e9", 0, 10**19, 10**30, "９", [], 1795395600000])
def test_what_is_no_second_is_refused(value: object) -> None:
    with pytest.raises(Refusal) as refusal:
        read_unix(value)
    assert refusal.value.fault == "bad_time"


def test_ids_are_exact_whatever_their_form() -> None:
    assert id_field({"id": 5101234567890123}, "id") == "5101234567890123"
    assert id_field({"mid": "5101234567890123", "id": 1}, "mid", "id") == "5101234567890123"
    assert id_field({"mid": "", "id": 7}, "mid", "id") == "7"
    assert id_field({"mid": None}, "mid", "id") is None


@pytest.mark.parametrize("value", [5.1e15, True, -5, "5.1e15", "x", " 5", "５", [5], {}, 10**400])
def test_what_is_no_exact_id_is_refused_even_beside_one(value: object) -> None:
    with pytest.raises(Refusal) as refusal:
        id_field({"mid": "5101234567890123", "id": value}, "mid", "id")
    assert refusal.value.fault == "bad_field"


def test_a_text_field_is_sound_text_or_refused() -> None:
    assert text_field({"a": None, "b": "水\0\ud83d停"}, "a", "b") == "水停"
    with pytest.raises(Refusal):
        text_field({"a": 1, "b": "x"}, "a", "b")


@pytest.mark.parametrize("flag", [None, False, 0, "", "0", "false"])
def test_a_mark_that_says_no(flag: object) -> None:
    assert not is_set(flag)


@pytest.mark.parametrize("flag", [True, 1, "1", "true", "yes", [], {}, 2.5])
def test_a_mark_that_says_anything_else_is_a_yes(flag: object) -> None:
    assert is_set(flag)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("停水&amp;停电&nbsp;&lt;通知&gt;", "停水&停电 <通知>"),
        ("<p>今夜<b>停水</b></p><p>明早恢复</p>", "今夜停水\n明早恢复"),
        ("今夜<br>停水<br/>三小时", "今夜\n停水\n三小时"),
        ("<div>甲</div><span>乙</span>", "甲\n乙"),
        ("<ul><li>一</li><li>二</li></ul>", "一\n二"),
        ("<p>多\n  行\u3000文字</p>", "多 行 文字"),
        ("<script>var a = '坏'</script><style>p{}</style><p>好</p><!-- 注 -->", "好"),
        ('<p>图<img data-src="https://img.example/1" alt="某人">说</p>', "图说"),
        ("<p>没有<b>结束", "没有结束"),
        ("<noscript>打开</noscript><p>文", "文"),
        ("水\ud800\0管", "水管"),
        ("<div>" * 200 + "深" + "</div>" * 200, "深"),
    ],
)
def test_text_of_html(html: str, text: str) -> None:
    assert clean_html(html) == text


@given(st.text())
def test_any_html_has_a_text_without_empty_lines(html: str) -> None:
    lines = clean_html(html).split("\n")
    assert lines == [""] or all(line and line == line.strip() for line in lines)


def test_html_nested_without_end_is_read_without_end_of_memory() -> None:
    assert clean_html("<div>" * 100_000 + "深") in ("", "深")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("供水已恢复。\n记者：田小禾 通讯员：江一苇", "供水已恢复。"),
        ("来源：云岫融媒\n供水已恢复。\n责任编辑：田小禾", "供水已恢复。"),
        ("（记者：田小禾 摄影：江一苇）供水已恢复。", "供水已恢复。"),
        ("供水已恢复。来源：云岫融媒 编辑：田小禾", "供水已恢复。"),
        ("供水已恢复，记者：田小禾 江一苇 陆千山", "供水已恢复，"),
        ("本报记者：田小禾\n责 编：江一苇\n审核|陆千山\n校对:江一苇", ""),
        ("【作者：田小禾】" + "供水公司说明停水原因。" * 8, "供水公司说明停水原因。" * 8),
        ("记者在现场看到，编辑部已收到供水公司的来信。", "记者在现场看到，编辑部已收到供水公司的来信。"),
    ],
)
def test_bylines_go_and_the_story_stays(text: str, kept: str) -> None:
    assert drop_bylines(text) == kept


@given(st.text(alphabet="记者编辑来源：:（）田小禾 、\n。", max_size=200))
def test_no_byline_survives(text: str) -> None:
    assert not any(word + colon in drop_bylines(text) for word in ("记者", "编辑", "来源") for colon in ":：")


def test_leftovers_are_named_without_values() -> None:
    record = {"id": 1, "readCount": 2, "edit_count": 3, "田小禾": 4, "u9990000001": 5, "": 6}
    assert unknown_fields(record, {"id"}) == {"read_count", "edit_count", "other"}
    many = {
        f"{first}_{second}": 0
        for first in ("read", "edit", "share")
        for second in "id url time type state list key".split()
    }
    assert len(many) == 21 and len(unknown_fields(many, ())) == 20


def test_a_name_used_as_a_field_is_other() -> None:
    """A screen name in plain letters looks like a field; only words that interfaces use are repeated."""
    assert unknown_fields({"tianxiaohe": 1, "read_tianxiaohe": 2, "xiaohe": 3}, ()) == {"other"}
