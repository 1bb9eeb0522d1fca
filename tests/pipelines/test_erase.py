"""Erasing: who may, what goes at once, what an unanswered wish leaves, and the record of it all."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from chengqing.clock import FixedClock, SystemClock
from chengqing.workspace import open_workspace
from nlp.gate import Gate, Passed, load_gate
from nlp.packs import Touch, load_packs
from nlp.reader import Reader
from nlp.score import load_scorer
from nlp.text import clauses, normalise
from pipelines import audit, epochs, erase, schema, view, windows
from pipelines.audit import Entry
from pipelines.epoch import EpochKey
from pipelines.erase import Erased
from pipelines.intake import Batch, Intake
from pipelines.page import Page, Post, Reads
from pipelines.store import Store
from pipelines.triage import Triage
from tests.support.crowd import HOUR, Crowd, apart
from tests.support.program import run

KEY = EpochKey("test", bytes(range(32)))
AUDIT = b"a" * 32
TEXT = "听说小龙虾和西瓜一起吃会中毒，桃溪已经有好几个人住院了"
OTHER = "云岫区今晚十点停水三天，主管道大修，赶紧接水，转给家人"
NOW = HOUR * 3600


def texts(connection: Connection) -> list[str]:
    """Every value of every text column."""
    return [
        str(value)
        for table in schema.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.String)
        for value in connection.scalars(sa.select(column))
    ]


def worded(connection: Connection, text: str) -> list[str]:
    """Clauses of ``text`` that stand anywhere."""
    stored = texts(connection)
    return [clause for clause in clauses(normalise(text)) if any(clause in value for value in stored)]


def spread(connection: Connection, text: str = TEXT, /, **changed: str | bool) -> str:
    """A claim that nine accounts spread, with the columns ``changed``."""
    before = set(connection.scalars(sa.select(schema.claim.c.id)))
    Crowd(connection, KEY).say(apart(KEY, 9), text)
    claim: str
    (claim,) = set(connection.scalars(sa.select(schema.claim.c.id))) - before
    if changed:
        connection.execute(sa.update(schema.claim).where(schema.claim.c.id == claim).values(**changed))
    return claim


def shown(connection: Connection) -> set[str]:
    return {claim.id for claim in view.claims(connection, lambda _: ())}


# -- who may ---------------------------------------------------------------------------------------


def test_an_open_claim_goes_at_once(connection: Connection) -> None:
    """One person, nothing left but keyed bands without a claim; the other claim stays."""
    claim, other = spread(connection), spread(connection, OTHER)
    assert erase.decide(connection, claim, "one") is Erased.DONE
    assert erase.erase(connection, [claim, "unknown"], "one", AUDIT, NOW) == [claim]
    assert shown(connection) == {other} and worded(connection, TEXT) == []
    assert worded(connection, OTHER) == clauses(normalise(OTHER))
    assert erase.decide(connection, claim, "one") is Erased.UNKNOWN


@pytest.mark.parametrize("changed", [{"early_warning": True}, {"status": "answered"}, {"status": "dismissed"}])
def test_an_early_warning_or_a_decision_needs_a_second_person(
    connection: Connection, changed: dict[str, str | bool]
) -> None:
    """Hidden at once by the first, who can't confirm; gone by the second."""
    claim = spread(connection, **changed)
    assert erase.decide(connection, claim, "one") is Erased.HIDDEN
    assert shown(connection) == {claim}
    erase.hide(connection, claim, "one", AUDIT, NOW)
    assert shown(connection) == set() and worded(connection, TEXT)
    assert erase.decide(connection, claim, "one") is Erased.NEEDS_ANOTHER
    assert erase.decide(connection, claim, "two") is Erased.DONE
    erase.erase(connection, [claim], "two", AUDIT, NOW + 1)
    assert worded(connection, TEXT) == []
    found = connection.execute(sa.select(schema.audit.c.actor, schema.audit.c.action)).all()
    assert [tuple(row) for row in found] == [("one", "hide"), ("two", "erase")]


def test_the_command_keeps_to_the_same(tmp_path: Path) -> None:
    """``erase --by``: hidden, refused to the same person, done by another; unknown afterwards."""
    with open_workspace(tmp_path, None, SystemClock()) as workspace, workspace.store.write() as connection:
        claim = spread(connection, early_warning=True)
    answers = [run("erase", claim, "--by", who, data=tmp_path).returncode for who in ("one", "one", "two", "two")]
    assert answers == [0, 1, 0, 1]
    with open_workspace(tmp_path, None, SystemClock()) as workspace, workspace.store.read() as connection:
        assert workspace.keys.erased() == {claim} and worded(connection, TEXT) == []
        assert audit.broken_at(connection, workspace.keys.audit()) is None


