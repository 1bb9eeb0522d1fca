"""Weibo statuses as the official API returns them, of accounts and ids that nobody has (999…)."""

import json
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from nlp.reader import Reader

STATUSES, CLAIMS, MENTIONS, ACCOUNTS = 4000, 5, 260, 100
"""What a crowded file holds: statuses, and of its claims how many, said how often, by how many accounts each."""
CANDIDATES = [
    "听说香蕉和芋头一起吃会胀死人，昨天镇上已经有人送医院了，是真的吗？",
    "听说小龙虾和西瓜一起吃会产生砒霜，昨晚柳渡夜市有一家三口吃完送去洗胃，千万别再吃了，转给家人",
    "专家说明天下午有七级地震，今晚都别睡在楼里，赶紧转发给家人",
    "水库大坝裂了一条缝，今夜就要溃坝，下游的村子都在往山上跑，看到的赶紧转",
    "加碘盐能防辐射，超市的盐都被抢光了，赶紧去囤几包，转给家人",
    "感冒了把洋葱切开放床头，一个晚上病毒全被吸走，不用吃药，亲测有效",
    "听说今晚零点开始全城停水三天，赶紧把家里的桶都接满水，转给还不知道的邻居",
    "网上买的那种粉丝含塑料，火一烧就着，吃多了会得癌症，千万别再买了",
    "收到医保卡停用的短信千万别点链接，点进去卡里的钱五分钟就被转走了，转给爸妈",
    "隔夜菜里的亚硝酸盐会致癌，放过一晚的西红柿炒蛋吃了会中毒，快告诉家里老人",
]
TALK = ["今天的第{}碗面", "跑步第{}天，腿酸", "楼下的猫生了{}只小猫", "排队排到{}号，继续等", "第{}次把钥匙忘在家里"]
MARKS = ["", "！", "🍉", " "]
"""Ends of a text that grouping does not see: whatever the key, all mentions of a claim are one group."""


def status(number: int, account: int, text: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """The public status ``number`` that ``account`` (both from 0) published ``at``; ``fields`` replace or add."""
    mid = 9_990_000_000_000_000 + number
    person = 9_990_000_000 + account
    return {
        "created_at": at.strftime("%a %b %d %H:%M:%S %z %Y"),
        "id": mid,
        "idstr": str(mid),
        "mid": str(mid),
        "text": text,
        "isLongText": False,
        "source": "",
        "visible": {"type": 0, "list_id": 0},
        "user": {
            "id": person,
            "idstr": str(person),
            "screen_name": f"示例用户{account}",
            "verified": False,
            "verified_type": -1,
        },
        "reposts_count": 0,
        "comments_count": 0,
        "attitudes_count": 0,
        **fields,
    }


def kept_wordings(reader: Reader) -> list[str]:
    """Five texts that the gate of today keeps; one that only asks comes first, if it is kept."""
    kept = [text for text in CANDIDATES if all(reader.read(text + mark) for mark in MARKS)]
    assert len(kept) >= CLAIMS, "the gate keeps too few of the candidates: add wordings to CANDIDATES"
    assert not any(reader.read(text.format(7)) for text in TALK), "the gate keeps small talk: change TALK"
    return kept[:CLAIMS]


def crowded(wordings: Sequence[str], as_of: datetime, seed: int) -> list[str]:
    """Lines in the order of time: claims of many accounts, reposts, repeats, spoilt and old ones, small talk.

    The first 60 mentions of a claim are of 60 accounts in the first hour: whatever the key, the floor is reached then.
    """
    chance = random.Random(seed)
    lines: list[tuple[datetime, str]] = []
    first = as_of - timedelta(hours=66)

    def add(at: datetime, account: int, text: str, **fields: Any) -> None:
        made = status(seed * 100_000 + len(lines), account, text, at, **fields)
        lines.append((at, json.dumps(made, ensure_ascii=False)))

    for number, text in enumerate(wordings):
        parent = status(seed * 100_000 + 90_000 + number, number, text, first)
        for k in range(MENTIONS):
            at = first + (timedelta(seconds=k) if k < 60 else timedelta(minutes=chance.randint(60, 3900)))
            account = number * ACCOUNTS + (k if k < 60 else chance.randrange(ACCOUNTS))
            if k > 60 and k % 10 == 0:
                add(at, account, "转发微博", retweeted_status=parent, reposts_count=k)
            else:
                add(at, account, text + chance.choice(MARKS))
    while len(lines) < STATUSES - 200:
        at = first + timedelta(minutes=chance.randint(0, 3900))
        add(at, chance.randrange(9000), chance.choice(TALK).format(len(lines) % 400))
    for _ in range(60):
        add(as_of - timedelta(hours=90), 1, wordings[0])
    lines += [(first + timedelta(hours=n), '{"id": 9') for n in range(40)]
    lines += [(max(at, as_of - timedelta(hours=n % 40)), line) for n, (at, line) in enumerate(lines[:100])]
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]
