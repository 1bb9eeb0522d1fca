"""Times as publishers write them: what is read, what is refused, and that neither locale nor length matters."""

import calendar
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from importlib import import_module
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.dates import Written, read_date, read_written
from spiders.edge import YEARS
from tests.support.effort import effort, is_linear

CHINA = timezone(timedelta(hours=8))
AT = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA)
NAMES = ("epoch_ms", "epoch_s", "rfc3339", "rfc822", "rel_zh")
ISO = "%Y-%m-%d %H:%M:%S"
FULL_WIDTH = str.maketrans("0123456789:-/", "０１２３４５６７８９：－／")

moments = st.integers(0, 90 * 365 * 86_400 * 1_000).map(
    lambda ms: datetime(2009, 1, 2, tzinfo=CHINA) + timedelta(milliseconds=ms)
)
minutes = moments.map(lambda moment: moment.replace(second=0, microsecond=0))
patterns = st.lists(
    st.sampled_from([f"%{directive}" for directive in "YmdHMSzfyjbBp%"] + list("-/: 年月日T.")), max_size=10
).map("".join)

numbers = st.integers(0, 99).map(str)
texts = st.lists(
    numbers
    | st.sampled_from(
        ["今天", "昨天", "前天", "上午", "下午", "天前", "小时前", "年", "月", "日", "来自", "2026", "Nov"]
    )
    | st.sampled_from(list("-/.: tz+")),
    max_size=9,
).map("".join)


def read(text: str | float, *formats: str, tz: tzinfo = CHINA, at: datetime = AT) -> datetime | None:
    return read_date(text, formats or ("rel_zh",), tz=tz, at=at)


def china(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=CHINA)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("刚刚", timedelta(0)),
        ("30秒前", timedelta(seconds=30)),
        ("5分钟前", timedelta(minutes=5)),
        ("5 分钟前", timedelta(minutes=5)),
        ("３小时前", timedelta(hours=3)),
        ("2个小时前", timedelta(hours=2)),
        ("半小时前", timedelta(minutes=30)),
        ("2天前", timedelta(days=2)),
        ("1小时前来自云岫融媒客户端", timedelta(hours=1)),
        ("1小时前 来自 云岫融媒客户端", timedelta(hours=1)),
        ("5分钟前发布", timedelta(minutes=5)),
    ],
)
def test_a_relative_time_counts_from_the_answers_own_date(text: str, ago: timedelta) -> None:
    assert read(text) == AT - ago
    later = AT + timedelta(days=400, minutes=7)
    assert read(text, at=later) == later - ago


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("今天 09:15", china(2026, 11, 23, 9, 15)),
        ("今天09:15", china(2026, 11, 23, 9, 15)),
        ("今天　０９：１５", china(2026, 11, 23, 9, 15)),
        ("今天 上午9:15", china(2026, 11, 23, 9, 15)),
        ("昨天 下午 3:15", china(2026, 11, 22, 15, 15)),
        ("昨天 下午12:15", china(2026, 11, 22, 12, 15)),
        ("昨天 上午12:15", china(2026, 11, 22, 0, 15)),
        ("前天 23:59:58", china(2026, 11, 21, 23, 59, 58)),
        ("前天", china(2026, 11, 21)),
        ("11-20 09:15", china(2026, 11, 20, 9, 15)),
        ("11/20 09:15", china(2026, 11, 20, 9, 15)),
        ("11月20日 09:15", china(2026, 11, 20, 9, 15)),
        ("11月20日09:15", china(2026, 11, 20, 9, 15)),
        ("11月20日 下午3:15", china(2026, 11, 20, 15, 15)),
        ("1月2日", china(2026, 1, 2)),
        ("2026年11月20日", china(2026, 11, 20)),
        ("2026年11月20日 09:15", china(2026, 11, 20, 9, 15)),
        ("2026年11月20日 09:15:07", china(2026, 11, 20, 9, 15, 7)),
        ("２０２６年１１月２０日", china(2026, 11, 20)),
        ("2026-11-20", china(2026, 11, 20)),
        ("2026-11-20 09:15", china(2026, 11, 20, 9, 15)),
        ("2026-11-20T09:15:07", china(2026, 11, 20, 9, 15, 7)),
        ("2026/1/2 9:15", china(2026, 1, 2, 9, 15)),
        ("2026.11.20", china(2026, 11, 20)),
        ("[2026-11-20]", china(2026, 11, 20)),
        ("（11-20）", china(2026, 11, 20)),
        ("发布时间：2026-11-20 09:15", china(2026, 11, 20, 9, 15)),
        ("发布时间： 2026-11-20 09:15", china(2026, 11, 20, 9, 15)),
        ("11月20日 09:15 来自云岫发布", china(2026, 11, 20, 9, 15)),
        ("11-20 09:15 发布", china(2026, 11, 20, 9, 15)),
        # The nearest that has passed: later in the year than the answer, so the year before.
        ("12-31 08:00", china(2025, 12, 31, 8)),
        ("11月25日", china(2025, 11, 25)),
        ("2月29日", china(2024, 2, 29)),
    ],
)
def test_the_ways_of_chinese_lists(text: str, moment: datetime) -> None:
    assert read(text) == moment


