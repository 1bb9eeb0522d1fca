"""Matching: which answered claims a text may be about. It only proposes; a person joins (design, Bound 8).

An index is built once over a library. A text is compared with every entry by two shares and a sum over weighted terms
(words, characters), and a small logistic model makes a probability of them. A clause that nearly is a wording of an
entry, but for one value at most, is proposed too, however short it is. What stays under the threshold is not proposed:
no proposal is the usual answer. For what is proposed, the slots in which text and entry differ are named.
"""

import json
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nlp.library import Answer
from nlp.match_slots import Difference, Reader, Run, Said, differences
from nlp.match_words import load_words
from nlp.score import MODELS
from nlp.variant import Guard

FEATURES = ("constant", "nearest", "evidence")
"""What the model reads of a text and an entry:

- constant: share of the weight of the terms that most wordings of the entry have;
- nearest: share of the weight of the wording that the text covers best;
- evidence: log(1 + weight of all terms that text and entry have in common).
"""
MOST = 5
"""Proposals a text gets at most."""

_HEAVIEST = 3.5
"""Rarity is log(entries / entries that have the term), and counts up to here: one odd word proves nothing."""
_WINDOW = 30
"""Characters that are compared at once: clauses until they are so many, then on with the last half. What stands far
apart in a long text proves nothing together."""
_NEAR, _COVERED, _EXPLAINED = 0.4, 0.8, 0.4
"""A wording covered by a text to _NEAR is looked at clause by clause: without the values of slots, the clause must
cover _COVERED of the wording, and consist of it by _EXPLAINED."""
_CLOSE = 0.65
"""Share of a wording that one clause must cover for their polarities to be set against each other."""
_EXCHANGED = 0.3
"""What an exchanged value takes off the closeness of a clause that nearly is a wording."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An answered claim that a text may be about: ``score`` 0 to 1, ``wording`` the entry's nearest one."""

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


@dataclass(frozen=True)
class _Postings:
    """For each term, by its row, the numbers of those that have it: ``starts[row]`` to ``starts[row + 1]``."""

    starts: Ints
    owners: Ints

    @classmethod
    def of(cls, owners: Sequence[Iterable[str]], rows: dict[str, int]) -> "_Postings":
        lists: list[list[int]] = [[] for _ in rows]
        for owner, terms in enumerate(owners):
            for term in terms:
                lists[rows[term]].append(owner)
        starts = np.cumsum([0, *map(len, lists)], dtype=np.int64)
        return cls(starts, np.fromiter((owner for one in lists for owner in one), dtype=np.int64))

    def add(self, rows: Ints, weights: Floats, size: int) -> Floats:
        """Sum of ``weights`` of ``rows`` by owner, of shape (size,)."""
        first, count = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        ends = np.cumsum(count)
        at = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first - ends + count, count)
        sums: Floats = np.bincount(self.owners[at], np.repeat(weights, count), size).astype(np.float64)
        return sums


