"""Which searches the calls of a contract are spent on.

A lane is one search: a hazard's term in one county. A call brings at most one page of what a lane has unread, the
newest first. There are more lanes than calls, and most bring nothing. So each round asks, in this order:

1. lanes of which something unread will soon be too old to be read (with at most a fifth of the calls),
2. a lane of each hazard whose turn it is: the floor, for which two fifths of the calls are enough,
3. where most is waited for: hits per call × harm × hours that nobody has read.

The third is what keeps waiting short: as hits per call grow with the hours between two looks, a lane is looked at as
often as the square root of its hits an hour, which makes the sum of all waiting least. A lane that was asked little is
taken to be like its hazard, and a hazard that was asked little like a middling one, so that none is given up. A lane
that a call does not finish competes again in the next round. Pure: no clock, no store.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

HOUR = 3600
READABLE = 72 * HOUR
"""Seconds for which an individual's post can be read (design, Bound 5)."""
HALF_LIFE = 48 * HOUR
"""Seconds after which what a lane brought counts half."""
STEP = 5
"""Hits come in steps of so many kept texts: a lane is one hazard in one county, and below the floor nothing is kept."""

Why = Literal["floor", "ages_out", "value"]

_FLOOR = 0.4
"""Part of the calls that the hazards' turns take."""
_AGEING = 5
"""Every fifth call may go to unread time that ages out."""
_AGES_SOON = READABLE - 6 * HOUR
_LIKE_HAZARD = 20.0
"""Calls of its own after which a lane is judged as much by itself as by its hazard."""
_LIKE_ALL = 10.0
"""The same for a hazard, which is otherwise taken to bring ``_MIDDLING`` hits per call."""
_MIDDLING = 0.2