def test_a_date_without_a_year_around_new_year() -> None:
    assert read("12-31 23:50", at=china(2027, 1, 1, 0, 5)) == china(2026, 12, 31, 23, 50)
    assert read("01-01 00:10", at=china(2026, 12, 31, 23, 55)) == china(2027, 1, 1, 0, 10)
    assert read("01-01 09:00", at=china(2026, 12, 31, 23, 55)) == china(2026, 1, 1, 9)


def test_the_day_is_that_of_the_sources_zone() -> None:
    late = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    assert read("今天 00:30", at=late) == china(2026, 11, 23, 0, 30)
    assert read("今天 00:30", at=late, tz=UTC) == datetime(2026, 11, 22, 0, 30, tzinfo=UTC)
    assert read("今天 00:30", at=late, tz=ZoneInfo("Asia/Shanghai")) == china(2026, 11, 23, 0, 30)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "近日",
        "三天前",
        "1.5小时前",
        "-5分钟前",
        "5分钟",
        "今天 25:00",
        "今天 09:60",
        "09:15",
        "13-01 09:15",
        "2月30日",
        "2025-02-29",
        "26-11-20",
        "20261120",
        "2026-11",
        "2026年",
        "0000-11-20",
        "1999-11-20",
        "2008年12月31日",
        "2101-01-01",
        "99999天前",
        "2026-11-25",
        "2026年11月24日 10:01",
        "٢٠٢٦-١١-٢٠",
    ],
)
def test_what_can_not_be_right_is_no_time(text: str) -> None:
    assert read(text) is None


def test_a_time_may_be_a_day_ahead_and_no_more() -> None:
    assert read("2026-11-24 10:00", ISO[:-3]) == china(2026, 11, 24, 10)
    assert read("2026-11-24 10:01", ISO[:-3]) is None
    assert read(str(int(AT.timestamp()) + 86_400), "epoch_s") == AT + timedelta(days=1)
    assert read(str(int(AT.timestamp()) + 86_401), "epoch_s") is None


