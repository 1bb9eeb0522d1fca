"""All benchmarks: ``python -m benchmarks``."""

from benchmarks import crawl, grouping, memory, quality, quota, throughput

quality.main()
throughput.main()
grouping.main()
crawl.main()
memory.main()
quota.main()

from benchmarks import quota_http  # noqa: E402 - it loads Scrapy, whose memory is not to be measured before

quota_http.main()
