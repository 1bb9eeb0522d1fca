"""What the publisher's stand-in has published: invented articles, or any number of made ones, newest first."""

import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, overload

CHINA = timezone(timedelta(hours=8), "+08:00")
OUTLET = "云岫区融媒体中心"
PEOPLE = ("闻小满", "简知秋", "陆听澜", "纪云帆")
"""Whom articles name: reporter, editor, correspondent, and who changed one last."""
CHANNELS: Mapping[str, str] = {"要闻": "C11", "民生": "C12", "健康": "C13", "应急": "C14", "问政": "C99"}
"""Names of channels with their ids: a list can be asked for by either."""
_TOWN = Path(__file__).with_name("publisher_town.txt")
_FIRST_ID = 1_800_000
_COPY = 500_000
_NOT_HAD = (
    "<p>获取全文失败，请重试~</p>",
    "<p>环境异常</p><p>当前环境异常，完成验证后即可继续访问。</p><p>去验证</p>",
    "",
    "<p>详情请看图片。</p>",
)
"""Bodies that are none, by the sources' notes, B3; the empty one is the story's own as a literal CDATA."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article as its publisher keeps it.

    ``original`` is the same for one story in several channels, and ``page`` the id of its first page. ``shown`` is the
    channel's name as an entry tells it. ``order`` is a number that grows with the time and that no other story has.
    """

    id: int | str
    original: int | str
    page: int | str
    channel: str
    shown: str
    title: str
    markup: str
    published: datetime
    updated: datetime
    creator: str = PEOPLE[0]
    changed_by: str = PEOPLE[3]
    extra: Mapping[str, Any] = field(default_factory=dict)
    order: int = 0


def paragraphs(body: Iterable[str]) -> str:
    """A body as HTML, a paragraph a line."""
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in body)


def town(now: datetime) -> list[Story]:
    """The 41 built-in articles, as if the newest had appeared half a minute before ``now``, the last 69 hours ago.

    Every third ends in a byline.
    """
    lines = _TOWN.read_text("utf-8").splitlines()
    ages = [timedelta(seconds=30), timedelta(minutes=25), *(timedelta(minutes=170 + 104 * k) for k in range(39))]
    return [_of_town(len(lines) - k, line, now - age) for k, (line, age) in enumerate(zip(lines, ages, strict=True))]


def _of_town(number: int, line: str, published: datetime) -> Story:
    title, *body = line.split("\t")
    reporter, editor, correspondent, _ = PEOPLE
    byline = (f"记者：{reporter}　通讯员：{correspondent}　责任编辑：{editor}",) if number % 3 == 0 else ()
    return Story(
        id=_FIRST_ID + number,
        original=_FIRST_ID + number - 11,
        page=_FIRST_ID + number,
        channel="民生",
        shown="民生",
        title=title,
        markup=paragraphs((*body, *byline)),
        published=published,
        updated=published,
    )


def filed(lines: Iterable[str]) -> list[Story]:
    """Stories of a file: a JSON object a line, as :func:`told` reads it."""
    return [told(json.loads(line)) for line in lines if line.strip()]


def told(record: Mapping[str, Any]) -> Story:
    """A story from ``id``, ``title``, ``body`` (paragraphs, or one text) and ``published``, with what else is given.

    ``originalId``, ``channel`` (民生), ``updated``, ``creator``, ``updatedBy``; ``extra`` joins the entry in every
    JSON list, in place of a field of that name. Times are RFC 3339; without a zone they are China's.
    """
    body, channel, published = record["body"], record.get("channel", "民生"), moment(record["published"])
    return Story(
        id=record["id"],
        original=record.get("originalId", record["id"]),
        page=record["id"],
        channel=channel,
        shown=channel,
        title=record["title"],
        markup=paragraphs(body.splitlines() if isinstance(body, str) else body),
        published=published,
        updated=moment(record["updated"]) if "updated" in record else published,
        creator=record.get("creator", PEOPLE[0]),
        changed_by=record.get("updatedBy", PEOPLE[3]),
        extra=record.get("extra", {}),
    )


