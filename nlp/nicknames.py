"""What private persons are called where no surname helps: nicknames, names with "·", names in Latin letters.

A nickname is a word like any other, so it counts only behind a word for one's own people ("我朋友阿珍") or at the
head of a clause, in the form of a nickname, and before something that people do. Part of nlp.redact.
"""

import re
from collections.abc import Iterator

from ahocorasick_rs import AhoCorasick, MatchKind

from nlp.names import DOES, GIVEN, NEVER_GIVEN, SURNAME, TYPICAL
from nlp.person_words import KIN_WORDS, any_of
from nlp.rule import Found
from nlp.segment import words

# Words for one's own people, behind which a nickname may stand.
_KIN = (
    *KIN_WORDS.split(),
    *"同桌 妯娌 亲家 舍友 校友 队友 牌友 病友 死党 孙子 孙女 外甥 外甥女 侄子 侄女 侄儿 外孙 外孙女 徒弟 师父".split(),
    *"师兄 师姐 师弟 师妹 房客 邻家 男票 女票 姑 伯 工友 网友 班里 班上 我班 咱班 我们班 咱们班 村的".split(),
)
_CUES = AhoCorasick(_KIN, matchkind=MatchKind.Standard)
_NEXT = re.compile("(?:家|叫)?([\u4e00-\u9fff]{2,3})")
_START = re.compile("(?:^|[^\\w]|[主长员])(?=([阿小][\u4e00-\u9fff]|[胖瘦][婶叔哥姐嫂姨]))")
_CALLED = re.compile(
    "(?:有[个位]|[一那]个|[一那]位)叫([^\\W_的]{2,4})(?=的(?:人|男|女|老|医|网友|家长|孩子|学生|司机|骗子))"
    "|(?:外号|绰号|人称|花名|艺名|小名|乳名|英文名|网名|昵称)"
    '(?:叫做?|是|为|:|"|“| ){0,3}(?![改叫])([^\\W_的说在是被和也]{2,8})'
)
# Words of everyday in the form of a nickname.
_NO_NICKNAME = frozenset(
    """
    小区 小学 小时 小孩 小心 小便 小产 小车 小店 小伙 小猫 小狗 小说 小米 小吃 小小 小组 小姐 小声 小方 大家
    大人 大学 大量 大多 大便 大概 大约 大都 大妈 大爷 大姐 大哥 大夫 大叔 大大 大力 大方 大声 老人 老师 老家
    老婆 老公 老是 老板 老爸 老妈 老乡 老大 老二 老实 老早 天天 常常 刚刚 偷偷 悄悄 慢慢 渐渐 明明 多多 好好
    人人 家家 妈妈 爸爸 哥哥 姐姐 弟弟 妹妹 爷爷 奶奶 叔叔 宝宝 往往 一一 连连 仅仅 早早 默默 统统 通通 久久
    死死 活活 建立 建成 建议 国家 华丽 美丽 清华 中华 强行 强力 坚强 超强 春天 春季 儿子 孩子 妻子 房子 车子
    肚子 鼻子 嗓子 脖子 日子 本子 月子 样子 阿姨 阿胶 开花 花生 花钱 花光 雪花 二次 三次 朋友 学生 先生 弟子
    """.split()
)
_HAN = "[\u4e00-\u9fff]"
_FORM = re.compile(
    f"[阿小]{_HAN}|[铁狗柱石黑][蛋娃妞柱]|{_HAN}子|({_HAN})\\1"
    "|[大老二三胖瘦][^\\W\\d_个位名只条天年月岁次人点分家口号楼期]"
)
# Letters with which names of Turkic and Mongol languages are written.
_TRANS = (
    "阿艾买提江尔汗木吐逊尼亚孜扎热合曼依布拉克古丽巴哈娜迪都帕夏米娅玛森力麦苏来斯坦沙吾玉素甫穆罕默德"
    "卡里牙库班伊敏赛娃努图茹仙凯赫达吉萨加格桑卓央金旺姆多措次仁平珠洛嘎朗索才让毛其那顺乌云托特卜杜比拜莱鲁"
)
_TIBETAN = (
    "扎西 次仁 卓玛 卓嘎 尼玛 央金 旺姆 多吉 格桑 达瓦 平措 拉姆 德吉 曲珍 旺堆 顿珠 洛桑 丹增 索朗 仁青 仁增"
    " 旦增 白玛 措姆 益西 强巴 巴桑 罗布 才旦 才让 贡布 边巴 普布"
)
_LAME = "瘸子 瞎子 麻子 胖子 疤脸 哑巴 秃子 刀疤"
_LETTERS = f"[{''.join(sorted(GIVEN))}]"
# Which pattern runs where which mark stands.
_RULES = (
    ("· •", f"[{_TRANS}]{{2,8}}[·•][{_TRANS}]{{2,8}}(?!大学|医院|公司|研究|基金|奖|实验室)"),
    (f"{_TIBETAN} 古丽", f"{any_of(_TIBETAN)}[· ]?{any_of(_TIBETAN)}|[{_TRANS}]{{2,4}}古丽"),
    (_LAME, f"{any_of(_LAME)}(?:{SURNAME.pattern})(?!{_HAN}?们)"),
    ("婶 嫂 叔 伯 姨 姐 哥", f"(?:{_LETTERS}{{2}}|阿{_HAN})(?:[婶嫂叔伯姨]|[姐哥](?![们妹哥姐]))(?={DOES.pattern})"),
    (
        "妈 爸 奶奶 爷爷",
        f"(?:小{_HAN}|{_LETTERS}{{2}}(?<!朋友|学生|弟子|先生))(?:妈妈|爸爸|奶奶|爷爷)(?={DOES.pattern})",
    ),
    (
        "妈 爸 奶奶 爷爷 姥姥 家长",
        "([^\\W\\d_天人家常个求爷奶妈爸姥看谢])\\1(?:妈妈?|爸爸?|奶奶|爷爷|姥姥|家长)",
    ),
    ("(化名", "[^\\W\\d_]{2,4}(?=\\(化名)"),
)
_PATTERNS = tuple((frozenset(marks.split()), re.compile(pattern)) for marks, pattern in _RULES)
_MARKED = sorted(frozenset[str]().union(*(marks for marks, _ in _PATTERNS)))
_MARKS = AhoCorasick(_MARKED, matchkind=MatchKind.Standard)
_LETTER = re.compile("[a-z]")
_LATIN = re.compile(
    "(?<![a-z])(?:[a-z](?:某|女士|先生|同学|老师|阿姨)|(?!icu|app|ceo|bbc)[a-z]{3,10}(?=老师|姐(?!妹)|哥(?!们)))"
)


