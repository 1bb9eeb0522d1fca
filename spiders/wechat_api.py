"""The operator's own WeChat account, by the account API: published articles, and nothing else of it.

Calls, limits and codes: the sources' notes, B1. HTTP says 200 to everything: ``errcode`` decides. The list promises no
order, so all of it is paged through at each reading; what an earlier reading dealt with is not asked for again.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from pipelines.page import Known
from spiders.conversation import Ask, Failure, FailureKind, Reply, Rule, Step, Task
from spiders.edge import Refusal, as_object, is_set, malformed, read_unix, text_field, unknown_fields
from spiders.harvest import Harvest
from spiders.ndjson import decode
from spiders.record import digest
from spiders.wechat import read_freepublish

ROOT = "https://api.weixin.qq.com"
TOKEN = "/cgi-bin/stable_token"  # noqa: S105 - a path
LIST = "/cgi-bin/freepublish/batchget"
ARTICLE = "/cgi-bin/freepublish/getarticle"
MOST_PAGES = 200
"""Pages of the list that are asked for in one go."""

_COUNT = 20
_STALE = timedelta(days=30)
_EARLY = timedelta(minutes=5)
_EXPIRED = frozenset((40001, 40014, 42001))
_NO_SUCH_ARTICLE = 53600
_KINDS: Mapping[int, FailureKind] = {
    40001: "auth_required",
    40013: "auth_required",
    40014: "auth_required",
    40125: "auth_required",
    40164: "auth_required",
    42001: "auth_required",
    45009: "quota",
    45011: "quota",
    48001: "not_entitled",
}
_ARTICLE_ID = re.compile(r"[0-9A-Za-z_=-]{1,100}")
_ENVELOPE = frozenset(["total_count", "item_count", "item", "errcode", "errmsg"])
_ITEM = frozenset(["article_id", "update_time", "content"])


@dataclass(frozen=True, slots=True)
class _Publication:
    """One entry of the list, which holds one article or several. ``stamp`` changes with any of them."""

    id: str
    updated: datetime
    stamp: str


@dataclass(frozen=True, slots=True)
class _Broken:
    """An entry of the list that can't be read; ``mark`` stands for what it holds."""

    number: int
    mark: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class _List:
    """A page of the list is wanted, the ``number``-th since the conversation began; ``before`` are the last one's."""

    offset: int
    number: int = 1
    before: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Articles:
    """Publications of the list's page at ``offset`` are wanted, the first of ``pending`` now."""

    offset: int
    pending: tuple[_Publication, ...]
    following: _List | None


@dataclass(frozen=True, slots=True)
class _Turn:
    """What is wanted; ``token``: a token is asked for on the way; ``renewed``: because the last one was refused."""

    want: _List | _Articles
    token: bool = False
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    until: datetime


