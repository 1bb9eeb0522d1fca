"""Times as publishers write them: patterns, epochs, RFC 3339, RFC 822, and the ways of Chinese lists.

The sources' notes, C3: strict formats first, relative times count from the answer's own Date. Nothing here depends on
a locale or asks a clock; whatever can't be right is no time at all.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple
from unicodedata import normalize

from spiders.edge import CHINA, YEARS

_LONGEST = 200
_AHEAD = timedelta(days=1)
_SKEW = timedelta(hours=1)
"""How far a date without a year may lie after the answer's own Date: two clocks differ."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAP_YEARS_APART = 8
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_FULL_MONTHS = (
    "january february march april may june july august september october november december"  # as in the C locale
).split()

_PIECES = {
    "Y": "([0-9]{4})",
    "y": "([0-9]{2})",
    "m": "(1[0-2]|0?[1-9])",
    "b": f"({'|'.join(_MONTHS)})",
    "B": f"({'|'.join(_FULL_MONTHS)})",
    "d": "(3[01]|[12][0-9]|0?[1-9])",
    "j": "([0-9]{1,3})",
    "H": "(2[0-3]|[01]?[0-9])",
    "M": "([0-5]?[0-9])",
    "S": "([0-5]?[0-9]|60)",
    "f": "([0-9]{1,6})",
    "p": "([ap]m|上午|下午)",
    "z": "([+-][0-9]{2}:?[0-9]{2}|z)",
}
_CLOCK = r"(?P<H>2[0-3]|[01]?[0-9]):(?P<M>[0-5][0-9])(?::(?P<S>[0-5][0-9]|60)(?:\.[0-9]{1,9})?)?"
_ZONE = r"(?P<z>z|utc?|gmt|cst|(?:utc|gmt)?[+-][0-9]{2}:?[0-9]{2})"
_RFC3339 = re.compile(rf"(?P<Y>[0-9]{{4}})-(?P<m>[0-9]{{2}})-(?P<d>[0-9]{{2}})[t ]{_CLOCK}\s?{_ZONE}?")
_RFC822 = re.compile(
    rf"(?:[a-z]{{3,9}}\s?,?\s?)?(?P<d>[0-9]{{1,2}})[ -](?P<b>{'|'.join(_MONTHS)})[a-z]{{0,6}}[ -]"
    rf"(?:(?P<Y>[0-9]{{4}})|(?P<y>[0-9]{{2}}))\s{_CLOCK}\s?{_ZONE}?(?:\s?\([a-z]{{1,5}}\))?"
)
_SECONDS = re.compile(r"([0-9]{1,15})(?:\.[0-9]{1,9})?")

_FRAME = re.compile(r"[\[(【]?(?:发布(?:时间|日期|于)|发表于|时间|日期)?[: ]{0,2}(.+?) ?(?:发布|来自.{0,100})?[\])】]?")
_AGO = re.compile(r"([0-9]{1,5}) ?(秒钟?|分钟?|个?小时|天)前")
_UNITS = {"秒": 1, "秒钟": 1, "分": 60, "分钟": 60, "小时": 3_600, "个小时": 3_600, "天": 86_400}
_JUST_NOW = {"刚刚": 0, "刚才": 0, "半小时前": 1_800, "半个小时前": 1_800}
_NOON = rf"(?:(?P<p>上午|下午) ?)?{_CLOCK}"
_DAY_WORD = re.compile(rf"(今天|昨天|前天)(?: ?{_NOON})?")
_DAYS_BACK = {"今天": 0, "昨天": 1, "前天": 2}
_DATE = re.compile(rf"(?:(?P<Y>[0-9]{{4}})-)?(?P<m>[0-9]{{1,2}})-(?P<d>[0-9]{{1,2}})(?:[ t]{_NOON})?")
_AS_DASHES = str.maketrans({"年": "-", "月": "-", "/": "-", ".": "-", "日": " ", "号": " "})


