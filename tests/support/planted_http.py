"""Sources over HTTP whose every answer is full of people: in every field, header, status line, cookie and failure.

The servers run in the test's own process, so that a test can look at what was asked and at all bytes that were sent.
What goes wrong is a mood, by path: see MOODS.
"""

import gzip
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tests.servers.base import Answer, Asked, Server, StandIn, _Handler, html_answer, json_answer, text_answer
from tests.servers.wechat import Wechat, publication
from tests.servers.weibo import SEARCH, Weibo
from tests.support import planted
from tests.support.planted import Identities

OUTLET, STRANGER = "云岫发布", "云岫晚报"
"""A verified account, and one that is somebody's own."""
_OFFICE = 9_991_234_567
_DELETED = "EXAMPLE_ARTICLE_0003"
TOKENS = ("K3vq8ZpW2mXe7RtYb5Ld", "Hn4sVc9QjU6fTz1GyM0a")
"""What the WeChat stand-in gives out as access tokens."""


# -- what goes wrong -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Raw(Answer):
    """An answer whose head is sent as it stands."""

    head: bytes = b""


def error_page(who: Identities, title: str = "出错了") -> str:
    """A page of an error, with whoever is to blame and whoever was asked about."""
    take = who.take
    return (
        f'<!DOCTYPE html><html><head><title>{title} {take("nickname")}</title><meta name="author" '
        f'content="{take("name")}"></head><body><!-- {take("name")} {take("phone")} {take("plate")} -->'
        f"<h1>{take('nickname')} 的页面打不开</h1><p>用户 {take('uid')} {take('region')} {take('coordinate')}</p>"
        f'<pre>Traceback: KeyError: "{take("email")}" {take("handle")} {take("group_number")}</pre>'
        f'<a href="{take("permalink")}">{take("verified_reason")}</a>'
        f'<img src="{take("avatar")}" alt="{take("device")}">'
        f"<script>var u='{take('mid')}', b='{take('bid')}', d='{take('description')}'</script></body></html>"
    )


def _page(status: int, header: str = "") -> Callable[[Identities, Answer], Answer]:
    """A page in the place of an answer; ``header`` names somebody too."""
    return lambda who, _: html_answer(error_page(who), status, {header: who.take("handle")} if header else {})


def _away(who: Identities, _: Answer) -> Answer:
    return html_answer(error_page(who), 302, {"Location": who.take("permalink")})


def _onward(who: Identities, _: Answer) -> Answer:
    target = f"/u/{who.take('handle')}?uid={who.take('uid')}&phone={who.take('phone')}#{who.take('bid')}"
    return html_answer(error_page(who), 302, {"Location": target})


def _raw(who: Identities, head: str, body: bytes | None = None) -> Answer:
    return Raw(body=error_page(who).encode() if body is None else body, manner="cut", head=head.encode())


def _chunked(who: Identities, _: Answer) -> Answer:
    body = f"{who.take('nickname')};{who.take('phone')}\r\n{error_page(who)}\r\n".encode() * 2
    return _raw(who, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body)


def _zipped(who: Identities, answer: Answer) -> Answer:
    body = gzip.compress(answer.body)[:40] + error_page(who).encode()
    return replace(answer, body=body, headers={**answer.headers, "Content-Encoding": "gzip"})


def _recoded(who: Identities, answer: Answer) -> Answer:  # noqa: ARG001 - the answer has them already
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    return replace(answer, body=answer.body.decode().encode("gb18030", "replace"), headers={"Content-Type": kind})


def _envelope(code: int, status: int) -> Callable[[Identities, Answer], Answer]:
    """An error as Weibo tells it, about a person by name."""

    def answer(who: Identities, _: Answer) -> Answer:
        take = who.take
        text = f"user {take('nickname')} ({take('uid')}) {take('phone')}: {take('email')}"
        request = f"/2/users/show.json?uid={take('uid')}&screen_name={take('nickname')}"
        fields = {"error": text, "error_code": code, "request": request, take("uid"): take("name")}
        return json_answer({**fields, "error_description": take("region")}, status)

    return answer


