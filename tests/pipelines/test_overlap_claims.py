"""While two keys are live: two claims, decisions, hidden and erased ones, and articles of organisations."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import erase, schema, view
from pipelines.epoch import EpochKey
from pipelines.spread import Mention
from tests.support.crowd import HOUR, apart
from tests.support.rotation import NEW, OLD, Rotation

TEXT = "听说小龙虾和西瓜一起吃会中毒，桃溪已经有好几个人住院了"
OTHER = "云岫区今晚十点停水三天，主管道大修，赶紧接水，转给家人"
THIRD = "孩子放学路上有面包车跟着，桃溪小学门口已经发生两起，接送的家长小心"
AUDIT = b"a" * 32
NOW = HOUR * 3600


@pytest.fixture
def rotation(connection: Connection) -> Rotation:
    return Rotation(connection)


def only_claim(rotation: Rotation) -> sa.Row[tuple[object, ...]]:
    return rotation.connection.execute(sa.select(schema.claim)).one()


def proposals(connection: Connection) -> set[tuple[str, str, str]]:
    return {(row.claim, row.target, row.reason) for row in connection.execute(sa.select(schema.proposal))}


# -- two claims ------------------------------------------------------------------------------------


def bridge(rotation: Rotation, account: str, *texts: str) -> Mention:
    """A post of the new epoch that is near all of ``texts`` under both keys."""
    said = [rotation.mention(NEW, account, text) for text in texts]
    also = ((OLD.epoch, tuple(value for one in said for value in one.also[0][1])),)
    return replace(said[0], bands=tuple(value for one in said for value in one.bands), also=also)


@pytest.mark.parametrize("blocks", [1, 5])
@pytest.mark.parametrize("texts", [(TEXT, OTHER), (OTHER, TEXT)])
def test_of_two_claims_the_larger_is_inherited_and_the_other_proposed(
    rotation: Rotation, texts: tuple[str, str], blocks: int
) -> None:
    """Posts near both: part of the claim with more mentions; below the floor not even a proposal."""
    old = [rotation.mention(OLD, account, TEXT) for account in apart(OLD, 7)]
    old += [rotation.mention(OLD, account, OTHER) for account in apart(OLD, 9)]
    new = [bridge(rotation, account, *texts) for account in apart(NEW, 5)]
    savepoint = rotation.connection.begin_nested()
    rotation.apply([*old, *new[:4]], blocks)
    assert rotation.mentions() == [7, 9] and proposals(rotation.connection) == set()
    savepoint.rollback()
    rotation.apply([*old, *new], blocks)
    assert rotation.mentions() == [7, 14]
    small, large = rotation.connection.scalars(sa.select(schema.claim.c.id).order_by(schema.claim.c.mentions))
    assert [row.claim for row in rotation.groups(NEW)] == [large]
    assert proposals(rotation.connection) == {(large, small, "same_posts")}


def test_a_claim_that_has_taken_in_an_older_one_joins_no_third_unasked(rotation: Rotation) -> None:
    """Two groups of the new epoch become one, one of them part of an older claim; the same post meets another claim."""
    rotation.say(OLD, apart(OLD, 6), TEXT)
    rotation.say(OLD, apart(OLD, 5), THIRD)
    rotation.say(NEW, apart(NEW, 9), OTHER)
    rotation.say(NEW, apart(NEW, 6), TEXT)
    assert rotation.mentions() == [5, 9, 12]
    third = rotation.mention(NEW, "bridge", THIRD)
    rotation.apply([replace(bridge(rotation, "bridge", OTHER, TEXT), also=third.also)])
    assert rotation.mentions() == [5, 22] and len(proposals(rotation.connection)) == 1


@pytest.mark.parametrize("blocks", [1, 3])
def test_merged_groups_carry_on_what_they_inherit(rotation: Rotation, blocks: int) -> None:
    """Two accounts beside the smaller claim, two beside the larger, a fifth near both under the new key alone."""
    rotation.say(OLD, apart(OLD, 7), TEXT)
    (small,) = rotation.claims()
    rotation.say(OLD, apart(OLD, 9), OTHER)
    (large,) = set(rotation.claims()) - {small}
    accounts = apart(NEW, 5)
    rotation.apply([rotation.mention(NEW, account, TEXT) for account in accounts[:2]], blocks)
    rotation.apply([rotation.mention(NEW, account, OTHER) for account in accounts[2:4]], blocks)
    assert sorted(row.inherits for row in rotation.groups(NEW)) == sorted((small, large))
    rotation.apply([replace(bridge(rotation, accounts[4], TEXT, OTHER), also=())])
    assert [(row.claim, row.inherits, row.mentions) for row in rotation.groups(NEW)] == [(large, None, 5)]
    assert rotation.mentions() == [7, 14]


def test_a_merge_with_a_claim_brings_it_into_the_inherited_one(rotation: Rotation) -> None:
    """A group above the floor with a claim of its own, and a small one that inherits, turn out to be one."""
    rotation.say(OLD, apart(OLD, 9), TEXT)
    (old,) = rotation.claims()
    rotation.say(NEW, apart(NEW, 6), OTHER)
    accounts = apart(NEW, 3, "more")
    rotation.say(NEW, accounts[:2], TEXT)
    assert rotation.mentions() == [6, 9]
    rotation.apply([replace(bridge(rotation, accounts[2], OTHER, TEXT), also=())])
    assert only_claim(rotation).id == old and rotation.mentions() == [18]


@pytest.mark.parametrize("known", [True, False])
def test_claims_that_are_joined_stay_inherited(rotation: Rotation, known: bool) -> None:
    """The inherited claim becomes part of another, in a block that changes the waiting group or knows nothing of it."""
    rotation.say(OLD, apart(OLD, 9), OTHER)
    rotation.say(OLD, apart(OLD, 7), TEXT)
    accounts = apart(NEW, 5)
    rotation.say(NEW, accounts[:4], TEXT)
    (waiting,) = rotation.groups(NEW)
    said = [rotation.mention(OLD, "bridge", text) for text in (TEXT, OTHER)]
    both = replace(said[0], bands=said[0].bands + said[1].bands, also=())
    again = [replace(rotation.mention(NEW, accounts[0], TEXT), also=())] if known else []
    rotation.apply([both, *again])
    survivor = only_claim(rotation).id
    assert survivor != waiting.inherits and rotation.groups(NEW)[0].inherits == survivor
    rotation.say(NEW, accounts[4:], TEXT)
    assert rotation.mentions() == [22 + known] and rotation.groups(NEW)[0].claim == survivor


def test_a_claim_that_has_gone_is_followed_by_a_new_one(rotation: Rotation) -> None:
    """Retention took it: nothing is inherited from it."""
    rotation.say(OLD, apart(OLD, 9), TEXT)
    accounts = apart(NEW, 5)
    rotation.say(NEW, accounts[:4], TEXT)
    (gone,) = rotation.claims()
    rotation.connection.execute(sa.delete(schema.claim))
    assert rotation.groups(NEW)[0].inherits is None
    rotation.say(NEW, accounts[4:], TEXT)
    assert only_claim(rotation).id != gone and rotation.mentions() == [5]


# -- early warnings and decisions ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "warning", "claims"), [("answered", True, 2), ("answered", False, 1), ("open", True, 1)]
)
def test_an_early_warning_becomes_no_part_of_a_decided_claim(
    rotation: Rotation, status: str, warning: bool, claims: int
) -> None:
    """It stands by itself, and staff are told of the other; without a decision, or without the mark, it goes on."""
    rotation.say(OLD, apart(OLD, 9), TEXT)
    (decided,) = rotation.claims()
    rotation.connection.execute(sa.update(schema.claim).values(status=status))
    said = [rotation.mention(NEW, account, TEXT) for account in apart(NEW, 7)]
    rotation.apply([replace(one, early_warning=warning) for one in said], 7)
    assert len(rotation.claims()) == claims
    new = set(rotation.claims()) - {decided}
    assert proposals(rotation.connection) == {(one, decided, "same_posts") for one in new}


def test_a_decision_on_the_newer_claim_is_not_swallowed(rotation: Rotation) -> None:
    """Answered before the older posts were read: two claims and a proposal."""
    rotation.say(NEW, apart(NEW, 9), TEXT)
    (answered,) = rotation.claims()
    rotation.connection.execute(sa.update(schema.claim).values(status="answered"))
    rotation.say(OLD, apart(OLD, 6), TEXT)
    (late,) = set(rotation.claims()) - {answered}
    assert proposals(rotation.connection) == {(answered, late, "same_posts")}


# -- hidden and erased -----------------------------------------------------------------------------


@pytest.mark.parametrize("near", [True, False])
def test_while_the_claim_is_hidden_the_group_waits(rotation: Rotation, near: bool) -> None:
    """No claim, count or wording, be its posts near the older group or near each other; shown again, it goes on."""
    rotation.say(OLD, apart(OLD, 9), TEXT)
    (hidden,) = rotation.claims()
    rotation.say(NEW, ["early"], TEXT)
    erase.hide(rotation.connection, hidden, "one", AUDIT, NOW)
    texts = rotation.crowds[OLD.epoch].texts()
    more = [rotation.mention(NEW, account, f"{TEXT}，怎么没人管") for account in apart(NEW, 7)]
    rotation.apply([one if near else replace(one, also=()) for one in more], 3)
    assert rotation.claims() == [hidden] and rotation.mentions() == [9]
    assert rotation.crowds[NEW.epoch].texts() == texts
    rotation.connection.execute(sa.delete(schema.erasure))
    rotation.say(NEW, ["late"], TEXT)
    assert rotation.claims() == [hidden] and rotation.mentions() == [18]


@pytest.mark.parametrize("hidden", [OLD, NEW], ids=["old", "new"])
def test_a_hidden_claim_is_not_joined(rotation: Rotation, hidden: EpochKey) -> None:
    """Two claims that stood apart, one of them hidden: posts that belong to both leave them as they are."""
    for key in (OLD, NEW):
        rotation.apply([replace(rotation.mention(key, account, TEXT), also=()) for account in apart(key, 9)])
    (claim,) = [str(row.claim) for row in rotation.groups(hidden)]
    erase.hide(rotation.connection, claim, "one", AUDIT, NOW)
    rotation.say(NEW, ["later"], TEXT)
    rotation.say(OLD, ["late"], TEXT)
    assert rotation.mentions() == [10, 10] and proposals(rotation.connection) == set()
    assert rotation.connection.scalars(sa.select(schema.erasure.c.claim)).all() == [claim]
    rotation.connection.execute(sa.delete(schema.erasure))
    rotation.say(NEW, ["again"], TEXT)
    assert rotation.mentions() == [21]


@pytest.mark.parametrize(("said", "muted"), [(OLD, NEW), (NEW, OLD)], ids=["rotated", "read late"])
def test_erased_words_are_muted_under_every_live_key(rotation: Rotation, said: EpochKey, muted: EpochKey) -> None:
    """Called a voice in one epoch: not a word of it counts in the other, in either direction of time."""
    rotation.say(said, apart(said, 9), TEXT)
    erase.erase(rotation.connection, rotation.claims(), "one", AUDIT, NOW)
    assert rotation.say(muted, apart(muted, 9), TEXT) == 0
    assert rotation.groups(muted) == [] and rotation.claims() == []
    assert rotation.say(muted, apart(muted, 9), OTHER) == 9


def test_a_group_that_waits_for_the_claim_is_erased_with_it(rotation: Rotation) -> None:
    """Four of the new epoch spoke before; a fifth is near them under their own key only."""
    rotation.say(OLD, apart(OLD, 9), TEXT)
    accounts = apart(NEW, 5)
    rotation.say(NEW, accounts[:4], TEXT)
    erase.erase(rotation.connection, rotation.claims(), "one", AUDIT, NOW)
    assert rotation.apply([replace(rotation.mention(NEW, accounts[4], TEXT), also=())]) == 0
    assert rotation.claims() == [] and rotation.crowds[NEW.epoch].texts() == set()


# -- articles of organisations -----------------------------------------------------------------------


def article(rotation: Rotation, key: EpochKey, text: str) -> Mention:
    """An organisation's article in the epoch of ``key``."""
    values = {
        "source": "office", "key": text, "outlet": "桃溪发布", "link": "https://example.org/1", "title": text,
        "text": text, "hazard": "crayfish", "role": "claim", "published": NOW, "version": 1,
    }  # fmt: skip
    table = schema.article
    id_ = int(rotation.connection.execute(sa.insert(table).values(values).returning(table.c.id)).scalar_one())
    return replace(rotation.mention(key, "-", text), account=None, bin=None, clauses=(), article=id_)


