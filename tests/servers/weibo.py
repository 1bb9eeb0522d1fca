"""Stands in for Weibo's API: commercial (c.api.weibo.com) and standard (api.weibo.com) calls on one port.

Formats, limits and errors are those of the sources' notes, A2 to A5. Statuses come from a file of JSON lines
(``--statuses``) or from the scenario. Keys of the scenario, beside those of every stand-in:

What is there. ``statuses``: status objects in place of the file's. ``million``: so many made statuses in place of all
others, spread evenly over ``since`` to ``until`` (unix seconds; the last 72 hours if not given), with ``million_text``
if given. ``county``: the place that every status is about, whatever it says. ``deleted``, ``missing_user``: true
strikes the second item of each page, a list of ids strikes those. ``unknown_field``: true, or a field's name.
``not_verified``: on timelines, true for a plain account, or the ``verified_type`` of a verified one. ``other_account``:
timelines are somebody else's. ``long_text``: "object" (if not set) or "string".

How pages lie. ``short_middle_page``; ``pinned``: an old status stands first; ``duplicate``: each page begins with the
last item of the one before; ``repeat_page``: always the first page; ``total_1300``: for the widest window that a query
was yet asked for the total is 1300, whatever it holds.

What fails. ``token``: the only good one. ``quota_after``: 10023 after n calls. ``error``: one of ERRORS,
``status_500``, ``html_200``, ``truncated_json``: these after ``after`` calls, at once if not set. ``envelope``: "int"
or "string" codes in place of the host's own; ``no_request``: an error does not repeat the path.
"""

import argparse
import contextlib
import json
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.servers.base import LOGIN, Answer, Asked, StandIn, json_answer, serve, text_answer
from tests.servers.weibo_shelf import Kept, Made, Shelf, field, full_text, written

SEARCH = "/2/search/statuses/limited.json"
TIMELINE = "/2/statuses/user_timeline.json"
OTHER_TIMELINE = "/2/statuses/user_timeline/other.json"
BATCH = "/2/statuses/show_batch/biz.json"
LIMITS = "/2/account/rate_limit_status.json"
_COMMERCIAL = (SEARCH, OTHER_TIMELINE, BATCH)
_METERED = (*_COMMERCIAL, TIMELINE)

ERRORS: Mapping[int, tuple[int, str]] = {
    10001: (500, "System error"),
    10002: (503, "Service unavailable"),
    10003: (502, "Remote service error"),
    10004: (403, "IP limit"),
    10005: (403, "Permission denied, need a high level appkey"),
    10006: (400, "source paramter(appkey) is missing"),
    10008: (400, "Param error, see doc for more info"),
    10009: (503, "Too many pending tasks, system is busy"),
    10010: (503, "Job expired"),
    10011: (503, "RPC error"),
    10014: (403, "Insufficient app permissions"),
    10016: (400, "Miss required parameter, see doc for more info"),
    10017: (400, "Parameter value invalid, see doc for more info"),
    10020: (404, "Request api not found"),
    10021: (405, "HTTP method is not suported for this request"),
    10022: (403, "IP requests out of rate limit!"),
    10023: (403, "User requests out of rate limit!"),
    10024: (403, "User requests for this api out of rate limit!"),
    10032: (403, "Insufficient scope"),
    20003: (400, "User does not exists!"),
    20031: (403, "need captcha"),
    20033: (403, "login abnormal"),
    20101: (400, "target weibo does not exist!"),
    20112: (403, "Permission denied, private weibo"),
    20132: (400, "weibo does not exist!"),
    21301: (403, "auth by Null spi!"),
    21315: (401, "token expired"),
    21327: (401, "expired_token"),
    21332: (401, "invalid_access_token"),
}
"""HTTP status and text of each code of A4. Of the statuses those of 10006, 10023 and 21301 were observed; the others
are likely ones, and no reader may lean on any."""
_AS_OBSERVED = {10006: "10006", 21301: 21301}
"""Codes that were observed, without a path, in this form."""

