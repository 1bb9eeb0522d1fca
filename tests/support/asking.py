"""Accounts that ask for a public fact, through reader, triage and intake, into a database."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from nlp.ask import Ask
from nlp.gate import load_gate
from nlp.linear import Linear
from nlp.packs import PACKS, load_packs, load_region
from nlp.reader import Reader
from nlp.score import load_scorer
from nlp.text import clauses, normalise
from pipelines import windows
from pipelines.epoch import EpochKey
from pipelines.intake import Batch, Intake
from pipelines.page import Page, Post, Reads
from pipelines.store import Store
from pipelines.triage import Triage
from tests.support.crowd import HOUR

TOWN = PACKS / "regions" / "yunxiu.toml"
_ROWS = Path(__file__).parents[1] / "nlp" / "data" / "asks.jsonl"


def plain(reader: Reader, hazard: str = "") -> dict[str, Ask]:
    """Written questions that the reader of today reads, with what they ask for; those of one hazard."""
    rows = map(json.loads, _ROWS.read_text(encoding="utf-8").splitlines())
    texts = [row["plain"] for row in rows if row["hazard"] == hazard or not hazard]
    found = {text: asked for text in texts if (asked := reader.ask(text)) is not None}
    assert found, "the voice model reads none of the written questions: add plain ones to asks.jsonl"
    return found


def town_reader() -> Reader:
    """A reader of the sample town whose voice model hears nothing: rules decide, whatever is learned."""
    packs = load_packs()
    gate = replace(load_gate(packs), voice=Linear({}, {}, -9.0, 0.5))
    return Reader(packs, (load_region(TOWN),), gate, load_scorer())


def disk(folder: Path) -> bytes:
    """Every byte under ``folder``."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def runs(texts: list[str]) -> set[str]:
    """Every run of six characters of the texts' clauses that stands in no list of ours."""
    listed = TOWN.read_text(encoding="utf-8")
    runs = {clause[n : n + 6] for text in texts for clause in clauses(normalise(text)) for n in range(len(clause) - 5)}
    return {run for run in runs if run not in listed}


class Askers:
    """Posts into a store under one key; every post has an id of its own unless ``first`` says otherwise."""

    def __init__(self, store: Store, reader: Reader, key: EpochKey, floor: int = 5) -> None:
        self.store = store
        self._reader = reader
        self.key = key
        self._intake = Intake(store, reader, floor=floor)
        self._posts = 0

    def say(
        self, accounts: Iterable[str], text: str, *, hour: int = HOUR, first: int | None = None, quoted: str = ""
    ) -> dict[str, int]:
        """Every account posts ``text``, read at ``hour``, a block each; outcomes of the posts."""
        outcomes: dict[str, int] = {}
        for number, account in enumerate(accounts):
            id_ = self._posts if first is None else first + number
            self._posts += first is None
            for outcome, n in self._post(account, text, hour, f"{self.key.epoch}:{id_}", quoted).items():
                outcomes[outcome] = outcomes.get(outcome, 0) + n
        return outcomes

    def _post(self, account: str, text: str, hour: int, id_: str, quoted: str) -> dict[str, int]:
        key, now = self.key, hour * 3600
        post = Post(
            token=key.post("test", id_), account=key.account("test", account), epoch=key.epoch, hour=hour, text=text,
            quoted=quoted,
        )  # fmt: skip
        with self.store.write() as connection:
            window = windows.find(connection, key.epoch) or windows.open_window(
                connection, source="file", name=key.epoch, basis="b", format="f", as_of=now, epoch=key.epoch, now=now
            )
        page = Page(source="file", window=window.id, cursor=1, reads=Reads(), posts=(post,))
        batch = Batch.of(page, Triage(self._reader, {key.epoch: key}, "file"))
        counts = self._intake.commit(batch, window=window.id, cursor=1, line=1, now=now)
        return {outcome: n for (_, outcome), n in counts.outcomes.items() if n}
