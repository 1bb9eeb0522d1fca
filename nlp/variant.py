"""Guard keys: the slots in which two wordings of one rumour may say different things.

"3月2日开学" and "3月16日开学", "能吃" and "不能吃" are near duplicates and different claims. A clause's guard key
is a pure function of the clause; clauses with equal keys make one variant, clauses without slots are
context for all variants.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

_DIGIT = dict(zip("〇零一二三四五六七八九两", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2), strict=True))
_UNIT = {"十": 10, "百": 100, "千": 1000}
_HAN_NUMBER = "[〇零一二三四五六七八九两十百千]{1,9}"
_COUNTED = "年|个月|月份|个星期|星期|周|个礼拜|礼拜|天|日|个小时|小时|分钟|秒|点钟|人|名|例|个|位|家|户|元|块钱|块|角|分|万元|万人|万|亿元|亿|次|级|度|°c|公斤|斤|克|毫克|毫升|升|吨|米|公里|千米|片|粒|支|针|剂|种|岁|倍|%|号线|路|条|辆|届|班"
_DATE = re.compile(
    rf"(?:(?:\d{{4}}|{_HAN_NUMBER})年)?(?:(?:\d{{1,2}}|{_HAN_NUMBER})月(?:(?:\d{{1,2}}|{_HAN_NUMBER})[日号])?|(?:\d{{1,2}}|{_HAN_NUMBER})[日号](?!线|楼|门|院|店|机))"
    r"|今[天晚]|明[天早晚]|后天|大后天|昨[天晚]|前天|下周[一二三四五六日天]?|本周[一二三四五六日天]?|周[一二三四五六日]|下个?月|月底|年底|今年|明年"
)
_TIME = re.compile(
    rf"(?:凌晨|早上|上午|中午|下午|晚上|夜里|晚)?(?:\d{{1,2}}|{_HAN_NUMBER})点(?:半|(?:\d{{1,2}}|{_HAN_NUMBER})分?)?|\d{{1,2}}:\d{{2}}"
)
_NUMBER = re.compile(
    rf"(?!千万(?![元人吨块名户级条只美册]))(?:\d+(?:\.\d+)?|{_HAN_NUMBER})(?:{_COUNTED})|\d+(?:\.\d+)?"
)
_HAN_RUN = re.compile(_HAN_NUMBER)
_NEGATION = re.compile(
    "不(?!过|同|仅|但|管|断|久|错|少|止|得了|锈)|没有?(?!事找)|未(?!来)|无(?!论|数|线|锡|人机)|(?<![特区级性个派差识鉴类辨分告送])别(?!的|人|墅|说)|勿|禁止|严禁|停止|取消|拒绝|假的|辟谣"
)
_MODAL = re.compile("能|可以|会(?!议|员|展)|必须|应该|要(?!求|闻|点|是)|得(?=吃|喝|去|打)|允许|开放|恢复|是真|属实")


@dataclass(frozen=True, slots=True)
class Slots:
    """What a clause pins down; empty tuples and None where it says nothing."""

    polarity: str | None = None
    date: tuple[str, ...] = ()
    number: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    item: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The guard key: equal exactly for equal slots, empty when the clause has none."""
        parts = [f"polarity={self.polarity}"] if self.polarity else []
        for name in ("date", "number", "place", "item"):
            parts += [f"{name}={value}" for value in getattr(self, name)]
        return "|".join(parts)


def _arabic(match: re.Match[str]) -> str:
    """A Chinese numeral below ten thousand as digits: 三十二 is 32, 二〇二六 is 2026."""
    run = match.group()
    if not any(unit in run for unit in _UNIT):
        return "".join(str(_DIGIT[character]) for character in run)
    total = digit = 0
    for character in run:
        if character in _UNIT:
            total += (digit or 1) * _UNIT[character]
            digit = 0
        else:
            digit = _DIGIT[character]
    return str(total + digit)


def _take(pattern: re.Pattern[str], text: str) -> tuple[tuple[str, ...], str]:
    """Distinct matches with numerals as digits, sorted, and the text without them."""
    found = {_HAN_RUN.sub(_arabic, match.group()).replace("号", "日") for match in pattern.finditer(text)}
    return tuple(sorted(found)), pattern.sub(" ", text)


def _inside_number(clause: str, start: int) -> bool:
    """Whether a name that begins with a digit is the end of a longer number: 12路 in 112路."""
    return start > 0 and clause[start].isdecimal() and clause[start - 1].isdecimal()


class Guard:
    """Reads the slots of clauses, with the places and the foods and drugs it is given."""

    def __init__(self, places: Collection[str], items: Collection[str]) -> None:
        self._names = [*places, *items]
        self._places = len(places)
        self._automaton = AhoCorasick(self._names, matchkind=MatchKind.LeftmostLongest) if self._names else None

    def slots(self, clause: str) -> Slots:
        """Slots of a normalised clause. Numbers inside a date or a place are not counted again."""
        places: set[str] = set()
        items: set[str] = set()
        rest = clause
        if self._automaton is not None:
            for index, start, end in self._automaton.find_matches_as_indexes(clause):
                if _inside_number(clause, start):
                    continue
                if index < self._places:
                    places.add(self._names[index])
                    rest = rest[:start] + " " * (end - start) + rest[end:]
                else:
                    items.add(self._names[index])
        dates, rest = _take(_DATE, rest)
        times, rest = _take(_TIME, rest)
        numbers, _ = _take(_NUMBER, rest)
        negations = len(_NEGATION.findall(clause))
        polarity = None
        if negations % 2:
            polarity = "no"
        elif negations or _MODAL.search(clause):
            polarity = "yes"
        return Slots(polarity, (*dates, *times), numbers, tuple(sorted(places)), tuple(sorted(items)))
