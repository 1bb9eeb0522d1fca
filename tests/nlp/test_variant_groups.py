"""Groups of a stream: near duplicates come together, strangers stay apart, whatever the key."""

from collections import Counter

import pytest

from benchmarks.data import SHARED, varied
from benchmarks.grouping import bases, pairs, real, strangers
from nlp import signature
from nlp.signature import bands, components
from nlp.text import letters, normalise

KEYS = [bytes([number]) * 32 for number in range(3)]
shared = pytest.mark.skipif(not SHARED.exists(), reason="the shared data folder is not beside the repository")


def grouped(texts: list[str], key: bytes) -> list[int]:
    """Group of each text."""
    return components([bands(letters(normalise(text)), key) for text in texts])


def figures(labels: list[int] | list[str], groups: list[int]) -> tuple[float, float, int]:
    """Precision and recall of pairs, and groups with more than one stranger among those read."""
    both = pairs(Counter(zip(groups, labels, strict=True)))
    return both / pairs(Counter(groups)), both / pairs(Counter(labels)), strangers(labels, groups)[1]


@shared
def test_real_statuses_are_grouped_by_claim(capsys: pytest.CaptureFixture[str]) -> None:
    """5,000 and more real statuses under three keys: precision at least 0.98, recall 0.92, no group of strangers."""
    texts, _, claims = real()
    assert len(texts) >= 5_000
    for key in KEYS:
        precision, recall, strange = figures(claims, grouped(texts, key))
        with capsys.disabled():
            print(
                f"\nreal statuses: pair precision {precision:.4f}, recall {recall:.4f}, groups of strangers {strange}"
            )
        assert precision >= 0.98 and recall >= 0.92 and strange == 0


def test_generated_texts_are_grouped_by_what_they_copy() -> None:
    """Twenty thousand varied texts: every copy beside its base, no two bases together."""
    texts = list(varied(20_000))
    precision, recall, strange = figures(bases(texts, 3), grouped(texts, KEYS[0]))
    assert precision >= 0.99 and recall >= 0.99 and strange == 0


def test_shorter_bands_would_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """With four rows a band the same texts run into one another."""
    monkeypatch.setattr(signature, "ROWS", 4)
    signature._functions.cache_clear()
    texts = list(varied(5_000))
    precision, _, strange = figures(bases(texts, 3), grouped(texts, b"short" * 7))
    signature._functions.cache_clear()
    assert precision < 0.9 and strange > 0
