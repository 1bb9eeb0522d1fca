"""Redaction (design, Bound 6): what points to a person goes, what names a hazard stays."""

import json
import re
from collections import Counter
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp import ages, descriptions, doors, names, net, nicknames, numbers, redact, roles, rule
from nlp.redact import KINDS, MASK, Redactor, Span
from nlp.text import clauses, normalise

DATA = Path(__file__).parent / "data"
STRUCTURED = ("phone", "id_number", "bank_card", "plate", "email", "account", "mention", "url")
WORDED = tuple(kind for kind in KINDS if kind not in STRUCTURED)
FIGURES = ("李时珍", "袁隆平")
PLACES = (
    "桃溪街道",
    "柳渡街道",
    "石桥镇",
    "南埠海鲜市场",
    "北湖水厂",
    "云岫区人民医院",
    "桃溪小学",
    "惠万家",
    "云岫发布",
)
TERMS = ("高温", "白酒", "隔夜", "疫苗", "退烧药", "支付宝", "尾号", "独居老人")
KEEP = (*FIGURES, *PLACES, *TERMS)


def _read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


WORDS = """
高温 白开水 黄豆 金针菇 马路 方便面 水果 温度 方向 关于 于是 安全 时间 平时 任何人 万一 常温 石榴 花生 小时
老人 小龙虾 白血病 田里 雷雨 季节 毛豆 江水 周一
"""
ATTACKS = _read("redact_attacks.jsonl")
CLEAN = [row["text"] for row in _read("redact_clean.jsonl")]
PLAIN = Redactor()


def _hidden(text: str, literal: str, spans: list[Span]) -> bool:
    """Whether every letter of every occurrence of ``literal`` lies in a span."""
    covered = {at for span in spans for at in range(span.start, span.end)}
    starts = [hit.start() for hit in re.finditer(re.escape(literal), text)]
    return bool(starts) and all(at in covered for start in starts for at in range(start, start + len(literal)))


def _recall(redactor: Redactor, kind: str) -> float:
    found = [
        _hidden(row["text"], literal, redactor.spans(row["text"]))
        for row in ATTACKS
        for name, literal in row["spans"]
        if name == kind
    ]
    return sum(found) / len(found)


def test_attack_set_is_whole() -> None:
    """The set has its size, knows every kind at least ten times and repeats no text."""
    counts = Counter(kind for row in ATTACKS for kind, _ in row["spans"])
    assert len(ATTACKS) >= 220 and len({row["text"] for row in ATTACKS}) == len(ATTACKS)
    assert set(counts) == set(KINDS) and min(counts.values()) >= 10
    assert all(literal in row["text"] for row in ATTACKS for _, literal in row["spans"])
    assert len(CLEAN) >= 80 and len(set(CLEAN)) == len(CLEAN)


@pytest.mark.parametrize("kind", STRUCTURED)
def test_recall_of_numbers_and_addresses_on_the_net(kind: str) -> None:
    """What has a written format is found in at least 99 of 100 attacks."""
    assert _recall(PLAIN, kind) >= 0.99


