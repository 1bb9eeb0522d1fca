"""The configuration is refused whole, with file, line, field and remedy, and never with the value that stood there."""

import os
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from stdnum.cn import uscc

from chengqing.address import denied
from chengqing.config import Config, ConfigError, load_config
from chengqing.secret import SecretError, SecretRef
from chengqing.starter import write_starter

PLANTED = "s3cr3tV4lue"
"""A value that no message may repeat."""
CODE = "12000000MBT0009002"
"""The credit code of a body that does not exist: no place has the division 000000."""

COMMON = f"""
access_basis = "publisher_consent"
basis_note = "函〔示例〕1号"
valid_until = 2027-12-31
may_store = true
organisation = {{ name = "示例县融媒体中心", credit_code = "{CODE}" }}
"""
FEED = (
    '[source.demo]\nkind = "rss"'
    + COMMON
    + """channels = ["C12"]
list = { url = "https://news.example/{channel}/feed.xml" }
detail = { body = "article .content" }
politeness = { delay = 5 }
"""
)
LIST = (
    '[source.demo]\nkind = "json_list"'
    + COMMON
    + """channels = ["C12"]
list = { url = "http://127.0.0.1:8765/openapi/v2/channel_article/list", params = { channelId = "{channel}", size = 20 }, secret_params = { appkey = "env:DEMO_APPKEY" }, ok = "code == `0`" }
paging = { type = "page", param = "current", start = 1, total_pages = "data.articleList.pages", max_pages = 10 }
items = "data.articleList.records[]"
map = { id = "to_string(id)", url = "url", title = "listTitle", published = "publishedAt", updated = "updatedAt", dedupe = "to_string(originalId)" }
detail = { url = "http://127.0.0.1:8765/article/{id}", body = "article .content", drop = [".rec", ".editor"] }
dates = { tz = "Asia/Shanghai", formats = ["%Y-%m-%d %H:%M:%S", "epoch_ms", "rel_zh"] }
window = { field = "updated", overlap_minutes = 120, max_age_days = 7 }
politeness = { delay = 5, poll_minutes = 15, daily_requests = 500, active_hours = "06-23" }
"""  # noqa: E501 - an inline table is one line in TOML
)
HTML = (
    '[source.demo]\nkind = "html_list"'
    + COMMON
    + """list = { url = "https://www.example/art/index_1.html" }
items = "ul.list > li"
map = { url = "a::attr(href)", title = "./a/@title", published = ".date::text" }
detail = { body = "#zoom" }
"""
)
WEIBO = """[source.demo]
kind = "weibo_search"
access_basis = "official_api"
basis_note = "合同〔示例〕2号"
valid_until = 2027-12-31
may_store = true
hazards = ["food_drug", "water-supply"]
divisions = ["330106"]
token = "env:DEMO_TOKEN"
"""
WECHAT = f"""[source.demo]
kind = "wechat_account"
access_basis = "own_account"
basis_note = "本单位"
valid_until = 2027-12-31
may_store = true
organisation = {{ name = "示例县发布", credit_code = "{CODE}" }}
appid = "env:DEMO_APPID"
secret = "file:wechat-secret"
"""
FILES = '[source.demo]\nkind = "contract_files"' + COMMON + 'formats = ["wechat-html"]\nbiz = ["MzA0000000AAA=="]\n'
DESK = 'regions = []\n[desk]\ncontact = "https://desk.example/about"\n'


def load(folder: Path, desk: str = DESK, **sources: str) -> Config:
    """Write a desk's file and its sources into ``folder``, and load them."""
    (folder / "chengqing.toml").write_text(desk, encoding="utf-8")
    (folder / "sources").mkdir(exist_ok=True)
    for name, text in sources.items():
        (folder / "sources" / f"{name}.toml").write_text(text, encoding="utf-8")
    return load_config(folder)


def refusal(folder: Path, desk: str = DESK, **sources: str) -> str:
    """The message of the refusal; nothing of the error, printed in full, holds the planted value."""
    with pytest.raises(ConfigError) as caught:
        load(folder, desk, **sources)
    whole = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
    assert PLANTED not in whole
    assert caught.value.__context__ is None or PLANTED not in str(caught.value.__context__.__dict__)
    return str(caught.value)


def line_of(text: str, piece: str) -> int:
    return next(number for number, line in enumerate(text.split("\n"), 1) if piece in line)


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remedies are looked for by their English words."""
    monkeypatch.setenv("CHENGQING_LANG", "en")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every credential that the good sources name by variable."""
    for name in ("DEMO_APPKEY", "DEMO_TOKEN", "DEMO_APPID"):
        monkeypatch.setenv(name, PLANTED)


