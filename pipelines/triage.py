"""Triage: the language stages over posts and articles in memory, keyed results out.

Words that are said again are read once. What the gate drops is remembered as dropped, in memory and for as long as
the reading lasts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nlp.ask import Ask
from nlp.reader import Reader, Reading, Told
from pipelines.asked import Asking
from pipelines.epoch import EpochKey, bin_of
from pipelines.page import Article, Post
from pipelines.spread import Mention

REMEMBERED = 5000
"""Different texts that are remembered at a time."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What a text comes to under one key, whoever says it."""

    reading: Reading
    rules: frozenset[str]
    bands: tuple[int, ...]
    clauses: tuple[tuple[int, str, str], ...] = field(repr=False)
    also: tuple[tuple[str, tuple[int, ...]], ...] = field(repr=False)


class Triage:
    """Reads the texts of one source with the keys of the epochs that serve it."""

    def __init__(self, reader: Reader, keys: Mapping[str, EpochKey], source: str) -> None:
        """``keys`` are the live epochs by name, the oldest first."""
        self._reader = reader
        self._keys = keys
        self.source = source
        self._posts: dict[tuple[str, str, str], _Said | Ask | None] = {}
        self._articles: dict[tuple[str, str], Told | None] = {}

    def post(self, post: Post) -> Mention | Asking | None:
        """The post as it is counted: as a claim's, as a question for a public fact, or None when the gate drops it."""
        said = self._said(post)
        if said is None:
            return None
        if isinstance(said, Ask):
            key = self._keys[post.epoch]
            return Asking(key, said.hazard, said.place, said.word, post.hour, post.account, bin_of(post.account))
        reading = said.reading
        return Mention(
            key=self._keys[post.epoch],
            hazard=reading.hazard.id,
            score=round(reading.score * 10),
            rules=said.rules,
            early_warning=reading.early_warning,
            question=reading.question,
            hour=post.hour,
            source=self.source,
            bands=said.bands,
            clauses=said.clauses,
            account=post.account,
            bin=bin_of(post.account),
            reposts=post.reposts,
            also=said.also,
        )

    def _said(self, post: Post) -> _Said | Ask | None:
        words = (post.epoch, post.text, post.quoted)
        if words not in self._posts:
            if len(self._posts) >= REMEMBERED:
                self._posts.clear()
            heard = self._reader.hear(post.text, post.quoted)
            self._posts[words] = self._keyed(heard, post.epoch) if isinstance(heard, Reading) else heard
        return self._posts[words]

    def _keyed(self, reading: Reading, epoch: str) -> _Said:
        key = self._keys[epoch]
        return _Said(
            reading,
            frozenset(reason.rule for reason in reading.reasons),
            key.bands(reading.letters),
            tuple((key.clause(clause.text), clause.text, clause.guard) for clause in reading.clauses),
            self._also(reading.letters, epoch),
        )

    def _also(self, letters: str, epoch: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The bands of a text under every live key but its own."""
        return tuple((name, key.bands(letters)) for name, key in self._keys.items() if name != epoch)

    def article(self, article: Article) -> Told | None:
        """What an organisation's article says, or None when it is out of scope or blames an office."""
        words = (article.title, article.text)
        if words not in self._articles:
            if len(self._articles) >= REMEMBERED:
                self._articles.clear()
            self._articles[words] = self._reader.read_article(*words)
        return self._articles[words]

    def published(self, article: Article, told: Told, id_: int) -> Mention:
        """An article that passes on a doubtful claim, as it is counted: it serves no floor.

        It goes to the newest epoch, where those who repeat it are counted longest.
        """
        *_, key = self._keys.values()
        return Mention(
            key=key,
            hazard=told.hazard.id,
            score=round(told.score * 10),
            rules=frozenset(reason.rule for reason in told.reasons),
            early_warning=False,
            question=False,
            hour=int(article.published.timestamp()) // 3600,
            source=self.source,
            bands=key.bands(told.letters),
            clauses=(),
            article=id_,
            also=self._also(told.letters, key.epoch),
        )
