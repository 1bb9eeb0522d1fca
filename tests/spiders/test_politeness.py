"""A crawl is polite whatever a spider wishes, and each politeness shows on the wire."""

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler

from spiders.conversation import Rule
from spiders.settings import ON_SEND, POLITENESS, Politeness, PolitenessAddon, Weakened, settings
from tests.servers.running import Running, start
from tests.spiders.crawling import AGENT, HANDLERS, STOCK, Asker, crawl, polite

RULES = (Rule("GET", "news.example", "/feed"),)
DOWNLOADER = "scrapy.downloadermiddlewares"
WEAKER: dict[str, Any] = {
    "ADDONS": {"spiders.settings.PolitenessAddon": 0, "tests.spiders.crawling.Asker": 1},
    "TWISTED_REACTOR": "twisted.internet.selectreactor.SelectReactor",
    "DOWNLOADER_MIDDLEWARES_BASE": {f"{DOWNLOADER}.cookies.CookiesMiddleware": 700},
    "DOWNLOADER_MIDDLEWARES": {"spiders.allow.AllowList": None},
    "SPIDER_MIDDLEWARES_BASE": {"scrapy.spidermiddlewares.referer.RefererMiddleware": 700},
    "SPIDER_MIDDLEWARES": {"scrapy.spidermiddlewares.referer.RefererMiddleware": 700},
    "EXTENSIONS_BASE": {"scrapy.extensions.remote_control.RemoteControl": 0},
    "EXTENSIONS": {"scrapy.extensions.telnet.TelnetConsole": 0},
    "DOWNLOAD_HANDLERS_BASE": {"ftp": "scrapy.core.downloader.handlers.ftp.FTPDownloadHandler"},
    "DOWNLOAD_HANDLERS": HANDLERS,
    "ITEM_PIPELINES": {"scrapy.pipelines.files.FilesPipeline": 1},
    "DUPEFILTER_CLASS": "scrapy.dupefilters.RFPDupeFilter",
    "ROBOTSTXT_OBEY": False,
    "ROBOTSTXT_PARSER": "scrapy.robotstxt.PythonRobotParser",
    "ROBOTSTXT_USER_AGENT": "otherbot",
    "USER_AGENT": "Mozilla/5.0",
    "CONCURRENT_REQUESTS": 2,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    "CONCURRENT_ITEMS": 100,
    "DOWNLOAD_SLOTS": {"news.example": {"concurrency": 1, "delay": 0}},
    "DOWNLOAD_DELAY": 0.1,
    "DOWNLOAD_DELAY_JITTER": 0.5,
    "DOWNLOAD_TIMEOUT": 180,
    "AUTOTHROTTLE_ENABLED": False,
    "AUTOTHROTTLE_START_DELAY": 0.1,
    "AUTOTHROTTLE_MAX_DELAY": 1.0,
    "AUTOTHROTTLE_TARGET_CONCURRENCY": 8.0,
    "RETRY_ENABLED": False,
    "RETRY_TIMES": 10,
    "RETRY_HTTP_CODES": [429, 500],
    "RETRY_EXCEPTIONS": ["builtins.Exception"],
    "REDIRECT_ENABLED": False,
    "REDIRECT_MAX_TIMES": 20,
    "DOWNLOAD_MAXSIZE": 0,
    "DOWNLOAD_WARNSIZE": 1,
    "DOWNLOAD_FAIL_ON_DATALOSS": False,
    "DOWNLOAD_VERIFY_CERTIFICATES": False,
    "DOWNLOAD_BIND_ADDRESS": "127.0.0.2",
    "DEFAULT_REQUEST_HEADERS": {"Cookie": "a=b"},
    "COOKIES_ENABLED": True,
    "HTTPAUTH_USER": "somebody",
    "HTTPAUTH_PASS": "secret",
    "HTTPPROXY_ENABLED": True,
    "METAREFRESH_ENABLED": True,
    "REFERER_ENABLED": True,
    "REMOTE_CONTROL_ENABLED": True,
    "TELNETCONSOLE_ENABLED": True,
    "HTTPCACHE_ENABLED": True,
    "JOBDIR": "job",
    "FEEDS": {"out.json": {"format": "json"}},
    "FILES_STORE": "files",
    "IMAGES_STORE": "images",
    "LOG_ENABLED": True,
    "LOG_INSTALL_ROOT_HANDLER": True,
    "LOG_FORMATTER": "scrapy.logformatter.LogFormatter",
    "LOG_VERSIONS": ["lxml"],
    "STATS_DUMP": True,
    "MEMUSAGE_ENABLED": True,
}
"""Every setting of ours, and a value that would weaken it."""
OTHERS: dict[str, Any] = {
    "CONCURRENT_REQUESTS_PER_IP": 8,
    "DOWNLOADER": "scrapy.core.downloader.Downloader",
    "DOWNLOADER_CLIENTCONTEXTFACTORY": "scrapy.core.downloader.contextfactory.ScrapyClientContextFactory",
    "LOG_FILE": "crawl.log",
    "RANDOMIZE_DOWNLOAD_DELAY": True,
    "SCHEDULER": "scrapy.core.scheduler.Scheduler",
    "STATS_CLASS": "scrapy.statscollectors.MemoryStatsCollector",
}
"""Settings that are nobody's to set."""
ATTRIBUTES = {
    "download_delay": 0,
    "download_maxsize": 0,
    "download_timeout": 180,
    "download_warnsize": 0,
    "http_auth_domain": None,
    "http_pass": "secret",
    "http_user": "somebody",
    "max_concurrent_requests": 8,
    "user_agent": "Mozilla/5.0",
}


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


