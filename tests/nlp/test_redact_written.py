"""Redaction, measured on a written attack set (design, Bound 6): recall, and what is masked beside it.

Each text names the strings that point to a person, with their kinds; ``beside`` holds the same strings with the cue
words that may go with them ("微信号…", "住…", a mention up to the next blank). Rules were mended on the part ``open``,
so its recall says what was learned. Misses in the part ``held`` were never shown, only counted, so its recall comes
nearer to what unseen wordings meet. It is not quite blind: the same hand wrote texts and rules, and at least one rule
(numbers of message gateways) came from going through remembered forms of the set.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from nlp import redact
from nlp.packs import Packs, load_packs, load_region
from nlp.redact import KINDS, Redactor
from nlp.segment import words
from nlp.text import normalise
from tests.support.effort import is_linear

DATA = Path(__file__).parent / "data"
ROOT = Path(redact.__file__).parent
REGION = load_region(ROOT / "packs" / "regions" / "yunxiu.toml")
STRUCTURED = frozenset({"phone", "id_number", "bank_card", "plate", "email", "account", "mention", "url"})
# Of these kinds a kept place or term inside stays readable; the rest of the string must go.
AROUND = frozenset({"bank_card", "plate", "account", "address", "age_place", "role_unit", "title_name", "topic_name"})
CARRIERS = (
    "听说{}有问题,大家注意", "我朋友{}了,住院三天", "患者{}后死亡", "#{}#", "医生说{},快转", "{}被曝光", "邻居{}说的",
)  # fmt: skip


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


WRITTEN = _rows(DATA / "redact_written.jsonl")
ORDINARY = [normalise(row["text"]) for row in _rows(DATA / "redact_ordinary.jsonl")]


@cache
def _packs() -> Packs:
    return load_packs()


@cache
def _terms() -> tuple[str, ...]:
    return tuple(sorted({term for hazard in _packs().hazards.values() for term in hazard.terms}))


@cache
def _keep() -> tuple[str, ...]:
    packs = _packs()
    return (*packs.institutions, *packs.figures, *REGION.places, *map(normalise, REGION.outlets), *_terms())


@cache
def shipped() -> Redactor:
    """The redactor with what the packs and the sample region keep, as the reader builds it."""
    return Redactor(_keep())


def _places(text: str, literal: str) -> set[int]:
    return {at for hit in re.finditer(re.escape(normalise(literal)), text) for at in range(*hit.span())}


def _covered(redactor: Redactor, text: str) -> set[int]:
    return {at for span in redactor.spans(text) for at in range(span.start, span.end)}


def _kept(text: str) -> set[int]:
    return {at for term in _keep() if term in text for at in _places(text, term)}


@dataclass
class Figures:
    """Hidden and all strings by group and kind; masked and all words outside the strings."""

    hidden: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)
    masked: int = 0
    words: int = 0

    def recall(self, name: str) -> float:
        """Share of strings of a group or kind that are hidden whole."""
        return self.hidden[name] / self.all[name]

    def beside(self) -> float:
        """Share of the other words that are masked with them."""
        return self.masked / self.words

    def read(self, redactor: Redactor, row: dict[str, Any]) -> None:
        """Count one text of the set."""
        text = normalise(row["text"])
        covered, expected = _covered(redactor, text), set[int]()
        for kind, literal in row["spans"]:
            at = _places(text, literal)
            expected |= at
            loose = covered | _kept(text) if kind in AROUND else covered
            hidden = bool(at & covered) and all(place in loose or not text[place].isalnum() for place in at)
            for name in (kind, "structured" if kind in STRUCTURED else "person"):
                self.all[name] += 1
                self.hidden[name] += hidden
        for literal in row.get("beside", ()):
            expected |= _places(text, literal)
        self._words(text, covered, expected)

    def _words(self, text: str, covered: set[int], expected: set[int]) -> None:
        end = 0
        for word in words(text):
            start, end = end, end + len(word)
            if word.isalnum() and expected.isdisjoint(range(start, end)):
                self.words += 1
                self.masked += not covered.isdisjoint(range(start, end))


def _measure(redactor: Redactor, part: str) -> Figures:
    figures = Figures()
    for row in WRITTEN:
        if row["part"] == part:
            figures.read(redactor, row)
    return figures


@cache
def figures(part: str) -> Figures:
    """What the shipped redactor reaches on one part."""
    return _measure(shipped(), part)


def test_the_set_is_whole() -> None:
    """Every kind is tried in both parts, no text twice, every string stands in its text as it is read."""
    assert len(WRITTEN) >= 700 and len({row["text"] for row in WRITTEN}) == len(WRITTEN)
    assert sum(row["part"] == "held" for row in WRITTEN) >= 220
    for part in ("open", "held"):
        assert set(KINDS) <= set(figures(part).all)
    lost = [row["text"] for row in WRITTEN if not all(_places(normalise(row["text"]), one) for _, one in row["spans"])]
    assert lost == []
    assert len(ORDINARY) >= 120


# Floors, a little under what is reached: they only go up.
FLOORS = [
    ("open", "structured", 0.99),
    ("open", "person", 0.95),
    ("held", "structured", 0.96),
    ("held", "person", 0.76),
]


@pytest.mark.parametrize(("part", "group", "floor"), FLOORS)
def test_recall(part: str, group: str, floor: float) -> None:
    """Strings hidden whole, of those that a text names."""
    found = figures(part)
    print(f"redaction, {part}: {group} {found.hidden[group]} of {found.all[group]} = {found.recall(group):.3f}")
    for kind in KINDS:
        if (kind in STRUCTURED) == (group == "structured"):
            print(f"  {kind} {found.hidden[kind]} of {found.all[kind]}")
    assert found.recall(group) >= floor


def test_recall_comes_from_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: without rules nothing is hidden."""
    monkeypatch.setattr(redact, "FINDERS", ())
    assert sum(_measure(Redactor(), "open").hidden.values()) == 0


