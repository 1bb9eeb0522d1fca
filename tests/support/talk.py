"""Conversations with a reader, played from a list of answers: every question is held against the reader's own rules."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, urlsplit

from pipelines.page import Page, Visit
from spiders.conversation import Ask, Failure, Held, Reader, Reply, Step, Task
from spiders.edge import Edge

AT = datetime(2026, 11, 23, 10, 0, tzinfo=timezone(timedelta(hours=8)))


@dataclass
class Remembered:
    """What was read of an organisation before: a memory that lasts as long as a test."""

    known: dict[str, str] = field(default_factory=dict)

    def stamps(self, keys: Iterable[str]) -> Mapping[str, str]:
        return {key: self.known[key] for key in keys if key in self.known}

    def held(self, after: int) -> list[Held]:  # noqa: ARG002 - only a look at what stands asks
        return []

    def visit(self, url: str) -> Visit | None:  # noqa: ARG002 - no reader here asks conditionally
        return None


def task(edge: Edge, *, lane: str = "", hours: float = 1, resume: str = "", memory: Remembered | None = None) -> Task:
    """A window of so many hours up to now; with ``resume``, one of which a page was committed."""
    return Task(
        window=7,
        source=edge.source,
        lane=lane,
        since=edge.now - timedelta(hours=hours),
        until=edge.now,
        cursor=1 if resume else 0,
        resume=resume,
        edge=edge,
        memory=memory or Remembered(),
    )


def reply(body: object, status: int = 200, at: datetime = AT) -> Reply:
    """An answer: bytes as they are, anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Reply(status=status, url="http://stand-in.example/", body=content, at=at)


@dataclass
class Talk:
    """A conversation as far as it went."""

    asks: list[Ask] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def pages(self) -> list[Page]:
        return [step.page for step in self.steps if step.page is not None]

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def failure(self) -> Failure | None:
        return self.last.failure


def is_allowed(reader: Reader, ask: Ask) -> bool:
    """Whether the reader's own closed list holds the question."""
    parts = urlsplit(ask.url)
    return any(rule.allows(ask.method, parts.netloc, parts.path) for rule in reader.rules)


def talk(reader: Reader, about: Task, bodies: Iterable[object]) -> Talk:
    """Play ``bodies`` (a Reply, or what one holds) until they or the conversation end; pages are committed at once."""
    found, replies = Talk(), iter(bodies)
    ask: Ask | None = reader.begin(about)
    while ask is not None:
        assert is_allowed(reader, ask)
        found.asks.append(ask)
        if (given := _next(replies)) is None:
            break
        step = reader.answer(about, ask, given)
        found.steps.append(step)
        if step.page is not None:
            assert step.page.cursor == about.cursor + 1
            assert step.page.done == (step.then is None)
            about = _committed(about, step.page)
        ask = step.then
    return found


def _next(replies: Iterator[object]) -> Reply | None:
    body = next(replies, None)
    return body if body is None or isinstance(body, Reply) else reply(body)


def _committed(about: Task, page: Page) -> Task:
    assert isinstance(about.memory, Remembered)
    about.memory.known.update((one.key, one.stamp) for one in page.known)
    return replace(about, cursor=page.cursor, resume=page.resume)


def params(ask: Ask) -> dict[str, str]:
    """What the address of a question says."""
    return dict(parse_qsl(urlsplit(ask.url).query, keep_blank_values=True))


def shown(talk: Talk) -> str:
    """Everything of a conversation that a log, an error or a debugger could print."""
    return repr((talk.asks, talk.steps, talk.pages))
