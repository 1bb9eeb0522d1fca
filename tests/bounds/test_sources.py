"""Bounds 1 and 2: permitted public sources only, questions about hazards and never about people, no network unasked."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chengqing import address, importing
from chengqing.clock import CHINA, FixedClock
from chengqing.config import ConfigError, load_config
from chengqing.importing import FORMATS, ImportRefused, import_file
from chengqing.workspace import Workspace, open_workspace
from nlp import packs
from nlp.packs import PackError, load_region
from nlp.reader import load_reader
from tests.support.program import PROGRAM, environment
from tests.support.search import contents
from tests.support.site import Site
from tests.support.statuses import status

NOW = datetime(2026, 11, 22, 8, tzinfo=CHINA)
SAID = "澜亭巷口今夜停水三天"
WHO = "邹岚骥"
CHATS: dict[str, str] = {
    "WeChat text": f"{WHO}(wxid_example000001) 2026-11-20 12:00:00\n{SAID}\n",
    "WeChat names": f"2026-11-20 12:00:00 {WHO}\n{SAID}\n\n2026-11-20 12:00:09 丙丁\n停的\n",
    "WeChat table": f"localId,Type,IsSender,CreateTime,StrTalker,StrContent\n1,1,0,1795000000,{WHO},{SAID}\n",
    "WeChat objects": json.dumps({"talker": WHO, "content": SAID}, ensure_ascii=False),
    "WeChat room": json.dumps([{"from": "9990000001@chatroom", "who": WHO, "text": SAID}], ensure_ascii=False),
    "QQ": f"消息记录（此消息记录为文本格式，不支持重新导入）\n\n消息分组:我的群聊\n消息对象:{WHO}\n{SAID}\n",
    "QQ lines": f"2026-11-20 12:00:00 {WHO}(9990000001)\n{SAID}\n",
    "WhatsApp": f"[2026/11/20, 12:00:00] {WHO}: {SAID}\n",
    "WhatsApp on Android": f"20/11/26, 12:00 - {WHO}: {SAID}\n",
    "Telegram": json.dumps({"type": "private_group", "messages": [{"text": SAID, "from": WHO}]}, ensure_ascii=False),
    "Feishu": json.dumps([{"chat_id": "oc_example", "sender": {"id": WHO}, "body": SAID}], ensure_ascii=False),
    "DingTalk": json.dumps({"openConversationId": "x", "senderStaffId": WHO, "text": SAID}, ensure_ascii=False),
}  # fmt: skip


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals are looked for by their English words."""
    monkeypatch.setenv("CHENGQING_LANG", "en")


# -- chats -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


def test_the_command_refuses_chats_of_every_family(site: Site, tmp_path: Path) -> None:
    """All of them in one call per format: exit code 1, a line a file, no window, no byte of them on disk."""
    files = []
    for number, text in enumerate(CHATS.values()):
        files.append(tmp_path / f"export{number}.txt")
        files[-1].write_text(text, encoding="utf-8")
    for format in FORMATS:
        said = site.run("import", *files, "--format", format, code=1).decode()
        assert said.count("looks like an export of a private or group chat") == len(CHATS)
    assert site.rows("SELECT 1 FROM window") == [] and site.rows("SELECT 1 FROM claim") == []
    seen = [*site.seen, *contents(site.data)]
    for word in (SAID, WHO):
        forms = [word.encode(code) for code in ("utf-8", "gb18030", "utf-16-le", "utf-16-be")]
        assert seen and not any(form in content for form in forms for content in seen)


def test_a_chat_beside_a_good_file_stops_nothing_else(site: Site, tmp_path: Path) -> None:
    """The good file is read, the exit code still says that one was refused."""
    chat, good = tmp_path / "chat.txt", tmp_path / "good.jsonl"
    chat.write_text(CHATS["QQ"], encoding="utf-8")
    good.write_text(
        json.dumps(status(1, 1, "今天的第1碗面", datetime.now(CHINA) - timedelta(hours=2))), encoding="utf-8"
    )
    said = site.run("import", chat, good, "--format", "weibo-status", code=1).decode()
    assert "good.jsonl: read 1" in said and site.rows("SELECT count(*) FROM window") == [(1,)]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "data", None, FixedClock(NOW)) as opened:
        opened.__dict__["reader"] = load_reader(canaries=False)
        yield opened


