"""What one page of a source came to when it was tried."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Trial:
    """What one page came to. ``asked`` are methods and addresses without their secrets."""

    source: str
    asked: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    read: int = 0
    would_keep: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    unknown: Mapping[str, int] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    failure: str | None = None


class HostHeld(RuntimeError):
    """The host is being asked by another process."""
