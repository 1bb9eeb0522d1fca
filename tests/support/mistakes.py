"""Sources and desks that are good, and the mistakes by which one of them would turn the tool on people or elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.desk import publisher, timeline, wechat, weibo

STAND_IN = "http://127.0.0.1:8765"
"""Stands for the address of the server of whoever runs a test."""
VALUE = "pL4nt3dV4lue"
"""Stands in what is wrong, where it can; no message may repeat it."""
CODE = "11000000MBT0000116"
PERSON = "9990000001"
GOOD = {
    "feed": publisher("rss", f'list = {{ url = "{STAND_IN}/feed.rss" }}\n', id="demo"),
    "list": publisher(
        "json_list",
        'channels = ["C12"]\n'
        f'list = {{ url = "{STAND_IN}/list", params = {{ channelId = "{{channel}}", size = 20 }} }}\n'
        'items = "data[]"\nmap = { id = "id", url = "url", title = "title", published = "at" }\n'
        f'detail = {{ body = "article", url = "{STAND_IN}/article/{{id}}" }}\n',
        id="demo",
    ),
    "weibo": weibo(STAND_IN, id="demo"),
    "real": weibo(STAND_IN, id="demo")
    .replace(f'base = "{STAND_IN}"\n', "")
    .replace("delay = 0", "delay = 2")
    .replace("999901", "330106"),
    "timeline": timeline(STAND_IN, "云岫发布", id="demo"),
    "wechat": wechat(STAND_IN, id="demo"),
}
DESK = '[desk]\ncontact = "https://desk.example/about"\n'


@dataclass(frozen=True)
class Mistake:
    """What is changed in a good file: ``old`` becomes ``new``, or ``new`` is added as a last line where ``old`` is
    empty. ``kind`` "desk": in chengqing.toml. ``says``: a piece of the remedy."""

    kind: str
    old: str
    new: str
    field: str
    says: str
    desk: str = DESK

    def text(self, good: str) -> str:
        changed = good.replace(self.old, self.new) if self.old else f"{good}{self.new}\n"
        assert changed != good
        return changed


def added(kind: str, field: str, says: str, value: str = f'"{VALUE}"') -> Mistake:
    """A key too much."""
    return Mistake(kind, "", f"{field} = {value}", field, says)


def led(url: str, says: str) -> Mistake:
    """Another address of a feed, at a polite rate."""
    return Mistake("feed", f"{STAND_IN}/feed.rss", url, "list.url", says)


def param(given: str, says: str) -> Mistake:
    """A parameter of a list."""
    return Mistake("list", "size = 20", given, "list.params", says)


def based(url: str, says: str = "stand-in on this machine") -> Mistake:
    """Another base address of an API."""
    return Mistake("weibo", STAND_IN, url, "base", says)


def channel(name: str) -> Mistake:
    return Mistake("list", '"C12"', f'"{name}"', "channels[0]", "editorial")


def desk(text: str, field: str, says: str) -> Mistake:
    return Mistake("desk", "", text, field, says)


QUERY, PEOPLE, PLACE = "free query", "not about people", "county divisions"
SESSION, WAY, HOST = "no cookie and no authorization header", "leave it out", "publisher's own"
MISTAKES: Mapping[str, Mistake] = {
    # -- a question of one's own
    "query": added("weibo", "query", QUERY),
    "more words": added("weibo", "words", QUERY, f'["{VALUE}"]'),
    "terms": added("weibo", "terms", QUERY, f'["{VALUE}"]'),
    "search word of a list": param(f'Key-Word = "{VALUE}"', QUERY),
    "search word, dotted": param(f'"search.word" = "{VALUE}"', QUERY),
    "words as a value": param('tag = "某人 停水"', "no plain value"),
    "a value to be filled in": param('tag = "{q}"', "no plain value"),
    "a place to fill in": led(f"{STAND_IN}/{{q}}/feed.rss", "alone is filled in"),
    "search in the address": led(f"{STAND_IN}/f?s={VALUE}", QUERY),
    "search page": led(f"{STAND_IN}/sousuo/{VALUE}", QUERY),
    "a name for a hazard": Mistake("weibo", '"water-supply"', '"欧阳建国"', "hazards[0]", "name one of them"),
    "a hazard outside the scopes": Mistake(
        "weibo",
        '["water-supply"]',
        '["seafood-fish"]',
        "hazards[0]",
        "outside the desk's",
        f'scopes = ["health"]\n{DESK}',
    ),
    # -- people
    "uid of a search": added("weibo", "uid", PEOPLE, PERSON),
    "ids of a search": added("weibo", "ids", PEOPLE, f'["{PERSON}"]'),
    "ids of a list": param(f'ids = "{PERSON}"', PEOPLE),
    "account of a timeline": added("timeline", "screen_name", PEOPLE),
    "uid of a timeline": Mistake("timeline", 'outlet = "云岫发布"', f'outlet = "{PERSON}"', "outlet", "no number"),
    "uid in full width": Mistake(
        "timeline", '"云岫发布"\ntoken', '"９９９００００００１"\ntoken', "outlet", "no number"
    ),
    "an account without a name": Mistake(
        "timeline", '"云岫发布"\ntoken', f'"用户{PERSON}"\ntoken', "outlet", "no number"
    ),
    "somebody at": Mistake("timeline", '"云岫发布"\ntoken', f'"@{VALUE}"\ntoken', "outlet", "without @"),
    "several accounts": Mistake("timeline", '"云岫发布"\ntoken', f'["{VALUE}"]\ntoken', "outlet", "text in quotes"),
    "uid in a path": led(f"{STAND_IN}/u/{PERSON}/feed.rss", PEOPLE),
    "user in a path, escaped": led(f"{STAND_IN}/%75ser/{VALUE}/feed.rss", PEOPLE),
    "author in a path": led(f"{STAND_IN}/author/{VALUE}/feed.rss", PEOPLE),
    "somebody at, in a path": led(f"{STAND_IN}/@{VALUE}/feed.rss", PEOPLE),
    "uid behind a semicolon": led(f"{STAND_IN}/feed.rss;uid={PERSON}", PEOPLE),
    "author of a list": param(f'authorId = "{VALUE}"', PEOPLE),
    "author in a map": Mistake("list", 'title = "title"', 'title = "title", author = "creator"', "map.author", PEOPLE),
    "openid as a secret": Mistake(
        "list", "size = 20 }", 'size = 20 }, secret_params = { openid = "env:STAND_IN" }', "list.secret_params", PEOPLE
    ),
    # -- places on the map
    "coordinates": added("weibo", "coordinates", PLACE, "[31.2, 121.4]"),
    "coordinates of a list": param('lnglat = "31.2,121.4"', PLACE),
    "radius": param("radius = 500", PLACE),
    "area code": added("weibo", "area_code", PLACE, "33"),
    "city": added("weibo", "city", PLACE, "1"),
    "a prefecture": Mistake("weibo", '"999901"', '"330100"', "divisions[0]", "county-level"),
    "a street": Mistake("weibo", '"999901"', '"柳渡街道"', "divisions[0]", "county-level"),
    "a county that is invented": Mistake("real", "330106", "999901", "divisions", "county-level"),
    # -- who is an organisation
    "no organisation": Mistake("timeline", "organisation", "# organisation", "organisation", "add it"),
    "no credit code": Mistake("timeline", f', credit_code = "{CODE}"', "", "organisation.credit_code", "add it"),
    "wrong check digit": Mistake("feed", CODE, f"{CODE[:-1]}5", "organisation.credit_code", "GB 32100"),
    "a self-employed person": Mistake("feed", CODE, "92000000MBT000900R", "organisation.credit_code", "one-person"),
    "a code of zeros": Mistake("feed", CODE, "0" * 18, "organisation.credit_code", "GB 32100"),
    "a code of the past": Mistake("feed", CODE, "110000001234567", "organisation.credit_code", "GB 32100"),
    # -- whose host
    "weibo": led("https://weibo.com/feed", HOST),
    "weibo on the phone": led("https://m.weibo.cn/feed", HOST),
    "weibo in full width": led("https://ｗｅｉｂｏ。ｃｏｍ/feed", HOST),
    "weibo with a final dot": led("https://WEIBO.com./feed", HOST),
    "weibo with an invisible sign": led("https://wei\u200bbo.com/feed", HOST),
    "weibo with a port": led("https://weibo.com:443/feed", HOST),
    "weibo behind a name": led("https://news.example@weibo.com/feed", "login before the host"),
    "a name before the host": led(f"https://me:{VALUE}@news.example/feed", "login before the host"),
    "wechat's pages": led("https://mp.weixin.qq.com/s?__biz=MzA0000000AAA==", HOST),
    "wechat's search": led("https://weixin.sogou.com/weixin", HOST),
    "douyin": led("https://www.douyin.com/feed", HOST),
    "xiaohongshu": led("https://www.xiaohongshu.com/feed", HOST),
    "tieba": led("https://tieba.baidu.com/feed", HOST),
    "groups of an office": led("https://oapi.dingtalk.com/feed", HOST),
    "a public bridge": led("https://rsshub.app/feed", HOST),
    "a bridge by its route": led(f"{STAND_IN}/weibo/user/{PERSON}", "logs in"),
    "a bridge to the other side": led(f"{STAND_IN}/telegram/channel/{VALUE}", "logs in"),
    "a bridge by an address in it": led(f"{STAND_IN}/https://weibo.com/{PERSON}", "logs in"),
    "a bridge by a parameter": param('site = "m.weibo.cn"', HOST),
    "a bridge by scanned code": led(f"{STAND_IN}/feeds/MP_WXS_3000000001.rss", "logs in"),
    "pages on a platform": Mistake("list", f"{STAND_IN}/article/", "https://www.zhihu.com/", "detail.url", HOST),
    "a number for a host": led("https://10.0.0.1/feed", "in full"),
    "a name like this machine's": led("http://localhost.evil.example/feed", "https://"),
    "a file": led("file:///etc/passwd", "https://"),
    # -- a base address that is elsewhere
    "base in the office": based("http://10.0.0.1"),
    "base of another": based("http://127.0.0.1.evil.example"),
    "base by https": based("https://localhost"),
    "base in six": based("http://[::ffff:10.0.0.1]"),
    "base behind a name": based("http://127.0.0.1@evil.example"),
    "base with a path": based("http://127.0.0.1:80/@evil.example"),
    "base that is anywhere": based("http://0.0.0.0:80"),
    "base of wechat": Mistake("wechat", STAND_IN, "http://api.weixin.qq.com", "base", "stand-in on this machine"),
    "base of a feed": added("feed", "base", "leave it out", f'"{STAND_IN}"'),
    # -- sessions and ways around
    "cookie": added("feed", "cookie", SESSION),
    "cookies of an API": added("weibo", "cookies", SESSION),
    "headers": added("list", "headers", SESSION, f'{{ Authorization = "{VALUE}" }}'),
    "user agent": Mistake("feed", "delay = 0", f'delay = 0, user_agent = "{VALUE}"', "politeness.user_agent", SESSION),
    "session in the address": led(f"{STAND_IN}/feed.rss;session={VALUE}", SESSION),
    "proxy": added("weibo", "proxy", WAY),
    "captcha": added("wechat", "captcha", WAY),
    # -- what users write
    "questions to the office": channel("网络问政"),
    "questions, with a mark": channel("问-政"),
    "tips": channel("百姓爆料台"),
    "complaints": channel("投诉直通车"),
    "complaints, shown": channel("曝光台"),
    "the people's voice": channel("民声热线"),
    "neighbours, in old signs": channel("社區"),
    "forum, in wide letters": channel("ＢＢＳ"),
    "questions, by sound": channel("WenZhengPingTai"),
    "letters to the leaders": channel("领导留言板"),
    "comments": led(f"{STAND_IN}/comments/feed.rss", "users write"),
    # -- longer, lower, faster
    "longer epoch": desk("[epoch]\ndays = 12", "epoch.days", "shortened, not made longer"),
    "lower floor": desk("[floor]\naccounts = 4", "floor.accounts", "raised, not lowered"),
    "longer pending": desk("[retention]\npending_hours = 73", "retention.pending_hours", "shortened, not made longer"),
    "a subject of one's own": Mistake("desk", "[desk]", f'scopes = ["{VALUE}"]\n[desk]', "scopes[0]", "'health'"),
    "hours that end first": Mistake(
        "feed", "delay = 0", 'active_hours = "23-06", delay = 0', "politeness.active_hours", "earlier"
    ),
    "no hours": Mistake(
        "feed", "delay = 0", f'active_hours = "{VALUE}", delay = 0', "politeness.active_hours", "06-23"
    ),
    "too fast": Mistake("real", "delay = 2", "delay = 1", "politeness.delay", "at least 2"),
    "too often": Mistake("feed", "poll_minutes = 15", "poll_minutes = 1", "politeness.poll_minutes", "from 5"),
    # -- secrets and kinds
    "token in clear": Mistake("weibo", "env:STAND_IN", VALUE, "token", "never stands in a configuration"),
    "secret in clear": Mistake("wechat", 'secret = "env:STAND_IN"', f'secret = "{VALUE}"', "secret", "never stands"),
    "key in the address": led(f"{STAND_IN}/feed.rss?appkey={VALUE}", "secret_params"),
    "comments of statuses": Mistake("weibo", '"weibo_search"', '"weibo_comments"', "kind", "write one of"),
    "pages of anybody": Mistake("feed", '"rss"', '"wechat_page"', "kind", "write one of"),
}
