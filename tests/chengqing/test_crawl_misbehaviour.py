"""Sources that hang, lie, loop, change or throttle: no other one starves, nothing is skipped in silence, no storm."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from chengqing.clock import hour_text
from tests.servers.weibo import SEARCH
from tests.support.day import CLAIM, MORNING
from tests.support.desk import Desk
from tests.support.patched import IMPATIENT, UNGUARDED, patched
from tests.support.search import contents
from tests.support.statuses import status
from tests.support.trouble import (
    LISTED,
    NEIGHBOURS,
    PASSING,
    SEARCHED,
    SHUT,
    STOPPED,
    TROUBLES,
    Street,
    said,
    street,
)

pytestmark = pytest.mark.timeout(900)  # much of it waits for a machine that may have other things to do
ROBOTS = "/robots.txt"
DAY = 24 * 60
LATER = 20
"""Minutes after which all servers are well again and everything is crawled a second time."""


@dataclass
class Seen:
    """What one round came to."""

    said: str
    hits: dict[str, list[str]]
    texts: dict[str, int]
    why: dict[str, set[str | None]]
    coverage: dict[str, list[dict[str, object]]]

    def calls(self, source: str) -> list[str]:
        """What the source was asked beside its robots.txt."""
        return [path for path in self.hits[source] if path != ROBOTS]


def look(town: Street, said: str) -> Seen:
    hours = town.desk.coverage("--since", (MORNING - timedelta(hours=70)).isoformat(), "--until", MORNING.isoformat())
    found: dict[str, list[dict[str, object]]] = {}
    for hour in hours:
        found.setdefault(hour["source"], []).append(hour)
    return Seen(said, town.hits(), town.texts(), {name: town.why(name) for name in town.servers}, found)


@dataclass
class Troubles:
    """All troubles at once, and what followed when they were over."""

    street: Street
    first: Seen
    second: Seen


@pytest.fixture(scope="module")
def troubles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Troubles]:
    """A round in which all go wrong, and one twenty minutes later in which nothing does.

    A host that hangs is waited for a second, not twenty.
    """
    folder = tmp_path_factory.mktemp("troubles")
    desk = Desk(folder / "desk")
    desk.env = {**desk.env, **patched(folder / "patch", IMPATIENT)}
    kinds = {**{name: one.kind for name, one in TROUBLES.items()}, **NEIGHBOURS, "loops": LISTED, "spent": SEARCHED}
    with street(desk, kinds) as town:
        for name, trouble in TROUBLES.items():
            town.servers[name].set(**trouble.scenario)
        town.servers["loops"].set(looping=True)
        town.servers["spent"].set(quota_after=3)
        first = look(town, town.round())
        for name in kinds.keys() - {"token"}:
            town.servers[name].set(reset=True, **kinds[name].well)
        yield Troubles(town, first, look(town, town.round(minutes=LATER)))


def test_no_neighbour_starves(troubles: Troubles) -> None:
    """The others were read to their end in the same round."""
    for name, kind in NEIGHBOURS.items():
        assert troubles.first.texts[name] == kind.texts
        assert troubles.first.why[name] == set()


@pytest.mark.parametrize("name", TROUBLES)
def test_it_is_asked_no_more_than_is_bearable_and_nothing_of_it_is_stored(troubles: Troubles, name: str) -> None:
    trouble = TROUBLES[name]
    assert len(troubles.first.calls(name)) == trouble.calls
    assert name not in troubles.first.texts
    assert trouble.why in troubles.first.why[name]
    for hour in troubles.first.coverage[name]:
        assert hour["read"] == 0
        assert trouble.why in hour["why"]  # type: ignore[operator]


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_read_by_itself_afterwards(troubles: Troubles, name: str) -> None:
    assert troubles.second.texts[name] == TROUBLES[name].kind.texts
    assert troubles.second.why[name] == set()
    assert all(hour["read"] == hour["planned"] for hour in troubles.second.coverage[name])


@pytest.mark.parametrize("name", [*SHUT, *STOPPED, "token"])
def test_what_has_to_be_left_alone_is(troubles: Troubles, name: str) -> None:
    """It would answer now; not even its robots.txt is asked for."""
    assert troubles.second.hits[name] == []
    assert name not in troubles.second.texts
    row = next(line for line in troubles.second.said.splitlines() if line.startswith(f"{name} ("))
    assert ("left alone for a while" if name in SHUT else "stopped: ") in row


def test_new_credentials_are_tried_by_themselves(troubles: Troubles) -> None:
    desk = troubles.street.desk
    desk.env = {**desk.env, "TOKEN": "another"}
    troubles.street.round("token", minutes=LATER + 5)
    assert troubles.street.texts()["token"] == SEARCHED.texts


def test_what_was_stopped_goes_on_when_a_person_says_so(troubles: Troubles) -> None:
    """And of the account that was not the one that was meant, no word is anywhere."""
    for name in STOPPED:
        assert "read again" in troubles.street.desk.run("source", "resume", name)
    troubles.street.round(*STOPPED, minutes=LATER + 5)
    texts = troubles.street.texts()
    assert {name: texts.get(name) for name in STOPPED} == {name: one.kind.texts for name, one in STOPPED.items()}
    assert not any("第2次".encode() in content for content in contents(troubles.street.desk.folder))


def test_robots_are_looked_at_again_a_day_later(troubles: Troubles) -> None:
    troubles.street.hits()
    troubles.street.round(*SHUT, minutes=25 * 60)
    asked, texts = troubles.street.hits(), troubles.street.texts()
    assert all(asked[name][0] == ROBOTS and texts[name] == TROUBLES[name].kind.texts for name in SHUT)


def test_a_quota_that_is_used_up_is_left_alone_until_the_next_full_hour(troubles: Troubles) -> None:
    """What was read stays; afterwards the rest is read, and nothing twice."""
    assert len(troubles.first.calls("spent")) == 4
    assert troubles.second.hits["spent"] == []
    assert "the API's quota is used up" in troubles.second.said
    troubles.street.hits()
    troubles.street.round("spent", minutes=59)
    assert troubles.street.hits()["spent"] == []
    troubles.street.round("spent", minutes=60)
    assert troubles.street.texts()["spent"] == SEARCHED.texts
    assert troubles.street.why("spent") == set()


def test_pages_that_go_round_end_the_reading(troubles: Troubles) -> None:
    """Its first page was read; what lies behind it is a hole on record."""
    assert len(troubles.first.calls("loops")) == 2
    assert troubles.first.texts["loops"] == 20
    hours = troubles.first.coverage["loops"]
    assert hours[0]["why"] == {"beyond_reach": 1} and hours[-1]["read"] == 1


# -- an hour, and four days --------------------------------------------------------------------------

HOUR = range(0, 61, 10)
RECOVERED = HOUR[-1] + 40
"""Minutes after which both may be asked again, by what the last round of the hour made of it."""
SLOW = ("named", "unnamed")


@dataclass
class Throttled:
    """An hour of rounds in which two sources throttle, one of them with Retry-After, and the round after it."""

    hits: list[dict[str, list[str]]]
    hole: dict[str, list[dict[str, object]]]
    recovery: Seen
    undisturbed: Seen
    unguarded: dict[str, list[str]]


@pytest.fixture(scope="module")
def throttled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Throttled]:
    folder = tmp_path_factory.mktemp("throttled")
    slow = {"all": "throttle"}
    kinds = {"named": SEARCHED, "unnamed": LISTED, "list": LISTED}
    with street(Desk(folder / "desk"), kinds) as town:
        town.servers["named"].set(**slow, retry_after=30)
        town.servers["unnamed"].set(**slow)
        hits = []
        for minutes in HOUR:
            town.round(minutes=minutes)
            hits.append(town.hits())
        hole = look(town, "").coverage
        bold = {**town.desk.env, **patched(folder / "patch", UNGUARDED)}
        other = Street(Desk(folder / "unguarded", bold), town.servers)
        other.desk.declare(**declared(town))
        other.round("named", "unnamed", minutes=HOUR[-1])
        unguarded = town.hits()
        town.servers["named"].set(reset=True, **SEARCHED.well)
        town.servers["unnamed"].set(reset=True)
        recovery = look(town, town.round(minutes=RECOVERED))
        other = Street(Desk(folder / "undisturbed", town.desk.env), town.servers)
        other.desk.declare(**declared(town))
        undisturbed = look(other, other.round(minutes=RECOVERED))
        yield Throttled(hits, hole, recovery, undisturbed, unguarded)


def declared(town: Street) -> dict[str, str]:
    """The sources' files, for another desk."""
    return {path.stem: path.read_text("utf-8") for path in (town.desk.folder / "sources").iterdir()}


