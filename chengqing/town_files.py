"""The sample town as files: what an operator would be handed, in the sources' own shapes.

Formats: the sources' notes, A5 (Weibo statuses), B1 (answers of WeChat's account API), B2 (saved WeChat pages) and C1
(records of a county app). Whatever the town's lines don't hold (ids, names, followers, addresses, bylines) is made up
here from line and account numbers. Most of it must never get past a reader; tests look for it afterwards.
"""

import hashlib
import html
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

from chengqing.clock import CHINA

Format = Literal["weibo-status", "wechat-html", "article-json"]
"""Which reader of ``spiders`` a file is for."""

_TOWN = Path(__file__).with_name("town")
_SHORT = 140
"""Characters of a status that the API gives before it cuts."""

_Line = Mapping[str, Any]
_Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TownFile:
    """One file of the town, and the ``source`` (a key of ``town/config/sources``) that it belongs to."""

    path: Path
    format: Format
    source: str


def render(folder: Path, end: datetime) -> tuple[TownFile, ...]:
    """Write the town into ``folder``, which is made where needed, as if the day of ``end`` were its day 0.

    ``end`` is the briefing moment. The town's is 07:00 at +08:00: an earlier one puts its last posts in the
    future, a later one makes its first ones too old. The same day gives the same bytes. Raises ValueError
    when ``end`` has no time zone.
    """
    if end.tzinfo is None:
        raise ValueError("render: end needs a time zone")
    midnight = end.astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    (folder / "wechat").mkdir(parents=True, exist_ok=True)
    return (_render_posts(folder, midnight), *_render_wechat(folder, midnight), _render_app(folder, midnight))


def read_lines(name: str) -> list[_Record]:
    """The lines of one of the town's files."""
    return [json.loads(line) for line in (_TOWN / name).read_text("utf-8").splitlines()]


def moment(midnight: datetime, at: str) -> datetime:
    """The moment of ``at``: days from day 0 and a time ("-2 09:12")."""
    days, time = at.split(" ")
    hours, minutes = time.split(":")
    return midnight + timedelta(days=int(days), hours=int(hours), minutes=int(minutes))


def _write_lines(path: Path, records: Iterable[_Record]) -> None:
    text = "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)
    path.write_bytes(text.encode("utf-8"))


# Weibo ------------------------------------------------------------------------------------------------------------

_PLACES = ("桃溪", "柳渡", "望湖", "松风", "石桥", "南埠")
_WORDS = ("的青梅", "小满", "晚风", "一碗面", "听雨", "慢慢走", "大橘", "看云", "豆花", "野山楂", "摆渡人")
_ORGANISATIONS = {"云岫发布": 1, "云岫区疾控中心": 1, "云岫公安分局反诈中心": 1, "云岫融媒": 3}
"""The bodies that post, and what the platform verifies them as: 1 government, 3 media."""
_BADGES = {-1: "", 0: "本地美食博主", 1: "政务机构官方微博", 3: "媒体官方微博"}
_CLIENTS = ("示例客户端", "示例手机", "示例网页版")


def _render_posts(folder: Path, midnight: datetime) -> TownFile:
    """Every post as a status a line, in the order of time."""
    posts = read_lines("posts.jsonl")
    statuses = [_status(number, posts, midnight) for number in range(1, len(posts) + 1)]
    path = folder / "weibo-search.ndjson"
    _write_lines(path, sorted(statuses, key=lambda status: int(status["id"])))
    return TownFile(path, "weibo-status", "town-weibo")


