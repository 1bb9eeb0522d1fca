"""The timeline of one government or media account, by Weibo's standard API.

Parameters: the sources' notes, A2. They ask for ``trim_user=1`` (A6); here it is 0, because only the full user object
says whether the platform verifies who wrote: a page with a status by anybody but the configured account is discarded
unread, and the source stops (design, Bound 2).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pipelines.page import Article, Known, Page, Post, Reason
from spiders.conversation import Ask, Failure, Reply, Step, Task
from spiders.edge import Refusal
from spiders.harvest import Harvest
from spiders.weibo import is_gone, outlet_of, read_status
from spiders.weibo_api import LAST_PAGE, STANDARD, Answer, Api, Turn, mid_of, moments, read_answer

TIMELINE = "/2/statuses/user_timeline.json"

_COUNT = 100
_OVERLAP = timedelta(hours=2)
_WITHDRAWN = "withdrawn"

Item = Post | Article | Reason


class WeiboTimeline:
    """Reads what one organisation published, newest first."""

    official = True

    def __init__(self, token: str, screen_name: str, base: str | None = None) -> None:
        """``screen_name`` is the account's. ``base`` is a stand-in's address, which the caller has found to be on
        loopback."""
        self._api = Api(base or STANDARD, token)
        self._name = screen_name
        self.rules = self._api.rules(TIMELINE)

    def begin(self, task: Task) -> Ask:
        """The newest page, or the one after the last that was committed."""
        return self._ask(Turn.after(task.resume))

    def answer(self, task: Task, ask: Ask, reply: Reply) -> Step:
        """A page, until one holds nothing new enough."""
        found = read_answer(reply)
        if isinstance(found, Failure):
            return Step(failure=found)
        if found.gone:
            return Step(failure=Failure(kind="bad_request"))  # nobody of that name: a misspelt outlet is no empty one
        if not all(map(self._is_theirs, found.statuses)):
            return Step(failure=Failure(kind="not_permitted"))
        turn = ask.carry if isinstance(ask.carry, Turn) else Turn.after(task.resume)
        repeated = turn.repeats(found)
        if repeated or not found.statuses:
            page = Harvest(found.unknown).page(task, resume=str(turn.pages), done=True)
            return Step(page=page, beyond=turn.oldest if repeated and turn.missed(_COUNT) else None)
        return self._go_on(task, turn.hear(found, task), found)

    def _ask(self, turn: Turn) -> Ask:
        params = {
            "screen_name": self._name,
            "count": _COUNT,
            "page": turn.pages + 1,
            "trim_user": 0,
            "feature": 0,
        }
        return self._api.ask(TIMELINE, params, turn)

    def _is_theirs(self, status: object) -> bool:
        """Whether the account's own name and the platform's mark stand on a status, or nobody's on a deleted one."""
        if not isinstance(status, dict):
            return False
        if is_gone(status) and status.get("user") is None and status.get("uid") is None:
            return True
        try:
            return outlet_of(status) == self._name
        except Refusal:
            return False

    def _go_on(self, task: Task, turn: Turn, found: Answer) -> Step:
        reached = _is_behind(found.statuses, task.since - _OVERLAP)
        done = reached or turn.pages >= LAST_PAGE
        page = self._page(task, found, resume=str(turn.pages), done=done)
        if done:
            return Step(page=page, beyond=turn.oldest if not reached and turn.missed(_COUNT) else None)
        return Step(page=page, then=self._ask(turn))

    def _page(self, task: Task, found: Answer, *, resume: str, done: bool) -> Page:
        """The page, without what an earlier reading handed on and nobody has edited since."""
        stamps = dict(task.memory.stamps([_key(status) for status in found.statuses]))
        known: dict[str, Known] = {}
        harvest = Harvest(found.unknown)
        for number, status in enumerate(found.statuses, start=1):
            reading, key = read_status(status, task.edge), _key(status)
            item, quoted = self._taken_back(reading.item, key, stamps, task.edge.now), reading.quoted
            if isinstance(item, Article):
                stamp = _stamp(item)
                if stamps.get(key) == stamp:
                    item, quoted = "duplicate", _again(quoted)
                else:
                    stamps[key] = stamp
                    known[key] = Known(key, stamp)
            harvest.add(number, item, reading.fault, reading.unknown)
            if quoted is not None:
                harvest.add_quoted(quoted)
        return harvest.page(task, resume=resume, done=done, known=known.values())

    def _taken_back(self, item: Item, key: str, stamps: Mapping[str, str], now: datetime) -> Item:
        """``item``; or a tombstone of what was handed on before and is not public any more, so that it goes."""
        if item != "not_public" or stamps.get(key, _WITHDRAWN) == _WITHDRAWN:
            return item
        return Article(outlet=self._name, key=key, link="", title="", text="", published=now, status="deleted")


def _key(status: object) -> str:
    """The key of a status as an article."""
    return f"weibo:{mid_of(status)}"


def _stamp(article: Article) -> str:
    """What an edit of the status would change."""
    if article.status != "ok":
        return _WITHDRAWN
    return hashlib.sha256(article.text.encode()).hexdigest()[:16]


def _again(quoted: Item | None) -> Item | None:
    """The parent inside a status that was handed on before, itself handed on with it."""
    return "duplicate" if isinstance(quoted, Post | Article) else quoted


def _is_behind(statuses: Sequence[object], moment: datetime) -> bool:
    """Whether all is older than ``moment``. The first status may be a pinned one and has no say."""
    times = moments(statuses[1:])
    return bool(times) and max(times) < moment
