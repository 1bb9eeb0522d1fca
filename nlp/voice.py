"""Rules that recognise a voice: criticism, complaint, opinion, satire, joke or call for help.

One of the two independent rules of the gate (design, Bound 5). It answers one bit and keeps no kinds: which
rule spoke is nobody's business. Unsure means voice: a rumour too many left alone costs a claim that other
posts repeat, a voice kept costs a person.
"""

import re

from ahocorasick_rs import AhoCorasick, MatchKind

# Who holds an office, or acts for the public: the ones that must be open to blame.
_OFFICE = (
    "领导|干部|官员|官老爷|当官|书记|市长|县长|区长|镇长|乡长|村长|局长|厅长|处长|科长|主任|校长|院长|园长|法官|检察|警察|民警|交警|辅警|协警|城管|公务员"
    "|政府|当局|部门|机关|单位|法院|公安|派出所|街道|居委会|社区|村委会|卫健委|卫生局|卫计委|教育局|教委|住建局|住建|市监|市场监管|监管|药监|食药监|工商|质检|环保|环境局"
    "|水务|水厂|水利局|供水|自来水公司|供电|电力|国家电网|电网|燃气公司|医院|卫生院|防疫|疾控|学校|幼儿园|食堂|物业|开发商|企业|公司|厂家|工厂|厂|老板|银行|保险|央企|国企"
    "|红十字|慈善|基金会|铁路|高铁|公交公司|地铁公司|交通局|运管|城建|规划|土地|国土|信访|纪委|热线|12345|市长热线|专家|媒体|记者|央视|电视台|平台|客服|运营商|移动|电信|联通"
    "|中石油|中石化|专班|指挥部|工作组|气象局|地震局|应急局|财政|税务|社保|医保局|人社|民政|殡仪馆|国家|体制|上面|上头|他们|有关方面|相关方|校方|院方|厂方|院里|厂里|镇里|村里|市里|县里|区里|所里|村医|敬老院|养老院|福利院|工地|项目部|工程队|施工队|办公室|检查组|值班室|窗口|物业公司|厂长|所长|代表|居委|村委|班主任|老师|镇上|村上|县上"
)
# What people say when they hold them to account.
_BLAME = (
    "不管|没人管|无人管|谁来管|谁管|管管|不作为|乱作为|推诿|踢皮球|推来推去|互相推|扯皮|装死|装聋|装睡|视而不见|置之不理|不闻不问|瞒报|隐瞒|瞒着|瞒我们|掩盖|捂盖子|捂着|包庇|袒护|腐败|贪污|贪官|受贿"
    "|渎职|失职|失责|官僚|形式主义|黑幕|打压|封口|封杀|捂嘴|删帖|删评|撒谎|说谎|骗老百姓|糊弄|忽悠|欺负|欺压|欺瞒|不解决|不处理|不回应|没回应|没有回应|没有答复|没答复|无答复|不答复|没下文|敷衍|搪塞"
    "|草菅人命|不顾|良心|无耻|可耻|耻辱|垃圾|坑人|坑爹|坑害|坑老百姓|坑我们|强拆|强制|强迫|殴打|打人|暴力执法|暴力|乱收费|乱罚|吃干饭|尸位素餐|特权|关系户|走后门|利益输送|勾结|保护伞|不公|不公平|双标"
    "|问责|追责|下台|免职|辞职|罢免|道歉|给个说法|给说法|要说法|讨说法|交代|交待|解释一下|解释解释|凭什么|凭啥|为何不|为什么不|怎么不|干什么去了|干嘛去了|干啥去了|干什么吃|在干嘛|在干什么|哪去了|哪里去了|去哪了|在哪里"
    "|失望|寒心|心寒|寒了|愤怒|气愤|愤慨|憋屈|无语|呵呵|离谱|荒唐|可笑|滑稽|笑话|太差|真差|烂透|恶心|讽刺|虚伪|冷漠|麻木|态度恶劣|态度差|爱理不理|爱搭不理|没人理|不理|不接电话|没人接|打不通|打不进"
    "|拖着|一拖再拖|拖了|拖欠|克扣|压榨|剥削|加班|欠薪|黑心|无良|缺德|丧尽天良|罚款了事|不了了之|只会|就会|就知道|只知道|光知道|也不说|都不说|不通知|没通知|没有通知|不公布|不公开|没公开|信息公开|不敢公布|遮遮掩掩"
    "|朝令夕改|一刀切|层层加码|折腾|作秀|摆拍|面子工程|政绩|豆腐渣|劣质|偷工减料|监管不力|监管缺位|监管在哪|形同虚设|不查|不检测|不整改|屡教不改|屡禁不止|年年|又是这样|又来了|每次都|好意思|算什么|配吗|配不配|脸呢|要脸|辞退|开除|台账|涂改|记录齐全|合格报告|外甥|小舅子|亲戚开|亲戚的|弟弟开|人大代表|升了职|推给|没有一个|通风报信|包间|结账走人|没处报|他家后|自家开的|家里开的|瞒了|瞒到|账是假|帮着|过期了还|去年就过期|解决不了|不肯签|找个地方说理|白跑|填同一张表|回去等|等通知吧|喝着茶|头都没抬|去了哪里|上报的是|写的是|对外说|口径"
)

