"""Addresses and parameters of generic sources: whose host, which page, and what may be asked of it.

No social platform, no bridge to one, no channel that users write, no free query (design, Bounds 1, 2 and 7).
"""

import ipaddress
import re
from typing import Annotated
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import AfterValidator

from chengqing.fields import Secret, matching
from chengqing.messages import say
from chengqing.secret import SecretRef
from nlp.text import normalise
from spiders.channels import USERS_CHANNELS

# One label of a host is enough: weibo.cn, m.weibo.cn, tieba.baidu.com, mp.weixin.qq.com.
_SOCIAL_LABELS = frozenset(
    "weibo weixin wechat douyin tiktok toutiao xiaohongshu rednote zhihu tieba zhidao baijiahao bilibili kuaishou "
    "douban hupu tianya qzone okjike soulapp immomo twitter facebook instagram threads telegram whatsapp youtube "
    "reddit linkedin discord tumblr snapchat pinterest quora mastodon bsky dcard lihkg ptt medium substack jianshu "
    "lofter xueqiu maimai dingtalk feishu larksuite slack rsshub nitter werss wechat2rss wewe-rss we-mp-rss".split()
)
_SOCIAL_DOMAINS = (
    "qq.com t.cn x.com t.co fb.com fb.me t.me telegram.me youtu.be b23.tv xhslink.com iesdouyin.com amemv.com "
    "snssdk.com gifshow.com chenzhongtech.com redd.it lnkd.in vk.com line.me discord.gg sina.cn weico.cc"
).split()
_USERS_TOKENS = frozenset(
    "bbs forum forums luntan wenzheng baoliao shequ quanzi suishoupai liuyan tieba comments pinglun gentie ugc".split()
)
_USERS_PIECES = ("wenzheng", "baoliao", "luntan", "suishoupai", "liuyanban")
"""Words of users' channels that stand in no other word."""
_PERSON_PARTS = frozenset("u user users uid member members profile profiles author authors".split())
"""Parts of a path whose next part says whose page it is."""
_SEARCH_TOKENS = frozenset("search sousuo query".split())
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]+")
_BRIDGED = _SOCIAL_LABELS - {"medium", "slack", "threads"}
"""Parts of a path that name a platform, and nothing else in plain English."""

_EXCLUDED = {
    "excluded_query": (
        "q s query queries querystring keyword keywords kw wd word words search searchword searchterm text term terms "
        "topic topics hashtag phrase match"
    ),
    "excluded_person": (
        "uid uids user users userid userids username uname account accounts accountid screenname nick nickname openid "
        "unionid follow follows authorid author writer member memberid mid ids fakeid"
    ),
    "excluded_place": (
        "lat lng lon latitude longitude latlng latlon lnglat lonlat gps coord coords coordinate coordinates geo "
        "geocode location point poi radius near nearby bbox area areacode regioncode adcode city citycode province "
        "provincecode"
    ),
    "excluded_session": (
        "cookie cookies header headers authorization auth useragent session sessionid login password passwd bearer"
    ),
    "excluded_proxy": "proxy proxies socks tor captcha",
}
_EXCLUDED_NAMES = {name: problem for problem, names in _EXCLUDED.items() for name in names.split()}
_SECRET_NAMES = frozenset("appkey appsecret secret token accesstoken apikey key sign signature ticket".split())


def excluded(name: str) -> str | None:
    """What is wrong with a setting or parameter of this name, and the remedy; None where no bound speaks of it."""
    problem = _EXCLUDED_NAMES.get(re.sub("[-_.]", "", name).lower())
    return say(problem) if problem else None


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
        raise ValueError(say("url_no_host")) from None


def is_loopback(host: str) -> bool:
    """Whether the host is this machine: tests and the demo may read it over plain http."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def netloc_of(url: str) -> str:
    """The host of a URL, with its port where one is named: what is asked, and how often, is kept by it."""
    port = _split(url).port
    return f"{host_of(url)}:{port}" if port else host_of(url)


def _loopback(url: str) -> str:
    parts = _split(url)
    if not re.fullmatch(r"http://[^\s/?#@]+", url) or not is_loopback(parts.hostname or ""):
        raise ValueError(say("base_loopback"))
    return url


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - a bad port shows only when it is read
    except ValueError:
        raise ValueError(say("url_unsound")) from None
    return parts


def _address(url: str) -> str:
    if not re.fullmatch(r"[^\x00-\x20\x7f\\]{1,500}", url):
        raise ValueError(say("url_signs"))
    parts, host = _split(url), host_of(url)
    if "@" in parts.netloc:
        raise ValueError(say("url_login"))
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError(say("url_scheme"))
    if denied(host):
        raise ValueError(say("url_social"))
    if not is_loopback(host) and not _HOST.fullmatch(host):
        raise ValueError(say("url_host"))
    _check_path(unquote(parts.path))
    given = (parts.query, *unquote(parts.path).split(";")[1:])
    for name, value in (pair for text in given for pair in parse_qsl(text, keep_blank_values=True)):
        if problem := _param_problem(name, value):
            raise ValueError(say("url_param", problem=problem))
    return url


def _check_path(path: str) -> None:
    parts, plain = path.lower().split("/"), normalise(path)
    if any("mp_wxs_" in part or part in _BRIDGED or ("." in part and denied(part)) for part in parts):
        raise ValueError(say("url_bridge"))
    tokens = set(re.split("[^a-z0-9]+", path.lower()))
    if tokens & _USERS_TOKENS or _is_of_users(plain):
        raise ValueError(say("url_users"))
    if not _PERSON_PARTS.isdisjoint(parts[:-1]) or any(part.startswith("@") for part in parts):
        raise ValueError(say("excluded_person"))
    if tokens & _SEARCH_TOKENS:
        raise ValueError(say("url_search"))


def _is_of_users(plain: str) -> bool:
    return any(word in plain for word in (*USERS_CHANNELS, *_USERS_PIECES))


def _param_problem(name: str, value: str | int) -> str | None:
    if problem := excluded(name):
        return problem
    if re.sub("[-_.]", "", name).lower() in _SECRET_NAMES:
        return say("param_secret")
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z0-9_.,:-]{0,80}", value.replace("{channel}", "")):
        return say("param_value")
    if isinstance(value, str) and denied(value.lower()):
        return say("url_social")
    return None


def _params(values: dict[str, str | int]) -> dict[str, str | int]:
    for name, value in values.items():
        if problem := _param_problem(name, value):
            raise ValueError(say("params_one", problem=problem))
    return values


def _secret_params(values: dict[str, SecretRef]) -> dict[str, SecretRef]:
    for name in values:
        if problem := excluded(name):
            raise ValueError(say("params_one", problem=problem))
    return values


def _channel(name: str) -> str:
    if not re.fullmatch(r"[\w.·-]{1,30}", name):
        raise ValueError(say("channel_form"))
    plain = re.sub(r"[\W_]", "", normalise(name))
    if plain in _USERS_TOKENS or _is_of_users(plain):
        raise ValueError(say("channel_users"))
    return name


Url = Annotated[str, AfterValidator(_address)]
Base = Annotated[str, AfterValidator(_loopback)]
"""A stand-in on this machine in the place of an API's own host."""
Channel = Annotated[str, AfterValidator(_channel)]
Param = Annotated[str, matching(r"[A-Za-z_][A-Za-z0-9_.-]{0,40}", "param_name")]
Params = Annotated[dict[Param, str | int], AfterValidator(_params)]
SecretParams = Annotated[dict[Param, Secret], AfterValidator(_secret_params)]
