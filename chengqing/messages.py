"""What the program says to people: one catalogue, Chinese first, English by ``CHENGQING_LANG=en``."""

import os
import tomllib
from functools import cache
from pathlib import Path

CATALOGUE = Path(__file__).parent / "messages.toml"
LANGUAGES = ("zh", "en")


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    return tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))


def language() -> str:
    """The language people read here: ``zh`` unless the environment asks for ``en``."""
    wanted = os.environ.get("CHENGQING_LANG", "zh")[:2].lower()
    return wanted if wanted in LANGUAGES else "zh"


def say(key: str, **values: object) -> str:
    """The message ``key`` with its values; raises KeyError for one that is not in the catalogue."""
    return _catalogue()[key][language()].format(**values)
