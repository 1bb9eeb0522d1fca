"""An app whose list answers in JSON, in the form of the documented interface (sources' notes, C1)."""

from typing import Any

from spiders.edge import Edge
from spiders.plan import Detail, Pages, Plan
from spiders.publisher import Publisher
from tests.support.press import HOST, PERSON, Memory, Press, Reading, ago, article, read, window

LOGIN = "<html><head><title>用户登录</title></head><body><form><input type=password></form></body></html>"
MAP = {
    "id": "to_string(id)",
    "url": "url",
    "title": "listTitle",
    "published": "publishedAt",
    "updated": "updatedAt",
    "dedupe": "to_string(originalId)",
}
PLAN = Plan(
    source="town",
    organisation="云岫融媒",
    kind="json_list",
    url=f"{HOST}/list",
    params={"size": "20"},
    ok="code == `0`",
    items="data.records",
    map=MAP,
    paging=Pages("current", total_pages="data.pages"),
    detail=Detail(body="article .content", url=f"{HOST}/article/{{id}}", drop=(".rec",)),
    formats=("%Y-%m-%d %H:%M:%S",),
    dated_by="updated",
)


def entry(number: int, minutes: float = 30, **changes: Any) -> dict[str, Any]:
    made = {
        "id": number,
        "listTitle": f"第{number}号公告",
        "url": f"{HOST}/article/{number}",
        "creator": PERSON,
        "updatedBy": PERSON,
        "publishedAt": ago(minutes),
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ...}


def listed(*records: object, pages: int = 1, **more: object) -> dict[str, object]:
    return {"code": 0, "data": {"pages": pages, "records": list(records)}, **more}


def page(number: int) -> str:
    return f"/list?size=20&current={number}"


def site(*pages: object, articles: int = 60) -> Press:
    answers: dict[str, object] = {page(n): body for n, body in enumerate(pages, start=1)}
    return Press(answers | {f"/article/{n}": article(n) for n in range(1, articles)})


def once(edge: Edge, press: Press, plan: Plan = PLAN, memory: Memory | None = None, **task: Any) -> Reading:
    return read(Publisher(plan), window(edge, memory or Memory(), **task), press)
