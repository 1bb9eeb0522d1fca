"""Where somebody lives: street and door numbers, buildings, rooms. Part of nlp.redact.

A street, a building or a village alone is no address.
"""

from nlp.person_words import ESTATE, NUM, ONESELF, PLACE, N, W
from nlp.rule import rule

_DOOR = rf"(?:(?:(?:{NUM}(?:号楼|号院|栋|幢|座|#楼?)|[a-z][座栋幢])[ ,]?){{1,2}})"
_STAIR = rf"(?:(?:{NUM}|[甲乙丙东西中a-z])(?:单元|门)[ ,]?)"
_ROOM = (
    rf"(?:(?:{NUM}[层楼])?(?:\d{{2,4}}|[零一二三四五六七八九十百]{{2,5}})(?:室|号房?|户|房)|b?{NUM}[层楼](?:[东西南北中]户)?|顶[层楼]|[东西中]户"
    r"|[零〇一二三四五六七八九]{3,4}(?![\d零〇一二三四五六七八九十百千万个人层楼单户])|\d{3,4}(?![\d人元米户多余平年个名份斤]))"
)

DOORS = (
    rule("address", "住", rf"(?:家住|现住|住在?){N}{{1,10}}?{ESTATE}{NUM}(?:号楼|号院|栋|幢|座|单元|楼)"),
    rule(
        "address",
        "号 弄",
        rf"(?:路|街|巷|弄|胡同|大道|坊|大院)(?:[东西南北中]段|[一二三四五东西南北][路街巷])?(?:{NUM}弄)?[附甲乙丙丁]?{NUM}(?:[-之]\d{{1,4}})?号"
        rf"(?!线|口|公交|起|开|晚|早|[上下]午|凌晨|之|[前后至到停封-])[院楼门铺]?{_DOOR}?{_STAIR}?(?:\d{{1,3}}排(?:\d{{1,3}}[户号])?)?{_ROOM}?"
        f"|[路街巷]{NUM}弄",
        f"{N}{{1,5}}",
        needs_back=True,
    ),
    rule(
        "address",
        "栋 号楼 号院 幢 座 # 单元",
        rf"(?<!\d)(?:{_DOOR}{_STAIR}{_ROOM}?|{_DOOR}{_ROOM}|{_STAIR}{_ROOM})|(?<=期){NUM}[栋幢座]",
        f"(?:{N}{{1,6}}{ESTATE}[一二三四五六1-9]期|{N}{{1,6}}{ESTATE}|[一二三四五六1-9]期)",
    ),
    rule(
        "address",
        "家 户 院",
        f"[村屯庄组巷弄]{N}{{0,5}}(?:第{NUM}(?:[家户排]|个院)|(?:后面|前面|旁边|隔壁)那[家户])",
        f"{N}{{1,6}}",
    ),
    rule("address", "寝室 宿舍", r"\d{3,4}(?:寝室|宿舍)|(?:寝室|宿舍)(?:\d{1,2}[栋号楼]{1,2})?\d{3,4}(?!\d)"),
    rule("address", "门牌", f"门牌号?码?[是为: ]{{0,2}}{NUM}号?"),
    rule("address", "-", r"(?<![\d-])\d{1,2}-\d{1,2}-(?!(?:19|20)\d\d)\d{3,4}(?![\d-])"),
    rule("address", "室", r"(?<!\d)\d{3,4}室"),
    rule("address", "- — #", rf"{ESTATE} ?\d{{1,3}}[-—#](?:\d{{1,2}}[-—#])?\d{{2,4}}(?!\d)", f"{N}{{1,6}}"),
    rule("address", "组 社 队", rf"[村屯]{N}{{0,4}}?{NUM}[组社队](?:{NUM}号)?|{NUM}[组社队]{NUM}号", f"{N}{{1,6}}"),
    rule("address", "号", rf"[村屯庄]{NUM}号(?![线起晚早上下停])", f"{N}{{1,6}}"),
    rule(
        "address",
        "住",
        f"{ONESELF}(?:们|家)?(?:就|也|现在)?住(?!院|校|宿)在?(?={W}{{0,20}}?(?:{PLACE}|号|栋|楼)){W}++|家住{N}{{1,12}}?{PLACE}",
    ),
)