@pytest.mark.parametrize("kind", WORDED)
def test_recall_of_names_and_descriptions(kind: str) -> None:
    """Names and descriptions are found in at least 95 of 100 attacks."""
    assert _recall(PLAIN, kind) >= 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_recall_comes_from_the_rules(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with the rules off nothing is found, so the recall tests measure the rules."""
    monkeypatch.setattr(redact, "FINDERS", ())
    assert _recall(Redactor(), kind) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_named(kind: str) -> None:
    """At least nine of ten finds carry the kind that the attack names."""
    named = [
        any(s.kind == kind and s.start <= row["text"].index(literal) < s.end for s in PLAIN.spans(row["text"]))
        for row in ATTACKS
        for name, literal in row["spans"]
        if name == kind
    ]
    assert sum(named) >= 0.9 * len(named)


def test_normalised_attacks_stay_found() -> None:
    """The text as the program reads it, normalised first, hides the normalised literal as well."""
    pairs = [
        (normalise(row["text"]), normalise(literal))
        for row in ATTACKS
        for kind, literal in row["spans"]
        if kind != "email"
    ]
    missed = [literal for text, literal in pairs if literal in text and not _hidden(text, literal, PLAIN.spans(text))]
    assert len(missed) <= 0.02 * len(pairs), missed


def test_clean_texts_stay() -> None:
    """In texts with nothing to redact at most one letter in a hundred is masked."""
    redactor = Redactor(KEEP)
    masked = sum(span.end - span.start for text in CLEAN for span in redactor.spans(text))
    assert masked <= 0.01 * sum(map(len, CLEAN))


def test_attacks_leave_their_hazard() -> None:
    """Of the letters of attacks that are no span of theirs at most three in a hundred are masked with them."""
    total = sum(len(row["text"]) for row in ATTACKS)
    named = sum(len(literal) * row["text"].count(literal) for row in ATTACKS for _, literal in row["spans"])
    masked = sum(span.end - span.start for row in ATTACKS for span in PLAIN.spans(row["text"]))
    assert masked - named <= 0.03 * (total - named)


@pytest.mark.parametrize("term", KEEP)
def test_kept_terms_are_never_masked(term: str) -> None:
    """A kept term stands as often after masking as before, in clean texts and in attacks."""
    redactor = Redactor(KEEP)
    for text in (
        *CLEAN,
        *(row["text"] for row in ATTACKS),
        f"我是{term}护士",
        f"家住{term}的72岁老人",
        f"#{term}#,我叫{term}",
    ):
        assert redactor.mask(text).count(term) == text.count(term), text


def test_without_keep_the_same_terms_are_masked() -> None:
    """Control: it is ``keep`` that spares a public figure and a place."""
    text = "李时珍医生说的,家住柳渡街道的72岁老人"
    assert PLAIN.mask(text) == f"{MASK}说的,{MASK}"
    assert Redactor(("感染",)).mask("感染科值班郝主任说") == f"感染{MASK}说"
    assert Redactor(KEEP).mask(text) == f"李时珍医生说的,{MASK}柳渡街道{MASK}"


@pytest.mark.parametrize(
    ("keep", "text", "masked"),
    [
        ("0931-8123456", "咨询0931-8123456", "咨询0931-8123456"),
        ("0931-8123456", "咨询0931-81234567", f"咨询{MASK}"),
        ("8123456", "咨询0931-8123456", f"咨询{MASK}"),
        ("120", "病人在桃溪路120号", f"病人在{MASK}"),
        ("云岫发布", "看@云岫发布 说的", "看@云岫发布 说的"),
        ("云岫发布", "看@云岫发布小编 说的", f"看{MASK} 说的"),
        ("yunxiu.gov.cn", "上yunxiu.gov.cn查", "上yunxiu.gov.cn查"),
        ("yunxiu.gov.cn", "上yunxiu.gov.cn/u/123查", f"上{MASK}查"),
        ("海鲜市场", "邻居王海鲜市场", f"邻居{MASK}海鲜市场"),
    ],
)
def test_a_kept_term_spares_only_itself(keep: str, text: str, masked: str) -> None:
    """A number or link is spared string for string only; one letter more and it is masked whole."""
    assert Redactor((keep,)).mask(text) == masked


@pytest.mark.parametrize("word", WORDS.split())
def test_a_word_that_begins_like_a_surname_is_no_name(word: str) -> None:
    """Everyday words stay, also behind a word for a person, where names stand."""
    for text in (word, f"听说{word}有问题", f"我家{word}", f"邻居{word}", f"#{word}#"):
        assert PLAIN.spans(text) == [], text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("62990119870312142X", "id_number"),
        ("629901198703121420", "id_number"),  # wrong check digit, but a birth date: masked all the same
        ("629901198719931429", "account"),  # neither: still too long a number to stay
        ("6222023602001987346", "bank_card"),
        ("6222023602001987345", "account"),  # wrong Luhn digit
        ("6222 0236 0200 1987 346", "bank_card"),
        ("6222 0236 0200 1987 345", "bank_card"),  # wrong Luhn digit, but the form of a card
        ("13712345608", "phone"),
    ],
)
def test_check_digits_decide_the_kind(text: str, kind: str) -> None:
    """GB 11643 and Luhn tell an id and a card from any other long number."""
    assert [span.kind for span in PLAIN.spans(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "3222 0236 0200 1987 345",
        "20240315",
        "国药准字z20150032",
        "12345",
        "96110",
        "2024-03-15 12:30",
        "6901234567892",
        "3.15-2024.10.12",
        "1500-2000 300元",
        "8.0.30",
    ],
)
def test_public_numbers_stay(text: str) -> None:
    """Short service numbers, dates, prices, bar codes and numbers of products are no one's."""
    assert PLAIN.spans(text) == []


def test_a_masked_span_ends_the_clause() -> None:
    """The mask is no word character: no clause of the masked text joins what stood around a span."""
    assert not MASK.isalnum()
    masked = PLAIN.mask("水厂停水了邻居王桂芳说要停三天大家快存水")
    assert clauses(masked) == ["水厂停水了邻居", "说要停三天大家快存水"]


def test_proposed_names_are_merged() -> None:
    """A tagger's proposal counts with a surname and 2 to 4 characters, not in ``keep``, in range."""
    text = "看见章鱼哥卖的林小雨同款,都说李时珍不认,欢欢也买"
    proposals = {
        word: ("nr", text.index(word), text.index(word) + len(word))
        for word in ("林小雨", "李时珍", "欢欢", "林小雨同款")
    }
    rogue = [*proposals.values(), ("nr", -3, 2), ("nr", 20, 99), ("nr", 5, 5)]
    assert PLAIN.spans(text) == []
    start = text.index("林小雨")
    assert Redactor(FIGURES, lambda given_text: rogue).spans(text) == [Span(start, start + 3, "private_name")]


def test_capitals_and_positions() -> None:
    """Letters of either case are found, and a letter whose lower case is longer moves no position."""
    text = "İİ车牌京AD12345,VX:ABC_123"
    assert [text[span.start : span.end] for span in PLAIN.spans(text)] == ["车牌京AD12345", "VX:ABC_123"]


FRAGMENTS = """
我是 我在 上班 护士 医生 王 张伟 李 小 老 某 女士 主任 @ # 72岁 男 , 村 家住 号 路 12 3号楼 2单元 501 室 1381234 5678 一三九
微信 vx: qq abc_1 .com http:// t.cn/ ■ 京A 12345 - 的 说 * x 尾号 62220236 桃溪街道 高温 李时珍 、 三年级 班
呼吸科 住 年 月 电话 ( ) : 零 İ
"""
ANY_TEXT = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*FRAGMENTS.split(), " "]), max_size=24).map("".join),
    st.lists(st.sampled_from([row["text"] for row in ATTACKS]), min_size=2, max_size=3).map("".join),
)


