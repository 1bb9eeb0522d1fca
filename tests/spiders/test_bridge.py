"""Copies of social platforms are refused, by each of their signs, in every kind of feed; publishers' own are read."""

import json

import pytest

from spiders.bridge import BridgeRefused, is_social, refuse_addresses
from spiders.feeds import Kind
from tests.support.feed_samples import PLAIN, atom, item, one, read, rss

WECHAT = "https://mp.weixin.qq.com/s/EXAMPLE"


def json_feed(url: str = "/a/1", **changes: object) -> str:
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "云岫发布", "items": [{"id": "1", "url": url}]}
    return json.dumps(document | changes)


def sitemap(link: str) -> str:
    return f"<urlset><url><loc>{link}</loc></url></urlset>"


def sign(body: str, kind: Kind = "rss", url: str = "https://news.yunxiu.example/feed") -> str:
    with pytest.raises(BridgeRefused) as caught:
        read(body, kind, url)
    return caught.value.sign


@pytest.mark.parametrize(
    "name",
    [
        "WeWe-RSS",
        "wewe-rss 2.6.1",
        "Mp-We-Rss",
        "we-mp-rss",
        "WeRSS",
        "RSSHub",
        "https://github.com/DIYgod/RSSHub",
        "Wechat2RSS",
        "WeChat2RSS Bridge",
        "feeddd",
        "RSS-Bridge",
    ],
)
def test_the_program_that_wrote_it(name: str) -> None:
    assert sign(rss(item(), head=f"<generator>{name}</generator>")) == "program"
    assert sign(atom("<id>1</id>", f"<generator>{name}</generator>"), "atom") == "program"
    assert sign(atom("<id>1</id>", f'<generator uri="{name}">x</generator>'), "atom") == "program"
    assert sign(json_feed(generator=name), "jsonfeed") == "program"
    assert sign(json_feed(_generator=name), "jsonfeed") == "program"


def test_the_signature_of_rsshub() -> None:
    assert sign(rss(item(), head="<description>云岫 - Powered by RSSHub</description>")) == "program"
    assert (
        sign(json_feed(description="云岫 - Made with love by RSSHub(https://rsshub.example)"), "jsonfeed") == "program"
    )


def test_the_path_of_such_a_program() -> None:
    path = "https://feeds.example/feeds/MP_WXS_3999999999.rss"
    assert sign(rss(item()), url=path) == "path"
    assert sign(rss(item()), url=path.replace("MP_", "mp%5f")) == "path"
    assert sign(rss(item(), head=f"<link>{path}</link>")) == "path"
    assert sign(rss(item(), head=f'<atom:link rel="self" href="{path}"/>')) == "path"
    assert sign(atom("<id>1</id>", f"<link href='{path}'/>"), "atom") == "path"
    assert sign(json_feed(home_page_url=path), "jsonfeed") == "path"
    assert sign(json_feed(feed_url=path), "jsonfeed") == "path"


@pytest.mark.parametrize(
    "link",
    [
        WECHAT,
        "http://mp.weixin.qq.com/s?__biz=MzA0000000AAA==&mid=2247480001&idx=1",
        "//mp.weixin.qq.com/s/EXAMPLE",
        "HTTPS://MP.WEIXIN.QQ.COM./s/EXAMPLE",
        "https://mp.weixin.qq.com:443/s/EXAMPLE",
        "https://someone:x@mp.weixin.qq.com/s/EXAMPLE",
        "https://mp。weixin．qq.com/s/EXAMPLE",
        "https://weibo.com/9990000001/O00000001",
        "https://m.weibo.cn/status/5000000000000001",
        "http://t.cn/A6EXAMPLE",
        "https://www.douyin.com/video/1",
        "https://v.douyin.com/EXAMPLE/",
        "https://www.xiaohongshu.com/explore/1",
        "http://xhslink.com/EXAMPLE",
    ],
)
def test_a_feed_that_mostly_lies_on_a_social_platform_is_a_bridge(link: str) -> None:
    """A publisher that links one post of its own there keeps its feed, without that entry."""
    plain = link.replace("&", "&amp;")
    for other in (item(link=f"<link>{plain}</link>"), item(guid=f"<guid>{plain}</guid>")):
        assert sign(rss(item(), other, other)) == "host"
        feed = read(rss(item(), other, item()), "rss")
        assert (len(feed.entries), feed.faults) == (2, 1)
    assert sign(rss(item(), head=f"<link>{plain}</link>")) == "host"
    assert sign(atom(f"<id>1</id><link href='{plain}'/>"), "atom") == "host"
    assert sign(atom(f"<id>{plain}</id><link href='/1'/>"), "atom") == "host"
    assert sign(json_feed(link), "jsonfeed") == "host"
    assert sign(sitemap(plain), "sitemap") == "host"
    assert sign(sitemap(plain).replace("urlset", "sitemapindex").replace("url>", "sitemap>"), "sitemap") == "host"

    assert read(rss(item(), item())).entries == (PLAIN, PLAIN)
    for body, kind in ((json_feed(), "jsonfeed"), (sitemap("https://news.yunxiu.example/a/1"), "sitemap")):
        assert one(body, kind).url == "https://news.yunxiu.example/a/1"  # type: ignore[arg-type]


@pytest.mark.parametrize("guid", ["mp.weixin.qq.com/s/EXAMPLE", "mp.weixin.qq.com:443", "tag:mp.weixin.qq.com,2026:1"])
def test_an_id_made_of_such_a_link(guid: str) -> None:
    assert sign(rss(item(guid=f'<guid isPermaLink="false">{guid}</guid>'))) == "host"


@pytest.mark.parametrize(
    "link",
    [
        "https://news.yunxiu.example/a/1?from=mp.weixin.qq.com",
        "https://news.yunxiu.example/share/weibo.com/1",
        "https://weibo.com.example/1",
        "https://notweibo.com/1",
        "https://news.yunxiu.example/#https://weibo.com",
        "https://www.qq.com/1",
    ],
)
def test_a_platforms_name_elsewhere_is_no_sign(link: str) -> None:
    assert not is_social(link)
    assert len(read(rss(item(link=f"<link>{link}</link>"))).entries) == 1


def test_a_publisher_may_write_about_such_programs() -> None:
    text = f"RSSHub 与 wewe-rss：{PLAIN.text} {WECHAT}"
    assert one(rss(item(title="<title>RSSHub</title>", text=f"<description>{text}</description>"))).text == text


def test_a_platforms_own_feed_is_none_of_another() -> None:
    refuse_addresses("https://weibo.com/feed", [WECHAT])


def test_the_refusal_says_nothing_of_the_feed() -> None:
    with pytest.raises(BridgeRefused) as caught:
        refuse_addresses("https://news.yunxiu.example/feed", [WECHAT])
    assert caught.value.args == ("host",)
