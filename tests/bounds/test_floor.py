"""Bound 4, the floor: below five different bins nothing shows, and of wording only what five share."""

import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.text import clauses, normalise
from pipelines import bitmap, schema
from pipelines.epoch import EpochKey, bin_of
from pipelines.spread import unsigned
from tests.support.crowd import Crowd, apart

KEY = EpochKey("test", bytes(range(32)))
RUMOUR = "听说小龙虾和西瓜一起吃会中毒，桃溪已经有好几个人住院了"
TAILS = [
    "我家楼下就有一个",
    "同事的表哥亲口说的",
    "昨晚九点刚知道",
    "阿满说她也听到了",
    "记得告诉外婆",
    "路口那家店还在卖",
    "反正我不吃了",
]


def key() -> EpochKey:
    return EpochKey("test", secrets.token_bytes(32))


@contextmanager
def undone(connection: Connection) -> Iterator[None]:
    """Take back what is written inside: many trials in one database."""
    savepoint = connection.begin_nested()
    yield
    savepoint.rollback()


def test_four_accounts_with_49_reposts_each_show_nothing(connection: Connection) -> None:
    """However often four accounts say it, nothing is shown and no wording is stored."""
    crowd = Crowd(connection, KEY)
    four = apart(KEY, 4)
    crowd.apply([crowd.mention(account, RUMOUR, own=None if n == 0 else "") for account in four for n in range(49)], 7)
    assert crowd.shown() == {} and crowd.texts() == set()
    assert connection.scalar(sa.select(sa.func.count()).select_from(schema.claim)) == 0


def test_the_same_with_a_fifth_account_shows(connection: Connection) -> None:
    """The arm without the guard: a fifth bin is all that was missing."""
    crowd = Crowd(connection, KEY)
    five = apart(KEY, 5)
    crowd.apply([crowd.mention(account, RUMOUR) for account in five])
    assert list(crowd.shown().values()) == [set(clauses(normalise(RUMOUR)))]


def test_five_accounts_show_the_clause_they_share_and_no_other(connection: Connection) -> None:
    """Each ends in words of its own: those stay unsaid."""
    crowd = Crowd(connection, KEY)
    crowd.apply(
        [crowd.mention(account, f"{RUMOUR}，{tail}") for account, tail in zip(apart(KEY, 5), TAILS, strict=False)]
    )
    assert list(crowd.shown().values()) == [set(clauses(normalise(RUMOUR)))]
    assert crowd.texts() == set(clauses(normalise(RUMOUR)))


def test_a_name_in_one_copy_of_seven_is_never_shown(connection: Connection) -> None:
    """A clause that one of seven accounts says stays its own."""
    crowd = Crowd(connection, KEY)
    seven = apart(KEY, 7)
    named = f"{RUMOUR}，三班欧阳如月的妈妈也在"
    crowd.apply([crowd.mention(account, named if n == 3 else RUMOUR) for n, account in enumerate(seven)])
    assert not any("欧阳" in text for text in crowd.texts())


@pytest.mark.parametrize(("accounts", "low", "high"), [(4, 0.0, 0.0), (5, 0.82, 0.88), (7, 0.99, 1.0)])
def test_shares_of_trials_that_show(connection: Connection, accounts: int, low: float, high: float) -> None:
    """With random keys five accounts lie in five bins in 85 % of trials, seven nearly always, four never."""
    trials = 2000
    shown = 0
    for _ in range(trials):
        with undone(connection):
            crowd = Crowd(connection, key())
            crowd.say([f"a{n}" for n in range(accounts)], "小龙虾吃了会中毒")
            shown += bool(crowd.shown())
    print(f"{accounts} accounts: shown in {shown / trials:.3f} of {trials} trials")
    assert low <= shown / trials <= high


def test_one_account_forty_times_never_crosses(connection: Connection) -> None:
    """Forty posts of one account, each worded a little otherwise."""
    crowd = Crowd(connection, KEY)
    crowd.apply([crowd.mention("loud", f"{RUMOUR}{'!' * n}，第{n}遍说了") for n in range(40)], 8)
    assert crowd.shown() == {} and crowd.texts() == set()


