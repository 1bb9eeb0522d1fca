"""A linear text classifier that is read as data: words and character n-grams with weights, in JSON.

At run time it is a dictionary look-up and a sum; scikit-learn is needed only to train it (nlp.train).
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from nlp.segment import words

MODELS = Path(__file__).parent / "models"
_URL = re.compile(r"https?://[\x21-\x7e]+|o?网页链接")
_MENTION = re.compile(r"@[^\s@:,。!?]{1,30}")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")


def features(text: str) -> set[str]:
    """Features of a normalised text: jieba words (marked ``w:``) and character 2- and 3-grams.

    Numbers count as ``0``, links and mentions as one mark each, so that neither becomes vocabulary.
    """
    plain = _DIGITS.sub("0", _MENTION.sub("@", _URL.sub("~", text)))
    plain = plain.replace(" ", "")
    found = {f"w:{word}" for word in words(plain)}
    found.update(map("".join, pairwise(plain)))
    found.update(map("".join, zip(plain, plain[1:], plain[2:], strict=False)))
    return found


@dataclass(frozen=True)
class Linear:
    """Logistic model over binary features scaled to unit length: p = 1 / (1 + exp(-(b + sum w / sqrt n)))."""

    weights: Mapping[str, float]
    intercept: float
    threshold: float

    def logit(self, found: Iterable[str]) -> float:
        """Log odds of the positive class for the features of one text; only known features count."""
        known = [weight for feature in found if (weight := self.weights.get(feature)) is not None]
        return self.intercept + (math.fsum(known) / math.sqrt(len(known)) if known else 0.0)

    def probability(self, found: Iterable[str]) -> float:
        """Probability of the positive class, 0 to 1."""
        return 1.0 / (1.0 + math.exp(-self.logit(found)))


def load(name: str, folder: Path = MODELS) -> Linear:
    """Read ``<folder>/<name>.json``: ``{"threshold", "intercept", "weights": {feature: weight}}``."""
    document = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return Linear(document["weights"], document["intercept"], document["threshold"])
