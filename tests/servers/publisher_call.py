"""One call of the publisher's stand-in: what was asked, and what there is to answer it with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.servers.publisher_stories import CHINA, Story

PAGE = 20
"""Entries a page where the caller does not say."""
_FOREVER = 1_000_000


@dataclass(frozen=True)
class Call:
    """``given`` are the parameters of query and form; ``base`` is the address by which the server was asked.

    ``stories`` are those of the channel that was asked for. ``scenario`` is the test's, without what is to go wrong at
    another call.
    """

    path: str
    given: Mapping[str, str]
    base: str
    stories: Sequence[Story]
    scenario: Mapping[str, Any]
    now: datetime

    def number(self, name: str, default: int = 0) -> int:
        """A parameter as a number; raises ValueError for what is none."""
        return int(self.given.get(name) or default)

    def size(self, name: str = "size", most: int = 50) -> int:
        """How many entries are wanted, at most ``most``."""
        return min(max(self.number(name, PAGE), 1), most)

    @property
    def looping(self) -> bool:
        """Whether every page is the first one, and another one follows."""
        return bool(self.scenario.get("looping"))

    @property
    def broken(self) -> bool:
        """Whether the answer has lost the key under which its entries stand."""
        return bool(self.scenario.get("changed_shape"))

    def cut(self, begin: int, size: int) -> Sequence[Story]:
        """``size`` stories after the first ``begin``. A pinned one stands before the first page, and in its place."""
        begin = 0 if self.looping else max(begin, 0)
        found = self.stories[begin : begin + size]
        return [self.stories[-1], *found] if self.scenario.get("pinned") and found and begin == 0 else found

    def more(self, end: int) -> bool:
        """Whether there are stories after the first ``end``."""
        return self.looping or end < len(self.stories)

    def pages(self, size: int) -> int:
        """How many pages of ``size`` there are, as the answer says."""
        return _FOREVER if self.looping else -(-len(self.stories) // size)

    def link(self, story: Story) -> str:
        """The address of a story's page."""
        return f"{self.base}/article/{quote(str(story.id))}"

    def permanent(self, story: Story) -> str:
        """The address of the story's first page, the same for one story in several channels."""
        return f"{self.base}/article/{quote(str(story.page))}"


def ago(published: datetime, now: datetime) -> str | None:
    """A time of the last 24 hours as lists write it (刚刚, 25分钟前, 3小时前); None for an older one."""
    seconds = int((now - published).total_seconds())
    if seconds < 60:
        return "刚刚"
    if seconds < 3_600:
        return f"{seconds // 60}分钟前"
    return f"{seconds // 3_600}小时前" if seconds < 86_400 else None


def stamp(at: datetime) -> str:
    """A time as China's clocks show it."""
    return f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
