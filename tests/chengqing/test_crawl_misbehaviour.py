"""Sources that hang, lie, loop, change or throttle: no other one starves, nothing is skipped in silence, no storm."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.support.day import MORNING
from tests.support.desk import Desk
from tests.support.patched import IMPATIENT, patched
from tests.support.search import contents
from tests.support.trouble import (
    NEIGHBOURS,
    PASSING,
    SEARCHED,
    SHUT,
    STOPPED,
    TOKEN,
    TROUBLES,
    Street,
    street,
)

pytestmark = pytest.mark.timeout(900)  # much of it waits for a machine that may have other things to do
ROBOTS = "/robots.txt"
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
    """A round in which all go wrong, and one twenty minutes later in which nothing does; hosts have a second to answer."""
    folder = tmp_path_factory.mktemp("troubles")
    desk = Desk(folder / "desk")
    desk.env = {**desk.env, **patched(folder / "patch", IMPATIENT)}
    kinds = {**{name: trouble.kind for name, trouble in TROUBLES.items()}, **NEIGHBOURS}
    with street(desk, kinds) as town:
        for name, trouble in TROUBLES.items():
            town.servers[name].set(**trouble.scenario)
        first = look(town, town.round())
        for name, trouble in TROUBLES.items():
            if trouble is not TOKEN:
                town.servers[name].set(reset=True, **trouble.kind.well)
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


# -- what lists do that have no end ------------------------------------------------------------------
