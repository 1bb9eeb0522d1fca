"""Bounds 4 and 12 for questions for a public fact, in the whole program: listed, erased, forgotten, restored."""

import json
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from nlp.reader import Reader, load_reader
from pipelines import schema
from pipelines.store import Store
from tests.servers.running import Running, start
from tests.support.asking import TOWN, disk, plain, runs
from tests.support.desk import AS_OF, Desk, weibo
from tests.support.statuses import status

NOW = datetime.fromisoformat(AS_OF)


@pytest.fixture(scope="module")
def reader() -> Reader:
    """The shipped one: it is what the program reads with."""
    return load_reader((TOWN,), canaries=False)


@pytest.fixture(scope="module")
def server(reader: Reader) -> Iterator[Running]:
    """Sixty accounts ask one thing."""
    one, *_ = plain(reader, "water-supply")
    with start("tests.servers.weibo") as running:
        said = [status(n, n, one, NOW - timedelta(hours=2, minutes=n)) for n in range(60)]
        running.set(county="云岫区", statuses=said)
        yield running


def settled(folder: Path) -> Desk:
    """A desk of the sample town."""
    desk = Desk(folder)
    config = folder / "chengqing.toml"
    config.write_text(f'regions = ["{TOWN}"]\n{config.read_text(encoding="utf-8")}', encoding="utf-8")
    return desk


@pytest.fixture(scope="module")
def read(server: Running, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk that has read them."""
    desk = settled(tmp_path_factory.mktemp("asked") / "desk")
    desk.declare(weibo=weibo(server.url))
    desk.crawl()
    return desk.folder


def listed(desk: Desk) -> list[dict[str, object]]:
    return [json.loads(line) for line in desk.run("questions", "--json").splitlines()]


@pytest.fixture
def desk(read: Path, tmp_path: Path) -> Desk:
    """A copy of it."""
    shutil.copytree(read, tmp_path / "desk")
    return settled(tmp_path / "desk")


def test_a_crawl_lists_what_people_ask(desk: Desk, reader: Reader) -> None:
    """In three words, with counts: on the screen and as JSON; sixty posts kept and no claim made."""
    ((text, found),) = list(plain(reader, "water-supply").items())[:1]
    (record,) = listed(desk)
    assert (record["hazard"], record["place"], record["word"]) == (found.hazard, found.place, found.word)
    assert record["mentions"] == 60 and 30 < int(str(record["accounts_at_least"])) <= 60
    assert desk.run("claims", "--json") == "" and desk.totals()["kept"] == 60
    screen = desk.run("questions")
    assert found.place in screen and str(record["id"]) in screen and text not in screen
    assert [run for run in runs([text]) if run.encode() in disk(desk.folder)] == []


def test_an_erased_question_does_not_come_back_with_a_backup(desk: Desk, read: Path) -> None:
    (record,) = listed(desk)
    id_, place = str(record["id"]), str(record["place"])
    assert id_ in desk.run("erase", id_, "--by", "wang")
    assert listed(desk) == [] and place.encode() not in disk(desk.folder)
    shutil.copy(read / "chengqing.db", desk.folder / "chengqing.db")
    assert place.encode() in disk(desk.folder)
    assert listed(desk) == [] and place.encode() not in disk(desk.folder)


def test_without_the_list_of_the_erased_a_backup_brings_it_back(desk: Desk, read: Path) -> None:
    """The arm."""
    (record,) = listed(desk)
    desk.run("erase", str(record["id"]), "--by", "wang")
    shutil.copy(read / "chengqing.db", desk.folder / "chengqing.db")
    (desk.folder / "keys" / "erased").unlink()
    assert listed(desk) == [record]


def test_a_forgotten_source_takes_questions_with_it(desk: Desk, read: Path) -> None:
    """No byte of them stays; a restored database is forgotten again, and without the list of the forgotten is not."""
    (record,) = listed(desk)
    place = str(record["place"]).encode()
    desk.run("source", "forget", "weibo", "--by", "wang", "--yes")
    assert listed(desk) == [] and place not in disk(desk.folder)
    shutil.copy(read / "chengqing.db", desk.folder / "chengqing.db")
    assert listed(desk) == [] and place not in disk(desk.folder)
    shutil.copy(read / "chengqing.db", desk.folder / "chengqing.db")
    (desk.folder / "keys" / "forgotten").unlink()
    assert listed(desk) == [record]


def test_retain_proves_that_it_is_gone(desk: Desk) -> None:
    """The real clock is far behind the crawl's: the row is made older, and `retain` takes it."""
    (record,) = listed(desk)
    with Store(f"sqlite:///{desk.folder / 'chengqing.db'}").write() as connection:
        connection.execute(sa.update(schema.question).values(last_hour=1))
    desk.run("retain")
    assert listed(desk) == [] and str(record["place"]).encode() not in disk(desk.folder)
