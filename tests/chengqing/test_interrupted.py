"""Imports that are killed, that meet another command, or that run out of room: what stands is whole, and the same."""

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from chengqing.messages import say
from nlp.reader import load_reader
from tests.support.program import command, environment, locked, run, start, until
from tests.support.standing import assert_whole, counts, database, everything, half_written, told
from tests.support.statuses import CLAIMS, MENTIONS, STATUSES, crowded, kept_wordings

AS_OF = datetime(2026, 11, 22, 8, tzinfo=timezone(timedelta(hours=8)))
IMPORT = ("--format", "weibo-status", "--as-of", AS_OF.isoformat())
STORAGE = 4
ENGLISH = {"CHENGQING_LANG": "en"}
MOUNT, UMOUNT = "/bin/mount", "/bin/umount"


# -- the file ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wordings() -> list[str]:
    """Texts that the gate keeps."""
    return kept_wordings(load_reader(canaries=False))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("interrupted")


@pytest.fixture(scope="module")
def file(folder: Path, wordings: list[str]) -> Path:
    path = folder / "statuses.jsonl"
    path.write_text("\n".join(crowded(wordings, AS_OF, 1)) + "\n", encoding="utf-8")
    return path


# -- running -------------------------------------------------------------------------------------


def window_is_open(data: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"file:{data}/chengqing.db?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT 1 FROM window").fetchall())
    except sqlite3.OperationalError:
        return False


def started(file: Path, data: Path) -> subprocess.Popen[bytes]:
    """An import that has its turn."""
    process = start("import", file, *IMPORT, data=data)
    until(lambda: locked(data) or process.poll() is not None)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def snapshot(folder: Path, file: Path) -> Path:
    """A data directory whose import was killed right after its window and key were made."""
    data = folder / "snapshot"
    process = start("import", file, *IMPORT, data=data)
    until(lambda: window_is_open(data))
    stop(process)
    assert len(list((data / "keys").glob("private-*.key"))) == 1
    return data


@pytest.fixture(scope="module")
def reference(folder: Path, file: Path, snapshot: Path) -> tuple[Path, float]:
    """The snapshot's import run to its end without a break, and the seconds it worked."""
    data = folder / "reference"
    shutil.copytree(snapshot, data)
    process = started(file, data)
    began = time.monotonic()
    _, said = process.communicate()
    assert process.returncode == 0, said.decode()
    assert_whole(data)
    return data, time.monotonic() - began


# -- kill -9 -------------------------------------------------------------------------------------


def test_the_reference_holds_every_claim(reference: tuple[Path, float]) -> None:
    """Several blocks, every kind of outcome, and mentions that are all there."""
    data, _ = reference
    with database(data) as connection:
        assert connection.execute("SELECT count(*) FROM claim WHERE mentions >= ?", (MENTIONS,)).fetchone() == (CLAIMS,)
        found = counts(connection)
    assert found["text", "kept"] == CLAIMS * MENTIONS
    assert {outcome for unit, outcome in found if unit == "text"} >= {
        "out_of_scope",
        "duplicate",
        "malformed",
        "too_old",
    }
    assert found["quoted", "kept"] == CLAIMS
    assert sum(n for (unit, _), n in found.items() if unit == "text") == STATUSES


@pytest.mark.parametrize("seed", range(2))
def test_killed_and_run_again_is_as_if_never_killed(
    tmp_path: Path, file: Path, snapshot: Path, reference: tuple[Path, float], seed: int
) -> None:
    """Ten random moments, five to a test, one in each fifth of the work; from one snapshot, so under one key."""
    chance = random.Random(seed)
    whole, seconds = reference
    counted = []
    for fifth in range(5):
        data = tmp_path / str(fifth)
        shutil.copytree(snapshot, data)
        process = started(file, data)
        time.sleep((fifth + chance.random()) / 5 * seconds)
        stop(process)
        counted.append(half_written(data, tmp_path / "spare"))
        run("import", file, *IMPORT, data=data, check=True)
        assert_whole(data)
        assert everything(data) == everything(whole)
    print("killed after lines", counted)
    assert any(0 < lines < STATUSES for lines in counted), "no kill met the import at work"


@pytest.mark.parametrize("seed", range(2))
def test_killed_again_and_again_from_the_very_start(
    tmp_path: Path, file: Path, reference: tuple[Path, float], seed: int
) -> None:
    """Ten more, from the first instruction on: five in a row in one directory that was empty, then one whole run."""
    chance = random.Random(100 + seed)
    whole, seconds = reference
    for _ in range(5):
        process = start("import", file, *IMPORT, data=tmp_path / "data")
        time.sleep(chance.uniform(0.2, 1.5) * seconds)
        stop(process)
    run("import", file, *IMPORT, data=tmp_path / "data", check=True)
    assert_whole(tmp_path / "data")
    assert told(tmp_path / "data") == told(whole)