_ALONE = (
    # complaint, petition, allegation
    "政客|甩锅|不要脸|奉劝|做人|担当|湿润|你够了|真言|移民|人民至上|酒后|台账|被辞退|账是假|不肯签字|责任全|推给一个|结账走人|通风报信|人大代表|投诉|举报|维权|上访|信访|讨个说法|讨说法|给个说法|要个说法|一个说法|一个交代|一个交待|一个公道|讨公道|讨回公道|强拆|拆迁|征地|不作为|黑幕|狗官|贪官|污吏|请愿|联名|实名举报|曝光一下|求曝光|爆料|控诉|伸冤|冤枉|冤案|冤屈|天理"
    "|王法|还有没有人管|有没有人管|没人管|谁来管|管一管|谁负责|谁来负责|负得起|负责任吗|不负责任|责任在|该当何罪|人血馒头|草菅人命|官官相护|官商|权贵|权力|权钱|特权|腐败|贪污|受贿|体制|公权|民意|百姓|老百姓|纳税人|屁民|草民"
    "|公道|公平|正义|人权|自由|民主|专制|独裁|言论|封口|删帖|删了|被删|敏感|吹哨|问责|追责|彻查|严惩|重罚|枪毙|判刑|渎职|失职|瞒报|隐瞒|掩盖|道歉|赔偿我|赔偿损失|赔钱|索赔|起诉|打官司|欠薪|讨薪|克扣|拖欠"
    "|黑心|无良|奸商|缺德|丧良心|丧尽天良|没良心|良心|昧着|卑鄙|无耻|可耻|可恨|可恶|可悲|悲哀|悲剧|悲催|悲愤|愤怒|气愤|义愤|愤慨|气死|气炸|气人|火大|生气|失望|绝望|心寒|寒心|心酸|心痛|心疼|心累|难受|难过|痛心|崩溃"
    "|凭什么|凭啥|为什么总|为何总|怎么就没|什么时候才能|何时才能|何时是|何时能|难道|岂有此理|岂不|居然还|竟然还|简直|算什么|什么东西|什么玩意|什么世道|什么年代|什么社会|这世道|这社会|社会怎么|中国式|国情|天朝|贵国"
    # opinion, joke, satire, feeling, prayer
    "|哈哈|呵呵|嘿嘿|嘻嘻|hhh|(?<![0-9])2333*(?![0-9])|笑死|笑喷|笑哭|好笑|可笑|搞笑|滑稽|笑话|段子|吐槽|槽点|调侃|讽刺|幽默|冷笑话|开玩笑|逗你|逗我|逗死|服了|醉了|跪了|绝了|无语|呜呜|唉|哎呀妈|我的天|我去|我靠|卧槽|我擦|尼玛|特么|他妈(?!妈)"
    "|(?<![当妈宝我你他她姑姨大])妈的|tmd|md|nmd|操蛋|傻逼|傻b|sb|脑残|智障|智商税|智商|奇葩|扯淡|扯犊子|胡扯|瞎扯|鬼扯|鬼才信|谁信|信你个|才信|别信|不信谣|不传谣|造谣|谣言|辟谣|谣传|假的吧|假新闻|瞎编|编的|编故事|蹭热度|博眼球|标题党|带节奏"
    "|我觉得|我认为|我感觉|个人觉得|个人认为|个人感觉|个人观点|窃以为|在我看来|说句实话|说实话|说真的|老实说|讲真|恕我直言|不得不说|依我看|我看啊|我想说|我只想说|只想说|想问问|想问一句|请问一下|弱弱|我怀疑|我不信|我支持|我反对|支持你|力挺|点赞|给力|好样的"
    "|祈祷|祈福|祝福|保佑|天佑|愿逝者|愿世界|愿天堂|愿大家|愿你|愿我们|但愿|愿那些|愿亲人|愿平安|都能平安|报平安|愿.{0,16}平安|逝者|安息|一路走好|走好|默哀|哀悼|悼念|缅怀|r\\.i\\.p|rip|泪目|泪奔|流泪|眼泪|落泪|感动|感恩|感谢|致敬|英雄|暖心|温暖|正能量|加油(?!站|员|枪|卡|排队|价|时|的)|挺住|坚强|众志成城|共渡难关|一定会好|会好起来"
    "|幸福|人生|青春|爱情|命运|灵魂|岁月|时光|回忆|怀念|想起|小时候|那年|曾经|梦想|理想|信仰|人性|良知|文明|素质|尊严|尊重|反思|深思|思考|警醒|发人深省|感慨|感叹|感言|有感|随想|杂谈|时评|评论员|锐评"
    "|爱国|汉奸|卖国|公知|五毛党|美分|水军|洗地|洗白|反华|辱华|祖国|民族|强国|大国|崛起|抗日|战争|历史|皇帝|古代|鲁迅|语录|名言|寓言|童话|小说|剧情|电视剧|电影(?!院)|综艺|演员|明星|爱豆|演唱会|球队|比赛|进球"
    # help
    "|求助|求救|求帮|求好心人|求大家帮|求各位|跪求|恳求|恳请|请求|哀求|拜托|帮帮|帮忙|帮我|帮助他|帮助她|帮助这|伸出援手|援手|救救|救命(?!药|稻草|钱)|救援|营救|被困|受困|困在|困住|断粮|没吃的|没水喝|没药|断药|缺药|急需|急缺|告急|捐款|捐助|捐赠|募捐|众筹|筹款|筹钱"
    "|水滴筹|轻松筹|爱心|好心人|善心|行行好|血源|熊猫血|寻人|寻找|寻亲|走失|走丢|失踪|失联|下落|重谢|酬谢|领养|流浪汉|无家可归|孤寡|贫困|白血病患|患者家属|家属求|手术费|医药费|治疗费|医疗费|筹措|有线索|看到请联系|有消息请|sos|救人|型血|快没电|没信号了|能看到我们|看得到我们|听得到我们|四周都是|抱着浮|抓着浮"
    # adverts
    "|抽奖|转发抽|转发此|转发本|关注我|关注并|微商|代购|包邮|折扣|特价|秒杀|团购|预售|促销|限时|加盟|诚聘|旗舰店|店铺|下单|链接购买|点击购买|戳链接|详情戳|详情请|更多详情|种草|测评|好物|新品|代言"
)
# Irony and rhetorical questions: the marks of someone talking about a claim, not passing it on.
_TONE = re.compile(
    "[?]{2,}|[?]!|![?]|跑了.{0,16}趟|所谓.{0,8}就是|真厉害|真好看|真会|奇怪不|建议以后|像一(?:片|艘|张|颗|场|条|把|封|首)|没有一(?:场|种).{0,8}是|回了一句|人人都|只有.{0,16}是真的|看什么都像|越做越|比.{0,10}(?:准时|稳|还准)|剩下.{0,8}去了|永远是|说.{0,16},那是因为|像不像|什么都像|好像谁|[?].{0,30}[?]|(?:谁|哪个|怎么|难道|什么|何).{0,12}(?:啊|呢|呀|嘛|吗)[?!。 ]|(?:真是|真够|可真).{0,8}(?:了吧|啊|呀|哦|哇|!)|(?:呐|哦豁|啧啧|哼|切~|咋整)"
    "|又(?:是|要开始|来一次).{0,10}(?:了|啦|套|折腾)|(?:如果|要是|假如|倘若).{0,30}(?:就好|该多|多好|会怎|怎么办)|不(?:就是|过是|如|愧是)|还不(?:如|是)|好歹|至于吗|何必|何苦|何况|活该|自作|报应"
)
# First-person daily life and speech about oneself: chat, not a claim for others to act on.
_SELF = re.compile(
    "我(?:想|爱|恨|怕|讨厌|喜欢|希望|只|也|都|真|好|太|还|又|就|才|要|不|没|最|今天|昨天|昨晚|刚)(?!在现场|亲眼)|(?:本人|老娘|老子|劳资)|自己的(?:心|人生|生活)"
)


