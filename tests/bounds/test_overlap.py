"""Bounds 3, 4 and 12 while two keys are live: the floor holds in each epoch, and no row joins what two keys made."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.text import clauses, letters, normalise
from pipelines import epochs, erase, schema
from pipelines.epoch import EpochKey, bin_of
from pipelines.group import Group
from pipelines.overlap import Overlap
from pipelines.spread import Mention
from tests.support.crowd import HOUR, apart
from tests.support.rotation import NEW, OLD, Rotation

RUMOUR = "听说小龙虾和西瓜一起吃会中毒，桃溪已经有好几个人住院了，家里有孩子的千万注意"
OTHER = "云岫区今晚十点停水三天，主管道大修，赶紧接水，转给家人"
TAIL = "老周也吃了"
AUDIT = b"a" * 32
CLAIM_ROWS = {
    "claim": "id", "claim_hour": "claim", "shared_clause": "claim", "part": "claim", "claim_article": "claim",
    "claim_alias": "new", "proposal": "target", "carried": "claim",
}  # fmt: skip
"""Every table that says something of a claim, and the column that names it."""


NOISY = ("bitmap", "at_least", "about", "claim")


@pytest.fixture
def rotation(connection: Connection) -> Rotation:
    return Rotation(connection)


def rows(connection: Connection, name: str, column: str, value: str) -> list[tuple[object, ...]]:
    table = schema.metadata.tables[name]
    found = connection.execute(sa.select(table).where(table.c[column] == value))
    return sorted((tuple(row) for row in found), key=repr)


def of_claim(connection: Connection, claim: str) -> dict[str, list[tuple[object, ...]]]:
    """Everything that stands of the claim."""
    return {table: rows(connection, table, column, claim) for table, column in CLAIM_ROWS.items()}


def of_epoch(connection: Connection, key: EpochKey) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table that has an epoch, of this one."""
    tables = [table for table in schema.metadata.sorted_tables if "epoch" in table.columns]
    assert len(tables) >= 8
    return {table.name: rows(connection, table.name, "epoch", key.epoch) for table in tables}


def immediate(self: Overlap, group: Group, claim: str) -> bool:
    """Inheriting without the guard: the group is the claim's at once, whoever is in it."""
    del self
    group.claim = group.claim or claim
    return False


# -- the floor -----------------------------------------------------------------------------------------


def four(rotation: Rotation) -> list[Mention]:
    """Four accounts of the new epoch, ten posts each: later hours, a clause of their own, questions, a warning."""
    said = [
        rotation.mention(NEW, account, f"{RUMOUR}，{TAIL}", hour=HOUR + n, reposts=50)
        for account in apart(NEW, 4)
        for n in range(10)
    ]
    return [replace(one, question=True, early_warning=True, score=10, rules=frozenset({"cure"})) for one in said]


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("blocks", [1, 8])
def test_four_accounts_add_nothing_to_a_claim_of_forty(
    rotation: Rotation, monkeypatch: pytest.MonkeyPatch, blocks: int, guarded: bool
) -> None:
    """Not a mention, hour, slot, clause, rule or mark; inherited at once they would add all of it."""
    rotation.say(OLD, apart(OLD, 40), RUMOUR)
    (claim,) = rotation.claims()
    before = of_claim(rotation.connection, claim)
    if not guarded:
        monkeypatch.setattr(Overlap, "inherit", immediate)
    rotation.apply(four(rotation), blocks)
    after = of_claim(rotation.connection, claim)
    changed = {table for table in before if before[table] != after[table]}
    assert rotation.claims() == [claim]
    if guarded:
        assert changed == set()
        assert not any(TAIL in text for text in rotation.crowds[NEW.epoch].texts())
    else:
        assert changed == {"claim", "claim_hour", "part"}
        assert rotation.mentions() == [80]


