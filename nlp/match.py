"""Matching: which answered claims a text may be about. It only proposes; a person joins (design, Bound 8).

An index is built once over a library. A text is compared with every entry by four shares and sums over weighted
terms (words, characters), a small logistic model makes a probability of them, and what stays under the threshold is
not proposed: no proposal is the usual answer. For what is proposed, the slots in which text and entry differ are named.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from nlp.library import Answer
from nlp.match_words import Words, load_words
from nlp.score import MODELS
from nlp.text import normalise
from nlp.variant import Guard, Slots

Slot = Literal["polarity", "number", "date", "place", "item"]
FEATURES = ("constant", "nearest", "explained", "letters", "evidence")
"""What the model reads of a text and an entry:

- constant: share of the weight of the terms that at least two wordings of the entry have;
- nearest: share of the weight of the wording that the text covers best;
- explained: share of the weight of the text's terms that the entry has, unknown terms at the heaviest;
- letters: log(1 + weight of the characters and pairs that text and entry have in common);
- evidence: log(1 + weight of all terms that they have in common).
"""
MOST = 5
"""Proposals a text gets at most."""

_HEAVIEST = 5.0
"""Weight of a term that only one of some hundred entries has; rarer ones weigh no more, however large the library."""
_WINDOW = 160
"""Characters that are compared at once. A longer text is read in windows that overlap by half."""
_RUN = re.compile(r"[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*%?")
_FORBIDS = re.compile("不能|不要|禁止|勿")
_VALUE = re.compile(r"(\d+(?:\.\d+)?)(.*)")

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Difference:
    """A slot in which text and entry say different things, with the values that only one of them has."""

    slot: Slot
    said: tuple[str, ...]
    answered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An answered claim that a text may be about. ``score`` is a probability, ``wording`` the entry's nearest one."""

    answer: Answer
    score: float
    wording: str
    differs: tuple[Difference, ...]


@dataclass(frozen=True)
class Model:
    """Logistic model: p = 1 / (1 + exp(-(bias + weights · features))); at ``threshold`` and above it is proposed."""

    bias: float
    weights: tuple[float, ...]
    threshold: float


def load_model(folder: Path = MODELS) -> Model:
    """Read ``<folder>/match.json``: ``bias``, ``threshold`` and ``weights`` by name of the feature."""
    document = json.loads((folder / "match.json").read_text(encoding="utf-8"))
    return Model(document["bias"], tuple(document["weights"][name] for name in FEATURES), document["threshold"])


@dataclass(frozen=True, slots=True)
class Run:
    """A clause as it stands, its tokens, and its terms with their weights before rarity."""

    text: str
    tokens: list[str]
    terms: dict[str, float] = field(repr=False)


def _flat(lists: Iterable[Collection[int]]) -> Ints:
    return np.fromiter((value for one in lists for value in one), dtype=np.int64)


@dataclass(frozen=True)
class _Postings:
    """For each term, by its row, the numbers of those that have it: ``starts[row]`` to ``starts[row + 1]``."""

    starts: Ints
    owners: Ints

    @classmethod
    def of(cls, lists: Sequence[Collection[int]]) -> "_Postings":
        return cls(np.concatenate([[0], np.cumsum([len(one) for one in lists], dtype=np.int64)]), _flat(lists))

    def add(self, rows: Ints, weights: Floats, size: int) -> Floats:
        """Sum of ``weights`` of ``rows`` by owner, of shape (size,)."""
        first, count = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        ends = np.cumsum(count)
        at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - ends + count, count)
        sums: Floats = np.bincount(self.owners[at], np.repeat(weights, count), size).astype(np.float64)
        return sums