def test_a_lost_block_would_be_seen(tmp_path: Path, file: Path, snapshot: Path, reference: tuple[Path, float]) -> None:
    """The arm without the guard: a cursor that moves without its block."""
    data = tmp_path / "data"
    shutil.copytree(snapshot, data)
    start_of_line = file.read_bytes().index(b"\n", 900_000) + 1
    line = file.read_bytes()[:start_of_line].count(b"\n")
    with database(data) as connection:
        connection.execute("UPDATE window SET cursor = ?, line = ?", (start_of_line, line))
        connection.commit()
    run("import", file, *IMPORT, data=data, check=True)
    assert everything(data) != everything(reference[0])
    assert told(data) != told(reference[0])
    with pytest.raises(AssertionError):
        assert_whole(data)


# -- taking turns --------------------------------------------------------------------------------


def beside(first: subprocess.Popen[bytes], *args: str | Path, data: Path) -> tuple[bytes, bytes]:
    """What a command says that starts while ``first`` works; ``first`` stands still until the other waits."""
    first.send_signal(signal.SIGSTOP)
    second = start(*args, data=data)
    assert second.stderr is not None
    said = second.stderr.readline()
    first.send_signal(signal.SIGCONT)
    answer, rest = second.communicate(timeout=60)
    first.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0), rest.decode()
    return answer, said + rest


def test_two_imports_into_one_directory_take_turns(
    tmp_path: Path, folder: Path, file: Path, wordings: list[str]
) -> None:
    """The second says that it waits; then both have succeeded."""
    other = folder / "other.jsonl"
    other.write_text("\n".join(crowded(wordings, AS_OF, 2)) + "\n", encoding="utf-8")
    _, said = beside(started(file, tmp_path), "import", other, *IMPORT, data=tmp_path)
    assert said.decode().split("\n") == [say("waiting"), ""]
    assert_whole(tmp_path, windows=2)


def test_claims_beside_an_import_shows_what_the_import_found(tmp_path: Path, file: Path) -> None:
    """A reader does not wait: it reads what has been committed, and says so."""
    first = started(file, tmp_path)
    until(lambda: any((tmp_path / "keys").glob("private-*.key")))
    first.send_signal(signal.SIGSTOP)
    done = run("claims", "--json", data=tmp_path)
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=60)
    assert done.returncode == 0 and say("beside") in done.stderr.decode()
    assert all(json.loads(line)["mentions"] <= MENTIONS + 1 for line in done.stdout.splitlines())
    shown = [json.loads(line) for line in run("claims", "--json", data=tmp_path).stdout.splitlines()]
    assert [claim["mentions"] for claim in shown] == [MENTIONS + 1] * CLAIMS


