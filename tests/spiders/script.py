"""A crawl by a script of its own: two pages of the site that is named, and their statuses as JSON."""

import json
import sys

from scrapy import Request
from scrapy.crawler import AsyncCrawlerProcess

from tests.spiders.crawling import Asker, Crawl, polite

if __name__ == "__main__":
    netloc = sys.argv[1]
    found = Crawl()
    process = AsyncCrawlerProcess(polite(netloc))
    process.crawl(Asker, [Request(f"http://{netloc}/{name}") for name in "ab"], found)
    process.start()
    print(json.dumps(found.statuses))
