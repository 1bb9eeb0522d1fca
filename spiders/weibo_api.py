"""What Weibo's two APIs have in common: where they are, how they page, how they say no.

Envelopes, paging and codes: the sources' notes, A3 and A4. ``error_code`` is a text on one host and a number on the
other, and comes with any HTTP status: the code alone decides.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from spiders.conversation import Ask, Failure, FailureKind, Reply, Rule, Task
from spiders.edge import Refusal, as_object, id_field, unknown_fields
from spiders.ndjson import decode
from spiders.weibo import created_at

COMMERCIAL = "https://c.api.weibo.com"
STANDARD = "https://api.weibo.com"
LAST_PAGE = 20
"""No list is paged through further."""

_GROUPS: tuple[tuple[FailureKind, tuple[int, ...]], ...] = (
    ("busy", (10001, 10002, 10003, 10009, 10010, 10011)),
    ("quota", (10004, 10022, 10023, 10024)),
    ("not_entitled", (10005, 10014, 10032)),
    ("auth_required", (10006, 21301, 21315, 21327, 21332)),
    ("bad_request", (10008, 10016, 10017, 10020, 10021)),
    ("captcha", (20031, 20033)),
)
_KINDS: Mapping[int, FailureKind] = {code: kind for kind, codes in _GROUPS for code in codes}
_GONE = frozenset((20003, 20101, 20112, 20132))
_ENVELOPE = frozenset(
    ["statuses", "total_number", "previous_cursor", "next_cursor", "request", "error_code", "error"],
)


@dataclass(frozen=True, slots=True)
class Api:
    """One of the APIs, with the operator's token; ``root`` is its address or that of a stand-in on this machine."""

    root: str
    token: str = field(repr=False)

    def rules(self, *paths: str) -> tuple[Rule, ...]:
        """The closed list of what may be asked of it."""
        host = urlsplit(self.root).netloc.lower()
        return tuple(Rule("GET", host, path) for path in paths)

    def ask(
        self, path: str, params: Mapping[str, object], carry: object, private: Mapping[str, str] | None = None
    ) -> Ask:
        """One call. The token goes with the ``private`` parameters, never into the address."""
        secrets = {"access_token": self.token, **(private or {})}
        return Ask(url=f"{self.root}{path}?{urlencode(params)}", private=secrets, carry=carry)


@dataclass(frozen=True, slots=True)
class Answer:
    """The statuses of one answer, as they came.

    ``total`` is the platform's count over all pages, None where it names none. ``gone``: the platform says that what
    was asked for does not exist, or not for everybody. ``unknown`` names fields of the envelope.
    """

    statuses: Sequence[object] = field(default=(), repr=False)
    total: int | None = None
    gone: bool = False
    unknown: frozenset[str] = frozenset()


def read_answer(reply: Reply) -> Answer | Failure:
    """What an answer holds, or why it holds nothing; never raises."""
    try:
        envelope = as_object(decode(reply.body))
    except Refusal as refusal:
        return Failure(kind="changed_shape" if refusal.fault == "not_an_object" else "garbled")
    code = envelope.get("error_code")
    if code not in (None, 0, "0"):
        number = _number(code)
        return Answer(gone=True) if number in _GONE else Failure(kind=_KINDS.get(number, "busy"))
    statuses = envelope.get("statuses")
    if not isinstance(statuses, list):
        return Failure(kind="changed_shape")
    total = _number(envelope.get("total_number"))
    return Answer(statuses, total if total >= 0 else None, unknown=unknown_fields(envelope, _ENVELOPE))


def _number(value: object) -> int:
    """A whole number of at most nine digits, or its digits; -1 for anything else."""
    return int(str(value)) if re.fullmatch("[0-9]{1,9}", str(value)) else -1


def mid_of(status: object) -> str:
    """The id of a status, to compare it in memory; empty where none can be read."""
    try:
        return id_field(as_object(status), "mid", "idstr", "id") or ""
    except Refusal:
        return ""


def moments(statuses: Sequence[object]) -> list[datetime]:
    """When the statuses were published, as far as they say so."""
    found = []
    for status in statuses:
        try:
            found.append(created_at(as_object(status)))
        except Refusal:
            continue
    return found


@dataclass(frozen=True, slots=True)
class Turn:
    """How far a list was paged through. It is kept in memory only: ``before`` are the ids of the last page.

    ``pages`` were heard; ``total`` is the largest count that the platform named, ``oldest`` the first moment of the
    window that a status was seen of.
    """

    pages: int
    before: frozenset[str] = field(default=frozenset(), repr=False)
    total: int | None = None
    oldest: datetime | None = None

    @classmethod
    def after(cls, resume: str) -> "Turn":
        """Where a window goes on whose last committed page was number ``resume``."""
        return cls(int(resume or 0))

    def repeats(self, answer: Answer) -> bool:
        """Whether the answer holds the very statuses of the page before."""
        ids = _ids(answer)
        return bool(ids) and ids == self.before

    def hear(self, answer: Answer, task: Task) -> "Turn":
        """One page on."""
        # A pinned status is from before the window and says nothing about how far back the list goes.
        inside = [moment for moment in moments(answer.statuses) if task.since <= moment < task.until]
        return replace(
            self,
            pages=self.pages + 1,
            before=_ids(answer),
            total=max((one for one in (self.total, answer.total) if one is not None), default=None),
            oldest=min((*inside, self.oldest) if self.oldest else inside, default=None),
        )

    def missed(self, count: int) -> bool:
        """Whether the list goes on after its last page of ``count`` places, as far as can be told.

        Pages may be shorter than their places: the platform takes statuses out after counting them.
        """
        return self.total is None or self.total > self.pages * count


def _ids(answer: Answer) -> frozenset[str]:
    return frozenset(filter(None, map(mid_of, answer.statuses)))
