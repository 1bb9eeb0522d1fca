"""Importing a file: a window that is named by the file's keyed digest, read once, in blocks.

Each block is one transaction and moves the window's cursor, so that a killed import goes on where it stopped, with
the same private epoch. When the last block has committed, everything that the epoch's key made goes, and the key.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal, get_args

import structlog

from chengqing.messages import cause, say
from chengqing.source import ContractFiles, Source
from chengqing.workspace import Workspace
from pipelines import epochs, retention, said, windows
from pipelines.epoch import EpochKey
from pipelines.intake import Batch, Intake
from pipelines.page import Article, Fault, Post, Problem, Reason
from pipelines.triage import Triage
from pipelines.windows import Counts, Window
from spiders.article import ArticleReading
from spiders.article_json import read_article, read_articles
from spiders.chat_export import looks_like_chat
from spiders.edge import Edge, Refusal
from spiders.ndjson import decode, lines
from spiders.wechat import read_freepublish, read_page
from spiders.weibo import read_status

Format = Literal["weibo-status", "wechat-html", "article-json"]
FORMATS: tuple[Format, ...] = get_args(Format)
UNDECLARED = "file, basis not declared"
"""The basis on record of a file without a source; people read it in their language."""
DOCUMENT_LIMIT = 64 << 20
"""Bytes of the largest file that is read as one document."""
_SEEN_OFTEN = 5
log = structlog.get_logger()
_HEAD = 1 << 16


class ImportRefused(RuntimeError):
    """The file can't be imported; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file. ``unknown`` names fields the reader does not know, with how often they came."""

    name: str
    source: str
    state: Literal["imported", "resumed", "already"]
    basis: str
    as_of: datetime
    counts: Counts
    problems: tuple[tuple[int, str], ...] = ()
    unknown: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Record:
    """One line or entry of a file: where it stands, where the next begins, what it came to."""

    number: int
    end: int
    items: tuple[tuple[Literal["text", "quoted"], Post | Article | Reason], ...]
    fault: Fault | None = None
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _PrivateKeys:
    """Signs everything in one file with its private epoch."""

    key: EpochKey

    def at(self, hour: int) -> EpochKey:  # noqa: ARG002 - a private epoch serves every hour
        return self.key


def import_file(
    workspace: Workspace,
    path: Path,
    format: Format,
    *,
    source: Source | None = None,
    as_of: datetime | None = None,
    progress: Callable[[int, int], None] = lambda done, size: None,
) -> Outcome:
    """Import ``path``; ``progress`` is told (bytes or entries done, of how many).

    ``as_of`` is the moment at which the file is read, by default the clock's; an import that goes on keeps the one
    it began with. Raises ImportRefused for a file that is no such file, or a chat export.
    """
    stream = _open(path)
    with stream:
        size = path.stat().st_size
        _refuse_chat(path, stream)
        name = _window_name(workspace, stream, format)
        with workspace.store.read() as connection:
            window = windows.find(connection, name)
            if window is not None and window.state == "finished":
                return _outcome(workspace, path, window, "already", Counter())
        state: Literal["imported", "resumed"] = "imported" if window is None else "resumed"
        window, key = _begin(workspace, window, name, format, source, as_of)
        edge = Edge(
            source=window.source,
            signers=_PrivateKeys(key),
            now=datetime.fromtimestamp(window.as_of, UTC),
            organisation=source.organisation.name if source and source.organisation else None,
            accounts=frozenset(source.biz) if isinstance(source, ContractFiles) else frozenset(),
            permitted=source is None or source.stores(workspace.today),
        )
        unknown = _read_all(workspace, window, key, _records(stream, window, format, edge), size, progress)
        _end(workspace, window, key)
        return _outcome(workspace, path, window, state, unknown)


def _open(path: Path) -> BinaryIO:
    if path.is_dir():
        raise ImportRefused(f"{path}: {say('import_directory')}")
    if path.exists() and not path.is_file():
        raise ImportRefused(f"{path}: {say('import_no_file')}")
    try:
        return path.open("rb")
    except OSError as error:
        raise ImportRefused(f"{path}: {say('unreadable', why=cause(error))}") from None


def _refuse_chat(path: Path, stream: BinaryIO) -> None:
    stream.seek(0)
    if (kind := looks_like_chat(stream.read(_HEAD))) is not None:
        raise ImportRefused(f"{path}: {say('import_chat', kind=kind)}")


def _window_name(workspace: Workspace, stream: BinaryIO, format: Format) -> str:
    """The file's digest under the installation's key: says nothing about the file to anybody else."""
    stream.seek(0)
    digest = hashlib.sha256()
    while part := stream.read(1 << 20):
        digest.update(part)
    return hmac.digest(workspace.keys.installation(), format.encode() + b"\0" + digest.digest(), "sha256").hex()


