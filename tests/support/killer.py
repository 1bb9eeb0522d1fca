"""Kills the crawls of one desk at seeded moments, and lets the last one end by itself."""

import random
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

import psutil

from tests.support.desk import Desk
from tests.support.scene import NOW, Scene, is_open

PATIENCE = 120
"""Seconds that anything may take on a machine that has other things to do."""
_STEP = timedelta(minutes=1)
"""Between two crawls: a simulated clock never goes back."""
_START = 1.6
"""Seconds of work, about, until a crawl asks its first question."""
_MOST_TRIES = 20


@dataclass
class Killer:
    """Runs crawls, each a minute after the one before, and kills them. Leaves none of its processes behind."""

    scene: Scene
    desk: Desk
    chance: random.Random
    at: datetime = NOW
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    children: list[psutil.Process] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.started:
            process.kill()
        for child in self.children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        for process in self.started:
            process.communicate()

    def start(self) -> subprocess.Popen[bytes]:
        """Start a crawl and go on."""
        self.at += _STEP
        process = self.desk.start("crawl", "--once", "--as-of", self.at.isoformat())
        self.started.append(process)
        return process

    def kill(self, moment: str, share: float, who: str) -> None:
        """Kill a crawl that is at work: ``who`` is its parent, child or both.

        ``moment`` is start, work (``share`` of the requests of a whole crawl were asked for) or end (all is read).
        """
        for _ in range(_MOST_TRIES):
            process = self.start()
            self._wait(process, moment, share)
            if process.poll() is None:
                self._strike(process, who)
                return
            self._check(process)  # the one before was still about to end: its host was held
        raise AssertionError(f"no crawl was at work: {moment} {share}")

    def _wait(self, process: subprocess.Popen[bytes], moment: str, share: float) -> None:
        """Until the moment, which is told by what was done and not by a clock."""
        late = not is_open(self.desk)
        if moment == "work":
            while self.scene.asked() < share * self.scene.needed and process.poll() is None:
                time.sleep(0.02)
        elif moment == "end":
            while is_open(self.desk) and process.poll() is None:
                time.sleep(0.02)
        if moment == "start" or late:
            wanted = self.chance.uniform(0, _START if moment == "start" else _START / 2)
            while worked(process.pid) < wanted and process.poll() is None:
                time.sleep(0.02)
        else:
            time.sleep(self.chance.uniform(0, 0.05))

    def _strike(self, process: subprocess.Popen[bytes], who: str) -> None:
        parent = psutil.Process(process.pid)
        children = parent.children()
        self.children += children
        for victim in {"parent": [parent], "child": children or [parent], "both": [*children, parent]}[who]:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        process.wait(PATIENCE)

    def settle(self) -> None:
        """Let what is left of the killed ones end by itself; nobody was told of a fault of the program."""
        _, alive = psutil.wait_procs(self.children, PATIENCE)
        assert not alive
        for process in self.started:
            self._check(process)

    def _check(self, process: subprocess.Popen[bytes]) -> None:
        said = b"".join(process.communicate(timeout=PATIENCE))
        assert process.returncode in (0, 1, -9) and b"Traceback" not in said, said.decode()

    def finish(self) -> None:
        """One crawl to its end: nothing is left to be read."""
        self.settle()
        process = self.start()
        said = b"".join(process.communicate(timeout=PATIENCE))
        assert process.returncode == 0, said.decode()


def worked(pid: int) -> float:
    """Seconds that a process and its children have worked."""
    seconds = 0.0
    with suppress(psutil.NoSuchProcess):
        for one in (process := psutil.Process(pid), *process.children()):
            times = one.cpu_times()
            seconds += times.user + times.system
    return seconds
