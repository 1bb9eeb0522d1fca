"""One TOML file, with the lines on which its keys stand."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from chengqing.messages import cause, say

Place = tuple[str | int, ...]
"""Where a value stands: keys, and indexes of lists, from the top."""
_CLOSERS = ("]", '"""', "'''")


class TomlError(ValueError):
    """The file can't be read as TOML; the message holds file, line where it is known, and remedy."""


@dataclass(frozen=True)
class TomlFile:
    """A file that was read."""

    path: Path
    table: Mapping[str, Any] = field(repr=False)
    text: str = field(repr=False)

    def line(self, place: Place) -> int | None:
        """The line of a key, or of the nearest that holds it; None where neither has one."""
        names = tuple(name for name in place if isinstance(name, str))
        while names and names not in self._lines:
            names = names[:-1]
        return self._lines.get(names)

    @cached_property
    def _lines(self) -> dict[tuple[str, ...], int]:
        """The first line of every key, found statement by statement with the parser itself."""
        found: dict[tuple[str, ...], int] = {}
        header: tuple[str, ...] = ()
        for number, text in _statements(self.text):
            keys = list(_keys(tomllib.loads(text)))
            if text.lstrip().startswith("["):
                header = keys[-1]
            else:
                keys = [header + key for key in keys]
            for key in keys:
                found.setdefault(key, number)
        return found


def read_toml(path: Path) -> TomlFile:
    """Read ``path``; a mark of byte order is skipped.

    Raises TomlError, which holds nothing of the file: the parser's own error carries all of it.
    """
    content = _read(path)
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        table, line = tomllib.loads(text), ""
    except (ValueError, RecursionError) as error:  # another encoding, bad TOML, a number or nesting past all bounds
        match = re.search(r"at line ([0-9]+)", str(error))
        table, line = None, f":{match[1]}" if match else ""
    if table is None:
        raise TomlError(f"{path}{line}: {say('toml_invalid')}")
    return TomlFile(path, table, text)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TomlError(f"{path}: {say('unreadable', why=cause(error))}") from None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Every header and every key with its value, however many lines it takes, with the number of its first line."""
    lines = text.split("\n")
    start = 0
    while start < len(lines):
        end = start + 1
        while not _whole(statement := "\n".join(lines[start:end])) and end < len(lines):
            end = next((n + 1 for n in range(end, len(lines)) if any(c in lines[n] for c in _CLOSERS)), len(lines))
        yield start + 1, statement
        start = end


def _whole(statement: str) -> bool:
    try:
        tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _keys(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key of a table and of the tables in it, outer ones first."""
    for name, value in table.items():
        yield (*above, name)
        # A header of an array of tables: what follows it belongs to the list's last table.
        inner = value[-1] if isinstance(value, list) and value == [{}] else value
        if isinstance(inner, dict):
            yield from _keys(inner, (*above, name))
