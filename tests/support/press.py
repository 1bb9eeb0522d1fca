"""A publisher's site in memory: what it answers to which address, and readings of it that may be cut off anywhere."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pipelines.page import Article, Page, Visit
from spiders.conversation import Ask, Failure, Held, Reader, Reply, Step, Task
from spiders.edge import Edge
from tests.support.talk import AT, is_allowed

HOST = "https://app.example"
PERSON = "田小禾"
BODY = "云岫县供水公司核实，柳渡路今夜0时至4时检修，明早恢复供水，全区没有停水三天的计划，请居民放心。"
MOST_ASKS = 2_000
"""A conversation that is longer than this does not end."""


def ago(minutes: float) -> str:
    """A time so many minutes ago, as lists write it."""
    return (AT - timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S")


def article(number: int, body: str = BODY, **meta: str) -> str:
    """An article's own page, with everybody who made it."""
    head = "".join(f'<meta name="{name}" content="{text}">' for name, text in meta.items())
    return (
        f"<html><head>{head}<meta name='author' content='{PERSON}'>"
        f'<script type="application/ld+json">{{"author":"{PERSON}"}}</script></head>'
        f"<body><nav><a href='/'>首页</a></nav><article><h1>第{number}号公告</h1><div class='by'>{PERSON}</div>"
        f"<div class='content'><p>第{number}号：{body}</p><p>记者：{PERSON} 责任编辑：{PERSON}</p>"
        f"<div class='rec'>{PERSON}推荐</div></div></article></body></html>"
    )


@dataclass
class Memory:
    """What was committed."""

    known: dict[str, str] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)

    def stamps(self, keys: Iterable[str]) -> Mapping[str, str]:
        return {key: self.known[key] for key in keys if key in self.known}

    def held(self, after: int) -> list[Held]:  # noqa: ARG002 - only a look at what stands asks
        return []

    def visit(self, url: str) -> Visit | None:
        return self.visits.get(url)


@dataclass
class Press:
    """Answers by path and query. ``default`` is for every other address."""

    answers: dict[str, object] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    default: object = 404
    asks: list[Ask] = field(default_factory=list)

    def reply(self, ask: Ask) -> Reply:
        self.asks.append(ask)
        assert len(self.asks) < MOST_ASKS, "the conversation does not end"
        parts = urlsplit(ask.url)
        name = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = self.headers.get(name, {})
        etag = headers.get("etag")
        if etag and ask.headers.get("If-None-Match") == etag:
            return Reply(status=304, url=ask.url, headers=headers, at=AT)
        body = self.answers.get(name, self.default)
        if isinstance(body, int):
            return Reply(status=body, url=ask.url, at=AT)
        content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        return Reply(status=200, url=ask.url, body=content, headers=headers, at=AT)

    @property
    def asked(self) -> list[str]:
        """The paths and queries that were asked for."""
        return [ask.url.removeprefix(HOST) for ask in self.asks]


@dataclass
class Reading:
    """A window's conversation, as far as it went."""

    task: Task
    steps: list[Step] = field(default_factory=list)

    @property
    def pages(self) -> list[Page]:
        return [step.page for step in self.steps if step.page]

    @property
    def articles(self) -> list[Article]:
        return [one for page in self.pages for one in page.articles]

    @property
    def keys(self) -> list[str]:
        return [one.key for one in self.articles]

    @property
    def read(self) -> int:
        return sum(page.reads.read for page in self.pages)

    @property
    def dropped(self) -> dict[str, int]:
        total: dict[str, int] = {}
        for page in self.pages:
            for reason, n in page.reads.dropped.items():
                total[reason] = total.get(reason, 0) + n
        return total

    @property
    def failure(self) -> Failure | None:
        return self.steps[-1].failure if self.steps else None

    @property
    def done(self) -> bool:
        return bool(self.pages) and self.pages[-1].done

    @property
    def beyond(self) -> datetime | None:
        return self.steps[-1].beyond


def window(edge: Edge, memory: Memory, *, lane: str = "", hours: float = 24) -> Task:
    """A window of so many hours up to now."""
    return Task(
        window=7,
        source=edge.source,
        lane=lane,
        since=edge.now - timedelta(hours=hours),
        until=edge.now,
        edge=edge,
        memory=memory,
    )


def read(reader: Reader, task: Task, press: Press, most: int | None = None) -> Reading:
    """Read on from ``task``; every page is committed. After ``most`` answers comes a kill, unless it ended before."""
    found = Reading(task)
    ask: Ask | None = reader.begin(task)
    while ask is not None and (most is None or len(found.steps) < most):
        assert is_allowed(reader, ask), "a question outside the rules"
        step = reader.answer(found.task, ask, press.reply(ask))
        found.steps.append(step)
        assert (step.page is not None) or (step.then is not None) or (step.failure is not None)
        if step.page:
            found.task = _committed(found.task, step)
        ask = step.then
    return found


def _committed(task: Task, step: Step) -> Task:
    page, memory = step.page, task.memory
    assert page is not None and isinstance(memory, Memory)
    assert page.cursor == task.cursor + 1 and page.done == (step.then is None) and len(page.resume) <= 500
    assert page.reads.read == sum(page.reads.dropped.values()) + len(page.articles)
    for one in page.known:
        assert len(one.key) <= 200 and len(one.stamp) <= 64
        memory.known[one.key] = one.stamp
    memory.visits.update((visit.url, visit) for visit in page.visits)
    return replace(task, cursor=page.cursor, resume=page.resume)
