"""Nothing leaves this machine that is not on the list: not by redirect, not by retry, not behind the first check."""

from collections.abc import Iterator
from typing import Any

import pytest
from scrapy import Request

from spiders.allow import NotListed, check, whole
from spiders.conversation import Rule
from spiders.settings import Politeness
from tests.servers.running import Running, start
from tests.spiders.crawling import AGENT, CHAIN, HANDLERS, STOCK, crawl, loose, polite

LIST = Politeness(
    agent=AGENT,
    delay=5,
    loopback=False,
    rules=(
        Rule("GET", "news.example", "/feed"),
        Rule("GET", "news.example", "/art/*"),
        Rule("POST", "news.example", "/list.jsp"),
        Rule("GET", "127.0.0.1:8765", "/"),
        Rule("GET", "[::1]:8765", "/"),
    ),
    official=False,
    timeout=20,
)
WITHOUT_LIST = {name: at for name, at in CHAIN.items() if name != "spiders.allow.AllowList"}


class Tamper:
    """A middleware behind the allow-list that changes what it passed."""

    @classmethod
    def from_crawler(cls, _: Any) -> "Tamper":
        return cls()

    def process_request(self, request: Request) -> None:
        if request.url.endswith("/cookie"):
            request.headers[b"Cookie"] = b"session=1"
        if request.url.endswith("/host"):
            request.headers[b"Host"] = b"other.example"


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    with start("tests.spiders.site") as running:
        yield running


@pytest.fixture(scope="module")
def other() -> Iterator[Running]:
    with start("tests.spiders.site") as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(request: pytest.FixtureRequest) -> None:
    for name in {"site", "other"} & set(request.fixturenames):
        running: Running = request.getfixturevalue(name)
        running.set(reset=True)
        running.clear()