class WechatAccount:
    """Reads what the account published."""

    official = True

    def __init__(self, appid: str, secret: str, source: str, base: str | None = None) -> None:
        """``base`` is a stand-in's address, which the caller has found to be on loopback."""
        self._root = base or ROOT
        self._credentials = {"appid": appid, "secret": secret}
        self._source = source
        self._token: _Token | None = None
        host = urlsplit(self._root).netloc.lower()
        self.rules = tuple(Rule("POST", host, path) for path in (TOKEN, LIST, ARTICLE))

    def begin(self, task: Task) -> Ask:
        """The page of the list that was last worked on, the first in a new window; before it a token, if need be."""
        fresh = self._token is not None and task.edge.now < self._token.until
        return self._ask(_Turn(_List(int(task.resume or 0)), token=not fresh))

    def answer(self, task: Task, ask: Ask, reply: Reply) -> Step:
        """A page for every answer but that with the token."""
        turn = ask.carry if isinstance(ask.carry, _Turn) else _Turn(_List(int(task.resume or 0)))
        try:
            answer = as_object(decode(reply.body))
        except Refusal as refusal:
            return _failed("changed_shape" if refusal.fault == "not_an_object" else "garbled")
        code = _code(answer)
        if turn.token and code == 0:
            return self._authorised(turn, answer, reply.at)
        if code in _EXPIRED and not turn.renewed and not turn.token:
            return Step(then=self._ask(replace(turn, token=True, renewed=True)))
        if isinstance(turn.want, _Articles) and code in (0, _NO_SUCH_ARTICLE):
            return self._article(task, turn.want, answer if code == 0 else None)
        if isinstance(turn.want, _List) and code == 0:
            return self._list(task, turn.want, answer)
        return _failed(_KINDS.get(code, "busy"))

    # -- questions -----------------------------------------------------------------------------------

    def _ask(self, turn: _Turn) -> Ask:
        if turn.token:
            # With force_refresh the token that the operator's other programs use would end, and a day has only 20.
            return self._post(
                TOKEN, {"grant_type": "client_credential", **self._credentials, "force_refresh": False}, turn
            )
        if isinstance(turn.want, _Articles):
            return self._post(ARTICLE, {"article_id": turn.want.pending[0].id}, turn)
        return self._post(LIST, {"offset": turn.want.offset, "count": _COUNT, "no_content": 1}, turn)

    def _post(self, path: str, body: Mapping[str, object], turn: _Turn) -> Ask:
        private = {"access_token": self._token.value} if self._token and not turn.token else {}
        return Ask(
            url=self._root + path,
            method="POST",
            body=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            private=private,
            carry=turn,
        )

    # -- answers -------------------------------------------------------------------------------------

    def _authorised(self, turn: _Turn, answer: Mapping[str, object], at: datetime) -> Step:
        value, lifetime = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(value, str) or not value:
            return _failed("changed_shape")
        self._token = _Token(value, at + timedelta(seconds=_number(lifetime) or 0) - _EARLY)
        return Step(then=self._ask(replace(turn, token=False)))

    def _list(self, task: Task, want: _List, answer: Mapping[str, object]) -> Step:
        total = _number(answer.get("total_count"))
        # Without publications the key may be missing; with some, that is no empty list but another shape.
        items = answer.get("item", [] if total == 0 else None)
        if not isinstance(items, list) or total is None:
            return _failed("changed_shape")
        harvest = Harvest(_unknown(answer, items))
        listed, broken = _publications(items)
        if listed and listed.keys() == want.before:
            return _failed("looping")
        end = want.offset + (len(items) or _COUNT)
        following = _List(end, want.number + 1, frozenset(listed)) if end < total else None
        if following and want.number >= MOST_PAGES:
            return _failed("too_large")
        known, pending = self._sorted(task, listed.values(), harvest)
        known += self._counted(task, broken, harvest)
        return self._step(task, harvest, known, _Articles(want.offset, pending, following) if pending else following)

    def _sorted(
        self, task: Task, listed: Iterable[_Publication], harvest: Harvest
    ) -> tuple[list[Known], tuple[_Publication, ...]]:
        """What is too old to be asked for at all, and what is to be asked for."""
        stamps = task.memory.stamps([self._key(one) for one in listed])
        new = [one for one in listed if stamps.get(self._key(one)) != one.stamp]
        if not task.edge.permitted:
            # Nothing is remembered of them, so only those of the window's own time are counted.
            for number, _ in enumerate((one for one in new if task.since <= one.updated < task.until), start=1):
                harvest.add(number, "not_permitted")
            return [], ()
        stale = [one for one in new if self._key(one) not in stamps and one.updated < task.since - _STALE]
        return [Known(self._key(one), one.stamp) for one in stale], tuple(one for one in new if one not in stale)

    def _counted(self, task: Task, broken: Iterable[_Broken], harvest: Harvest) -> list[Known]:
        """Count the entries that name no publication, each once: a reading may meet them again."""
        keys = {one.mark: f"{self._source}:pub:?{one.mark}" for one in broken}
        before = task.memory.stamps(keys.values())
        for one in broken:
            if keys[one.mark] not in before:
                harvest.add(one.number, one.refusal.reason, one.refusal.fault)
        return [Known(key, "counted") for key in keys.values()] if task.edge.permitted else []

    def _article(self, task: Task, want: _Articles, answer: Mapping[str, object] | None) -> Step:
        """The articles of a publication; ``answer`` is None where it was taken back since the list was read."""
        one, *rest = want.pending
        harvest = Harvest()
        if answer is None:
            harvest.add(1, "not_public")
        elif not isinstance(answer.get("news_item"), list):
            return _failed("changed_shape")
        else:
            # The call leaves out when the publication changed: it is put into the form that the list has.
            item = {"article_id": one.id, "update_time": int(one.updated.timestamp()), "content": answer}
            for number, reading in enumerate(read_freepublish({"item": [item]}, task.edge), start=1):
                harvest.add(number, reading.item, reading.fault, reading.unknown)
        after = replace(want, pending=tuple(rest)) if rest else want.following
        return self._step(task, harvest, [Known(self._key(one), one.stamp)], after)

    def _step(self, task: Task, harvest: Harvest, known: list[Known], after: _List | _Articles | None) -> Step:
        if after is None:
            return Step(page=harvest.page(task, resume="", done=True, known=known))
        page = harvest.page(task, resume=str(after.offset), done=False, known=known)
        return Step(page=page, then=self._ask(_Turn(after)))

    def _key(self, one: _Publication) -> str:
        """A publication's, not an article's: the list tells one stamp for all articles of a publication."""
        return f"{self._source}:pub:{one.id}"


def _failed(kind: FailureKind) -> Step:
    return Step(failure=Failure(kind=kind))


def _code(answer: Mapping[str, object]) -> int:
    """``errcode``; 0 where there is none, -1 (busy) for one that can't be read."""
    code = _number(answer.get("errcode", 0))
    return -1 if code is None else code


def _number(value: object) -> int | None:
    """A whole number of at most nine digits, or its digits; None for anything else."""
    return int(str(value)) if re.fullmatch("-?[0-9]{1,9}", str(value)) else None


def _unknown(answer: Mapping[str, object], items: list[object]) -> Iterator[str]:
    """Names of fields of a page of the list that are not known, once for every time."""
    yield from unknown_fields(answer, _ENVELOPE)
    for item in items:
        if isinstance(item, dict):
            yield from unknown_fields(item, _ITEM)


def _publications(items: list[object]) -> tuple[dict[str, _Publication], list[_Broken]]:
    """The publications of a page of the list, by id, and the entries that name none."""
    listed, broken = {}, []
    for number, item in enumerate(items, start=1):
        try:
            one = _publication(as_object(item))
            listed[one.id] = one
        except Refusal as refusal:
            broken.append(_Broken(number, digest(json.dumps(item)), refusal))
    return listed, broken


def _publication(item: Mapping[str, object]) -> _Publication:
    number = text_field(item, "article_id")
    if number is None or not _ARTICLE_ID.fullmatch(number):
        raise malformed("no_id")
    updated = read_unix(item.get("update_time")).astimezone(UTC)
    return _Publication(number, updated, f"{int(updated.timestamp())}{_deleted(item)}")


def _deleted(item: Mapping[str, object]) -> str:
    """Which articles of a publication are deleted: nobody promises that ``update_time`` changes with that."""
    content = item.get("content")
    news = content.get("news_item") if isinstance(content, dict) else None
    entries = news if isinstance(news, list) else []
    marks = ["1" if isinstance(one, dict) and is_set(one.get("is_deleted")) else "0" for one in entries[:32]]
    return "-" + "".join(marks) if "1" in marks else ""