class Written(NamedTuple):
    """A time that was read. ``zoned``: the text itself said where on the clock it lies, no zone was assumed."""

    moment: datetime
    zoned: bool


def read_date(text: str | float, formats: Sequence[str], *, tz: tzinfo, at: datetime) -> datetime | None:
    """The time in ``text``, by the first of ``formats`` that reads it; None where none does.

    ``formats`` are those of a source's configuration: strptime patterns, or the names ``epoch_ms``, ``epoch_s``,
    ``rfc3339``, ``rfc822`` and ``rel_zh``. In a pattern ``%b``, ``%B`` and ``%p`` are English (``%p`` also 上午 and
    下午, and it counts beside ``%H``). ``tz`` is the zone of a time that names none. ``at``, which needs a zone, is the
    answer's own Date: relative times count from it, a date without a year is the nearest one that has passed by then.
    A time more than a day after ``at``, or of a year outside :data:`spiders.edge.YEARS`, is none.
    """
    found = read_written(text, formats, tz=tz, at=at)
    return found.moment if found else None


def read_written(text: str | float, formats: Sequence[str], *, tz: tzinfo, at: datetime) -> Written | None:
    """Like :func:`read_date`, and whether the text named a zone."""
    plain = _plain(text)
    for name in formats:
        try:
            found = _NAMED[name](plain, tz, at) if name in _NAMED else _by_pattern(plain, name, tz, at)
            if found and found.moment.year in YEARS and found.moment - at <= _AHEAD:
                return found
        except (ValueError, OverflowError):
            continue
    return None


def _plain(text: str | float) -> str:
    """``text`` in ASCII digits and signs, lower case, single blanks; a number in whole units; empty where it is none.

    A longer text than any time is cut away before anything looks at it.
    """
    if isinstance(text, str):
        stripped = text.strip()
        return " ".join(normalize("NFKC", stripped).lower().split()) if len(stripped) <= _LONGEST else ""
    if isinstance(text, bool) or not -1e17 < text < 1e17:
        return ""
    return str(int(text))


def _by_pattern(text: str, pattern: str, tz: tzinfo, at: datetime) -> Written | None:
    compiled, directives = _compiled(pattern)
    found = compiled.fullmatch(text)
    return _assembled(dict(zip(directives, found.groups(), strict=True)), tz, at) if found else None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> tuple[re.Pattern[str], list[str]]:
    """A strptime pattern as an expression with one group per directive, and the directives in order."""
    directives: list[str] = []

    def piece(found: re.Match[str]) -> str:
        if not found[1]:
            return r"\s" if found[0].isspace() else re.escape(found[0])
        if found[1] == "%":
            return "%"
        directives.append(found[1])
        return _PIECES[found[1]]

    # Literals are folded as the text is; directives keep their case.
    folded = "".join(
        part if part.startswith("%") else normalize("NFKC", part).lower() for part in re.split("(%.)", pattern)
    )
    return re.compile(re.sub(r"%(.)|\s+|.", piece, " ".join(folded.split()), flags=re.DOTALL)), directives


def _epoch(unit: timedelta) -> Callable[[str, tzinfo, datetime], Written | None]:
    def read(text: str, tz: tzinfo, _: datetime) -> Written | None:
        found = _SECONDS.fullmatch(text)
        return Written((_EPOCH + int(found[1]) * unit).astimezone(tz), True) if found else None

    return read


def _by_form(form: re.Pattern[str]) -> Callable[[str, tzinfo, datetime], Written | None]:
    def read(text: str, tz: tzinfo, at: datetime) -> Written | None:
        found = form.fullmatch(text)
        return _assembled(found.groupdict(), tz, at) if found else None

    return read


