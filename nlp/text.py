"""One normal form for every text, so that equal wording compares equal.

Order matters: the repost chain is cut first (its marks are ASCII and survive nothing below), invisible
characters go before compatibility folding, traditional forms are folded last, on what is left.
"""

import re
import unicodedata

import opencc

_T2S = opencc.OpenCC("t2s")

# Format, private-use, surrogate and control characters carry no wording and hide it from matching;
# tab and line ends stay, as clause ends.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u20e3\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffd\ud800-\udfff"
    "\ue000-\uf8ff\U000e0000-\U000e0fff]+"
)
# Emoji and dingbats end a clause; letters, digits and symbols with a meaning (℃, %, ㎎) do not stand here.
_EMOJI = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\U0001f000-\U0001faff]+"
)
# A Weibo emoticon is a short word in brackets: [doge], [泪流满面].
_EMOTICON = re.compile(r"\[[\u4e00-\u9fff\w]{1,8}\]")
_SPACE = re.compile(r"\s+")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
# A clause: a run of word characters; a decimal point between digits belongs to it (design, Bound 4).
_CLAUSE = re.compile(r"[^\W_]+(?:(?<=\d)\.(?=\d)[^\W_]+)*")

# Of a run of marks the first counts, and marks at the ends say nothing.
_MARKS = ",.;:!?、。 "
_RUN_OF_MARKS = re.compile(f"[{_MARKS}]{{2,}}")

CLAUSE_MIN, CLAUSE_MAX = 4, 60
"""Length of a clause, in characters (design, Bound 4)."""


def normalise(text: str) -> str:
    """Fold ``text`` to the form in which it is matched, redacted, grouped and cut into clauses.

    Cuts the chain of a repost at its first ``//@``, drops invisible characters, folds width and
    compatibility forms (Unicode NFKC), Latin case and traditional Han (OpenCC t2s), turns emoji and
    emoticons into blanks, and runs of blanks into one. The result may be empty. Linear in the length.
    """
    head, _, _ = text.partition("//@")
    folded = unicodedata.normalize("NFKC", _INVISIBLE.sub("", _EMOJI.sub(" ", head))).lower()
    folded = _EMOTICON.sub(" ", _INVISIBLE.sub("", folded))
    if _HAN.search(folded):
        folded = _T2S.convert(folded)
    return _SPACE.sub(" ", folded).strip()


def clauses(text: str) -> list[str]:
    """Distinct clauses of a normalised (and redacted) text, in order of appearance.

    A clause is a run between non-word characters, of 4 to 60 characters; shorter and longer runs
    are left out. Source: design, Bound 4.
    """
    found = (match.group() for match in _CLAUSE.finditer(text))
    return list(dict.fromkeys(run for run in found if CLAUSE_MIN <= len(run) <= CLAUSE_MAX))


def letters(text: str) -> str:
    """Word characters of a normalised text alone: the ground on which near duplicates are compared."""
    return "".join(_CLAUSE.findall(text))


def level(text: str) -> str:
    """A normalised text in which of a run of marks the first stays, and none at the ends."""
    return _RUN_OF_MARKS.sub(lambda run: run[0][0], text).strip(_MARKS)
