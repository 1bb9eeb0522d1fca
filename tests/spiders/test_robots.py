"""robots.txt: what can't be read forbids, a Disallow is always obeyed, and the pause it asks for is kept."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response, TextResponse

from spiders.conversation import Rule
from spiders.robots import FailClosedRobots, readable
from spiders.settings import ON_SEND, settings
from tests.servers.base import ROBOTS
from tests.servers.running import Running, start
from tests.spiders.crawling import AGENT, CHAIN, STOCK, Asker, crawl, loose, polite

READ = {"allow": True, "deny": False, "wx": False, "missing": True}
"""What says something, and whether it allows ``/a``."""
UNREAD = ["503", "403", "html", "login", "garbled", "hang", "drop"]
"""What says nothing."""
STOCK_ROBOTS = {**STOCK, "ROBOTSTXT_OBEY": True}
PAGE = "http://news.example/robots.txt"


class Spent(IgnoreRequest):
    """Stands for what the budget raises."""


class Daily(FailClosedRobots):
    """Reads the file anew each time."""

    again = 0


class Once(FailClosedRobots):
    """Writes the delay before the first page only."""

    def _slow_down(self, request: Request, asked: float) -> None:
        if self.crawler.stats.get_value("downloader/request_count") == 1:
            super()._slow_down(request, asked)


def instead(robots: type[FailClosedRobots]) -> dict[Any, int]:
    """Our middlewares, with another one for robots.txt."""
    return {robots if "robots" in name else name: at for name, at in CHAIN.items()}


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    with start("tests.spiders.site") as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(request: pytest.FixtureRequest) -> None:
    if "site" in request.fixturenames:
        running: Running = request.getfixturevalue("site")
        running.set(reset=True)
        running.clear()


@pytest.mark.parametrize("robots", [*READ, *UNREAD])
def test_a_page_is_read_only_where_the_file_allows_it(site: Running, robots: str) -> None:
    site.set(robots=robots)
    allowed = READ.get(robots, False)
    found = crawl(polite(site.netloc, timeout=0.4 if robots == "hang" else 5), f"{site.url}/a")
    assert len(site.hits("/a")) == allowed
    assert (found.statuses, found.kinds) == (([200], []) if allowed else ([], ["RobotsDenied"]))


@pytest.mark.parametrize("robots", UNREAD)
def test_scrapy_itself_reads_the_page(site: Running, robots: str) -> None:
    """In each of the cases that are none of a robots.txt."""
    site.set(robots=robots)
    assert crawl(STOCK_ROBOTS, f"{site.url}/a").statuses == [200]


@pytest.mark.parametrize("robots", [*READ, *UNREAD])
def test_an_api_is_called_unless_it_forbids_it(site: Running, robots: str) -> None:
    """What is no robots.txt is recorded; a Disallow is obeyed."""
    site.set(robots=robots)
    found = crawl(polite(site.netloc, official=True, timeout=0.4 if robots == "hang" else 5), f"{site.url}/a")
    allowed = READ.get(robots, True)
    assert (found.statuses, found.kinds) == (([200], []) if allowed else ([], ["RobotsDenied"]))
    assert found.stats.get("robots/absent", 0) == (robots in UNREAD or robots == "missing")


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("User-agent: *\nDisallow: /b\n", True),
        ("User-agent: *\nDisallow: /a\n", False),
        ("User-agent: chengqing\nDisallow: /\n\nUser-agent: *\nAllow: /\n", False),
        ("User-agent: chengqing\nAllow: /\n\nUser-agent: *\nDisallow: /\n", True),
        # Our contact's address is no name of ours.
        ("User-agent: desk\nDisallow: /\n", True),
        ("User-agent: *\r\nDisallow: /b\rDisallow: /a\n", False),
        ("User-agent: *\nCrawl-delay: 86400\n", False),
        # Secret parameters are looked at too.
        ("User-agent: *\nDisallow: /*token=\n", False),
    ],
)
def test_the_rules_for_us_are_obeyed(site: Running, text: str, allowed: bool) -> None:
    site.set(robots_text=text)
    for official in (False, True):
        site.clear()
        crawl(
            polite(site.netloc, official=official),
            Request(f"{site.url}/a", meta={"private": {"token": "t"}}),
        )
        assert len(site.hits("/a")) == allowed


def test_a_request_can_not_opt_out(site: Running) -> None:
    """Scrapy's own middleware lets it."""
    site.set(robots="deny")
    asked = Request(f"{site.url}/a", meta={"dont_obey_robotstxt": True})
    assert crawl(polite(site.netloc), asked).kinds == ["RobotsDenied"]
    assert crawl(STOCK_ROBOTS, asked).statuses == [200]
    site.set(robots="allow")
    assert crawl(polite(site.netloc), asked).statuses == [200]


