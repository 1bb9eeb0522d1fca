"""Names of private persons in a normalised text: rules over surnames, letters of given names and contexts.

Most surnames are common words as well (高温, 方便面, 马路), so a surname alone is no name: a title, a form of
address, a word for a person before it or what people do after it must stand beside it. Part of nlp.redact.
"""

import re
from collections.abc import Iterator
from itertools import accumulate

from nlp.person_words import KIN_WORDS, ROLE_WORDS, UNIT_LETTER
from nlp.rule import Found
from nlp.segment import words


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_COMPOUND = "欧阳 上官 司马 诸葛 司徒 夏侯 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 端木 南宫 东方 百里 呼延 东郭 独孤 申屠 赫连 澹台 钟离 闻人 轩辕 濮阳 淳于 鲜于 司空"
# Surnames that are seldom a word of their own.
_COMMON = (
    "王李张刘陈杨赵黄周吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯董萧肖曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛阎闫余潘杜戴钟汪姜范姚谭廖邹熊陆郝崔邱秦"
    "侯邵尹黎贺龚庞樊殷翟倪韦聂郭"
)
SURNAME = re.compile(
    _COMPOUND.replace(" ", "|")
    + f"|[{_COMMON}高马于程叶夏田任方石金孔白康毛江史顾孟龙万段雷钱汤易常武乔赖文兰施陶洪安颜严牛温娄宫佟臧阚晏蔺窦岑晁敖邬褚戚滕鞠芦季俞章鲁葛伍申尤毕"
    "柴焦向柳邢路岳齐梅莫庄辛祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游裴席卫屈鲍覃霍翁甘景单柏宁柯阮桂闵解冉房边辜华涂仇车吉饶古丘]"
)
# Surnames that stand in a text mostly as a word: after 小 and 老 they need a sign that a person follows.
_WORDLIKE = frozenset("于方石金白康毛江龙万雷常文安颜温季章柴焦向路梅莫时苗费盛成游席甘单宁解房边车古马高花黄叶田关熊")
GIVEN = frozenset(
    "伟芳娜敏静野一丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红春梅凤珍建国文辉林海波宁宇浩然子轩梓涵欣怡雨晨佳琪思雅婷雪慧颖莹洁琳倩云"
    "飞龙凯鹏斌彬峰锋健康亮成东南北阳晓小志学庆祥福贵财富安邦荣光耀宗德义仁礼智信忠孝诚恒永长久寿松柏竹菊荷莲花香芬芝蓉莉萍薇蕾蕊茜茹"
    "苗菲萱萌淑琴素珠翠巧兴旺金银铁钢石山川江河湖泉清源润泽淼森树根木生世昌盛隆发达顺利喜乐欢美媛妍婉嫣娇婵娥妹姣婧妮姗娅婕瑶瑞琼璐瑾"
    "瑜琦玲珊珂珮璇莎俊豪翔博毅哲睿天佑宏弘远鸿鹤雁燕鹃凌霄晖晗昊昕晶晴昱旭曦冰雯霖震雷虹彤丹朱紫青蓝墨彩锦绣绮纯纪维继承绍先启迪元亨"
    "甲乙辰寅才良友朋君侠士卿正直立本贤进胜战斗武威力坤乾坚克振奋祖培栋梁材柱楠桦桐柳杨榕桃李杏枫梦诗词韵歌音笛书语嘉禾苏宝贝珺馨爱心悦"
    "怀恩惠念慈悠忆恬愉家业勤俭民中夏秋冬月星夜景照焕炳烨煜熙灿炜炎焱灵逸迅连运迎逢保全守定如意若依伊伍仲伯叔季孟少太兵创勋千万卫厚双"
    "吉善喆圣基堂尚岚岩岭岳州巍帆常广序延廷弟彦彪征律微愿政敬新方施昆时显晋曼朗朝望枝柔榆楚毓水汉池沁沛沙泓泳洪济浓涌渊渝港滨满漫潇澄澜"
    "濛灏牧玄理琛琰璞甜甫田男益盈真睦碧祎祺禄秦程稳穆章竣端筠策纬绪缘翊翎耘聪联胤自舒航艾芙芮芸苑茂范茵荔莺菁菡葆蒙蓓蔓蕙蕴藏虎融衡裕西"
    "许诺谊谦谨豫贞赞越跃轶鑫钊钦钧铎铭锐锡镇镛闻阔陶隽雄露靖韬韶项颖颜驰骁骏骥魁鸣鹰麒麟黎齐龄俐利国顺仙娣妞囡丫妙姝婳绢绒琬琇珏瑛璟芷芊"
)
# Letters seldom met in other words of two letters that consist of letters of given names.
TYPICAL = frozenset(
    "芳娜娟霞勇艳杰涛超秀刚桂玉兰珍辉宇浩轩梓涵欣怡佳琪雅婷雪慧颖莹琳倩鹏斌彬峰凯俊豪博娇媛婉妮瑶琴淑萍莉蓉芬芝莲翠凤菊丽莎强伟磊敏华梅荣"
    "旺贵宝婵蓓薇茹菲萱萌建"
)
# Ordinary words that look like a name: a surname, then a letter of given names (or of what follows 小, 老).
OPENING = _set("""
周一 单一 高一 武钢 武警 万一 万元 万家 万达 万民 万千 万全 万方 严守 严明 于是 任意 何时 余万 关中 关心 关东 关怀 关照 关爱 关联 华东 华中 华南 华北 华夏 华西 单元 单子 单方 单纯 卫星 卫生 古代 古镇 史书 史学 叶子 向海
向上 吉利 吉林 唐朝 宋朝 夏天 夏季 夏秋 夏至 夏日 夏夜 夏粮 季军 季节 宁夏 宁愿 宁波 安全 安宁 安定 安心 安庆 安康 安乐 安阳 安生 安源 安然 安静 安稳 孔雀 孟夏 常常 常年 常州 常温 常理 常用 常见
康乐 张家 张贴 徐州 成本 成立 成长 成都 成天 成品 成家 成书 成才 成群 成材 成心 房子 房东 房源 文化 文字 文学 文明 文章 文艺 文书 文本 文中 文静 文雅 方向 方便 方子 方才 方法 方面 施工 时光 时常
时尚 时长 时间 景山 曲线 李子 杨树 杨梅 柏树 林业 林中 林木 林海 柳州 柳树 桂林 桂花 桂圆 梅花 梅雨 梅州 武力 武汉 武昌 武术 毕业 毛巾 江北 江南 江水 江湖 江西 江苏 江山 江河 江华 汤水 沈阳 洪水
洪湖 温水 温州 温柔 温和 温暖 温润 游乐 游泳 游水 游学 游子 王国 王家 甘州 甘心 甘蔗 甘愿 田地 白天 白花 白金 白云 白银 白菜 白领 石子 石材 石化 石山 石家 石油 石林 石榴 程序 章程 纪念 纪元 纪律
耿直 胡子 胡同 胡萝 苏州 苏打 苗家 范本 范围 苗木 莫如 萧条 董事 葛根 蒋家 蔡家 许久 许多 许可 许愿 谢意 谢谢 贺电 费力 费心 费时 路子 路口 路西 路南 路东 路程 路桥 车子 车程 车长 边缘 邢台 郑州
金融 金元 金银 金子 金花 金华 金针 金星 钟山 关西 雷电 雷雨 霍乱 韩国 韩语 顾全 马力 马山 马上 马路 高中 高兴 高利 高家 高山 高新 高明 高铁 高温 高端 高龄 高音 高尚 高声 高血 高压 高原 高速 高烧
高考 高等 高级 高度 高价 高层 高危 高风 高热 高空 鲁南 鲁西 鲍鱼 黄山 黄海 黄金 黄河 黄花 黄豆 黄瓜 黄鱼 黄油 黄沙 黄牛 黄连 黄州 黄水 齐心 龙山 龙泉 龙江 龙虾 龙眼 龙井 龙卷 白开 白酒 白糖
白血 白粥 白纸 白醋 童心 童年 成年 成分 成人 成功 成为 解决 解放 解除 解热 解冻 解封 项目 席卷 汤圆 乔木 孙子 孙女 江豚 熊猫 黄曲 罗汉 雷达 任务 马桶 马铃 马拉 张开 陈皮 陈醋 钱包 毛衣 毛豆 毛病
金属 金额 方式 方案 方形 常识 单日 单次 单位 于此 石头 江鲜 林区 洪峰 洪涝 雷暴 温差 温室 白蛋 白萝 黄芪 黄疸 黄酒 黄鳝 桂皮 梅毒 牛肉 牛奶 叶酸 叶黄 安眠 安检 安装 安排 房屋 路灯 路段 路面 车站
车辆 车主 车厢 车次 庄稼 关闭 关门 金龙 古树 吉祥 柳絮 杨絮 杨桃 文旦 曲奇 苗族 万宝 孟加 温泉 汤泉 华山 黄岩 柴胡 康复 康泰 关节 关键 陈年 施肥 龙舟 时段
""")
# Ordinary words that end in a surname: the letter belongs to them.
_CLOSING = _set("""
任何 如何 为何 几何 奈何 对于 关于 由于 属于 至于 等于 位于 处于 高于 低于 大于 小于 基于 终于 用于 在于 便于 限于 易于 敢于 陷于 过于 源于 多于 少于 优于 出于 忙于 平时 及时 小时 临时 同时 按时
当时 随时 准时 届时 暂时 有时 何时 那时 这时 定时 此时 到时 不时 治安 公安 西安 平安 保安 长安 延安 静安 不安 请安 语文 中文 英文 作文 课文 论文 人文 历史 分钟 时钟 秒钟 浙江 长江 龙江 珠江 松江
镇江 九江 过江 江苏 复苏 紫苏 农田 种田 油田 阶段 路段 地段 手段 工程 课程 过程 教程 流程 路程 全程 日程 事项 各项 这项 一项 两项 资金 基金 现金 奖金 黄金 证金 积金 明白 空白 蛋白 表白 体温 气温
高温 低温 降温 升温 保温 常温 室温 提高 最高 身高 崇高 增高 升高 跳高 健康 安康 环卫 守卫 保卫 歌曲 弯曲 戏曲 奶牛 黄牛 蜗牛 水牛 药房 病房 厨房 住房 库房 票房 机房 产房 园林 森林 山林 树林 吉林
桂林 玉林 校方 院方 警方 官方 地方 对方 双方 我方 资方 厂方 店方 军方 后方 南方 北方 东方 西方 处方 配方 药方 多方 各方 前方 汽车 交车 火车 列车 客车 货车 校车 快车 停车 开车 租车 马车 班车 电车
单车 铁路 公路 道路 线路 马路 网路 两路 各路 十路 二路 三路 经常 正常 日常 异常 非常 通常 平常 常常 反常 村庄 家庄 山庄 农庄 机关 有关 相关 海关 无关 难关 闭关 责任 担任 主任 信任 前任 现任
时任 历任 兼任 胜任 离任 上任 新任 完成 形成 组成 造成 变成 养成 赞成 达成 构成 生成 建成 合成 提成 收成 一成 大成 天成 岩石 结石 钻石 化石 陨石 宝石 矿石 导游 旅游 上游 下游 网游 出游 郊游 方向
走向 转向 倾向 意向 单向 双向 一向 志向 内向 流向 周边 上周 下周 本周 每周 一周 两周 四周 三周 春季 夏季 秋季 冬季 四季 换季 雨季 旺季 花费 学费 水费 电费 收费 缴费 免费 消费 浪费 药费 活费 话费
育苗 疫苗 树苗 幼苗 禾苗 果苗 一齐 整齐 看齐 皮毛 羽毛 眉毛 价钱 多钱 要钱 给钱 省钱 赚钱 花钱 退钱 打钱 金钱 骗钱 交钱 有钱 没钱 简单 名单 清单 订单 菜单 账单 传单 床单 简易 容易 交易 贸易 轻易
不易 允许 不许 也许 或许 准许 特许 兴许 少许 风景 背景 情景 美景 盆景 讲解 了解 理解 缓解 化解 溶解 分解 调解 误解 不解 求解 烟叶 树叶 茶叶 荷叶 菜叶 规章 文章 印章 公章 勋章 奖章 违章 领章 鱼汤
鸡汤 菜汤 喝汤 热汤 煲汤 炖汤 一万 两万 几万 十万 百万 数万 上万 千万 亿万 三万 四万 五万 六万 八万 九万 庄严 森严 从严 尊严 戒严 初夏 华夏 宁夏 立夏 清华 中华 精华 升华 繁华 新华 光华 年华 青梅
乌梅 杨梅 话梅 酸梅 腊梅 寒梅 恐龙 神龙 水龙 乌龙 火龙 接龙 沙龙 成龙 大雷 地雷 扫雷 打雷 春雷 避雷 狗熊 黑熊 大熊 白马 骑马 斑马 河马 海马 人马 罗马 立马 落马 黑马 赛马 垂柳 杨柳 南宁
西宁 济宁 辽宁 安宁 海宁 波兰 荷兰 芬兰 楼兰 米兰 罗兰 玉兰 马兰 茶庄 三江 沿江 湘江 府尹 大唐 汉唐 荒唐 隋唐 儿童 学童 孩童 女童 男童 幼童 牧童 神童 顽童 铜钱 儿孙 子孙 外孙 祖孙 一席 主席
出席 缺席 首席 酒席 宴席 全席 座席 草席 一路 二胡 黑白 清白 雪白 洁白 漂白 苍白 发白 坦白 增白
""")

