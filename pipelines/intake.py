"""From a page to rows: triage in memory, then everything of it in one transaction.

A :class:`Batch` takes posts and articles, runs the language stages and forgets what the gate drops. Committing it
writes kept rows, drop counters, outbox rows and the window's cursor together: that commit is the acknowledgement.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.reader import Reader, Told
from pipelines import articles, outbox, schema, windows
from pipelines.asked import Asked, Asking
from pipelines.page import Article, Page, Post, Problem, Reads
from pipelines.spread import Block, Mention
from pipelines.store import Store, slices, upsert
from pipelines.triage import Triage
from pipelines.windows import Counts, Unit

READ_MOST, KEPT_MOST = 1000, 200
"""A block ends at so many texts read, or so many kept (design, How a page becomes durable)."""


@dataclass(slots=True)
class _Kept:
    """A post that passed, keyed: all that goes on of it."""

    token: int
    hour: int
    unit: Unit
    mention: Mention | Asking


def _unit(item: Post | Article) -> Unit:
    return "quoted" if item.parent else "text"


@dataclass(slots=True)
class Batch:
    """Posts and articles on their way into one transaction."""

    triage: Triage
    counts: Counts = field(default_factory=Counts)
    problems: list[Problem] = field(default_factory=list)
    kept: list[_Kept] = field(default_factory=list, repr=False)
    told: list[tuple[Article, Told]] = field(default_factory=list, repr=False)
    gone: list[Article] = field(default_factory=list, repr=False)
    _tokens: set[bytes] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, page: Page, triage: Triage) -> "Batch":
        """The texts of one answer, triaged."""
        batch = cls(triage, problems=list(page.problems))
        batch.add_reads(page.reads)
        for post in page.posts:
            batch.add(post)
        for article in page.articles:
            batch.add(article)
        return batch

    @property
    def full(self) -> bool:
        """Whether the block should be committed before more is read."""
        return self.counts.read() >= READ_MOST or len(self.kept) + len(self.told) >= KEPT_MOST

    def add_reads(self, reads: Reads) -> None:
        """Count what never left the edge."""
        for reason, n in reads.dropped.items():
            self.counts.add("text", reason, n)
        for reason, n in reads.quoted_dropped.items():
            self.counts.add("quoted", reason, n)

    def add(self, item: Post | Article) -> None:
        """Triage one text: kept in keyed form, or counted and forgotten."""
        if isinstance(item, Article):
            self._add_article(item)
        elif item.token in self._tokens:
            self.counts.add(_unit(item), "duplicate")
        elif (mention := self.triage.post(item)) is None:
            self.counts.add(_unit(item), "out_of_scope")
        else:
            self._tokens.add(item.token)
            token = int.from_bytes(item.token, "big", signed=True)
            self.kept.append(_Kept(token, item.hour, _unit(item), mention))

    def _add_article(self, article: Article) -> None:
        if article.status in ("deleted", "blocked", "moved"):
            self.gone.append(article)
            self.counts.add(_unit(article), "not_public")
        elif article.status != "ok":
            self.counts.add(_unit(article), "malformed")
        elif (told := self.triage.article(article)) is None:
            self.gone.append(article)  # an edit took it out of scope
            self.counts.add(_unit(article), "out_of_scope")
        else:
            self.told.append((article, told))


class Intake:
    """Writes batches, one at a time."""

    def __init__(self, store: Store, reader: Reader, *, floor: int) -> None:
        """``floor`` is the number of accounts a claim takes: 5, or more by configuration."""
        self._store = store
        self._reader = reader
        self._floor = floor

    def commit(self, batch: Batch, *, window: int, cursor: int, line: int, now: int) -> Counts:
        """Store a block of a file and move its window on, in one transaction; what became of its texts.

        ``cursor`` and ``line`` are where the next block begins; ``now`` is the clock in Unix seconds.
        """
        with self._store.write(pause=True) as connection:
            counts = self.keep(connection, batch, now)
            windows.advance(
                connection, window, cursor=cursor, line=line, counts=counts.outcomes, problems=batch.problems
            )
        return counts

    def keep(self, connection: Connection, batch: Batch, now: int) -> Counts:
        """Store the batch in the transaction of whoever moves its window on; what became of its texts."""
        counts = Counts(Counter(batch.counts.outcomes))
        outbox.put(connection, "claim", self._spread(connection, batch, counts, now), now)
        return counts

    def _spread(self, connection: Connection, batch: Batch, counts: Counts, now: int) -> list[str]:
        articles.remove(connection, (article.key for article in batch.gone), now)
        fresh = _unseen(connection, batch.kept)
        for kept in batch.kept:
            if kept.token not in fresh:
                counts.add(kept.unit, "duplicate")
        posts = [kept for kept in batch.kept if kept.token in fresh]
        told = self._store_articles(connection, batch, counts, now)
        said = [kept.mention for kept in posts]
        askings = [one for one in said if isinstance(one, Asking)]
        asked = Asked(connection, askings, floor=self._floor, now=now)
        block = self._block(connection, [*(one for one in said if isinstance(one, Mention)), *told], now)
        for kept in posts:
            counts.add(kept.unit, "kept" if _apply(kept.mention, block, asked) else "out_of_scope")
        for mention in told:
            block.apply(mention)
        upsert(
            connection,
            schema.seen,
            [{"token": kept.token, "epoch": kept.mention.key.epoch, "hour": kept.hour} for kept in posts],
        )
        asked.flush()
        return block.flush()

    def _block(self, connection: Connection, mentions: list[Mention], now: int) -> Block:
        reader = self._reader
        return Block(connection, mentions, floor=self._floor, scopes=reader.scopes, guard=reader.guard_key, now=now)

    def _store_articles(self, connection: Connection, batch: Batch, counts: Counts, now: int) -> list[Mention]:
        mentions = []
        for article, told, stored in articles.save(connection, batch.triage.source, batch.told, now):
            counts.add(_unit(article), "kept" if stored.changed else "duplicate")
            if stored.changed and told.role == "claim":
                mentions.append(batch.triage.published(article, told, stored.id))
        return mentions


def _apply(mention: Mention | Asking, block: Block, asked: Asked) -> bool:
    """Count a post; False when what it says was erased, and is left alone."""
    if isinstance(mention, Asking):
        if not (muted := asked.is_muted(mention)):
            asked.apply(mention)
    elif not (muted := block.is_muted(mention)):
        block.apply(mention)
    return not muted


def _unseen(connection: Connection, kept: Iterable[_Kept]) -> set[int]:
    """Tokens of ``kept`` that were not counted before."""
    tokens = {one.token for one in kept}
    seen: set[int] = set()
    for some in slices(tokens):
        seen.update(connection.scalars(sa.select(schema.seen.c.token).where(schema.seen.c.token.in_(some))))
    return tokens - seen
