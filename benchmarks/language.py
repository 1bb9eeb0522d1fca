"""Texts per second of the whole language stage on one core, beside the plain stack in the same run.

    python -m benchmarks.language

The mix is that of the sample stream: everything a crawl hands over, of which most is out of scope. Beside it, jieba's
words and one prediction of a scikit-learn model a text. Then the time of one text against its length, up to a million
characters.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import jieba

import chengqing
from benchmarks.data import shared
from benchmarks.throughput import plain_model
from nlp.reader import load_reader

TOWN = Path(chengqing.__file__).with_name("town") / "posts.jsonl"
LENGTHS = (1_000, 10_000, 100_000, 1_000_000)


def texts(path: Path) -> list[str]:
    """The texts of a file of statuses, in order."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def rate(work: Callable[[str], object], some: Sequence[str]) -> float:
    """Texts per second of the processor, the best of three."""
    least = float("inf")
    for _ in range(3):
        began = time.process_time()
        for text in some:
            work(text)
        least = min(least, time.process_time() - began)
    return len(some) / least


def lengths(read: Callable[[str], object], some: Sequence[str]) -> None:
    """Milliseconds of one text by its length: kept and dropped wordings over and over."""
    joined = "。".join(some)
    whole = joined * (LENGTHS[-1] // len(joined) + 1)
    for name, ground in (("marked", whole), ("without a mark", "".join(filter(str.isalnum, whole)))):
        took = []
        for length in LENGTHS:
            began = time.process_time()
            read(ground[:length])
            took.append(1000 * (time.process_time() - began))
        print(f"{name}: " + ", ".join(f"{n} {t:.1f} ms" for n, t in zip(LENGTHS, took, strict=True)))


def main() -> None:
    """Both streams, ours and the plain stack in turn; memory; lengths."""
    reader = load_reader(canaries=False)
    unit = 1 if sys.platform == "darwin" else 1024
    for name, path in (("sample town", TOWN), ("statuses", shared("statuses-dev.jsonl"))):
        some = texts(path)
        kept = sum(reader.read(text) is not None for text in some)
        fast = rate(reader.read, some)
        print(f"{name}: {len(some)} texts, {len(set(some))} different, {kept} kept: {fast:,.0f} texts/s")
        if name == "sample town":
            print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20:.0f} MiB")
            town, ours = some, fast
    lengths(reader.read, list(dict.fromkeys(town))[:200])
    jieba.initialize()
    model = plain_model()
    slow = rate(lambda text: model.predict([text]), town[:2_000])
    print(f"plain stack on the sample town: {slow:,.0f} texts/s, ratio {ours / slow:.1f}")


if __name__ == "__main__":
    main()
