"""Runs Scrapy on one group of hosts, in this process, until its work is done."""

from collections.abc import Callable
from typing import Any

from scrapy.crawler import AsyncCrawlerProcess

from chengqing.crawl.agent import user_agent
from chengqing.crawl.groups import Group
from chengqing.workspace import Workspace
from pipelines.crawled import TAKE
from pipelines.page import Page
from spiders.conversation import Rule
from spiders.host import HostSpider, Work
from spiders.robots import ABSENT as ROBOTS_ABSENT
from spiders.settings import ON_SEND, settings


def ask(
    spider: type[HostSpider],
    workspace: Workspace,
    group: Group,
    work: Work,
    rules: tuple[Rule, ...],
    *,
    take: Callable[[Page], object],
    on_send: Callable[[], None],
) -> bool:
    """Let ``spider`` do ``work``: every page goes to ``take``, ``on_send`` is called before every request.

    Whether an API without a robots.txt was called. Raises what kept the spider from beginning.
    """
    given: dict[str, Any] = settings(
        agent=user_agent(workspace.config),
        delay=group.delay,
        loopback=group.loopback,
        rules=rules,
        official=group.official,
    )
    # Scrapy copies its settings deeply: functions come through as they are, objects would not.
    given[TAKE] = lambda page: take(page)
    given[ON_SEND] = lambda: on_send()
    process = AsyncCrawlerProcess(given)
    crawler = process.create_crawler(spider)
    crawl = process.crawl(crawler, work=work, now=workspace.clock.now)
    process.start()
    crawl.result()
    return bool(crawler.stats.get_value(ROBOTS_ABSENT))
