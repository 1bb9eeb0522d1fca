"""The sample town in an empty directory that is marked as a demo for ever."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from chengqing.clock import CHINA
from chengqing.importing import Outcome, import_file
from chengqing.messages import say
from chengqing.town_files import render
from chengqing.workspace import Workspace
from pipelines import schema
from pipelines.store import upsert

MARK = "DEMO"
CONFIG = Path(__file__).parent / "town" / "config"
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


def import_town(workspace: Workspace) -> Iterator[Outcome]:
    """Render the town's three days into files in the sources' real shapes, and import each."""
    end = briefing(workspace.clock.now())
    with workspace.store.write() as connection:
        upsert(connection, schema.fact, [{"key": "demo", "value": "for ever"}])
    with TemporaryDirectory() as folder:
        for file in render(Path(folder), end):
            yield import_file(
                workspace, file.path, file.format, source=workspace.config.sources[file.source], as_of=end
            )
