"""Asks the publisher's stand-in and looks at its answers."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

import feedparser  # type: ignore[import-untyped]
from parsel import Selector

from tests.servers.publisher import ARTICLE_LIST, CHANNEL_LIST
from tests.servers.publisher_pages import JPAGE
from tests.servers.publisher_stories import CHINA
from tests.servers.running import Running

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=CHINA)
NEWEST, OLDEST = 1800041, 1800001
IDS = list(range(NEWEST, OLDEST - 1, -1))
FORMS = (ARTICLE_LIST, CHANNEL_LIST, JPAGE, "/list.html", "/offset", "/cursor", "/feed.rss", "/feed.atom", "/feed.json")


@dataclass(frozen=True)
class Said:
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def value(self) -> Any:
        return json.loads(self.body)

    @property
    def page(self) -> Selector:
        return Selector(text=self.text, type="html")

    @property
    def ids(self) -> list[int]:
        """The ids in all links to articles that stand in the answer, each once."""
        found = re.findall(r"/article/([0-9]+)|art_4584_([0-9]+)\.html", self.text)
        return list(dict.fromkeys(int(one or other) for one, other in found))


def ask(
    server: Running, path: str, /, method: str = "GET", *, form: Any = None, headers: Any = None, **query: Any
) -> Said:
    connection = HTTPConnection(server.netloc, timeout=10)
    asked = f"{path}?{urlencode(query)}" if query else path
    try:
        connection.request(method, asked, urlencode(form) if form else None, headers or {})
        answer = connection.getresponse()
        return Said(answer.status, answer.read(), dict(answer.getheaders()))
    finally:
        connection.close()


def first(server: Running, path: str) -> Said:
    """The first page of a list in any form."""
    return ask(server, path, **({"channelId": "C12"} if path.startswith("/openapi") else {}))


def listed(server: Running, **query: Any) -> Any:
    return ask(server, ARTICLE_LIST, **{"channelId": "C12", "size": 20, **query}).value["data"]["articleList"]


def feed(said: Said) -> Any:
    return feedparser.parse(said.body)


def follow(server: Running, said: Said) -> Iterator[Said]:
    """The answer and those that its links of rel=next lead to."""
    while True:
        yield said
        path = said.page.css("a[rel=next]::attr(href)").get()
        if path is None:
            return
        said = ask(server, path)
