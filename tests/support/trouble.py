"""Sources that misbehave, each on a server of its own, and what a desk makes of them."""

import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from tests.servers.running import Running, start
from tests.servers.wechat import LIST, publication
from tests.support.day import CLAIM, ELSEWHERE, MORNING, OUTLET, bulletins, verified
from tests.support.desk import CREDENTIAL, Desk, publisher, timeline, wechat, weibo
from tests.support.statuses import status

PATIENCE = 300
"""Seconds that a round of many sources may take on a machine that has other things to do."""
ARTICLES, PUBLICATIONS = 41, 5
"""What a publisher's list and a WeChat account hold."""


def listed(url: str, id: str) -> str:
    """A list in JSON that holds its articles' texts."""
    return publisher(
        "json_list",
        f'list = {{ url = "{url}/offset", params = {{ size = 20 }} }}\nitems = "list[]"\n'
        'paging = { type = "offset", param = "offset", step = 20, max_pages = 10 }\n'
        'map = { id = "to_string(id)", url = "url", title = "title", published = "published", text = "content" }\n',
        poll=5,
        id=id,
    )


def fed(url: str, id: str) -> str:
    """A feed."""
    return publisher("rss", f'list = {{ url = "{url}/feed.rss" }}\n', poll=5, id=id)


def searched(url: str, id: str) -> str:
    """A search of six lanes, with credentials of its own."""
    return weibo(url, poll=5, id=id).replace("env:STAND_IN", f"env:{id.upper()}")


def account(url: str, id: str) -> str:
    """The operator's own WeChat account."""
    return wechat(url, poll=5, id=id)


def followed(url: str, id: str) -> str:
    """The timeline of a body that the platform verifies."""
    return timeline(url, OUTLET, poll=5, id=id)


def said() -> list[dict[str, Any]]:
    """Statuses of a claim, an hour apart, each by another account."""
    return [status(n, 500 + n, CLAIM, MORNING - timedelta(hours=n + 1)) for n in range(ELSEWHERE)]


def _strangers() -> list[dict[str, Any]]:
    user = verified("云岫一名演员", 0)
    return [status(8_000 + n, 0, f"{CLAIM}，第{n}次", MORNING - timedelta(hours=n), user=user) for n in range(1, 4)]


@dataclass(frozen=True)
class Kind:
    """How a source is declared, on which stand-in, and what that has when all is well."""

    declare: Callable[[str, str], str]
    module: str
    well: Mapping[str, Any] = field(default_factory=dict)
    texts: int = ARTICLES


LISTED, FED = Kind(listed, "publisher"), Kind(fed, "publisher")
SEARCHED = Kind(searched, "weibo", {"statuses": said(), "county": "云岫区", "token": CREDENTIAL}, ELSEWHERE)
ACCOUNT = Kind(
    account,
    "wechat",
    {"articles": [publication(n, int((MORNING - timedelta(hours=n)).timestamp())) for n in range(1, PUBLICATIONS + 1)]},
    PUBLICATIONS,
)
FOLLOWED = Kind(followed, "weibo", {"statuses": [*bulletins(), *_strangers()]}, len(bulletins()))


@dataclass(frozen=True)
class Trouble:
    """What goes wrong, the closed word for it, and how often the source is asked in a round, beside its robots.txt."""

    kind: Kind
    scenario: Mapping[str, Any]
    why: str
    calls: int


PASSING: Mapping[str, Trouble] = {
    "hangs": Trouble(LISTED, {"all": "hang"}, "timeout", 3),
    "drops": Trouble(LISTED, {"all": "drop"}, "network", 3),
    "cuts": Trouble(LISTED, {"all": "cut"}, "network", 3),
    "breaks": Trouble(LISTED, {"all": "500"}, "server_error", 3),
    "page": Trouble(SEARCHED, {"html_200": True}, "garbled", 3),
    "halves": Trouble(SEARCHED, {"truncated_json": True}, "garbled", 3),
    "shape": Trouble(LISTED, {"changed_shape": True}, "changed_shape", 1),
}
"""Tried again by themselves, after a while."""
SHUT: Mapping[str, Trouble] = {
    "denies": Trouble(LISTED, {"robots": "deny"}, "robots", 0),
    "ails": Trouble(LISTED, {"robots": "503"}, "robots", 0),
    "masks": Trouble(LISTED, {"robots": "html"}, "robots", 0),
    "deaf": Trouble(LISTED, {"robots": "hang"}, "robots", 0),
    "forbids": Trouble(SEARCHED, {"robots": "deny"}, "robots", 0),
}
"""Left alone for a day."""
STOPPED: Mapping[str, Trouble] = {
    "login": Trouble(LISTED, {"all": "html"}, "captcha", 1),
    "checks": Trouble(LISTED, {"captcha": True}, "captcha", 1),
    "bridge": Trouble(FED, {"bridge": "wewe-rss"}, "bridge", 1),
    "rightless": Trouble(ACCOUNT, {"errcode": 48001, "on": LIST}, "not_entitled", 2),
    "stranger": Trouble(FOLLOWED, {"other_account": True}, "not_permitted", 1),
}
"""Not asked again before a person has acted."""
TOKEN = Trouble(SEARCHED, {"token": "another"}, "auth_required", 1)
TROUBLES: Mapping[str, Trouble] = {**PASSING, **SHUT, **STOPPED, "token": TOKEN}
NEIGHBOURS: Mapping[str, Kind] = {"list": LISTED, "search": SEARCHED}


@dataclass
class Street:
    """Servers by name, and a desk that reads them all."""

    desk: Desk
    servers: Mapping[str, Running]

    def round(self, *args: str, minutes: float = 0) -> str:
        """One round, so many minutes after the morning; what it said."""
        at = (MORNING + timedelta(minutes=minutes)).isoformat()
        process = self.desk.start("crawl", "--once", "--as-of", at, *args)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert process.returncode == 0, err.decode()
        return (out + err).decode()

    def hits(self) -> dict[str, list[str]]:
        """Paths that each server was asked for since the last time."""
        found = {name: [hit.path for hit in server.hits()] for name, server in self.servers.items()}
        for server in self.servers.values():
            server.clear()
        return found

    def texts(self) -> dict[str, int]:
        """How many texts of each source were read so far."""
        return dict(self.desk.rows("SELECT source, sum(n) FROM tally WHERE unit = 'text' GROUP BY source"))

    def why(self, source: str) -> set[str | None]:
        """Why windows of the source wait."""
        query = "SELECT DISTINCT why FROM window WHERE source = ? AND state = 'waiting'"
        return {why for (why,) in self.desk.rows(query, source)}


@contextmanager
def street(desk: Desk, kinds: Mapping[str, Kind]) -> Iterator[Street]:
    """A server for each source, all of them well; searches know the credential by the variable of their name."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(_server(kind)) for name, kind in kinds.items()}
        desk.env = {**desk.env, **{name.upper(): CREDENTIAL for name in kinds}}
        desk.declare(**{name: kind.declare(servers[name].url, name) for name, kind in kinds.items()})
        yield Street(desk, servers)


def _server(kind: Kind) -> Running:
    server = start(f"tests.servers.{kind.module}", *(["--now", MORNING.isoformat()] * (kind.module == "publisher")))
    server.set(**kind.well)
    return server
