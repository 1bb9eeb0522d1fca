"""Slots of a text beside those of an answered claim: where the two say different things.

Places, dates and numbers are read by the guard (nlp.variant) from the clause as it stands, foods, drugs and polarity
from the clause with each word replaced by the one that stands for its meaning.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nlp.match_words import Words
from nlp.text import normalise
from nlp.variant import Guard

Slot = Literal["polarity", "number", "date", "place", "item"]

_RUN = re.compile(r"[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*%?")
_FORBIDS = re.compile("不能|不要|禁止|勿")
_ASKS = re.compile(r"([会能要是可致得该用管])不\1|(有)没有")
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


@dataclass(frozen=True, slots=True)
class Said:
    """What clauses pin down: polarity, and values by slot and kind. The kind of a number is its unit."""

    stance: str | None
    values: Mapping[tuple[Slot, str], set[str]]


def differences(said: Said, wording: Said, entry: Sequence[Said], *, close: bool) -> Iterator[Difference]:
    """Slots in which a text differs from a ``wording`` of an ``entry``, given by its wordings.

    What any wording of the entry says is no difference, nor is what the text leaves out; but where text and wording
    are ``close``, their own polarities decide.
    """
    stances = {wording.stance} if close else {other.stance for other in entry}
    if said.stance and wording.stance and said.stance not in stances:
        yield Difference("polarity", (said.stance,), (wording.stance,))
    for slot, kind in sorted(said.values.keys() & wording.values.keys()):
        known = set().union(*(other.values.get((slot, kind), ()) for other in entry))
        only, missing = said.values[slot, kind] - known, wording.values[slot, kind] - said.values[slot, kind]
        if only and missing:
            yield Difference(slot, tuple(sorted(only)), tuple(sorted(missing)))


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

    def said(self, runs: Sequence[Run]) -> Said:
        """Slots of clauses, the one that decides the polarity first."""
        values: dict[tuple[Slot, str], set[str]] = {}
        for run in runs:
            slots = self.guard.slots(run.text)
            for value in slots.number:
                if match := _VALUE.fullmatch(value):
                    values.setdefault(("number", match[2]), set()).add(value)
            for value in slots.date:
                values.setdefault(("date", ""), set()).add(value)
            for value in slots.place:
                values.setdefault(("place", ""), set()).add(value)
            for value in self.items([run]):
                values.setdefault(("item", ""), set()).add(value)
        return Said(self._stance(runs[:1]), values)

    def _stance(self, runs: Iterable[Run]) -> str | None:
        """Polarity: "no" warns or denies, "yes" allows or promises, None says neither.

        Harm turns it round: what does no harm is allowed, what harms is warned of.
        """
        for run in runs:
            tokens = self.words.tokens(_ASKS.sub(r"\1\2", run.text))
            if _FORBIDS.search("".join(tokens)):
                return "no"
            polarity = self.guard.slots("".join(tokens)).polarity
            if not self.words.harm.isdisjoint(tokens):
                return "yes" if polarity == "no" else "no"
            if polarity:
                return polarity
        return None
