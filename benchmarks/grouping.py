"""Grouping in streams: chaining, precision and recall, strangers, rows and bytes a post, and the cost of a viral text.

python -m benchmarks.grouping [--curve COUNT ...]
"""

import argparse
import random
import re
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import combinations, islice
from pathlib import Path

import sqlalchemy as sa

from benchmarks.data import formulaic, records, varied
from nlp.signature import components
from nlp.text import clauses, letters, normalise
from pipelines import schema
from pipelines.epoch import EpochKey, bin_of
from pipelines.migrate import upgrade
from pipelines.spread import Block, Mention
from pipelines.store import Store, sqlite_url

BLOCK = 200
READ = 20
"""Members of a group that a reader looks at."""
_HEAD = 30
"""Characters by which a status is traced to the post that it says again."""
_SAME = 0.5
"""Share of 3-grams from which two real posts count as one claim where no label says so."""


def mention(key: EpochKey, text: str, account: str) -> Mention:
    """One text as it is counted, without the gate."""
    words = normalise(text)
    signed = key.account("bench", account)
    return Mention(
        key=key,
        hazard="flood",
        score=5,
        rules=frozenset(),
        early_warning=False,
        question=False,
        hour=500_000,
        source="bench",
        bands=key.bands(letters(words)),
        clauses=tuple((key.clause(clause), clause, "") for clause in clauses(words)),
        account=signed,
        bin=bin_of(signed),
    )


def count(store: Store, mentions: Sequence[Mention]) -> list[float]:
    """Count in blocks, a transaction each; seconds a block."""
    seconds = []
    for start in range(0, len(mentions), BLOCK):
        some = mentions[start : start + BLOCK]
        began = time.perf_counter()
        with store.write() as connection:
            block = Block(connection, some, floor=5, scopes={"flood": "disaster"}, guard=lambda _: "", now=0)
            for one in some:
                block.apply(one)
            block.flush()
        seconds.append(time.perf_counter() - began)
    return seconds