NEVER_GIVEN = frozenset(
    "别的了是在有被说不去来和与跟到从也都就要会给让把对向吃喝打住得做买卖因因很已刚今昨明将又再还等及或等,、"
)
_TITLE = re.compile(
    "副?(?:护士长?|医生|大夫|医师|药师|主任|院长|教授|老师|校长|园长|[局科处厂站所队店班组馆社楼会船机连团](?:长(?![期达途大假时江沙寿高])|主任)|[区县镇乡市省村部行]长"
    "(?![期达途大假时江沙寿高])|书记|总?经理|总[监裁编]|主管|警官|警员|法官|检察官|律师|记者|教练|会计|主席|秘书|司机|博士|院士|专家|指导员|网格员|辅导员|董事长?|导演|干事|技师|工程师|民警|辅警|支书|教官|技术员|化验员|调度员|[工局处队院校导](?=[说讲测告透表亲]))"
)
_HONOUR = re.compile(
    "女士|老?先生|小姐|太太|媳妇|阿[姨婆公]|叔叔|大[爷妈娘姐哥婶伯叔]|奶奶|爷爷|伯[伯母]|婆婆|老太太?|老[汉头爷]|嫂子?|妈妈?|爸爸?|[大二三四五六][叔婶姨舅姑伯哥姐嫂爷娘]|小[妹弟]|妹子|家长|老?师傅|美女|同学|同志|老板娘?|姑娘|婶|叔|伯|[姨姐哥](?![们妹])"
    "|总(?![队厅署行裁编监经是体量共计结之有得会部站理统书局工和数算价能想要归觉额成])"
)
_ANON = re.compile(
    f"某[某甲乙丙]?[{''.join(sorted(GIVEN))}](?![,、]?等)|某(?:某某?|(?![些种个地市日年月天人次段处件类])|[x×*]{{1,2}})"
    f"|(?:[x×]{{1,2}}(?![a-z0-9])|[*○]{{1,2}})[{''.join(sorted(GIVEN))}]?"
)
_DEPARTMENT = re.compile(
    f"{UNIT_LETTER}{{0,6}}(?:科|病区|病房|急诊室?|门诊|icu|药房|检验室|手术室|车间)(?:夜班|值[班夜]|白班|中班|的){{0,2}}$"
)
# What stands before a name. After a strong one any letters are a given name, after the others those of the list.
_STRONG = _set(
    "姓名 联系人 名叫 叫做 我是 我叫 他叫 她叫 名字 名字叫 收款人 收件人 户名 开户人 户主 法人 法定代表人 原名 真名 化名 本名 持卡人 车主姓名"
)
_MEDIUM = _set(
    "患者 病人 男子 女子 男孩 女孩 逝者 死者 嫌疑人 当事人 受害人 家属 本人 我是 叫 家住 老人 市民 主持人 失踪者 伤者 遇难者 被告 原告 嫌犯 幸存者 车主 楼长 机主 失主 事主 孕妇 产妇 作者 工友 战友 来源 转自 出自 寻找 寻人 救救 #为 "
    + f"{KIN_WORDS} {ROLE_WORDS}"
)
_WEAK = _set("我 我家 咱家 俺 俺家")
# Letters before a surname that call for a closer look: the ends of strong words, 小 and 老.
_INTRODUCES = frozenset(word[-1] for word in _STRONG) | frozenset(":是为 班的岁者人友妇主长")
_OF_CLASS = re.compile(r"[0-9一二三四五六七八九十)]班的?$|[0-9一二三四五六七八九十]岁的?$")
_LABELLED = re.compile("[人员师主生长手者][:] ?$")
_CALLS = frozenset("小老阿")
_HEARD = frozenset("识见到访害送抱据听找问骗跟和被让由给对与陪救了")
# What may follow a surname at once: first letters of a title, a form of address, a mark of anonymity.
_NEXT = frozenset(
    "大太媳老技化调工氏头二三四六民支船机妹家局处队院校导某x×*○副护医大药主院教老校园局科处厂站所队店班组馆社楼会区县镇乡市省村部行书经总警法检律记会秘司博专指网辅董导干女先小阿叔奶爷伯婆嫂妈爸师美同姑婶姨姐哥"
)
_AFTER = re.compile(r"[,、( ]{0,2}(?:[男女][,、) \d]|\d{1,3}岁)|身份证|电话|手机|\(化名")
_SPEAKS = re.compile(
    "(?:说|称(?!为)|表示|告诉|爆料|反映|确诊|去世|死亡|住院|中毒|昏迷|发烧|发热|阳了|感染|走失|失踪|被|昨|今天|吃了|一家|家里|家的)"
)
_SOMEONE = re.compile(r"[说讲问家的在是也跟去他她刚今昨给发和]|\W|$")
_NOT_CALLED = _set(
    "大小 从小 缩小 减小 最小 很小 多小 太小 养老 敬老 古老 元老 变老 衰老 防老 胆小 弱小 中小 细小 是老 又老"
)
# What people do, or have, and things do not: it stands behind a name.
DOES = re.compile(
    "[吃喝听看想说讲打去被得发住进买卖用拿找来回从把信收晕坐扫转贷称爆确感走失死没阳染拉吐他她家也刚昨今前装就跟骑送修养掉摔撞晒让捡在]|生前|一起|一块|告诉|透露|朋友圈|女儿|儿子|妈妈|爸爸|老婆|老公"
)
_TALKS = re.compile(
    "说(?!明|法)|讲(?!座|究)|透露|告诉|爆料|朋友圈|女儿|儿子|妈妈|爸爸|爷爷|奶奶|老婆|老公|家(?:的|里|儿|孩)|他|她"
)
_TOPIC = re.compile(r"#\s?([\u4e00-\u9fff]{2,4})\s?#")


