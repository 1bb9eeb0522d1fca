"""The one clock. Everything that asks for the time is handed one of these."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

CHINA = timezone(timedelta(hours=8), "+08:00")
"""China Standard Time: one zone, no summer time since 1991."""


class Clock(Protocol):
    """Tells the time; always with a time zone."""

    def now(self) -> datetime:
        """The present moment."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A simulated clock that stands still, for ``--as-of`` and tests."""

    moment: datetime

    def now(self) -> datetime:
        """The simulated moment."""
        return self.moment


class ReplayClock:
    """A clock that was set to another moment and goes on from there, for ``--as-of``."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._began = time.monotonic()

    def now(self) -> datetime:
        """The moment it was set to, and the time that has passed since."""
        return self._moment + timedelta(seconds=time.monotonic() - self._began)


def parse_moment(text: str) -> datetime:
    """A moment in RFC 3339, as ``2026-11-22T08:00:00+08:00``; without a zone it is China's.

    Raises ValueError with the form that is wanted.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("write a time as 2026-11-22T08:00:00+08:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def hour_text(hour: int) -> str:
    """An hour since 1970 as RFC 3339 at +08:00."""
    return datetime.fromtimestamp(hour * 3600, CHINA).isoformat()


def short_hour(hour: int) -> str:
    """An hour since 1970 as a table shows it, at +08:00: ``11-22 08:00``."""
    return datetime.fromtimestamp(hour * 3600, CHINA).strftime("%m-%d %H:00")
