"""Addresses of WeChat articles: one key for all forms, one form that may be shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.wechat_link import canonical, identity, identity_of, is_wechat

PERMANENT = "https://mp.weixin.qq.com/s?__biz=MzA0000000AAA==&mid=2247480001&idx=1&sn=0123456789abcdef0123456789abcdef"
ALIASED = (
    PERMANENT.replace("/s?", "/mp/appmsg/show?")
    .replace("&mid", "&appmsgid")
    .replace("&idx", "&itemidx")
    .replace("&sn", "&sign")
)
REST = "&mid=2247480001&idx=1&sn=0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "url",
    [
        PERMANENT,
        PERMANENT.replace("https", "http") + "&chksm=aa#rd",
        PERMANENT.replace("&", "&amp;") + "&amp;scene=21#wechat_redirect",
        PERMANENT + "&mpshare=1&scene=1&srcid=EX&sharer_shareid=EX&sharer_sharetime=1",
        PERMANENT.replace("==", "%3D%3D"),
        ALIASED,
    ],
)
def test_every_form_of_a_permanent_address_is_one(url: str) -> None:
    found = identity_of(url)
    assert found is not None
    assert found.key == "wx:MzA0000000AAA==:2247480001:1"
    assert canonical(url) == PERMANENT


def test_a_short_address_loses_its_parameters_and_names_no_article() -> None:
    assert canonical("http://mp.weixin.qq.com/s/EXAMPLEtoken_0001-ab?scene=1#rd") == (
        "https://mp.weixin.qq.com/s/EXAMPLEtoken_0001-ab"
    )
    assert identity_of("https://mp.weixin.qq.com/s/EXAMPLEtoken_0001-ab") is None


@pytest.mark.parametrize(
    "url",
    [
        PERMANENT + "&key=EXAMPLE",
        PERMANENT + "&uin=",
        PERMANENT + "&PASS_TICKET=EXAMPLE",
        PERMANENT + "#key=EXAMPLE",
        PERMANENT + "#wechat_redirect?uin=EXAMPLE",
        "https://mp.weixin.qq.com/s/EXAMPLEtoken_0001-ab?key=EXAMPLE",
        "https://mp.weixin.qq.com/s?src=11&timestamp=1795395600&ver=1&signature=EXAMPLE",
        "https://mp.weixin.qq.com/s?__biz=MzA0000000AAA==",
        "https://mp.weixin.qq.com/mp/profile_ext?action=home&__biz=MzA0000000AAA==" + REST,
        PERMANENT.replace("mp.weixin.qq.com", "mp.weixin.qq.com.example.org"),
        PERMANENT.replace("mp.weixin.qq.com", "user@mp.weixin.qq.com"),
        PERMANENT.replace("https", "javascript"),
        "https://[mp.weixin.qq.com/s?",
        "",
    ],
)
def test_what_may_not_be_shown_is_empty(url: str) -> None:
    assert canonical(url) == ""


def test_a_plus_sign_in_an_account_is_one() -> None:
    url = PERMANENT.replace("MzA0000000AAA==", "MzA+000/00AAA==")
    found = identity_of(url)
    assert found is not None
    assert found.biz == "MzA+000/00AAA=="
    assert identity_of(canonical(url)) == found


@pytest.mark.parametrize(
    "parts", [("", "1", "1"), ("MzA0", "", "1"), ("MzA0", "x", "1"), ("MzA0'", "1", "1"), ("MzA0", "１", "1")]
)
def test_an_identity_with_an_odd_part_is_none(parts: tuple[str, str, str]) -> None:
    assert identity(*parts) is None


@given(st.text() | st.text().map(lambda tail: "https://mp.weixin.qq.com/s?" + tail))
def test_any_text_is_an_address_or_none(url: str) -> None:
    shown = canonical(url)
    assert shown == "" or (is_wechat(url) and canonical(shown) == shown)
