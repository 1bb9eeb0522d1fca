"""What the program says is in the catalogue, in Chinese and English alike, and nothing in the catalogue is unsaid."""

import ast
import errno
import re
import tomllib
import traceback
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest

from chengqing import address, problem, secret
from chengqing.config import ConfigError, load_config
from chengqing.crawl.forget import FORGOTTEN
from chengqing.crawl.planning import Skip
from chengqing.messages import CATALOGUE, LANGUAGES, _catalogue, cause
from chengqing.refused import told
from chengqing.source import KINDS
from nlp.canary import CanaryError
from nlp.packs import PackError
from pipelines.erase import Erased
from pipelines.page import REASONS, Fault
from pipelines.queue import BUDGET
from pipelines.queue import OPEN as STATES
from pipelines.retention import RetentionError
from pipelines.store import StoreError
from spiders.conversation import FailureKind
from tests.support.program import run

CODE = CATALOGUE.parent
CHINESE = re.compile("[一-鿿]")
# f"PREFIX{…}": what may stand after each prefix that the code composes a key with.
FAMILIES = {
    "like_": set(KINDS) - {"contract_files", "jsonfeed", "sitemap", "html_list"},
    "skip_": set(get_args(Skip)),
    "why_": {
        *get_args(FailureKind),
        *STATES,
        BUDGET,
        FORGOTTEN,
        "aged_out",
        "beyond_reach",
        "expired",
        "not_planned",
        "split",
    },
    "column_": {"claim", "hazard", "spread", "why", "said"},
    "erase_": {answer.value for answer in Erased},
    "fault_": set(get_args(Fault)),
    "os_": {name for name in errno.errorcode.values() if f"os_{name}" in _catalogue()},
    "reason_": set(REASONS),
    "secret_unset_": set(get_args(secret.SecretRef.__annotations__["kind"])),
}


@cache
def trees() -> tuple[ast.AST, ...]:
    """Every module of the program."""
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in sorted(CODE.rglob("*.py")))


def nodes() -> Iterator[ast.AST]:
    for tree in trees():
        yield from ast.walk(tree)


def calls(*names: str) -> Iterator[ast.Call]:
    """Every call of a function of one of these names."""
    return (n for n in nodes() if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in names)


def strings(node: ast.AST) -> set[str]:
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def prefixes() -> set[str]:
    """How keys begin that the code composes: in ``say(f"…{…}")``, ``say("…" + …)``, and where ``cause`` does so."""
    composed = [call.args[0] for call in calls("say") if isinstance(call.args[0], ast.JoinedStr | ast.BinOp)]
    heads = {part for node in composed for part in strings(node)}
    return heads | {"os_"}


