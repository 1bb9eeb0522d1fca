"""The configuration: ``chengqing.toml`` and one file per source under ``sources/``, read strictly.

Whatever is wrong is refused at start, all of it at once, each problem with file, line, field and remedy and without
the value that stood there. What is left out has the default that stands beside its field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, PlainValidator, ValidationError, ValidationInfo
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from chengqing.fields import Context, Line, Organisation, Strict, between, matching, once
from chengqing.messages import say
from chengqing.problem import explain, problem_text, unknown_key
from chengqing.secret import SecretError, SecretRef, parse_secret
from chengqing.source import KINDS, Source
from chengqing.toml_file import Place, TomlError, TomlFile, read_toml
from nlp.packs import SCOPES, PackError, Scope, load_region
from pipelines.retention import Limits

FILE = "chengqing.toml"
LogLevel = Literal["error", "warning", "info", "debug"]
_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")
_Schema = TypeVar("_Schema", bound=Strict)
_SOURCE_ID = r"(?!file$)[a-z0-9][a-z0-9-]{0,62}"


class ConfigError(ValueError):
    """The configuration is refused: one problem a line, ``file:line: field: what is wrong; what to do``."""


# -- the tables of chengqing.toml ------------------------------------------------------------------

_CONTACT = matching(
    r"https?://[^\s@\x00-\x1f\x7f]{3,200}|[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
    "contact_form",
)


class Desk(Strict):
    """Who runs the desk. ``contact`` goes into the User-Agent; without it nothing is fetched."""

    name: Line = "Chengqing"
    contact: Annotated[str, _CONTACT] | None = None
    organisation: Organisation | None = None


class _Floor(Strict):
    # Six bits are all that tells accounts apart below the floor: there is no more than 63 to ask for.
    accounts: Annotated[int, between(5, 63, "floor_remedy")] = 5


class _Epoch(Strict):
    days: Annotated[int, between(1, 11, "epoch_remedy")] = 11


class _Retention(Strict):
    pending_hours: Annotated[int, between(1, 72, "retention_remedy")] = 72
    claim_days: Annotated[int, between(1, 90, "retention_remedy")] = 90


def _database(value: object, info: ValidationInfo) -> SecretRef | str:
    if isinstance(value, str) and value.startswith(("env:", "file:")):
        return parse_secret(value, Context.of(info.context).folder)
    if value == "sqlite":
        return value
    if not isinstance(value, str):
        raise ValueError(say("database_form", how=say("secret_how")))
    if problem := _url_problem(value):
        raise ValueError(problem)
    return value


def _url_problem(text: str, *, secret: bool = False) -> str | None:
    """What is wrong with a database's URL; only one that comes from a secret may hold a password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return say("database_no_url")
    if url.drivername not in _DATABASES:
        return say("database_unserved", choices=", ".join(_DATABASES))
    if not secret and (url.password is not None or any("pass" in name.lower() for name in url.query)):
        return say("database_password", how=say("secret_how"))
    return None


class _Database(Strict):
    url: Annotated[SecretRef | str, PlainValidator(_database)] = "sqlite"


def _directory(text: str, info: ValidationInfo) -> str:
    return str(Context.of(info.context).folder / text)


class _Keys(Strict):
    directory: Annotated[Line, AfterValidator(_directory)] | None = None


class _Log(Strict):
    level: LogLevel = "info"


def _region(text: str, info: ValidationInfo) -> str:
    path = Context.of(info.context).folder / text
    if not path.is_file():
        raise ValueError(say("region_missing"))
    return str(path)


class _Tables(Strict):
    """All tables of the file; each may be left out."""

    desk: Desk = Desk()
    regions: Annotated[tuple[Annotated[Line, AfterValidator(_region)], ...], Field(strict=False)] = ()
    scopes: Annotated[tuple[Scope, ...], Field(strict=False), AfterValidator(once)] = SCOPES
    floor: _Floor = _Floor()
    epoch: _Epoch = _Epoch()
    retention: _Retention = _Retention()
    database: _Database = _Database()
    keys: _Keys = _Keys()
    log: _Log = _Log()


# -- the configuration -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Config:
    """All settings of a desk. Printing it shows where secrets are, never a secret."""

    desk: Desk
    regions: tuple[Path, ...]
    scopes: tuple[Scope, ...]
    floor: int
    """Different bins that a group needs before it has a row."""
    epoch_days: int
    retention: Limits
    keys: Path
    log_level: LogLevel
    sources: Mapping[str, Source]
    path: Path | None
    """The file that was read; None where there is none."""
    database_at: SecretRef | str = "sqlite"

    @property
    def database(self) -> str | None:
        """The database's URL, read from its secret now; None for the data directory's own SQLite.

        Raises ConfigError when the secret can't be had or holds no URL.
        """
        if isinstance(self.database_at, str):
            return None if self.database_at == "sqlite" else self.database_at
        try:
            url = self.database_at.read()
            problem = _url_problem(url, secret=True)
        except SecretError as error:
            url, problem = "", str(error)
        if problem:
            raise ConfigError(f"{self.path}: database.url: {problem}")
        return url


