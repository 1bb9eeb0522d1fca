"""The written corpus, as it is learned from and measured on: two readers' labels of every text."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nlp.score import is_question
from nlp.text import normalise

CORPUS = Path(__file__).parent / "corpus"
SECOND = "second.tsv"
"""A second reader's labels, given without having seen the first: id, scope, kind, flag (0 or 1)."""
VOICES = frozenset({"accountability", "opinion", "help"})


@dataclass(frozen=True, slots=True)
class Label:
    """What one reader says of a text."""

    scope: str
    kind: str
    flag: bool

    @property
    def voice(self) -> bool:
        """Whether it is a voice, to be left alone."""
        return self.kind in VOICES


@dataclass(frozen=True, slots=True)
class Example:
    """One text of the corpus. ``occasion`` is the event it was written for: never split between folds."""

    id: str
    text: str
    first: Label
    second: Label
    occasion: str

    @property
    def scope(self) -> str:
        """The subject that the writer gave it."""
        return self.first.scope

    @property
    def flag(self) -> bool:
        """Whether both readers say that somebody should check it."""
        return self.first.flag and self.second.flag

    @property
    def wanted(self) -> bool:
        """Whether the gate should keep it: a claim to check, or a question whether one is true."""
        asks = {self.first.kind, self.second.kind} == {"question"} and self.scope != "none"
        return not self.voice and (self.flag or (asks and is_question(self.text)))

    @property
    def voice(self) -> bool:
        """Whether one reader says that it is a voice: unsure is left alone."""
        return self.first.voice or self.second.voice


def read_corpus(folder: Path = CORPUS) -> list[Example]:
    """All examples of ``folder/*.jsonl``, normalised, in the order of files and lines.

    A text that was read once counts with its one label; the data card says how many there are.
    """
    with (folder / SECOND).open(encoding="utf-8", newline="") as file:
        second = {id_: Label(scope, kind, flag == "1") for id_, scope, kind, flag in csv.reader(file, "excel-tab")}
    rows = (
        json.loads(line)
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    )
    return [_example(row, second) for row in rows]


def _example(row: dict[str, Any], second: Mapping[str, Label]) -> Example:
    first = Label(row["scope"], row["kind"], row["flag"])
    return Example(row["id"], normalise(row["text"]), first, second.get(row["id"], first), row["occasion"])
