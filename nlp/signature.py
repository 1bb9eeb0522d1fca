"""Keyed near-duplicate signatures: MinHash bands that say nothing without the key.

MinHash over character 3-grams (Broder 1997), cut into bands for locality-sensitive hashing (Indyk and
Motwani 1998). The 144 hash functions are drawn from the key, and each band leaves as a 64-bit HMAC, so
that equal bands compare equal inside one epoch and neither a text nor its words can be tested without
the epoch's key. Plain MinHash values are never returned: they give back most of a post's words.
"""

import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

BANDS, ROWS = 24, 6
"""Texts share a band with probability s**6 a band, s their 3-gram Jaccard similarity; half of the pairs at s = 0.55.

12 bands of 4 rows find as many pairs of real posts, but chain: of 50,000 generated posts, 8,734 became one group
(28 with these). ``python -m benchmarks.grouping`` measures it.
"""

_CHUNK = 8192
_U64 = npt.NDArray[np.uint64]


@lru_cache(maxsize=4)
def _functions(key: bytes) -> tuple[_U64, _U64]:
    """Odd multipliers and offsets, each of shape (144, 1), for multiply-shift hashing (Dietzfelbinger et al. 1997)."""
    count = BANDS * ROWS
    stream = hashlib.shake_256(b"minhash\0" + key).digest(count * 16)
    words = np.frombuffer(stream, dtype="<u8").astype(np.uint64).reshape(2, count, 1)
    return words[0] | np.uint64(1), words[1]


def _shingles(letters: str) -> _U64:
    """One 64-bit value a character 3-gram, of shape (n,); a text of one or two letters is its own 3-gram."""
    points = np.frombuffer(letters.ljust(3).encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    grams = (points[:-2] << np.uint64(42)) | (points[1:-1] << np.uint64(21)) | points[2:]
    grams ^= grams >> np.uint64(31)
    grams *= np.uint64(0x9E3779B97F4A7C15)
    grams ^= grams >> np.uint64(29)
    return np.unique(grams)


def bands(letters: str, key: bytes) -> tuple[int, ...]:
    """Twenty-four signed 64-bit band values of a text's word characters under ``key``.

    ``letters`` comes from :func:`nlp.text.letters`. Two texts that share a value are near duplicates;
    an empty text has no bands. Cost is linear in the length.
    """
    if not letters:
        return ()
    multiplier, offset = _functions(key)
    grams = _shingles(letters)
    lowest = np.full(BANDS * ROWS, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(grams), _CHUNK):  # bounded memory, however long the text
        values = (grams[None, start : start + _CHUNK] * multiplier + offset) >> np.uint64(32)
        np.minimum(lowest, values.min(axis=1), out=lowest)
    rows = lowest.astype(">u4").tobytes()
    width = ROWS * 4
    return tuple(
        int.from_bytes(
            hmac.digest(key, b"band\0%d\0" % band + rows[band * width : (band + 1) * width], "sha256")[:8],
            "big",
            signed=True,
        )
        for band in range(BANDS)
    )


def components(signatures: Sequence[Sequence[int]]) -> list[int]:
    """Group label of each text: the connected components of "shares a band".

    A pure function of the set, whatever the order; the label is the index of the group's first text.
    A text without bands stands alone.
    """
    parent = list(range(len(signatures)))

    def find(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    first: dict[int, int] = {}
    for index, signature in enumerate(signatures):
        for value in signature:
            low, high = sorted((find(first.setdefault(value, index)), find(index)))
            parent[high] = low
    return [find(index) for index in range(len(signatures))]
