"""A database per test, and transactions that are never committed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection

from pipelines.migrate import upgrade
from pipelines.store import Store, sqlite_url


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty database with all tables."""
    made = Store(sqlite_url(tmp_path))
    upgrade(made)
    yield made
    made.close()


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    """One write transaction."""
    with store.write() as opened:
        yield opened
