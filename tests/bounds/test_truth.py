"""Bound 8, truth first: a witness's words never raise the check score; they set a mark that nothing takes away."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from itertools import islice, permutations
from pathlib import Path
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import nlp.reader
from chengqing.messages import CATALOGUE, LANGUAGES, _catalogue
from nlp import score
from nlp.reader import Reader, load_reader
from nlp.score import is_first_hand
from nlp.text import normalise
from pipelines import epochs, erase, schema, view
from pipelines.epoch import EpochKey
from pipelines.erase import Erased
from pipelines.spread import Mention
from tests.support.crowd import HOUR, Crowd, apart
from tests.support.site import Site

ROOT = Path(score.__file__).resolve().parents[1]
KEY = EpochKey("test", bytes(range(32)))
AUDIT = b"a" * 32
TEXTS = 60
FILES = [ROOT / "chengqing" / "town" / "posts.jsonl", *sorted((ROOT / "nlp" / "corpus").glob("*.jsonl"))]


# -- the score -----------------------------------------------------------------------------------------


def spelt(pattern: Any) -> list[str]:
    """Every string that a parsed pattern of words spells, its gaps as short as can be, each option both ways."""
    found = [""]
    for name, given in pattern:
        match str(name):
            case "LITERAL":
                parts = [chr(given)]
            case "IN":
                parts = [chr(code) for _, code in given]
            case "BRANCH":
                parts = [part for branch in given[1] for part in spelt(branch)]
            case "SUBPATTERN":
                parts = spelt(given[3])
            case "MAX_REPEAT":
                least, _, inner = given
                gap = str(inner[0][0]) == "ANY"
                parts = ["某" * least] if gap else [part * n for part in spelt(inner) for n in range(least, 2)]
            case other:
                raise ValueError(f"{other}: a form that vocabularies had not, teach it to spelt")
        found = [before + part for before in found for part in parts]
    return list(dict.fromkeys(found))


FIRST_HAND = spelt(_parser.parse(score._FIRST_HAND.pattern))
INSIDER = (
    "内部消息 内部通知 内部传达 刚开完会 会议决定 会议精神 还没公布 马上公布 不让说 不让报道 媒体不敢 新闻不报".split()
)
NEUTRAL = "顺便一提 各位看看 大家早上好 在这里记一下 下面是内容 这件事情 关于这个话题".split()


@cache
def reader() -> Reader:
    return load_reader(canaries=False)


def plain() -> Iterator[str]:
    """Texts of the sample town and the corpus that the gate keeps, with neither kind of wording in them."""
    insider = re.compile("|".join(INSIDER))
    lines = [line for path in FILES for line in path.read_text(encoding="utf-8").splitlines()]
    random.Random(8).shuffle(lines)  # neighbours say nearly the same
    for said in dict.fromkeys(normalise(json.loads(line)["text"]) for line in lines):
        if not is_first_hand(said) and not insider.search(said) and reader().read(said) is not None:
            yield said


@pytest.fixture(scope="module")
def texts() -> list[str]:
    found = list(islice(plain(), TEXTS))
    assert len(found) == TEXTS, "the gate keeps too few plain texts of the sample town and the corpus"
    return found


def raised(texts: list[str], words: list[str], frame: str = "{words}，{text}") -> tuple[int, int, float]:
    """Of ``texts`` with each of ``words``: how many are kept, how many of these score higher, by how much at most."""
    rises = []
    for text in texts:
        before = reader().read(text)
        assert before is not None
        framed = (reader().read(frame.format(words=phrase, text=text)) for phrase in words)
        rises += [said.score - before.score for said in framed if said is not None]
    return len(rises), sum(rise > 1e-9 for rise in rises), max(rises)


def test_the_vocabulary_is_spelt_out() -> None:
    """Every alternative of the pattern is tried: each is recognised, and none is left out."""
    assert len(FIRST_HAND) >= score._FIRST_HAND.pattern.count("|")
    assert all(is_first_hand(words) for words in (*FIRST_HAND, *INSIDER))
    assert not any(is_first_hand(words) for words in NEUTRAL)


def test_every_first_hand_phrase_sets_the_mark(texts: list[str]) -> None:
    """On each text that the gate still keeps; nothing neutral does."""
    for words in (*FIRST_HAND, *INSIDER):
        readings = [reading for text in texts[:12] if (reading := reader().read(f"{words}，{text}"))]
        assert readings and all(reading.early_warning for reading in readings), words
    for words in NEUTRAL:
        assert not any(r.early_warning for text in texts[:12] if (r := reader().read(f"{words}，{text}")))


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        pytest.param("{words}，{text}", FIRST_HAND, id="first hand, in front"),
        pytest.param("{words}，{text}", INSIDER, id="insider, in front"),
        pytest.param("{text}，{words}", FIRST_HAND, id="first hand, behind"),
        pytest.param("{text}，{words}", INSIDER, id="insider, behind"),
    ],
)
def test_no_phrase_of_a_witness_raises_the_score(texts: list[str], frame: str, words: list[str]) -> None:
    """60 texts with each phrase: none scores higher than without it."""
    kept, higher, most = raised(texts, words, frame)
    print(f"{higher} of {kept} texts score higher, by up to {most:.4f}")
    assert kept > 0.8 * len(texts) * len(words) and higher == 0


def test_were_the_words_scored_they_would_raise_it(texts: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The arm: without the cut, as scores were once made, most phrases raise it."""
    monkeypatch.setattr(nlp.reader, "without_witness", lambda text: text)
    kept, higher, most = raised(texts, FIRST_HAND)
    print(f"without the cut {higher} of {kept} texts score higher, by up to {most:.4f}")
    assert higher > 0.2 * kept and most > 0.02


