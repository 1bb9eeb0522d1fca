"""The sample town in an empty directory that is marked as a demo for ever.

Either its three days are read from files, or, where ``CHENGQING_TOWN`` names stand-in servers on this machine, crawled
over HTTP by the real spiders.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from chengqing.address import is_loopback
from chengqing.clock import CHINA
from chengqing.importing import Outcome, import_file
from chengqing.messages import say
from chengqing.town_files import render
from chengqing.workspace import Workspace
from pipelines import schema
from pipelines.store import upsert

MARK = "DEMO"
END = "end"
SERVERS = "CHENGQING_TOWN"
"""Variable of the environment: a JSON object, name of a server to its address, and the moment their data end at."""
CONFIG = Path(__file__).parent / "town" / "config"
LIVE = Path(__file__).parent / "town" / "live"
STAND_IN = "town-token"
"""What every stand-in takes for a credential; it opens nothing else."""
_OURS = ("chengqing.db", "chengqing.db-wal", "chengqing.db-shm", "chengqing.toml", "lock", MARK)
_FOLDERS = ("keys", "sources", "regions")


class DemoRefused(RuntimeError):
    """The directory holds something that is no demo; the message says what to do."""


def prepare(folder: Path) -> None:
    """Make ``folder`` a fresh demo: it must be empty, or a demo that is replaced."""
    if folder.exists() and not folder.is_dir():
        raise DemoRefused(say("demo_refused", folder=folder))
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise DemoRefused(say("demo_refused", folder=folder))
        for name in _OURS:
            if name != MARK:
                (folder / name).unlink(missing_ok=True)
        for name in _FOLDERS:
            shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / MARK).write_text("The sample town: invented people, bodies and events.\n", encoding="utf-8")
    shutil.copytree(CONFIG, folder, dirs_exist_ok=True)
    folder.chmod(0o700)


def briefing(now: datetime) -> datetime:
    """The last 07:00 at +08:00 before ``now``: the moment at which the town's data end."""
    morning = now.astimezone(CHINA).replace(hour=7, minute=0, second=0, microsecond=0)
    return morning if morning <= now else morning - timedelta(days=1)


def served_end() -> datetime | None:
    """The briefing moment that the stand-in servers' data end at; None where the environment names no servers."""
    given = os.environ.get(SERVERS)
    return datetime.fromisoformat(json.loads(given)[END]) if given else None


def servers() -> Mapping[str, str]:
    """The stand-in servers that the environment names; none where it names none.

    Raises DemoRefused for an address that is not on this machine.
    """
    given = os.environ.get(SERVERS)
    if not given:
        return {}
    found = {str(name): str(url) for name, url in json.loads(given).items() if name != END}
    if not all(url.startswith("http://") and is_loopback(url[7:].split(":")[0]) for url in found.values()):
        raise DemoRefused(say("base_loopback"))
    return found


def declare_live(folder: Path, addresses: Mapping[str, str]) -> None:
    """Put sources that are crawled in the place of those that are files, each at its server's address."""
    shutil.rmtree(folder / "sources")
    (folder / "sources").mkdir(mode=0o700)
    (folder / "keys").mkdir(mode=0o700, exist_ok=True)
    token = folder / "keys" / STAND_IN
    token.write_text(STAND_IN, encoding="ascii")
    token.chmod(0o600)
    for template in sorted(LIVE.glob("*.toml")):
        text = template.read_text(encoding="utf-8")
        for name, address in addresses.items():
            text = text.replace(f"@{name}@", address)
        (folder / "sources" / template.name).write_text(text, encoding="utf-8")


def mark(workspace: Workspace) -> None:
    """Say in the database that it is a demo, for ever."""
    with workspace.store.write() as connection:
        upsert(connection, schema.fact, [{"key": "demo", "value": "for ever"}])


def import_town(workspace: Workspace) -> Iterator[Outcome]:
    """Render the town's three days into files in the sources' real shapes, and import each."""
    end = briefing(workspace.clock.now())
    with TemporaryDirectory() as folder:
        for file in render(Path(folder), end):
            yield import_file(
                workspace, file.path, file.format, source=workspace.config.sources[file.source], as_of=end
            )
