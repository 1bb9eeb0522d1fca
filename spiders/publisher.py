"""Reads publishers' lists and feeds as their operator configured them (the sources' notes, C; feeds: B3).

A page of the list comes first; what is new on it is handed on at once where the list holds its text, and article by
article from its own page where it does not. A window ends with a page that holds nothing younger than the window.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from pipelines.page import Visit
from spiders.article_json import is_users_channel, key_of
from spiders.conversation import Ask, Failure, FailureKind, Reply, Rule, Step, Task
from spiders.course import course
from spiders.dates import read_date
from spiders.detail import DetailText, read_detail
from spiders.edge import Refusal
from spiders.entry import Entry
from spiders.harvest import Harvest
from spiders.listing import NoList, Sheet, read_list
from spiders.paging import question
from spiders.plan import Days, Plan
from spiders.record import Record, digest
from spiders.sifting import COUNTED, hand_on, hidden, is_aged, keys, listed, moment_of, page_of, sift
from spiders.turn import Turn, opened

_GONE = (404, 410)
_LONGEST_URL = 500
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,190}"')
_LAST_MODIFIED = re.compile(r"[A-Za-z0-9,: +-]{1,60}")


class Publisher:
    """Reads one publisher's list or feed, channel by channel."""

    official = False

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        at = urlsplit(plan.url)
        posts = (Rule("POST", at.netloc.lower(), at.path),) if plan.is_jpage else ()
        self.rules: tuple[Rule, ...] = (*(Rule("GET", host, "/*") for host in plan.hosts()), *posts)

    def begin(self, task: Task) -> Ask:
        """The first page of the channel's list, or the one that a reading was at when it ended early."""
        if task.lane not in (self._plan.channels or ("",)):
            raise ValueError("a channel that the configuration does not name")
        return self._ask(task, opened(self._plan, task))

    def answer(self, task: Task, ask: Ask, reply: Reply) -> Step:
        """A page for every answer: of the list, or of one article."""
        task = replace(task, edge=replace(task.edge, organisation=self._plan.organisation))
        turn = ask.carry if isinstance(ask.carry, Turn) else opened(self._plan, task)
        return self._article(task, turn, ask, reply) if turn.rest else self._list(task, turn, ask, reply)

    # -- questions -----------------------------------------------------------------------------------

    def _ask(self, task: Task, turn: Turn) -> Ask:
        if turn.rest:
            entry = turn.rest[0].entry
            return Ask(url=page_of(self._plan, entry) if entry else "", carry=turn)
        ask = question(self._plan, task.lane, turn.place)
        begins = turn.place.number == 1 and not task.resume
        before = task.memory.visit(ask.url) if begins and self._has_validators(ask) else None
        headers = {**ask.headers, **(_conditions(before) if before else {})}
        return replace(ask, headers=headers, carry=replace(turn, asked=before is not None))

    def _has_validators(self, ask: Ask) -> bool:
        """Whether "not modified" can stand for a whole reading: where the first page is the newest."""
        return ask.method == "GET" and len(ask.url) <= _LONGEST_URL and not isinstance(self._plan.paging, Days)

    # -- pages of the list ---------------------------------------------------------------------------

    def _list(self, task: Task, turn: Turn, ask: Ask, reply: Reply) -> Step:
        if reply.status == 304 and turn.asked:
            return self._unchanged(task, ask)
        try:
            sheet = self._sheet(turn, ask, reply)
        except NoList as error:
            return _failed(error.kind)
        sifted = sift(self._plan, task, sheet)
        rest = turn.ordered(sifted.rest)
        visit = self._visit(ask, reply) if turn.place.number == 1 and not sheet.more else turn.visit
        turn = replace(
            turn,
            rest=rest,
            fresh=turn.fresh or sifted.news,
            whole=turn.whole and len(rest) == len(sifted.rest),
            visit=visit,
        )
        onward = course(self._plan, task, turn, sheet, sifted, ask.url)
        return self._go_on(task, onward, sifted.harvest, sifted.known) if onward else _failed("looping")

    def _sheet(self, turn: Turn, ask: Ask, reply: Reply) -> Sheet:
        """What the answer holds. A page past the last one may be missing; the first one may not."""
        first = turn.place.number == 1
        if reply.status in _GONE and not first:
            return Sheet()
        if reply.status != 200:
            raise NoList("changed_shape" if reply.status in _GONE else "garbled")
        sheet = read_list(self._plan, reply, ask.url, first=first)
        unread = [record for record in sheet.records if record.entry is None and record.reason == "malformed"]
        if first and len(unread) == len(sheet.records) > 1:
            raise NoList("changed_shape")
        return sheet

    def _unchanged(self, task: Task, ask: Ask) -> Step:
        before = task.memory.visit(ask.url)
        page = Harvest().page(task, resume="", done=True)
        return Step(page=replace(page, visits=(before,) if before else ()))

    def _visit(self, ask: Ask, reply: Reply) -> Visit | None:
        etag = _ETAG.fullmatch(reply.headers.get("etag", ""))
        modified = _LAST_MODIFIED.fullmatch(reply.headers.get("last-modified", ""))
        if not self._has_validators(ask) or not (etag or modified):
            return None
        return Visit(ask.url, etag[0] if etag else "", modified[0] if modified else "")

    def _go_on(self, task: Task, turn: Turn, harvest: Harvest, known: Mapping[str, str]) -> Step:
        """The page of an answer, and the next question: an article of this page of the list, or the next page."""
        if not turn.rest and turn.after:
            turn = replace(turn, place=turn.after, after=None)
        elif not turn.rest:
            page = harvest.page(task, resume="", done=True, known=listed(known))
            visits = (turn.visit,) if turn.visit and turn.whole else ()
            return Step(page=replace(page, visits=visits), beyond=turn.beyond)
        page = harvest.page(task, resume=turn.resume(), done=False, known=listed(known))
        return Step(page=page, then=self._ask(replace(task, resume=page.resume), turn))

    # -- articles' own pages -------------------------------------------------------------------------

    def _article(self, task: Task, turn: Turn, ask: Ask, reply: Reply) -> Step:
        record = turn.rest[0]
        turn, harvest = replace(turn, rest=turn.rest[1:]), Harvest()
        known = dict.fromkeys(keys(self._plan, record, task.edge), record.stamp)
        if reply.status in _GONE:
            if self._may_come(task, record):
                return self._go_on(task, replace(turn, whole=False), harvest, {})
            self._gone(task, record, harvest)
        elif reply.status != 200:
            return _failed("garbled")
        else:
            try:
                detail = self._read(ask, reply)
            except Refusal as refusal:
                harvest.add(record.place, refusal.reason, refusal.fault)
            else:
                if detail.state == "verification":
                    return _failed("captcha")
                if is_users_channel(detail.channel):
                    known = dict.fromkeys(hidden(self._plan, record, task.edge), COUNTED)
                known |= self._settle(task, record, detail, harvest, reply)
        return self._go_on(task, turn, harvest, known)

    def _may_come(self, task: Task, record: Record) -> bool:
        """Whether a missing page may only lag behind its list: it was never read, and the entry is new."""
        moment = moment_of(self._plan, record.entry)
        is_fresh = moment is not None and moment > task.edge.now - self._plan.overlap
        return is_fresh and not task.memory.stamps(keys(self._plan, record, task.edge))

    def _gone(self, task: Task, record: Record, harvest: Harvest) -> None:
        """An article that was dealt with before is taken back; another one was never there."""
        if task.memory.stamps(keys(self._plan, record, task.edge)):
            hand_on(self._plan, task.edge, record, harvest, published=task.edge.now, state="deleted")
        else:
            harvest.add(record.place, "not_public", names=record.unknown)

    def _read(self, ask: Ask, reply: Reply) -> DetailText:
        detail = self._plan.detail
        return read_detail(
            reply.body,
            encoding=reply.encoding,
            body_selector=detail.body if detail else "",
            drop=detail.drop if detail else (),
            url=ask.url,
        )

    def _settle(
        self, task: Task, record: Record, detail: DetailText, harvest: Harvest, reply: Reply
    ) -> Mapping[str, str]:
        """Hand on what a page holds; further keys that are known by it."""
        plan, entry = self._plan, record.entry
        formats = (*plan.formats, "rfc3339", "rel_zh")
        published = read_date(detail.published, formats, tz=plan.tz, at=reply.at) if detail.published else None
        if entry is None or is_aged(plan, task, moment_of(plan, entry) or published):
            return {}
        if is_users_channel(detail.channel):
            harvest.add(record.place, "not_permitted", names=record.unknown)
            return {}
        twin = _twin(plan, entry, detail)
        if task.memory.stamps(twin):
            harvest.add(record.place, "duplicate", names=record.unknown)
        else:
            hand_on(
                plan,
                task.edge,
                record,
                harvest,
                text=detail.text,
                title=detail.title,
                published=published,
                state=detail.state,
            )
        return twin


def _twin(plan: Plan, entry: Entry, detail: DetailText) -> dict[str, str]:
    """A key for the same words under the same canonical address, where the list gives no id: two links, one story.

    The address alone is not enough: a page may name its column, or the front page.
    """
    if entry.id or entry.dedupe or detail.state != "article":
        return {}
    return {key_of(plan.source, f"={digest(detail.canonical or entry.url, detail.text)}"): COUNTED}


def _conditions(before: Visit) -> dict[str, str]:
    both = {"If-None-Match": before.etag, "If-Modified-Since": before.last_modified}
    return {name: text for name, text in both.items() if text}


def _failed(kind: FailureKind) -> Step:
    return Step(failure=Failure(kind=kind))
