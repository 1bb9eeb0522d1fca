"""What every command needs: its options, the opened data directory, where to print."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import Console

from chengqing import logs
from chengqing.clock import Clock, SystemClock
from chengqing.config import LogLevel
from chengqing.messages import say
from chengqing.workspace import Workspace, open_workspace


@dataclass(frozen=True, slots=True)
class Options:
    """What every command is given."""

    data: Path
    config: Path | None
    log_level: LogLevel | None


@contextmanager
def opened(
    context: typer.Context, *, reads: bool = False, keep_turn: bool = True, clock: Clock | None = None
) -> Iterator[Workspace]:
    """The data directory, opened for one command; see :func:`chengqing.workspace.open_workspace`."""
    options: Options = context.obj
    with open_workspace(
        options.data,
        options.config,
        clock or SystemClock(),
        waiting=lambda: errors().print(say("waiting")),
        beside=(lambda: errors().print(say("beside"))) if reads else None,
        keep_turn=keep_turn,
        warn=lambda text: errors().print(text),
    ) as workspace:
        logs.configure(options.log_level or workspace.config.log_level)
        yield workspace


def out() -> Console:
    """Standard output."""
    return Console()


def errors() -> Console:
    """Standard error: lines as they are."""
    return Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
