"""Train the shipped models from the written corpus: ``python -m nlp.train``.

Nothing here reads posts of real people, penalties or complaints (design, Bound 10). scikit-learn is needed
here and in the tests only. The same corpus gives the same bytes.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import Normalizer

from nlp.examples import Example, read_corpus
from nlp.linear import Linear, features
from nlp.packs import load_packs
from nlp.score import MODELS, RULES, SOURCED, Scorer, indicators
from nlp.voice import is_voice

Floats = npt.NDArray[np.float64]
BoolRow = npt.NDArray[np.bool_]
MIN_COUNT = 2
MARK_SCALE = 0.3
"""Size of a mark beside n-grams of unit length: smaller is more strongly held to zero."""


def fit(texts: Sequence[str], labels: Sequence[bool], *, strength: float, threshold: float) -> Linear:
    """Logistic regression (L2, balanced classes) over marks and n-grams, as a run-time model.

    N-grams are binary, of unit length, and scaled by their log-count ratio between the classes: what a small corpus
    knows little of counts little (NBSVM: Wang and Manning 2012). ``strength`` is scikit-learn's C. Weights are rounded
    to 4 decimals.
    """
    read = [features(text) for text in texts]
    vectorizer = CountVectorizer(analyzer=sorted, binary=True, min_df=MIN_COUNT)
    counts: csr_matrix = vectorizer.fit_transform([found.grams for found in read])
    ratio = _log_count_ratio(counts, np.asarray(labels))
    grams = Normalizer().fit_transform(counts.astype(np.float64)).multiply(ratio)
    marker = CountVectorizer(analyzer=sorted, binary=True, min_df=MIN_COUNT)
    matrix = hstack([MARK_SCALE * marker.fit_transform([found.marks for found in read]), grams]).tocsr()
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=2000, random_state=0)
    model.fit(matrix, np.asarray(labels))
    marked = len(marker.vocabulary_)
    return Linear(
        _weights(vectorizer.get_feature_names_out(), ratio * model.coef_[0][marked:]),
        _weights(marker.get_feature_names_out(), MARK_SCALE * model.coef_[0][:marked]),
        round(float(model.intercept_[0]), 4),
        threshold,
    )


def _log_count_ratio(counts: csr_matrix, labels: BoolRow) -> Floats:
    """How much more often each n-gram stands in positive texts, as a logarithm; of shape (n-grams,)."""
    positive, negative = (1.0 + np.asarray(counts[rows].sum(axis=0)).ravel() for rows in (labels, ~labels))
    ratio: Floats = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    return ratio


def _weights(names: Sequence[str], values: Floats) -> dict[str, float]:
    """Weights by name in the order of names. Those that round to 0 stay: their n-grams count for a text's length."""
    return dict(sorted((name, round(float(value), 4)) for name, value in zip(names, values, strict=True)))


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


def _scored(examples: Sequence[Example]) -> list[int]:
    """Places of the examples that the check score is fitted and measured on: in scope, and no voices."""
    return [i for i, example in enumerate(examples) if example.scope != "none" and not example.voice]


def fit_score(examples: Sequence[Example], logits: Sequence[float]) -> dict[str, Any]:
    """Weights of the check score: the claim model's out-of-fold log odds and rules, on in-scope claims and notices."""
    rows = _scored(examples)
    names = [rule.id for rule in (*RULES, SOURCED)]
    table = np.array([[logits[i], *indicators(examples[i].text)] for i in rows])
    raises = np.array([True, *(name != SOURCED.id for name in names)])
    bias, (by_model, *rules) = _signed(table, [examples[i].flag for i in rows], raises)
    weights = {name: value for name, w in zip(names, rules, strict=True) if (value := round(w, 4))}
    return {"bias": round(bias, 4), "model": round(by_model, 4), "weights": weights}


def _signed(table: Floats, flags: Sequence[bool], raises: BoolRow) -> tuple[float, list[float]]:
    """Bias, and weights of the sign they must have: alarm raises the score, a named source lowers it; others are 0."""
    kept = np.ones(table.shape[1], dtype=bool)
    while True:
        model = LogisticRegression(C=1.0, max_iter=2000, random_state=0).fit(table[:, kept], flags)
        weights = np.zeros(table.shape[1])
        weights[kept] = model.coef_[0]
        wrong = np.where(raises, weights < 0, weights > 0)
        if not wrong.any():
            return float(model.intercept_[0]), weights.tolist()
        kept &= ~wrong


def calibration(examples: Sequence[Example], logits: Sequence[float], folds: int = 10) -> float:
    """Expected calibration error of the check score over ten bins of equal width, on occasions it was not fitted on.

    Guo et al. 2017. In-scope texts that are no voices.
    """
    rows = _scored(examples)
    scores = np.zeros(len(rows))
    groups = [examples[i].occasion for i in rows]
    for train, test in GroupKFold(folds).split(rows, groups=groups):
        fitted = Scorer(**fit_score([examples[rows[i]] for i in train], [logits[rows[i]] for i in train]))
        for i in test:
            scores[i], _ = fitted.score(examples[rows[i]].text, logits[rows[i]])
    right = np.array([examples[i].flag for i in rows], dtype=float)
    bins = np.minimum((scores * 10).astype(int), 9)
    gaps = [(bins == n).mean() * abs(scores[bins == n].mean() - right[bins == n].mean()) for n in set(bins.tolist())]
    return float(sum(gaps))


def _write(path: Path, document: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8")


STRENGTH = 1.0
CLAIM_THRESHOLD, VOICE_THRESHOLD = 0.65, 0.35


def main() -> None:
    """Train, report on unseen occasions, and write the three model files."""
    examples = read_corpus()
    packs = load_packs()
    wanted, voice = [e.wanted for e in examples], [e.voice for e in examples]
    claim_logits = out_of_fold(examples, wanted, strength=STRENGTH)
    voice_logits = out_of_fold(examples, voice, strength=STRENGTH)
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
    print(f"check score: expected calibration error {calibration(examples, claim_logits):.3f} on unseen occasions")
    texts = [example.text for example in examples]
    for name, labels, threshold in (("claim", wanted, CLAIM_THRESHOLD), ("voice", voice, VOICE_THRESHOLD)):
        model = fit(texts, labels, strength=STRENGTH, threshold=threshold)
        _write(
            MODELS / f"{name}.json",
            {"threshold": threshold, "intercept": model.intercept, "marks": model.marks, "weights": model.weights},
        )
    _write(MODELS / "score.json", fit_score(examples, claim_logits))


if __name__ == "__main__":
    main()