def test_an_article_is_shown_with_the_older_claim(rotation: Rotation) -> None:
    """At once; the four individuals in its group still add nothing."""
    rotation.say(OLD, apart(OLD, 9), TEXT)
    accounts = apart(NEW, 5)
    rotation.say(NEW, accounts[:3], TEXT)
    rotation.apply([article(rotation, NEW, TEXT)])
    (claim,) = view.claims(rotation.connection, lambda _: ())
    assert claim.outlets == ("桃溪发布",) and claim.mentions == 9
    rotation.say(NEW, accounts[3:4], TEXT)
    assert rotation.mentions() == [9]
    rotation.say(NEW, accounts[4:], TEXT)
    assert rotation.mentions() == [14] and len(rotation.claims()) == 1


def test_a_claim_that_an_article_showed_first_goes_over_with_its_group(rotation: Rotation) -> None:
    """Published before the older posts were read: two claims, until its own group is above the floor."""
    rotation.apply([article(rotation, NEW, TEXT)])
    rotation.say(OLD, apart(OLD, 9), TEXT)
    accounts = apart(NEW, 5)
    rotation.say(NEW, accounts[:4], TEXT)
    assert rotation.mentions() == [0, 9]
    rotation.apply([replace(rotation.mention(NEW, accounts[4], TEXT), also=())])
    (claim,) = view.claims(rotation.connection, lambda _: ())
    assert claim.outlets == ("桃溪发布",) and claim.mentions == 14


def test_a_claim_of_articles_alone_is_not_inherited(rotation: Rotation) -> None:
    """It serves no floor: inherited, it would lift the three old accounts beside it."""
    rotation.apply([article(rotation, OLD, TEXT)])
    rotation.say(OLD, apart(OLD, 3), TEXT)
    rotation.say(NEW, apart(NEW, 6), TEXT)
    assert rotation.mentions() == [0, 6]