def test_one_account_over_six_epochs_never_crosses(connection: Connection) -> None:
    """Six keys give one account six bins, in six sets that are never joined."""
    for number in range(6):
        crowd = Crowd(connection, EpochKey(f"epoch{number}", secrets.token_bytes(32)))
        crowd.say(["loud"], RUMOUR)
        assert crowd.shown() == {} and crowd.texts() == set()


def test_six_epochs_as_one_would_cross() -> None:
    """The arm without the guard: bins of six keys in one set are six."""
    bins = {bin_of(EpochKey("e", bytes([n]) * 32).account("test", "loud")) for n in range(6)}
    assert len(bins) >= 5


def test_reposts_of_one_post_store_none_of_its_wording(connection: Connection) -> None:
    """5,000 accounts repost it without a word: the group counts them, the parent's words are one account's."""
    crowd = Crowd(connection, KEY)
    crowd.apply([crowd.mention("parent", RUMOUR), *(crowd.mention(f"r{n}", RUMOUR, own="") for n in range(5000))], 25)
    assert list(crowd.shown().values()) == [set()] and crowd.texts() == set()
    assert connection.scalar(sa.select(schema.claim.c.mentions)) == 5001


def test_a_bare_repost_number_is_spread_never_floor(connection: Connection) -> None:
    """reposts_count 5,000 on one post shows nothing."""
    crowd = Crowd(connection, KEY)
    crowd.apply([crowd.mention("parent", RUMOUR, reposts=5000)])
    assert crowd.shown() == {} and crowd.texts() == set()


def _noisy(number: int, chance: random.Random) -> str:
    parts = [RUMOUR, *chance.sample(TAILS, 2), f"这是第{number}个"]
    chance.shuffle(parts)
    return "，".join(parts)


def test_every_stored_clause_was_said_by_five_accounts(connection: Connection) -> None:
    """Search-back over 400 posts of 90 accounts: normalised the same way, each clause has five speakers."""
    chance = random.Random(7)
    crowd = Crowd(connection, key())
    crowd.apply([crowd.mention(f"a{chance.randrange(90)}", _noisy(n, chance)) for n in range(400)], 9)
    speakers: dict[str, set[str]] = {}
    for account, text in crowd.said:
        for clause in clauses(text):
            speakers.setdefault(clause, set()).add(account)
    assert crowd.texts()
    assert min(len(speakers[clause]) for clause in crowd.texts()) >= 5


def test_a_raised_floor_holds(connection: Connection) -> None:
    """Floors can be raised: at seven, six different bins show nothing."""
    crowd = Crowd(connection, KEY, floor=7)
    accounts = apart(KEY, 7)
    crowd.say(accounts[:6], RUMOUR)
    assert crowd.shown() == {} and crowd.texts() == set()
    crowd.say(accounts[6:], RUMOUR)
    assert list(crowd.shown().values()) == [set(clauses(normalise(RUMOUR)))]


def test_a_lowered_floor_is_raised_to_five(connection: Connection) -> None:
    """A block asked for a floor of two counts with five."""
    crowd = Crowd(connection, KEY, floor=2)
    crowd.say(apart(KEY, 4), RUMOUR)
    assert crowd.shown() == {} and crowd.texts() == set()


def test_accounts_at_least_never_exceeds_the_truth(connection: Connection) -> None:
    """1,000 crowds of 1 to 60 accounts that speak up to three times each."""
    chance = random.Random(11)
    wrong = shown = 0
    for _ in range(1000):
        with undone(connection):
            crowd = Crowd(connection, key())
            accounts = [f"a{n}" for n in range(chance.randint(1, 60))]
            said = accounts + chance.choices(accounts, k=2 * len(accounts))
            chance.shuffle(said)
            crowd.apply([crowd.mention(account, "小龙虾吃了会中毒") for account in said], 2)
            for at_least in connection.scalars(sa.select(schema.part.c.at_least)):
                shown += 1
                wrong += at_least > len(accounts)
    assert shown > 500 and wrong == 0


