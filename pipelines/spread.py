"""From mentions to claims: groups, bins, the floor, shared clauses, variants.

One :class:`Block` is one transaction's work. It loads the rows that its mentions touch, applies them one by
one in memory, and writes what changed. Nothing here sees a text that the gate dropped, and of a kept one
only clauses reach a row: as keyed values below the floor, as wording where five bins of one group share them.

Groups are the connected components of "shares a band": when a mention touches several, they become one,
whatever the order in which they came (design, How grouping works without wording).
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import bitmap, schema
from pipelines.claims import Claims
from pipelines.epoch import EpochKey
from pipelines.store import slices, upsert

ALL = 0
"""Group number under which a clause's set over all groups stands."""


@dataclass(frozen=True, slots=True)
class Mention:
    """One kept text, signed, in memory: all that grouping and counting need of it.

    ``account`` and ``bin`` are None for an organisation's article: it shows its claim at once and serves no floor.
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


def signed(bits: int) -> int:
    """A 64-bit set as the signed number a database column holds."""
    return bits - (1 << 64) if bits >> 63 else bits


def unsigned(value: int) -> int:
    """The 64-bit set behind a stored number."""
    return value & ((1 << 64) - 1)


def part_id(group: int, guard: str | None = None) -> str:
    """Name of the account count of a group, or of one of its variants (a digest of its slots)."""
    return str(group) if guard is None else f"{group}:{hashlib.sha256(guard.encode()).hexdigest()[:12]}"


class Block:
    """The rows one transaction touches. Load, apply each mention, flush."""

    def __init__(
        self,
        connection: Connection,
        mentions: Sequence[Mention],
        *,
        floor: int,
        scopes: Mapping[str, str],
        guard: Callable[[str], str],
        now: int,
    ) -> None:
        """``scopes`` gives each hazard's scope, ``guard`` a clause's guard key; ``now`` is Unix seconds."""
        self._connection = connection
        self._floor = max(floor, bitmap.FLOOR)
        self._hour = now // 3600
        self._guard = guard
        self._claims = Claims(connection, scopes, self._floor, now)
        self._groups: dict[int, Group] = {}
        self._forward: dict[int, int] = {}
        self._bands: dict[tuple[str, int], int] = {}
        self._new_bands: dict[tuple[str, int], int] = {}
        self._sets: dict[tuple[str, int, int], ClauseSet] = {}
        self._texts: set[tuple[str, int]] = set()
        self._new_texts: dict[tuple[str, int], str] = {}
        self._dirty_groups: set[int] = set()
        self._dirty_sets: set[tuple[str, int, int]] = set()
        self._gone_sets: set[tuple[str, int, int]] = set()
        self._next = self._counter()
        by_epoch: dict[str, list[Mention]] = {}
        for mention in mentions:
            by_epoch.setdefault(mention.key.epoch, []).append(mention)
        for epoch, some in by_epoch.items():
            self._load(epoch, some)

    # -- loading ---------------------------------------------------------------------------------

    def _counter(self) -> int:
        value = self._connection.scalar(sa.select(schema.fact.c.value).where(schema.fact.c.key == "next_group"))
        return int(value or 1)

    def _load(self, epoch: str, mentions: Sequence[Mention]) -> None:
        band, clause, text = schema.band, schema.clause, schema.clause_text
        for some in slices({value for mention in mentions for value in mention.bands}):
            rows = self._connection.execute(
                sa.select(band.c.hash, band.c.group).where(band.c.epoch == epoch, band.c.hash.in_(some))
            )
            self._bands.update({(epoch, row.hash): row.group for row in rows})
        hit = set(self._bands.values())
        for some in slices(hit):
            self._adopt(self._connection.execute(sa.select(schema.pending).where(schema.pending.c.id.in_(some))))
        hashes = {hash_ for mention in mentions for hash_, _, _ in mention.clauses}
        for some in slices(hashes):
            found = self._connection.execute(sa.select(text.c.hash).where(text.c.epoch == epoch, text.c.hash.in_(some)))
            self._texts.update((epoch, row.hash) for row in found)
            for group_ids in slices({ALL, *hit}):
                self._adopt_sets(
                    self._connection.execute(
                        sa.select(clause).where(
                            clause.c.epoch == epoch, clause.c.hash.in_(some), clause.c.group.in_(group_ids)
                        )
                    )
                )
        self._claims.load({group.claim for group in self._groups.values() if group.claim})
        self._claims.carry(epoch, hashes)

    def _adopt(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self._groups[row.id] = Group(
                row.id, row.epoch, row.created, unsigned(row.bins), row.mentions, row.questions, row.reposts, row.score,
                row.early_warning, Counter(row.hazards), set(row.rules), row.touched, row.claim, row.muted,
            )  # fmt: skip

    def _adopt_sets(self, rows: Iterable[Any]) -> None:
        for row in rows:
            self._sets.setdefault(
                (row.epoch, row.hash, row.group), ClauseSet(unsigned(row.bins), row.mentions, row.shown)
            )

    # -- groups ----------------------------------------------------------------------------------

    def _find(self, group: int) -> int:
        while group in self._forward:
            group = self._forward[group]
        return group

    def _group_of(self, mention: Mention) -> Group:
        """The mention's group: new, found, or several made one."""
        epoch = mention.key.epoch
        hit = {self._find(self._bands[epoch, value]) for value in mention.bands if (epoch, value) in self._bands}
        groups = sorted((self._groups[id_] for id_ in hit), key=lambda g: (g.claim is None, -g.mentions, g.id))
        if groups:
            for other in groups[1:]:
                self._merge(groups[0], other)
            group = groups[0]
        else:
            group = self._groups[self._next] = Group(self._next, epoch, self._hour)
            self._next += 1
        for value in mention.bands:
            if (epoch, value) not in self._bands:
                self._bands[epoch, value] = self._new_bands[epoch, value] = group.id
        self._dirty_groups.add(group.id)
        return group

    def _merge(self, winner: Group, loser: Group) -> None:
        """Make two groups one: sets by OR, marks by OR, scores by maximum, mentions by sum, accounts by neither."""
        clause = schema.clause
        stored = self._connection.execute(
            sa.select(clause).where(clause.c.epoch == loser.epoch, clause.c.group == loser.id)
        )
        self._adopt_sets(row for row in stored if (row.epoch, row.hash, row.group) not in self._gone_sets)
        wanted = [key for key in self._sets if key[2] == loser.id]
        self._load_sets_of(winner, [hash_ for _, hash_, _ in wanted])
        for key in wanted:
            old = self._sets.pop(key)
            self._gone_sets.add(key)
            target = (key[0], key[1], winner.id)
            new = self._sets.setdefault(target, ClauseSet())
            new.bins |= old.bins
            new.mentions += old.mentions
            new.shown |= old.shown
            self._dirty_sets.add(target)
        self._merge_claims(winner, loser)
        winner.bins |= loser.bins
        winner.mentions += loser.mentions
        winner.questions += loser.questions
        winner.reposts += loser.reposts
        winner.score = max(winner.score, loser.score)
        winner.early_warning |= loser.early_warning
        winner.hazards += loser.hazards
        winner.rules |= loser.rules
        winner.created = min(winner.created, loser.created)
        winner.touched = max(winner.touched, loser.touched)
        self._connection.execute(
            sa.update(schema.group_article).where(schema.group_article.c.group == loser.id).values(group=winner.id)
        )
        self._forward[loser.id] = winner.id
        del self._groups[loser.id]
        self._dirty_groups.discard(loser.id)

    def _merge_claims(self, winner: Group, loser: Group) -> None:
        """One claim for both, that counts what neither claim showed before. The winner has one if any has."""
        if winner.claim is None:
            return
        counted = {id(g): g.claim is not None and self._claims.is_above(g.claim) for g in (winner, loser)}
        if loser.claim is not None and loser.claim != winner.claim:
            lost, kept = loser.claim, winner.claim
            winner.claim = self._claims.join(kept, lost)
            self._move_claim(lost, kept)
        if any(counted.values()):
            for group in (winner, loser):
                if not counted[id(group)]:
                    self._claims.add(winner.claim, group.mentions, group.questions, group.reposts)

    def _move_claim(self, *ids: str) -> None:
        """Point every loaded group at the surviving claim."""
        for group in self._groups.values():
            if group.claim in ids:
                group.claim = self._claims.resolve(group.claim)

    def _load_sets_of(self, group: Group, hashes: Sequence[int]) -> None:
        clause = schema.clause
        for some in slices(set(hashes)):
            self._adopt_sets(
                row
                for row in self._connection.execute(
                    sa.select(clause).where(
                        clause.c.epoch == group.epoch, clause.c.hash.in_(some), clause.c.group == group.id
                    )
                )
                if (row.epoch, row.hash, row.group) not in self._gone_sets
            )

    # -- one mention -----------------------------------------------------------------------------

    def is_muted(self, mention: Mention) -> bool:
        """Whether the mention belongs to a group that was erased: such words are left alone."""
        epoch = mention.key.epoch
        hit = {self._find(self._bands[epoch, value]) for value in mention.bands if (epoch, value) in self._bands}
        return any(self._groups[id_].muted for id_ in hit)

    def apply(self, mention: Mention) -> None:
        """Count one mention: join it to its group, its account to the sets, its words to the clauses."""
        group = self._group_of(mention)
        group.hazards[mention.hazard] += 1
        group.rules |= mention.rules
        group.score = max(group.score, mention.score)
        group.early_warning |= mention.early_warning
        group.touched = max(group.touched, mention.hour)
        if mention.account is None or mention.bin is None:
            self._publish(group, mention)
            return
        group.mentions += 1
        group.questions += mention.question
        group.reposts += mention.reposts
        above = group.claim is not None and self._claims.is_above(group.claim)
        if above and group.claim is not None:
            self._claims.add(group.claim, 1, mention.question, mention.reposts)
        else:
            group.bins |= 1 << mention.bin
            if group.bins.bit_count() >= self._floor:
                above = self._cross(group, mention)
        if not self._claims.is_hidden(group.claim):
            for hash_, text, _ in mention.clauses:
                self._say(group, mention, hash_, text)
        if above and group.claim is not None:
            group.bins = 0
            self._count(group, group.claim, mention)

    def _cross(self, group: Group, mention: Mention) -> bool:
        """The floor is reached: from now on the group is a claim. Its set of bins has done its work."""
        if group.claim is None:
            group.claim = self._claims.create(group.hazard, mention.hour, above_floor=True)
        else:
            self._claims.cross(group.claim, mention.hour)
        self._claims.add(group.claim, group.mentions, group.questions, group.reposts)
        return True

    def _publish(self, group: Group, mention: Mention) -> None:
        """An organisation's article shows its claim at once, without counts of individuals."""
        if mention.article is None:
            raise ValueError("a mention has an account or an article")
        if group.claim is None:
            group.claim = self._claims.create(group.hazard, mention.hour, above_floor=False)
        self._claims.update(group.claim, group)
        self._claims.published(group.claim, mention.article, mention.hour)
        upsert(self._connection, schema.group_article, [{"group": group.id, "article": mention.article}])

    def _say(self, group: Group, mention: Mention, hash_: int, text: str) -> None:
        """Add the account to a clause's sets; keep the text at five bins over all groups."""
        epoch, bit = group.epoch, 1 << (mention.bin or 0)
        here = (epoch, hash_, group.id)
        said = self._sets.setdefault(here, ClauseSet())
        said.mentions += 1
        if not said.shown:
            said.bins |= bit
        self._dirty_sets.add(here)
        if (epoch, hash_) in self._texts:
            return
        everywhere = (epoch, hash_, ALL)
        total = self._sets.setdefault(everywhere, ClauseSet())
        total.bins |= bit
        if total.bins.bit_count() >= self._floor:
            self._texts.add((epoch, hash_))
            self._new_texts[epoch, hash_] = text
            del self._sets[everywhere]
            self._gone_sets.add(everywhere)
            self._dirty_sets.discard(everywhere)
        else:
            self._dirty_sets.add(everywhere)

    def _count(self, group: Group, claim: str, mention: Mention) -> None:
        """Above the floor: show clauses that are ready, set the account's slots, count the hour."""
        assert mention.account is not None  # noqa: S101 - narrowed by apply
        guards = set()
        for hash_, text, guard in () if self._claims.is_hidden(claim) else mention.clauses:
            said = self._sets[group.epoch, hash_, group.id]
            if not said.shown and said.bins.bit_count() >= self._floor:
                said.shown, said.bins = True, 0
            if said.shown:
                self._claims.show(claim, text, guard, said.mentions)
                self._claims.propose(claim, group.epoch, hash_)
                guards.add(guard)
        for part in (None, *sorted(guards - {""})):
            id_ = part_id(group.id, part)
            self._claims.part(id_, claim, group.epoch, part).slots.add(mention.key.slot(id_, mention.account))
        self._claims.heard(claim, mention.hour, mention.source, question=mention.question)
        self._claims.update(claim, group)

    # -- writing ---------------------------------------------------------------------------------

    def flush(self) -> list[str]:
        """Write what changed; the ids of claims that changed."""
        self._show_merged()
        connection = self._connection
        upsert(connection, schema.fact, [{"key": "next_group", "value": str(self._next)}])
        changed = self._claims.flush()
        upsert(connection, schema.pending, [self._groups[id_].row() for id_ in sorted(self._dirty_groups)])
        for loser in self._forward:
            winner = self._find(loser)
            connection.execute(sa.update(schema.band).where(schema.band.c.group == loser).values(group=winner))
        if self._forward:
            connection.execute(sa.delete(schema.pending).where(schema.pending.c.id.in_(list(self._forward))))
            connection.execute(sa.delete(schema.clause).where(schema.clause.c.group.in_(list(self._forward))))
        upsert(
            connection,
            schema.band,
            [{"epoch": e, "hash": h, "group": self._find(g)} for (e, h), g in sorted(self._new_bands.items())],
        )
        gone = [key for key in self._gone_sets if key[2] == ALL]
        for epoch, hash_, _ in gone:
            connection.execute(
                sa.delete(schema.clause).where(
                    schema.clause.c.epoch == epoch, schema.clause.c.hash == hash_, schema.clause.c.group == ALL
                )
            )
        upsert(
            connection,
            schema.clause,
            [
                {
                    "epoch": key[0],
                    "hash": key[1],
                    "group": key[2],
                    "bins": signed(self._sets[key].bins),
                    "mentions": self._sets[key].mentions,
                    "shown": self._sets[key].shown,
                }
                for key in sorted(self._dirty_sets)
                if key in self._sets
            ],
        )
        upsert(
            connection,
            schema.clause_text,
            [{"epoch": e, "hash": h, "text": text} for (e, h), text in sorted(self._new_texts.items())],
        )
        return changed

    def _show_merged(self) -> None:
        """Show clauses that reached five bins by a merge, or before their group did."""
        ready = [
            (key, said)
            for key, said in self._sets.items()
            if key[2] != ALL and not said.shown and said.bins.bit_count() >= self._floor and key[2] in self._groups
        ]
        for (epoch, hash_, id_), said in ready:
            claim = self._groups[id_].claim
            if claim is None or not self._claims.is_above(claim) or self._claims.is_hidden(claim):
                continue
            text = self._new_texts.get((epoch, hash_)) or self._connection.scalar(
                sa.select(schema.clause_text.c.text).where(
                    schema.clause_text.c.epoch == epoch, schema.clause_text.c.hash == hash_
                )
            )
            if text is not None:
                said.shown, said.bins = True, 0
                self._dirty_sets.add((epoch, hash_, id_))
                guard = self._guard(text)
                self._claims.show(claim, text, guard, said.mentions)
                if guard:
                    self._claims.part(part_id(id_, guard), claim, epoch, guard)
