"""Logs that can't hold a text: closed keys, numbers and closed words, on standard error.

A value that is no number and no short plain word is replaced by its type, so that nothing a source sent can get
into a log by mistake, at any level.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

KEYS = frozenset(
    ["event", "level", "source", "window", "line", "fault", "read", "kept", "seconds", "claims", "format", "state"]
)
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_. -]{0,59}")


def closed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep known keys, numbers and plain words; anything else becomes the name of its type."""
    return {key: _closed(value) for key, value in event.items() if key in KEYS}


def _closed(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return value
    return f"<{type(value).__name__}>"


def configure(level: str) -> None:
    """Log at ``level`` and above; other libraries say nothing below an error, and errors without their arguments."""
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            closed,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
