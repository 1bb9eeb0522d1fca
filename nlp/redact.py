"""Redaction: find what points to a person in a normalised text, and put one "■" in its place.

It runs before anything is stored (design, Bound 6). Three families of rules, each a plain function from a
text to spans: numbers and addresses on the net, which have a written format; descriptions of a person (role
and unit, age and place, door); and names, which need a context, because most surnames are common words too.
Every pattern repeats within a bound, or possessively from a fixed start, so that each runs in linear time.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

from nlp.descriptions import descriptions
from nlp.names import OPENING, SURNAME, names
from nlp.net import net
from nlp.nicknames import nicknames
from nlp.numbers import numbers, plates
from nlp.rule import Found

# Kinds that are masked around a kept term; the others are masked whole or not at all.
_AROUND = ("bank_card", "plate", "account", "address", "age_place", "role_unit")
_NAMES = ("topic_name", "title_name", "private_name")
KINDS = ("phone", "id_number", "email", "mention", "url", *_AROUND, *_NAMES)
"""Closed list. Where two kinds cover the same characters the longer span names the kind, then this order."""
FINDERS = (numbers, plates, net, descriptions, names, nicknames)
"""The rules, each a function from a lower-case text to what it finds."""
MASK = "■"
_PASSES = 6


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (half-open, code points of the text given) that point to a person."""

    start: int
    end: int
    kind: str


class Redactor:
    """Finds and masks what points to a person; holds no state beside its lists.

    ``keep``: institutions, places, public figures, terms of the packs. They are never masked: a name that
    begins with one is none, a description is masked around them. A number or an address on the net is spared
    only when a term holds it whole, string for string. ``names``: proposes further names in a text, as
    (label, start, end); a proposal counts when it has 2 to 4 characters and begins with a surname.
    """

    def __init__(
        self,
        keep: Collection[str] = (),
        names: Callable[[str], Sequence[tuple[str, int, int]]] | None = None,
    ) -> None:
        terms = sorted({_lower(term) for term in keep if term and MASK not in term})
        self._keep = AhoCorasick(terms, matchkind=MatchKind.Standard) if terms else None
        self._longest = max(map(len, terms), default=0)
        self._propose = names

    def spans(self, text: str) -> list[Span]:
        """What to mask in the normalised ``text``: sorted, not overlapping, empty when there is nothing.

        The rules run again on the masked text until they find nothing more, so that masking twice changes
        nothing. A text on which that does not end after a few passes is one span.
        """
        found: list[Found] = []
        work = _lower(text)
        for _ in range(_PASSES):
            rules = (*(find(work) for find in FINDERS), self._proposed(work))
            fresh = list(self._spare(work, [one for rule in rules for one in rule]))
            if not fresh:
                return _merge(found)
            found += fresh
            work = _fill(work, fresh)
        return [Span(0, len(text), KINDS[-1])]

    def mask(self, text: str) -> str:
        """``text`` with each span replaced by one "■", which ends a clause; masking twice changes nothing."""
        parts: list[str] = []
        at = 0
        for span in self.spans(text):
            parts += (text[at : span.start], MASK)
            at = span.end
        return "".join([*parts, text[at:]])

    def _proposed(self, text: str) -> Iterator[Found]:
        for _, start, end in self._propose(text) if self._propose else ():
            word = text[start:end]
            whole = start >= 0 and end - start == len(word) in (2, 3, 4) and word.isalpha()
            if whole and SURNAME.match(word) and word not in OPENING:
                yield "private_name", start, end

    def _spare(self, text: str, found: list[Found]) -> Iterator[Found]:
        """``found`` without what ``keep`` protects. A term of ASCII alone protects only what it holds whole."""
        hits = self._keep.find_matches_as_indexes(text, overlapping=True) if found and self._keep else ()
        kept = sorted((start, end) for _, start, end in hits)
        for kind, start, end in found:
            low, high = bisect_left(kept, (start - self._longest,)), bisect_left(kept, (end,))
            near = [(left, right) for left, right in kept[low:high] if right > start]
            worded = [(left, right) for left, right in near if not text[left:right].isascii()]
            if any(left <= start + (kind == "mention") and end <= right for left, right in near):
                continue
            department = kind == "title_name" and not SURNAME.match(text, start)
            if kind in _AROUND or department:
                yield from ((kind, *rest) for rest in _without(start, end, worded))
            elif kind not in _NAMES:
                yield kind, start, end
            elif not any(left <= start or kind == "topic_name" for left, _ in worded):
                yield kind, start, min([end, *(left for left, _ in worded)])


def _lower(text: str) -> str:
    """``text`` in lower case, letter by letter, so that positions stay (İ has a longer lower case)."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def _without(start: int, end: int, kept: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of ``start`` to ``end`` without the sorted ``kept``."""
    for left, right in kept:
        if left > start:
            yield start, left
        start = max(start, right)
    if start < end:
        yield start, end


def _fill(text: str, found: list[Found]) -> str:
    """``text`` with what was found blacked out; the length stays, so that positions do."""
    letters = list(text)
    for _, start, end in found:
        letters[start:end] = MASK * (end - start)
    return "".join(letters)


def _merge(found: list[Found]) -> list[Span]:
    """Sorted spans that neither overlap nor, for one kind, touch; the longest span of a run names its kind."""
    spans: list[Span] = []
    widest = 0
    for kind, start, end in sorted(found, key=lambda one: (one[1], -one[2], KINDS.index(one[0]))):
        last = spans[-1] if spans else None
        if last is None or start > last.end or (start == last.end and kind != last.kind):
            spans.append(Span(start, end, kind))
            widest = end - start
        else:
            longer = end - start > widest
            spans[-1] = Span(last.start, max(end, last.end), kind if longer else last.kind)
            widest = max(widest, end - start)
    return spans
