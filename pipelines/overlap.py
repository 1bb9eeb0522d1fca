"""Two live keys: a post counts in the epoch of its hour, and its bands under the others find groups that stand there.

So a claim goes on when its key ends. A newer group learns the claim of an older one that its posts belong to as well,
and adds nothing to it before it has reached the floor in its own epoch (design, Bound 4, "When a key ends"). Bands
under other keys are compared and forgotten: a post stored under two keys would be one post to whoever holds both.
Therefore texts of two epochs that are near under one of the keys only find each other in one order of arrival.
"""

from collections.abc import Iterable
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import schema
from pipelines.claims import Claims
from pipelines.group import Group, Mention


class Overlap:
    """What groups of several shared epochs have to do with each other, in one block."""

    def __init__(self, connection: Connection, claims: Claims, mentions: Iterable[Mention]) -> None:
        """``claims`` are the block's; they must hold the claims of every group that is met."""
        self._connection = connection
        self._claims = claims
        self.bands: dict[str, set[int]] = {}
        """Bands of the mentions under the keys of epochs that are not theirs, by epoch."""
        self.learned: set[int] = set()
        """Groups that learned of an older claim."""
        for mention in mentions:
            for epoch, values in mention.also:
                self.bands.setdefault(epoch, set()).update(values)

    @cached_property
    def _began(self) -> dict[str, int]:
        """When each shared epoch began (Unix seconds); private ones inherit nothing and leave nothing."""
        epoch = schema.epoch
        rows = self._connection.execute(sa.select(epoch.c.name, epoch.c.opened_at).where(sa.not_(epoch.c.private)))
        return {row.name: row.opened_at for row in rows}

    def _is_older(self, one: str, other: str) -> bool:
        return one in self._began and other in self._began and self._began[one] < self._began[other]

    def meet(self, one: Group, other: Group) -> bool:
        """A post belongs to both: the newer group learns the older one's claim; whether two claims became one.

        Never the other way: what is said now lifts no older group over its floor.
        """
        older, newer = (one, other) if self._is_older(one.epoch, other.epoch) else (other, one)
        if not self._is_older(older.epoch, newer.epoch):
            return False
        if older.claim is None or not self._claims.is_above(older.claim):
            return False
        return self.inherit(newer, older.claim)

    def inherit(self, group: Group, claim: str) -> bool:
        """An older group of the same posts has ``claim``; whether two claims became one.

        Below the floor it is remembered, of two the one with more mentions. A claim that the group has made itself,
        because its posts were read first, becomes part of the older one; any other is for staff to join.
        """
        claims, claim = self._claims, self._claims.resolve(claim)
        own = group.claim
        if own is None or not claims.is_above(own):
            if group.inherits is None or claims.mentions(claim) > claims.mentions(group.inherits):
                group.inherits = claim
                self.learned.add(group.id)
        elif own != claim and not claims.is_hidden(own) and not claims.is_hidden(claim):
            if self._is_young(own, group.epoch) and claims.may_join(own, claim):
                claims.join(claim, own)
                return True
            claims.suggest(own, claim)
        return False

    def _is_young(self, claim: str, epoch: str) -> bool:
        """Whether nothing before ``epoch`` counts for the claim, and no import."""
        return all(one == epoch or self._is_older(epoch, one) for one in self._claims.epochs(claim))