def test_a_redirect_meets_robots_again(site: Running) -> None:
    site.set(
        robots_text="User-agent: *\nDisallow: /b\n", answers={"/a": {"status": 302, "headers": {"Location": "/b"}}}
    )
    assert crawl(polite(site.netloc), f"{site.url}/a").kinds == ["RobotsDenied"]
    assert site.hits("/b") == []


def test_a_login_in_the_place_of_robots_is_not_followed(site: Running) -> None:
    """Though the list has it: the crawl neither waits for itself nor takes the page for a robots.txt."""
    site.set(robots="login")
    assert crawl(polite(site.netloc, "/a", "/login"), f"{site.url}/a").kinds == ["RobotsDenied"]
    assert site.hits("/login") == []


def test_robots_that_moved_to_a_listed_host_is_read(site: Running) -> None:
    with start("tests.spiders.site") as other:
        other.set(robots_text="User-agent: *\nDisallow: /a\n")
        moved = {"status": 301, "headers": {"Location": f"{other.url}/robots.txt"}}
        site.set(answers={"/robots.txt": moved})
        rules = (Rule("GET", site.netloc, "/*"), Rule("GET", other.netloc, "/c"))
        given = settings(agent=AGENT, delay=0, loopback=True, rules=rules, official=False)
        found = crawl(given, f"{site.url}/a", f"{site.url}/b")
    assert (found.kinds, found.statuses) == (["RobotsDenied"], [200])


# -- pace --------------------------------------------------------------------------------------------


def test_the_pause_is_kept_from_the_first_page_on(site: Running) -> None:
    """Scrapy itself reads Crawl-delay and does nothing with it."""
    site.set(robots_text="User-agent: *\nCrawl-delay: 0.4\n")
    asked = [f"{site.url}/{name}" for name in "abc"]
    for given, kept in ((polite(site.netloc), True), (STOCK_ROBOTS, False)):
        site.clear()
        crawl(given, *asked)
        pauses = [later.at - hit.at for hit, later in itertools.pairwise(site.hits())]
        assert len(pauses) == 3
        assert (min(pauses) >= 0.3) is kept


def test_the_throttle_does_not_shorten_it(site: Running) -> None:
    """Left alone it goes back to the configured delay, halving the difference with each answer."""
    site.set(robots_text="User-agent: *\nCrawl-delay: 0.5\n")
    throttle = {"AUTOTHROTTLE_ENABLED": True, "AUTOTHROTTLE_START_DELAY": 0.0, "DOWNLOAD_DELAY": 0.1}
    asked = [f"{site.url}/{name}" for name in "abc"]
    for robots, kept in ((FailClosedRobots, True), (Once, False)):
        site.clear()
        crawl(loose(polite(site.netloc), **throttle, DOWNLOADER_MIDDLEWARES=instead(robots)), *asked)
        pauses = [later.at - hit.at for hit, later in itertools.pairwise(site.hits())]
        assert (min(pauses) >= 0.4) is kept


def test_a_short_delay_does_not_undercut_ours(site: Running) -> None:
    site.set(robots_text="User-agent: *\nCrawl-delay: 0.01\n")
    assert crawl(polite(site.netloc, delay=0.3), f"{site.url}/a").delays == [0.3]


def test_seven_seconds_are_seven_seconds(site: Running) -> None:
    site.set(robots="delay7")
    found = crawl(polite(site.netloc), f"{site.url}/a")
    first, second = site.hits()
    assert (found.statuses, found.delays, second.at - first.at >= 6.8) == ([200], [7.0], True)


