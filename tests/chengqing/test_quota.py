"""The quota planner: never more than is allowed, nobody forgotten, and most for where most is waited for."""

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chengqing import quota
from chengqing.quota import HALF_LIFE, HOUR, READABLE, Choice, Lane, Plan, Quota, learn, plan, share_of, turns

NOW = 500_000 * HOUR
ROUND = 900
DAY = 24 * HOUR


def lane(name: str = "a", **changes: object) -> Lane:
    """A lane that was read to its end an hour ago and never brought anything."""
    plain = Lane(name, hazard=name, harm=3, since=NOW - HOUR, looked_at=NOW - HOUR, calls=10.0, hits=0.0)
    return replace(plain, **changes)  # type: ignore[arg-type]


def planned(lanes: Iterable[Lane], calls: int, now: int = NOW) -> Plan:
    """The plan of a round in which ``calls`` may be made."""
    return plan(lanes, Quota(calls, ROUND), now=now, round_seconds=ROUND)


def names(found: Plan) -> list[str]:
    return [choice.lane for choice in found.chosen]


@st.composite
def lane_lists(draw: st.DrawFn) -> list[Lane]:
    """Up to 30 lanes of up to eight hazards, in any state, some of them read up to now."""
    harms = draw(st.lists(st.integers(1, 5), min_size=8, max_size=8))
    made = []
    for number in range(draw(st.integers(0, 30))):
        hazard = draw(st.integers(0, 7))
        unread = draw(st.integers(0, READABLE + HOUR))
        looked = draw(st.one_of(st.just(NOW), st.integers(0, unread)))
        calls, hits = draw(st.floats(0, 500)), draw(st.floats(0, 500))
        made.append(Lane(f"{number}", f"h{hazard}", harms[hazard], NOW - unread, NOW - looked, calls, hits))
    return made


quotas = st.builds(Quota, st.integers(0, 200), st.integers(0, DAY))


# -- what is allowed -----------------------------------------------------------------------------


@settings(deadline=None)
@given(lane_lists(), quotas)
def test_a_round_makes_no_more_calls_than_its_share_and_names_every_other_lane(lanes: list[Lane], left: Quota) -> None:
    found = plan(lanes, left, now=NOW, round_seconds=ROUND)
    unread = {lane.name for lane in lanes if lane.since < NOW}
    assert len(found.chosen) == min(share_of(left, ROUND), len(unread))
    assert len(found.chosen) <= left.calls
    assert sorted(names(found) + list(found.left)) == sorted(unread)


def test_without_calls_nothing_is_asked_and_everything_is_left() -> None:
    assert planned([lane("a"), lane("b", harm=5)], 0) == Plan((), ("b", "a"))
    assert turns([lane()], Quota(0, DAY), round_seconds=ROUND) == {}


def test_a_lane_without_unread_time_is_neither_asked_nor_missed() -> None:
    assert planned([lane(since=NOW, looked_at=NOW)], 5) == Plan((), ())


