"""Bounds 3 and 12: a backup that is put back brings nothing back, neither an erased claim nor a dead key's rows."""

import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chengqing.clock import SystemClock
from chengqing.workspace import open_workspace
from nlp.reader import load_reader
from nlp.text import clauses, normalise
from pipelines import schema, windows
from pipelines.epoch import EpochKey
from tests.support.crowd import Crowd, apart
from tests.support.program import run, start
from tests.support.statuses import status

GOES = "听说小龙虾和西瓜一起吃会中毒，桃溪已经有好几个人住院了"
JOINS = "云岫区今晚十点停水三天，主管道大修，赶紧接水，转给家人"
STAYS = "大蒜水每天喝一碗能杀死病毒，邻居一家都这么喝，没有一个发烧"
KEYED = ("pending", "band", "clause", "clause_text", "seen", "carried")
RECORD = {"audit", "outbox"}
"""Tables that name ids for ever, and nothing but ids."""


class Desk:
    """A data directory, its backups, and what the program says of it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self._backups = folder / "backups"

    def _database(self, folder: Path) -> list[Path]:
        return sorted(folder.glob("chengqing.db*"))

    def backup(self, name: str) -> None:
        """Copy database and write-ahead log, as a backup of the directory without its keys does."""
        (self._backups / name).mkdir(parents=True)
        for path in self._database(self.data):
            shutil.copy(path, self._backups / name)

    def restore(self, name: str) -> None:
        """Put the copy in the place of what stands."""
        for path in self._database(self.data):
            path.unlink()
        for path in self._database(self._backups / name):
            shutil.copy(path, self.data)

    def claims(self) -> dict[str, str]:
        """The next start: what ``claims --json`` prints, by id."""
        lines = run("claims", "--json", data=self.data, check=True).stdout.decode().splitlines()
        return {json.loads(line)["id"]: line for line in lines}

    def find(self, text: str) -> str:
        """The id of the claim that holds ``text``'s first clause."""
        with self.sql() as sql:
            rows = sql.execute("SELECT claim FROM shared_clause WHERE text = ?", (clauses(normalise(text))[0],))
            ((found,),) = rows.fetchall()
        return str(found)

    def holds(self, text: str) -> list[str]:
        """Clauses of ``text`` that stand in a byte of the database or its write-ahead log."""
        content = b"".join(path.read_bytes() for path in self._database(self.data))
        return [clause for clause in clauses(normalise(text)) if clause.encode() in content]

    @contextmanager
    def sql(self) -> Iterator[sqlite3.Connection]:
        """The database without the program."""
        url = f"file:{self.data / 'chengqing.db'}?mode=rw"  # never make one
        with closing(sqlite3.connect(url, uri=True, timeout=10)) as connection, connection:
            yield connection

    def tables(self, value: str) -> set[str]:
        """Tables with a row that holds ``value`` anywhere."""
        with self.sql() as sql:
            return {
                table
                for table in schema.metadata.tables
                for row in sql.execute(f'SELECT * FROM "{table}"')  # noqa: S608
                if any(value in str(column) for column in row)
            }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three claims of an import that lies unfinished, so that every kind of row stands."""
    made = Desk(tmp_path)
    with open_workspace(made.data, None, SystemClock()) as workspace:
        key = workspace.keys.open_private(workspace.now // 3600)
        with workspace.store.write() as connection:
            windows.open_window(
                connection, source="file", name="w", basis="b", format="f", as_of=0, epoch=key.epoch, now=0
            )
            for text in (GOES, JOINS, STAYS):
                Crowd(connection, key).say(apart(key, 7), text)
    return made


def joined(desk: Desk) -> tuple[str, str]:
    """Make GOES and JOINS one claim by a post near both; the survivor and the id that became an alias."""
    ids = {desk.find(GOES), desk.find(JOINS)}
    with open_workspace(desk.data, None, SystemClock()) as workspace:
        (name,) = workspace.keys.private_names()
        key = workspace.keys.get(name)
        assert key is not None
        with workspace.store.write() as connection:
            crowd = Crowd(connection, key)
            bridge = crowd.mention("bridge", GOES)
            crowd.apply([replace(bridge, bands=bridge.bands + crowd.mention("bridge", JOINS).bands)])
    survivor = desk.find(GOES)
    (alias,) = ids - {survivor}
    return survivor, alias


def gone(desk: Desk, *ids: str) -> None:
    """Nothing of the erased claims is in a row or in a byte; the other claim stands."""
    assert desk.find(STAYS)
    assert desk.holds(GOES) == [] and desk.holds(STAYS)
    assert all(desk.tables(id_) <= RECORD for id_ in ids)
    assert not any(desk.tables(clause) for clause in clauses(normalise(GOES)))


def test_an_erased_claim_stays_erased(desk: Desk) -> None:
    """Erased, then the database from before put back: the next start, of any command, erases it again."""
    claim = desk.find(GOES)
    desk.backup("before")
    run("erase", claim, data=desk.data, check=True)
    gone(desk, claim)
    for command in (("retain",), ("erase", "unknown"), ("claims", "--json")):
        desk.restore("before")
        assert desk.holds(GOES)
        run(*command, data=desk.data)
        gone(desk, claim)
    assert desk.claims().keys() == {desk.find(STAYS), desk.find(JOINS)}


def test_without_the_list_of_erased_ids_it_would_return(desk: Desk) -> None:
    """The arm without the guard."""
    claim = desk.find(GOES)
    desk.backup("before")
    run("erase", claim, data=desk.data, check=True)
    (desk.data / "keys" / "erased").unlink()
    desk.restore("before")
    assert claim in desk.claims() and desk.holds(GOES)


@pytest.mark.parametrize("by_alias", [False, True])
@pytest.mark.parametrize("backup", ["apart", "joined"])
def test_joined_claims_stay_erased(desk: Desk, backup: str, by_alias: bool) -> None:
    """Erased under either id; the backup is from before or after they became one."""
    desk.backup("apart")
    survivor, alias = joined(desk)
    desk.backup("joined")
    run("erase", alias if by_alias else survivor, data=desk.data, check=True)
    desk.restore(backup)
    assert desk.holds(GOES) and desk.holds(JOINS)
    assert desk.claims().keys() == {desk.find(STAYS)}
    gone(desk, survivor, alias)
    assert desk.holds(JOINS) == []


def test_without_the_ids_that_were_joined_half_would_return(desk: Desk) -> None:
    """The arm without the guard: only the survivor's id is remembered."""
    desk.backup("apart")
    survivor, alias = joined(desk)
    run("erase", survivor, data=desk.data, check=True)
    (desk.data / "keys" / "erased").write_text(f"{survivor}\n", encoding="ascii")
    desk.restore("apart")
    assert alias in desk.claims()


