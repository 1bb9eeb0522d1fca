"""Weibo statuses, as the official API returns them, into posts and articles.

Format and semantics: the sources' notes A5 (fields) and A6 (what is cut away). A status leads to its author by
nearly every field, so it is read in memory and forgotten: of an individual only two keyed values, the hour and
the words go on. Government and media accounts that the platform verifies are organisations (design, Bound 7).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from pipelines.page import Article, Fault, Post, Reason
from spiders.edge import (
    Edge,
    Refusal,
    age_fault,
    as_object,
    hour_of,
    id_field,
    in_years,
    is_set,
    malformed,
    text_field,
    unknown_fields,
)

_KNOWN = frozenset(
    [
        "id",
        "idstr",
        "mid",
        "created_at",
        "text",
        "isLongText",
        "longText",
        "source",
        "favorited",
        "truncated",
        "in_reply_to_status_id",
        "in_reply_to_user_id",
        "in_reply_to_screen_name",
        "reposts_count",
        "comments_count",
        "attitudes_count",
        "pic_urls",
        "pic_ids",
        "thumbnail_pic",
        "bmiddle_pic",
        "original_pic",
        "geo",
        "annotations",
        "visible",
        "state",
        "deleted",
        "retweeted_status",
        "user",
        "uid",
        "region_name",
    ]
)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_CREATED = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ({'|'.join(_MONTHS)}) ([0-9]{{1,2}}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2}) ([0-9]{4})"
)
_TOMBSTONE = re.compile(
    r"\s*(?:抱歉[，,]\s*)?(?:"
    r"[此该](?:条)?微博(?:因[^。]{0,40})?(?:已?被(?:原?作者|发布者)?(?:[删刪]除|屏蔽|隐藏)|已?不可见|不存在)"
    r"|(?:根据|由于|因)?作者(?=[^。]*微博)[^。]{0,6}设置[^。]{0,40}(?:无法查看|不可见|查看权限)[^。]{0,10}"
    r")[。.！!]?\s*(?:查看帮助[：:]?\s*\S*)?\s*"
)
_LONGEST_TOMBSTONE = 200
_CUT = re.compile(r"(?:…{1,2}|\.{3})\s*全文(?:[：:]\s{0,3}\S{0,200})?[\s\u200b]{0,20}\Z")
_CHAIN = re.compile(r"//\s?[@＠]")
_FILLERS = frozenset(("转发微博", "Repost", "repost", "轉發微博", "转发", "转", ""))
_COUNT = re.compile(r"([0-9]{1,10}(?:\.[0-9]{1,4})?)(万|亿)?\+?")
_SCALE = {None: 1, "万": 10_000, "亿": 100_000_000}
_MOST_REPOSTS = 10**10
_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class StatusReading:
    """What one status came to. ``quoted`` is its parent's own reading, None where no parent was met."""

    item: Post | Article | Reason
    quoted: Post | Article | Reason | None
    fault: Fault | None
    unknown: frozenset[str]


def read_status(record: object, edge: Edge) -> StatusReading:
    """Read one status object, and the status it reposts; never raises.

    A status that is malformed or not public is refused whole, its parent unread. One that is merely too old
    still hands on its parent, which is judged by itself.
    """
    if not edge.permitted:
        return StatusReading("not_permitted", None, None, frozenset())
    unknown: frozenset[str] = frozenset()
    try:
        status = as_object(record)
        unknown = unknown_fields(status, _KNOWN)
        parent = status.get("retweeted_status")
        quoted = "" if parent is None else _public_text(parent)
        item = _read(status, edge, quoted=quoted, parent=False)
    except Refusal as refusal:
        return StatusReading(refusal.reason, None, refusal.fault, unknown)
    if parent is None:
        return StatusReading(item, None, None, unknown)
    if isinstance(parent, dict):
        unknown |= unknown_fields(parent, _KNOWN)
    try:
        return StatusReading(item, _read(as_object(parent), edge, quoted="", parent=True), None, unknown)
    except Refusal as refusal:
        return StatusReading(item, refusal.reason, None, unknown)


