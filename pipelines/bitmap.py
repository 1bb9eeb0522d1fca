"""Counting accounts without remembering one: a noisy linear-counting bitmap.

Linear counting is due to Whang, Vander-Zanden and Taylor (1990). 128 of the 1,024 slots are set at random
from the start, so that a guessed account matches by chance at least once in eight (design, Bound 3).
"""

import math
import secrets
from collections.abc import Callable

from pipelines.epoch import SLOTS

NOISE = 128
FLOOR = 5
"""Different accounts that a claim takes before anything of it is shown; fixed here, raised by configuration."""
CEILING = 4000
"""Above this many accounts the estimate says nothing."""

Sample = Callable[[int, int], list[int]]


def _sample(population: int, count: int) -> list[int]:
    return secrets.SystemRandom().sample(range(population), count)


def new(sample: Sample = _sample) -> bytes:
    """An empty bitmap: 128 bytes with 128 random slots set. ``sample(population, count)`` draws them."""
    bits = 0
    for slot in sample(SLOTS, NOISE):
        bits |= 1 << slot
    return bits.to_bytes(SLOTS // 8, "big")


def add(bitmap: bytes, slots: set[int]) -> bytes:
    """The bitmap with ``slots`` set as well."""
    bits = int.from_bytes(bitmap, "big")
    for slot in slots:
        bits |= 1 << slot
    return bits.to_bytes(SLOTS // 8, "big")


def at_least(bitmap: bytes, floor: int = FLOOR) -> int:
    """Accounts that certainly said it: never more than the truth, never less than the floor proved."""
    return max(floor, int.from_bytes(bitmap, "big").bit_count() - NOISE)


def about(bitmap: bytes, floor: int = FLOOR) -> int | None:
    """The linear-counting estimate of accounts, or None above 4,000, where it says nothing.

    With 1,024 - 128 slots free at the start, n accounts leave (1024 - 128) (1 - 1/1024)**n free in the mean.
    """
    free = SLOTS - int.from_bytes(bitmap, "big").bit_count()
    if free == 0:
        return None
    estimate = round(math.log(free / (SLOTS - NOISE)) / math.log(1 - 1 / SLOTS))
    return None if estimate > CEILING else max(at_least(bitmap, floor), estimate)
