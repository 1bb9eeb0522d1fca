"""Dates and hours of a clause in one spelling: 三月二号 is 3月2日, 星期天 is 周日, 晚上八点半 is 20:30."""

import re
from collections.abc import Callable
from typing import Final

from nlp.quantity import number

_N = "(?:[0-3]?[0-9]|[〇零一二三四五六七八九十廿卅]{1,3})"
_OF_MONTH = rf"初?{_N}"
_NO_DAY = "(?![\\d.〇零一二三四五六七八九十百千万亿多余几个例人名级元块天年岁倍%楼路])"
_THING = "(?!线|楼|门|院|店|机|房|文|码|车|厅|馆|桌|床|窗|棚|公路|地铁|国道|口|病)"
_DATE = re.compile(
    rf"(?:(?P<y>\d{{4}}|[〇零一二三四五六七八九]{{4}})年)?(?:农历|阴历)?(?P<m>{_N}|正|腊|冬)月(?!饼|子|嫂|球|光|亮|薪|租|季|经)份?"
    rf"(?:(?P<d>{_OF_MONTH})(?:日|号{_THING}|{_NO_DAY}))?"
)
_NEW_YEAR = re.compile("大年初(?P<d>[二三四五六七八九十])")
_DAY = re.compile(rf"(?P<d>\d{{1,2}})(?:日|号{_THING})|(?P<e>{_N})号{_THING}|(?P<f>[一二三]?十[一二三四五六七八九]?)日")
_YEAR = re.compile(r"(?P<y>(?:19|20)\d\d|[一二][〇零一二三四五六七八九]{3})年")
_OTHER_YEAR = re.compile("大?[前去今明后]年")
_WEEK = re.compile(
    "(?P<w>下下|上上|上个|下个|这个|本|这|上|下)?(?:周|星期|礼拜)(?P<d>[一二三四五六日天末](?!次|个|回|遍|圈|年|月|天)|[1-7](?!\\d))?"
)
_MONTH = re.compile("(?P<w>上上|上|下|本|这|当)个?月(?P<p>初|中|底|末)?")
_RELATIVE = re.compile("(?P<d>大前|大后|(?<!目)前|后|[今明昨当])(?P<p>[天日]|[晚早]上?|夜里?|晨)(?![报安天气性然])")
_PARTS: Final = {
    "凌晨": "凌晨",
    "早上": "清晨 早晨 早上 一早",
    "上午": "上午",
    "中午": "中午 正午",
    "下午": "下午 午后",
    "傍晚": "傍晚",
    "晚上": "晚上 夜里 夜间 夜晚 晚间",
    "半夜": "半夜 深夜 午夜",
}
_PART: Final = {word: part for part, words in _PARTS.items() for word in words.split()}
_SHORT: Final = {"早": "早上", "晨": "早上", "晚": "晚上", "夜": "晚上"}
_WHEN = "|".join(_PART)
_TENTHS = "[〇零一二三四五六七八九]{1,4}[级度万亿倍成元米公吨斤左上下]"
_TIME = re.compile(
    rf"(?:(?P<p>{_WHEN}|[早晚夜晨])|(?!一点(?![钟半一二三四五十零\d前后到至以])))(?<![\d第这那])(?P<h>[0-2]?\d|[〇零一二三四五六七八九十两]{{1,3}})(?:点(?!{_TENTHS})钟?|时(?![间候段常代速差效]))(?!多)"
    r"(?:(?P<half>半)|(?P<k>[一三])刻|(?P<m>\d\d?|[〇零一二三四五六七八九十]{2,3}|零[一二三四五六七八九])分?)?"
)
_LONE = re.compile(_WHEN)


def _month_day(match: re.Match[str]) -> str:
    year = f"{number(match['y'])}年" if match["y"] else ""
    month = match["m"] if match["m"] in "正腊冬" else number(match["m"])
    day = match["d"].removeprefix("初") if match["d"] else ""
    return f"{year}{month}月" + (f"{number(day)}日" if day else "")


def _week(match: re.Match[str]) -> str:
    which = (match["w"] or "").removesuffix("个").replace("这", "本")
    day = number(match["d"]) if (match["d"] or "").isdigit() else match["d"] or ""
    return f"{which}周{day.replace('天', '日').translate(str.maketrans('1234567', '一二三四五六日'))}"


def _hour(match: re.Match[str]) -> str:
    part = _PART.get(match["p"] or "", _SHORT.get(match["p"] or "", ""))
    hour = int(number(match["h"]))
    late = hour < 12 and (part in ("下午", "傍晚") or (part == "晚上" and hour > 4) or (part == "半夜" and hour > 6))
    hour += 12 if late or (part == "中午" and hour < 4) else 0
    hour -= 12 if hour == 12 and part in ("晚上", "半夜") else 0
    minute = 30 if match["half"] else 15 * int(number(match["k"])) if match["k"] else int(number(match["m"] or "0"))
    return f"{hour}:{minute:02d}"


_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (_DATE, _month_day),
    (_NEW_YEAR, lambda m: f"正月{number(m['d'])}日"),
    (_YEAR, lambda m: f"{number(m['y'])}年"),
    (_OTHER_YEAR, lambda m: m.group()),
    (_DAY, lambda m: f"{number(m['d'] or m['e'] or m['f'])}日"),
    (_MONTH, lambda m: f"{m['w'].replace('这', '本').replace('当', '本')}月{(m['p'] or '').replace('末', '底')}"),
    (_TIME, _hour),
    (_LONE, lambda m: _PART[m.group()]),
)

_ANY = re.compile("[日号月年周天晚早夜晨点时午凌傍]|星期|礼拜")
"""One of these stands in every date and hour."""


def _days(text: str, found: set[str]) -> str:
    """Takes 今天, 今晚, 明早 out of a clause; the part of the day stays for the hour that may follow it."""

    def kept(match: re.Match[str]) -> str:
        found.add(f"{match['d']}天")
        return _SHORT.get(match["p"][0], " ")

    return _RELATIVE.sub(kept, text)


def take_moments(text: str) -> tuple[set[str], str]:
    """Dates and hours of a normalised clause, and the clause without them. Linear in its length."""
    found: set[str] = set()
    if not _ANY.search(text):
        return found, text
    for match in _WEEK.finditer(text):
        if match["w"] or match["d"]:
            found.add(_week(match))
    text = _WEEK.sub(lambda m: " " if m["w"] or m["d"] else m.group(), text)
    text = _days(text, found)
    for pattern, spell in _RULES:
        found |= {spell(match) for match in pattern.finditer(text)}
        text = pattern.sub(" ", text)
    return found, text
