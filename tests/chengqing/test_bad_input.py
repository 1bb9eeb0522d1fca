"""Files that are not what they should be: each bad record is named by line and reason, the rest is imported.

Nothing of a record may come back in a message: ``PLANTED`` stands in every one of them.
"""

import io
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.console import Console

from chengqing.clock import FixedClock
from chengqing.importing import Format, ImportRefused, Outcome, import_file
from chengqing.show import print_outcome
from chengqing.workspace import Workspace, open_workspace
from nlp.reader import load_reader
from tests.support.program import run
from tests.support.statuses import kept_wordings, status

NOW = datetime(2026, 11, 22, 8, tzinfo=timezone(timedelta(hours=8)))
AT = NOW - timedelta(hours=5)
PLANTED = "田小禾QX7788"
DEEP = "[" * 10_000 + "]" * 10_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(PLANTED),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.just(PLANTED), inner, max_size=4),
    max_leaves=12,
)
ODD: list[Any] = [None, True, 7, -1, 1.5, "", PLANTED, [], {}, [PLANTED], {PLANTED: PLANTED}, 10**30]
"""Values that are of the wrong type nearly everywhere."""
EVERY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def told_of(said: str) -> bool:
    """Whether a message repeats the planted name, or a half of it that survives escaping or a cut."""
    return "田小禾" in said or "QX7788" in said


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A data directory; its language stages are loaded once, and the canaries have tests of their own."""
    with open_workspace(tmp_path_factory.mktemp("desk"), None, FixedClock(NOW)) as workspace:
        workspace.__dict__["reader"] = load_reader(canaries=False)
        yield workspace


@pytest.fixture(scope="module")
def claim(desk: Workspace) -> str:
    """A text that the gate keeps."""
    return kept_wordings(desk.reader)[1]


def taken(desk: Workspace, content: bytes, format: Format = "weibo-status") -> Outcome:
    """Import ``content``; what it says repeats nothing of it, and its totals are those of the database."""
    path = desk.folder / "bad.txt"
    path.write_bytes(content)
    outcome = import_file(desk, path, format)
    said = io.StringIO()
    print_outcome(outcome, Console(file=said, width=500))
    assert not told_of(said.getvalue() + repr(outcome))
    assert outcome.counts.read() == outcome.counts.kept() + sum(outcome.counts.dropped().values())
    malformed = outcome.counts.dropped()["malformed"]  # an answer that is one line has one problem for all its entries
    assert min(1, malformed) <= len(outcome.problems) <= min(20, malformed)
    assert all(f"{line} 行" in said.getvalue() for line, _ in outcome.problems)
    return outcome


def post(number: int, text: str, **fields: Any) -> bytes:
    """One line: a status by somebody called ``PLANTED``."""
    made = status(number, number, text, AT, location=PLANTED, **fields)
    made["user"]["screen_name"] = PLANTED
    return json.dumps(made, ensure_ascii=False).encode()


def with_text(text: str) -> bytes:
    """A status whose text is written as it stands, inside the quotes."""
    return post(50, "@@").replace(b'"@@"', f'"{text}"'.encode("utf-8", "surrogatepass"))


# -- statuses ------------------------------------------------------------------------------------

SPOILT = {
    "cut": (post(1, PLANTED)[:-20], "not_json"),
    "web page": (f"<html><body>{PLANTED}</body></html>".encode(), "not_json"),
    "GB18030": (post(1, "今夜停水").decode().encode("gb18030"), "bad_encoding"),
    "UTF-16": (post(1, "今夜停水").decode().encode("utf-16"), "bad_encoding"),
    "10 MB": (with_text(PLANTED * 600_000), "too_long"),
    "10,000 deep": (post(1, PLANTED, geo="@@").replace(b'"@@"', DEEP.encode()), "too_deep"),
    "65 deep": (post(1, PLANTED, geo="@@").replace(b'"@@"', b"[" * 65 + b"]" * 65), "too_deep"),
    "raw NUL": (with_text(f"{PLANTED}\0"), "not_json"),
    "raw surrogate": (with_text(f"{PLANTED}\ud800"), "bad_encoding"),
    "NaN": (post(1, PLANTED, reposts_count=float("nan")), "not_json"),
    "infinite": (post(1, PLANTED, geo="@@").replace(b'"@@"', b"1e400"), "not_json"),
    "5,000 digits": (post(1, PLANTED, geo="@@").replace(b'"@@"', b"9" * 5000), "not_json"),
    "two objects": (post(1, PLANTED) * 2, "not_json"),
    "list": (f'["{PLANTED}"]'.encode(), "not_an_object"),
    "text": (f'"{PLANTED}"'.encode(), "not_an_object"),
    "null": (b"null", "not_an_object"),
    "year 1": (post(1, PLANTED, created_at="Mon Jan 01 00:00:00 +0800 0001"), "bad_time"),
    "year 9999": (post(1, PLANTED, created_at="Fri Dec 31 23:59:59 -1200 9999"), "bad_time"),
    "32 January": (post(1, PLANTED, created_at="Mon Jan 32 00:00:00 +0800 2026"), "bad_time"),
    "zone of 99 hours": (post(1, PLANTED, created_at="Mon Nov 16 00:00:00 +9900 2026"), "bad_time"),
    "another form of time": (post(1, PLANTED, created_at=f"{PLANTED}分钟前"), "bad_time"),
    "no time": (post(1, PLANTED, created_at=None), "no_time"),
    "id that lost its digits": (post(1, PLANTED, id=9.99e15), "bad_field"),
    "no id": (post(1, PLANTED, id=None, mid="", idstr=None), "no_id"),
    "text that is none": (post(1, PLANTED, longText=[PLANTED]), "bad_field"),
    "no text": (post(1, " "), "no_text"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_line_is_named_and_the_rest_imported(desk: Workspace, claim: str, name: str) -> None:
    spoilt, fault = SPOILT[name]
    outcome = taken(desk, b"\n".join([post(2, claim), b"", spoilt, post(3, claim), spoilt, post(4, claim)]))
    assert outcome.problems == ((3, fault), (5, fault))
    assert (outcome.counts.read(), outcome.counts.kept()) == (5, 3)


@pytest.mark.parametrize("marks", ["\\u0000", "\\ud800", "\\udfff\\ud800", "\\u202e", "\\ufeff"])
def test_marks_that_no_store_holds_are_taken_out(desk: Workspace, claim: str, marks: str) -> None:
    outcome = taken(desk, with_text(f"{marks}{claim}{marks}"))
    assert (outcome.counts.read(), outcome.counts.kept(), outcome.problems) == (1, 1, ())


def test_of_a_key_that_comes_twice_the_last_one_counts(desk: Workspace, claim: str) -> None:
    twice = post(5, claim).replace(b'{"created_at"', f'{{"text": ["{PLANTED}"], "mid": 1.5, "created_at"'.encode())
    assert taken(desk, twice).counts.kept() == 1


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-16-be", "utf-32"])
def test_a_file_in_another_encoding_imports_nothing_and_says_so(desk: Workspace, claim: str, encoding: str) -> None:
    outcome = taken(desk, b"\n".join([post(6, claim), post(7, claim)]).decode().encode(encoding))
    assert outcome.counts.kept() == 0 and outcome.counts.read() == outcome.counts.dropped()["malformed"] > 0
    assert outcome.problems[0] == (1, "bad_encoding")


def _places(record: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name, value in record.items():
        yield (name,)
        yield from ((name, *inner) for inner in _places(value)) if isinstance(value, dict) else ()


def replaced(record: dict[str, Any], place: tuple[str, ...], value: object) -> dict[str, Any]:
    """``record`` with another value in one place."""
    name, *rest = place
    return {**record, name: replaced(record[name], tuple(rest), value) if rest else value}


def whole_status(claim: str) -> dict[str, Any]:
    parent = status(9000, 9000, claim, AT)
    return status(8, 8, claim, AT, retweeted_status=parent, longText={"longTextContent": claim}, geo=None, uid=None)


def test_the_wrong_type_in_every_field(desk: Workspace, claim: str) -> None:
    """Each field of a status, of its user and of its parent, each with twelve values."""
    good = whole_status(claim)
    spoilt = [replaced(good, place, value) for place in _places(good) for value in ODD]
    outcome = taken(desk, "\n".join(json.dumps(record) for record in [*spoilt, good]).encode())
    assert outcome.counts.read() == len(spoilt) + 1
    assert outcome.counts.kept() >= 1 and outcome.counts.dropped()["malformed"] > 50


@EVERY
@given(st.data())
def test_whatever_the_lines_each_is_counted_once(desk: Workspace, claim: str, data: st.DataObject) -> None:
    good = whole_status(claim)
    changed = st.builds(replaced, st.just(good), st.sampled_from(list(_places(good))), JSON).map(json.dumps)
    junk = st.binary(max_size=80).map(lambda raw: b"\xe7" + raw.replace(b"\n", b""))
    lines = data.draw(st.lists(changed.map(str.encode) | JSON.map(json.dumps).map(str.encode) | junk, max_size=12))
    outcome = taken(desk, b"\n".join([post(10, claim), *lines, post(11, claim)]))
    assert outcome.counts.read() == len(lines) + 2
    assert outcome.counts.kept() >= 2


# -- articles ------------------------------------------------------------------------------------


def article(number: int, text: str, **fields: Any) -> dict[str, Any]:
    """One article in our own shape, by an author called ``PLANTED``, of a source that is not declared."""
    moment = {"published": AT.isoformat(), "author": PLANTED}
    return {"id": f"a-{number}", "title": text, "text": text * 3, "channel": "民生", **moment, **fields}


def page(body: str, ct: str = str(int(AT.timestamp()))) -> str:
    """A saved page, cut down to what is read of it."""
    variables = f'var biz="MzA0000000AAA=="||"";var mid="2247480001";var idx="1";var sn="{"0" * 32}";var ct="{ct}";'
    return (
        f'<html><head><meta name="author" content="{PLANTED}"></head><body><h1 id="activity-name">{PLANTED}</h1>'
        f'<div id="js_content"><p>{body}</p></div><script>{variables}window.item_show_type="0";</script></body></html>'
    )


LONG = f"{PLANTED}说，" + "今夜柳渡路检修，明早恢复供水，请居民提前储水，给大家带来不便敬请谅解。" * 3
PAGES: dict[str, tuple[bytes, str | None]] = {
    "whole": (page(LONG).encode(), None),
    "GB18030": (page(LONG).encode("gb18030"), None),
    "10,000 deep": (page("<div>" * 10_000 + LONG + "</div>" * 10_000).encode(), "no_text"),
    "NUL, half characters": (page(f"{LONG}\0&#0;&#xD800;&#xDFFF;\\ud800").encode(), None),
    "cut before its variables": (page(LONG)[:240].encode(), "no_id"),
    "UTF-16": (page(LONG).encode("utf-16"), "bad_encoding"),
    "9 MB": (page(LONG * 80_000).encode(), "too_long"),
    "year 1": (page(LONG, ct="-62135596800").encode(), "bad_time"),
    "year 9999": (page(LONG, ct="253402300799").encode(), "bad_time"),
    "a time of 30 digits": (page(LONG, ct="9" * 30).encode(), "bad_time"),
    "bytes": (bytes(range(256)) * 40, "bad_encoding"),
    "another page": (f"<html><body><p>{LONG}</p></body></html>".encode(), "not_an_article"),
    "JSON, cut": (json.dumps({"item": [{"content": PLANTED}]}).encode()[:-3], "not_json"),
    "JSON, 10,000 deep": (f'{{"item":{DEEP}}}'.encode(), "too_deep"),
    "JSON, an error": (json.dumps({"errcode": 40001, "errmsg": PLANTED}).encode(), "not_an_article"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_read_or_its_fault_is_named(desk: Workspace, name: str) -> None:
    content, fault = PAGES[name]
    outcome = taken(desk, content, "wechat-html")
    assert outcome.problems == (() if fault is None else ((1, fault),))
    assert outcome.counts.read() == 1


def test_spoilt_entries_of_an_account_answer_are_named(desk: Workspace) -> None:
    news = [{"title": value, "content": value, "url": value, "author": PLANTED} for value in ODD]
    items = [{"article_id": PLANTED, "update_time": value, "content": {"news_item": news}} for value in ODD]
    answer = {"item": [*items, *ODD, *({"content": value} for value in ODD)]}
    outcome = taken(desk, json.dumps(answer).encode(), "wechat-html")
    assert outcome.counts.read() == len(ODD) ** 2 + 2 * len(ODD)
    assert outcome.counts.kept() == 0


def test_the_wrong_type_in_every_field_of_an_article(desk: Workspace, claim: str) -> None:
    """As lines and as one list; each spoilt record is counted, the good ones are kept."""
    good = article(1, claim, url="https://app.example/1", updated=AT.isoformat(), html=claim)
    spoilt = [replaced(good, place, value) for place in _places(good) for value in ODD]
    spoilt += [article(2, PLANTED, published=at) for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00")]
    records: list[object] = [article(3, claim), *spoilt, article(4, claim)]
    for content in ("\n".join(map(json.dumps, records)), json.dumps([*records, *ODD])):
        outcome = taken(desk, content.encode(), "article-json")
        assert outcome.counts.read() == len(records) + (len(ODD) if content.startswith("[") else 0)
        assert outcome.counts.dropped()["malformed"] > 20


@EVERY
@given(st.data())
@pytest.mark.parametrize("format", ["wechat-html", "article-json"])
def test_whatever_the_document_it_is_counted(desk: Workspace, format: Format, data: st.DataObject) -> None:
    junk = st.binary(max_size=200) | st.text().map(lambda text: page(text + PLANTED, ct=text).encode())
    listed = JSON.map(lambda value: {"item": value, "data": {"articleList": {"records": value}}})
    outcome = taken(desk, data.draw(junk | (JSON | listed).map(json.dumps).map(str.encode)), format)
    assert outcome.state != "resumed"


# -- chats, and the operator's own texts ----------------------------------------------------------

CHATS = {
    "lines": f"{PLANTED}(wxid_example000001) 2026-11-20 12:00:00\n今夜停水吗\n",
    "table": f"时间,发送人,内容\n2026-11-20,wxid_example000001,{PLANTED}",
    "objects": json.dumps({"talker": PLANTED, "content": "停水"}),
    "list": json.dumps([{"chat_id": "oc_example", "sender": {"id": PLANTED}, "body": "停水"}]),
    "app": json.dumps({"name": PLANTED, "type": "private_supergroup", "messages": [{"text": "停水"}]}),
}


@pytest.mark.parametrize("name", CHATS)
@pytest.mark.parametrize("format", ["weibo-status", "wechat-html", "article-json"])
def test_a_chat_is_refused_unread(desk: Workspace, monkeypatch: pytest.MonkeyPatch, name: str, format: Format) -> None:
    monkeypatch.setenv("CHENGQING_LANG", "en")
    path = desk.folder / "chat.txt"
    path.write_text(CHATS[name], encoding="utf-8")
    with pytest.raises(ImportRefused, match=r"chat\.txt: looks like an export of a private or group chat") as refusal:
        import_file(desk, path, format)
    assert not told_of(str(refusal.value))


def test_nothing_keyed_and_no_name_is_left_of_all_this(desk: Workspace) -> None:
    """After every import above: no private key, and the planted name in no file but the last input."""
    assert not desk.keys.private_names()
    desk.store.checkpoint()
    kept = [path for path in desk.folder.rglob("*") if path.is_file() and path.suffix != ".txt"]
    assert kept and not any(PLANTED.encode() in path.read_bytes() for path in kept)


GOOD = [{"id": 1, "text": "今夜停水"}, {"id": "b", "text": ""}, {"id": None, "text": "今夜\ud800停水\0"}]
BAD = [
    b'{"id": 1, "text": "' + PLANTED.encode(),
    f"<html>{PLANTED}".encode(),
    f'["{PLANTED}"]'.encode(),
    f'{{"text": "{PLANTED}"}}'.encode(),
    f'{{"id": "{PLANTED}", "text": 5}}'.encode(),
    f'{{"id": 1, "text": "{PLANTED}今夜"}}'.encode("gb18030"),
    b'{"id": ' + b"[" * 100_000 + b', "text": "x"}',
    b'{"id": ' + b"9" * 5000 + b', "text": "x"}',
]


@pytest.mark.parametrize("command", ["triage", "group"])
def test_bad_lines_of_own_texts_are_named_and_good_ones_answered(tmp_path: Path, command: str) -> None:
    file = tmp_path / "texts.jsonl"
    good = [json.dumps(record).encode() for record in GOOD]
    file.write_bytes(b"\n".join([good[0], *BAD[:4], b"", good[1], *BAD[4:], good[2]]))
    done = run(command, file, data=tmp_path / "data")
    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [1, "b", None]
    said = done.stderr.decode().splitlines()
    assert [line.split("：")[0] for line in said] == [f"texts.jsonl 第 {n} 行" for n in (2, 3, 4, 5, 8, 9, 10, 11)]
    assert not told_of(done.stderr.decode())


@pytest.mark.parametrize("id_", [r'"\ud800"', "NaN", "1e400"])
@pytest.mark.parametrize("command", ["triage", "group"])
def test_an_id_that_can_not_be_printed_spoils_no_other_answer(tmp_path: Path, command: str, id_: str) -> None:
    """It is answered in JSON that everybody reads, or its line is named; the next one is answered anyhow."""
    file = tmp_path / "texts.jsonl"
    file.write_text(f'{{"id": {id_}, "text": "今夜停水"}}\n{{"id": 2, "text": "今夜停水"}}\n', encoding="utf-8")
    done = run(command, file, data=tmp_path / "data")
    assert done.returncode in (0, 1)
    assert not {b"NaN", b"Infinity"} & set(done.stdout.replace(b",", b":").split(b":"))
    assert json.loads(done.stdout.splitlines()[-1])["id"] == 2


def test_own_texts_that_are_not_there_are_wrong_usage(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.jsonl", tmp_path):
        done = run("triage", path, data=tmp_path / "data")
        assert done.returncode == 2 and b"Traceback" not in done.stderr
