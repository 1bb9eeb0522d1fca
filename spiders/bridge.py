"""Feeds that are no publisher's own, but another program's copy of a social platform: recognised, and refused.

Such bridges log in by a scanned code, or fetch pages that are closed to programs (the sources' notes, B3): reading them
would be the same thing at one remove (design, Bound 1).
"""

import re
from collections.abc import Iterable
from typing import Literal
from urllib.parse import unquote

Sign = Literal["program", "path", "host"]
"""What gave a bridge away: the program that wrote it, a path of that program, a social platform's host."""

_PROGRAM = re.compile(r"(?i)we-?we-?rss|mp-?we-?rss|we-?mp-?rss|werss|rsshub|rss-?bridge|wechat2rss|feeddd")
_SIGNATURE = re.compile(r"(?i)(?:powered by|made with love by) rsshub")
_PATH = re.compile(r"(?i)/mp_wxs_")
_HOST = re.compile(r"\s*(?:[a-zA-Z][a-zA-Z0-9+.-]*:(?![0-9]))?(?://)?(?:[^/?#]*@)?([^/?#@:,\s]+)")
_SOCIAL = tuple(
    (
        ".weixin.qq.com .weixin.sogou.com "
        ".weibo.com .weibo.cn .weibo.com.cn .t.cn "
        ".douyin.com .iesdouyin.com .amemv.com "
        ".xiaohongshu.com .xhslink.com .xhslink.cn"
    ).split()
)
_LONGEST = 2048


class BridgeRefused(Exception):
    """A feed is a bridge and is not read. Says by which sign, and nothing of the feed."""

    def __init__(self, sign: Sign) -> None:
        super().__init__(sign)
        self.sign: Sign = sign


def refuse_programs(*, generators: Iterable[str] = (), descriptions: Iterable[str] = ()) -> None:
    """Raises BridgeRefused if a feed names such a program as what wrote it."""
    if any(_PROGRAM.search(name[:_LONGEST]) for name in generators):
        raise BridgeRefused("program")
    if any(_SIGNATURE.search(text[:_LONGEST]) for text in descriptions):
        raise BridgeRefused("program")


def refuse_addresses(own: str, addresses: Iterable[str]) -> None:
    """Raises BridgeRefused if the feed at ``own``, by its own addresses, is such a program's or a social platform's."""
    if lies_elsewhere(own, addresses):
        raise BridgeRefused("host")


def lies_elsewhere(own: str, addresses: Iterable[str]) -> bool:
    """Whether one of ``addresses`` in the feed at ``own`` is on a social platform.

    Raises BridgeRefused for a path of such a program: one is enough.
    """
    some = (own, *addresses)
    if any(_PATH.search(unquote(address[:_LONGEST])) for address in some):
        raise BridgeRefused("path")
    return not is_social(own) and any(map(is_social, some))


def is_social(address: str) -> bool:
    """Whether a link, or an id made of one (``tag:mp.weixin.qq.com,2026:…``), lies on a social platform's host."""
    found = _HOST.match(address[:_LONGEST])
    return found is not None and f".{_looked_up(found[1])}".endswith(_SOCIAL)


def _looked_up(host: str) -> str:
    """``host`` as a resolver folds it: lower case, full-width letters and stops in ASCII, no final dot."""
    if host.isascii():
        return host.lower().rstrip(".")
    try:
        return host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        return host.lower()