_BEFORE, _AFTER = 24, 16
"""Characters that may stand between an office and blame after it, or blame and an office after it."""
_SENTENCE = re.compile("[。!?;\n]")
_PLAIN = re.compile(r"[^\\^$.|?*+()\[\]{}]+")


def _alternatives(pattern: str) -> list[str]:
    """The alternatives of a pattern, cut at the bars outside of brackets."""
    return re.findall(r"(?:[^|()]|\([^()]*\))+", pattern)


# Thousands of words are found by an automaton in one pass; what is no plain word stays a pattern.
_WORDS = [word for word in _alternatives(_ALONE) if _PLAIN.fullmatch(word)]
_ALONE_WORDS = AhoCorasick(_WORDS)
_ALONE_REST = re.compile("|".join(word for word in _alternatives(_ALONE) if not _PLAIN.fullmatch(word)))
_OFFICES = _OFFICE.split("|")
_BLAMED = AhoCorasick([*_OFFICES, *_BLAME.split("|")], matchkind=MatchKind.Standard)


def _holds_to_account(text: str) -> bool:
    """Whether a word for an office and a word of blame stand close together, in either order."""
    offices: list[tuple[int, int]] = []
    blames: list[tuple[int, int]] = []
    for index, start, end in _BLAMED.find_matches_as_indexes(text, overlapping=True):
        (offices if index < len(_OFFICES) else blames).append((start, end))
    return any(
        0 <= blame_start - office_end <= _BEFORE or 0 <= office_start - blame_end <= _AFTER
        for blame_start, blame_end in blames
        for office_start, office_end in offices
    )


def blames(text: str) -> bool:
    """Whether a sentence of a normalised article holds an office-holder or public body to account."""
    return any(map(_holds_to_account, _SENTENCE.split(text)))


def is_voice(text: str) -> bool:
    """Whether the normalised ``text`` is, or may be, a voice that must be left alone."""
    return (
        bool(_ALONE_WORDS.find_matches_as_indexes(text))
        or _ALONE_REST.search(text) is not None
        or _holds_to_account(text)
        or _TONE.search(text) is not None
        or _SELF.search(text) is not None
    )
