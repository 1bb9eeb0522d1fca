"""One data directory, opened: configuration, keys, database, and what every start owes to the bounds.

A start replays erasures, destroys what outlived its time and ends epochs whose key is gone, before anything is
read or written, so that a restored backup brings nothing back (design, Bounds 3 and 12).
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TextIO

import sqlalchemy as sa

from chengqing.clock import CHINA, Clock, ReplayClock
from chengqing.config import Config, load_config
from chengqing.crawl.forget import replay
from chengqing.keys import Keyring
from chengqing.messages import cause, say
from nlp.packs import Packs, load_packs
from nlp.reader import Reader, load_reader
from nlp.score import Scorer, load_scorer
from pipelines import epochs, erase, retention, schema, windows
from pipelines.migrate import HEAD, revision, upgrade
from pipelines.store import Store, sqlite_url, upsert


class WorkspaceError(RuntimeError):
    """The data directory can't be used; the message says what to mend."""


@dataclass(frozen=True)
class Workspace:
    """An opened data directory."""

    folder: Path
    config: Config
    clock: Clock
    store: Store

    @cached_property
    def keys(self) -> Keyring:
        """The keys; opening them destroys what has outlived its time, so only the one whose turn it is asks."""
        hour = int(self.clock.now().timestamp()) // 3600
        return Keyring(self.config.keys, hour, epoch_days=self.config.epoch_days)

    @property
    def now(self) -> int:
        """The clock, in Unix seconds."""
        return int(self.clock.now().timestamp())

    @property
    def today(self) -> date:
        """The day at +08:00, by which a basis ends."""
        return self.clock.now().astimezone(CHINA).date()

    @cached_property
    def reader(self) -> Reader:
        """The language stages with this desk's regions; canaries run first, and refuse."""
        return load_reader(self.config.regions, scopes=self.config.scopes)

    @cached_property
    def packs(self) -> Packs:
        """The closed list of hazards."""
        return load_packs()

    @property
    def harms(self) -> dict[str, int]:
        """The harm of every hazard, 1 to 5."""
        return {hazard.id: hazard.harm for hazard in self.packs.hazards.values()}

    @cached_property
    def scorer(self) -> Scorer:
        """The score's weights, which explain rules."""
        return load_scorer()


@contextmanager
def open_workspace(
    folder: Path,
    config: Path | None,
    clock: Clock,
    *,
    waiting: Callable[[], None] = lambda: None,
    beside: Callable[[], None] | None = None,
    keep_turn: bool = True,
    warn: Callable[[str], None] = lambda _: None,
) -> Iterator[Workspace]:
    """Open ``folder``, made if need be, for one command; commands take turns, and ``waiting`` says so.

    With ``beside`` the command only reads: it is told, and need not wait, when another one is writing, whose start
    has done what every start owes. Without ``keep_turn`` the turn ends when the start has done what it owes: for what
    runs for days and leaves the order of writers to the database. ``warn`` is told when something that was to go is
    still in the write-ahead log, held by another reader.

    Raises WorkspaceError, ConfigError, KeyringError or StoreError, each with its remedy.
    """
    settings = load_config(folder, config)
    _make(folder)
    store = Store(settings.database or sqlite_url(folder))
    workspace = Workspace(folder, settings, clock, store)
    try:
        with _lock(folder) as file:
            mine = _take(file)
            if not mine and beside is not None and revision(store) == HEAD:
                beside()
            else:
                if not mine:
                    waiting()
                    fcntl.flock(file, fcntl.LOCK_EX)
                upgrade(store)
                _check_replay(workspace)
                if _owe(workspace):
                    _empty_log(workspace, warn)
            if not keep_turn:
                fcntl.flock(file, fcntl.LOCK_UN)
            yield workspace
    finally:
        store.close()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(f"{folder}: {say('folder_unmade', why=cause(error))}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise WorkspaceError(f"{folder}: {say('folder_unwritable')}")


def _lock(folder: Path) -> TextIO:
    """The directory's lock: one command at a time changes it."""
    try:
        return (folder / "lock").open("a")
    except OSError as error:
        raise WorkspaceError(f"{folder}: {say('folder_unlocked', why=cause(error))}") from None


def _take(file: TextIO) -> bool:
    """Take the lock if nobody holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _empty_log(workspace: Workspace, warn: Callable[[str], None]) -> None:
    try:
        retention.empty_log(workspace.store)
    except retention.RetentionError as error:
        warn(say("kind_retention", problem=error))


def _check_replay(workspace: Workspace) -> None:
    """A simulated clock runs only where nothing was crawled by the real one, and never back: it would end live keys."""
    if not isinstance(workspace.clock, ReplayClock):
        return
    window, fact = schema.window, schema.fact
    with workspace.store.write() as connection:
        latest = connection.scalar(sa.select(sa.func.max(window.c.opened_at)).where(window.c.since.is_not(None)))
        replayed = connection.scalar(sa.select(fact.c.value).where(fact.c.key == "replay")) is not None
        if latest is not None and not (replayed and latest <= workspace.now):
            raise WorkspaceError(say("as_of_refused", folder=workspace.folder))
        upsert(connection, fact, [{"key": "replay", "value": "by a simulated clock"}])


def _owe(workspace: Workspace) -> bool:
    """What every start owes, see the head of this module; whether anything was deleted."""
    keys, now = workspace.keys, workspace.now
    with workspace.store.write() as connection:
        erased = keys.erased()
        standing = [claim for claim in sorted(erased) if erase.resolve(connection, claim) is not None]
        gone = erase.erase(connection, standing, "system", keys.audit(), now)
        for claim, actor, at in keys.hidden():
            erase.hide_again(connection, claim, actor, at, now)
        gone += erase.drop_wording(connection, keys.audit(), now)
        gone += epochs.end_missing(connection, keys.names(), now)
        needed = {window.epoch for window in windows.unfinished(connection)}
        ended = epochs.ended(connection, keys.names())
    for name in keys.private_names() - needed | ended:
        keys.destroy(name)
    return bool(gone) | replay(workspace)