def test_an_unproved_count_would_exceed_the_truth() -> None:
    """The arm without the guard: the estimate, taken for a lower bound, is too high now and then."""
    chance = random.Random(3)
    over = 0
    for _ in range(300):
        bits = bitmap.add(bitmap.new(), {chance.randrange(1024) for _ in range(200)})
        over += (bitmap.about(bits) or 0) > 200
    assert over > 0


@pytest.mark.parametrize(("read", "chance", "posts"), [("bins", 1 / 64, 3), ("bitmap", 1 / 8, 40)])
def test_a_key_thief_learns_little(
    connection: Connection, read: str, chance: float, posts: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """With database and live key, an outsider matches at least one in 64 below the floor, one in 8 above."""
    crowd = Crowd(connection, KEY)
    crowd.say([f"a{n}" for n in range(posts)] if read == "bitmap" else ["a1"], RUMOUR)
    test = _match_bins(connection) if read == "bins" else _match_bitmap(connection)
    outsiders = [KEY.account("test", f"outsider{n}") for n in range(20_000)]
    share = sum(map(test, outsiders)) / len(outsiders)
    with capsys.disabled():
        print(f"\nkey thief, {read}: {share:.4f} of outsiders match (bound: at least {chance:.4f})")
    assert share >= chance * 0.9


def _match_bins(connection: Connection) -> Callable[[bytes], bool]:
    bins = unsigned(connection.scalar(sa.select(schema.pending.c.bins)) or 0)
    assert bins.bit_count() == 1
    return lambda account: bool(bins >> bin_of(account) & 1)


def _match_bitmap(connection: Connection) -> Callable[[bytes], bool]:
    row = connection.execute(sa.select(schema.part).where(schema.part.c.guard.is_(None))).one()
    bits = int.from_bytes(row.bitmap, "big")
    return lambda account: bool(bits >> KEY.slot(row.id, account) & 1)


def test_nothing_else_depends_on_an_account(connection: Connection) -> None:
    """Two crowds, alike but for their accounts: only bins and bitmaps differ."""
    rows = []
    for prefix in ("first", "second"):
        with undone(connection):
            crowd = Crowd(connection, KEY)
            crowd.say(apart(KEY, 3, prefix), RUMOUR)
            crowd.say(apart(KEY, 6, prefix), "能吃能吃小龙虾随便吃没事的")
            rows.append(_everything_else(connection))
    assert rows[0] == rows[1]


def _everything_else(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, without sets, bitmaps and the claims' random ids."""
    left_out = {"bins", "bitmap", "at_least", "about", "claim", "id", "subject"}
    found = {}
    for table in schema.metadata.sorted_tables:
        columns = [column for column in table.columns if column.name not in left_out]
        found[table.name] = sorted((tuple(row) for row in connection.execute(sa.select(*columns))), key=repr)
    return found


def test_a_dictionary_attack_without_the_key_finds_nothing(connection: Connection) -> None:
    """Whoever knows every sentence but not the key matches no pending row; without the key he matches them all."""
    crowd = Crowd(connection, key())
    texts = [f"{RUMOUR}，{tail}" for tail in TAILS]
    crowd.apply([crowd.mention(f"a{n}", text) for n, text in enumerate(texts[:4])])
    stored = set(connection.scalars(sa.select(schema.clause.c.hash))) | set(
        connection.scalars(sa.select(schema.band.c.hash))
    )
    guesses = [clause for text in texts[:4] for clause in clauses(normalise(text))]
    for wrong in (EpochKey("test", bytes(32)), key(), KEY):
        assert not stored & {wrong.clause(guess) for guess in guesses}
    right = sum(crowd.key.clause(guess) in stored for guess in guesses) / len(guesses)
    assert right >= 0.7
