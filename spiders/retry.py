"""Which requests are sent again: after a network error or a 5xx, twice, and not where the host named a time."""

from scrapy import Request, Spider
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.http import Response

from spiders.settings import POLITENESS, Politeness


class PoliteRetry(RetryMiddleware):
    """Reads ``Retry-After``, which Scrapy does not; repeats no POST to an API, where each one counts."""

    def process_response(
        self,
        request: Request,
        response: Response,
        spider: Spider | None = None,  # noqa: ARG002 - no longer handed over
    ) -> Request | Response:
        """The answer, or the request once more."""
        if b"Retry-After" in response.headers:
            return response
        return super().process_response(request, response)

    def _retry(self, request: Request, reason: str | Exception | type[Exception]) -> Request | None:
        polite: Politeness = self.crawler.settings[POLITENESS]
        if polite.official and request.method == "POST":
            return None
        return super()._retry(request, reason)
