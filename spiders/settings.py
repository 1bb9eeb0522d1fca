"""The politeness of a crawl as Scrapy settings, and the add-on that refuses a spider that weakens it.

What is the same for every crawl stands in :mod:`spiders.polite`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Self

from scrapy import Spider
from scrapy.crawler import Crawler
from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings

from spiders.conversation import Rule
from spiders.logformat import silence
from spiders.polite import POLITE

POLITENESS = "CHENGQING_POLITENESS"
"""Name of the setting that holds the :class:`Politeness`."""
ON_SEND = "CHENGQING_ON_SEND"
"""Name of the setting that holds what is called before each request is sent, robots and retries too. It may block, and
raise an IgnoreRequest: then nothing is sent."""
_OWN = "CHENGQING_"
_TRUTHFUL = re.compile(r"chengqing/[0-9A-Za-z.+-]+ \(\+\S+\)")
"""What this is, in which version, and where to write to."""
SHORTEST_DELAY = 2.0
"""Seconds between two requests to one host, at least."""
_ATTRIBUTES = (
    "download_delay",
    "download_maxsize",
    "download_timeout",
    "download_warnsize",
    "http_auth_domain",
    "http_pass",
    "http_user",
    "max_concurrent_requests",
    "user_agent",
)
"""What Scrapy would still read from the spider itself, past all settings."""


class Weakened(Exception):
    """A setting differs from what is polite. Nothing was sent."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: no spider may change it")
        self.name = name


def is_loopback(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """How one crawler behaves. ``delay`` and ``timeout`` are in seconds; ``loopback``: it asks this machine only."""

    agent: str
    delay: float
    loopback: bool
    rules: tuple[Rule, ...]
    official: bool
    timeout: float

    def __post_init__(self) -> None:
        if not _TRUTHFUL.fullmatch(self.agent):
            raise Weakened("USER_AGENT")
        if self.loopback and not all(is_loopback(rule.host.rpartition(":")[0] or rule.host) for rule in self.rules):
            raise Weakened("loopback")
        if self.delay < (0 if self.loopback else SHORTEST_DELAY):
            raise Weakened("DOWNLOAD_DELAY")

    def table(self) -> dict[str, Any]:
        """Every setting that must stand as it is here."""
        return {**POLITE, **self._identity(), **self._pace()}

    def _identity(self) -> dict[str, Any]:
        # robots.txt is read for the product alone: the contact may hold another robot's name.
        return {"USER_AGENT": self.agent, "ROBOTSTXT_USER_AGENT": self.agent.split()[0]}

    def _pace(self) -> dict[str, Any]:
        return {
            "DOWNLOAD_DELAY": self.delay,
            "DOWNLOAD_DELAY_JITTER": 0.0,  # it would shorten every second pause
            "DOWNLOAD_TIMEOUT": self.timeout,
            "AUTOTHROTTLE_ENABLED": self.delay >= SHORTEST_DELAY,
            "AUTOTHROTTLE_START_DELAY": 5.0,
            "AUTOTHROTTLE_MAX_DELAY": max(60.0, self.delay),  # a lower one would shorten a longer delay
            "AUTOTHROTTLE_TARGET_CONCURRENCY": 1.0,
        }


def settings(
    *, agent: str, delay: float, loopback: bool, rules: tuple[Rule, ...], official: bool, timeout: float = 20
) -> dict[str, Any]:
    """Settings of a crawler of one host, or of hosts that are read together.

    ``agent`` is "chengqing/VERSION (+contact)". ``rules`` are all that it may ask. ``official``: see
    :mod:`spiders.robots`. Raises Weakened for a delay under 2 seconds to another machine.
    """
    polite = Politeness(agent=agent, delay=delay, loopback=loopback, rules=rules, official=official, timeout=timeout)
    return {**polite.table(), POLITENESS: polite}


class PolitenessAddon:
    """Sets what is polite above every spider's wishes; raises Weakened where one of them differs."""

    def __init__(self, spider: Spider | type[Spider]) -> None:
        self._spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's way of making a component."""
        return cls(crawler.spider or crawler.spidercls)

    @classmethod
    def update_pre_crawler_settings(cls, settings: BaseSettings) -> None:  # noqa: ARG003 - Scrapy hands it over
        """Before Scrapy's first word: from now on logs carry closed words."""
        silence()

    def update_settings(self, settings: BaseSettings) -> None:
        """Check everything that was set by anybody, and fix it."""
        table = _politeness(settings).table()
        for name in settings:
            set_by_somebody = (settings.getpriority(name) or 0) > SETTINGS_PRIORITIES["default"]
            if set_by_somebody and not _stands(name, settings, table):
                raise Weakened(name)
        for name in _ATTRIBUTES:
            if hasattr(self._spider, name):
                raise Weakened(name)
        for name, value in table.items():
            settings.set(name, value, priority="cmdline")


def _politeness(settings: BaseSettings) -> Politeness:
    polite = settings[POLITENESS]
    if not isinstance(polite, Politeness) or not _is_given(POLITENESS, settings):
        raise Weakened(POLITENESS)
    return polite


def _is_given(name: str, settings: BaseSettings) -> bool:
    """Whether a setting came with all the others, and not from a spider."""
    return (settings.getpriority(name) or 0) <= SETTINGS_PRIORITIES["project"]


def _stands(name: str, settings: BaseSettings, table: Mapping[str, Any]) -> bool:
    """Whether a setting is one of ours, with its value; what is the program's alone a spider does not touch at all."""
    if name.startswith(_OWN):
        return _is_given(name, settings)
    value = settings[name]
    return name in table and (dict(value) if isinstance(value, BaseSettings) else value) == table[name]
