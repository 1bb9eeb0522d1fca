"""Keep or drop: the gate before everything that is stored.

A text passes when it holds a pack term and two independent rules both say keep: a linear model that knows
claims, and the voice rules with a linear model that knows voices. The answer is one bit; which rule said
no is never returned, counted or logged (design, Bound 5).
"""

from dataclasses import dataclass

from nlp.linear import Linear, features, load
from nlp.packs import Packs, Touch
from nlp.voice import blames, is_voice

LEAD = 240
"""Characters by which an article's subject is told: its title and first sentences."""


@dataclass(frozen=True, slots=True)
class Passed:
    """A text that passed: what it touches, and the claim model's log odds."""

    touch: Touch
    logit: float


@dataclass(frozen=True)
class Gate:
    """The active gate over normalised texts."""

    packs: Packs
    claim: Linear
    voice: Linear

    def keep(self, text: str) -> Passed | None:
        """What the text touches when both rules keep it, else None. Cheapest test first."""
        touch = self.packs.touch(text)
        if touch is None or is_voice(text):
            return None
        found = features(text)
        if (
            self.claim.probability(found) < self.claim.threshold
            or self.voice.probability(found) >= self.voice.threshold
        ):
            return None
        return Passed(touch, self.claim.logit(found))

    def keep_article(self, text: str) -> Passed | None:
        """What an organisation's article touches by its lead, unless a sentence of it blames or its lead is a voice."""
        lead = text[:LEAD]
        touch = self.packs.touch(lead)
        if touch is None or blames(text):
            return None
        found = features(lead)
        if self.voice.probability(found) >= self.voice.threshold:
            return None
        return Passed(touch, self.claim.logit(found))

    def speaks(self, text: str) -> bool:
        """Whether words added to somebody else's text are a voice of their own; no words are none."""
        return bool(text) and (is_voice(text) or self.voice.probability(features(text)) >= self.voice.threshold)


def load_gate(packs: Packs) -> Gate:
    """The shipped gate: ``models/claim.json`` and ``models/voice.json`` over ``packs``."""
    return Gate(packs, load("claim"), load("voice"))