def given(**more: Any) -> dict[str, Any]:
    return {**settings(agent=AGENT, delay=5, loopback=False, rules=RULES, official=False), **more}


def spider(**wishes: Any) -> type[Asker]:
    return type("Wishful", (Asker,), {"custom_settings": wishes})


def load(spidercls: type[Spider], values: dict[str, Any]) -> Crawler:
    crawler = Crawler(spidercls, values)
    crawler.addons.load_settings(crawler.settings)
    return crawler


def unguarded(values: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The same settings without the add-on, and so with Scrapy's own transport."""
    return {
        **{name: value for name, value in values.items() if name != "ADDONS"},
        "DOWNLOAD_HANDLERS": HANDLERS,
        **more,
    }


def plain(crawler: Crawler, name: str) -> Any:
    value = crawler.settings[name]
    return dict(value) if hasattr(value, "getpriority") else value


# -- settings ----------------------------------------------------------------------------------------


def test_every_setting_has_a_row() -> None:
    assert WEAKER.keys() == given()[POLITENESS].table().keys()


@pytest.mark.parametrize("name", WEAKER)
def test_a_weaker_setting_is_refused(name: str) -> None:
    """Of a spider as of whoever gives the settings; named, without its value."""
    for spidercls, values in ((spider(**{name: WEAKER[name]}), given()), (Asker, given(**{name: WEAKER[name]}))):
        with pytest.raises(Weakened) as refused:
            load(spidercls, values)
        assert refused.value.name == name
        assert str(refused.value) == f"{name}: no spider may change it"


@pytest.mark.parametrize("name", [name for name in WEAKER if name != "ADDONS"])
def test_without_the_add_on_a_weaker_setting_holds(name: str) -> None:
    crawler = load(spider(ADDONS={}, **{name: WEAKER[name]}), given())
    assert plain(crawler, name) == WEAKER[name] != given()[name]


@pytest.mark.parametrize("name", OTHERS)
def test_a_setting_of_nobodys_is_refused(name: str) -> None:
    with pytest.raises(Weakened, match=name):
        load(spider(**{name: OTHERS[name]}), given())


@pytest.mark.parametrize("name", [POLITENESS, ON_SEND])
def test_what_is_the_programs_no_spider_sets(name: str) -> None:
    """The program itself gives them."""
    faster = Politeness(agent=AGENT, delay=2, loopback=False, rules=RULES, official=True, timeout=20)
    with pytest.raises(Weakened, match=name):
        load(spider(**{name: faster}), given())
    load(Asker, given(**{ON_SEND: print}))


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_spiders_own_attributes_are_refused(name: str) -> None:
    with pytest.raises(Weakened, match=name):
        load(type("Wishful", (Asker,), {name: ATTRIBUTES[name]}), given())


def test_without_politeness_nothing_starts() -> None:
    with pytest.raises(Weakened, match=POLITENESS):
        load(Asker, {"ADDONS": {PolitenessAddon: 0}})


def test_the_add_on_sets_what_was_not_given() -> None:
    values = given()
    crawler = load(Asker, {"ADDONS": values["ADDONS"], POLITENESS: values[POLITENESS]})
    assert all(plain(crawler, name) == value for name, value in values.items() if name != POLITENESS)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"delay": 1.9}, "DOWNLOAD_DELAY"),
        ({"delay": 0, "loopback": True}, "loopback"),
        ({"delay": -1, "loopback": True, "rules": (Rule("GET", "127.0.0.1:80", "/"),)}, "DOWNLOAD_DELAY"),
        ({"agent": "Mozilla/5.0 (compatible)"}, "USER_AGENT"),
        ({"agent": "chengqing/0.1.0"}, "USER_AGENT"),
    ],
)
def test_no_crawl_is_described_that_would_be_impolite(wrong: dict[str, Any], name: str) -> None:
    with pytest.raises(Weakened, match=name):
        settings(**{"agent": AGENT, "delay": 5, "loopback": False, "rules": RULES, "official": False, **wrong})


