"""The library of answered claims: what it holds, what its readers refuse, and that nobody is in it."""

import json
import re
from collections import Counter
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import pytest

from nlp.library import STARTER, VERDICTS, Answer, LibraryError, load_starter, read_claim_reviews, read_library
from nlp.packs import SCOPES, load_packs
from nlp.redact import Redactor
from nlp.text import normalise
from nlp.voice import blames

PACKS = load_packs()
ANSWERS = load_starter(PACKS.hazards)
TERMS = tuple(term for hazard in PACKS.hazards.values() for term in hazard.terms)
REDACTOR = Redactor((*PACKS.institutions, *PACKS.figures, *TERMS))
CARD = (STARTER.parent / "DATA_CARD.md").read_text(encoding="utf-8")
HEDGES = re.compile("网传|网上|有人|传言|谣言|传闻|据说|听说|所谓|“|说法")
NOT_TECHNICAL = re.compile("公安|警察|交警|刑侦|反诈|网信|互联网信息办公室|宣传|政法|辟谣")
PUNISHED = re.compile("造谣|谣|网民|拘留|处罚|传播者|发布者")

ENTRY: dict[str, Any] = {
    "id": "leek-and-pear",
    "claim": "韭菜和梨一起吃会掉头发",
    "verdict": "false",
    "correction": "韭菜和梨同吃没有害处。",
    "institution": "中国营养学会",
    "date": "2025-06",
    "hazard": "food-incompatibility",
    "aliases": ["吃韭菜又吃梨会秃头"],
}


def texts(answer: Answer) -> list[str]:
    """Every text of an entry that people read."""
    return [*answer.wordings, answer.correction, answer.institution]


def repeats(answer: Answer) -> bool:
    """Whether a correction opens with the rumour: with a hedge, or with two thirds of the claim's wording."""
    opening = re.split("[，,。：]", answer.correction.lower())[0]
    claim, first = ({"".join(pair) for pair in pairwise(re.sub(r"\W", "", text))} for text in (answer.claim, opening))
    return HEDGES.match(opening) is not None or len(claim & first) > 0.65 * len(claim)


def test_size_of_the_starter_library() -> None:
    """At least 150 entries over all scopes, 20 of them true, each with two to four further wordings."""
    verdicts = Counter(answer.verdict for answer in ANSWERS)
    scopes = Counter(PACKS.hazards[answer.hazard].scope for answer in ANSWERS)
    assert len(ANSWERS) >= 150 and verdicts["true"] >= 20 and set(verdicts) == set(VERDICTS)
    assert set(scopes) == set(SCOPES) and min(scopes.values()) >= 20
    assert all(2 <= len(answer.aliases) <= 4 for answer in ANSWERS)
    wordings = [wording for answer in ANSWERS for wording in answer.wordings]
    assert len(wordings) == len(set(wordings))


def test_data_card_has_the_numbers_of_the_file() -> None:
    """The table of the card is the count of the file by scope and verdict."""
    for scope in SCOPES:
        counts = Counter(answer.verdict for answer in ANSWERS if PACKS.hazards[answer.hazard].scope == scope)
        row = [str(counts.total()), *(str(counts[verdict]) for verdict in VERDICTS)]
        assert f"| {scope} | {' | '.join(row)} |" in CARD
    total = Counter(answer.verdict for answer in ANSWERS)
    assert f"| all | {len(ANSWERS)} | {' | '.join(str(total[verdict]) for verdict in VERDICTS)} |" in CARD


def test_nothing_in_an_entry_points_to_a_person() -> None:
    """The redactor finds nothing to mask, with the packs' terms kept and without them."""
    for redactor in (REDACTOR, Redactor()):
        assert [text for answer in ANSWERS for text in texts(answer) if redactor.spans(normalise(text))] == []
        assert redactor.spans("韭菜和梨一起吃会掉头发,详情打13712345608")


def test_no_entry_blames_an_office_or_speaks_of_punishment() -> None:
    """No wording is a voice against an office, and none says that people were punished for spreading (Bound 9)."""
    assert [text for answer in ANSWERS for text in texts(answer) if blames(normalise(text))] == []
    assert [text for answer in ANSWERS for text in texts(answer) if PUNISHED.search(text)] == []
    assert blames("镇政府瞒报了水污染,没人管") and PUNISHED.search("造谣者被拘留五日")


