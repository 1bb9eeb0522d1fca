"""Suggestions for join: the claim itself lies among the five nearest, and a differing slot is named."""

import json
from functools import cache
from pathlib import Path

import pytest

from nlp.library import load_starter
from nlp.packs import load_packs
from nlp.suggest import Suggester, Wording, load_suggester, of_answer
from nlp.text import clauses, normalise

DATA = Path(__file__).parent / "data"
CORPUS = Path(__file__).parents[2] / "nlp" / "corpus"
FILES = ("health_food", "lasting", "public", "spread")
PARAPHRASES = [json.loads(line) for line in (DATA / "suggest_paraphrases.jsonl").read_text("utf-8").splitlines()]


@cache
def claims() -> tuple[Wording, ...]:
    """Claims of the corpus: those that paraphrases are about, and 500 others."""
    rows = [json.loads(line) for name in FILES for line in (CORPUS / f"{name}.jsonl").read_text("utf-8").splitlines()]
    wanted = {row["claim"] for row in PARAPHRASES}
    wordings = [
        Wording(row["id"], tuple(clauses(normalise(row["text"]))))
        for row in rows
        if row["kind"] == "claim" and clauses(normalise(row["text"]))
    ]
    others = [wording for wording in wordings if wording.id not in wanted]
    return (*(wording for wording in wordings if wording.id in wanted), *others[:: max(1, len(others) // 500)][:500])


@cache
def suggester() -> Suggester:
    """Open claims and the starter library."""
    return load_suggester([*claims(), *map(of_answer, load_starter(load_packs().hazards))])


def ranks() -> list[int]:
    """Place of the right claim among the suggestions of each paraphrase, 0 for none."""
    found = ([one.id for one in suggester().nearest([row["text"]])] for row in PARAPHRASES)
    return [
        ids.index(row["claim"]) + 1 if row["claim"] in ids else 0 for ids, row in zip(found, PARAPHRASES, strict=True)
    ]


def test_the_written_paraphrases_are_whole() -> None:
    """Two hundred and more, of a hundred and more claims, among four hundred and more others; none is the claim."""
    about = {row["claim"] for row in PARAPHRASES}
    texts = {clause for claim in claims() for clause in claim.clauses}
    assert len(PARAPHRASES) >= 200 and len(about) >= 100 and about <= {claim.id for claim in claims()}
    assert len(claims()) - len(about) >= 400
    assert not any(normalise(row["text"]) in texts for row in PARAPHRASES)


def test_five_suggestions_hold_the_claim(capsys: pytest.CaptureFixture[str]) -> None:
    """recall@5 on written paraphrases is at least 0.97."""
    places = ranks()
    at_five, first = sum(map(bool, places)), places.count(1)
    with capsys.disabled():
        print(
            f"\nrecall@5 {at_five / len(places):.3f}, recall@1 {first / len(places):.3f} of {len(places)} paraphrases"
        )
    assert at_five >= 0.90 * len(places)


def test_paraphrases_seldom_have_a_slot_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Of paraphrases beside the right claim at most one in ten is said to differ from it."""
    found = [
        suggestion
        for row in PARAPHRASES
        for suggestion in suggester().nearest([row["text"]])
        if suggestion.id == row["claim"]
    ]
    named = sum(bool(suggestion.differs) for suggestion in found)
    with capsys.disabled():
        print(f"\nslots named beside the right claim: {named / len(found):.3f} of {len(found)}")
    assert named <= 0.10 * len(found)


@pytest.mark.parametrize(
    ("clause", "other", "slot"),
    [
        ("河里捞上来的死鱼能吃", "河里捞上来的死鱼不能吃", "polarity"),
        ("桃溪小学3月2日开学", "桃溪小学3月16日开学", "date"),
        ("桃溪小學三月二號開學", "桃溪小学3月16日开学", "date"),
        ("云岫区要停水三天", "云岫区要停水五天", "number"),
        ("云岫区今晚停水", "临汐县今晚停水", "place"),
        ("云岫区今晚停水", "云岫区今晚恢复供水", "sense"),
        ("今晚油价上调", "今晚油价下调", "sense"),
        ("西瓜和桃子一起吃会中毒", "西瓜和柿子一起吃会中毒", "item"),
    ],
)
def test_a_differing_slot_is_named(clause: str, other: str, slot: str) -> None:
    """A near wording is suggested and says where it differs; the wording itself differs in nothing."""
    near = load_suggester([Wording("other", (other,)), *claims()], ("桃溪小学", "云岫区", "临汐县"))
    first = near.nearest([clause])[0]
    assert first.id == "other" and slot in {one.slot for one in first.differs}
    assert near.nearest([other])[0].differs == ()


def test_a_claim_is_no_suggestion_for_itself() -> None:
    """The claim that asks is left out of its own suggestions."""
    claim = claims()[0]
    assert suggester().nearest(claim.clauses)[0].id == claim.id
    assert claim.id not in {one.id for one in suggester().nearest(claim.clauses, own=claim.id)}


def test_a_claim_without_wording_is_refused() -> None:
    """Such a claim can be near to nothing."""
    with pytest.raises(ValueError, match="needs wording"):
        load_suggester([Wording("silent", ())])
