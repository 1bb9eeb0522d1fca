"""Numbers of a clause, each with its unit, in one spelling: 三万人 and 30000人 are 30000人, 半小时 is 30分钟."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

_DIGIT: Final = dict(zip("〇零一二三四五六七八九两壹贰叁肆伍陆柒捌玖", (0, *range(10), 2, *range(1, 10)), strict=True))
_TENS: Final = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE: Final = {"万": 10**4, "亿": 10**8}

HAN = "〇零一二三四五六七八九两十百千万亿廿卅"
NUMERAL = (
    rf"(?:\d{{1,15}}(?:\.\d{{1,6}})?[百千万亿]{{0,2}}|[{HAN}壹贰叁肆伍陆柒捌玖拾佰仟]{{1,12}}"
    r"(?:点[〇零一二三四五六七八九]{1,4}(?=[级度万亿倍成元米公吨斤左上下])[万亿]?)?)"
)
"""One numeral, in figures, Han or both; its length is bounded, so that no run of figures is read again and again."""

_UNITS: Final = {
    "人": "个人 人 名",
    "元": "元钱 元 块钱 块 圆",
    "角": "角 毛钱 毛",
    "天": "天 日",
    "周": "个星期 星期 个礼拜 礼拜 周",
    "月": "个月 月",
    "小时": "个小时 小时 个钟头 钟头",
    "秒": "秒钟 秒",
    "公斤": "公斤 千克 kg",
    "毫克": "毫克 mg",
    "克": "克 g",
    "毫升": "毫升 ml",
    "升": "升 l",
    "公里": "公里 千米 km",
    "厘米": "厘米 公分 cm",
    "毫米": "毫米 mm",
    "米": "米 m",
    "度": "度 °c 摄氏度",
    "岁": "周岁 岁",
    "粒": "粒 颗",
    "次": "次 回 遍",
    "栋": "号楼 栋 幢 座",
    "楼": "楼 层",
    "中": r"中(?=[停复放开有门的校食家封]|\s|$)",
    "成": "成(?![立功人为分都了年员品本绩长])",
    "环": "环(?![保境节球])",
}
_PLAIN: Final = (
    "年 分钟 例 个 位 家 户 分 级 倍 斤 吨 片 支 针 剂 种 号线 路 条 辆 届 班 批 杯 瓶盖 瓶 袋 盒 勺 碗 包 箱 只 头 "
    "所 起 张 亩 年级 单元 号 期 轮 口 滴 挡 档 道 桶 季度 车间 孩 床 节 堂 门 栏 伏 瓦 寸 尺 里 间 台 架 艘 趟 % "
    "刻钟 国道 省道"
).split()
_NAMES: Final = {spelling: unit for unit, words in _UNITS.items() for spelling in words.split()} | {
    unit: unit for unit in _PLAIN
}
_UNIT = "|".join(sorted(_NAMES, key=len, reverse=True))
UNITS: Final = frozenset(_NAMES)
"""Spellings of units."""
_BARE_NAMES: Final = {name.partition("(")[0]: unit for name, unit in _NAMES.items()}
_ARTICLES: Final = frozenset("1个 1种 1家 1位 1条 1起 1口 1人 1名".split())
"""What "一" before these counts is mostly an article: 一种, 一家; it tells nothing apart."""


def number(numeral: str) -> str:
    """A numeral in figures: 三十二 is 32, 1.2亿 is 120000000, 二〇二六 is 2026, 廿三 is 23."""
    run = numeral.replace("廿", "二十").replace("卅", "三十")
    if "点" in run:
        whole, _, part = run.partition("点")
        scale = _LARGE.get(part[-1], 1)
        tenths = "".join(str(_DIGIT[character]) for character in part.rstrip("万亿"))
        return _plain(Decimal(f"{number(whole)}.{tenths}") * scale)
    if figures := re.match(r"\d+(?:\.\d+)?", run):
        scale = 1
        for unit in run[figures.end() :]:
            scale *= _TENS.get(unit) or _LARGE[unit]
        return _plain(Decimal(figures.group()) * scale) if scale > 1 else _trimmed(figures.group())
    if not any(unit in run for unit in (*_TENS, *_LARGE)):
        return "".join(str(_DIGIT[character]) for character in run)
    return str(_han(run))


def _han(run: str) -> int:
    total = section = digit = 0
    for character in run:
        if character in _LARGE:
            section = section + digit or (0 if total else 1)
            total = (total + section) * _LARGE[character] if character == "亿" else total + section * _LARGE[character]
            section = digit = 0
        elif character in _TENS:
            section += (digit or 1) * _TENS[character]
            digit = 0
        else:
            digit = _DIGIT[character]
    return total + section + digit


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")


def _trimmed(figures: str) -> str:
    whole, dot, part = figures.partition(".")
    part = part.rstrip("0")
    return (whole.lstrip("0") or "0") + (dot + part if part else "")


def _counted(value: str, unit: str, *, half: bool = False) -> str:
    """A number with its unit; minutes below an hour, so that 半小时 and 30分钟 are one."""
    name = _BARE_NAMES.get(unit, unit)
    if half:
        value = _plain(Decimal(value) + Decimal("0.5"))
    if (name, value) == ("小时", "0.5"):
        return "30分钟"
    if name == "米" and value.endswith("000") and value.isdecimal():
        return f"{value[:-3]}公里"
    if name == "刻钟" and value.isdecimal() and len(value) < 3:
        return f"{int(value) * 15}分钟"
    return f"{value}{name}"


def _ordinary(match: re.Match[str]) -> str:
    """A number as it is mostly written, with what stands before and after it."""
    text = number(match["a"]) + ("+" if match["vague"] else "")
    if match["b"]:
        text = f"{text}-{number(match['b'])}"
    value = _counted(text, match["unit"] or "", half=bool(match["half"]) and text.isdecimal())
    return f"第{value}" if match["nth"] else value


_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(rf"百分之(?P<a>{NUMERAL})"), lambda m: f"{number(m['a'])}%"),
    (re.compile(rf"(?P<b>{NUMERAL})分之(?P<a>{NUMERAL})"), lambda m: f"{number(m['a'])}/{number(m['b'])}"),
    (re.compile(rf"(?P<a>{NUMERAL})比(?P<b>{NUMERAL})"), lambda m: f"{number(m['a'])}:{number(m['b'])}"),
    (re.compile("一半|减半|对半|半数|过半|折半"), lambda _: "1/2"),
    (re.compile("仨"), lambda _: "3个"),
    (re.compile("俩"), lambda _: "2个"),
    (re.compile(r"首(?P<u>[批次日例针届轮])"), lambda m: f"第1{_BARE_NAMES.get(m['u'], m['u'])}"),
    (re.compile(r"每(?:一)?(?P<u>[天日周月年晚早次人户顿餐])"), lambda m: f"每{_BARE_NAMES.get(m['u'], m['u'])}"),
    (
        re.compile(rf"(?P<a>{NUMERAL})个半(?P<u>月|小时|钟头|星期|礼拜)"),
        lambda m: _counted(number(m["a"]), m["u"], half=True),
    ),
    (
        re.compile(r"半个?(?P<u>小时|钟头|天|日|月|年|片|粒|杯|斤|公斤|勺|瓶|袋|包|碗|针|支|价)"),
        lambda m: _counted("0.5", m["u"]),
    ),
    (
        re.compile(rf"(?P<a>{NUMERAL})(?P<u>度|米|块)(?P<b>[半一二三四五六七八九1-9])(?![\d{HAN}.]|{_UNIT})"),
        lambda m: f"{number(m['a'])}.{'5' if m['b'] == '半' else number(m['b'])}{_BARE_NAMES[m['u']]}",
    ),
    (re.compile(r"[几数上][十百千万亿]{1,2}"), lambda m: m.group()),
    (re.compile(r"[初高大][一二三四](?![米个点些样般层级倍度次天日])(?:年级)?"), lambda m: m.group()[:2]),
    (re.compile(r"[a-z]{1,3}\d[a-z\d]{0,6}|(?<![a-z])[a-z](?=[区座栋楼口类型])"), lambda m: m.group()),
    (
        re.compile(
            rf"(?P<nth>第)?(?P<a>{NUMERAL})(?:[到至~-](?P<b>{NUMERAL}))?(?P<vague>[几多余来]?)(?P<unit>{_UNIT})(?P<half>半)?"
        ),
        _ordinary,
    ),
    (re.compile(rf"第(?P<a>{NUMERAL})"), lambda m: f"第{number(m['a'])}"),
    (
        re.compile(
            r"(?P<a>\d+(?:\.\d+)?[万亿]?|[一二三四五六七八九两][十百千万亿][〇零一二三四五六七八九十百千万亿]{0,10}|十[一二三四五六七八九]|[二两三四五六七八九十](?=[^\W\d]))(?P<v>[几多余来]?)"
        ),
        lambda m: number(m["a"]) + ("+" if m["v"] else ""),
    ),
)
"""Rules in their order, each with how a match is written; what one took, the next ones do not see."""

_ANY = re.compile(rf"[\d{HAN}壹贰叁肆伍陆柒捌玖半仨俩首每初高大a-z]")
"""One of these stands in every number: most clauses have none, and are done."""


def take_quantities(text: str) -> set[str]:
    """Numbers of a normalised clause. Linear in its length."""
    found: set[str] = set()
    if not _ANY.search(text):
        return found
    for pattern, spell in _RULES:
        found |= {spell(match) for match in pattern.finditer(text)}
        text = pattern.sub(" ", text)
    return found - _ARTICLES