@pytest.mark.parametrize(
    ("text", "pattern", "moment"),
    [
        ("2026-11-20 09:15:07", ISO, china(2026, 11, 20, 9, 15, 7)),
        (" 2026-11-20  09:15:07\n", ISO, china(2026, 11, 20, 9, 15, 7)),
        ("２０２６－１１－２０ ０９：１５：０７", ISO, china(2026, 11, 20, 9, 15, 7)),
        ("20261120", "%Y%m%d", china(2026, 11, 20)),
        (20261120, "%Y%m%d", china(2026, 11, 20)),
        ("20260112", "%Y%m%d", china(2026, 1, 12)),
        ("26.11.20", "%y.%m.%d", china(2026, 11, 20)),
        ("2026-324", "%Y-%j", china(2026, 11, 20)),
        ("20 Nov 2026", "%d %b %Y", china(2026, 11, 20)),
        ("november 20, 2026", "%B %d, %Y", china(2026, 11, 20)),
        ("2026-11-20 3:15 PM", "%Y-%m-%d %H:%M %p", china(2026, 11, 20, 15, 15)),
        ("2026-11-20 下午3:15", "%Y-%m-%d %p%H:%M", china(2026, 11, 20, 15, 15)),
        ("2026-11-20 12:15 AM", "%Y-%m-%d %H:%M %p", china(2026, 11, 20, 0, 15)),
        ("2026-11-20T09:15:07.250+0000", "%Y-%m-%dT%H:%M:%S.%f%z", china(2026, 11, 20, 17, 15, 7, 250_000)),
        ("2026-11-20 09:15 -03:30", "%Y-%m-%d %H:%M %z", datetime(2026, 11, 20, 12, 45, tzinfo=UTC)),
        ("2026-11-20 09:15Z", "%Y-%m-%d %H:%M%z", datetime(2026, 11, 20, 9, 15, tzinfo=UTC)),
        ("2026年11月20日", "%Y年%m月%d日", china(2026, 11, 20)),
        ("100% 2026-11-20", "100%% %Y-%m-%d", china(2026, 11, 20)),
        ("(2026-11-20)", "（%Y-%m-%d）", china(2026, 11, 20)),
        ("12-31 08:00", "%m-%d %H:%M", china(2025, 12, 31, 8)),
        ("2026-11-20 09:15:60", ISO, china(2026, 11, 20, 9, 15, 59)),
    ],
)
def test_patterns(text: str | float, pattern: str, moment: datetime) -> None:
    assert read(text, pattern) == moment


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2026-11-20", ISO),
        ("2026-11-20 09:15:07 x", ISO),
        ("2026-02-30", "%Y-%m-%d"),
        ("2026-366", "%Y-%j"),
        ("2026-000", "%Y-%j"),
        ("2026-11", "%Y-%m"),
        ("09:15", "%H:%M"),
        ("2026-11-20 09:15 +2400", "%Y-%m-%d %H:%M %z"),
        ("20 十一月 2026", "%d %b %Y"),
        ("2026.11.20", "%Y-%m-%d"),
        ("2026a11-20", "%Y.%m-%d"),
    ],
)
def test_what_a_pattern_does_not_read(text: str, pattern: str) -> None:
    assert read(text, pattern) is None