MOODS: Mapping[str, Callable[[Identities, Answer], Answer]] = {
    "good": lambda _, answer: answer,
    "cut": lambda _, answer: replace(answer, manner="cut"),
    "drop": lambda _, answer: replace(answer, manner="drop"),
    "hang": lambda _, answer: replace(answer, manner="hang"),
    "truncated": lambda _, answer: replace(answer, body=answer.body[: len(answer.body) * 2 // 3]),
    "tail": lambda _, answer: replace(answer, body=answer.body[len(answer.body) // 3 :]),
    "utf-16": lambda _, answer: replace(answer, body=answer.body.decode().encode("utf-16-le")),
    "gb18030": _recoded,
    "zipped": _zipped,
    "list": lambda who, _: json_answer([who.take("name"), who.take("phone"), {who.take("nickname"): 1}]),
    "html": _page(200),
    "500": _page(500),
    "403": _page(403),
    "404": _page(404),
    "410": _page(410),
    "401": _page(401, "WWW-Authenticate"),
    "429": _page(429, "Retry-After"),
    "captcha": lambda who, _: html_answer(f"<html><p>环境异常，完成验证 {who.take('nickname')}</p></html>"),
    "away": _away,
    "onward": _onward,
    "status line": lambda who, _: _raw(who, f"HTTP/1.1 {who.take('nickname')} {who.take('uid')}\r\n\r\n"),
    "length": lambda who, _: _raw(who, f"HTTP/1.1 200 OK\r\nContent-Length: {who.take('handle')}\r\n\r\n"),
    "header": lambda who, _: _raw(who, f"HTTP/1.1 200 OK\r\n{who.take('name')} {who.take('email')}\r\n\r\n"),
    "chunks": _chunked,
    "busy": _envelope(10001, 500),
    "gone": _envelope(20003, 400),
    "expired": _envelope(21327, 401),
    "no captcha": _envelope(20031, 403),
    "deny": lambda who, _: text_answer(_robots(who).replace("Allow: /", "Disallow: /")),
}
"""What becomes of an answer. A page, an envelope and a status line of an error name people too."""


def _robots(who: Identities) -> str:
    take = who.take
    return (
        f"# {take('name')} {take('phone')} {take('email')}\nUser-agent: {take('handle')}\nDisallow: /{take('handle')}\n"
        f"User-agent: *\nAllow: /\nDisallow: /u2/{take('nickname')}\nSitemap: https://{take('domain')}/{take('bid')}\n"
        f"Host: {take('domain')}\n{take('nickname')}: {take('uid')}\n"
    )


class Crowded(StandIn):
    """A stand-in with moods: ``moods`` by path are taken in turn, each by another question to that path."""

    who: Identities
    moods: dict[str, Sequence[str]]

    def crowd(self, who: Identities) -> None:
        """Whose names are in its answers; all is well at first."""
        self.who, self.moods = who, {}
        self._turns: dict[str, dict[str, str]] = defaultdict(dict)

    def respond(self, asked: Asked) -> Answer:
        is_robots = asked.path == "/robots.txt"
        answer = text_answer(_robots(self.who)) if is_robots else self.answer(asked)
        return MOODS[self._mood(asked)](self.who, answer)

    def change(self, moods: Mapping[str, Sequence[str]]) -> None:
        """Other moods from now on."""
        with self.lock:
            self.moods = dict(moods)
            self._turns.clear()

    def _mood(self, asked: Asked) -> str:
        with self.lock:
            moods = self.moods.get(asked.path)
            if not moods:
                return "good"
            turns = self._turns[asked.path]
            question = asked.query.get("q") or asked.query.get("screen_name") or asked.body.decode()
            return turns.setdefault(question, moods[len(turns) % len(moods)])


# -- servers -------------------------------------------------------------------------------------------


class _Telling(_Handler):
    """Names somebody in the reason, in every header that it may send, and in cookies."""

    server: "PeopleServer"

    def _head(self, answer: Answer) -> bytes:
        head = answer.head if isinstance(answer, Raw) else self._with_people(super()._head(answer))
        self.server.sent.append(head + answer.body)
        return head

    def _with_people(self, head: bytes) -> bytes:
        take = self.server.who.take
        first, _, rest = head.partition(b"\r\n")
        fields = {
            "Set-Cookie": f"sid={take('handle')}; uid={take('uid')}; Path=/",
            "Set-Cookie2": f"nick={take('handle')}; Domain=127.0.0.1",
            "Server": take("device"),
            "X-User": f"{take('uid')} {take('nickname')} {take('name')}",
            "X-Phone": take("phone"),
            "X-About": " ".join(map(take, ("description", "avatar", "plate", "region", "group_number"))),
            "Via": f"1.1 {take('domain')}",
            "Warning": f'199 - "{take("verified_reason")}"',
            "Content-Disposition": f'inline; filename="{take("name")}.json"',
            "Link": f'<{take("permalink")}>; rel="author"',
            "Refresh": f"0; url={take('permalink')}",
            "X-Trace": f"{take('mid')}/{take('bid')}/{take('coordinate')}",
        }
        told = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
        status = b" ".join(first.split(b" ")[:2])
        return status + f" {take('nickname')} {take('email')}\r\n".encode() + told + rest


class PeopleServer(Server):
    """Serves one crowded stand-in; ``sent`` is everything that it said."""

    def __init__(self, stand_in: Crowded) -> None:
        super().__init__(stand_in)
        self.RequestHandlerClass = _Telling
        self.crowd = stand_in
        self.who = stand_in.who
        self.sent: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def asked(self, path: str) -> list[Asked]:
        """The requests for what begins with ``path``."""
        return [hit for hit in list(self.hits) if hit.path.startswith(path)]


@contextmanager
def serving(stand_in: Crowded) -> Iterator[PeopleServer]:
    """The stand-in on a port of its own, while the block lasts."""
    with PeopleServer(stand_in) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


# -- Weibo and WeChat ----------------------------------------------------------------------------------


class CrowdedWeibo(Crowded, Weibo):
    """Statuses of individuals; an outlet that reposts them, and one that is none."""

    def __init__(self, who: Identities, said: Sequence[str], at: datetime) -> None:
        super().__init__([])
        self.crowd(who)
        office = {"id": _OFFICE, "idstr": str(_OFFICE), "screen_name": OUTLET, "verified": True, "verified_type": 1}
        stranger = {"screen_name": STRANGER, "verified": False, "verified_type": -1}
        own = [_reposted(who, n, f"核实：{said[n % len(said)]}，不实", at, office) for n in range(6)]
        theirs = [_reposted(who, 20 + n, said[n % len(said)], at, stranger) for n in range(3)]
        people = planted.statuses(who, said, at)
        self.tell({"statuses": [*people, *own, *theirs, *_unreadable(who, said[0], at)], "county": "云岫区"})

    def answer(self, asked: Asked) -> Answer:
        answer = super().answer(asked)
        take = self.who.take
        envelope = json.loads(answer.body)
        more: dict[str, Any] = {
            "request": f"{asked.path}?uid={take('uid')}",
            "marks": [take("nickname"), {"user": take("name"), "mobile": take("phone")}],
            "hasvisible": take("handle"),
            "user": planted.user(self.who, take("uid")),
            take("uid"): take("nickname"),
            take("nickname"): {take("handle"): [take("email"), int(take("group_number"))]},
        }
        return json_answer({**envelope, **more}, answer.status)


def _reposted(who: Identities, number: int, text: str, at: datetime, user: Mapping[str, Any]) -> dict[str, Any]:
    """A status of the account ``user`` that reposts what an individual said."""
    mid = str(9_990_000_000_500_000 + number)
    inner = planted.status(who, number, f"{text}，{planted.personal(who)}", at)
    named = {"id": int(mid), "idstr": mid, "mid": mid, "user": {**planted.user(who, who.take("uid")), **user}}
    tail = f"//@{who.take('nickname')}:转"
    return planted.status(who, number, f"{text}{tail}", at, **named, uid=_OFFICE, retweeted_status=inner)


def _unreadable(who: Identities, text: str, at: datetime) -> list[Any]:
    """Statuses that no reader can take, each for another reason; all of them are found by every search."""
    made = [planted.status(who, 40 + n, f"{text}，{planted.personal(who)}", at) for n in range(7)]
    spoilt: list[dict[str, Any]] = [
        {"text": [planted.personal(who)]},
        {"user": [planted.user(who, who.take("uid"))]},
        {"created_at": who.take("phone")},
        {"deleted": "1", "text": planted.personal(who)},
        {"visible": {"type": 1, "list_id": int(who.take("group_number"))}},
        {"retweeted_status": {"user": planted.user(who, who.take("uid")), "text": None}},
        {"user": None, "uid": who.take("handle")},
    ]
    return [{**status, **fields} for status, fields in zip(made, spoilt, strict=True)]


class CrowdedWechat(Crowded, Wechat):
    """An office's own account, whose articles and refusals name people."""

    def __init__(self, who: Identities, words: str, at: datetime) -> None:
        super().__init__([])
        self.crowd(who)
        self._plain = {"articles": [_published(who, n, words, at) for n in range(1, 9)], "deleted": [_DELETED]}
        self.tell(self._plain)

    def refuse(self, code: int | None) -> None:
        """From now on every call fails with ``code``, and a text about somebody; with None none does."""
        text = f"invalid {self.who.take('nickname')} {self.who.take('phone')} hint: [{self.who.take('handle')}]"
        self.tell({"reset": True, **self._plain, **({"errcode": code, "errmsg": text, "after": -1} if code else {})})

    def answer(self, asked: Asked) -> Answer:
        answer = super().answer(asked)
        take = self.who.take
        more = {take("uid"): take("nickname"), "user": {"openid": take("handle"), take("nickname"): take("phone")}}
        return json_answer({**json.loads(answer.body), **more})

    def _name(self, number: int) -> str:
        return TOKENS[number % 2]


def _published(who: Identities, number: int, words: str, at: datetime) -> dict[str, Any]:
    """A publication with people wherever one may stand; what names the article is the office's."""
    take = who.take
    news = json.loads(planted.freepublish(who, f"停水三天？第{number}次核实", words, at, biz="x", mid="1"))
    fields = news["item"][0]["content"]["news_item"][0]
    del fields["url"]
    made = publication(number, int((at - timedelta(minutes=number)).timestamp()), **fields)
    return {**made, "creator": take("name"), take("nickname"): take("uid"), "editors": [{"openid": take("handle")}]}


def search_moods(*moods: str) -> dict[str, Sequence[str]]:
    """Moods for the questions of a search, in turn; between two that fail one is good, or the host would be left."""
    return {SEARCH: [one for mood in moods for one in (mood, "good")]}
