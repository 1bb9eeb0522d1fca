"""Where the Weibo stand-in's statuses come from: given ones, indexed once, or any number of made ones.

A shelf knows its statuses by numbers; its sequences of numbers are newest first and cost nothing to cut a page from.
"""

import time
from bisect import bisect_right
from calendar import timegm
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Protocol

_FORMAT = "%a %b %d %H:%M:%S +0800 %Y"
_CHINA = 8 * 3600


class Shelf(Protocol):
    """Statuses of one kind or the other."""

    def search(self, words: tuple[str, ...], county: str, since: int, until: int) -> Sequence[int]:
        """Statuses published from ``since`` up to before ``until`` that hold every word.

        The first word may be a place: it also fits a status's region, and every status where it is in ``county``.
        """

    def timeline(self, account: str) -> Sequence[int] | None:
        """Statuses of the account with that name or uid, by falling id; None if there is no such account."""

    def others(self, account: str) -> Sequence[int]:
        """Everybody else's statuses."""

    def numbered(self, mid: int) -> int | None:
        """The number of the status with that id."""

    def mid(self, number: int) -> int:
        """The id of a status, 0 if it has none."""

    def at(self, number: int) -> int:
        """When it was published, in unix seconds."""

    def record(self, number: int) -> Any:
        """The status object."""


class Kept:
    """Given statuses. One without a time has that of the one before; one without a text fits all words."""

    def __init__(self, records: Iterable[Any]) -> None:
        timed = sorted(_timed(records), key=lambda entry: entry[:2], reverse=True)
        self._ages = [-at for at, _, _ in timed]
        self._mids = [mid for _, mid, _ in timed]
        self._records = [record for _, _, record in timed]
        self._texts = [full_text(record) for record in self._records]
        self._regions = [str(field(record, "region_name") or "") for record in self._records]
        self._numbers = {mid: number for number, mid in enumerate(self._mids)}
        self._accounts: dict[str, list[int]] = defaultdict(list)
        for number in sorted(range(len(timed)), key=lambda number: -self._mids[number]):
            for name in _names(self._records[number]):
                self._accounts[name].append(number)
        self.search = lru_cache(1024)(self._search)

    def _search(self, words: tuple[str, ...], county: str, since: int, until: int) -> Sequence[int]:
        window: Sequence[int] = range(bisect_right(self._ages, -until), bisect_right(self._ages, -since))
        place, *rest = words
        if place not in county:
            texts, regions = self._texts, self._regions
            window = [n for n in window if (text := texts[n]) is None or place in text or place in regions[n]]
        for word in rest:
            window = [n for n in window if (text := self._texts[n]) is None or word in text]
        return window

    def timeline(self, account: str) -> Sequence[int] | None:
        return self._accounts.get(account)

    def others(self, account: str) -> Sequence[int]:
        own = set(self._accounts.get(account, ()))
        return [number for number in range(len(self._mids)) if number not in own]

    def numbered(self, mid: int) -> int | None:
        return self._numbers.get(mid)

    def mid(self, number: int) -> int:
        return self._mids[number]

    def at(self, number: int) -> int:
        return -self._ages[number]

    def record(self, number: int) -> Any:
        return self._records[number]


class Made:
    """``size`` statuses, spread evenly over ``since`` to ``until``, made when they are asked for; 0 is the oldest.

    They fit every query and are on everybody's timeline.
    """

    _FIRST = 9_991_000_000_000_000

    def __init__(self, size: int, since: int, until: int, text: str) -> None:
        self._size, self._since, self._span, self._text = size, since, until - since, text

    def search(self, words: tuple[str, ...], county: str, since: int, until: int) -> Sequence[int]:  # noqa: ARG002
        return range(self._first_at(until) - 1, self._first_at(since) - 1, -1)

    def timeline(self, account: str) -> Sequence[int] | None:  # noqa: ARG002
        return range(self._size - 1, -1, -1)

    def others(self, account: str) -> Sequence[int]:  # noqa: ARG002
        return range(self._size - 1, -1, -1)

    def numbered(self, mid: int) -> int | None:
        return mid - self._FIRST if 0 <= mid - self._FIRST < self._size else None

    def mid(self, number: int) -> int:
        return self._FIRST + number

    def at(self, number: int) -> int:
        return self._since + number * self._span // self._size

    def record(self, number: int) -> Any:
        mid, uid = self.mid(number), 9_990_000_000 + number % 1_000_000
        user = {"id": uid, "idstr": str(uid), "screen_name": f"示例用户{uid}", "verified": False, "verified_type": -1}
        return {
            "created_at": written(self.at(number)),
            "id": mid,
            "idstr": str(mid),
            "mid": str(mid),
            "text": f"{self._text}（第{number}条）",
            "isLongText": False,
            "source": "",
            "reposts_count": 0,
            "comments_count": 0,
            "attitudes_count": 0,
            "visible": {"type": 0, "list_id": 0},
            "user": user,
        }

    def _first_at(self, at: int) -> int:
        """The first number that is published at ``at`` or later."""
        return max(0, min(self._size, -((self._since - at) * self._size // self._span)))


def written(at: int) -> str:
    """Unix seconds as ``created_at`` has them, in China's time."""
    return time.strftime(_FORMAT, time.gmtime(at + _CHINA))


def read(created_at: object) -> int:
    """The unix seconds of a ``created_at`` of China's time; 0 if it is none."""
    try:
        return timegm(time.strptime(str(created_at), _FORMAT)) - _CHINA
    except ValueError:
        return 0


def field(record: object, name: str) -> Any:
    """A field of a status, None where there is none or no status."""
    return record.get(name) if isinstance(record, dict) else None


def full_text(record: object) -> str | None:
    """The whole text of a status: its long text where it has one."""
    long = field(record, "longText")
    text = field(long, "longTextContent") or long or field(record, "text")
    return text if isinstance(text, str) else None


def _mid(record: object) -> int:
    given = (field(record, name) for name in ("mid", "idstr", "id"))
    return next((int(mid) for mid in map(str, given) if mid.isascii() and mid.isdigit()), 0)


def _names(record: object) -> set[str]:
    """What the account of a status can be asked by."""
    user = field(record, "user")
    given = (field(user, "screen_name"), field(user, "idstr"), field(user, "id"), field(record, "uid"))
    return {str(name) for name in given if name}


def _timed(records: Iterable[Any]) -> Iterator[tuple[int, int, Any]]:
    """Each status with its time and id."""
    at = 0
    for record in records:
        at = read(field(record, "created_at")) or at
        yield at, _mid(record), record
