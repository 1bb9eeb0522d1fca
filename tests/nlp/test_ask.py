"""Questions for a public fact: the plain ones are read, and the same ones with a plea, blame, a person … are none.

``data/asks.jsonl`` was written for this: a row is one question in six ways, about the invented town.
"""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from nlp import ask, canary
from nlp.ask import Ask, Asker
from nlp.ask_words import CALLS, ENDS, SMALL, WORDS
from nlp.canary import CanaryError, check
from nlp.gate import Gate, load_gate
from nlp.linear import Linear
from nlp.packs import PACKS, Region, load_packs, load_region
from nlp.reader import load_reader
from nlp.redact import Redactor
from nlp.text import normalise
from nlp.voice import is_voice

HERE = Path(__file__).parent
ROWS: list[dict[str, str]] = list(
    map(json.loads, (HERE / "data" / "asks.jsonl").read_text(encoding="utf-8").splitlines())
)
HARD = ("plea", "blame", "person", "rhetorical", "doubt")
TOWN = PACKS / "regions" / "yunxiu.toml"
QUESTION = "有人知道柳渡那边今晚几点停水吗"
READ = Ask("water-supply", "柳渡街道", "when")


class Mute(Gate):
    """The voice rules and model taken away."""

    def speaks(self, text: str) -> bool:
        del text
        return False


def ruled() -> Gate:
    """The gate with its rules alone: what the words decide, whatever a model weighs."""
    return replace(load_gate(load_packs()), voice=Linear({}, {}, -9.0, 0.5))


def mute() -> Gate:
    gate = load_gate(load_packs())
    return Mute(gate.packs, gate.claim, gate.voice)


def asker(gate: Gate | None = None, *places: str) -> Asker:
    """An asker for the town, or for ``places`` alone; by default with the rules alone."""
    gate = gate or ruled()
    region = Region("澜州市云岫区", places) if places else load_region(TOWN)
    terms = (term for hazard in gate.packs.hazards.values() for term in hazard.terms)
    return Asker(gate, (region,), Redactor((*gate.packs.institutions, *region.places, *region.outlets, *terms)))


@cache
def _town() -> Asker:
    return asker()


def read(text: str, one: Asker | None = None) -> Ask | None:
    return (one or _town()).read(normalise(text))


def unlisted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the guard away: words off the lists are let through."""
    monkeypatch.setattr(ask, "_consists", lambda *_: True)


# -- the written texts -----------------------------------------------------------------------------


def test_there_are_enough_texts() -> None:
    texts = {row[kind] for row in ROWS for kind in ("plain", *HARD)}
    assert len(texts) >= 120 and {row["word"] for row in ROWS} == {word.id for word in WORDS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["plain"])
def test_a_plain_question_is_read(row: dict[str, str]) -> None:
    """By its words; the voice model may still say no."""
    assert read(row["plain"]) == Ask(row["hazard"], row["place"], row["word"])


@pytest.mark.parametrize("kind", HARD)
def test_the_same_question_with_more_in_it_is_none(kind: str) -> None:
    """The words alone decide so: no model has a say."""
    one = asker()
    assert [row[kind] for row in ROWS if read(row[kind], one) is not None] == []


@pytest.mark.parametrize("kind", HARD[:3])
def test_without_the_lists_they_would_count(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The arm: words off the lists let through, and nobody to hear a voice or find a person: most count."""
    unlisted(monkeypatch)
    monkeypatch.setattr(Redactor, "spans", lambda *_: [])
    one = asker(mute())
    assert sum(read(row[kind], one) is not None for row in ROWS) > len(ROWS) / 2


def test_the_shipped_models_read_plain_ones_and_none_of_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """How many depends on the voice model: unsure means none."""
    one = asker(load_gate(load_packs()))
    plain = sum(read(row["plain"], one) is not None for row in ROWS)
    hard = sum(read(row[kind], one) is not None for row in ROWS for kind in HARD)
    with capsys.disabled():
        print(f"\nquestions for a public fact: {plain} of {len(ROWS)} read, {hard} of {len(HARD) * len(ROWS)} others")
    assert hard == 0 and plain >= 1


