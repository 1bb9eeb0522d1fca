"""Guard keys: the slots in which two wordings of one rumour may say different things.

"3月2日开学" and "3月16日开学", "能吃" and "不能吃", "停水" and "恢复供水" are near duplicates and different claims. A
clause's guard key is a pure function of the clause; clauses with equal keys make one variant, clauses without slots
are context for all variants. Cost is linear in the length of the clause.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from ahocorasick_rs import AhoCorasick, MatchKind

from nlp.moment import take_moments
from nlp.quantity import HAN, UNITS, number, take_quantities
from nlp.senses import load_senses

Name = Literal["date", "number", "place", "item", "sense"]
NAMES: tuple[Name, ...] = ("date", "number", "place", "item", "sense")
"""Slots with values, in the order in which a key holds them."""

_NEGATION = re.compile(
    "不(?!过|同|仅|但|管|断|久|错|少|止|得了|锈)|(?<![沉淹埋出吞])没有?(?!事找)|未(?!来|成年)|无(?!论|数|线|锡|人机)"
    "|(?<![特区级性个派差识鉴类辨分告送])别(?!的|人|墅|说)|勿|莫(?!名|非|大)|忌|免(?!费|疫|得|税|职|不)|禁止|严禁|停止|取消|拒绝|假的|辟谣"
)
_MODAL = re.compile(
    "能|可以|会(?!议|员|展)|必须|应(?![急对用聘届变力季付])|要(?!求|闻|点|是)|得(?=吃|喝|去|打)|允许|开放|恢复|是真|属实"
)
_MEASURE = re.compile("不超过|不少于|不低于|不多于|不高于|不到|不足|不满|未满")
"""Bounds, written with a negation that denies nothing: 不超过两天, 库存不足."""
_WITHIN = re.compile("(?<=[天时月年周里米日期钟岁])([内外前后])")
_SIDE = re.compile("[东南西北](?=[门城部侧站边面头岸街区口])|(?<=[城区县市镇村河江湖])[东南西北](?![西京海])")
_PLACE = re.compile(
    r"[^\W\d_a-z]{2}(?:县|镇|乡|街道|水库|水厂|大桥|小区|社区|公园|大道|医院|小学|中学|幼儿园|市(?<![超城全本我上门夜集楼该各都菜大]市)(?![场民区委政级面长里内外]))"
)
"""A place that no region lists: two characters before the word for its kind."""
_FIRST = re.compile(r"先(?![生天进前后别])([^\W\d_]{2})(?=[^\W_]{0,12}再)")
_ORDER = re.compile(r"\d+|[〇零一二三四五六七八九十百]+(?=号|路|中|小|医院|幼|线)|(?<=第)[一二三四五六七八九十百]+")
_HAS_NUMERAL = re.compile(rf"[{HAN}\d]").search
_HAN_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Slots:
    """What a clause pins down; empty tuples and None where it says nothing.

    ``sense`` holds labels of words that exclude one another: 停水 and 供水, 升 and 降, 男 and 女.
    """

    polarity: str | None = None
    date: tuple[str, ...] = ()
    number: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    item: tuple[str, ...] = ()
    sense: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The guard key: equal exactly for equal slots, empty when the clause has none."""
        parts = [f"polarity={self.polarity}"] if self.polarity else []
        for name in NAMES:
            parts += [f"{name}={value}" for value in getattr(self, name)]
        return "|".join(parts)


def polarity(clause: str) -> str | None:
    """Whether a normalised clause denies or warns ("no"), affirms or allows ("yes"), or neither."""
    text = _MEASURE.sub(" ", clause)
    negations = sum(1 for _ in _NEGATION.finditer(text))
    if negations % 2:
        return "no"
    return "yes" if negations or _MODAL.search(text) else None


def _in_han(figures: str) -> str:
    """Figures below a hundred as they are spoken, longer ones digit by digit: 12 is 十二, 205 is 二〇五."""
    if len(figures) != 2 or figures[0] == "0":
        return "".join(_HAN_DIGITS[int(figure)] for figure in figures).replace("零", "〇")
    tens, ones = map(int, figures)
    return ("" if tens == 1 else _HAN_DIGITS[tens]) + "十" + (_HAN_DIGITS[ones] if ones else "")


def _spellings(name: str) -> set[str]:
    """A name as it stands, with its figures spoken, and with its numerals as figures: 3号线 and 三号线."""
    spoken = _ORDER.sub(lambda match: _in_han(match.group()) if match.group().isdecimal() else match.group(), name)
    figures = _ORDER.sub(lambda match: match.group() if match.group().isdecimal() else number(match.group()), name)
    return {name, spoken, figures}


def _inside_number(clause: str, start: int) -> bool:
    """Whether a name that begins with a digit is the end of a longer number: 12路 in 112路."""
    return start > 0 and clause[start].isdecimal() and clause[start - 1].isdecimal()


def _after_numeral(clause: str, start: int) -> bool:
    """Whether a numeral stands right before: 升 in 三升."""
    return start > 0 and (clause[start - 1].isdecimal() or clause[start - 1] in HAN)


class Guard:
    """Reads the slots of clauses, with the places and the foods and drugs it is given, and the shipped senses."""

    def __init__(self, places: Collection[str], items: Collection[str]) -> None:
        senses = load_senses()
        self._meant: dict[str, tuple[Name, str] | None] = {}
        for word, label in senses.words.items():
            self._meant[word] = (_name(senses.tables[label]), label) if label else None
        for item in items:
            self._meant.setdefault(item, ("item", item.rstrip("和配")))
        for place in places:
            self._meant.update(dict.fromkeys(_spellings(place), ("place", place)))
        self._words = list(self._meant)
        self._automaton = AhoCorasick(self._words, matchkind=MatchKind.LeftmostLongest)

    def _named(self, clause: str, found: dict[Name, set[str]]) -> str:
        """Puts what the listed words of a clause mean into ``found``; the clause without these words."""
        pieces, at = [], 0
        for index, start, end in self._automaton.find_matches_as_indexes(clause):
            word = self._words[index]
            meant = self._meant[word]
            if _inside_number(clause, start) or (word in UNITS and _after_numeral(clause, start)):
                continue
            if meant:
                found[meant[0]].add(meant[1])
            elif not _HAS_NUMERAL(word):
                continue
            pieces += [clause[at:start], " "]
            at = end
        return "".join((*pieces, clause[at:]))

    def slots(self, clause: str) -> Slots:
        """Slots of a normalised clause. Numbers inside a date or a name are not counted again."""
        found: dict[Name, set[str]] = {name: set() for name in NAMES}
        found["date"], rest = take_moments(clause)
        found["sense"].update(_senses(rest))
        found["sense"].update(match.group() for match in _SIDE.finditer(rest))
        rest = self._named(rest, found)
        found["place"].update(match.group() for match in _PLACE.finditer(rest))
        found["number"] = take_quantities(rest)
        return Slots(polarity(clause), **{name: tuple(sorted(values)) for name, values in found.items()})


def _name(table: str) -> Name:
    """The slot that holds a table's labels; most tables are senses."""
    return next((name for name in NAMES if name == table), "sense")


def _senses(text: str) -> Iterator[str]:
    """Senses that no word list holds: 三天内, 先吃药再."""
    yield from (match[1].replace("内", "以内").replace("外", "以外") for match in _WITHIN.finditer(text))
    yield from (f"先{match[1]}" for match in _FIRST.finditer(text))