# -- a wish that nobody confirms -------------------------------------------------------------------


def test_unconfirmed_after_an_hour_only_the_wording_goes(connection: Connection) -> None:
    """Id, hazard, hours, counts stay, off the screen; twice is no error, and other claims keep their words."""
    claim, other = spread(connection, early_warning=True), spread(connection, OTHER)
    epochs.end(connection, KEY.epoch, NOW)
    erase.hide(connection, claim, "one", AUDIT, NOW)
    before = _numbers(connection, claim)
    assert erase.drop_wording(connection, AUDIT, NOW + 3599) == [] and worded(connection, TEXT)
    assert erase.drop_wording(connection, AUDIT, NOW + 3600) == [claim]
    assert worded(connection, TEXT) == [] and worded(connection, OTHER)
    assert _numbers(connection, claim) == before and shown(connection) == {other}
    assert erase.drop_wording(connection, AUDIT, NOW + 9999) == []


def _numbers(connection: Connection, claim: str) -> list[tuple[object, ...]]:
    """The claim's row, hours and account counts."""
    found = []
    for table, column in ((schema.claim, "id"), (schema.claim_hour, "claim"), (schema.part, "claim")):
        found += [tuple(row) for row in connection.execute(sa.select(table).where(table.c[column] == claim))]
    assert len(found) >= 3
    return found


def test_the_wording_goes_while_the_epoch_lives(connection: Connection) -> None:
    """The same with the key alive: no table holds the words."""
    claim = spread(connection, early_warning=True)
    erase.hide(connection, claim, "one", AUDIT, NOW)
    assert erase.drop_wording(connection, AUDIT, NOW + 3600) == [claim]
    assert worded(connection, TEXT) == []


def test_the_wording_stays_away_when_it_is_said_again(connection: Connection) -> None:
    """One more mention after the words went: counted, not worded."""
    claim = spread(connection, early_warning=True)
    erase.hide(connection, claim, "one", AUDIT, NOW)
    erase.drop_wording(connection, AUDIT, NOW + 3600)
    Crowd(connection, KEY).say(["late"], TEXT)
    assert connection.scalar(sa.select(sa.func.count()).select_from(schema.shared_clause)) == 0


def test_a_start_drops_what_is_due(tmp_path: Path) -> None:
    """Any command an hour later, not only one about claims."""
    clock = FixedClock(datetime.fromtimestamp(NOW + 3600, UTC))
    with open_workspace(tmp_path, None, clock) as workspace, workspace.store.write() as connection:
        claim = spread(connection, early_warning=True)
        epochs.end(connection, KEY.epoch, NOW)
        erase.hide(connection, claim, "one", workspace.keys.audit(), NOW)
        assert worded(connection, TEXT)
    with open_workspace(tmp_path, None, clock) as workspace, workspace.store.read() as connection:
        assert worded(connection, TEXT) == [] and _numbers(connection, claim)


# -- the same words again --------------------------------------------------------------------------


class Open(Gate):
    """A gate that keeps everything: what is dropped here is dropped for another reason."""

    def keep(self, text: str) -> Passed | None:
        return Passed(self.packs.touch(text) or Touch(next(iter(self.packs.hazards.values())), ()), 3.0)


@pytest.fixture(scope="module")
def reader() -> Reader:
    packs = load_packs()
    gate = load_gate(packs)
    return Reader(packs, (), Open(packs, gate.claim, gate.voice), load_scorer())


def take(store: Store, reader: Reader, first: int, accounts: list[str], text: str) -> dict[str, int]:
    """A page of posts through the whole intake; what became of them."""
    posts = tuple(
        Post(
            token=KEY.post("test", f"post {first + n}"),
            account=KEY.account("test", account),
            epoch=KEY.epoch,
            hour=HOUR,
            text=text,
        )
        for n, account in enumerate(accounts)
    )
    with store.write() as connection:
        window = windows.open_window(
            connection, source="file", name=str(first), basis="b", format="f", as_of=NOW, epoch=KEY.epoch, now=NOW
        )
    page = Page(source="file", window=window.id, cursor=1, reads=Reads(), posts=posts)
    batch = Batch.of(page, Triage(reader, {KEY.epoch: KEY}, "file"))
    counts = Intake(store, reader, floor=5).commit(batch, window=window.id, cursor=1, line=1, now=NOW)
    return {outcome: n for (_, outcome), n in counts.outcomes.items() if n}


