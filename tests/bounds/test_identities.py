"""Bound 3, claims and not people: 1,000 planted identities, and none of them in any byte that is left anywhere.

Every command runs as people run it, with a home, a temporary and a working directory of its own; after each, every
file under them and under the data directory is searched, and what it said.
"""

import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.page import Article, Page, Post, Problem, Reads
from tests.support import planted
from tests.support.search import Search, certain, contents, describe
from tests.support.site import Site, Stopped

pytestmark = pytest.mark.timeout(600)

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
CANDIDATES = (
    "听说小龙虾和西瓜一起吃会产生砒霜，昨晚柳渡夜市有一家三口吃完送去洗胃，家里有孩子的千万别再吃了，转给家人",
    "紧急通知：云岫区今晚10点起全区停水三天，主管道要大修，家家户户赶紧接水储水，老人孩子的用水提前备好",
    "吃了虾蟹两个小时内不能吃葡萄石榴和维C片，虾壳里的五价砷遇到维生素C变成三价砷，就是砒霜，会七窍流血",
    "这次甲流不用吃药，大蒜七瓣拍碎泡水一杯，早晚各一次，三天病毒全杀死，澜州市第三医院的大夫自己家都这么喝",
    "早晚各一次，大蒜七瓣拍碎泡水一杯，三天病毒全杀死",
)
ANSWER = (
    "今天下午，云岫区自来水停三天的消息在网上流传。云岫供水公司核实：该消息不实，全区没有停水三天的计划，"
    "柳渡路一处老旧阀门今夜0时至4时更换，其他街道供水不受影响。"
)
NewSite = Callable[[], Site]
Inputs = dict[str, Path]


@pytest.fixture(scope="module")
def new_site(tmp_path_factory: pytest.TempPathFactory) -> NewSite:
    """Makes opened, empty data directories."""
    opened = Site(tmp_path_factory.mktemp("opened"))
    opened.run("claims")
    return lambda: Site(tmp_path_factory.mktemp("site"), opened)


@pytest.fixture(scope="module")
def who() -> planted.Identities:
    return planted.Identities(1)


@pytest.fixture(scope="module")
def search(who: planted.Identities) -> Search:
    return Search(who.every())


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory, new_site: NewSite) -> list[str]:
    """Three sentences that the gate keeps."""
    file = tmp_path_factory.mktemp("triage") / "candidates.jsonl"
    _write(file, [{"id": n, "text": text} for n, text in enumerate(CANDIDATES)])
    out, _ = new_site().start("triage", file).communicate(timeout=60)
    kept = [CANDIDATES[record["id"]] for record in map(json.loads, out.splitlines()) if record["flagged"]]
    assert len(kept) >= 3, "the gate keeps fewer than three of CANDIDATES: add wordings that it keeps"
    return kept[:3]


def _write(path: Path, records: list[dict[str, Any]], times: int = 1) -> Path:
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text(lines * times, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory, who: planted.Identities, said: list[str]) -> Inputs:
    """One file of each format, twice where the source may be an organisation's or anybody's."""
    folder = tmp_path_factory.mktemp("inputs")
    title, mine, mids = "停水三天？不实！", who.by_kind["handle"], who.by_kind["mid"]
    pages = {
        "office.html": planted.page(who, title, ANSWER, AT, biz="MzA0000010AAA==", mid="2247480001"),
        "anybody.html": planted.page(who, who.take("name"), said[0], AT, biz=mine[0], mid=mids[0]),
        "office-api.json": planted.freepublish(who, title, ANSWER, AT, biz="MzA0000010AAA==", mid="2247480002"),
        "anybody-api.json": planted.freepublish(who, who.take("description"), said[1], AT, biz=mine[1], mid=mids[2]),
    }
    found = {name: folder / name for name in pages}
    for name, text in pages.items():
        found[name].write_text(text, encoding="utf-8")
    found["status"] = _write(folder / "status.jsonl", planted.statuses(who, said, AT))
    found["many"] = _write(folder / "many.jsonl", planted.statuses(who, said, AT), times=40)
    found["office-json"] = _write(folder / "office.jsonl", [planted.article(who, title, ANSWER, AT)])
    own = planted.article(who, said[2], personal := planted.personal(who), AT, url=who.take("permalink"), id=mids[1])
    found["anybody-json"] = _write(folder / "anybody.jsonl", [own, {**own, "text": said[2] + personal}])
    found["broken"] = folder / "broken.jsonl"
    found["broken"].write_bytes(b"\n".join([b"{}", *planted.broken_lines(who, AT)]))
    for encoding in ("gb18030", "utf-16"):
        found[encoding] = folder / f"{encoding}.jsonl"
        found[encoding].write_text(found["status"].read_text(encoding="utf-8"), encoding=encoding)
    for name in ("anybody.html", "anybody-api.json", "anybody-json"):
        found[f"cut-{name}"] = folder / f"cut-{name}"
        found[f"cut-{name}"].write_bytes(found[name].read_bytes()[:-300])
    return found


