"""1,000 invented identities, and records of every format that hold them wherever a record can hold one.

Nobody has them: uids begin 999, hosts end in ``.example``, names are drawn from a short list of characters.
"""

import json
import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import cycle
from typing import Any

from spiders.weibo import bid_of

_HAN = "岚鸾骥龙凤鹤龟岩叶萧钟罗邓冯庞颜蔺缪湾涧渊浔沣泸涓阙阑闾璎珑玮琏骊骅鸥鹂鹭翾翙蓼蘅荪荨茑菀"
_GIVEN = "建国秀英伟芳娜敏静丽强磊军勇艳杰娟涛明超霞平刚桂兰雪梅志玉红"
_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "端木", "东方")
_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_DIGITS = "23456789"
COUNTS: Mapping[str, int] = {
    "uid": 100,
    "nickname": 100,
    "mid": 100,
    "name": 70,
    "phone": 80,
    "bid": 60,
    "permalink": 60,
    "coordinate": 60,
    "region": 50,
    "handle": 50,
    "email": 40,
    "domain": 40,
    "avatar": 40,
    "description": 40,
    "verified_reason": 40,
    "device": 30,
    "plate": 30,
    "group_number": 10,
}
"""How many identities there are of each kind: 1,000 together."""


class _Maker:
    """Draws identities of one seed; two seeds share none."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def _han(self, length: int) -> str:
        return "".join(self._chance.choices(_HAN, k=length))

    def _mixed(self, length: int) -> str:
        return "".join(self._chance.choices(_LETTERS, k=length - 3) + self._chance.choices(_DIGITS, k=3))

    def _number(self, begin: str, length: int) -> str:
        return begin + "".join(self._chance.choices("0123456789", k=length - len(begin)))

    def one(self, kind: str) -> str:
        """One identity of ``kind``."""
        made: dict[str, Callable[[], str]] = {
            "uid": lambda: self._number("999", 10),
            "nickname": lambda: self._han(6),
            "mid": lambda: self._number("59", 16),
            "name": lambda: self._chance.choice(_SURNAMES) + "".join(self._chance.sample(_GIVEN, 2)),
            "phone": lambda: self._number("199", 11),
            "bid": lambda: bid_of(self._number("59", 16)),
            "permalink": lambda: f"https://weibo.com/{self._number('999', 10)}/{bid_of(self._number('59', 16))}",
            "coordinate": lambda: self._number("31.", 10),
            "region": lambda: self._han(4) + "渡" + self._han(2) + "坊",
            "handle": lambda: self._mixed(10),
            "email": lambda: f"{self._mixed(9)}@{self._mixed(6)}.example",
            "domain": lambda: f"{self._mixed(9)}.example.com",
            "avatar": lambda: f"https://tvax.img.example/crop.0.0.512/{self._mixed(24)}.jpg",
            "description": lambda: f"{self._han(7)}，{self._han(8)}",
            "verified_reason": lambda: f"{self._han(6)}工作室主理人",
            "device": lambda: f"青{self._han(2)} {self._mixed(6)} 手机客户端",
            "plate": lambda: "澜A" + self._chance.choice("KMQX") + self._number("", 3) + self._chance.choice("KMQX"),
            "group_number": lambda: self._number("7", 9),
        }
        return made[kind]()


class Identities:
    """Identities by kind. ``take`` hands them out in turn, so that after enough records each has been planted.

    ``say`` does so for texts, in turns of its own: so evenly that no place or number is said by five accounts of a
    file, from where on it would be shared wording.
    """

    def __init__(self, seed: int) -> None:
        maker = _Maker(seed)
        self.by_kind: dict[str, list[str]] = {}
        for kind, count in COUNTS.items():
            found: dict[str, None] = {}
            while len(found) < count:
                found[maker.one(kind)] = None
            self.by_kind[kind] = list(found)
        self._turns = {kind: cycle(some) for kind, some in self.by_kind.items()}
        self._spoken = {kind: cycle(some) for kind, some in self.by_kind.items()}

    def take(self, kind: str) -> str:
        """The next identity of ``kind``."""
        return next(self._turns[kind])

    def say(self, kind: str) -> str:
        """The next identity of ``kind`` that a text gives away."""
        return next(self._spoken[kind])

    def every(self) -> list[str]:
        """All 1,000."""
        return [identity for some in self.by_kind.values() for identity in some]


def personal(who: Identities) -> str:
    """Words in which somebody gives himself and others away."""
    say = who.say
    return (
        f"我是{say('name')}，电话{say('phone')}，车牌{say('plate')}，微信号{say('handle')}，邮箱{say('email')}，"
        f"QQ群{say('group_number')}，住{say('region')}，坐标{say('coordinate')},{say('coordinate')}，"
        f"见{say('permalink')} {say('domain')} #{say('verified_reason')}# @{say('nickname')} "
    )


def chain(who: Identities) -> str:
    """The tail of a repost: who said it before, and where."""
    return f"//@{who.say('nickname')}:转给大家//@{who.say('nickname')}：{who.say('name')}也说 {who.say('permalink')}"


def user(who: Identities, uid: str) -> dict[str, Any]:
    """An individual's user object, every field of which leads to him."""
    take = who.take
    return {
        "id": int(uid),
        "idstr": uid,
        "screen_name": take("nickname"),
        "name": take("nickname"),
        "remark": take("name"),
        "location": take("region"),
        "description": take("description"),
        "url": f"https://{take('domain')}/",
        "domain": take("handle"),
        "weihao": take("uid"),
        "profile_image_url": take("avatar"),
        "avatar_large": take("avatar"),
        "avatar_hd": take("avatar"),
        "profile_url": take("permalink"),
        "gender": "f",
        "verified": False,
        "verified_type": -1,
        "verified_reason": take("verified_reason"),
        "verified_contact_email": take("email"),
        "verified_contact_mobile": take("phone"),
        "status_id": take("mid"),
    }


