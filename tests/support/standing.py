"""What stands in a data directory, so that two of them can be compared.

Ids are random, and estimates of accounts depend on random keys. Two comparisons leave that out: :func:`everything`,
every row, for imports that went on from one snapshot and so share a key; :func:`told`, what no key decides.
"""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

KEYED = ("pending", "band", "clause", "clause_text", "seen", "carried")
"""Tables that hold nothing once no epoch lives."""
NOISY = {"bitmap", "about", "mac", "opened_at", "finished_at", "ended_at"}
"""Columns that hold noise, or the machine's clock."""
NOISY_IN = {("part", "at_least"), ("outbox", "id")}
"""The same in one table: a count in a noisy bitmap, the order of random ids."""


def database(data: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(data / "chengqing.db"))


def counts(connection: sqlite3.Connection) -> dict[tuple[str, str], int]:
    rows = connection.execute("SELECT unit, outcome, sum(n) FROM window_count GROUP BY unit, outcome")
    return {(unit, outcome): n for unit, outcome, n in rows}


def claim_names(connection: sqlite3.Connection) -> dict[str, str]:
    """Each claim by its shared wording: ids are random."""
    query = "SELECT claim, group_concat(text, '|') FROM (SELECT * FROM shared_clause ORDER BY text) GROUP BY claim"
    return dict(connection.execute(query).fetchall())


def everything(data: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, claims by their wording: equal for imports under one key."""
    with database(data) as connection:
        names = claim_names(connection)
        found = {}
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
            wanted = [c for c in columns if c not in NOISY and (table, c) not in NOISY_IN]
            listed = ", ".join(f'"{column}"' for column in wanted)
            rows = connection.execute(f'SELECT {listed} FROM "{table}"')  # noqa: S608
            found[table] = sorted((tuple(_named(value, names) for value in row) for row in rows), key=repr)
        return found


def _named(value: object, names: dict[str, str]) -> object:
    is_id = isinstance(value, str) and re.fullmatch("[0-9a-f]{12}", value)
    return names.get(str(value), "a claim that was joined") if is_id else value


def told(data: Path) -> dict[str, object]:
    """What no key decides: claims by wording, their numbers, hours after the first, and the totals."""
    with database(data) as connection:
        names = claim_names(connection)
        found: dict[str, object] = {"counts": counts(connection)}
        query = (
            "SELECT id, hazard, mentions, questions, reposts, score, early_warning, first_hour, last_hour FROM claim"
        )
        for id_, *numbers in connection.execute(query).fetchall():
            clauses = connection.execute("SELECT text, guard, mentions FROM shared_clause WHERE claim = ?", (id_,))
            hours = connection.execute(
                "SELECT hour, sum(mentions), sum(questions) FROM claim_hour WHERE claim = ? AND hour > ? GROUP BY hour",
                (id_, numbers[-2]),
            )
            found[names[id_]] = (numbers, sorted(clauses), sorted(hours))
        return found


def assert_whole(data: Path, windows: int = 1) -> None:
    """Finished: nothing keyed is left, no private key, the file is sound, every line is counted."""
    with database(data) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT state, count(*) FROM window GROUP BY state").fetchall() == [
            ("finished", windows)
        ]
        for table in KEYED:
            assert connection.execute(f'SELECT count(*) FROM "{table}"').fetchone() == (0,), table  # noqa: S608
    assert not list((data / "keys").glob("*private*"))
    assert_adds_up(data)


def assert_adds_up(data: Path) -> int:
    """Every line up to the cursor is counted once, kept or dropped; how many."""
    with database(data) as connection:
        lines = connection.execute("SELECT coalesce(sum(line), 0) FROM window").fetchone()[0]
        read = sum(n for (unit, _), n in counts(connection).items() if unit == "text")
        assert read == lines
        return int(read)


def half_written(data: Path, spare: Path) -> int:
    """Lines counted in what a kill left, looked at in a copy: recovery is the program's to do."""
    shutil.copytree(data, spare)
    try:
        with database(spare) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'window'").fetchall():
                return 0
        return assert_adds_up(spare)
    finally:
        shutil.rmtree(spare)