def test_a_slot_that_scrapy_forgot_is_slowed_again(site: Running) -> None:
    """Slots without a request for a minute are dropped, and with them the delay."""

    class Forgetful(Asker):
        def heard(self, response: Response) -> Iterator[Request]:
            yield from super().heard(response)
            self.crawler.engine.downloader.slots.clear()

    site.set(robots_text="User-agent: *\nCrawl-delay: 0.2\n")
    for robots, delays in ((FailClosedRobots, [0.2, 0.2]), (Once, [0.2, 0.0])):
        given = loose(polite(site.netloc), DOWNLOADER_MIDDLEWARES=instead(robots))
        assert crawl(given, f"{site.url}/a", f"{site.url}/b", spider=Forgetful).delays == delays


# -- how often ---------------------------------------------------------------------------------------


def test_it_is_read_once_and_anew_after_a_day(site: Running) -> None:
    """A day is 0 seconds in the second crawl."""
    asked = [f"{site.url}/{name}" for name in "abc"]
    crawl(polite(site.netloc), *asked)
    assert len(site.hits("/robots.txt")) == 1
    assert FailClosedRobots.again == 24 * 3600
    site.clear()
    crawl(loose(polite(site.netloc), DOWNLOADER_MIDDLEWARES=instead(Daily)), *asked)
    assert len(site.hits("/robots.txt")) == 3


def test_a_denial_is_remembered(site: Running) -> None:
    """A host that does not answer is asked for its robots.txt once, with two retries."""
    site.set(robots="503")
    found = crawl(polite(site.netloc), f"{site.url}/a", f"{site.url}/b")
    assert (found.kinds, len(site.hits("/robots.txt"))) == (["RobotsDenied"] * 2, 3)


def test_a_spent_budget_says_nothing_about_the_host(site: Running) -> None:
    """The page fails for that reason; robots.txt is asked for again when there is budget."""
    sends = iter([Spent(), None, None])

    def on_send() -> None:
        if (refusal := next(sends)) is not None:
            raise refusal

    found = crawl({**polite(site.netloc), ON_SEND: on_send}, f"{site.url}/a", f"{site.url}/b")
    assert (found.kinds, [hit.path for hit in site.hits()]) == (["Spent"], ["/robots.txt", "/b"])


# -- what is one -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"# nothing here\n",
        b"\xef\xbb\xbfUser-agent: *\nDisallow:\n",
        b"user agent *\ndisallow /x\n",
        b"Sitemap: https://news.example/sitemap.xml\n",
        "User-agent: *\nDisallow: /新闻 # 说明\n".encode(),
        *(answer.body for name, answer in ROBOTS.items() if name in ("allow", "deny", "wx", "delay7")),
    ],
)
def test_a_robots_file_is_read(body: bytes) -> None:
    assert readable(TextResponse(PAGE, body=body)) == body.removeprefix(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    "answer",
    [
        TextResponse(PAGE, body=b'{"code":404,"message":"not found"}'),
        TextResponse(PAGE, body=b"OK"),
        TextResponse(PAGE, body=b"Disallow: /\n"),
        TextResponse(PAGE, body=b"  <!DOCTYPE html><title>User-agent: *</title>"),
        TextResponse(PAGE, body=b"User-agent: *\0\nAllow: /\n"),
        TextResponse(PAGE, body="User-agent: *\nDisallow: /新闻\n".encode("gb18030")),
        TextResponse(PAGE, body=b"User-agent: *\nAllow: /\n" + b"#" * 2**19),
        HtmlResponse(PAGE, body=b"User-agent: *\nAllow: /\n"),
        TextResponse(PAGE, status=206, body=b"User-agent: *\nAllow: /\n"),
        TextResponse(PAGE, status=403, body=b"User-agent: *\nAllow: /\n"),
        TextResponse(PAGE, status=503, body=b"User-agent: *\nAllow: /\n"),
        TextResponse(PAGE, status=302),
        TextResponse("http://news.example/login", body=b"User-agent: *\nAllow: /\n"),
    ],
)
def test_anything_else_is_not(answer: Response) -> None:
    assert readable(answer) is None
