"""The process that crawls one group of hosts: it holds their leases, reads, triages, stores, and ends.

It is started by :mod:`chengqing.crawl.rounds`, which hands it its order on standard input and keeps that open: when it
closes, the parent is gone, and the child ends after the page in hand. Nothing of a person or a credential is in its
arguments; credentials are read where the configuration says they are.
"""

import json
import os
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import structlog

from chengqing import logs
from chengqing.clock import Clock, ReplayClock, SystemClock
from chengqing.config import load_config
from chengqing.crawl.asking import ask
from chengqing.crawl.epochs import SharedKeys
from chengqing.crawl.groups import Group, groups
from chengqing.crawl.holder import holder
from chengqing.crawl.order import Order
from chengqing.crawl.purse import HOLD
from chengqing.crawl.readers import reader_of
from chengqing.crawl.work import CrawlWork
from chengqing.refused import keep_quiet, told
from chengqing.source import Crawled as CrawledSource
from chengqing.workspace import Workspace
from pipelines import pace
from pipelines.crawled import Crawled
from pipelines.page import Page
from pipelines.store import Store, sqlite_url
from pipelines.windows import Counts
from spiders.host import HostSpider

LIFE = 900
"""Seconds after which a child takes no further window: keys and configuration are read anew by the next."""
GRACE = 10.0
"""Seconds that the page in hand is given when the parent is gone."""
log = structlog.get_logger()


def main() -> None:
    """Read the order, crawl, say in one line what came of it."""
    keep_quiet()
    order = Order(**json.loads(sys.stdin.buffer.readline()))
    logs.configure(order.level)
    try:
        totals = crawl(order)
    except Exception as error:  # its message may hold a text: only kind and place are told
        code, message = told(error)
        print(message, file=sys.stderr)  # noqa: T201 - the parent's people read it
        sys.exit(code)
    with suppress(BrokenPipeError):  # the parent is gone: nobody reads it
        os.write(sys.stdout.fileno(), json.dumps(totals).encode())


def crawl(order: Order) -> dict[str, dict[str, int]]:
    """Read the group's sources; outcomes of texts by source."""
    folder = Path(order.data)
    config = load_config(folder, Path(order.config) if order.config else None)
    clock: Clock = ReplayClock(datetime.fromisoformat(order.as_of)) if order.as_of else SystemClock()
    store = Store(config.database or sqlite_url(folder))
    workspace = Workspace(folder, config, clock, store)
    try:
        named = (source for id_, source in config.sources.items() if id_ in order.sources)
        (group,) = groups(source for source in named if isinstance(source, CrawledSource))
        return _Child(workspace, group).run()
    finally:
        store.close()


class _Child:
    """One group, one crawler."""

    def __init__(self, workspace: Workspace, group: Group) -> None:
        self._workspace = workspace
        self._group = group
        self._me = holder()
        self._totals: dict[str, Counter[str]] = {}
        self._keys = SharedKeys(tuple(workspace.keys.shared()))
        self._readers = {source.id: reader_of(source, workspace.packs) for source in group.sources}
        self._work = CrawlWork(
            workspace, group, self._readers, self._keys, holder=self._me, deadline=self._now() + LIFE
        )
        self._intake = Crawled(
            workspace.store,
            workspace.reader,
            self._keys.by_name(),
            floor=workspace.config.floor,
            holder=self._me,
            now=self._now,
        )

    def _now(self) -> float:
        return self._workspace.clock.now().timestamp()

    def run(self) -> dict[str, dict[str, int]]:
        """Hold the hosts, keep the distance to whoever asked before, crawl."""
        threading.Thread(target=self._watch, daemon=True).start()
        store, netlocs, now = self._workspace.store, self._group.netlocs, self._now()
        with store.write() as connection:
            if not pace.hold_hosts(connection, netlocs, self._me, now=now, until=now + HOLD):
                log.info("host is held by another process")
                return {}
            since = now - pace.last_asked(connection, netlocs)
        if 0 <= since < self._group.delay:
            time.sleep(self._group.delay - since)
        try:
            self._crawl()
        finally:
            self._work.close()
            with store.write() as connection:
                pace.let_hosts_go(connection, netlocs, self._me)
        return {source: dict(counter) for source, counter in self._totals.items()}

    def _watch(self) -> None:
        """Wait for the parent's end of standard input; end with it."""
        while os.read(sys.stdin.fileno(), 4096):
            pass
        self._work.stop()
        time.sleep(GRACE)
        os._exit(1)

    def _crawl(self) -> None:
        rules = tuple(dict.fromkeys(rule for reader in self._readers.values() for rule in reader.rules))
        absent = ask(
            HostSpider,
            self._workspace,
            self._group,
            self._work,
            rules,
            take=self._take,
            on_send=self._work.on_send,
        )
        if absent:
            with self._workspace.store.write() as connection:
                pace.robots_absent(connection, self._group.netlocs, self._now())

    def _take(self, page: Page) -> None:
        counts = self._intake.take(page, self._work.beyond(page))
        self._work.taken(page, counts)
        self._count(page.source, counts)

    def _count(self, source: str, counts: Counts) -> None:
        counter = self._totals.setdefault(source, Counter())
        counter["read"] += counts.read()
        counter["kept"] += counts.kept()
        counter["pages"] += 1
        for reason, n in counts.dropped().items():
            counter[reason] += n


if __name__ == "__main__":
    main()
