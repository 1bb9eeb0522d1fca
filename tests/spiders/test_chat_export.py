"""Chats are recognised by what only an export has; posts and articles that speak of chats are not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.chat_export import looks_like_chat

CHATS = {
    "wechat": [
        "甲乙(wxid_example000001) 2026-11-20 12:00:00\n今夜停水吗\n",
        "甲乙（wxid_example000001） 2026/11/20 12:00\n今夜停水吗",
        "2026-11-20 12:00:00 甲乙(wxid_example000001)\n今夜停水吗",
        "2026-11-20 12:00:00 甲乙\n今夜停水吗\n\n2026-11-20 12:00:09 丙丁\n停的\n",
        "甲乙 2026-11-20 12:00:00\r\n今夜停水吗\r\n\r\n丙丁 2026-11-20 12:00:09\r\n停的\r\n",
        "localId,TalkerId,Type,IsSender,CreateTime,StrTalker,StrContent\n1,2,1,0,1795000000,x,停水",
        "id\ttalker\tcontent\n1\tx\t停水",
        "时间,发送人,内容\n2026-11-20,wxid_example000001,停水",
        "time,room,content\n2026-11-20,9990000001@chatroom,停水",
        '{"talker": "x", "content": "停水"}\n{"talker": "y", "content": "停的"}',
        '{"msgSvrId":"1","content":"停水"}',
        '[\n  {"StrTalker": "x", "StrContent": "停水"}\n]',
        '{"wxid":"x","content":"停水"}',
        '{"roomId":"1","text":"停水"}',
        '{"chatroom":"1","text":"停水"}',
        '{"from":"9990000001@chatroom","text":"停水"}',
    ],
    "qq": [
        "消息记录（此消息记录为文本格式，不支持重新导入）\n\n====\n消息分组:我的好友\n",
        "消息分组:我的群聊\n消息对象:邻里群\n",
        "2026-11-20 12:00:00 甲乙(9990000001)\n停水",
        "2026-11-20 9:00:00 甲乙<example@mail.example>\n停水",
    ],
    "telegram": [
        '{"name": "邻里", "type": "private_supergroup", "id": 999, "messages": [{"id": 1, "text": "停水"}]}',
        '{"about": "x", "chats": {"list": [{"type": "personal_chat", "id": 1}]}}',
    ],
    "whatsapp": [
        "[12:00, 1/1/2026] Name: 停水\n[12:01, 1/1/2026] Other: 停的",
        "[1/1/26, 12:00:00] Name: 停水",
        "\u200e[2026/1/1, 12:00:00 PM] Name: 停水",
        "1/1/26, 12:00 - Name: 停水",
    ],
    "work_chat": [
        '{"chat_id": "oc_example", "sender": {"id": "x"}, "body": "停水"}',
        '{"openConversationId": "x", "senderStaffId": "y"}',
        "chat_id,sender_id,content\nx,y,停水",
    ],
}
STATUS = {
    "created_at": "Mon Nov 23 09:12:05 +0800 2026",
    "id": 5101234567890123,
    "text": "群里说今夜停水",
    "user": {"id": 9990000001, "screen_name": "示例用户甲"},
    "visible": {"type": 0, "list_id": 0},
}
OTHERS = [
    "",
    "今夜停水",
    json.dumps(STATUS, ensure_ascii=False),
    json.dumps({**STATUS, "text": '有人贴出 "talker": "x" 和 "chat_id": 1，还有 {"wxid":"y"}'}, ensure_ascii=False),
    json.dumps({**STATUS, "text": "2026-11-20 12:00:00 甲乙\n2026-11-20 12:00:01 丙丁\n消息分组:x\n1@chatroom 停水"}),
    json.dumps(
        [{"id": 1, "url": "https://app.example/1", "title": "群聊截图是假的", "text": "停水", "type": "article"}]
    ),
    '{"type":"public_channel","title":"没有消息的对象"}',
    "<html><body><p>2026-11-20 12:00:00 甲乙</p><p>wxid_example000001,x</p>\n消息分组:x\n</body></html>",
    "云岫发布 2026-11-23 09:12:05\n【停水通知】柳渡路今夜0时至4时检修",
    "id,title,text,published\n1,停水,今夜停水,2026-11-23 09:12",
    "通知：请在 2026-11-20 12:00:00 之前储水\n另：2026-11-21 12:00 恢复供水，水压正常\n",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in CHATS.items() for text in texts])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_chat_is_recognised_in_every_encoding(kind: str, text: str, encoding: str) -> None:
    readable = text if encoding != "gb18030" else text.replace("\u200e", "")
    assert looks_like_chat(readable.encode(encoding)) == kind


@pytest.mark.parametrize("text", OTHERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_post_or_article_is_no_chat(text: str, encoding: str) -> None:
    assert looks_like_chat(text.encode(encoding)) is None


def test_a_head_may_end_within_a_character() -> None:
    text = CHATS["wechat"][0].encode()
    assert looks_like_chat(text[:-2]) == "wechat"
    assert looks_like_chat((json.dumps(STATUS, ensure_ascii=False) * 3).encode()[:95]) is None


@given(st.text())
def test_no_text_of_a_status_makes_it_a_chat(text: str) -> None:
    assert looks_like_chat(json.dumps({**STATUS, "text": text}).encode()) is None


@given(st.binary(max_size=300))
def test_any_head_has_an_answer(head: bytes) -> None:
    assert looks_like_chat(head) in (None, *CHATS)
