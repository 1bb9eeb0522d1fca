"""Where the reading of a publisher's list stands: what a question carries, and what of it outlives a kill."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from pipelines.page import Visit
from spiders.conversation import Task
from spiders.paging import Place, beginning, is_sound
from spiders.plan import Plan
from spiders.record import Record

MOST_TRIES = 3
"""How often the page of one article is asked for in a window. It may be broken, and must not hold up the others."""
_RESUME = re.compile(r"([0-9]{1,4}) ([01]) ([0-9]{1,11}) ([0-9a-f]{32}|-) ([0-9]) (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A page of a list and what is still to be done for it.

    ``rest``: entries whose own pages are to be read, the first one now; empty while the list itself is asked.
    ``after``: the page that follows, None at the end; ``parts``: further sitemaps of an index; ``part``: the one that
    a reading goes on with. ``seen``: pages met in this reading. ``fresh``: something new came. ``whole``: nothing was
    left for another reading. ``asked``: the list's validators went with the question; ``visit``: those it answered
    with. ``beyond``: see :class:`spiders.conversation.Step`. ``stuck``: the entry that was asked for last, ``tries``
    times, when a reading ended early.
    """

    place: Place
    rest: tuple[Record, ...] = ()
    after: Place | None = None
    parts: tuple[str, ...] = ()
    part: str = ""
    seen: frozenset[str] = frozenset()
    fresh: bool = False
    whole: bool = True
    asked: bool = False
    visit: Visit | None = None
    beyond: datetime | None = None
    stuck: str = ""
    tries: int = 0

    def resume(self) -> str:
        """What a new reading needs to go on here, in at most 450 characters."""
        stuck = self.rest[0].name if self.rest else "-"
        tries = self.tries + 1 if stuck == self.stuck else 1
        beyond = int(self.beyond.timestamp()) if self.beyond else 0
        return f"{self.place.number} {int(self.fresh)} {beyond} {stuck} {min(tries, 9)} {self.place.token}"

    def ordered(self, rest: Iterable[Record]) -> tuple[Record, ...]:
        """``rest`` with the entry that no answer came for at the end; without it after too many tries."""
        records = sorted(rest, key=lambda record: record.name == self.stuck)
        return tuple(record for record in records if record.name != self.stuck or self.tries < MOST_TRIES)


def opened(plan: Plan, task: Task) -> Turn:
    """The turn that a window goes on with: after its resume, else from the beginning."""
    found = _RESUME.fullmatch(task.resume)
    place = Place(int(found[1]), found[6]) if found else Place()
    if found is None or not is_sound(plan, task, place):
        return Turn(place=beginning(plan, task))
    beyond = datetime.fromtimestamp(int(found[3]), plan.tz) if found[3] != "0" else None
    turn = Turn(place=place, fresh=found[2] == "1", beyond=beyond, stuck=found[4], tries=int(found[5]))
    if plan.kind == "sitemap" and place.number > 1:
        # The sitemaps after this one stand in the index alone.
        return replace(turn, place=Place(), part=place.token)
    return turn
