"""What every stand-in server shares: one HTTP server on loopback that misbehaves on demand and remembers every hit.

A stand-in speaks one source's real format. The test that started it says what goes wrong (``scenario``) and reads what
was asked (hits) over a control plane of its own, ``/__stand_in__/``: see :mod:`tests.servers.running`.
"""

import argparse
import contextlib
import json
import signal
import socket
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast
from urllib.parse import parse_qsl, urlsplit

CONTROL = "/__stand_in__/"
Manner = Literal["whole", "cut", "drop", "hang", "slow"]
"""How an answer is sent. ``cut``: half of the announced length, then the end. ``drop``: the end without a byte.
``hang``: nothing, the connection stays open. ``slow``: a byte now and then. The last two end after 120 s."""
_LONGEST_HANG = 120.0
_SECONDS_PER_BYTE = 0.25


@dataclass(frozen=True)
class Asked:
    """One request. Of a name that the query repeats the last value; names of headers in lower case; ``at`` is
    ``time.monotonic()``, which all processes of a machine share."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True)
class Answer:
    """One answer, and how it is sent."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = "whole"


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """``value`` as JSON in UTF-8: Chinese stands as itself, only half a character is escaped."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="backslashreplace")
    return Answer(status, body, {"Content-Type": "application/json;charset=UTF-8", **(headers or {})})


def html_answer(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A page of HTML in UTF-8."""
    return Answer(status, text.encode(), {"Content-Type": "text/html; charset=utf-8", **(headers or {})})