def test_the_throttle_never_shortens_a_long_delay() -> None:
    """Scrapy's own limit is 60 seconds, also for a delay of 90."""
    values = settings(agent=AGENT, delay=90, loopback=False, rules=RULES, official=False)
    assert values["AUTOTHROTTLE_MAX_DELAY"] == 90 and values["AUTOTHROTTLE_ENABLED"] is True


def test_the_pause_is_never_shorter_than_the_delay() -> None:
    """Scrapy's own jitter shortens about every second one."""
    assert {Slot(1, 5.0, given()["DOWNLOAD_DELAY_JITTER"]).download_delay() for _ in range(100)} == {5.0}
    assert min(Slot(1, 5.0, 0.5).download_delay() for _ in range(100)) < 5.0


# -- crawls ------------------------------------------------------------------------------------------


def test_a_spider_that_weakens_asks_nothing(site: Running) -> None:
    with pytest.raises(Weakened, match="ROBOTSTXT_OBEY"):
        crawl(polite(site.netloc), f"{site.url}/a", spider=spider(ROBOTSTXT_OBEY=False))
    assert site.hits() == []


def test_a_spider_that_drops_the_add_on_asks_nothing(site: Running) -> None:
    """Nothing is left to check the settings, but the transport asks for it. With Scrapy's own transport all is lost."""
    found = crawl(polite(site.netloc), f"{site.url}/a", spider=spider(ADDONS={}, ROBOTSTXT_OBEY=False))
    assert (found.kinds, site.hits()) == (["NotSupported"], [])
    wishes = {"ADDONS": {}, "ROBOTSTXT_OBEY": False, "DOWNLOAD_HANDLERS": HANDLERS}
    assert crawl(polite(site.netloc), f"{site.url}/a", spider=spider(**wishes)).statuses == [200]


def test_every_request_keeps_the_delay(site: Running) -> None:
    """Also robots.txt, a retry and a redirect; without it they come as fast as they can."""
    answers = {"/jump": {"status": 302, "headers": {"Location": "/c"}}, "/broken": {"status": 500}}
    asked = [f"{site.url}{path}" for path in ("/a", "/jump", "/broken")]
    for delay in (0.3, 0):
        site.set(answers=answers)
        site.clear()
        crawl(polite(site.netloc, delay=delay), *asked)
        hits = site.hits()
        assert [hit.path for hit in hits] == ["/robots.txt", "/a", "/jump", "/c", "/broken", "/broken", "/broken"]
        shortest = min(later.at - hit.at for hit, later in itertools.pairwise(hits))
        assert shortest >= 0.2 if delay else shortest < 0.2


