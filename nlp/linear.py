"""A linear text classifier that is read as data: words and character n-grams with weights, in JSON.

At run time it is a dictionary look-up and a sum; scikit-learn is needed only to train it (nlp.train).
"""

import json
import math
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from operator import add
from pathlib import Path

from nlp.marks import marks
from nlp.score import MODELS
from nlp.segment import words
from nlp.text import level

_URL = re.compile(r"https?://[\x21-\x7e]+|o?网页链接")
_MENTION = re.compile(r"@[^\s@:,。!?]{1,30}")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Features:
    """What a model reads of one text."""

    grams: Set[str]
    marks: Set[str]


def features(text: str) -> Features:
    """Features of a normalised text, made level: its marks, jieba words (``w:``) and character 2- and 3-grams.

    Numbers count as ``0``, links and mentions as one mark each, so that neither becomes vocabulary.
    """
    text = level(text)
    plain = _DIGITS.sub("0", _MENTION.sub("@", _URL.sub("~", text)))
    plain = plain.replace(" ", "")
    pairs = [*map(add, plain, plain[1:])]
    found = {f"w:{word}" for word in words(plain)}
    found.update(pairs, map(add, pairs, plain[2:]))
    return Features(found, marks(text))


@dataclass(frozen=True)
class Linear:
    """Logistic model over marks and over n-grams scaled to unit length.

    p = 1 / (1 + exp(-z)), z = intercept + sum of marks' weights + sum of n-grams' weights / sqrt(their number).
    """

    weights: Mapping[str, float]
    marks: Mapping[str, float]
    intercept: float
    threshold: float

    def logit(self, found: Features) -> float:
        """Log odds of the positive class for one text; only known features count."""
        grams = [weight for weight in map(self.weights.get, found.grams) if weight is not None]
        scaled = math.fsum(grams) / math.sqrt(len(grams)) if grams else 0.0
        return self.intercept + math.fsum(self.marks.get(mark, 0.0) for mark in found.marks) + scaled

    def probability(self, found: Features) -> float:
        """Probability of the positive class, 0 to 1."""
        return 1.0 / (1.0 + math.exp(-self.logit(found)))


def load(name: str, folder: Path = MODELS) -> Linear:
    """Read ``<folder>/<name>.json``: ``threshold``, ``intercept``, ``marks`` and ``weights`` (of n-grams) by name."""
    document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Linear(document["weights"], document["marks"], document["intercept"], document["threshold"])
