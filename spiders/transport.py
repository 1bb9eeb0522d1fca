"""Where the bytes are sent: the only place that knows secret parameters, and the last look at what leaves.

``request.meta["private"]`` joins the query inside the HTTP client, below everything of Scrapy: no request, answer,
signal, statistic, error or log holds it. Private hooks of Scrapy's handler are used: its minor version is fixed.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _BindAddressAgent, _ScrapyAgent
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.web._newclient import RequestGenerationFailed, RequestNotSent, RequestTransmissionFailed
from twisted.web.client import Agent
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer, IResponse

from spiders.allow import check, private_of, whole
from spiders.settings import ON_SEND, POLITENESS, Politeness, PolitenessAddon, Weakened

_KINDS: dict[type[Exception], str] = {
    DownloadTimeoutError: "no answer in time",
    DownloadConnectionRefusedError: "connection refused",
    CannotResolveHostError: "no such host",
    ResponseDataLossError: "answer cut off",
    DownloadCancelledError: "answer too large",
    UnsupportedURLSchemeError: "no such scheme",
    DownloadFailedError: "no answer",
}
_NETWORK = (OSError, ConnectError, ConnectionClosed, RequestGenerationFailed, RequestNotSent, RequestTransmissionFailed)


class TransportFault(Exception):
    """The program failed, not the network."""


def closed(error: Exception) -> Exception:
    """An error of the same kind, without the text, cause and place of the first; a refusal stays as it is."""
    if isinstance(error, IgnoreRequest):
        return error
    for kind, text in _KINDS.items():
        if isinstance(error, kind):
            return kind(text)
    return DownloadFailedError("no answer") if isinstance(error, _NETWORK) else TransportFault("not sent")


class Transport(HTTP11DownloadHandler):
    """Scrapy's handler for http and https, without proxies and bind addresses."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if crawler.get_addon(PolitenessAddon) is None:
            raise Weakened("ADDONS")
        self._pool.retryAutomatically = False  # Twisted would send a GET again at once, without pause and budget
        self._polite: Politeness = crawler.settings[POLITENESS]
        self._on_send: Callable[[], None] | None = crawler.settings.get(ON_SEND)

    async def download_request(self, request: Request) -> Response:
        """The answer. Raises NotListed, what ON_SEND raises, or one of Scrapy's download errors with a closed text."""
        check(request, self._polite)
        request.headers[b"User-Agent"] = self._polite.agent
        try:
            if self._on_send is not None:
                await asyncio.to_thread(self._on_send)
            response = await self._send(request)
        except Exception as error:
            failed = closed(error)
        else:
            if private_of(request):
                response.headers.pop(b"Location", None)  # it may hold the secret, and lead to another host with it
            return response
        raise failed  # out here, so that the first error is not its context

    async def _send(self, request: Request) -> Response:
        agent = _Sender(
            contextFactory=self._contextFactory,
            connectTimeout=self._polite.timeout,
            pool=self._pool,
            maxsize=self._default_maxsize,
            fail_on_dataloss=self._fail_on_dataloss,
            crawler=self._crawler,
        )
        with wrap_twisted_exceptions():
            return await maybe_deferred_to_future(agent.download_request(request))


class _Sender(_ScrapyAgent):
    """One request on its way."""

    def _get_agent(self, request: Request, timeout: float) -> Agent:
        from twisted.internet import reactor  # it must not be imported before Scrapy has chosen one

        def complete(uri: bytes) -> bytes:
            return whole(uri.decode("ascii"), private_of(request)).encode("ascii")

        return _Completing(complete, reactor, self._contextFactory, timeout, None, self._pool)


class _Completing(_BindAddressAgent):
    """Twisted's client, with the address completed."""

    def __init__(self, complete: Callable[[bytes], bytes], *args: Any) -> None:
        super().__init__(*args)
        self._complete = complete

    def request(
        self,
        method: bytes,
        uri: bytes,
        headers: Headers | None = None,
        bodyProducer: IBodyProducer | None = None,  # noqa: N803 - Twisted's name
    ) -> Deferred[IResponse]:
        """Send the request."""
        sent: Deferred[IResponse] = super().request(method, self._complete(uri), headers, bodyProducer)
        return sent
