"""What keeps a crawl within its bounds across processes and restarts: leases of hosts, budgets, what is left alone.

All of it are rows, so that a process that is killed, or a second one, asks no more than one alone would have.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import schema
from pipelines.store import insert, upsert

DAY = 86_400
_CHINA = 8 * 3600


def day_of(now: float) -> int:
    """The day of ``now`` (Unix seconds) at +08:00, in days since 1970: budgets begin anew at midnight there."""
    return int(now + _CHINA) // DAY


def left_of_day(now: float) -> int:
    """Seconds until that day ends."""
    return DAY - int(now + _CHINA) % DAY


# -- hosts ---------------------------------------------------------------------------------------


def hold_hosts(connection: Connection, hosts: Collection[str], holder: str, *, now: float, until: float) -> bool:
    """Take the leases of all ``hosts``, or of none; whether they are ``holder``'s now, until ``until``."""
    host = schema.host
    names = sorted(hosts)
    connection.execute(
        insert(connection, host).on_conflict_do_nothing(index_elements=["name"]),
        [{"name": name, "asked_at": 0.0} for name in names],
    )
    free = sa.or_(host.c.holder.is_(None), host.c.leased_until < now, host.c.holder == holder)
    taken = connection.execute(
        sa.update(host).where(host.c.name.in_(names), free).values(holder=holder, leased_until=until)
    )
    if taken.rowcount == len(names):
        return True
    let_hosts_go(connection, names, holder)
    return False


def let_hosts_go(connection: Connection, hosts: Collection[str], holder: str) -> None:
    """Give the leases back."""
    host = schema.host
    connection.execute(
        sa.update(host).where(host.c.name.in_(sorted(hosts)), host.c.holder == holder).values(holder=None)
    )


def held(connection: Connection, hosts: Collection[str], now: float) -> bool:
    """Whether somebody holds one of ``hosts`` now."""
    host = schema.host
    holders = connection.scalars(
        sa.select(host.c.name).where(
            host.c.name.in_(sorted(hosts)), host.c.holder.is_not(None), host.c.leased_until >= now
        )
    )
    return holders.first() is not None


def asked(connection: Connection, hosts: Collection[str], now: float) -> None:
    """Remember that ``hosts`` are being asked now: whoever is next keeps the distance."""
    host = schema.host
    connection.execute(sa.update(host).where(host.c.name.in_(sorted(hosts))).values(asked_at=now))


def robots_absent(connection: Connection, hosts: Collection[str], now: float) -> None:
    """Record that an API among ``hosts`` had no robots.txt that says anything, and was called (Bound 1)."""
    host = schema.host
    connection.execute(sa.update(host).where(host.c.name.in_(sorted(hosts))).values(robots_absent_at=int(now)))


def without_robots(connection: Connection, hosts: Collection[str]) -> bool:
    """Whether one of ``hosts`` was called without a robots.txt."""
    host = schema.host
    query = sa.select(host.c.name).where(host.c.name.in_(sorted(hosts)), host.c.robots_absent_at.is_not(None))
    return connection.scalars(query).first() is not None


def last_asked(connection: Connection, hosts: Collection[str]) -> float:
    """When one of ``hosts`` was last asked, in Unix seconds; 0 for never."""
    host = schema.host
    return float(connection.scalar(sa.select(sa.func.max(host.c.asked_at)).where(host.c.name.in_(sorted(hosts)))) or 0)


# -- budgets -------------------------------------------------------------------------------------


def take(connection: Connection, limits: Mapping[str, int], wanted: int, now: float) -> int:
    """Take up to ``wanted`` requests out of today's budgets, of each as many; how many may be sent.

    ``limits`` are requests a day by budget. They are taken before they are sent: a kill may waste some, never exceed.
    """
    day, used = _used(connection, limits, now)
    n = max(0, min(wanted, *(limit - used[name] for name, limit in limits.items())))
    if n:
        upsert(
            connection, schema.budget, [{"name": name, "day": day, "used": used[name] + n} for name in sorted(limits)]
        )
    return n


def put_back(connection: Connection, limits: Collection[str], n: int, taken: float) -> None:
    """Give back requests that were taken at ``taken`` (Unix seconds) and not sent; those of a day gone by are lost."""
    budget = schema.budget
    day = sa.and_(budget.c.name.in_(sorted(limits)), budget.c.day == day_of(taken), budget.c.used >= n)
    connection.execute(sa.update(budget).where(day).values(used=budget.c.used - n))


def left(connection: Connection, limits: Mapping[str, int], now: float) -> int:
    """Requests that may still be sent today under all of ``limits``."""
    _, used = _used(connection, limits, now)
    return max(0, min(limit - used[name] for name, limit in limits.items()))


def _used(connection: Connection, limits: Collection[str], now: float) -> tuple[int, dict[str, int]]:
    """Today, and what was taken out of it.

    Who looked at the clock before midnight and gets its turn after another has begun the new day, is of the new day.
    """
    budget, today = schema.budget, day_of(now)
    rows = connection.execute(
        sa.select(budget).where(budget.c.name.in_(sorted(limits)), budget.c.day.in_((today, today + 1)))
    ).all()
    day = max((row.day for row in rows), default=today)
    return day, dict.fromkeys(limits, 0) | {row.name: row.used for row in rows if row.day == day}


# -- what is left alone --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Breaker:
    """What is left alone, why (a closed word), and until when (Unix seconds); None: until a person has acted."""

    name: str
    failures: int
    until: int | None
    why: str
    credential: str | None


def standing(connection: Connection, names: Collection[str], now: float) -> dict[str, Breaker]:
    """Those of ``names`` that are to be left alone at ``now``."""
    return {
        name: found for name, found in tripped(connection, names).items() if found.until is None or found.until > now
    }


def tripped(connection: Connection, names: Collection[str]) -> dict[str, Breaker]:
    """Those of ``names`` that failed since they last answered, whether or not their time is over."""
    breaker = schema.breaker
    rows = connection.execute(sa.select(breaker).where(breaker.c.name.in_(sorted(names))))
    return {row.name: Breaker(row.name, row.failures, row.until, row.why, row.credential) for row in rows}


def trip(connection: Connection, found: Breaker) -> None:
    """Leave something alone from now on."""
    upsert(
        connection,
        schema.breaker,
        [
            {
                "name": found.name,
                "failures": found.failures,
                "until": found.until,
                "why": found.why,
                "credential": found.credential,
            }
        ],
    )


def mend(connection: Connection, names: Collection[str]) -> int:
    """It answers again, or a person has acted: forget the failures of ``names``; how many stood."""
    breaker = schema.breaker
    return connection.execute(sa.delete(breaker).where(breaker.c.name.in_(sorted(names)))).rowcount
