"""What may leave this machine: listed methods, hosts and paths, and nothing that borrows an identity or a way around.

The same check stands twice: as the outermost middleware, where a request that is not listed does not even cause a
look at robots.txt, and in :mod:`spiders.transport`, right before the bytes are sent, where no order of middlewares
gets past it. Redirects, retries and robots.txt itself pass both each time.
"""

from collections.abc import Mapping
from typing import Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest

from spiders.settings import POLITENESS, Politeness, is_loopback

HEADERS = frozenset(
    b"accept accept-encoding accept-language content-type if-modified-since if-none-match user-agent".split()
)
"""All that a request's head may hold: no cookie, no authorization, no other host's name, no referrer."""
ROBOTS = "/robots.txt"
_FORBIDDEN = frozenset(
    "bindaddress cookiejar download_fail_on_dataloss download_maxsize download_timeout download_warnsize http_pass "
    "http_user max_retry_times proxy".split()
)
"""Keys of a request's meta by which it would get around a setting."""


class NotListed(IgnoreRequest):
    """The request may not be sent, and was not. The text is a closed word."""


def check(request: Request, polite: Politeness) -> None:
    """Raise NotListed if the request may not be sent."""
    try:
        parts = urlsplit(request.url)
    except ValueError:
        raise NotListed("address") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise NotListed("scheme")
    if not _is_listed(request.method, parts, polite):
        raise NotListed("address")
    if not _is_plain(request, polite.agent):
        raise NotListed("header")
    if not request.meta.keys().isdisjoint(_FORBIDDEN) or request.meta.get("download_slot") not in (
        None,
        parts.hostname,
    ):
        raise NotListed("meta")
    if not private_of(request).keys().isdisjoint(name for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise NotListed("private")


def _is_listed(method: str, parts: SplitResult, polite: Politeness) -> bool:
    netloc, path = parts.netloc.lower(), parts.path or "/"
    if _climbs(path):
        return False
    if (method, path) == ("GET", ROBOTS):
        return any(rule.host == netloc for rule in polite.rules)
    return any(rule.allows(method, netloc, path) for rule in polite.rules)


def _climbs(path: str) -> bool:
    """Whether a server may take the path for another one: ``/news/../admin``, also escaped, or with a backslash."""
    plain = unquote(path)
    return "\\" in plain or not {".", ".."}.isdisjoint(plain.split("/"))


def _is_plain(request: Request, agent: str) -> bool:
    names = {name.lower() for name in request.headers}
    agents = request.headers.getlist(b"User-Agent")
    return names <= HEADERS and not request.cookies and set(agents) <= {agent.encode()}


def private_of(request: Request) -> Mapping[str, str]:
    """The parameters that join the query where the bytes are sent."""
    private: Mapping[str, str] = request.meta.get("private") or {}
    return private


def whole(url: str, private: Mapping[str, str]) -> str:
    """The address as it is sent; it goes into no request, log or error."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(private)}" if private else url


class AllowList:
    """The outermost middleware."""

    def __init__(self, polite: Politeness) -> None:
        self._polite = polite

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making a component."""
        return cls(crawler.settings[POLITENESS])

    def process_request(self, request: Request) -> None:
        """Let the request pass, or raise NotListed."""
        check(request, self._polite)