def _rel_zh(text: str, tz: tzinfo, at: datetime) -> Written | None:
    """The ways of Chinese lists, with what often stands around a time ("发布时间：", brackets, "来自…", "发布")."""
    frame = _FRAME.fullmatch(text)
    core = frame[1] if frame else ""
    if core in _JUST_NOW:
        return Written((at - timedelta(seconds=_JUST_NOW[core])).astimezone(tz), True)
    if found := _AGO.fullmatch(core):
        return Written((at - timedelta(seconds=int(found[1]) * _UNITS[found[2]])).astimezone(tz), True)
    if found := _DAY_WORD.fullmatch(core):
        day = at.astimezone(tz) - timedelta(days=_DAYS_BACK[found[1]])
        return _assembled(found.groupdict() | {"Y": str(day.year), "m": str(day.month), "d": str(day.day)}, tz, at)
    found = _DATE.fullmatch(" ".join(core.translate(_AS_DASHES).split()))
    return _assembled(found.groupdict(), tz, at) if found else None


_NAMED: Mapping[str, Callable[[str, tzinfo, datetime], Written | None]] = {
    "epoch_ms": _epoch(timedelta(milliseconds=1)),
    "epoch_s": _epoch(timedelta(seconds=1)),
    "rfc3339": _by_form(_RFC3339),
    "rfc822": _by_form(_RFC822),
    "rel_zh": _rel_zh,
}


def _assembled(parts: Mapping[str, str | None], tz: tzinfo, at: datetime) -> Written | None:
    """The time that the ``parts``, named as strptime's directives are, make up; a ValueError where they don't."""
    offset = _offset(parts.get("z"))
    zone = offset or tz
    clock = timedelta(
        hours=_hour(int(parts.get("H") or 0), parts.get("p")),
        minutes=int(parts.get("M") or 0),
        # A leap second is the last one of its minute: datetime has no other name for it.
        seconds=min(int(parts.get("S") or 0), 59),
        microseconds=int((parts.get("f") or "0").ljust(6, "0")),
    )
    for midnight in _midnights(parts, at.astimezone(zone)):
        moment = midnight.replace(tzinfo=zone) + clock
        if _year(parts) is not None or moment - at <= _SKEW:
            return Written(moment, offset is not None)
    return None


def _midnights(parts: Mapping[str, str | None], today: datetime) -> Iterator[datetime]:
    """The days that the parts can mean, without a zone: one if they name a year, else one a year, backwards."""
    year, day_of_year = _year(parts), parts.get("j")
    if year is not None and day_of_year:
        day = datetime(year, 1, 1) + timedelta(days=int(day_of_year) - 1)  # noqa: DTZ001 - the caller knows the zone
        yield from [day] if day.year == year else []
        return
    month, day_of_month = _month(parts), parts.get("d")
    if not (month and day_of_month):
        return
    years = [year] if year is not None else range(today.year + 1, today.year - _LEAP_YEARS_APART - 1, -1)
    for candidate in years:
        try:
            yield datetime(candidate, month, int(day_of_month))  # noqa: DTZ001 - the caller knows the zone
        except ValueError:
            continue


def _year(parts: Mapping[str, str | None]) -> int | None:
    """The year, if one is named. Two digits are of this century."""
    if full := parts.get("Y"):
        return int(full)
    return 2000 + int(short) if (short := parts.get("y")) else None


def _month(parts: Mapping[str, str | None]) -> int:
    name = parts.get("b") or parts.get("B")
    return _MONTHS.index(name[:3]) + 1 if name else int(parts.get("m") or 0)


def _hour(hour: int, half: str | None) -> int:
    """The hour of the day; the halves of the day count from 12 (上午12:15 is a quarter past midnight)."""
    if half in ("am", "上午"):
        return 0 if hour == 12 else hour
    return hour + 12 if half and hour < 12 else hour


def _offset(zone: str | None) -> tzinfo | None:
    """The zone that a text names; None for none. CST is China's, whose servers write it."""
    if not zone:
        return None
    if zone == "cst":
        return CHINA
    sign, digits = zone.lstrip("utcgmz")[:1], re.sub("[^0-9]", "", zone)
    if not sign:
        return UTC
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if sign == "-" else offset)
