"""Claims while a block is being applied: made, joined, counted, shown; written once, at the end.

A claim is what staff see. Its rows hold counts, hours, rules and clauses that at least five accounts share;
what an account is to it goes through :mod:`pipelines.bitmap` and is never a row of its own.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import bitmap, schema
from pipelines.store import insert, slices, upsert

CARRIED_MIN = 12
"""Shared clauses of this many characters and more are hashed again under each new key (design)."""


class Spread(Protocol):
    """What a claim learns of a group: marks that combine by maximum or OR."""

    mentions: int
    score: int
    early_warning: bool
    rules: set[str]

    @property
    def hazard(self) -> str:
        """The hazard most of its mentions touch."""


@dataclass(slots=True)
class Claim:
    """A claim's row while it is being changed."""

    id: str
    hazard: str
    above_floor: bool
    first_hour: int
    last_hour: int
    observed_at: int
    headline: str | None = None
    status: str = "open"
    mentions: int = 0
    questions: int = 0
    reposts: int = 0
    score: int = 0
    early_warning: bool = False
    rules: set[str] = field(default_factory=set)
    version: int = 0

    def row(self, scope: str) -> dict[str, Any]:
        """The row as it is stored."""
        return {
            "id": self.id,
            "scope": scope,
            "hazard": self.hazard,
            "headline": self.headline,
            "status": self.status,
            "mentions": self.mentions,
            "questions": self.questions,
            "reposts": self.reposts,
            "score": self.score,
            "early_warning": self.early_warning,
            "rules": sorted(self.rules),
            "above_floor": self.above_floor,
            "first_hour": self.first_hour,
            "last_hour": self.last_hour,
            "observed_at": self.observed_at,
            "version": self.version,
        }


@dataclass(slots=True)
class Part:
    """Accounts of one group or variant: the slots met in this block, OR-ed into its bitmap at the end."""

    claim: str
    epoch: str
    guard: str | None
    slots: set[int] = field(default_factory=set)


def new_id() -> str:
    """A random claim id: says nothing about what it names."""
    return secrets.token_hex(6)


