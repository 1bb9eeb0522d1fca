"""Accounts that speak while one key ends and the next has begun: each post is signed with both."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.text import letters, normalise
from pipelines import epochs, schema
from pipelines.epoch import EpochKey
from pipelines.spread import Block, Mention
from tests.support.crowd import HAZARD, HOUR, SCOPE, Crowd, guard

OLD = EpochKey("old", bytes(range(32)))
NEW = EpochKey("new", bytes(range(32, 64)))
DAYS = 11
SCOPES = {HAZARD: SCOPE, "flood": "disaster"}


class Rotation:
    """Two shared epochs that are live at once on one connection."""

    def __init__(self, connection: Connection, keys: Sequence[EpochKey] = (OLD, NEW)) -> None:
        """``keys`` in the order in which they began."""
        self.connection = connection
        self.keys = keys
        self.crowds = {key.epoch: Crowd(connection, key) for key in keys}
        for number, key in enumerate(keys):
            epochs.begin(connection, key.epoch, (HOUR - (len(keys) - 1 - number) * DAYS * 24) * 3600)

    def mention(self, key: EpochKey, account: str, text: str, **said: Any) -> Mention:
        """What ``account`` says in the epoch of ``key``, signed with the other keys as well."""
        words = letters(normalise(text))
        also = tuple((other.epoch, other.bands(words)) for other in self.keys if other != key)
        return replace(self.crowds[key.epoch].mention(account, text, **said), also=also)

    def apply(self, mentions: Sequence[Mention], blocks: int = 1) -> int:
        """Count ``mentions`` in so many transactions, what is muted left out; how many were counted."""
        size, counted = max(1, -(-len(mentions) // blocks)), 0
        for start in range(0, len(mentions), size):
            some = mentions[start : start + size]
            block = Block(self.connection, some, floor=5, scopes=SCOPES, guard=guard, now=HOUR * 3600)
            for one in some:
                if not block.is_muted(one):
                    block.apply(one)
                    counted += 1
            block.flush()
        return counted

    def say(self, key: EpochKey, accounts: Iterable[str], text: str, **said: Any) -> int:
        """Every account says ``text`` in the epoch of ``key``; how many were counted."""
        return self.apply([self.mention(key, account, text, **said) for account in accounts])

    def claims(self) -> list[str]:
        """Ids of all claims."""
        return sorted(self.connection.scalars(sa.select(schema.claim.c.id)))

    def mentions(self) -> list[int]:
        """What each claim counts."""
        return sorted(self.connection.scalars(sa.select(schema.claim.c.mentions)))

    def groups(self, key: EpochKey) -> list[sa.Row[Any]]:
        """The groups of one epoch."""
        pending = schema.pending
        return list(self.connection.execute(sa.select(pending).where(pending.c.epoch == key.epoch)))
