"""How a source is read: questions and answers, one window at a time.

A :class:`Reader` knows one source's protocol and nothing else. It is asked for the first question of a window, is shown
each answer, and says what it came to: a page to store, the next question, or a failure with a closed name. It opens no
connection and no file and asks no clock, so that every turn of a conversation can be tried out by itself. What asks the
questions, politely, is :mod:`spiders.host`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from pipelines.page import Page, Visit
from spiders.edge import Edge

FailureKind = Literal[
    "busy",
    "timeout",
    "network",
    "server_error",
    "garbled",
    "too_large",
    "throttled",
    "quota",
    "auth_required",
    "not_entitled",
    "bad_request",
    "captcha",
    "robots",
    "redirected",
    "not_permitted",
    "bridge",
    "changed_shape",
    "looping",
    "store",
    "fault",
]
"""Why a question brought no page: a closed word, never a piece of the answer."""

Remedy = Literal["later", "pause", "stop"]
"""``later``: the window is tried again after a while. ``pause``: the host or quota is left alone until a moment.
``stop``: the source is not asked again before a person has acted."""

REMEDIES: Mapping[FailureKind, Remedy] = {
    "busy": "later",
    "timeout": "later",
    "network": "later",
    "server_error": "later",
    "garbled": "later",
    "too_large": "later",
    "changed_shape": "later",
    "looping": "later",
    "redirected": "later",
    "store": "later",
    "fault": "later",
    "throttled": "pause",
    "quota": "pause",
    "robots": "pause",
    "auth_required": "stop",
    "not_entitled": "stop",
    "bad_request": "stop",
    "captcha": "stop",
    "not_permitted": "stop",
    "bridge": "stop",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the closed list of what may be asked: a method, a host (with its port on loopback) and a path.

    A ``path`` that ends in ``*`` allows every path that begins so.
    """

    method: Literal["GET", "POST"]
    host: str
    path: str

    def allows(self, method: str, netloc: str, path: str) -> bool:
        """Whether the request is on the list."""
        begins = path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path
        return method == self.method and netloc.lower() == self.host and begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question. ``url`` holds no secret: ``private`` parameters join its query where the bytes are sent.

    ``carry`` is what the reader needs again when the answer comes (the entry a detail page belongs to, statuses whose
    long text is still to be had): it stays in memory.
    """

    url: str
    method: Literal["GET", "POST"] = "GET"
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    private: Mapping[str, str] = field(default_factory=dict, repr=False)
    carry: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer: ``status`` and lower-case ``headers`` of HTTP, the body's bytes.

    ``at`` is the answer's own Date, or the clock where it has none: relative times count from it. ``encoding`` is what
    the answer declares, empty where it declares none.
    """

    status: int
    url: str
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    at: datetime
    encoding: str = ""


class Held(NamedTuple):
    """An article that stands here: its number in the store, its key, its address."""

    number: int
    key: str
    link: str


class Memory(Protocol):
    """What was read before, of organisations only."""

    def stamps(self, keys: Iterable[str]) -> Mapping[str, str]:
        """The stamps of those of ``keys`` (articles) that were dealt with before."""

    def visit(self, url: str) -> Visit | None:
        """The validators that ``url`` gave when it was last read to the end."""

    def held(self, after: int) -> Sequence[Held]:
        """Some of the source's articles that stand here, by number, from the one after ``after`` on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One window on its way: a stretch of time of one lane of a source.

    A lane is what is asked: a channel, an account, or a hazard in a county. The window stands for the time from
    ``since`` (inclusive) to ``until`` (exclusive). ``cursor`` and ``resume`` are those of the last page that was
    committed: 0 and "" at the beginning. ``edge.now`` is the moment of the reading.
    """

    window: int
    source: str
    lane: str
    since: datetime
    until: datetime
    cursor: int = 0
    resume: str = ""
    edge: Edge
    memory: Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A question that brought nothing. ``wait`` are the seconds that the source itself asked for."""

    kind: FailureKind
    wait: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What an answer came to: a page to store, then the next question; or one of the others alone.

    A ``page`` without ``then`` must be ``done``. ``split`` asks for two windows in the place of this one, cut at that
    moment. ``beyond``, beside a last page, says that the source gave nothing from before that moment: a hole.
    """

    page: Page | None = None
    then: Ask | None = None
    split: datetime | None = None
    beyond: datetime | None = None
    failure: Failure | None = None


class Reader(Protocol):
    """Reads one source."""

    rules: tuple[Rule, ...]
    """All that may ever be asked of it."""
    official: bool
    """Whether it is a documented API called with the operator's own credentials: see :mod:`spiders.robots`."""

    def begin(self, task: Task) -> Ask:
        """The first question of a window, or the one after ``task.resume``."""

    def answer(self, task: Task, ask: Ask, reply: Reply) -> Step:
        """What the answer to ``ask`` came to. ``task`` has the cursor and resume of the last page handed on."""
