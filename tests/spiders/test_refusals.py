"""A wall, a closed door and a pause are told apart by status, head and page, before any reader sees them."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from spiders.conversation import Failure, Reply
from spiders.refusals import backoff, refusal, retry_after

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
ODD = (
    "<!DOCTYPE html><html><head><title></title><script>var a = 1;</script></head><body><div class='weui-msg'>"
    "<h2>环境异常</h2><p>当前环境异常，完成验证后即可继续访问。</p><a id='js_verify'>去验证</a></div></body></html>"
)
WARNING = "提醒：网传“环境异常，去验证”的页面不可信，不要理会“请输入验证码”。"
ARTICLE = f"<html><body><p>{WARNING}{'云岫区公安提示。' * 40}</p></body></html>"
JSON = json.dumps({"error": "expired_token", "error_code": 21327}).encode()


def reply(status: int = 200, body: str | bytes = b"", url: str = "https://news.example/feed", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, url=url, body=body.encode() if isinstance(body, str) else body, headers=named, at=AT)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (reply(200), None),
        (reply(204), None),
        (reply(206), None),
        (reply(304), None),
        (reply(404), None),
        (reply(410), None),
        (reply(429), Failure(kind="throttled")),
        (reply(429, retry_after="30"), Failure(kind="throttled", wait=30)),
        (reply(503, retry_after="120"), Failure(kind="throttled", wait=120)),
        (reply(503, retry_after="soon"), Failure(kind="throttled")),
        (reply(503), Failure(kind="server_error")),
        (reply(500, retry_after="120"), Failure(kind="server_error")),
        (reply(502), Failure(kind="server_error")),
        (reply(599), Failure(kind="server_error")),
        (reply(401), Failure(kind="auth_required")),
        (reply(403), Failure(kind="throttled")),
        (reply(403, retry_after="600"), Failure(kind="throttled", wait=600)),
        (reply(418), Failure(kind="throttled")),
        (reply(432), Failure(kind="throttled")),
        (reply(451), Failure(kind="throttled")),
        (reply(301, location="https://news.example/"), Failure(kind="redirected")),
        (reply(302), Failure(kind="redirected")),
        (reply(300), Failure(kind="redirected")),
        (reply(408), Failure(kind="timeout")),
        (reply(400), Failure(kind="bad_request")),
        (reply(405), Failure(kind="bad_request")),
        (reply(100), Failure(kind="server_error")),
    ],
)
def test_what_a_status_says(answer: Reply, failure: Failure | None) -> None:
    """For a page as for an API that answers no JSON."""
    assert refusal(answer, official=False) == failure
    assert refusal(answer, official=True) == failure


@pytest.mark.parametrize("status", [400, 401, 403])
def test_an_apis_error_in_json_is_the_readers(status: int) -> None:
    assert refusal(reply(status, JSON), official=True) is None
    assert refusal(reply(status, JSON), official=False) is not None
    for body in (b"<html></html>", b"", JSON[:-1], b"[1]", b'"no"', b"[" * 100_000):
        assert refusal(reply(status, body), official=True) == refusal(reply(status, body), official=False)


@pytest.mark.parametrize("status", [429, 432, 500])
def test_other_errors_in_json_are_not(status: int) -> None:
    assert refusal(reply(status, JSON), official=True) == refusal(reply(status), official=True) is not None


# -- Retry-After -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("30", 30),
        (" 30 ", 30),
        ("86400", 86_400),
        ("86401", 86_400),
        ("9" * 5000, 86_400),
        (format_datetime(AT + timedelta(minutes=10), usegmt=True), 600),
        (format_datetime(AT + timedelta(days=9), usegmt=True), 86_400),
        (format_datetime(AT - timedelta(hours=1), usegmt=True), 0),
        ("Mon, 23 Nov 2026 10:00:30 -0000", 30),
        ("Monday, 23-Nov-26 10:00:30 GMT", 30),
        ("", None),
        ("-30", None),
        ("3.5", None),
        ("1e3", None),
        ("３０", None),
        ("soon", None),
        ("Mon, 99 Nov 2026 10:00:30 GMT", None),
        ("Mon, 23 Nov 99999999999999 10:00:30 GMT", None),
    ],
)
def test_the_wait_that_is_asked_for(value: str, seconds: int | None) -> None:
    assert retry_after(reply(429, retry_after=value)) == seconds


def test_a_date_counts_from_the_answer() -> None:
    """An answer with a clock that goes wrong names dates by that clock."""
    late = AT + timedelta(days=400)
    answer = Reply(
        status=429,
        url="https://news.example/feed",
        headers={"retry-after": format_datetime(late + timedelta(seconds=45), usegmt=True)},
        at=late.replace(microsecond=500_000),
    )
    assert retry_after(answer) == 45


# -- pages that ask for a person ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, ODD),
        reply(200, ODD.replace("去验证", "")),
        reply(200, ODD.encode("gb18030")),
        reply(403, ODD),
        reply(200, "<p>请输入验证码</p>", content_type="text/html; charset=utf-8"),
        reply(200, "\ufeff \n<HTML><body>请输入验证码<input></body></HTML>"),
        reply(200, f"<html><body><script>{'var a;' * 5000}</script>请输入验证码</body></html>"),
        reply(200, url="https://mp.example/mp/wappoc_appmsgcaptcha?poc_token=x"),
        reply(200, url="https://news.example/Verify/index"),
        reply(302, location="/captcha?back=1"),
        reply(302, location="https://verify.example/verifycode"),
    ],
)
@pytest.mark.parametrize("official", [True, False])
def test_a_page_that_asks_for_a_person(answer: Reply, official: bool) -> None:
    assert refusal(answer, official=official) == Failure(kind="captcha")


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, ARTICLE),
        reply(200, "<html><body><h2>环境异常</h2><p>锅炉房环境异常，已抢修。</p></body></html>"),
        reply(200, "<html><body><p>验证码切勿告诉他人</p></body></html>"),
        reply(200, json.dumps({"list": [{"title": "骗子让你“请输入验证码”"}]}, ensure_ascii=False)),
        reply(200, "<rss><item><title>请输入验证码是骗局</title></item></rss>", content_type="application/rss+xml"),
        reply(200, url="https://captcha.example/feed?verify=1"),
        reply(200, location="/captcha"),
    ],
)
def test_a_text_that_speaks_of_it_is_none(answer: Reply) -> None:
    assert refusal(answer, official=False) is None


def test_nothing_of_the_answer_is_in_the_failure() -> None:
    planted = "张三丰示例"
    for status in (200, 302, 403, 429, 500):
        answer: Any = reply(status, ODD + planted, url=f"https://news.example/captcha/{planted}", location=planted)
        assert planted not in repr(refusal(answer, official=False))


# -- backoff -----------------------------------------------------------------------------------------


def test_waits_double_up_to_a_limit() -> None:
    assert [backoff(attempt) for attempt in range(10)] == [60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 21600]
    assert (backoff(-1), backoff(10**9)) == (60, 21_600)
    assert (backoff(3, base=1), backoff(3, base=1, most=5)) == (8, 5)