_SURNAMED = re.compile(
    f"(?<![百同老])姓(?:{SURNAME.pattern})(?:的?(?:{_TITLE.pattern}|{_HONOUR.pattern}|[男女][子人]))?"
    f"|[老小]?(?:{SURNAME.pattern})(?:姓[男女][子人]|氏(?:姐妹|兄弟|父[子女]|母[子女]|夫妇)|家(?:媳妇|儿子|闺女|姑娘|小子))"
    "|[管付](?:某某?(?![些种个地市日年月天人次段处件类])|女士|先生|老师|阿姨|医生|主任)"
)
# Door and bed in front of a form of address: "3号楼独居王奶奶".
_DOORED = re.compile(
    "[0-9一二三四五六七八九十百]{1,4}(?:号楼|栋|幢|单元|楼|室|床)(?:的|独居|孤寡|住户|业主|那[个位]|一位){0,3}$"
)


def _ends(text: str, words: frozenset[str]) -> bool:
    return any(text[-size:] in words for size in range(1, 6))


def _given(text: str, at: int) -> int:
    """How many characters at ``at`` can be a given name: 0, 1 or 2, by the list of letters."""
    if text[at : at + 1] not in GIVEN:
        return 0
    return 2 if text[at + 1 : at + 2] in GIVEN else 1


