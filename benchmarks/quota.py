"""What the quota planner finds, beside round-robins that are given the same calls, in an invented world.

    python -m benchmarks.quota

Times, claims and volumes are invented. Three shapes are taken from data: the hazards' harm (the packs), how unevenly
claims spread over hazards (20 of 115 hold 72 % of the 99 labelled claims of the shared posts: log-normal, 1.25), how
unevenly common the words are (the packs' first terms in jieba's dictionary: log-normal, 2).

In the world "swarms" a happening brings several claims about one hazard within two days, and the harmful hazards
more of them. Both are assumptions: the shared posts have no true times, and in them claims do not go by harm. In the
world "scattered" neither holds, every claim comes alone. What is found there is what the planner is worth
without them.

A claim can be known when its fifth account has said it. It is found when five accounts' posts have been read, and in
time when that is within two hours of the moment it could be known. Rounds are 15 minutes. The calls are a part of what
it takes to read all lanes to the end every 15 minutes, or every hour, which finds every claim in time. Where the calls
let a round-robin come by every hour, it finds them too, and there is nothing to gain; early (within six hours of the
start) and found at all stand beside it, because they say less for the planner.
"""

import math
import random
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from chengqing.quota import HOUR, READABLE, Lane, Quota, learn, plan, share_of
from nlp.packs import load_packs

ROUND = HOUR // 4
DAY = 24 * HOUR
PAGE = 50
FLOOR = 5
SEEDS = 20
SPAN = 4 * DAY
"""Claims start within the first three days; the fourth lets the last of them end."""
LANES_EACH = 3
CLAIMS = 25
NOISE, ALONE = -1, -2
"""What a post is that says no claim: dropped by the gate, or kept and said by nobody else."""

Post = tuple[float, int]
"""When, and the claim's number, or NOISE, or ALONE. Each account says a claim once."""


@dataclass(frozen=True)
class Claim:
    """``started`` by its first account, ``knowable`` since its fifth, in seconds."""

    started: float
    knowable: float


@dataclass(frozen=True)
class World:
    """Lanes and the posts that each of them finds, oldest first."""

    lanes: tuple[Lane, ...]
    posts: tuple[tuple[Post, ...], ...]
    claims: tuple[Claim, ...]


def make_world(seed: int, *, swarms: bool) -> World:
    """115 hazards with three lanes each, 25 claims, and much that is none."""
    chance = random.Random(seed)
    harms = [hazard.harm for hazard in load_packs().hazards.values()]
    lively = [chance.gauss(0, 1) for _ in harms]
    lanes, posts = [], []
    for number in range(LANES_EACH * len(harms)):
        hazard = number // LANES_EACH
        lanes.append(Lane(f"{number:03}", f"{hazard:03}", harms[hazard], 0, 0, 0.0, 0.0))
        common = 0.3 * lively[hazard] + math.sqrt(1 - 0.3**2) * chance.gauss(0, 1)
        posts.append(_noise(math.exp(2 * common), chance))
    weights = [math.exp(1.25 * much) * (harm if swarms else 1) for much, harm in zip(lively, harms, strict=True)]
    claims: list[Claim] = []
    for hazard, started in _starts(weights, swarms, chance):
        said = _said(started, chance)
        posts[LANES_EACH * hazard + chance.randrange(LANES_EACH)] += [(at, len(claims)) for at in said]
        claims.append(Claim(started, said[FLOOR - 1]))
    return World(tuple(lanes), tuple(tuple(sorted(some)) for some in posts), tuple(claims))


def _noise(an_hour: float, chance: random.Random) -> list[Post]:
    """Posts that hold the lane's words and say no claim; one of a hundred passes the gate."""
    posts, at = [], 0.0
    while (at := at + chance.expovariate(an_hour / HOUR)) < SPAN:
        posts.append((at, ALONE if chance.random() < 0.01 else NOISE))
    return posts


def _starts(weights: Sequence[float], swarms: bool, chance: random.Random) -> Iterable[tuple[int, float]]:
    """Hazard and start of each claim: alone, or three on average within two days of one happening."""
    until, days = SPAN - DAY, 2 * DAY
    found: list[tuple[int, float]] = []
    while len(found) < CLAIMS:
        hazard = chance.choices(range(len(weights)), weights)[0]
        if not swarms:
            found.append((hazard, chance.uniform(0, until)))
            continue
        happened = chance.uniform(-days, until)
        while True:
            started = happened + chance.uniform(0, days)
            found += [(hazard, started)] if 0 <= started < until else []
            if chance.random() < 1 / 3:
                break
    return found[:CLAIMS]


def _said(started: float, chance: random.Random) -> list[float]:
    """When 5 to 60 accounts say a claim, within 6 to 24 hours."""
    accounts, lasts = round(5 * 12 ** chance.random()), chance.uniform(6, 24) * HOUR
    return sorted([started, *(started + chance.uniform(0, lasts) for _ in range(accounts - 1))])


