"""What work costs the processor: compared with other work in the same test, never with a clock on the wall."""

import time
from collections.abc import Callable

_LEAST = 0.005
"""Seconds below which a cost is mostly the clock's own grain."""


def effort(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of the processor that ``work`` takes: the least of some times, the one that others disturbed least."""
    found = []
    for _ in range(times):
        begun = time.process_time()
        work()
        found.append(time.process_time() - begun)
    return min(found)


def is_linear(work: Callable[[int], object], short: int, long: int) -> bool:
    """Whether the cost of ``work`` grows with the length alone: far less than its square would."""
    growth: float = (long / short) ** 1.75
    return effort(lambda: work(long)) < growth * max(effort(lambda: work(short)), _LEAST)
