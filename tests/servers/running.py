"""Starts a stand-in server in a process of its own, tells it what goes wrong and reads what it was asked."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self

from tests.servers.base import CONTROL

_ROOT = Path(__file__).parents[2]
_MOST_SECONDS = 10


@dataclass(frozen=True)
class Hit:
    """One request that the server got. ``at`` is ``time.monotonic()``; names of headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str
    at: float


class Running:
    """A server that runs, and ends with the block it was started for."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self._process = process
        self.url = url
        """The base address, ``http://127.0.0.1:PORT``."""
        self.netloc = url.removeprefix("http://")

    def set(self, **scenario: Any) -> None:
        """Merge into the scenario, and begin all its counts anew; ``reset=True`` clears it before."""
        self._ask("POST", "scenario", scenario)

    def hits(self, path: str | None = None) -> list[Hit]:
        """Every request so far, in order; with ``path`` only those of that path."""
        found = [Hit(**hit) for hit in self._ask("GET", "hits")]
        return [hit for hit in found if path in (None, hit.path)]

    def clear(self) -> None:
        """Forget the hits."""
        self._ask("DELETE", "hits")

    def stop(self) -> None:
        """End the process, whatever it is in the middle of."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(_MOST_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _ask(self, method: str, control: str, value: object = None) -> Any:
        connection = HTTPConnection(self.netloc, timeout=_MOST_SECONDS)
        try:
            connection.request(method, CONTROL + control, json.dumps(value))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, f"{control}: the stand-in answered {answer.status}"
        return json.loads(body)


def start(module: str, *args: str) -> Running:
    """Run the stand-in ``module`` (``tests.servers.weibo``) with ``args``; its folder is the repository's root."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *args], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    running = Running(process, process.stdout.readline().strip())
    if not running.url.startswith("http://"):
        running.stop()
        raise RuntimeError(f"{module} did not start, exit {process.returncode}")
    return running