@pytest.mark.parametrize(
    ("answer", "hits"),
    [
        ({"status": 500}, 3),
        ({"status": 503}, 3),
        ({"status": 503, "headers": {"Retry-After": "30"}}, 1),
        ({"status": 429}, 1),
        ({"status": 429, "headers": {"Retry-After": "30"}}, 1),
        ({"status": 403}, 1),
        ({"status": 408}, 1),
        ({"status": 404}, 1),
        ({"manner": "drop"}, 3),
        ({"manner": "cut"}, 3),
        ({"manner": "hang"}, 3),
    ],
)
def test_what_is_asked_again(site: Running, answer: dict[str, Any], hits: int) -> None:
    site.set(answers={"/a": answer})
    found = crawl(polite(site.netloc, timeout=0.5 if "hang" in answer.values() else 5), f"{site.url}/a")
    assert len(site.hits("/a")) == hits
    assert len(found.responses) + len(found.errors) == 1


@pytest.mark.parametrize("answer", [{"status": 503, "headers": {"Retry-After": "30"}}, {"status": 429}])
def test_scrapy_itself_asks_again_whatever_it_is_told(site: Running, answer: dict[str, Any]) -> None:
    site.set(answers={"/a": answer})
    chain = {f"{DOWNLOADER}.retry.RetryMiddleware": 550}
    codes = [429, 503]
    crawl(unguarded(polite(site.netloc), DOWNLOADER_MIDDLEWARES=chain, RETRY_HTTP_CODES=codes), f"{site.url}/a")
    assert len(site.hits("/a")) == 3


@pytest.mark.parametrize(("official", "hits"), [(True, 1), (False, 3)])
def test_a_post_to_an_api_is_not_repeated(site: Running, official: bool, hits: int) -> None:
    site.set(answers={"/token": {"status": 500}})
    values = settings(
        agent=AGENT, delay=0, loopback=True, rules=(Rule("POST", site.netloc, "/token"),), official=official
    )
    assert crawl(values, Request(f"{site.url}/token", method="POST", body=b"{}")).statuses == [500]
    assert len(site.hits("/token")) == hits


def test_at_most_three_redirects_are_followed(site: Running) -> None:
    site.set(answers={f"/{n}": {"status": 302, "headers": {"Location": f"/{n + 1}"}} for n in range(9)})
    found = crawl(polite(site.netloc), f"{site.url}/0")
    assert [hit.path for hit in site.hits()] == ["/robots.txt", "/0", "/1", "/2", "/3"]
    assert found.kinds == ["IgnoreRequest"]


def test_who_asks_is_told_truthfully_and_nothing_else(site: Running) -> None:
    """No cookie comes back, no page is named as the one before; with Scrapy's own chain both are."""
    site.set(answers={"/a": {"headers": {"Set-Cookie": "session=1"}}})
    asked = [f"{site.url}/a", f"{site.url}/b"]
    crawl(polite(site.netloc), *asked)
    heads = [hit.headers for hit in site.hits()]
    assert {head["user-agent"] for head in heads} == {AGENT}
    assert not any({"cookie", "referer"} & head.keys() for head in heads)
    site.clear()
    crawl(STOCK, *asked)
    assert {"cookie", "referer"} <= site.hits("/b")[0].headers.keys()


def test_a_proxy_of_the_environment_does_not_matter(site: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrapy's own chain sends everything there."""
    with start("tests.spiders.site") as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        crawl(polite(site.netloc), f"{site.url}/a")
        assert (len(site.hits("/a")), len(proxy.hits())) == (1, 0)
        chain = {f"{DOWNLOADER}.httpproxy.HttpProxyMiddleware": 750}
        crawl(unguarded(polite(site.netloc), DOWNLOADER_MIDDLEWARES=chain, HTTPPROXY_ENABLED=True), f"{site.url}/a")
        assert (len(site.hits("/a")), len(proxy.hits())) == (1, 1)


def test_an_answer_that_is_too_large_is_cut_off(site: Running) -> None:
    """And not asked for again. Without the limit it is read to the end."""
    values = polite(site.netloc)
    site.set(answers={"/a": {"body": "x" * (8 * 2**20 + 1)}})
    assert crawl(values, f"{site.url}/a").kinds == ["DownloadCancelledError"]
    assert len(site.hits("/a")) == 1
    assert crawl(unguarded(values, DOWNLOAD_MAXSIZE=0), f"{site.url}/a").statuses == [200]


def test_it_runs_as_a_script(site: Running) -> None:
    """In a process of its own, with every warning an error, and not a word on standard error."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.spiders.script", site.netloc],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("[200, 200]\n", "", 0)
