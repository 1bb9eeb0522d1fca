"""What grouping works with, in memory: mentions, groups, and the sets of clauses."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipelines.epoch import EpochKey

ALL = 0
"""Group number under which a clause's set over all groups stands."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One kept text, signed, in memory: all that grouping and counting need of it.

    ``account`` and ``bin`` are None for an organisation's article: it shows its claim at once and serves no floor.
    ``also`` are its bands under the other live keys, by epoch: they find groups there, make none, and are not stored.
    """

    key: EpochKey
    hazard: str
    score: int
    rules: frozenset[str]
    early_warning: bool
    question: bool
    hour: int
    source: str
    bands: tuple[int, ...] = field(repr=False)
    clauses: tuple[tuple[int, str, str], ...] = field(repr=False)
    account: bytes | None = field(default=None, repr=False)
    bin: int | None = field(default=None, repr=False)
    reposts: int = 0
    article: int | None = None
    also: tuple[tuple[str, tuple[int, ...]], ...] = field(default=(), repr=False)


@dataclass(slots=True)
class Group:
    """A group's row while it is being changed."""

    id: int
    epoch: str
    created: int
    bins: int = 0
    mentions: int = 0
    questions: int = 0
    reposts: int = 0
    score: int = 0
    early_warning: bool = False
    hazards: Counter[str] = field(default_factory=Counter)
    rules: set[str] = field(default_factory=set)
    touched: int = 0
    claim: str | None = None
    muted: bool = False
    inherits: str | None = None

    @classmethod
    def of(cls, row: Any) -> "Group":
        """The group of a stored row."""
        return cls(
            row.id, row.epoch, row.created, unsigned(row.bins), row.mentions, row.questions, row.reposts, row.score,
            row.early_warning, Counter(row.hazards), set(row.rules), row.touched, row.claim, row.muted, row.inherits,
        )  # fmt: skip

    def row(self) -> dict[str, Any]:
        """The row as it is stored; the set of bins as a signed 64-bit number."""
        return {
            "id": self.id,
            "epoch": self.epoch,
            "bins": signed(self.bins),
            "mentions": self.mentions,
            "questions": self.questions,
            "reposts": self.reposts,
            "score": self.score,
            "early_warning": self.early_warning,
            "hazards": dict(sorted(self.hazards.items())),
            "rules": sorted(self.rules),
            "created": self.created,
            "touched": self.touched,
            "claim": self.claim,
            "muted": self.muted,
            "inherits": self.inherits,
        }

    @property
    def hazard(self) -> str:
        """The hazard that most of its mentions touch; the first by id when several do."""
        return min(self.hazards, key=lambda id_: (-self.hazards[id_], id_))


@dataclass(slots=True)
class ClauseSet:
    """One clause in one group: who said it (six bits a head), how often, and whether it is shown."""

    bins: int = 0
    mentions: int = 0
    shown: bool = False

    def row(self, epoch: str, hash_: int, group: int) -> dict[str, Any]:
        """The row as it is stored."""
        return {
            "epoch": epoch,
            "hash": hash_,
            "group": group,
            "bins": signed(self.bins),
            "mentions": self.mentions,
            "shown": self.shown,
        }


def signed(bits: int) -> int:
    """A 64-bit set as the signed number a database column holds."""
    return bits - (1 << 64) if bits >> 63 else bits


def unsigned(value: int) -> int:
    """The 64-bit set behind a stored number."""
    return value & ((1 << 64) - 1)


def part_id(group: int, guard: str | None = None) -> str:
    """Name of the account count of a group, or of one of its variants (a digest of its slots)."""
    return str(group) if guard is None else f"{group}:{hashlib.sha256(guard.encode()).hexdigest()[:12]}"
