"""What an epoch key does: sign posts, accounts, bands and clauses, in memory.

Every value that a row holds about an account or below the floor comes from here (design, Bounds 3 and 4).
The message of each HMAC begins with its purpose, so that no two kinds of value can be compared.
"""

import hmac
from dataclasses import dataclass, field

from nlp import signature

SLOTS = 1024
"""Slots of the bitmap in which a group above the floor counts on."""


@dataclass(frozen=True, slots=True)
class EpochKey:
    """One epoch's key, with the epoch's random name; never printed, never stored in a database."""

    epoch: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != 32:
            raise ValueError("an epoch key has 32 bytes")

    def _mac(self, purpose: bytes, *parts: bytes) -> bytes:
        return hmac.digest(self.secret, b"\0".join((purpose, *parts)), "sha256")

    def post(self, platform: str, post_id: str) -> bytes:
        """Eight bytes that say "this post was counted"; joins to no other row."""
        return self._mac(b"post", platform.encode(), post_id.encode("utf-8", "replace"))[:8]

    def account(self, platform: str, account: str) -> bytes:
        """Sixteen bytes that stand for the account while a page is in memory; never stored."""
        return self._mac(b"account", platform.encode(), account.encode("utf-8", "replace"))[:16]

    def clause(self, text: str) -> int:
        """Signed 64-bit value of a clause's text."""
        return int.from_bytes(self._mac(b"clause", text.encode("utf-8", "replace"))[:8], "big", signed=True)

    def question(self, hazard: str, place: str, word: str) -> int:
        """Signed 64-bit value of a question for a public fact."""
        parts = (part.encode() for part in (hazard, place, word))
        return int.from_bytes(self._mac(b"question", *parts)[:8], "big", signed=True)

    def slot(self, part: str, account: bytes) -> int:
        """Slot (0 to 1023) of an account in the bitmap of one group or variant."""
        return int.from_bytes(self._mac(b"slot", part.encode(), account)[:2], "big") % SLOTS

    def bands(self, letters: str) -> tuple[int, ...]:
        """Near-duplicate bands of a text under this key; see :func:`nlp.signature.bands`."""
        return signature.bands(letters, self.secret)


def bin_of(account: bytes) -> int:
    """The bin (0 to 63) of a signed account: its first six bits. Five prove five accounts, one proves nothing."""
    return account[0] >> 2
