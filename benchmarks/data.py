"""Texts to measure with: real ones from the shared data beside the repository, generated ones from here.

Real posts are read in place and never copied. Without the folder a benchmark says so and stops.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jieba

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(name: str) -> Path:
    """A file of the shared data; raises SystemExit with its place when it is missing."""
    path = SHARED / name
    if not path.exists():
        raise SystemExit(f"{path} is missing: put the shared data folder beside the repository")
    return path


def records(name: str) -> list[dict[str, Any]]:
    """The records of a JSON Lines file of the shared data."""
    with shared(name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


_WHO = "听说 刚听邻居说 群里都在传 单位通知 朋友在医院上班说 转给家人 紧急提醒 有人看到".split()
_WHERE = "云岫区 临汐县 桃溪镇 柳渡街道 乌桥镇 沛澄市 澜州市 望湖街道 松风街道 南埠镇".split()
_WHAT = "自来水 小龙虾 疫苗 大坝 化工厂 校车 二维码 充电桩 蘑菇 退烧药 公交车 菜市场 幼儿园 水库 加油站 桥面 电梯 泳池 外卖 燃气".split()
_DID = "明天起停用 被查出有毒 已经有人中招 要涨价三倍 凌晨发生爆炸 检测不合格 全部召回 出现裂缝 开始排队 连夜封闭 有人被骗 不能再用".split()
_SO = "赶紧囤一点 千万别去 老人孩子注意 看完转发 不信自己去看 电话都打爆了 先别告诉别人 记得关好门窗 抓紧时间 等官方消息".split()


def varied(count: int, seed: int = 1) -> Iterator[str]:
    """``count`` texts of words drawn from jieba's dictionary between stock phrases: a tenth different, the rest copies."""
    tokenizer = jieba.Tokenizer()
    frequencies, _ = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    words = sorted(w for w, n in frequencies.items() if n > 50 and 2 <= len(w) <= 4 and "\u4e00" <= w[0] <= "\u9fff")
    chance = random.Random(seed)
    bases = [
        "，".join(
            [
                chance.choice(_WHO) + chance.choice(_WHERE) + "".join(chance.choices(words, k=chance.randint(4, 9))),
                "".join(chance.choices(words, k=chance.randint(4, 12))),
                chance.choice(_SO),
            ]
        )
        for _ in range(max(1, count // 10))
    ]
    yield from _copies(bases, count, chance)


def formulaic(count: int, seed: int = 1) -> Iterator[str]:
    """``count`` texts from a grammar so small that all of them look alike: the hardest case for chaining."""
    chance = random.Random(seed)
    bases = [
        "，".join(
            [
                chance.choice(_WHO) + chance.choice(_WHERE) + chance.choice(_WHAT) + chance.choice(_DID),
                "".join(chance.sample(_WHAT, 2)) + chance.choice(_DID),
                chance.choice(_WHERE) + chance.choice(_SO),
                chance.choice(_SO) + f"{chance.randrange(1, 3000)}号",
            ]
        )
        for _ in range(max(1, count // 10))
    ]
    yield from _copies(bases, count, chance)


def _copies(bases: list[str], count: int, chance: random.Random) -> Iterator[str]:
    """Copies with small endings, as reposted wording has them."""
    for _ in range(count):
        yield chance.choice(bases) + chance.choice(["", "！", "，" + chance.choice(_SO), "～" + chance.choice(_WHO)])