def _status(number: int, posts: list[_Record], midnight: datetime) -> _Record:
    """Line ``number`` of the posts as the API gives it, with the status it reposts inside."""
    post = posts[number - 1]
    at = moment(midnight, post["at"]) + timedelta(seconds=number // 12)
    # 999, the minute, the line: sixteen digits that grow with time (as the seconds do), beyond any id of the platform.
    mid = f"999{at:%y%m%d%H%M}{number:03}"
    status = {
        "created_at": _created(at),
        "id": int(mid),
        "idstr": mid,
        "mid": mid,
        **_text(post),
        "source": f'<a href="http://client.example/{number % 3}" rel="nofollow">{_CLIENTS[number % 3]}</a>',
        "favorited": False,
        "truncated": False,
        "in_reply_to_status_id": "",
        "in_reply_to_user_id": "",
        "in_reply_to_screen_name": "",
        **_pictures(number),
        "geo": None,
        "annotations": [],
        "reposts_count": post.get("reposts", 0),
        "comments_count": post.get("comments", 0),
        "attitudes_count": post.get("likes", 0),
        "state": 0,
        "visible": {"type": post.get("visible", 0), "list_id": 0},
        "region_name": "发布于 澜州",
        "user": _user(post),
    }
    if post.get("deleted"):
        status["deleted"] = "1"
    if "repost_of" in post:
        status["retweeted_status"] = _status(post["repost_of"], posts, midnight)
    return status


def _created(moment: datetime) -> str:
    """``moment`` as "Mon Nov 23 09:12:05 +0800 2026", in no locale."""
    weekday, month, day, time, year = moment.ctime().split()
    return f"{weekday} {month} {day:0>2} {time} +0800 {year}"


def _text(post: _Line) -> _Record:
    """The text, cut as the API cuts it where it is long."""
    text = post["text"]
    if len(text) <= _SHORT:
        return {"text": text, "isLongText": False}
    return {"text": f"{text[:_SHORT]}…全文", "isLongText": True, "longText": {"longTextContent": text}}


def _pictures(number: int) -> _Record:
    """A picture for every eighth line."""
    if number % 8:
        return {"pic_urls": [], "pic_ids": []}
    sizes = {size: f"https://pictures.example/{size}/p{number:03}.jpg" for size in ("thumbnail", "bmiddle", "original")}
    return {
        "pic_urls": [{"thumbnail_pic": sizes["thumbnail"]}],
        "pic_ids": [f"p{number:03}"],
        **{f"{size}_pic": url for size, url in sizes.items()},
    }


def _user(post: _Line) -> _Record:
    """The profile of the writer: an account ``u001``… or a body that the platform verifies."""
    if "org" in post:
        place = list(_ORGANISATIONS).index(post["org"]) + 1
        return _profile(1_000 + place, post["org"], _ORGANISATIONS[post["org"]])
    number = int(post["account"][1:])
    name = f"{_PLACES[number % len(_PLACES)]}{_WORDS[number % len(_WORDS)]}_{number:03}"
    # Every fiftieth has the badge of a well-known person, who is an individual all the same.
    return _profile(number, name, -1 if number % 50 else 0)


def _profile(number: int, name: str, verified_type: int) -> _Record:
    uid = f"999{number:07}"
    return {
        "id": int(uid),
        "idstr": uid,
        "screen_name": name,
        "name": name,
        "province": "100",
        "city": "1000",
        "location": f"澜州 {_PLACES[number % len(_PLACES)]}",
        "description": f"{name}的日常",
        "url": f"https://blog.example/{uid}",
        "profile_image_url": f"https://avatars.example/{uid}/50.jpg",
        "avatar_large": f"https://avatars.example/{uid}/180.jpg",
        "domain": f"town{number:04}",
        "gender": "fmn"[number % 3],
        "followers_count": number * 37 % 1_000,
        "friends_count": number * 13 % 400,
        "bi_followers_count": number * 7 % 100,
        "statuses_count": number * 29 % 3_000,
        "favourites_count": number * 5 % 50,
        "created_at": _created(datetime(2012, 1, 1, 8, tzinfo=CHINA) + timedelta(days=number * 7)),
        "following": False,
        "geo_enabled": True,
        "online_status": number % 2,
        "verified": verified_type >= 0,
        "verified_type": verified_type,
        "verified_reason": _BADGES[verified_type],
    }


# WeChat -----------------------------------------------------------------------------------------------------------


class _Account(NamedTuple):
    """An official account: the end of its source's name, its ``biz``, and a person whom its pages name."""

    slug: str
    biz: str
    editor: str


_ACCOUNTS = {
    "云岫发布": _Account("fabu", "MzA0000010AAA==", "闻小满"),
    "云岫融媒": _Account("rongmei", "MzA0000020AAA==", "卢青禾"),
    "云岫区疾控中心": _Account("jikong", "MzA0000030AAA==", "简知秋"),
    "澜州晚报": _Account("wanbao", "MzA0000040AAA==", "陆听澜"),
}
_BY_API = "云岫发布"
"""The account whose articles come from the account API; what else its addresses answer is saved as pages."""
_NOTICES = {
    "deleted": '<div class="weui-msg"><div class="weui-msg__title warn">该内容已被发布者删除</div></div>',
    "blocked": '<div class="weui-msg"><div class="weui-msg__title warn">此内容因违规无法查看</div></div>',
    "moved": '<div class="weui-msg"><div class="weui-msg__title">该公众号已迁移</div></div>',
    "verification": '<div class="weui-msg"><h2>环境异常</h2><p>当前环境异常，完成验证后即可继续访问。</p>'
    '<a id="js_verify">去验证</a></div>',
    "client_only": '<div class="weui-msg"><div class="weui-msg__title">请在微信客户端打开链接</div></div>',
}
"""What an address answers in place of an article; such a page doesn't say which one it was."""
_BLANK_IMAGE = "data:image/gif;base64,R0lGODlhAQABAAAAACw="


def _render_wechat(folder: Path, midnight: datetime) -> Iterator[TownFile]:
    """Every article of the official accounts once: of ``_BY_API`` in one answer, of the others a page a file."""
    lines = list(enumerate(read_lines("wechat.jsonl"), start=1))
    by_api = [entry for entry in lines if entry[1]["account"] == _BY_API and entry[1]["state"] == "article"]
    yield _render_answer(folder, by_api, midnight)
    for number, line in lines:
        if (number, line) not in by_api:
            yield _render_page(folder, number, line, midnight)


class _Address(NamedTuple):
    """What an article's address is made of, and the address as the platform hands it out."""

    mid: str
    sn: str
    url: str


def _address(number: int, line: _Line, midnight: datetime) -> _Address:
    biz = _ACCOUNTS[line["account"]].biz
    # As the ids of statuses: 999, the day, the line. An edit would keep it, another day's town does not.
    mid = f"999{midnight.toordinal() % 10_000:04}{number:03}"
    sn = hashlib.sha256(f"{biz}{mid}".encode()).hexdigest()[:32]
    return _Address(
        mid, sn, f"http://mp.weixin.qq.com/s?__biz={biz}&mid={mid}&idx=1&sn={sn}&chksm={sn[:8]}&scene=21#rd"
    )


def _body(number: int, line: _Line) -> str:
    """The article's own markup, with a picture and the line in which the house style names its editor."""
    editor = _ACCOUNTS[line["account"]].editor
    image = f'<p><img data-src="https://pictures.example/wechat/{number}?wx_fmt=png" src="{_BLANK_IMAGE}"></p>'
    return f"<section>{line['html']}{image}<p>责任编辑：{editor}</p></section>"


def _render_answer(folder: Path, lines: list[tuple[int, _Record]], midnight: datetime) -> TownFile:
    """The articles ``lines`` as one answer of the account API's ``freepublish/batchget``."""
    items = [_publication(number, line, midnight) for number, line in lines]
    account = _ACCOUNTS[_BY_API]
    path = folder / "wechat" / f"{account.slug}.json"
    _write_lines(path, [{"total_count": len(items), "item_count": len(items), "item": items}])
    return TownFile(path, "wechat-html", f"town-wechat-{account.slug}")


def _publication(number: int, line: _Line, midnight: datetime) -> _Record:
    address = _address(number, line, midnight)
    news = {
        "title": line["title"],
        "author": _ACCOUNTS[line["account"]].editor,
        "digest": line["title"],
        "content": _body(number, line),
        "content_source_url": "",
        "thumb_media_id": f"TOWN_MEDIA_{number:04}",
        "thumb_url": f"https://pictures.example/wechat/{number}/0",
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
        "url": address.url,
        "is_deleted": False,
    }
    return {
        "article_id": f"TOWN_{address.mid}",
        "update_time": int(moment(midnight, line["at"]).timestamp()),
        "content": {"news_item": [news]},
    }


def _render_page(folder: Path, number: int, line: _Line, midnight: datetime) -> TownFile:
    """One saved page: an article, or the notice that its address answers with."""
    slug = _ACCOUNTS[line["account"]].slug
    whole = line["state"] == "article"
    page = _article_page(number, line, midnight) if whole else _page("", "", _NOTICES[line["state"]])
    path = folder / "wechat" / f"{slug}-{number:02}.html"
    path.write_bytes(page.encode("utf-8"))
    return TownFile(path, "wechat-html", f"town-wechat-{slug}")


def _page(title: str, head: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n{head}</head>\n'
        f'<body id="activity-detail">\n{body}\n</body>\n</html>\n'
    )


def _article_page(number: int, line: _Line, midnight: datetime) -> str:
    name, title, (_, biz, editor) = line["account"], html.escape(line["title"]), _ACCOUNTS[line["account"]]
    mid, sn, url = _address(number, line, midnight)
    head = (
        f'<meta property="og:title" content="{title}">\n<meta property="og:url" content="{html.escape(url)}">\n'
        f'<meta name="author" content="{editor}">\n<meta name="description" content="{title}">\n'
    )
    body = (
        f'<div id="js_article"><h1 class="rich_media_title" id="activity-name">\n{title}\n</h1>\n'
        f'<div id="meta_content"><span class="rich_media_meta rich_media_meta_text">{editor}</span>'
        f'<a id="js_name">{name}</a><em id="publish_time"></em></div>\n'
        f'<div class="rich_media_content" id="js_content" style="visibility: hidden; opacity: 0;">'
        f"{_body(number, line)}</div></div>\n"
        f'<script nonce="{number}" type="text/javascript">\n'
        f'var biz = "{biz}"||"";\nvar mid = "{mid}"||""||"";\nvar idx = "1"||""||"";\nvar sn = "{sn}"||"";\n'
        f'var ct = "{int(moment(midnight, line["at"]).timestamp())}";\n'
        f"var msg_title = '{title}'.html(false);\nvar nickname = htmlDecode(\"{name}\");\n"
        'window.item_show_type = "0";\nwindow.real_item_show_type = "0";\n</script>'
    )
    return _page(title, head, body)


# The local app ----------------------------------------------------------------------------------------------------

_CREATOR, _UPDATER = "辛晚舟", "纪云帆"


def _render_app(folder: Path, midnight: datetime) -> TownFile:
    path = folder / "app.jsonl"
    lines = enumerate(read_lines("app.jsonl"), start=1)
    _write_lines(path, (_app_record(number, line, midnight) for number, line in lines))
    return TownFile(path, "article-json", "town-app")


def _app_record(number: int, line: _Line, midnight: datetime) -> _Record:
    """An article as the app's open API lists it, with its content."""
    published = moment(midnight, line["at"])
    updated = moment(midnight, line["updated"]) if "updated" in line else published
    original = int(f"{midnight:%y%m%d}{number:03}")
    return {
        "id": original + 500,
        "listTitle": line["title"],
        "docType": 1,
        "originalId": original,
        "creator": _CREATOR,
        "url": f"https://app.example/article/{original + 500}",
        "createdAt": f"{published - timedelta(minutes=10):%Y-%m-%d %H:%M:%S}",
        "updatedAt": f"{updated:%Y-%m-%d %H:%M:%S}",
        "updatedBy": _UPDATER,
        "publishedAt": f"{published:%Y-%m-%d %H:%M:%S}",
        "channelName": line["channel"],
        "listPics": [],
        "content": f"<p>{html.escape(line['body'])}</p><p>记者：{_CREATOR}　责任编辑：{_UPDATER}</p>",
    }
