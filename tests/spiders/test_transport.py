"""Secret parameters are on the wire and nowhere else; every request that is sent was counted; errors are closed."""

import datetime as dt
import ssl
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from twisted.internet.error import ConnectionLost

from spiders.conversation import Rule
from spiders.settings import ON_SEND, settings
from spiders.transport import Transport, TransportFault, closed
from tests.servers.running import Running, start
from tests.spiders.crawling import AGENT, STOCK, Crawl, Loud, crawl, listening, loose, polite

PLANTED = "planted+token/=云"
FORMS = (PLANTED, quote_plus(PLANTED), "planted")
ANSWERS: dict[str, dict[str, Any]] = {
    "success": {},
    "error": {"status": 500},
    "wall": {"status": 403},
    "hang": {"manner": "hang"},
    "drop": {"manner": "drop"},
    "cut": {"manner": "cut"},
    "slow": {"manner": "slow"},
    "large": {"body": "x" * 2000},
    "echo": {"status": 302, "headers": {"Location": "/b?{query}"}},
    "away": {"status": 307, "headers": {"Location": "http://127.0.0.1:1/b?{query}"}},
}


class Spent(IgnoreRequest):
    """Stands for what the budget raises."""


class Eager(Transport):
    """Leaves Twisted's own repetition on."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool.retryAutomatically = True


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


def everything(found: Crawl, told: list[str]) -> str:
    """All that can be seen of a crawl: logs, statistics, answers with their requests, errors with all behind them."""
    parts = [*told, repr(found.stats)]
    for response in found.responses:
        assert response.request is not None
        parts += [response.url, repr(response), repr(response.headers), response.request.url, repr(response.request)]
    for error in found.errors:
        parts += [repr(error), *traceback.format_exception(error), repr(error.__context__), repr(error.__cause__)]
    return "\n".join(parts)


def timeout_for(name: str) -> float:
    """Short only where nothing comes: a busy machine may take its time over everything else."""
    return 0.5 if name in ("hang", "slow") else 5


def asked(site: Running, **more: Any) -> Request:
    return Request(f"{site.url}/a?page=1", meta={"private": {"access_token": PLANTED}}, **more)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_secret_is_on_the_wire_and_nowhere_else(site: Running, name: str) -> None:
    """Though Scrapy and everybody else log all they know at DEBUG, and every retry carries it."""
    site.set(answers={"/a": ANSWERS[name]})
    given = loose(
        polite(site.netloc, timeout=timeout_for(name)),
        ADDONS={Loud: 0},
        LOG_FORMATTER="scrapy.logformatter.LogFormatter",
        DOWNLOAD_MAXSIZE=1000,
        DOWNLOAD_WARNSIZE=10,
        STATS_DUMP=True,
    )
    with listening() as told:
        found = crawl(given, asked(site))
    hits = site.hits("/a")
    assert len(found.responses) + len(found.errors) == 1 and hits
    assert all(hit.query == {"page": "1", "access_token": PLANTED} for hit in hits)
    assert any("/a?page=1" in line for line in told)
    assert not any(form in everything(found, told) for form in FORMS)


@pytest.mark.parametrize("name", ["success", "error", "drop", "cut", "echo"])
def test_in_the_address_it_is_everywhere(site: Running, name: str) -> None:
    """So it is with Scrapy's own transport."""
    site.set(answers={"/a": ANSWERS[name]})
    with listening() as told:
        found = crawl({**STOCK, "RETRY_ENABLED": True}, f"{site.url}/a?access_token={quote_plus(PLANTED)}")
    assert any(form in everything(found, told) for form in FORMS)


def test_an_answer_to_a_secret_leads_nowhere(site: Running) -> None:
    """Where it leads to would get the secret too. Without one the redirect is followed."""
    site.set(answers={"/a": ANSWERS["echo"]})
    given = polite(site.netloc)
    assert crawl(given, asked(site)).statuses == [302]
    assert site.hits("/b") == []
    assert crawl(given, f"{site.url}/a?page=1").statuses == [200]
    assert site.hits("/b")[0].query == {"page": "1"}


def test_a_question_with_a_body_gets_its_secret_too(site: Running) -> None:
    """The answer is that of the address that was asked, without it."""
    rules = (Rule("POST", site.netloc, "/a"),)
    given = settings(agent=AGENT, delay=0, loopback=True, rules=rules, official=True)
    (answer,) = crawl(given, asked(site, method="POST", body=b'{"offset":0}')).responses
    (hit,) = site.hits("/a")
    assert (hit.method, hit.body, hit.query["access_token"]) == ("POST", '{"offset":0}', PLANTED)
    assert answer.url == f"{site.url}/a?page=1"


