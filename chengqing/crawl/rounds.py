"""Rounds of crawling: plan what is due, start a process for every group of hosts, see it through, tidy up.

The parent reads no page and asks no host. A child that ends badly is reported and stops no other; what it had leased is
taken over by the next round, page by page where it stopped.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from chengqing.clock import ReplayClock
from chengqing.crawl.credentials import mend_changed
from chengqing.crawl.epochs import SharedKeys, open_epochs
from chengqing.crawl.groups import Group, groups
from chengqing.crawl.holder import gone
from chengqing.crawl.order import Order
from chengqing.crawl.planning import Planned, plan
from chengqing.messages import say
from chengqing.source import Crawled
from chengqing.workspace import Workspace
from pipelines import epochs, queue, retention, said

PROCESSES = 4
"""Children at a time: each holds the weights and dictionaries of the language stages."""
TICK = 20.0
"""Seconds between two looks at what is due, while crawling goes on."""
HOUSEKEEPING = 900.0
"""Seconds between two rounds of deleting what is past its time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a round came to: every source with what was planned, outcomes of texts by source, children that failed."""

    planned: Sequence[Planned]
    totals: Mapping[str, Mapping[str, int]]
    failed: Sequence[str]


@dataclass(slots=True)
class _Running:
    group: Group
    process: subprocess.Popen[bytes]


@dataclass(slots=True)
class Rounds:
    """Crawls the sources of one desk."""

    workspace: Workspace
    config: str | None
    level: str
    warn: Callable[[str], None]
    _running: list[_Running] = field(default_factory=list)
    _stopped: bool = False

    def once(self, sources: Collection[Crawled]) -> Outcome:
        """One round of ``sources``, until everything that is due was read, failed, or can't be paid for."""
        keys = self._prepare()
        planned = self._plan(sources)
        waiting = groups(one.source for one in planned if one.skip is None)
        totals: dict[str, Mapping[str, int]] = {}
        failed: list[str] = []
        try:
            while (waiting or self._running) and not self._stopped:
                self._start_some(waiting)
                self._collect(totals, failed)
                time.sleep(0.02)
        finally:
            self._end_children(totals, failed)
        self._tidy(keys)
        return Outcome(planned, totals, failed)

    def forever(self, sources: Collection[Crawled], report: Callable[[Outcome], None]) -> None:
        """Read what is due, as it becomes due, until :meth:`stop`; ``report`` is told of every child that has ended.

        A host that hangs keeps its own child busy and nobody else's.
        """
        look, tidy = 0.0, 0.0
        waiting: list[Group] = []
        totals: dict[str, Mapping[str, int]] = {}
        failed: list[str] = []

        def tell() -> None:
            if totals or failed:
                report(Outcome([Planned(source) for source in sources if source.id in totals], {**totals}, [*failed]))
            totals.clear()
            failed.clear()

        try:
            while not self._stopped:
                if time.monotonic() >= look:
                    keys = self._prepare()
                    waiting = self._idle(sources)
                    look = time.monotonic() + TICK
                    if time.monotonic() >= tidy:
                        self._tidy(keys)
                        tidy = time.monotonic() + HOUSEKEEPING
                self._start_some(waiting)
                self._collect(totals, failed)
                tell()
                time.sleep(0.2)
        finally:
            self._end_children(totals, failed)
            tell()

    def _idle(self, sources: Collection[Crawled]) -> list[Group]:
        """Groups that have something to read and are not being read."""
        busy = frozenset().union(*(one.group.netlocs for one in self._running))
        planned = self._plan([source for source in sources if not source.netlocs() & busy])
        return groups(one.source for one in planned if one.skip is None)

    def stop(self) -> None:
        """End after the pages in hand."""
        self._stopped = True

    # -- before and after ----------------------------------------------------------------------------

    def _prepare(self) -> SharedKeys:
        """Keys that serve now; leases of processes that are gone are free."""
        keys = open_epochs(self.workspace)
        with self.workspace.store.write() as connection:
            queue.free_of(connection, gone(queue.holders(connection)))
        return keys

    def _plan(self, sources: Collection[Crawled]) -> list[Planned]:
        with self.workspace.store.write() as connection:
            mend_changed(connection, self.workspace, sources)
            return plan(connection, sources, self.workspace.packs, self.workspace.clock.now())

    def _tidy(self, keys: SharedKeys) -> None:
        """What follows a reading: hazards that many speak of, notices beside claims, what is past its time."""
        workspace = self.workspace
        with workspace.store.write() as connection:
            for name in keys.by_name():
                epochs.tell_hazards(connection, name, workspace.now)
            said.attach(connection, workspace.now)
            retention.sweep(connection, workspace.config.retention, workspace.now)
        try:
            retention.empty_log(workspace.store)
        except retention.RetentionError as error:
            self.warn(say("kind_retention", problem=error))  # the next housekeeping tries again

    # -- children ------------------------------------------------------------------------------------

    def _start_some(self, waiting: list[Group]) -> None:
        while waiting and len(self._running) < PROCESSES:
            self._start(waiting.pop(0))

    def _start(self, group: Group) -> None:
        clock = self.workspace.clock
        order = Order(
            data=str(self.workspace.folder),
            config=self.config,
            sources=[source.id for source in group.sources],
            as_of=clock.now().isoformat() if isinstance(clock, ReplayClock) else None,
            level=self.level,
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "chengqing.crawl.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdin is not None  # noqa: S101 - it was asked for
        process.stdin.write(order.line())
        process.stdin.flush()
        self._running.append(_Running(group, process))

    def _collect(self, totals: dict[str, Mapping[str, int]], failed: list[str]) -> None:
        """Take in what children that have ended say."""
        for one in [running for running in self._running if running.process.poll() is not None]:
            self._running.remove(one)
            self._hear_out(one, totals, failed)

    def _end_children(self, totals: dict[str, Mapping[str, int]], failed: list[str]) -> None:
        """Close their standard inputs, all at once: each ends after the page in hand, and says what it has read."""
        for one in self._running:
            if one.process.stdin is not None:
                one.process.stdin.close()
                one.process.stdin = None  # or the next line would close it again
        for one in self._running:
            self._hear_out(one, totals, failed)
        self._running.clear()

    @staticmethod
    def _hear_out(one: _Running, totals: dict[str, Mapping[str, int]], failed: list[str]) -> None:
        out, _ = one.process.communicate()
        if one.process.returncode:
            failed.append(one.group.name)
        else:
            totals.update(json.loads(out or b"{}"))