@pytest.mark.parametrize("kind", CHATS)
def test_without_the_guard_a_chat_is_read(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The arm: the refusal is the guard's alone. Without it lines are read, and counted as malformed."""
    path = tmp_path / "chat.txt"
    path.write_text(CHATS[kind], encoding="utf-8")
    with pytest.raises(ImportRefused, match="private or group chat"):
        import_file(workspace, path, "weibo-status")
    monkeypatch.setattr(importing, "looks_like_chat", lambda head: None)
    outcome = import_file(workspace, path, "weibo-status")
    assert outcome.counts.read() > 0 and outcome.counts.kept() == 0


def test_without_the_guard_a_group_would_be_read(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The arm that stores: a group's messages dressed up as statuses, with the room still in them."""
    text = "听说小龙虾和西瓜一起吃会产生砒霜，昨晚柳渡夜市有一家三口吃完送去洗胃，千万别再吃了，转给家人"
    path = tmp_path / "dressed.jsonl"
    records = [status(n, n, text, NOW - timedelta(hours=2), talker="9990000001@chatroom") for n in range(20)]
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records), encoding="utf-8")
    with pytest.raises(ImportRefused):
        import_file(workspace, path, "weibo-status")
    assert text.encode()[:60] not in b"".join(contents(workspace.folder))
    monkeypatch.setattr(importing, "looks_like_chat", lambda head: None)
    assert import_file(workspace, path, "weibo-status").counts.kept() == 20
    assert "柳渡夜市".encode() in b"".join(contents(workspace.folder))


# -- what may be declared ------------------------------------------------------------------------------

FEED = """[source.demo]
kind = "rss"
access_basis = "open_feed"
basis_note = "invented"
may_store = true
organisation = { name = "示例县融媒体中心", credit_code = "12000000MBT0009002" }
list = { url = "https://news.example/feed.xml" }
"""
WEIBO = """[source.demo]
kind = "weibo_search"
access_basis = "official_api"
basis_note = "invented"
valid_until = 2099-12-31
may_store = true
hazards = ["food_drug"]
divisions = ["330106"]
token = "env:DEMO_TOKEN"
"""
# What no source may ask for, and why it is refused.
EXCLUDED = {
    "free query": ("q query queries keyword keywords kw search search_word text topic phrase match", "free query"),
    "account": ("uid uids user_id screen_name nickname account accounts openid follow author", "not about people"),
    "coordinates": ("lat lng location coordinates geo poi radius nearby bbox point", "county divisions"),
    "area code": ("area area_code adcode city city_code province", "county divisions"),
    "session": ("cookie cookies headers authorization user_agent session login password bearer", "no cookie"),
    "way round": ("proxy proxies captcha", "limits"),
}  # fmt: skip
HOSTS = (
    "weibo.com weibo.cn mp.weixin.qq.com qq.com douyin.com xiaohongshu.com zhihu.com tieba.baidu.com bilibili.com "
    "kuaishou.com douban.com x.com twitter.com facebook.com t.me telegram.org t.cn weico.cc rsshub.app toutiao.com"
).split()


def refused(folder: Path, source: str) -> str:
    """What the configuration says of ``source``; empty where it is accepted."""
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "chengqing.toml").write_text('[desk]\ncontact = "desk@news.example"\n', encoding="utf-8")
    (folder / "sources" / "demo.toml").write_text(source, encoding="utf-8")
    try:
        load_config(folder)
    except ConfigError as error:
        return str(error)
    return ""


def test_the_good_sources_are_accepted(tmp_path: Path) -> None:
    """The arm: what follows is refused for what is added to these."""
    assert refused(tmp_path, FEED) == "" and refused(tmp_path, WEIBO) == ""


@pytest.mark.parametrize(("names", "why"), [pytest.param(*case, id=name) for name, case in EXCLUDED.items()])
def test_no_source_asks_about_a_person_or_a_spot(tmp_path: Path, names: str, why: str) -> None:
    """As a key of either source, as a parameter of a list, in its address, in any writing of the name."""
    for name in names.split():
        tries = [
            f'{WEIBO}{name} = "7"\n',
            f'{FEED}{name} = "7"\n',
            FEED.replace('xml" }', f'xml", params = {{ {name} = "7" }} }}'),
            FEED.replace("feed.xml", f"feed.xml?{name}=7"),
            FEED.replace("feed.xml", f"feed.xml?{name.upper().replace('_', '-')}=7"),
            FEED.replace('xml" }', f'xml", secret_params = {{ {name} = "env:DEMO" }} }}'),
        ]
        said = [refused(tmp_path, text) for text in tries]
        assert all(why in one for one in said), (name, [n for n, one in enumerate(said) if why not in one])


