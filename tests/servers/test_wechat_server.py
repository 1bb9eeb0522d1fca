"""WeChat's stand-in says what the sources' notes say (B1), and goes wrong as it is told (F)."""

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from spiders.wechat_link import identity_of
from tests.servers import running
from tests.servers.running import Running
from tests.servers.wechat import ARTICLE, ERRORS, LIST, TOKEN, publication

NOON = 1795406400
ARTICLES = [publication(k, NOON - 60 * k) for k in range(45)]
GRANT = {"grant_type": "client_credential", "appid": "wxexample", "secret": "example"}
_NEWS = (
    "title author digest content content_source_url thumb_media_id thumb_url need_open_comment "
    "only_fans_can_comment url is_deleted"
).split()


def call(server: Running, path: str, body: object = None, method: str = "POST") -> Any:
    """The answer's value. HTTP says 200, whatever it is."""
    connection = HTTPConnection(server.netloc, timeout=10)
    try:
        connection.request(method, path, body if isinstance(body, str) else json.dumps(body))
        answer = connection.getresponse()
        assert answer.status == 200
        return json.loads(answer.read())
    finally:
        connection.close()


def token(server: Running, **fields: Any) -> str:
    given = call(server, TOKEN, {**GRANT, **fields})
    assert given["expires_in"] == 7200
    return str(given["access_token"])


def batch(server: Running, with_token: str | None = None, **fields: Any) -> Any:
    asked = {"offset": 0, "count": 20, "no_content": 0, **fields}
    return call(server, f"{LIST}?access_token={with_token or token(server)}", asked)


def article(server: Running, number: int) -> Any:
    return call(server, f"{ARTICLE}?access_token={token(server)}", {"article_id": ARTICLES[number]["article_id"]})


def everything(server: Running, **fields: Any) -> list[Any]:
    return [item for offset in (0, 20, 40, 60) for item in batch(server, offset=offset, **fields)["item"]]


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    file: Path = tmp_path_factory.mktemp("wechat") / "articles.jsonl"
    lines = [json.dumps(one, ensure_ascii=False) for one in ARTICLES]
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    with running.start("tests.servers.wechat", "--articles", str(file)) as server:
        yield server


@pytest.fixture
def server(started: Running) -> Running:
    started.set(reset=True)
    started.clear()
    return started


def test_the_list_holds_everything_once_in_no_order(server: Running) -> None:
    items = everything(server)
    assert sorted(item["article_id"] for item in items) == [one["article_id"] for one in ARTICLES]
    times = [item["update_time"] for item in items]
    assert times not in (sorted(times), sorted(times, reverse=True)) and everything(server) == items
    page = batch(server, offset=40)
    assert (page["total_count"], page["item_count"], len(page["item"])) == (45, 5, 5)
    server.set(ordered=True)
    assert [item["update_time"] for item in everything(server)] == sorted(times, reverse=True)


def test_an_item_has_the_fields_of_the_api(server: Running) -> None:
    (item,) = batch(server, count=1)["item"]
    assert set(item) == {"article_id", "content", "update_time"} and set(item["content"]) == {"news_item"}
    (news,) = item["content"]["news_item"]
    assert list(news) == _NEWS and news["is_deleted"] is False
    found = identity_of(news["url"])
    assert found is not None and found.biz == "MzA0000000AAA=="


def test_bodies_are_left_out_on_demand_and_had_one_by_one(server: Running) -> None:
    assert all("content" not in item["content"]["news_item"][0] for item in everything(server, no_content=1))
    assert article(server, 7) == {"news_item": ARTICLES[7]["news_item"]}


@pytest.mark.parametrize("fields", [{"count": 21}, {"count": 0}, {"offset": -1}, {"count": "20"}])
def test_a_count_beyond_its_limits_is_an_error(server: Running, fields: dict[str, Any]) -> None:
    assert batch(server, **fields)["errcode"] == 40097


def test_a_token_stays_the_same_until_a_new_one_is_forced(server: Running) -> None:
    old = token(server)
    assert token(server) == old
    new = token(server, force_refresh=True)
    assert new != old and token(server) == new
    assert batch(server, old)["errcode"] == 40001 and "item" in batch(server, new)


@pytest.mark.parametrize(
    ("fields", "code"), [({"appid": "wxother"}, 40013), ({"secret": "other"}, 40125), ({"grant_type": "code"}, 40002)]
)
def test_credentials_are_checked(server: Running, fields: dict[str, str], code: int) -> None:
    server.set(appid=GRANT["appid"], secret=GRANT["secret"])
    assert token(server)
    refused = call(server, TOKEN, {**GRANT, **fields})
    assert refused["errcode"] == code and "access_token" not in refused


