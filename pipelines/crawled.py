"""What Scrapy hands over: pages, triaged off the reactor's thread and stored one transaction each.

``ITEM_PIPELINES`` names :class:`IntakePipeline`; the process that crawls puts :meth:`Crawled.take` into the settings.
The commit of a page is its acknowledgement: the spider asks its next question only afterwards.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.reader import Reader
from pipelines import epochs, queue, schema
from pipelines.epoch import EpochKey
from pipelines.intake import Batch, Intake
from pipelines.page import Page
from pipelines.store import Store, insert, upsert
from pipelines.triage import Triage
from pipelines.windows import Counts

TAKE = "CHENGQING_TAKE"
"""Name of the setting that holds what takes a page."""
LEASE = 900
"""Seconds for which a window stays its holder's after each page: longer than a host may keep it waiting.

A holder of this machine that is gone is found out at once; this is for those of other machines.
"""


class IntakePipeline:
    """Scrapy's end of the line: every item is a page."""

    def __init__(self, take: Callable[[Page], object]) -> None:
        """``take`` triages and commits one page; it may block."""
        self._take = take

    @classmethod
    def from_crawler(cls, crawler: Any) -> "IntakePipeline":
        """Scrapy's way of making a component."""
        return cls(crawler.settings[TAKE])

    async def process_item(self, item: Page) -> Page:
        """Store the page; what can't be stored is the spider's to deal with, and no text of it is in the error."""
        await asyncio.to_thread(self._take, item)
        return item


class Crawled:
    """Stores pages of leased windows."""

    def __init__(
        self,
        store: Store,
        reader: Reader,
        keys: Mapping[str, EpochKey],
        *,
        floor: int,
        holder: str,
        now: Callable[[], float],
    ) -> None:
        """``keys`` are the live shared epochs, the oldest first; ``holder`` has the leases.

        ``now`` is the clock (Unix seconds).
        """
        self._store = store
        self._reader = reader
        self._keys = keys
        self._intake = Intake(store, reader, floor=floor)
        self._holder = holder
        self._now = now
        self._triage: dict[str, Triage] = {}

    def take(self, page: Page, beyond: int | None = None) -> Counts:
        """Triage and commit one page: kept rows, counters, what is known, and the window's next cursor.

        With the last page goes the hole that it leaves: nothing from before ``beyond`` (Unix seconds) could be had.

        Raises LostWindow when the window has gone to another holder, or a key has ended; then nothing of the page is
        stored.
        """
        if page.source not in self._triage:
            self._triage[page.source] = Triage(self._reader, self._keys, page.source)
        batch = Batch.of(page, self._triage[page.source])
        now = self._now()
        with self._store.write(pause=True) as connection:
            queue.advance(connection, page, self._holder, now=int(now), until=now + LEASE)
            if not self._signs(page) <= epochs.live(connection):
                raise queue.LostWindow("a page was signed with a key that has ended")
            if page.done and beyond is not None:
                queue.hole(connection, page.window, beyond, "beyond_reach", int(now))
            counts = self._intake.keep(connection, batch, int(now))
            _count(connection, page, counts, int(now))
            _remember(connection, page, int(now))
        return counts

    def _signs(self, page: Page) -> set[str]:
        """Epochs that sign what is stored of ``page``: of posts their own, of articles the newest."""
        return {post.epoch for post in page.posts} | set([*self._keys][-1:] if page.articles else ())


def _count(connection: Connection, page: Page, counts: Counts, now: int) -> None:
    """Add to the source's day: a window of one hazard in one county has no numbers of its own."""
    day = now // 86_400
    rows = [
        {"source": page.source, "day": day, "unit": unit, "outcome": outcome, "n": n}
        for (unit, outcome), n in counts.outcomes.items()
        if n
    ]
    _add(connection, schema.tally, rows, "n")
    unknown = [{"source": page.source, "name": name, "n": n, "at": now} for name, n in page.unknown.items()]
    _add(connection, schema.unknown_field, unknown, "n")


def _add(connection: Connection, table: sa.Table, rows: list[dict[str, Any]], column: str) -> None:
    """Insert ``rows``, or add their ``column`` to what stands."""
    if rows:
        statement = insert(connection, table)
        keys = [key.name for key in table.primary_key]
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=keys, set_={column: table.c[column] + statement.excluded[column]}
            ),
            rows,
        )


def _remember(connection: Connection, page: Page, now: int) -> None:
    """Keep which articles of the organisation were dealt with, and its lists' validators."""
    upsert(
        connection,
        schema.known,
        [{"source": page.source, "key": one.key, "stamp": one.stamp, "at": now} for one in page.known],
    )
    upsert(
        connection,
        schema.visit,
        [
            {
                "source": page.source,
                "url": one.url,
                "etag": one.etag,
                "last_modified": one.last_modified,
                "at": now,
            }
            for one in page.visits
        ],
    )
