"""Hazard, score and marks of a group and its claim are functions of the set of its posts, not of their order."""

from dataclasses import replace

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from pipelines import schema
from pipelines.epoch import EpochKey
from pipelines.spread import Block, Mention
from tests.support.crowd import HOUR, Crowd, guard

KEY = EpochKey("order", bytes(range(32)))
SCOPES = {"crayfish": "food_drug", "flood": "disaster", "scam": "consumer_safety"}
TEXTS = (
    "云岫区今晚十点停水三天，主管道大修，赶紧接水，转给家人",
    "云岫区今晚十点停水三天，主管道大修，赶紧接水，求证",
    "听说小龙虾和西瓜一起吃会中毒，桃溪已经有人住院，家里有孩子的注意",
)
POSTS = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from(TEXTS),
        st.sampled_from(sorted(SCOPES)),
        st.integers(0, 10),
        st.booleans(),
        st.booleans(),
        st.sets(st.sampled_from(["hearsay", "urgency", "miracle"])),
        st.integers(0, 3),
        st.sampled_from([False] * 9 + [True]),
    ),
    min_size=1,
    max_size=50,
)


def mentions(crowd: Crowd, posts: list[tuple[int, str, str, int, bool, bool, set[str], int, bool]]) -> list[Mention]:
    """Posts as they are counted; one that bridges holds the bands of two wordings, so that their groups become one."""
    other = crowd.mention("x", TEXTS[-1]).bands
    found = []
    for account, text, hazard, score, warning, question, rules, reposts, bridges in posts:
        one = crowd.mention(f"a{account}", text, reposts=reposts)
        marks = replace(
            one, hazard=hazard, score=score, early_warning=warning, question=question, rules=frozenset(rules)
        )
        found.append(replace(marks, bands=one.bands + other) if bridges else marks)
    return found


def outcome(connection: Connection, some: list[Mention], size: int) -> tuple[object, ...]:
    """Groups and claims by what they say of themselves: all but random ids."""
    savepoint = connection.begin_nested()
    for start in range(0, len(some), size):
        part = some[start : start + size]
        block = Block(connection, part, floor=5, scopes=SCOPES, guard=guard, now=HOUR * 3600)
        for mention in part:
            block.apply(mention)
        block.flush()
    pending, claim = schema.pending.c, schema.claim.c
    groups = connection.execute(
        sa.select(
            pending.hazards, pending.score, pending.early_warning, pending.questions, pending.reposts, pending.rules,
            pending.mentions, pending.claim.is_not(None),
        )
    ).all()  # fmt: skip
    claims = connection.execute(
        sa.select(claim.hazard, claim.score, claim.early_warning, claim.mentions, claim.questions, claim.rules)
    ).all()
    savepoint.rollback()
    return sorted(map(repr, groups)), sorted(map(repr, claims))


@given(posts=POSTS, chance=st.randoms(use_true_random=False), size=st.integers(1, 50))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_order_and_blocks_change_nothing(connection: Connection, posts, chance, size) -> None:  # type: ignore[no-untyped-def]
    """Any set of posts in any order and cut: the same hazards, scores, marks, rules and counts."""
    some = mentions(Crowd(connection, KEY), posts)
    wanted = outcome(connection, some, len(some))
    chance.shuffle(some)
    assert outcome(connection, some, size) == wanted


def test_a_mark_more_is_seen(connection: Connection) -> None:
    """The comparison can fail: one post with another score, mark, rule or hazard gives another outcome."""
    crowd = Crowd(connection, KEY)
    some = [crowd.mention(f"a{number}", TEXTS[0]) for number in range(12)]
    wanted = outcome(connection, some, 12)
    for change in ({"score": 9}, {"early_warning": True}, {"rules": frozenset({"urgency"})}, {"hazard": "flood"}):
        changed = replace(some[0], **change)
        assert outcome(connection, [changed, *some[1:]], 12) != wanted