def test_a_host_that_throttles_for_an_hour_is_hardly_asked(throttled: Throttled) -> None:
    """Once a round where it names a time that has passed by then; less and less often where it names none."""
    calls = {name: [path for some in throttled.hits for path in some[name] if path != ROBOTS] for name in SLOW}
    assert len(calls["named"]) == len(HOUR)
    assert len(calls["unnamed"]) == len(HOUR) - 1
    assert throttled.hits[5]["unnamed"] == []
    assert throttled.unguarded["named"].count(SEARCH) == 6  # the arm without the guard: every lane, at once


def test_its_neighbour_is_read_in_every_round(throttled: Throttled) -> None:
    assert all(some["list"] for some in throttled.hits)
    assert throttled.recovery.texts["list"] == LISTED.texts


@pytest.mark.parametrize("name", SLOW)
def test_the_hole_stands_on_record_until_it_is_read(throttled: Throttled, name: str) -> None:
    assert all(hour["read"] == 0 for hour in throttled.hole[name])
    assert all("throttled" in hour["why"] for hour in throttled.hole[name])  # type: ignore[operator]
    assert all(hour["read"] == hour["planned"] for hour in throttled.recovery.coverage[name])


@pytest.mark.parametrize(("name", "texts"), [("named", SEARCHED.texts), ("unnamed", LISTED.texts)])
def test_recovery_makes_no_storm(throttled: Throttled, name: str, texts: int) -> None:
    """As many requests as a first reading of the same time needs, and all of it is read."""
    assert throttled.recovery.texts[name] == throttled.undisturbed.texts[name] == texts
    assert throttled.recovery.hits[name] == throttled.undisturbed.hits[name]