def keys() -> set[str]:
    """Every key that the code names: to ``say``, to what says it later, and in the tables of keys."""
    named = {text for call in calls("say") for text in strings(call.args[0])} - prefixes()
    for call in calls("matching", "between", "_either"):
        named |= {arg.value for arg in call.args[1:] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    named |= set(address._EXCLUDED) | set(problem._WRONG_TYPE.values())
    return named | {head + tail for head, tails in FAMILIES.items() for tail in tails}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_key_that_is_used_is_in_the_catalogue() -> None:
    assert prefixes() == set(FAMILIES), "a key is composed in a new way: say here what may follow its beginning"
    assert not (unknown := sorted(keys() - _catalogue().keys())), f"not in {CATALOGUE}: {unknown}"


def test_every_message_is_used() -> None:
    """A key that some module holds as a string of its own counts: tables of keys, a choice between two."""
    held = keys().union(*(strings(tree) for tree in trees()))
    assert not (unused := sorted(_catalogue().keys() - held)), f"nobody says: {unused}"


def test_no_key_stands_in_two_files() -> None:
    files = [tomllib.loads(file.read_text(encoding="utf-8")) for file in CATALOGUE.glob("*.toml")]
    assert sum(map(len, files)) == len(_catalogue()) > 200


@pytest.mark.parametrize("key", sorted(_catalogue()))
def test_both_languages_say_the_same(key: str) -> None:
    """Both are there, with the same values in them; commands, settings and files are written alike."""
    texts = _catalogue()[key]
    assert set(texts) == set(LANGUAGES) and all(texts.values())
    assert placeholders(texts["zh"]) == placeholders(texts["en"])
    assert texts["zh"].count("{{") == texts["en"].count("{{")
    settings = (set(re.findall(r"[a-z]+_[a-z_]+|--[a-z]+", re.sub(r"\{\w+\}", "", text))) for text in texts.values())
    assert len({frozenset(found) for found in settings}) == 1


def test_every_value_of_a_message_is_given() -> None:
    """Where the key stands in the call, so do the values."""
    for call in calls("say"):
        key, given = call.args[0], {word.arg for word in call.keywords}
        if isinstance(key, ast.Constant) and None not in given:
            assert given >= placeholders(_catalogue()[str(key.value)]["zh"]), key.value


# -- as people meet them ---------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has asked for a language."""
    monkeypatch.delenv("CHENGQING_LANG", raising=False)


BAD = '[floor]\naccounts = 4\n[lgo]\nx = 1\n[database]\nurl = "s3cr3tV4lue"\n[desk]\ncontact = "s3cr3tV4lue"\n'
FILES = '[source.demo]\nkind = "contract_files"\nformats = ["weibo-status"]\n'


def refusal(folder: Path) -> list[str]:
    (folder / "chengqing.toml").write_text(BAD, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(folder)
    assert "s3cr3tV4lue" not in "".join(traceback.format_exception(caught.value))
    return str(caught.value).split("\n")


def test_a_refusal_is_chinese_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line: place and field as they are in the file, then Chinese; English is one setting away, at once."""
    chinese = refusal(tmp_path)
    monkeypatch.setenv("CHENGQING_LANG", "en")
    english = refusal(tmp_path)
    assert [line.split(": ")[:2] for line in chinese] == [line.split(": ")[:2] for line in english]
    assert f"{tmp_path}/chengqing.toml:2: floor.accounts: 应在 5 到 63 之间；下限只能提高，不能降低" in chinese
    assert len(chinese) == 4
    assert all(CHINESE.search(line) and "；" in line for line in chinese)
    assert not any(CHINESE.search(line) for line in english)


def test_a_source_that_waits_says_so_in_chinese(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "demo.toml").write_text(FILES, encoding="utf-8")
    why = str(load_config(tmp_path).sources["demo"].disabled)
    assert why.startswith("没有写 access_basis；") and why.count("。另外：") == 2


def test_the_program_refuses_in_chinese(tmp_path: Path) -> None:
    """A configuration, a file to import, a directory: exit codes as they are, words in the reader's language."""
    done = run("import", tmp_path / "none.jsonl", tmp_path, "--format", "weibo-status", data=tmp_path / "data")
    said = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert said == [
        f"{tmp_path}/none.jsonl: 无法读取（不存在）；请检查文件名和权限",
        f"{tmp_path}: 这是一个目录；请写出其中的文件",
    ]
    (tmp_path / "data" / "chengqing.toml").write_text(BAD, encoding="utf-8")
    refused = run("claims", data=tmp_path / "data")
    assert refused.returncode == 3 and "下限只能提高" in refused.stderr.decode()
    (tmp_path / "file").write_bytes(b"")
    stored = run("claims", data=tmp_path / "file")
    assert stored.returncode == 4 and "无法建立（已有同名文件）" in stored.stderr.decode()


def test_an_english_refusal_is_headed_in_chinese(tmp_path: Path) -> None:
    """The database's own words stay as they are, below a line that says what they are about."""
    (tmp_path / "chengqing.db").write_bytes(b"not a database" * 400)
    head, *rest = run("claims", data=tmp_path).stderr.decode().splitlines()
    assert head.startswith("存储：") and "damaged" in "".join(rest)
    english = run("claims", data=tmp_path, env={"CHENGQING_LANG": "en"}).stderr.decode().splitlines()
    assert english == rest


def test_every_english_refusal_has_its_head() -> None:
    said = {kind: told(kind("why"))[1] for kind in (PackError, CanaryError, StoreError, RetentionError)}
    assert all(text.endswith("\nwhy") and CHINESE.search(text) for text in said.values())
    assert len(set(said.values())) == 4


def test_the_systems_words_stand_where_the_catalogue_has_none() -> None:
    assert cause(OSError(5, "Input/output error")) == "Input/output error"
    assert cause(FileNotFoundError(2, "No such file or directory")) == "不存在"