def _titled(text: str, start: int, end: int, before: str) -> Iterator[Found]:
    """Surname, up to two letters of a given name, then a title or a form of address."""
    for size in range(_given(text, end) + 1):
        name = text[start : end + size]
        if name in OPENING or (not size and name in "向单时解"):
            continue
        if title := _TITLE.match(text, end + size):
            if department := _DEPARTMENT.search(before):
                yield "title_name", start - len(department[0]), start
            if len(title[0]) > 1 or title[0] == "工" or text[start] not in _WORDLIKE:
                yield "title_name", start, title.end()
        elif honour := _HONOUR.match(text, end + size):
            yield "private_name", start, honour.end()
            if door := _DOORED.search(before):
                yield "role_unit", start - len(door[0]), honour.end()


def _formal(text: str, at: int) -> int:
    """Length of the given name at ``at`` where a form or an introduction says that a name stands there."""
    for size in range(2):
        letter = text[at + size : at + size + 1]
        if letter in NEVER_GIVEN or not letter.isalpha():
            return size
    return 2


def _named(text: str, start: int, end: int, listed: bool) -> Iterator[Found]:
    """Names that begin with the surname ``text[start:end]``; ``listed``: the name before it was one."""
    before, word = text[max(0, start - 12) : start], text[start : end + 1] in OPENING
    if _ends(before.rstrip(":是为 "), _STRONG) or _ends(before, _STRONG) or _OF_CLASS.search(before):
        size = _formal(text, end)
        if size and not (word and size == 1):
            yield "private_name", start, end + size
        return
    if before and before[-1] + text[start:end] in _CLOSING:
        return
    if hidden := _ANON.match(text, end):
        yield "private_name", start, hidden.end()
    yield from _titled(text, start, end, before)
    yield from _called(text, start, end, before)
    if word:
        return
    given = _given(text, end)
    whole = (given == 2 and text[start] in _COMMON) or end - start == 2
    cued = _LABELLED.search(before) or _ends(before, _MEDIUM) or _ends(before.rstrip(":,是叫 ("), _MEDIUM)
    heard = start > 0 and text[start - 1] in _HEARD
    free = _free(text, start, end) if cued or heard or _opens(text, start) else 0
    if (cued and free) or _bare(text, end, free, text[start] in _COMMON or end - start == 2):
        yield "private_name", start, end + free
        return
    if not given:
        return
    follower = text[end + given : end + given + 2]
    listed = listed or (given == 2 and follower[:1] == "、" and SURNAME.match(follower, 1) is not None)
    told = listed or any(_AFTER.match(text, end + size) for size in range(1, given + 1))
    if not told and text[start] not in _COMMON and given == 1 and len(words(text[start : end + 2])[0]) == 2:
        return
    if told or cued or (whole and (_ends(before, _WEAK) or _SPEAKS.match(text, end + given))):
        yield "private_name", start, end + given