def test_reasons_name_no_witness() -> None:
    """No reason is given for having seen it oneself."""
    ids = {rule.id for rule in (*score.RULES, score.SOURCED)}
    assert not ids & {"first_hand", "insider", "witness", "early_warning"} and set(reader()._scorer.weights) <= ids


# -- the mark ------------------------------------------------------------------------------------------

SAYS = "小龙虾和西瓜一起吃会中毒，桃溪已经有好几个人住院了"
ALSO = "小龙虾和西瓜一起吃会中毒，柳渡夜市那边也有人送去洗胃"


def marked(crowd: Crowd, account: str, text: str, *, warns: bool = True) -> Mention:
    return replace(crowd.mention(account, text), early_warning=warns)


def marks(connection: Connection) -> set[bool]:
    return set(connection.scalars(sa.select(schema.claim.c.early_warning)))


def crowd_of(connection: Connection, number: int = 9) -> tuple[Crowd, list[Mention]]:
    crowd = Crowd(connection, KEY)
    return crowd, [crowd.mention(account, SAYS) for account in apart(KEY, number)]


@pytest.mark.parametrize("blocks", [1, 2, 4, 9])
@pytest.mark.parametrize("place", range(9))
def test_one_witness_marks_the_claim_wherever_he_stands(connection: Connection, place: int, blocks: int) -> None:
    """One of nine mentions, before or after the floor, in any cut of batches; without him there is no mark."""
    crowd, said = crowd_of(connection)
    said[place] = replace(said[place], early_warning=True)
    crowd.apply(said, blocks)
    assert marks(connection) == {True}


def test_without_a_witness_there_is_no_mark(connection: Connection) -> None:
    """The arm of the one above."""
    crowd, said = crowd_of(connection)
    crowd.apply(said, 3)
    assert marks(connection) == {False}


@pytest.mark.parametrize("order", list(permutations(range(3)))[:6])
def test_the_mark_survives_a_join_of_two_claims(connection: Connection, order: tuple[int, ...]) -> None:
    """Two claims become one by a post that is near both: the mark of either is the mark of the whole."""
    crowd = Crowd(connection, KEY)
    accounts = apart(KEY, 12)
    first, second = f"{SAYS}大家都小心一点", f"{ALSO}大家都留意一点"
    bridge = crowd.mention(accounts[11], first)
    other = crowd.mention(accounts[11], second)
    both = replace(bridge, bands=(*bridge.bands[:6], *other.bands[6:]))
    parts = [
        [crowd.mention(account, first) for account in accounts[:5]],
        [marked(crowd, account, second, warns=account == accounts[7]) for account in accounts[5:10]],
        [both],
    ]
    for number in order:
        crowd.apply(parts[number])
    (row,) = connection.execute(sa.select(schema.claim)).all()
    assert row.early_warning and row.mentions == 11
    if order == (0, 1, 2):
        assert connection.scalar(sa.select(sa.func.count()).select_from(schema.claim_alias)) == 1


def test_a_thousand_calm_mentions_do_not_wash_it_off(connection: Connection) -> None:
    """Never removed: not by repetition, not by questions, not by an hour that passes."""
    crowd = Crowd(connection, KEY)
    crowd.apply([marked(crowd, account, SAYS) for account in apart(KEY, 5)])
    for hour in range(4):
        calm = [crowd.mention(f"calm{hour}-{n}", SAYS, hour=HOUR + hour) for n in range(250)]
        crowd.apply([replace(one, question=n % 2 == 0) for n, one in enumerate(calm)], 5, at=HOUR + hour)
    (claim,) = view.claims(connection, lambda _: ())
    assert claim.early_warning and claim.mentions == 1005