@settings(deadline=None, max_examples=400)
@given(ANY_TEXT, st.sampled_from([PLAIN, Redactor(KEEP)]))
def test_spans_are_sound(text: str, redactor: Redactor) -> None:
    """Spans are sorted, apart, in range and of a known kind; masking takes out just them, and once is enough."""
    spans = redactor.spans(text)
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges) and all(span.start < span.end for span in spans)
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))
    assert all(span.kind in KINDS for span in spans)
    masked = redactor.mask(text)
    assert len(masked) == len(text) - sum(span.end - span.start - 1 for span in spans)
    assert redactor.mask(masked) == masked


def test_a_text_that_never_settles_is_masked_whole() -> None:
    """Rules that keep finding more are not run for ever: the text goes, rather than half of it stay."""
    steps = iter(range(2, 99, 2))
    endless = Redactor((), lambda text: [("nr", at := next(steps), at + 2)])
    assert endless.mask("王芳" * 40) == MASK


def _patterns() -> dict[str, str]:
    found = {
        f"{module.__name__}.{name}": value.pattern
        for module in (ages, descriptions, doors, names, net, nicknames, numbers, redact, roles, rule)
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern)
    }
    found |= {f"nickname {number}": pattern.pattern for number, (_, pattern) in enumerate(nicknames._PATTERNS)}
    for number, one in enumerate(descriptions.RULES):
        found[f"rule {number}"] = one.pattern.pattern
        if one.back:
            found[f"rule {number} back"] = one.back.pattern
    return found


def _unbounded(tree: Any) -> bool:
    """Whether a parsed pattern holds a repeat that is neither bounded nor possessive."""
    if isinstance(tree, _parser.SubPattern):
        tree = tree.data
    repeats = isinstance(tree, tuple) and tree and tree[0] in (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
    if repeats and tree[1][1] == _constants.MAXREPEAT:
        return True
    return isinstance(tree, (tuple, list)) and any(_unbounded(part) for part in tree)


def test_every_repeat_is_bounded() -> None:
    """No pattern can run in more than linear time by its form; the check itself sees a bad one."""
    assert _unbounded(_parser.parse(r"(?:a|b(\d+)c)")) and not _unbounded(_parser.parse(r"a{1,3}b++"))
    assert len(_patterns()) > 40
    assert [name for name, pattern in _patterns().items() if _unbounded(_parser.parse(pattern))] == []


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "@",
        "#",
        "我是",
        " ",
        "1 ",
        "a.",
        "a-",
        "@a.",
        "张",
        "王小明、",
        "村1岁,",
        "路1号",
        "1号楼",
        "微信",
        "1***",
        "是公",
        "在",
        "我是医生",
    ],
)
def test_a_megabyte_of_repetition_comes_to_an_end(unit: str) -> None:
    """A rule that is not linear would need days for one of these, not seconds."""
    text = unit * (1_000_000 // len(unit))
    masked = Redactor(KEEP).mask(text)
    assert len(masked) <= len(text)
    assert Redactor(KEEP).mask(text[:5_000]).count(MASK) <= len(text)
