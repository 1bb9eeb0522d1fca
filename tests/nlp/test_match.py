"""Matching: what is proposed for a text, what is not, and which slots are named."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nlp import match_train
from nlp.library import Answer, load_starter
from nlp.match import MOST, Index, Proposal, load_index, load_model
from nlp.match_train import fits, read_texts, train, write
from nlp.match_words import WORDS, WordsError, load_words
from nlp.packs import load_packs
from nlp.score import MODELS
from tests.support.effort import is_linear

DATA = Path(__file__).parent / "data"
PLACES = (
    "北湖水厂",
    "南埠水厂",
    "柳渡街道",
    "石桥镇",
    "云岫区",
    "云岫区人民医院",
    "临汐县人民医院",
    "桃溪小学",
    "石桥小学",
)
ANSWERS = load_starter(load_packs().hazards)
INDEX = load_index(ANSWERS, places=PLACES)


def _read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


PARAPHRASES = _read("match_paraphrases.jsonl")
STRANGERS = _read("match_strangers.jsonl")
NEAR = _read("match_near.jsonl")
UNSEEN = [row for row in PARAPHRASES if row["written"] == "after"]
"""Paraphrases written when library and vocabulary stood; nothing is fitted on them."""
HELD = [row for row in UNSEEN if not fits(row["entry"])]
HELD_STRANGERS = [row for row in STRANGERS if not fits(row["occasion"])]


def own(claim: str, *aliases: str) -> Answer:
    """An entry of a desk's own library."""
    return Answer("own", claim, "false", "", "某区疾控中心", "2025-06", "flood", aliases)


def found(index: Index, row: dict[str, Any]) -> bool:
    """Whether the first proposal is the entry that a paraphrase is about."""
    proposals = index.match(row["text"])
    return bool(proposals) and proposals[0].answer.id == row["entry"]


def share(right: int, rows: int) -> str:
    """A share with its 95 % interval (Wilson)."""
    z, p = 1.96, right / rows
    middle, half = p + z * z / (2 * rows), z * math.sqrt(p * (1 - p) / rows + z * z / (4 * rows * rows))
    low, high = ((middle + side) / (1 + z * z / rows) for side in (-half, half))
    return f"{p:.3f} ({right} of {rows}; {low:.3f} to {high:.3f})"


# -- the texts --------------------------------------------------------------------------------------------------


def test_the_written_texts_are_whole() -> None:
    """Each set has its size, its registers and kinds, and repeats no text; each entry has its paraphrases."""
    ids = {answer.id for answer in ANSWERS}
    texts = [row["text"] for row in (*PARAPHRASES, *STRANGERS, *NEAR)]
    assert len(texts) == len(set(texts))
    assert len(UNSEEN) >= 300 and len(STRANGERS) >= 200 and len(NEAR) >= 40
    assert {row["entry"] for row in UNSEEN} == ids == {row["entry"] for row in PARAPHRASES}
    registers = {"family", "chain", "question", "dialect", "traditional", "2012", "today"}
    assert registers <= {row["register"] for row in UNSEEN}
    assert {row["kind"] for row in STRANGERS} >= {"claim", "complaint", "notice", "plain"}
    assert {row["slot"] for row in NEAR} == {"polarity", "number", "date", "place", "item"}


def test_nothing_is_fitted_on_what_measures() -> None:
    """No text of the held-out half and no paraphrase written afterwards is read for fitting."""
    fitted = {text.text for text in read_texts(DATA)}
    assert len(fitted) > 300
    assert not fitted & {row["text"] for row in (*UNSEEN, *HELD_STRANGERS)}


# -- figures ----------------------------------------------------------------------------------------------------


def test_paraphrases_find_their_entry(capsys: pytest.CaptureFixture[str]) -> None:
    """success@1 on unseen paraphrases of held-out entries is at least 0.92, and on all unseen ones."""
    held, every = (sum(found(INDEX, row) for row in rows) for rows in (HELD, UNSEEN))
    with capsys.disabled():
        print(f"\nsuccess@1, entries held out: {share(held, len(HELD))}; all unseen: {share(every, len(UNSEEN))}")
    assert held >= 0.92 * len(HELD) and every >= 0.92 * len(UNSEEN)


