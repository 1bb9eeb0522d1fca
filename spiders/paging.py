"""How a publisher's list is paged through: every form of the sources' notes, C2, and the POST of a jpage list (C1).

A :class:`Place` names a page; from it the question is made, and from the answer the place after it. The pages of one
reading are numbered, so that a list without an end comes to one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from spiders.conversation import Ask, Task
from spiders.listing import Sheet
from spiders.plan import Cursor, Days, Links, Offset, Pages, Plan

LONGEST_TOKEN = 400
_JPAGE = Offset("startrecord", 60, start=1)
"""What a jpage list is asked for where nothing is configured: the first three pages of twenty, in one answer."""
_NO_CURSOR = frozenset(("", "0", "-1"))
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A page: the ``number``-th of this reading, from 1. ``token`` names it: a number, a cursor, a day, an address."""

    number: int = 1
    token: str = ""


def beginning(plan: Plan, task: Task) -> Place:
    """The first page of a window."""
    match plan.paging:
        case Pages(start=start) | Offset(start=start):
            return Place(1, str(start))
        case Days():
            return Place(1, _days(plan, task)[0].isoformat())
    return Place()


def _days(plan: Plan, task: Task) -> tuple[date, date]:
    """The first and the last day of a window, whose articles are not too old to be read."""
    oldest = max(task.since - plan.overlap, task.edge.now - plan.max_age)
    newest = max(task.until - _INSTANT, oldest)
    return oldest.astimezone(plan.tz).date(), newest.astimezone(plan.tz).date()


# -- questions -----------------------------------------------------------------------------------


def question(plan: Plan, channel: str, place: Place) -> Ask:
    """The question for a page. A token that is an address was checked when it was found, or in :func:`is_sound`."""
    if plan.is_jpage:
        return _jpage(plan, channel, place)
    if place.token and (plan.is_feed or isinstance(plan.paging, Links)):
        return Ask(url=place.token, private=plan.private)
    url = _filled(plan.url, quote(channel, safe=""))
    params = {name: _filled(text, channel) for name, text in plan.params.items()}
    params.update(_page_params(plan, place))
    joint = "&" if urlsplit(url).query else "?"
    return Ask(url=f"{url}{joint}{urlencode(params)}" if params else url, private=plan.private)


def _filled(text: str, channel: str) -> str:
    return text.replace("{channel}", channel)


def _page_params(plan: Plan, place: Place) -> Mapping[str, str]:
    match plan.paging:
        case Pages(param=param) | Offset(param=param):
            return {param: place.token}
        case Cursor(param=param) if place.token:
            return {param: place.token}
        case Days(first=first, last=last, format=form):
            begin = datetime.combine(date.fromisoformat(place.token), time(), plan.tz)
            # The end is the next day's beginning: right where it is excluded, and where it is not a day is seen twice.
            return {first: begin.strftime(form), last: (begin + timedelta(days=1)).strftime(form)}
    return {}


def _jpage(plan: Plan, channel: str, place: Place) -> Ask:
    """A jpage list takes the records' numbers in the query, and the column that is meant in the form."""
    paging = plan.paging if isinstance(plan.paging, Offset) else _JPAGE
    form = {name: _filled(text, channel) for name, text in plan.params.items()}
    begin = int(place.token or paging.start)
    query = {paging.param: begin, "endrecord": begin + paging.step - 1, "perpage": form.pop("perpage", "20")}
    return Ask(
        url=f"{_filled(plan.url, quote(channel, safe=''))}?{urlencode(query)}",
        method="POST",
        body=urlencode(form).encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        private=plan.private,
    )


# -- the next page -------------------------------------------------------------------------------


def following(plan: Plan, task: Task, place: Place, sheet: Sheet, url: str) -> Place | None:
    """The page after the one that ``url`` was asked for; None where the list ends with it."""
    token = _next_token(plan, task, place, sheet, url)
    return Place(place.number + 1, token) if token and len(token) <= LONGEST_TOKEN else None


def _next_token(plan: Plan, task: Task, place: Place, sheet: Sheet, url: str) -> str:
    match plan.paging:
        case Days():
            day = date.fromisoformat(place.token) + timedelta(days=1)
            return day.isoformat() if day <= _days(plan, task)[1] else ""
        case Links():
            return _address(plan, url, sheet.next)
        case None:
            return _address(plan, url, sheet.next) if plan.is_feed else ""
        case Cursor(found_at=found_at):
            cursor = sheet.find(found_at)
            return "" if cursor in _NO_CURSOR else cursor
        case Offset(step=step):
            return str(int(place.token) + step) if sheet.records and _holds_more(plan, place, sheet, step) else ""
        case Pages(total_pages=total):
            last = sheet.find(total) if total else ""
            ended = not sheet.records or (last.isdecimal() and _ordinal(plan, place) >= int(last[:9]))
            return "" if ended else str(int(place.token) + 1)


def _ordinal(plan: Plan, place: Place) -> int:
    """Which page it is of the list, from 1, whether the source counts from 0 or not."""
    return int(place.token) + (1 if isinstance(plan.paging, Pages) and plan.paging.start == 0 else 0)


def _holds_more(plan: Plan, place: Place, sheet: Sheet, step: int) -> bool:
    """Whether a jpage list goes on, by its own count (C1); any other does until a page is empty."""
    total = sheet.find("totalrecord") if plan.is_jpage else ""
    return not total.isdecimal() or int(place.token) + step <= int(total[:9])


def _address(plan: Plan, url: str, link: str) -> str:
    """A link as it may be asked, without the private parameters that a source may repeat in it."""
    try:
        found = plan.follow(urljoin(url, link)) if link else ""
    except ValueError:
        return ""
    if not found or not plan.private:
        return found
    parts = urlsplit(found)
    pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in plan.private]
    return parts._replace(query=urlencode(pairs)).geturl()


def is_sound(plan: Plan, task: Task, place: Place) -> bool:
    """Whether a place that was stored is one of this source as it is configured now."""
    if not 1 <= place.number <= plan.most_pages or len(place.token) > LONGEST_TOKEN:
        return False
    match plan.paging:
        case Days():
            first, last = _days(plan, task)
            return place.token in {(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)}
        case Pages() | Offset():
            return place.token.isdecimal() and len(place.token) <= 9
        case Cursor():
            return True
    return not place.token or plan.follow(place.token) == place.token