def test_the_fifth_account_is_all_that_was_missing(rotation: Rotation) -> None:
    """With five bins of its own epoch the group is part of the claim, and what five said is shown."""
    rotation.say(OLD, apart(OLD, 40), RUMOUR)
    rotation.apply(four(rotation))
    rotation.say(NEW, apart(NEW, 5)[4:], f"{RUMOUR}，{TAIL}")
    assert rotation.mentions() == [81]
    assert set(rotation.crowds[NEW.epoch].texts()) == {*clauses(normalise(RUMOUR)), TAIL}


@pytest.mark.parametrize("late", [OLD, NEW], ids=["old epoch read last", "new epoch read last"])
def test_bins_of_two_epochs_are_never_one_set(rotation: Rotation, late: EpochKey) -> None:
    """Four and four accounts say the same on both sides of the turn: nothing is shown, in either order."""
    for key in (NEW if late == OLD else OLD, late):
        rotation.say(key, apart(key, 4), RUMOUR)
    assert rotation.claims() == [] and rotation.crowds[OLD.epoch].texts() == set()
    bins = [row.bins for row in (*rotation.groups(OLD), *rotation.groups(NEW))]
    assert [set_.bit_count() for set_ in bins] == [4, 4]


def test_bins_of_two_keys_as_one_set_would_cross() -> None:
    """The arm without the guard: four accounts have more than four bins under two keys."""
    assert len({bin_of(key.account("test", name)) for key in (OLD, NEW) for name in apart(OLD, 4)}) >= 5


def test_a_loud_claim_of_the_new_epoch_lifts_nobody_in_the_old(rotation: Rotation) -> None:
    """Forty new accounts, four old ones: of the four nothing is shown."""
    rotation.say(NEW, apart(NEW, 40), RUMOUR)
    (claim,) = rotation.claims()
    before = of_claim(rotation.connection, claim)
    rotation.say(OLD, apart(OLD, 4), f"{RUMOUR}，{TAIL}")
    assert rotation.claims() == [claim] and of_claim(rotation.connection, claim) == before
    assert not any(TAIL in text for text in rotation.crowds[OLD.epoch].texts())


# -- what a key thief could join -------------------------------------------------------------------------


def test_a_post_of_the_new_epoch_leaves_no_row_in_the_old(rotation: Rotation) -> None:
    """Fifty posts, some of words that the old epoch knows and some of others: its rows are as they were."""
    rotation.say(OLD, apart(OLD, 9), RUMOUR)
    rotation.say(OLD, ["one"], OTHER)
    before = of_epoch(rotation.connection, OLD)
    for number in range(50):
        rotation.say(NEW, [f"a{number}"], (RUMOUR, OTHER, f"第{number}条街的水不能喝了大家先接桶装水")[number % 3])
    assert of_epoch(rotation.connection, OLD) == before


def test_a_late_post_of_the_old_epoch_leaves_no_row_in_the_new(rotation: Rotation) -> None:
    """The same the other way; of a claim that stands, a waiting group may learn."""
    rotation.say(NEW, apart(NEW, 9), RUMOUR)
    before = of_epoch(rotation.connection, NEW)
    rotation.say(OLD, apart(OLD, 3), RUMOUR)
    rotation.say(OLD, ["a"], OTHER)
    assert of_epoch(rotation.connection, NEW) == before


def linked(connection: Connection, text: str) -> bool:
    """Whether somebody with both keys finds the post in both epochs."""
    stored = {(row.epoch, row.hash) for row in connection.execute(sa.select(schema.band))}
    words = letters(normalise(text))
    return all(any((key.epoch, value) in stored for value in key.bands(words)) for key in (OLD, NEW))


@pytest.mark.parametrize("twice", [False, True])
def test_the_bands_of_one_post_are_not_stored_under_two_keys(rotation: Rotation, twice: bool) -> None:
    """A thief with both keys and the database sees a post in one epoch; counted in both, he would see it twice."""
    text = "柳渡三街的李家桥下面有人捞到翻肚子的鱼，闻着一股药味"
    rotation.say(NEW, ["a"], text)
    if twice:
        rotation.say(OLD, ["a"], text)
    assert linked(rotation.connection, text) is twice


