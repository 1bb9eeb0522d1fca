"""All benchmarks: ``python -m benchmarks``."""

from benchmarks import grouping, quality, throughput

quality.main()
throughput.main()
grouping.main()
