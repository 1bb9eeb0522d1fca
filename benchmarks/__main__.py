"""All benchmarks: ``python -m benchmarks``."""

from benchmarks import crawl, grouping, quality, quota, throughput

quality.main()
throughput.main()
grouping.main()
crawl.main()
quota.main()
