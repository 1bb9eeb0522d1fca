"""The import directions of ``setup.cfg`` hold, and each of them catches an import that breaks it.

The packages are copied, a forbidden import is planted in the copy, and lint-imports must name that contract.
"""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("alerts", "chengqing", "nlp", "pipelines", "spiders")
PREFIX = "importlinter:contract:"

# contract: (module it is planted in, the import)
PLANTS = {
    "rooms": ("nlp/planted.py", "import pipelines.page"),
    "spiders": ("spiders/planted.py", "import pipelines.store"),
    "sources": ("pipelines/planted.py", "import spiders.edge"),
    "page": ("pipelines/page.py", "import nlp.text"),
    "pure": ("pipelines/bitmap.py", "import pipelines.store"),
    "language": ("nlp/planted.py", "import socket"),
    "extras": ("chengqing/planted.py", "import psutil"),
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with the packages and their contracts, free to be broken."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    return tmp_path


def _contracts() -> dict[str, str]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return {s.removeprefix(PREFIX): config[s]["name"] for s in config.sections() if s.startswith(PREFIX)}


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _plant(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")


def test_directions_hold(copy: Path) -> None:
    """Control: the copy without a plant passes, so the plants below are what is caught."""
    done = _lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("contract", PLANTS)
def test_planted_import_is_caught(copy: Path, contract: str) -> None:
    """One forbidden import breaks the contract that forbids it."""
    module, line = PLANTS[contract]
    _plant(copy / module, line)
    done = _lint(copy)
    assert done.returncode == 1, done.stdout
    assert f"{_contracts()[contract]} BROKEN" in done.stdout


def test_every_contract_has_a_plant() -> None:
    """A contract that nothing tries to break may hold nothing."""
    assert set(PLANTS) == set(_contracts())


def test_every_package_is_under_contract() -> None:
    """A new room can't stand beside the contracts."""
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    assert set(config["importlinter"]["root_packages"].split()) == rooms == set(PACKAGES)