# -- what is right ---------------------------------------------------------------------------------


def test_nothing_there_means_defaults(tmp_path: Path) -> None:
    """Every setting may be left out, and so may the file."""
    config = load_config(tmp_path)
    assert (config.floor, config.epoch_days, config.retention.pending_hours, config.retention.claim_days) == (
        5,
        11,
        72,
        90,
    )
    assert (config.regions, dict(config.sources), config.path, config.database) == ((), {}, None, None)
    assert (config.keys, config.log_level, len(config.scopes)) == (tmp_path / "keys", "info", 5)


def test_every_setting_is_read(tmp_path: Path) -> None:
    """Paths are relative to the file that names them, not to where the program was started."""
    (tmp_path / "r.toml").write_text('name = "示例区"\nstreets = ["示例街道"]\n', encoding="utf-8")
    config = load(
        tmp_path,
        'regions = ["r.toml"]\nscopes = ["health", "disaster"]\n'
        f'[desk]\nname = "示例台"\ncontact = "desk@desk.example"\n'
        f'organisation = {{ name = "示例", credit_code = "{CODE}" }}\n'
        "[floor]\naccounts = 7\n[epoch]\ndays = 3\n[retention]\npending_hours = 24\nclaim_days = 30\n"
        '[database]\nurl = "postgresql://desk@db.example/claims"\n[keys]\ndirectory = "k"\n[log]\nlevel = "debug"\n',
    )
    assert config.regions == (tmp_path / "r.toml",) and config.scopes == ("health", "disaster")
    assert (config.desk.name, config.floor, config.epoch_days) == ("示例台", 7, 3)
    assert (config.retention.pending_hours, config.retention.claim_days) == (24, 30)
    assert (config.keys, config.log_level) == (tmp_path / "k", "debug")
    assert config.database == "postgresql://desk@db.example/claims"


def test_an_explicit_file_brings_its_own_sources(tmp_path: Path) -> None:
    """``--config`` elsewhere: sources lie beside that file, keys stay in the data directory."""
    other = tmp_path / "etc"
    other.mkdir()
    load(other, f=FILES)
    config = load_config(tmp_path / "data", other / "chengqing.toml")
    assert list(config.sources) == ["demo"] and config.keys == tmp_path / "data" / "keys"
    with pytest.raises(ConfigError, match=r"none\.toml: can't be read .*check the name"):
        load_config(tmp_path, tmp_path / "none.toml")


@pytest.mark.parametrize(
    "text", [FEED, LIST, HTML, WEIBO, WECHAT, FILES], ids="feed list html weibo wechat files".split()
)
def test_good_sources_are_in_use(tmp_path: Path, text: str) -> None:
    """Each kind, with basis and credentials, is in use until its basis ends."""
    secret = tmp_path / "sources" / "wechat-secret"
    secret.parent.mkdir()
    secret.write_text(PLANTED + "\n", encoding="utf-8")
    secret.chmod(0o600)
    config = load(tmp_path, f=text)
    source = config.sources["demo"]
    assert source.disabled is None and source.id == "demo" and source.basis.endswith(("号", "本单位"))
    assert source.stores(date(2027, 12, 31)) and not source.expired(date(2027, 12, 31))
    assert source.expired(date(2028, 1, 1)) and not source.stores(date(2028, 1, 1))
    assert source.formats == (("wechat-html",) if text is FILES else ())
    assert PLANTED not in repr(config) + str(config)
    assert all(ref is not None and ref.read() == PLANTED for ref in source.secrets().values())


def test_may_store_false_counts_only(tmp_path: Path) -> None:
    """In use, but no text may be kept; leaving the setting out means the same."""
    for text in (FILES.replace("may_store = true", "may_store = false"), FILES.replace("may_store = true", "")):
        source = load(tmp_path, f=text).sources["demo"]
        assert source.disabled is None and not source.stores(date(2026, 1, 1))


def _without(text: str, start: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.startswith(start))


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        (_without(LIST, "access_basis"), "access_basis is missing"),
        (_without(LIST, "basis_note"), "basis_note is missing"),
        (LIST.replace("函〔示例〕1号", "  "), "basis_note is missing"),
        (_without(LIST, "valid_until"), "valid_until is missing"),
        (LIST.replace("DEMO_APPKEY", "NOT_THERE"), "env:NOT_THERE is not set; export it"),
        (_without(WEIBO, "token"), "token is missing"),
        (_without(WECHAT, "appid"), "appid is missing"),
        (WECHAT, "wechat-secret can't be read"),
    ],
)
def test_disabled_without_basis_or_credentials(tmp_path: Path, text: str, lacks: str) -> None:
    """Not a mistake: the source waits, says for what, and stores nothing meanwhile."""
    source = load(tmp_path, f=text).sources["demo"]
    assert lacks in str(source.disabled) and not source.stores(date(2026, 1, 1))


