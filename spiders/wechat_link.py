"""Addresses of WeChat articles: which article one names, and the form of it that may be shown.

From the sources' notes, B2: the permanent address is ``__biz``, ``mid``, ``idx``, ``sn``; everything else tracks a
reader or is a session's secret. Short addresses (``/s/TOKEN``) stay as they are, temporary ones are never shown.
"""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

_ALIASES = {"appmsgid": "mid", "itemidx": "idx", "sign": "sn"}
_PATHS = ("/s", "/mp/appmsg/show")
_SECRETS = frozenset(("key", "uin", "pass_ticket"))
_TOKEN = re.compile(r"/s/[0-9A-Za-z_-]{8,64}")
_BIZ = re.compile(r"[0-9A-Za-z+/]{4,40}={0,2}")
_NUMBER = re.compile(r"[0-9]{1,16}")
_SN = re.compile(r"[0-9a-f]{8,64}")


class Identity(NamedTuple):
    """What names an article for good: the account, the message, the place in it."""

    biz: str
    mid: str
    idx: str

    @property
    def key(self) -> str:
        """The article's key, the same for every address of it."""
        return f"wx:{self.biz}:{self.mid}:{self.idx}"


def is_wechat(url: str) -> bool:
    """Whether ``url`` is on the host of WeChat's articles."""
    return _split(url) is not None


def identity(biz: str, mid: str, idx: str) -> Identity | None:
    """The identity these three make, or None when one of them can't be right."""
    sound = _BIZ.fullmatch(biz) and _NUMBER.fullmatch(mid) and _NUMBER.fullmatch(idx)
    return Identity(biz, str(int(mid)), str(int(idx))) if sound else None


def identity_of(url: str) -> Identity | None:
    """The identity in a permanent address; None for a short, temporary or foreign one."""
    parts = _split(url)
    if parts is None or parts.path not in _PATHS:
        return None
    given = _given(parts)
    return identity(given.get("__biz", ""), given.get("mid", ""), given.get("idx", ""))


def canonical(url: str) -> str:
    """The permanent form of an article's address; empty for a temporary or foreign one, or one that holds a secret."""
    parts = _split(url)
    if parts is None or _SECRETS & {name.lower() for name, _ in _pairs(parts)}:
        return ""
    if _TOKEN.fullmatch(parts.path):
        return f"https://mp.weixin.qq.com{parts.path}"
    found, sn = identity_of(url), _given(parts).get("sn", "")
    if found is None or not _SN.fullmatch(sn):
        return ""
    return permanent(found, sn)


def permanent(article: Identity, sn: str) -> str:
    """The permanent address of an article; ``sn`` is its checksum."""
    biz = quote(article.biz, safe="=/")
    return f"https://mp.weixin.qq.com/s?__biz={biz}&mid={article.mid}&idx={article.idx}&sn={sn}"


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url.strip().replace("&amp;", "&"))
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.netloc.lower() == "mp.weixin.qq.com" else None


def _pairs(parts: SplitResult) -> list[tuple[str, str]]:
    """Every parameter of the address, the fragment's among them; a plus sign is one, as in base 64."""
    joined = "&".join((parts.query, parts.fragment.partition("?")[2] or parts.fragment)).replace("+", "%2B")
    return parse_qsl(joined, keep_blank_values=True)


def _given(parts: SplitResult) -> dict[str, str]:
    """The parameters that name an article, under their usual names; the first of each counts."""
    given: dict[str, str] = {}
    for name, value in _pairs(parts):
        given.setdefault(_ALIASES.get(name, name), value)
    return given
