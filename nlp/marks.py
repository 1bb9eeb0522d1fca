"""Marks: a few dozen properties of wording that mean the same in any subject.

A small corpus teaches n-grams of its own subjects; marks carry over to subjects it never saw. They are yes or
no, named, and read as data in the model files.
"""

import re

from nlp.score import RULES, SOURCED, is_first_hand, is_question

_TESTS: dict[str, re.Pattern[str]] = {
    "alarm": re.compile("!"),
    "alarms": re.compile("!.*!.*!"),
    "headline": re.compile("【|《"),
    "hashtag": re.compile("#[^#]{2,30}#"),
    "link": re.compile("https?://|网页链接"),
    "mention": re.compile("@"),
    "i": re.compile("我(?!国|市|省|县|区|们|军|校|院)|俺|本人"),
    "we": re.compile("我们|咱们|俺们|大家伙"),
    "you": re.compile("你|您|各位|大家|亲们|家长|朋友们|妈妈们|宝妈"),
    "third": re.compile("他们|人家|那帮|这帮|有些人|某些"),
    "office": re.compile("领导|局|政府|书记|主任|校长|院长|所长|镇长|县长|干部|部门|窗口|单位|物业|老板|厂里|公司|社区|街道|村委|学校说|医院说|热线"),
    "said": re.compile("说是|说了|回答|答复|回复|解释说|告诉我|让我们|叫我们|不让|不肯|不给"),
    "money": re.compile("[0-9]+(?:万|元|块|亿)|补助|经费|收费|罚款|工资|赔"),
    "date": re.compile("[0-9]{1,2}月|[0-9]{1,2}日|[0-9]{1,2}号|今天|今晚|明天|昨天|昨晚|凌晨"),
    "number": re.compile("[0-9]"),
    "place": re.compile("[省市县区镇乡村路街](?!面|场)"),
    "cause": re.compile("导致|引起|造成|会得|会引|会让|等于|产生|致|含有|含|产自|因为|由于|原因是"),
    "cure": re.compile("能治|可治|治疗|预防|消除|缓解|杀菌|杀死|去火|解毒|降|补"),
    "order": re.compile("不要|别|千万|一定|务必|必须|赶紧|小心|注意|当心|记住|切记|警惕|提防"),
    "pass_on": re.compile("转发|扩散|转告|告诉|转给|分享|传一下|收藏|互相|提醒"),
    "feeling": re.compile("希望|愿|祝|谢|感动|心疼|难受|害怕|担心|想念|喜欢|爱|恨|哭|笑|怕"),
    "like": re.compile("像|仿佛|好比|似的|一样|如同|所谓|叫做|有一种|才是|只有|真正|永远|从来"),
    "turn": re.compile("但|却|可是|其实|反而|倒是|结果|居然|竟然|照常|照样|还是|就是"),
    "plea": re.compile("求|帮|救|急|有没有人|谁有|谁能|哪位|请联系|电话|地址"),
    "reporter": re.compile("记者|报道|获悉|通报|发布|公告|消息称|介绍|表示|据了解|编辑|报讯|新闻"),
    "denial": re.compile("辟谣|谣言|不实|假的|不信谣|别信|误传|虚假|真相"),
    "sell": re.compile("下单|包邮|优惠|折|店里|新款|上新|预约|私信|价格|欢迎|推荐|关注"),
}  # fmt: skip
_LENGTHS = (20, 40, 80, 140, 240)


def marks(text: str) -> set[str]:
    """Names of the marks a normalised text bears: rules of the score (``r:``), wording (``m:``) and length (``l:``)."""
    found = {f"r:{rule.id}" for rule in (*RULES, SOURCED) if rule.words.search(text)}
    found.update(f"m:{name}" for name, test in _TESTS.items() if test.search(text))
    found.update(f"l:{length}" for length in _LENGTHS if len(text) >= length)
    if is_first_hand(text):
        found.add("m:first_hand")
    if is_question(text):
        found.add("m:question")
    return found