def _begin(
    workspace: Workspace,
    window: Window | None,
    name: str,
    format: Format,
    source: Source | None,
    as_of: datetime | None,
) -> tuple[Window, EpochKey]:
    """The window to read and its key: new, or as they were left."""
    if window is not None and window.epoch is not None and (key := workspace.keys.get(window.epoch)) is not None:
        return window, key
    key = workspace.keys.open_private(workspace.now // 3600)
    with workspace.store.write() as connection:
        if window is None:
            window = windows.open_window(
                connection,
                source=source.id if source else "file",
                name=name,
                basis=source.basis if source else UNDECLARED,
                format=format,
                as_of=int((as_of or workspace.clock.now()).timestamp()),
                epoch=key.epoch,
                now=workspace.now,
            )
        else:
            # The key ended while the import lay unfinished: what is left is counted under a new one.
            windows.set_epoch(connection, window.id, key.epoch, workspace.now)
        epochs.carry(connection, key)
    return window, key


def _read_all(
    workspace: Workspace,
    window: Window,
    key: EpochKey,
    records: Iterable[_Record],
    size: int,
    progress: Callable[[int, int], None],
) -> Counter[str]:
    """Read, triage and commit block by block; names of unknown fields with how often they came."""
    intake = Intake(workspace.store, workspace.reader, floor=workspace.config.floor)
    unknown: Counter[str] = Counter()
    triage = Triage(workspace.reader, {key.epoch: key}, window.source)
    batch = Batch(triage)
    last: _Record | None = None
    for record in records:
        _take(batch, record)
        unknown.update(record.unknown)
        last = record
        if batch.full:
            intake.commit(batch, window=window.id, cursor=record.end, line=record.number, now=window.as_of)
            log.debug("block stored", window=window.id, line=record.number)
            progress(record.end, size)
            batch = Batch(triage)
    if last is not None:
        intake.commit(batch, window=window.id, cursor=last.end, line=last.number, now=window.as_of)
    progress(size, size)
    return unknown


def _take(batch: Batch, record: _Record) -> None:
    if record.fault is not None:
        batch.problems.append(Problem(record.number, record.fault))
    for unit, item in record.items:
        if isinstance(item, str):
            batch.counts.add(unit, item)
        else:
            batch.add(item)


def _end(workspace: Workspace, window: Window, key: EpochKey) -> None:
    """The last block has committed: keyed rows go, numbers and shared wording stay, the key is destroyed."""
    with workspace.store.write() as connection:
        epochs.tell_hazards(connection, key.epoch, window.as_of)
        said.attach(connection, window.as_of)
        epochs.end(connection, key.epoch, workspace.now)
        windows.finish(connection, window.id, workspace.now)
    workspace.keys.destroy(key.epoch)
    log.debug("import finished", window=window.id, source=window.source, format=window.format)
    retention.empty_log(workspace.store)


def _outcome(
    workspace: Workspace,
    path: Path,
    window: Window,
    state: Literal["imported", "resumed", "already"],
    unknown: Counter[str],
) -> Outcome:
    with workspace.store.read() as connection:
        return Outcome(
            path.name,
            window.source,
            state,
            say("basis_undeclared") if window.basis == UNDECLARED else window.basis,
            datetime.fromtimestamp(window.as_of, UTC),
            windows.counts(connection, [window.id]),
            tuple(windows.problems(connection, window.id)),
            {name: n for name, n in sorted(unknown.items()) if n >= _SEEN_OFTEN},
        )


# -- the formats ---------------------------------------------------------------------------------


def _records(stream: BinaryIO, window: Window, format: Format, edge: Edge) -> Iterator[_Record]:
    """What is left of the file, from the window's cursor on."""
    if format == "weibo-status":
        return _statuses(stream, window, edge)
    stream.seek(0)
    head = stream.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")
    if format == "wechat-html":
        return _document(stream, window, edge, read_freepublish if head[:1] in (b"{", b"[") else None)
    if head[:1] == b"{" and _is_object(head.split(b"\n", 1)[0]):
        return _article_lines(stream, window, edge)
    return _document(stream, window, edge, read_articles)


def _is_object(line: bytes) -> bool:
    """Whether the first line is a whole JSON object, as in JSON Lines; a list answer on one line is read so too."""
    try:
        return len(line) == _HEAD or isinstance(decode(line), dict)
    except Refusal:
        return False


def _statuses(stream: BinaryIO, window: Window, edge: Edge) -> Iterator[_Record]:
    for line in lines(stream, window.cursor, window.line + 1):
        if isinstance(line.record, str):
            yield _Record(line.number, line.end, (("text", "malformed"),), line.record)
            continue
        reading = read_status(line.record, edge)
        items: tuple[tuple[Literal["text", "quoted"], Post | Article | Reason], ...] = (("text", reading.item),)
        if reading.quoted is not None:
            items = (*items, ("quoted", reading.quoted))
        yield _Record(line.number, line.end, items, reading.fault, reading.unknown)


def _article_lines(stream: BinaryIO, window: Window, edge: Edge) -> Iterator[_Record]:
    for line in lines(stream, window.cursor, window.line + 1):
        if isinstance(line.record, str):
            yield _Record(line.number, line.end, (("text", "malformed"),), line.record)
        elif "data" in line.record:
            yield _many(line.number, line.end, read_articles(line.record, edge))
        else:
            yield _many(line.number, line.end, [read_article(line.record, edge)])


def _many(number: int, end: int, readings: list[ArticleReading]) -> _Record:
    faults = [reading.fault for reading in readings if reading.fault is not None]
    return _Record(
        number,
        end,
        tuple(("text", reading.item) for reading in readings),
        faults[0] if faults else None,
        frozenset().union(*(reading.unknown for reading in readings)),
    )


def _document(
    stream: BinaryIO,
    window: Window,
    edge: Edge,
    read: Callable[[object, Edge], list[ArticleReading]] | None,
) -> Iterator[_Record]:
    """A file that is one document: a saved page (``read`` None), or JSON with many entries, numbered from 1."""
    stream.seek(0)
    content = stream.read(DOCUMENT_LIMIT + 1)
    if len(content) > DOCUMENT_LIMIT:
        yield _Record(1, len(content), (("text", "malformed"),), "too_long")
        return
    try:
        readings = [read_page(content, edge)] if read is None else read(decode(content), edge)
    except Refusal as refusal:
        readings = [ArticleReading(refusal.reason, refusal.fault, frozenset(), None)]
    for number, reading in enumerate(readings, start=1):
        if number > window.line:
            end = len(content) if number == len(readings) else 0
            yield _Record(number, end, (("text", reading.item),), reading.fault, reading.unknown)