def test_an_open_feed_needs_no_end(tmp_path: Path) -> None:
    """A published feed has no contract that could end."""
    text = _without(FEED, "valid_until").replace("publisher_consent", "open_feed")
    assert load(tmp_path, f=text).sources["demo"].disabled is None


def test_nothing_is_fetched_without_a_contact(tmp_path: Path) -> None:
    """The User-Agent is truthful or there is no request; files need none."""
    assert "desk.contact" in str(load(tmp_path, "", f=FEED).sources["demo"].disabled)
    assert load(tmp_path, "", f=FILES).sources["demo"].disabled is None


# -- what is refused: one bad case a mistake ---------------------------------------------------------

DESK_MISTAKES = {
    "unknown table": ("[flor]\naccounts = 5", "flor", "flor", "did you mean floor"),
    "unknown key": ("[floor]\nacounts = 5", "acounts", "floor.acounts", "did you mean accounts"),
    "key below its table": ("[log]\nregions = []", "regions", "log.regions", "above the first [table]"),
    "wrong type": (f'[floor]\naccounts = "{PLANTED}"', "accounts", "floor.accounts", "whole number"),
    "truth for a number": ("[floor]\naccounts = true", "accounts", "floor.accounts", "whole number"),
    "value for a table": (f'floor = "{PLANTED}"', "floor", "floor", "must be a table"),
    "lowered floor": ("[floor]\naccounts = 4", "accounts", "floor.accounts", "raised, not lowered"),
    "floor above bins": ("[floor]\naccounts = 64", "accounts", "floor.accounts", "from 5 to 63"),
    "longer epoch": ("[epoch]\ndays = 12", "days", "epoch.days", "shortened, not made longer"),
    "no epoch": ("[epoch]\ndays = 0", "days", "epoch.days", "from 1 to 11"),
    "longer pending": ("[retention]\npending_hours = 73", "pending", "retention.pending_hours", "from 1 to 72"),
    "longer claims": ("[retention]\nclaim_days = 91", "claim", "retention.claim_days", "from 1 to 90"),
    "unknown scope": (f'scopes = ["{PLANTED}"]', "scopes", "scopes[0]", "must be one of: 'health'"),
    "no scope": ("scopes = []", "scopes", "scopes", "at least one"),
    "scope twice": ('scopes = ["health", "health"]', "scopes", "scopes", "none twice"),
    "region not there": (f'regions = ["{PLANTED}.toml"]', "regions", "regions[0]", "is not there"),
    "contact without address": (f'[desk]\ncontact = "{PLANTED}"', "contact", "desk.contact", "e-mail address"),
    "contact with a login": (
        f'[desk]\ncontact = "https://me:{PLANTED}@x.example"',
        "contact",
        "desk.contact",
        "a page",
    ),
    "wrong credit code": (
        f'[desk]\norganisation = {{ name = "示例", credit_code = "{CODE[:-1]}3" }}',
        "organisation",
        "desk.organisation.credit_code",
        "check digit",
    ),
    "database password": (
        f'[database]\nurl = "postgresql://desk:{PLANTED}@db.example/claims"',
        "url",
        "database.url",
        'write "env:NAME"',
    ),
    "database password as a parameter": (
        f'[database]\nurl = "postgresql://db.example/claims?password={PLANTED}"',
        "url",
        "database.url",
        "password in clear",
    ),
    "other database": (f'[database]\nurl = "mysql://db.example/{PLANTED}"', "url", "database.url", "use one of"),
    "no database": (f'[database]\nurl = "{PLANTED}"', "url", "database.url", "write sqlite"),
    "secret by a small name": (f'[database]\nurl = "env:{PLANTED}"', "url", "database.url", "capitals"),
    "unknown level": (f'[log]\nlevel = "{PLANTED}"', "level", "log.level", "must be one of: 'error'"),
    "coordinates": ("[desk]\nlatitude = 30", "latitude", "desk.latitude", "county divisions"),
    "proxy": (f'[desk]\nproxy = "{PLANTED}"', "proxy", "desk.proxy", "leave it out"),
}


