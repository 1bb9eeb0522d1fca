"""``triage`` and ``group``: the language stages on a file of the operator's own texts. Nothing is stored.

Both sign with a constant public key: their labels mean something within one run only, and join to no database.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from chengqing.messages import say
from nlp.reader import Reader, Reading
from nlp.score import Reason
from nlp.signature import components
from nlp.text import letters, normalise
from pipelines.epoch import EpochKey
from spiders.ndjson import lines

PUBLIC = EpochKey("public", hashlib.sha256(b"chengqing: public key for measuring, keeps nothing secret").digest())


@dataclass(frozen=True, slots=True)
class Text:
    """One line of the input."""

    id: Any
    text: str


class BadLine(ValueError):
    """A line that is not ``{"id": …, "text": "…"}``; the message names file and line, never content."""


def texts(name: str, stream: BinaryIO) -> Iterator[Text | BadLine]:
    """The lines of a JSON Lines file, read as strictly as an import reads them; blank ones are skipped."""
    for line in lines(stream):
        if isinstance(line.record, str):
            yield BadLine(say("triage_bad_line", file=name, line=line.number, why=say(f"fault_{line.record}")))
        elif "id" not in line.record or not isinstance(text := line.record.get("text"), str):
            yield BadLine(say("triage_bad_line", file=name, line=line.number, why=say("bad_no_text")))
        else:
            yield Text(line.record["id"], text)


def _labels(signatures: list[tuple[int, ...]]) -> list[str]:
    """``g1``, ``g2`` … in order of first appearance."""
    numbers: dict[int, int] = {}
    return [f"g{numbers.setdefault(root, len(numbers) + 1)}" for root in components(signatures)]


def reason_record(reason: Reason) -> dict[str, Any]:
    """A reason as JSON shows it."""
    return {
        "rule": reason.rule,
        "zh": reason.zh,
        "en": reason.en,
        "weight": reason.weight,
        "words": list(reason.words),
    }


def triage(reader: Reader, some: Iterable[Text]) -> Iterator[dict[str, Any]]:
    """One record a text, in order: what the stages make of it, or that it was dropped and nothing else."""
    readings: list[tuple[Any, Reading | None]] = [(text.id, reader.read(text.text)) for text in some]
    kept = [reading for _, reading in readings if reading is not None]
    labels = iter(_labels([PUBLIC.bands(reading.letters) for reading in kept]))
    for id_, reading in readings:
        if reading is None:
            yield {"id": id_, "pack": None, "flagged": False, "reasons": []}
            continue
        yield {
            "id": id_,
            "pack": reading.hazard.scope,
            "hazard": reading.hazard.id,
            "flagged": not reading.question,
            "check_score": round(reading.score, 3),
            "early_warning": reading.early_warning,
            "group": next(labels),
            "reasons": [reason_record(reason) for reason in reading.reasons],
        }


def group(reader: Reader, some: Iterable[Text]) -> Iterator[dict[str, Any]]:
    """Near-duplicate group and variant of any texts, in order; no gate."""
    ids, signatures, guards = [], [], []
    for text in some:
        words = normalise(text.text)
        ids.append(text.id)
        signatures.append(PUBLIC.bands(letters(words)))
        guards.append(reader.guard(text.text))
    variants: dict[str, dict[str, int]] = {}
    for id_, label, guard in zip(ids, _labels(signatures), guards, strict=True):
        known = variants.setdefault(label, {})
        yield {"id": id_, "group": label, "variant": f"{label}v{known.setdefault(guard, len(known) + 1)}"}
