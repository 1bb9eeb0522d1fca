"""The library of answered claims: what was checked, what came out, in one sentence, and who says so.

An entry is about a claim, never about who made or spread it. Two forms are read: JSON lines, one entry a line, and
ClaimReview (schema.org) in JSON-LD as fact-checkers publish it, of which authors and appearances of the claim are
never looked at. Files are read by whoever has them: these functions are handed text.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from nlp.packs import Packs
from nlp.redact import Redactor
from nlp.text import normalise
from nlp.voice import blames

Verdict = Literal["false", "misleading", "unproven", "true"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
LeftOut = Literal["duplicate", "malformed", "not_permitted", "out_of_scope"]
STARTER = Path(__file__).parent / "library" / "starter.jsonl"
LONGEST = 60
"""Characters of a correction, and of a wording of a claim."""


class LibraryError(ValueError):
    """A library that can't be read; the message names line, field and remedy, never a value."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered claim. ``date`` is the month (YYYY-MM) of the knowledge; an imported ``correction`` may be empty."""

    id: str
    claim: str
    verdict: Verdict
    correction: str
    institution: str
    date: str
    hazard: str
    aliases: tuple[str, ...] = ()

    @property
    def wordings(self) -> tuple[str, ...]:
        """The claim and its other wordings."""
        return (self.claim, *self.aliases)


_ID = re.compile("[a-z0-9][a-z0-9-]{1,59}")
_MONTH = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])")
_FIELDS = tuple(field.name for field in fields(Answer))
_REMEDIES = {
    "id": "2 to 60 characters of a-z, 0-9 and -",
    "claim": f"4 to {LONGEST} characters, half-width, lower case, simplified",
    "verdict": f"one of {', '.join(VERDICTS)}",
    "correction": f"one sentence of at most {LONGEST} characters",
    "institution": "the name of the institution that says so",
    "date": "a month, YYYY-MM",
    "hazard": "an id of the packs",
    "aliases": "a list of other wordings, each written like the claim",
}


def _is_wording(value: object) -> bool:
    return isinstance(value, str) and 4 <= len(value) <= LONGEST and normalise(value) == value


def _is_sentence(value: object) -> bool:
    text = value if isinstance(value, str) else ""
    return 0 < len(text) <= LONGEST and text.strip() == text and not re.search(r"[。!?!?\n].", text)


def _wrong(record: Mapping[str, object], hazards: Collection[str]) -> str | None:
    """The first field of ``record`` that is not as it must be."""
    aliases = record["aliases"]
    right = {
        "id": _ID.fullmatch(str(record["id"])),
        "claim": _is_wording(record["claim"]),
        "verdict": record["verdict"] in VERDICTS,
        "correction": _is_sentence(record["correction"]),
        "institution": isinstance(record["institution"], str) and record["institution"],
        "date": _MONTH.fullmatch(str(record["date"])),
        "hazard": record["hazard"] in hazards,
        "aliases": isinstance(aliases, list) and all(map(_is_wording, aliases)),
    }
    return next((field for field in _FIELDS if not right[field]), None)


def read_library(lines: Iterable[str], hazards: Collection[str]) -> tuple[Answer, ...]:
    """Entries of a library in JSON lines, in their order; ``hazards`` are the ids of the packs.

    Raises LibraryError for anything out of form: a field missing, unknown or wrong, an id used twice.
    """
    found: dict[str, Answer] = {}
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise LibraryError(f"line {number}: not a JSON object; write one entry a line")
        if set(record) != set(_FIELDS):
            odd = sorted(set(_FIELDS) - set(record)) or ["a field that is unknown"]
            raise LibraryError(f"line {number}: {odd[0]}: an entry has exactly the fields {', '.join(_FIELDS)}")
        if field := _wrong(record, hazards):
            raise LibraryError(f"line {number}: {field}: must be {_REMEDIES[field]}")
        if record["id"] in found:
            raise LibraryError(f"line {number}: id: stands already further up; ids are unique")
        found[record["id"]] = Answer(**{**record, "aliases": tuple(record["aliases"])})
    return tuple(found.values())


def load_starter(hazards: Collection[str]) -> tuple[Answer, ...]:
    """The shipped starter library (``nlp/library/starter.jsonl``; its data card stands beside it)."""
    with STARTER.open(encoding="utf-8") as lines:
        return read_library(lines, hazards)


# -- ClaimReview -------------------------------------------------------------------------------------------------

