"""Which sources are read together: those that share a host share its crawler, and so its politeness."""

from collections.abc import Iterable
from dataclasses import dataclass

from chengqing.address import is_loopback
from chengqing.source import Crawled, Official


@dataclass(frozen=True, slots=True)
class Group:
    """Sources that share hosts."""

    sources: tuple[Crawled, ...]

    @property
    def netlocs(self) -> frozenset[str]:
        """Every host that one of them asks."""
        return frozenset().union(*(source.netlocs() for source in self.sources))

    @property
    def name(self) -> str:
        """The first of the hosts: names the group in messages."""
        return min(self.netlocs)

    @property
    def delay(self) -> float:
        """Seconds between requests: the longest that one of them declares."""
        return float(max(source.politeness.delay for source in self.sources))

    @property
    def official(self) -> bool:
        """Whether all of it are documented APIs with the operator's credentials; one page among them, and not."""
        return all(isinstance(source, Official) for source in self.sources)

    @property
    def loopback(self) -> bool:
        """Whether all of it is on this machine."""
        return all(is_loopback(netloc.partition(":")[0]) for netloc in self.netlocs)

    def limits(self, source: Crawled) -> dict[str, int]:
        """Requests a day by budget, for a question of ``source``: its own, and the hosts', which all of them share."""
        most = max(one.politeness.daily_requests for one in self.sources)
        hosts = {f"host:{netloc}": most for netloc in sorted(self.netlocs)}
        return {**hosts, f"source:{source.id}": source.politeness.daily_requests}


def groups(sources: Iterable[Crawled]) -> list[Group]:
    """``sources`` by the hosts they share, in the order of the hosts' names."""
    found: list[list[Crawled]] = []
    for source in sources:
        near = [some for some in found if any(one.netlocs() & source.netlocs() for one in some)]
        found = [some for some in found if some not in near]
        found.append([*(one for some in near for one in some), source])
    return sorted((Group(tuple(some)) for some in found), key=lambda group: group.name)
