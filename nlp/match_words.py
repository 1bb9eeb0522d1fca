"""Words of a clause as matching sees them: wordings of one meaning count as one.

The vocabulary is data (``nlp/library/words.toml``), read once. Four lists of words and a table of meanings are all
there is: no vectors, no model of language.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from ahocorasick_rs import AhoCorasick, MatchKind

from nlp.segment import words
from nlp.text import normalise

WORDS = Path(__file__).parent / "library" / "words.toml"
_WORD, _PAIR, _CHARACTER = 1.0, 0.25, 2.0
"""Weights of terms. Characters carry most: a paraphrase keeps them where it changes the word (染发, 染头发)."""


class WordsError(ValueError):
    """A vocabulary file that can't be used; the message names list, word and remedy."""


@dataclass(frozen=True)
class Words:
    """The vocabulary. ``meanings`` leads from each wording to the word that stands for its meaning."""

    meanings: Mapping[str, str]
    filler: frozenset[str]
    items: frozenset[str]
    harm: frozenset[str]

    @cached_property
    def _automaton(self) -> tuple[AhoCorasick, list[str]]:
        known = list(self.meanings)
        return AhoCorasick(known, matchkind=MatchKind.LeftmostLongest), list(self.meanings.values())

    def tokens(self, run: str) -> list[str]:
        """Words of a normalised clause in order, each by the word that stands for its meaning."""
        automaton, meant = self._automaton
        found: list[str] = []
        at = 0
        for index, start, end in automaton.find_matches_as_indexes(run):
            if start > at:
                found += words(run[at:start])
            found.append(meant[index])
            at = end
        return found + words(run[at:]) if at < len(run) else found

    def terms(self, tokens: list[str]) -> Iterator[tuple[str, float]]:
        """Terms of a clause's tokens with their weights: words, pairs over a border (``~``), characters (``^``)."""
        for token in tokens:
            if token not in self.filler:
                yield token, _WORD
        for left, right in pairwise(tokens):
            yield f"~{left[-1]}{right[0]}", _PAIR
        for token in tokens:
            for character in token:
                yield f"^{character}", _CHARACTER


def _meanings(table: Mapping[str, str], kept: list[str]) -> dict[str, str]:
    """Wording to meaning; raises WordsError for a wording that stands twice or is itself a meaning."""
    meanings = dict.fromkeys([*kept, *table], "")
    for word in meanings:
        meanings[word] = word
    for meant, wordings in table.items():
        for wording in wordings.split():
            if meanings.get(wording, meant) != meant:
                raise WordsError(f"words.toml: same: {wording!r} stands already for {meanings[wording]!r}; keep one")
            meanings[wording] = meant
    return meanings


def load_words(path: Path = WORDS) -> Words:
    """Read the vocabulary. Raises WordsError for a word that is not in normal form or has two meanings."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    lists = {name: document[name].split() for name in ("kept", "filler", "items", "harm")}
    table: dict[str, str] = document["same"]
    everything = [*(word for name in lists for word in lists[name]), *table, *" ".join(table.values()).split()]
    for word in everything:
        if normalise(word) != word:
            raise WordsError(f"words.toml: {word!r} must be half-width, lower case, simplified: {normalise(word)!r}")
    meanings = _meanings(table, lists["kept"])
    for word in (*lists["items"], *lists["harm"]):
        meanings.setdefault(word, word)
    items, harm = (frozenset(meanings[word] for word in lists[name]) for name in ("items", "harm"))
    return Words(meanings, frozenset(lists["filler"]), items, harm)
