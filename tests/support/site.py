"""A data directory with everything around it that a command could write to, and all bytes ever seen there."""

import json
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.program import command, environment
from tests.support.search import contents

SOURCE = """
[source.{id}]
kind = "contract_files"
formats = ["{format}"]
access_basis = "publisher_consent"
basis_note = "invented"
valid_until = 2099-12-31
may_store = true
organisation = {{ name = "云岫发布", credit_code = "11000000MBT0000116" }}
"""
OFFICE = {"office-pages": "wechat-html", "office-json": "article-json"}


@dataclass
class Site:
    """A data, a home, a temporary and a working directory, and all the bytes that were ever seen in them."""

    root: Path
    like: "Site | None" = None
    """A site whose data directory is copied: an opened one, without the time that opening takes."""
    seen: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name in ("home", "temporary", "work"):
            (self.root / name).mkdir()
        if self.like is not None:
            shutil.copytree(self.like.data, self.data)
            return
        (self.data / "sources").mkdir(parents=True)
        for id_, format in OFFICE.items():
            own = 'biz = ["MzA0000010AAA=="]\n' if format == "wechat-html" else ""
            file = self.data / "sources" / f"{id_}.toml"
            file.write_text(SOURCE.format(id=id_, format=format) + own, encoding="utf-8")

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def database(self) -> Path:
        return self.data / "chengqing.db"

    def start(self, *args: str | Path, wrap: tuple[str, ...] = (), data: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a command at log level debug; ``wrap`` are words in front of it."""
        own = {"HOME": "home", "TMPDIR": "temporary", "XDG_CACHE_HOME": "home/cache", "XDG_STATE_HOME": "home/state"}
        return subprocess.Popen(
            [*wrap, *command("--log-level", "debug", *args, data=data or self.data)],
            env=environment({name: str(self.root / folder) for name, folder in own.items()} | {"CHENGQING_LANG": "en"}),
            cwd=self.root / "work",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *args: str | Path, code: int = 0, wrap: tuple[str, ...] = (), data: Path | None = None) -> bytes:
        """Run a command to its end, which must be exit ``code``, and look at everything; what it said."""
        said = self.look(self.start(*args, wrap=wrap, data=data), code)
        return said[0] + said[1]

    def look(self, process: subprocess.Popen[bytes], code: int) -> tuple[bytes, bytes]:
        said = process.communicate(timeout=60)
        self.seen.update((*said, *contents(self.root)))
        assert process.returncode == code, said[1].decode()
        return said

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()

    def claims(self) -> list[dict[str, Any]]:
        """What ``claims --json`` says; stderr is empty."""
        out, _ = self.look(self.start("claims", "--json"), 0)
        return [json.loads(line) for line in out.splitlines()]


class Stopped:
    """An import of ``file`` that has committed its first block and waits for the lock to commit another."""

    def __init__(self, site: Site, file: Path) -> None:
        self._process = site.start("import", file, "--format", "weibo-status")
        self._lock = sqlite3.connect(site.database, timeout=10, isolation_level=None)

    def __enter__(self) -> tuple[subprocess.Popen[bytes], sqlite3.Connection]:
        ends = time.monotonic() + 30
        while not self._lock.execute("SELECT 1 FROM window WHERE cursor > 0").fetchone():
            assert time.monotonic() < ends, "no block was committed within 30 s"
        self._lock.execute("BEGIN IMMEDIATE")
        assert self._lock.execute("SELECT state FROM window").fetchone() == ("open",), "the import was over too soon"
        return self._process, self._lock

    def __exit__(self, *_: object) -> None:
        self._lock.close()
        self._process.kill()
        self._process.wait()
