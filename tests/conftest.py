"""An empty database for whoever asks, and seconds per suite above pytest's own closing line."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from sqlalchemy.engine import Connection

from pipelines.migrate import upgrade
from pipelines.store import Store, sqlite_url


def suite(nodeid: str) -> str:
    """The folder that a test belongs to: ``tests/nlp`` for ``tests/nlp/test_text.py::test_width``."""
    folders = PurePosixPath(nodeid.partition("::")[0]).parent.parts
    return "/".join(folders[:2])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Add up setup, test and teardown. With several workers the sum is work done, more than the time waited."""
    seconds: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[suite(report.nodeid)] += report.duration  # type: ignore[assignment]
                tests[suite(report.nodeid)] += report.when == "setup"
    terminalreporter.section("seconds per suite")
    for name in sorted(seconds):
        terminalreporter.write_line(f"{name:20} {tests[name]:6} tests {seconds[name]:8.1f} s")


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