@pytest.mark.parametrize("mistake", DESK_MISTAKES)
def test_desk_mistake(tmp_path: Path, mistake: str) -> None:
    """A mistake in chengqing.toml names the file, the line, the field and what to do."""
    text, piece, field, remedy = DESK_MISTAKES[mistake]
    message = refusal(tmp_path, text)
    assert message.startswith(f"{tmp_path}/chengqing.toml:{line_of(text, piece)}: {field}: ")
    assert remedy in message and ";" in message
    assert message.count("\n") == 0


URL = "https://news.example/{channel}/feed.xml"


def url(address: str) -> Callable[[str], str]:
    return lambda text: text.replace(URL, address)


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def add(line: str) -> Callable[[str], str]:
    return lambda text: text.rstrip("\n") + f"\n{line}\n"


# mistake: (good source, how to spoil it, field, words of the remedy)
SOURCE_MISTAKES: dict[str, tuple[str, Callable[[str], str], str, str]] = {
    "unknown kind": (FEED, swap('"rss"', f'"{PLANTED}"'), "kind", "rss, atom, jsonfeed"),
    "no kind": (FEED, swap('kind = "rss"', ""), "kind", "missing or unknown"),
    "own id": (FEED, add(f'id = "{PLANTED}"'), "id", "leave it out"),
    "unknown key": (FEED, add(f'politness = "{PLANTED}"'), "politness", "did you mean politeness"),
    "unknown key in a table": (FEED, swap("delay = 5", f'dely = "{PLANTED}"'), "politeness.dely", "did you mean delay"),
    "wrong type": (FEED, swap("may_store = true", f'may_store = "{PLANTED}"'), "may_store", "true or false"),
    "date in quotes": (FEED, swap("2027-12-31", f'"{PLANTED}"'), "valid_until", "without quotes, as 2027-12-31"),
    "time for a date": (FEED, swap("2027-12-31", "2027-12-31T08:00:00"), "valid_until", "without quotes"),
    "text for a list": (FEED, swap('["C12"]', f'"{PLANTED}"'), "channels", "a list in [ ]"),
    "other basis": (FEED, swap("publisher_consent", "own_account"), "access_basis", "must be one of"),
    "query": (WEIBO, add(f'query = "{PLANTED}"'), "query", "free query"),
    "keywords": (WEIBO, add(f'keywords = ["{PLANTED}"]'), "keywords", "shipped hazards"),
    "account id": (WEIBO, add("uid = 9990000001"), "uid", "not about people"),
    "account list": (WEIBO, add('screen_name = ["示例用户甲"]'), "screen_name", "not about people"),
    "coordinates": (WEIBO, add("coordinates = [30.2, 120.1]"), "coordinates", "county divisions"),
    "area code": (WEIBO, add("area_code = 33"), "area_code", "county divisions"),
    "cookie": (FEED, add(f'cookie = "{PLANTED}"'), "cookie", "no cookie"),
    "header": (FEED, add(f'headers = {{ Authorization = "{PLANTED}" }}'), "headers", "no authorization header"),
    "unknown hazard": (WEIBO, swap("water-supply", PLANTED), "hazards[1]", "name one of them"),
    "no hazard": (WEIBO, swap('["food_drug", "water-supply"]', "[]"), "hazards", "at least one"),
    "hazards missing": (WEIBO, swap('hazards = ["food_drug", "water-supply"]', ""), "hazards", "add it"),
    "number for a division": (WEIBO, swap('"330106"', "330106"), "divisions[0]", "text in quotes"),
    "prefecture": (WEIBO, swap("330106", "330100"), "divisions[0]", "six digits"),
    "districts of a prefecture": (WEIBO, swap("330106", "330101"), "divisions[0]", "county-level"),
    "division of the past": (WEIBO, swap("330106", "110103"), "divisions[0]", "county-level"),
    "no division at all": (WEIBO, swap("330106", "９９0106"), "divisions[0]", "county-level"),
    "token in clear": (WEIBO, swap("env:DEMO_TOKEN", PLANTED), "token", 'write "env:NAME"'),
    "token that is a number": (WEIBO, swap('"env:DEMO_TOKEN"', "12345678"), "token", 'write "env:NAME"'),
    "secret in clear": (WECHAT, swap("file:wechat-secret", PLANTED), "secret", "never stands in a configuration"),
    "secret parameter in clear": (
        LIST,
        swap("env:DEMO_APPKEY", PLANTED),
        "list.secret_params.appkey",
        "never stands in a configuration",
    ),
    "secret among the parameters": (LIST, swap("size = 20", f'appkey = "{PLANTED}"'), "list.params", "secret_params"),
    "secret in the address": (FEED, url(f"https://news.example/f?token={PLANTED}"), "list.url", "secret_params"),
    "login in the address": (FEED, url(f"https://me:{PLANTED}@news.example/f"), "list.url", "secret_params"),
    "query among the parameters": (LIST, swap("size = 20", f'q = "{PLANTED}"'), "list.params", "free query"),
    "words for a value": (LIST, swap("size = 20", 'tag = "某某 停水"'), "list.params", "no plain value"),
    "query in the address": (FEED, url(f"https://news.example/f?wd={PLANTED}"), "list.url", "free query"),
    "search page": (FEED, url(f"https://news.example/search/{PLANTED}"), "list.url", "free query"),
    "account in the address": (FEED, url("https://news.example/f?uid=9990000001"), "list.url", "not about people"),
    "cookie as a secret": (LIST, swap("appkey =", "Cookie ="), "list.secret_params", "no cookie"),
    "plain http": (FEED, url("http://news.example/f"), "list.url", "https://"),
    "local file": (FEED, url("file:///etc/passwd"), "list.url", "https://"),
    "bare number": (FEED, url("https://203.0.113.7/f"), "list.url", "in full"),
    "host from a channel": (FEED, url("https://{channel}/feed.xml"), "list.url", "host"),
    "blank in the address": (FEED, url("https://news.example/a b"), "list.url", "blanks"),
    "bad port": (FEED, url("https://news.example:99999/f"), "list.url", "no sound address"),
    "weibo": (FEED, url("https://weibo.com/f"), "list.url", "publisher's own"),
    "weibo on the phone": (FEED, url("https://M.Weibo.CN/f"), "list.url", "publisher's own"),
    "weibo with a final dot": (FEED, url("https://weibo.com./f"), "list.url", "publisher's own"),
    "weibo in full width": (FEED, url("https://ｗｅｉｂｏ。ｃｏｍ/f"), "list.url", "publisher's own"),
    "wechat page": (FEED, url("https://mp.weixin.qq.com/s/abc"), "list.url", "publisher's own"),
    "detail on a platform": (
        FEED,
        swap("body =", 'url = "https://www.douyin.com/{id}", body ='),
        "detail.url",
        "publisher's own",
    ),
    "bridge": (FEED, url("https://feeds.example/feeds/MP_WXS_3000000001.rss"), "list.url", "logs in"),
    "bridge at home": (FEED, url("http://localhost:4000/feeds/mp%5Fwxs_1.rss"), "list.url", "logs in"),
    "bridge by route": (FEED, url("https://feeds.example/weibo/user/9990000001"), "list.url", "logs in"),
    "users' channel": (FEED, swap('"C12"', '"网络问政"'), "channels[0]", "editorial"),
    "users' channel in other signs": (FEED, swap('"C12"', '"爆-料"'), "channels[0]", "editorial"),
    "users' channel in old signs": (FEED, swap('"C12"', '"社區"'), "channels[0]", "editorial"),
    "forum by address": (FEED, url("https://bbs.news.example/bbs/{channel}"), "list.url", "users write"),
    "users' words in the address": (
        FEED,
        url("https://news.example/%E9%9A%8F%E6%89%8B%E6%8B%8D/f"),
        "list.url",
        "users",
    ),
    "sentence for a channel": (FEED, swap('"C12"', f'"{PLANTED} {PLANTED}"'), "channels[0]", "without blanks"),
    "channel twice": (FEED, swap('["C12"]', '["C12", "C12"]'), "channels", "none twice"),
    "channel nowhere used": (FEED, url("https://news.example/f"), "channels", "{channel}"),
    "channel not named": (FEED, swap('channels = ["C12"]', ""), "channels", "name the editorial channels"),
    "unknown placeholder": (FEED, url("https://news.example/{channel}/{page}"), "list.url", "{channel} alone"),
    "unknown placeholder of a page": (LIST, swap("article/{id}", "article/{slug}"), "detail.url", "{id} alone"),
    "id that is not mapped": (LIST, swap('id = "to_string(id)", ', ""), "map.id", "map it"),
    "nowhere a text": (HTML, swap('detail = { body = "#zoom" }', ""), "map.text", "add detail"),
    "author": (LIST, swap('updated = "updatedAt"', 'creator = "creator"'), "map.creator", "unknown key"),
    "no JMESPath": (LIST, swap("data.articleList.records[]", "data..["), "items", "JMESPath"),
    "no JMESPath of the pages": (LIST, swap("data.articleList.pages", "data..["), "paging.total_pages", "JMESPath"),
    "no selector": (HTML, swap("ul.list > li", "ul >> ["), "items", "CSS selector or XPath"),
    "no XPath": (HTML, swap("./a/@title", "./a/[@"), "map.title", "CSS selector or XPath"),
    "unknown paging": (LIST, swap('type = "page"', f'type = "{PLANTED}"'), "paging", "needs a type"),
    "key of another paging": (LIST, swap("start = 1", f'rel = "{PLANTED}"'), "paging.rel", "leave it out"),
    "parameter of the pages missing": (LIST, swap('param = "current", ', ""), "paging.param", "add it"),
    "no zone": (LIST, swap("Asia/Shanghai", PLANTED), "dates.tz", "Asia/Shanghai"),
    "no date format": (LIST, swap('"epoch_ms"', f'"{PLANTED}"'), "dates.formats[1]", "no date format"),
    "too fast": (FEED, swap("delay = 5", "delay = 1"), "politeness.delay", "at least 2"),
    "hours that end first": (LIST, swap("06-23", "23-06"), "politeness.active_hours", "earlier hour first"),
    "no hours": (LIST, swap("06-23", PLANTED), "politeness.active_hours", "as 06-23"),
    "no organisation": (FEED, swap("organisation =", "# "), "organisation", "add it"),
    "no organisation of articles": (FILES, swap("organisation =", "# "), "organisation", "with its credit code"),
    "organisation without a code": (FEED, swap(f', credit_code = "{CODE}"', ""), "organisation.credit_code", "add it"),
    "wrong check digit": (FEED, swap(CODE, CODE[:-1] + "3"), "organisation.credit_code", "check digit"),
    "code with blanks": (FEED, swap(CODE, f"{CODE[:8]} {CODE[8:]}"), "organisation.credit_code", "GB 32100"),
    "code of one person's shop": (FEED, swap(CODE, "92000000MBT000900R"), "organisation.credit_code", "one-person"),
    "unknown format": (FILES, swap("wechat-html", PLANTED), "formats[0]", "must be one of: 'weibo-status'"),
    "account of no article": (FILES, swap("wechat-html", "article-json"), "biz", "leave it out"),
    "unfit account": (FILES, swap("MzA0000000AAA==", "示例"), "biz[0]", "mend it"),
}


