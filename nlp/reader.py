"""Everything that is read out of one text, in one call: gate, redaction, score, marks, clauses.

A :class:`Reading` holds what may leave memory once it is keyed, and nothing of a text that the gate drops.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from nlp.ask import Ask, Asker, asks_fact
from nlp.canary import check
from nlp.gate import LEAD, Gate, Passed, load_gate
from nlp.linear import features
from nlp.packs import SCOPES, Hazard, Packs, Region, load_packs, load_region
from nlp.redact import Redactor
from nlp.score import (
    Reason,
    Scorer,
    asserts_effect,
    is_answer,
    is_first_hand,
    is_question,
    load_scorer,
    without_witness,
)
from nlp.text import clauses, letters, level, normalise
from nlp.variant import Guard, Slots

_DOING = re.compile("[不别勿吃喝买用会能是有可要没无被过含致]")
"""Characters of terms that say what is done with a food or drug, and name none."""
_HEADLINE = 60
"""Characters that serve as headline where a text has none."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of the normalised, redacted text, with its guard key."""

    text: str = field(repr=False)
    guard: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a kept text says, without saying who. ``score`` is the check score, 0 to 1."""

    hazard: Hazard
    score: float
    reasons: tuple[Reason, ...]
    early_warning: bool
    question: bool
    letters: str = field(repr=False)
    clauses: tuple[Clause, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """What an organisation's article says. ``role``: it repeats a doubtful claim, or it is a notice."""

    hazard: Hazard
    role: Literal["claim", "notice"]
    score: float
    reasons: tuple[Reason, ...]
    title: str
    text: str
    letters: str = field(repr=False)


class Reader:
    """Reads texts with one set of packs, one region and the shipped models."""

    def __init__(
        self, packs: Packs, regions: tuple[Region, ...], gate: Gate, scorer: Scorer, canaries: int = 0
    ) -> None:
        """``canaries`` is how many voices this gate was tried with."""
        self.canaries = canaries
        places = tuple(place for region in regions for place in region.places)
        outlets = tuple(normalise(outlet) for region in regions for outlet in region.outlets)
        hazards = packs.hazards.values()
        terms = tuple(term for hazard in hazards for term in hazard.terms)
        items = tuple(
            term
            for hazard in hazards
            if hazard.scope == "food_drug"
            for term in hazard.terms
            if not _DOING.search(term)
        )
        self._gate = gate
        self._scopes = {hazard.id: hazard.scope for hazard in hazards}
        self._scorer = scorer
        self._redactor = Redactor((*packs.institutions, *packs.figures, *places, *outlets, *terms))
        self._guard = Guard(places, items)
        self._asker = Asker(gate, regions, self._redactor)

    def ask(self, text: str) -> Ask | None:
        """What a post asks for when it is a question for a public fact and nothing else; such a post has no reading."""
        return self._asker.read(normalise(text))

    def read(self, text: str, quoted: str = "") -> Reading | None:
        """Reading of a post, or None when the gate drops it or it only asks for a public fact (see :meth:`hear`)."""
        heard = self.hear(text, quoted)
        return heard if isinstance(heard, Reading) else None

    def hear(self, text: str, quoted: str = "") -> Reading | Ask | None:
        """Reading of a post, what it asks for when it only asks for a public fact, or None when the gate drops it.

        For a repost ``quoted`` is the parent's text: it decides hazard, score and group. The reposter's own
        words must be no voice either, and count for clauses only when they pass the gate by themselves.
        """
        own = normalise(text)
        if not quoted and (ask := self._asker.read(own)) is not None:
            return ask
        body = normalise(quoted) if quoted else own
        passed = self._claims(body)
        if passed is None or (quoted and self._gate.speaks(own)):
            return None
        return self._reading(own, body, passed)

    def _reading(self, own: str, body: str, passed: Passed) -> Reading:
        ground = without_witness(body)
        logit = passed.logit if ground == level(body) else self._gate.claim.logit(features(ground))
        score, reasons = self._scorer.score(ground, logit)
        worded = own if own == body or self._claims(own) is not None else ""
        masked = self._redactor.mask(worded)
        return Reading(
            hazard=passed.touch.hazard,
            score=score,
            reasons=reasons,
            early_warning=is_first_hand(body) or is_first_hand(own),
            question=is_question(own if worded else body),
            letters=letters(body),
            clauses=tuple(Clause(clause, self._guard.slots(clause).key) for clause in clauses(masked)),
        )

    def _claims(self, text: str) -> Passed | None:
        """What the normalised text touches, unless the gate drops it or it only asks for a public fact."""
        passed = self._gate.keep(text)
        return None if passed is None or asks_fact(text) or self._asker.read(text) is not None else passed

    def read_article(self, title: str, text: str) -> Told | None:
        """Reading of an organisation's article, or None when it is out of scope or blames an office.

        Subject and role are read from title and lead, blame from every sentence. Title and text come back normalised
        and redacted, a line a paragraph.
        """
        body = normalise(f"{title}\n{text}")
        passed = self._gate.keep_article(body)
        if passed is None:
            return None
        score, reasons = self._scorer.score(body[:LEAD], passed.logit)
        named = normalise(title)
        head = named or body[:_HEADLINE]
        doubtful = asserts_effect(head) and not is_answer(head) and self._gate.keep(body[:LEAD]) is not None
        return Told(
            hazard=passed.touch.hazard,
            role="claim" if doubtful else "notice",
            score=score,
            reasons=reasons,
            title=self._redactor.mask(named),
            text="\n".join(self._redactor.mask(line) for line in map(normalise, text.splitlines()) if line),
            letters=letters(body),
        )

    @property
    def scopes(self) -> Mapping[str, str]:
        """The scope of every hazard."""
        return self._scopes

    def guard_key(self, clause: str) -> str:
        """The guard key of one normalised clause."""
        return self._guard.slots(clause).key

    def slots(self, clause: str) -> Slots:
        """What a clause pins down, by name."""
        return self._guard.slots(clause)

    def guard(self, text: str) -> str:
        """All guard keys of a text's clauses as one: equal for texts that pin down the same things."""
        keys = {self._guard.slots(clause).key for clause in clauses(normalise(text))}
        return "&".join(sorted(keys - {""}))


def load_reader(regions: tuple[Path, ...] = (), *, scopes: Collection[str] = SCOPES, canaries: bool = True) -> Reader:
    """The reader over the shipped packs and models, the desk's ``regions`` and ``scopes``.

    Runs the canaries first (design, Bound 5) and raises CanaryError when the gate lets one through.
    """
    packs = load_packs().within(scopes)
    read = tuple(load_region(path) for path in regions)
    gate = load_gate(packs)
    reader = Reader(packs, read, gate, load_scorer())
    if canaries:
        reader.canaries = check(gate, read, asks=reader.ask)
    return reader
