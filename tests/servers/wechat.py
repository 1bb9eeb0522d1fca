"""Stands in for the API of WeChat's official accounts (api.weixin.qq.com), as the sources' notes tell it, B1.

HTTP says 200 to everything; what went wrong stands in ``errcode`` and ``errmsg``, which ends in a request's id. What
the account has published comes from a file of JSON lines (``--articles``: ``article_id``, ``update_time``, and
``news_item`` or ``content`` with one inside) or from the scenario. The list has no order that anybody could lean on.
Keys of the scenario, beside those of every stand-in:

What is there. ``articles``: publications in place of the file's. ``deleted``: true for the first on the list, or a
list of ids: its articles are marked so. ``edited``: the same; another text, changed at ``now`` (unix seconds; when
this was told, if not given). ``ordered``: newest first. ``unknown_field``: true, or a field's name. ``looping``: each
page is the first, and there is no end. ``changed_shape``: the list has lost its key.

What fails. ``appid``, ``secret``: the only good ones. ``token_bad_once``, ``token_expired_once``: the token that is
used first is answered with 40001 or 42001, from then on; a new one is good. ``errcode``: one of ERRORS for every call,
or, with ``on``, for that path; after ``after`` calls, at once if not set. ``errmsg``: its text.

``/s`` and ``/s/TOKEN`` answer an article's page: so a test can show that nobody asked for it.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.servers.base import Answer, Asked, StandIn, html_answer, json_answer, serve

TOKEN = "/cgi-bin/stable_token"  # noqa: S105 - a path
LIST = "/cgi-bin/freepublish/batchget"
ARTICLE = "/cgi-bin/freepublish/getarticle"
MOST = 20
ERRORS: Mapping[int, str] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40164: "invalid ip 127.0.0.1, not in whitelist",
    41001: "access_token missing",
    42001: "access_token expired",
    43002: "require POST method",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47001: "data format error",
    48001: "api unauthorized",
    53600: "invalid article_id",
}
"""Codes with their texts. Which code answers a count above 20 is not known: 40097 is a likely one."""
_PAGE = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"></head><body><div id="js_article">'
    '<h1 class="rich_media_title" id="activity-name">云岫区的一篇文章</h1><a id="js_name">云岫发布</a>'
    '<div class="rich_media_content" id="js_content"><p>这一页谁也不该来取。</p></div></div></body></html>'
)
_Body = Mapping[str, Any]


def publication(number: int, update_time: int, **news: Any) -> dict[str, Any]:
    """An invented publication of one article; ``news`` are fields of the article that differ."""
    sn = sha256(str(number).encode()).hexdigest()[:32]
    article = {
        "title": f"云岫区第{number}号情况说明",
        "author": "闻小满",
        "digest": "情况说明",
        "content": f"<section><p>近日有人转发“云岫区第{number}号井停水三天”。经核实，该井今晚检修4小时，明早恢复供水，"
        '其余各处不受影响。</p><p><img data-src="https://pictures.example/0"></p><p>责任编辑：简知秋</p></section>',
        "content_source_url": "",
        "thumb_media_id": f"EXAMPLE_MEDIA_{number}",
        "thumb_url": "https://pictures.example/0",
        "need_open_comment": 0,
        "only_fans_can_comment": 0,
        "url": f"http://mp.weixin.qq.com/s?__biz=MzA0000000AAA==&mid={9_990_000_000 + number}&idx=1&sn={sn}"
        "&chksm=aa#rd",
        "is_deleted": False,
    }
    return {
        "article_id": f"EXAMPLE_ARTICLE_{number:04}",
        "update_time": update_time,
        "news_item": [{**article, **news}],
    }


class ApiError(Exception):
    """The call fails with one of ERRORS."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Wechat(StandIn):
    """The API of one account."""

    def __init__(self, records: Iterable[_Body]) -> None:
        super().__init__()
        self._filed = [_kept(record) for record in records]
        self._articles = _by_chance(self._filed)
        self._tokens = 0
        self._refused: dict[str, int] = {}
        self._routes: Mapping[str, Callable[[_Body], object]] = {
            TOKEN: self._token,
            LIST: self._list,
            ARTICLE: self._article,
        }

    def tell(self, change: Mapping[str, Any]) -> None:
        super().tell(change)
        self._refused.clear()
        given = self.scenario.get("articles")
        articles = self._filed if given is None else [_kept(record) for record in given]
        if self.scenario.get("ordered"):
            ordered = sorted(articles, key=lambda one: -one["update_time"])
        else:
            ordered = _by_chance(articles)
        deleted, edited = self.scenario.get("deleted"), self.scenario.get("edited")
        told = int(self.scenario.get("now", time.time()))
        marked = [_with(one, is_deleted=True) if _struck(deleted, one, k) else one for k, one in enumerate(ordered)]
        self._articles = [_edited(one, told) if _struck(edited, one, k) else one for k, one in enumerate(marked)]

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/s" or asked.path.startswith("/s/"):
            return html_answer(_PAGE)
        try:
            self._check(asked)
            return json_answer(self._routes[asked.path](_body(asked)))
        except ApiError as error:
            text = self.scenario.get("errmsg", ERRORS.get(error.code, "error"))
            rid = sha256(str(asked.at).encode()).hexdigest()
            return json_answer({"errcode": error.code, "errmsg": f"{text} rid: {rid[:8]}-{rid[8:16]}-{rid[16:24]}"})

    def _check(self, asked: Asked) -> None:
        """What fails before the body is looked at."""
        if asked.path not in self._routes:
            raise ApiError(40066)
        if asked.method != "POST":
            raise ApiError(43002)
        on = self.scenario.get("on")
        calls = self.counts[on] if on else sum(self.counts[path] for path in self._routes)
        if "errcode" in self.scenario and asked.path == (on or asked.path) and calls > self.scenario.get("after", 0):
            raise ApiError(int(self.scenario["errcode"]))
        if asked.path != TOKEN:
            self._check_token(asked.query.get("access_token"))

    def _check_token(self, token: str | None) -> None:
        if not token:
            raise ApiError(41001)
        with self.lock:
            for key, code in (("token_bad_once", 40001), ("token_expired_once", 42001)):
                if self.scenario.get(key) and not self._refused:
                    self._refused[token] = code
            good = self._tokens > 0 and token == self._name(self._tokens)
            code = self._refused.get(token, 0 if good else 40001)
        if code:
            raise ApiError(code)

    def _token(self, body: _Body) -> object:
        """The same token to everybody, until it is bad or a new one is asked for by force."""
        if body.get("grant_type") != "client_credential":
            raise ApiError(40002)
        for name, code in (("appid", 40013), ("secret", 40125)):
            if not body.get(name) or body[name] != self.scenario.get(name, body[name]):
                raise ApiError(code)
        with self.lock:
            if not self._tokens or body.get("force_refresh") or self._name(self._tokens) in self._refused:
                self._tokens += 1
            return {"access_token": self._name(self._tokens), "expires_in": 7200}

    def _name(self, number: int) -> str:
        return f"EXAMPLE_TOKEN_{number}"

    def _list(self, body: _Body) -> object:
        offset, count = body.get("offset"), body.get("count")
        if type(offset) is not int or type(count) is not int or offset < 0 or not 1 <= count <= MOST:
            raise ApiError(40097)
        looping = self.scenario.get("looping")
        begin = 0 if looping else offset
        found = [self._shown(one, whole=body.get("no_content", 0) != 1) for one in self._articles[begin:][:count]]
        total = 1_000_000 if looping else len(self._articles)
        items = [
            {"article_id": one["article_id"], "content": {"news_item": one["news_item"]}, **_rest(one)} for one in found
        ]
        key = "list" if self.scenario.get("changed_shape") else "item"
        return {"total_count": total, "item_count": len(items), key: items}

    def _article(self, body: _Body) -> object:
        found = [one for one in self._articles if one["article_id"] == body.get("article_id")]
        if not found:
            raise ApiError(53600)
        return {"news_item": self._shown(found[0], whole=True)["news_item"]}

    def _shown(self, one: _Body, *, whole: bool) -> _Body:
        """A publication, without its articles' bodies if it is not to be ``whole``."""
        name = self.scenario.get("unknown_field")
        unknown = {"weight_level" if name is True else name: "示例"} if name else {}
        news = [
            {key: value for key, value in {**article, **unknown}.items() if whole or key != "content"}
            if isinstance(article, dict)
            else article
            for article in one["news_item"]
        ]
        return {**one, "news_item": news}