def text_answer(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Plain text in UTF-8."""
    return Answer(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})


LOGIN = html_answer("<!DOCTYPE html><html><head><title>请登录</title></head><body><h1>请登录</h1></body></html>")
_ALLOW = "User-agent: *\nAllow: /\n"
_WX_ALLOWED = "/$ /debug/ /qa/ /wiki /cgi-bin/loginpage /cgi-bin/wx /webpoc/ruleCenter /miniprogram/landing_page"
_WX = "User-Agent: *\nDisallow: /\n" + "".join(f"Allow: {path}\n" for path in _WX_ALLOWED.split())
ROBOTS: Mapping[str, Answer] = {
    "allow": text_answer(_ALLOW),
    "deny": text_answer("User-agent: *\nDisallow: /\n"),
    "wx": text_answer(_WX),
    "delay7": text_answer(f"{_ALLOW}Crawl-delay: 7\n"),
    "503": text_answer("Service Unavailable\n", 503),
    "403": text_answer("Forbidden\n", 403),
    "missing": text_answer("Not Found\n", 404),
    "html": LOGIN,
    "login": Answer(302, headers={"Location": "/login"}),
    "garbled": Answer(200, bytes(range(255, 127, -1)) + b"\0\xfe\xff" * 40, {"Content-Type": "text/plain"}),
    "hang": Answer(manner="hang"),
    "drop": Answer(manner="drop"),
}
"""What ``/robots.txt`` answers by the scenario's ``robots``; ``wx`` is the body of the sources' notes, 0.1."""


class StandIn(ABC):
    """One source's stand-in. ``scenario`` is what the test has set; the keys that all stand-ins know:

    ``robots``: a key of ROBOTS, "allow" if not set. ``all``: what every answer but that of ``/robots.txt`` takes: a
    manner, "500", "html", or "throttle" (429, with ``Retry-After`` from the key ``retry_after``, if set).
    ``fail_first``: of each path the first n answers are a 500. Counts begin anew whenever the scenario is set.
    """

    def __init__(self) -> None:
        self.scenario: dict[str, Any] = {}
        self.counts: Counter[str] = Counter()
        """Requests per path, the one that is being answered among them."""
        self.lock = threading.Lock()

    @abstractmethod
    def answer(self, asked: Asked) -> Answer:
        """What the source answers. Several threads ask at the same time."""

    def tell(self, change: Mapping[str, Any]) -> None:
        """Merge ``change`` into the scenario; ``reset`` clears it before."""
        with self.lock:
            kept = {} if change.get("reset") else self.scenario
            self.scenario = {**kept, **{key: value for key, value in change.items() if key != "reset"}}
            self.counts.clear()

    def respond(self, asked: Asked) -> Answer:
        """The answer, after what goes wrong with every source."""
        with self.lock:
            self.counts[asked.path] += 1
            number = self.counts[asked.path]
        if asked.path == "/robots.txt":
            return ROBOTS[self.scenario.get("robots", "allow")]
        fault = self.scenario.get("all")
        if fault is None and number <= self.scenario.get("fail_first", 0):
            fault = "500"
        if fault in ("500", "html", "throttle"):
            return self._fault(fault)
        answer = LOGIN if asked.path == "/login" else self.answer(asked)
        return replace(answer, manner=fault) if fault else answer

    def _fault(self, fault: str) -> Answer:
        if fault == "html":
            return LOGIN
        if fault == "500":
            return text_answer("Internal Server Error\n", 500)
        wait = self.scenario.get("retry_after")
        return text_answer("Too Many Requests\n", 429, {} if wait is None else {"Retry-After": str(wait)})


class Server(ThreadingHTTPServer):
    """Serves one stand-in on a free port of loopback."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, stand_in: StandIn) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stand_in = stand_in
        self.hits: list[Asked] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours; anything else is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def _serve(self) -> None:
        asked = self._asked()
        if asked.path.startswith(CONTROL):
            self._send(self._control(asked))
            return
        self.server.hits.append(asked)
        self._send(self.server.stand_in.respond(asked))

    do_GET = do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def _asked(self) -> Asked:
        at = time.monotonic()
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        return Asked(self.command, url.path, dict(parse_qsl(url.query, keep_blank_values=True)), headers, body, at)

    def _control(self, asked: Asked) -> Answer:
        match asked.method, asked.path.removeprefix(CONTROL):
            case "POST", "scenario":
                self.server.stand_in.tell(json.loads(asked.body))
            case "GET", "hits":
                return json_answer([_plain(hit) for hit in list(self.server.hits)])
            case "DELETE", "hits":
                self.server.hits.clear()
            case _:
                return text_answer("no such control\n", 404)
        return json_answer(None)

    def _send(self, answer: Answer) -> None:
        """Send the answer in its manner. An unfinished one ends its connection."""
        head, body = self._head(answer), b"" if self.command == "HEAD" else answer.body
        if answer.manner == "whole":
            self.wfile.write(head + body)
            return
        self.close_connection = True
        if answer.manner == "hang":
            time.sleep(_LONGEST_HANG)
        elif answer.manner == "cut":
            self.wfile.write(head + body[: len(body) // 2])
        elif answer.manner == "slow":
            self.wfile.write(head)
            for piece in _trickle(body):
                self.wfile.write(piece)
                time.sleep(_SECONDS_PER_BYTE)
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _head(self, answer: Answer) -> bytes:
        given = {name.title(): value for name, value in answer.headers.items()}
        headers = {"Date": formatdate(usegmt=True), "Content-Length": str(len(answer.body)), **given}
        if answer.status in (204, 304):
            del headers["Content-Length"]
        reason = self.responses.get(cast(Any, answer.status), ("",))[0]
        lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def log_message(self, *_: object) -> None:
        """Hits are the log."""


def _trickle(body: bytes) -> Iterator[bytes]:
    """The first bytes of ``body``, one by one: as many as fit into the longest hang."""
    most = int(_LONGEST_HANG / _SECONDS_PER_BYTE)
    return (body[at : at + 1] for at in range(min(most, len(body))))


def _plain(hit: Asked) -> dict[str, Any]:
    return {**vars(hit), "body": hit.body.decode("utf-8", "replace")}


def serve(make: Callable[[argparse.Namespace], StandIn], parser: argparse.ArgumentParser | None = None) -> None:
    """A stand-in's main: print the address, serve until stdin closes, or until SIGTERM or Ctrl-C.

    ``make`` builds the stand-in from what ``parser`` (by default one without options) reads of the command line.
    """
    arguments = (parser or argparse.ArgumentParser()).parse_args()
    with Server(make(arguments)) as server:
        for ends in (signal.SIGTERM, signal.SIGINT):
            signal.signal(ends, lambda *_: sys.exit(0))
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
            sys.stdin.buffer.read()
        finally:
            server.shutdown()
