"""How every source stands: in use or not, how far it was read, what waits and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from chengqing.source import Source
from chengqing.workspace import Workspace
from pipelines import pace, schema
from pipelines.queue import FINISHED, OPEN

SEEN_OFTEN = 5
"""Times that an unknown field must have come before it is told of: a single one may be a piece of content."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One source: ``until`` (Unix seconds) is how far it was read; ``waiting`` counts windows by reason."""

    source: Source
    disabled: str | None
    expired: bool
    stopped: str | None
    until: int | None
    waiting: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def standings(connection: Connection, workspace: Workspace, sources: Iterable[Source]) -> list[Standing]:
    """How ``sources`` stand now."""
    some = list(sources)
    breakers = pace.standing(connection, [f"source:{source.id}" for source in some], workspace.now)
    return [_standing(connection, workspace, source, breakers) for source in some]


def _standing(
    connection: Connection, workspace: Workspace, source: Source, breakers: Mapping[str, pace.Breaker]
) -> Standing:
    window, unknown = schema.window, schema.unknown_field
    mine = sa.and_(window.c.source == source.id, window.c.since.is_not(None))
    waiting = connection.execute(
        sa.select(sa.func.coalesce(window.c.why, window.c.state).label("why"), sa.func.count().label("n"))
        .where(mine, window.c.state.in_(OPEN))
        .group_by(sa.func.coalesce(window.c.why, window.c.state))
        .order_by(sa.text("n DESC"))
    )
    names = connection.scalars(
        sa.select(unknown.c.name)
        .where(unknown.c.source == source.id, unknown.c.n >= SEEN_OFTEN)
        .order_by(unknown.c.name)
    )
    breaker = breakers.get(f"source:{source.id}")
    return Standing(
        source=source,
        disabled=source.disabled,
        expired=not source.stores(workspace.today),
        stopped=breaker.why if breaker else None,
        until=connection.scalar(sa.select(sa.func.max(window.c.until)).where(mine, window.c.state == FINISHED)),
        waiting={row.why: row.n for row in waiting},
        unknown=tuple(names),
    )