def test_an_unlisted_name_passes_where_the_list_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The arm: with an empty list a feed could ask for an account."""
    monkeypatch.setattr(address, "_EXCLUDED_NAMES", {})
    assert refused(tmp_path, FEED.replace("feed.xml", "feed.xml?uid=7")) == ""


@pytest.mark.parametrize("host", HOSTS)
def test_no_feed_lies_on_a_social_host(tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host, any subdomain of it, in capitals, with a final dot; without the list each is accepted."""
    tries = [
        FEED.replace("news.example", name) for name in (host, f"a.b.{host}", host.upper(), f"{host}.", f"m.{host}")
    ]
    assert all("social platform" in refused(tmp_path, text) for text in tries)
    monkeypatch.setattr(address, "denied", lambda host: False)
    assert not any(refused(tmp_path, text) for text in tries)


# -- places --------------------------------------------------------------------------------------------

PEOPLE = ("邹岚骥", "欧阳建芳", "诸葛明涛", "蒋主任", "陈老板", "邹记面馆老板娘", "澜亭小筑岚", "lanting7341")


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("field", ["schools", "institutions", "anything"])
def test_a_person_is_no_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, field: str) -> None:
    """A place must end in a kind of place, whatever list it stands in; without the kinds a name is accepted."""
    path = tmp_path / "region.toml"
    path.write_text(f'name = "云岫区"\n{field} = ["桃溪小学", "{name}"]\n', encoding="utf-8")
    with pytest.raises(PackError, match="does not end in a kind of place"):
        load_region(path)
    monkeypatch.setattr(packs, "PLACE_KINDS", ("",))
    assert name in load_region(path).places


def test_places_change_no_query(tmp_path: Path) -> None:
    """A region's places never reach a query: a source names divisions of the shipped list alone."""
    assert "county-level" in refused(tmp_path, WEIBO.replace("330106", "000000"))
    assert "county-level" in refused(tmp_path, WEIBO.replace("330106", "桃溪小学"))
    assert "name one of them" in refused(tmp_path, WEIBO.replace('"food_drug"', '"桃溪小学"'))


# -- the network ---------------------------------------------------------------------------------------

HOOK = """
import os, sys

def hook(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname"):
        os.write(2, b"NETWORK " + event.encode() + b"\\n")
        os._exit(99)

sys.addaudithook(hook)
"""


@pytest.fixture
def watched(tmp_path: Path) -> Callable[..., "subprocess.CompletedProcess[bytes]"]:
    """Runs a command in which any use of the network ends the process with code 99."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    env = environment({"PYTHONPATH": str(tmp_path / "hook")})

    def run(*command: str | Path) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run([*map(str, command)], env=env, capture_output=True, timeout=100, check=False)

    return run


def test_the_hook_catches_every_way_out(watched: Callable[..., "subprocess.CompletedProcess[bytes]"]) -> None:
    """The arm: a connection, a look-up of a name and a lone packet each end the process."""
    for words in (
        "socket.create_connection(('127.0.0.1', 9))",
        "socket.getaddrinfo('localhost', 80)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))",
        "__import__('urllib.request').request.urlopen('http://127.0.0.1:9/')",
    ):
        done = watched(sys.executable, "-c", f"import socket; {words}")
        assert done.returncode == 99 and b"NETWORK" in done.stderr


def test_no_command_opens_a_connection(
    watched: Callable[..., "subprocess.CompletedProcess[bytes]"], tmp_path: Path
) -> None:
    """Demo, import, claims, triage, group, doctor, retain, erase: all of them, and their files, stay on the machine."""
    data, file, own = tmp_path / "data", tmp_path / "posts.jsonl", tmp_path / "own.jsonl"
    file.write_text(
        json.dumps(status(1, 1, "今天的第1碗面", datetime.now(CHINA) - timedelta(hours=2))), encoding="utf-8"
    )
    own.write_text('{"id": 1, "text": "听说今夜停水"}\n', encoding="utf-8")
    out = b""
    for words in (
        ("demo",),
        ("import", file, "--format", "weibo-status"),
        ("claims", "--json"),
        ("triage", own),
        ("group", own),
        ("doctor",),
        ("retain",),
    ):
        done = watched(*PROGRAM, "--data", data, *words)
        assert done.returncode == 0, done.stderr.decode()
        out = done.stdout if words[0] == "claims" else out
    claim = json.loads(out.splitlines()[-1])["id"]
    assert watched(*PROGRAM, "--data", data, "erase", claim).returncode == 0
