"""Looks for identities in bytes, in every form a program might leave them in, all at once.

One automaton holds every form of every identity; content is searched as it is, and again unpacked wherever a
gzip, zlib or zip stream begins in it, to three levels.

Chance hits: a pattern has at least 48 bits, so that a megabyte of random keys holds one of 100,000 patterns with a
chance of 1 in 2,800 at worst and, as nearly all are 64 bits and longer, of less than one in a million in truth.
Only four-byte integers are shorter (``WEAK``). Keyed values differ from one data directory to the next, a value that
is really stored does not: :func:`certain` believes a weak find only where two directories hold it.
"""

import base64
import hashlib
import html
import json
import re
import struct
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import opencc
from ahocorasick_rs import BytesAhoCorasick

SHORTEST = 6
"""Bytes of the shortest pattern that counts by itself."""
WEAK = frozenset(["int32"])
"""Forms of fewer bits: see the head of this module."""
_LEVELS = 3
_MOST = 64 << 20
_STEP = 512
_STREAM = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|PK\x03\x04")
_WBITS = {b"\x1f": 31, b"\x78": 15, b"P": -15}
_COORDINATE = re.compile(r"[0-9]{1,3}\.[0-9]{4,}")
_DIGESTS: tuple[Callable[[bytes], "hashlib._Hash"], ...] = (hashlib.md5, hashlib.sha1, hashlib.sha256)


class Found(NamedTuple):
    """An identity and the form in which it was found."""

    identity: str
    form: str


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("s2t")


def _folded(identity: str) -> str:
    """As text is compared: NFKC, lower case."""
    return unicodedata.normalize("NFKC", identity).casefold()


def _units(identity: str) -> list[int]:
    """UTF-16 code units."""
    return [unit for (unit,) in struct.iter_unpack(">H", identity.encode("utf-16-be"))]


def _escaped(identity: str) -> Iterator[str]:
    r"""JSON: ``\uXXXX`` for what is not ASCII or for everything, in both cases, with and without ``\/``."""
    for style in ("\\u{:04x}", "\\u{:04X}"):
        yield "".join(style.format(unit) for unit in _units(identity))
        some = "".join(chr(unit) if unit < 128 else style.format(unit) for unit in _units(identity))
        yield from (some, some.replace("/", "\\/"))


def _percent(identity: str) -> Iterator[str]:
    raw = identity.encode()
    yield from ("".join(f"%{byte:02x}" for byte in raw), "".join(f"%{byte:02X}" for byte in raw))
    for safe in ("", "/", "/:@"):
        some = quote(identity, safe=safe)
        yield from (some, re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), some))


def _entities(identity: str) -> Iterator[str]:
    for style in ("&#{};", "&#x{:x};", "&#x{:X};"):
        yield "".join(style.format(ord(char)) for char in identity)
        yield "".join(char if char.isascii() else style.format(ord(char)) for char in html.escape(identity))


