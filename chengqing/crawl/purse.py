"""What may still be asked today: requests are taken out of the budgets before they are sent."""

from chengqing.crawl.groups import Group
from chengqing.source import Crawled
from chengqing.workspace import Workspace
from pipelines import pace
from spiders.host import Spent

CHUNK = 20
"""Requests that are taken out at a time where no pause is kept between them."""


class Purse:
    """The budgets of one group, for the source whose turn it is."""

    def __init__(self, workspace: Workspace, group: Group) -> None:
        self._workspace = workspace
        self._group = group
        self._source: Crawled | None = None
        self._taken = 0

    def on_send(self) -> None:
        """Pay for one request, and remember when the hosts were asked. Raises Spent when nothing is left today."""
        source = self._source
        if source is None:
            raise Spent
        if self._taken == 0:
            now = self._workspace.clock.now().timestamp()
            with self._workspace.store.write() as connection:
                chunk = CHUNK if self._group.delay < 1 else 1
                self._taken = pace.take(connection, self._group.limits(source), chunk, now)
                pace.asked(connection, self._group.netlocs, now)
            if self._taken == 0:
                raise Spent
        self._taken -= 1

    def reserved(self, source: Crawled) -> int:
        """Requests of ``source`` that were taken out and not sent yet."""
        return self._taken if source is self._source else 0

    def turn_to(self, source: Crawled | None) -> None:
        """From now on requests are ``source``'s: what was taken for another goes back."""
        if source is self._source:
            return
        if self._source is not None and self._taken:
            now = self._workspace.clock.now().timestamp()
            with self._workspace.store.write() as connection:
                pace.put_back(connection, self._group.limits(self._source), self._taken, now)
        self._taken = 0
        self._source = source
