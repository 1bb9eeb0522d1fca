"""Accounts that say things, straight into the counting: no gate, so that a test chooses every word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.text import clauses, letters, normalise
from pipelines import schema
from pipelines.epoch import EpochKey, bin_of
from pipelines.spread import Block, Mention

HOUR = 500_000
HAZARD, SCOPE = "crayfish", "food_drug"


def guard(clause: str) -> str:
    """A guard key that tells "能" from "不能" and nothing else."""
    return "polarity=no" if "不能" in clause else "polarity=yes" if "能" in clause else ""


@dataclass
class Crowd:
    """Says things on one connection with one epoch key."""

    connection: Connection
    key: EpochKey
    floor: int = 5
    hazard: str = HAZARD
    said: list[tuple[str, str]] = field(default_factory=list)

    def mention(
        self, account: str, text: str, *, own: str | None = None, hour: int = HOUR, reposts: int = 0
    ) -> Mention:
        """What ``account`` says; ``own`` are a repost's own words, which alone count for clauses."""
        words = normalise(text)
        signed = self.key.account("test", account)
        worded = words if own is None else normalise(own)
        self.said.append((account, worded))
        return Mention(
            key=self.key,
            hazard=self.hazard,
            score=7,
            rules=frozenset({"hearsay"}),
            early_warning=False,
            question=False,
            hour=hour,
            source="test",
            bands=self.key.bands(letters(words)),
            clauses=tuple((self.key.clause(clause), clause, guard(clause)) for clause in clauses(worded)),
            account=signed,
            bin=bin_of(signed),
            reposts=reposts,
        )

    def apply(self, mentions: Sequence[Mention], blocks: int = 1, *, at: int = HOUR) -> None:
        """Count ``mentions`` at hour ``at``, cut into so many blocks of equal length."""
        size = max(1, -(-len(mentions) // blocks))
        for start in range(0, len(mentions), size):
            some = mentions[start : start + size]
            block = Block(
                self.connection, some, floor=self.floor, scopes={self.hazard: SCOPE}, guard=guard, now=at * 3600
            )
            for mention in some:
                block.apply(mention)
            block.flush()

    def say(self, accounts: Iterable[str], text: str) -> None:
        """Every account says ``text``, one after the other, a block each."""
        self.apply([self.mention(account, text) for account in accounts])

    def bins(self, accounts: Iterable[str]) -> set[int]:
        """The bins of ``accounts`` under this key."""
        return {bin_of(self.key.account("test", account)) for account in accounts}

    def shown(self) -> dict[str, set[str]]:
        """Clauses that are shown, by claim; claims above the floor only."""
        claim, clause = schema.claim, schema.shared_clause
        found: dict[str, set[str]] = {
            id_: set() for id_ in self.connection.scalars(sa.select(claim.c.id).where(claim.c.above_floor))
        }
        for row in self.connection.execute(sa.select(clause)):
            found[row.claim].add(row.text)
        return found

    def texts(self) -> set[str]:
        """Every clause whose wording stands anywhere in the database."""
        tables = (schema.shared_clause, schema.clause_text)
        return {text for table in tables for text in self.connection.scalars(sa.select(table.c.text))}


def apart(key: EpochKey, count: int, prefix: str = "account") -> list[str]:
    """``count`` accounts that lie in different bins under ``key``."""
    found: dict[int, str] = {}
    number = 0
    while len(found) < count:
        name = f"{prefix}{number}"
        found.setdefault(bin_of(key.account("test", name)), name)
        number += 1
    return list(found.values())