class Index:
    """A library, ready to match. Holds nothing of the texts that it is asked about."""

    def __init__(
        self, answers: Sequence[Answer], words: Words, guard: Guard, model: Model, ground: Sequence[Answer] = ()
    ) -> None:
        """``ground``: further entries by which rarity of terms is counted, so that a small library has it too."""
        self.answers = tuple(answers)
        self._words, self._guard, self._model = words, guard, model
        own = set(answers)
        read = [[self._terms(wording) for wording in answer.wordings] for answer in answers]
        others = [answer for answer in dict.fromkeys(ground) if answer not in own]
        rare = self._rarity([*read, *([self._terms(wording) for wording in answer.wordings] for answer in others)])
        counts = [Counter(term for wording in wordings for term in wording) for wordings in read]
        self._rows = {term: row for row, term in enumerate(dict.fromkeys(term for count in counts for term in count))}
        self._weights = np.array([rare[term] for term in self._rows])
        self._is_letter = np.array([term[0] in "~^" for term in self._rows], dtype=bool)
        self._wordings = [wording for wordings in read for wording in wordings]
        self._firsts = np.cumsum([0, *(len(wordings) for wordings in read)])[:-1]
        self._entries = self._postings(counts)
        constant = [{term for term, number in count.items() if number > 1} for count in counts]
        self._constant = self._postings(constant)
        self._nearest = self._postings(self._wordings)
        self._constant_weight = np.array([self._weigh(terms) for terms in constant]) + 1e-9
        self._wording_weight = np.array([self._weigh(terms) for terms in self._wordings]) + 1e-9

    # -- building ----------------------------------------------------------------------------------------------

    def runs(self, text: str) -> list[Run]:
        """Clauses of a text."""
        runs = []
        for run in _RUN.findall(normalise(text)):
            tokens = self._words.tokens(run)
            runs.append(Run(run, tokens, dict(self._words.terms(tokens))))
        return runs

    def _terms(self, wording: str) -> dict[str, float]:
        return {term: weight for run in self.runs(wording) for term, weight in run.terms.items()}

    @staticmethod
    def _rarity(read: Sequence[Sequence[dict[str, float]]]) -> dict[str, float]:
        """Weight of each term: what it weighs by itself, times how few entries have it."""
        entries = [{term: weight for wording in wordings for term, weight in wording.items()} for wordings in read]
        having = Counter(term for entry in entries for term in entry)
        alone = {term: weight for entry in entries for term, weight in entry.items()}
        size = len(entries) + 1
        return {term: alone[term] * min(_HEAVIEST, math.log(size / (n + 0.5))) for term, n in having.items()}

    def _postings(self, owners: Sequence[Iterable[str]]) -> _Postings:
        lists: list[list[int]] = [[] for _ in self._rows]
        for owner, terms in enumerate(owners):
            for term in terms:
                lists[self._rows[term]].append(owner)
        return _Postings.of(lists)

    def _weigh(self, terms: Iterable[str]) -> float:
        return math.fsum(self._weights[self._rows[term]] for term in terms if term in self._rows)

    # -- matching ----------------------------------------------------------------------------------------------

    def match(self, text: str | Sequence[str], least: float | None = None) -> tuple[Proposal, ...]:
        """Entries that ``text`` (a text, or its clauses) may be about: best first, at most five, mostly none.

        ``least``: propose from this score on instead of from the model's threshold.
        """
        runs = self.runs(text if isinstance(text, str) else "\n".join(text))
        best = np.full(len(self.answers), -np.inf)
        for window in _windows(runs):
            features = self.features(window)
            best = np.maximum(best, self._model.bias + features @ self._model.weights)
        scores = np.round(1.0 / (1.0 + np.exp(-best)), 4)
        enough = np.flatnonzero(scores >= (self._model.threshold if least is None else least))
        order = sorted(enough.tolist(), key=lambda entry: (-best[entry], self.answers[entry].id))
        return tuple(self._propose(entry, float(scores[entry]), runs) for entry in order[:MOST])

    def features(self, runs: Sequence[Run]) -> Floats:
        """Features of clauses beside each entry, of shape (entries, 5), in the order of FEATURES."""
        size = len(self.answers)
        seen = dict.fromkeys(row for run in runs for term in run.terms if (row := self._rows.get(term)) is not None)
        rows = np.fromiter(seen, dtype=np.int64, count=len(seen))
        unknown = {term: weight for run in runs for term, weight in run.terms.items() if term not in self._rows}
        weights = self._weights[rows]
        constant = self._constant.add(rows, weights, size) / self._constant_weight
        shares = self._nearest.add(rows, weights, len(self._wordings)) / self._wording_weight
        letters = self._entries.add(rows, weights * self._is_letter[rows], size)
        evidence = self._entries.add(rows, weights, size)
        nearest = np.maximum.reduceat(shares, self._firsts) if size else shares
        explained = evidence / (weights.sum() + _HEAVIEST * sum(unknown.values()) + 1e-9)
        return np.stack([constant, nearest, explained, np.log1p(letters), np.log1p(evidence)], axis=1)

    # -- slots -------------------------------------------------------------------------------------------------

    def _propose(self, entry: int, score: float, runs: Sequence[Run]) -> Proposal:
        answer, first = self.answers[entry], int(self._firsts[entry])
        said = {term for run in runs for term in run.terms}
        shares = [
            self._weigh(said & self._wordings[first + n].keys()) / float(self._wording_weight[first + n])
            for n in range(len(answer.wordings))
        ]
        near = shares.index(max(shares))
        ordered = sorted(runs, key=lambda run: -self._weigh(run.terms.keys() & self._wordings[first + near].keys()))
        return Proposal(answer, score, answer.wordings[near], tuple(self._differences(answer, near, ordered)))

    def _differences(self, answer: Answer, near: int, runs: Sequence[Run]) -> Iterator[Difference]:
        """Slots in which the clauses, the nearest one first, differ from the entry's wording number ``near``."""
        nearest, known = self.runs(answer.wordings[near]), [self.runs(wording) for wording in answer.wordings]
        here, there = self._stance(runs), self._stance(nearest)
        if here and there and here != there:
            yield Difference("polarity", (here,), (there,))
        said, answered = self._slots(runs), self._slots(nearest)
        every = self._slots([run for wording in known for run in wording])
        for slot in said:
            for kind in sorted(said[slot].keys() & answered[slot].keys()):
                only = said[slot][kind] - every[slot][kind]
                missing = answered[slot][kind] - said[slot][kind]
                if only and missing:
                    yield Difference(slot, tuple(sorted(only)), tuple(sorted(missing)))

    def _slots(self, runs: Iterable[Run]) -> dict[Slot, dict[str, set[str]]]:
        """Values by slot and kind: numbers by their unit, others by none."""
        found: dict[Slot, dict[str, set[str]]] = {"number": {}, "date": {}, "place": {}, "item": {}}
        for run in runs:
            slots = self._guard.slots(run.text)
            for value in slots.number:
                if match := _VALUE.fullmatch(value):
                    found["number"].setdefault(match[2], set()).add(value)
            for slot, values in (("date", slots.date), ("place", slots.place), ("item", self._meant(run).item)):
                if values:
                    found[slot].setdefault("", set()).update(values)
        return found

    def _meant(self, run: Run) -> Slots:
        """Slots of the clause with each word replaced by the one that stands for its meaning."""
        return self._guard.slots("".join(run.tokens))

    def _stance(self, runs: Iterable[Run]) -> str | None:
        """Polarity of the first clause that has one: "no" warns or denies a use, "yes" allows or promises.

        Harm turns it round: what does not harm is allowed, what harms is warned of.
        """
        for run in runs:
            polarity = self._meant(run).polarity
            if _FORBIDS.search("".join(run.tokens)):
                return "no"
            if not self._words.harm.isdisjoint(run.tokens):
                return "yes" if polarity == "no" else "no"
            if polarity:
                return polarity
        return None


def _windows(runs: Sequence[Run]) -> Iterator[Sequence[Run]]:
    """Runs in windows of at most about ``_WINDOW`` characters that overlap by half."""
    size = 0
    window: list[Run] = []
    for run in runs:
        window.append(run)
        size += len(run.text)
        if size >= _WINDOW:
            yield window
            while size > _WINDOW // 2:
                size -= len(window[0].text)
                window = window[1:]
    if window:
        yield window


def load_index(answers: Sequence[Answer], ground: Sequence[Answer] = (), places: Collection[str] = ()) -> Index:
    """The index over ``answers`` with the shipped vocabulary and weights, and the places of the desk's regions."""
    words = load_words()
    return Index(answers, words, Guard(places, words.items), load_model(), ground)
