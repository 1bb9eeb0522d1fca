"""The written corpus: two readers' labels of every text, and what is made of them."""

import json
from collections import Counter

import pytest

from nlp.examples import CORPUS, SECOND, Example, Label, read_corpus

EXAMPLES = read_corpus()


def kappa(pairs: list[tuple[object, object]]) -> float:
    """Agreement of two readers beyond chance (Cohen 1960)."""
    count = len(pairs)
    first, second = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    chance = sum(first[label] * second[label] for label in first) / count**2
    return (sum(a == b for a, b in pairs) / count - chance) / (1 - chance)


def test_two_readers_agree() -> None:
    """On nearly every flag and most kinds; how many texts were read twice is printed, and never becomes fewer."""
    lines = (CORPUS / SECOND).read_text(encoding="utf-8").splitlines()
    twice = {line.split("\t")[0] for line in lines}
    both = [one for one in EXAMPLES if one.id in twice]
    flags = kappa([(one.first.flag, one.second.flag) for one in both])
    kinds = kappa([(one.first.kind, one.second.kind) for one in both])
    print(f"{len(both)} of {len(EXAMPLES)} read twice; kappa of the flag {flags:.3f}, of the kind {kinds:.3f}")
    assert len(both) == len(lines) >= 2_660
    assert 0.9 < flags < 1, "two readers who never differ are one"
    assert 0.85 < kinds < 1


def test_no_text_stands_twice() -> None:
    """Nor an id; and every occasion has a name."""
    assert max(Counter("".join(one.text.split()) for one in EXAMPLES).values()) == 1
    assert len({one.id for one in EXAMPLES}) == len(EXAMPLES)
    assert all(one.occasion for one in EXAMPLES)


def test_labels_are_of_the_closed_list() -> None:
    kinds = {"claim", "question", "notice", "accountability", "opinion", "help", "other"}
    scopes = {"health", "food_drug", "disaster", "public_service", "consumer_safety", "none"}
    for path in CORPUS.glob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert set(json.loads(line)) == {"id", "text", "scope", "kind", "flag", "occasion"}
    for one in EXAMPLES:
        assert {one.first.kind, one.second.kind} <= kinds and {one.first.scope, one.second.scope} <= scopes
        assert not one.first.flag or (one.first.kind == "claim" and one.first.scope != "none")


CLAIM, QUESTION = Label("health", "claim", flag=True), Label("health", "question", flag=False)
OPINION, NOTICE = Label("health", "opinion", flag=False), Label("health", "notice", flag=False)


@pytest.mark.parametrize(
    ("first", "second", "wanted", "voice"),
    [
        (CLAIM, CLAIM, True, False),
        (CLAIM, NOTICE, False, False),
        (CLAIM, OPINION, False, True),
        (OPINION, CLAIM, False, True),
        (QUESTION, QUESTION, True, False),
        (QUESTION, NOTICE, False, False),
    ],
)
def test_unsure_is_left_alone(first: Label, second: Label, wanted: bool, voice: bool) -> None:
    """Kept only when both readers would keep it; a voice when one of them says so."""
    one = Example("x", "板蓝根能防这个病是真的吗", first, second, "x")
    assert (one.wanted, one.voice) == (wanted, voice)