def test_names_of_months_do_not_depend_on_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    """With Chinese names of months in the place of a locale's, the library's own strptime no longer reads English."""
    library = import_module("_strptime")
    monkeypatch.setattr(calendar, "month_abbr", ["", *(f"{month}月" for month in range(1, 13))])
    monkeypatch.setattr(library, "_TimeRE_cache", library.TimeRE())
    monkeypatch.setattr(library, "_regex_cache", {})
    with pytest.raises(ValueError, match="does not match"):
        datetime.strptime("03 Nov 2026", "%d %b %Y")  # noqa: DTZ007
    for month, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov".split(), start=1):
        assert read(f"03 {name} 2026", "%d %b %Y") == china(2026, month, 3)
        assert read(f"Tue, 03 {name} 2026 09:12:05 +0800", "rfc822") == china(2026, month, 3, 9, 12, 5)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Mon, 23 Nov 2026 09:12:05 +0800", Written(china(2026, 11, 23, 9, 12, 5), True)),
        ("Mon, 23 Nov 2026 01:12:05 GMT", Written(china(2026, 11, 23, 9, 12, 5), True)),
        ("23 Nov 2026 01:12 UT", Written(china(2026, 11, 23, 9, 12), True)),
        ("23 Nov 26 01:12:05 Z", Written(china(2026, 11, 23, 9, 12, 5), True)),
        ("Monday, 23-Nov-26 01:12:05 GMT", Written(china(2026, 11, 23, 9, 12, 5), True)),
        ("Mon, 23 Nov 2026 09:12:05 CST", Written(china(2026, 11, 23, 9, 12, 5), True)),
        ("Mon, 23 Nov 2026 09:12:05 +0800 (CST)", Written(china(2026, 11, 23, 9, 12, 5), True)),
        ("Mon, 23 Nov 2026 09:12:05 GMT+0800", Written(china(2026, 11, 23, 9, 12, 5), True)),
        ("Mon, 3 November 2026 09:12:05", Written(china(2026, 11, 3, 9, 12, 5), False)),
        ("Mon, 23 Nov 2026 09:12:05 EST", None),
        ("Mon, 31 Feb 2026 09:12:05 +0800", None),
        ("Mon, 23 Nov 2026 09:12:05 +9900", None),
        ("Mon, 23 Nov 2026", None),
    ],
)
def test_rfc_822(text: str, written: Written | None) -> None:
    assert read_written(text, ["rfc822"], tz=CHINA, at=AT) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-23T09:12:05+08:00", Written(china(2026, 11, 23, 9, 12, 5), True)),
        ("2026-11-23t01:12:05z", Written(china(2026, 11, 23, 9, 12, 5), True)),
        ("2026-11-23 09:12:05.123456789+08:00", Written(china(2026, 11, 23, 9, 12, 5), True)),
        ("2026-11-23T09:12+08:00", Written(china(2026, 11, 23, 9, 12), True)),
        ("2026-11-23T09:12:05", Written(china(2026, 11, 23, 9, 12, 5), False)),
        ("2026-11-23", None),
        ("2026-13-23T09:12:05Z", None),
        ("2026-11-23T24:12:05Z", None),
    ],
)
def test_rfc_3339(text: str, written: Written | None) -> None:
    assert read_written(text, ["rfc3339"], tz=CHINA, at=AT) == written


@pytest.mark.parametrize(
    ("value", "name", "moment"),
    [
        (1795395600, "epoch_s", china(2026, 11, 23, 9)),
        ("1795395600", "epoch_s", china(2026, 11, 23, 9)),
        (1795395600.75, "epoch_s", china(2026, 11, 23, 9)),
        ("1795395600.75", "epoch_s", china(2026, 11, 23, 9)),
        (1795395600250, "epoch_ms", china(2026, 11, 23, 9, 0, 0, 250_000)),
        ("1795395600000", "epoch_ms", china(2026, 11, 23, 9)),
        (1795395600000, "epoch_s", None),
        (1795395600, "epoch_ms", None),
        (0, "epoch_s", None),
        (-1795395600, "epoch_s", None),
        (10**15 - 1, "epoch_s", None),
        (10**400, "epoch_s", None),
        (True, "epoch_s", None),
        (float("nan"), "epoch_s", None),
        (float("-inf"), "epoch_ms", None),
    ],
)
def test_epochs(value: str | float, name: str, moment: datetime | None) -> None:
    assert read(value, name) == moment


def test_the_first_format_that_reads_a_likely_time_wins() -> None:
    assert read("1795395600000", "epoch_s", "epoch_ms") == china(2026, 11, 23, 9)
    assert read("10-11-2026", "%m-%d-%Y", "%d-%m-%Y") == china(2026, 10, 11)
    assert read("11-10-2026", "%d-%m-%Y", "%m-%d-%Y") == china(2026, 10, 11)
    assert read("刚刚") == AT
    assert read("刚刚", *NAMES[:-1]) is None


def test_only_a_zone_in_the_text_is_a_zone() -> None:
    assert read_written("2026-11-20 09:15:07", [ISO], tz=UTC, at=AT) == (
        datetime(2026, 11, 20, 9, 15, 7, tzinfo=UTC),
        False,
    )
    assert [
        written.zoned
        for text in ("今天 09:15", "11-20 09:15", "2026-11-20", "5分钟前", "刚刚")
        if (written := read_written(text, ["rel_zh"], tz=CHINA, at=AT))
    ] == [False, False, False, True, True]


