"""Fit the weights of matching: ``python -m nlp.match_train FOLDER``, the folder of the written texts (tests/nlp/data).

Half of the occasions serve for fitting; the other half, and the paraphrases written after the library and the
vocabulary stood, are for measuring alone. The weights are fitted with two aliases an entry: texts are mostly worded
as no alias is. The same data give the same bytes.
"""

import hashlib
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nlp.library import Answer, load_starter
from nlp.match import FEATURES, Floats, Index, Model
from nlp.match_slots import Reader
from nlp.match_words import load_words
from nlp.packs import load_packs
from nlp.score import MODELS
from nlp.variant import Guard

_CANDIDATES = 6
"""Entries beside each text that are learned from: the right one, and those with most evidence."""
_ALIASES = 2
_STRENGTH = 0.5
"""Weight of the L2 penalty on standardised features."""
_NOTHING = 0.98
"""Share of these strangers that must get no proposal: so many that 0.95 of strangers not seen may be hoped for."""


@dataclass(frozen=True, slots=True)
class Text:
    """A written text with the id of the entry that it is about, empty where it is about none."""

    text: str
    entry: str


def fits(occasion: str) -> bool:
    """Whether texts of an occasion (an entry, or a stranger's subject) serve for fitting; else they measure."""
    return hashlib.sha256(occasion.encode()).digest()[0] % 2 == 0


def read_texts(folder: Path) -> list[Text]:
    """The paraphrases and strangers that serve for fitting."""
    paraphrases, strangers = (
        [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        for name in ("match_paraphrases.jsonl", "match_strangers.jsonl")
    )
    about = [Text(r["text"], r["entry"]) for r in paraphrases if r["written"] == "before" and fits(r["entry"])]
    return about + [Text(r["text"], "") for r in strangers if fits(r["occasion"])]


def _examples(index: Index, texts: Sequence[Text]) -> tuple[Floats, Floats]:
    """Features of the candidates of each text, and 1 for the entry that it is about."""
    features: list[Floats] = []
    labels: list[float] = []
    for text in texts:
        table = index.features(text.text)
        likely = np.argsort(-table[:, -1], kind="stable")[:_CANDIDATES].tolist()
        right = [n for n, answer in enumerate(index.answers) if answer.id == text.entry]
        for entry in dict.fromkeys([*right, *likely]):
            features.append(table[entry])
            labels.append(float(entry in right))
    return np.array(features), np.array(labels)


def fit(features: Floats, labels: Floats) -> tuple[float, tuple[float, ...]]:
    """Bias and weights of a logistic regression (L2, Newton's method), rounded to 4 decimals."""
    mean, spread = features.mean(axis=0), features.std(axis=0)
    table = np.column_stack([np.ones(len(features)), (features - mean) / spread])
    penalty = _STRENGTH * np.diag([0.0, *np.ones(features.shape[1])])
    weights = np.zeros(table.shape[1])
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-table @ weights))
        curve = table.T @ (table * (p * (1.0 - p))[:, None]) + penalty
        weights -= np.linalg.solve(curve, table.T @ (p - labels) + penalty @ weights)
    raw = weights[1:] / spread
    return round(float(weights[0] - mean @ raw), 4), tuple(round(float(weight), 4) for weight in raw)


def threshold(index: Index, model: Model, texts: Sequence[Text]) -> float:
    """The lowest hundredth at which enough of the strangers among ``texts`` get no proposal of the model."""
    strangers = [index.features(text.text) @ model.weights for text in texts if not text.entry]
    scores = sorted(1.0 / (1.0 + math.exp(-(model.bias + float(logits.max())))) for logits in strangers)
    return math.floor(100.0 * scores[math.ceil(_NOTHING * len(scores)) - 1] + 1.0) / 100.0


def train(folder: Path, answers: Sequence[Answer]) -> Model:
    """The model fitted on the fitting half of the texts in ``folder``."""
    words, texts = load_words(), read_texts(folder)
    reader = Reader(words, Guard((), ()))
    few = [replace(answer, aliases=answer.aliases[:_ALIASES]) for answer in answers]
    bias, weights = fit(*_examples(Index(few, reader, Model(0.0, (0.0,) * len(FEATURES), 0.0)), texts))
    model = Model(bias, weights, 0.0)
    return replace(model, threshold=threshold(Index(answers, reader, model), model, texts))


def write(model: Model, folder: Path) -> None:
    """Write ``<folder>/match.json``."""
    document = {
        "bias": model.bias,
        "threshold": model.threshold,
        "weights": dict(zip(FEATURES, model.weights, strict=True)),
    }
    text = json.dumps(document, indent=0, sort_keys=True) + "\n"
    (folder / "match.json").write_text(text, encoding="utf-8")


def main() -> None:
    """Fit, say what came out, and write the model."""
    model = train(Path(sys.argv[1]), load_starter(load_packs().hazards))
    write(model, MODELS)
    sys.stdout.write(f"bias {model.bias}, threshold {model.threshold}\n")
    sys.stdout.writelines(f"{name} {weight}\n" for name, weight in zip(FEATURES, model.weights, strict=True))


if __name__ == "__main__":
    main()