def test_strangers_find_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """At the same threshold at least 0.95 of held-out strangers get no proposal; without a threshold all would."""
    nothing = sum(not INDEX.match(row["text"]) for row in HELD_STRANGERS)
    with capsys.disabled():
        print(f"\nnothing matches, subjects held out: {share(nothing, len(HELD_STRANGERS))}")
    assert nothing >= 0.95 * len(HELD_STRANGERS)
    assert all(INDEX.match(row["text"], least=0.0) for row in HELD_STRANGERS)


@pytest.mark.parametrize("row", NEAR, ids=[row["text"] for row in NEAR])
def test_a_near_miss_is_proposed_with_its_slot(row: dict[str, Any]) -> None:
    """A wording with one slot changed brings the entry, and the slot is named; for the wording itself none is."""
    index = load_index([*ANSWERS, own(row["claim"])], places=PLACES) if "claim" in row else INDEX
    entry = row.get("entry", "own")
    (proposal,) = [proposal for proposal in index.match(row["text"]) if proposal.answer.id == entry]
    assert row["slot"] in {difference.slot for difference in proposal.differs}
    (same,) = [proposal for proposal in index.match(proposal.wording) if proposal.answer.id == entry]
    assert same.differs == ()


def test_paraphrases_seldom_have_a_slot_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Of unseen paraphrases that find their entry at most one in ten is said to differ."""
    proposals = [INDEX.match(row["text"])[0] for row in UNSEEN if found(INDEX, row)]
    named = sum(bool(proposal.differs) for proposal in proposals)
    with capsys.disabled():
        print(f"\nslots named without need: {share(named, len(proposals))}")
    assert named <= 0.1 * len(proposals)


def test_every_wording_finds_its_own_entry() -> None:
    """The claim and each alias of an entry bring that entry first, and differ from it in nothing."""
    for answer in ANSWERS:
        for wording in answer.wordings:
            first = INDEX.match(wording)[0]
            assert first.answer is answer and first.differs == ()


# -- behaviour --------------------------------------------------------------------------------------------------


def test_proposals_come_best_first_and_few() -> None:
    """Scores lie between 0 and 1 and fall; five are the most."""
    proposals = INDEX.match("隔夜菜隔夜茶隔夜水喝了吃了都会致癌", least=0.0)
    scores = [proposal.score for proposal in proposals]
    assert len(proposals) == MOST and scores == sorted(scores, reverse=True)
    assert all(0.0 <= score <= 1.0 for score in scores)


def test_a_difference_holds_both_sides() -> None:
    """The values that only the text has, and those that only the entry has."""
    differs = INDEX.match("发生高危行为24小时内吃阻断药能预防艾滋病")[0].differs
    assert [(one.slot, one.said, one.answered) for one in differs] == [("number", ("24小时",), ("72小时",))]


def test_an_addition_is_no_difference() -> None:
    """A text that names a further food, day or number, or leaves one out, does not differ."""
    text = "今天食堂吃虾,我旁边3个人喝维c泡腾片,虾和维生素c一起吃会变成砒霜,西瓜都不敢拿了"
    assert INDEX.match(text)[0].answer.id == "shrimp-vitamin-c" and INDEX.match(text)[0].differs == ()


def test_clauses_match_like_the_text_they_come_from() -> None:
    """A claim of which only shared clauses are kept is matched by them."""
    text = "刚在群里看到,非洲猪瘟会传染给人,近期不要买猪肉"
    assert INDEX.match(text.split(",")) == INDEX.match(text) != ()


def test_nothing_and_noise_match_nothing() -> None:
    """No text, no letters, and what is not Chinese bring no proposal, whatever the threshold for the first two."""
    assert INDEX.match("") == INDEX.match("……!!", least=0.0) == INDEX.match([], least=0.0) == ()
    assert INDEX.match("the quick brown fox jumps over the lazy dog 12345") == ()


def test_the_order_of_a_library_changes_nothing() -> None:
    """The same entries in another order give the same proposals."""
    turned = load_index(ANSWERS[::-1], places=PLACES)
    for row in UNSEEN[::7]:
        assert turned.match(row["text"]) == INDEX.match(row["text"])


def test_a_small_library_matches_beside_the_starter() -> None:
    """One entry alone finds its paraphrase when rarity is counted by the starter library; without, it finds nothing."""
    entry = own("小区游泳池的水会让孩子头发变绿", "泳池水把头发染绿", "游泳池的药水让头发变成绿色")
    text = "娃游了一夏天,邻居说泳池的水会把头发弄绿,是真的吗"
    assert [p.answer for p in load_index([entry], ground=ANSWERS).match(text)] == [entry]
    assert load_index([entry]).match(text) == () == load_index([]).match(text)


def test_a_wording_of_slots_alone_is_no_frame() -> None:
    """An entry that is nothing but foods and numbers matches no other foods and numbers."""
    index = load_index([own("牛奶3杯鸡蛋2个")], ground=ANSWERS)
    assert index.match("苹果5杯西瓜9个") == ()


def test_a_claim_in_a_long_text_is_found() -> None:
    """It stands between other texts; the same words apart from each other bring nothing."""
    around = [row["text"] for row in HELD_STRANGERS if not INDEX.match(row["text"])][:30]
    claim = "柿子和螃蟹一起吃会中毒"
    assert INDEX.match([*around, claim, *around])[0].answer.id == "persimmon-crab"
    apart = [around[0], "柿子熟了", *around[1:12], "螃蟹上市", *around[12:24], "有人中毒"]
    assert all(proposal.answer.id != "persimmon-crab" for proposal in INDEX.match(apart))


def test_proposals_are_no_decision() -> None:
    """A proposal has an entry, a score and what differs: nothing by which something is joined or answered."""
    assert set(Proposal.__slots__) == {"answer", "score", "wording", "differs"}


# -- the model --------------------------------------------------------------------------------------------------


def test_the_model_file_is_what_training_writes(tmp_path: Path) -> None:
    """Trained anew on the written texts, the weights are the shipped ones to the byte."""
    write(train(DATA, ANSWERS), tmp_path)
    assert (tmp_path / "match.json").read_bytes() == (MODELS / "match.json").read_bytes()


def test_training_without_strangers_would_propose_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threshold does the work: set for half of the strangers, it lets many of the others through."""
    monkeypatch.setattr(match_train, "_NOTHING", 0.5)
    loose = Index(ANSWERS, INDEX.reader, replace(load_model(), threshold=train(DATA, ANSWERS).threshold))
    assert sum(not loose.match(row["text"]) for row in HELD_STRANGERS) < 0.8 * len(HELD_STRANGERS)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("马铃薯长芽了含毒,吃不得", "sprouted-potato"),
        ("蜱叮住了用香烟头逼它出来", "tick-burn"),
        ("諾羅病毒用乾洗手殺不死", "norovirus-alcohol"),
        ("吃鳝吃下去的都是激素和避孕药", "eel-pill"),
    ],
)
def test_words_of_one_meaning_find_more(text: str, entry: str) -> None:
    """A text with other words for the same things finds its entry; without the vocabulary it finds nothing."""
    assert INDEX.match(text)[0].answer.id == entry
    bare = replace(INDEX.reader, words=replace(load_words(), meanings={"□": "□"}))
    assert Index(ANSWERS, bare, load_model()).match(text) == ()


@pytest.mark.parametrize(
    ("line", "message"),
    [('"土豆子" = "馬鈴薯"', "'馬鈴薯' must be"), ('"土豆子" = "马铃薯"', "'马铃薯' stands already")],
)
def test_a_wrong_word_is_named(tmp_path: Path, line: str, message: str) -> None:
    """A word that is not in normal form, or that stands for two meanings, is refused."""
    path = tmp_path / "words.toml"
    path.write_text(WORDS.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(WordsError, match=message):
        load_words(path)


# -- cost -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("marked", [True, False])
def test_time_grows_with_the_length_alone(marked: bool) -> None:
    """With and without marks to cut a text at."""
    piece = "".join(row["text"] for row in STRANGERS[:60])
    text = piece if marked else "".join(filter(str.isalnum, piece))
    assert is_linear(lambda times: INDEX.match(text * times), 4, 16)
