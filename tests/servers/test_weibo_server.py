"""The Weibo stand-in says what the sources' notes say (A2 to A5), and goes wrong as it is told (F)."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, IncompleteRead, RemoteDisconnected
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.servers import running
from tests.servers.running import Running
from tests.servers.weibo import BATCH, ERRORS, LIMITS, OTHER_TIMELINE, SEARCH, TIMELINE, TOMBSTONE
from tests.servers.weibo_shelf import written

NOON = 1795406400
"""An hour of November 2026; status k was published k minutes before it."""
LONG = "听说柳渡街道停水" + "一" * 200
OFFICE = {"id": 9990000999, "idstr": "9990000999", "screen_name": "云岫发布", "verified": True, "verified_type": 1}


def status(k: int, **fields: Any) -> dict[str, Any]:
    mid = 9_990_000_000_001_000 - k
    person = {"id": 9990000001, "idstr": "9990000001", "screen_name": "示例用户甲", "verified": False}
    made = {"created_at": written(NOON - 60 * k), "id": mid, "idstr": str(mid), "mid": str(mid), "user": person}
    return {**made, "text": f"云岫区停水，第{k}桶", "isLongText": False, "visible": {"type": 0, "list_id": 0}, **fields}


STATUSES = [
    *(status(k) for k in range(1, 121)),
    status(200, text="停水了", region_name="发布于 云岫区"),
    status(201, text="停水了"),
    status(300, text=LONG),
    status(400, text="云岫区地震", deleted="1"),
    *(status(500 + k, text=f"通告{k}", user=OFFICE) for k in range(130)),
]


@dataclass(frozen=True)
class Said:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def value(self) -> Any:
        return json.loads(self.body)

    @property
    def ids(self) -> list[int]:
        """Of each status the k it was made with."""
        return [9_990_000_000_001_000 - item["id"] for item in self.value["statuses"]]


def get(server: Running, path: str, method: str = "GET", timeout: float = 10, **query: Any) -> Said:
    connection = HTTPConnection(server.netloc, timeout=timeout)
    try:
        connection.request(method, f"{path}?{urlencode({'access_token': 'example', **query})}")
        answer = connection.getresponse()
        return Said(answer.status, answer.read(), dict(answer.getheaders()))
    finally:
        connection.close()


def search(server: Running, **query: Any) -> Said:
    return get(server, SEARCH, **{"q": "云岫区 停水", "count": 50, **query})


def timeline(server: Running, path: str = TIMELINE, **query: Any) -> Said:
    return get(server, path, **{"screen_name": "云岫发布", **query})


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    file: Path = tmp_path_factory.mktemp("weibo") / "statuses.jsonl"
    lines = [json.dumps(item, ensure_ascii=False) for item in STATUSES]
    file.write_text("\n".join([*lines, '{"id": 9']), encoding="utf-8")
    with running.start("tests.servers.weibo", "--statuses", str(file)) as server:
        yield server


@pytest.fixture
def server(started: Running) -> Running:
    started.set(reset=True)
    started.clear()
    return started


def test_search_pages_are_newest_first_and_end_empty(server: Running) -> None:
    pages = [search(server, page=page) for page in (1, 2, 3, 4)]
    assert [k for page in pages for k in page.ids] == [*range(1, 121), 200]
    assert [len(page.ids) for page in pages] == [50, 50, 21, 0]
    assert {page.value["total_number"] for page in pages} == {121}


def test_the_first_word_is_a_place_and_every_word_must_be_there(server: Running) -> None:
    assert search(server, q="松风区 停水").ids == []
    assert search(server, q="云岫区 停水 第7桶").ids == [7]
    server.set(county="松风区")
    assert search(server, q="松风区 停水").value["total_number"] == 123


def test_a_window_begins_with_its_start_and_ends_before_its_end(server: Running) -> None:
    assert search(server, starttime=NOON - 60 * 9, endtime=NOON - 60 * 6).ids == [7, 8, 9]


@pytest.mark.parametrize(("asked", "given"), [(3, 10), (10, 10), (50, 50), (80, 50)])
def test_a_search_page_holds_10_to_50(server: Running, asked: int, given: int) -> None:
    assert len(search(server, count=asked).ids) == given


def test_a_query_gives_no_more_than_1000_results_of_20_pages(server: Running) -> None:
    server.set(million=1_000_000, since=NOON - 72 * 3600, until=NOON)
    assert search(server).value["total_number"] == 1_000_000
    assert len(search(server, page=20).ids) == 50
    assert search(server, page=21).ids == []
    assert search(server, page=21, count=10).ids == []


def test_made_statuses_fill_every_window_exactly_once(server: Running) -> None:
    server.set(million=100_000, since=NOON - 3600, until=NOON)
    edges = range(NOON - 3600, NOON + 1, 60)
    totals = [search(server, starttime=start, endtime=end).value["total_number"] for start, end in pairwise(edges)]
    assert sum(totals) == 100_000
    page = search(server, starttime=NOON - 60, endtime=NOON).value["statuses"]
    assert len({item["mid"] for item in page}) == 50


def test_a_long_text_is_cut_and_given_whole_by_show_batch(server: Running) -> None:
    (cut,) = search(server, q="柳渡街道 停水").value["statuses"]
    assert cut["text"] == LONG[:140] + "…全文" and cut["isLongText"] is True and "longText" not in cut
    (plain,) = get(server, BATCH, ids=cut["id"]).value["statuses"]
    assert plain == cut
    (whole,) = get(server, BATCH, ids=cut["id"], isGetLongText=1).value["statuses"]
    assert whole == cut | {"longText": {"longTextContent": LONG}}
    server.set(long_text="string")
    assert get(server, BATCH, ids=cut["id"], isGetLongText=1).value["statuses"] == [cut | {"longText": LONG}]


def test_show_batch_leaves_out_unknown_ids_and_shows_tombstones(server: Running) -> None:
    gone, known = status(400)["mid"], status(5)["mid"]
    answer = get(server, BATCH, ids=f"{gone},9990000000009999,{known}").value
    assert answer["total_number"] == 2
    assert answer["statuses"][0]["text"] == TOMBSTONE and answer["statuses"][0]["user"] is None
    assert answer["statuses"][1] == status(5)
    assert get(server, BATCH, ids=",".join(["1"] * 51)).value["error_code"] == 10008


def test_since_id_is_exclusive_and_max_id_inclusive(server: Running) -> None:
    ids = {"since_id": status(540)["id"], "max_id": status(520)["id"]}
    assert timeline(server, count=100, **ids).ids == list(range(520, 540))
    by_uid = get(server, TIMELINE, uid=9990000999, count=100, **ids)
    assert by_uid.ids == list(range(520, 540))
    assert timeline(server, page=2, count=100).ids == list(range(600, 630))


@pytest.mark.parametrize(("path", "most"), [(TIMELINE, 100), (OTHER_TIMELINE, 25)])
def test_a_timelines_count_is_clipped(server: Running, path: str, most: int) -> None:
    assert len(timeline(server, path, count=200).ids) == most
    assert len(timeline(server, path).ids) == 20


def test_trim_user_leaves_the_uid(server: Running) -> None:
    first = timeline(server, trim_user=1).value["statuses"][0]
    assert "user" not in first and first["uid"] == 9990000999


def test_a_call_without_a_token_or_with_a_bad_one_fails(server: Running) -> None:
    bare = get(server, SEARCH, access_token="", q="云岫区 停水")
    assert (bare.status, bare.value) == (
        400,
        {"error_code": "10006", "error": "source paramter(appkey) is missing"},
    )
    server.set(**{"token": "another"})
    assert search(server).value["error_code"] == 21332


def test_envelopes_differ_by_host(server: Running) -> None:
    server.set(error=21327)
    assert search(server).value == {"request": SEARCH, "error_code": 21327, "error": "expired_token"}
    assert timeline(server).value == {"request": TIMELINE, "error_code": "21327", "error": "expired_token"}
    server.set(error=10023, envelope="string", no_request=True)
    limited = search(server)
    assert (limited.status, limited.value) == (
        403,
        {"error_code": "10023", "error": "User requests out of rate limit!"},
    )
    server.set(reset=True, error=21301)
    assert (search(server).status, search(server).value) == (403, {"error_code": 21301, "error": "auth by Null spi!"})


@pytest.mark.parametrize("code", ERRORS)
def test_every_code_is_answered_with_its_status(server: Running, code: int) -> None:
    server.set(error=code)
    answer = search(server)
    assert (answer.status, int(answer.value["error_code"])) == (ERRORS[code][0], code)


def test_calls_that_are_wrong_are_refused(server: Running) -> None:
    assert get(server, SEARCH).value["error_code"] == 10016
    assert search(server, q='云岫区 "停水"').value["error_code"] == 10008
    assert search(server, page="x").value["error_code"] == 10017
    assert get(server, SEARCH, "POST").value["error_code"] == 10021
    assert timeline(server, screen_name="没有此人").value["error_code"] == "20003"
    assert get(server, "/2/comments/show.json").status == 404


def test_a_quota_ends_after_its_calls(server: Running) -> None:
    server.set(quota_after=2)
    assert [search(server).status for _ in range(3)] == [200, 200, 403]
    limits = get(server, LIMITS).value
    assert (limits["user_limit"], limits["remaining_user_hits"]) == (2, 0)
    assert limits["reset_time_in_seconds"] > 0


@pytest.mark.parametrize(("lie", "pages"), [("status_500", 500), ("error", 403)])
def test_a_later_page_can_fail(server: Running, lie: str, pages: int) -> None:
    server.set(**{lie: 10023, "after": 1})
    assert [search(server, page=page).status for page in (1, 2)] == [200, pages]


def test_a_short_page_is_not_the_last(server: Running) -> None:
    server.set(short_middle_page=True)
    assert [len(search(server, page=page).ids) for page in (1, 2, 3)] == [50, 25, 21]


def test_the_widest_window_has_1300_and_its_halves_fewer(server: Running) -> None:
    server.set(total_1300=True)
    start, end, middle = NOON - 7200, NOON, NOON - 3600
    totals = [
        search(server, starttime=a, endtime=b).value["total_number"]
        for a, b in ((start, end), (start, middle), (middle, end), (start, end))
    ]
    assert totals == [1300, 60, 60, 1300]


@pytest.mark.parametrize("ask", [search, timeline])
def test_a_pinned_status_is_old_and_first_and_costs_no_other(server: Running, ask: Any) -> None:
    usual = [k for page in range(1, 8) for k in ask(server, page=page, count=50).ids]
    server.set(pinned=True)
    pages = [ask(server, page=page, count=50).ids for page in range(1, 8)]
    assert len(pages[0]) == 50
    pin, *others = [k for page in pages for k in page]
    assert others == usual and pin > 10**9
    first = ask(server).value["statuses"][0]
    assert first["created_at"].split()[1] == "Oct"


def test_an_item_can_stand_on_two_pages(server: Running) -> None:
    server.set(duplicate=True)
    assert search(server, page=1).ids[-1] == search(server, page=2).ids[0] == 50
    last = timeline(server).value["statuses"][-1]["id"]
    assert timeline(server, max_id=last - 1).value["statuses"][0]["id"] == last


def test_the_same_page_can_come_again_and_again(server: Running) -> None:
    server.set(repeat_page=True)
    assert search(server).ids == search(server, page=7).ids == list(range(1, 51))
    assert timeline(server).ids == timeline(server, max_id=status(600)["id"]).ids


def test_single_items_can_be_struck(server: Running) -> None:
    server.set(deleted=True, unknown_field=True)
    items = search(server).value["statuses"]
    assert (items[1]["text"], items[1]["deleted"], items[1]["user"]) == (TOMBSTONE, "1", None)
    assert items[0]["weight_level"] and items[2]["user"]
    server.set(reset=True, missing_user=[status(3)["id"]])
    assert ["user" in item for item in search(server).value["statuses"][:4]] == [True, True, False, True]


@pytest.mark.parametrize(("kind", "user"), [(True, (False, -1)), (2, (True, 2))])
def test_a_timelines_account_can_be_of_another_kind(server: Running, kind: object, user: object) -> None:
    server.set(not_verified=kind)
    users = [item["user"] for item in timeline(server).value["statuses"]]
    assert {(who["verified"], who["verified_type"]) for who in users} == {user}


def test_a_timeline_can_be_somebody_elses(server: Running) -> None:
    server.set(other_account=True)
    assert {item["user"]["screen_name"] for item in timeline(server).value["statuses"]} == {"示例用户甲"}


def test_a_body_can_be_spoilt(server: Running) -> None:
    server.set(truncated_json=True)
    with pytest.raises(ValueError, match=r".+"):
        search(server).value  # noqa: B018
    server.set(reset=True, html_200=True)
    assert (search(server).status, search(server).headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_statuses_can_come_from_the_scenario(server: Running) -> None:
    server.set(statuses=[status(7, text="柳渡街道停水\ud800"), {"id": 9}, "田小禾"])
    assert [type(item) for item in search(server, q="柳渡街道 停水").value["statuses"]] == [dict, dict, str]
    server.set(reset=True)
    assert search(server).value["total_number"] == 121


def test_every_hit_is_remembered_before_it_is_answered(server: Running) -> None:
    server.set(all="hang")
    before = time.monotonic()
    with pytest.raises(TimeoutError):
        search(server, timeout=0.2)
    (hit,) = server.hits(SEARCH)
    assert (hit.method, hit.query["q"], hit.headers["host"]) == ("GET", "云岫区 停水", server.netloc)
    assert before <= hit.at <= time.monotonic()
    server.clear()
    assert server.hits() == []


@pytest.mark.parametrize(("manner", "error"), [("cut", IncompleteRead), ("drop", RemoteDisconnected)])
def test_an_answer_can_break_off(server: Running, manner: str, error: type[HTTPException]) -> None:
    server.set(all=manner)
    with pytest.raises(error):
        search(server)


def test_a_slow_answer_comes_byte_by_byte(server: Running) -> None:
    server.set(all="slow", error=10023)
    connection = HTTPConnection(server.netloc, timeout=2)
    connection.request("GET", f"{SEARCH}?access_token=example&q=1")
    answer = connection.getresponse()
    begun = time.monotonic()
    assert answer.read(3) == b'{"r'
    assert time.monotonic() - begun > 0.3
    connection.close()


def test_the_first_answers_of_a_path_can_fail_and_a_host_can_throttle(server: Running) -> None:
    server.set(fail_first=2)
    assert [search(server).status for _ in range(3)] == [500, 500, 200]
    assert timeline(server).status == 500
    server.set(reset=True, all="throttle", retry_after=30)
    answer = search(server)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "30")
    assert get(server, "/robots.txt").status == 200


@pytest.mark.parametrize(
    ("robots", "code", "part"),
    [
        ("allow", 200, b"Allow: /"),
        ("deny", 200, b"Disallow: /"),
        ("wx", 200, b"Disallow: /\nAllow: /$\n"),
        ("delay7", 200, b"Crawl-delay: 7"),
        ("503", 503, b""),
        ("403", 403, b""),
        ("missing", 404, b""),
        ("html", 200, b"<html>"),
        ("login", 302, b""),
        ("garbled", 200, b"\xff\xfe"),
    ],
)
def test_robots_answer_as_told(server: Running, robots: str, code: int, part: bytes) -> None:
    server.set(robots=robots, all="500")
    answer = get(server, "/robots.txt")
    assert answer.status == code and part in answer.body
    assert (answer.headers.get("Location") == "/login") is (robots == "login")


def test_one_connection_serves_many_calls(server: Running) -> None:
    connection = HTTPConnection(server.netloc, timeout=10)
    for _ in range(3):
        connection.request("GET", f"{LIMITS}?access_token=example")
        assert connection.getresponse().read()
        assert connection.sock is not None
    connection.close()


def test_a_server_ends_with_its_block_even_while_it_hangs() -> None:
    with running.start("tests.servers.weibo") as server:
        server.set(robots="hang")
        with pytest.raises(TimeoutError):
            get(server, "/robots.txt", timeout=0.2)
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    with pytest.raises(ConnectionRefusedError):
        get(server, "/robots.txt")