def test_corrections_say_the_truth_first() -> None:
    """No correction of a claim that is not true opens with the rumour."""
    assert [answer.id for answer in ANSWERS if answer.verdict != "true" and repeats(answer)] == []
    planted = {**ENTRY, "aliases": (), "correction": "韭菜和梨一起吃会掉头发是假的。"}
    assert repeats(Answer(**planted)) and repeats(Answer(**{**planted, "correction": "网传的说法没有依据。"}))


def test_institutions_are_technical_bodies() -> None:
    """No police, internet or propaganda office answers for a claim."""
    assert {answer.institution for answer in ANSWERS if NOT_TECHNICAL.search(answer.institution)} == set()
    assert NOT_TECHNICAL.search("国家反诈中心")


# -- JSON lines -------------------------------------------------------------------------------------------------


def test_a_library_comes_back_as_it_was_written() -> None:
    """An entry read has the fields it was written with."""
    (answer,) = read_library([json.dumps(ENTRY)], PACKS.hazards)
    assert {**asdict(answer), "aliases": list(answer.aliases)} == ENTRY
    assert answer.wordings == (ENTRY["claim"], "吃韭菜又吃梨会秃头")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "Leek Pear"),
        ("claim", "韭菜和梨一起吃会掉頭髮"),
        ("claim", "韭菜" * 40),
        ("claim", 7),
        ("verdict", "rumour"),
        ("correction", "没有害处。放心吃。"),
        ("correction", ""),
        ("correction", "长" * 61),
        ("institution", ""),
        ("date", "2025-13"),
        ("date", "2025-06-01"),
        ("hazard", "hair"),
        ("aliases", "吃韭菜又吃梨会秃头"),
        ("aliases", ["梨"]),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not(field: str, value: object) -> None:
    """The error names line and field, says how it must be, and repeats nothing of what stood there."""
    with pytest.raises(LibraryError) as error:
        read_library([json.dumps({**ENTRY, field: value})], PACKS.hazards)
    assert str(error.value).startswith(f"line 1: {field}: must be ")
    assert not value or str(value) not in str(error.value)


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("not json", "line 2: not a JSON object"),
        ("[]", "line 2: not a JSON object"),
        (json.dumps({**ENTRY, "author": "x"}), "line 2: a field that is unknown"),
        (json.dumps({key: value for key, value in ENTRY.items() if key != "date"}), "line 2: date"),
        (json.dumps(ENTRY), "line 2: id: stands already"),
    ],
)
def test_a_wrong_line_is_named(line: str, start: str) -> None:
    """Lines that are no entry, have other fields, or repeat an id are refused by number."""
    with pytest.raises(LibraryError) as error:
        read_library([json.dumps(ENTRY), line], PACKS.hazards)
    assert str(error.value).startswith(start)


# -- ClaimReview ------------------------------------------------------------------------------------------------

AUTHOR, POST, REVIEWER = "阿福999120", "https://weibo.example/999120/ABCDE", "编辑小禾"
REVIEW: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "ClaimReview",
    "url": "https://check.example/1",
    "datePublished": "2025-03-09T08:00:00+08:00",
    "claimReviewed": "喝自来水会得结石。",
    "reviewBody": "符合标准的自来水不会引起结石。多喝水反而有好处。",
    "author": [{"@type": "Person", "name": REVIEWER}, {"@type": "Organization", "name": "某市科普中心"}],
    "reviewRating": {"@type": "Rating", "alternateName": "不实", "ratingValue": 1, "bestRating": 5, "worstRating": 1},
    "itemReviewed": {
        "@type": "Claim",
        "author": {"@type": "Person", "name": AUTHOR, "sameAs": POST},
        "appearance": [{"@type": "CreativeWork", "url": POST}],
        "firstAppearance": {"@type": "CreativeWork", "url": POST},
    },
}


def read(*reviews: dict[str, Any]) -> tuple[tuple[Answer, ...], dict[str, int]]:
    """Entries and reasons of some reviews in one graph."""
    found = read_claim_reviews(json.dumps({"@graph": list(reviews)}), PACKS, REDACTOR)
    return found.answers, {str(reason): number for reason, number in found.left_out.items()}


def test_a_review_becomes_an_entry_without_author_and_appearances() -> None:
    """What was claimed and found is read; who said it, where, and who wrote the review is not."""
    (answer,), left_out = read(REVIEW)
    assert left_out == {}
    assert answer.claim == "喝自来水会得结石" and answer.verdict == "false" and answer.date == "2025-03"
    assert answer.correction == "符合标准的自来水不会引起结石。" and answer.institution == "某市科普中心"
    assert answer.hazard in PACKS.hazards
    for planted in (AUTHOR, POST, REVIEWER):
        assert planted in json.dumps(REVIEW, ensure_ascii=False)  # the arm: it was there
        assert planted not in repr(answer)


