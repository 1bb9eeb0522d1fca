"""Descriptions that point to one person: a door, an age with a place or a role, a role with its unit.

Part of nlp.redact. A rule runs only where one of its words stands, found for all rules in one pass.
"""

from collections.abc import Iterator

from ahocorasick_rs import AhoCorasick, MatchKind

from nlp.ages import AGES
from nlp.doors import DOORS
from nlp.roles import ROLES
from nlp.rule import Found

RULES = (*DOORS, *AGES, *ROLES)
_WORDS = sorted({word for one in RULES for word in one.words})
_GATE = AhoCorasick(_WORDS, matchkind=MatchKind.Standard)


def descriptions(text: str) -> Iterator[Found]:
    """Doors, ages and roles in the lower-case ``text``, in no order; they may overlap."""
    touched = {_WORDS[index] for index, _, _ in _GATE.find_matches_as_indexes(text, overlapping=True)}
    for one in RULES if touched else ():
        if not touched.isdisjoint(one.words):
            yield from one.hits(text)
