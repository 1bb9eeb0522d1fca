"""From mentions to claims: groups, bins, the floor, shared clauses, variants.

One :class:`Block` is one transaction's work. It loads the rows that its mentions touch, applies them one by
one in memory, and writes what changed. Nothing here sees a text that the gate dropped, and of a kept one
only clauses reach a row: as keyed values below the floor, as wording where five bins of one group share them.

Groups are the connected components of "shares a band": when a mention touches several, they become one,
whatever the order in which they came (design, How grouping works without wording).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import bitmap, schema
from pipelines.claims import Claims
from pipelines.group import ALL, ClauseSet, Group, Mention, part_id, signed, unsigned
from pipelines.overlap import Overlap
from pipelines.store import slices, upsert

__all__ = ["ALL", "Block", "Mention", "signed", "unsigned"]


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
        self._overlap = Overlap(connection, self._claims, mentions)
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
        self._load_groups(by_epoch)
        for epoch, some in by_epoch.items():
            self._load_clauses(epoch, {hash_ for mention in some for hash_, _, _ in mention.clauses})

    # -- loading ---------------------------------------------------------------------------------

    def _counter(self) -> int:
        value = self._connection.scalar(sa.select(schema.fact.c.value).where(schema.fact.c.key == "next_group"))
        return int(value or 1)

    def _load_groups(self, mentions: Mapping[str, Sequence[Mention]]) -> None:
        """Groups that the mentions' bands hit, in their own epoch and in others, with their claims."""
        band, pending = schema.band, schema.pending
        for epoch in mentions.keys() | self._overlap.bands.keys():
            values = {value for mention in mentions.get(epoch, ()) for value in mention.bands}
            for some in slices(values | self._overlap.bands.get(epoch, set())):
                rows = self._connection.execute(
                    sa.select(band.c.hash, band.c.group).where(band.c.epoch == epoch, band.c.hash.in_(some))
                )
                self._bands.update({(epoch, row.hash): row.group for row in rows})
        for some in slices(set(self._bands.values())):
            rows = self._connection.execute(sa.select(pending).where(pending.c.id.in_(some)))
            self._groups.update({row.id: Group.of(row) for row in rows})
        groups = self._groups.values()
        self._claims.load({claim for group in groups for claim in (group.claim, group.inherits) if claim})

    def _load_clauses(self, epoch: str, hashes: set[int]) -> None:
        clause, text = schema.clause, schema.clause_text
        hit = self._groups.keys()
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
        self._claims.carry(epoch, hashes)

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

    def _hit(self, *signed_: tuple[str, tuple[int, ...]]) -> list[Group]:
        """Groups that hold one of the bands, each given with its epoch."""
        pairs = ((epoch, value) for epoch, bands in signed_ for value in bands)
        hit = {self._find(self._bands[pair]) for pair in pairs if pair in self._bands}
        return [self._groups[id_] for id_ in hit]

    def _group_of(self, mention: Mention) -> Group:
        """The mention's group: new, found, or several made one."""
        epoch = mention.key.epoch
        groups = sorted(self._hit((epoch, mention.bands)), key=lambda g: (g.claim is None, -g.mentions, g.id))
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
        inherited, winner.inherits = {winner.inherits, loser.inherits}, None
        for claim in sorted(filter(None, inherited)):
            self._inherit(winner, claim)

    def _merge_claims(self, winner: Group, loser: Group) -> None:
        """One claim for both, that counts what neither claim showed before. The winner has one if any has."""
        if winner.claim is None:
            return
        counted = {id(g): g.claim is not None and self._claims.is_above(g.claim) for g in (winner, loser)}
        if loser.claim is not None and loser.claim != winner.claim:
            self._claims.join(winner.claim, loser.claim)
            self._move_claims()
        if any(counted.values()):
            for group in (winner, loser):
                if not counted[id(group)]:
                    self._claims.add(winner.claim, group.mentions, group.questions, group.reposts)

    def _move_claims(self) -> None:
        """Point every loaded group at the claims that survived."""
        for group in self._groups.values():
            group.claim = self._claims.resolve(group.claim) if group.claim else None
            group.inherits = self._claims.resolve(group.inherits) if group.inherits else None

    # -- groups under other keys -----------------------------------------------------------------

    def _meet(self, group: Group, mention: Mention) -> None:
        """Tell groups of the mention's bands under other keys from the mention's own, or it from them.

        No group is made there. A post of the time before a key began, read afterwards, is counted in the epoch of
        its hour; under the newer key it would be counted twice, and its account would have a bin in two epochs.
        """
        for other in sorted(self._hit(*mention.also), key=lambda g: (-g.mentions, g.id)):
            if self._overlap.meet(group, other):
                self._move_claims()

    def _inherit(self, group: Group, claim: str) -> None:
        if self._overlap.inherit(group, claim):
            self._move_claims()

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
        """Whether the mention belongs, under any live key, to a group that was erased: such words are left alone."""
        return any(group.muted for group in self._hit((mention.key.epoch, mention.bands), *mention.also))

    def apply(self, mention: Mention) -> None:
        """Count one mention: join it to its group, its account to the sets, its words to the clauses."""
        group = self._group_of(mention)
        group.hazards[mention.hazard] += 1
        group.rules |= mention.rules
        group.score = max(group.score, mention.score)
        group.early_warning |= mention.early_warning
        group.touched = max(group.touched, mention.hour)
        self._meet(group, mention)
        if mention.account is None or mention.bin is None:
            self._publish(group, mention)
            return
        group.mentions += 1
        group.questions += mention.question
        group.reposts += mention.reposts
        above = group.claim is not None and self._claims.is_above(group.claim)
        waits = not above and self._waits(group, mention)
        if above and group.claim is not None:
            self._claims.add(group.claim, 1, mention.question, mention.reposts)
        else:
            group.bins |= 1 << mention.bin
            if group.bins.bit_count() >= self._floor and not waits:
                self._cross(group, mention)
                above = True
        if not waits and not self._claims.is_hidden(group.claim):
            for hash_, text, _ in mention.clauses:
                self._say(group, mention, hash_, text)
        if above and group.claim is not None:
            group.bins = 0
            self._count(group, group.claim, mention)

    def _waits(self, group: Group, mention: Mention) -> bool:
        """Whether the same words are hidden under another key: until that is decided they are shown nowhere else."""
        elsewhere = (other.claim for other in self._hit(*mention.also))
        return any(map(self._claims.is_hidden, (group.inherits, *elsewhere)))

    def _cross(self, group: Group, mention: Mention) -> None:
        """The floor is reached: from now on the group is a claim, or part of an older one. Its bins did their work."""
        claims, inherits = self._claims, group.inherits
        group.inherits = None
        if group.claim is not None:
            claims.cross(group.claim, mention.hour)
        elif inherits is not None and claims.takes(inherits, early_warning=group.early_warning):
            group.claim = inherits
        else:
            group.claim = claims.create(group.hazard, mention.hour, above_floor=True)
        claims.add(group.claim, group.mentions, group.questions, group.reposts)
        claims.update(group.claim, group)
        if inherits is not None:
            self._inherit(group, inherits)
        self._meet(group, mention)

    def _publish(self, group: Group, mention: Mention) -> None:
        """An organisation's article shows its claim at once, without counts of individuals."""
        if mention.article is None:
            raise ValueError("a mention has an account or an article")
        if group.claim is None and group.inherits is not None:
            # The article is known of the older claim; what individuals said in this group still waits for the floor.
            self._claims.published(group.inherits, mention.article, mention.hour)
        else:
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
        dirty = self._dirty_groups | (self._overlap.learned & self._groups.keys())
        upsert(connection, schema.pending, [self._groups[id_].row() for id_ in sorted(dirty)])
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
            [self._sets[key].row(*key) for key in sorted(self._dirty_sets) if key in self._sets],
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