def snapshot(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """All rows, without what is random: bitmaps, what is read from them, and ids of claims."""
    noise = {("claim", "id"), *((t, c) for t in schema.metadata.tables for c in NOISY)}
    found = {}
    for table in schema.metadata.sorted_tables:
        columns = [column for column in table.columns if (table.name, column.name) not in noise]
        found[table.name] = sorted((tuple(row) for row in connection.execute(sa.select(*columns))), key=repr)
    return found


@pytest.mark.parametrize("older", [True, False])
def test_a_second_signature_leaves_nothing_of_its_own(connection: Connection, older: bool) -> None:
    """Where no older group says the same, twice-signed posts store what once-signed ones do: bit for bit."""
    found = []
    for strip in (False, True):
        savepoint = connection.begin_nested()
        rotation = Rotation(connection)
        rotation.say(OLD, apart(OLD, 9), OTHER if older else RUMOUR)
        said = [rotation.mention(NEW, account, RUMOUR) for account in apart(NEW, 4)]
        rotation.apply([replace(one, also=()) if strip else one for one in said])
        found.append(snapshot(connection))
        savepoint.rollback()
    assert (found[0] == found[1]) is older


def test_what_is_inherited_names_a_claim_and_no_key(rotation: Rotation) -> None:
    """After the old epoch's end a waiting group holds the id of a claim: no row of the old key, none that it made."""
    rotation.say(OLD, apart(OLD, 9), RUMOUR)
    rotation.say(NEW, apart(NEW, 2), RUMOUR)
    words = letters(normalise(RUMOUR))
    keyed = {*OLD.bands(words), *(OLD.clause(clause) for clause in clauses(normalise(RUMOUR)))}
    assert keyed & numbers(rotation.connection)
    epochs.end(rotation.connection, OLD.epoch, HOUR * 3600)
    assert [row.inherits for row in rotation.groups(NEW)] == rotation.claims()
    assert not keyed & numbers(rotation.connection)


def numbers(connection: Connection) -> set[object]:
    """Every number that stands anywhere."""
    columns = (c for t in schema.metadata.sorted_tables for c in t.columns if isinstance(c.type, sa.Integer))
    return {value for column in columns for value in connection.scalars(sa.select(column))}


# -- voices ----------------------------------------------------------------------------------------------


Change = Callable[[Mention], Mention]


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(("erased", "later"), [(OLD, NEW), (NEW, OLD)], ids=["rotated", "read late"])
def test_a_voice_does_not_come_back_because_a_key_rotated(
    rotation: Rotation, erased: EpochKey, later: EpochKey, guarded: bool
) -> None:
    """Called a voice under one key, said by forty under the other: no row. Signed with one key it would be back."""
    rotation.say(erased, apart(erased, 9), RUMOUR)
    erase.erase(rotation.connection, rotation.claims(), "one", AUDIT, HOUR * 3600)
    change: Change = (lambda one: one) if guarded else (lambda one: replace(one, also=()))
    said = [change(rotation.mention(later, account, RUMOUR)) for account in apart(later, 40)]
    counted = rotation.apply(said, 4)
    assert (counted, len(rotation.claims())) == ((0, 0) if guarded else (40, 1))
    assert (rotation.groups(later) == []) is guarded


@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize(("said", "later"), [(OLD, NEW), (NEW, OLD)], ids=["rotated", "read late"])
def test_hidden_words_are_not_shown_under_another_key(
    rotation: Rotation, said: EpochKey, later: EpochKey, guarded: bool
) -> None:
    """While a second person is asked, forty more under the other key make no claim; signed with one key they would."""
    rotation.say(said, apart(said, 9), RUMOUR)
    (hidden,) = rotation.claims()
    erase.hide(rotation.connection, hidden, "one", AUDIT, HOUR * 3600)
    before = of_claim(rotation.connection, hidden)
    more = [rotation.mention(later, account, f"{RUMOUR}，{TAIL}") for account in apart(later, 40)]
    rotation.apply([one if guarded else replace(one, also=()) for one in more], 8)
    assert of_claim(rotation.connection, hidden) == before
    assert (rotation.claims() == [hidden]) is guarded
    assert (TAIL in rotation.crowds[later.epoch].texts()) is not guarded
