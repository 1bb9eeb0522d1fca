"""An article that its publisher took back goes here too: seen in the list, or by its own address on a later day."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.running import Running, start
from tests.support.desk import AS_OF, Desk, publisher

LIST = """channels = ["要闻", "民生"]
list = {{ url = "{url}/openapi/v2/channel_article/list", params = {{ channelId = "{{channel}}", size = 20 }} }}
paging = {{ type = "page", param = "current", start = 1, total_pages = "data.articleList.pages", max_pages = 10 }}
items = "data.articleList.records[]"
map = {{ id = "to_string(id)", url = "url", title = "listTitle", published = "publishedAt", updated = "updatedAt" }}
detail = {{ url = "{url}/article/{{id}}", body = "article .content", drop = [".rec", ".editor"] }}
dates = {{ formats = ["%Y-%m-%d %H:%M:%S"] }}
"""
NEXT_DAY = "2026-11-23T08:30:00+08:00"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with start("tests.servers.publisher", "--now", AS_OF) as running:
        yield running


def test_it_goes_from_the_store_and_from_what_it_showed(server: Running, tmp_path: Path) -> None:
    """Article, claim and outbox: the rest stands. Its address was asked once, and no other article was lost."""
    desk = Desk(tmp_path)
    desk.declare(news=publisher("json_list", LIST.format(url=server.url)))
    desk.crawl()
    before = desk.rows("SELECT id, link, title FROM article ORDER BY id")
    number, link, title = before[0]
    server.set(withdrawn=int(link.rsplit("/", 1)[1]))
    server.clear()
    desk.crawl(as_of=NEXT_DAY)
    assert desk.rows("SELECT id, link, title FROM article ORDER BY id") == before[1:]
    asked = [hit.path for hit in server.hits()]
    assert asked.count("/" + link.split("/", 3)[3]) == 1
    assert desk.rows("SELECT count(*) FROM outbox WHERE kind = 'article' AND subject = ?", str(number))[0][0] > 0
    holding = [path.name for path in tmp_path.rglob("*") if path.is_file() and title.encode() in path.read_bytes()]
    assert holding == []


def test_it_stands_while_its_publisher_lets_it_stand(server: Running, tmp_path: Path) -> None:
    """The arm: the same two days without the withdrawal. On the same day nothing is looked at twice."""
    server.set(reset=True)
    desk = Desk(tmp_path)
    desk.declare(news=publisher("json_list", LIST.format(url=server.url)))
    desk.crawl()
    before = desk.rows("SELECT id FROM article ORDER BY id")
    server.clear()
    desk.crawl(as_of="2026-11-22T08:30:00+08:00")
    assert not [hit for hit in server.hits() if hit.path.startswith("/article/")]
    desk.crawl(as_of=NEXT_DAY)
    assert desk.rows("SELECT id FROM article ORDER BY id") == before
    assert len([hit for hit in server.hits() if hit.path.startswith("/article/")]) == len(before)
