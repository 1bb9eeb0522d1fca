"""Train the shipped models from the written corpus: ``python -m nlp.train``.

Nothing here reads posts of real people, penalties or complaints (design, Bound 10). scikit-learn is needed
here and in the tests only. The same corpus gives the same bytes.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import Normalizer

from nlp.linear import Linear, features
from nlp.packs import load_packs
from nlp.score import MODELS, RULES, SOURCED, indicators, is_question
from nlp.text import normalise
from nlp.voice import is_voice

CORPUS = Path(__file__).parent / "corpus"
Floats = npt.NDArray[np.float64]
BoolRow = npt.NDArray[np.bool_]
VOICES = frozenset({"accountability", "opinion", "help"})
MIN_COUNT = 2
MARK_SCALE = 0.3
"""Size of a mark beside n-grams of unit length: smaller is more strongly held to zero."""


@dataclass(frozen=True, slots=True)
class Example:
    """One text of the corpus. ``occasion`` is the event it was written for: never split between folds."""

    id: str
    text: str
    scope: str
    kind: str
    flag: bool
    occasion: str

    @property
    def wanted(self) -> bool:
        """Whether the gate should keep it: a claim to check, or a question whether one is true."""
        return self.flag or (self.kind == "question" and self.scope != "none" and is_question(self.text))

    @property
    def voice(self) -> bool:
        """Whether it is a voice, to be left alone."""
        return self.kind in VOICES


def read_corpus(folder: Path = CORPUS) -> list[Example]:
    """All examples of ``folder/*.jsonl``, normalised, in the order of files and lines."""
    return [
        Example(r["id"], normalise(r["text"]), r["scope"], r["kind"], r["flag"], r["occasion"])
        for path in sorted(folder.glob("*.jsonl"))
        for r in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]


def fit(texts: Sequence[str], labels: Sequence[bool], *, strength: float, threshold: float) -> Linear:
    """Logistic regression (L2, balanced classes) over binary features of unit length, as a run-time model.

    ``strength`` is scikit-learn's C. Weights are rounded to 4 decimals; those of 0 are left out.
    """
    read = [features(text) for text in texts]
    vectorizer = CountVectorizer(analyzer=sorted, binary=True, min_df=MIN_COUNT)
    grams: csr_matrix = Normalizer().fit_transform(vectorizer.fit_transform([found.grams for found in read]))
    marker = CountVectorizer(analyzer=sorted, binary=True, min_df=MIN_COUNT)
    matrix = hstack([MARK_SCALE * marker.fit_transform([found.marks for found in read]), grams]).tocsr()
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000, random_state=0)
    model.fit(matrix, np.asarray(labels))
    marked = len(marker.vocabulary_)
    return Linear(
        _weights(vectorizer.get_feature_names_out(), model.coef_[0][marked:]),
        _weights(marker.get_feature_names_out(), MARK_SCALE * model.coef_[0][:marked]),
        round(float(model.intercept_[0]), 4),
        threshold,
    )


def _weights(names: Sequence[str], values: Sequence[float]) -> dict[str, float]:
    """Weights by name in the order of names; those that round to 0 are left out."""
    pairs = zip(names, values, strict=True)
    return dict(sorted((name, value) for name, w in pairs if (value := round(float(w), 4))))


def out_of_fold(
    examples: Sequence[Example], labels: Sequence[bool], *, strength: float, folds: int = 10
) -> list[float]:
    """Log odds for every example from a model that saw no text of its occasion."""
    texts = [example.text for example in examples]
    logits = [0.0] * len(examples)
    groups = [example.occasion for example in examples]
    for train, test in GroupKFold(folds).split(texts, groups=groups):
        model = fit([texts[i] for i in train], [labels[i] for i in train], strength=strength, threshold=0.5)
        for i in test:
            logits[i] = model.logit(features(texts[i]))
    return logits


def fit_score(examples: Sequence[Example], logits: Sequence[float]) -> dict[str, object]:
    """Weights of the check score: rules and the claim model's out-of-fold log odds, on in-scope claims and notices."""
    rows = [i for i, example in enumerate(examples) if example.scope != "none" and not example.voice]
    flags = [examples[i].flag for i in rows]
    names = [rule.id for rule in (*RULES, SOURCED)]
    table = np.array([indicators(examples[i].text) for i in rows])
    rules = _signed(table, flags, np.array([name != SOURCED.id for name in names]))
    both = np.array([[logits[i] for i in rows], table @ rules]).T
    model = LogisticRegression(C=1.0, max_iter=2000, random_state=0).fit(both, flags)
    by_model, by_rules = (float(w) for w in model.coef_[0])
    weights = {name: value for name, w in zip(names, rules, strict=True) if (value := round(by_rules * w, 4))}
    return {"bias": round(float(model.intercept_[0]), 4), "model": round(by_model, 4), "weights": weights}


def _signed(table: Floats, flags: Sequence[bool], raises: BoolRow) -> Floats:
    """Rule weights of the sign they must have: alarm raises the score, a named source lowers it; others are 0."""
    kept = np.ones(table.shape[1], dtype=bool)
    while True:
        model = LogisticRegression(C=1.0, max_iter=2000, random_state=0).fit(table[:, kept], flags)
        weights = np.zeros(table.shape[1])
        weights[kept] = model.coef_[0]
        wrong = np.where(raises, weights < 0, weights > 0)
        if not wrong.any():
            return weights
        kept &= ~wrong


def _write(path: Path, document: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8")


CLAIM_STRENGTH, VOICE_STRENGTH = 100.0, 100.0
CLAIM_THRESHOLD, VOICE_THRESHOLD = 0.5, 0.25


def main() -> None:
    """Train, report on unseen occasions, and write the three model files."""
    examples = read_corpus()
    packs = load_packs()
    wanted, voice = [e.wanted for e in examples], [e.voice for e in examples]
    claim_logits = out_of_fold(examples, wanted, strength=CLAIM_STRENGTH)
    voice_logits = out_of_fold(examples, voice, strength=VOICE_STRENGTH)
    limits = [math.log(t / (1 - t)) for t in (CLAIM_THRESHOLD, VOICE_THRESHOLD)]
    kept = [
        packs.touch(e.text) is not None and not is_voice(e.text) and c >= limits[0] and v < limits[1]
        for e, c, v in zip(examples, claim_logits, voice_logits, strict=True)
    ]
    hits = sum(k and w for k, w in zip(kept, wanted, strict=True))
    print(
        f"{len(examples)} texts, {len({e.occasion for e in examples})} occasions; on unseen occasions: "
        f"kept {sum(kept)}, precision {hits / max(1, sum(kept)):.3f}, recall {hits / sum(wanted):.3f}, "
        f"voices kept {sum(k and v for k, v in zip(kept, voice, strict=True))} of {sum(voice)}"
    )
    texts = [example.text for example in examples]
    for name, labels, strength, threshold in (
        ("claim", wanted, CLAIM_STRENGTH, CLAIM_THRESHOLD),
        ("voice", voice, VOICE_STRENGTH, VOICE_THRESHOLD),
    ):
        model = fit(texts, labels, strength=strength, threshold=threshold)
        _write(
            MODELS / f"{name}.json",
            {"threshold": threshold, "intercept": model.intercept, "marks": model.marks, "weights": model.weights},
        )
    _write(MODELS / "score.json", fit_score(examples, claim_logits))


if __name__ == "__main__":
    main()
