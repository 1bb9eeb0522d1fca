"""Addresses on the net: mentions, links, e-mail, accounts and nicknames of accounts. Part of nlp.redact.

People write them so that no filter finds them: "加v", "徽xin", "点com", "[at]". So an account is told by its own
form first (letters with digits or an underscore are no word), and by the words before it where it has none.
"""

import re
from collections.abc import Iterator

from nlp.numbers import NOT_ID, fold_digits, has_digits
from nlp.rule import Found

_TAIL = r"(?::\d{1,5})?(?:/[a-z0-9./?=&%_#~:@+$!*|-]*+(?:(?<=/)[\u4e00-\u9fff]{1,4}(?!\w))?)?"
_DOT = r"(?:\s?(?:\.|\[\.\]|\(\.\)|\(dot\)|(?<=[a-z0-9 ])点(?=[a-z ])|(?<=[a-z0-9])。(?=[a-z]{2}))\s?)"
_TOP_NAMES = (
    "com|cn|net|org|gov|edu|info|cc|top|xyz|vip|club|shop|site|online|app|me|io|co|tv|ltd|work|fun|live"
    "|ly|gl|im|hk|tw|biz|pro|link|store|wang|ren|asia|mobi|icu|xin|ink|life|cloud|tech|run|plus|pw|gd|la|so|example"
)
_MENTION = re.compile(r"(?:@|艾特) ?(?:[a-z]++ (?=[a-z]{2,20}\d))?[\w·-]++")
_URL = re.compile(
    r"(?:h(?:tt|xx)ps?\s?:\s?/{1,2}\s?|www\.)[a-z0-9./?=&%_#~:@+$!*|-]++|o?网页链接|[¥￥][a-z0-9]{8,14}[¥￥]"
)
_DOMAIN = re.compile(rf"(?<![a-z0-9.@-])[a-z0-9-]++(?:{_DOT}[a-z0-9-]++)++{_TAIL}")
_TOP = re.compile(rf"{_DOT}(?:{_TOP_NAMES})(?![a-z0-9-])|[a-z]{{2}}\.[a-z]{{2,6}}/")
_IP = re.compile(rf"(?<![\d.])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?![\d.]){_TAIL}")
_AT = r"\s?(?:[\[(<]\s?(?:@|at)\s?[\])>]|@|#|艾特|小老鼠|圈a|(?<=\s)at(?=\s))\s?"
_EMAIL = re.compile(
    rf"(?<![a-z0-9._%+-])[a-z0-9._%+-]++{_AT}[a-z0-9-]{{1,63}}"
    rf"(?:\s?(?:\.|点|。|\[\.\]|\(\.\)|(?<=\s)dot(?=\s))\s?[a-z0-9-]{{1,63}}){{1,4}}"
    r"|(?<![a-z0-9._%+-])(?=[a-z._-]{0,29}\d)[a-z0-9._-]{4,30}@[a-z0-9-]{2,30}"
)
# Letters with digits that are no word, unless they are the number of a standard, a licence or a product.
_MIXED = re.compile(
    r"(?<![a-z0-9_])(?!(?:gb|gbt|iso|iec|en|yy|jr|ny|sc|qs|din|ip|covid|[zhsjbt](?=\d{8}(?!\d)))-?\d)"
    r"(?:(?=[a-z0-9]{0,29}_)(?=[_\d]{0,29}[a-z])[a-z0-9_]{5,30}|(?=[a-z]{0,29}\d)(?=\d{0,29}[a-z])[a-z0-9]{9,30}"
    r"|(?=[a-z0-9]{0,20}\d{3})(?=[a-z0-9]{0,20}[a-z]{2})[a-z0-9]{7,8}|[a-z]{4,12}-\d{2,8})(?![a-z0-9_])"
)
_APP = (
    r"(?:(?=[微威薇维徽徾溦魏加vw+扣抠企球q群裙抖快小视直支推电t账帐昵网iu绿卫➕钉联私找b知闲咸陌探豆贴s飞纸])(?:[微威薇维徽徾溦魏]"
    r"(?:信|芯|xin|伈|亻言|博|\s?x(?![a-z]))|加卫星|卫星"
    r"|v\s?信|w信|(?<![a-z])[vw]\s?x|(?<![a-z])wechat|加\s?[我个他她]?\s?[v薇微威魏徽维溦➕]|\+\s?[v薇微]|[扣抠]扣|球球|企鹅|绿泡泡"
    r"|(?<![a-z])q\s?q|(?<![a-z])q群|加?[群裙]|抖音|快手|小红书|视频号|直播间|支付宝|钉钉|推特|电报"
    r"|纸?飞机|b站|知乎|[闲咸]鱼|陌陌|探探|豆瓣|贴吧|whatsapp|skype|(?:加|联系|私|找)我(?=[: ]{0,2}[a-z\d])"
    r"|(?<![a-z])telegram|(?<![a-z])tg|账号|帐号|昵称|网名|(?<![a-z])u?id|(?<![a-z])v(?=[我: ])|(?<![a-z0-9])q(?=\d)"
    r"|[威薇微](?=:))(?:群|聊|信|号码?|账号|账户|帐号|名|id|同号){0,2})"
)
_JOIN = r"[我:是为叫搜加一,\"'“”()→\- ]{0,4}"
_ACCOUNT = re.compile(
    rf"{_APP}{_JOIN}((?:(?=\d{{0,20}}[a-z])[a-z0-9][a-z0-9_-]{{3,29}}"
    r"|\d(?:[ -]?\d){4,11}|[a-z0-9](?: [a-z0-9]){5,14})(?![a-z0-9_]))"
    r"|(?<![a-z0-9])v[: ]{1,2}[a-z]\w{5,19}"
)
_SITES = "微信|抖音|快手|小红书|微博|视频|支付宝|账|帐"
_NICK = re.compile(
    rf"(?:(?:{_SITES})(?:号|名|昵称|账号|id)|昵称|网名|直播间|(?<![a-z])id|(?<![a-z])vb)\s?[:\"“【「]\s?[^\W■]{{2,20}}"
    r"|(?:闲鱼|抖音|快手|知乎|b站|微博)号[\u4e00-\u9fff]{2,8}\d{1,4}"
    r"|(?:抖音|快手|小红书|淘宝|b站|微博|微信|公众号)(?:号|id)?(?:搜|关注)(?!索|一|到|不|了)[:\"“ ]{0,2}[^\W_■]{2,8}"
    r"|(?<![a-z])id[\u4e00-\u9fff]{2,8}|(?:公众号|视频号)[:][^\W_■]{2,10}"
    r"|(?:公众号|视频号|抖音|快手|昵称|主播|博主|up主|账号|用户|网友|网民|群名?)[:]?[\"“「『【《]\s?[\w·-]{2,20}"
    r"|(?:昵称|网名)(?:叫做?|是|为)?[^\W的说在是叫做为改]{2,8}"
)
_NICKED = re.compile('[号名称主友户搜注间博手音群bd]\\s?[:"“「『【《\u4e00-\u9fff]')
_ID_LIKE = re.compile(r"[a-z0-9_-]{5}|[a-z][a-z0-9_-]{3}|[a-z\d](?:[ -][a-z\d]){4}")
_LETTER = re.compile("[a-z]")


