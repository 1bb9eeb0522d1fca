"""Bounds 3, 4, 5 and 12 for questions for a public fact: a floor, no wording, 72 hours, and gone when it is to go."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp import ask
from nlp.ask import Ask, Asker
from nlp.gate import Gate
from nlp.reader import Reader
from nlp.redact import Redactor
from pipelines import asked, bitmap, epochs, erase, retention, schema
from pipelines.epoch import EpochKey, bin_of
from pipelines.group import unsigned
from pipelines.retention import Limits
from pipelines.store import Store
from tests.support.asking import Askers, disk, plain, runs, town_reader
from tests.support.crowd import HOUR, apart

KEY = EpochKey("old", bytes(range(32)))
NEXT = EpochKey("new", bytes(range(32, 64)))
LIMITS = Limits()
AUDIT = b"a" * 32
ASKED = (schema.asking, schema.question)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return town_reader()


@pytest.fixture(scope="module")
def questions(reader: Reader) -> dict[str, Ask]:
    return plain(reader)


@pytest.fixture
def text(questions: dict[str, Ask]) -> str:
    return next(iter(questions))


@pytest.fixture
def askers(store: Store, reader: Reader) -> Askers:
    return Askers(store, reader, KEY)


def standing(store: Store) -> list[asked.QuestionView]:
    with store.read() as connection:
        return asked.questions(connection)


def rows(connection: Connection) -> dict[str, int]:
    """Rows by table, those of asking alone."""
    found = {table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in ASKED}
    return {name: n for name, n in found.items() if n}


# -- the floor -------------------------------------------------------------------------------------


def test_four_bins_show_nothing_and_stand_nowhere_in_plain(
    askers: Askers, text: str, questions: dict[str, Ask], tmp_path: Path
) -> None:
    """Ten posts each: no row to read, and neither hazard, place, word nor text in any byte."""
    for _ in range(10):
        assert askers.say(apart(KEY, 4), text) == {"kept": 4}
    assert standing(askers.store) == []
    found, bytes_ = questions[text], disk(tmp_path)
    assert [word for word in (found.hazard, found.place, text) if word.encode() in bytes_] == []
    with askers.store.read() as connection:
        assert rows(connection) == {"asking": 1}
        (row,) = connection.execute(sa.select(schema.asking))
    assert row.hash == KEY.question(found.hazard, found.place, found.word) and row.mentions == 40


def test_a_fifth_bin_shows_it(askers: Askers, text: str, questions: dict[str, Ask], tmp_path: Path) -> None:
    """The arm without the guard: a fifth bin is all that was missing. Its bins have done their work, and are gone."""
    askers.say(apart(KEY, 4), text, hour=HOUR - 2)
    askers.say(apart(KEY, 5)[4:], text)
    (view,) = standing(askers.store)
    assert Ask(view.hazard, view.place, view.word) == questions[text]
    assert (view.accounts_at_least, view.mentions, view.first_hour, view.last_hour) == (5, 5, HOUR, HOUR)
    assert questions[text].place.encode() in disk(tmp_path)
    with askers.store.read() as connection:
        assert list(connection.scalars(sa.select(schema.asking.c.bins))) == [0]


def test_a_floor_of_four_would_show_four(
    store: Store, reader: Reader, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for four it counts with five; with the guard taken away four are shown."""
    Askers(store, reader, KEY, floor=4).say(apart(KEY, 4), text)
    assert standing(store) == []
    monkeypatch.setattr(bitmap, "FLOOR", 4)
    Askers(store, reader, NEXT, floor=4).say(apart(NEXT, 4), text)
    assert len(standing(store)) == 1


def test_a_raised_floor_holds(store: Store, reader: Reader, text: str) -> None:
    askers = Askers(store, reader, KEY, floor=7)
    askers.say(apart(KEY, 6), text)
    assert standing(store) == []
    askers.say(apart(KEY, 7)[6:], text)
    assert [view.accounts_at_least for view in standing(store)] == [7]


def test_one_account_forty_times_never_crosses(askers: Askers, text: str) -> None:
    askers.say(["loud"] * 40, text)
    assert standing(askers.store) == []


def test_bins_of_two_keys_are_never_joined(store: Store, reader: Reader, text: str) -> None:
    """Four accounts under one key and four under the next are no five, as bins of one set they would be."""
    Askers(store, reader, KEY).say(apart(KEY, 4), text)
    Askers(store, reader, NEXT).say(apart(NEXT, 4), text)
    assert standing(store) == []
    bins = {bin_of(key.account("test", name)) for key in (KEY, NEXT) for name in apart(key, 4)}
    assert len(bins) >= 5


