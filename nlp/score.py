"""The check score: how much a desk should check a claim, from its wording, with reasons.

Rules speak of how a thing is said, never of who says it. First-hand and insider wording never raises the
score (a true early warning that was rebutted has cost lives): it sets the early-warning mark.
"""

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nlp.text import level

MODELS = Path(__file__).parent / "models"


@dataclass(frozen=True, slots=True)
class Rule:
    """One property of wording: ``words`` is a closed vocabulary, and a reason cites only words of it."""

    id: str
    zh: str
    en: str
    words: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a score is what it is: the rule, its weight in log odds, and the vocabulary words that were met."""

    rule: str
    zh: str
    en: str
    weight: float
    words: tuple[str, ...] = ()


def _rule(id_: str, zh: str, en: str, words: str) -> Rule:
    return Rule(id_, zh, en, re.compile(words))


RULES: tuple[Rule, ...] = (
    _rule("hearsay", "说法来自传闻", "Hearsay", "听说|据说|据传|网传|疯传|传闻|有人说|都在说|都说|朋友说|同学说|亲戚说|邻居说|听朋友|听人说|群里|朋友圈|转自|转:|小道消息|刚得到消息|刚收到消息|刚接到"),
    _rule("urgency", "催促扩散", "Urges to spread", "速转|快转|急转|转发|扩散|转给|转告|互相转告|告诉家人|告诉身边|通知家人|传下去|紧急通知|紧急|重要通知|特大|注意了|大家注意|赶紧|赶快|马上|千万|切记|务必|一定要|看完删|马上删|收藏"),
    _rule("absolute", "说得绝对", "Absolute wording", "绝对|百分百|100%|全部|所有|一律|必死|必定|肯定|永远|从来|根本|任何|彻底|无一|立刻|瞬间|当场|秒杀"),
    _rule("miracle", "神奇疗效", "Miracle cure", "根治|包治|治愈|偏方|秘方|祖传|土方|特效|神药|神奇|立竿见影|一喝就|一吃就|自愈|抗癌|排毒|杀死病毒|杀病毒|消灭病毒|预防病毒|百病|延年"),
    _rule("authority", "借用权威", "Borrowed authority", "央视|新闻联播|焦点访谈|专家|院士|教授|钟南山|世卫|世界卫生组织|联合国|哈佛|美国科学家|日本专家|研究发现|研究表明|科学家|医生说|医院通知|公安局通知|教育局通知|上级通知|官方消息|已经证实|已证实|已播出|内部文件"),
    _rule("danger", "强烈的危害", "Grave danger", "致癌|癌症|白血病|致命|死亡|死了|丧命|吃死|毒死|剧毒|有毒|中毒|瘫痪|失明|畸形|不孕|感染|传染|爆炸|泄漏|辐射|地震|溃坝|被抢|被拐|拐走|迷倒|迷晕|盗刷|被骗|停水|停电|停课|封路|封城"),
    _rule("prohibition", "劝人停用或躲避", "Tells people to stop or stay away", "别吃|不要吃|不能吃|别喝|不要喝|不能喝|别买|不要买|千万别|不要接|别接|不要点|别点|别去|不要去|别出门|不要出门|不要用|别用|小心|当心|警惕|提防|囤|抢购|储水|备好"),
    _rule("figure", "惊人的数字", "Striking figures", r"\d{2,}%|\d+(?:万|亿|千)|\d{2,}(?:人|例|名|个孩子|个小孩|起|年|倍)|[几数]百人|[几数]十人|上千|上万|成千上万"),
)  # fmt: skip
SOURCED = _rule(
    "sourced", "写明了来源", "Names its source",
    "发布会|通报|公告|通告|官网|官方微博|官微|新华社|人民日报|中新网|新华网|记者.{0,8}(?:报道|获悉|从)|据.{2,16}(?:报道|消息|通报|介绍|发布)|发布了?《|编号|局长表示|负责人表示|负责人介绍|提醒市民|提醒广大",
)  # fmt: skip

_FIRST_HAND = re.compile(
    "亲眼(?:看[到见]|所见|目睹|见[到过])?|亲身(?:经历)?|亲历|我(?:就)?在现场|现场看到|我看到|我看见|我闻到|我家(?:孩子|小孩|宝宝|娃|水|楼下)|我们(?:家|班|科室|科|医院|单位|厂|小区|村|学校|幼儿园|病房|急诊)|我(?:是|在).{0,12}(?:医生|护士|老师|员工|工人|上班|工作|值班)|我孩子|我儿子|我女儿|孩子班|班里|班上|家长群"
    "|科室|接诊|收治|我值班|今天收了|病房里|亲手|尝了|喝了以后|吃了以后|刚刚看见|刚看见|刚才看到|目击|路过|门口看到|我邻居|隔壁邻居|楼上邻居|同事的孩子|摊主|卖菜|卖鱼|值夜班|值班到|门诊(?:又|今天|已经|刚)?(?:收|接)了|我闺女|我家小|我娃|我家娃|娃在|陪(?:孩子|娃|老人|家人).{0,6}看病|诊室|中招了|当班|下夜班|病区"
    "|内部(?:消息|人士?|员工|文件|通知|传达|通报|渠道)|刚开完会|会议决定|会议精神|系统内|单位里传达|还没公布|没有公布|马上公布|即将公布|不让说|不让报道|不让往外说|媒体不敢|新闻不报|我朋友在.{1,8}(?:上班|工作)|我亲戚在.{1,8}(?:上班|工作)"
)
_ASKS = re.compile(
    "(?:真|假|实|确)的?(?:吗|么|不|嘛|假)|真的假的|是真是假|真假|是不是真|是否属实|属实吗|有没有这回事|有这回事吗|有这事吗|有这种事吗|求证|求辟|求真相|谁知道|有人知道|有谁知道|有知道的|听说.{0,40}(?:吗|么)[?]?$|(?:会|能|要|有|停|可以|还是).{0,20}(?:吗|么|不)[?]?$|靠谱吗|可信吗|能信吗"
)  # fmt: skip


@dataclass(frozen=True)
class Scorer:
    """A logistic model over the rules and the claim model's log odds; weights are read from JSON."""

    bias: float
    model: float
    weights: dict[str, float]

    def score(self, text: str, logit: float) -> tuple[float, tuple[Reason, ...]]:
        """Probability (0 to 1) that a desk should check the normalised ``text``, and the reasons, strongest first."""
        total = self.bias + self.model * logit
        reasons = []
        for rule in (*RULES, SOURCED):
            weight = self.weights.get(rule.id, 0.0)
            if weight and (met := _met(rule, text)):
                total += weight
                reasons.append(Reason(rule.id, rule.zh, rule.en, weight, met))
        return 1.0 / (1.0 + math.exp(-total)), tuple(
            sorted(reasons, key=lambda reason: (-abs(reason.weight), reason.rule))
        )

    def explain(self, rules: Iterable[str]) -> tuple[Reason, ...]:
        """Reasons for a group, of which only rule ids are kept: the same weights, no words."""
        known = {rule.id: rule for rule in (*RULES, SOURCED)}
        found = [Reason(id_, known[id_].zh, known[id_].en, self.weights.get(id_, 0.0)) for id_ in rules if id_ in known]
        return tuple(sorted(found, key=lambda reason: (-abs(reason.weight), reason.rule)))


