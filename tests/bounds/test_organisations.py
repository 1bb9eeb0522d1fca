"""Bound 7: only organisations are named, by what is verified or declared of them, and none is ranked."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer
from sqlalchemy.engine import Connection
from stdnum.cn import uscc

from chengqing.cli import app
from chengqing.clock import CHINA, FixedClock
from chengqing.config import ConfigError, load_config
from chengqing.importing import Format, Outcome, import_file
from chengqing.workspace import Workspace, open_workspace
from nlp.reader import Reader, load_reader
from nlp.text import clauses, normalise
from pipelines import schema, view
from spiders import article_json, weibo
from tests.support import planted
from tests.support.search import Search, contents, describe
from tests.support.statuses import CANDIDATES, status

NOW = datetime(2026, 11, 22, 8, tzinfo=CHINA)
AT = NOW - timedelta(hours=2)
BIZ, OTHER = "MzA0000010AAA==", "MzA0000990AAA=="
OFFICE = """
[source.office]
kind = "contract_files"
formats = ["wechat-html", "article-json", "weibo-status"]
access_basis = "publisher_consent"
basis_note = "invented"
valid_until = 2099-12-31
may_store = true
organisation = { name = "云岫发布", credit_code = "11000000MBT0000116" }
biz = ["MzA0000010AAA=="]
"""


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals are looked for by their English words."""
    monkeypatch.setenv("CHENGQING_LANG", "en")


@cache
def reader() -> Reader:
    """The language stages; the canaries have tests of their own."""
    return load_reader(canaries=False)


@cache
def rumour() -> str:
    """A text that the gate keeps, long enough for an article's body (40 characters)."""
    kept = [f"{text}。{more}" for text, more in permutations(CANDIDATES, 2) if reader().read(f"大家看\n{text}。{more}")]
    assert kept, "the gate keeps no two of CANDIDATES together: add wordings"
    return kept[0]


@contextmanager
def desk(folder: Path, source: str = OFFICE) -> Iterator[Workspace]:
    (folder / "data" / "sources").mkdir(parents=True)
    (folder / "data" / "sources" / "office.toml").write_text(source, encoding="utf-8")
    with open_workspace(folder / "data", None, FixedClock(NOW)) as workspace:
        workspace.__dict__["reader"] = reader()
        yield workspace


def imported(workspace: Workspace, content: str, format: Format, source: str = "", **options: Any) -> Outcome:
    path = workspace.folder.parent / f"input{len(list(workspace.folder.parent.iterdir()))}"
    path.write_text(content, encoding="utf-8")
    declared = workspace.config.sources[source] if source else None
    return import_file(workspace, path, format, source=declared, **options)


def rows(workspace: Workspace, *columns: sa.Column[Any]) -> list[Any]:
    with workspace.store.read() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns))]


def lines(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records)


# -- who is an organisation on Weibo ---------------------------------------------------------------------

MISSING = object()
VERIFIED = (True, False, 1, 0, "true", "True", "1", None, MISSING)
TYPES = (*range(-1, 11), 200, 220, 400, 1.0, 3.0, True, "1", "3", None, [1], MISSING)
CASES = list(product(VERIFIED, TYPES))


def named(number: int) -> str:
    return f"澜亭看点{number:03d}号台"


def everybody() -> list[dict[str, Any]]:
    """Every combination of the two marks, an account each with a name of its own; all say the same."""
    found = []
    for number, (verified, kind) in enumerate(CASES):
        record = status(number, number, rumour(), AT)
        record["user"] |= {"screen_name": named(number), "verified": verified, "verified_type": kind}
        record["user"] = {name: value for name, value in record["user"].items() if value is not MISSING}
        found.append(record)
    return found


def bodies() -> set[str]:
    """The only ones that may be named: verified is true, the type is the number 1 or 3."""
    return {
        named(n)
        for n, (verified, kind) in enumerate(CASES)
        if verified is True and type(kind) is int and kind in (1, 3)
    }


