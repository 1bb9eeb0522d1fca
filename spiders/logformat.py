"""What Scrapy and other libraries may say in logs: closed words, numbers and names of error classes.

Scrapy logs requests, answers, items and the texts of errors in many places, only some of them through its formatter,
and Twisted writes unhandled errors to standard error. A filter on a logger does not see the records of the loggers
below it, and one on a handler is missing from the next handler. So records are closed where they are made, for every
logger and every handler; :class:`Word` marks the messages that need no closing.
"""

# ruff: noqa: ARG002 - Scrapy hands over more than may be told

import logging
import re
from functools import cache
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter, LogFormatterResult
from twisted.logger import globalLogBeginner
from twisted.python.failure import Failure

_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
_LIBRARIES = frozenset(
    "asyncio charset_normalizer concurrent feedparser jieba protego py scrapy sqlalchemy trafilatura twisted "
    "urllib3".split()
)


class Word(str):
    """A message made of closed words and numbers only."""

    __slots__ = ()


class ClosedLogFormatter(LogFormatter):
    """Scrapy's messages, with counts and kinds in the place of requests, answers and items."""

    def crawled(self, request: Request, response: Response, spider: Spider) -> LogFormatterResult:
        """An answer came."""
        return _said(logging.DEBUG, f"crawled {int(response.status)}")

    def scraped(self, item: Any, response: Response | Failure | None, spider: Spider) -> LogFormatterResult:
        """A page was stored."""
        return _said(logging.DEBUG, "scraped")

    def dropped(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """A pipeline dropped a page."""
        return _said(logging.WARNING, f"dropped {_kind(type(exception))}")

    def item_error(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        """A page could not be stored."""
        return _said(logging.ERROR, f"item error {_kind(type(exception))}")

    def spider_error(
        self,
        failure: Failure,
        request: Request,
        response: Response | Failure,
        spider: Spider,
    ) -> LogFormatterResult:
        """A callback failed."""
        return _said(logging.ERROR, f"spider error {_kind(failure.type)}")

    def download_error(
        self,
        failure: Failure,
        request: Request,
        spider: Spider,
        errmsg: str | None = None,
    ) -> LogFormatterResult:
        """No answer came."""
        return _said(logging.ERROR, f"download error {_kind(failure.type)}")


def _said(level: int, words: str) -> LogFormatterResult:
    return {"level": level, "msg": Word(words), "args": {}}


def _kind(error: object) -> str:
    """The name of an error's class, if it is a plain one."""
    name = error.__name__ if isinstance(error, type) else ""
    return name if _CLASS.fullmatch(name) else "error"


class _Sealed(dict[str, Any]):
    """A record's fields, to which ``extra`` adds nothing."""

    def __setitem__(self, key: str, value: Any) -> None:
        """Forget what is added."""


def closed_record(
    name: str,
    level: int,
    path: str,
    line: int,
    message: object,
    arguments: Any,
    error: Any,
    function: str | None = None,
    stack: str | None = None,  # noqa: ARG001 - source lines of whoever logs
    **_: Any,
) -> logging.LogRecord:
    """A record that says who logged and where in the program, and of an error its class; the message is withheld."""
    library = name.partition(".")[0]
    if type(message) is not Word or arguments:
        message = Word(f"withheld {_kind(error[0])}" if error and error[0] else "withheld")
    record = logging.LogRecord(
        library if library in _LIBRARIES else "other", level, path, line, message, (), None, function
    )
    record.__dict__ = _Sealed(record.__dict__)
    return record


def silence() -> None:
    """From now on every record of the process is closed, and what nobody listens to is not written anywhere."""
    logging.setLogRecordFactory(closed_record)
    if not logging.root.handlers:  # Python would write warnings to standard error
        logging.root.addHandler(logging.NullHandler())
    _hush_twisted()


@cache
def _hush_twisted() -> None:
    # Before logging "begins", Twisted prints critical events, with the texts of errors, to standard error.
    globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)