# -- what a question takes -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "有人知道今晚几点停水吗",  # no place
        "有人知道柳渡那边今晚几点开始吗",  # no hazard
        "柳渡那边今晚停水吗",  # asks if it is so: a claim's question
        "柳渡那边今晚停水",  # asks nothing
        "柳渡停水几天",  # may tell
        "柳渡停水几天了？",
        "柳渡停水都几天了？",
        "柳渡和桃溪路几点停水？",  # two places
        "柳渡几点停水，停到几点？",  # asks two things
        "柳渡几点停水？在哪接水？",
        "柳渡几点停水!",
        "#柳渡停水#几点停水？",
        "柳渡几点停水？@柳渡街道",
        "柳渡几点停水 http://t.example/a",
        "柳渡12号楼几点停水？",
        "我们柳渡几点停水？",
        "帮问柳渡几点停水？",
        "",
        "几点？",
    ],
)
def test_what_is_none(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("柳渡街道几点停水？", "柳渡街道"),
        ("柳渡几点停水？", "柳渡街道"),
        ("柳渡社区几点停水？", "柳渡社区"),
        ("柳渡路几点停水？", "柳渡路"),
        ("澜州市云岫区柳渡街道几点停水？", "柳渡街道"),
        ("云岫区几点停水？", "云岫区"),
        ("云岫那边几点停水？", "云岫区"),
        ("柳渡街道，柳渡那边几点停水？", "柳渡街道"),
        ("柳渡街道幾點停水？", "柳渡街道"),
    ],
)
def test_places_as_people_name_them(text: str, place: str) -> None:
    """In full or without its kind; a district beside it is left aside; the listed name is what counts."""
    assert read(text) == Ask("water-supply", place, "when")


def test_a_place_that_is_not_listed_is_none() -> None:
    """The arm: the same text, with the place in the region."""
    assert read("青石沟村几点停水？") is None
    assert read("青石沟村几点停水？", asker(None, "青石沟村")) == Ask("water-supply", "青石沟村", "when")


def test_a_hazard_in_the_name_of_a_place_is_none() -> None:
    """The works' name holds a term of the packs; nothing is asked about water."""
    assert read("南埠水厂几点开？") is None and read("南埠水厂几点停水？") is not None


def test_a_long_text_is_none() -> None:
    """The arm: its words are all on the lists."""
    long = "今天" * 20 + "柳渡几点停水？"
    assert read(long) is None and read(long[-27:]) is not None


def test_without_a_region_nothing_is_a_question() -> None:
    gate = ruled()
    assert Asker(gate, (), Redactor()).read(normalise(QUESTION)) is None and read(QUESTION) == READ


def test_the_voice_model_has_its_say() -> None:
    """A model that hears a voice everywhere leaves no question; one that hears none leaves it to the words."""
    deaf = replace(load_gate(load_packs()), voice=Linear({}, {}, 9.0, 0.5))
    assert read(QUESTION, asker(deaf)) is None and read(QUESTION) == READ


def test_the_voice_rules_have_their_say() -> None:
    """ "在哪里" beside an office is how people hold it to account: unsure means none."""
    text = "柳渡街道在哪里接水？"
    assert is_voice(normalise(text)) and read(text) is None
    assert read(text, asker(mute())) == Ask("water-supply", "柳渡街道", "where")


def test_the_redactor_has_its_say(monkeypatch: pytest.MonkeyPatch) -> None:
    unlisted(monkeypatch)
    text = "柳渡几点停水？13900001111"
    assert read(text, asker(mute())) is None
    monkeypatch.setattr(Redactor, "spans", lambda *_: [])
    assert read(text, asker(mute())) is not None