@given(minutes, st.integers(0, 300), st.booleans())
def test_whatever_rel_zh_can_write_it_reads(moment: datetime, days: int, wide: bool) -> None:
    """Round trip: with a year always, without one within the year that has passed, by the word within three days."""
    at = moment + timedelta(days=days, minutes=3)
    clock = f"{moment:%H:%M}"
    texts = [
        f"{moment.year}年{moment.month}月{moment.day}日 {clock}",
        f"{moment.year}-{moment.month:02}-{moment.day:02} {clock}:00",
        f"{moment.month}月{moment.day}日{clock}",
        f"{moment.month:02}-{moment.day:02} {clock}来自云岫发布",
        f"{moment.month}月{moment.day}日 {'下午' if moment.hour >= 12 else '上午'}{moment.hour % 12 or 12}:{clock[3:]}",
    ]
    back = (at.date() - moment.date()).days
    if back < 3:
        texts.append(f"{['今天', '昨天', '前天'][back]} {clock}")
    for text in texts:
        assert read(text.translate(FULL_WIDTH) if wide else text, at=at) == moment


@given(moments, st.sampled_from([CHINA, UTC, timezone(-timedelta(hours=3, minutes=30))]))
def test_whatever_strptime_can_write_a_pattern_reads(moment: datetime, zone: tzinfo) -> None:
    """Round trip through strftime, which writes English under the C locale that tests run in."""
    there = moment.astimezone(zone)
    for pattern in (
        "%Y-%m-%d %H:%M:%S.%f%z",
        "%d %b %Y %H:%M:%S.%f %z",
        "%B %d, %Y %H:%M:%S.%f %z",
        "%y%m%d%H%M%S%f%z",
        "%Y/%j %H%M%S.%f%z",
    ):
        assert read(there.strftime(pattern), pattern, at=moment) == moment
    assert read(there.strftime("%a, %d %b %Y %H:%M:%S %z"), "rfc822", at=moment) == moment.replace(microsecond=0)
    assert read(there.isoformat(), "rfc3339", at=moment) == moment.replace(microsecond=0)
    assert read(int(moment.timestamp() * 1000), "epoch_ms", at=moment) == moment.replace(
        microsecond=moment.microsecond // 1000 * 1000
    )


@given(
    texts | st.text(max_size=30) | st.floats() | st.integers() | st.integers(12 * 10**8, 42 * 10**8),
    st.lists(st.sampled_from([*NAMES, ISO, "%m-%d", "%H:%M"]) | patterns, min_size=1, max_size=4),
    moments,
    st.sampled_from([CHINA, UTC, ZoneInfo("America/St_Johns")]),
)
def test_nothing_raises_and_nothing_lies_in_the_future(
    text: str | float, formats: list[str], at: datetime, tz: tzinfo
) -> None:
    found = read_date(text, [*formats, *NAMES], tz=tz, at=at)
    if found is not None:
        assert found.tzinfo is not None
        assert found.year in YEARS
        assert found - at <= timedelta(days=1)


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "9" * 30 + "天前",
        "２０２６年",
        " ",
        "\n",
        "来自",
        "[[(【",
        "2026-11-23 09:15:07 ",
        "下午",
        "%",
        "\u200b",
        "发布",
    ],
)
def test_two_megabytes_are_no_time_and_take_none(unit: str) -> None:
    short, long = (unit * (length // len(unit)) for length in (20_000, 2_000_000))
    assert read(long, *NAMES, ISO, "%m-%d", "%Y年") is None
    formats = (*NAMES, ISO, "%m-%d", "%Y年")
    assert effort(lambda: read(long, *formats)) < 10 * max(effort(lambda: read(short, *formats)), 0.005)


def test_the_longest_texts_that_are_read_take_no_longer_either() -> None:
    """Nested digits, brackets and trailers up to the limit, through every format."""
    units = ["1", "11-", "今天 ", "9" * 5 + "秒前", "来自", "[" * 20 + "1" * 20, "（", "mon, ", "2026-11-23 ", " ("]

    def run(length: int) -> None:
        for unit in units * 20:
            read((unit * length)[:length], *NAMES, ISO, "%Y%m%d%H%M%S%f%z", "%Y年%m月%d日")

    assert is_linear(run, 50, 200)
