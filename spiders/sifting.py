"""What of a list is news: which entries are read at once, whose pages are asked for, what was dealt with before."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from pipelines.page import Known
from spiders.article import Draft, State, host_of, is_missing, settle
from spiders.article_json import key_of
from spiders.conversation import Task
from spiders.edge import Edge, drop_bylines, hour_of
from spiders.entry import Entry
from spiders.harvest import Harvest
from spiders.listing import Sheet
from spiders.plan import Plan
from spiders.record import Record

COUNTED = "counted"
"""The stamp of what is no entry: it was counted, and is not counted again."""
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")


@dataclass(slots=True)
class Sifted:
    """What came of one page of a list, and the entries of it whose own pages are to be read.

    ``young``: something on it is younger than the window's beginning, less the overlap; ``oldest``: the oldest such
    moment. ``reaches_back``: the last entry is older, or was dealt with before, so that nothing lies between.
    """

    harvest: Harvest
    known: dict[str, str] = field(default_factory=dict)
    rest: list[Record] = field(default_factory=list)
    news: bool = False
    young: bool = False
    oldest: datetime | None = None
    reaches_back: bool = False


def sift(plan: Plan, task: Task, sheet: Sheet) -> Sifted:
    """Deal with every record of a page: hand on, put aside, count, or pass over."""
    sifted = Sifted(Harvest(Counter(sheet.unknown).elements()))
    edge = task.edge
    names = {key for record in sheet.records for key in (*keys(plan, record, edge), *hidden(plan, record, edge))}
    stamps = dict(task.memory.stamps(names))
    for record in sheet.records:
        is_new = _is_new(plan, record, edge, stamps, sifted.known)
        _look_at_age(plan, task, record, is_new, sifted)
        if is_new and not is_aged(plan, task, moment_of(plan, record.entry)):
            sifted.news = True
            stamps.update(dict.fromkeys(keys(plan, record, edge), record.stamp or COUNTED))
            _take(plan, edge, record, sifted)
    return sifted


def keys(plan: Plan, record: Record, edge: Edge) -> tuple[str, ...]:
    """The key of the entry, then that of its story, which may stand in other channels too."""
    if record.entry is None:
        return hidden(plan, record, edge)
    own, story = own_key(plan, record.entry), story_key(plan, record.entry)
    return (own, story) if own != story else (own,)


def hidden(plan: Plan, record: Record, edge: Edge) -> tuple[str, ...]:
    """The key of what may be an individual's: signed, so that nobody can test a guessed address (design, Bound 3).

    With the next epoch it is another one. None where no key serves any more.
    """
    signer = edge.signers.at(hour_of(edge.now))
    return (key_of(plan.source, f"?{signer.post('list', record.name).hex()}"),) if signer else ()


def own_key(plan: Plan, entry: Entry) -> str:
    """What names the entry, in this channel."""
    return key_of(plan.source, entry.id or entry.url)


def story_key(plan: Plan, entry: Entry) -> str:
    """What names the article, whatever channel it stands in: its key."""
    return key_of(plan.source, entry.dedupe or entry.id or entry.url)


def _is_new(plan: Plan, record: Record, edge: Edge, stamps: Mapping[str, str], known: dict[str, str]) -> bool:
    """Whether the record was never dealt with, or was edited since. A story met in another channel is not new."""
    if not stamps.keys().isdisjoint(hidden(plan, record, edge)):
        return False
    if record.entry is None:
        return True
    own, *story = keys(plan, record, edge)
    if own in stamps:
        return _is_later(record.stamp or COUNTED, stamps[own])
    if any(key in stamps for key in story):
        known[own] = record.stamp
        return False
    return True


def _is_later(stamp: str, before: str) -> bool:
    """Whether a stamp tells of an edit. Times that go back are those of a copy."""
    both = _TIME.fullmatch(stamp) and _TIME.fullmatch(before)
    return stamp > before if both else stamp != before


def moment_of(plan: Plan, entry: Entry | None) -> datetime | None:
    """The time that decides how new an entry is; None where the list names none."""
    if entry is None:
        return None
    first, second = entry.published, entry.updated
    return (second or first) if plan.dated_by == "updated" else (first or second)


def is_aged(plan: Plan, task: Task, moment: datetime | None) -> bool:
    """Whether an article is too old to be read at all."""
    return moment is not None and moment < task.edge.now - plan.max_age


def _look_at_age(plan: Plan, task: Task, record: Record, is_new: bool, sifted: Sifted) -> None:
    moment = _latest(plan, task, moment_of(plan, record.entry))
    is_young = moment >= task.since - plan.overlap if moment else is_new and record.entry is not None
    sifted.young |= is_young
    if record.entry is not None:
        sifted.reaches_back = not (is_young and is_new)
    if moment and is_young:
        sifted.oldest = min(sifted.oldest or moment, moment)


def _latest(plan: Plan, task: Task, moment: datetime | None) -> datetime | None:
    """The latest that an entry can be: a time at midnight is a date alone, whose day may have been long."""
    if moment is None or moment.astimezone(plan.tz).time() != time():
        return moment
    return max(moment, min(moment + timedelta(days=1), task.until - timedelta(seconds=1)))


def _take(plan: Plan, edge: Edge, record: Record, sifted: Sifted) -> None:
    entry = record.entry
    if entry is None:
        sifted.harvest.add(record.place, record.reason, record.fault, record.unknown)
    elif not edge.permitted:
        sifted.harvest.add(record.place, "not_permitted")
    elif plan.kind == "sitemap" and moment_of(plan, entry) is None:
        # It may be one of thousands, of any age: the whole site would be read to find out.
        sifted.harvest.add(record.place, "malformed", "no_time", record.unknown)
    elif not is_missing(entry.text or ""):
        hand_on(plan, edge, record, sifted.harvest, text=entry.text or "")
    elif page_of(plan, entry):
        sifted.rest.append(record)
        return
    elif entry.text or plan.follow(entry.url):
        sifted.harvest.add(record.place, "malformed", "no_text", record.unknown)
    else:  # on another host, and it may be anybody's
        sifted.harvest.add(record.place, "not_permitted")
        sifted.known.update(dict.fromkeys(hidden(plan, record, edge), COUNTED))
        return
    sifted.known.update(dict.fromkeys(keys(plan, record, edge), record.stamp or COUNTED))


def page_of(plan: Plan, entry: Entry) -> str:
    """The address of the article's own page; empty where none may be asked. A feed needs no setting for it."""
    if plan.detail is None and not plan.is_feed:
        return ""
    template = plan.detail.page_of(entry.id) if plan.detail else ""
    return plan.follow(template or entry.url)


def hand_on(
    plan: Plan,
    edge: Edge,
    record: Record,
    harvest: Harvest,
    *,
    text: str = "",
    title: str = "",
    published: datetime | None = None,
    state: State = "article",
) -> None:
    """Add the entry's article. ``title`` and ``published`` are its own page's, for what the list does not say."""
    entry = record.entry
    moment = (entry.published or published or entry.updated) if entry else None
    if entry is None or moment is None:
        harvest.add(record.place, "malformed", "no_time", record.unknown)
        return
    draft = Draft(
        platform="article",
        account=host_of(entry.url) or plan.source,
        key=story_key(plan, entry),
        link=entry.url,
        published=moment,
        updated=entry.updated,
        title=entry.title or title,
        text=drop_bylines(text),
        state=state,
    )
    reading = settle(draft, edge)
    harvest.add(record.place, reading.item, reading.fault, record.unknown)


def listed(known: Mapping[str, str]) -> Iterator[Known]:
    """What a page says was dealt with."""
    return (Known(key, stamp) for key, stamp in known.items())