def test_the_lists_hold_no_word_of_a_voice_or_a_person() -> None:
    """A word that pleads, blames or names somebody would let every text with it through."""
    listed = {*CALLS, *ENDS, *SMALL, *(form for word in WORDS for form in word.forms)}
    never = "我俺咱你您他她求帮救急谁老爸妈爷奶娃孩死病疼又才都还也总敢官骗瞒管"
    assert [word for word in listed if set(word) & set(never)] == [word for word in listed if word == "有谁知道"]
    assert [word for word in listed if is_voice(word)] == []


def test_every_question_word_has_its_own_forms() -> None:
    forms = [form for word in WORDS for form in word.forms]
    assert len(forms) == len(set(forms)) and all(normalise(form) == form for form in forms)


# -- the reader and the canaries -------------------------------------------------------------------


def open_gate() -> Gate:
    """A gate whose models take everything for a claim."""
    gate = load_gate(load_packs())
    return replace(gate, claim=Linear({}, {}, 9.0, 0.5), voice=Linear({}, {}, -9.0, 0.5))


def test_a_question_has_no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the claim model says of it, its wording never counts; without the guard it would have clauses."""
    monkeypatch.setattr("nlp.reader.load_gate", lambda _: open_gate())
    reader = load_reader((TOWN,), canaries=False)
    claim = "听说大蒜泡水能杀死病毒"
    assert reader.ask(QUESTION) == READ and reader.read(QUESTION) is None
    assert reader.read("", QUESTION) is None
    reposted = reader.read(QUESTION, claim)
    assert reposted is not None and reposted.clauses == ()
    monkeypatch.setattr(Asker, "read", lambda *_: None)
    monkeypatch.setattr("nlp.reader.asks_fact", lambda _: False)
    alone, reposted = reader.read(QUESTION), reader.read(QUESTION, claim)
    assert alone is not None and alone.clauses and reposted is not None and reposted.clauses


@pytest.mark.parametrize("text", ["有人知道今晚几点停水吗", "老周问柳渡今晚几点停水", "石沟那边停水要停到几点？"])
def test_what_asks_for_a_fact_and_is_not_counted_has_no_reading_either(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No place of the region, a name: it claims nothing, so its wording never counts. Heard or doubted it does."""
    monkeypatch.setattr("nlp.reader.load_gate", lambda _: open_gate())
    reader = load_reader((TOWN,), canaries=False)
    assert reader.ask(text) is None and reader.read(text) is None
    assert reader.read(f"听说{text}") is not None and reader.read("今晚停水，真的假的") is not None


def test_a_canary_that_counts_as_a_question_refuses_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the lists and the voice rules hundreds would count; with them none does."""
    region = load_region(TOWN)
    gate = load_gate(load_packs())
    asks: Any = asker(gate)
    assert check(gate, (region,), asks=lambda text: asks.read(normalise(text))) > 600
    asks = asker(mute())
    assert check(gate, (region,), asks=lambda text: asks.read(normalise(text))) > 600
    unlisted(monkeypatch)
    with pytest.raises(CanaryError, match="pass the gate"):
        check(gate, (region,), asks=lambda text: asks.read(normalise(text)))


def test_canaries_name_a_place_and_ask() -> None:
    """A canary without a place of the region could never count: it is given one, and each question word in turn."""
    said = [canary.asking(number, "某句", "柳渡街道") for number in range(len(WORDS))]
    assert all(three[:2] == ("某句", "柳渡街道某句") for three in said)
    assert {ask._word(three[2]) for three in said} - {None} == {word.id for word in WORDS} - {"how_long"}


def test_the_start_tries_the_canaries_as_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    unlisted(monkeypatch)
    monkeypatch.setattr("nlp.reader.load_gate", lambda _: mute())
    with pytest.raises(CanaryError):
        load_reader((TOWN,))