TOMBSTONE = "此微博已被原作者删除。"
MOST_PAGES, MOST_IDS, CUT_AT = 20, 50, 140
_AGE_OF_PINNED = 30 * 86_400
_FOREVER = 1 << 40
_Query = Mapping[str, str]


class ApiError(Exception):
    """The call fails with one of ERRORS."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Weibo(StandIn):
    """The API. Setting the scenario also chooses what is served."""

    def __init__(self, records: Iterable[Any]) -> None:
        super().__init__()
        self._filed: Shelf = Kept(records)
        self._shelf: Shelf = self._filed
        self._widest: dict[str, int] = {}
        self._routes: Mapping[str, Callable[[_Query], object]] = {
            SEARCH: self._search,
            TIMELINE: lambda query: self._timeline(query, 100),
            OTHER_TIMELINE: lambda query: self._timeline(query, 25),
            BATCH: self._batch,
            LIMITS: self._limits,
        }

    def tell(self, change: Mapping[str, Any]) -> None:
        super().tell(change)
        told = self.scenario
        self._widest.clear()
        if size := told.get("million"):
            until = int(told.get("until", time.time()))
            since = int(told.get("since", until - 72 * 3600))
            self._shelf = Made(size, since, until, told.get("million_text", "云岫区的路灯今晚修好了"))
        elif "statuses" in told:
            self._shelf = Kept(told["statuses"])
        else:
            self._shelf = self._filed

    def answer(self, asked: Asked) -> Answer:
        calls = sum(self.counts[path] for path in _METERED)
        spoilt = calls > self.scenario.get("after", -1)
        if spoilt and self.scenario.get("status_500"):
            return text_answer("Internal Server Error\n", 500)
        if spoilt and self.scenario.get("html_200"):
            return LOGIN
        try:
            self._check(asked, calls, spoilt)
            answer = json_answer(self._routes[asked.path](asked.query))
        except ApiError as error:
            return self._error(asked.path, error.code)
        if spoilt and self.scenario.get("truncated_json"):
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        return answer

    def _check(self, asked: Asked, calls: int, spoilt: bool) -> None:
        """What fails before the parameters are looked at."""
        token = asked.query.get("access_token")
        if asked.path not in self._routes:
            raise ApiError(10020)
        if asked.method != "GET":
            raise ApiError(10021)
        if not token:
            raise ApiError(10006)
        if token != self.scenario.get("token", token):
            raise ApiError(21332)
        if asked.path in _METERED and calls > self.scenario.get("quota_after", calls):
            raise ApiError(10023)
        if spoilt and "error" in self.scenario:
            raise ApiError(int(self.scenario["error"]))

    def _error(self, path: str, code: int) -> Answer:
        """The envelope of A4: codes are numbers on the commercial host and texts on the standard one."""
        status, text = ERRORS[code]
        form = self.scenario.get("envelope", "int" if path in _COMMERCIAL else "string")
        written_code = _AS_OBSERVED.get(code, code if form == "int" else str(code))
        body = {"request": path, "error_code": written_code, "error": text}
        if code in _AS_OBSERVED or self.scenario.get("no_request"):
            del body["request"]
        return json_answer(body, status)

    def _search(self, query: _Query) -> object:
        words = tuple(query.get("q", "").split())
        if not words:
            raise ApiError(10016)
        if set(query["q"]) & set('{}"'):
            raise ApiError(10008)
        county = self.scenario.get("county", "")
        since, until = _number(query, "starttime", 0), _number(query, "endtime", _FOREVER)
        found = self._shelf.search(words, county, since, until)
        pinned = self._pinned(lambda: self._shelf.search(words, county, 0, _FOREVER))
        page, count = _number(query, "page", 1), min(max(_number(query, "count", 10), 10), 50)
        records = [] if page > MOST_PAGES else self._page(found, page, count, pinned)
        return {"statuses": self._dressed(records), "total_number": self._total(query["q"], until - since, len(found))}

    def _total(self, q: str, span: int, total: int) -> int:
        widest = self._widest[q] = max(span, self._widest.get(q, 0))
        return 1300 if self.scenario.get("total_1300") and span == widest else total

    def _timeline(self, query: _Query, most: int) -> object:
        account = query.get("screen_name") or query.get("uid")
        if not account:
            raise ApiError(10016)
        mine = self._shelf.timeline(account)
        if mine is None:
            raise ApiError(20003)
        if self.scenario.get("other_account"):
            mine = self._shelf.others(account)
        found = self._between(mine, query)
        page, count = _number(query, "page", 1), min(max(_number(query, "count", 20), 1), most)
        pinned = [] if _number(query, "max_id", 0) else self._pinned(lambda: mine)
        records = [self._owned(record) for record in self._page(found, page, count, pinned)]
        following = found[page * count : page * count + 1]
        return {
            "statuses": self._dressed(records, trim=query.get("trim_user") == "1"),
            "previous_cursor": 0,
            "next_cursor": self._shelf.mid(following[0]) if following else 0,
            "total_number": len(mine),
        }

    def _between(self, mine: Sequence[int], query: _Query) -> Sequence[int]:
        """Ids above ``since_id`` and up to ``max_id``; published from ``start_time`` to ``end_time``."""
        since_id, max_id = _number(query, "since_id", 0), _number(query, "max_id", 0)
        first, last = 0, len(mine)
        if since_id:
            last = bisect_left(mine, -since_id, key=lambda number: -self._shelf.mid(number))
        if max_id and not self.scenario.get("repeat_page"):
            first = bisect_left(mine, -max_id, key=lambda number: -self._shelf.mid(number))
            first -= bool(first and self.scenario.get("duplicate"))
        if not query.keys() & {"start_time", "end_time"}:
            return mine[first:last]
        since, until = _number(query, "start_time", 0), _number(query, "end_time", _FOREVER)
        return [number for number in mine[first:last] if since <= self._shelf.at(number) < until]

    def _pinned(self, everything: Callable[[], Sequence[int]]) -> list[Any]:
        """An old status in the form of the last one there is: 30 days older, with a lower id. None if not wanted."""
        if not self.scenario.get("pinned") or not (found := everything()):
            return []
        number = found[-1]
        mid = str(self._shelf.mid(number) - 10**12)
        created = written(self._shelf.at(number) - _AGE_OF_PINNED)
        return [self._shelf.record(number) | {"id": int(mid), "idstr": mid, "mid": mid, "created_at": created}]

    def _page(self, found: Sequence[int], page: int, count: int, pinned: list[Any]) -> list[Any]:
        """The status objects of one page. A pinned one stands before all others."""
        lies = self.scenario.get
        page = 1 if lies("repeat_page") else max(1, page)
        begin = (page - 1) * (count - 1 if lies("duplicate") else count) - len(pinned)
        numbers = found[max(0, begin) : begin + count]
        if lies("short_middle_page") and page == 2:
            numbers = numbers[: len(numbers) // 2]
        records = [self._shelf.record(number) for number in numbers]
        return [*pinned, *records] if page == 1 else records

    def _dressed(self, records: Sequence[Any], *, trim: bool = False) -> list[Any]:
        """Statuses as a page shows them: long texts cut, and what the scenario does to single ones."""
        return [self._shown(record, place, trim) for place, record in enumerate(records)]

    def _shown(self, record: Any, place: int, trim: bool) -> Any:
        if not isinstance(record, dict):
            return record
        if self._struck("deleted", record, place):
            return _tombstone(record)
        shown = _trimmed(_cut(record)) if trim else _cut(record)
        if self._struck("missing_user", record, place):
            shown.pop("user", None)
        if name := self.scenario.get("unknown_field"):
            shown["weight_level" if name is True else name] = "示例"
        return shown

    def _struck(self, key: str, record: Mapping[str, Any], place: int) -> bool:
        which = self.scenario.get(key)
        return str(record.get("id")) in map(str, which) if isinstance(which, list) else bool(which) and place == 1

    def _owned(self, record: Any) -> Any:
        """A timeline's status, by an account of the kind that ``not_verified`` says."""
        kind = self.scenario.get("not_verified")
        if not kind or not isinstance(field(record, "user"), dict):
            return record
        plain = kind is True
        return record | {"user": record["user"] | {"verified": not plain, "verified_type": -1 if plain else kind}}

    def _batch(self, query: _Query) -> object:
        ids = [mid for mid in query.get("ids", "").split(",") if mid]
        if not ids:
            raise ApiError(10016)
        if len(ids) > MOST_IDS or not all(mid.isdigit() for mid in ids):
            raise ApiError(10008)
        numbers = (self._shelf.numbered(int(mid)) for mid in ids)
        records = [self._shelf.record(number) for number in numbers if number is not None]
        statuses = self._dressed(
            [_tombstone(record) if field(record, "deleted") else record for record in records],
            trim=query.get("trim_user") == "1",
        )
        if query.get("isGetLongText") == "1":
            for record, status in zip(records, statuses, strict=True):
                if field(status, "isLongText") is True:
                    status["longText"] = self._long_text(record)
        return {"statuses": statuses, "total_number": len(statuses)}

    def _long_text(self, record: Any) -> object:
        text = full_text(record)
        return text if self.scenario.get("long_text") == "string" else {"longTextContent": text}

    def _limits(self, _: _Query) -> object:
        limit = self.scenario.get("quota_after", 150)
        left = max(0, limit - sum(self.counts[path] for path in _METERED))
        wait = 1415
        reset = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600 + wait))
        each = {"api": SEARCH, "limit": limit, "limit_time_unit": "HOURS", "remaining_hits": left}
        return {
            "ip_limit": 10000,
            "limit_time_unit": "HOURS",
            "remaining_ip_hits": 9999,
            "remaining_user_hits": left,
            "reset_time": reset,
            "reset_time_in_seconds": wait,
            "user_limit": limit,
            "api_rate_limits": [each],
        }