def hidden(desk: Desk) -> str:
    """GOES as an early warning that one person wants erased; backups ``shown`` and ``hidden``."""
    claim = desk.find(GOES)
    with desk.sql() as sql:
        sql.execute("UPDATE claim SET early_warning = 1 WHERE id = ?", (claim,))
    desk.backup("shown")
    run("erase", claim, "--by", "first", data=desk.data, check=True)
    assert desk.tables(claim) > RECORD
    desk.backup("hidden")
    return claim


@pytest.mark.parametrize("backup", ["shown", "hidden"])
def test_a_hidden_claim_that_was_confirmed_stays_erased(desk: Desk, backup: str) -> None:
    """Whether the backup is from before it was hidden or between the two persons."""
    claim = hidden(desk)
    run("erase", claim, "--by", "second", data=desk.data, check=True)
    desk.restore(backup)
    assert desk.holds(GOES)
    assert claim not in desk.claims()
    gone(desk, claim)


def test_a_hidden_claim_comes_back_hidden(desk: Desk) -> None:
    """From a backup made while it was hidden: on no screen."""
    claim = hidden(desk)
    desk.restore("hidden")
    assert claim not in desk.claims()


def test_a_hidden_claim_is_not_shown_by_an_older_backup(desk: Desk) -> None:
    """From a backup made before it was hidden: on no screen either."""
    claim = hidden(desk)
    desk.restore("shown")
    assert claim not in desk.claims()


# -- a backup from the middle of an import ---------------------------------------------------------