_ORGANISATIONS = ("Organization", "GovernmentOrganization", "NewsMediaOrganization", "MedicalOrganization", "NGO")
_RATED: tuple[tuple[Verdict, re.Pattern[str]], ...] = (
    ("misleading", re.compile("误导|部分|片面|夸大|半真|断章|偷换|mislead|partly|partial|half|mixture|mostly|context")),
    ("unproven", re.compile("存疑|未证实|无法证实|尚无|待证|没有证据|unproven|unverified|no evidence|unsupported")),
    (
        "false",
        re.compile(
            "假|谣|不实|错误|不属实|不真|不正确|不准确|伪|false|fake|untrue|not true|incorrect|inaccurate|wrong"
        ),
    ),
    ("true", re.compile("真|属实|正确|true|correct|accurate")),
)
"""Words of a rating (``alternateName``), in the order in which they decide."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """Entries read of a ClaimReview document, and how many others were left out, by reason."""

    answers: tuple[Answer, ...]
    left_out: Mapping[LeftOut, int]


def _is(node: Mapping[str, Any], kinds: Collection[str]) -> bool:
    """Whether a node of JSON-LD is of one of the types, written bare, with a prefix or as an address."""
    given = node.get("@type")
    names = given if isinstance(given, list) else [given]
    return any(isinstance(name, str) and re.split("[:/#]", name)[-1] in kinds for name in names)


def _nodes(document: object) -> Iterator[dict[str, Any]]:
    """Every ClaimReview of a document in its order, however deep it lies in graphs, feeds and lists."""
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if _is(node, ("ClaimReview",)):
                yield node
            else:
                waiting += reversed(node.values())
        elif isinstance(node, list):
            waiting += reversed(node)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _institution(review: Mapping[str, Any]) -> str:
    """Name of the organisation that reviewed; a person who wrote the review is not looked at."""
    for role in ("author", "publisher", "sourceOrganization"):
        given = review.get(role)
        for node in given if isinstance(given, list) else [given]:
            if isinstance(node, dict) and _is(node, _ORGANISATIONS) and _text(node.get("name")):
                return _text(node["name"])
    return ""


def _verdict(rating: object) -> Verdict | None:
    """Verdict of a ``reviewRating``: its word decides, else where its value lies between worst and best."""
    if not isinstance(rating, dict):
        return None
    word = _text(rating.get("alternateName")).lower()
    for verdict, pattern in _RATED:
        if pattern.search(word):
            return verdict
    try:
        value, worst, best = (float(rating[name]) for name in ("ratingValue", "worstRating", "bestRating"))
    except (KeyError, TypeError, ValueError):
        return None
    if not worst < best or not worst <= value <= best:
        return None
    return "false" if value == worst else "true" if value == best else "misleading"


def _correction(review: Mapping[str, Any]) -> str:
    """The first sentence of the review's body, or nothing where it has none that is short enough."""
    body = " ".join(_text(review.get("reviewBody")).split())
    first = re.split("(?<=[。!?!?])", body, maxsplit=1)[0].strip()
    return first if _is_sentence(first) else ""


def _answer(review: Mapping[str, Any], packs: Packs, redactor: Redactor) -> Answer | LeftOut:
    """One review as an entry, or why it is none."""
    claim, correction = normalise(_text(review.get("claimReviewed"))).rstrip("。.!?;, "), _correction(review)
    verdict, institution = _verdict(review.get("reviewRating")), _institution(review)
    month = _text(review.get("datePublished"))[:7]
    if not (_is_wording(claim) and verdict and institution and _MONTH.fullmatch(month)):
        return "malformed"
    touch = packs.touch(claim)
    if touch is None or blames(claim):
        return "out_of_scope"
    if any(redactor.spans(normalise(text)) for text in (claim, correction, institution)):
        return "not_permitted"
    id_ = "review-" + hashlib.sha256(f"{institution}\n{claim}".encode()).hexdigest()[:16]
    return Answer(id_, claim, verdict, correction, institution, month, touch.hazard.id)


def read_claim_reviews(document: str, packs: Packs, redactor: Redactor) -> Reviews:
    """Entries of a JSON-LD document, one a ClaimReview that names claim, rating, organisation and date.

    The hazard is the one that the packs find. Left out are claims that no pack knows or that blame an office
    (out_of_scope), that point to a person (not_permitted), that lack something or are too long (malformed), and a
    claim that the same organisation reviewed further up (duplicate). Raises LibraryError when it is no JSON.
    """
    try:
        parsed = json.loads(document)
    except (ValueError, RecursionError):
        raise LibraryError("not a JSON document; hand over the JSON-LD alone, without the page around it") from None
    answers: dict[str, Answer] = {}
    left_out: Counter[LeftOut] = Counter()
    for review in _nodes(parsed):
        answer = _answer(review, packs, redactor)
        if not isinstance(answer, Answer):
            left_out[answer] += 1
        elif answer.id in answers:
            left_out["duplicate"] += 1
        else:
            answers[answer.id] = answer
    return Reviews(tuple(answers.values()), left_out)