def _import(site: Site, inputs: Inputs, names: str, format: str, source: str = "") -> bytes:
    declared = ("--source", source) if source else ()
    return site.run("import", *(inputs[name] for name in names.split()), "--format", format, *declared)


@pytest.fixture(scope="module")
def whole(new_site: NewSite, inputs: Inputs) -> Site:
    """A desk's day: every format, every command, the same files twice."""
    site = new_site()
    _import(site, inputs, "status", "weibo-status")
    _import(site, inputs, "office.html office-api.json", "wechat-html", "office-pages")
    _import(site, inputs, "office-json", "article-json", "office-json")
    assert len(site.rows("SELECT 1 FROM article")) == 3
    assert len(site.rows("SELECT DISTINCT claim FROM shared_clause")) >= 2
    _import(site, inputs, "anybody.html anybody-api.json cut-anybody.html cut-anybody-api.json", "wechat-html")
    _import(site, inputs, "anybody-json cut-anybody-json", "article-json")
    _import(site, inputs, "broken gb18030 utf-16 many", "weibo-status")
    assert len(site.rows("SELECT DISTINCT fault FROM window_problem")) >= 6
    site.run("claims")
    found = site.claims()
    assert [claim for claim in found if claim["wording"] and claim["accounts_at_least"] >= 5]
    site.run("doctor")
    site.run("retain")
    site.run("erase", found[0]["id"], "--by", "somebody")
    assert b"already imported" in _import(site, inputs, "status many", "weibo-status")
    return site


@pytest.fixture(scope="module")
def killed(new_site: NewSite, inputs: Inputs) -> Site:
    """An import that dies between two blocks, with texts in memory, and goes on."""
    site = new_site()
    with Stopped(site, inputs["many"]) as (process, _):
        process.kill()
        site.look(process, -9)
    site.seen.update(contents(site.root))
    assert site.rows("SELECT 1 FROM pending")
    _import(site, inputs, "many", "weibo-status")
    assert any(claim["wording"] for claim in site.claims())
    return site


def test_nothing_of_anybody_is_left(search: Search, whole: Site, killed: Site) -> None:
    """Every command, every format, broken lines, a killed import: none of 1,000 identities in any form."""
    leaks = certain(search.find(*whole.seen), search.find(*killed.seen))
    assert describe(leaks) == []


def test_controls_hit_as_rarely(whole: Site, killed: Site) -> None:
    """1,000 identities that were never planted: no pattern hits by chance, so a hit above is no chance."""
    controls = Search(planted.Identities(2).every())
    assert certain(controls.find(*whole.seen), controls.find(*killed.seen)) == set()


def test_a_copy_of_the_input_would_be_found(search: Search, who: planted.Identities, inputs: Inputs) -> None:
    """The arm without the guard: raw copies in the data directory hold every one of the 1,000."""
    assert {found.identity for found in search.find(*contents(inputs["status"].parent))} == set(who.every())


@pytest.mark.parametrize("value", ["uid", "uid as a number", "md5 of it"])
def test_a_reader_that_keeps_a_uid_would_be_found(
    search: Search, who: planted.Identities, whole: Site, tmp_path: Path, value: str
) -> None:
    """The arm without the guard: a row like an article's that holds what leads to an author."""
    uid = who.by_kind["uid"][0]
    kept = {"uid": uid, "uid as a number": int(uid), "md5 of it": hashlib.md5(uid.encode()).hexdigest()}  # noqa: S324
    shutil.copytree(whole.data, tmp_path / "data")
    with closing(sqlite3.connect(tmp_path / "data" / "chengqing.db")) as connection, connection:
        connection.execute("CREATE TABLE article_by (article, author)")
        connection.execute("INSERT INTO article_by VALUES (1, ?)", [kept[value]])
    assert {found.identity for found in search.find(*contents(tmp_path))} == {uid}


def test_contacts_that_everybody_repeats_are_masked(
    search: Search, who: planted.Identities, said: list[str], new_site: NewSite, tmp_path: Path
) -> None:
    """Sixteen accounts share a sentence and the contacts behind it: the sentence is stored, the contacts are not."""
    site = new_site()
    files = [
        _write(tmp_path / f"{number}.jsonl", planted.shared_lines(who, text, AT)) for number, text in enumerate(said)
    ]
    site.run("import", *files, "--format", "weibo-status")
    assert any(claim["wording"] for claim in site.claims())
    assert describe(certain(search.find(*site.seen))) == []