def _called(text: str, start: int, end: int, before: str) -> Iterator[Found]:
    """小王, 老李, 老孙头, 大刘: by what is put before a surname."""
    word, tail = text[start : end + 1] in OPENING, end + (text[end : end + 1] == "头")
    if before[-1:] in _CALLS and before[-2:] not in _NOT_CALLED and (not word or text[end] == "家"):
        if text[start] not in _WORDLIKE or (
            (_SOMEONE.match(text, end) or DOES.match(text, end)) and len(words(text[start - 1 : end])) > 1
        ):
            yield "private_name", start - 1, tail
    elif (
        before[-1:] == "大"
        and text[start] in _COMMON
        and not word
        and _opens(text, start - 1)
        and _TALKS.match(text, end)
    ):
        yield "private_name", start - 1, end


def _opens(text: str, start: int) -> bool:
    """Whether a clause begins at ``start``, or what somebody is heard to say."""
    return start == 0 or not text[start - 1].isalnum() or text[start - 1] in "据听"


def _free(text: str, start: int, end: int) -> int:
    """Length of a given name of any letters at ``end``: the segmenter sees no word, and somebody acts behind it."""
    for size in (2, 1):
        name = text[end : end + size]
        if len(name) < size or not name.isalpha() or NEVER_GIVEN.intersection(name.removesuffix("明")):
            continue
        typical = size == 2 and GIVEN.issuperset(name) and not TYPICAL.isdisjoint(name)
        if not (typical or DOES.match(text, end + size) or text[end + size : end + size + 1] in "的等"):
            continue
        tokens = words(text[start : end + size + 4])
        ends = list(accumulate(map(len, tokens)))
        surname, whole = end - start, end - start + size
        if whole in ends and (ends[0] == surname or (ends[0] == whole and GIVEN.issuperset(name) and size == 2)):
            return size
    return 0


