"""Groups, shared clauses and the floor are functions of the set of posts, whatever order or batch they came in."""

import random
import secrets
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import schema
from pipelines.epoch import EpochKey
from tests.support.crowd import Crowd, apart

KEY = EpochKey("test", bytes(range(32)))
BASES = [
    "听说小龙虾和西瓜一起吃会中毒，桃溪已经有人住院，家里有孩子的注意",
    "云岫区今晚十点停水三天，主管道大修，赶紧接水，转给家人",
    "孩子放学路上有面包车跟着，桃溪小学门口已经发生两起，接送的家长小心",
    "大蒜水每天喝一碗能杀死病毒，邻居一家都这么喝，没有一个发烧",
]
ENDS = ["转起来", "求证", "不知道真的假的", "刚听同事说的", "家里人都转了", "早点睡", "群里都炸了"]


def posts(count: int, chance: random.Random) -> list[tuple[str, str]]:
    """(account, text): four rumours with small changes, bridges between two wordings, and loose ones."""
    found = []
    for number in range(count):
        parts = chance.choice(BASES).split("，")
        if chance.random() < 0.4:
            parts.insert(chance.randrange(len(parts)), chance.choice(ENDS))
        if chance.random() < 0.3:
            parts.pop(chance.randrange(len(parts)))
        if chance.random() < 0.1:
            parts = [f"没人说过的第{number}句话", *chance.sample(ENDS, 2)]
        found.append((f"a{chance.randrange(60)}", "，".join(parts)))
    return found


def outcome(connection: Connection, said: list[tuple[str, str]], blocks: int) -> tuple[object, ...]:
    """Groups by what they hold, clauses shown by claim, and mentions: all but random ids and hours."""
    savepoint = connection.begin_nested()
    crowd = Crowd(connection, KEY)
    crowd.apply([crowd.mention(account, text) for account, text in said], blocks)
    pending, band, clause = schema.pending, schema.band, schema.clause
    groups = sorted(
        (
            tuple(sorted(connection.scalars(sa.select(band.c.hash).where(band.c.group == row.id)))),
            tuple(
                sorted(
                    (c.hash, c.mentions, c.shown)
                    for c in connection.execute(sa.select(clause).where(clause.c.group == row.id))
                )
            ),
            row.mentions,
            row.bins if row.claim is None else 0,
            row.claim is not None,
        )
        for row in connection.execute(sa.select(pending))
    )
    shown = sorted(tuple(sorted(texts)) for texts in crowd.shown().values())
    mentions = sorted(connection.scalars(sa.select(schema.claim.c.mentions)))
    savepoint.rollback()
    return groups, shown, sorted(crowd.texts()), mentions


def test_shuffles_and_splits_give_the_same(connection: Connection) -> None:
    """50 orders and batch splits of 300 posts: the same groups, the same clauses shown, the same floor."""
    chance = random.Random(5)
    said = posts(300, chance)
    wanted = outcome(connection, said, 1)
    assert len(wanted[1]) >= 3  # type: ignore[arg-type]
    for _ in range(50):
        chance.shuffle(said)
        assert outcome(connection, said, chance.randint(1, 40)) == wanted


def test_another_set_gives_another_outcome(connection: Connection) -> None:
    """The comparison can fail: one post less is seen."""
    said = posts(300, random.Random(5))
    assert outcome(connection, said[:-1], 1) != outcome(connection, said, 1)


def test_a_bridge_makes_two_claims_one(connection: Connection) -> None:
    """A post near both joins them: mentions add up, the old id still leads to the survivor, accounts are the larger."""
    crowd = Crowd(connection, KEY)
    left, right = BASES[0], BASES[1]
    accounts = apart(KEY, 12)
    crowd.say(accounts[:6], left)
    crowd.say(accounts[6:], right)
    assert len(crowd.shown()) == 2
    before = {row.id for row in connection.execute(sa.select(schema.claim.c.id))}
    bridge = crowd.mention("bridge", left)
    both = crowd.mention("bridge", right)
    crowd.apply([replace(bridge, bands=bridge.bands + both.bands)])
    shown = crowd.shown()
    assert len(shown) == 1
    (survivor,) = shown
    assert connection.scalar(sa.select(schema.claim.c.mentions)) == 13
    aliases = connection.execute(sa.select(schema.claim_alias)).all()
    assert {(row.old, row.new) for row in aliases} == {(next(iter(before - {survivor})), survivor)}
    assert max(connection.scalars(sa.select(schema.part.c.at_least))) <= 7


def test_opposite_claims_are_two_variants(connection: Connection) -> None:
    """ "能吃" and "不能吃" stand side by side, each with its own accounts."""
    crowd = Crowd(connection, KEY)
    start, end = "云溪河里漂上来的死鱼到底还", "吃，问过水产站的人，捞的人可多了，大家看着办"
    crowd.say([f"yes{n}" for n in range(14)], f"{start}能{end}")
    crowd.say([f"no{n}" for n in range(14)], f"{start}不能{end}")
    parts = connection.execute(sa.select(schema.part).where(schema.part.c.guard.is_not(None))).all()
    assert {row.guard for row in parts} == {"polarity=yes", "polarity=no"}
    assert all(row.at_least <= 14 for row in parts)


@pytest.mark.parametrize("blocks", [1, 12])
def test_the_same_text_twelve_thousand_times_costs_rows_once(connection: Connection, blocks: int) -> None:
    """A viral text adds no row a post."""
    crowd = Crowd(connection, EpochKey("viral", secrets.token_bytes(32)))
    crowd.apply([crowd.mention(f"a{n}", BASES[0]) for n in range(100)])
    before = _rows(connection)
    crowd.apply([crowd.mention(f"b{n}", BASES[0]) for n in range(11_900)], blocks)
    assert _rows(connection) == before


def _rows(connection: Connection) -> dict[str, int]:
    return {
        table.name: int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
        for table in schema.metadata.sorted_tables
    }
