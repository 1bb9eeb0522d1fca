"""Words that set two nearly equal clauses against each other: 停水 and 恢复供水, 上调 and 下调, 男孩 and 女孩.

The lists are data (``nlp/senses.toml``). A word stands for its label; labels of one table exclude one another.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from nlp.text import normalise

SENSES = Path(__file__).with_name("senses.toml")


class SensesError(ValueError):
    """A list that can't be used; the message names table, word and remedy."""


@dataclass(frozen=True, slots=True)
class Senses:
    """``words`` leads from each word to its label, empty for a word that is only kept whole; ``tables`` from labels."""

    words: Mapping[str, str]
    tables: Mapping[str, str]


def _lines(tables: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str, str]]:
    for table, lines in tables.items():
        for label, words in lines.items():
            for word in words.split():
                yield table, label, word


def read_senses(text: str) -> Senses:
    """The lists of a TOML document. Raises SensesError for a word out of normal form or one that stands twice."""
    tables = tomllib.loads(text)
    words: dict[str, str] = dict.fromkeys(tables.pop("kept").split(), "")
    for table, label, word in _lines(tables):
        if word in words:
            raise SensesError(f"senses.toml: {table}: {word!r} stands already further up; keep one")
        words[word] = label
    for word in words:
        if normalise(word) != word:
            raise SensesError(f"senses.toml: {word!r} must be half-width, lower case, simplified: {normalise(word)!r}")
    labels = {label: table for table, lines in tables.items() for label in lines}
    return Senses(MappingProxyType(words), MappingProxyType(labels))


@lru_cache(maxsize=1)
def load_senses() -> Senses:
    """The shipped lists, read once."""
    return read_senses(SENSES.read_text(encoding="utf-8"))
