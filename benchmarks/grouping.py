"""Grouping in streams: chaining, precision, rows and bytes a post, and the cost of a viral text.

python -m benchmarks.grouping
"""

import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import sqlalchemy as sa

from benchmarks.data import formulaic, records, varied
from nlp.text import clauses, letters, normalise
from pipelines import schema
from pipelines.epoch import EpochKey, bin_of
from pipelines.migrate import upgrade
from pipelines.spread import Block, Mention
from pipelines.store import Store, sqlite_url

BLOCK = 200


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
    grams = [{word[i : i + 3] for i in range(len(word) - 2)} for word in (letters(normalise(text)) for text in texts)]
    members: dict[int, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    pairs = [pair for some in members.values() for pair in combinations(some[:60], 2)]
    chosen = random.Random(1).sample(pairs, min(20_000, len(pairs)))
    near = sum(len(grams[a] & grams[b]) >= 0.3 * len(grams[a] | grams[b]) for a, b in chosen)
    return near / max(1, len(chosen)), len(chosen)


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
            rows = sum(
                int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
                for table in schema.metadata.sorted_tables
            )
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


def main() -> None:
    """All streams."""
    stream("real", [status["text"] for status in records("statuses-dev.jsonl")][:5000])
    stream("varied", list(varied(100_000)))
    stream("formulaic", list(formulaic(100_000)))
    viral()


if __name__ == "__main__":
    sys.exit(main())
