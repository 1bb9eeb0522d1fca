"""Questions for a public fact, counted: hazard × listed place × question word, and never a word of a post.

Below five different bins of one epoch a question is a keyed number with a 64-bit set; at the floor it becomes readable
and counts on in a bitmap, as a claim does (design, Bounds 3 and 4, What counts). Epochs count apart.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import bitmap, schema
from pipelines.epoch import EpochKey
from pipelines.group import signed, unsigned
from pipelines.store import slices, upsert


@dataclass(frozen=True, slots=True)
class Asking:
    """One post that asks, signed, in memory: all that counting needs of it."""

    key: EpochKey
    hazard: str
    place: str
    word: str
    hour: int
    account: bytes = field(repr=False)
    bin: int = field(repr=False)

    @property
    def hash(self) -> int:
        """The question under its epoch's key."""
        return self.key.question(self.hazard, self.place, self.word)


@dataclass(slots=True)
class _Pending:
    """A question's keyed row while it is being changed; ``question`` is its readable one, from the floor on."""

    created: int
    bins: int = 0
    mentions: int = 0
    touched: int = 0
    question: str | None = None
    muted: bool = False

    def row(self, epoch: str, hash_: int) -> dict[str, Any]:
        """The row as it is stored."""
        return {
            "epoch": epoch,
            "hash": hash_,
            "bins": signed(self.bins),
            "mentions": self.mentions,
            "created": self.created,
            "touched": self.touched,
            "question": self.question,
            "muted": self.muted,
        }


@dataclass(slots=True)
class _Question:
    """A readable question while it is being changed."""

    id: str
    epoch: str
    hazard: str
    place: str
    word: str
    mentions: int
    first_hour: int
    last_hour: int
    bitmap: bytes

    def row(self, floor: int) -> dict[str, Any]:
        """The row as it is stored."""
        return {
            "id": self.id,
            "epoch": self.epoch,
            "hazard": self.hazard,
            "place": self.place,
            "word": self.word,
            "mentions": self.mentions,
            "at_least": bitmap.at_least(self.bitmap, floor),
            "first_hour": self.first_hour,
            "last_hour": self.last_hour,
            "bitmap": self.bitmap,
        }


class Asked:
    """The questions that one transaction touches. Load, apply each asking, flush."""

    def __init__(self, connection: Connection, askings: Sequence[Asking], *, floor: int, now: int) -> None:
        """``now`` is Unix seconds; a floor below five is raised to it."""
        self._connection = connection
        self._floor = max(floor, bitmap.FLOOR)
        self._hour = now // 3600
        self._pending: dict[tuple[str, int], _Pending] = {}
        self._questions: dict[str, _Question] = {}
        self._changed: set[tuple[str, int]] = set()
        hashes: dict[str, set[int]] = {}
        for asking in askings:
            hashes.setdefault(asking.key.epoch, set()).add(asking.hash)
        for epoch, some in hashes.items():
            self._load(epoch, some)

    def _load(self, epoch: str, hashes: set[int]) -> None:
        asking, question = schema.asking, schema.question
        for some in slices(hashes):
            mine = sa.and_(asking.c.epoch == epoch, asking.c.hash.in_(some))
            for row in self._connection.execute(sa.select(asking).where(mine)):
                self._pending[epoch, row.hash] = _Pending(
                    row.created, unsigned(row.bins), row.mentions, row.touched, row.question, row.muted
                )
            above = sa.select(asking.c.question).where(mine, asking.c.question.is_not(None))
            for row in self._connection.execute(sa.select(question).where(question.c.id.in_(above))):
                self._questions[row.id] = _Question(
                    row.id, row.epoch, row.hazard, row.place, row.word, row.mentions, row.first_hour, row.last_hour,
                    row.bitmap,
                )  # fmt: skip

    def is_muted(self, asking: Asking) -> bool:
        """Whether the question was erased in this epoch: it is left alone."""
        found = self._pending.get((asking.key.epoch, asking.hash))
        return found is not None and found.muted

    def apply(self, asking: Asking) -> None:
        """Count one asking; with the fifth bin the question becomes readable, and its bins go."""
        at = (asking.key.epoch, asking.hash)
        found = self._pending.setdefault(at, _Pending(self._hour))
        self._changed.add(at)
        found.touched = max(found.touched, asking.hour)
        found.mentions += 1
        if found.question is None:
            found.bins |= 1 << asking.bin
            if found.bins.bit_count() < self._floor:
                return
            found.question, found.bins = self._cross(asking), 0
        question = self._questions[found.question]
        question.mentions = found.mentions
        question.last_hour = max(question.last_hour, asking.hour)
        question.bitmap = bitmap.add(question.bitmap, {asking.key.slot(question.id, asking.account)})

    def _cross(self, asking: Asking) -> str:
        """The floor is reached: the question's readable row, whose times begin here."""
        made = _Question(
            secrets.token_hex(6), asking.key.epoch, asking.hazard, asking.place, asking.word, 0, asking.hour,
            asking.hour, bitmap.new(),
        )  # fmt: skip
        self._questions[made.id] = made
        return made.id

    def flush(self) -> None:
        """Write what changed."""
        rows = {at: self._pending[at] for at in sorted(self._changed)}
        above = [self._questions[row.question] for row in rows.values() if row.question is not None]
        upsert(self._connection, schema.question, [question.row(self._floor) for question in above])
        upsert(self._connection, schema.asking, [row.row(*at) for at, row in rows.items()])


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question above the floor. Hours count from 1970 (UTC)."""

    id: str
    hazard: str
    place: str
    word: str
    accounts_at_least: int
    mentions: int
    first_hour: int
    last_hour: int


def questions(connection: Connection) -> list[QuestionView]:
    """Every question above the floor, what most accounts ask first.

    Of several epochs accounts are their maximum and mentions add up.
    """
    found: dict[tuple[str, str, str], list[Any]] = {}
    for row in connection.execute(sa.select(schema.question)):
        found.setdefault((row.hazard, row.place, row.word), []).append(row)
    views = [
        QuestionView(
            min(rows, key=lambda row: (-row.at_least, row.id)).id,
            *asked,
            max(row.at_least for row in rows),
            sum(row.mentions for row in rows),
            min(row.first_hour for row in rows),
            max(row.last_hour for row in rows),
        )
        for asked, rows in found.items()
    ]
    return sorted(views, key=lambda view: (-view.accounts_at_least, -view.mentions, view.hazard, view.place, view.word))


def same(connection: Connection, question: str) -> list[str]:
    """Ids under which the question stands, its own among them, one for each epoch; none when it does not stand."""
    one, other = schema.question, schema.question.alias()
    alike = sa.and_(one.c.hazard == other.c.hazard, one.c.place == other.c.place, one.c.word == other.c.word)
    return sorted(connection.scalars(sa.select(other.c.id).join(one, alike).where(one.c.id == question)))


def erase(connection: Connection, question: str) -> bool:
    """Delete a question under all its ids; asked again in the same epochs it is left alone. Whether it stood."""
    ids = same(connection, question)
    asking = schema.asking
    connection.execute(
        sa.update(asking).where(asking.c.question.in_(ids)).values(muted=True, question=None, bins=0, mentions=0)
    )
    connection.execute(sa.delete(schema.question).where(schema.question.c.id.in_(ids)))
    return bool(ids)


def forget(connection: Connection) -> None:
    """Delete every readable question: none names its sources, so any may be one's that is forgotten."""
    connection.execute(sa.delete(schema.question))
