"""Coverage: which hours of a source were really read, and which were not, and why.

An hour is counted in cells, one a lane (a channel, an account, a hazard in a county). A cell is read when finished
windows cover all of the hour, to the second; it has failed when a reading of it was tried in vain; otherwise nobody has
looked. Counts are of cells, never of posts (design, Bounds 3 and 4).
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from pipelines import schema
from pipelines.queue import FINISHED, WAITING

HOUR = 3600
_COLUMNS = ("source", "lane", "since", "until", "state", "attempts", "why")


@dataclass(slots=True)
class Hour:
    """One hour (since 1970, UTC) of a source. planned = read + failed + not_looked_at; ``why`` counts the last two."""

    source: str
    hour: int
    planned: int = 0
    read: int = 0
    failed: int = 0
    not_looked_at: int = 0
    why: Counter[str] = field(default_factory=Counter)


def coverage(
    connection: Connection,
    *,
    since: int,
    until: int,
    sources: Collection[str] | None = None,
    apart: Collection[str] = (),
) -> Iterator[Hour]:
    """Every whole hour from ``since`` to ``until`` (hours since 1970) of which a window knows, by source and hour.

    Windows of the lanes ``apart`` stand for no time.
    """
    window = schema.window
    query = (
        sa.select(*(window.c[name] for name in _COLUMNS))
        .where(window.c.lane.not_in(apart), window.c.until > since * HOUR, window.c.since < until * HOUR)
        .order_by(window.c.source, window.c.lane, window.c.since)
    )
    if sources is not None:
        query = query.where(window.c.source.in_(sorted(sources)))
    found: dict[tuple[str, int], Hour] = {}
    cell: dict[int, _Cell] = {}
    lane: tuple[str, str] | None = None
    for row in connection.execute(query):
        if (row.source, row.lane) != lane:
            _settle(found, lane, cell)
            lane, cell = (row.source, row.lane), {}
        for hour in range(max(since, row.since // HOUR), min(until, -(-row.until // HOUR))):
            cell.setdefault(hour, _Cell()).add(row, hour)
    _settle(found, lane, cell)
    yield from (found[key] for key in sorted(found))


@dataclass(slots=True)
class _Cell:
    """One lane's hour: seconds that were read, and the worst of what was not."""

    read: int = 0
    until: int = 0
    failed: bool = False
    why: str = ""

    def add(self, row: Row[Any], hour: int) -> None:
        self.until = row.until
        if row.state == FINISHED:
            self.read += min(row.until, (hour + 1) * HOUR) - max(row.since, hour * HOUR)
            return
        failed = row.attempts > 0
        if failed and not self.failed:  # its reason goes before those of what nobody has tried
            self.failed, self.why = True, ""
        if failed or not self.failed:
            self.why = row.why or self.why or row.state


def _settle(found: dict[tuple[str, int], Hour], lane: tuple[str, str] | None, cells: dict[int, _Cell]) -> None:
    if lane is None:
        return
    for hour, cell in cells.items():
        here = found.setdefault((lane[0], hour), Hour(lane[0], hour))
        here.planned += 1
        if cell.read >= HOUR:
            here.read += 1
            continue
        if cell.failed:
            here.failed += 1
        else:
            here.not_looked_at += 1
        here.why[cell.why or (WAITING if cell.until < (hour + 1) * HOUR else "not_planned")] += 1
