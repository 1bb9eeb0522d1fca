"""A rule of nlp.redact that describes a person: a pattern, and what stands before it.

The name of a unit or place in front of a hit belongs to it: patterns start at a fixed word and the name is read
backwards from there, which costs less than trying every start.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

Found = tuple[str, int, int]
"""Kind, start and end (half-open, code points) of something found."""
_REACH = 24
_CLAUSE_REST = re.compile("[^\\W_]++")


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern that runs only on a text with one of ``words``.

    ``back`` is what may, or with ``needs_back`` must, stand before a hit and then belongs to it;
    ``whole_clause`` lets a hit reach to the end of its clause.
    """

    kind: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    back: re.Pattern[str] | None = None
    needs_back: bool = False
    whole_clause: bool = False

    def hits(self, text: str) -> Iterator[Found]:
        """What the rule finds in the lower-case ``text``."""
        at = 0
        while hit := self.pattern.search(text, at):
            start, end = hit.span()
            name = self.back.search(text[max(0, start - _REACH) : start]) if self.back else None
            if self.needs_back and name is None:
                at = start + 1
                continue
            if self.whole_clause and (rest := _CLAUSE_REST.match(text, end)):
                end = rest.end()
            yield self.kind, start - len(name[0] if name else ""), end
            at = end


def rule(
    kind: str, words: str, pattern: str, back: str = "", *, needs_back: bool = False, whole_clause: bool = False
) -> Rule:
    """A rule from patterns as strings; ``words`` are told apart by blanks."""
    compiled = re.compile(f"{back}$") if back else None
    return Rule(kind, tuple(words.split()), re.compile(pattern), compiled, needs_back, whole_clause)
