"""What may still be asked today: requests are taken out of the budgets before they are sent."""

from chengqing.crawl.groups import Group
from chengqing.source import Crawled
from chengqing.workspace import Workspace
from pipelines import pace
from spiders.host import Spent

CHUNK = 20
"""Requests that are taken out at a time where no pause is kept between them."""
HOLD = 1_200
"""Seconds for which hosts stay a process's after each time it pays: longer than any pause between two requests."""


class HostLost(Spent):
    """The hosts are another process's by now: it was thought to be gone."""


class Purse:
    """The budgets of one group, for the source whose turn it is."""

    def __init__(self, workspace: Workspace, group: Group, holder: str) -> None:
        """``holder`` is who holds the group's hosts."""
        self._workspace = workspace
        self._group = group
        self._holder = holder
        self._source: Crawled | None = None
        self._taken = 0
        self._at = 0.0

    def on_send(self) -> None:
        """Pay for one request, and remember when the hosts were asked.

        Raises Spent when nothing is left today, and HostLost.
        """
        now = self._workspace.clock.now().timestamp()
        if self._source is None:
            raise Spent
        if pace.day_of(now) != pace.day_of(self._at):
            self._taken = 0  # they were yesterday's
        if self._taken == 0:
            self._take(self._source, now)
        self._taken -= 1

    def _take(self, source: Crawled, now: float) -> None:
        netlocs, limits = self._group.netlocs, self._group.limits(source)
        with self._workspace.store.write() as connection:
            if not pace.hold_hosts(connection, netlocs, self._holder, now=now, until=now + HOLD):
                raise HostLost
            taken = pace.take(connection, limits, CHUNK if self._group.delay < 1 else 1, now)
            pace.asked(connection, netlocs, now)
        if taken == 0:
            raise Spent
        self._taken, self._at = taken, now

    def reserved(self, source: Crawled) -> int:
        """Requests of ``source`` that were taken out and not sent yet."""
        return self._taken if source is self._source else 0

    def turn_to(self, source: Crawled | None) -> None:
        """From now on requests are ``source``'s: what was taken for another goes back."""
        if source is self._source:
            return
        if self._source is not None and self._taken:
            with self._workspace.store.write() as connection:
                pace.put_back(connection, self._group.limits(self._source), self._taken, self._at)
        self._taken = 0
        self._source = source
