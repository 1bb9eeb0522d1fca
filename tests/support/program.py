"""The program as people run it: the console script in a process of its own."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

PROGRAM: tuple[str, ...] = (str(Path(sys.executable).with_name("chengqing")),)
_MOST_SECONDS = 60


def command(*args: str | Path, data: Path) -> list[str]:
    """The words that run ``chengqing ARGS`` on the data directory ``data``."""
    return [*PROGRAM, "--data", str(data), *map(str, args)]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without the program's own variables, so that a developer's do not matter."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CHENGQING_")} | dict(extra or {})


def start(*args: str | Path, data: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a command and go on."""
    return subprocess.Popen(
        command(*args, data=data), env=environment(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def run(
    *args: str | Path, data: Path, env: Mapping[str, str] | None = None, check: bool = False
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end; with ``check`` any exit code but 0 fails, with what it said."""
    done = subprocess.run(
        command(*args, data=data), env=environment(env), capture_output=True, timeout=_MOST_SECONDS, check=False
    )
    if check:
        assert done.returncode == 0, done.stderr.decode()
    return done


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until ``holds``."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def locked(data: Path) -> bool:
    """Whether a command has its turn."""
    try:
        with (data / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
