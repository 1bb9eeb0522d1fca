"""Canaries: voices that the active gate must drop, at every start and after any change of packs.

They were written apart from the training corpus and are no part of it. Templates are filled with every
hazard's own terms and the region's own places, so that a pack or place added locally is tried as well.
None may count as a question for a public fact either: not as it stands, nor when it names a place of the region and
asks a question besides.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from nlp.ask_words import WORDS
from nlp.gate import Gate
from nlp.packs import Region
from nlp.text import normalise

CANARIES = Path(__file__).parent / "canaries"
_NOWHERE = ("区医院", "实验小学", "和平街道")


class CanaryError(RuntimeError):
    """The gate keeps a voice: the program must not start. Names canaries by id, never by text."""


def voices(folder: Path = CANARIES) -> Iterator[tuple[str, str]]:
    """(id, text) of every written canary."""
    with (folder / "voices.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield record["id"], record["text"]


def filled(gate: Gate, regions: tuple[Region, ...], folder: Path = CANARIES) -> Iterator[tuple[str, str]]:
    """(id, text) of templates filled: every term of every hazard, and every place, at least once.

    Templates shift by one each time they have all been used, so that a term meets another one after each change.
    """
    templates: list[str] = json.loads((folder / "templates.json").read_text(encoding="utf-8"))
    places = [place for region in regions for place in region.places] or list(_NOWHERE)
    terms = [(hazard.id, term) for hazard in gate.packs.hazards.values() for term in hazard.terms]
    for number in range(max(len(terms), len(places))):
        hazard, term = terms[number % len(terms)]
        which = (number + number // len(templates)) % len(templates)
        place = places[number % len(places)]
        yield f"template {which + 1} with {hazard}", templates[which].format(term=term, place=place)


def asking(number: int, text: str, place: str) -> tuple[str, ...]:
    """A voice as it stands, with ``place`` before it, and with a question besides, another one for each number."""
    forms = WORDS[number % len(WORDS)].forms
    return text, f"{place}{text}", f"{place}{text}{forms[number % len(forms)]}"


def _asked(asks: Callable[[str], object], number: int, text: str, places: tuple[str, ...]) -> bool:
    place = places[number % len(places)]
    return any(asks(said) is not None for said in asking(number, text, place))


def check(
    gate: Gate,
    regions: tuple[Region, ...] = (),
    folder: Path = CANARIES,
    *,
    asks: Callable[[str], object] = lambda _: None,
) -> int:
    """Run every canary through ``gate``, and through ``asks``: what a text counts as, asked for; the number run.

    Raises CanaryError when one is kept or counted, or when fewer than 600 written ones stand in ``folder``.
    """
    written = list(voices(folder))
    if len(written) < 600:
        raise CanaryError(f"{folder.name}/voices.jsonl holds {len(written)} canaries; 600 are required")
    every = [*written, *filled(gate, regions, folder)]
    places = tuple(place for region in regions for place in region.places) or _NOWHERE
    kept = [
        name
        for number, (name, text) in enumerate(every)
        if gate.keep(normalise(text)) is not None or _asked(asks, number, text, places)
    ]
    if kept:
        raise CanaryError(
            f"{len(kept)} of {len(every)} canary voices pass the gate ({', '.join(kept[:5])}): "
            "undo the last change of packs, region or models, or retrain (python -m nlp.train)"
        )
    return len(every)