@dataclass(frozen=True, slots=True)
class Lane:
    """A search, and what is known of it. ``harm`` is its hazard's, 1 to 5.

    ``since`` is where its unread time begins, ``looked_at`` when it was last asked (0: never), in Unix seconds.
    ``calls`` and ``hits`` are as they stood at ``looked_at``; they fade, see :func:`learn`.
    """

    name: str
    hazard: str
    harm: int
    since: int
    looked_at: int
    calls: float
    hits: float


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls that are left, and seconds until there are new ones."""

    calls: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One call to be made, and why this one."""

    lane: str
    why: Why


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls of a round in their order, and the lanes with unread time that get none, the most wanted first."""

    chosen: tuple[Choice, ...]
    left: tuple[str, ...]


def plan(lanes: Iterable[Lane], quota: Quota, *, now: int, round_seconds: int) -> Plan:
    """The calls of the round that begins at ``now`` (Unix seconds).

    Names of lanes differ. The order of ``lanes`` makes no difference; what is equal goes by name. A lane that is read
    up to ``now`` is neither chosen nor left.
    """
    given = tuple(lanes)
    ranked = _ranked(given, now)
    share = share_of(quota, round_seconds)
    if not share:
        return Plan((), tuple(lane.name for lane in ranked))
    count = now // round_seconds
    fifth = (count + 1) * share // _AGEING - count * share // _AGEING  # of a share of one, every fifth round
    ageing = _ageing(ranked, now)[:fifth]
    span = turns(given, quota, round_seconds=round_seconds)
    due = _due(ranked, _last_looks(given), span, now, round_seconds, share)
    asked = {lane.hazard for lane in ageing}
    wanted: chain[tuple[Lane, Why]] = chain(
        ((lane, "ages_out") for lane in ageing),
        ((lane, "floor") for lane in due if lane.hazard not in asked),
        ((lane, "value") for lane in ranked),
    )
    chosen: dict[str, Choice] = {}
    for lane, why in wanted:
        if len(chosen) >= share:
            break
        chosen.setdefault(lane.name, Choice(lane.name, why))
    return Plan(tuple(chosen.values()), tuple(lane.name for lane in ranked if lane.name not in chosen))


def share_of(quota: Quota, round_seconds: int) -> int:
    """Calls of a round that begins now: an even share of what is left, and one at least while there is any.

    What earlier rounds did not use is in ``quota.calls`` still, and so is spread over those to come.
    """
    if quota.seconds <= round_seconds:
        return max(0, quota.calls)
    return max(0, min(quota.calls, max(1, quota.calls * round_seconds // quota.seconds)))


def turns(lanes: Iterable[Lane], quota: Quota, *, round_seconds: int) -> Mapping[str, int]:
    """Seconds within which each hazard is asked again: whole rounds, shorter in proportion to its harm.

    They are as short as two fifths of the calls allow. Without calls there is no turn, and the answer is empty.
    """
    harms = {lane.hazard: lane.harm for lane in lanes}
    if quota.calls <= 0:
        return {}
    span = sum(harms.values()) * max(quota.seconds, round_seconds) / (_FLOOR * quota.calls)
    return {hazard: -int(-span // (harm * round_seconds)) * round_seconds for hazard, harm in harms.items()}


def learn(lane: Lane, *, calls: int, kept: int, now: int) -> Lane:
    """The lane after ``calls`` more calls that brought ``kept`` texts worth keeping; ``since`` is the reader's to move.

    What was known before fades. Fewer than five kept texts are no hit, and what is over a step of five is forgotten.
    """
    faded = _fading(lane, now)
    hits = kept // STEP * STEP
    return replace(lane, looked_at=now, calls=lane.calls * faded + calls, hits=lane.hits * faded + hits)


def _fading(lane: Lane, now: int) -> float:
    """What is left at ``now`` of one that counted at ``looked_at``."""
    return math.exp2(-max(0, now - lane.looked_at) / HALF_LIFE)


def _last_looks(lanes: Sequence[Lane]) -> Mapping[str, int]:
    """When each hazard was last asked, in whichever lane."""
    last: dict[str, int] = {}
    for lane in lanes:
        last[lane.hazard] = max(last.get(lane.hazard, 0), lane.looked_at)
    return last


def _ranked(lanes: Sequence[Lane], now: int) -> list[Lane]:
    """The lanes with unread time, those first where most harm is waited for."""
    calls: dict[str, list[float]] = {}
    hits: dict[str, list[float]] = {}
    for lane in lanes:
        faded = _fading(lane, now)
        calls.setdefault(lane.hazard, []).append(lane.calls * faded)
        hits.setdefault(lane.hazard, []).append(lane.hits * faded)
    usual = {  # exact sums: the same in any order
        hazard: (math.fsum(hits[hazard]) + _LIKE_ALL * _MIDDLING) / (math.fsum(calls[hazard]) + _LIKE_ALL)
        for hazard in calls
    }

    def value(lane: Lane) -> float:
        faded = _fading(lane, now)
        per_call = (lane.hits * faded + _LIKE_HAZARD * usual[lane.hazard]) / (lane.calls * faded + _LIKE_HAZARD)
        unread = min(now - lane.since, READABLE)
        return lane.harm * per_call * math.sqrt(unread * _unseen(lane, now))

    return sorted((lane for lane in lanes if lane.since < now), key=lambda lane: (-value(lane), lane.name))


def _unseen(lane: Lane, now: int) -> int:
    """Seconds of readable time that nobody has looked into: less than is unread where a call did not finish the lane.

    Were the rest of such a lane to count in full, the few lanes with more than can be read would take every call.
    """
    return max(0, min(now - max(lane.since, lane.looked_at), READABLE))


def _ageing(ranked: Sequence[Lane], now: int) -> list[Lane]:
    """Lanes of which unread time soon ages out, those first that were not asked for longest."""
    soon = (lane for lane in ranked if now - lane.since >= _AGES_SOON)
    return sorted(soon, key=lambda lane: -_unseen(lane, now))


def _due(
    ranked: Sequence[Lane], last: Mapping[str, int], turns: Mapping[str, int], now: int, round_seconds: int, share: int
) -> list[Lane]:
    """The best lanes of the hazards that must be asked now for all to keep their turns, the most overdue first.

    As late as can be, for a hazard that is asked where most is waited for has had its turn; but where more turns end
    in a round than it has calls, some are brought forward.
    """
    best: dict[str, Lane] = {}
    for lane in ranked:
        best.setdefault(lane.hazard, lane)
    wanted = []
    for hazard, lane in best.items():
        waited = now - last[hazard]
        rounds = max(0, (turns[hazard] - waited) // round_seconds)
        wanted.append((rounds, -lane.harm * waited, hazard))
    wanted.sort()
    room = share * (1 - 1 / _AGEING)
    needed = max((n - rounds * room for n, (rounds, _, _) in enumerate(wanted, start=1)), default=0.0)
    return [best[hazard] for _, _, hazard in wanted[: max(0, math.ceil(needed))]]
