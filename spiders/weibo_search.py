"""Weibo's commercial keyword search, read window by window.

Parameters, limits and the shape of long texts: the sources' notes, A2, A3 and A6. A query is a shipped hazard term in
a listed county and nothing else (design, Bound 2): there is no parameter for accounts, provinces or coordinates here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from spiders.conversation import Ask, Failure, FailureKind, Reply, Step, Task
from spiders.edge import Refusal
from spiders.harvest import Harvest
from spiders.weibo import is_gone, long_text, read_status
from spiders.weibo_api import COMMERCIAL, LAST_PAGE, Answer, Api, Turn, mid_of, read_answer

SEARCH = "/2/search/statuses/limited.json"
BATCH = "/2/statuses/show_batch/biz.json"
MOST_RESULTS = 1000
"""No query shows more, however long it is paged through."""

_COUNT = 50
_MOST_IDS = 50
_NARROWEST = timedelta(minutes=2)
_BEARABLE: tuple[FailureKind, ...] = ("busy", "garbled", "changed_shape")


@dataclass(frozen=True, slots=True)
class _Cut:
    """A page, before it is made: ``waiting`` are the questions for its long texts, the first is being asked."""

    turn: Turn
    statuses: Sequence[object] = field(repr=False)
    waiting: tuple[tuple[str, ...], ...] = field(repr=False)
    names: tuple[str, ...]


class WeiboSearch:
    """Reads the newest statuses that fit a query; a lane is a hazard in a county."""

    official = True

    def __init__(self, token: str, queries: Mapping[str, str], base: str | None = None) -> None:
        """``queries`` by lane. ``base`` is a stand-in's address, which the caller has found to be on loopback."""
        self._api = Api(base or COMMERCIAL, token)
        self._queries = queries
        self.rules = self._api.rules(SEARCH, BATCH)

    def begin(self, task: Task) -> Ask:
        """The first page of the window, or the one after the last that was committed. KeyError for an unknown lane."""
        return self._ask_page(task, Turn.after(task.resume))

    def answer(self, task: Task, ask: Ask, reply: Reply) -> Step:
        """A page, a question for long texts, or two windows in the place of one that holds too much."""
        found = read_answer(reply)
        if isinstance(ask.carry, _Cut):
            return self._completed(task, ask.carry, found)
        if isinstance(found, Failure):
            return Step(failure=found)
        return self._listed(task, ask.carry if isinstance(ask.carry, Turn) else Turn.after(task.resume), found)

    def _ask_page(self, task: Task, turn: Turn) -> Ask:
        params = {
            "q": self._queries[task.lane],
            "starttime": int(task.since.timestamp()),
            "endtime": int(task.until.timestamp()),
            "sort": "time",
            "count": _COUNT,
            "page": turn.pages + 1,
            # With 1, the platform's own choice, statuses that resemble one another are hidden: how far a wording
            # has spread is what is counted here.
            "dup": 0,
            "antispam": 1,
        }
        return self._api.ask(SEARCH, params, turn)

    def _ask_texts(self, cut: _Cut) -> Ask:
        # The ids are individuals': like a secret, they join the address only where the bytes are sent.
        private = {"ids": ",".join(cut.waiting[0])}
        return self._api.ask(BATCH, {"isGetLongText": 1, "trim_user": 0}, cut, private)

    def _listed(self, task: Task, turn: Turn, found: Answer) -> Step:
        crowded = (found.total or 0) > MOST_RESULTS
        if crowded and turn.pages == 0 and task.until - task.since > _NARROWEST:
            return Step(split=_middle(task))
        if not found.statuses or turn.repeats(found):
            page = Harvest(found.unknown).page(task, resume=str(turn.pages), done=True)
            return Step(page=page, beyond=_beyond(turn, ended=not found.statuses))
        waiting = _questions(found.statuses) if task.edge.permitted else ()
        return self._go_on(task, _Cut(turn.hear(found, task), found.statuses, waiting, tuple(found.unknown)))

    def _completed(self, task: Task, cut: _Cut, found: Answer | Failure) -> Step:
        if isinstance(found, Answer):
            patches = _patches(cut.waiting[0], found)
            statuses = tuple(_patched(status, patches) for status in cut.statuses)
            names = (*cut.names, *found.unknown)
            return self._go_on(task, replace(cut, statuses=statuses, waiting=cut.waiting[1:], names=names))
        if found.kind in _BEARABLE:
            # Cut texts are better than none.
            return self._go_on(task, replace(cut, waiting=()))
        return Step(failure=found)

    def _go_on(self, task: Task, cut: _Cut) -> Step:
        if cut.waiting:
            return Step(then=self._ask_texts(cut))
        harvest = Harvest(cut.names)
        for number, status in enumerate(cut.statuses, start=1):
            reading = read_status(status, task.edge)
            harvest.add(number, reading.item, reading.fault, reading.unknown)
            if reading.quoted is not None:
                harvest.add_quoted(reading.quoted)
        ended = self._is_last(cut)
        done = ended or cut.turn.pages >= LAST_PAGE
        page = harvest.page(task, resume=str(cut.turn.pages), done=done)
        if done:
            return Step(page=page, beyond=_beyond(cut.turn, ended=ended))
        return Step(page=page, then=self._ask_page(task, cut.turn))

    @staticmethod
    def _is_last(cut: _Cut) -> bool:
        """Whether nothing follows. A short page alone does not say so (the sources' notes, A3), nor does the total,
        which differs a little from call to call; both together do, and save a call for nearly every window."""
        total = cut.turn.total
        return total is not None and len(cut.statuses) < _COUNT and cut.turn.pages * _COUNT >= total