def _refuse(site: Site) -> tuple[str, ...]:
    """Whatever is about to be stored as wording is refused, with the text in the statement's parameters."""
    with closing(sqlite3.connect(site.database)) as connection, connection:
        for table in ("shared_clause", "clause_text"):
            connection.execute(
                f"CREATE TRIGGER no_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
    return ()


def _fill(_: Site) -> tuple[str, ...]:
    """No file may grow past 64 KiB: the log fills in the middle of a block."""
    return ("bash", "-c", 'ulimit -f 64 && exec "$@"', "bash")


def _shut(site: Site) -> tuple[str, ...]:
    """SQLite reads a database whose write version is above 2, and never writes it, not even for root."""
    with site.database.open("r+b") as file:
        file.seek(18)
        file.write(b"\x03")
    return ()


@pytest.mark.parametrize(("harm", "code"), [(_refuse, 4), (_fill, 4), (_shut, 4)])
def test_errors_tell_nothing(
    search: Search,
    inputs: Inputs,
    said: list[str],
    new_site: NewSite,
    harm: Callable[[Site], tuple[str, ...]],
    code: int,
) -> None:
    """A database that fails at a row, fills up or can't be written: neither identities nor wording in any message."""
    site = new_site()
    complaint = site.run("import", inputs["status"], "--format", "weibo-status", code=code, wrap=harm(site))
    assert complaint
    assert describe(certain(search.find(*site.seen))) == []
    clauses = [clause for text in said for clause in re.split("[，：]", text)]
    assert [clause for clause in clauses if clause.encode() in complaint] == []


def test_a_database_that_becomes_read_only_in_the_middle(search: Search, inputs: Inputs, new_site: NewSite) -> None:
    """The second block can't be committed any more."""
    site = new_site()
    with Stopped(site, inputs["many"]) as (process, lock):
        lock.execute("CREATE TRIGGER shut BEFORE UPDATE ON window BEGIN SELECT RAISE(ABORT, 'readonly'); END")
        lock.execute("COMMIT")
        site.look(process, 4)
    assert describe(certain(search.find(*site.seen))) == []


def test_a_directory_that_cant_be_written(search: Search, inputs: Inputs, new_site: NewSite) -> None:
    """A file stands where the data directory should be."""
    site = new_site()
    (site.root / "work" / "file").touch()
    site.run("import", inputs["status"], "--format", "weibo-status", code=4, data=site.root / "work" / "file" / "data")
    assert describe(certain(search.find(*site.seen))) == []


def _seven(site: Site, file: Path, text: str, tails: list[str]) -> bool:
    """Seven accounts say ``text``, each with a tail; whether it was shown (five bins of seven: nearly always)."""
    who = planted.Identities(3)
    _write(file, [planted.status(who, n, text + tail, AT) for n, tail in enumerate(tails)])
    site.run("import", file, "--format", "weibo-status")
    return any(claim["wording"] for claim in site.claims())


@pytest.mark.parametrize("copies", [1, 7])
def test_words_in_one_copy_of_seven_are_never_shown(
    new_site: NewSite, said: list[str], tmp_path: Path, copies: int
) -> None:
    """What one of seven adds, a name among it, is nowhere; the arm without the guard: what all add is found."""
    for text in said * 2:
        site = new_site()
        tails = ["，三班欧阳如月的妈妈也在，路口蓼蘅铺子已经歇了" if n < copies else "" for n in range(7)]
        if _seven(site, tmp_path / "seven.jsonl", text, tails):
            break
    else:
        pytest.fail("none of six imports was shown: seven accounts should be enough")
    found = {one.identity for one in Search(["欧阳如月", "蓼蘅铺子"]).find(*site.seen)}
    assert ("蓼蘅铺子" in found) if copies == 7 else not found


MOMENT = datetime(2026, 11, 23, tzinfo=UTC)
CLOSED: list[Any] = [
    Post(token=b"tokentok", account=b"accountaccountac", epoch="e", hour=1, text="words said", quoted="words quoted"),
    Article(outlet="云岫发布", key="k", link="", title="title told", text="text told", published=MOMENT),
    Page(source="s", window=1, cursor=0, reads=Reads()),
    Problem(line=1, fault="no_id"),
    Reads(),
]


@pytest.mark.parametrize("closed", CLOSED, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("name", ["uid", "user", "post_id", "url", "nickname"])
def test_no_type_that_leaves_a_spider_has_room_for_a_person(closed: Any, name: str) -> None:
    """An unknown field is refused when one is built, copied, and later."""
    given = {one.name: getattr(closed, one.name) for one in fields(closed)}
    assert type(closed)(**given) == closed
    with pytest.raises(TypeError):
        type(closed)(**given, **{name: "x"})
    with pytest.raises(TypeError):
        replace(closed, **{name: "x"})
    with pytest.raises((AttributeError, TypeError)):
        setattr(closed, name, "x")


def test_printing_shows_neither_keyed_values_nor_words() -> None:
    """repr and str of a post show its hour, not who, which or what; an article's title and text stay out too."""
    post, article = CLOSED[:2]
    for shown in (repr(post), str(post), repr(article), f"{[post, article]}"):
        assert not re.search("tokentok|account|words|told", shown)
    assert "hour=1" in repr(post)