@pytest.mark.parametrize("mistake", SOURCE_MISTAKES)
def test_source_mistake(tmp_path: Path, mistake: str) -> None:
    """A mistake in a source names the file, the field, what to do, and the line where the field stands."""
    good, spoil, field, remedy = SOURCE_MISTAKES[mistake]
    text = spoil(good)
    assert text != good
    message = refusal(tmp_path, f=text)
    head, _, _ = message.partition(f": source.demo.{field}: ")
    assert head.startswith(f"{tmp_path}/sources/f.toml:") and remedy in message and ";" in message, message
    key = field.partition(".")[0].partition("[")[0]
    stands = [n for n, line in enumerate(text.split("\n"), 1) if line.startswith(f"{key} =")]
    assert int(head.rpartition(":")[2]) == (stands[0] if stands else 1)
    assert message.count("\n") == 0


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """All mistakes of all files in one refusal, each on a line of its own."""
    message = refusal(
        tmp_path,
        f'regions = ["none.toml"]\n[floor]\naccounts = 4\n[epoch]\ndays = 99\n[lgo]\nx = "{PLANTED}"\n',
        a=FEED.replace(URL, "https://weibo.com/f").replace(CODE, PLANTED),
        b=WEIBO.replace("demo", "other").replace("330106", "000000"),
        c="kind = = 1",
    )
    assert [line.split(": ")[1] for line in message.split("\n")] == [
        "regions[0]",
        "floor.accounts",
        "epoch.days",
        "lgo",
        "source.demo.organisation.credit_code",
        "source.demo.list.url",
        "source.other.divisions[0]",
        "is not valid TOML in UTF-8; mend this line",
    ]


