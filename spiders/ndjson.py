"""Reads exports of one JSON object a line, from any byte offset, in flat memory.

The format is JSON Lines (UTF-8, one object a line); where RFC 8259 leaves room, the strict reading wins: no NaN
or Infinity, no lone surrogates, limits on length and depth. What can't be read is a fault of its line; no
exception holds a piece of the file.
"""

import codecs
import json
import math
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from pipelines.page import Fault
from spiders.edge import Refusal, malformed, sound

LINE_LIMIT = 1 << 20
"""Bytes of the longest line that is read, without its end."""
DEPTH_LIMIT = 64
"""Arrays and objects within each other; the records of our sources take six."""

_HEAD = 1 << 16
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Line(NamedTuple):
    """One line that is not blank: its number in the file, where the next one begins, and what it holds."""

    number: int
    end: int
    record: dict[str, object] | Fault


def lines(stream: BinaryIO, offset: int = 0, first_line: int = 1) -> Iterator[Line]:
    """The lines of a seekable ``stream`` from byte ``offset``, which is the beginning of line ``first_line``.

    To resume, pass the ``end`` and ``number + 1`` of the last line that was dealt with. Blank lines yield nothing,
    but do have a number. A file that is in another encoding as a whole (GB18030, UTF-16) yields one
    ``bad_encoding`` that ends at the end of the file.
    """
    stream.seek(0)
    if _is_foreign(stream.read(_HEAD)):
        end = stream.seek(0, 2)
        if offset < end:
            yield Line(first_line, end, "bad_encoding")
        return
    end = stream.seek(offset)
    number = first_line
    while raw := stream.readline(LINE_LIMIT + 2):
        begin, end = end, end + len(raw)
        content = raw.removesuffix(b"\n").removesuffix(b"\r")
        if len(content) > LINE_LIMIT:
            while not raw.endswith(b"\n") and (raw := stream.readline(LINE_LIMIT)):
                end += len(raw)
            yield Line(number, end, "too_long")
        elif content.strip(b" \t\r" + codecs.BOM_UTF8):
            yield Line(number, end, _record(content.removeprefix(codecs.BOM_UTF8) if begin == 0 else content))
        number += 1


def _is_foreign(head: bytes) -> bool:
    """Whether a file is in another encoding from its beginning: UTF-16, or GB18030 from the first line on."""
    first = head.lstrip().split(b"\n", 1)[0]
    return head.startswith(_UTF16) or (not _decodes(first, "utf-8") and _decodes(head, "gb18030"))


def _decodes(head: bytes, encoding: str) -> bool:
    """Whether ``head`` is text in ``encoding``; a character cut at its end is no matter."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _record(content: bytes) -> dict[str, object] | Fault:
    try:
        value = decode(content)
    except Refusal as refusal:
        return refusal.fault or "not_json"
    return value if isinstance(value, dict) else "not_an_object"


def decode(content: bytes) -> object:
    """The JSON value in ``content``, its texts sound; a refusal with ``bad_encoding``, ``too_deep`` or ``not_json``."""
    try:
        text = content.decode("utf-8")
        if "\\u" not in text and text.count("{") + text.count("[") <= DEPTH_LIMIT:
            # Without escapes nothing unsound can come in: most lines are read once and not walked again.
            return json.loads(text, parse_constant=_not_finite, parse_float=_finite)
        return _settled(json.loads(text), DEPTH_LIMIT)
    except UnicodeDecodeError:
        raise malformed("bad_encoding") from None
    except RecursionError:
        raise malformed("too_deep") from None
    except ValueError:
        raise malformed("not_json") from None


def _not_finite(_: str) -> object:
    raise malformed("not_json")


def _finite(digits: str) -> float:
    if not math.isfinite(value := float(digits)):
        raise malformed("not_json")
    return value


def _settled(value: object, depth: int) -> object:
    """``value`` with sound texts and finite numbers, at most ``depth`` levels deep."""
    if isinstance(value, str):
        return sound(value)
    if isinstance(value, dict | list):
        if depth == 0:
            raise malformed("too_deep")
        if isinstance(value, list):
            return [_settled(item, depth - 1) for item in value]
        return {sound(name): _settled(item, depth - 1) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        raise malformed("not_json")
    return value
