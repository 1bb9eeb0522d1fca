"""An invented district as a stand-in's statuses, in the likeness of the one that :mod:`benchmarks.quota` imagines.

Three days; noise is log-normal over lanes. 50 claims start within the first two days, are said by 5 to 60 accounts
within 6 to 24 hours, and come in swarms, the more the more harmful their hazard is. Wordings are the corpus's.
"""

import json
import math
import random
import sys
from argparse import ArgumentParser, Namespace
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from chengqing.clock import CHINA
from chengqing.crawl.lanes import search_terms
from nlp.packs import Packs, load_packs
from nlp.reader import Reader, load_reader
from nlp.text import normalise
from tests.servers.base import serve
from tests.servers.weibo import Weibo
from tests.support.statuses import TALK, status

HAZARDS, CLAIMS, FLOOR = 60, 50, 5
"""Hazards are those of which the corpus has most wordings."""
BEGIN = datetime(2026, 11, 22, tzinfo=CHINA)
HOUR, PAGE = 3600, 50
DAY = 24 * HOUR
SPAN = 3 * DAY
_CORPUS = Path(__file__).parents[1] / "nlp" / "corpus"


@cache
def packs() -> Packs:
    """The hazards, loaded once."""
    return load_packs()


@cache
def reader() -> Reader:
    """The language stages, loaded once."""
    return load_reader(())


@cache
def wordings() -> Mapping[str, Sequence[str]]:
    """Texts of the corpus that the gate keeps, by the hazard of whose searched terms they hold one; the most first."""
    hazards = packs().hazards
    lines = (json.loads(line) for file in sorted(_CORPUS.glob("*.jsonl")) for line in file.open(encoding="utf-8"))
    texts = (line["text"] for line in lines if line["kind"] == "claim")
    kept = {text: normalise(text) for text in texts if reader().read(text)}
    found = {
        hazard.id: [text for text, words in kept.items() if any(term in words for term in search_terms(hazard))]
        for hazard in hazards.values()
    }
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:HAZARDS])


@dataclass(frozen=True)
class Post:
    """Seconds from the beginning, the claim's number or -1, an account, and what is said."""

    at: int
    claim: int
    account: int
    text: str


@dataclass(frozen=True)
class Claim:
    """When it began and when its fifth account had said it, in seconds from the beginning; its wording."""

    started: float
    knowable: float
    text: str


@dataclass
class District:
    """What is published, as the stand-in takes it; a number is a place in ``posts``."""

    posts: list[Post] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    lanes: dict[str, list[int]] = field(default_factory=dict)
    """By searched term, newest first."""

    def search(self, words: tuple[str, ...], county: str, since: int, until: int) -> Sequence[int]:  # noqa: ARG002
        found = self.lanes.get(words[-1], [])
        first = bisect_left(found, 1 - until, key=lambda number: -self.at(number))
        return found[first : bisect_left(found, 1 - since, key=lambda number: -self.at(number))]

    def timeline(self, account: str) -> None:
        """Nobody's is asked for."""

    def others(self, account: str) -> Sequence[int]:  # noqa: ARG002
        return ()

    def numbered(self, mid: int) -> int | None:
        number = mid - self.mid(0)
        return number if 0 <= number < len(self.posts) else None

    def mid(self, number: int) -> int:
        return int(status(number, 0, "", BEGIN)["id"])

    def at(self, number: int) -> int:
        return int(BEGIN.timestamp()) + self.posts[number].at

    def record(self, number: int) -> Any:
        post = self.posts[number]
        return status(number, post.account, post.text, BEGIN + timedelta(seconds=post.at))


@cache
def make(seed: int) -> District:
    """The district of a seed."""
    chance = random.Random(seed)
    hazards = [packs().hazards[name] for name in wordings()]
    lively = [chance.gauss(0, 1) for _ in hazards]
    made = District()
    for hazard, much in zip(hazards, lively, strict=True):
        for term in search_terms(hazard):
            idle = [text for talk in TALK if not reader().read(text := f"{talk.format(3)}，{term}")] or [TALK[0]]
            common = 0.3 * much + math.sqrt(1 - 0.3**2) * chance.gauss(0, 1)
            for at in _noise(math.exp(2 * common), chance):
                made.posts.append(Post(int(at), -1, len(made.posts), chance.choice(idle)))
                made.lanes.setdefault(term, []).append(len(made.posts) - 1)
    weights = [math.exp(1.25 * much) * hazard.harm for hazard, much in zip(hazards, lively, strict=True)]
    _say(made, _starts(weights, chance), chance)
    for numbers in made.lanes.values():
        numbers.sort(key=lambda number: -made.posts[number].at)
    return made


def _noise(an_hour: float, chance: random.Random) -> Iterator[float]:
    """When somebody says a lane's words and no claim."""
    at = 0.0
    while (at := at + chance.expovariate(an_hour / HOUR)) < SPAN:
        yield at


def _starts(weights: Sequence[float], chance: random.Random) -> Iterator[tuple[int, float]]:
    """Hazard and start of one claim after the other: three on average within two days of one happening."""
    until = SPAN - DAY
    while True:
        hazard, happened = chance.choices(range(len(weights)), weights)[0], chance.uniform(-2 * DAY, until)
        more = True
        while more:
            started = happened + chance.uniform(0, 2 * DAY)
            if 0 <= started < until:
                yield hazard, started
            more = chance.random() > 1 / 3


def _said(started: float, chance: random.Random) -> list[float]:
    """When 5 to 60 accounts say a claim, within 6 to 24 hours."""
    accounts, lasts = round(5 * 12 ** chance.random()), chance.uniform(6, 24) * HOUR
    return sorted([started, *(started + chance.uniform(0, lasts) for _ in range(accounts - 1))])


def _say(made: District, starts: Iterator[tuple[int, float]], chance: random.Random) -> None:
    """Claims, each with a wording of its own, found by every term that it holds."""
    pools = [chance.sample(texts, len(texts)) for texts in wordings().values()]
    terms = {term for name in wordings() for term in search_terms(packs().hazards[name])}
    used: set[str] = set()
    while len(made.claims) < CLAIMS:
        hazard, started = next(starts)
        text = next((text for text in pools[hazard] if text not in used), None)
        if text is None:
            continue
        used.add(text)
        said, held = _said(started, chance), [term for term in terms if term in normalise(text)]
        for at in said:
            made.posts.append(Post(int(at), len(made.claims), 1_000_000 + len(made.posts), text))
            for term in held:
                made.lanes.setdefault(term, []).append(len(made.posts) - 1)
        made.claims.append(Claim(started, said[FLOOR - 1], text))


def clause_of(text: str) -> str:
    """The longest clause that is kept of a wording."""
    reading = reader().read(text)
    return max((clause.text for clause in reading.clauses), key=len) if reading else ""


def full(made: District) -> int:
    """Requests a day that reading every lane to its end at every round takes."""
    lanes = sum(len(search_terms(packs().hazards[name])) for name in wordings())
    calls = lanes * SPAN // HOUR
    for numbers in made.lanes.values():
        hours = Counter(made.posts[number].at // HOUR for number in numbers)
        calls += sum(n // PAGE for n in hours.values())
    return calls * DAY // SPAN


def stand_in(seed: int) -> None:
    """Serve the district, until stdin closes."""

    def made(_: Namespace) -> Weibo:
        server = Weibo(())
        server._filed = server._shelf = make(seed)
        return server

    parser = ArgumentParser()
    parser.add_argument("seed")
    serve(made, parser)


if __name__ == "__main__":
    stand_in(int(sys.argv[1]))
