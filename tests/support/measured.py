"""Real posts to measure with, which lie beside the repository and never in it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

_SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def records(name: str) -> list[dict[str, Any]]:
    """The records of a JSON Lines file of the shared data: without it a run in CI fails, another skips."""
    path = _SHARED / name
    if not path.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is missing: the shared data belong beside the repository in CI")
        pytest.skip(f"{name} is not here: measuring data are not part of the repository")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