@dataclass
class Search:
    """The world as a search shows it: 50 posts a call, the newest unread first."""

    world: World
    calls: int = 0
    found: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._met = [0] * len(self.world.posts)
        self._unread: list[list[Post]] = [[] for _ in self.world.posts]
        self._accounts = [0] * len(self.world.claims)

    def ask(self, number: int, now: int) -> tuple[int, bool]:
        """One call: how many of its posts are kept, and whether the lane is read up to ``now``."""
        posts, unread = self.world.posts[number], self._unread[number]
        while self._met[number] < len(posts) and posts[self._met[number]][0] < now:
            unread.append(posts[self._met[number]])
            self._met[number] += 1
        page = [post for post in unread[-PAGE:] if post[0] >= now - READABLE]
        del unread[-PAGE:]
        self.calls += 1
        for _, claim in page:
            if claim >= 0:
                self._accounts[claim] += 1
                if self._accounts[claim] == FLOOR:
                    self.found[claim] = now
        return sum(claim != NOISE for _, claim in page), not unread

    def since(self, number: int, now: int) -> int:
        """Where the lane's unread time begins after a call at ``now``."""
        unread = self._unread[number]
        return max(int(unread[0][0]), now - READABLE) if unread else now


def everything(world: World, pace: int) -> Search:
    """All lanes to the end, every ``pace`` seconds."""
    search = Search(world)
    for now in range(pace, SPAN + 1, pace):
        for number in range(len(world.lanes)):
            while not search.ask(number, now)[1]:
                pass
    return search


def shares(search: Search, calls: int) -> Iterable[tuple[int, Quota]]:
    """Each round's beginning and what is left of its day's calls then."""
    for day in range(0, SPAN, DAY):
        before = search.calls
        for now in range(day + ROUND, day + DAY + 1, ROUND):
            yield now, Quota(calls - (search.calls - before), day + DAY - now + ROUND)


def planned(world: World, calls: int) -> Search:
    """The planner with ``calls`` a day; it knows nothing when it begins."""
    search = Search(world)
    lanes = {lane.name: lane for lane in world.lanes}
    for now, quota in shares(search, calls):
        for choice in plan(lanes.values(), quota, now=now, round_seconds=ROUND).chosen:
            number = int(choice.lane)
            kept, _ = search.ask(number, now)
            known = learn(lanes[choice.lane], calls=1, kept=kept, now=now)
            lanes[choice.lane] = replace(known, since=search.since(number, now))
    return search


def in_turn(world: World, calls: int, *, to_the_end: bool) -> Search:
    """Lane after lane in a shuffled order: each to the end, or one call each."""
    search = Search(world)
    order = list(range(len(world.lanes)))
    random.Random(0).shuffle(order)
    turn = 0
    for now, quota in shares(search, calls):
        for _ in range(share_of(quota, ROUND)):
            _, read = search.ask(order[turn % len(order)], now)
            turn += read or not to_the_end
    return search


@dataclass(frozen=True)
class Score:
    """Claims found in time, within six hours of their start, at all; and the median of hours from start to found."""

    in_time: float
    early: float
    found: float
    hours: float


def score(searches: Sequence[Search]) -> Score:
    """Means over all worlds; the median is over all claims that were found."""
    waits = [
        (at - search.world.claims[number].started, at - search.world.claims[number].knowable)
        for search in searches
        for number, at in search.found.items()
    ]
    n = len(searches)
    return Score(
        in_time=sum(late <= 2 * HOUR for _, late in waits) / n,
        early=sum(wait <= 6 * HOUR for wait, _ in waits) / n,
        found=len(waits) / n,
        hours=statistics.median(wait for wait, _ in waits) / HOUR,
    )


def show(name: str, calls: float, made: Score, other: Score | None = None) -> None:
    """One line; with ``other``, the planner's part of it."""
    line = f"  {name:29} {calls:6.0f} {made.in_time:8.1f} {made.early:6.1f} {made.found:6.1f} {made.hours:6.1f} h"
    if other:
        line += f"   ratio in time {other.in_time / made.in_time:4.2f}, early {other.early / made.early:4.2f}"
    print(line)


def compare(worlds: Sequence[World], pace: int) -> None:
    """A quarter, an eighth and a sixteenth of the calls that reading everything at ``pace`` takes."""
    full = [everything(world, pace) for world in worlds]
    calls = statistics.mean(search.calls for search in full) * DAY / SPAN
    show(f"everything, every {pace // 60} min", calls, score(full))
    arms: dict[str, Callable[[World, int], Search]] = {
        "round-robin, to the end": lambda world, some: in_turn(world, some, to_the_end=True),
        "round-robin, a call each": lambda world, some: in_turn(world, some, to_the_end=False),
    }
    for part in (4, 8, 16):
        some = int(calls / part)
        ours = score([planned(world, some) for world in worlds])
        show(f"1/{part} planner", some, ours)
        for name, arm in arms.items():
            show(f"1/{part} {name}", some, score([arm(world, some) for world in worlds]), ours)


def main() -> None:
    """Both worlds at both paces, each the mean of 20 seeds."""
    for swarms in (True, False):
        worlds = [make_world(seed, swarms=swarms) for seed in range(SEEDS)]
        lanes = len(worlds[0].lanes)
        print(f"{'swarms' if swarms else 'scattered'}: {lanes} lanes, {CLAIMS} claims, mean of {SEEDS} seeds")
        print(f"  {'':29} {'a day':>6} {'in time':>8} {'early':>6} {'found':>6} {'median':>8}")
        for pace in (ROUND, HOUR):
            compare(worlds, pace)


if __name__ == "__main__":
    main()
