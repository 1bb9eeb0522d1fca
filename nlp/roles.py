"""Descriptions that point to one person: a door, an age with a place or a role, a role with its unit.

Words and patterns over a normalised text; part of nlp.redact. A place, an age band ("60岁以上") or an office
alone is no description. The name of a unit or place in front of a hit belongs to it: patterns start at a
fixed word and the name is read backwards from there, which costs less than trying every start.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

Found = tuple[str, int, int]
"""Kind, start and end (half-open, code points) of something found."""

KIN_WORDS = (
    "老公 老婆 老妈 老爸 妈 妈妈 爸 爸爸 媳妇 姐 姐夫 姐姐 哥 哥哥 弟 弟弟 妹 妹妹 姑姑 姑妈 大姑 小姑 姨 姨妈 大姨 小姨 舅 舅舅 舅妈 大舅 小舅 叔 叔叔 婶 婶婶 二叔 二姨"
    " 三叔 嫂子 表姐 表哥 表弟 表妹 表嫂 堂姐 堂哥 堂弟 堂妹 同学 朋友 邻居 亲戚 闺蜜 室友 同事 老乡 儿子 女儿 孩子 娃 奶奶 爷爷 外婆 外公 姥姥 姥爷 对象 发小 婆婆"
    " 公公 岳母 岳父 丈夫 妻子 房东"
)
ROLE_WORDS = (
    "护士 护士长 医生 大夫 医师 药师 药剂师 护工 护理员 保洁 保洁员 保安 门卫 厨师 厨工 工人 员工 职工 工友 学生 同学 家长 老师 教师 班主任 辅导员 宿管 司机 快递员"
    " 快递小哥 外卖员 外卖小哥 骑手 配送员 收银员 服务员 营业员 店员 店长 主管 主任 组长 班长 经理 会计 出纳 销售 文员 技师 技术员 研究员 检验员 质检员 化验员 巡线员"
    " 网格员 志愿者 社工 村医 村民 居民 住户 业主 租户 房东 摊主 老板 负责人 民警 辅警 消防员 记者 公务员 科员 干事 列车员 乘务员 安检员 站务员 调度员 电工 焊工"
    " 环卫工 工程师 程序员 实习生 研究生 规培生 教练 园长 个体户 店主 船长 渔民 菜农 养殖户"
)
# A letter of the name of a unit or a place.
UNIT_LETTER = "[^\\W_的了是在说与跟到从被把让给吃喝有没不也都就请这那]"


def _any(words: str) -> str:
    return "(?:" + "|".join(sorted(words.split(), key=len, reverse=True)) + ")"


_N, _W = UNIT_LETTER, "[^\\W_]"
_KIN, _ROLE = _any(KIN_WORDS), _any(ROLE_WORDS)
_NUM = "[0-9零一二三四五六七八九十百]{1,5}"
_PLACE = "(?:村|镇|乡|街道|社区|小区|县|区|市|组|路|街|花园|苑|家属院|屯|寨|庄)"
_ESTATE = "(?:小区|花园|苑|家园|公寓|新村|城|府|湾|庭|里|园)"
_PERSON = (
    "(?:老太太?|老汉|老伯|大爷|大妈|大娘|阿姨|男子|女子|男孩|女孩|男童|女童|男生|女生|小伙子?|姑娘|妇女|患者|病人|病例)"
)
_GROUP = "(?:独居老人|老人|老年人|居民|村民|市民|男性|女性|孩子|儿童|幼儿|婴儿|宝宝|学生|妈妈|爸爸|老两口)"
_AGE = (
    r"(?<![\d.\-~至到满过超])(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?:多|来)?周?岁半?"
    r"(?!以[上下内前后]|及|起|[之至到~—-]|段|组|开始)"
)
_ONE = f"(?:居民|村民|市民|老人|一家|有|那|一|两|几|名|位|个|的|某|男|女|{_PERSON}|[,、: ]){{0,6}}"
_WHERE = (
    f"(?:[,、 ]{{0,2}}(?:家住|现住|住在?|系|是|户籍){_N}{{2,14}}"
    f"|[,、 ]{{1,2}}(?:{_N}{{0,8}}?{_PLACE}{_N}{{0,3}}?(?:人|居民|籍|{_ROLE})|{_N}{{2,6}}籍|{_N}{{2,4}}人(?!{_W})))"
)
_HOME = f"{_WHERE}?"
_I = "(?:我|俺|咱|偶|本人)"
_SELF = (
    "(?=[我俺咱偶本老妈爸媳姐哥弟妹姑大小姨舅叔婶二三嫂表堂同朋邻亲闺室儿女孩娃奶爷外姥对发婆公岳丈妻房])"
    f"(?:{_I}们?(?:家|有个|有一个|有位|一个|的)?(?:(?:他|她|的)?{_KIN}){{0,2}}|(?:{_KIN}(?:他|她|的)?){{1,2}})"
)
_AT = (
    "(?:上班|工作|打工|实习|值班|值守|任职|就职|干活|当差|读书|上学|念书|教书|坐诊|住院|跑车|开店|隔离"
    f"|[当做干]{_W}{{0,8}}?{_ROLE})"
)
_UNIT = (
    "(?:车间|公司|医院|学校|小学|中学|一中|二中|幼儿园|大学|学院|水厂|[一-九]院|[饭酒分门]店|超市|食堂|银行|派出所|疾控|机关|单位"
    f"|医护|一线|工地|物业|市场|{_N}(?:厂|科|局|所|班|站|院|部|队|楼|栋)|{_N}(?:村|镇|街道|社区|小区|区|县|市)(?:的|人|居|(?!{_W}))"
    f"|{_N}人(?!{_W})|{_ROLE})"
)
_OPENER = "(?!看|听|说|觉得|不|真|想|被|昨|今|因为|为了|怕|没|打|吃|喝|买|用|收到|按|要)"
_CLASS = r"(?:[一二三四五六七八九\d]{1,2}年级|[初高][一二三123]|大[一二三四]|[一二三四五六七八九1-9](?=\())\(?[\d一二三四五六七八九十]{1,3}\)?班"
_DOOR = rf"(?:{_NUM}(?:号楼|号院|栋|幢|座|#楼?)[ ,]?)"
_STAIR = rf"(?:(?:{_NUM}|[甲乙丙东西中])(?:单元|门)[ ,]?)"
_ROOM = (
    rf"(?:(?:{_NUM}[层楼])?(?:\d{{2,4}}|[零一二三四五六七八九十百]{{2,5}})(?:室|号房?|户|房)|{_NUM}[层楼]"
    r"|\d{3,4}(?![\d人元米户多余平年个名份斤]))"
)
_REACH = 24
_CLAUSE_REST = re.compile(f"{_W}++")


@dataclass(frozen=True, slots=True)
class _Rule:
    """A pattern that runs only on a text with one of ``words``.

    ``back`` is what may, or with ``needs_back`` must, stand before a hit and then belongs to it;
    ``whole_clause`` lets a hit reach to the end of its clause.
    """

    kind: str
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    back: re.Pattern[str] | None = None
    needs_back: bool = False
    whole_clause: bool = False


def _rule(
    kind: str, words: str, pattern: str, back: str = "", *, needs_back: bool = False, whole_clause: bool = False
) -> _Rule:
    compiled = re.compile(f"{back}$") if back else None
    return _Rule(kind, tuple(words.split()), re.compile(pattern), compiled, needs_back, whole_clause)


_RULES = (
    _rule("address", "住", rf"(?:家住|现住|住在?){_N}{{1,10}}?{_ESTATE}{_NUM}(?:号楼|号院|栋|幢|座|单元|楼)"),
    _rule("age_place", "岁", f"{_AGE}{_N}{{1,6}}?(?:省|市|县|区|镇|乡|村|街道)人"),
    _rule(
        "age_place",
        "岁",
        f"{_PLACE}{_ONE}{_AGE}(?:的?{_N}{{0,3}}?(?:{_PERSON}|{_GROUP}|{_ROLE}))?{_HOME}",
        f"(?:(?:家住|居住在|住在|来自|户籍){_N}{{0,12}}|{_N}{{1,8}})",
    ),
    _rule(
        "age_place",
        "岁",
        rf"(?:[男女]性?[,、/ ]{{0,2}})?{_AGE}(?:(?:的?{_N}{{0,4}}?(?:{_PERSON}|{_ROLE})|[,、/ ]{{0,2}}[男女](?![厕士])[性孩生童]?)"
        rf"|{_WHERE}){_HOME}",
    ),
    _rule("age_place", "岁", rf"[男女]性?[,、/ ]{{0,2}}{_AGE}{_HOME}"),
    _rule(
        "age_place",
        "岁",
        f"(?:[一这那某两][名位个]|有[名位个]?|(?:{_I}们?)?家?{_KIN}(?:今年|都|才|已经|快|也)?){_AGE}(?:的?{_N}{{0,3}}?{_GROUP})?{_HOME}",
    ),
    _rule(
        "age_place",
        "岁",
        f"{_I}(?:今年|都|才|已经|快|也)?{_AGE}{_HOME}|{_AGE}[,、的 ]{{0,2}}(?:家住|现住|住在|来自){_N}{{2,14}}",
    ),
    _rule(
        "role_unit",
        "是 为 系",
        f"(?:作为|[是系为]){_OPENER}(?={_W}{{0,40}}?{_UNIT})",
        f"{_SELF}(?:就|也|曾|曾经|原来?|以前|现在|其实|本身){{0,2}}",
        needs_back=True,
        whole_clause=True,
    ),
    _rule("role_unit", "作为 身为", f"(?:作为|身为)(?:一[名位个])?{_W}{{0,12}}?{_ROLE}"),
    _rule("role_unit", "本人", f"本人[, ]?{_W}{{0,16}}?{_ROLE}"),
    _rule(
        "role_unit",
        "上班 工作 打工 实习 值班 值守 任职 就职 干活 当 读书 上学 念书 教书 坐诊 住院 跑车 开店 隔离 做 干",
        f"在{_W}{{1,20}}?{_AT}(?:的?(?:{_KIN}|{_ROLE}))?",
        f"{_SELF}(?:就|也|曾|原来|以前|现在|目前|一直|是|正){{0,2}}",
        needs_back=True,
    ),
    _rule(
        "role_unit",
        "上班 工作 任职 值班",
        f"在{_N}{{1,16}}?(?:上班|工作|任职|值班)的?{_N}{{0,3}}?(?:{_KIN}|{_ROLE}|人(?!员))",
    ),
    _rule("role_unit", "班", f"{_CLASS}(?:的?{_N}{{0,2}}?(?:{_ROLE}|孩子|娃))?"),
    _rule(
        "role_unit",
        "班",
        rf"(?<![其在当])[小中大][一二三四五六\d]{{1,2}}班(?![车次人岗倒])(?:的?{_N}{{0,2}}?(?:{_ROLE}|孩子|娃))?",
    ),
    _rule(
        "role_unit",
        "科 病区 病房 门诊 急诊 icu 药房 手术室 化验室 检验室",
        f"(?:科室?|病区|病房|门诊|急诊室?|icu|药房|手术室|化验室|检验室)(?:的|夜班|值班|白班|中班|进修|一[名位个]|某|那个|里){{0,3}}{_ROLE}",
        f"{_N}{{1,6}}",
    ),
    _rule(
        "role_unit",
        "号楼 号院 栋 幢 单元",
        rf"(?<!\d){_NUM}(?:号楼|号院|栋|幢|单元)(?:的|有一?个|一?[名位个]|那[个位]|{_N}){{0,8}}?(?:{_GROUP}|{_PERSON}|{_ROLE}|阳性|确诊|密接)",
        f"{_N}{{1,6}}{_ESTATE}",
    ),
    _rule(
        "role_unit",
        "车间 班组 流水线 食堂 后厨 驿站 工地 车队 厂 物业",
        f"(?:车间|班组|流水线|食堂|后厨|驿站|工地|车队|厂|物业)(?:的|一[名位个]|某|夜班|白班){{0,2}}{_N}{{0,2}}?{_ROLE}",
        f"{_N}{{1,8}}",
        needs_back=True,
    ),
    _rule(
        "role_unit",
        "公司 店 超市 餐厅 支行 所 局 中心 校 院 学 一中 幼儿园 站 街道 社区 村",
        "(?:公司|门店|分店|超市|酒店|饭店|餐厅|支行|药店|所|局|中心|学校|医院|[一-九]院|小学|[中大]学|一中|幼儿园|学院|站|街道|社区|村)"
        f"(?:的|一[名位个]|某|夜班|值班|那个){{1,3}}{_N}{{0,2}}?{_ROLE}",
        f"{_N}{{1,8}}",
    ),
    _rule(
        "address",
        "号",
        rf"(?:路|街|巷|弄|胡同|大道)(?:[东西南北中]段|[一二三四五东西南北][路街巷])?(?:{_NUM}弄)?附?{_NUM}(?:[-之]\d{{1,4}})?号"
        rf"(?!线|口|公交|起|开|晚|早|[上下]午|凌晨|之|[前后至到停封-])[院楼门铺]?{_DOOR}?{_STAIR}?{_ROOM}?",
        f"{_N}{{1,5}}",
        needs_back=True,
    ),
    _rule(
        "address",
        "栋 号楼 号院 幢 座 # 单元",
        rf"(?<!\d)(?:{_DOOR}{_STAIR}{_ROOM}?|{_DOOR}{_ROOM}|{_STAIR}{_ROOM})",
        f"{_N}{{1,6}}{_ESTATE}",
    ),
    _rule("address", "室", r"(?<!\d)\d{3,4}室"),
    _rule("address", "- — #", rf"{_ESTATE} ?\d{{1,3}}[-—#](?:\d{{1,2}}[-—#])?\d{{2,4}}(?!\d)", f"{_N}{{1,6}}"),
    _rule(
        "address", "组 社 队", rf"[村屯]{_N}{{0,4}}?{_NUM}[组社队](?:{_NUM}号)?|{_NUM}[组社队]{_NUM}号", f"{_N}{{1,6}}"
    ),
    _rule("address", "号", rf"[村屯庄]{_NUM}号(?![线起晚早上下停])", f"{_N}{{1,6}}"),
    _rule(
        "address",
        "住",
        f"{_I}(?:们|家)?(?:就|也|现在)?住(?!院|校|宿)在?(?={_W}{{0,20}}?(?:{_PLACE}|号|栋|楼)){_W}++|家住{_N}{{1,12}}?{_PLACE}",
    ),
)


_GATE_WORDS = sorted({word for rule in _RULES for word in rule.words})
_GATE = AhoCorasick(_GATE_WORDS, matchkind=MatchKind.Standard)


def descriptions(text: str) -> Iterator[Found]:
    """Doors, ages and roles in the lower-case ``text``, in no order; they may overlap."""
    touched = {_GATE_WORDS[index] for index, _, _ in _GATE.find_matches_as_indexes(text, overlapping=True)}
    for rule in _RULES if touched else ():
        if not touched.isdisjoint(rule.words):
            yield from _hits(rule, text)


def _hits(rule: _Rule, text: str) -> Iterator[Found]:
    at = 0
    while hit := rule.pattern.search(text, at):
        start, end = hit.span()
        name = rule.back.search(text[max(0, start - _REACH) : start]) if rule.back else None
        if rule.needs_back and name is None:
            at = start + 1
            continue
        if rule.whole_clause and (rest := _CLAUSE_REST.match(text, end)):
            end = rest.end()
        yield rule.kind, start - len(name[0] if name else ""), end
        at = end
