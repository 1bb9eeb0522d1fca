"""While two keys are live a post counts once, and a claim goes on from the older epoch into the newer."""

import random
import secrets
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.gate import Gate, Passed, load_gate
from nlp.packs import Touch, load_packs
from nlp.reader import Reader, Told
from nlp.score import load_scorer
from nlp.text import clauses, letters, normalise
from pipelines import epochs, erase, schema, view
from pipelines.epoch import EpochKey
from pipelines.intake import Batch, Intake
from pipelines.page import Article, Page, Post, Reads
from pipelines.spread import Mention
from pipelines.store import Store
from pipelines.triage import Triage
from tests.support.crowd import HOUR, apart
from tests.support.rotation import NEW, OLD, Rotation

TEXT = "听说小龙虾和西瓜一起吃会中毒，桃溪已经有好几个人住院了"
OTHER = "云岫区今晚十点停水三天，主管道大修，赶紧接水，转给家人"
THIRD = "孩子放学路上有面包车跟着，桃溪小学门口已经发生两起，接送的家长小心"
ENDS = ["转起来", "求证", "刚听同事说的", "家里人都转了", "早点睡", "群里都炸了"]
AUDIT = b"a" * 32
NOW = HOUR * 3600


@pytest.fixture
def rotation(connection: Connection) -> Rotation:
    return Rotation(connection)


def only_claim(rotation: Rotation) -> sa.Row[tuple[object, ...]]:
    return rotation.connection.execute(sa.select(schema.claim)).one()


# -- the claim goes on -----------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [1, 2, 15])
def test_a_claim_goes_on_under_the_new_key(rotation: Rotation, blocks: int) -> None:
    """Nine said it before the turn, six say it after: one claim, fifteen mentions, accounts of both epochs beside."""
    before = [rotation.mention(OLD, account, TEXT) for account in apart(OLD, 9)]
    after = [rotation.mention(NEW, account, TEXT, hour=HOUR + 3) for account in apart(NEW, 6)]
    rotation.apply([*before, *after], blocks)
    claim = only_claim(rotation)
    assert (claim.mentions, claim.first_hour, claim.last_hour) == (15, HOUR, HOUR + 3)
    assert [(row.mentions, row.claim, row.inherits) for row in rotation.groups(NEW)] == [(6, claim.id, None)]
    parts = rotation.connection.scalars(sa.select(schema.part.c.epoch).where(schema.part.c.guard.is_(None)))
    assert sorted(parts) == ["new", "old"]
    assert rotation.connection.scalars(sa.select(schema.claim_alias.c.old)).all() == []


def test_without_the_second_signature_it_would_be_two(rotation: Rotation) -> None:
    """The arm without the overlap: the same posts, signed with their own key alone."""
    before = [rotation.mention(OLD, account, TEXT) for account in apart(OLD, 9)]
    after = [rotation.mention(NEW, account, TEXT) for account in apart(NEW, 6)]
    rotation.apply([replace(one, also=()) for one in (*before, *after)])
    assert rotation.mentions() == [6, 9]


def test_a_mention_counts_once_in_the_epoch_of_its_hour(rotation: Rotation) -> None:
    """Bands, clauses, bins and mentions lie in the epoch of the post, and nowhere else."""
    rotation.say(OLD, apart(OLD, 9), TEXT)
    rotation.say(NEW, apart(NEW, 3), TEXT)
    words = letters(normalise(TEXT))
    connection = rotation.connection
    for key, mentions in ((OLD, 9), (NEW, 3)):
        assert [row.mentions for row in rotation.groups(key)] == [mentions]
        bands = connection.scalars(sa.select(schema.band.c.hash).where(schema.band.c.epoch == key.epoch))
        assert set(bands) == set(key.bands(words))
        hashes = connection.scalars(sa.select(schema.clause.c.hash).where(schema.clause.c.epoch == key.epoch))
        assert set(hashes) == {key.clause(clause) for clause in clauses(normalise(TEXT))}
    assert rotation.mentions() == [9]


def test_accounts_are_the_larger_number_never_the_sum(rotation: Rotation) -> None:
    """Twelve accounts, then nine others: at least no more than twelve, and twenty-one mentions."""
    rotation.say(OLD, apart(OLD, 12, "before"), TEXT)
    rotation.say(NEW, apart(NEW, 9, "after"), TEXT)
    (claim,) = view.claims(rotation.connection, lambda _: ())
    assert claim.mentions == 21 and claim.accounts_at_least is not None and claim.accounts_at_least <= 12