@pytest.mark.parametrize("erased", [True, False])
def test_the_same_words_in_the_same_epoch_are_left_alone(store: Store, reader: Reader, erased: bool) -> None:
    """Nine new accounts say it again, a little otherwise: dropped and nothing kept. Without the erasure, counted."""
    accounts = apart(KEY, 18)
    assert take(store, reader, 0, accounts[:9], TEXT) == {"kept": 9}
    with store.write() as connection:
        (claim,) = connection.scalars(sa.select(schema.claim.c.id))
        if erased:
            erase.erase(connection, [claim], "one", AUDIT, NOW)
    outcome = {"out_of_scope": 9} if erased else {"kept": 9}
    assert take(store, reader, 100, accounts[9:], f"{TEXT}！") == outcome
    with store.read() as connection:
        assert shown(connection) == (set() if erased else {claim})
        assert bool(worded(connection, TEXT)) is not erased
        assert connection.scalar(sa.select(sa.func.sum(schema.pending.c.mentions))) == (0 if erased else 18)


def test_other_words_are_heard_after_an_erasure(store: Store, reader: Reader) -> None:
    """Only the erased group is mute."""
    accounts = apart(KEY, 9)
    take(store, reader, 0, accounts, TEXT)
    with store.write() as connection:
        erase.erase(connection, list(connection.scalars(sa.select(schema.claim.c.id))), "one", AUDIT, NOW)
    assert take(store, reader, 100, accounts, OTHER) == {"kept": 9}
    with store.read() as connection:
        assert worded(connection, OTHER) and len(shown(connection)) == 1


# -- the record ------------------------------------------------------------------------------------


@pytest.fixture
def record(connection: Connection) -> Connection:
    """Seven decisions, chained."""
    for n in range(7):
        audit.append(connection, AUDIT, Entry(NOW + n, "one" if n % 2 else "two", "erase", f"claim{n}"))
    return connection


def test_the_record_holds_as_it_was_written(record: Connection) -> None:
    """An empty one too; under another key nothing holds."""
    assert audit.broken_at(record, AUDIT) is None
    assert audit.broken_at(record, secrets.token_bytes(32)) == 1
    assert list(record.scalars(sa.select(schema.audit.c.seq))) == list(range(1, 8))
    record.execute(sa.delete(schema.audit))
    assert audit.broken_at(record, AUDIT) is None


CHANGES: dict[str, object] = {"at": NOW, "actor": "three", "action": "hide", "subject": "claim9", "mac": bytes(32)}


@pytest.mark.parametrize("column", CHANGES)
@pytest.mark.parametrize("seq", [1, 4, 7])
def test_a_changed_row_is_found(record: Connection, seq: int, column: str) -> None:
    """In every column, at either end and in the middle."""
    value = NOW - 1 if column == "at" else CHANGES[column]
    record.execute(sa.update(schema.audit).where(schema.audit.c.seq == seq).values({column: value}))
    assert audit.broken_at(record, AUDIT) == seq


@pytest.mark.parametrize("seq", [1, 3, 6])
def test_a_removed_row_is_found(record: Connection, seq: int) -> None:
    """Also when those behind it are numbered anew."""
    record.execute(sa.delete(schema.audit).where(schema.audit.c.seq == seq))
    assert audit.broken_at(record, AUDIT) == seq
    for later in range(seq + 1, 8):
        record.execute(sa.update(schema.audit).where(schema.audit.c.seq == later).values(seq=later - 1))
    assert audit.broken_at(record, AUDIT) == seq


@pytest.mark.parametrize(("left", "right"), [(1, 2), (3, 6)])
def test_swapped_rows_are_found(record: Connection, left: int, right: int) -> None:
    """Two rows in each other's place."""
    table = schema.audit
    for old, new in ((left, 100), (right, left), (100, right)):
        record.execute(sa.update(table).where(table.c.seq == old).values(seq=new))
    assert audit.broken_at(record, AUDIT) == left


def test_a_row_of_another_history_is_found(record: Connection) -> None:
    """A row that was once written in this place, under this key, before a restore: the next one does not follow it."""
    table = schema.audit
    fork = record.begin_nested()
    record.execute(sa.delete(table).where(table.c.seq >= 4))
    audit.append(record, AUDIT, Entry(NOW, "three", "hide", "other"))
    assert audit.broken_at(record, AUDIT) is None
    other = record.execute(sa.select(table).where(table.c.seq == 4)).mappings().one()
    fork.rollback()
    record.execute(sa.update(table).where(table.c.seq == 4).values(**other))
    assert audit.broken_at(record, AUDIT) == 5


def test_fields_can_not_flow_into_each_other(connection: Connection) -> None:
    """A byte moved from one column to the next is a change."""
    audit.append(connection, AUDIT, Entry(NOW, "one", "erase", "claim"))
    connection.execute(sa.update(schema.audit).values(actor="on", action="eerase"))
    assert audit.broken_at(connection, AUDIT) == 1
