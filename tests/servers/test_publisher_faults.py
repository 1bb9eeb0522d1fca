"""The publisher's stand-in changes and goes wrong as it is told (the sources' notes, F)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

import pytest

from tests.servers import running
from tests.servers.publisher import ARTICLE_LIST, CHANNEL_LIST, ENTITY, FAULTS
from tests.servers.publisher_asking import FORMS, IDS, NEWEST, NOW, OLDEST, ask, feed, first, listed
from tests.servers.publisher_pages import JPAGE
from tests.servers.running import Running


@pytest.fixture(scope="module")
def started() -> Iterator[Running]:
    with running.start("tests.servers.publisher", "--now", NOW.isoformat()) as server:
        yield server


@pytest.fixture
def server(started: Running) -> Running:
    """The clock stands still, so that times can be compared."""
    started.set(reset=True, now=NOW.isoformat())
    started.clear()
    return started


# -- what is there ---------------------------------------------------------------------------------


def test_an_edited_article_has_a_new_time_and_text(server: Running) -> None:
    server.set(edited=OLDEST)
    record = listed(server, current=3)["records"][0]
    assert (record["updatedAt"], record["publishedAt"]) == ("2026-11-23 10:00:00", "2026-11-20 13:18:00")
    assert record["listTitle"].endswith("（更新）") and "更正：" in ask(server, f"/article/{OLDEST}").text
    server.set(edited=True)
    assert [r["id"] for r in listed(server)["records"] if r["updatedAt"] != r["publishedAt"]] == [NEWEST - 2]


def test_one_story_can_stand_in_two_channels(server: Running) -> None:
    server.set(two_channels=True)
    copies = listed(server, channelId="C13", size=50)["records"]
    originals = {record["originalId"]: record["id"] for record in listed(server, size=50)["records"]}
    assert len(copies) == 21 and all(originals[copy["originalId"]] != copy["id"] for copy in copies)
    address = ask(server, f"/article/{copies[0]['id']}").page.css('meta[property="og:url"]::attr(content)').get()
    assert address == f"{server.url}/article/{originals[copies[0]['originalId']]}"
    assert ask(server, "/offset").value["total"] == 62


def test_a_cursor_loses_nothing_among_articles_of_one_moment(server: Running) -> None:
    server.set(two_channels=True)
    found: list[int] = []
    cursor: int | None = 0
    while cursor is not None:
        page = ask(server, "/cursor", size=2, cursor=cursor).value
        found.extend(entry["id"] for entry in page["list"])
        cursor = page["pre_timestamp"]
    assert len(found) == len(set(found)) == 62


@pytest.mark.parametrize("told", [NEWEST - 1, [NEWEST - 1, OLDEST]])
def test_a_withdrawn_article_leaves_the_lists_and_is_gone(server: Running, told: Any) -> None:
    server.set(withdrawn=told)
    gone = told if isinstance(told, list) else [told]
    assert not set(gone) & set(ask(server, "/offset", size=50).ids)
    assert {ask(server, f"/article/{number}").status for number in gone} == {410}
    assert ask(server, f"/art/2026/11/23/art_4584_{NEWEST - 1}.html").status == 410
    assert ask(server, f"/article/{NEWEST}").status == 200


def test_an_entry_can_be_of_a_channel_that_users_write(server: Running) -> None:
    server.set(user_channel=True)
    assert [record["channelName"] for record in listed(server)["records"][:3]] == ["民生", "问政", "民生"]
    assert feed(ask(server, "/feed.rss")).entries[1].tags[0].term == "问政"
    assert ask(server, "/list.html").page.css(".channel::text").getall()[1] == "问政"


def test_a_field_can_be_unknown(server: Running) -> None:
    server.set(unknown_field=True)
    assert listed(server)["records"][0]["weight_level"] and ask(server, "/feed.json").value["items"][0]["weight_level"]
    server.set(unknown_field="readCount")
    assert "readCount" in ask(server, "/offset").value["list"][0]


def test_a_pinned_article_is_old_and_first_and_keeps_its_place(server: Running) -> None:
    server.set(pinned=True)
    pages = [[record["id"] for record in listed(server, current=page)["records"]] for page in (1, 2, 3)]
    assert [number for page in pages for number in page] == [OLDEST, *IDS]


def test_a_new_article_appears_at_every_poll(server: Running) -> None:
    server.set(grows=True)
    polls = [listed(server)["records"][0]["listTitle"] for _ in range(3)]
    assert len(set(polls)) == 3 and listed(server, current=2)["total"] == 44
    assert ask(server, "/list.html").ids[4] == NEWEST
    assert ask(server, f"/article/{ask(server, '/offset', size=1).ids[0]}").status == 200


def test_a_million_articles_are_made_as_they_are_asked_for(server: Running) -> None:
    server.set(million=1_000_000)
    assert (listed(server)["total"], listed(server, size=50)["pages"]) == (1_000_000, 20_000)
    last = listed(server, size=50, current=20_000)["records"]
    assert len({record["id"] for record in last}) == 50 and last[-1]["publishedAt"] == "2026-11-20 10:00:00"
    page = ask(server, "/cursor", size=50).value
    following = ask(server, "/cursor", size=50, cursor=page["pre_timestamp"]).value
    assert following["list"][0]["id"] == page["list"][-1]["id"] - 1
    assert ask(server, f"/article/{last[0]['id']}").status == 200
    assert len(ask(server, "/index_50000.html").ids) == 20 and ask(server, "/index_50001.html").ids == []


# -- what fails ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [*FORMS, "/sitemap.xml", f"/article/{NEWEST}"])
def test_what_was_not_changed_is_not_sent_again(server: Running, path: str) -> None:
    assert not {"ETag", "Last-Modified", "Cache-Control"} & set(map(str.title, first(server, path).headers))
    server.set(etag=True, last_modified=True, no_cache=True)
    kept = {name.lower(): value for name, value in first(server, path).headers.items()}
    query = {"channelId": "C12"} if path.startswith("/openapi") else {}
    by_tag = ask(server, path, headers={"If-None-Match": kept["etag"]}, **query)
    by_date = ask(server, path, headers={"If-Modified-Since": kept["last-modified"]}, **query)
    assert (by_tag.status, by_tag.body, by_date.status, kept["cache-control"]) == (304, b"", 304, "no-cache")
    before = format_datetime(parsedate_to_datetime(kept["last-modified"]) - timedelta(seconds=1), usegmt=True)
    assert ask(server, path, headers={"If-Modified-Since": before}, **query).status == 200
    both = {"If-None-Match": '"other"', "If-Modified-Since": kept["last-modified"]}
    assert ask(server, path, headers=both, **query).status == 200


@pytest.mark.parametrize("path", ["/feed.rss", "/list.html"])
def test_an_edit_changes_the_validators(server: Running, path: str) -> None:
    server.set(etag=True, last_modified=True)
    old = ask(server, path).headers
    server.set(edited=NEWEST)
    for name, validator in (("If-None-Match", "Etag"), ("If-Modified-Since", "Last-Modified")):
        assert ask(server, path, headers={name: old[validator]}).status == 200


@pytest.mark.parametrize("path", ["/list.html", "/feed.rss", JPAGE, f"/article/{NEWEST}", ARTICLE_LIST])
@pytest.mark.parametrize(("told", "header", "document"), [("declared", 1, 1), ("meta", 0, 1), ("undeclared", 0, 0)])
def test_gb18030_is_declared_or_not(server: Running, path: str, told: str, header: int, document: int) -> None:
    plain = first(server, path).text
    server.set(gb18030=told)
    said = first(server, path)
    text = said.body.decode("gb18030")
    assert ("GB18030" in said.headers["Content-Type"]) is bool(header) and "西瓜" in text
    if "json" not in said.headers["Content-Type"]:
        assert ('="GB18030"' in text) is bool(document) and "utf-8" not in text.lower()
    else:
        assert text == plain


def test_an_encoding_can_be_a_lie(server: Running) -> None:
    server.set(wrong_encoding=True)
    said = ask(server, "/list.html")
    assert "utf-8" in said.headers["Content-Type"] and b'<meta charset="utf-8">' in said.body
    assert "民生" in said.body.decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        said.text  # noqa: B018


def test_a_host_can_throttle_ask_for_a_login_or_for_a_person(server: Running) -> None:
    server.set(throttle=True)
    throttled = ask(server, "/offset")
    assert (throttled.status, throttled.headers["Retry-After"]) == (429, "30")
    server.set(throttle=False, redirect_login=True)
    login = ask(server, "/offset")
    assert (login.status, login.headers["Location"], ask(server, "/login").status) == (302, "/login", 200)
    server.set(redirect_login=False, captcha=True)
    captcha = ask(server, "/offset")
    assert captcha.status == 200 and re.search("环境异常.*去验证", captcha.text)


@pytest.mark.parametrize("path", [*FORMS, "/days", "/sitemap.xml"])
def test_a_list_can_lose_its_key_and_only_then(server: Running, path: str) -> None:
    """What every reader of the form looks for is there, or it is not."""
    day = {"from": "2026-11-23", "to": "2026-11-23"} if path == "/days" else {"channelId": "C12"}
    key = {ARTICLE_LIST: '"articleList"', CHANNEL_LIST: '"article_list"', JPAGE: "<recordset>"}.get(path)
    by_end = {"html": 'class="list"', "rss": "<item>", "atom": "<entry>", "json": '"items"', "xml": "<urlset "}
    wanted = key or by_end.get(path.rpartition(".")[2], '"list"')
    assert wanted in ask(server, path, **day).text
    server.set(changed_shape=True)
    said = ask(server, path, **day)
    assert said.status == 200 and wanted not in said.text


@pytest.mark.parametrize(
    ("path", "second", "endless"),
    [
        (ARTICLE_LIST, {"current": 2}, '"pages":1000000'),
        (CHANNEL_LIST, {"start": 1795300000000}, ""),
        (JPAGE, {"startrecord": 21}, "<totalpage>1000000<"),
        ("/list.html", {}, '<a rel="next" href="/list.html'),
        ("/index_3.html", {}, '<a rel="next" href="/index_3.html'),
        ("/offset", {"offset": 1000}, ""),
        ("/cursor", {"cursor": 1}, '"pre_timestamp":1'),
        ("/feed.json", {"page": 3}, "/feed.json?page=3"),
        ("/days", {"from": "2026-01-01", "to": "2026-01-01"}, ""),
    ],
)
def test_pages_can_repeat_for_ever(server: Running, path: str, second: dict[str, Any], endless: str) -> None:
    server.set(looping=True)
    said = ask(server, path, **{"channelId": "C12", **second})
    assert said.ids[:20] == IDS[:20] and endless in said.text


def test_faults_can_begin_later_and_only_somewhere(server: Running) -> None:
    server.set(captcha=True, after=2, on="/article/")
    texts = [ask(server, f"/article/{number}").text for number in IDS[:3]]
    assert ["去验证" in text for text in texts] == [False, False, True]
    assert ask(server, "/offset").ids
    server.set(reset=True, changed_shape=True, after=1)
    assert ["list" in ask(server, "/offset").value for _ in range(2)] == [True, False]


def test_bodies_can_be_made_to_hurt(server: Running) -> None:
    server.set(huge=True)
    assert len(ask(server, "/offset").body) > 10_000_000 and ask(server, "/offset").value["total"] == 41
    server.set(reset=True, deep=True)
    assert ask(server, "/list.html").text.count("<div>") == ask(server, "/list.html").text.count("</div>") == 50_000
    with pytest.raises(RecursionError):
        ask(server, "/offset").value  # noqa: B018


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom", "/sitemap.xml", JPAGE])
def test_xml_can_be_hostile(server: Running, path: str) -> None:
    server.set(xxe=True)
    text = ask(server, path).text
    assert f'<!ENTITY e SYSTEM "{server.url}{ENTITY}">' in text and "&e;&f;" in text and "file:///" in text
    assert ask(server, ENTITY).text == "外部实体\n"
    server.set(reset=True, bomb=True)
    text = ask(server, path).text
    assert text.count("<!ENTITY") == 10 and "&b9;" in text and 'b9 "&b8;&b8;' in text


@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_lasts_beyond_its_scenario(server: Running, fault: str) -> None:
    usual = [first(server, path).body for path in FORMS]
    server.set(**{fault: True})
    assert [first(server, path).body for path in FORMS] != usual
    server.set(reset=True, now=NOW.isoformat())
    assert [first(server, path).body for path in FORMS] == usual


def test_what_no_page_answers_is_refused(server: Running) -> None:
    assert ask(server, "/offset", offset="x").status == ask(server, "/days").status == 400
    assert ask(server, "/offset", "POST").status == 405
