"""All benchmarks: ``python -m benchmarks``."""

from benchmarks import grouping, throughput

throughput.main()
grouping.main()
