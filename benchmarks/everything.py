"""A stand-in whose first search finds every status, and every other one nothing: pages to measure with."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.servers import weibo
from tests.servers.base import serve

COUNTY = "云岫区"


class Everything(weibo.Weibo):
    """Answers the first question that it is asked as if it held no words."""

    def __init__(self, records: Any) -> None:
        super().__init__(records)
        self.scenario["county"] = COUNTY
        self._first = ""

    def _search(self, query: Mapping[str, str]) -> object:
        self._first = self._first or query["q"]
        if query["q"] not in (self._first, "x"):
            return {"statuses": [], "total_number": 0}
        return super()._search({**query, "q": COUNTY})


def main() -> None:
    """Serve the statuses of a file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--statuses", type=Path, required=True)
    serve(lambda given: Everything(weibo.lines_of(given.statuses)), parser)


if __name__ == "__main__":
    main()
