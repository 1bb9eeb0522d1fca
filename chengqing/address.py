"""Addresses and parameters of generic sources: whose host, which page, and what may be asked of it.

No social platform, no bridge to one, no channel that users write, no free query (design, Bounds 1, 2 and 7).
"""

import ipaddress
import re
from typing import Annotated
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import AfterValidator

from chengqing.fields import Secret, matching
from chengqing.secret import SecretRef
from nlp.text import normalise

# One label of a host is enough: weibo.cn, m.weibo.cn, tieba.baidu.com, mp.weixin.qq.com.
_SOCIAL_LABELS = frozenset(
    "weibo weixin wechat douyin tiktok toutiao xiaohongshu rednote zhihu tieba zhidao baijiahao bilibili kuaishou "
    "douban hupu tianya qzone okjike soulapp immomo twitter facebook instagram threads telegram whatsapp youtube "
    "reddit linkedin discord tumblr snapchat pinterest quora mastodon bsky dcard lihkg ptt rsshub werss wechat2rss "
    "wewe-rss we-mp-rss".split()
)
_SOCIAL_DOMAINS = (
    "qq.com t.cn x.com t.co fb.com fb.me t.me telegram.me youtu.be b23.tv xhslink.com iesdouyin.com amemv.com "
    "snssdk.com gifshow.com chenzhongtech.com redd.it lnkd.in vk.com line.me discord.gg sina.cn weico.cc"
).split()
_USERS_WORDS = ("问政", "爆料", "社区", "论坛", "圈子", "随手拍")
_USERS_TOKENS = frozenset("bbs forum forums luntan wenzheng baoliao shequ quanzi suishoupai ugc".split())
_SEARCH_TOKENS = frozenset("search sousuo query".split())
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]+")
_BRIDGE = re.compile(r"(?i)mp_wxs_|/(?:wechat|weixin|weibo|douyin|xiaohongshu|zhihu|tieba|bilibili|kuaishou)(?:/|$)")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

_EXCLUDED = {
    "is a free query; leave it out, queries are built from shipped hazards and county divisions alone": (
        "q query queries keyword keywords kw wd search searchword searchterm text term terms topic topics phrase match"
    ),
    "asks about a person or an account; leave it out, questions are asked about hazards, not about people": (
        "uid uids user users userid userids username account accounts accountid screenname nickname openid unionid "
        "follow follows authorid author member memberid mid fakeid"
    ),
    "is a place on the map; leave it out, places are the county divisions of the shipped list": (
        "lat lng lon latitude longitude coord coords coordinate coordinates geo geocode location point poi radius near "
        "nearby bbox area areacode adcode city citycode province provincecode"
    ),
    "is a header or a borrowed session; leave it out, no cookie and no authorization header is ever sent": (
        "cookie cookies header headers authorization auth useragent session sessionid login password passwd bearer"
    ),
    "is a way round a provider's limits; leave it out": "proxy proxies socks tor captcha",
}
_EXCLUDED_NAMES = {name: problem for problem, names in _EXCLUDED.items() for name in names.split()}
_SECRET_NAMES = frozenset("appkey appsecret secret token accesstoken apikey key sign signature ticket".split())


def excluded(name: str) -> str | None:
    """What is wrong with a setting or parameter of this name, and the remedy; None where no bound speaks of it."""
    return _EXCLUDED_NAMES.get(re.sub("[-_.]", "", name).lower())


def denied(host: str) -> bool:
    """Whether a host belongs to a social platform or to a bridge that logs in to one."""
    return not _SOCIAL_LABELS.isdisjoint(host.split(".")) or any(
        host == domain or host.endswith("." + domain) for domain in _SOCIAL_DOMAINS
    )


def host_of(url: str) -> str:
    """The host of a URL as it is looked up: lower case, ASCII, no final dot. Raises ValueError for none."""
    try:
        # Full-width letters and stops are folded here as a resolver folds them.
        return (_split(url).hostname or "").encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        raise ValueError("holds no sound host name; write the address as https://host/path") from None


def is_loopback(host: str) -> bool:
    """Whether the host is this machine: tests and the demo may read it over plain http."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - a bad port shows only when it is read
    except ValueError:
        raise ValueError("is no sound address; write it as https://host/path") from None
    return parts


def _address(url: str) -> str:
    if not re.fullmatch(r"[^\x00-\x20\x7f\\]{1,500}", url):
        raise ValueError("holds blanks, backslashes or more than 500 characters; write it as https://host/path")
    parts, host = _split(url), host_of(url)
    if "@" in parts.netloc:
        raise ValueError("holds a login before the host; leave it out, credentials go to secret_params")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError("must begin with https:// (plain http reaches this machine only); mend the address")
    if denied(host):
        raise ValueError("is a social platform's host or a bridge to one; name the publisher's own feed or list")
    if not is_loopback(host) and not _HOST.fullmatch(host):
        raise ValueError("must name the publisher's host in full, no bare number; mend the address")
    _check_path(unquote(parts.path))
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if problem := _param_problem(name, value):
            raise ValueError(f"a parameter in it {problem}")
    return url


def _check_path(path: str) -> None:
    if _BRIDGE.search(path):
        raise ValueError("has the shape of a bridge that logs in to a platform; name the publisher's own feed")
    tokens = set(re.split("[^a-z0-9]+", path.lower()))
    if tokens & _USERS_TOKENS or any(word in normalise(path) for word in _USERS_WORDS):
        raise ValueError("is a channel that users write; name an editorial channel")
    if tokens & _SEARCH_TOKENS:
        raise ValueError("asks a search page, a free query; name a feed or a list")


def _param_problem(name: str, value: str | int) -> str | None:
    if problem := excluded(name):
        return problem
    if re.sub("[-_.]", "", name).lower() in _SECRET_NAMES:
        return 'is a secret; move it to secret_params as "env:NAME" or "file:PATH"'
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9_.,:-]{0,80}", value.replace("{channel}", "")):
        return "is no plain value; letters, digits and {channel} alone, a free query is refused"
    return None


def _params(values: dict[str, str | int]) -> dict[str, str | int]:
    for name, value in values.items():
        if problem := _param_problem(name, value):
            raise ValueError(f"one of them {problem}")
    return values


def _secret_params(values: dict[str, SecretRef]) -> dict[str, SecretRef]:
    for name in values:
        if problem := excluded(name):
            raise ValueError(f"one of them {problem}")
    return values


def _channel(name: str) -> str:
    if not re.fullmatch(r"[\w.·-]{1,30}", name):
        raise ValueError("must be the id or name of one editorial channel, without blanks or signs; mend it")
    plain = re.sub(r"[\W_]", "", normalise(name))
    if plain in _USERS_TOKENS or any(word in plain for word in _USERS_WORDS):
        raise ValueError("is a channel that users write (问政, 爆料, 社区 …); name editorial channels alone")
    return name


Url = Annotated[str, AfterValidator(_address)]
Channel = Annotated[str, AfterValidator(_channel)]
Param = Annotated[
    str, matching(r"[A-Za-z_][A-Za-z0-9_.-]{0,40}", "must be the name of a parameter; letters, digits, _")
]
Params = Annotated[dict[Param, str | int], AfterValidator(_params)]
SecretParams = Annotated[dict[Param, Secret], AfterValidator(_secret_params)]