def test_control_arm_the_good_files_pass(tmp_path: Path) -> None:
    """What the mistakes are made from is accepted, so that each refusal above is the mistake's own."""
    load(tmp_path, "")
    for text in (FEED, LIST, HTML, WEIBO, WECHAT, FILES):
        assert list(load(tmp_path, f=text).sources) == ["demo"]


def test_not_toml(tmp_path: Path) -> None:
    """Neither the parser's error nor the bytes of a file in another encoding come out."""
    assert "chengqing.toml:2: is not valid TOML" in refusal(tmp_path, f'[log]\nlevel = {PLANTED} "x\n')
    (tmp_path / "sources" / "g.toml").write_bytes(f"# 停水了 {PLANTED}".encode("gb18030"))
    assert "g.toml: is not valid TOML in UTF-8" in refusal(tmp_path)


def test_same_key_twice(tmp_path: Path) -> None:
    """TOML itself refuses a key or a table that stands twice."""
    assert "chengqing.toml:3: " in refusal(tmp_path, "[epoch]\ndays = 3\ndays = 4\n")


def test_same_source_twice(tmp_path: Path) -> None:
    """One id, one source: it names files, windows and reports."""
    assert "b.toml:1: source.demo: is declared in another file too" in refusal(tmp_path, a=FEED, b=WEIBO)