def pair_precision(texts: Sequence[str], groups: Sequence[int]) -> tuple[float, int]:
    """Share of pairs in one group that have at least 0.3 of their 3-grams in common, of at most 20,000 pairs; pairs."""
    grams = [grams_of(text) for text in texts]
    members: dict[int, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    pairs = [pair for some in members.values() for pair in combinations(some[:60], 2)]
    chosen = random.Random(1).sample(pairs, min(20_000, len(pairs)))
    near = sum(alike(grams[a], grams[b]) >= 0.3 for a, b in chosen)
    return near / max(1, len(chosen)), len(chosen)


def table_rows(store: Store) -> int:
    """Rows of all tables."""
    with store.read() as connection:
        return sum(
            int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
            for table in schema.metadata.sorted_tables
        )


def stream(name: str, texts: Sequence[str]) -> None:
    """Count one stream into a fresh database and print what it cost and how it chained."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(sqlite_url(Path(folder)))
        upgrade(store)
        key = EpochKey("bench", secrets.token_bytes(32))
        chance = random.Random(2)
        mentions = [mention(key, text, f"a{chance.randrange(len(texts))}") for text in texts]
        seconds = count(store, mentions)
        with store.read() as connection:
            band = schema.band
            groups = {row.hash: row.group for row in connection.execute(sa.select(band.c.hash, band.c.group))}
        rows = table_rows(store)
        store.checkpoint()
        of = [groups[one.bands[0]] if one.bands else -number for number, one in enumerate(mentions, start=1)]
        size = (Path(folder) / "chengqing.db").stat().st_size
        store.close()
    largest = Counter(of).most_common(1)[0][1]
    precision, pairs = pair_precision(texts, of)
    print(
        f"{name}: {len(texts)} texts, {len(set(of))} groups, largest {largest}, pair precision {precision:.4f} "
        f"({pairs} pairs), {rows / len(texts):.2f} rows and {size / len(texts):.0f} bytes a post, "
        f"{len(texts) / sum(seconds):.0f} posts/s"
    )


def grams_of(text: str) -> set[str]:
    """3-grams of a text's word characters."""
    word = letters(normalise(text))
    return {word[i : i + 3] for i in range(len(word) - 2)}


def alike(left: set[str], right: set[str]) -> float:
    """Share of all their 3-grams that two texts have in common."""
    return len(left & right) / max(1, len(left | right))


def real() -> tuple[list[str], list[str], list[int]]:
    """Texts of the shared statuses, the beginning of the post that each says again, and its claim by number.

    Only flagged posts are labelled with their claim, so posts that share half of their 3-grams are one claim too:
    compared one by one and exactly, without the signatures that are measured.
    """
    posts = [*records("posts-dev.jsonl"), *records("groups-dev.jsonl")]
    labels = {post["text"][:_HEAD].strip(): post.get("group") for post in posts}
    texts = [status.get("retweeted_status", status)["text"] for status in records("statuses-dev.jsonl")]
    sources = [text[:_HEAD].strip() for text in texts]
    first = dict(zip(reversed(sources), map(grams_of, reversed(texts)), strict=True))
    numbers = {source: number for number, source in enumerate(first)}
    links: list[list[int]] = [[] for _ in first]
    named: dict[str, int] = {}
    for link, (left, right) in enumerate(combinations(first, 2)):
        if alike(first[left], first[right]) >= _SAME:
            links[numbers[left]].append(link)
            links[numbers[right]].append(link)
    for source in first:
        if label := labels.get(source):
            links[numbers[source]].append(-named.setdefault(label, len(named) + 1))
    claims = components(links)
    return texts, sources, [claims[numbers[source]] for source in sources]


def bases(texts: Sequence[str], parts: int) -> list[str]:
    """The text that each generated one is a copy of: its first ``parts``, without the small ending."""
    return [re.split("[！～]", "，".join(text.split("，")[:parts]))[0] for text in texts]


def pairs(sizes: Counter[Hashable]) -> int:
    """Pairs within classes of these sizes."""
    return sum(size * (size - 1) // 2 for size in sizes.values())


def strangers(labels: Sequence[Hashable], groups: Sequence[int]) -> tuple[int, int, int]:
    """Groups of two and more, those of whose READ members (drawn) more than one is a stranger, and most strangers."""
    members: dict[int, list[Hashable]] = {}
    for label, group in zip(labels, groups, strict=True):
        members.setdefault(group, []).append(label)
    draw = random.Random(3)
    read = [draw.sample(some, min(READ, len(some))) for some in members.values() if len(some) > 1]
    odd = [len(some) - Counter(some).most_common(1)[0][1] for some in read]
    return len(odd), sum(count > 1 for count in odd), max(odd, default=0)


def truth(name: str, texts: Sequence[str], labels: Sequence[Hashable], keys: int = 3) -> None:
    """Group a stream in memory under some keys; print precision and recall of pairs against what is true."""
    read = [letters(normalise(text)) for text in texts]
    for number in range(keys):
        key = EpochKey(f"truth{number}", bytes([number]) * 32)
        groups = components([key.bands(word) for word in read])
        both = pairs(Counter(zip(groups, labels, strict=True)))
        together, same = pairs(Counter(groups)), pairs(Counter(labels))
        several, strange, most = strangers(labels, groups)
        size = Counter(groups).most_common(1)[0][1]
        print(
            f"{name}, key {number}: pair precision {both / max(1, together):.4f}, recall {both / max(1, same):.4f} "
            f"({together} pairs); largest group {size}; of {several} groups {strange} with more than one stranger "
            f"among {READ} read, at most {most}"
        )


def curve(counts: Sequence[int]) -> None:
    """One stream that grows: seconds a post over the last 5,000 before each count, and rows a post."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(sqlite_url(Path(folder)))
        upgrade(store)
        key = EpochKey("bench", secrets.token_bytes(32))
        stream_ = varied(max(counts))
        done = 0
        for wanted in sorted(counts):
            seconds: list[float] = []
            while done < wanted:
                some = list(islice(stream_, min(BLOCK * 25, wanted - done)))
                began = time.perf_counter()
                count(store, [mention(key, text, f"a{done + n}") for n, text in enumerate(some)])
                seconds.append((time.perf_counter() - began) / len(some))
                done += len(some)
            store.checkpoint()
            size = (Path(folder) / "chengqing.db").stat().st_size
            print(
                f"{done} posts: {seconds[-1] * 1e3:.3f} ms a post at the end, {table_rows(store) / done:.2f} rows and "
                f"{size / done:.0f} bytes a post",
                flush=True,
            )
        store.close()


def viral(times: int = 12_000) -> None:
    """One text again and again: seconds a post in the last tenth, against the first."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(sqlite_url(Path(folder)))
        upgrade(store)
        key = EpochKey("bench", secrets.token_bytes(32))
        text = "听说小龙虾和西瓜一起吃会中毒，桃溪已经有好几个人住院了，家里有孩子的注意"
        seconds = count(store, [mention(key, text, f"a{n}") for n in range(times)])
        store.close()
    tenth = len(seconds) // 10
    first, last = sum(seconds[:tenth]), sum(seconds[-tenth:])
    print(f"one text {times} times: the last tenth costs {last / first:.2f} x the first")


def main(*given: str) -> None:
    """All streams, or with ``--curve`` only how the cost grows with what is stored."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grouping")
    parser.add_argument("--curve", type=int, nargs="+", metavar="COUNT", help="posts stored at each point")
    options = parser.parse_args(given)
    if options.curve:
        curve(options.curve)
        return
    texts, sources, claims = real()
    truth("real, by text", texts, sources)
    truth("real, by claim", texts, claims)
    texts = list(varied(100_000))
    truth("varied", texts, bases(texts, 3))
    stream("real", real()[0])
    stream("varied", texts)
    stream("formulaic", list(formulaic(100_000)))
    viral()


if __name__ == "__main__":
    main(*sys.argv[1:])
