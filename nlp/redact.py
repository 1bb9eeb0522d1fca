"""Redaction: find what points to a person in a normalised text, and put one "■" in its place.

It runs before anything is stored (design, Bound 6). Three families of rules, each a plain function from a
text to spans: numbers and addresses on the net, which have a written format; descriptions of a person (role
and unit, age and place, door); and names, which need a context, because most surnames are common words too.
Every pattern repeats within a bound, or possessively from a fixed start, so that each runs in linear time.

Formats: GB 11643 (id numbers, with check digit), ISO/IEC 7812-1 annex B (Luhn digit of bank cards), GA 36
(plates, with those of new-energy cars), the numbering plan of the MIIT (mobile, area codes, 400 and 800).
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

from nlp.names import OPENING, SURNAME, names
from nlp.roles import Found, descriptions

# Kinds that are masked around a kept term; the others are masked whole or not at all.
_AROUND = ("bank_card", "plate", "account", "address", "age_place", "role_unit")
_NAMES = ("topic_name", "title_name", "private_name")
KINDS = ("phone", "id_number", "email", "mention", "url", *_AROUND, *_NAMES)
"""Closed list. Where two kinds cover the same characters the longer span names the kind, then this order."""
MASK = "■"
_PASSES = 6


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``start`` to ``end`` (half-open, code points of the text given) that point to a person."""

    start: int
    end: int
    kind: str


# -- numbers, plates, net addresses ----------------------------------------------------------------------------

