"""The main job: the sample town, read from its files into claims, and what a desk sees of it."""

import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import pytest

from nlp.text import clauses, normalise
from tests.support.program import run

TOWN = Path(__file__).resolve().parents[2] / "chengqing" / "town"
REASONS = ["out_of_scope", "not_public", "not_permitted", "duplicate", "malformed", "too_old"]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[bytes]]:
    """A fresh demo and what the command said."""
    folder = tmp_path_factory.mktemp("town") / "data"
    return folder, run("demo", data=folder)


@pytest.fixture(scope="module")
def claims(town: tuple[Path, subprocess.CompletedProcess[bytes]]) -> list[dict[str, Any]]:
    """The claims as JSON."""
    return [json.loads(line) for line in run("claims", "--json", data=town[0]).stdout.splitlines()]


def posts(first: int, last: int) -> list[str]:
    """Texts of the town's posts by line number."""
    lines = (TOWN / "posts.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines[first - 1 : last]]


def stored(folder: Path) -> str:
    """Every text in the database."""
    connection = sqlite3.connect(folder / "chengqing.db")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    values = [str(v) for table in tables for row in connection.execute(f'SELECT * FROM "{table}"') for v in row]  # noqa: S608
    connection.close()
    return "\n".join(values)


def test_the_last_line_adds_up(
    town: tuple[Path, subprocess.CompletedProcess[bytes]], claims: list[dict[str, Any]]
) -> None:
    """read = kept + all dropped; claims and above_floor are those of ``claims --json``."""
    totals = json.loads(town[1].stdout.splitlines()[-1])
    assert list(totals) == ["sources", "read", "kept", "dropped", "claims", "above_floor"]
    assert list(totals["dropped"]) == REASONS
    assert totals["read"] == totals["kept"] + sum(totals["dropped"].values()) >= 671 + 72
    assert totals["claims"] == len(claims)
    assert totals["above_floor"] == sum(claim["accounts_at_least"] is not None for claim in claims) >= 15
    assert totals["sources"] == 6


def test_true_early_warnings_are_marked_and_stand_first(claims: list[dict[str, Any]]) -> None:
    """The kindergarten and the mushrooms, which prove true, are early warnings, above everything else."""
    marks = [claim["early_warning"] for claim in claims]
    assert marks == sorted(marks, reverse=True)
    warned = "".join("".join(claim["wording"]) for claim in claims if claim["early_warning"])
    assert "望湖幼儿园" in warned and "白伞蘑菇" in warned


def test_opposite_advice_is_never_one_variant(claims: list[dict[str, Any]]) -> None:
    """ "死鱼能吃" and "死鱼不能吃" lie in different variants or claims."""
    variants = [variant["wording"] for claim in claims for variant in claim["variants"]]
    can, not_can = "云溪河漂上来的死鱼能吃", "云溪河漂上来的死鱼不能吃"
    assert any(can in wording for wording in variants) and any(not_can in wording for wording in variants)
    assert not any(can in wording and not_can in wording for wording in variants)


@pytest.mark.parametrize(
    ("what", "first", "last"),
    [("complaints", 362, 427), ("opinions, jokes, satire", 428, 498), ("calls for help", 499, 525)],
)
def test_voices_leave_no_trace(
    town: tuple[Path, subprocess.CompletedProcess[bytes]], what: str, first: int, last: int
) -> None:
    """No clause of theirs of eight characters and more stands anywhere in the database."""
    text = stored(town[0])
    voices = [clause for post in posts(first, last) for clause in clauses(normalise(post)) if len(clause) >= 8]
    assert len(voices) > 30
    assert [clause for clause in voices if clause in text] == [], what


def test_claims_do_leave_a_trace(town: tuple[Path, subprocess.CompletedProcess[bytes]]) -> None:
    """The same search finds the rumour of the water: it can fail."""
    text = stored(town[0])
    assert any(clause in text for post in posts(1, 30) for clause in clauses(normalise(post)) if len(clause) >= 8)


def test_private_details_and_the_four_accounts_stay_out(
    town: tuple[Path, subprocess.CompletedProcess[bytes]], claims: list[dict[str, Any]]
) -> None:
    """Lines 25, 74, 129 and 194 hold a name, a class, a plate and a number; 315 to 327 are said by four accounts."""
    text = stored(town[0])
    ordinary = {clause for post in posts(1, 314) for clause in clauses(normalise(post))}
    for line in (25, 74, 129, 194):
        (post,) = posts(line, line)
        alone = [c for c in clauses(normalise(post)) if sum(c in normalise(p) for p in posts(1, 314)) == 1]
        assert not [clause for clause in alone if clause in text]
    four = {c for post in posts(315, 327) for c in clauses(normalise(post)) if len(c) >= 6} - ordinary
    assert four and not [clause for clause in four if clause in text]
    assert not any("红薯粉条" in clause for claim in claims for clause in claim["wording"])


def test_a_second_demo_replaces_the_first(tmp_path: Path) -> None:
    """The same totals, once."""
    first, second = (run("demo", data=tmp_path / "d").stdout.splitlines()[-1] for _ in range(2))
    left, right = json.loads(first), json.loads(second)
    assert left["read"] == right["read"] and left["dropped"]["duplicate"] == right["dropped"]["duplicate"]


def test_a_directory_with_something_in_it_is_refused(tmp_path: Path) -> None:
    """Nothing in it is touched."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = run("demo", data=tmp_path)
    assert done.returncode == 1 and "--data" in done.stderr.decode()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_people_read_a_table_and_programs_plain_lines(
    town: tuple[Path, subprocess.CompletedProcess[bytes]],
) -> None:
    """In a pipe every claim is one line, and English is one setting away."""
    lines = run("claims", data=town[0]).stdout.decode().splitlines()
    assert lines[0].startswith("需要核实的说法") and all(
        line.count("\t") == 5 for line in lines[1:] if line[0].isdigit()
    )
    english = run("claims", data=town[0], env={"CHENGQING_LANG": "en"}).stdout.decode()
    assert english.startswith("Claims to check")