def load_config(folder: Path, explicit: Path | None = None) -> Config:
    """The configuration of the data directory ``folder``: the file ``explicit``, or ``chengqing.toml`` in it.

    Without a file there, all defaults hold. Sources lie in ``sources/`` beside the file, keys in ``folder/keys``.
    Raises ConfigError with every problem of every file.
    """
    path = explicit or folder / FILE
    found = explicit is not None or path.exists()
    reader = _Reader()
    tables = reader.tables(path) if found else _Tables()
    sources = reader.sources(path.parent / "sources", _context(path.parent, tables))
    if reader.problems or tables is None:
        raise ConfigError("\n".join(reader.problems))
    return Config(
        desk=tables.desk,
        regions=tuple(Path(region) for region in tables.regions),
        scopes=tables.scopes,
        floor=tables.floor.accounts,
        epoch_days=tables.epoch.days,
        retention=Limits(tables.retention.pending_hours, tables.retention.claim_days),
        keys=Path(tables.keys.directory) if tables.keys.directory else folder / "keys",
        log_level=tables.log.level,
        sources=sources,
        path=path if found else None,
        database_at=tables.database.url,
    )


def _context(folder: Path, tables: _Tables | None) -> Context:
    """What sources are read with; where the desk's own file is refused, they are not blamed for it."""
    return Context(folder) if tables is None else Context(folder, tables.scopes, tables.desk.contact is not None)


class _Reader:
    """Reads file after file and gathers what is wrong with each."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def tables(self, path: Path) -> _Tables | None:
        """The desk's own file, with the regions that it names."""
        if (file := self._open(path)) is None:
            return None
        tables = self._validate(_Tables, file, (), file.table, Context(path.parent))
        for region in tables.regions if tables else ():
            try:
                load_region(Path(region))
            except PackError as error:
                self.problems.append(say("region_refused", problem=f"{Path(region).parent}/{error}"))
        return tables

    def sources(self, folder: Path, context: Context) -> dict[str, Source]:
        """Every source under ``folder``, in the order of the files' names."""
        found: dict[str, Source] = {}
        for path in sorted(folder.glob("*.toml")):
            if (file := self._open(path)) is None:
                continue
            for key in file.table.keys() - {"source"}:
                self._add(file, (key,), unknown_key((key,)))
            for name, table in self._tables_of(file):
                if name in found:
                    self._add(file, ("source", name), say("source_twice"))
                elif source := self._source(file, name, table, context):
                    found[name] = source
        return found

    def _tables_of(self, file: TomlFile) -> list[tuple[str, Any]]:
        table = file.table.get("source")
        if not isinstance(table, dict) or not table:
            self._add(file, ("source",), say("source_none"))
            return []
        return list(table.items())

    def _source(self, file: TomlFile, name: str, table: Any, context: Context) -> Source | None:
        place = ("source", name)
        if not re.fullmatch(_SOURCE_ID, name):
            self._add(file, place, say("source_id"))
        if not isinstance(table, dict):
            self._add(file, place, say("source_table"))
            return None
        kind = table.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            self._add(file, (*place, "kind"), say("source_kind", choices=", ".join(KINDS)))
            return None
        if "id" in table:
            self._add(file, (*place, "id"), say("source_own_id"))
        source = self._validate(
            KINDS[kind], file, place, {**table, "id": name}, replace(context, folder=file.path.parent)
        )
        for inner, what in source.problems() if source else ():
            self._add(file, (*place, *inner), what)
        return source

    def _open(self, path: Path) -> TomlFile | None:
        try:
            return read_toml(path)
        except TomlError as error:
            self.problems.append(str(error))
            return None

    def _validate(
        self, schema: type[_Schema], file: TomlFile, place: Place, table: Mapping[str, Any], context: Context
    ) -> _Schema | None:
        try:
            return schema.model_validate(table, context=context)
        except ValidationError as error:
            for inner, what in explain(error, table, frozenset(_Tables.model_fields) if not place else frozenset()):
                self._add(file, (*place, *inner), what)
            return None

    def _add(self, file: TomlFile, place: Place, what: str) -> None:
        self.problems.append(problem_text(file, place, what))
