"""Bound 3, the keys: who may read them, how long they live, and that a destroyed one is really gone."""

import base64
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chengqing.clock import FixedClock
from chengqing.config import load_config
from chengqing.crawl.epochs import SharedKeys
from chengqing.keys import CURRENT_HOURS, LIFE_HOURS, Keyring
from chengqing.workspace import open_workspace
from pipelines import windows
from pipelines.epoch import EpochKey

HOUR = 498_000
CLOCK = FixedClock(datetime.fromtimestamp(HOUR * 3600, UTC))
Make = Callable[[Keyring], object]
EVERY: dict[str, Make] = {
    "shared": lambda ring: ring.rotate(HOUR),
    "private": lambda ring: ring.open_private(HOUR),
    "installation": Keyring.installation,
    "audit": Keyring.audit,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix == ".key")


def link(path: Path) -> Path:
    """A second name for the file's bytes: what lies there after the first is gone."""
    kept = path.parent.parent / f"{path.name}.kept"
    kept.hardlink_to(path)
    return kept


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_only_the_owner_reads_keys(folder: Path, mask: int) -> None:
    """0700 and 0600 under any umask; a directory that stood open before is closed."""
    before = os.umask(mask)
    try:
        folder.mkdir(mode=0o755)
        ring = Keyring(folder, HOUR)
        for make in EVERY.values():
            make(ring)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(folder)] == [0o600] * len(EVERY)


def test_keys_are_random_and_lie_in_a_file_each(folder: Path) -> None:
    """Forty epochs and the two lasting keys: no two alike, no constant byte, as many files."""
    ring = Keyring(folder, HOUR)
    secrets = [ring.open_private(HOUR).secret for _ in range(40)]
    secrets += [ring.rotate(HOUR).secret, ring.installation(), ring.audit()]
    assert len(set(secrets)) == 43 and {len(secret) for secret in secrets} == {32}
    assert all(len(set(column)) > 20 for column in zip(*secrets, strict=True))
    assert sorted(path.read_bytes() for path in files(folder)) == sorted(secrets)


@pytest.mark.parametrize("make", EVERY.values(), ids=EVERY)
def test_a_second_opening_finds_the_same_key(folder: Path, make: Make) -> None:
    """All but a private key, which every import makes for itself."""
    first, second = make(Keyring(folder, HOUR)), make(Keyring(folder, HOUR + 1))
    assert (first == second) is (make is not EVERY["private"])


def test_eleven_days_current_then_72_hours_beside_its_successor(folder: Path) -> None:
    """Hour by hour for 60 days, opened at each: a key is the current one for 11 days and lives for 14."""
    current: dict[str, list[int]] = {}
    alive: dict[str, list[int]] = {}
    for hour in range(HOUR, HOUR + 60 * 24):
        ring = Keyring(folder, hour)
        current.setdefault(ring.rotate(hour).epoch, []).append(hour)
        names = ring.names()
        assert len(names) <= 2
        for name in names:
            alive.setdefault(name, []).append(hour)
    whole = [name for name, hours in alive.items() if hours[0] > HOUR and hours[-1] < HOUR + 60 * 24 - 1]
    assert len(whole) >= 3
    assert {len(current[name]) for name in whole} == {11 * 24} and {len(alive[name]) for name in whole} == {14 * 24}
    assert max(map(len, alive.values())) <= LIFE_HOURS == CURRENT_HOURS + 72


def test_every_post_young_enough_has_the_epoch_of_its_hour(folder: Path) -> None:
    """Opened each hour, posts of the last 72 hours have a key; an hour's posts always the same one."""
    chosen: dict[int, str] = {}
    for hour in range(HOUR, HOUR + 40 * 24):
        ring = Keyring(folder, hour)
        ring.rotate(hour)
        for published in (hour, hour - 1, hour - 40, hour - 72):
            key = SharedKeys(ring.shared()).at(published)
            assert key is not None and chosen.setdefault(published, key.epoch) == key.epoch


@pytest.mark.parametrize("days", [1, 11, 14, 400])
def test_settings_shorten_a_key_and_never_lengthen_it(folder: Path, days: int) -> None:
    """``epoch.days`` beyond 11 is 11."""
    first = Keyring(folder, HOUR, epoch_days=days).rotate(HOUR)
    turn = HOUR - 72 + min(days, 11) * 24
    if turn > HOUR:
        assert Keyring(folder, turn - 1, epoch_days=days).rotate(turn - 1) == first
    assert Keyring(folder, max(turn, HOUR + 1), epoch_days=days).rotate(max(turn, HOUR + 1)) != first


def test_a_ring_that_stays_open_hands_out_no_key_past_its_time(folder: Path) -> None:
    """A process that runs for weeks opens the ring once: ``at`` looks at the hour all the same."""
    ring = Keyring(folder, HOUR)
    key = ring.rotate(HOUR)
    assert SharedKeys(ring.shared()).at(HOUR - 72 + LIFE_HOURS - 1) == key
    assert SharedKeys(ring.shared()).at(HOUR - 72 + LIFE_HOURS) is None


@pytest.mark.parametrize("kind", ["shared", "private"])
def test_a_clock_that_went_back_brings_no_key_back(folder: Path, kind: str) -> None:
    """Once past its time, a key is gone for every hour: also for those in which it was young."""
    ring = Keyring(folder, HOUR)
    key = ring.rotate(HOUR) if kind == "shared" else ring.open_private(HOUR)
    assert Keyring(folder, HOUR + LIFE_HOURS).destroyed == [key.epoch]
    for hour in (HOUR, HOUR - LIFE_HOURS, HOUR + 1):
        back = Keyring(folder, hour)
        assert key.epoch not in back.names() and back.get(key.epoch) is None


