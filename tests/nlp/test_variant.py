"""Guard keys: clauses that say different things never share one, spellings of one thing mostly do."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.moment import take_moments
from nlp.quantity import number, take_quantities
from nlp.reader import Reader, load_reader
from nlp.senses import SENSES, SensesError, load_senses, read_senses
from nlp.text import CLAUSE_MAX, clauses, normalise
from nlp.variant import Guard
from tests.support.effort import is_linear

DATA = Path(__file__).parent / "data"
REGION = Path(__file__).parents[2] / "nlp" / "packs" / "regions" / "yunxiu.toml"


def _read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


CONFLICTS = _read("conflicts.jsonl")
HARMONY = _read("harmony.jsonl")


@cache
def reader() -> Reader:
    """The sample town's reader."""
    return load_reader((REGION,), canaries=False)


def key(text: str) -> str:
    """The guard key of one written clause."""
    return reader().guard_key(normalise(text))


def test_the_written_pairs_are_whole() -> None:
    """Enough of them in all slots and halves; each side is one run without a mark, and no pair stands twice."""
    assert len(CONFLICTS) >= 500 and len(HARMONY) >= 200
    slots = {row["slot"] for row in CONFLICTS}
    assert slots >= {"polarity", "stop-resume", "direction", "number", "range", "date", "time", "place", "item", "dose"}
    pairs = [frozenset(map(normalise, (row["left"], row["right"]))) for row in (*CONFLICTS, *HARMONY)]
    assert len(pairs) - len(set(pairs)) <= 12  # some pairs of harmony are told apart by traditional forms alone
    sides = [normalise(row[side]) for row in CONFLICTS for side in ("left", "right")]
    assert all(side.isalnum() or clauses(side) == [side] for side in sides)


@pytest.mark.parametrize("row", CONFLICTS, ids=[f"{row['left']}-{row['right']}" for row in CONFLICTS])
def test_a_conflict_shares_no_variant(row: dict[str, Any]) -> None:
    """The two clauses have different guard keys."""
    assert key(row["left"]) != key(row["right"])