def moment(text: str) -> datetime:
    """A time in RFC 3339; without a zone it is China's."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=CHINA)).astimezone(CHINA)


class Made(Sequence[Story]):
    """``size`` stories, made when they are asked for, evenly over the 72 hours before ``until``; all in 民生."""

    def __init__(self, size: int, until: datetime) -> None:
        self._size, self._since = size, until - timedelta(hours=72)

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Story: ...
    @overload
    def __getitem__(self, index: slice) -> list[Story]: ...
    def __getitem__(self, index: int | slice) -> Story | list[Story]:
        if isinstance(index, slice):
            return [self._story(self._size - 1 - place) for place in range(self._size)[index]]
        return self._story(self._size - 1 - range(self._size)[index])

    def numbered(self, name: str) -> Story | None:
        """The story with that id."""
        number = int(name) - _FIRST_ID if name.isdecimal() else -1
        return self._story(number) if 0 <= number < self._size else None

    def _story(self, number: int) -> Story:
        published = self._since + timedelta(hours=72) * number / self._size
        body = f"云岫区第{number}号公告：柳渡街道的自来水管网今晚检修，影响{number % 90 + 10}户，请提前备好一天的用水。"
        return Story(
            id=_FIRST_ID + number,
            original=_FIRST_ID + number,
            page=_FIRST_ID + number,
            channel="民生",
            shown="民生",
            title=f"云岫区第{number}号公告",
            markup=paragraphs((body,)),
            published=published,
            updated=published,
            order=int(published.timestamp() * 1000),
        )


def in_channel(stories: Sequence[Story], wanted: str) -> Sequence[Story]:
    """Those in a channel, by its name or its id; all of them where none is named."""
    if not wanted or (isinstance(stories, Made) and wanted in ("民生", CHANNELS["民生"])):
        return stories
    return [] if isinstance(stories, Made) else [s for s in stories if wanted in (s.channel, CHANNELS.get(s.channel))]


def numbered(stories: Sequence[Story], name: str) -> Story | None:
    """The story with that id."""
    if isinstance(stories, Made):
        return stories.numbered(name)
    return next((story for story in stories if str(story.id) == name), None)


def latest(stories: Sequence[Story]) -> datetime:
    """When anything was last published or changed."""
    some = stories[:1] if isinstance(stories, Made) else stories
    return max((max(story.published, story.updated) for story in some), default=datetime(2026, 1, 1, tzinfo=UTC))


def shelved(stories: Iterable[Story], scenario: Mapping[str, Any], now: datetime) -> list[Story]:
    """The stories, newest first, after what the scenario says of single ones."""
    gone, edited = named(scenario.get("withdrawn")), scenario.get("edited")
    kept = _ordered(story for story in stories if str(story.id) not in gone)
    if edited:
        chosen = {str(story.id) for story in kept[2:3]} if edited is True else named(edited)
        kept = [_edited(story, now) if str(story.id) in chosen else story for story in kept]
    if scenario.get("user_channel"):
        kept = [replace(story, shown="问政") if k == 1 else story for k, story in enumerate(kept)]
    if scenario.get("missing_body"):
        kept = [replace(s, markup=_not_had(k, s)) if k < len(_NOT_HAD) else s for k, s in enumerate(kept)]
    if scenario.get("literal_cdata"):
        kept = [replace(story, markup=_literal(story)) for story in kept]
    return _ordered([*kept, *(_copy(story) for story in kept[::2])]) if scenario.get("two_channels") else kept


def grown(stories: Sequence[Story], number: int, now: datetime) -> list[Story]:
    """The stories and a new one before them, the ``number``-th that appeared since."""
    new = replace(
        Made(1, now)[0],
        id=9_000_000 + number,
        original=9_000_000 + number,
        page=9_000_000 + number,
        title=f"刚刚发生的第{number}件事",
        published=now,
        updated=now,
        order=max(int(now.timestamp() * 1000), stories[0].order + 1 if stories else 0),
    )
    return [new, *stories]


def _ordered(stories: Iterable[Story]) -> list[Story]:
    return list(_numbered_by_time(stories))[::-1]


def _numbered_by_time(stories: Iterable[Story]) -> Iterator[Story]:
    last = 0
    for story in sorted(stories, key=lambda story: (story.published, str(story.id))):
        last = max(last + 1, int(story.published.timestamp() * 1000))
        yield replace(story, order=last)


def named(ids: object) -> set[str]:
    """One id or a list of them, as texts."""
    if ids is None:
        return set()
    return {str(one) for one in ids} if isinstance(ids, list) else {str(ids)}


def _edited(story: Story, now: datetime) -> Story:
    more = paragraphs((f"更正：本文于{now:%m月%d日%H时%M分}更新，以这一版为准。",))
    return replace(story, title=f"{story.title}（更新）", markup=story.markup + more, updated=now)


def _not_had(place: int, story: Story) -> str:
    return _NOT_HAD[place] or _literal(story)


def _literal(story: Story) -> str:
    return f"<![CDATA[{story.markup}]]>"


def _copy(story: Story) -> Story:
    """The story in another channel: a page of its own with another id, of the same original."""
    assert isinstance(story.id, int), "two_channels needs ids that are numbers"
    return replace(story, id=story.id + _COPY, channel="健康", shown="健康")