@pytest.mark.parametrize("name", ["file", "Demo", "a_b", "-x", '"示例"', "x" * 64])
def test_unfit_ids(tmp_path: Path, name: str) -> None:
    """``file`` is what imports without a source are called."""
    assert "unfit id" in refusal(tmp_path, f=FILES.replace("source.demo", f"source.{name}"))


def test_file_without_source(tmp_path: Path) -> None:
    """A forgotten header is told, not skipped."""
    assert "source: is missing; begin a source with [source.ID]" in refusal(tmp_path, f='kind = "rss"\n')


def test_key_beside_the_sources(tmp_path: Path) -> None:
    """A setting above the header belongs to no source; it is told, not dropped."""
    assert "f.toml:1: may_stor: is an unknown key; did you mean may_store" in refusal(
        tmp_path, f="may_stor = true\n" + FEED
    )


def test_values_past_all_bounds(tmp_path: Path) -> None:
    """What the parser itself gives up on is a refusal, no crash."""
    for value in ("[" * 5_000, "9" * 5_000):
        assert "is not valid TOML" in refusal(tmp_path, f"regions = {value}\n")


def test_hazard_outside_the_desks_scopes(tmp_path: Path) -> None:
    """A source can't ask about what the desk does not look at."""
    message = refusal(tmp_path, 'scopes = ["food_drug"]\n', f=WEIBO)
    assert "source.demo.hazards[1]: is outside the desk's scopes; add its scope" in message


def test_bad_region_file(tmp_path: Path) -> None:
    """A place that ends in no kind of place is refused where the configuration is."""
    (tmp_path / "r.toml").write_text('name = "示例区"\nstreets = ["某某"]\n', encoding="utf-8")
    assert f"{tmp_path}/r.toml: streets: " in refusal(tmp_path, 'regions = ["r.toml"]\n')


def test_lines_after_long_values(tmp_path: Path) -> None:
    """Lists and texts over several lines, comments and dotted keys: the line stays right."""
    text = (
        '# [floor]\nscopes = [ # ]\n  "health",\n  "disaster", # ]\n]\n'
        'desk.name = """\n[floor]\naccounts = 3"""\n\nfloor.accounts = 4\n'
    )
    lines = refusal(tmp_path, text).split("\n")
    assert [line.removeprefix(f"{tmp_path}/chengqing.toml:").split(": ")[:2] for line in lines] == [
        ["6", "desk.name"],
        ["10", "floor.accounts"],
    ]


@pytest.mark.parametrize(
    "host",
    "weibo.com m.weibo.cn s.weibo.com mp.weixin.qq.com qq.com user.qzone.qq.com www.douyin.com www.iesdouyin.com "
    "www.xiaohongshu.com xhslink.com www.zhihu.com tieba.baidu.com www.bilibili.com b23.tv www.kuaishou.com x.com "
    "mobile.twitter.com t.co www.facebook.com fb.com www.instagram.com t.me rsshub.app weixin.sogou.com".split(),
)
def test_social_hosts_are_denied(host: str) -> None:
    """Platforms and all their subdomains."""
    assert denied(host)


@pytest.mark.parametrize("host", ["news.example", "box.com", "notqq.com", "tmuyun.com", "www.gov.cn", "localhost"])
def test_other_hosts_are_not_denied(host: str) -> None:
    """A name that merely ends alike is another host."""
    assert not denied(host)


# -- secrets ---------------------------------------------------------------------------------------


def secret_file(folder: Path, content: bytes, mode: int = 0o600) -> SecretRef:
    path = folder / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return SecretRef("file", str(path))


