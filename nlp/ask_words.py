"""The closed lists of words that a question for a public fact may consist of, normalised.

What is on no list makes a text no such question, so a word is added only when no plea, blame, person, doubt or
feeling can be made with it: 我, 求, 帮, 又, 才, 都, 还, 也, 到底 stay off.
"""

from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True, slots=True)
class Word:
    """A question word: its id, its name in both languages, the forms in which a normalised text has it."""

    id: str
    zh: str
    en: str
    forms: tuple[str, ...]


def _each(*parts: str) -> tuple[str, ...]:
    """Every row that takes one word from each of ``parts``; words are set apart by blanks, "_" is none."""
    return tuple("".join(row).replace("_", "") for row in product(*map(str.split, parts)))


_TIME = "什么时候 什么时间 啥时候 啥时间 几点 几点钟 几时 何时 哪天 哪一天 几号"
_DO = "喝 吃 用 走 去 住 洗 开 上 碰 饮用 食用 使用 出门 通行"
WORDS = (
    Word(
        "when", "什么时候", "when",
        _each(_TIME),
    ),
    Word(
        "where", "在哪里", "where",
        (
            *_each("_ 在 去 到", "哪 哪里 哪儿 哪边 哪个地方 哪些地方 什么地方 啥地方 边度"),
            *_each("哪些 哪几个 哪个", "小区 路段 站 站点 村 点位"),
        ),
    ),
    Word(
        "how_long", "多久", "how long",
        (
            *_each("_ 要 得 大概", "多久 多长时间 多少天 几天 几小时 几个小时 多少小时 几耐"),
            *_each("_ 停 一直停", "到", _TIME),
        ),
    ),
    Word(
        "safe", "是否安全", "is it safe",
        (
            *_each("能 可以", _DO, "吗 么 不"),
            *_each("能不能 可不可以 可否 是否可以 是否能 能否", _DO),
            *_each("安全 有毒 有害 有危险 危险 有影响", "吗 么 不"),
            *_each("安不安全 是否安全 有没有毒 有没有害 有没有危险 危不危险 是否有毒 是否有害"),
        ),
    ),
    Word(
        "what_to_do", "怎么办", "what to do",
        (
            *_each("_ 该 要 应该", "怎么 如何", "办 做 处理 准备 预防 应对 预约 报名 报修 查询 申请 办理"),
            *_each("_ 该 要 应该 需要", "做 准备 注意 带", "什么 啥 些什么 些啥"),
            "咋办", "点算",
        ),
    ),
)  # fmt: skip
"""The closed list of question words, in the order of reports."""

CALLS = _each("有人知道 有没有人知道 有谁知道 请问 请问下 问下 问一下 打听下 打听一下 想知道")
"""Who is asked: a text asks by one of these, whatever its marks."""
ENDS = _each("吗 么 呢 呀 啊 嘛 哈")
"""Particles with which a question ends."""
SMALL = (
    *_each("今 明 后 昨", "天 晚 早"),
    *_each("今夜 今日 明日 早上 上午 中午 下午 晚上 夜里 凌晨 白天 周末 本周 这周 下周 本月 这个月 下个月 今年"),
    *_each("周 星期 下周", "一 二 三 四 五 六 日 天"),
    *_each("春节 国庆 五一 元旦 清明 端午 中秋 现在 目前 这几天 最近 期间 以后 之前 之后 时 前 后"),
    *_each("这 那", "边 里 儿 块 一带 一片"),
    *_each("附近 一带 片区 全区 小区 居民 各位 大家"),
    *_each("的 了 是 要 会 有 在 从 到 和 跟 或 该 应该 可以 能 需要 如果 大概 大约 具体 一般 正常"),
    *_each("开始 恢复 结束 水 电 气 暖 车 路 来水 来电 通水 通电 通气 通车"),
    *_each("来 停 领 买 办 开 关 打 接 换 查 坐 走"),
)
"""Small words: time, place, particles, and plain verbs of services."""
DOUBTS = (
    *_each("听说 据说 据传 网传 疯传 传闻 有人说 都在说 都说 说是 朋友说 群里 朋友圈"),
    *_each("真的 真假 是真 是假 假的 属实 谣 有这回事 没这回事 有这事 求证 靠谱 可信 能信"),
)
"""With one of these a text repeats a claim, or asks whether it is true."""
