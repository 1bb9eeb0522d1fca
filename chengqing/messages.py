"""What the program says to people: one catalogue, Chinese first, English by ``CHENGQING_LANG=en``.

The catalogue is the files of ``messages/``: ``commands`` what commands print, ``settings`` what the configuration is
refused for, ``storage`` what files and the data directory are.
"""

import errno
import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

CATALOGUE = Path(__file__).parent / "messages"
LANGUAGES = ("zh", "en")


@cache
def _catalogue() -> Mapping[str, Mapping[str, str]]:
    """Every message by key, in each language."""
    files = sorted(CATALOGUE.glob("*.toml"))
    return {key: texts for file in files for key, texts in tomllib.loads(file.read_text(encoding="utf-8")).items()}


def language() -> str:
    """The language people read here: ``zh`` unless the environment asks for ``en``."""
    wanted = os.environ.get("CHENGQING_LANG", "zh")[:2].lower()
    return wanted if wanted in LANGUAGES else "zh"


def say(key: str, **values: object) -> str:
    """The message ``key`` with its values; raises KeyError for one that is not in the catalogue."""
    return _catalogue()[key][language()].format(**values)


def cause(error: OSError) -> str:
    """Why the system refused a file: in people's language, or in the system's words where the catalogue has none."""
    key = f"os_{errno.errorcode.get(error.errno or 0)}"
    return say(key) if key in _catalogue() else str(error.strerror)
