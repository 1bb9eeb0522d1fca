"""Suggestions for join: which claims with wording may say what a claim says, and in which slots they differ.

The similarity is that of matching (nlp.match), without its threshold: the five nearest are shown, however far they
are. It only suggests; a person joins (design, Join).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from nlp.library import Answer
from nlp.match import Index, Proposal, load_model
from nlp.match_slots import Reader
from nlp.match_words import Words, load_words
from nlp.senses import load_senses
from nlp.text import normalise
from nlp.variant import Guard, Slots


@dataclass(frozen=True, slots=True)
class Wording:
    """A claim by its id and what is known of its wording: the headline, shared clauses; never empty."""

    id: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Differing:
    """A slot in which two claims say different things, with the values that only one of them has."""

    slot: str
    here: tuple[str, ...]
    there: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A claim that may be the same: ``score`` 0 to 1, its nearest ``wording``, and the slots that differ."""

    id: str
    score: float
    wording: str
    differs: tuple[Differing, ...]


def of_answer(answer: Answer) -> Wording:
    """A library's entry as a claim with wording."""
    return Wording(answer.id, answer.wordings)


class Suggester:
    """Claims with wording, ready to be compared. Holds nothing of the claims that it is asked about."""

    def __init__(self, claims: Sequence[Wording], words: Words, places: Collection[str] = ()) -> None:
        """``places`` of the desk's regions; raises ValueError for a claim without wording."""
        if not all(claim.clauses for claim in claims):
            raise ValueError("a claim to suggest needs wording; leave out claims that have none")
        self._guard = Guard(places, sorted(words.items))
        entries = [Answer(c.id, c.clauses[0], "unproven", "", "", "", "", c.clauses[1:]) for c in claims]
        self._index = Index(entries, Reader(words, self._guard), load_model())

    def nearest(self, clauses: Sequence[str], *, own: str = "") -> tuple[Suggestion, ...]:
        """The five claims nearest to a headline or shared clauses, best first; ``own`` is left out of them."""
        found = self._index.match(clauses, least=0.0)
        here = self._labels(clauses)
        return tuple(self._suggest(proposal, here) for proposal in found if proposal.answer.id != own)

    def _suggest(self, proposal: Proposal, here: Mapping[str, set[str]]) -> Suggestion:
        named = [Differing(one.slot, one.said, one.answered) for one in proposal.differs]
        senses = self._senses(here, proposal.wording)
        return Suggestion(proposal.answer.id, proposal.score, proposal.wording, (*named, *senses))

    def _senses(self, here: Mapping[str, set[str]], wording: str) -> Iterator[Differing]:
        """Tables of senses of which both sides say something, and nothing in common: 停水 beside 供水."""
        there = self._labels([wording])
        for table in sorted(here.keys() & there.keys()):
            if here[table].isdisjoint(there[table]):
                yield Differing("sense", tuple(sorted(here[table])), tuple(sorted(there[table])))

    def _labels(self, clauses: Sequence[str]) -> dict[str, set[str]]:
        tables = load_senses().tables
        found: dict[str, set[str]] = {}
        for slots in map(self._slots, clauses):
            for label in slots.sense:
                found.setdefault(tables.get(label, label), set()).add(label)
        return found

    def _slots(self, clause: str) -> Slots:
        return self._guard.slots(normalise(clause))


def load_suggester(claims: Sequence[Wording], places: Collection[str] = ()) -> Suggester:
    """The suggester over ``claims`` with the shipped vocabulary and weights."""
    return Suggester(claims, load_words(), places)