def test_two_keys_show_one_question(store: Store, reader: Reader, text: str) -> None:
    """Accounts are the maximum of both, mentions add up, the hours reach over both."""
    Askers(store, reader, KEY).say(apart(KEY, 5), text, hour=HOUR - 3)
    Askers(store, reader, NEXT).say(apart(NEXT, 30), text)
    first, second = (40 > view.accounts_at_least > 5 for view in standing(store) * 2)
    (view,) = standing(store)
    assert first and second and view.mentions == 35 and (view.first_hour, view.last_hour) == (HOUR - 3, HOUR)


def test_two_questions_are_two(askers: Askers, questions: dict[str, Ask]) -> None:
    """Two accounts ask this and three that: no five ask the same."""
    one, *_, other = questions
    five = apart(KEY, 5)
    askers.say(five[:2], one)
    askers.say(five[2:], other)
    assert standing(askers.store) == []


def test_at_least_never_exceeds_the_truth(askers: Askers, text: str) -> None:
    """Sixty accounts, some of them twice."""
    accounts = [f"a{n}" for n in range(60)]
    askers.say([*accounts, *accounts[:20]], text)
    (view,) = standing(askers.store)
    assert 30 < view.accounts_at_least <= 60 and view.mentions == 80


def test_a_post_that_is_read_again_counts_once(askers: Askers, text: str) -> None:
    """``seen`` holds its token; other posts of the same accounts would count."""
    five = apart(KEY, 5)
    assert askers.say(five, text, first=1000) == {"kept": 5}
    assert askers.say(five, text, first=1000) == {"duplicate": 5}
    assert [view.mentions for view in standing(askers.store)] == [5]
    assert askers.say(five, text, first=2000) == {"kept": 5}
    assert [view.mentions for view in standing(askers.store)] == [10]


def test_a_repost_asks_nothing(askers: Askers, text: str) -> None:
    """Neither of a question nor with one beside a claim: unsure means none."""
    assert askers.say(apart(KEY, 5), "", quoted=text) == {"out_of_scope": 5}
    assert askers.say(apart(KEY, 5), text, quoted="今天的第三碗面") == {"out_of_scope": 5}


def test_a_dictionary_without_the_key_finds_nothing(askers: Askers, questions: dict[str, Ask]) -> None:
    """All questions there are can be tried by the holder of the key, and by nobody else."""
    text, found = next(iter(questions.items()))
    askers.say(apart(KEY, 4), text)
    with askers.store.read() as connection:
        (hash_,) = connection.scalars(sa.select(schema.asking.c.hash))
    guess = (found.hazard, found.place, found.word)
    assert hash_ == KEY.question(*guess) and hash_ != NEXT.question(*guess)


def test_a_key_thief_learns_six_bits(askers: Askers, text: str) -> None:
    askers.say(["a1"], text)
    with askers.store.read() as connection:
        bins = unsigned(connection.scalar(sa.select(schema.asking.c.bins)) or 0)
    outsiders = [KEY.account("test", f"outsider{n}") for n in range(6400)]
    assert bins.bit_count() == 1 and sum(bins >> bin_of(one) & 1 for one in outsiders) > 50


# -- no wording ------------------------------------------------------------------------------------


class Open(Gate):
    """A gate that hears no voice."""

    def speaks(self, text: str) -> bool:
        del text
        return False


SENTINEL = "青鸾望月"


def test_no_wording_of_a_question_is_stored(askers: Askers, questions: dict[str, Ask], tmp_path: Path) -> None:
    """Thirty accounts ask each: of the words of none a run of six characters stands in any byte."""
    for text in questions:
        assert askers.say(apart(KEY, 30), text) == {"kept": 30}
    assert len(standing(askers.store)) == len(set(questions.values()))
    bytes_ = disk(tmp_path)
    assert len(runs(list(questions))) > 20
    assert [run for run in runs(list(questions)) if run.encode() in bytes_] == []
    with askers.store.read() as connection:
        keyed = (schema.band, schema.clause, schema.clause_text, schema.pending, schema.claim)
        assert [table.name for table in keyed if connection.execute(sa.select(table)).first()] == []


