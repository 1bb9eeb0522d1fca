"""Words of a text: the fast path gives what jieba itself gives."""

import json
import logging
import tempfile
from pathlib import Path

import jieba
import pytest

from nlp.examples import CORPUS
from nlp.segment import fast, reference, user_words, words
from nlp.text import normalise
from tests.support.measured import records

TERMS = user_words()


def written() -> list[str]:
    """Texts of the corpus, one in five."""
    lines = (line for path in sorted(CORPUS.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines())
    return [normalise(json.loads(line)["text"]) for number, line in enumerate(lines) if number % 5 == 0]


@pytest.mark.parametrize("terms", [(), TERMS], ids=["dictionary", "packs"])
def test_both_implementations_cut_alike(terms: tuple[str, ...]) -> None:
    """On real posts and written texts, with and without the packs' terms."""
    quick, slow = fast(terms), reference(terms)
    texts = [*written(), *(normalise(post["text"]) for post in records("posts-dev.jsonl"))]
    assert quick is not None
    assert len(texts) > 1_200
    assert [quick(text) for text in texts] == [slow(text) for text in texts]


def test_a_word_that_counts_otherwise_would_be_seen() -> None:
    """Told of a word that the dictionary has, the two keep different totals, and ties fall apart."""
    quick, slow = fast(TERMS), reference((*TERMS, "天天啪啪"))
    assert quick is not None
    assert quick("天天啪啪啪") != slow("天天啪啪啪")


def test_terms_of_the_packs_are_words() -> None:
    """But for a handful that the dictionary knows and splits all the same."""
    known = reference(())
    split = [term for term in TERMS if words(term) != [term]]
    assert len(split) < 20
    assert sum(known(term) != [term] for term in TERMS) > 1_000


@pytest.mark.parametrize("text", ["", " ", "水", "a1b2", "3.14%", "新冠病毒", "\U0001f600好"])
def test_words_make_up_the_text(text: str) -> None:
    assert "".join(words(text)) == text


def test_nothing_is_logged_cached_or_shared(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """jieba's own tokenizer stays untouched, and its cache is not written."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with caplog.at_level(logging.DEBUG):
        assert reference(TERMS)("今晚停水") == words("今晚停水")
    assert not caplog.records
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())
    assert not jieba.dt.initialized
