"""Who holds a lease: a process of this machine, which can be asked whether it still lives."""

import os
import platform
import secrets
import uuid
from collections.abc import Iterable


def machine() -> str:
    """This machine, by name and network card: no other one's processes are taken for its own."""
    return f"{platform.node()[:30] or 'machine'}-{uuid.getnode():012x}"


def holder() -> str:
    """A name for this process, never used again."""
    return f"{machine()}:{os.getpid()}:{secrets.token_hex(4)}"


def gone(holders: Iterable[str]) -> list[str]:
    """Those of ``holders`` that were processes of this machine and are no more. Of other machines nothing is known."""
    here = machine()
    return [one for one in holders if one.startswith(f"{here}:") and not _lives(int(one.split(":")[1]))]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
