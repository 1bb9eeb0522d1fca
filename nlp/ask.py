"""Questions for a public fact: when, where, how long, is it safe, what to do (design, What counts).

Such a question counts as hazard × listed place × question word; its wording goes. A text is one only when it consists
of these and of plain small words, every character of it: a plea, blame, a person, a doubt or a feeling needs a word
that stands on no list, and then the text is none. Unsure means none.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

from nlp.ask_words import CALLS, DOUBTS, ENDS, SMALL, WORDS
from nlp.gate import Gate
from nlp.packs import Hazard, Region
from nlp.redact import Redactor

SHORT = 40
"""Characters of the longest text that is such a question and nothing else."""
_MARKS = " ,.。、?:;~…"
_SO_FAR = re.compile(r"(?:多久|多长时间|[几少]天|小时)了")  # it has lasted long: no question
_UNTIL = "到"
_DISTRICTS = ("区", "县", "市")
_AREAS = ("街道", "镇", "乡", "村", "社区", *_DISTRICTS)
"""Kinds of place that are left out when people name one; where two share a name the former is meant."""
_NO_DISTRICT = ("社区", "小区", "园区", "超市")

_FORMS = {form: word.id for word in WORDS for form in word.forms}
_ORDER = list(_FORMS)
_ASKED = AhoCorasick(_ORDER, matchkind=MatchKind.LeftmostLongest)
_LISTED = tuple(dict.fromkeys((*_FORMS, *CALLS, *ENDS, *SMALL)))
_PIECES = AhoCorasick(_LISTED, matchkind=MatchKind.Standard)
_CALLED = AhoCorasick(CALLS)
_DOUBTED = AhoCorasick(DOUBTS)


@dataclass(frozen=True, slots=True)
class Ask:
    """All that is kept of a question: a hazard's id, a place of the region, a question word's id."""

    hazard: str
    place: str
    word: str


def asks_fact(text: str) -> bool:
    """Whether a short normalised text asks for a public fact, counted or not: it claims nothing, so no wording counts.

    What asks "is it safe" may ask whether a claim is true, and is left to the gate where it is no :class:`Ask`.
    """
    return len(text) <= SHORT and _word(text) not in (None, "safe") and not _DOUBTED.find_matches_as_indexes(text)


class Asker:
    """Tells questions for a public fact of one region; holds no state beside its lists."""

    def __init__(self, gate: Gate, regions: Iterable[Region], redactor: Redactor) -> None:
        """Without a region there is no listed place, and no text is such a question."""
        self._gate = gate
        self._redactor = redactor
        self._places = _named(place for region in regions for place in region.places)
        self._names = list(self._places)
        self._index = AhoCorasick(self._names, matchkind=MatchKind.LeftmostLongest)

    def read(self, text: str) -> Ask | None:
        """What the normalised ``text`` asks for, or None. Cheapest test first."""
        if len(text) > SHORT or not self._places or (word := _word(text)) is None:
            return None
        place, rest = self._place(text)
        touch = self._gate.packs.touch(rest)
        if place is None or touch is None or not _consists(rest, touch.hazard):
            return None
        if self._gate.speaks(text) or self._redactor.spans(text):
            return None
        return Ask(touch.hazard.id, place, word)

    def _place(self, text: str) -> tuple[str | None, str]:
        """The one place that the text names, a district beside it left aside, and the text without its places."""
        found: dict[str, None] = {}
        rest = text
        for index, start, end in self._index.find_matches_as_indexes(text):
            found[self._places[self._names[index]]] = None
            rest = rest[:start] + " " * (end - start) + rest[end:]
        near = [place for place in found if not _is_district(place)] or list(found)
        return (near[0] if len(near) == 1 else None), rest


def _named(places: Iterable[str]) -> Mapping[str, str]:
    """Places by every name that people have for them: the listed one, and that without its kind."""
    listed = dict.fromkeys(places)
    names = {place: place for place in listed}
    for kind in _AREAS:
        for place in listed:
            short = place.removesuffix(kind)
            if short != place and len(short) >= 2:
                names.setdefault(short, place)
    return names


def _is_district(place: str) -> bool:
    return place.endswith(_DISTRICTS) and not place.endswith(_NO_DISTRICT)


def _word(text: str) -> str | None:
    """The id of the one question word of the text, if it asks by it.

    "停水几天" may tell as well, so that a length of time takes a mark or a call beside it. No other question word tells
    anything without 都, 也 or 不管, which stand on no list.
    """
    forms = {_ORDER[index] for index, _, _ in _ASKED.find_matches_as_indexes(text)}
    found = {_FORMS[form] for form in forms}
    if len(found) != 1 or _SO_FAR.search(text):
        return None
    tells = "how_long" in found and not any(_UNTIL in form for form in forms)
    return None if tells and not _is_marked(text) else found.pop()


def _is_marked(text: str) -> bool:
    """Whether a mark, a particle or a call says that the text asks."""
    end = text.rstrip(_MARKS)
    return "?" in text[len(end) :] or end.endswith(ENDS) or bool(_CALLED.find_matches_as_indexes(text))


def _consists(text: str, hazard: Hazard) -> bool:
    """Whether words of the lists and of ``hazard`` cover every character of the text, marks left aside."""
    steps: dict[int, set[int]] = {}
    for _, start, end in _PIECES.find_matches_as_indexes(text, overlapping=True):
        steps.setdefault(start, set()).add(end)
    reached = {0}
    for at in range(len(text)):
        if at in reached:
            reached |= steps.get(at, set())
            reached |= {at + len(word) for word in (*hazard.terms, *hazard.context) if text.startswith(word, at)}
            reached |= {at + 1} if text[at] in _MARKS else set()
    return len(text) in reached