def _base64(identity: str) -> Iterator[bytes]:
    """The characters that the identity alone decides, at each of three offsets, in both alphabets."""
    raw = identity.encode()
    for offset in range(3):
        first, last = -(-8 * offset // 6), 8 * (offset + len(raw)) // 6
        padded = bytes(offset) + raw + bytes(3)
        yield base64.b64encode(padded)[first:last]
        yield base64.urlsafe_b64encode(padded)[first:last]


def _hashes(identity: str) -> list[bytes]:
    return [digest(text.encode()).digest() for digest in _DIGESTS for text in (identity, _folded(identity))]


def _integer(size: int, identity: str) -> Iterator[bytes]:
    """Both byte orders; four bytes only for what needs all four, so that small numbers don't hit by chance."""
    number = int(identity) if identity.isdecimal() and not identity.startswith("0") else 0
    if (1 << (24 if size == 4 else 32)) <= number < 1 << (8 * size - 1 + (size == 4)):
        yield from (number.to_bytes(size, "big"), number.to_bytes(size, "little"))


def _floats(identity: str) -> Iterator[bytes]:
    if _COORDINATE.fullmatch(identity):
        yield from (struct.pack(">d", float(identity)), struct.pack("<d", float(identity)))


def _in_hex(values: Iterable[bytes]) -> list[bytes]:
    return [text for value in values for text in (value.hex().encode(), value.hex().upper().encode())]


FORMS: Mapping[str, Callable[[str], Iterable[bytes]]] = {
    "utf-8": lambda one: [one.encode(), _folded(one).encode()],
    "utf-16-le": lambda one: [one.encode("utf-16-le")],
    "utf-16-be": lambda one: [one.encode("utf-16-be")],
    "gb18030": lambda one: [one.encode("gb18030")],
    "traditional": lambda one: [_converter().convert(one).encode(code) for code in ("utf-8", "gb18030", "utf-16-le")],
    "json": lambda one: [text.encode() for text in _escaped(one)],
    "url": lambda one: [text.encode() for text in _percent(one)],
    "entities": lambda one: [text.encode() for text in _entities(one)],
    "base64": _base64,
    "hex": lambda one: _in_hex([one.encode(), one.encode("utf-16-le")]),
    # The first eight bytes of a digest find the whole one, and one that was cut to 64 bits.
    "hash": lambda one: [part for value in _hashes(one) for part in (value[:8], value[:8][::-1])],
    "hash-hex": lambda one: _in_hex(value[:8] for value in _hashes(one)),
    "hash-base64": lambda one: [
        code(value)[:10] for value in _hashes(one) for code in (base64.b64encode, base64.urlsafe_b64encode)
    ],
    "int32": lambda one: _integer(4, one),
    "int48": lambda one: _integer(6, one),
    "int64": lambda one: _integer(8, one),
    "float64": _floats,
}
"""Every form, by name: the patterns an identity has in it."""


def _inflated(content: bytes, start: int) -> bytes:
    """What is packed from ``start`` on, as far as it can be read: a stream may be cut or damaged."""
    kind = content[start : start + 1]
    if kind == b"P":
        name, extra = struct.unpack("<HH", content[start + 26 : start + 30].ljust(4, b"\0"))
        start += 30 + name + extra
    stream, found = zlib.decompressobj(_WBITS[kind]), bytearray()
    try:
        while start < len(content) and not stream.eof and len(found) < _MOST:
            found += stream.decompress(content[start : start + _STEP])
            start += _STEP
    except zlib.error:
        pass
    return bytes(found)


def layers(content: bytes, levels: int = _LEVELS) -> Iterator[bytes]:
    """``content``, and everything that is packed in it."""
    yield content
    if levels:
        for begin in _STREAM.finditer(content):
            if inner := _inflated(content, begin.start()):
                yield from layers(inner, levels - 1)


class Search:
    """Finds any of many identities in bytes."""

    def __init__(self, identities: Iterable[str]) -> None:
        owners: dict[bytes, set[Found]] = {}
        for identity in identities:
            for form, patterns in FORMS.items():
                for pattern in patterns(identity):
                    if form not in WEAK and len(pattern) < SHORTEST:
                        raise ValueError(f"{identity}: too short to be told from chance as {form}; take a longer one")
                    owners.setdefault(pattern, set()).add(Found(identity, form))
        self._owners = list(owners.values())
        self._automaton = BytesAhoCorasick(list(owners))

    @property
    def patterns(self) -> int:
        """How many different byte strings are looked for."""
        return len(self._owners)

    def find(self, *contents: bytes) -> set[Found]:
        """Every identity that stands in any of ``contents``, with its forms."""
        hits = {
            index
            for content in contents
            for layer in layers(content)
            for index, _, _ in self._automaton.find_matches_as_indexes(layer, overlapping=True)
        }
        return set(chain.from_iterable(self._owners[index] for index in hits))


def contents(*folders: Path) -> Iterator[bytes]:
    """Bytes of every file under ``folders``."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path.read_bytes()


def certain(*places: set[Found]) -> set[Found]:
    """What was really found: a weak form only where two of ``places``, with different keys, hold it."""
    every = set().union(*places)
    return {one for one in every if one.form not in WEAK or sum(one in place for place in places) > 1}


def describe(found: Iterable[Found]) -> list[str]:
    """For a failed assertion: sorted, the invented identities with their forms."""
    return [json.dumps(one, ensure_ascii=False) for one in sorted(found)]
