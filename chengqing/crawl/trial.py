"""``source try``: one page of a source, looked at and forgotten. Nothing of it is stored.

Posts are signed with a key that is thrown away; the language stages say what would be kept, as numbers. The requests
count against the day's budget and keep the host's distance, as any others do.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from scrapy.http import Request

from chengqing.crawl.asking import ask
from chengqing.crawl.groups import Group
from chengqing.crawl.holder import holder
from chengqing.crawl.planning import lanes_at
from chengqing.crawl.purse import HOLD, Purse
from chengqing.crawl.readers import reader_of
from chengqing.crawl.tried import HostHeld, Trial
from chengqing.source import Crawled
from chengqing.workspace import Workspace
from pipelines import pace
from pipelines.epoch import EpochKey
from pipelines.intake import Batch
from pipelines.page import Page, Visit
from pipelines.triage import Triage
from spiders.conversation import Ask, Failure, Held, Task
from spiders.edge import Edge
from spiders.host import Errand, HostSpider


@dataclass(frozen=True, slots=True)
class _Throwaway:
    """Signs everything with one key that nobody keeps."""

    key: EpochKey

    def at(self, hour: int) -> EpochKey:  # noqa: ARG002 - it serves every hour
        return self.key


class _Nothing:
    """Remembers nothing: every article is new."""

    def stamps(self, keys: Iterable[str]) -> Mapping[str, str]:  # noqa: ARG002 - part of the protocol
        return {}

    def visit(self, url: str) -> Visit | None:  # noqa: ARG002 - part of the protocol
        return None

    def held(self, after: int) -> list[Held]:  # noqa: ARG002 - part of the protocol
        return []


class _Work:
    """One window of the source's first lane, up to its first page with a text in it.

    Where the window holds too much, its later half is asked.
    """

    def __init__(self, workspace: Workspace, group: Group, trial: Trial, holder: str) -> None:
        self._workspace = workspace
        self._source = group.sources[0]
        self.trial = trial
        self._purse = Purse(workspace, group, holder)
        self._key = EpochKey("trial", secrets.token_bytes(32))
        self._given = False
        self._since: datetime | None = None
        self._enough = False
        self.reader = reader_of(self._source, workspace.packs)

    def next(self) -> Errand | None:
        if self._given:
            return None
        self._given = True
        self._purse.turn_to(self._source)
        now = self._workspace.clock.now()
        lanes = lanes_at(self._source, self._workspace.packs, int(now.timestamp()))
        organisation = self._source.organisation
        return Errand(
            self.reader,
            Task(
                window=0,
                source=self._source.id,
                lane=lanes.names[0],
                since=self._since or datetime.fromtimestamp(lanes.first, UTC),
                until=now,
                edge=Edge(
                    source=self._source.id,
                    signers=_Throwaway(self._key),
                    now=now,
                    organisation=organisation.name if organisation else None,
                ),
                memory=_Nothing(),
            ),
        )

    def take(self, page: Page) -> None:
        """What the page would come to; all of it is forgotten when this returns."""
        trial, texts = self.trial, len(page.posts) + len(page.articles)
        batch = Batch.of(page, Triage(self._workspace.reader, {self._key.epoch: self._key}, page.source))
        trial.would_keep += len(batch.kept) + len(batch.told)
        trial.read += batch.counts.read() + len(batch.kept) + len(batch.told)
        trial.outcomes.update({outcome: n for (_, outcome), n in batch.counts.outcomes.items()})
        trial.faults.update(problem.fault for problem in page.problems)
        trial.unknown = {**trial.unknown, **page.unknown}
        trial.titles += [told.title for _, told in batch.told]
        self._enough = self._enough or texts > 0

    @property
    def enough(self) -> bool:
        """Whether a page with a text was seen: the rest of the window is left alone."""
        return self._enough

    def on_send(self) -> None:
        """Pay for the request; nothing more is sent once a page was seen."""
        self._purse.on_send()

    def failed(self, errand: Errand, failure: Failure) -> None:  # noqa: ARG002 - part of the protocol
        self.trial.failure = self.trial.failure or failure.kind

    def spent(self, errand: Errand) -> None:  # noqa: ARG002 - part of the protocol
        self.trial.failure = "budget"

    def split(self, errand: Errand, at: datetime) -> None:  # noqa: ARG002 - part of the protocol
        self._since, self._given = at, False

    def finished(self, errand: Errand) -> None:
        pass

    def close(self) -> None:
        """Give back what was not used."""
        self._purse.turn_to(None)


def try_source(workspace: Workspace, source: Crawled) -> Trial:
    """Ask ``source`` for one page; what it came to. Raises HostHeld while a crawl asks the same host."""
    group, me = Group((source,)), holder()
    trial = Trial(source.id)
    now = workspace.clock.now().timestamp()
    with workspace.store.write() as connection:
        if not pace.hold_hosts(connection, group.netlocs, me, now=now, until=now + HOLD):
            raise HostHeld(group.name)
    work = _Work(workspace, group, trial, me)
    try:
        ask(OnePage, workspace, group, work, work.reader.rules, take=work.take, on_send=work.on_send)
    finally:
        work.close()
        with workspace.store.write() as connection:
            pace.let_hosts_go(connection, group.netlocs, me)
    return trial


class OnePage(HostSpider):
    """Asks until one page with a text was seen, and then no more; says what it asked."""

    _work: _Work

    def _request(self, errand: Errand, ask: Ask) -> Request:
        self._work.trial.asked.append(f"{ask.method} {ask.url}")
        return super()._request(errand, ask)

    async def stored(self, item: Page) -> None:
        """Go on only while nothing was seen."""
        if not self._work.enough:
            await super().stored(item)
