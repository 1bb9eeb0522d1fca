"""Lists of several pages, in JSON and in HTML, and readings of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from spiders.edge import Edge
from spiders.plan import Links, Paging, Plan
from spiders.publisher import Publisher
from tests.support.press import BODY, HOST, Memory, Press, Reading, ago, read, window

JSON_PLAN = Plan(
    source="town",
    organisation="云岫融媒",
    kind="json_list",
    url=f"{HOST}/list",
    items="items",
    map={"id": "to_string(id)", "url": "url", "title": "title", "published": "at", "text": "text"},
    formats=("%Y-%m-%d %H:%M:%S",),
)
HTML_PLAN = replace(
    JSON_PLAN,
    kind="html_list",
    items="li",
    map={"url": "a::attr(href)", "title": "a", "published": "span", "text": "p"},
    paging=Links(max_pages=6),
)


def entry(number: int, minutes: float = 30) -> dict[str, Any]:
    text = f"第{number}号：{BODY}"
    return {"id": number, "url": f"/a/{number}", "title": f"第{number}号", "at": ago(minutes), "text": text}


def listed(*numbers: int, minutes: float = 30, **more: object) -> dict[str, object]:
    return {"items": [entry(number, minutes + number) for number in numbers], **more}


def html_page(*numbers: int, minutes: float = 30, head: str = "") -> str:
    items = "".join(
        f"<li><a href='/a/{n}'>第{n}号</a><span>{ago(minutes + n)}</span><p>{n}{BODY}</p></li>" for n in numbers
    )
    return f"<html><head>{head}</head><body><ul>{items}</ul></body></html>"


def next_link(to: str) -> str:
    return f'<link rel="next" href="{to}">'


def reading(
    edge: Edge, paging: Paging | None, answers: Mapping[str, object], plan: Plan = JSON_PLAN, **more: Any
) -> tuple[Press, Reading]:
    press = Press(dict(answers))
    press.headers = more.pop("headers", {})
    plan = replace(plan, paging=paging, **more.pop("plan_changes", {}))
    return press, read(Publisher(plan), window(edge, more.pop("memory", Memory()), **more), press)
