"""Slots of a text beside those of an answered claim: where the two say different things.

Places, dates and numbers are read by the guard (nlp.variant) from the clause as it stands, foods, drugs and polarity
from the clause with each word replaced by the one that stands for its meaning.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nlp.match_words import Words
from nlp.text import normalise
from nlp.variant import Guard

Slot = Literal["polarity", "number", "date", "place", "item"]

_RUN = re.compile(r"[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*%?")
_FORBIDS = re.compile("不能|不要|禁止|勿")
_ASKS = re.compile(r"(\w)[不没]\1|是不是|有没有")
_VALUE = re.compile(r"(\d+(?:\.\d+)?)(.*)")
_LOOSE = re.compile(
    r"\d+(?:\.\d+)?|[〇零一二三四五六七八九十百千两]+(?=[天日号月年岁级度支秒分小个杯万元倍条次])|[今明昨后前][天晚早日年]"
    "|(?:下|本|这)?周[一二三四五六日天]"
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A slot in which text and entry say different things, with the values that only one of them has."""

    slot: Slot
    said: tuple[str, ...]
    answered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """A clause of a normalised text as it stands, its tokens, and its terms with their weights before rarity."""

    text: str
    tokens: list[str] = field(repr=False)
    terms: dict[str, float] = field(repr=False)

    @property
    def meant(self) -> str:
        """The clause with each word replaced by the one that stands for its meaning."""
        return "".join(self.tokens)


@dataclass(frozen=True, slots=True)
class Reader:
    """Cuts texts into clauses and reads their slots."""

    words: Words
    guard: Guard

    def runs(self, text: str) -> list[Run]:
        """Clauses of a text, which is normalised first."""
        return [self._run(run) for run in _RUN.findall(normalise(text))]

    def _run(self, run: str) -> Run:
        tokens = self.words.tokens(run)
        return Run(run, tokens, dict(self.words.terms(tokens)))

    def frame(self, runs: Iterable[Run]) -> dict[str, float]:
        """Terms of clauses without the values of slots: what "吃南瓜能降血糖" and "吃苦瓜能降血糖" share."""
        terms: dict[str, float] = {}
        for run in runs:
            text = run.text
            for place in self.guard.slots(text).place:
                text = text.replace(place, " ")
            tokens = [token for piece in _LOOSE.split(text) for token in self.words.tokens(piece)]
            terms.update(self.words.terms([token for token in tokens if token not in self.words.items]))
        return terms

    def items(self, runs: Iterable[Run]) -> set[str]:
        """Foods and drugs that clauses name."""
        return {token for run in runs for token in run.tokens if token in self.words.items}

    def differences(self, said: Sequence[Run], wording: Sequence[Run], known: Iterable[Run]) -> Iterator[Difference]:
        """Slots in which the clauses ``said``, the nearest first, differ from a ``wording`` of an entry.

        A value that any wording of the entry has (``known``) is no difference, nor is one that the text leaves out.
        """
        ours, theirs, every = self._values(said), self._values(wording), self._values(known)
        here, there = self._stance(said[:1]), self._stance(wording)
        if here and there and here != there:
            yield Difference("polarity", (here,), (there,))
        for slot, kind in sorted(ours.keys() & theirs.keys()):
            only = ours[slot, kind] - every[slot, kind]
            missing = theirs[slot, kind] - ours[slot, kind]
            if only and missing:
                yield Difference(slot, tuple(sorted(only)), tuple(sorted(missing)))

    def _values(self, runs: Iterable[Run]) -> dict[tuple[Slot, str], set[str]]:
        """Values by slot and kind; the kind of a number is its unit, others have none."""
        found: dict[tuple[Slot, str], set[str]] = {}
        for run in runs:
            slots = self.guard.slots(run.text)
            for value in slots.number:
                if match := _VALUE.fullmatch(value):
                    found.setdefault(("number", match[2]), set()).add(value)
            for value in slots.date:
                found.setdefault(("date", ""), set()).add(value)
            for value in slots.place:
                found.setdefault(("place", ""), set()).add(value)
            for value in self.items([run]):
                found.setdefault(("item", ""), set()).add(value)
        return found

    def _stance(self, runs: Iterable[Run]) -> str | None:
        """Polarity of the first clause that has one: "no" warns or denies, "yes" allows or promises.

        Harm turns it round: what does no harm is allowed, what harms is warned of.
        """
        for run in runs:
            if _FORBIDS.search(run.meant):
                return "no"
            polarity = self.guard.slots(_ASKS.sub(r"\1", run.meant)).polarity
            if not self.words.harm.isdisjoint(run.tokens):
                return "yes" if polarity == "no" else "no"
            if polarity:
                return polarity
        return None
