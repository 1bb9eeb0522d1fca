"""Bound 5 under attack: voices written by someone who had read the rules, to slip through them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nlp import canary
from nlp.gate import Gate, Passed, load_gate
from nlp.linear import features
from nlp.packs import SCOPES, Packs, load_packs
from nlp.text import normalise

_FILE = Path(__file__).parent / "data" / "attack_voices.jsonl"
KINDS = {"accountability", "opinion", "help"}
Voices = dict[str, str]

MOST = 31
"""Voices of the attack that pass: lower it with the gate, never raise it."""


class Unguarded(Gate):
    """The guard taken away: scope alone decides."""

    def keep(self, text: str) -> Passed | None:
        touch = self.packs.touch(text)
        return Passed(touch, 3.0) if touch else None


class OneRule(Gate):
    """Half the guard taken away: the model that knows claims decides alone, nothing listens for a voice."""

    def keep(self, text: str) -> Passed | None:
        touch, found = self.packs.touch(text), features(text)
        return Passed(touch, 3.0) if touch and self.claim.probability(found) >= self.claim.threshold else None


@pytest.fixture(scope="module")
def packs() -> Packs:
    return load_packs()


@pytest.fixture(scope="module")
def voices() -> Voices:
    """Normalised texts by id."""
    rows = map(json.loads, _FILE.read_text(encoding="utf-8").splitlines())
    return {row["id"]: normalise(row["text"]) for row in rows}


def kept(gate: Gate, voices: Voices) -> list[str]:
    """Ids of the voices that ``gate`` lets through."""
    return [id_ for id_, text in voices.items() if gate.keep(text)]


def test_the_set_is_what_it_says(packs: Packs, voices: Voices) -> None:
    """At least 300 different texts of all kinds, each in scope, over all scopes; none of them is a canary."""
    rows = [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == len(voices) == len(set(voices.values())) >= 300
    assert {row["kind"] for row in rows} == KINDS and all(row["device"] for row in rows)
    touched = {id_: packs.touch(text) for id_, text in voices.items()}
    assert [id_ for id_, touch in touched.items() if touch is None] == []
    assert {touch.hazard.scope for touch in touched.values() if touch} == set(SCOPES)
    assert not {normalise(text) for _, text in canary.voices()} & set(voices.values())


def test_the_gate_keeps_few_of_them(packs: Packs, voices: Voices) -> None:
    """The aim is none. What an attacker gets through who has read the rules is printed, and never becomes more."""
    through = kept(load_gate(packs), voices)
    print(f"{len(through)} of {len(voices)} voices of the attack pass")
    assert len(through) <= MOST


@pytest.mark.parametrize(("unguarded", "at_least"), [(Unguarded, 300), (OneRule, 10)])
def test_without_the_guard_many_would_pass(
    packs: Packs, voices: Voices, unguarded: Callable[..., Gate], at_least: int
) -> None:
    """The arms without the guard: scope drops none of them, and one rule alone lets some through."""
    gate = load_gate(packs)
    assert len(kept(unguarded(packs, gate.claim, gate.voice), voices)) >= at_least