def _kept(record: _Body) -> _Body:
    """A publication with its articles under ``news_item``, wherever the record had them."""
    content = record.get("content", {})
    return {"news_item": content.get("news_item", []), **{k: v for k, v in record.items() if k != "content"}}


def _rest(one: _Body) -> _Body:
    return {key: value for key, value in one.items() if key not in ("article_id", "news_item")}


def _by_chance(articles: Iterable[_Body]) -> list[_Body]:
    """The same order each time, and none that means anything."""
    return sorted(articles, key=lambda one: sha256(str(one["article_id"]).encode()).digest())


def _struck(which: object, one: _Body, place: int) -> bool:
    return one["article_id"] in which if isinstance(which, list) else bool(which) and place == 0


def _with(one: _Body, **news: Any) -> _Body:
    return {**one, "news_item": [{**article, **news} for article in one["news_item"]]}


def _edited(one: _Body, at: int) -> _Body:
    news = [{**n, "content": f"{n['content']}<p>更正：本文已更新，以这一版为准。</p>"} for n in one["news_item"]]
    return {**one, "update_time": at, "news_item": news}


def _body(asked: Asked) -> _Body:
    try:
        body = json.loads(asked.body)
    except ValueError:
        raise ApiError(47001) from None
    if not isinstance(body, dict):
        raise ApiError(47001)
    return body


def _made(arguments: argparse.Namespace) -> Wechat:
    lines = arguments.articles.read_text("utf-8").split("\n") if arguments.articles else []
    return Wechat(json.loads(line) for line in lines if line.strip())


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--articles", type=Path)
    serve(_made, options)