class Claims:
    """The claims that one block touches. Load, change, flush."""

    def __init__(self, connection: Connection, scopes: Mapping[str, str], floor: int, now: int) -> None:
        """``scopes`` gives each hazard's scope; ``now`` is the clock in Unix seconds."""
        self._connection = connection
        self._scopes = scopes
        self._floor = floor
        self._now = now
        self._claims: dict[str, Claim] = {}
        self._alias: dict[str, str] = {}
        self._parts: dict[str, Part] = {}
        self._shown: dict[tuple[str, str], tuple[str, int]] = {}
        self._hours: Counter[tuple[str, int, str]] = Counter()
        self._asked: Counter[tuple[str, int, str]] = Counter()
        self._carried: dict[tuple[str, int], set[str]] = {}
        self._proposals: dict[tuple[str, str], str] = {}
        self._changed: set[str] = set()
        self._joined: list[tuple[str, str]] = []
        self._hidden = set(connection.scalars(sa.select(schema.erasure.c.claim)))

    # -- loading ---------------------------------------------------------------------------------

    def load(self, ids: Collection[str]) -> None:
        """Bring the claims ``ids`` into memory."""
        for some in slices(set(ids) - self._claims.keys()):
            for row in self._connection.execute(sa.select(schema.claim).where(schema.claim.c.id.in_(some))):
                fields = {**row._mapping, "rules": set(row.rules)}
                del fields["scope"]
                self._claims[row.id] = Claim(**fields)

    def carry(self, epoch: str, hashes: Collection[int]) -> None:
        """Bring older claims whose long shared clauses carry one of ``hashes`` under this epoch's key."""
        carried = schema.carried
        for some in slices(hashes):
            for row in self._connection.execute(
                sa.select(carried.c.hash, carried.c.claim).where(carried.c.epoch == epoch, carried.c.hash.in_(some))
            ):
                self._carried.setdefault((epoch, row.hash), set()).add(row.claim)

    # -- changes ---------------------------------------------------------------------------------

    def is_above(self, claim: str) -> bool:
        """Whether individuals' counts and wording of the claim may be shown."""
        return self._claims[claim].above_floor

    def is_hidden(self, claim: str | None) -> bool:
        """Whether the claim waits to be erased: it counts on, but takes no more wording."""
        return claim in self._hidden

    def mentions(self, claim: str) -> int:
        """Mentions that the claim counts."""
        return self._claims[claim].mentions

    def takes(self, claim: str, *, early_warning: bool) -> bool:
        """Whether more may become part of the claim unasked: an early warning never of a decided one (Bound 8)."""
        return self._claims[claim].status == "open" or not early_warning

    def may_join(self, claim: str, target: str) -> bool:
        """Whether ``claim``, on which nobody has decided, may become part of ``target`` unasked."""
        found = self._claims[claim]
        return found.status == "open" and self.takes(target, early_warning=found.early_warning)

    def epochs(self, claim: str) -> set[str]:
        """Epochs whose accounts the claim counts, ended ones too."""
        names = [claim, *(old for old in self._alias if self.resolve(old) == claim)]
        stored = self._connection.scalars(sa.select(schema.part.c.epoch).where(schema.part.c.claim.in_(names)))
        return {*stored, *(part.epoch for part in self._parts.values() if self.resolve(part.claim) == claim)}

    def create(self, hazard: str, hour: int, *, above_floor: bool) -> str:
        """A new claim; its times begin here."""
        made = Claim(new_id(), hazard, above_floor, hour, hour, self._now)
        self._claims[made.id] = made
        self._changed.add(made.id)
        return made.id

    def cross(self, claim: str, hour: int) -> None:
        """The floor is reached for a claim that an organisation's article showed before."""
        found = self._claims[claim]
        found.above_floor = True
        found.last_hour = max(found.last_hour, hour)
        self._changed.add(claim)

    def add(self, claim: str, mentions: int, questions: int, reposts: int) -> None:
        """Add mentions, of which ``questions`` only ask, and bare repost numbers."""
        found = self._claims[claim]
        found.mentions += mentions
        found.questions += questions
        found.reposts += reposts
        self._changed.add(claim)

    def update(self, claim: str, spread: Spread) -> None:
        """Take over a group's marks: the highest score, every rule, the early-warning mark for good."""
        found = self._claims[claim]
        found.score = max(found.score, spread.score)
        found.early_warning |= spread.early_warning
        found.rules |= spread.rules
        if 2 * spread.mentions >= found.mentions:  # of several groups, the one that most mentions are of
            found.hazard = spread.hazard
        self._changed.add(claim)

    def heard(self, claim: str, hour: int, source: str, *, question: bool) -> None:
        """Count one mention in its hour; hours before the floor was reached are that hour."""
        found = self._claims[claim]
        hour = max(hour, found.first_hour)
        found.last_hour = max(found.last_hour, hour)
        self._hours[claim, hour, source] += 1
        self._asked[claim, hour, source] += question
        self._changed.add(claim)

    def part(self, id_: str, claim: str, epoch: str, guard: str | None) -> Part:
        """The account count ``id_`` of a group (``guard`` None) or of one of its variants."""
        self._changed.add(claim)
        return self._parts.setdefault(id_, Part(claim, epoch, guard))

    def show(self, claim: str, text: str, guard: str, mentions: int) -> None:
        """Keep a clause that at least five bins of one group share."""
        _, before = self._shown.get((claim, text), (guard, 0))
        self._shown[claim, text] = (guard, max(before, mentions))
        self._changed.add(claim)

    def propose(self, claim: str, epoch: str, hash_: int) -> None:
        """Propose to staff that ``claim`` may be an older one that holds the same long clause."""
        for target in self._carried.get((epoch, hash_), ()):
            if (target := self.resolve(target)) != claim:
                self._proposals.setdefault((claim, target), "same_clause")

    def suggest(self, claim: str, target: str) -> None:
        """Propose to staff that ``claim`` may be ``target``: posts of two epochs belong to both."""
        self._proposals.setdefault((claim, target), "same_posts")

    def published(self, claim: str, article: int, hour: int) -> None:
        """An organisation's article says it."""
        found = self._claims[claim]
        found.last_hour = max(found.last_hour, hour)
        upsert(self._connection, schema.claim, [found.row(self._scopes[found.hazard])])
        upsert(self._connection, schema.claim_article, [{"claim": claim, "article": article, "role": "claim"}])
        self._changed.add(claim)

    def resolve(self, claim: str) -> str:
        """The claim that ``claim`` has become part of, or itself."""
        while claim in self._alias:
            claim = self._alias[claim]
        return claim

    def join(self, winner: str, loser: str) -> str:
        """Two claims turn out to be one, by a post that is near both; the survivor's id."""
        winner, loser = self.resolve(winner), self.resolve(loser)
        if winner == loser:
            return winner
        left, right = self._claims[winner], self._claims[loser]
        if right.mentions > left.mentions:
            left.hazard = right.hazard
        self.add(winner, right.mentions, right.questions, right.reposts)
        left.score = max(left.score, right.score)
        left.early_warning |= right.early_warning
        left.rules |= right.rules
        left.above_floor |= right.above_floor
        left.headline = left.headline or right.headline
        left.first_hour = min(left.first_hour, right.first_hour)
        left.last_hour = max(left.last_hour, right.last_hour)
        left.observed_at = min(left.observed_at, right.observed_at)
        self._alias[loser] = winner
        self._joined.append((loser, winner))
        self._changed.discard(loser)
        return winner

    # -- writing ---------------------------------------------------------------------------------

    def flush(self) -> list[str]:
        """Write everything; ids of claims that changed, joined ones included (their rows are gone)."""
        changed = sorted({self.resolve(id_) for id_ in self._changed})
        for id_ in changed:
            self._claims[id_].version += 1
        rows = [self._claims[id_].row(self._scopes[self._claims[id_].hazard]) for id_ in changed]
        upsert(self._connection, schema.claim, rows)
        self._write_joined()
        self._write_parts()
        self._write_hours()
        self._write_clauses()
        proposals = {(self.resolve(a), self.resolve(b)): reason for (a, b), reason in self._proposals.items()}
        upsert(
            self._connection,
            schema.proposal,
            [{"claim": a, "target": b, "reason": reason} for (a, b), reason in sorted(proposals.items()) if a != b],
        )
        return sorted({*changed, *(loser for loser, _ in self._joined)})

    def _write_joined(self) -> None:
        connection = self._connection
        for loser, winner in self._joined:
            winner = self.resolve(winner)
            for column in (schema.pending.c.claim, schema.pending.c.inherits, schema.part.c.claim):
                connection.execute(sa.update(column.table).where(column == loser).values({column: winner}))
            _move_clauses(connection, loser, winner)
            _move_hours(connection, loser, winner)
            for table in (schema.claim_article, schema.carried):
                rows = connection.execute(sa.select(table).where(table.c.claim == loser)).mappings().all()
                upsert(connection, table, [{**row, "claim": winner} for row in rows])
            connection.execute(
                sa.update(schema.claim_alias).where(schema.claim_alias.c.new == loser).values(new=winner)
            )
            connection.execute(sa.delete(schema.claim).where(schema.claim.c.id == loser))
            upsert(connection, schema.claim_alias, [{"old": loser, "new": winner}])

    def _write_parts(self) -> None:
        part = schema.part
        stored = {}
        for some in slices(self._parts):
            stored.update({row.id: row for row in self._connection.execute(sa.select(part).where(part.c.id.in_(some)))})
        rows = []
        for id_, found in sorted(self._parts.items()):
            before = stored[id_].bitmap if id_ in stored else None
            bits = bitmap.add(before if before is not None else bitmap.new(), found.slots)
            rows.append(
                {
                    "id": id_,
                    "claim": self.resolve(found.claim),
                    "epoch": found.epoch,
                    "guard": found.guard,
                    "bitmap": bits,
                    "at_least": bitmap.at_least(bits, self._floor),
                    "about": bitmap.about(bits, self._floor),
                }
            )
        upsert(self._connection, part, rows)

    def _write_hours(self) -> None:
        hours: Counter[tuple[str, int, str]] = Counter()
        asked: Counter[tuple[str, int, str]] = Counter()
        for (claim, hour, source), n in self._hours.items():
            key = (self.resolve(claim), hour, source)
            hours[key] += n
            asked[key] += self._asked[claim, hour, source]
        add_hours(self._connection, [(*key, n, asked[key]) for key, n in sorted(hours.items())])

    def _write_clauses(self) -> None:
        shown: dict[tuple[str, str], tuple[str, int]] = {}
        for (claim, text), (guard, mentions) in self._shown.items():
            key = (self.resolve(claim), text)
            shown[key] = (guard, max(mentions, shown.get(key, (guard, 0))[1]))
        show_clauses(self._connection, [(claim, text, *rest) for (claim, text), rest in sorted(shown.items())])


