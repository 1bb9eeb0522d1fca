"""Numbers that point to a person: telephones, ids, bank cards, plates, accounts, coordinates. Part of nlp.redact.

Formats: GB 11643 (id numbers, with check digit), ISO/IEC 7812-1 annex B (Luhn digit of bank cards), GA 36
(plates, with those of new-energy cars), the numbering plan of the MIIT (mobile, area codes, 400 and 800).
Digits are read whatever they are written with; one letter is one letter, so that positions stay.
"""

import re
from collections.abc import Iterator

from nlp.rule import Found

_FOLDED = {
    "0": "零〇○洞oO",
    "1": "一幺壹lI",
    "2": "二贰两",
    "3": "三叁",
    "4": "四肆",
    "5": "五伍",
    "6": "六陆",
    "7": "七柒拐",
    "8": "八捌",
    "9": "九玖勾",
}
_HAN_DIGITS = {ord(letter): digit for digit, letters in _FOLDED.items() for letter in letters}
_HAN_ONLY = {code: digit for code, digit in _HAN_DIGITS.items() if code > 255}
_HAN = "".join(map(chr, _HAN_ONLY))
_D = f"[0-9{''.join(_FOLDED.values())}]"
_GAP = r"[ \-.·—–_/()]{0,3}"
_LIST_GAP = r"[ \-.·—–_/(),、]{0,3}"
_MARK = r"[^\w\n]{1,2}"
_MANY_DIGITS = re.compile(rf"{_D}(?:[^\w\n]{{0,3}}{_D}){{5}}|\d[- ]?[*×x]{{3}}|\d[.?…]{{2,6}}\d{{3}}")
# "13712345678一起": the first letter of the word after a number is none of its digits.
_NEXT_WORD = re.compile(rf"(?<=[0-9])[一两二三](?=[^\W\d_{_HAN}a-z])")
_MOBILE = re.compile(rf"(?<!\d)(?:(?:\+|00)?(?:86|95){_GAP})?(1{_GAP}[3-9](?:{_LIST_GAP}\d){{9}})(?!\d)")
# The usual groups of a mobile number, or its single digits, told apart by one and the same mark of any kind.
_MARKED = re.compile(rf"(?<!\d)1[3-9]\d({_MARK})\d{{4}}\1\d{{4}}(?!\d)|(?<!\d)1({_MARK})[3-9](?:\2\d){{9}}(?!\d)")
_CUED_MOBILE = re.compile(
    r"(?:打|拨|加|电话|手机|号码?|联系|联络|短信|微信)[^\w\n]{0,2}(1[ .-]?[3-9](?:[ .-]?\d){9})(?!\d)"
)
_GATEWAY = re.compile(r"(?<!\d)106\d(?:[ -]?\d){6,16}(?!\d)")
_ABROAD = re.compile(r"(?<![\d+])(?:\+|00)[1-9]\d{0,2}[ -]?[2-9](?:[ -]?\d){6,10}(?!\d)")
_LANDLINE = re.compile(
    rf"(?<!\d)(?:\(?0(?:10|2\d|[3-9]\d\d)\)?{_GAP}[2-9]\d{{2,3}}[ -]?\d{{3,4}}(?:[ -]?\d)?"
    r"|0(?: \d){9,11}|[48]00(?:[ -]?\d){7})"
    r"(?!\d)(?:(?:转|-)\d{1,6}(?!\d)|(?:[、/,]\d{7,8}(?!\d)){1,3})?"
)
_CALL = re.compile(
    r"(?:电话|热线|拨打|座机|致电|来电|联系|咨询|tel|打|拨)[^\W\d]{0,3}[:, ]{0,2}([2-9]\d{2,3}[ -]?\d{4})(?!\d)"
)
_STARRED = re.compile(r"(?<!\d)\d{1,14}[- ]?[*×x]{3,14}[- ]?\d{0,4}x?(?!\d)|(?<!\d)1[3-9]\d[.?…]{2,6}\d{3,4}(?!\d)")
_ID = re.compile(rf"(?<!\d)[1-8](?:{_GAP}\d){{16}}{_GAP}[\dx](?![\da-z])")
_OLD_ID = re.compile(r"(?<!\d)[1-8]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)")
_BORN = re.compile(r"[1-8]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_PAPER = re.compile(
    r"(?:身份证|证件)[^\W\d]{0,3}[后尾末][四六46]?[位数]?[是为: ]{0,2}([\dx]{4,6})(?![\dx])"
    r"|(?:护照|通行证|居住证|驾驶证|社保|医保卡|学生证|工牌)[号证码]{0,3}[是为: ]{0,2}([a-z]{0,2}\d{7,12})(?!\d)"
    r"|(?:学号|工号|病历号|病案号|住院号|准考证号?|订单号?|取件码)[是为: ]{0,2}([a-z0-9-]{4,20})(?![a-z0-9])"
)
_CARD = re.compile(rf"(?<!\d)[3-9](?:{_GAP}\d){{14,18}}(?!\d)")
_CUED_CARD = re.compile(
    r"(?:卡号|账号|帐号|账户|帐户|银行卡|储蓄卡|存折|对公)[^\d■]{0,6}(\d(?:[ -]?\d){8,24})"
    r"|(?:尾[号数]|[后末][四4]位(?:号码?|数字?)?|卡尾|末四位)[为是: ]{0,2}\d{3,4}(?!\d)"
)
_LONG_RUN = re.compile(r"(?<!\d)(?!69\d{11}(?!\d))\d{12,}+")  # 69…: the bar code of a product, GB 12904
_NUMBERED = re.compile(r"(?<![\d.])\d{8,11}(?![\d.])")  # ids of accounts and posts, numbers of orders
NOT_ID = re.compile(r"\s?(?:元|块|万|亿|年|月|日|%|人|个|次|小时|分钟|度|米|公里|只|斤)")
# Numbers of products and papers are public facts, and so is a day written as one number.
_OF_A_THING = re.compile(
    r"(?:批[号次]|准字|货号|条码|编号|文号|期号|许可证|标准|生产日期|日期|有效期)[^\W\d]{0,4}[:( ]{0,2}[a-z]{0,4}$"
)
_DAY = re.compile(r"20[0-3]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)")
_LETTER = re.compile("[a-z]")
_COORDINATE = re.compile(r"(?<![\d.])\d{1,3}\.\d{4,20}|\d{1,3}°\s?\d{1,2}[′'’]")
_PLATE = re.compile(
    r"(?:[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼澜]牌?[ ·•.-]{0,2}[a-z]"
    r"|[\u4e00-\u9fff][a-z][·•]|(?:车牌|牌照|车号)[号码为是: ]{0,3}[\u4e00-\u9fff]?[a-z])"
    r"((?: [a-z0-9]){5,6}|(?:[ ·•.-]{0,2}[a-z0-9]){4}[ ·•.-]{0,2}(?:[a-z0-9]{1,2}|[a-z0-9] [a-z0-9])?"
    r"[挂学警港澳使领]?)(?![a-z0-9])"
    r"|(?:车牌|牌照|车号)(?:尾号|后[三四五345]位)[为是: ]{0,2}([a-z0-9]{3,6})(?![a-z0-9])"
    r"|[\u4e00-\u9fff][a-z][·• ]?警[ ·]?(\d{4})(?!\d)"
)


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