def test_it_goes_on_when_the_old_epoch_has_ended(rotation: Rotation) -> None:
    """Three of the new epoch spoke in time; the old key goes; the fourth and fifth make them part of the claim."""
    rotation.say(OLD, apart(OLD, 9), TEXT)
    accounts = apart(NEW, 5)
    rotation.say(NEW, accounts[:3], TEXT)
    epochs.end(rotation.connection, OLD.epoch, NOW)
    alone = [replace(rotation.mention(NEW, account, TEXT), also=()) for account in accounts[3:]]
    rotation.apply(alone, 2)
    assert only_claim(rotation).mentions == 14
    for table in (schema.pending, schema.band, schema.clause, schema.clause_text, schema.carried, schema.seen):
        assert rotation.connection.execute(sa.select(table).where(table.c.epoch == OLD.epoch)).all() == []


def test_over_three_keys_the_claim_is_one(connection: Connection) -> None:
    """A setting that shortens keys leaves several live: each epoch joins the claim in its turn."""
    keys = [EpochKey(f"epoch{n}", secrets.token_bytes(32)) for n in range(3)]
    rotation = Rotation(connection, keys)
    for key in keys:
        rotation.say(key, apart(key, 6), TEXT)
    assert rotation.mentions() == [18]


# -- which way it goes -----------------------------------------------------------------------------


def test_an_older_group_inherits_nothing(rotation: Rotation) -> None:
    """Nine of the new epoch have a claim; three late posts of the old one stay three bins below the floor."""
    rotation.say(NEW, apart(NEW, 9), TEXT)
    rotation.say(OLD, apart(OLD, 3), TEXT)
    assert rotation.mentions() == [9]
    (old,) = rotation.groups(OLD)
    assert (old.claim, old.inherits, old.mentions) == (None, None, 3) and old.bins != 0


def test_a_claim_that_the_new_epoch_made_first_becomes_part_of_the_old_one(rotation: Rotation) -> None:
    """The older posts were read later, and reach the floor by themselves: one claim, found by both ids."""
    rotation.say(NEW, apart(NEW, 9), TEXT)
    (made,) = rotation.claims()
    accounts = apart(OLD, 5)
    rotation.say(OLD, accounts[:4], TEXT)
    assert rotation.claims() == [made]
    rotation.say(OLD, accounts[4:], TEXT)
    claim = only_claim(rotation)
    assert claim.mentions == 14 and erase.resolve(rotation.connection, made) == claim.id != made


def test_an_older_group_below_the_floor_gives_nothing(rotation: Rotation) -> None:
    """Four before, six after: the new epoch has a claim of its own, with six mentions."""
    rotation.say(OLD, apart(OLD, 4), TEXT)
    rotation.say(NEW, apart(NEW, 6), TEXT)
    assert rotation.mentions() == [6]


def test_a_waiting_group_learns_from_a_late_post_of_the_old_epoch(rotation: Rotation) -> None:
    """Four of the new epoch spoke before the older posts were read; their fifth is signed with the new key alone."""
    accounts = apart(NEW, 5)
    rotation.say(NEW, accounts[:4], TEXT)
    rotation.say(OLD, apart(OLD, 5), TEXT)
    assert [row.inherits for row in rotation.groups(NEW)] == rotation.claims() and rotation.mentions() == [5]
    rotation.apply([replace(rotation.mention(NEW, accounts[4], TEXT), also=())])
    assert rotation.mentions() == [10]


@pytest.mark.parametrize(("before", "after", "hazard"), [(9, 6, "crayfish"), (6, 9, "flood")])
@pytest.mark.parametrize("first", [OLD, NEW], ids=["old first", "new first"])
def test_the_hazard_is_the_one_of_most_mentions(
    rotation: Rotation, before: int, after: int, hazard: str, first: EpochKey
) -> None:
    """Whichever epoch was read first, and whichever spoke last."""
    old = [rotation.mention(OLD, account, TEXT) for account in apart(OLD, before)]
    new = [replace(rotation.mention(NEW, account, TEXT), hazard="flood") for account in apart(NEW, after)]
    rotation.apply([*old, *new] if first == OLD else [*new, *old])
    assert only_claim(rotation).hazard == hazard


