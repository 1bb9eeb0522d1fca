"""Retention: what is past its time goes, bytes and all, and what was decided stays."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from chengqing.clock import SystemClock
from chengqing.workspace import open_workspace
from nlp.text import clauses, normalise
from pipelines import outbox, retention, schema
from pipelines.epoch import EpochKey
from pipelines.retention import Limits, RetentionError, empty_log, overdue, sweep
from pipelines.store import Store
from tests.support.crowd import HOUR, SCOPE, Crowd, apart
from tests.support.program import run

KEY = EpochKey("test", bytes(range(32)))
TEXT = "听说小龙虾和西瓜一起吃会中毒，桃溪已经有好几个人住院了"
OTHER = "云岫区今晚十点停水三天，主管道大修，赶紧接水，转给家人"
LIMITS = Limits()
NOW = HOUR * 3600
DAY = 86_400
LATE = NOW + 10_000 * DAY
STAND = {"alembic_version", "audit", "epoch", "fact", "outbox", "window", "window_count", "window_problem"}
"""Tables of numbers, ids and states that retention leaves alone."""


def rows(connection: Connection, *tables: sa.Table) -> dict[str, int]:
    """Rows by table, the empty ones left out."""
    counts = {t.name: connection.scalar(sa.select(sa.func.count()).select_from(t)) for t in tables}
    return {name: n for name, n in counts.items() if n}


def everything(connection: Connection) -> dict[str, int]:
    return rows(connection, *(t for t in schema.metadata.sorted_tables if t.name not in STAND))


def article(connection: Connection, number: int, published: int) -> int:
    """A notice of an invented office."""
    values = {
        "source": "office", "key": f"k{number}", "outlet": "桃溪镇水厂", "link": f"https://example.org/{number}",
        "title": f"停水通知{number}", "text": "主管道大修", "hazard": "water-supply", "role": "notice",
        "published": published, "version": 1,
    }  # fmt: skip
    return int(connection.execute(sa.insert(schema.article).values(values).returning(schema.article.c.id)).scalar_one())


def claim(connection: Connection, id_: str, status: str = "open", observed_at: int = NOW) -> str:
    """A claim with a shared clause of its own."""
    values = {
        "id": id_, "scope": SCOPE, "hazard": "crayfish", "status": status, "mentions": 7, "questions": 0, "reposts": 0,
        "score": 5, "early_warning": False, "rules": [], "above_floor": True, "first_hour": HOUR, "last_hour": HOUR,
        "observed_at": observed_at, "version": 1,
    }  # fmt: skip
    connection.execute(sa.insert(schema.claim).values(values))
    connection.execute(sa.insert(schema.shared_clause).values(claim=id_, text=f"第{id_}句话", guard="", mentions=7))
    return id_


def test_pending_goes_after_72_hours_without_a_word(connection: Connection) -> None:
    """Groups, bands, clauses and their texts: there at 72 hours, gone one later."""
    crowd = Crowd(connection, KEY)
    crowd.say(apart(KEY, 4), TEXT)
    before = everything(connection)
    assert before.keys() == {"pending", "band", "clause"}
    sweep(connection, LIMITS, (HOUR + 72) * 3600)
    assert everything(connection) == before and overdue(connection, LIMITS, (HOUR + 72) * 3600) == {}
    late = (HOUR + 73) * 3600
    assert overdue(connection, LIMITS, late) == {"pending": 1}
    assert sweep(connection, LIMITS, late).groups == 1
    assert everything(connection) == {} and overdue(connection, LIMITS, late) == {}


def test_a_clause_stays_while_another_group_holds_it(connection: Connection) -> None:
    """Its set and text over all groups serve the younger group on, and go with that one."""
    crowd = Crowd(connection, KEY)
    accounts = apart(KEY, 6)
    shared = "桃溪已经有好几个人住院了"
    crowd.apply([crowd.mention(account, f"小龙虾配西瓜会中毒，{shared}") for account in accounts[:3]])
    younger = [crowd.mention(a, f"{shared}，夜市旁边那家店还开着门呢大家看着办", hour=HOUR + 50) for a in accounts[3:]]
    crowd.apply(younger, at=HOUR + 50)
    assert crowd.texts() == {shared}
    sweep(connection, LIMITS, (HOUR + 80) * 3600)
    assert crowd.texts() == {shared} and rows(connection, schema.pending) == {"pending": 1}
    sweep(connection, LIMITS, (HOUR + 130) * 3600)
    assert crowd.texts() == set() and everything(connection) == {}


def test_a_group_below_the_floor_is_not_kept_alive_by_being_said_again(connection: Connection) -> None:
    """Said every day by the same four: gone 72 hours after it was first seen, and a later fifth starts anew."""
    crowd = Crowd(connection, KEY)
    accounts = apart(KEY, 5)
    for day in range(3):
        crowd.apply([crowd.mention(a, TEXT, hour=HOUR + day * 24) for a in accounts[:4]], at=HOUR + day * 24)
    sweep(connection, LIMITS, (HOUR + 73) * 3600)
    assert everything(connection) == {}
    crowd.apply([crowd.mention(accounts[4], TEXT, hour=HOUR + 74)], at=HOUR + 74)
    assert crowd.shown() == {} and crowd.texts() == set()


def test_sets_of_unshared_clauses_go_with_their_hours(connection: Connection) -> None:
    """Above the floor a group counts on; bins of clauses that stayed below it live 72 hours all the same."""
    crowd = Crowd(connection, KEY)
    accounts = apart(KEY, 6)
    for day in range(4):
        own = f"{TEXT}，这一句只有第一个人说"
        said = [crowd.mention(a, own if a == accounts[0] else TEXT, hour=HOUR + day * 24) for a in accounts]
        crowd.apply(said, at=HOUR + day * 24)
    assert connection.scalar(sa.select(sa.func.count()).where(sa.not_(schema.clause.c.shown))) == 2
    sweep(connection, LIMITS, (HOUR + 73) * 3600)
    assert connection.scalar(sa.select(sa.func.count()).where(sa.not_(schema.clause.c.shown))) == 0
    assert len(crowd.shown()) == 1 and rows(connection, schema.pending) == {"pending": 1}


def test_seen_goes_72_hours_after_publication(connection: Connection) -> None:
    """By the hour of each post, whenever it was read."""
    values = [{"token": n, "epoch": "test", "hour": HOUR - n} for n in range(100)]
    connection.execute(sa.insert(schema.seen), values)
    assert overdue(connection, LIMITS, NOW) == {"seen": 27}
    assert sweep(connection, LIMITS, NOW).seen == 27 and overdue(connection, LIMITS, NOW) == {}
    assert connection.scalar(sa.select(sa.func.min(schema.seen.c.hour))) == HOUR - 72


def test_claims_without_a_decision_go_after_90_days(connection: Connection) -> None:
    """Open ones, from their first observation, with all that hangs on them; decided ones stay whole."""
    for status in ("open", "answered", "dismissed"):
        claim(connection, status, status)
    claim(connection, "younger", observed_at=NOW + DAY)
    connection.execute(sa.insert(schema.claim_alias).values(old="joined", new="open"))
    connection.execute(sa.insert(schema.proposal).values(claim="younger", target="open", reason="same_clause"))
    day = NOW + 90 * DAY
    assert sweep(connection, LIMITS, day).claims == 0
    assert overdue(connection, LIMITS, day + 1) == {"claim": 1}
    assert sweep(connection, LIMITS, day + 1).claims == 1 and overdue(connection, LIMITS, day + 1) == {}
    left = {"answered", "dismissed", "younger"}
    assert set(connection.scalars(sa.select(schema.claim.c.id))) == left
    assert set(connection.scalars(sa.select(schema.shared_clause.c.claim))) == left
    assert rows(connection, schema.claim_alias, schema.proposal) == {}
    told = connection.execute(sa.select(schema.outbox.c.kind, schema.outbox.c.subject)).all()
    assert [tuple(row) for row in told] == [("claim", "open")]


def test_articles_go_with_their_time_unless_a_claim_stands(connection: Connection) -> None:
    """An article beside a decided claim is part of the decision; beside an open one it goes with it."""
    claim(connection, "open")
    claim(connection, "answered", "answered")
    alone, beside_open, beside_decided, younger = (
        article(connection, n, NOW + (DAY if n == 3 else 0)) for n in range(4)
    )
    for id_, number in (("open", beside_open), ("answered", beside_decided)):
        connection.execute(sa.insert(schema.claim_article).values(claim=id_, article=number, role="notice"))
    assert sweep(connection, LIMITS, NOW + 90 * DAY + 1).articles == 2
    assert set(connection.scalars(sa.select(schema.article.c.id))) == {beside_decided, younger} and alone == 1


def test_articles_past_their_time_are_proved_gone(connection: Connection) -> None:
    """What sweep deletes, overdue counts."""
    article(connection, 1, NOW)
    assert overdue(connection, LIMITS, NOW + 90 * DAY + 1) == {"article": 1}


def test_shorter_limits_are_kept(connection: Connection) -> None:
    """Configuration can shorten both times."""
    Crowd(connection, KEY).say(apart(KEY, 4), TEXT)
    claim(connection, "open")
    short = Limits(pending_hours=1, claim_days=1)
    now = NOW + DAY + 1
    assert overdue(connection, LIMITS, now) == {} and overdue(connection, short, now) == {"pending": 1, "claim": 1}
    sweep(connection, short, now)
    assert everything(connection) == {}


def test_in_the_end_only_decisions_stand(connection: Connection) -> None:
    """Everything that a busy desk holds, years later: the answered claim, its wording, its article."""
    crowd = Crowd(connection, KEY)
    crowd.say(apart(KEY, 9), TEXT)
    crowd.say(apart(KEY, 4), OTHER)
    claim(connection, "answered", "answered")
    number = article(connection, 1, NOW)
    article(connection, 2, NOW)
    connection.execute(sa.insert(schema.claim_article).values(claim="answered", article=number, role="notice"))
    connection.execute(sa.insert(schema.seen).values(token=1, epoch="test", hour=HOUR))
    assert len(everything(connection)) >= 10
    sweep(connection, LIMITS, LATE)
    assert everything(connection) == {"article": 1, "claim": 1, "claim_article": 1, "shared_clause": 1}


# -- bytes -----------------------------------------------------------------------------------------


def held(folder: Path, *texts: str) -> list[str]:
    """Clauses of ``texts`` that stand in a byte of the database or its write-ahead log."""
    content = b"".join(path.read_bytes() for path in sorted(folder.glob("*.db*")))
    return [clause for text in texts for clause in clauses(normalise(text)) if clause.encode() in content]


def test_retain_leaves_no_byte_of_what_it_deleted(tmp_path: Path) -> None:
    """Open claims, pending rows and an article of long ago, in tables full of others: `retain`, then search."""
    with open_workspace(tmp_path, None, SystemClock()) as workspace, workspace.store.write() as connection:
        crowd = Crowd(connection, KEY)
        for number in range(40):
            crowd.say(apart(KEY, 6), f"{'甲乙丙丁戊己庚辛'[number % 8] * 3}第{number}条街的水不能喝了大家先接桶装水")
        crowd.say(apart(KEY, 9), TEXT)
        claim(connection, "answered", "answered")
        number = article(connection, 1, 0)
        connection.execute(sa.update(schema.article).where(schema.article.c.id == number).values(text=OTHER * 200))
        connection.execute(sa.update(schema.claim).values(observed_at=0))
        connection.execute(sa.update(schema.pending).values(touched=0))
    assert held(tmp_path, TEXT, OTHER) == [*clauses(normalise(TEXT)), *clauses(normalise(OTHER))]
    run("retain", data=tmp_path, check=True)
    assert held(tmp_path, TEXT, OTHER) == [] and held(tmp_path, "第answered句话")
    with closing(sqlite3.connect(tmp_path / "chengqing.db")) as sql:
        assert sql.execute("SELECT id FROM claim").fetchall() == [("answered",)]


@pytest.mark.parametrize("secure", [True, False])
def test_without_secure_delete_the_bytes_stay(tmp_path: Path, secure: bool) -> None:
    """The arm without the guard: a deleted row is still read out of the file; with it, it is not."""
    with closing(sqlite3.connect(tmp_path / "plain.db", isolation_level=None)) as sql:
        sql.execute(f"PRAGMA secure_delete = {'ON' if secure else 'OFF'}")
        sql.execute("CREATE TABLE clause (text)")
        sql.executemany("INSERT INTO clause VALUES (?)", [(clause,) for clause in clauses(normalise(TEXT))])
        assert held(tmp_path, TEXT)
        sql.execute("DELETE FROM clause")
    assert bool(held(tmp_path, TEXT)) is not secure


@pytest.fixture
def impatient(store: Store) -> Iterator[Store]:
    """The same database by connections that wait a moment only."""

    @sa.event.listens_for(store.engine, "connect")
    def _connect(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA busy_timeout = 50")

    yield store
    sa.event.remove(store.engine, "connect", _connect)


def test_a_reader_that_holds_the_log_is_reported(impatient: Store, tmp_path: Path) -> None:
    """While it reads, deleted rows lie in the log and `retain` says so; after it, they are gone."""
    with impatient.write() as connection:
        claim(connection, "open")
    waited: list[float] = []
    with impatient.read() as reader:
        assert rows(reader, schema.claim)
        with impatient.write() as connection:
            sweep(connection, LIMITS, LATE)
        with pytest.raises(RetentionError, match="another program reads the database"):
            empty_log(impatient, waited.append)
        assert held(tmp_path, "第open句话")
    empty_log(impatient, waited.append)
    assert waited == [retention.WAIT] * (retention.TRIES - 1) and held(tmp_path, "第open句话") == []


def test_a_reader_that_leaves_in_time_is_waited_for(impatient: Store, tmp_path: Path) -> None:
    """The second attempt empties the log."""
    with impatient.write() as connection:
        claim(connection, "open")
    with ExitStack() as reader:
        reader.enter_context(impatient.read()).execute(sa.select(schema.claim)).all()
        with impatient.write() as connection:
            sweep(connection, LIMITS, LATE)
        empty_log(impatient, lambda _: reader.close())
    assert held(tmp_path, "第open句话") == []


def test_outbox_rows_hold_ids_and_versions_that_grow(connection: Connection) -> None:
    """No column has room for content; a change after the index was told has a higher version."""
    assert {column.name for column in schema.outbox.columns} == {"id", "kind", "subject", "version", "at", "done_at"}
    table = schema.outbox
    waiting = sa.select(table.c.kind, table.c.subject, table.c.version).where(table.c.done_at.is_(None))
    for version in range(1, 5):
        outbox.put(connection, "claim", ["a"] if version == 3 else ["a", "b", "a"], NOW)
        outbox.put(connection, "article", ["a"], NOW)
        told = {(row.kind, row.subject, row.version) for row in connection.execute(waiting)}
        assert told >= {("claim", "a", version), ("article", "a", version)} and len(told) <= 3
        if version == 2:
            connection.execute(sa.update(table).values(done_at=NOW))
    assert ("claim", "b", 3) in told


def test_outbox_and_record_hold_no_wording(connection: Connection) -> None:
    """After a claim was made, shown, changed and swept: ids only."""
    crowd = Crowd(connection, KEY)
    crowd.say(apart(KEY, 9), TEXT)
    ids = set(connection.scalars(sa.select(schema.claim.c.id)))
    outbox.put(connection, "claim", ids, NOW)
    sweep(connection, LIMITS, LATE)
    stored = [row for table in (schema.outbox, schema.audit) for row in connection.execute(sa.select(table))]
    assert {row.subject for row in stored} == ids
    assert not any(clause in str(tuple(row)) for clause in clauses(normalise(TEXT)) for row in stored)