def test_one_file_twice_at_once_is_imported_once(tmp_path: Path, file: Path, reference: tuple[Path, float]) -> None:
    """Whoever comes second answers "already imported"."""
    both = [start("import", file, *IMPORT, data=tmp_path) for _ in range(2)]
    said = [process.communicate(timeout=60)[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    kept = CLAIMS * MENTIONS
    assert sum(say("import_already", name=file.name, read=STATUSES, kept=kept) in text for text in said) == 1
    assert_whole(tmp_path)
    assert told(tmp_path) == told(reference[0])


# -- no room -------------------------------------------------------------------------------------


def assert_refused(done: subprocess.CompletedProcess[bytes], code: int, *words: str) -> None:
    """One line that says why, no traceback, and the exit code."""
    said = done.stderr.decode()
    assert done.returncode == code, said
    assert all(word in said for word in words), said
    assert "Traceback" not in said and len(said.strip().splitlines()) == 1


@pytest.mark.parametrize("share", [0.0, 0.7])
def test_no_room_for_a_block_loses_nothing(
    tmp_path: Path, file: Path, snapshot: Path, reference: tuple[Path, float], share: float
) -> None:
    """The database may grow by a share of what the import takes, and no further; later there is room."""
    data = tmp_path / "data"
    shutil.copytree(snapshot, data)
    before, after = ((folder / "chengqing.db").stat().st_size for folder in (snapshot, reference[0]))
    limit = f'ulimit -f {int(before + share * (after - before)) // 1024}; exec "$@"'
    words = ["bash", "-c", limit, "-", *command("import", file, *IMPORT, data=data)]
    full = subprocess.run(words, env=environment(ENGLISH), capture_output=True, check=False)
    assert_refused(full, STORAGE, str(data / "chengqing.db"), "nothing of this block was stored")
    half_written(data, tmp_path / "spare")
    run("import", file, *IMPORT, data=data, check=True)
    assert_whole(data)
    assert everything(data) == everything(reference[0])


Disk = Callable[[str], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of its own at ``tmp_path``/disk, as large as it is told; only where the system lets us mount one."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(options: str) -> None:
        done = subprocess.run([MOUNT, "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("no disk can be mounted here")

    yield mount
    subprocess.run([UMOUNT, place], capture_output=True, check=False)


def test_a_full_disk_loses_nothing(
    tmp_path: Path, disk: Disk, file: Path, snapshot: Path, reference: tuple[Path, float]
) -> None:
    """A disk that fills up during the import; when it has grown, the same command goes on."""
    held = sum(path.stat().st_size for path in snapshot.rglob("*") if path.is_file())
    disk(f"size={held // 1024 + 150}k")
    data = tmp_path / "disk" / "data"
    shutil.copytree(snapshot, data)
    full = run("import", file, *IMPORT, data=data, env=ENGLISH)
    assert_refused(full, STORAGE, str(data / "chengqing.db"), "the disk is full: nothing of this block was stored")
    half_written(data, tmp_path / "spare")
    disk("remount,size=64m")
    run("import", file, *IMPORT, data=data, check=True)
    assert_whole(data)
    assert everything(data) == everything(reference[0])


@pytest.mark.parametrize("kilobytes", [4, 120, 400])
def test_a_disk_full_from_the_start_is_refused(tmp_path: Path, disk: Disk, file: Path, kilobytes: int) -> None:
    """Whatever meets the end of the disk first, tables or a key; nothing stands in the way of a second try."""
    disk(f"size={kilobytes}k")
    data = tmp_path / "disk" / "data"
    full = run("import", file, *IMPORT, data=data, env=ENGLISH)
    disk("remount,size=64m")
    run("import", file, *IMPORT, data=data, check=True)
    assert_whole(data)
    assert_refused(full, STORAGE, str(data))


# -- nothing to write to, nothing to read -----------------------------------------------------------


def test_a_disk_that_is_read_only_is_named(tmp_path: Path, disk: Disk, file: Path, snapshot: Path) -> None:
    disk("size=4m")
    shutil.copytree(snapshot, tmp_path / "disk" / "old")
    disk("remount,ro")
    for name in ("old", "new"):
        data = tmp_path / "disk" / name
        assert_refused(run("import", file, *IMPORT, data=data, env=ENGLISH), STORAGE, f"{data}: ", "--data")


@pytest.mark.parametrize("spoilt", ["lock", "keys", "chengqing.db", ""])
def test_a_data_directory_that_is_none_is_named(tmp_path: Path, file: Path, spoilt: str) -> None:
    """A part of it is of the wrong kind: nobody can write there, root neither."""
    place = tmp_path / "data" / spoilt
    if spoilt in ("keys", ""):
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(b"")
    else:
        place.mkdir(parents=True)
    done = run("import", file, *IMPORT, data=tmp_path / "data", env=ENGLISH)
    assert_refused(done, STORAGE, str(tmp_path / "data"))


@pytest.mark.parametrize("kept", [0.5, 0.0])
def test_a_damaged_database_is_named(tmp_path: Path, file: Path, reference: tuple[Path, float], kept: float) -> None:
    """Cut in the middle, or no database at all: the remedy is the backup."""
    data = tmp_path / "data"
    shutil.copytree(reference[0], data)
    whole = (data / "chengqing.db").read_bytes()
    (data / "chengqing.db").write_bytes(whole[: int(len(whole) * kept)] + b"not a database" * 400)
    assert_refused(run("import", file, *IMPORT, data=data, env=ENGLISH), STORAGE, "damaged", "backup")


@pytest.mark.parametrize("format", ["weibo-status", "wechat-html", "article-json"])
def test_files_that_hold_nothing_or_are_none(tmp_path: Path, format: str) -> None:
    """A missing file and a directory are refused by name; the others on the same line are imported all the same."""
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "blank.txt").write_bytes(b"\n \t\n\r\n\n")
    names = [tmp_path / name for name in ("missing.txt", "empty.txt", ".", "blank.txt")]
    done = run("import", *names, "--format", format, data=tmp_path / "data", env=ENGLISH)
    said = done.stderr.decode().splitlines()
    assert done.returncode == 1 and len(said) == 2
    assert said[0].startswith(f"{names[0]}: can't be read") and said[1].startswith(f"{tmp_path}: a directory")
    with database(tmp_path / "data") as connection:
        found = counts(connection)
    assert found == ({} if format == "weibo-status" else {("text", "malformed"): 2})
