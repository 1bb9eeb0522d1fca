"""Posts per second of each stage and of file to durable, beside the plain stack in the same run.

    python -m benchmarks.throughput

The plain stack is what one would wire first: a post at a time, ``jieba.lcut``, scikit-learn's ``predict``, one insert
and one commit. It keeps raw text, counts nothing and groups nothing.
"""

import cProfile
import json
import pstats
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import jieba
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from benchmarks.data import shared
from chengqing import logs
from chengqing.clock import FixedClock
from chengqing.importing import import_file
from chengqing.workspace import open_workspace
from nlp.examples import read_corpus
from nlp.gate import load_gate
from nlp.linear import features
from nlp.packs import load_packs
from nlp.reader import load_reader
from nlp.segment import words
from nlp.text import clauses, letters, normalise
from nlp.voice import is_voice
from pipelines.epoch import EpochKey

AS_OF = datetime.fromisoformat("2026-11-22T08:00:00+08:00")
KEY = EpochKey("bench", bytes(32))


def rate(name: str, work: Callable[[str], object], texts: Iterable[str]) -> None:
    """Print how many texts a second ``work`` does, the best of three."""
    some = list(texts)
    best = min(_seconds(work, some) for _ in range(3))
    print(f"  {name:28} {len(some) / best:10.0f} posts/s")


def _seconds(work: Callable[[str], object], texts: list[str]) -> float:
    began = time.perf_counter()
    for text in texts:
        work(text)
    return time.perf_counter() - began


def stages(texts: list[str]) -> None:
    """Each stage alone, over different texts only."""
    print(f"stages, over {len(texts)} different texts:")
    packs = load_packs()
    gate, reader = load_gate(packs), load_reader(canaries=False)
    normal = [normalise(text) for text in texts]
    rate("normalise", normalise, texts)
    rate("pack terms", packs.touch, normal)
    rate("voice rules", is_voice, normal)
    rate("words (rjieba)", words, normal)
    rate("words (jieba.lcut)", jieba.lcut, normal)
    rate("features", features, normal)
    rate("gate", gate.keep, normal)
    rate("bands", lambda text: KEY.bands(letters(text)), normal)
    rate("clauses, keyed", lambda text: [KEY.clause(clause) for clause in clauses(text)], normal)
    rate("everything (Reader.read)", reader.read, texts)


def plain_model() -> Pipeline:
    """The model that the plain stack predicts with, trained on the same corpus."""
    examples = read_corpus()
    model = make_pipeline(TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None), LogisticRegression(max_iter=1000))
    return model.fit([example.text for example in examples], [example.wanted for example in examples])


def plain(path: Path, folder: Path, model: Pipeline) -> float:
    """Seconds that the plain stack takes for the file."""
    connection = sqlite3.connect(folder / "plain.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE post (id INTEGER PRIMARY KEY, text TEXT, flag INTEGER)")
    began = time.perf_counter()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            status = json.loads(line)
            flag = int(model.predict([status["text"]])[0])
            connection.execute("INSERT INTO post (text, flag) VALUES (?, ?)", (status["text"], flag))
            connection.commit()
    seconds = time.perf_counter() - began
    connection.close()
    return seconds


def ours(path: Path, folder: Path) -> float:
    """Seconds of an import, file to durable; weights are loaded and the canaries have run before."""
    with open_workspace(folder, None, FixedClock(AS_OF)) as workspace:
        _ = workspace.reader
        began = time.perf_counter()
        import_file(workspace, path, "weibo-status", as_of=AS_OF)
        return time.perf_counter() - began


def main() -> None:
    """Stages, both stacks in turn three times, memory, profile."""
    logs.configure("warning")
    path = shared("statuses-dev.jsonl")
    with path.open(encoding="utf-8") as lines:
        texts = list(dict.fromkeys(json.loads(line)["text"] for line in lines))
    stages(texts)
    with path.open("rb") as lines:
        count = sum(1 for _ in lines)
    jieba.initialize()
    model = plain_model()
    pairs = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            pairs.append((ours(path, Path(folder) / "ours"), plain(path, Path(folder), model)))
    fast, slow = min(a for a, _ in pairs), min(b for _, b in pairs)
    print(f"file to durable, {count} statuses: {count / fast:.0f} posts/s; plain stack {count / slow:.0f} posts/s")
    print(f"ratio {slow / fast:.1f} (in pairs: {', '.join(f'{b / a:.1f}' for a, b in pairs)})")
    unit = 1 if sys.platform == "darwin" else 1024
    print(f"peak memory, both stacks: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20:.0f} MiB")
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        profile.runcall(ours, path, Path(folder))
    pstats.Stats(profile).sort_stats("tottime").print_stats(10)


if __name__ == "__main__":
    main()
