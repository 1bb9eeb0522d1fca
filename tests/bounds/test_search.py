"""The byte search that Bound 3 rests on finds an identity in every form, each written by other means than its own."""

import base64
import gzip
import hashlib
import io
import json
import random
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import pytest

from tests.support.planted import Identities
from tests.support.search import FORMS, SHORTEST, WEAK, Found, Search, certain, contents

NAME = "龙凤鸟"
URL = "https://weibo.com/9990123456/Lx8"
UID = "9990123456"
GROUP = "712345678"
MID = "5912345678901234"
LATITUDE = "31.2304167"
EVERY = [NAME, URL, UID, GROUP, MID, LATITUDE]
CHANCE = random.Random(5)


def _row(value: object) -> bytes:
    """A database of SQLite's with ``value`` in a row: integers take 4, 6 or 8 bytes in it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE t (a, b)")
        connection.execute("INSERT INTO t VALUES ('x', ?)", [value])
        connection.commit()
        return connection.serialize()


def _zipped(content: bytes) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/name.txt", content)
    return memory.getvalue()


def _in_base64(offset: int) -> bytes:
    return base64.encodebytes(b"x" * offset + NAME.encode() + b"tail")


PLANTED: Mapping[str, list[tuple[str, bytes]]] = {
    "utf-8": [(NAME, b"\xe9\xbe\x99\xe5\x87\xa4\xe9\xb8\x9f"), (URL, b"https://weibo.com/9990123456/lx8")],
    "utf-16-le": [(NAME, "名：龙凤鸟".encode("utf-16")), (UID, b"9\x009\x009\x000\x001\x002\x003\x004\x005\x006\x00")],
    "utf-16-be": [(NAME, b"\x9f\x99\x51\xe4\x9e\x1f"), (UID, b"\x009\x009\x009\x000\x001\x002\x003\x004\x005\x006")],
    "gb18030": [(NAME, b"\xc1\xfa\xb7\xef\xc4\xf1")],
    "traditional": [(NAME, "龍鳳鳥".encode()), (NAME, "龍鳳鳥".encode("gb18030"))],
    "json": [
        (NAME, json.dumps({"a": NAME}).encode()),
        (NAME, b"\\u9F99\\u51E4\\u9E1F"),
        (URL, URL.replace("/", r"\/").encode()),
        (UID, b"\\u0039\\u0039\\u0039\\u0030\\u0031\\u0032\\u0033\\u0034\\u0035\\u0036"),
    ],
    "url": [
        (NAME, urlencode({"q": NAME}).encode()),
        (NAME, b"%e9%be%99%e5%87%a4%e9%b8%9f"),
        (URL, quote_plus(URL).encode()),
        (UID, b"%39%39%39%30%31%32%33%34%35%36"),
    ],
    "entities": [
        (NAME, NAME.encode("ascii", "xmlcharrefreplace")),
        (NAME, b"&#x9f99;&#x51e4;&#x9e1f;"),
        (NAME, b"&#x9F99;&#x51E4;&#x9E1F;"),
        (UID, "".join(f"&#{ord(digit)};" for digit in UID).encode()),
    ],
    "base64": [*((NAME, _in_base64(offset)) for offset in range(3)), (URL, base64.urlsafe_b64encode(URL.encode()))],
    "hex": [(NAME, NAME.encode().hex().encode()), (NAME, NAME.encode().hex().upper().encode())],
    "hash": [
        *((UID, hashlib.new(name, UID.encode()).digest()) for name in ("md5", "sha1", "sha256")),
        (UID, _row(int.from_bytes(hashlib.sha256(UID.encode()).digest()[:8], "big", signed=True))),
        (UID, hashlib.sha256(UID.encode()).digest()[:8][::-1]),
    ],
    "hash-hex": [
        *((NAME, hashlib.new(name, NAME.encode()).hexdigest().encode()) for name in ("md5", "sha1", "sha256")),
        (NAME, hashlib.md5(NAME.encode()).hexdigest().upper().encode()),  # noqa: S324 - looked for, not relied on
    ],
    "hash-base64": [
        (NAME, base64.b64encode(hashlib.new(name, NAME.encode()).digest())) for name in ("md5", "sha1", "sha256")
    ],
    "int32": [(GROUP, _row(int(GROUP))), (GROUP, struct.pack("<I", int(GROUP)))],
    "int48": [(UID, _row(int(UID))), (UID, struct.pack("<Q", int(UID))[:6])],
    "int64": [(MID, _row(int(MID))), (MID, struct.pack("<q", int(MID))), (UID, struct.pack(">q", int(UID)))],
    "float64": [(LATITUDE, _row(float(LATITUDE))), (LATITUDE, struct.pack("<d", float(LATITUDE)))],
}
"""Per form: an identity, and bytes in which it stands in that form."""

PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zlib, weak": lambda content: zlib.compress(content, 1),
    "zip": _zipped,
    "gzip in zip": lambda content: _zipped(gzip.compress(content)),
    "a cut gzip": lambda content: gzip.compress(content + CHANCE.randbytes(9000))[:-4000],
}


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(EVERY)


def _among_noise(content: bytes) -> bytes:
    return CHANCE.randbytes(5000) + content + CHANCE.randbytes(5000)


def test_every_form_is_proved() -> None:
    assert set(PLANTED) == set(FORMS)


@pytest.mark.parametrize(
    ("form", "identity", "content"),
    [(form, *plant) for form, plants in PLANTED.items() for plant in plants],
    ids=[f"{form} {number}" for form, plants in PLANTED.items() for number in range(len(plants))],
)
def test_a_planted_file_is_found(search: Search, tmp_path: Path, form: str, identity: str, content: bytes) -> None:
    """A file somewhere under a folder, the form in the midst of random bytes."""
    (tmp_path / "folder" / ".hidden").mkdir(parents=True)
    (tmp_path / "folder" / ".hidden" / "file").write_bytes(_among_noise(content))
    assert Found(identity, form) in search.find(*contents(tmp_path))


@pytest.mark.parametrize("name", PACKED)
def test_packed_bytes_are_found(search: Search, name: str) -> None:
    """Whatever is packed is searched unpacked, at any place, within each other, and when its end is cut off."""
    content = _among_noise(PACKED[name](b"a word, " * 20 + NAME.encode() + b"\n" + MID.encode()))
    assert {Found(NAME, "utf-8"), Found(MID, "utf-8")} <= search.find(content)


def test_noise_is_not_found() -> None:
    """1,000 identities in 8 MB of random bytes: nothing by chance that is not weak, and little that is."""
    found = Search(Identities(1).every()).find(CHANCE.randbytes(8 << 20))
    assert certain(found) == set()
    assert len(found) <= 3


def test_a_weak_form_counts_when_two_places_hold_it() -> None:
    """A four-byte number by itself may be chance; the same in two directories with different keys is not."""
    weak, strong = Found(GROUP, "int32"), Found(UID, "int48")
    assert {"int32"} == WEAK
    assert certain({weak}, set()) == set() and certain({weak, strong}, {weak}) == {weak, strong}


def test_identities_too_short_to_tell_from_chance_are_refused() -> None:
    """Two characters are four bytes in some encodings: such a name can't be searched for."""
    with pytest.raises(ValueError, match="take a longer one"):
        Search(["龙凤"])
    assert SHORTEST * 8 == 48


def test_a_thousand_identities_are_a_thousand() -> None:
    """No two alike, in one seed or in two; what is looked for are tens of thousands of byte strings."""
    first, second = Identities(1).every(), Identities(2).every()
    assert len({*first, *second}) == 2000
    assert Search(first).patterns > 30_000
