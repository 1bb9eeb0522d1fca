"""Bound 12 for a whole source: what was forgotten stays forgotten, whatever is restored, killed or mistyped."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.servers.running import Running, start
from tests.support.desk import AS_OF, Desk, publisher, weibo
from tests.support.statuses import status

TEXT = "听说今晚零点开始全城停水三天，赶紧把家里的桶都接满水，转给还不知道的邻居"
FEED = 'list = {{ url = "{url}/feed.rss" }}\n'
NOW = datetime.fromisoformat(AS_OF)
LATER = (NOW + timedelta(hours=1)).isoformat()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Running, Running]]:
    with start("tests.servers.weibo") as search, start("tests.servers.publisher", "--now", AS_OF) as press:
        said = [status(n, n, TEXT, NOW - timedelta(hours=2, minutes=n)) for n in range(60)]
        search.set(county="云岫区", statuses=said)
        yield search, press


@pytest.fixture(scope="module")
def read(servers: tuple[Running, Running], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk that has read both sources: a claim of individuals, and articles."""
    search, press = servers
    desk = Desk(tmp_path_factory.mktemp("forget") / "desk")
    desk.declare(weibo=weibo(search.url), news=publisher("rss", FEED.format(url=press.url)))
    desk.crawl()
    assert desk.rows("SELECT 1 FROM shared_clause") and desk.rows("SELECT 1 FROM article")
    return desk.folder


def copied(read: Path, folder: Path) -> Desk:
    shutil.copytree(read, folder)
    return Desk(folder)


def holding(desk: Desk, words: str) -> list[str]:
    return [path.name for path in desk.folder.rglob("*") if path.is_file() and words.encode() in path.read_bytes()]


def test_a_restored_database_brings_nothing_back(read: Path, tmp_path: Path) -> None:
    """Neither wording nor articles nor the reading: the first start erases all of it again, and stops the source."""
    desk = copied(read, tmp_path / "desk")
    (title,) = desk.rows("SELECT title FROM article LIMIT 1")[0]
    for source in ("weibo", "news"):
        desk.run("source", "forget", source, "--by", "wang", "--yes")
    assert holding(desk, title) == holding(desk, "停水三天") == []
    shutil.copy(read / "chengqing.db", desk.folder / "chengqing.db")
    assert holding(desk, title) and holding(desk, "停水三天")
    said = desk.run("source", "list")
    assert holding(desk, title) == holding(desk, "停水三天") == []
    assert said.count("erased and stopped on request") == 2
    assert desk.rows("SELECT actor FROM audit WHERE action = 'forget'") == [("system",), ("system",)]


def test_without_the_list_a_restored_database_is_whole(read: Path, tmp_path: Path) -> None:
    """The arm: the list of the forgotten is what does it."""
    desk = copied(read, tmp_path / "desk")
    desk.run("source", "forget", "news", "--by", "wang", "--yes")
    shutil.copy(read / "chengqing.db", desk.folder / "chengqing.db")
    (desk.folder / "keys" / "forgotten").unlink()
    desk.run("source", "list")
    assert desk.rows("SELECT 1 FROM article")


def test_a_source_that_is_read_again_is_not_forgotten_again(read: Path, tmp_path: Path) -> None:
    """A new contract: what is read after `resume` stands at every later start."""
    desk = copied(read, tmp_path / "desk")
    desk.run("source", "forget", "news", "--by", "wang", "--yes")
    desk.run("source", "resume", "news")
    desk.run("crawl", "--once", "news")
    stands = desk.rows("SELECT count(*) FROM article")
    desk.run("source", "list")
    assert stands == desk.rows("SELECT count(*) FROM article") and stands[0][0] > 0


def test_a_mistyped_source_ends_no_key(read: Path, tmp_path: Path) -> None:
    desk = copied(read, tmp_path / "desk")
    keys = sorted(path.name for path in (desk.folder / "keys").iterdir())
    assert "no such source" in desk.run("source", "forget", "newz", "--by", "wang", "--yes", code=2)
    assert sorted(path.name for path in (desk.folder / "keys").iterdir()) == keys


def test_a_key_whose_epoch_has_ended_goes_at_the_next_start(read: Path, tmp_path: Path) -> None:
    """A kill came between the commit and the key."""
    desk = copied(read, tmp_path / "desk")
    with closing(sqlite3.connect(desk.folder / "chengqing.db")) as connection, connection:
        connection.execute("UPDATE epoch SET ended_at = 1")
    assert list((desk.folder / "keys").glob("shared-*.key"))
    desk.run("source", "list")
    assert not list((desk.folder / "keys").glob("shared-*.key"))
    desk.crawl(as_of=LATER)
    assert len(list((desk.folder / "keys").glob("shared-*.key"))) == 1


def test_a_simulated_clock_never_runs_on_a_live_desk_nor_back(read: Path, tmp_path: Path) -> None:
    """It would end keys that are in use; they stand after the refusal."""
    desk = copied(read, tmp_path / "desk")
    keys = sorted(path.name for path in (desk.folder / "keys").iterdir())
    assert "--as-of" in desk.crawl(as_of=(NOW - timedelta(days=15)).isoformat(), code=4)
    with closing(sqlite3.connect(desk.folder / "chengqing.db")) as connection, connection:
        connection.execute("DELETE FROM fact WHERE key = 'replay'")
    assert "--as-of" in desk.crawl(as_of=LATER, code=4)
    assert sorted(path.name for path in (desk.folder / "keys").iterdir()) == keys