_FOLDED = {
    "0": "零〇○oO",
    "1": "一幺壹lI",
    "2": "二贰",
    "3": "三叁",
    "4": "四肆",
    "5": "五伍",
    "6": "六陆",
    "7": "七柒",
    "8": "八捌",
    "9": "九玖",
}
_HAN_DIGITS = {ord(letter): digit for digit, letters in _FOLDED.items() for letter in letters}
_HAN_ONLY = {code: digit for code, digit in _HAN_DIGITS.items() if code > 255}
_D = f"[0-9{''.join(_FOLDED.values())}]"
_GAP = r"[ \-.·—–_/()]{0,3}"
_LIST_GAP = r"[ \-.·—–_/(),、]{0,3}"
_MANY_DIGITS = re.compile(rf"{_D}(?:{_LIST_GAP}{_D}){{5}}|\d[*×x]{{3}}")
_MOBILE = re.compile(rf"(?<!\d)(?:(?:\+|00)?86{_GAP})?(1{_GAP}[3-9](?:{_LIST_GAP}\d){{9}})(?!\d)")
_LANDLINE = re.compile(
    rf"(?<!\d)(?:\(?0(?:10|2\d|[3-9]\d\d)\)?{_GAP}[2-9]\d{{2,3}}[ -]?\d{{4}}|0(?: \d){{9,11}}|[48]00(?:[ -]?\d){{7}})"
    r"(?!\d)(?:(?:转|-)\d{1,6}(?!\d))?"
)
_CALL = re.compile(
    r"(?:电话|热线|拨打|座机|致电|来电|联系|咨询|tel)[^\W\d]{0,3}[:, ]{0,2}([2-9]\d{2,3}[ -]?\d{4})(?!\d)"
)
_STARRED = re.compile(r"(?<!\d)\d{1,14}[*×x]{3,14}\d{0,4}x?(?!\d)")
_ID = re.compile(rf"(?<!\d)[1-8](?:{_GAP}\d){{16}}{_GAP}[\dx](?![\da-z])")
_OLD_ID = re.compile(r"(?<!\d)[1-8]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)")
_BORN = re.compile(r"[1-8]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_CARD = re.compile(rf"(?<!\d)[3-9](?:{_GAP}\d){{14,18}}(?!\d)")
_CUED_CARD = re.compile(
    r"(?:卡号|账号|帐号|账户|帐户|银行卡|储蓄卡|对公)[^\d■]{0,6}(\d(?:[ -]?\d){8,24})|尾号[为是: ]{0,2}\d{3,4}(?!\d)"
)
_LONG_RUN = re.compile(r"(?<!\d)(?!69\d{11}(?!\d))\d{12,}+")  # 69…: the bar code of a product, GB 12904
_NUMBERED = re.compile(r"(?<![\d.])\d{8,11}(?![\d.])")  # ids of accounts and posts, numbers of orders
_MIXED = re.compile(r"(?<![a-z0-9])(?=[a-z]{0,29}\d)(?=\d{0,29}[a-z])[a-z0-9]{9,30}(?![a-z0-9])")
_COORDINATE = re.compile(r"(?<![\d.])\d{1,3}\.\d{4,20}|\d{1,3}°\s?\d{1,2}[′'’]")
_PLATE = re.compile(
    r"(?:[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼澜][ ·•.-]{0,2}[a-z]"
    r"|[\u4e00-\u9fff][a-z][·•]|(?:车牌|牌照|车号)[号码为是: ]{0,3}[\u4e00-\u9fff]?[a-z])"
    r"((?: [a-z0-9]){5,6}|(?:[ ·•.-]{0,2}[a-z0-9]){4}[ ·•.-]{0,2}(?:[a-z0-9]{1,2}|[a-z0-9] [a-z0-9]|[挂学警港澳使领]))(?![a-z0-9])"
)
_EMAIL = re.compile(
    r"(?<![a-z0-9._%+-])[a-z0-9._%+-]++\s?(?:@|#|艾特|\(at\)|\[at\])\s?[a-z0-9-]{1,63}(?:\s?(?:\.|点)\s?[a-z0-9-]{1,63}){1,4}"
)
_APP = (
    r"(?:(?=[微威薇维徽徾加vw+扣企q群抖快小视直支推电t账帐昵网iu])(?:微信|威信|薇信|维信|徽信|徾信|加卫星|v\s?信|w信|(?<![a-z])[vw]\s?x|(?<![a-z])wechat|加\s?[我个]?\s?[v薇微威➕]"
    r"|\+\s?[v薇微]|扣扣|企鹅|(?<![a-z])q\s?q|(?<![a-z])q群|群|抖音|快手|小红书|视频号|直播间|支付宝|微博|推特|电报"
    r"|(?<![a-z])telegram|(?<![a-z])tg|账号|帐号|昵称|网名|(?<![a-z])u?id)(?:群|信|号码?|账号|帐号|名|id){0,2})"
)
_JOIN = r"[我:是为叫搜加,\"'“”()→\- ]{0,4}"
_ACCOUNT = re.compile(
    rf"{_APP}{_JOIN}((?:(?=\d{{0,20}}[a-z])[a-z0-9][a-z0-9_-]{{3,29}}|\d(?:[ -]?\d){{4,11}})(?![a-z0-9_]))|(?<![a-z0-9])v[: ]{{1,2}}[a-z]\w{{5,19}}"
)
_NICK = re.compile(
    r"(?:(?:微信|抖音|快手|小红书|微博|视频|支付宝|账|帐)(?:号|名|昵称|账号)|昵称|网名|直播间|(?<![a-z])id)\s?[:\"“]\s?\w{2,20}"
)
_NOT_ID = re.compile(r"\s?(?:元|块|万|亿|年|月|日|%|人|个|次|小时|分钟|度|米|公里|只|斤)")
_MENTION = re.compile(r"(?:@|艾特) ?[\w·-]++")
_URL = re.compile(r"(?:h(?:tt|xx)ps?\s?:\s?/{1,2}\s?|www\.)[a-z0-9./?=&%_#~:@+$!*|-]++|o?网页链接")
_DOMAIN = re.compile(
    r"(?<![a-z0-9.@-])[a-z0-9-]++(?:\s?(?:\.|\(dot\)|(?<=[a-z0-9])点(?=[a-z]))\s?[a-z0-9-]++)++(?::\d{1,5})?(?:/[a-z0-9./?=&%_#~:@+$!*|-]*+)?"
)
_TOP = re.compile(
    r"(?:\.|\(dot\)|点)\s?(?:com|cn|net|org|gov|edu|info|cc|top|xyz|vip|club|shop|site|online|app|me|io|co|tv|ltd|work|fun|live"
    r"|ly|gl|im|hk|tw|biz|pro|link|store|wang|ren|asia|mobi|icu|xin|ink|life|cloud|tech|run|plus|pw|gd|la|so)(?![a-z0-9-])",
)
_IP = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])(?::\d{1,5})?(?:/[a-z0-9./?=&%_#~:@+$!*|-]*+)?")
_ID_LIKE = re.compile(r"[a-z0-9_-]{5}|[a-z][a-z0-9_-]{3}|\d(?:[ -]\d){4}")
_LETTER = re.compile("[a-z]")


def _checks_id(digits: str) -> bool:
    """Whether 18 characters carry a birth date or the check digit of GB 11643 (ISO 7064, MOD 11-2)."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(digits[:17]))
    return _BORN.match(digits) is not None or "10x98765432"[total % 11] == digits[17].lower()


def _checks_luhn(digits: str) -> bool:
    """Whether the last digit of a card number is its check digit (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def _groups(run: str) -> list[int]:
    return [len(group) for group in re.findall(r"\d+", run)]


def _is_mobile(run: str) -> bool:
    """Whether 11 digits are written as one number, not as dates or prices in a row (2-2-4, 4-4-3 …)."""
    sizes, marks = _groups(run), set(re.findall(r"\D+", run))
    return sizes[0] == 3 or max(sizes) < 3 or len(sizes) == 1 or (len(marks) == 1 and sizes[0] > 3)


def _numbers(text: str) -> Iterator[Found]:
    if not _MANY_DIGITS.search(text):
        yield from (("bank_card", *hit.span()) for hit in _CUED_CARD.finditer(text))
        return
    folded = text.translate(_HAN_DIGITS)
    yield from (("phone", *hit.span()) for hit in _MOBILE.finditer(folded) if _is_mobile(hit[1]))
    yield from (("phone", *hit.span()) for hit in _LANDLINE.finditer(folded))
    yield from (("phone", *hit.span(1)) for hit in _CALL.finditer(folded))
    for hit in _ID.finditer(folded):
        if _checks_id(re.sub("[^0-9xX]", "", hit[0])):
            yield "id_number", *hit.span()
    yield from (("id_number", *hit.span()) for hit in _OLD_ID.finditer(folded))
    for hit in _CARD.finditer(folded):
        sizes = _groups(hit[0])
        if _checks_luhn(re.sub(r"\D", "", hit[0])) and (max(sizes) < 3 or len(sizes) < 3 or set(sizes[:-1]) == {4}):
            yield "bank_card", *hit.span()
    yield from (("bank_card", *hit.span()) for hit in _CUED_CARD.finditer(folded))
    yield from (("account", *hit.span()) for hit in _LONG_RUN.finditer(folded))
    for hit in _NUMBERED.finditer(folded):
        if not _NOT_ID.match(text, hit.end()):
            yield "account", *hit.span()
    for hit in _STARRED.finditer(text):
        size = len(hit[0])
        if size > 6:
            yield ("phone" if size < 12 else "id_number" if size in (15, 18) else "bank_card"), *hit.span()


def _net(text: str) -> Iterator[Found]:
    if "@" in text or "艾特" in text:
        yield from (("mention", *hit.span()) for hit in _MENTION.finditer(text))
    if any(mark in text for mark in ("://", ":/", "www.", "链接")):
        yield from (("url", *hit.span()) for hit in _URL.finditer(text))
    if "." in text or "点" in text or "(dot)" in text:
        yield from (("url", *hit.span()) for hit in _DOMAIN.finditer(text) if _TOP.search(hit[0]))
        yield from (("url", *hit.span()) for hit in _IP.finditer(text))
    if any(mark in text for mark in ("@", "#", "艾特", "at)", "at]")):
        yield from (("email", *hit.span()) for hit in _EMAIL.finditer(text))
    yield from (("address", *hit.span()) for hit in _COORDINATE.finditer(text))
    if _LETTER.search(text):
        yield from (("account", *hit.span()) for hit in _MIXED.finditer(text))
        for hit in _PLATE.finditer(text):
            if sum(map(str.isdigit, hit[1])) >= 3:
                yield "plate", *hit.span()
    if _ID_LIKE.search(text) or _MANY_DIGITS.search(text):
        for hit in _ACCOUNT.finditer(text.translate(_HAN_ONLY)):
            if not hit[0][-1].isdigit() or not _NOT_ID.match(text, hit.end()):
                yield "account", *hit.span()
    if any(mark in text for mark in (":", '"', "“")):
        yield from (("account", *hit.span()) for hit in _NICK.finditer(text))


# -- the whole -------------------------------------------------------------------------------------------------


class Redactor:
    """Finds and masks what points to a person; holds no state beside its lists.

    ``keep``: institutions, places, public figures, terms of the packs. They are never masked: a name that
    begins with one is none, a description is masked around them. A number or an address on the net is spared
    only when a term holds it whole, string for string. ``names``: proposes further names in a text, as
    (label, start, end); a proposal counts when it has 2 to 4 characters and begins with a surname.
    """

    def __init__(
        self,
        keep: Collection[str] = (),
        names: Callable[[str], Sequence[tuple[str, int, int]]] | None = None,
    ) -> None:
        terms = sorted({_lower(term) for term in keep if term and MASK not in term})
        self._keep = AhoCorasick(terms, matchkind=MatchKind.Standard) if terms else None
        self._longest = max(map(len, terms), default=0)
        self._propose = names

    def spans(self, text: str) -> list[Span]:
        """What to mask in the normalised ``text``: sorted, not overlapping, empty when there is nothing.

        The rules run again on the masked text until they find nothing more, so that masking twice changes
        nothing. A text on which that does not end after a few passes is one span.
        """
        found: list[Found] = []
        work = _lower(text)
        for _ in range(_PASSES):
            rules = (_numbers(work), _net(work), descriptions(work), names(work), self._proposed(work))
            fresh = list(self._spare(work, [one for rule in rules for one in rule]))
            if not fresh:
                return _merge(found)
            found += fresh
            work = _fill(work, fresh)
        return [Span(0, len(text), KINDS[-1])]

    def mask(self, text: str) -> str:
        """``text`` with each span replaced by one "■", which ends a clause; masking twice changes nothing."""
        parts: list[str] = []
        at = 0
        for span in self.spans(text):
            parts += (text[at : span.start], MASK)
            at = span.end
        return "".join([*parts, text[at:]])

    def _proposed(self, text: str) -> Iterator[Found]:
        for _, start, end in self._propose(text) if self._propose else ():
            word = text[start:end]
            whole = start >= 0 and end - start == len(word) in (2, 3, 4) and word.isalpha()
            if whole and SURNAME.match(word) and word not in OPENING:
                yield "private_name", start, end

    def _spare(self, text: str, found: list[Found]) -> Iterator[Found]:
        """``found`` without what ``keep`` protects. A term of ASCII alone protects only what it holds whole."""
        hits = self._keep.find_matches_as_indexes(text, overlapping=True) if found and self._keep else ()
        kept = sorted((start, end) for _, start, end in hits)
        for kind, start, end in found:
            low, high = bisect_left(kept, (start - self._longest,)), bisect_left(kept, (end,))
            near = [(left, right) for left, right in kept[low:high] if right > start]
            worded = [(left, right) for left, right in near if not text[left:right].isascii()]
            if any(left <= start + (kind == "mention") and end <= right for left, right in near):
                continue
            department = kind == "title_name" and not SURNAME.match(text, start)
            if kind in _AROUND or department:
                yield from ((kind, *rest) for rest in _without(start, end, worded))
            elif kind not in _NAMES:
                yield kind, start, end
            elif not any(left <= start or kind == "topic_name" for left, _ in worded):
                yield kind, start, min([end, *(left for left, _ in worded)])


def _lower(text: str) -> str:
    """``text`` in lower case, letter by letter, so that positions stay (İ has a longer lower case)."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def _without(start: int, end: int, kept: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What is left of ``start`` to ``end`` without the sorted ``kept``."""
    for left, right in kept:
        if left > start:
            yield start, left
        start = max(start, right)
    if start < end:
        yield start, end


def _fill(text: str, found: list[Found]) -> str:
    """``text`` with what was found blacked out; the length stays, so that positions do."""
    letters = list(text)
    for _, start, end in found:
        letters[start:end] = MASK * (end - start)
    return "".join(letters)


def _merge(found: list[Found]) -> list[Span]:
    """Sorted spans that neither overlap nor, for one kind, touch; the longest span of a run names its kind."""
    spans: list[Span] = []
    widest = 0
    for kind, start, end in sorted(found, key=lambda one: (one[1], -one[2], KINDS.index(one[0]))):
        last = spans[-1] if spans else None
        if last is None or start > last.end or (start == last.end and kind != last.kind):
            spans.append(Span(start, end, kind))
            widest = end - start
        else:
            longer = end - start > widest
            spans[-1] = Span(last.start, max(end, last.end), kind if longer else last.kind)
            widest = max(widest, end - start)
    return spans
