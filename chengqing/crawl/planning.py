"""What is to be read: windows up to now for every source that is due, and what is left out, with the reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.engine import Connection

from chengqing.clock import CHINA
from chengqing.crawl.lanes import lanes_of
from chengqing.source import Crawled, Generic, WeiboSearch
from nlp.packs import Packs
from pipelines import articles, pace, queue
from spiders.recheck import LANE as RECHECK

SETTLE = 300
"""Seconds that a search is left to settle: a post is found some minutes after it was published."""
INDIVIDUALS = 72 * 3600
"""Seconds after which an individual's post is not read any more (design, Bound 5)."""
FIRST = 72 * 3600
"""Seconds back to which a source of organisations is read at its first reading, unless it declares more days."""

DAY = 24 * 3600
RECHECKED = 7 * DAY
"""Seconds after its publication for which an article is looked at again, once a day."""

Skip = Literal["disabled", "expired", "asleep", "not_due", "held", "paused", "stopped"]
"""Why a source is not read now."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What becomes of one source in this round; ``skip`` None: it is read."""

    source: Crawled
    skip: Skip | None = None
    why: str = ""


def plan(connection: Connection, sources: Iterable[Crawled], packs: Packs, now: datetime) -> list[Planned]:
    """Plan windows for every source that is due at ``now``; what becomes of each."""
    return [_plan_one(connection, source, packs, now) for source in sources]


def _plan_one(connection: Connection, source: Crawled, packs: Packs, now: datetime) -> Planned:
    stamp = int(now.timestamp())
    if source.disabled is not None:
        return Planned(source, "disabled", source.disabled)
    if not source.stores(now.astimezone(CHINA).date()):
        queue.unplan(connection, source.id, stamp, "expired")
        return Planned(source, "expired")
    lanes = lanes_at(source, packs, stamp)
    end = stamp - SETTLE if isinstance(source, WeiboSearch) else stamp
    due = queue.reaches(connection, source.id, lanes.names)
    if due is None or due + source.politeness.poll_minutes * 60 <= end:
        queue.plan(connection, lanes, end)
    if isinstance(source, Generic):
        _plan_recheck(connection, source, stamp)
    if not awake(source, now):
        return Planned(source, "asleep")
    names = [f"source:{source.id}", *(f"host:{netloc}" for netloc in sorted(source.netlocs()))]
    for breaker in pace.standing(connection, names, stamp).values():
        return Planned(source, "paused" if breaker.until else "stopped", breaker.why)
    if pace.held(connection, source.netlocs(), stamp):
        return Planned(source, "held")
    return Planned(source) if queue.waiting(connection, source.id, stamp) else Planned(source, "not_due")


def _plan_recheck(connection: Connection, source: Generic, now: int) -> None:
    """Once a day, plan a look at the young articles that stand here: have they been taken back?"""
    last = queue.reaches(connection, source.id, [RECHECK]) or queue.begun(connection, source.id)
    if last is not None and last + DAY <= now and articles.young(connection, source.id, now - RECHECKED):
        lanes = queue.Lanes(source.id, source.basis, source.kind, (RECHECK,), first=now - 1, oldest=None)
        queue.plan(connection, lanes, now)


def lanes_at(source: Crawled, packs: Packs, now: int) -> queue.Lanes:
    """What is asked of the source, and how far back it can be read at ``now`` (Unix seconds)."""
    individuals = isinstance(source, WeiboSearch)
    days = source.window.max_age_days if isinstance(source, Generic) else FIRST // 86_400
    return queue.Lanes(
        source=source.id,
        basis=source.basis,
        kind=source.kind,
        names=lanes_of(source, packs),
        first=now - (INDIVIDUALS if individuals else days * 86_400),
        oldest=now - INDIVIDUALS if individuals else None,
    )


def awake(source: Crawled, now: datetime) -> bool:
    """Whether ``now`` lies in the hours of the day (+08:00) in which the source may be asked."""
    first, last = (int(hour) for hour in source.politeness.active_hours.split("-"))
    return first <= now.astimezone(CHINA).hour < last


def wakes(source: Crawled, now: datetime) -> datetime:
    """When the source may next be asked."""
    first = int(source.politeness.active_hours.split("-")[0])
    today = now.astimezone(CHINA).replace(hour=first, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)
