"""An edge with a fixed key and a clock that stands still, for every reader's tests."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest

from spiders.edge import Edge, hour_of

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=timezone(timedelta(hours=8)))


@dataclass(frozen=True)
class FixedSigner:
    """HMAC-SHA256 with a key that everybody knows."""

    epoch: str = "e0"

    def post(self, platform: str, post_id: str) -> bytes:
        return hmac.digest(b"test key", f"post/{platform}/{post_id}".encode(), "sha256")[:8]

    def account(self, platform: str, account: str) -> bytes:
        return hmac.digest(b"test key", f"account/{platform}/{account}".encode(), "sha256")[:16]


@dataclass(frozen=True)
class FixedSigners:
    """Serves every hour from ``first`` on."""

    first: int = 0

    def at(self, hour: int) -> FixedSigner | None:
        return FixedSigner() if hour >= self.first else None


@pytest.fixture(scope="session")
def signer() -> FixedSigner:
    return FixedSigner()


@pytest.fixture(scope="session")
def edge() -> Edge:
    """A source that declares no organisation."""
    return Edge("town", FixedSigners(), NOW)


@pytest.fixture(scope="session")
def office() -> Edge:
    """A source declared as an organisation's."""
    return Edge("town", FixedSigners(), NOW, organisation="云岫发布")


@pytest.fixture(scope="session")
def shut() -> Edge:
    """A source that may not be read, though it names an organisation."""
    return Edge("town", FixedSigners(), NOW, organisation="云岫发布", permitted=False)


@pytest.fixture(scope="session")
def edge_without_key() -> Callable[[datetime], Edge]:
    """An edge whose key serves no hour up to the given moment's."""
    return lambda moment: Edge("town", FixedSigners(hour_of(moment) + 1), NOW)
