"""Bodies that are no feed, or are made to do harm: refused, or read in time that grows with their length alone."""

from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # type: ignore[import-untyped]

from spiders.bridge import BridgeRefused
from spiders.edge import Refusal
from spiders.feed import BODY_LIMIT, MOST_ENTRIES
from spiders.feeds import Kind
from tests.support.effort import effort, is_linear
from tests.support.feed_samples import AUTHOR, PLAIN, atom, fault, item, one, read, rss


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("", "rss"),
        ("<html><body>请登录</body></html>", "rss"),
        ("<!doctype html><html><head><meta charset=utf-8></head><body><p>请登录</body></html>", "atom"),
        ('{"code":0}', "rss"),
        (rss(item()), "atom"),
        (atom("<id>1</id>"), "rss"),
        (atom("<id>1</id>", space="urn:x"), "atom"),
        ("<rss version='2.0'/>", "rss"),
        (rss(item())[:-40], "rss"),
        (rss(item()) + "<rss/>", "rss"),
        (rss(item(text="<description>" + "<b>" * 300 + "</b>" * 300 + "</description>")), "rss"),
        (rss(item()), "sitemap"),
    ],
)
def test_what_is_no_feed_of_the_kind_is_refused(body: str, kind: Kind) -> None:
    assert fault(body, kind) == "not_an_article"


def test_a_body_without_end_is_refused() -> None:
    assert fault(b" " * (BODY_LIMIT + 1)) == "too_long"
    assert fault(b" " * BODY_LIMIT) == "not_an_article"


def test_more_entries_than_are_read_are_counted() -> None:
    feed = read(rss(*[item(text=None)] * (MOST_ENTRIES + 3)))
    assert (len(feed.entries), feed.cut, feed.faults) == (MOST_ENTRIES, 3, 0)


def test_a_body_that_names_a_file_or_an_address_opens_neither(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """feedparser takes bytes for the name of a file first: in the arm without the guard it reads that file."""
    secret = tmp_path / "feed.xml"
    secret.write_text(rss(item()), encoding="utf-8")
    assert len(feedparser.parse(bytes(secret))["entries"]) == 1
    asked: list[object] = []
    monkeypatch.setattr("feedparser.http.get", lambda *rest: asked.append(rest))
    feedparser.parse("http://127.0.0.1:1/feed.xml")
    assert len(asked) == 1
    for body in (bytes(secret), f"file://{secret}".encode(), b"http://127.0.0.1:1/feed.xml"):
        assert fault(body) == "not_an_article"
    assert len(asked) == 1


def test_no_entity_is_resolved(tmp_path: Path) -> None:
    """Neither a file's nor any other; in the arm without the guard lxml reads the file."""
    secret = tmp_path / "secret"
    secret.write_text(AUTHOR, encoding="utf-8")
    for declared in (f'<!ENTITY x SYSTEM "{secret.as_uri()}">', f'<!ENTITY % x SYSTEM "{secret.as_uri()}"> %x;'):
        attack = f"<!DOCTYPE rss [{declared}]>{rss(item(title='<title>&x;</title>'))[21:]}"
        assert fault(attack) == "not_an_article"
        assert fault(attack.replace("&x;", "")) == "not_an_article"
    attack = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]><rss>&x;</rss>'
    assert etree.fromstring(attack.encode(), etree.XMLParser(resolve_entities=True)).text == AUTHOR


def test_a_document_type_alone_is_not_looked_up() -> None:
    """RSS 0.91 had one, on a host that is long gone."""
    doctype = '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "http://127.0.0.1:1/rss-0.91.dtd">'
    assert one(doctype + rss(item())[21:]) == PLAIN


def test_entities_of_entities_do_not_grow() -> None:
    """Some hundred bytes that would become 300,000, as the arm without the guard shows; libxml2 stops larger ones."""
    grown = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 5))
    attack = f'<!DOCTYPE rss [<!ENTITY x0 "{"水" * 10}">{grown}]>{rss(item(title="<title>&x4;</title>"))[21:]}'
    assert fault(attack) == fault(attack.replace("&x4;", "")) == "not_an_article"
    parsed = etree.fromstring(attack.encode(), etree.XMLParser(resolve_entities=True))
    assert len(parsed.findtext(".//item/title")) == 100_000


def test_an_endless_author_costs_nothing() -> None:
    """feedparser looks for an address in it, at the square of its length, as the arm without the guard shows."""
    body = rss(item(author=f"<author>{'a' * 8_000}</author>")).encode()
    assert effort(lambda: read(body)) * 10 < effort(lambda: feedparser.parse(BytesIO(body)))


def grown(length: int, part: str, before: str = "", after: str = "") -> str:
    return rss(item(text=before + part * (length // len(part)) + after))


@pytest.mark.parametrize(
    "attack",
    [
        lambda length: rss(*[item()] * (length // len(item()))),
        lambda length: rss("<item/>" * (length // 7)),
        lambda length: grown(length, "<p>水</p>", "<description>", "</description>"),
        lambda length: grown(length, "&lt;b&gt;", "<description>", "</description>"),
        lambda length: grown(length, "&nbsp;&x&y;", "<description>", "</description>"),
        lambda length: grown(length, "<![CDATA[x]]>", "<description>", "</description>"),
        lambda length: grown(length, "<category>1</category><content/>"),
        lambda length: grown(length, '<x xmlns="urn:x"/>'),
        lambda length: grown(length, "1 ", "<pubDate>", "</pubDate>"),
        lambda length: grown(length, " a", "<description><![CDATA[<a", ">]]></description>"),
        lambda length: grown(length, " a='>'", '<description><![CDATA[<a b\'=""', ">]]></description>"),
        lambda length: grown(length, "<![CDATA[", "<description>&nbsp;"),
        lambda length: "<a " * (length // 3),
    ],
)
def test_time_is_linear_in_length(attack: Callable[[int], str]) -> None:
    """Four times the length, at most six times the time: the square would be sixteen."""

    def run(length: int) -> None:
        with suppress(Refusal):
            read(attack(length))

    run(1_000)
    assert is_linear(run, 60_000, 240_000)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.sampled_from(["rss", "atom", "sitemap"]))
def test_any_body_is_read_or_refused(body: bytes, kind: Kind) -> None:
    with suppress(Refusal, BridgeRefused):
        read(body, kind)


MARKUP: Any = st.lists(
    st.sampled_from(
        "<item> </item> <entry> </entry> <title> </title> <link> </link> <link href='/1'/> <guid> </guid> <pubDate> "
        "</pubDate> <description> </description> <content type='xhtml'> </content> <![CDATA[ ]]> <div> </div> & &nbsp; "
        "&#0; <author> </author> <name> </name> 今天 水 2026-11-23 /1 http://[ <svg> </svg> <source> </source>".split()
    ),
    max_size=30,
).map(" ".join)


@given(MARKUP, st.booleans())
def test_any_feed_is_read_or_refused(inner: str, is_atom: bool) -> None:
    try:
        feed = read(atom(inner), "atom") if is_atom else read(rss(item(), inner))
    except (Refusal, BridgeRefused):
        return
    assert len(feed.entries) + feed.faults >= 1