@pytest.mark.parametrize(
    "document",
    [
        REVIEW,
        [REVIEW],
        {"@graph": [{"@type": "WebPage"}, REVIEW]},
        {"@type": "DataFeed", "dataFeedElement": [{"@type": "DataFeedItem", "item": [REVIEW]}]},
        {**REVIEW, "@type": ["Review", "https://schema.org/ClaimReview"]},
        {**REVIEW, "@type": "schema:ClaimReview"},
    ],
)
def test_reviews_are_found_where_they_lie(document: object) -> None:
    """Bare, in a list, a graph or a feed, with a type written short, as an address or among others."""
    assert len(read_claim_reviews(json.dumps(document), PACKS, REDACTOR).answers) == 1


@pytest.mark.parametrize(
    ("rating", "verdict"),
    [
        ({"alternateName": "谣言"}, "false"),
        ({"alternateName": "Not true"}, "false"),
        ({"alternateName": "Mostly True"}, "misleading"),
        ({"alternateName": "部分属实"}, "misleading"),
        ({"alternateName": "尚无定论"}, "unproven"),
        ({"alternateName": "属实"}, "true"),
        ({"alternateName": "Vier", "ratingValue": 5, "worstRating": 1, "bestRating": 5}, "true"),
        ({"ratingValue": "1", "worstRating": "1", "bestRating": "5"}, "false"),
        ({"ratingValue": 3, "worstRating": 1, "bestRating": 5}, "misleading"),
    ],
)
def test_ratings_become_verdicts(rating: dict[str, object], verdict: str) -> None:
    """The word of a rating decides; a number says so where no word is known."""
    (answer,), _ = read({**REVIEW, "reviewRating": rating})
    assert answer.verdict == verdict


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"claimReviewed": "手机尾号88的人运气好"}, "out_of_scope"),
        ({"claimReviewed": "水厂领导瞒报自来水有毒没人管"}, "out_of_scope"),
        ({"claimReviewed": "喝自来水得结石可打13712345608"}, "not_permitted"),
        ({"reviewBody": "自来水合格,详情打13712345608。"}, "not_permitted"),
        ({"claimReviewed": "自来水" * 30}, "malformed"),
        ({"claimReviewed": None}, "malformed"),
        ({"reviewRating": {"alternateName": "四星"}}, "malformed"),
        ({"reviewRating": {"ratingValue": 9, "worstRating": 1, "bestRating": 5}}, "malformed"),
        ({"reviewRating": {"ratingValue": 1, "worstRating": 1, "bestRating": 1}}, "malformed"),
        ({"reviewRating": None}, "malformed"),
        ({"author": {"@type": "Person", "name": REVIEWER}}, "malformed"),
        ({"datePublished": "im März"}, "malformed"),
    ],
)
def test_what_is_left_out_is_counted_by_reason(change: dict[str, object], reason: str) -> None:
    """Out of scope, a voice, a person, or a part that is missing: no entry, and one more of that reason."""
    assert read({**REVIEW, **change}) == ((), {reason: 1})


def test_a_claim_reviewed_twice_by_one_organisation_is_one_entry() -> None:
    """The second is counted as a duplicate; another organisation's review is an entry of its own."""
    other = {**REVIEW, "author": {"@type": "NGO", "name": "某县科普站"}}
    answers, left_out = read(REVIEW, {**REVIEW, "url": "https://check.example/2"}, other)
    assert len(answers) == 2 and left_out == {"duplicate": 1} and len({answer.id for answer in answers}) == 2


def test_a_body_without_a_short_first_sentence_gives_no_correction() -> None:
    """It stays empty, for staff to write."""
    (answer,), _ = read({**REVIEW, "reviewBody": "长" * 80})
    assert answer.correction == ""


@pytest.mark.parametrize("document", ["<html>", "", "[" * 100_000])
def test_no_json_is_refused(document: str) -> None:
    """A page instead of its JSON-LD, nothing, or nesting without end raises LibraryError."""
    with pytest.raises(LibraryError, match="not a JSON document"):
        read_claim_reviews(document, PACKS, REDACTOR)
