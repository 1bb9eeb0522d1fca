"""What a status or a page says before any reader sees it: that nothing is to be had here now, and for how long."""

import json
import math
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from spiders.conversation import Failure, FailureKind, Reply
from spiders.edge import clean_html

LONGEST_WAIT = 86_400
_WALLS = (403, 418, 432, 451)
_READ = (304, 404, 410)
_LONGEST_PAGE = 256 * 1024
_LONGEST_NOTE = 200
_CHECK_WORDS = ("环境异常", "请输入验证码")
_CHECK_BYTES = tuple(word.encode(charset) for word in _CHECK_WORDS for charset in ("utf-8", "gb18030"))


def refusal(reply: Reply, *, official: bool) -> Failure | None:
    """Why the answer is none; None where it is the reader's to judge.

    ``official``: an API, whose errors 400, 401 and 403 come as JSON that the reader knows.
    """
    if is_check(reply):
        return Failure(kind="captcha")
    if reply.status in _READ or 200 <= reply.status < 300:
        return None
    if official and reply.status in (400, 401, 403) and _is_json(reply.body):
        return None
    kind = _kind(reply)
    return Failure(kind=kind, wait=retry_after(reply) if kind == "throttled" else None)


def _kind(reply: Reply) -> FailureKind:
    status = reply.status
    if status == 429 or status in _WALLS or (status == 503 and "retry-after" in reply.headers):
        return "throttled"
    if status == 401:
        return "auth_required"
    if status == 408:
        return "timeout"
    if 300 <= status < 400:
        return "redirected"
    return "bad_request" if 400 <= status < 500 else "server_error"


def retry_after(reply: Reply) -> int | None:
    """Seconds to wait, counted from the answer, at most a day; None where none or nothing readable is named."""
    value = reply.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return LONGEST_WAIT if len(value) > 9 else min(int(value), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - reply.at).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(0, math.ceil(seconds)), LONGEST_WAIT)


def is_check(reply: Reply) -> bool:
    """Whether the answer asks to prove that a person is asking, or leads to a page that does."""
    target = reply.headers.get("location", "") if 300 <= reply.status < 400 else ""
    if any(word in _path(url) for url in (reply.url, target) for word in ("captcha", "verify")):
        return True
    if not _is_html(reply) or not any(mark in reply.body for mark in _CHECK_BYTES):
        return False
    text = clean_html(_text(reply.body))
    odd = "环境异常" in text and ("去验证" in text or "完成验证" in text)
    # A page that is longer is an article that speaks of such pages.
    return len(text) <= _LONGEST_NOTE and (odd or "请输入验证码" in text)


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.lower()
    except ValueError:
        return ""


def _is_html(reply: Reply) -> bool:
    start = reply.body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    named = "html" in reply.headers.get("content-type", "").lower()
    return len(reply.body) <= _LONGEST_PAGE and (named or start.startswith((b"<!doctype html", b"<html")))


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("gb18030", "replace")


def _is_json(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def backoff(attempt: int, *, base: int = 60, most: int = 21_600) -> int:
    """Seconds to wait before the next attempt after ``attempt`` (0, 1, …): doubled each time, up to ``most``."""
    return min(most, base << min(max(attempt, 0), 32))