def _middle(task: Task) -> datetime:
    """The whole second in the middle of the window."""
    return datetime.fromtimestamp((int(task.since.timestamp()) + int(task.until.timestamp())) // 2, UTC)


def _beyond(turn: Turn, *, ended: bool) -> datetime | None:
    """From when on the window was seen, where not all of it was; ``ended`` by a page without statuses."""
    if (turn.total or 0) > MOST_RESULTS or (not ended and turn.missed(_COUNT)):
        return turn.oldest
    return None


# -- long texts ----------------------------------------------------------------------------------


def _questions(statuses: Sequence[object]) -> tuple[tuple[str, ...], ...]:
    """Ids of the statuses that are cut and of the cut ones that they repost, 50 a question."""
    objects = [status for status in statuses if isinstance(status, dict)]
    parents = (status.get("retweeted_status") for status in objects)
    cut = (one for one in (*objects, *parents) if isinstance(one, dict) and _is_cut(one))
    ids = tuple(dict.fromkeys(filter(None, map(mid_of, cut))))
    return tuple(ids[at : at + _MOST_IDS] for at in range(0, len(ids), _MOST_IDS))


def _is_cut(status: Mapping[str, object]) -> bool:
    return status.get("isLongText") is True and not is_gone(status) and not _long_text(status)


def _long_text(status: Mapping[str, object]) -> str:
    try:
        return long_text(status)
    except Refusal:
        return ""


def _patches(asked: Sequence[str], found: Answer) -> dict[str, dict[str, object]]:
    """What is new about the statuses that were asked for, by id. One that is missing in the answer stays as it is."""
    if found.gone:
        return {mid: {"deleted": "1"} for mid in asked}
    return {mid_of(status): _patch(status) for status in found.statuses if isinstance(status, dict)}


def _patch(status: Mapping[str, object]) -> dict[str, object]:
    """The long text of a status; or that its author took it back or limited it since the search."""
    if is_gone(status):
        return {"deleted": "1"}
    visible, text = status.get("visible"), _long_text(status)
    return ({"visible": visible} if visible is not None else {}) | ({"longText": text} if text else {})


def _patched(status: object, patches: Mapping[str, Mapping[str, object]]) -> object:
    """``status`` with its patch, and with that of the status it reposts."""
    if not isinstance(status, dict):
        return status
    whole = {**status, **patches.get(mid_of(status), {})}
    parent = whole.get("retweeted_status")
    if isinstance(parent, dict):
        whole["retweeted_status"] = {**parent, **patches.get(mid_of(parent), {})}
    return whole