def unlisted(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The same settings without the middleware and without the look at the very end."""
    return {**given, "ADDONS": {}, "DOWNLOADER_MIDDLEWARES": WITHOUT_LIST, "DOWNLOAD_HANDLERS": HANDLERS, **more}


@pytest.mark.parametrize(
    "request_",
    [
        Request("https://news.example/feed"),
        Request("https://news.example/feed?page=2#top"),
        Request("https://NEWS.example/feed"),
        Request("https://news.example/art/2026/11/23/art_1.html"),
        Request("https://news.example/list.jsp", method="POST", body=b"col=1"),
        Request("https://news.example/robots.txt"),
        Request("http://127.0.0.1:8765"),
        Request("http://[::1]:8765/"),
        Request("http://127.0.0.1:8765/robots.txt"),
        Request("https://news.example/feed", headers={"If-None-Match": '"a"', "User-Agent": AGENT}),
        Request("https://news.example/feed", meta={"private": {"appkey": "k"}, "download_slot": "news.example"}),
    ],
)
def test_what_is_listed_passes(request_: Request) -> None:
    check(request_, LIST)


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (Request("https://news.example/"), "address"),
        (Request("https://news.example/feed/2"), "address"),
        (Request("https://news.example/list.jsp"), "address"),
        (Request("https://news.example/feed", method="POST"), "address"),
        (Request("https://news.example/feed", method="HEAD"), "address"),
        (Request("https://news.example/robots.txt", method="POST"), "address"),
        (Request("https://news.example:8443/feed"), "address"),
        (Request("https://m.news.example/feed"), "address"),
        (Request("https://news.example.evil.example/feed"), "address"),
        (Request("https://evil.example/robots.txt"), "address"),
        (Request("https://user@news.example/feed"), "address"),
        (Request("https://user:pass@news.example/robots.txt"), "address"),
        (Request("https://news.example/art/../admin"), "address"),
        (Request("https://news.example/art/%2e%2e/admin"), "address"),
        (Request("https://news.example/art/..%2fadmin"), "address"),
        (Request("https://news.example/art/..%5cadmin"), "address"),
        (Request("http://news.example/feed"), "scheme"),
        (Request("ftp://news.example/feed"), "scheme"),
        (Request("file:///etc/hosts"), "scheme"),
        (Request("data:,feed"), "scheme"),
        (Request("http://127.0.0.1.news.example/"), "scheme"),
        (Request("http://127.0.0.1:8766/"), "address"),
        (Request("https://news.example/feed", headers={"Cookie": "a=b"}), "header"),
        (Request("https://news.example/feed", cookies={"a": "b"}), "header"),
        (Request("https://news.example/feed", headers={"Authorization": "Bearer t"}), "header"),
        (Request("https://news.example/feed", headers={"Proxy-Authorization": "Basic t"}), "header"),
        (Request("https://news.example/feed", headers={"Host": "other.example"}), "header"),
        (Request("https://news.example/feed", headers={"Referer": "https://news.example/"}), "header"),
        (Request("https://news.example/feed", headers={"User-Agent": "Mozilla/5.0"}), "header"),
        (Request("https://news.example/feed", headers={"User-Agent": [AGENT, "Mozilla/5.0"]}), "header"),
        (Request("https://news.example/feed", meta={"proxy": "http://127.0.0.1:3128"}), "meta"),
        (Request("https://news.example/feed", meta={"bindaddress": "127.0.0.2"}), "meta"),
        (Request("https://news.example/feed", meta={"cookiejar": 1}), "meta"),
        (Request("https://news.example/feed", meta={"http_user": "somebody"}), "meta"),
        (Request("https://news.example/feed", meta={"max_retry_times": 9}), "meta"),
        (Request("https://news.example/feed", meta={"download_timeout": 600}), "meta"),
        (Request("https://news.example/feed", meta={"download_maxsize": 0}), "meta"),
        (Request("https://news.example/feed", meta={"download_slot": "another"}), "meta"),
        (Request("https://news.example/feed?appkey=k", meta={"private": {"appkey": "k"}}), "private"),
    ],
)
def test_what_is_not_listed_does_not(request_: Request, word: str) -> None:
    """The error holds a closed word, nothing of the request."""
    with pytest.raises(NotListed) as refused:
        check(request_, LIST)
    assert refused.value.args == (word,)


def test_private_parameters_join_the_query() -> None:
    assert whole("https://news.example/feed", {}) == "https://news.example/feed"
    assert whole("https://news.example/feed", {"k": "a b&"}) == "https://news.example/feed?k=a+b%26"
    assert whole("https://news.example/feed?p=1", {"k": "v"}) == "https://news.example/feed?p=1&k=v"


def test_a_request_that_is_not_listed_asks_nothing(site: Running) -> None:
    """Not even for robots.txt; the one after it goes on."""
    found = crawl(polite(site.netloc, "/a"), f"{site.url}/b", f"{site.url}/a")
    assert ([hit.path for hit in site.hits()], found.kinds) == (["/robots.txt", "/a"], ["NotListed"])
    site.clear()
    crawl(unlisted(polite(site.netloc, "/a")), f"{site.url}/b")
    assert len(site.hits("/b")) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_off_the_list_is_not_followed(site: Running, other: Running, status: int) -> None:
    """Neither to another path nor to another host, whose robots.txt is not asked for either."""
    for target, running in (("/b", site), (f"{other.url}/a", other)):
        for given, followed in ((polite(site.netloc, "/a"), 0), (unlisted(polite(site.netloc, "/a")), 1)):
            site.set(answers={"/a": {"status": status, "headers": {"Location": target}}})
            other.clear()
            site.clear()
            found = crawl(given, f"{site.url}/a")
            assert len(running.hits("/b" if running is site else "/a")) == followed
            assert found.kinds == ([] if followed else ["NotListed"])
            assert followed or other.hits() == []


def test_a_listed_redirect_is_followed(site: Running) -> None:
    site.set(answers={"/a": {"status": 302, "headers": {"Location": "/b"}}})
    found = crawl(polite(site.netloc, "/a", "/b"), f"{site.url}/a")
    assert [response.url for response in found.responses] == [f"{site.url}/b"]


def test_a_robots_file_that_moved_off_the_list_is_not_fetched(site: Running) -> None:
    """And so the page is not either; Scrapy itself goes there."""
    site.set(robots="login")
    found = crawl(polite(site.netloc, "/a"), f"{site.url}/a")
    assert ([hit.path for hit in site.hits()], found.kinds) == (["/robots.txt"], ["RobotsDenied"])
    crawl({**STOCK, "ROBOTSTXT_OBEY": True}, f"{site.url}/a")
    assert len(site.hits("/login")) == 1


@pytest.mark.parametrize("path", ["/b", "/a/cookie", "/a/host"])
def test_what_gets_past_the_middlewares_stops_at_the_transport(site: Running, path: str) -> None:
    """One that is missing, or another behind it that adds a cookie or another host's name; with Scrapy's it leaves."""
    given = loose(polite(site.netloc, "/a/*"), DOWNLOADER_MIDDLEWARES={**WITHOUT_LIST, Tamper: 900})
    found = crawl(given, f"{site.url}{path}", f"{site.url}/a/1")
    assert ([hit.path for hit in site.hits()], found.kinds) == (["/robots.txt", "/a/1"], ["NotListed"])
    crawl({**given, "DOWNLOAD_HANDLERS": HANDLERS}, f"{site.url}{path}")
    assert len(site.hits(path)) == 1


def test_each_retry_is_looked_at(site: Running) -> None:
    """What a component adds between two attempts is noticed."""

    class Later(Tamper):
        def process_request(self, request: Request) -> None:
            if request.meta.get("retry_times"):
                request.headers[b"Cookie"] = b"session=1"

    site.set(answers={"/a": {"status": 500}})
    given = loose(polite(site.netloc), DOWNLOADER_MIDDLEWARES={**CHAIN, Later: 900})
    found = crawl(given, f"{site.url}/a")
    assert (len(site.hits("/a")), found.kinds) == (1, ["NotListed"])


def test_other_schemes_have_no_handler(site: Running, tmp_path: Any) -> None:
    """Neither the list nor a transport lets a file or an inline page be read; Scrapy's own does."""
    (tmp_path / "secret").write_text("secret")
    asked = [(tmp_path / "secret").as_uri(), "data:,secret"]
    for given in (polite(site.netloc), loose(polite(site.netloc), DOWNLOADER_MIDDLEWARES=WITHOUT_LIST)):
        assert crawl(given, *asked).kinds in (["NotListed"] * 2, ["RobotsDenied"] * 2)
    assert crawl(STOCK, *asked).statuses == [200, 200]
