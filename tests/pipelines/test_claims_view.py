"""What a reader gets of a claim: declared fields, counts that are never too high, hours that begin at the floor."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import schema, view
from pipelines.epoch import EpochKey
from tests.support.crowd import HOUR, Crowd, apart

KEY = EpochKey("test", bytes(range(32)))


def nothing(_: object) -> tuple[()]:
    return ()


def test_hours_begin_when_the_floor_was_reached(connection: Connection) -> None:
    """The first four accounts spoke a day before: that hour is nowhere."""
    crowd = Crowd(connection, KEY)
    accounts = apart(KEY, 6)
    crowd.apply([crowd.mention(account, "小龙虾吃了会中毒", hour=HOUR - 24) for account in accounts[:4]])
    crowd.apply([crowd.mention(account, "小龙虾吃了会中毒") for account in accounts[4:]])
    crowd.apply([crowd.mention("late", "小龙虾吃了会中毒", hour=HOUR - 20)])
    (claim,) = view.claims(connection, nothing)
    assert (claim.first_hour, claim.last_hour) == (HOUR, HOUR)
    assert set(connection.scalars(sa.select(schema.claim_hour.c.hour))) == {HOUR}


def test_only_the_twenty_clauses_with_most_mentions_are_shown(connection: Connection) -> None:
    """Thirty shared clauses: twenty are read, ten are a number."""
    crowd = Crowd(connection, KEY)
    text = "，".join(f"这是大家都说的第{n}句话" for n in range(30))
    crowd.say(apart(KEY, 8), text)
    (claim,) = view.claims(connection, nothing)
    assert len(claim.wording) == view.WORDING and claim.hidden_wording == 10


def test_accounts_are_the_largest_variants(connection: Connection) -> None:
    """Eighteen say one thing, six the opposite: the claim's accounts are not their sum."""
    crowd = Crowd(connection, KEY)
    start, end = "云溪河里漂上来的死鱼到底还", "吃，问过水产站的人，捞的人可多了，大家看着办"
    crowd.say(apart(KEY, 18, "yes"), f"{start}能{end}")
    crowd.say(apart(KEY, 6, "no"), f"{start}不能{end}")
    for claim in view.claims(connection, nothing):
        assert claim.accounts_at_least is not None and claim.accounts_at_least <= 18
        if claim.variants:
            assert claim.accounts_at_least == max(v.accounts_at_least for v in claim.variants)


def test_a_group_without_shared_words_shows_counts_alone(connection: Connection) -> None:
    """Five reposts without a word: a claim with counts and no wording."""
    crowd = Crowd(connection, KEY)
    crowd.apply([crowd.mention(account, "小龙虾吃了会中毒", own="") for account in apart(KEY, 5)])
    (claim,) = view.claims(connection, nothing)
    assert claim.wording == () and claim.accounts_at_least == 5 and claim.headline is None


def test_an_early_warning_stands_first(connection: Connection) -> None:
    """Whatever the score and the spread, a witness's warning is read before the rest."""
    crowd = Crowd(connection, KEY)
    crowd.say([f"a{n}" for n in range(30)], "小龙虾吃了会中毒大家注意别吃了")
    crowd.say(apart(KEY, 5, "w"), "幼儿园门口看到三个孩子被送去医院了")
    first = connection.scalars(sa.select(schema.claim.c.id).order_by(schema.claim.c.mentions)).first()
    connection.execute(sa.update(schema.claim).where(schema.claim.c.id == first).values(early_warning=True, score=1))
    assert [claim.early_warning for claim in view.claims(connection, nothing)] == [True, False]


def test_a_hazard_without_common_wording_is_told_in_steps(connection: Connection) -> None:
    """Twelve accounts speak of one hazard, each in words of its own: at least 10, and no word of it."""
    from pipelines import epochs

    crowd = Crowd(connection, KEY)
    words = "山 水 风 雨 云 雪 花 鸟 鱼 虫 日 月".split()
    for account, word in zip(apart(KEY, 12), words, strict=True):
        crowd.apply([crowd.mention(account, f"{word * 9}小龙虾")])
    epochs.tell_hazards(connection, "test", HOUR * 3600)
    assert view.hazards(connection) == {"crayfish": 10}
    assert crowd.texts() == set()