def test_a_late_post_of_the_old_epoch_makes_no_group_under_the_new_key(rotation: Rotation) -> None:
    """Published before the turn, read after it: no row of the new epoch."""
    rotation.say(OLD, apart(OLD, 9), TEXT)
    assert rotation.groups(NEW) == []
    assert set(rotation.connection.scalars(sa.select(schema.band.c.epoch))) == {OLD.epoch}


def test_a_private_epoch_has_no_part_in_it(connection: Connection) -> None:
    """Signed by mistake with an import's key as well, older than the shared one: two claims."""
    rotation = Rotation(connection)
    connection.execute(sa.update(schema.epoch).where(schema.epoch.c.name == OLD.epoch).values(private=True))
    rotation.say(OLD, apart(OLD, 9), TEXT)
    rotation.say(NEW, apart(NEW, 9), TEXT)
    rotation.say(OLD, ["late"], TEXT)
    assert rotation.mentions() == [9, 10]
    assert connection.execute(sa.select(schema.proposal)).all() == []


def test_an_epoch_begins_once(connection: Connection) -> None:
    """Every start of a crawl says so again: neither its beginning nor its end is changed."""
    epochs.begin(connection, "shared", 1)
    epochs.end(connection, "shared", 5)
    epochs.begin(connection, "shared", 2)
    rows = connection.execute(sa.select(schema.epoch)).all()
    assert [tuple(row) for row in rows] == [("shared", False, 1, 5)]
    assert epochs.live(connection) == set()


# -- the order of arrival ----------------------------------------------------------------------------


def stream(count: int, chance: random.Random) -> list[tuple[EpochKey, str, str]]:
    """(key, account, text): three rumours with other ends on both sides of the turn, and loose posts."""
    found = []
    for number in range(count):
        parts = [chance.choice([TEXT, OTHER, THIRD]), *chance.sample(ENDS, chance.randrange(2))]
        if chance.random() < 0.1:
            parts = [f"没人说过的第{number}句话", *chance.sample(ENDS, 2)]
        found.append((chance.choice((OLD, NEW)), f"a{chance.randrange(60)}", "，".join(parts)))
    return found


def outcome(connection: Connection, said: list[tuple[EpochKey, str, str]], blocks: int) -> tuple[object, ...]:
    """Groups by their bands, and claims by their groups: all but random ids, hours and noisy counts."""
    savepoint = connection.begin_nested()
    rotation = Rotation(connection)
    rotation.apply([rotation.mention(key, account, text) for key, account, text in said], blocks)
    pending, band, clause, shared = schema.pending, schema.band, schema.clause, schema.shared_clause
    groups, by_claim = [], dict[str, list[object]]()
    for row in connection.execute(sa.select(pending)):
        name = tuple(sorted(connection.scalars(sa.select(band.c.hash).where(band.c.group == row.id))))
        sets = connection.execute(sa.select(clause).where(clause.c.group == row.id))
        held = tuple(sorted((c.hash, c.mentions, c.shown) for c in sets))
        groups.append((row.epoch, name, row.mentions, row.bins, held, row.claim is not None))
        by_claim.setdefault(row.claim or "", []).append((row.epoch, name))
    claims = [
        (
            sorted(by_claim[row.id], key=repr),
            (row.hazard, row.mentions, row.questions, row.score, row.above_floor),
            sorted(
                (c.text, c.guard, c.mentions)
                for c in connection.execute(sa.select(shared).where(shared.c.claim == row.id))
            ),
        )
        for row in connection.execute(sa.select(schema.claim))
    ]
    savepoint.rollback()
    return sorted(groups), sorted(claims, key=repr)


def test_shuffles_over_a_rotation_give_the_same(connection: Connection) -> None:
    """20 orders and batch splits of 240 posts of two epochs: the same groups, the same claims."""
    chance = random.Random(5)
    said = stream(240, chance)
    wanted = outcome(connection, said, 1)
    groups, claims = wanted
    assert isinstance(groups, list) and isinstance(claims, list)
    assert len(claims) == 3 and all({epoch for epoch, _ in claim[0]} == {"old", "new"} for claim in claims)
    assert sum(group[2] for group in groups) == 240
    for _ in range(20):
        chance.shuffle(said)
        assert outcome(connection, said, chance.randint(1, 40)) == wanted


