"""The shared epochs of a crawl: which key signs a post, by the hour in which it was published.

A key is the current one for eleven days and stands beside its successor for three more (design, Bound 3). Keys are made
by whoever starts a crawl, under the database's writer, so that two starts at once make one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chengqing.keys import LIFE_HOURS
from chengqing.workspace import Workspace
from pipelines import epochs
from pipelines.epoch import EpochKey


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """Signs a post with the epoch that was the current one in the hour of its publication."""

    keys: Sequence[tuple[int, EpochKey]]
    """Each with the hour (since 1970) in which it begins, oldest first."""

    def at(self, hour: int) -> EpochKey | None:
        """The key of that hour; None where none serves it any more."""
        serving = [(start, key) for start, key in self.keys if start <= hour]
        if not serving or hour >= serving[-1][0] + LIFE_HOURS:
            return None
        return serving[-1][1]

    def by_name(self) -> dict[str, EpochKey]:
        """The keys by their epochs' names."""
        return {key.epoch: key for _, key in self.keys}


def open_epochs(workspace: Workspace) -> SharedKeys:
    """See to it that a current key stands, that its epoch is on record, and that older wording is carried to it.

    What outlived its time goes first: keys, and every row that they made.
    """
    ring, now = workspace.keys, workspace.now
    with workspace.store.write() as connection:
        ring.expire(now // 3600)
        epochs.end_missing(connection, ring.names(), now)
        ring.rotate(now // 3600)
        shared = ring.shared()
        for start, key in shared:
            epochs.begin(connection, key.epoch, start * 3600)
            epochs.carry(connection, key)
    return SharedKeys(tuple(shared))