def _is_word(name: str, after: str) -> bool:
    """Whether the segmenter sees other words where a nickname would stand."""
    tokens = words(name + after)
    return len(tokens[0]) > len(name) or (len(tokens[0]) == 1 and len(tokens) > 1 and len(tokens[1]) >= len(name) > 1)


def _nickname(text: str, at: int, size: int) -> bool:
    name, after = text[at : at + size], text[at + size : at + size + 4]
    if name[:2] in _NO_NICKNAME or name in _NO_NICKNAME or NEVER_GIVEN.intersection(name) or not DOES.match(after):
        return False
    formed = _FORM.fullmatch(name) if size == 2 else name[0] in "小阿"
    given = size == 2 and GIVEN.issuperset(name) and (len(words(name)) == 2 or not TYPICAL.isdisjoint(name))
    return bool(formed or given) and not _is_word(name, after)


def _cued(text: str) -> Iterator[Found]:
    for end in {end for _, _, end in _CUES.find_matches_as_indexes(text, overlapping=True)}:
        if cue := _NEXT.match(text, end):
            at = cue.start(1)
            size = next((size for size in (3, 2) if len(cue[1]) >= size and _nickname(text, at, size)), 0)
            if size:
                yield "private_name", at, at + size


def _at_head(text: str) -> Iterator[Found]:
    for hit in _START.finditer(text):
        name, end = hit[1], hit.end(1)
        if name[0] == "小" and (name[1] not in GIVEN or len(words(name)) == 1):
            continue
        owns = name[0] != "小" and text[end : end + 1] == "的" and not _is_word(name, text[end : end + 3])
        if owns or _nickname(text, hit.start(1), 2):
            yield "private_name", *hit.span(1)


def nicknames(text: str) -> Iterator[Found]:
    """Nicknames and names of other scripts in the lower-case ``text``, in no order."""
    yield from _cued(text)
    yield from _at_head(text)
    if any(mark in text for mark in "号称名叫"):
        yield from (("private_name", *hit.span(hit.lastindex or 0)) for hit in _CALLED.finditer(text))
    touched = {_MARKED[index] for index, _, _ in _MARKS.find_matches_as_indexes(text, overlapping=True)}
    for marks, pattern in _PATTERNS if touched else ():
        if not touched.isdisjoint(marks):
            yield from (("private_name", *hit.span()) for hit in pattern.finditer(text))
    if _LETTER.search(text):
        yield from (("private_name", *hit.span()) for hit in _LATIN.finditer(text))
