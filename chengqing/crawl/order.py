"""What a crawling process is told, on its standard input."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is told: where the desk is, which sources to read, the clock's time if it is a replay."""

    data: str
    config: str | None
    sources: list[str]
    as_of: str | None
    level: str

    def line(self) -> bytes:
        """The order as the child reads it."""
        return json.dumps(asdict(self)).encode() + b"\n"