def test_as_a_claim_its_words_would_be_stored(
    store: Store, questions: dict[str, Ask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The arm without the guard: were it read as a claim, thirty accounts would store its clause."""
    reader = town_reader()
    gate = reader._gate
    kept = type("Keep", (Gate,), {"keep": lambda self, text: Gate.keep_article(self, text)})
    reader._gate = kept(gate.packs, gate.claim, gate.voice)
    monkeypatch.setattr(Asker, "read", lambda *_: None)
    monkeypatch.setattr("nlp.reader.asks_fact", lambda _: False)
    for text in questions:
        Askers(store, reader, KEY).say(apart(KEY, 30), text)
    assert any(run.encode() in disk(tmp_path) for run in runs(list(questions)))


@pytest.mark.parametrize("guarded", [True, False])
def test_a_word_off_the_lists_drops_the_post(
    store: Store, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """A name in it: nothing is counted, nothing kept. Without the lists it counts, and even so its words are gone."""
    reader = town_reader()
    if not guarded:
        monkeypatch.setattr(ask, "_consists", lambda *_: True)
        monkeypatch.setattr(Redactor, "spans", lambda *_: [])
        monkeypatch.setattr(Gate, "speaks", lambda *_: False)
    askers = Askers(store, reader, KEY)
    said = askers.say(apart(KEY, 8), f"{SENTINEL}，{text}")
    assert said == ({"out_of_scope": 8} if guarded else {"kept": 8})
    assert len(standing(store)) == (0 if guarded else 1) and SENTINEL.encode() not in disk(tmp_path)


# -- it goes ---------------------------------------------------------------------------------------


def swept(store: Store, hour: int) -> dict[str, int]:
    """Retention at ``hour``; what is left of asking. What is past its time is proved to be gone."""
    now = hour * 3600
    with store.write() as connection:
        retention.sweep(connection, LIMITS, now)
        assert retention.overdue(connection, LIMITS, now) == {}
        left = rows(connection)
    retention.empty_log(store)
    return left


def test_below_the_floor_it_goes_after_72_hours(askers: Askers, text: str) -> None:
    """Asked every day by the same four: gone 72 hours after the first; a fifth begins anew."""
    for day in range(3):
        askers.say(apart(KEY, 4), text, hour=HOUR + 24 * day)
    assert swept(askers.store, HOUR + 72) == {"asking": 1}
    assert swept(askers.store, HOUR + 73) == {}
    askers.say(apart(KEY, 5)[4:], text, hour=HOUR + 73)
    assert standing(askers.store) == []


def test_above_the_floor_it_goes_72_hours_after_the_last(
    askers: Askers, text: str, questions: dict[str, Ask], tmp_path: Path
) -> None:
    """Bytes and all, the database's log too."""
    askers.say(apart(KEY, 5), text)
    askers.say(apart(KEY, 1), text, hour=HOUR + 50)
    place = questions[text].place.encode()
    assert swept(askers.store, HOUR + 122) == {"asking": 1, "question": 1} and place in disk(tmp_path)
    with askers.store.read() as connection:
        left = retention.overdue(connection, LIMITS, (HOUR + 123) * 3600)
        assert {name: left[name] for name in ("asking", "question")} == {"asking": 1, "question": 1}
    assert swept(askers.store, HOUR + 123) == {} and place not in disk(tmp_path)


def test_the_end_of_a_key_takes_what_it_made(askers: Askers, questions: dict[str, Ask]) -> None:
    """Keyed rows and the bitmap go; three words and numbers stay."""
    one, *_, other = questions
    askers.say(apart(KEY, 9), one)
    askers.say(apart(KEY, 3), other)
    before = standing(askers.store)
    with askers.store.write() as connection:
        epochs.end(connection, KEY.epoch, HOUR * 3600)
        assert rows(connection) == {"question": 1}
        assert connection.scalar(sa.select(schema.question.c.bitmap)) is None
    assert standing(askers.store) == before


@pytest.mark.parametrize("erased", [True, False])
def test_an_erased_question_is_left_alone(store: Store, reader: Reader, text: str, erased: bool) -> None:
    """Under both keys: rows go, whoever asks again is dropped. Without the erasure it counts on."""
    for key in (KEY, NEXT):
        Askers(store, reader, key).say(apart(key, 6), text)
    (view,) = standing(store)
    with store.write() as connection:
        names = erase.names(connection, view.id)
        assert len(names) == 2 and erase.resolve(connection, view.id) == view.id
        assert erase.decide(connection, view.id, "one") is erase.Erased.DONE
        if erased:
            assert erase.erase(connection, [view.id], "one", AUDIT, HOUR * 3600) == [view.id]
            assert erase.resolve(connection, view.id) is None and rows(connection) == {"asking": 2}
            assert connection.execute(sa.select(schema.outbox)).all() == []
            assert list(connection.scalars(sa.select(schema.audit.c.subject))) == [view.id]
    for key in (KEY, NEXT):
        said = Askers(store, reader, key).say(apart(key, 12)[6:], text, first=500)
        assert said == ({"out_of_scope": 6} if erased else {"kept": 6})
    assert len(standing(store)) == (0 if erased else 1)


def test_another_question_is_heard_after_an_erasure(askers: Askers, questions: dict[str, Ask]) -> None:
    one, *_, other = questions
    askers.say(apart(KEY, 6), one)
    with askers.store.write() as connection:
        erase.erase(connection, [view.id for view in asked.questions(connection)], "one", AUDIT, HOUR * 3600)
    assert askers.say(apart(KEY, 6), other) == {"kept": 6} and len(standing(askers.store)) == 1