def _is_card(run: str) -> bool:
    """Whether a run is a card: fours behind the prefix of a card scheme, or a Luhn digit and no odd groups."""
    sizes = _groups(run)
    fours = len(sizes) > 3 and set(sizes[:-1]) == {4}
    even = max(sizes) < 3 or len(sizes) < 3 or fours
    union = run.startswith("62") and sum(sizes) > 15 and len(sizes) > 1
    return union or (fours and sum(sizes) == 16) or (even and _checks_luhn(re.sub(r"\D", "", run)))


def _phones(folded: str) -> Iterator[Found]:
    yield from (("phone", *hit.span()) for hit in _MOBILE.finditer(folded) if _is_mobile(hit[1]))
    for pattern in (_MARKED, _ABROAD, _GATEWAY, _LANDLINE):
        yield from (("phone", *hit.span()) for hit in pattern.finditer(folded))
    for pattern in (_CALL, _CUED_MOBILE):
        yield from (("phone", *hit.span(1)) for hit in pattern.finditer(folded))


def _papers(folded: str) -> Iterator[Found]:
    for hit in _ID.finditer(folded):
        if _checks_id(re.sub("[^0-9xX]", "", hit[0])):
            yield "id_number", *hit.span()
    yield from (("id_number", *hit.span()) for hit in _OLD_ID.finditer(folded))
    yield from (("bank_card", *hit.span()) for hit in _CARD.finditer(folded) if _is_card(hit[0]))
    yield from (("bank_card", *hit.span()) for hit in _CUED_CARD.finditer(folded))


def _runs(text: str, folded: str) -> Iterator[Found]:
    """Long numbers of no known format, and numbers with stars."""
    yield from (("account", *hit.span()) for hit in _LONG_RUN.finditer(folded))
    for hit in _NUMBERED.finditer(folded):
        thing = _DAY.fullmatch(hit[0]) or _OF_A_THING.search(folded, max(0, hit.start() - 12), hit.start())
        if not thing and not NOT_ID.match(text, hit.end()):
            yield "account", *hit.span()
    for hit in _STARRED.finditer(text):
        size = len(hit[0])
        if size > 6:
            yield ("phone" if size < 13 else "id_number" if size in (15, 18) else "bank_card"), *hit.span()


def fold_digits(text: str) -> str:
    """``text`` with digits for Han numerals and their homophones, letter by letter."""
    return _NEXT_WORD.sub("■", text).translate(_HAN_ONLY)


def has_digits(text: str) -> bool:
    """Whether six digits stand in a row, however they are written."""
    return _MANY_DIGITS.search(text) is not None


def numbers(text: str) -> Iterator[Found]:
    """Numbers in the lower-case ``text``, in no order; they may overlap."""
    if any(mark in text for mark in ("证", "照", "保", "号", "单", "取件码")):
        yield from (("id_number", *hit.span(hit.lastindex or 0)) for hit in _PAPER.finditer(text))
    yield from (("address", *hit.span()) for hit in _COORDINATE.finditer(text))
    if has_digits(text):
        folded = _NEXT_WORD.sub("■", text).translate(_HAN_DIGITS)
        yield from _phones(folded)
        yield from _papers(folded)
        yield from _runs(text, folded)
    else:
        yield from (("bank_card", *hit.span()) for hit in _CUED_CARD.finditer(text))


def plates(text: str) -> Iterator[Found]:
    """Number plates of vehicles in the lower-case ``text``."""
    if not _LETTER.search(text):
        return
    for hit in _PLATE.finditer(fold_digits(text)):
        if sum(map(str.isdigit, hit[hit.lastindex or 0])) >= 3:
            yield "plate", *hit.span()