def status(who: Identities, number: int, text: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """The public status ``number`` of an account of its own, with an identity in every field."""
    take = who.take
    mid, uid = (who.by_kind[kind][number % 100] for kind in ("mid", "uid"))
    return {
        "created_at": at.strftime("%a %b %d %H:%M:%S %z %Y"),
        "id": int(mid),
        "idstr": mid,
        "mid": mid,
        "mblogid": take("bid"),
        "text": text,
        "isLongText": False,
        "source": f'<a href="https://{take("domain")}/" rel="nofollow">{take("device")}</a>',
        "in_reply_to_status_id": take("mid"),
        "in_reply_to_user_id": take("uid"),
        "in_reply_to_screen_name": take("nickname"),
        "thumbnail_pic": take("avatar"),
        "pic_urls": [{"thumbnail_pic": take("avatar")}, {"thumbnail_pic": take("avatar")}],
        "pic_ids": [take("handle"), take("bid")],
        "geo": {"type": "Point", "coordinates": [float(take("coordinate")), take("coordinate")]},
        "annotations": [{"place": {"poiid": take("handle"), "title": take("region"), "lon": take("coordinate")}}],
        "visible": {"type": 0, "list_id": int(take("group_number"))},
        "region_name": f"发布于 {take('region')}",
        "uid": int(uid),
        "user": user(who, uid),
        "reposts_count": 3,
        "url_objects": {"permalink": take("permalink"), take("nickname"): take("email"), take("uid"): [take("bid")]},
        take("nickname"): take("name"),
        take("uid"): take("handle"),
        take("handle"): {"owner": take("name"), "mobile": take("phone")},
        **fields,
    }


def statuses(who: Identities, said: Iterable[str], at: datetime, speakers: int = 16) -> list[dict[str, Any]]:
    """Half say one of ``said``, each ``speakers`` times; half, as many again, give people away in all they say.

    Some of either half repost a status that reposts another, or say it in front of a chain.
    """
    found: list[dict[str, Any]] = []
    for text in said:
        for turn in range(speakers):
            tail = ("", "", f"，{personal(who)}", chain(who))[turn % 4]
            found.append(status(who, len(found), text + tail, at))
            other = status(who, len(found), (f"{personal(who)}{chain(who)}", f"{text}，{personal(who)}")[turn % 2], at)
            if turn % 3 == 0:
                inner = status(who, len(found) + 31, f"{text}，{personal(who)}", at)
                other["retweeted_status"] = status(who, len(found) + 67, text, at, retweeted_status=inner)
            found.append(other)
    return found


def shared_lines(who: Identities, text: str, at: datetime, speakers: int = 16) -> list[dict[str, Any]]:
    """Everybody says ``text`` with the same contacts of the same people behind it."""
    take = who.take
    tail = (
        f"，电话{take('phone')}，微信号{take('handle')}，邮箱{take('email')}，车牌{take('plate')}，"
        f"QQ群{take('group_number')}，{take('permalink')}，{take('domain')}，@{take('nickname')} ，#{take('name')}#"
    )
    return [status(who, number, text + tail, at) for number in range(speakers)]


def broken_lines(who: Identities, at: datetime) -> list[bytes]:
    """Lines that can't be read, each for another reason, all full of people."""

    def line(**fields: Any) -> bytes:
        return json.dumps({**status(who, 5, personal(who), at), **fields}, ensure_ascii=False).encode()

    deep = "[" * 100 + json.dumps(personal(who)) + "]" * 100
    return [
        line()[:-40],
        line()[40:],
        line().decode().encode("gb18030"),
        line().decode().encode("utf-16-le").replace(b"\n", b""),
        line(text=personal(who) * 4000),
        line()[:-1] + b', "deep": ' + deep.encode() + b"}",
        line(text=[personal(who)]),
        line(text=None),
        line(user=who.take("nickname")),
        line(user=[user(who, who.take("uid"))]),
        line(mid=float(who.take("mid"))),
        line(mid=who.take("handle")),
        line(created_at=who.take("phone")),
        line(created_at=who.take("name")),
        line(retweeted_status=who.take("name")),
        line(visible=who.take("mid")),
        line(visible={"type": who.take("uid"), "list_id": who.take("mid")}),
        line(longText={"longTextContent": [who.take("name")]}),
        json.dumps([who.take("name"), who.take("phone")]).encode(),
        json.dumps(who.take("email")).encode(),
        who.take("nickname").encode(),
        b"\xff\xfe" + who.take("nickname").encode("utf-16-be"),
    ]


def body(who: Identities, words: str) -> str:
    """An article's markup with bylines and people's contacts around ``words``."""
    take = who.take
    return (
        f"<p>（本报记者 {take('name')} 通讯员：{take('name')}）</p><p>{words}</p>"
        f"<p>联系电话{take('phone')}，邮箱{take('email')}，微信号{take('handle')}，@{take('nickname')} </p>"
        f'<p><img alt="{take("name")}" data-src="{take("avatar")}"></p><p>记者：{take("name")} 摄影：{take("name")}</p>'
        f"<p>责任编辑：{take('name')}</p><p>作者：{take('name')}</p><script>var user='{take('nickname')}';</script>"
    )


def page(who: Identities, title: str, words: str, at: datetime, *, biz: str, mid: str) -> str:
    """A saved WeChat page; ``biz`` and ``mid`` are the account's and the message's."""
    take = who.take
    return (
        f'<html><head><meta name="author" content="{take("name")}"><meta property="og:article:author" '
        f'content="{take("name")}"><meta name="twitter:creator" content="{take("handle")}"></head><body>'
        f'<h1 id="activity-name">{title}</h1><span class="rich_media_meta rich_media_meta_text">{take("name")}</span>'
        f'<a id="js_name">{take("nickname")}</a><em id="js_ip_wording">{take("region")}</em>'
        f'<div id="js_content">{body(who, words)}</div><div class="reward">{take("nickname")}</div>'
        f'<script>var biz="{biz}"||"";var mid=""||"{mid}";var idx="1";var sn="0123456789abcdef0123456789abcdef";'
        f'var ct="{int(at.timestamp())}";var user_name="{take("handle")}";var uin="{take("uid")}";'
        f'var nickname=htmlDecode("{take("nickname")}");var round_head_img="{take("avatar")}";'
        f'window.item_show_type="0";window.comments=[{{"nick":"{take("nickname")}","openid":"{take("handle")}"}}];'
        f"</script></body></html>"
    )


def freepublish(who: Identities, title: str, words: str, at: datetime, *, biz: str, mid: str) -> str:
    """An answer of the account API; ``biz`` and ``mid`` are the account's and the message's."""
    take = who.take
    news = {
        "title": title,
        "author": take("name"),
        "digest": personal(who),
        "content": body(who, words),
        "content_source_url": take("permalink"),
        "thumb_media_id": take("handle"),
        "thumb_url": take("avatar"),
        "url": f"https://mp.weixin.qq.com/s?__biz={biz}&mid={mid}&idx=1&sn=0123456789abcdef",
        "editor": take("name"),
        take("uid"): take("nickname"),
    }
    item = {"article_id": take("handle"), "update_time": int(at.timestamp()), "content": {"news_item": [news]}}
    return json.dumps({"total_count": 1, "item_count": 1, "item": [item]}, ensure_ascii=False)


def article(who: Identities, title: str, words: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """A record of a publisher's JSON, its people in every field that is theirs."""
    take = who.take
    return {
        "id": 7,
        "url": "https://news.example/a/7",
        "title": title,
        "html": body(who, words),
        "published": at.isoformat(),
        "author": take("name"),
        "creator": {"name": take("name"), "mobile": take("phone")},
        "updatedBy": take("nickname"),
        "editor": take("name"),
        "bylines": [take("name"), take("name")],
        "meta": {"author": take("name"), "email": take("email"), take("nickname"): take("uid")},
        "listPics": [take("avatar")],
        take("handle"): take("region"),
        **fields,
    }