def test_the_mark_outlives_the_words(connection: Connection) -> None:
    """The epoch ends, a wish to erase is not confirmed and the wording goes: the mark stays."""
    crowd, said = crowd_of(connection)
    crowd.apply([replace(one, early_warning=n == 6) for n, one in enumerate(said)])
    (claim,) = connection.scalars(sa.select(schema.claim.c.id))
    epochs.end(connection, KEY.epoch, HOUR * 3600)
    erase.hide(connection, claim, "one", AUDIT, HOUR * 3600)
    assert erase.drop_wording(connection, AUDIT, HOUR * 3600 + erase.UNCONFIRMED) == [claim]
    assert crowd.texts() == set() and marks(connection) == {True}


# -- who may take it away ------------------------------------------------------------------------------


@pytest.mark.parametrize("warns", [True, False])
def test_an_early_warning_needs_a_second_person(connection: Connection, *, warns: bool) -> None:
    """One person hides it, and can't do more; without the mark the same person erases at once."""
    crowd = Crowd(connection, KEY)
    crowd.apply([marked(crowd, account, SAYS, warns=warns) for account in apart(KEY, 6)])
    (claim,) = connection.scalars(sa.select(schema.claim.c.id))
    assert erase.decide(connection, claim, "one") is (Erased.HIDDEN if warns else Erased.DONE)
    if warns:
        erase.hide(connection, claim, "one", AUDIT, HOUR * 3600)
        assert erase.decide(connection, claim, "one") is Erased.NEEDS_ANOTHER
        assert erase.decide(connection, claim, "two") is Erased.DONE


# -- no verdict ----------------------------------------------------------------------------------------

VERDICT = re.compile(
    r"谣言|辟谣|造谣|不实|虚假|假消息|属实|真相|是真的|是假的|证实|\b(?:false|true|fake|hoax|rumou?r|debunked|verified|misleading|untrue)\b",
    re.IGNORECASE,
)


RECORD = set(
    "id scope hazard headline wording variants accounts accounts_at_least mentions questions outlets first_hour "
    "last_hour check_score reasons early_warning status".split()
)
"""The fields of a claim in ``claims --json``; none of them is a verdict."""


def test_no_message_says_true_or_false() -> None:
    """Nothing that the program says of a claim is a verdict; that some ask whether it is true is counted, no more."""
    said = {f"{key}.{language}": _catalogue()[key][language] for key in _catalogue() for language in LANGUAGES}
    assert len(said) > 100 and CATALOGUE.exists()
    found = {key for key, text in said.items() if VERDICT.search(text)}
    assert {key.partition(".")[0] for key in found} <= {
        "spread_questions",
        "type_truth",
    }  # the latter: a setting's type
    assert VERDICT.search("这是谣言") and VERDICT.search("this is false")  # the arm: such words would be found


def test_no_field_is_a_verdict() -> None:
    """A claim as it is shown, a rule, a reason and a reading have room for none."""
    names = {field.name for kind in (view.ClaimView, view.Variant, score.Reason, score.Rule) for field in fields(kind)}
    names |= {column.name for column in schema.claim.columns}
    assert not [name for name in names if re.search("verdict|false|true|fake|rumou?r|label|truth", name)]
    rules = [text for rule in (*score.RULES, score.SOURCED) for text in (rule.zh, rule.en)]
    assert not [text for text in rules if VERDICT.search(text)]


def test_what_the_commands_say_of_an_open_claim(tmp_path: Path) -> None:
    """Demo and ``claims`` in both languages: no verdict but in what organisations themselves wrote."""
    site = Site(tmp_path)
    site.run("demo", data=tmp_path / "town")
    out, _ = site.start("claims", "--json", data=tmp_path / "town").communicate(timeout=60)
    claims = [json.loads(line) for line in out.splitlines()]
    assert claims and all(claim["status"] == "open" for claim in claims)
    for claim in claims:
        assert claim.keys() == RECORD
        own = {
            name: claim[name]
            for name in RECORD - {"early_warning", "headline", "wording", "variants", "outlets", "reasons"}
        }
        reasons = [{name: value for name, value in one.items() if name != "words"} for one in claim["reasons"]]
        assert not VERDICT.search(json.dumps([own, reasons], ensure_ascii=False))