def _read(status: Mapping[str, object], edge: Edge, *, quoted: str, parent: bool) -> Post | Article | Reason:
    """The status as a post or article, or ``too_old``; any other refusal is raised."""
    mid = id_field(status, "mid", "idstr", "id")
    if mid is None:
        raise malformed("no_id")
    account = _public_account(status)
    published = created_at(status)
    text = _words(status)
    if outlet := outlet_of(status):
        link = f"https://weibo.com/{account}/{bid_of(mid)}"
        return Article(
            outlet=outlet, key=f"weibo:{mid}", link=link, title="", text=text, published=published, parent=parent
        )
    hour = hour_of(published)
    signer = edge.signers.at(hour)
    if age_fault(published, edge.now) or signer is None:
        return "too_old"
    return Post(
        token=signer.post("weibo", mid),
        account=signer.account("weibo", account),
        epoch=signer.epoch,
        hour=hour,
        text=text,
        quoted=quoted,
        parent=parent,
        reposts=_count(status.get("reposts_count")),
    )


def is_gone(status: Mapping[str, object]) -> bool:
    """Whether the status was deleted or withheld, by its mark or by the words that stand in its place."""
    text = status.get("text")
    tombstone = isinstance(text, str) and len(text) <= _LONGEST_TOMBSTONE and _TOMBSTONE.fullmatch(text)
    return bool(tombstone) or is_set(status.get("deleted"))


def _public_account(status: Mapping[str, object]) -> str:
    """The account of a status that everybody may see; a deleted, withheld or limited one is refused."""
    visible = status.get("visible")
    if is_gone(status):
        raise Refusal("not_public")
    if not isinstance(visible, dict) or type(visible.get("type")) is not int or visible["type"] != 0:
        raise Refusal("not_public")
    user = status.get("user")
    account = id_field(user, "idstr", "id") if isinstance(user, dict) else None
    account = account or id_field(status, "uid")
    if account is None:
        raise Refusal("not_public")
    return account


def outlet_of(status: Mapping[str, object]) -> str:
    """Name of the government or media account that the platform verifies; empty for everybody else."""
    user = status.get("user")
    if not isinstance(user, dict) or user.get("verified") is not True:
        return ""
    kind = user.get("verified_type")
    if type(kind) is not int or kind not in (1, 3):
        return ""
    return (text_field(user, "screen_name") or "").strip()


def created_at(status: Mapping[str, object]) -> datetime:
    """``created_at`` ("Mon Nov 23 09:12:05 +0800 2026"), read without a locale; a refusal where it can't be."""
    value = status.get("created_at")
    if value in (None, ""):
        raise malformed("no_time")
    found = _CREATED.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise malformed("bad_time")
    month, day, hour, minute, second, sign, zone_hours, zone_minutes, year = found.groups()
    offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        at = (int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))
        return in_years(datetime(*at, tzinfo=zone))
    except ValueError:
        raise malformed("bad_time") from None


def _words(status: Mapping[str, object]) -> str:
    """The account's own words: the long text where there is one, a repost's chain and filler cut away."""
    text = _full_text(status)
    chain = _CHAIN.search(text)
    if chain is None and status.get("retweeted_status") is None:
        if not text.strip():
            raise malformed("no_text")
        return text.strip()
    own = text[: chain.start() if chain else None].strip()
    return "" if own in _FILLERS else own


def long_text(status: Mapping[str, object]) -> str:
    """``longText``, a text or an object that holds one; empty where there is none."""
    long = status.get("longText")
    inner = text_field(long, "longTextContent") if isinstance(long, dict) else text_field(status, "longText")
    return inner or ""


def _full_text(status: Mapping[str, object]) -> str:
    """The long text; where there is none, ``text`` without the mark of its cut."""
    if inner := long_text(status):
        return inner
    text = text_field(status, "text")
    if text is None:
        raise malformed("no_text")
    return _CUT.sub("", text) if status.get("isLongText") is True else text


def _public_text(parent: object) -> str:
    """Words of a reposted status that is public, however old; empty when there is none to be had."""
    try:
        status = as_object(parent)
        _public_account(status)
        return _words(status)
    except Refusal:
        return ""


def _count(value: object) -> int:
    """A spread count: a whole number, or "1.2万", "100万+"; anything else is 0."""
    number = 0
    if isinstance(value, str) and (found := _COUNT.fullmatch(value.strip())):
        number = round(float(found[1]) * _SCALE[found[2]])
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    return number if 0 <= number <= _MOST_REPOSTS else 0


def bid_of(mid: str) -> str:
    """The short form of a status id: seven decimal digits from the right are four in base 62 (notes, A6)."""
    end = len(mid)
    groups = [mid[max(0, start) : start + 7] for start in range(end - 7, -7, -7)]
    return "".join(_base62(int(group)).rjust(4, "0") for group in reversed(groups)).lstrip("0") or "0"


def _base62(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits
