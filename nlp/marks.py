"""Marks: a few dozen properties of wording that mean the same in any subject.

A small corpus teaches n-grams of its own subjects; marks carry over to subjects it never saw. They are yes or
no, named, and read as data in the model files.
"""

from nlp.score import RULES, SOURCED, is_first_hand, is_question
from nlp.vocabulary import Vocabulary

_TESTS = {
    "alarm": "!",
    "alarms": "!.*!.*!",
    "headline": "【|《",
    "hashtag": "#[^#]{2,30}#",
    "link": "https?://|网页链接",
    "mention": "@",
    "i": "我(?!国|市|省|县|区|们|军|校|院)|俺|本人",
    "we": "我们|咱们|俺们|大家伙",
    "you": "你|您|各位|大家|亲们|家长|朋友们|妈妈们|宝妈",
    "third": "他们|人家|那帮|这帮|有些人|某些",
    "office": "领导|局|政府|书记|主任|校长|院长|所长|镇长|县长|干部|部门|窗口|单位|物业|老板|厂里|公司|社区|街道|村委|学校说|医院说|热线",
    "said": "说是|说了|回答|答复|回复|解释说|告诉我|让我们|叫我们|不让|不肯|不给",
    "money": "[0-9]+(?:万|元|块|亿)|补助|经费|收费|罚款|工资|赔",
    "date": "[0-9]{1,2}月|[0-9]{1,2}日|[0-9]{1,2}号|今天|今晚|明天|昨天|昨晚|凌晨",
    "number": "[0-9]",
    "place": "[省市县区镇乡村路街](?!面|场)",
    "cause": "导致|引起|造成|会得|会引|会让|等于|产生|致|含有|含|产自|因为|由于|原因是",
    "cure": "能治|可治|治疗|预防|消除|缓解|杀菌|杀死|去火|解毒|降|补",
    "order": "不要|别|千万|一定|务必|必须|赶紧|小心|注意|当心|记住|切记|警惕|提防",
    "pass_on": "转发|扩散|转告|告诉|转给|分享|传一下|收藏|互相|提醒",
    "feeling": "希望|愿|祝|谢|感动|心疼|难受|害怕|担心|想念|喜欢|爱|恨|哭|笑|怕",
    "like": "像|仿佛|好比|似的|一样|如同|所谓|叫做|有一种|才是|只有|真正|永远|从来",
    "turn": "但|却|可是|其实|反而|倒是|结果|居然|竟然|照常|照样|还是|就是",
    "plea": "求|帮|救|急|有没有人|谁有|谁能|哪位|请联系|电话|地址",
    "reporter": "记者|报道|获悉|通报|发布|公告|消息称|介绍|表示|据了解|编辑|报讯|新闻",
    "denial": "辟谣|谣言|不实|假的|不信谣|别信|误传|虚假|真相",
    "sell": "下单|包邮|优惠|折|店里|新款|上新|预约|私信|价格|欢迎|推荐|关注",
}  # fmt: skip
_LENGTHS = (20, 40, 80, 140, 240)
_VOCABULARY = Vocabulary(
    {f"r:{rule.id}": rule.words.pattern for rule in (*RULES, SOURCED)} | {f"m:{name}": _TESTS[name] for name in _TESTS}
)


def marks(text: str) -> set[str]:
    """Names of the marks a normalised text bears: rules of the score (``r:``), wording (``m:``) and length (``l:``)."""
    found = _VOCABULARY.found(text)
    found.update(f"l:{length}" for length in _LENGTHS if len(text) >= length)
    if is_first_hand(text):
        found.add("m:first_hand")
    if is_question(text):
        found.add("m:question")
    return found
