"""What works, what is missing, how to mend it: ``chengqing doctor``."""

import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

from chengqing.clock import CHINA, Clock
from chengqing.config import Config, ConfigError, load_config
from chengqing.keys import KeyringError
from chengqing.messages import say
from chengqing.workspace import Workspace, WorkspaceError, open_workspace
from nlp.canary import CanaryError
from nlp.packs import PackError
from nlp.reader import load_reader
from pipelines import audit, epochs, retention, windows
from pipelines.store import StoreError

State = Literal["works", "missing", "broken"]
_MARKS: dict[State, str] = {"works": "✓", "missing": "·", "broken": "✗"}
_ROOM = 1 << 30
"""Free bytes below which the disk is reported."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding; ``missing`` is no fault (an optional part), ``broken`` stops the work."""

    state: State
    text: str


def examine(folder: Path, config: Path | None, clock: Clock) -> list[Check]:
    """Every check, the machine first; later ones are left out where an earlier one makes them pointless."""
    found = list(_machine(folder))
    try:
        settings = load_config(folder, config)
    except ConfigError as error:
        return [*found, Check("broken", str(error))]
    found.append(Check("works", say("doctor_config", path=settings.path or say("doctor_defaults"))))
    found += _language(settings)
    found += _sources(settings, clock)
    if any(check.state == "broken" for check in found):
        return found
    try:
        with open_workspace(folder, config, clock) as workspace:
            return [*found, *_stored(workspace)]
    except (WorkspaceError, KeyringError, StoreError, retention.RetentionError) as error:
        return [*found, Check("broken", str(error))]


def _machine(folder: Path) -> Iterator[Check]:
    system = platform.system()
    version = ".".join(map(str, sys.version_info[:3]))
    name = "WSL" if "microsoft" in platform.release().lower() else system
    if system in ("Linux", "Darwin"):
        yield Check("works", say("doctor_machine", system=name, machine=platform.machine(), python=version))
    else:
        yield Check("broken", say("doctor_system", system=system))
    near = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    free = shutil.disk_usage(near).free
    yield Check("works" if free >= _ROOM else "broken", say("doctor_disk", path=near, mb=free >> 20))
    if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        yield Check("missing", say("doctor_open", path=folder))


def _language(settings: Config) -> Iterator[Check]:
    try:
        reader = load_reader(settings.regions, scopes=settings.scopes)
    except (CanaryError, PackError, OSError) as error:
        yield Check("broken", str(error))
        return
    yield Check("works", say("doctor_language", hazards=len(reader.scopes), canaries=reader.canaries))
    if not settings.regions:
        yield Check("missing", say("doctor_region"))


def _sources(settings: Config, clock: Clock) -> Iterator[Check]:
    today = clock.now().astimezone(CHINA).date()
    if not settings.sources:
        yield Check("missing", say("doctor_no_source"))
    for source in settings.sources.values():
        if source.disabled is not None:
            yield Check("missing", say("doctor_disabled", id=source.id, why=source.disabled))
        elif not source.stores(today):
            yield Check("missing", say("doctor_expired", id=source.id))
        else:
            yield Check("works", say("doctor_source", id=source.id, basis=source.basis))


def _stored(workspace: Workspace) -> Iterator[Check]:
    """What the data directory holds: keys, database, record, unfinished work, things past their time."""
    yield Check("works", say("doctor_keys", n=len(workspace.keys.names()), path=workspace.config.keys))
    with workspace.store.read() as connection:
        broken = audit.broken_at(connection, workspace.keys.audit())
        unfinished = windows.unfinished(connection)
        overdue = retention.overdue(connection, workspace.config.retention, workspace.now)
        lost = epochs.live(connection) - workspace.keys.names()
    yield Check("works", say("doctor_database", kind=workspace.store.engine.dialect.name))
    yield _either(broken is None, "doctor_audit", "doctor_audit_broken", row=broken)
    yield _either(not lost, "doctor_epochs", "doctor_epochs_lost", n=len(lost))
    if unfinished:
        yield Check("missing", say("doctor_unfinished", n=len(unfinished)))
    yield _either(not overdue, "doctor_retention", "doctor_overdue", tables=", ".join(overdue))


def _either(fine: bool, works: str, broken: str, **values: object) -> Check:
    return Check("works", say(works)) if fine else Check("broken", say(broken, **values))


def print_checks(checks: list[Check], console: Console) -> None:
    """One line a finding, its mark first."""
    write: Callable[..., None] = console.print
    for check in checks:
        write(f"{_MARKS[check.state]} {check.text}", soft_wrap=True, markup=False, highlight=False)
    broken = sum(check.state == "broken" for check in checks)
    write(say("doctor_broken", n=broken) if broken else say("doctor_fine"), soft_wrap=True, highlight=False)
