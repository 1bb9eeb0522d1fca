"""What the spider of a group of hosts works through: leased windows, one by one, within budgets and breakers."""

from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from chengqing import quota
from chengqing.crawl.credentials import credential
from chengqing.crawl.epochs import SharedKeys
from chengqing.crawl.groups import Group
from chengqing.crawl.lanes import hazard_of
from chengqing.crawl.memory import Stored
from chengqing.crawl.planning import RECHECKED, awake
from chengqing.crawl.purse import HOLD, HostLost, Purse
from chengqing.source import Crawled, WeiboSearch
from chengqing.workspace import Workspace
from pipelines import pace, queue, schema
from pipelines.crawled import LEASE
from pipelines.page import Page
from pipelines.queue import Stretch
from pipelines.store import upsert
from pipelines.windows import Counts
from spiders.conversation import REMEDIES, Failure, Reader, Task
from spiders.edge import Edge
from spiders.host import Errand, Spent
from spiders.recheck import LANE as RECHECK
from spiders.recheck import Recheck
from spiders.refusals import backoff

PATIENCE = 3
"""Failures in a row after which a host is left alone for a while."""
ROBOTS_AGAIN = 24 * 3600
log = structlog.get_logger()


@dataclass(slots=True)
class _Look:
    """What one window has taken and brought so far."""

    stretch: Stretch
    errand: Errand
    calls: int = 0
    kept: int = 0


