"""The publisher's lists in JSON: two of a documented open API (the sources' notes, C1, 1) and three plain ones (C1, 3).

The plain ones differ in how they page: by offset, by cursor, by days.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.servers.base import Answer, json_answer
from tests.servers.publisher_call import Call, ago, stamp
from tests.servers.publisher_stories import CHANNELS, Story, moment

_BAD_KEY = {"code": 40101, "message": "appkey无效", "data": None}
_NO_CHANNEL = {"code": 40001, "message": "channelId不能为空", "data": None}


def article_list(call: Call) -> Answer:
    """``/openapi/v2/channel_article/list``: numbered pages of at most 50 entries."""
    return _refused(call) or json_answer({"code": 0, "message": "success", "data": _article_list(call)})


def _article_list(call: Call) -> dict[str, Any]:
    size, current = call.size(), max(call.number("current", 1), 1)
    records = [_with_extra(call, story, _record(call, story)) for story in call.cut((current - 1) * size, size)]
    if call.broken:
        return {"pageList": {"list": records}}
    total = len(call.stories)
    of_pages = {"total": total, "size": size, "current": current, "pages": call.pages(size)}
    return {"articleList": {**of_pages, "records": records}}


def _record(call: Call, story: Story) -> dict[str, Any]:
    return {
        "id": story.id,
        "listTitle": story.title,
        "docType": 1,
        "originalId": story.original,
        "creator": story.creator,
        "url": call.link(story),
        "createdAt": stamp(story.published - timedelta(minutes=5)),
        "updatedAt": stamp(story.updated),
        "updatedBy": story.changed_by,
        "publishedAt": stamp(story.published),
        "channelName": story.shown,
        "listPics": [],
    }


def channel_list(call: Call) -> Answer:
    """``/openapi/v2/channel_article/channel_list``: entries below the ``sort_number`` that ``start`` names."""
    entries = [_with_extra(call, story, _entry(call, story)) for story in _below(call, "start", call.size())]
    key = "articles" if call.broken else "article_list"
    return _refused(call) or json_answer({"code": 0, "message": "success", "data": {key: entries}})


def _entry(call: Call, story: Story) -> dict[str, Any]:
    return {
        "id": story.id,
        "mlf_id": story.original,
        "list_title": story.title,
        "doc_type": 1,
        "read_count": 320,
        "share_url": call.link(story),
        "channel_id": CHANNELS.get(story.channel, story.channel),
        "channel_name": story.shown,
        "published_at": int(story.published.timestamp() * 1000),
        "sort_number": story.order,
        "timeline": ago(story.published, call.now) or f"{story.published:%m-%d}",
    }


def _refused(call: Call) -> Answer | None:
    """The answer to a call of the open API without its key or channel: HTTP says 200, ``code`` is not 0."""
    if call.given.get("appkey") != call.scenario.get("appkey", call.given.get("appkey")):
        return json_answer(_BAD_KEY)
    return None if call.given.get("channelId") else json_answer(_NO_CHANNEL)


def by_offset(call: Call) -> Answer:
    """``/offset``: the entries after the first ``offset``."""
    return json_answer({"total": len(call.stories), **_listed(call, call.cut(call.number("offset"), call.size()))})


def by_cursor(call: Call) -> Answer:
    """``/cursor``: the entries before ``cursor``; ``pre_timestamp`` is the next one, null after the last."""
    found = _below(call, "cursor", call.size())
    last = found[-1].order if found else 0
    more = call.looping or (found and last > call.stories[-1].order)
    return json_answer({**_listed(call, found), "pre_timestamp": last if more else None})


def by_days(call: Call) -> Answer:
    """``/days``: what was published ``from`` a time or day on, ``to`` another; a day is meant with all its hours."""
    if call.looping:
        return json_answer(_listed(call, call.cut(0, 50)))
    since, until = (_edge(call, "from", timedelta(0)), _edge(call, "to", timedelta(days=1)))
    ages = [-until.timestamp(), -since.timestamp()]
    first = bisect_right(call.stories, ages[0], key=_age)
    return json_answer(_listed(call, call.stories[first : bisect_right(call.stories, ages[1], key=_age)]))


def _edge(call: Call, name: str, whole: timedelta) -> datetime:
    text = call.given.get(name, "")
    return moment(text) + (whole if len(text) <= 10 else timedelta(0))


def _age(story: Story) -> float:
    return -story.published.timestamp()


def _below(call: Call, name: str, size: int) -> list[Story]:
    """The first ``size`` stories whose ``order`` is below the one that the parameter names."""
    start = call.number(name)
    begin = bisect_left(call.stories, 1 - start, key=lambda story: -story.order) if start else 0
    return list(call.cut(begin, size))


def _listed(call: Call, stories: Iterable[Story]) -> dict[str, Any]:
    entries = [_with_extra(call, story, _plain(call, story)) for story in stories]
    return {"news" if call.broken else "list": entries}


def _plain(call: Call, story: Story) -> dict[str, Any]:
    """An entry with its body, and with the time in the forms that such lists have."""
    return {
        "id": story.id,
        "title": story.title,
        "url": call.link(story),
        "channel": story.shown,
        "author": story.creator,
        "published": story.published.isoformat(),
        "updated": story.updated.isoformat(),
        "timestamp": int(story.published.timestamp()),
        "content": story.markup,
    }


def _with_extra(call: Call, story: Story, entry: Mapping[str, Any]) -> dict[str, Any]:
    name = call.scenario.get("unknown_field")
    unknown = {"weight_level" if name is True else name: "示例"} if name else {}
    return {**entry, **unknown, **story.extra}