class Index:
    """A library, ready to match. Holds nothing of the texts that it is asked about."""

    def __init__(self, answers: Sequence[Answer], reader: Reader, model: Model, ground: Sequence[Answer] = ()) -> None:
        """``ground``: further entries by which rarity of terms is counted, so that a small library has it too."""
        self.answers, self.reader, self._model = tuple(answers), reader, model
        self._runs = [[reader.runs(wording) for wording in answer.wordings] for answer in answers]
        own = set(answers)
        others = [answer for answer in dict.fromkeys(ground) if answer not in own]
        ground_runs = [[reader.runs(wording) for wording in answer.wordings] for answer in others]
        self._rarity = _rarity([*self._runs, *ground_runs])
        self._wordings = [_terms(runs) for wordings in self._runs for runs in wordings]
        self._owner = [entry for entry, wordings in enumerate(self._runs) for _ in wordings]
        self._firsts = np.cumsum([0, *map(len, self._runs)])[:-1]
        counts = [Counter(term for runs in wordings for term in _terms(runs)) for wordings in self._runs]
        constant = [[t for t, n in c.items() if n > len(w) / 2] for c, w in zip(counts, self._runs, strict=True)]
        self._rows = {term: row for row, term in enumerate(dict.fromkeys(term for count in counts for term in count))}
        self._weights = np.array([self._rarity[term] for term in self._rows])
        self._postings = tuple(_Postings.of(owners, self._rows) for owners in (constant, self._wordings, counts))
        self._constant_weight = np.array([self._weigh(terms) for terms in constant]) + 1e-9
        self._wording_weight = np.array([self._weigh(terms) for terms in self._wordings]) + 1e-9
        self._said = [[reader.said(runs) for runs in wordings] for wordings in self._runs]
        self._frames = [reader.frame(runs) for wordings in self._runs for runs in wordings]

    def _weigh(self, terms: Iterable[str], unknown: float = 0.0) -> float:
        """Weight of terms; ``unknown`` is that of a term which no entry has."""
        return math.fsum(self._rarity.get(term, unknown) for term in terms)

    def match(self, text: str | Sequence[str], least: float | None = None) -> tuple[Proposal, ...]:
        """Entries that ``text`` (a text, or its clauses) may be about: best first, at most five, mostly none.

        ``least``: propose from this score on instead of from the model's threshold.
        """
        enough = self._model.threshold if least is None else least
        runs = self.reader.runs(text if isinstance(text, str) else "\n".join(text))
        shares, features, close = self._read(runs)
        scores = 1.0 / (1.0 + np.exp(-(self._model.bias + features @ self._model.weights)))
        scores = np.where(close > 0.0, np.maximum(scores, enough + (1.0 - enough) * close), scores)
        found = np.flatnonzero(scores >= enough).tolist() if runs else []
        order = sorted(found, key=lambda entry: (-scores[entry], self.answers[entry].id))
        return tuple(self._propose(entry, round(float(scores[entry]), 4), shares, runs) for entry in order[:MOST])

    def features(self, text: str) -> Floats:
        """Features of a text beside each entry, of shape (entries, 3), in the order of FEATURES."""
        return self._read(self.reader.runs(text))[1]

    def _read(self, runs: Sequence[Run]) -> tuple[Floats, Floats, Floats]:
        """Shares of the wordings that are covered, features and closeness of the entries: the best of all windows."""
        shares, close = np.zeros(len(self._wordings)), np.zeros(len(self.answers))
        features = np.zeros((len(self.answers), len(FEATURES)))
        for window in _windows(runs):
            covered, found = self._compare(window)
            shares, features = np.maximum(shares, covered), np.maximum(features, found)
            near = np.flatnonzero(covered >= _NEAR).tolist()
            frames = [(run, self.reader.frame([run])) for run in window] if near else []
            for wording in near:
                entry = self._owner[wording]
                close[entry] = max(close[entry], self._closeness(wording, frames))
        return shares, features, close

    def _compare(self, runs: Sequence[Run]) -> tuple[Floats, Floats]:
        """Share of each wording that the clauses cover, and features beside each entry."""
        seen = dict.fromkeys(row for run in runs for term in run.terms if (row := self._rows.get(term)) is not None)
        rows = np.fromiter(seen, dtype=np.int64, count=len(seen))
        sizes = (len(self.answers), len(self._wordings), len(self.answers))
        constant, covered, evidence = (
            postings.add(rows, self._weights[rows], size) for postings, size in zip(self._postings, sizes, strict=True)
        )
        shares = covered / self._wording_weight
        nearest = np.maximum.reduceat(shares, self._firsts) if self.answers else shares
        return shares, np.stack([constant / self._constant_weight, nearest, np.log1p(evidence)], axis=1)

    def _closeness(self, wording: int, runs: Sequence[tuple[Run, dict[str, float]]]) -> float:
        """Share of a wording that one clause covers when the values of slots are left out, 0 when it is not near."""
        theirs, weight, best = self._frames[wording], self._weigh(self._frames[wording]), 0.0
        for run, ours in runs:
            common = self._weigh(ours.keys() & theirs.keys())
            if common and common >= _COVERED * weight and common >= _EXPLAINED * self._weigh(ours, _HEAVIEST):
                best = max(best, common / weight - _EXCHANGED * self._exchanged(wording, run))
        return best

    def _exchanged(self, wording: int, run: Run) -> float:
        """How many values the clause exchanges; infinite when it is more than one, or when the food is left out."""
        differs = [difference for difference in self._differences(wording, [run]) if difference.slot != "polarity"]
        exchanged = sum(len(difference.answered) for difference in differs)
        items = self._said_by(wording).values.get(("item", ""), set())
        absent = items and not items & self.reader.items([run]) and all(d.slot != "item" for d in differs)
        return math.inf if exchanged > 1 or absent else exchanged

    def _said_by(self, wording: int) -> Said:
        entry = self._owner[wording]
        return self._said[entry][wording - int(self._firsts[entry])]

    def _differences(self, wording: int, runs: Sequence[Run]) -> list[Difference]:
        """Differences of clauses, the nearest first, from a wording."""
        entry, terms = self._said[self._owner[wording]], self._wordings[wording].keys()
        close = self._weigh(runs[0].terms.keys() & terms) >= _CLOSE * float(self._wording_weight[wording])
        return list(differences(self.reader.said(runs), self._said_by(wording), entry, close=close))

    def _propose(self, entry: int, score: float, shares: Floats, runs: Sequence[Run]) -> Proposal:
        answer, first = self.answers[entry], int(self._firsts[entry])
        wording = first + int(np.argmax(shares[first : first + len(answer.wordings)]))
        nearest = sorted(runs, key=lambda run: -self._weigh(run.terms.keys() & self._wordings[wording].keys()))
        return Proposal(answer, score, answer.wordings[wording - first], tuple(self._differences(wording, nearest)))


def _terms(runs: Iterable[Run]) -> dict[str, float]:
    return {term: weight for run in runs for term, weight in run.terms.items()}


def _rarity(entries: Sequence[Sequence[Sequence[Run]]]) -> dict[str, float]:
    """Weight of each term: what it weighs by itself, times how few entries have it."""
    alone: dict[str, float] = {}
    having: Counter[str] = Counter()
    for wordings in entries:
        terms = _terms(run for runs in wordings for run in runs)
        alone.update(terms)
        having.update(terms.keys())
    size = len(entries) + 1
    return {term: alone[term] * min(_HEAVIEST, math.log(size / (number + 0.5))) for term, number in having.items()}


def _windows(runs: Sequence[Run]) -> Iterator[Sequence[Run]]:
    """Clauses in windows of about ``_WINDOW`` characters that overlap by half."""
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
    return Index(answers, Reader(words, Guard(places, sorted(words.items))), load_model(), ground)
