"""A data directory whose sources are stand-ins on this machine, and the program run on it."""

import json
import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.program import command, environment, run

CREDENTIAL = "stand-in-credential"
AS_OF = "2026-11-22T08:00:00+08:00"
_BASIS = """basis_note = "样例〔虚构〕"
valid_until = 2099-12-31
may_store = true
politeness = {{ delay = 0, poll_minutes = {poll}, daily_requests = {daily} }}
"""
_ORGANISATION = 'organisation = { name = "云岫发布", credit_code = "11000000MBT0000116" }\n'


def weibo(
    url: str, *, hazards: tuple[str, ...] = ("water-supply",), poll: int = 15, daily: int = 10_000, id: str = "weibo"
) -> str:
    """Keyword search at a stand-in."""
    return (
        f'[source.{id}]\nkind = "weibo_search"\nbase = "{url}"\naccess_basis = "official_api"\n'
        + _BASIS.format(poll=poll, daily=daily)
        + f'hazards = {json.dumps(hazards)}\ndivisions = ["999901"]\ntoken = "env:STAND_IN"\n'
    )


def timeline(url: str, outlet: str, *, poll: int = 15, daily: int = 10_000, id: str = "timeline") -> str:
    """An account's timeline at a stand-in."""
    return (
        f'[source.{id}]\nkind = "weibo_timeline"\nbase = "{url}"\naccess_basis = "official_api"\n'
        + _BASIS.format(poll=poll, daily=daily)
        + _ORGANISATION
        + f'outlet = "{outlet}"\ntoken = "env:STAND_IN"\n'
    )


def wechat(url: str, *, poll: int = 15, daily: int = 10_000, id: str = "wechat") -> str:
    """The operator's own WeChat account at a stand-in."""
    return (
        f'[source.{id}]\nkind = "wechat_account"\nbase = "{url}"\naccess_basis = "own_account"\n'
        + _BASIS.format(poll=poll, daily=daily)
        + _ORGANISATION
        + 'appid = "env:STAND_IN"\nsecret = "env:STAND_IN"\n'
    )


def publisher(kind: str, text: str, *, poll: int = 15, daily: int = 10_000, id: str = "news") -> str:
    """A publisher's list or feed: ``text`` are its own tables."""
    return (
        f'[source.{id}]\nkind = "{kind}"\naccess_basis = "publisher_consent"\n'
        + _BASIS.format(poll=poll, daily=daily)
        + _ORGANISATION
        + text
    )


@dataclass
class Desk:
    """A desk in ``folder``; ``sources`` are its source files by name."""

    folder: Path
    env: Mapping[str, str] = field(default_factory=lambda: {"STAND_IN": CREDENTIAL, "CHENGQING_LANG": "en"})

    def __post_init__(self) -> None:
        (self.folder / "sources").mkdir(parents=True, exist_ok=True)
        (self.folder / "chengqing.toml").write_text('[desk]\ncontact = "https://desk.example/about"\n', "utf-8")

    def declare(self, **sources: str) -> None:
        """Write source files; an empty text takes one away."""
        for name, text in sources.items():
            path = self.folder / "sources" / f"{name}.toml"
            path.write_text(text, encoding="utf-8") if text else path.unlink(missing_ok=True)

    def run(self, *args: str, code: int = 0) -> str:
        """Run a command to its end, which must be exit ``code``; what it said."""
        done = run(*args, data=self.folder, env=self.env)
        assert done.returncode == code, done.stderr.decode() + done.stdout.decode()
        return (done.stdout + done.stderr).decode()

    def crawl(self, *args: str, as_of: str = AS_OF, code: int = 0) -> str:
        """One round at the moment ``as_of``."""
        return self.run("crawl", "--once", "--as-of", as_of, *args, code=code)

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        """Start a command and go on."""
        return subprocess.Popen(
            command(*args, data=self.folder),
            env=environment(self.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query of the database gives."""
        with closing(sqlite3.connect(self.folder / "chengqing.db")) as connection:
            return connection.execute(query, values).fetchall()

    def totals(self) -> dict[str, int]:
        """Outcomes of all texts that were read from crawled sources."""
        return dict(self.rows("SELECT outcome, sum(n) FROM tally WHERE unit = 'text' GROUP BY outcome"))

    def coverage(self, *args: str) -> list[dict[str, Any]]:
        """What ``coverage --json`` says."""
        return [json.loads(line) for line in self.run("coverage", "--json", *args).splitlines()]