class CrawlWork:
    """Implements :class:`spiders.host.Work` for one group, until ``deadline`` (Unix seconds)."""

    def __init__(
        self,
        workspace: Workspace,
        group: Group,
        readers: Mapping[str, Reader],
        keys: SharedKeys,
        *,
        holder: str,
        deadline: float,
    ) -> None:
        """``readers`` by source; a source without one is not read."""
        self._workspace = workspace
        self._group = group
        self._readers = readers
        self._keys = keys
        self._holder = holder
        self._deadline = deadline
        self._sources = {source.id: source for source in group.sources if source.id in readers}
        self._looks: dict[int, _Look] = {}
        self._read: list[_Look] = []
        self._purse = Purse(workspace, group, holder)
        self._failures = 0
        self._tripped = False
        self._closed = False
        self._rounds: dict[str, list[str]] = {}
        self._share: dict[str, int] = {}
        self._calls: Counter[str] = Counter()

    @property
    def _now(self) -> float:
        return self._workspace.clock.now().timestamp()

    # -- windows -------------------------------------------------------------------------------------

    def next(self) -> Errand | None:
        """The next window of a source that may be asked now, leased."""
        now = self._now
        if self._closed or now >= self._deadline:
            return None
        with self._workspace.store.write() as connection:
            if not pace.hold_hosts(connection, self._group.netlocs, self._holder, now=now, until=now + HOLD):
                self._closed = True
                return None
            self._learn(connection, int(now))
            self._tripped = bool(pace.tripped(connection, self._host_names()))
            if pace.standing(connection, self._host_names(), now):
                return None
            open_ = self._open(connection, now)
            found = self._lease(connection, open_, now) if open_ else None
        if found is None:
            return None
        errand = Errand(self._reader(found), self._task(found))
        self._looks[found.id] = _Look(found, errand)
        self._purse.turn_to(self._sources[found.source])
        return errand

    def _reader(self, stretch: Stretch) -> Reader:
        reader, organisation = self._readers[stretch.source], self._sources[stretch.source].organisation
        return Recheck(reader.rules, organisation.name) if organisation and stretch.lane == RECHECK else reader

    def _host_names(self) -> list[str]:
        return [f"host:{netloc}" for netloc in sorted(self._group.netlocs)]

    def _open(self, connection: Connection, now: float) -> list[Crawled]:
        """Sources that are awake, not stopped, and have requests left; of the others, windows say why they wait."""
        stopped = pace.standing(connection, [f"source:{id_}" for id_ in self._sources], now)
        moment = datetime.fromtimestamp(now, UTC)
        found = []
        for source in self._sources.values():
            if f"source:{source.id}" in stopped or not awake(source, moment):
                continue
            if self._purse.reserved(source) or pace.left(connection, self._group.limits(source), now):
                found.append(source)
            else:
                waiting = queue.waiting(connection, source.id, now)
                queue.set_why(connection, [stretch.id for stretch in waiting], queue.BUDGET)
        return found

    def _lease(self, connection: Connection, sources: list[Crawled], now: float) -> Stretch | None:
        window = schema.window
        plain = [source.id for source in sources if not isinstance(source, WeiboSearch)]
        until = now + LEASE
        mine = window.c.source.in_(plain)
        # What is new comes first, then what was read before.
        for wanted in (sa.and_(mine, window.c.lane != RECHECK), mine) if plain else ():
            found = queue.lease(connection, wanted, self._holder, now=now, until=until)
            if found is not None:
                return found
        for source in sources:
            if not isinstance(source, WeiboSearch):
                continue
            lanes = self._round(connection, source, now)
            if self._calls[source.id] >= self._share[source.id]:
                self._save(connection, source, lanes, now)
                lanes.clear()
            while lanes:
                wanted = sa.and_(window.c.source == source.id, window.c.lane == lanes[0])
                found = queue.lease(connection, wanted, self._holder, now=now, until=until)
                if found is not None:
                    return found
                lanes.pop(0)
        return None

    def _round(self, connection: Connection, source: WeiboSearch, now: float) -> list[str]:
        """The lanes of a search that this round can pay for, most promising first; the rest is on record as left."""
        if source.id not in self._rounds:
            waiting = queue.waiting(connection, source.id, now)
            lanes = self._lanes(connection, source.id, waiting)
            calls, seconds = pace.left(connection, self._group.limits(source), now), source.politeness.poll_minutes * 60
            spare = quota.Quota(calls=calls, seconds=pace.left_of_day(now))
            chosen = quota.plan(lanes, spare, now=int(now), round_seconds=seconds)
            self._share[source.id] = quota.share_of(spare, seconds)
            self._save(connection, source, chosen.left, now)
            self._rounds[source.id] = [choice.lane for choice in chosen.chosen]
        return self._rounds[source.id]

    @staticmethod
    def _save(connection: Connection, source: Crawled, lanes: Collection[str], now: float) -> None:
        """Leave ``lanes`` for another round: this one's calls are spent, or better spent elsewhere."""
        left = set(lanes)
        waiting = queue.waiting(connection, source.id, now)
        queue.set_why(connection, [stretch.id for stretch in waiting if stretch.lane in left], queue.BUDGET)

    def _lanes(self, connection: Connection, source: str, waiting: list[Stretch]) -> list[quota.Lane]:
        """What is known of every lane that has something to read."""
        table = schema.lane
        stored = {row.lane: row for row in connection.execute(sa.select(table).where(table.c.source == source))}
        since: dict[str, int] = {}
        for stretch in waiting:
            since[stretch.lane] = min(stretch.since, since.get(stretch.lane, stretch.since))
        return [self._lane(name, begins, stored.get(name)) for name, begins in since.items()]

    def _lane(self, name: str, since: int, row: sa.Row[tuple[object, ...]] | None) -> quota.Lane:
        known: Mapping[Any, Any] = row._mapping if row is not None else {"looked_at": 0, "calls": 0.0, "hits": 0.0}
        hazard = hazard_of(name)
        return quota.Lane(
            name=name,
            hazard=hazard,
            harm=self._workspace.harms[hazard],
            since=since,
            looked_at=known["looked_at"],
            calls=known["calls"],
            hits=known["hits"],
        )

    def _task(self, stretch: Stretch) -> Task:
        source = self._sources[stretch.source]
        moment = self._workspace.clock.now()
        return Task(
            window=stretch.id,
            source=stretch.source,
            lane=stretch.lane,
            since=datetime.fromtimestamp(stretch.since, UTC),
            until=datetime.fromtimestamp(stretch.until, UTC),
            cursor=stretch.cursor,
            resume=stretch.resume,
            edge=Edge(
                source=stretch.source,
                signers=self._keys,
                now=moment,
                organisation=source.organisation.name if source.organisation else None,
                permitted=source.stores(self._workspace.today),
            ),
            memory=Stored(self._workspace.store, stretch.source, int(moment.timestamp()) - RECHECKED),
        )

    # -- what became of them -------------------------------------------------------------------------

    def taken(self, page: Page, counts: Counts) -> None:
        """A page was committed: the host answers, and the lane has brought so much."""
        if (look := self._looks.get(page.window)) is not None:
            look.kept += counts.kept()
        self._failures = 0
        if self._tripped:
            with self._workspace.store.write() as connection:
                pace.mend(connection, self._host_names())
            self._tripped = False

    def beyond(self, page: Page) -> int | None:
        """From when on (Unix seconds) the page's window was seen, where not all of it could be had."""
        look = self._looks.get(page.window)
        step = look.errand.step if look else None
        return int(step.beyond.timestamp()) if step and step.beyond else None

    def finished(self, errand: Errand) -> None:
        """The window was read to its end; what it brought is remembered in steps."""
        look = self._looks.pop(errand.task.window)
        if isinstance(self._sources[look.stretch.source], WeiboSearch):
            self._read.append(look)  # written down with the next lease
        log.debug("window read", source=look.stretch.source, window=look.stretch.id)

    def _learn(self, connection: Connection, now: int) -> None:
        """Write down what asking about a hazard in a county brought, in steps."""
        table = schema.lane
        for look in self._read:
            stretch = look.stretch
            row = connection.execute(
                sa.select(table).where(table.c.source == stretch.source, table.c.lane == stretch.lane)
            ).one_or_none()
            lane = quota.learn(self._lane(stretch.lane, stretch.since, row), calls=look.calls, kept=look.kept, now=now)
            values = {"looked_at": lane.looked_at, "calls": lane.calls, "hits": lane.hits}
            upsert(connection, table, [{"source": stretch.source, "lane": stretch.lane, **values}])
        self._read.clear()

    def split(self, errand: Errand, at: datetime) -> None:
        """The window holds more than can be paged through."""
        self._looks.pop(errand.task.window)
        with suppress(queue.LostWindow), self._workspace.store.write() as connection:
            queue.split(connection, errand.task.window, self._holder, int(at.timestamp()), int(self._now))

    def spent(self, errand: Errand) -> None:
        """The budget, or the time of this process, ended in the middle of the window."""
        self._looks.pop(errand.task.window)
        why = None if self._closed else queue.BUDGET
        with self._workspace.store.write() as connection:
            queue.give_back(connection, errand.task.window, self._holder, why)

    def failed(self, errand: Errand, failure: Failure) -> None:
        """Let go of the window, and leave alone what has to be left alone, for as long as it takes."""
        look = self._looks.pop(errand.task.window, None)
        if look is None:
            return
        now, source = int(self._now), self._sources[look.stretch.source]
        wait = failure.wait or backoff(look.stretch.attempts)
        with self._workspace.store.write() as connection:
            queue.fail(connection, look.stretch.id, self._holder, failure.kind, not_before=now + wait)
            for breaker in self._breakers(connection, source, failure, now):
                pace.trip(connection, breaker)
        if failure.kind == "store":
            self._closed = True
        log.info("window not read", source=source.id, window=look.stretch.id, fault=failure.kind)

    def _breakers(self, connection: Connection, source: Crawled, failure: Failure, now: int) -> list[pace.Breaker]:
        """What is left alone after this failure."""
        remedy = REMEDIES[failure.kind]
        one = f"source:{source.id}"
        if remedy == "stop":
            return [pace.Breaker(one, 1, None, failure.kind, credential(self._workspace, source))]
        if failure.kind == "quota":
            until, mine = now + (failure.wait or 3600 - now % 3600), credential(self._workspace, source)
            # The limit is the credential's, whichever source has used it up.
            same = [other.id for other in self._sources.values() if credential(self._workspace, other) == mine]
            return [pace.Breaker(f"source:{id_}", 1, until, failure.kind, None) for id_ in same]
        if failure.kind == "robots":
            return [pace.Breaker(one, 1, now + ROBOTS_AGAIN, failure.kind, None)]
        if failure.kind in ("store", "fault", "looping", "changed_shape"):
            return []
        self._failures += 1
        if remedy == "later" and self._failures < PATIENCE:
            return []
        before = pace.tripped(connection, self._host_names())
        times = 1 + max((breaker.failures for breaker in before.values()), default=0)
        until = now + (failure.wait or backoff(times - 1))
        return [pace.Breaker(name, times, until, failure.kind, None) for name in self._host_names()]

    def on_send(self) -> None:
        """Called before every request is sent, robots and retries too. Raises Spent when nothing more may be sent."""
        if self._closed:
            raise Spent
        try:
            self._purse.on_send()
        except HostLost:
            self._closed = True
            raise
        for look in self._looks.values():
            look.calls += 1
            self._calls[look.stretch.source] += 1

    def stop(self) -> None:
        """Ask nothing more: the page in hand is stored, and its window goes back."""
        self._closed = True

    def close(self) -> None:
        """Give back what was taken out of the budgets and not used."""
        self._purse.turn_to(None)