def _bare(text: str, end: int, size: int, common: bool) -> bool:
    """Whether a free name at the head of a clause is one without a cue: by its form and what stands behind it."""
    name = text[end : end + size]
    talks = _TALKS.match(text, end + size) is not None
    if size < 2:
        return size == 1 and ((common and talks and GIVEN.issuperset(name)) or name in TYPICAL)
    formed = GIVEN.issuperset(name) or name[0] in "小大晓阿" or name[0] == name[1]
    placed = name[-1] in "省市县区镇乡村街路站局院所"
    return not placed and (formed or (talks and common))


def _idle(text: str, start: int, end: int) -> bool:
    """Whether the letters around a surname rule out a name at once: the common case, so it comes first."""
    before, after = text[start - 1 : start] if start else ":", text[end : end + 1]
    if before in _INTRODUCES or end - start == 2:
        return False
    if before + text[start:end] in _CLOSING:
        return True
    if text[start : end + 1] in OPENING:
        return after not in _NEXT and text[end + 2 : end + 3] not in _NEXT
    return after not in GIVEN and after not in _NEXT and before not in _CALLS and before != "大"


def names(text: str) -> Iterator[Found]:
    """Names in ``text``, with the title, the form of address or the department that goes with them."""
    if any(mark in text for mark in ("姓", "氏", "家媳", "家儿", "家闺", "家姑", "家小", "管", "付")):
        yield from (("title_name", *hit.span()) for hit in _SURNAMED.finditer(text))
    if "#" in text:
        for topic in _TOPIC.finditer(text):
            surname = SURNAME.match(topic[1])
            rest = topic[1][surname.end() :] if surname else ""
            full = len(topic[1]) > 2 and topic[1][:2] not in OPENING | _CLOSING
            if 1 <= len(rest) <= 2 and (full or GIVEN.issuperset(rest)) and topic[1] not in OPENING:
                yield "topic_name", *topic.span()
    last = -1
    for surname in SURNAME.finditer(text):
        start, end = surname.span()
        if _idle(text, start, end):
            continue
        for found in _named(text, start, end, last == start - 1 and text[last] in "、和与跟及,"):
            if found[1] != start or _ends(text[max(0, start - 6) : start], _MEDIUM) or not _within_word(text, start):
                last = found[2]
                yield found


def _within_word(text: str, at: int) -> bool:
    """Whether the segmenter sees one word across ``at``: 师傅, 改成, 分钟 end in a surname."""
    left = max(0, at - 6)
    ends = accumulate(map(len, words(text[left : at + 3])))
    return at > 0 and at - left not in ends
