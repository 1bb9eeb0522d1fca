"""Windows: what is read, how far, and what became of every text in it.

The ``window`` table is the queue and the record. A window's counters, problems and cursor are written in the
transaction that stores its texts, so that totals add up after a kill.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from pipelines import schema
from pipelines.page import REASONS, Problem
from pipelines.store import insert, upsert

Unit = Literal["text", "quoted"]
Outcome = Literal["kept", "out_of_scope", "not_public", "not_permitted", "duplicate", "malformed", "too_old"]
PROBLEMS = 20
"""Malformed records that a window remembers by line; the rest are a number."""


@dataclass(frozen=True, slots=True)
class Window:
    """One row of the queue. ``cursor`` is where to go on (bytes), ``line`` the last line read."""

    id: int
    source: str
    name: str
    basis: str
    format: str | None
    as_of: int
    state: str
    epoch: str | None
    cursor: int
    line: int


@dataclass(slots=True)
class Counts:
    """Outcomes per unit; ``text`` is what the source sent, ``quoted`` parents met inside reposts."""

    outcomes: Counter[tuple[Unit, Outcome]] = field(default_factory=Counter)

    def add(self, unit: Unit, outcome: Outcome, n: int = 1) -> None:
        """Count ``n`` texts of one outcome."""
        if n:
            self.outcomes[unit, outcome] += n

    def read(self, unit: Unit = "text") -> int:
        """All texts of the unit: kept and dropped."""
        return sum(n for (of, _), n in self.outcomes.items() if of == unit)

    def kept(self, unit: Unit = "text") -> int:
        """Texts whose features are stored."""
        return self.outcomes[unit, "kept"]

    def dropped(self, unit: Unit = "text") -> dict[str, int]:
        """Every closed reason with its number, zeros too."""
        return {reason: self.outcomes[unit, reason] for reason in REASONS}


def _window(row: Row[tuple[object, ...]]) -> Window:
    names = ("id", "source", "name", "basis", "format", "as_of", "state", "epoch", "cursor", "line")
    return Window(**{name: row._mapping[name] for name in names})


def find(connection: Connection, name: str) -> Window | None:
    """The window of that keyed name."""
    row = connection.execute(sa.select(schema.window).where(schema.window.c.name == name)).one_or_none()
    return _window(row) if row is not None else None


def open_window(
    connection: Connection, *, source: str, name: str, basis: str, format: str, as_of: int, epoch: str, now: int
) -> Window:
    """A new window, at its beginning; ``as_of`` and ``now`` in Unix seconds."""
    connection.execute(
        sa.insert(schema.window).values(
            source=source, name=name, basis=basis, format=format, as_of=as_of, state="open", epoch=epoch, opened_at=now
        )
    )
    upsert(connection, schema.epoch, [{"name": epoch, "private": True, "opened_at": now, "ended_at": None}])
    found = find(connection, name)
    if found is None:
        raise RuntimeError("a window that was just opened is gone")
    return found


def set_epoch(connection: Connection, window: int, epoch: str, now: int) -> None:
    """Go on under a new private epoch: the one before was destroyed while the import lay unfinished."""
    connection.execute(sa.update(schema.window).where(schema.window.c.id == window).values(epoch=epoch))
    upsert(connection, schema.epoch, [{"name": epoch, "private": True, "opened_at": now, "ended_at": None}])


def advance(
    connection: Connection,
    window: int,
    *,
    cursor: int,
    line: int,
    counts: Mapping[tuple[Unit, Outcome], int],
    problems: Sequence[Problem],
) -> None:
    """Move the cursor and add what the block held."""
    connection.execute(sa.update(schema.window).where(schema.window.c.id == window).values(cursor=cursor, line=line))
    table = schema.window_count
    rows = [{"window": window, "unit": unit, "outcome": outcome, "n": n} for (unit, outcome), n in counts.items() if n]
    if rows:
        statement = insert(connection, table)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["window", "unit", "outcome"], set_={"n": table.c.n + statement.excluded.n}
            ),
            rows,
        )
    if problems:
        held = connection.scalar(
            sa.select(sa.func.count())
            .select_from(schema.window_problem)
            .where(schema.window_problem.c.window == window)
        )
        room = problems[: max(0, PROBLEMS - int(held or 0))]
        upsert(connection, schema.window_problem, [{"window": window, "line": p.line, "fault": p.fault} for p in room])


def finish(connection: Connection, window: int, now: int) -> None:
    """Everything was read; the window's epoch has ended."""
    connection.execute(
        sa.update(schema.window)
        .where(schema.window.c.id == window)
        .values(state="finished", finished_at=now, epoch=None)
    )


def counts(connection: Connection, windows: Sequence[int] | None = None) -> Counts:
    """What became of the texts of ``windows``, or of all that was ever read, crawled sources too."""
    files = _sums(schema.window_count)
    if windows is not None:
        return _added(connection, files.where(schema.window_count.c.window.in_(windows)))
    return Counts(_added(connection, files).outcomes + _added(connection, _sums(schema.tally)).outcomes)


def _sums(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table.c.unit, table.c.outcome, sa.func.sum(table.c.n)).group_by(table.c.unit, table.c.outcome)


def _added(connection: Connection, query: sa.Select[Any]) -> Counts:
    return Counts(Counter({(unit, outcome): int(n) for unit, outcome, n in connection.execute(query)}))


def problems(connection: Connection, window: int) -> list[tuple[int, str]]:
    """(line, fault) of the first malformed records."""
    table = schema.window_problem
    query = sa.select(table.c.line, table.c.fault).where(table.c.window == window).order_by(table.c.line)
    return [(row.line, row.fault) for row in connection.execute(query)]


def unfinished(connection: Connection) -> list[Window]:
    """Windows that were begun and not read to the end."""
    rows = connection.execute(sa.select(schema.window).where(schema.window.c.state == "open"))
    return [_window(row) for row in rows]