def test_conflicts_would_share_a_key_without_senses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the lists of senses many of the same pairs have equal keys."""
    bare = read_senses('kept = ""')
    monkeypatch.setattr("nlp.variant.load_senses", lambda: bare)
    guard = Guard((), ())
    equal = [guard.slots(normalise(a["left"])).key == guard.slots(normalise(a["right"])).key for a in CONFLICTS]
    assert sum(equal) >= 0.25 * len(CONFLICTS)


def test_spellings_of_one_thing_share_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    """At least 0.97 of the pairs that say the same have equal keys; what is left are days and dates (3日)."""
    equal = sum(key(row["left"]) == key(row["right"]) for row in HARMONY)
    with capsys.disabled():
        print(f"\nsame meaning, same key: {equal} of {len(HARMONY)}; conflicts sharing one: 0 of {len(CONFLICTS)}")
    assert equal >= 0.97 * len(HARMONY)


@pytest.mark.parametrize(
    ("written", "figures"),
    [
        ("三十二", "32"),
        ("二〇二六", "2026"),
        ("两百", "200"),
        ("一万二千", "12000"),
        ("一亿三千万", "130000000"),
        ("1.2亿", "120000000"),
        ("3万", "30000"),
        ("廿三", "23"),
        ("卅", "30"),
        ("壹佰", "100"),
        ("一点五万", "15000"),
        ("五点二", "5.2"),
        ("007", "7"),
        ("3.50", "3.5"),
        ("千", "1000"),
        ("一百零五", "105"),
    ],
)
def test_numerals_become_figures(written: str, figures: str) -> None:
    """Han, figures and mixtures of both."""
    assert number(written) == figures


@pytest.mark.parametrize(
    ("clause", "values"),
    [
        ("停水半小时", {"30分钟"}),
        ("等了一刻钟", {"15分钟"}),
        ("停水一个半月", {"1.5月"}),
        ("跌了百分之三十", {"30%"}),
        ("三分之一的井", {"1/3"}),
        ("体温三十八度五", {"38.5度"}),
        ("首批三百人", {"第1批", "300人"}),
        ("停水三到五天", {"3-5天"}),
        ("来了十几个人", {"10+人"}),
        ("死了好几百人", {"几百"}),
        ("每次5ml", {"每次", "5毫升"}),
        ("一家人一种药", set()),
    ],
)
def test_quantities_have_their_unit(clause: str, values: set[str]) -> None:
    """A number and its unit in one spelling; an article is no number."""
    assert values <= take_quantities(clause) and bool(take_quantities(clause)) == bool(values)


@pytest.mark.parametrize(
    ("clause", "values"),
    [
        ("三月二号开学", {"3月2日"}),
        ("下星期天", {"下周日"}),
        ("明早六点半", {"明天", "6:30"}),
        ("夜里十点", {"22:00"}),
        ("晚上十二点", {"0:00"}),
        ("正月初三", {"正月3日"}),
        ("上个月底", {"上月底"}),
        ("注意一点", set()),
        ("目前天气", set()),
        ("地震五点二级", set()),
        ("地铁3号线", set()),
    ],
)
def test_moments_have_one_spelling(clause: str, values: set[str]) -> None:
    """Days, weeks and hours; what only looks like one is none."""
    assert take_moments(clause)[0] == values


def test_a_place_with_a_number_is_known_in_both_spellings() -> None:
    """地铁三号线 is the listed 地铁3号线, 112路 is not the listed 12路."""
    guard = Guard(("地铁3号线", "12路", "第三医院"), ())
    assert guard.slots("地铁三号线停运").place == ("地铁3号线",)
    assert guard.slots("十二路停运").place == guard.slots("12路停运").place == ("12路",)
    assert guard.slots("112路停运").place == ()
    assert guard.slots("第3医院停诊").place == ("第三医院",)


def test_a_clause_without_slots_has_no_key() -> None:
    """It is context for all variants."""
    assert key("转给家人看看") == "" and key("大家都来看看") == ""


WORDS = sorted(load_senses().words)
PIECES = st.sampled_from(
    [*WORDS[::9], *"三十百千万点半月日号不没能会先再零12天个", "12路", "今晚", "下周五", "一半", "a"]
)


@given(st.lists(PIECES, max_size=20).map("".join))
@settings(max_examples=300, deadline=None)
def test_every_clause_has_a_key_and_always_the_same(clause: str) -> None:
    """No clause is refused; another guard of the same lists reads the same slots, values without the key's marks."""
    slots = Guard(("12路",), ("鸡蛋",)).slots(clause)
    assert slots == Guard(("12路",), ("鸡蛋",)).slots(clause)
    values = (*slots.date, *slots.number, *slots.place, *slots.item, *slots.sense)
    assert not any("|" in value or "=" in value for value in values)


@pytest.mark.parametrize("piece", "三 万 1 不 先吃再 点 大年初 两百三十天 停水恢复供水 a1 百分之 一点".split())
def test_time_grows_with_the_length_alone(piece: str) -> None:
    """A clause has at most sixty characters; even a hundred times that costs no square."""
    guard = Guard(("12路",), ())
    long = piece * (50 * CLAUSE_MAX // len(piece))
    assert is_linear(lambda times: guard.slots(long * times), 1, 4)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('kept = "停车"\n[running]\n"停" = "停 停车"', "running: '停车' stands already"),
        ('kept = ""\n[running]\n"停" = "停課"', "must be half-width"),
    ],
)
def test_a_wrong_list_is_refused(document: str, message: str) -> None:
    """A word that stands twice, or out of normal form, is named."""
    with pytest.raises(SensesError, match=message):
        read_senses(document)
    assert read_senses(SENSES.read_text(encoding="utf-8")) == load_senses()