def _number(query: _Query, name: str, default: int) -> int:
    try:
        return int(query.get(name) or default)
    except ValueError:
        raise ApiError(10017) from None


def _cut(record: Mapping[str, Any]) -> dict[str, Any]:
    """A status, and the one it reposts, with at most 140 characters of text."""
    shown = {name: value for name, value in record.items() if name != "longText"}
    text = full_text(record)
    if text is not None and len(text) > CUT_AT:
        shown |= {"text": f"{text[:CUT_AT]}…全文", "isLongText": True}
    if isinstance(parent := record.get("retweeted_status"), dict):
        shown["retweeted_status"] = _cut(parent)
    return shown


def _trimmed(record: Mapping[str, Any]) -> dict[str, Any]:
    """A status with its account's uid in place of the account."""
    shown = {name: value for name, value in record.items() if name != "user"}
    if uid := field(record.get("user"), "id"):
        shown["uid"] = uid
    if isinstance(parent := record.get("retweeted_status"), dict):
        shown["retweeted_status"] = _trimmed(parent)
    return shown


def _tombstone(record: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of a deleted status: its ids."""
    ids = {name: record[name] for name in ("id", "idstr", "mid") if name in record}
    return dict.fromkeys(record) | ids | {"text": TOMBSTONE, "deleted": "1"}


def lines_of(file: Path) -> Iterator[Any]:
    """Each line's value; what is no JSON cannot be a part of an answer."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            with contextlib.suppress(json.JSONDecodeError):
                yield json.loads(line)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--statuses", type=Path)
    serve(lambda arguments: Weibo(lines_of(arguments.statuses) if arguments.statuses else ()), options)