def test_secret_is_read_and_not_shown(tmp_path: Path) -> None:
    """The line end of the file is not part of the secret, and printing shows the place alone."""
    reference = secret_file(tmp_path, f"{PLANTED}\r\n".encode())
    assert reference.read() == PLANTED and reference.missing() is None
    assert str(reference) == f"file:{tmp_path}/secret" and PLANTED not in repr(reference)


@pytest.mark.parametrize(
    ("content", "mode", "remedy"),
    [
        (PLANTED.encode(), 0o604, "chmod 600"),
        (PLANTED.encode(), 0o640, "chmod 600"),
        (b"", 0o600, "put the secret there"),
        (f"{PLANTED}\n{PLANTED}".encode(), 0o600, "one line"),
        (PLANTED.encode() + b"\xff", 0o600, "one line"),
    ],
)
def test_unfit_secret_files(tmp_path: Path, content: bytes, mode: int, remedy: str) -> None:
    """Open to others, empty, of several lines, or no text: refused without the value."""
    reference = secret_file(tmp_path, content, mode)
    with pytest.raises(SecretError, match=remedy) as caught:
        reference.read()
    assert PLANTED not in "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)


def test_no_plain_file(tmp_path: Path) -> None:
    """A pipe would hold the start up for ever; a directory holds no secret."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("pipe", "."):
        with pytest.raises(SecretError, match="plain file"):
            SecretRef("file", str(tmp_path / name)).read()


def test_exposed_file_is_refused_at_load(tmp_path: Path) -> None:
    """Not a source that waits but a mistake: somebody may have read it."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "wechat-secret").write_text(PLANTED, encoding="utf-8")
    (tmp_path / "sources" / "wechat-secret").chmod(0o644)
    assert "source.demo.secret: the secret's file can be read by others; chmod 600 it" in refusal(tmp_path, f=WECHAT)


def test_database_from_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read when it is asked for, not at load; not there or no URL is told without the value."""
    config = load(tmp_path, '[database]\nurl = "env:DEMO_DATABASE"\n')
    with pytest.raises(ConfigError, match=r"database\.url: env:DEMO_DATABASE is not set; export it"):
        _ = config.database
    monkeypatch.setenv("DEMO_DATABASE", f"{PLANTED}://")
    with pytest.raises(ConfigError, match=r"database\.url: is no database URL|is a database that") as caught:
        _ = config.database
    assert PLANTED not in "".join(traceback.format_exception(caught.value))
    address = f"postgresql+psycopg://desk:{PLANTED}@db.example/claims"
    monkeypatch.setenv("DEMO_DATABASE", address)
    assert config.database == address and PLANTED not in repr(config)


# -- the starter -----------------------------------------------------------------------------------


def test_starter_loads(tmp_path: Path) -> None:
    """What ``init`` writes is accepted as it stands; its source is disabled and says why."""
    written = write_starter(tmp_path / "var")
    sources = {f"example-{name}.toml" for name in ("app", "feed", "platforms", "site")}
    assert {path.name for path in written} == {"chengqing.toml", "example.toml"} | sources
    config = load_config(tmp_path / "var")
    assert [path.name for path in config.regions] == ["example.toml"]
    assert "basis_note is missing" in str(config.sources["example-app"].disabled)


def test_starter_shows_the_defaults(tmp_path: Path) -> None:
    """The commented settings are all there are, and each is the default (examples apart)."""
    text = next(path for path in write_starter(tmp_path) if path.name == "chengqing.toml").read_text(encoding="utf-8")
    lines = [line.removeprefix("# ") if " = " in line else line for line in text.split("\n")]
    plain = "\n".join(line for line in lines if "18 characters" not in line)
    (tmp_path / "chengqing.toml").write_text(plain, encoding="utf-8")
    spelled, bare = load_config(tmp_path), load_config(tmp_path / "none")
    for name in ("scopes", "floor", "epoch_days", "retention", "database", "log_level"):
        assert getattr(spelled, name) == getattr(bare, name)
    assert spelled.desk.name == bare.desk.name and spelled.keys == tmp_path / "keys"


def test_starter_never_overwrites(tmp_path: Path) -> None:
    """One file in the way and nothing is written."""
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "example-app.toml").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"example-app\.toml: is there already; move it away"):
        write_starter(tmp_path)
    assert [path.name for path in tmp_path.rglob("*.toml")] == ["example-app.toml"]
    assert (tmp_path / "sources" / "example-app.toml").read_text(encoding="utf-8") == "mine"


def test_credit_code_is_computed() -> None:
    """The invented body's code has the check digit that GB 32100 asks for."""
    assert uscc.calc_check_digit(CODE) == CODE[-1]