def _links(text: str) -> Iterator[Found]:
    if any(mark in text for mark in ("://", ":/", "www.", "链接", "¥", "￥")):
        yield from (("url", *hit.span()) for hit in _URL.finditer(text))
    if any(mark in text for mark in (".", "点", "(dot)", "。")):
        yield from (("url", *hit.span()) for hit in _DOMAIN.finditer(text) if _TOP.search(hit[0]))
        yield from (("url", *hit.span()) for hit in _IP.finditer(text))


def _accounts(text: str) -> Iterator[Found]:
    if _LETTER.search(text):
        yield from (("account", *hit.span()) for hit in _MIXED.finditer(text))
    if _ID_LIKE.search(text) or has_digits(text):
        for hit in _ACCOUNT.finditer(fold_digits(text)):
            if not hit[0][-1].isdigit() or not NOT_ID.match(text, hit.end()):
                yield "account", *hit.span()
    if _NICKED.search(text):
        yield from (("account", *hit.span()) for hit in _NICK.finditer(text))


def net(text: str) -> Iterator[Found]:
    """Mentions, links, e-mail addresses and accounts in the lower-case ``text``; they may overlap."""
    if "@" in text or "艾特" in text:
        yield from (("mention", *hit.span()) for hit in _MENTION.finditer(text))
    yield from _links(text)
    if any(mark in text for mark in ("@", "#", "艾特", "at", "小老鼠", "圈a")):
        yield from (("email", *hit.span()) for hit in _EMAIL.finditer(text))
    yield from _accounts(text)
