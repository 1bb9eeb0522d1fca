"""Bound 6: what points to a person is masked before anything is stored, however many accounts say it.

Everybody says the same words with the same private detail in them: the floor alone would let it through, so that
only the redactor stands between the detail and the disk.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from chengqing.clock import CHINA, FixedClock
from chengqing.importing import Format, import_file
from chengqing.workspace import Workspace, open_workspace
from nlp.reader import Reader, load_reader
from nlp.redact import Redactor
from nlp.text import clauses, normalise
from pipelines import schema
from tests.support.search import contents
from tests.support.site import SOURCE
from tests.support.statuses import CANDIDATES, status

NOW = datetime(2026, 11, 22, 8, tzinfo=CHINA)
SPEAKERS = 16
"""Accounts that say each text: whatever the key, they lie in five bins and more."""
BASES = [
    *CANDIDATES,
    "小龙虾和西瓜同吃会产生砒霜，昨晚柳渡夜市有一家三口吃完送去洗胃，夏天吃虾的千万别再吃水果，转给家人",
    "早晚各一次，大蒜七瓣拍碎泡水一杯，三天病毒全杀死",
]
FRAMES = ("{base}，{said}，收藏起来告诉身边老人", "{said}，{base}，收藏起来告诉身边老人", "{base}。{said}！")


def id_number(first: str) -> str:
    """17 digits with the check digit of GB 11643; no place has the division 800000."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(first))
    return first + "10X98765432"[total % 11]