@pytest.mark.parametrize("kind", ["shared", "private"])
def test_a_clock_moved_back_gives_a_key_no_longer_life(folder: Path, kind: str) -> None:
    """Made, the clock set back by 40 days, then opened each day for 14 days: the key has had its time."""
    ring = Keyring(folder, HOUR)
    key = ring.rotate(HOUR) if kind == "shared" else ring.open_private(HOUR)
    for day in range(15):
        back = Keyring(folder, HOUR - 40 * 24 + day * 24)
    assert key.epoch not in back.names()


DESTROY: dict[str, Callable[[Path, EpochKey], object]] = {
    "destroyed": lambda folder, key: Keyring(folder, HOUR).destroy(key.epoch),
    "expired": lambda folder, key: Keyring(folder, HOUR + LIFE_HOURS),
}


@pytest.mark.parametrize("destroy", DESTROY.values(), ids=DESTROY)
def test_destroying_overwrites_before_the_name_goes(folder: Path, destroy: Callable[[Path, EpochKey], object]) -> None:
    """Under a second name of the same bytes nothing of the key is left."""
    key = Keyring(folder, HOUR).open_private(HOUR)
    (path,) = files(folder)
    kept = link(path)
    destroy(folder, key)
    assert files(folder) == []
    assert len(kept.read_bytes()) == 32 and not set(_windows(key.secret)) & set(_windows(kept.read_bytes()))


def test_unlinking_alone_would_leave_the_key(folder: Path) -> None:
    """The arm without the guard: the bytes stay where they lay."""
    key = Keyring(folder, HOUR).open_private(HOUR)
    (path,) = files(folder)
    kept = link(path)
    path.unlink()
    assert kept.read_bytes() == key.secret


def _windows(content: bytes, size: int = 4) -> list[bytes]:
    return [content[i : i + size] for i in range(len(content) - size + 1)]


def test_a_destruction_that_was_cut_short_is_finished(folder: Path) -> None:
    """Remembered, then killed before the overwrite: the next opening destroys it."""
    key = Keyring(folder, HOUR).open_private(HOUR)
    (folder / "ended").write_text(f"{key.epoch}\n", encoding="ascii")
    kept = link(files(folder)[0])
    assert Keyring(folder, HOUR).destroyed == [key.epoch]
    assert files(folder) == [] and kept.read_bytes() != key.secret


def test_destroying_twice_is_no_error(folder: Path) -> None:
    """And what was never there is remembered all the same."""
    ring = Keyring(folder, HOUR)
    key = ring.open_private(HOUR)
    for _ in range(2):
        ring.destroy(key.epoch)
    assert ring.names() == set() and (folder / "ended").read_text().split() == [key.epoch]


def test_unfinished_key_files_are_wiped(folder: Path) -> None:
    """A kill while a key is made leaves ``.….new``: overwritten and gone at the next opening."""
    Keyring(folder, HOUR)
    unfinished = folder / f".private-{'0' * 16}-{HOUR}.key.new"
    unfinished.write_bytes(b"k" * 32)
    kept = link(unfinished)
    Keyring(folder, HOUR)
    assert not list(folder.glob(".*")) and b"kkkk" not in kept.read_bytes()


def test_private_keys_go_at_the_start_when_no_open_window_needs_them(tmp_path: Path) -> None:
    """An import that lies unfinished keeps its key; a kill before the window, or after its end, leaves none."""
    with open_workspace(tmp_path, None, CLOCK) as workspace:
        made = [workspace.keys.open_private(HOUR) for _ in range(3)]
        orphan, unfinished, finished = made
        with workspace.store.write() as connection:
            for name, key in (("a", unfinished), ("b", finished)):
                windows.open_window(
                    connection, source="file", name=name, basis="b", format="f", as_of=0, epoch=key.epoch, now=0
                )
            window = windows.find(connection, "b")
            assert window is not None
            windows.finish(connection, window.id, 0)
        assert workspace.keys.private_names() == {key.epoch for key in made}
    with open_workspace(tmp_path, None, CLOCK) as workspace:
        assert workspace.keys.private_names() == {unfinished.epoch}
        assert workspace.keys.get(orphan.epoch) is None and workspace.keys.get(unfinished.epoch) == unfinished


def test_settings_carry_the_directory_and_no_bytes(tmp_path: Path) -> None:
    """Printing configuration, key, ring or workspace shows no key in any form."""
    with open_workspace(tmp_path, None, CLOCK) as workspace:
        keys = [workspace.keys.rotate(HOUR), workspace.keys.open_private(HOUR)]
        secrets = [*(key.secret for key in keys), workspace.keys.installation(), workspace.keys.audit()]
        settings = load_config(tmp_path)
        assert settings.keys == tmp_path / "keys"
        printed = "\n".join(map(repr, [settings, workspace, workspace.keys, vars(workspace.keys), keys, *keys]))
    assert _shown(secrets, printed) == 0
    assert _shown(secrets, f"{printed} {list(secrets[0])} {secrets[1].hex()}") == 2  # the arm without the guard


def _shown(secrets: list[bytes], text: str) -> int:
    """In how many forms of any secret ``text`` holds it."""
    return sum(
        form in text
        for secret in secrets
        for part in [secret[4:16]]
        for form in (repr(part)[2:-1], part.hex(), base64.b64encode(secret).decode()[:16], str(list(part))[1:-1])
    )