CANDIDATES = [
    "听说小龙虾和西瓜一起吃会产生砒霜，昨晚桃溪有一家三口吃完送去洗胃，家里有孩子的千万别再吃了，转给家人",
    "这次甲流不用吃药，大蒜七瓣拍碎泡水一杯，早晚各一次，三天病毒全杀死",
    "内部消息，今晚凌晨两点到四点桃溪有6.2级地震，睡觉别锁门，鞋放床边，手机充满电，收到的赶快叫醒家里人",
    "9月1日起交通新规：电动车不戴头盔罚500扣6分，副驾驶玩手机罚200，全国联网，赶紧告诉身边开车的人",
]
POSTS = 6_000


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A file of kept posts imported to its end, after a kill -9 in the middle; its folder and the text."""
    folder = tmp_path_factory.mktemp("cut")
    desk, text = Desk(folder), _kept_text()
    file = folder / "posts.jsonl"
    at = datetime.now(UTC) - timedelta(hours=3)
    with file.open("w", encoding="utf-8") as out:
        for number in range(POSTS):
            out.write(json.dumps(status(number, number % 900, text, at), ensure_ascii=False) + "\n")
    args = ("import", file, "--format", "weibo-status")
    process = start(*args, data=desk.data)
    try:
        _wait_for_blocks(desk)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        _, said = process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()
    desk.backup("middle")
    shutil.copytree(desk.data / "keys", folder / "keys")
    run(*args, data=desk.data, check=True)
    assert not list((desk.data / "keys").glob("private-*"))
    return folder, text


def _kept_text() -> str:
    reader = load_reader(canaries=False)
    for text in CANDIDATES:
        if reader.read(text) is not None:
            return text
    pytest.fail("the gate keeps none of the candidate texts: add one that it keeps")


def _wait_for_blocks(desk: Desk) -> None:
    until = time.monotonic() + 40
    while time.monotonic() < until:
        try:
            with desk.sql() as sql:
                if sql.execute('SELECT count(*) FROM "window" WHERE line >= 400').fetchone()[0]:
                    return
        except sqlite3.OperationalError:
            pass  # not made yet
        time.sleep(0.02)
    pytest.fail("no block was committed within 40 s")


@pytest.fixture
def middle(cut: tuple[Path, str], tmp_path: Path) -> tuple[Desk, EpochKey, Path]:
    """A copy of the finished directory; the dead epoch, whose key a thief of the key directory copied in time."""
    folder, _ = cut
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    (stolen,) = (tmp_path / "keys").glob("private-*.key")
    return Desk(tmp_path), EpochKey(stolen.name.split("-")[1], stolen.read_bytes()), stolen


def keyed(desk: Desk, epoch: str) -> dict[str, int]:
    """Rows that the epoch's key made, by table; bitmaps of claims count as well."""
    with desk.sql() as sql:
        counts = {t: sql.execute(f"SELECT count(*) FROM {t} WHERE epoch = ?", (epoch,)).fetchone()[0] for t in KEYED}  # noqa: S608
        bitmaps = "SELECT count(*) FROM part WHERE epoch = ? AND bitmap IS NOT NULL"
        counts["part"] = sql.execute(bitmaps, (epoch,)).fetchone()[0]
    return {table: n for table, n in counts.items() if n}


def on_disk(desk: Desk, secret: bytes) -> list[str]:
    """Files of the data directory that hold the key, whole or half, as bytes or in hex."""
    forms = [form for half in (secret[:16], secret[16:]) for form in (half, half.hex().encode())]
    files = [path for path in sorted(desk.data.rglob("*")) if path.is_file()]
    return [path.name for path in files if any(form in path.read_bytes() for form in forms)]


def test_rows_of_a_dead_epoch_are_gone_at_the_next_start(middle: tuple[Desk, EpochKey, Path]) -> None:
    """The database of the middle of an import, after its end: keyed rows go, and the key is nowhere."""
    desk, key, _ = middle
    assert keyed(desk, key.epoch) == {} and on_disk(desk, key.secret) == []
    desk.restore("middle")
    assert keyed(desk, key.epoch).keys() >= {"pending", "band", "clause", "seen", "part"}
    assert desk.claims()
    assert keyed(desk, key.epoch) == {} and on_disk(desk, key.secret) == []


def test_a_restored_key_file_is_destroyed_again(middle: tuple[Desk, EpochKey, Path]) -> None:
    """The key comes back beside the rows it made: it is refused, overwritten, and the rows go."""
    desk, key, stolen = middle
    desk.restore("middle")
    back = desk.data / "keys" / stolen.name
    shutil.copy(stolen, back)
    (desk.data.parent / "kept").hardlink_to(back)
    desk.claims()
    assert not back.exists() and (desk.data.parent / "kept").read_bytes() != key.secret
    assert keyed(desk, key.epoch) == {} and on_disk(desk, key.secret) == []


def test_without_the_list_of_ended_keys_it_would_serve_again(
    middle: tuple[Desk, EpochKey, Path], cut: tuple[Path, str]
) -> None:
    """The arm without the guard: the key stays, and whoever holds it tests a sentence against the rows."""
    desk, key, stolen = middle
    desk.restore("middle")
    (desk.data / "keys" / "ended").unlink()
    shutil.copy(stolen, desk.data / "keys")
    desk.claims()
    assert keyed(desk, key.epoch) and on_disk(desk, key.secret) == [stolen.name]
    with desk.sql() as sql:
        stored = {value for (value,) in sql.execute("SELECT hash FROM clause")}
    assert stored & {key.clause(clause) for clause in clauses(normalise(cut[1]))}


def test_the_import_goes_on_after_a_restore(middle: tuple[Desk, EpochKey, Path]) -> None:
    """What was left is read under a new key; then nothing keyed stands, and read adds up."""
    desk, key, _ = middle
    desk.restore("middle")
    run("import", desk.data.parent / "posts.jsonl", "--format", "weibo-status", data=desk.data, check=True)
    with desk.sql() as sql:
        assert sql.execute("SELECT sum(n) FROM window_count").fetchone() == (POSTS,)
        assert [sql.execute(f"SELECT count(*) FROM {t}").fetchone() for t in KEYED] == [(0,)] * len(KEYED)  # noqa: S608
    assert on_disk(desk, key.secret) == []