def card_number(first: str) -> str:
    """Digits with the check digit of bank cards (ISO/IEC 7812-1, annex B)."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(first)))
    return first + str(-sum(value - 9 * (value > 9) for value in doubled) % 10)


def wide(text: str) -> str:
    """ASCII in full width."""
    return "".join(chr(ord(letter) + 0xFEE0) for letter in text)


PHONE, ID, CARD = "19900007341", id_number("80000019870413552"), card_number("622200990000713")
ZERO_WIDTH, JOINER = "\u200b", "\u2060"
EMAIL, WECHAT, UID, MID = "lanting7341@lanmail.example.com", "lanting_7341k", "9990073415", "9990000000073415"
# kind: what is said, and its parts of which none may be stored (the marks between them end a clause anyway).
DETAILS: dict[str, tuple[str, tuple[str, ...]]] = {
    "phone": (f"问的人打{PHONE}", (PHONE,)),
    "phone with the country's code": (f"问的人打+86{PHONE}", (PHONE,)),
    "phone in full width": (f"问的人打{wide(PHONE)}", (PHONE,)),
    "phone with zero-width marks": (f"问的人打{ZERO_WIDTH.join(PHONE)}", (PHONE,)),
    "phone with joiners": (f"问的人打{JOINER.join(PHONE)}", (PHONE,)),
    "phone in blanks": ("问的人打199 0000 7341", ("7341",)),
    "phone with dashes": ("问的人打199-0000-7341", ("7341",)),
    "phone with emoji": ("问的人打1990📞0007📞341", ("1990", "0007")),
    "phone in numerals": ("问的人打幺九九零零零零七三四幺", ("幺九九", "七三四")),
    "landline": ("电话0990-7341 0088", ("73410088", "7341", "0088")),
    "id number": (f"身份证{ID}的那个", (ID, ID[6:14])),
    "id number with blanks": (f"身份证{ID[:6]} {ID[6:14]} {ID[14:]}的那个", (ID[6:14], ID[14:])),
    "id number in full width": (f"身份证{wide(ID)}的那个", (ID[6:14],)),
    "bank card": (f"钱打到{CARD}", (CARD, CARD[4:12])),
    "bank card in fours": ("钱打到" + " ".join(CARD[n : n + 4] for n in range(0, 16, 4)), (CARD[8:12],)),
    "plate": ("开车的车牌澜A7K34M", ("A7K34M", "K34M")),
    "plate with a dot": ("开车的是沪A·7K34M", ("7K34M",)),
    "traditional plate": ("開車的車牌瀾A7K34M", ("A7K34M",)),
    "e-mail": (f"写到{EMAIL}", ("lanting7341", "lanmail")),
    "WeChat id": (f"微信号{WECHAT}", ("lanting", "7341k")),
    "WeChat id in disguise": ("加薇lanting7341", ("lanting7341",)),
    "QQ": ("加qq734100995", ("734100995",)),
    "QQ group": ("进QQ群734100996", ("734100996",)),
    "traditional group": ("進QQ群７３４１００９９６", ("734100996",)),
    "account name": ("抖音号lantingxiaozhan", ("lantingxiaozhan",)),
    "uid": (f"用户{UID}发的", (UID,)),
    "post id": (f"原帖{MID}里有", (MID,)),
    "coordinates": ("位置31.998877,121.445566那里", ("31.998877", "121.445566")),
    "mention": ("转自@澜亭小筑岚 ", ("澜亭小筑岚",)),
    "mention in full width": ("转自＠澜亭小筑岚 ", ("澜亭小筑岚",)),
    "URL": ("看https://lanting7341.example.com/p/zhaoyunshan88", ("lanting7341", "zhaoyunshan88")),
    "URL in full width": ("看ｈｔｔｐｓ：／／ｌａｎｔｉｎｇ７３４１．ｅｘａｍｐｌｅ．ｃｏｍ／ｐ", ("lanting7341",)),
    "short link": ("看http://t.cn/A6lanTg7", ("A6lanTg7",)),
    "bare short link": ("看t.cn/A6lanTg8", ("A6lanTg8",)),
    "name between hash marks": ("#欧阳建芳#", ("欧阳建芳",)),
    "street and door": ("松岭北路73号4单元1206室那家", ("73号", "4单元", "1206")),
    "estate and door": ("澜亭花园7号楼4单元1206", ("澜亭花园7", "4单元", "1206")),
    "traditional door": ("松嶺北路７３號４單元１２０６室那家", ("73号", "4单元", "1206")),
    "private name with a title": ("陈建芳医生讲的", ("陈建芳", "建芳医生")),
    "traditional name": ("陳建芳醫生講的", ("陈建芳", "陳建芳")),
    "surname and title": ("第三医院的蒋主任讲的", ("蒋主任",)),
    "surname and address": ("隔壁的邹阿姨讲的", ("邹阿姨",)),
    "name with zero-width marks": ("陈\u200b建\u200b芳医生讲的", ("陈建芳",)),
    "role and unit": ("消化内科的夜班护士讲的", ("消化内科的夜班护士", "内科的夜班护士")),
    "who one is": ("我是南埠二中食堂的帮厨", ("南埠二中食堂", "帮厨")),
    "age and place": ("石桥镇37岁的男子", ("37岁的男子", "37岁")),
    "class and name": ("三年级二班的欧阳建芳也吃了", ("欧阳建芳", "三年级二班的")),
}
KINDS = [
    "phone", "id", "bank", "plate", "e-mail", "WeChat", "QQ", "account", "uid", "post id", "coordinates", "mention",
    "URL", "short link", "hash", "door", "name", "title", "role", "who", "age", "class",
]  # fmt: skip


class Plain(Redactor):
    """The guard taken away: nothing is masked."""

    def mask(self, text: str) -> str:
        return text


@cache
def shipped() -> Reader:
    """The language stages; the canaries have tests of their own."""
    return load_reader(canaries=False)


def unmasked() -> Reader:
    reader = load_reader(canaries=False)
    reader._redactor = Plain()
    return reader


@dataclass
class Stored:
    """What an import left: every byte that was ever on disk, every text column at its end."""

    seen: set[bytes] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)

    def holds(self, part: str) -> bool:
        """Whether the ``part`` stands in a text, or among bytes if it is long enough to be told from chance."""
        part = normalise(part)
        raw = [part.encode(), part.encode("utf-16-le"), part.encode("gb18030")]
        return any(part in text for text in self.texts) or any(
            form in content for form in raw if len(form) >= 6 for content in self.seen
        )


@contextmanager
def desk(folder: Path, reader: Reader) -> Iterator[Workspace]:
    (folder / "data" / "sources").mkdir(parents=True)
    text = SOURCE.format(id="office-json", format="article-json")
    (folder / "data" / "sources" / "office-json.toml").write_text(text, encoding="utf-8")
    with open_workspace(folder / "data", None, FixedClock(NOW)) as workspace:
        workspace.__dict__["reader"] = reader
        yield workspace


def imported(workspace: Workspace, records: list[dict[str, Any]], format: Format, source: str = "") -> Stored:
    """Import ``records`` for good, and look at the directory after every block."""
    file = workspace.folder.parent / "input.jsonl"
    file.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")
    stored = Stored()

    def look(_done: int, _size: int) -> None:
        stored.seen.update(contents(workspace.folder))
        stored.texts += _texts(workspace)

    declared = workspace.config.sources[source] if source else None
    outcome = import_file(workspace, file, format, source=declared, progress=look)
    assert outcome.counts.kept() == len(records), outcome.counts
    look(1, 1)
    return stored


def _texts(workspace: Workspace) -> list[str]:
    with workspace.store.read() as connection:
        return [
            str(value)
            for table in schema.metadata.sorted_tables
            for column in table.columns
            if isinstance(column.type, sa.String)
            for value in connection.scalars(sa.select(column).distinct().where(column.is_not(None)))
        ]


@pytest.fixture(scope="module")
def wordings() -> dict[str, tuple[str, str]]:
    """For each detail a text that the gate keeps, and the rumour in it."""
    found = {}
    for kind, (said, _) in DETAILS.items():
        kept = (
            (frame.format(base=base, said=said), base)
            for base in BASES
            for frame in FRAMES
            if shipped().read(frame.format(base=base, said=said)) is not None
        )
        found[kind] = next(kept, ("", ""))
    lost = [kind for kind, (text, _) in found.items() if not text]
    assert not lost, f"the gate keeps no candidate with: {lost}; add wordings to BASES"
    return found


@pytest.fixture(scope="module", params=["shipped", "unmasked"])
def stored(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wordings: dict[str, tuple[str, str]]
) -> tuple[bool, Stored]:
    """Everybody says every text; with the redactor, and without."""
    guarded = request.param == "shipped"
    records: list[dict[str, Any]] = []
    for text, _ in wordings.values():
        for speaker in range(SPEAKERS):
            at = NOW - timedelta(hours=3, seconds=len(records))
            records.append(status(len(records), speaker, text, at))
    with desk(tmp_path_factory.mktemp("desk"), shipped() if guarded else unmasked()) as workspace:
        return guarded, imported(workspace, records, "weibo-status")


def test_every_kind_is_tried() -> None:
    """No kind of the bound is forgotten."""
    assert not [kind for kind in KINDS if not any(kind in name for name in DETAILS)]


@pytest.mark.parametrize("kind", DETAILS)
def test_a_detail_that_everybody_shares_is_never_stored(stored: tuple[bool, Stored], kind: str) -> None:
    """Not in a text, not in a byte; without the redactor it is."""
    guarded, found = stored
    leaked = [part for part in DETAILS[kind][1] if found.holds(part)]
    if guarded:
        assert leaked == []
    else:
        assert leaked


def test_the_clauses_around_it_are_stored(stored: tuple[bool, Stored], wordings: dict[str, tuple[str, str]]) -> None:
    """Masking takes the detail, not the claim."""
    said = {clause for _, base in wordings.values() for clause in clauses(normalise(base))}
    assert said and said <= set(stored[1].texts)


# What the redactor once missed, each tried on a text as it would be stored from five accounts on.
MISSED = {
    "phone with commas": ("问的人打199，0000，7341", "7341"),
    "phone with list marks": ("问的人打199、0000、7341", "7341"),
    "phone in keycaps": ("问的人打" + "".join(f"{digit}\u20e3" for digit in PHONE), "1\u20e39\u20e39"),
    "mention in words": ("艾特澜亭小筑岚看看", "澜亭小筑岚"),
    "age before a place": ("37岁石桥镇人", "37岁石桥镇人"),
    "age before a name": ("37岁的欧阳建芳也吃了", "欧阳建芳"),
    "surname told apart from the title": ("姓陈的护士长讲的", "姓陈的护士长"),
    "building of a home": ("住在澜亭花园七栋", "澜亭花园七栋"),
    "nickname of a friend": ("我朋友阿珍吃完就晕倒了", "阿珍"),
    "name with a dot": ("阿布都拉·吐尔逊说馕里放了洗衣粉", "吐尔逊"),
    "anonymous by letter": ("李x芳跑了四家药店", "李x芳"),
    "somebody at the gate": ("门口卖烤肠的大叔说肉是坏的", "卖烤肠的大叔"),
    "neighbour by door": ("3号楼独居王奶奶没人管", "3号楼独居王奶奶"),
    "relative at a unit": ("我老公在电力公司,说要停电", "我老公在电力公司"),
    "age in tens": ("临汐县一名八旬老人被骗", "八旬老人"),
    "military numerals": ("手机号幺三八洞洞幺二三四五六", "洞洞幺二三四五六"),
    "number between bars": ("咨询135|1234|5678", "5678"),
    "mail in brackets": ("收件lin2020[@]sina[.]com", "lin2020"),
    "account by its form": ("绿色软件taoxi_lv66", "taoxi_lv66"),
}


@pytest.mark.parametrize("kind", MISSED)
def test_forms_that_were_missed_once(kind: str) -> None:
    """A clause of a text with it, as it would be stored from five accounts on."""
    said, part = MISSED[kind]
    assert part not in shipped()._redactor.mask(normalise(said))


# -- articles of organisations -----------------------------------------------------------------------

TITLE = "患者欧阳建芳吃了小龙虾和西瓜？{outlet}回应"
BODY = """（本报记者 端木秀兰 通讯员：司马国强）
11月20日，小龙虾和西瓜同吃会产生砒霜的说法在网上流传。澜州市第三医院急诊科蒋主任介绍，小龙虾和西瓜同吃不会产生砒霜。
石桥镇37岁的男子诸葛明涛，家住松岭北路73号4单元1206室，电话{phone}，身份证{id}，邮箱{email}，车牌澜A7K34M。
市民上官玉梅说，她在群里看到消息，微信号{wechat}，见 http://t.cn/A6lanTg7 @澜亭小筑岚 。
责任编辑：东方丽娟"""
PEOPLE = (
    "欧阳建芳", "端木秀兰", "司马国强", "蒋主任", "诸葛明涛", "上官玉梅", "东方丽娟", "73号", "1206", "37岁的男子",
    PHONE, ID, "lanting7341", WECHAT, "A7K34M", "A6lanTg7", "澜亭小筑岚",
)  # fmt: skip


@pytest.mark.parametrize("guarded", [True, False])
def test_articles_are_masked_too(tmp_path: Path, *, guarded: bool) -> None:
    """Title and text of an organisation, with bylines, names and contacts; without the redactor they stay."""
    text = BODY.format(phone=PHONE, id=ID, email=EMAIL, wechat=WECHAT)
    record = {
        "id": 7,
        "url": "https://news.example/a/7",
        "title": TITLE.format(outlet="云岫发布"),
        "text": text,
        "published": (NOW - timedelta(hours=2)).isoformat(),
        "author": "慕容桂英",
    }
    with desk(tmp_path, shipped() if guarded else unmasked()) as workspace:
        stored = imported(workspace, [record], "article-json", "office-json")
    assert any("小龙虾和西瓜同吃不会产生砒霜" in value for value in stored.texts)
    assert not stored.holds("慕容桂英") and not stored.holds("东方丽娟")  # bylines are cut before the redactor
    leaked = [part for part in PEOPLE if stored.holds(part)]
    assert (leaked == []) if guarded else (len(leaked) > 10), leaked