def _met(rule: Rule, text: str) -> tuple[str, ...]:
    """Vocabulary words met, digits folded: a figure's own digits are the post's, not the vocabulary's."""
    found = dict.fromkeys(match.group() for match in rule.words.finditer(text))
    return (
        ("数字",)
        if found and rule.id == "figure"
        else ("来源",)
        if found and rule.id == "sourced"
        else tuple(found)[:5]
    )


def indicators(text: str) -> list[float]:
    """One 0/1 value a rule, in the order of ``(*RULES, SOURCED)``: the ground on which weights are fitted."""
    return [float(rule.words.search(text) is not None) for rule in (*RULES, SOURCED)]


def is_first_hand(text: str) -> bool:
    """Whether the wording is a witness's or an insider's: sets the early-warning mark, never the score."""
    return _FIRST_HAND.search(text) is not None


_ANSWER = re.compile(
    "不实|谣言|辟谣|不属实|并非事实|没有科学依据|没有依据|经核实|核实后|核查|系谣传|误读|真相|属实|情况说明|情况通报|通报|公告|通告|提示|提醒|科普|解读|答疑|回应|澄清"
)
_ADVICE = re.compile(
    "怎么|如何|什么|吗|记住|须知|攻略|指南|几件事|[一二三四五六七八九十]件事|哪些|看点|现场|记者|不能,|别多"
)
_EFFECT = re.compile(
    "等于|致癌|化掉|根治|治好|治愈|清除|打通|排毒|杀死|预防|砒霜|有毒|剧毒|中毒|致命|会导致|就会|立刻|马上见效|百病|一夜|[0-9一二三四五六七八九十]天|神奇|不吃药"
)


def is_answer(text: str) -> bool:
    """Whether an organisation's text checks, answers, announces or advises, by the words such texts use."""
    return _ANSWER.search(text) is not None or SOURCED.words.search(text) is not None


def asserts_effect(title: str) -> bool:
    """Whether a headline states an effect on health or safety as a fact, and neither asks nor advises."""
    return _EFFECT.search(title) is not None and _ADVICE.search(title) is None


def without_witness(text: str) -> str:
    """A normalised text without first-hand and insider wording: the ground of its score (design, Bound 8).

    It is level, so that the cut itself leaves no trace.
    """
    return level(_FIRST_HAND.sub("", text))


def is_question(text: str) -> bool:
    """Whether the text asks if something is true; a short text that only asks is no assertion."""
    return len(text) <= 80 and _ASKS.search(text) is not None


def load_scorer(folder: Path = MODELS) -> Scorer:
    """Read ``<folder>/score.json``: ``{"bias", "model", "weights": {rule: weight}}``."""
    document = json.loads((folder / "score.json").read_text(encoding="utf-8"))
    return Scorer(document["bias"], document["model"], document["weights"])
