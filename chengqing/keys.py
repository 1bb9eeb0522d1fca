"""Epoch keys: made, handed out, destroyed.

Keys are random, one file each under ``keys/`` (mode 0700), outside database, backup and replica. A key serves
for at most 14 days, fixed here: 11 as the current one, then 72 hours beside its successor. Destroying is
overwrite, unlink, fsync; the name of a destroyed key is remembered, so that a file which a restored backup
brings back is destroyed again before anything is computed with it.
"""

import os
import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from chengqing.messages import cause, say
from pipelines.epoch import EpochKey

CURRENT_HOURS = 11 * 24
LIFE_HOURS = 14 * 24
_FILE = re.compile(r"(shared|private)-([0-9a-f]{16})-(\d{1,8})\.key")


class KeyringError(RuntimeError):
    """The key directory can't be used; the message says what to mend."""


def _over(start: int, hour: int) -> bool:
    """Whether a key that began at ``start`` has had its time; an hour ahead is a clock that was put right."""
    return not start - 1 <= hour < start + LIFE_HOURS


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    private: bool
    name: str
    start: int


class Keyring:
    """All keys of one data directory. Opening it destroys what has outlived its time."""

    def __init__(self, folder: Path, hour: int, *, epoch_days: int = CURRENT_HOURS // 24) -> None:
        """Open or make ``folder``; ``hour`` is the clock's, in hours since 1970.

        ``epoch_days`` shortens the time that a key is the current one; it can't make it longer.
        """
        self._folder = folder
        self._current = min(epoch_days * 24, CURRENT_HOURS)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:
            raise KeyringError(f"{folder}: {say('keys_folder', why=cause(error))}") from None
        self.destroyed = self.expire(hour)
        """Names of the keys whose time was over when the ring was opened."""

    def _entries(self) -> Iterator[_Entry]:
        for path in sorted(self._folder.iterdir()):
            if match := _FILE.fullmatch(path.name):
                yield _Entry(path, match[1] == "private", match[2], int(match[3]))

    def _ended(self) -> set[str]:
        return set(self._lines("ended"))

    def _lines(self, name: str) -> list[str]:
        path = self._folder / name
        return path.read_text(encoding="ascii").split() if path.exists() else []

    def _remember(self, name: str, lines: Iterable[str]) -> None:
        descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        self._sync()

    def _sync(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _make(self, filename: str) -> bytes:
        """A new random key file; complete on disk before its name is."""
        secret = secrets.token_bytes(32)
        path = self._folder / filename
        unfinished = self._folder / f".{filename}.new"
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secret)
                file.flush()
                os.fsync(file.fileno())
            unfinished.rename(path)
        except OSError as error:
            raise KeyringError(f"{self._folder}: {say('keys_unwritten', why=cause(error))}") from None
        self._sync()
        return secret

    def _fixed(self, filename: str) -> bytes:
        path = self._folder / filename
        return path.read_bytes() if path.exists() else self._make(filename)

    def installation(self) -> bytes:
        """Names files and windows of this installation; 32 bytes."""
        return self._fixed("installation.key")

    def audit(self) -> bytes:
        """Chains the audit log; 32 bytes."""
        return self._fixed("audit.key")

    def open_private(self, hour: int) -> EpochKey:
        """A new epoch for one import: no other reading shares it."""
        name = secrets.token_hex(8)
        return EpochKey(name, self._make(f"private-{name}-{hour}.key"))

    def get(self, name: str) -> EpochKey | None:
        """The live epoch of that name, or None when its key is gone."""
        for entry in self._entries():
            if entry.name == name:
                return EpochKey(name, entry.path.read_bytes())
        return None

    def names(self) -> set[str]:
        """Names of all live epochs."""
        return {entry.name for entry in self._entries()}

    def private_names(self) -> set[str]:
        """Names of live epochs that belong to an import."""
        return {entry.name for entry in self._entries() if entry.private}

    def rotate(self, hour: int) -> EpochKey:
        """The current shared epoch at ``hour``; made when there is none, or when the last has served its days.

        The first epoch begins 72 hours back, a late one where the last ended: every young post has one.
        """
        shared = [entry for entry in self._entries() if not entry.private]
        newest = max(shared, key=lambda entry: entry.start, default=None)
        if newest is not None and hour < newest.start + self._current:
            return EpochKey(newest.name, newest.path.read_bytes())
        name = secrets.token_hex(8)
        start = hour - 72 if newest is None else max(newest.start + self._current, hour - 72)
        return EpochKey(name, self._make(f"shared-{name}-{start}.key"))

    def shared(self) -> list[tuple[int, EpochKey]]:
        """The live shared epochs with the hour (since 1970) in which each begins, oldest first."""
        entries = sorted((e for e in self._entries() if not e.private), key=lambda entry: entry.start)
        return [(entry.start, EpochKey(entry.name, entry.path.read_bytes())) for entry in entries]

    def destroy(self, name: str) -> None:
        """Overwrite, unlink and fsync the epoch's key; remembered for ever. Doing it twice is no error."""
        if name not in self._ended():
            self._remember("ended", [name])
        for entry in self._entries():
            if entry.name == name:
                self._wipe(entry.path)

    def _wipe(self, path: Path) -> None:
        with path.open("r+b") as file:
            file.write(secrets.token_bytes(max(32, path.stat().st_size)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        self._sync()

    def expire(self, hour: int) -> list[str]:
        """Destroy every key that is past 14 days at ``hour``, or was destroyed before; the names.

        A key that begins ahead of the clock goes too: the clock was set back, and nobody knows how old the key is.
        """
        ended = self._ended()
        over = [e.name for e in self._entries() if e.name in ended or _over(e.start, hour)]
        for leftover in self._folder.glob(".*.new"):
            self._wipe(leftover)
        for name in over:
            self.destroy(name)
        return over

    def erased(self) -> set[str]:
        """Ids of claims that were erased: kept outside the database and replayed at every start."""
        return set(self._lines("erased"))

    def remember_erased(self, claims: Iterable[str]) -> None:
        """Add ids of erased claims, durably, before the rows go."""
        self._remember("erased", claims)

    def forgotten(self) -> dict[str, int]:
        """Sources of which everything was erased, with the moment (Unix seconds): replayed like erased claims."""
        rows = (line.split(":") for line in self._lines("forgotten"))
        return {source: int(at) for source, at in rows}

    def remember_forgotten(self, source: str, at: int) -> None:
        """Add a forgotten source, durably, before its rows go."""
        self._remember("forgotten", [f"{source}:{at}"])

    def hidden(self) -> list[tuple[str, str, int]]:
        """(claim, who, when in Unix seconds) of claims that were hidden until a second person confirms."""
        rows = (line.split(":") for line in self._lines("hidden"))
        return [(claim, unquote(actor), int(at)) for claim, actor, at in rows]

    def remember_hidden(self, claim: str, actor: str, at: int) -> None:
        """Add a hidden claim, durably, before its row says so: an older backup must not show it again."""
        self._remember("hidden", [f"{claim}:{quote(actor, safe='')}:{at}"])
