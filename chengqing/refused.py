"""What people are told of an error, and the exit code of it: never a value, since a traceback may hold a text."""

import os
import resource
import sys
import threading
import traceback
from pathlib import Path

from chengqing.config import ConfigError
from chengqing.demo import DemoRefused
from chengqing.keys import KeyringError
from chengqing.messages import say
from chengqing.secret import SecretError
from chengqing.workspace import WorkspaceError
from nlp.canary import CanaryError
from nlp.packs import PackError
from pipelines.retention import RetentionError
from pipelines.store import StoreError

REFUSED, CONFIG, STORAGE, FAULT = 1, 3, 4, 70

# What is refused, its exit code, and the message that names the kind where the refusal's own words are English.
_KNOWN: tuple[tuple[type[Exception], int, str | None], ...] = (
    (ConfigError, CONFIG, None),
    (SecretError, CONFIG, None),
    (PackError, CONFIG, "kind_pack"),
    (CanaryError, CONFIG, "kind_canary"),
    (KeyringError, STORAGE, None),
    (StoreError, STORAGE, "kind_store"),
    (WorkspaceError, STORAGE, None),
    (RetentionError, STORAGE, "kind_retention"),
    (DemoRefused, REFUSED, None),
)


def keep_quiet() -> None:
    """What every process begins with: no core dump, files for their owner alone, no error text past :func:`told`.

    Threads and finalisers print what they raise by themselves, and Scrapy writes TLS keys where it is told to.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    os.environ.pop("SSLKEYLOGFILE", None)
    threading.excepthook = lambda _: None
    sys.unraisablehook = lambda _: None


def told(error: Exception) -> tuple[int, str]:
    """The exit code of an error, and what people are told of it."""
    for kind, code, named in _KNOWN:
        if isinstance(error, kind):
            return code, say(named, problem=error) if named else str(error)
    return FAULT, _fault(error)


def _fault(error: Exception) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return say("unexpected", kind=type(error).__name__, where=where)