def _move_clauses(connection: Connection, loser: str, winner: str) -> None:
    table = schema.shared_clause
    rows = connection.execute(sa.select(table).where(table.c.claim == loser)).all()
    show_clauses(connection, [(winner, row.text, row.guard, row.mentions) for row in rows])


def _move_hours(connection: Connection, loser: str, winner: str) -> None:
    table = schema.claim_hour
    rows = connection.execute(sa.select(table).where(table.c.claim == loser)).all()
    add_hours(connection, [(winner, row.hour, row.source, row.mentions, row.questions) for row in rows])


def _adding(
    connection: Connection, table: sa.Table, rows: list[dict[str, Any]], change: Callable[[Any, Any], dict[str, Any]]
) -> None:
    """Insert ``rows``, or change the ones that stand already as ``change(table, new)`` says."""
    if rows:
        statement = insert(connection, table)
        keys = [column.name for column in table.primary_key]
        connection.execute(
            statement.on_conflict_do_update(index_elements=keys, set_=change(table.c, statement.excluded)), rows
        )


def add_hours(connection: Connection, rows: Iterable[tuple[str, int, str, int, int]]) -> None:
    """Add (claim, hour, source, mentions, questions) to what stands."""
    names = ("claim", "hour", "source", "mentions", "questions")
    _adding(
        connection,
        schema.claim_hour,
        [dict(zip(names, row, strict=True)) for row in rows],
        lambda old, new: {name: old[name] + new[name] for name in ("mentions", "questions")},
    )


def show_clauses(connection: Connection, rows: Iterable[tuple[str, str, str, int]]) -> None:
    """Keep (claim, text, guard, mentions); a clause that stands already keeps its larger number."""
    names = ("claim", "text", "guard", "mentions")
    _adding(
        connection,
        schema.shared_clause,
        [dict(zip(names, row, strict=True)) for row in rows],
        lambda old, new: {"mentions": sa.case((old.mentions > new.mentions, old.mentions), else_=new.mentions)},
    )