def test_only_verified_government_and_media_are_named(tmp_path: Path) -> None:
    """Of 200 combinations two are organisations; of all others no name, id or link is in any byte."""
    with desk(tmp_path) as workspace:
        outcome = imported(workspace, lines(everybody()), "weibo-status")
        assert outcome.counts.kept() == len(CASES)
        assert {outlet for (outlet,) in rows(workspace, schema.article.c.outlet)} == bodies() and len(bodies()) == 2
        (claim,) = _claims(workspace)
        assert set(claim.outlets) <= bodies() and claim.accounts_at_least and claim.accounts_at_least >= 5
        workspace.store.checkpoint()
    hidden = [n for n in range(len(CASES)) if named(n) not in bodies()]
    search = Search([*map(named, hidden), *(str(9_990_000_000_000_000 + n) for n in hidden)])
    found = {one for one in search.find(*contents(tmp_path / "data")) if one.form != "int32"}
    assert describe(found) == []


def test_without_the_guard_everybody_would_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The arm: were the marks not looked at, all of them stood in the list of outlets."""
    monkeypatch.setattr(weibo, "outlet_of", lambda status: status["user"]["screen_name"])
    with desk(tmp_path) as workspace:
        imported(workspace, lines(everybody()), "weibo-status")
        assert len(rows(workspace, schema.article.c.outlet)) == len(CASES)


def _claims(workspace: Workspace) -> list[view.ClaimView]:
    with workspace.store.read() as connection:
        return view.claims(connection, lambda _: ())


# -- files of articles -----------------------------------------------------------------------------------


def page(words: str, biz: str, number: int, who: str) -> str:
    """A saved page of the account ``biz``, whose name is ``who``."""
    return planted.page(planted.Identities(1), "大家看", words, AT, biz=biz, mid=str(2_247_480_000 + number)).replace(
        'id="js_name">', f'id="js_name">{who}'
    )


def records(words: str, count: int, **changes: Any) -> list[dict[str, Any]]:
    """Articles of ``count`` addresses, each on a host of its own."""
    return [
        {
            "id": n + 1,
            "url": f"https://site{n}.lanting.example/a/{n}",
            "title": "大家看",
            "text": words,
            "published": AT.isoformat(),
            **changes,
        }
        for n in range(count)
    ]


@pytest.mark.parametrize("declared", [False, True])
@pytest.mark.parametrize("format", ["wechat-html", "article-json"])
def test_articles_of_nobody_declared_are_individuals_posts(tmp_path: Path, format: Format, *, declared: bool) -> None:
    """Without a declared source no outlet, link or account is stored, only what five share; declared, all are named."""
    source = "office" if declared else ""
    accounts = [f"MzA00009{number:02d}AAA==" for number in range(16)]
    with desk(tmp_path, OFFICE.replace(f'"{BIZ}"', ", ".join(f'"{account}"' for account in accounts))) as workspace:
        if format == "article-json":
            imported(workspace, lines(records(rumour(), 16)), format, source)
        for number, account in enumerate(accounts if format == "wechat-html" else []):
            imported(workspace, page(rumour(), account, number, "澜亭看点"), format, source)
        articles = rows(workspace, schema.article.c.outlet, schema.article.c.link)
        stored = b"".join(part for part in contents(workspace.folder) if b"credit_code" not in part)
    linked = b"lanting.example" in stored or b"mp.weixin.qq.com" in stored
    assert (len(articles), linked) == ((16, True) if declared else (0, False))
    assert declared or not any(part in stored for part in ("澜亭看点".encode(), b"MzA00009"))


NOT_STORED = {
    "expired": ("2099-12-31", "2026-11-21"),
    "not to be stored": ("may_store = true", "may_store = false"),
    "no basis": ('access_basis = "publisher_consent"', ""),
    "no note": ('"invented"', '" "'),
}


def one_of_each() -> dict[Format, str]:
    return {
        "wechat-html": page(rumour(), BIZ, 1, "云岫发布"),
        "article-json": lines(records(rumour(), 3)),
        "weibo-status": lines([status(n, n, rumour(), AT) for n in range(20)]),
    }


@pytest.mark.parametrize("why", NOT_STORED)
def test_a_source_without_a_basis_stores_nothing(tmp_path: Path, why: str) -> None:
    """All of it is counted as not permitted; an earlier moment to read at revives no basis."""
    with desk(tmp_path, OFFICE.replace(*NOT_STORED[why])) as workspace:
        for format, content in one_of_each().items():
            counts = imported(workspace, content, format, "office", as_of=NOW - timedelta(days=1)).counts
            assert counts.read() == counts.dropped()["not_permitted"] > 0
        assert rows(workspace, schema.article.c.id) == [] and _claims(workspace) == []
        stored = b"".join(contents(workspace.folder / "chengqing.db", workspace.folder))
    assert not [clause for clause in clauses(normalise(rumour())) if clause.encode() in stored]


def test_with_a_basis_the_same_is_stored(tmp_path: Path) -> None:
    """The arm."""
    with desk(tmp_path) as workspace:
        for format, content in one_of_each().items():
            assert imported(workspace, content, format, "office").counts.kept() > 0
        assert len(rows(workspace, schema.article.c.id)) == 4


@pytest.mark.parametrize(("own", "kept"), [(f'"{BIZ}"', 1), (f'"{BIZ}", "{OTHER}"', 2)])
def test_an_article_of_another_account_is_not_the_bodys(tmp_path: Path, own: str, kept: int) -> None:
    """A page of an account that the body did not declare is not permitted; declared, it goes under its name."""
    with desk(tmp_path, OFFICE.replace(f'"{BIZ}"', own)) as workspace:
        imported(workspace, page(rumour(), BIZ, 1, "云岫发布"), "wechat-html", "office")
        counts = imported(workspace, page(rumour(), OTHER, 2, "澜亭看点"), "wechat-html", "office").counts
        assert counts.dropped()["not_permitted"] == 2 - kept
        assert len(rows(workspace, schema.article.c.id)) == kept
        assert (OTHER.encode() in b"".join(contents(workspace.folder))) is (kept == 2)


# -- channels that users write ---------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["问政", "网络问政", "爆料台", "社区", "邻里社区"])
def test_channels_that_users_write_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channel: str) -> None:
    """Whatever the publisher: not permitted, nothing stored. The arm: without the list it is an article."""
    for guarded in (True, False):
        with desk(tmp_path / str(guarded)) as workspace:
            if not guarded:
                monkeypatch.setattr(article_json, "USERS_CHANNELS", ())
            content = lines(records(rumour(), 2, channelName=channel) + records(rumour(), 1, channel=channel))
            counts = imported(workspace, content, "article-json", "office").counts
            assert counts.dropped()["not_permitted"] == (3 if guarded else 0)
            assert bool(rows(workspace, schema.article.c.id)) is not guarded


@pytest.mark.parametrize(
    "given",
    [
        {"channelName": "社區"},
        {"channelName": "爆 料"},
        {"channelName": "问-政"},
        {"channelName": "论坛"},
        {"channelName": "随手拍"},
        {"channelName": "", "channel": "问政"},
        {"channelName": "要闻", "channel": "问政"},
    ],
    ids=str,
)
def test_channels_in_other_writings_are_refused(tmp_path: Path, given: dict[str, str]) -> None:
    """What the configuration refuses as a channel (chengqing.address) a file must not bring in."""
    with desk(tmp_path) as workspace:
        counts = imported(workspace, lines(records(rumour(), 1, **given)), "article-json", "office").counts
        assert counts.kept() == 0 and counts.dropped()["not_permitted"] == 1


# -- credit codes ----------------------------------------------------------------------------------------

CODE = "11000000MBT0000116"
BAD_CODES = [
    CODE[:-1] + "7", CODE[:8] + "MBT0000161", CODE.lower(), f"{CODE[:2]} {CODE[2:]}", f"{CODE[:2]}-{CODE[2:]}",
    CODE[:-1], f"{CODE}0", "I1000000MBT0000116", "92000000MBT000900R", "93000000MBT0009000", "", "0" * 17, "x" * 18,
]  # fmt: skip


@pytest.mark.parametrize("code", BAD_CODES)
def test_an_invalid_credit_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Wrong digit, other length, other signs, a one-person business; the value is not repeated."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "office.toml").write_text(OFFICE.replace(CODE, code), encoding="utf-8")
    with pytest.raises(ConfigError, match="no unified social credit code") as refused:
        load_config(tmp_path)
    assert not code or code not in str(refused.value)
    monkeypatch.setattr(uscc, "is_valid", lambda _: True)
    monkeypatch.setattr(uscc, "compact", lambda code: code)
    if not code.startswith(("92", "93", "0")):
        assert load_config(tmp_path).sources["office"].organisation  # the arm: nothing else refuses it


# -- no ranking ------------------------------------------------------------------------------------------


def indexed(connection: Connection) -> set[str]:
    """Every column that any index of the database begins or goes on with."""
    inspector = sa.inspect(connection)
    found: set[str] = set()
    for table in inspector.get_table_names():
        found |= {f"{table}.{column}" for index in inspector.get_indexes(table) for column in index["column_names"]}
        found |= {
            f"{table}.{column}" for one in inspector.get_unique_constraints(table) for column in one["column_names"]
        }
        found |= {f"{table}.{column}" for column in inspector.get_pk_constraint(table)["constrained_columns"]}
    return found


def test_no_table_is_of_outlets_and_none_is_indexed(connection: Connection) -> None:
    """The name stands with its article, nowhere else, under no index; a planted index would be found."""
    columns = [f"{t.name}.{c.name}" for t in schema.metadata.sorted_tables for c in t.columns]
    assert [name for name in columns if "outlet" in name or "organisation" in name] == ["article.outlet"]
    assert not [name for name in indexed(connection) if "outlet" in name] and "article.key" in indexed(connection)
    connection.execute(sa.text("CREATE INDEX planted ON article (outlet)"))
    assert "article.outlet" in indexed(connection)


def _published(connection: Connection, outlets: list[str]) -> None:
    """Claims alike but for the outlet that published each."""
    for number, outlet in enumerate(outlets, start=1):
        id_ = f"claim{number:07d}"
        connection.execute(
            sa.insert(schema.claim).values(
                id=id_, scope="food_drug", hazard="crayfish", status="open", mentions=1, questions=0, reposts=0,
                score=5, early_warning=False, rules=[], above_floor=False, first_hour=1, last_hour=1, observed_at=1,
                version=1,
            )
        )  # fmt: skip
        connection.execute(
            sa.insert(schema.article).values(
                id=number, source="s", key=str(number), outlet=outlet, link="", title="t", text="t", hazard="crayfish",
                role="claim", published=1, version=1,
            )
        )  # fmt: skip
        connection.execute(sa.insert(schema.claim_article).values(claim=id_, article=number, role="claim"))


@pytest.mark.parametrize("turn", [lambda names: names, lambda names: names[::-1], sorted, lambda names: ["z"] * 4])
def test_the_order_of_claims_knows_no_outlet(connection: Connection, turn: Callable[[list[str]], list[str]]) -> None:
    """Whoever published them, claims come in the same order."""
    outlets = turn(["云岫发布", "澜州晚报", "阿尔法台", "云岫融媒"])
    _published(connection, outlets)
    shown = view.claims(connection, lambda _: ())
    assert [claim.id for claim in shown] == [f"claim{n:07d}" for n in range(1, 5)]
    assert [claim.outlets for claim in shown] == [(outlet,) for outlet in outlets]


def test_no_command_asks_by_outlet() -> None:
    """No option or argument of any command names one."""
    commands = vars(typer.main.get_command(app))["commands"]
    named = {f"{name} {option.name}" for name, command in commands.items() for option in command.params}
    assert {"claims status", "import source"} <= named
    assert not [name for name in named if re.search("outlet|organisation|publisher|media", name)]