def test_calls_that_are_wrong_are_refused(server: Running) -> None:
    assert call(server, LIST, {})["errcode"] == 41001
    assert call(server, f"{LIST}?access_token={token(server)}", "{")["errcode"] == 47001
    assert call(server, TOKEN, None, "GET")["errcode"] == 43002
    assert call(server, "/cgi-bin/material/batchget_material", {})["errcode"] == 40066
    assert call(server, f"{ARTICLE}?access_token={token(server)}", {"article_id": "none"})["errcode"] == 53600


def test_no_token_is_good_before_one_was_given() -> None:
    with running.start("tests.servers.wechat") as fresh:
        assert batch(fresh, "EXAMPLE_TOKEN_0")["errcode"] == 40001
        assert batch(fresh)["total_count"] == 0


@pytest.mark.parametrize(("key", "code"), [("token_bad_once", 40001), ("token_expired_once", 42001)])
def test_a_token_can_turn_bad_once(server: Running, key: str, code: int) -> None:
    first = token(server)
    server.set(**{key: True})
    assert [batch(server, first)["errcode"] for _ in range(2)] == [code, code]
    second = token(server)
    assert second != first and "item" in batch(server, second)


@pytest.mark.parametrize("code", ERRORS)
def test_every_code_is_answered_with_a_requests_id(server: Running, code: int) -> None:
    held = token(server)
    server.set(errcode=code)
    answers = [call(server, TOKEN, GRANT), batch(server, held), call(server, f"{ARTICLE}?access_token={held}", {})]
    for answer in answers:
        assert answer["errcode"] == code
        assert re.fullmatch(r".+ rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}", answer["errmsg"])
    assert len({answer["errmsg"] for answer in answers}) == 3


def test_an_error_can_come_later_on_one_path_with_any_text(server: Running) -> None:
    server.set(errcode=45009, on=LIST, after=2, errmsg="示例用户甲")
    answers = [batch(server, offset=20 * page) for page in range(3)]
    assert ["item" in answer for answer in answers] == [True, True, False]
    assert answers[2]["errmsg"].startswith("示例用户甲 rid: ") and token(server)


def test_articles_can_be_deleted_or_edited(server: Running) -> None:
    name = ARTICLES[3]["article_id"]
    server.set(deleted=[name], edited=[name], now=NOON + 60)
    by_id = {item["article_id"]: item for item in everything(server)}
    (news,) = by_id[name]["content"]["news_item"]
    assert news["is_deleted"] is True and "更正：" in news["content"] and by_id[name]["update_time"] == NOON + 60
    others = [item["content"]["news_item"][0] for key, item in by_id.items() if key != name]
    assert not any(one["is_deleted"] or "更正：" in one["content"] for one in others)
    server.set(reset=True, deleted=True)
    assert [item["content"]["news_item"][0]["is_deleted"] for item in batch(server, count=2)["item"]] == [True, False]


def test_the_list_can_lie(server: Running) -> None:
    usual = batch(server)
    server.set(looping=True, unknown_field=True)
    later = batch(server, offset=400)
    assert [item["article_id"] for item in later["item"]] == [item["article_id"] for item in usual["item"]]
    assert later["total_count"] > 400 and later["item"][0]["content"]["news_item"][0]["weight_level"]
    server.set(reset=True, changed_shape=True)
    assert "item" not in batch(server)


def test_publications_can_come_from_the_scenario_in_the_apis_own_form(server: Running) -> None:
    answer = {"article_id": "A", "update_time": NOON, "content": {"news_item": [{"title": "一"}, {"title": "二"}]}}
    server.set(articles=[answer])
    assert batch(server)["item"] == [answer]


@pytest.mark.parametrize("path", ["/s/EXAMPLE0123456789", "/s?__biz=MzA0000000AAA==&mid=1&idx=1&sn=00"])
def test_article_pages_are_there_and_denied(server: Running, path: str) -> None:
    connection = HTTPConnection(server.netloc, timeout=10)
    connection.request("GET", path)
    assert b'id="js_content"' in connection.getresponse().read()
    server.set(robots="wx")
    connection.request("GET", "/robots.txt")
    assert connection.getresponse().read().startswith(b"User-Agent: *\nDisallow: /\n")
    connection.close()
    assert [hit.path for hit in server.hits()] == [path.partition("?")[0], "/robots.txt"]
