"""Where the reading of a list goes after a page: on, to its end, or round in a circle."""

from dataclasses import replace
from datetime import datetime

from spiders.conversation import Task
from spiders.listing import Sheet
from spiders.paging import Place, following
from spiders.plan import Days, Links, Plan
from spiders.record import digest
from spiders.sifting import Sifted
from spiders.turn import Turn


def course(plan: Plan, task: Task, turn: Turn, sheet: Sheet, sifted: Sifted, url: str) -> Turn | None:
    """``turn`` with the page after this one, and the hole that a list leaves which ends too early.

    A list is read until a whole page is older than the window, never until one entry is: old ones may be pinned. None
    where the pages repeat themselves and have brought nothing new.
    """
    if plan.kind == "sitemap":
        return _parts(plan, task, turn, sheet, sifted)
    after = following(plan, task, turn.place, sheet, url)
    reached = bool(sheet.records) and not sifted.young and not isinstance(plan.paging, Days)
    seen = turn.seen | _marks(Sheet(), turn.place)
    repeated = not isinstance(plan.paging, Days) and bool(seen & _marks(sheet, after))
    if repeated and not reached and not turn.fresh:
        return None
    ends = reached or repeated or turn.place.number >= plan.most_pages
    missed = (ends and after is not None) or _breaks_off(plan, turn, sheet, after)
    cut = repeated or (missed and not sifted.reaches_back)
    return replace(
        turn,
        after=None if ends else after,
        seen=seen | _marks(sheet),
        beyond=_later(turn.beyond, sifted.oldest, task.since) if cut else turn.beyond,
    )


def _parts(plan: Plan, task: Task, turn: Turn, sheet: Sheet, sifted: Sifted) -> Turn:
    """The next sitemap of an index. Their entries are in no order: all are read."""
    parts = turn.parts
    if turn.place.number == 1:
        found = [part for part in map(plan.follow, sheet.more) if part][: plan.most_pages - 1]
        parts = tuple(found[found.index(turn.part) :] if turn.part in found else found)
    return replace(
        turn,
        after=Place(turn.place.number + 1, parts[0]) if parts else None,
        parts=parts[1:],
        part="",
        beyond=_later(turn.beyond, sifted.oldest, task.since) if sheet.cut and not sifted.reaches_back else turn.beyond,
    )


def _marks(sheet: Sheet, *places: Place | None) -> frozenset[str]:
    """What stands for this set of entries, and for the places: met again, the list goes round."""
    marks = {digest("place", place.token) for place in places if place}
    if sheet.records:
        marks.add(digest("entries", *sorted(record.name for record in sheet.records)))
    return frozenset(marks)


def _breaks_off(plan: Plan, turn: Turn, sheet: Sheet, after: Place | None) -> bool:
    """Whether the list ends before what is older: its next page can't be asked, or it never has one."""
    latest_only = plan.paging is None and turn.place.number == 1
    unasked = bool(sheet.next) and (plan.is_feed or isinstance(plan.paging, Links))
    return sheet.cut or (after is None and (latest_only or unasked))


def _later(before: datetime | None, oldest: datetime | None, since: datetime) -> datetime | None:
    """The end of the hole: the later of two; none that ends before the window begins."""
    ends = [moment for moment in (before, oldest) if moment is not None and moment > since]
    return max(ends, default=None)
