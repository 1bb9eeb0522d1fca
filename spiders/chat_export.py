"""Recognises exports of private and group chats, so that an import refuses them unread (design, Bound 1).

The marks are those that the usual tools leave: header lines of WeChat, QQ and WhatsApp text exports, columns and
keys of database dumps, Telegram's ``result.json``, the message objects of DingTalk and Feishu. They are looked for
where only an export has them (whole lines, columns, JSON keys), so that a post or article which quotes one passes.
"""

import codecs
import re
from typing import Literal

ChatKind = Literal["wechat", "qq", "telegram", "whatsapp", "work_chat"]
"""Which family of chats an export comes from."""

_DATE = r"[12][0-9]{3}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?"
_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?"
_WXID_LINE = re.compile(
    rf"^(?:.{{0,60}}[(（<]wxid_[0-9A-Za-z_-]+[)）>]\s+{_DATE}\s+{_TIME}"
    rf"|{_DATE}\s+{_TIME}\s+.{{0,60}}[(（<]wxid_[0-9A-Za-z_-]+[)）>])[ \t:：\r]*$",
    re.MULTILINE,
)
_NAMED_LINE = re.compile(
    rf"^(?:[^\n,，。\t]{{1,40}}?[ \t]+{_DATE}[ \t]+{_TIME}|{_DATE}[ \t]+{_TIME}[ \t]+[^\n,，。\t]{{1,40}})[ \t:：\r]*$",
    re.MULTILINE,
)
_QQ_LINE = re.compile(
    r"^消息记录（此消息记录为文本格式|^消息分组[:：]|^消息对象[:：]"
    rf"|^{_DATE} {_TIME} .{{1,60}}(?:\([0-9]{{5,11}}\)|<[^<>\s]+@[^<>\s]+>)[ \t\r]*$",
    re.MULTILINE,
)
_SHORT_DATE = r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}"
_CLOCK = rf"{_TIME}(?:\s?[AaPp][Mm])?"
_WHATSAPP_LINE = re.compile(
    rf"^\u200e?(?:\[{_CLOCK}, {_SHORT_DATE}\]|\[{_SHORT_DATE},? {_CLOCK}\]|{_SHORT_DATE}, {_CLOCK} -) [^\n:]{{1,60}}:",
    re.MULTILINE,
)
_JSON_KEY = re.compile(r'"([A-Za-z_]{4,24})"\s*:')
_JSON_ROOM = re.compile(r'"[0-9A-Za-z_-]{1,64}@chatroom"')
_TELEGRAM_TYPE = re.compile(
    r'"type"\s*:\s*"(?:personal_chat|bot_chat|saved_messages|(?:private|public)_(?:group|supergroup|channel))"'
)
_CELL = re.compile(r"wxid_[0-9a-z_-]{5,}|[0-9A-Za-z_-]+@chatroom", re.IGNORECASE)

_WECHAT_KEYS = frozenset(["talker", "strtalker", "chatroom", "chatroomname", "wxid", "msgsvrid", "roomid", "issender"])
_WORK_KEYS = frozenset(["chat_id", "sender_id", "openconversationid", "senderstaffid"])


def looks_like_chat(head: bytes) -> ChatKind | None:
    """Which kind of chat export a file is that begins with ``head``; None when it is none.

    ``head`` is the first part of the file, at best 64 KiB; it may end within a line or a character.
    """
    text = _decoded(head).lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        return None
    if re.match(r'\{|\[\s*[{"\]]', text):
        return _in_json(text)
    return _in_table(text) or _in_lines(text)


def _decoded(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "ignore")
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return head.decode("gb18030", "ignore")


def _in_json(text: str) -> ChatKind | None:
    """By keys and whole values: inside a JSON string quotes are escaped, so quoted text can't look like a key."""
    keys = {key.lower() for key in _JSON_KEY.findall(text)}
    if keys & _WECHAT_KEYS or _JSON_ROOM.search(text):
        return "wechat"
    if _TELEGRAM_TYPE.search(text) and keys & {"messages", "chats"}:
        return "telegram"
    return "work_chat" if keys & _WORK_KEYS else None


def _in_table(text: str) -> ChatKind | None:
    """By the columns of the first line, or a cell that holds an account or a room."""
    rows = [[cell.strip(" \"'\r") for cell in re.split("[,;\t|]", line)] for line in text.split("\n")[:50]]
    columns = {cell.lower() for cell in rows[0]} if len(rows[0]) > 1 else set()
    if columns & _WECHAT_KEYS or any(_CELL.fullmatch(cell) for row in rows if len(row) > 1 for cell in row):
        return "wechat"
    return "work_chat" if columns & _WORK_KEYS else None


def _in_lines(text: str) -> ChatKind | None:
    """By header lines; a bare name beside a time says something only when such lines repeat."""
    if _QQ_LINE.search(text):
        return "qq"
    if _WHATSAPP_LINE.search(text):
        return "whatsapp"
    repeated = len(_NAMED_LINE.findall(text)) > 1
    return "wechat" if repeated or _WXID_LINE.search(text) else None