@pytest.mark.parametrize(("part", "ceiling"), [("open", 0.01), ("held", 0.02)])
def test_other_words_of_attacks_stay(part: str, ceiling: float) -> None:
    """Words outside the strings and their cues."""
    found = figures(part)
    print(f"redaction, {part}: {found.masked} of {found.words} other words masked = {found.beside():.4f}")
    assert found.beside() <= ceiling


def test_ordinary_texts_stay() -> None:
    """Words that begin like a surname, institutions, figures, public numbers, groups of people: nothing is masked."""
    assert [text for text in ORDINARY if shipped().spans(text)] == []


def test_claims_and_notices_stay() -> None:
    """Of the corpus's claims and notices at most one word in a hundred is masked, real descriptions included."""
    found = Figures()
    rows = (row for path in sorted((ROOT / "corpus").glob("*.jsonl")) for row in _rows(path))
    for text in (normalise(row["text"]) for row in rows if row["kind"] in ("claim", "notice")):
        found._words(text, _covered(shipped(), text), set())
    print(f"redaction, corpus: {found.masked} of {found.words} words masked = {found.beside():.4f}")
    assert found.words > 50_000 and found.beside() <= 0.01


def _lost(redactor: Redactor, terms: tuple[str, ...]) -> list[str]:
    """Carriers in which a term does not stand as often after masking as before."""
    texts = ((term, carrier.format(term)) for term in terms for carrier in CARRIERS)
    return [text for term, text in texts if redactor.mask(text).count(term) < text.count(term)]


@pytest.mark.parametrize("name", ["terms", "institutions", "figures", "places"])
def test_no_kept_word_is_masked(name: str) -> None:
    """Not one hazard term, institution, public figure or place, also where names stand."""
    packs = _packs()
    lists = {"terms": _terms(), "institutions": packs.institutions, "figures": packs.figures, "places": REGION.places}
    assert lists[name] and _lost(shipped(), lists[name]) == []


def test_it_is_the_list_that_spares_them() -> None:
    """Control: without the lists, public figures are masked like anybody, and rules alone spare most hazard terms."""
    assert len(_lost(Redactor(), _packs().figures)) > 20
    bare = len(_lost(Redactor(), _terms())) / (len(_terms()) * len(CARRIERS))
    print(f"redaction without lists: {bare:.4f} of carriers lose their hazard term")
    assert bare <= 0.02


def test_cost_is_linear() -> None:
    """A quadratic rule would take sixteen times as long for four times the text."""
    attacks = normalise(",".join(row["text"] for row in WRITTEN))
    assert is_linear(lambda times: shipped().spans(attacks * times), 2, 8)