def test_a_post_in_the_other_epoch_gives_another_outcome(connection: Connection) -> None:
    """The comparison can fail: one post moved over the turn is seen."""
    said = stream(240, random.Random(5))
    key, account, text = said[0]
    moved = [(NEW if key == OLD else OLD, account, text), *said[1:]]
    assert outcome(connection, moved, 1) != outcome(connection, said, 1)


# -- from a page ---------------------------------------------------------------------------------------


class Open(Gate):
    """A gate that keeps everything: what is dropped here is dropped for another reason."""

    def keep(self, text: str) -> Passed | None:
        return Passed(self.packs.touch(text) or Touch(next(iter(self.packs.hazards.values())), ()), 3.0)


@pytest.fixture(scope="module")
def reader() -> Reader:
    packs = load_packs()
    gate = load_gate(packs)
    return Reader(packs, (), Open(packs, gate.claim, gate.voice), load_scorer())


KEYS = {key.epoch: key for key in (OLD, NEW)}


def post(key: EpochKey, account: str, text: str) -> Post:
    """A post that ``account`` published in the epoch of ``key``."""
    token, signed = key.post("test", f"post of {account}"), key.account("test", account)
    return Post(token=token, account=signed, epoch=key.epoch, hour=HOUR, text=text)


@pytest.mark.parametrize(("own", "other"), [(OLD, NEW), (NEW, OLD)], ids=["old", "new"])
def test_a_post_is_signed_with_every_live_key(reader: Reader, own: EpochKey, other: EpochKey) -> None:
    """Its own first: token, account, bands and clauses; of the others the bands. None of it is printed."""
    mention = Triage(reader, KEYS, "file").post(post(own, "a", TEXT))
    assert (
        isinstance(mention, Mention)
        and mention.key == own
        and set(mention.bands) == set(own.bands(letters(normalise(TEXT))))
    )
    assert mention.also == ((other.epoch, other.bands(letters(normalise(TEXT)))),)
    assert not any(str(value) in repr(mention) for _, bands in mention.also for value in bands)


def test_an_import_signs_with_its_one_key(reader: Reader) -> None:
    """No second key, no second signature."""
    mention = Triage(reader, {OLD.epoch: OLD}, "file").post(post(OLD, "a", TEXT))
    assert isinstance(mention, Mention) and mention.also == ()


def test_an_article_belongs_to_the_newest_epoch(reader: Reader) -> None:
    """And is signed with the others as well."""
    triage = Triage(reader, KEYS, "office")
    published = datetime.fromtimestamp(NOW, UTC)
    said = Article(outlet="桃溪发布", key="k", link="https://example.org/1", title=TEXT, text=TEXT, published=published)
    told = triage.article(said)
    assert isinstance(told, Told)
    mention = triage.published(said, told, 1)
    assert mention.key == NEW and mention.also == ((OLD.epoch, OLD.bands(told.letters)),)


def take(store: Store, reader: Reader, posts: list[Post]) -> dict[str, int]:
    """A page of posts through triage and counting; what became of them."""
    page = Page(source="test", window=1, cursor=1, reads=Reads(), posts=tuple(posts))
    batch = Batch.of(page, Triage(reader, KEYS, "test"))
    with store.write() as connection:
        counts = Intake(store, reader, floor=5).keep(connection, batch, NOW)
    return {outcome: n for (_, outcome), n in counts.outcomes.items() if n}


@pytest.mark.parametrize("erased", [True, False])
def test_pages_on_both_sides_of_the_turn(store: Store, reader: Reader, erased: bool) -> None:
    """One claim with the mentions of both pages; after an erasure the second page leaves nothing but a number."""
    with store.write() as connection:
        Rotation(connection)
    assert take(store, reader, [post(OLD, account, TEXT) for account in apart(OLD, 9)]) == {"kept": 9}
    with store.write() as connection:
        claims = list(connection.scalars(sa.select(schema.claim.c.id)))
        if erased:
            erase.erase(connection, claims, "one", AUDIT, NOW)
    said = [post(NEW, account, f"{TEXT}！") for account in apart(NEW, 9, "later")]
    assert take(store, reader, said) == ({"out_of_scope": 9} if erased else {"kept": 9})
    with store.read() as connection:
        assert list(connection.scalars(sa.select(schema.claim.c.mentions))) == ([] if erased else [18])
        new = sa.select(sa.func.count()).where(schema.pending.c.epoch == NEW.epoch)
        assert connection.scalar(new) == (0 if erased else 1)
