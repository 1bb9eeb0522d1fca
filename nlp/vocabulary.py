"""Which of many patterns a text holds, in one pass: their plain words by an automaton, the rest as they are."""

import re
from collections.abc import Mapping

from ahocorasick_rs import AhoCorasick, MatchKind

_PLAIN = re.compile(r"[^\\^$.|?*+()\[\]{}]+")


def alternatives(pattern: str) -> tuple[list[str], str]:
    """The alternatives of a pattern that are plain words, and the pattern of the others (empty for none).

    Alternatives are cut at the bars outside of round brackets; a pattern holds no bar inside square ones.
    """
    every = re.findall(r"(?:[^|()]|\((?:[^()]|\([^()]*\))*\))+", pattern)
    return [one for one in every if _PLAIN.fullmatch(one)], "|".join(one for one in every if not _PLAIN.fullmatch(one))


class Vocabulary:
    """Patterns by name."""

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._owners: list[str] = []
        self._rest: list[tuple[str, re.Pattern[str]]] = []
        words: list[str] = []
        for name, pattern in patterns.items():
            plain, rest = alternatives(pattern)
            words += plain
            self._owners += [name] * len(plain)
            if rest:
                self._rest.append((name, re.compile(rest)))
        self._words = AhoCorasick(words, matchkind=MatchKind.Standard)

    def found(self, text: str) -> set[str]:
        """Names of the patterns that match somewhere in ``text``; linear in its length."""
        hits = self._words.find_matches_as_indexes(text, overlapping=True)
        names = {self._owners[index] for index, _, _ in hits}
        names.update(name for name, pattern in self._rest if name not in names and pattern.search(text))
        return names