# -- errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("hang", DownloadTimeoutError, "no answer in time"),
        ("slow", DownloadTimeoutError, "no answer in time"),
        ("drop", DownloadFailedError, "no answer"),
        ("cut", ResponseDataLossError, "answer cut off"),
    ],
)
def test_an_error_says_its_kind_alone(site: Running, name: str, kind: type[Exception], text: str) -> None:
    """Scrapy's own is of the same kind, and tells more about the drop and the hang."""
    site.set(answers={"/a": ANSWERS[name]})
    (error,) = crawl(polite(site.netloc, timeout=timeout_for(name)), f"{site.url}/a").errors
    assert (type(error), error.args) == (kind, (text,))
    assert (error.__cause__, error.__context__) == (None, None)
    (stock,) = crawl(STOCK, f"{site.url}/a").errors
    assert type(stock) is kind
    assert stock.__cause__ is not None or site.netloc in str(stock)


def test_a_refused_connection_says_no_more() -> None:
    given = loose(polite("127.0.0.1:1", official=True), RETRY_ENABLED=False)
    (error,) = crawl(given, "http://127.0.0.1:1/a").errors
    assert (type(error).__name__, error.args) == ("DownloadConnectionRefusedError", ("connection refused",))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DownloadTimeoutError("Getting http://news.example took longer"), DownloadTimeoutError),
        (ConnectionLost("news.example"), DownloadFailedError),
        (OSError("news.example"), DownloadFailedError),
        (ValueError("news.example"), TransportFault),
    ],
)
def test_any_error_is_closed(error: Exception, kind: type[Exception]) -> None:
    """The network's become one of Scrapy's, the program's a kind of their own."""
    found = closed(error)
    assert type(found) is kind and "example" not in repr(found)


# -- the budget --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ANSWERS)
def test_every_request_is_counted_before_it_is_sent(site: Running, name: str) -> None:
    """robots.txt, retries and redirects too."""
    counted: list[int] = []
    site.set(answers={"/a": ANSWERS[name]})
    given = {**polite(site.netloc, timeout=timeout_for(name)), ON_SEND: lambda: counted.append(len(site.hits()))}
    crawl(given, f"{site.url}/b", f"{site.url}/a")
    assert counted == list(range(len(site.hits()))) and len(counted) >= 3


def test_twisted_sends_nothing_by_itself(site: Running) -> None:
    """It repeats a GET that got no answer on a connection that was used before, past pause and budget."""
    counted: list[None] = []
    site.set(answers={"/a": ANSWERS["drop"]})
    given = {**polite(site.netloc), ON_SEND: lambda: counted.append(None)}
    crawl(given, f"{site.url}/a")
    assert len(counted) == len(site.hits()) == 4
    crawl(loose(given, DOWNLOAD_HANDLERS={"http": Eager}), f"{site.url}/a")
    assert len(counted) < len(site.hits())


def test_a_spent_budget_sends_nothing(site: Running) -> None:
    """And the error is the budget's own, tried once."""
    calls: list[None] = []

    def spent() -> None:
        calls.append(None)
        raise Spent

    found = crawl({**polite(site.netloc), ON_SEND: spent}, f"{site.url}/a")
    assert (found.kinds, len(calls), site.hits()) == (["Spent"], 1, [])


def test_a_budget_that_fails_sends_nothing(site: Running) -> None:
    """Its error may hold anything, and none of it goes on."""

    def broken() -> None:
        raise RuntimeError(f"planted: {site.url}")

    given = {**polite(site.netloc, official=True), ON_SEND: broken}
    found = crawl(given, f"{site.url}/a")
    assert (found.kinds, site.hits()) == (["TransportFault"], [])
    assert found.errors[0].args == ("not sent",) and found.errors[0].__context__ is None


def test_the_budget_may_block(site: Running) -> None:
    """It is asked off the reactor's thread, one request at a time."""
    threads: list[str] = []
    crawl({**polite(site.netloc), ON_SEND: lambda: threads.append(threading.current_thread().name)}, f"{site.url}/a")
    assert len(threads) == 2 and all(name.startswith("asyncio_") for name in threads)


# -- TLS ---------------------------------------------------------------------------------------------


def test_a_certificate_of_nobodys_is_refused(tmp_path: Path) -> None:
    """Before anything is sent; without the setting the page is read."""
    with self_signed(tmp_path) as (netloc, paths):
        given = polite(netloc)
        assert crawl(given, f"https://{netloc}/a").kinds == ["RobotsDenied"]
        given = loose(polite(netloc, official=True), RETRY_ENABLED=False)
        assert crawl(given, f"https://{netloc}/a").kinds == ["DownloadFailedError"]
        assert paths == []
        assert crawl({**given, "DOWNLOAD_VERIFY_CERTIFICATES": False}, f"https://{netloc}/a").statuses == [200]
        assert paths == ["/robots.txt", "/a"]


@contextmanager
def self_signed(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A server that vouches for itself, and the paths that it was asked for."""
    paths: list[str] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200 if self.path == "/a" else 404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Paths are the log."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder))
    server = HTTPServer(("127.0.0.1", 0), Page)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a client that hangs up is the point
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", paths
    finally:
        server.shutdown()
        server.server_close()


def certificate(folder: Path) -> Path:
    """Key and self-signed certificate for 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "pair.pem"
    path.write_bytes(key.private_bytes(*plain) + made.public_bytes(serialization.Encoding.PEM))
    return path
