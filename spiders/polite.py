"""Scrapy's settings that are the same for every crawl: the sources' notes, D2, say why each one stands here.

Chains of components are closed lists: what a later Scrapy adds by default, as 2.19 did with a server that runs code,
does not come in by itself.
"""

from collections.abc import Mapping
from typing import Any

_DOWNLOADER = "scrapy.downloadermiddlewares"
POLITE: Mapping[str, Any] = {
    "ADDONS": {"spiders.settings.PolitenessAddon": 0},
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    # Components: the whole of each chain.
    "DOWNLOADER_MIDDLEWARES_BASE": {},
    "DOWNLOADER_MIDDLEWARES": {
        "spiders.allow.AllowList": 10,
        "spiders.robots.FailClosedRobots": 100,
        f"{_DOWNLOADER}.defaultheaders.DefaultHeadersMiddleware": 400,
        "spiders.retry.PoliteRetry": 550,
        f"{_DOWNLOADER}.httpcompression.HttpCompressionMiddleware": 590,
        f"{_DOWNLOADER}.redirect.RedirectMiddleware": 600,
        f"{_DOWNLOADER}.stats.DownloaderStats": 850,
    },
    "SPIDER_MIDDLEWARES_BASE": {},
    "SPIDER_MIDDLEWARES": {},
    "EXTENSIONS_BASE": {},
    "EXTENSIONS": {"scrapy.extensions.corestats.CoreStats": 0, "scrapy.extensions.throttle.AutoThrottle": 0},
    "DOWNLOAD_HANDLERS_BASE": {},
    "DOWNLOAD_HANDLERS": {"http": "spiders.transport.Transport", "https": "spiders.transport.Transport"},
    "ITEM_PIPELINES": {"pipelines.crawled.IntakePipeline": 100},
    # An address may be asked again, and is remembered nowhere.
    "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
    "ROBOTSTXT_OBEY": True,
    "ROBOTSTXT_PARSER": "scrapy.robotstxt.ProtegoRobotParser",
    # One question at a time.
    "CONCURRENT_REQUESTS": 1,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    "CONCURRENT_ITEMS": 1,
    "DOWNLOAD_SLOTS": {},
    "RETRY_ENABLED": True,
    "RETRY_TIMES": 2,
    "RETRY_HTTP_CODES": [500, 502, 503, 504, 522, 524],
    "RETRY_EXCEPTIONS": [
        "scrapy.exceptions.CannotResolveHostError",
        "scrapy.exceptions.DownloadConnectionRefusedError",
        "scrapy.exceptions.DownloadFailedError",
        "scrapy.exceptions.DownloadTimeoutError",
        "scrapy.exceptions.ResponseDataLossError",
    ],
    "REDIRECT_ENABLED": True,
    "REDIRECT_MAX_TIMES": 3,
    "DOWNLOAD_MAXSIZE": 8 * 1024 * 1024,  # bytes, before and after decompression
    "DOWNLOAD_WARNSIZE": 0,
    "DOWNLOAD_FAIL_ON_DATALOSS": True,
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    "DOWNLOAD_BIND_ADDRESS": None,
    "DEFAULT_REQUEST_HEADERS": {"Accept": "*/*", "Accept-Language": "zh-CN,zh;q=0.9"},
    # Nobody's session, no way around, no back door, nothing on disk.
    "COOKIES_ENABLED": False,
    "HTTPAUTH_USER": "",
    "HTTPAUTH_PASS": "",
    "HTTPPROXY_ENABLED": False,
    "METAREFRESH_ENABLED": False,
    "REFERER_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "HTTPCACHE_ENABLED": False,
    "JOBDIR": None,
    "FEEDS": {},
    "FILES_STORE": None,
    "IMAGES_STORE": None,
    # Silence.
    "LOG_ENABLED": False,
    "LOG_INSTALL_ROOT_HANDLER": False,
    "LOG_FORMATTER": "spiders.logformat.ClosedLogFormatter",
    "LOG_VERSIONS": [],
    "STATS_DUMP": False,
    "MEMUSAGE_ENABLED": False,
}