def test_what_is_lost_in_four_silent_days_is_a_hole(tmp_path: Path) -> None:
    """``silent`` is tried in vain after a day, ``idle`` is not: of both, the first of the four days can't be read."""
    days = [status(100 + n, 700 + n, CLAIM, MORNING + timedelta(hours=6 * n + 1)) for n in range(16)]
    with street(Desk(tmp_path / "desk"), {"silent": SEARCHED, "idle": SEARCHED}) as town:
        town.round()
        town.servers["silent"].set(all="drop")
        town.round("silent", minutes=DAY)
        for server in town.servers.values():
            server.set(reset=True, **{**SEARCHED.well, "statuses": [*said(), *days]})
        town.hits()
        town.round(minutes=4 * DAY)
        span = (MORNING - timedelta(hours=72), MORNING + timedelta(days=4))
        found = town.desk.coverage("--since", span[0].isoformat(), "--until", span[1].isoformat())
        asked, texts = town.hits(), town.texts()
    first = int(span[0].timestamp()) // 3600
    why = {"silent": {"network": 3, "aged_out": 3}, "idle": {"not_planned": 6}}
    for name in why:
        hours = [hour for hour in found if hour["source"] == name]
        assert [hour["hour"] for hour in hours] == [hour_text(first + n) for n in range(7 * 24)]
        assert {hour["planned"] for hour in hours} == {6}
        assert [hour["read"] for hour in hours] == [6] * 71 + [0] * 25 + [6] * 71 + [0]
        assert all(hour["why"] == why[name] for hour in hours[72:95])
        assert asked[name] == [ROBOTS] + [SEARCH] * 6
        assert texts[name] == SEARCHED.texts + 12
