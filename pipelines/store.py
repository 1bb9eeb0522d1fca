"""The one relational database: SQLite by default, PostgreSQL by URL.

Every change runs in :meth:`Store.write`: one writer at a time, everything or nothing, durable when it
returns. Errors carry no parameters, so that no statement can print what it stored.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

from pipelines.schema import lease

WRITER = 0x43_51
"""Number of the advisory lock that makes PostgreSQL's writers one."""

Row = Mapping[str, Any]
T = TypeVar("T", int, str)


class StoreError(RuntimeError):
    """The database can't be used; the message says why and what to do."""


def sqlite_url(folder: Path) -> str:
    """The default database of a data directory."""
    return f"sqlite:///{folder / 'chengqing.db'}"


def _sqlite_engine(url: str) -> Engine:
    engine = sa.create_engine(url, hide_parameters=True, poolclass=NullPool, connect_args={"timeout": 10})

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        # Transactions are begun below, as IMMEDIATE when they write: the driver's own begin deferred
        # ones, which lose updates when two writers meet.
        connection.isolation_level = None
        for pragma in (
            "busy_timeout = 10000",
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",
            "foreign_keys = ON",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


class Store:
    """Opens transactions on one database."""

    def __init__(self, url: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        """``url`` is SQLAlchemy's; ``sleep`` is how a writer pauses while a desk is being used."""
        self.url = url
        self._sleep = sleep
        self.engine = _sqlite_engine(url) if url.startswith("sqlite") else sa.create_engine(url, hide_parameters=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; nothing is kept of what it writes."""
        with _named(self.url), self.engine.connect() as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()

    @contextmanager
    def write(self, *, pause: bool = False) -> Iterator[Connection]:
        """The one writer's transaction: committed when the block ends, rolled back when it raises.

        With ``pause``, and while a desk holds its lease, a pause as long as the transaction took follows,
        so that people who click are served between blocks.
        """
        began = time.monotonic()
        with _named(self.url), self.engine.connect().execution_options(write=True) as connection, connection.begin():
            if not self.is_sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITER)))
            yield connection
            watched = pause and self._desk_is_open(connection)
        if watched:
            self._sleep(time.monotonic() - began)

    @staticmethod
    def _desk_is_open(connection: Connection) -> bool:
        until = connection.scalar(sa.select(lease.c.until).where(lease.c.name == "desk"))
        return until is not None and until > time.time()

    def checkpoint(self) -> bool:
        """Move SQLite's write-ahead log into the database and empty it; False when a reader holds it."""
        with _named(self.url), self.engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


@contextmanager
def _named(url: str) -> Iterator[None]:
    """Turn the driver's errors into ours: what happened and what to do, without statement or parameters."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise StoreError(_remedy(str(error.orig), sa.engine.make_url(url))) from None


_REMEDIES = (
    ("full", "the disk is full: nothing of this block was stored; make room and run the same command again"),
    ("readonly", "the database is read-only: nothing was stored; make the data directory writable"),
    ("unable to open", "the database can't be opened: check that the data directory exists and is yours"),
    ("locked", "another process has been writing for more than 10 s: nothing was stored; run the same command again"),
    ("malformed", "the database file is damaged: restore it from a backup"),
    ("not a database", "the database file is damaged: restore it from a backup"),
    ("disk I/O", "the disk gave an error: nothing of this block was stored; check the disk, then run it again"),
)


def _remedy(message: str, url: sa.URL) -> str:
    for sign, remedy in _REMEDIES:
        if sign in message:
            return f"{url.database or url.host}: {remedy}"
    return f"{url.database or url.host}: the database refused; nothing was stored; run `chengqing doctor`"


def insert(connection: Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """The dialect's own insert, which knows ON CONFLICT."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def upsert(connection: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert ``rows``, or replace the ones whose primary key stands already."""
    if not rows:
        return
    statement = insert(connection, table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if changed:
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)
    else:
        connection.execute(statement.on_conflict_do_nothing(index_elements=keys), rows)


def slices(values: Iterable[T], size: int = 5000) -> Iterator[list[T]]:
    """``values`` in sorted lists short enough for one statement's parameters."""
    every = sorted(values)
    for start in range(0, len(every), size):
        yield every[start : start + size]