@pytest.mark.parametrize(
    ("left", "share"),
    [
        (Quota(960, DAY), 10),
        (Quota(969, DAY), 10),
        (Quota(960, DAY // 2), 20),
        (Quota(5, DAY), 1),
        (Quota(0, DAY), 0),
        (Quota(-3, DAY), 0),
        (Quota(7, ROUND), 7),
        (Quota(7, 1), 7),
        (Quota(7, 0), 7),
        (Quota(0, 0), 0),
    ],
)
def test_the_share_of_a_round(left: Quota, share: int) -> None:
    assert share_of(left, ROUND) == share


@pytest.mark.parametrize("calls", [1, 95, 96, 100, 1_000, 8_371])
def test_a_day_is_spent_evenly_to_the_last_call_and_not_beyond(calls: int) -> None:
    left, shares = calls, []
    for seconds in range(DAY, 0, -ROUND):
        shares.append(share_of(Quota(left, seconds), ROUND))
        left -= shares[-1]
    assert sum(shares) == calls
    assert max(shares) <= calls // 96 + 1


def test_what_a_round_did_not_use_is_spread_over_the_rest() -> None:
    half = Quota(960 - 240, DAY // 2)
    assert share_of(half, ROUND) == 15


# -- order ---------------------------------------------------------------------------------------


@settings(deadline=None)
@given(lane_lists(), quotas, st.randoms())
def test_the_order_of_the_lanes_makes_no_difference(lanes: list[Lane], left: Quota, chance: random.Random) -> None:
    shuffled = lanes[:]
    chance.shuffle(shuffled)
    assert plan(shuffled, left, now=NOW, round_seconds=ROUND) == plan(lanes, left, now=NOW, round_seconds=ROUND)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_not_even_rounding_depends_on_the_order(order: tuple[int, ...]) -> None:
    """These three floats have another sum in another order; two hazards that brought the same stay equal."""
    times = {"since": NOW - HALF_LIFE, "looked_at": NOW - HALF_LIFE}
    some = [lane(f"{n}{h}", hazard=h, hits=hits, **times) for h in "ab" for n, hits in enumerate((5.8, 8.7, 9.4))]
    shuffled = [*some[:3], *(some[3 + n] for n in order)]
    assert planned(shuffled, 0).left == ("2a", "2b", "1a", "1b", "0a", "0b")


def test_what_is_equal_goes_by_name() -> None:
    same = [lane(name, hazard="one") for name in "dbace"]
    assert planned(same, 5).chosen == (
        Choice("a", "floor"),
        *(Choice(name, "value") for name in "bcde"),
    )


# -- the floor -----------------------------------------------------------------------------------


HARMS = [1, 2, 3, 4, 5] * 8
FRESH = [Lane(f"{n:02}", f"h{n:02}", harm, NOW, 0, 0.0, 0.0) for n, harm in enumerate(HARMS)]
BURST = [Lane(f"burst{n:02}", "burst", 5, NOW, 0, 0.0, 0.0) for n in range(40)]


def rounds(
    lanes: Iterable[Lane], calls: int, days: int, over: int = NOW + READABLE
) -> Iterator[tuple[int, Quota, Plan]]:
    """Days of rounds in which lanes called ``burst`` bring 20 texts a call until it is ``over``, the others nothing."""
    state = {lane.name: lane for lane in lanes}
    left = calls
    for now in range(NOW + ROUND, NOW + days * DAY + 1, ROUND):
        seconds = DAY - (now - ROUND - NOW) % DAY
        left = calls if seconds == DAY else left
        found = plan(state.values(), Quota(left, seconds), now=now, round_seconds=ROUND)
        yield now, Quota(left, seconds), found
        for name in names(found):
            kept = 20 if name.startswith("burst") and now <= over else 0
            state[name] = replace(learn(state[name], calls=1, kept=kept, now=now), since=now)
        left -= len(found.chosen)


def late_hazards(lanes: list[Lane]) -> Counter[str]:
    """How often each hazard was asked later than its turn, over three days of ten calls a round."""
    hazards = {lane.name: lane.hazard for lane in lanes}
    last: dict[str, int] = {}
    late: Counter[str] = Counter()
    for now, left, found in rounds(lanes, 960, 3):
        asked = {hazards[name] for name in names(found)}
        for hazard, turn in turns(lanes, left, round_seconds=ROUND).items():
            late[hazard] += now - last.get(hazard, NOW) > turn
        last |= dict.fromkeys(asked, now)
    return +late


def test_every_hazard_has_its_turn_however_much_another_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not late_hazards(FRESH + BURST)
    monkeypatch.setattr(quota, "_due", lambda *_: [])  # the arm without the guard
    assert len(late_hazards(FRESH + BURST)) > 20


@settings(deadline=None)
@given(lane_lists(), st.builds(Quota, st.integers(1, 5_000), st.integers(ROUND, DAY)))
def test_the_turns_take_two_fifths_of_the_calls_at_most(lanes: list[Lane], left: Quota) -> None:
    taken = sum(left.seconds / turn for turn in turns(lanes, left, round_seconds=ROUND).values())
    assert taken <= 0.4 * left.calls + 1e-6


def test_turns_are_whole_rounds_and_shorter_where_harm_is_greater() -> None:
    lanes = [lane("a", harm=1), lane("a2", hazard="a", harm=1), lane("b", harm=2), lane("c", harm=5)]
    assert turns(lanes, Quota(96, DAY), round_seconds=ROUND) == {"a": 18_000, "b": 9_000, "c": 3_600}
    assert turns(lanes, Quota(9_600, DAY), round_seconds=ROUND) == {"a": ROUND, "b": ROUND, "c": ROUND}


def test_hazards_that_were_never_asked_come_first_the_harmful_ones_before_the_others() -> None:
    known = lane("known", harm=5, hits=500.0)
    new = [lane(f"new{harm}", harm=harm, looked_at=0, calls=0.0) for harm in (2, 5, 1, 4)]
    assert planned([known, *new], 4).chosen == tuple(Choice(f"new{harm}", "floor") for harm in (5, 4, 2, 1))


def test_a_hazard_is_asked_in_its_best_lane() -> None:
    lanes = [lane("a", hazard="h", since=NOW - 2 * HOUR, looked_at=NOW - 2 * HOUR), lane("b", hazard="h", hits=50.0)]
    assert planned(lanes, 1).chosen == (Choice("b", "floor"),)


# -- what ages out -------------------------------------------------------------------------------


def old(name: str, hours: int = 70, **changes: object) -> Lane:
    return lane(name, since=NOW - hours * HOUR, **{"looked_at": NOW - hours * HOUR, **changes})


def test_unread_time_that_ages_out_comes_first_the_longest_unseen_before_the_others() -> None:
    rich = [lane(f"rich{n}", harm=5, hits=500.0) for n in range(20)]
    ageing = [old("old67", 67, hits=50.0), old("old71", 71), old("seen", 71, looked_at=NOW - HOUR)]
    found = planned([*rich, *ageing, old("young", 65)], 20)
    assert found.chosen[:3] == tuple(Choice(name, "ages_out") for name in ("old71", "old67", "seen"))
    assert "ages_out" not in {choice.why for choice in found.chosen[3:]}


def test_what_ages_out_takes_a_fifth_of_the_calls_however_few_they_are() -> None:
    lanes = [old(f"old{n}", hazard="one", harm=1) for n in range(300)] + [lane(f"new{n}") for n in range(300)]
    for share in (1, 3, 10):
        chosen = [planned(lanes, share, now=NOW + n * ROUND).chosen for n in range(100)]
        assert sum(choice.why == "ages_out" for some in chosen for choice in some) == 20 * share


def test_a_hazard_that_is_asked_because_something_ages_out_has_had_its_turn() -> None:
    best = old("best", 65, hazard="one", hits=500.0)
    found = planned([best, old("old", 70, hazard="one")], 5)
    assert found.chosen == (Choice("old", "ages_out"), Choice("best", "value"))
    assert planned([best], 5).chosen == (Choice("best", "floor"),)


def test_what_was_lost_already_does_not_count_as_waiting() -> None:
    lost = old("lost", 144, calls=0.0)
    assert planned([lost, old("old", 71, calls=0.0, harm=4)], 0).left == ("old", "lost")


# -- where most is waited for --------------------------------------------------------------------


@pytest.mark.parametrize(
    "better",
    [
        {"hits": 5.0},
        {"harm": 4},
        {"calls": 5.0, "hits": 5.0},
        {"since": NOW - 2 * HOUR, "looked_at": NOW - 2 * HOUR},
        {"since": NOW - 9 * HOUR},
    ],
    ids=["hits", "harm", "hits per call", "unseen", "unread"],
)
def test_more_is_expected_where(better: dict[str, object]) -> None:
    """What was unread at the last look counts too, beside what came since."""
    usual = {"a": lane("a"), "b": lane("b")}
    if "calls" in better:
        usual["a"] = replace(usual["a"], hits=5.0)
    assert planned(usual.values(), 0).left == ("a", "b")
    assert planned([usual["a"], replace(usual["b"], **better)], 0).left == ("b", "a")  # type: ignore[arg-type]


def test_a_lane_that_was_never_asked_is_taken_to_be_like_its_hazard() -> None:
    news = [lane(name, hazard=name[0], looked_at=0, calls=0.0) for name in ("a-new", "b-new")]
    known = [lane("a-known", hazard="a"), lane("b-known", hazard="b", hits=50.0)]
    assert planned(news + known, 0).left == ("b-known", "b-new", "a-new", "a-known")


def test_a_lane_with_more_than_can_be_read_does_not_take_every_call() -> None:
    endless = lane("endless", since=NOW - 60 * HOUR, looked_at=NOW - 60)
    assert planned([endless, lane()], 0).left == ("a", "endless")


def test_what_is_known_fades() -> None:
    once = lane("once", hits=40.0, since=NOW - 6 * HALF_LIFE, looked_at=NOW - 6 * HALF_LIFE)
    lately = lane("lately", hits=5.0, since=NOW - READABLE, looked_at=NOW - READABLE)
    assert planned([once, lately], 0).left == ("lately", "once")


def test_a_burst_is_asked_more_often_than_in_turn_and_is_let_go_when_it_is_over() -> None:
    lanes = [*FRESH, Lane("burst", "burst", 3, NOW, 0, 0.0, 0.0)]
    days: Counter[int] = Counter()
    for now, _, found in rounds(lanes, 192, 7, over=NOW + 6 * HOUR):
        days[(now - NOW - 1) // DAY] += "burst" in names(found)
    assert days[0] > 5 * 192 / len(lanes)
    assert days[6] < days[0] / 2


# -- what is learned -----------------------------------------------------------------------------


@pytest.mark.parametrize(("kept", "hits"), [(0, 0), (1, 0), (4, 0), (5, 5), (9, 5), (10, 10), (149, 145)])
def test_hits_come_in_steps_of_five(kept: int, hits: int) -> None:
    assert learn(lane(looked_at=0, calls=0.0), calls=3, kept=kept, now=NOW) == lane(
        looked_at=NOW, calls=3.0, hits=float(hits)
    )


def test_below_the_floor_a_reading_leaves_no_trace_of_what_it_kept() -> None:
    """Whatever was kept, up to four texts, the lane that is stored is the same to the last bit."""
    known = lane(hits=7.3)
    assert len({repr(learn(known, calls=1, kept=kept, now=NOW)) for kept in range(5)}) == 1


def test_what_was_brought_counts_half_after_two_days() -> None:
    known = lane(calls=8.0, hits=20.0, looked_at=NOW - HALF_LIFE)
    assert learn(known, calls=1, kept=5, now=NOW) == replace(known, looked_at=NOW, calls=5.0, hits=15.0)


def test_a_clock_that_was_set_back_makes_nothing_grow() -> None:
    known = lane(calls=8.0, hits=20.0, looked_at=NOW + DAY)
    assert learn(known, calls=0, kept=0, now=NOW) == replace(known, looked_at=NOW)
    assert planned([known], 1).chosen == (Choice("a", "value"),)
