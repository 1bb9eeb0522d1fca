"""Bound 5: voices are left alone. Nothing of a dropped post is kept, and no kind of it is counted or named."""

import io
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
import sqlalchemy as sa
from rich.console import Console
from sqlalchemy.engine import Connection

from chengqing import importing, logs, show
from chengqing.clock import CHINA, FixedClock
from chengqing.workspace import Workspace, open_workspace
from nlp import canary
from nlp.canary import CanaryError, check
from nlp.gate import Gate, Passed, load_gate
from nlp.packs import Packs, Region, Touch, load_packs, load_region
from nlp.reader import Reader
from nlp.score import MODELS, load_scorer
from nlp.text import clauses, normalise
from pipelines import schema, view, windows
from pipelines.epoch import EpochKey, bin_of
from pipelines.page import REASONS
from tests.support.measured import records
from tests.support.statuses import status

NOW = datetime(2026, 11, 22, 8, tzinfo=CHINA)
KINDS = re.compile(
    r"accountab|opinion|satir|petition|complain|critic|voice|\bhelp\b|批评|投诉|意见|求助|观点|讽刺|举报"
)
_HAN = re.compile("[\u4e00-\u9fff]")


class Open(Gate):
    """The guard taken away: a gate that keeps everything."""

    def keep(self, text: str) -> Passed | None:
        hazard = next(iter(self.packs.hazards.values()))
        return Passed(self.packs.touch(text) or Touch(hazard, ()), 3.0)


class Deaf(Gate):
    """A gate that drops everything but texts that hold one of ``lets``."""

    lets: tuple[str, ...] = ()

    def keep(self, text: str) -> Passed | None:
        return Passed(Touch(next(iter(self.packs.hazards.values())), ()), 3.0) if self._lets(text) else None

    def _lets(self, text: str) -> bool:
        return any(words in text for words in self.lets)


def deaf(packs: Packs, *lets: str) -> Gate:
    """A gate over ``packs`` that lets through texts with any of ``lets``."""
    gate = load_gate(packs)
    return type("Deaf", (Deaf,), {"lets": lets})(packs, gate.claim, gate.voice)  # type: ignore[no-any-return]


def reader(kind: type[Gate]) -> Reader:
    packs = load_packs()
    gate = load_gate(packs)
    return Reader(packs, (), kind(packs, gate.claim, gate.voice), load_scorer())


# -- voices through the whole import ---------------------------------------------------------------


def real() -> list[str]:
    """Labelled voices of the shared measuring data."""
    kinds = {"accountability", "opinion", "help"}
    posts = records("posts-dev.jsonl")
    return [record["text"] for record in posts if record["kind"] in kinds and not record["ambiguous"]]


def written() -> list[str]:
    """The shipped canaries."""
    return [text for _, text in canary.voices()]


SETS: dict[str, Callable[[], list[str]]] = {"posts": real, "canaries": written}


class Texts(list[str]):
    """Texts that a failing test does not print."""

    def __repr__(self) -> str:
        return f"<{len(self)} texts>"


@pytest.fixture(params=SETS)
def voices(request: pytest.FixtureRequest) -> list[str]:
    found = Texts(SETS[request.param]())
    number = len(found)
    assert number >= 100
    return found


def seven(key: EpochKey) -> list[int]:
    """Account numbers that lie in seven different bins under ``key``."""
    found: dict[int, int] = {}
    for number in range(1000):
        account = str(status(0, number, "", NOW)["user"]["idstr"])
        found.setdefault(bin_of(key.account("weibo", account)), number)
    return list(found.values())[:7]


def imported(workspace: Workspace, texts: list[str], folder: Path) -> importing.Outcome:
    """Every text said by seven accounts, as a file of statuses, through the whole import."""
    key = workspace.keys.open_private(workspace.now // 3600)
    accounts = seven(key)
    file = folder / "posts.jsonl"
    with file.open("w", encoding="utf-8") as out:
        for number, text in enumerate(text for text in texts for _ in accounts):
            at = NOW - timedelta(hours=2 + number % 7)
            record = status(number, accounts[number % 7], text, at)
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    # A window that was begun under this key, so that the accounts' bins are known: the import goes on with it.
    with file.open("rb") as stream:
        name = importing._window_name(workspace, stream, "weibo-status")
    with workspace.store.write() as connection:
        windows.open_window(
            connection,
            source="file",
            name=name,
            basis="none",
            format="weibo-status",
            as_of=workspace.now,
            epoch=key.epoch,
            now=workspace.now,
        )
    return importing.import_file(workspace, file, "weibo-status")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with open_workspace(tmp_path / "data", None, FixedClock(NOW)) as opened:
        yield opened


def wording(connection: Connection, texts: list[str]) -> list[str]:
    """Clauses of ``texts``, of four characters and more, that stand in any stored text column."""
    stored = "\n".join(
        str(value)
        for table in schema.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.String)
        for value in connection.scalars(sa.select(column).where(column.is_not(None)))
    )
    said = {clause for text in texts for clause in clauses(normalise(text)) if _HAN.search(clause)}
    number, shortest = len(said), min(map(len, said))
    assert number > 200 and shortest >= 4
    return sorted(clause for clause in said if clause in stored)


def test_no_word_of_a_voice_is_stored(workspace: Workspace, voices: list[str], tmp_path: Path) -> None:
    """Seven accounts in seven bins say each: no clause, no claim, no keyed row; read = dropped."""
    outcome = imported(workspace, voices, tmp_path)
    assert outcome.counts.read() == 7 * len(voices)
    with workspace.store.read() as connection:
        kept = wording(connection, voices)
        claims = connection.scalar(sa.select(sa.func.count()).select_from(schema.claim))
    # Counts, never the texts: a failure here prints nobody's words.
    assert (len(kept), claims, outcome.counts.kept()) == (0, 0, 0)


def test_without_the_gate_their_words_would_be_stored(workspace: Workspace, voices: list[str], tmp_path: Path) -> None:
    """The arm without the guard."""
    workspace.__dict__["reader"] = reader(Open)
    outcome = imported(workspace, voices, tmp_path)
    with workspace.store.read() as connection:
        kept = wording(connection, voices)
        claims = connection.scalar(sa.select(sa.func.count()).select_from(schema.claim)) or 0
    assert outcome.counts.kept() > 6 * len(voices) and claims > len(voices) / 2 and len(kept) > 200


# -- no kinds --------------------------------------------------------------------------------------


def test_reasons_for_dropping_are_closed() -> None:
    """Six, none of which says what a text was."""
    closed = ("out_of_scope", "not_public", "not_permitted", "duplicate", "malformed", "too_old")
    assert closed == REASONS and set(get_args(windows.Outcome)) == {"kept", *closed}


def names() -> list[str]:
    """Every name under which something is stored, logged or counted."""
    tables = schema.metadata.sorted_tables
    return [
        *(table.name for table in tables),
        *(column.name for table in tables for column in table.columns),
        *(field.name for kind in (windows.Counts, importing.Outcome, view.ClaimView) for field in fields(kind)),
        *logs.KEYS,
        *REASONS,
    ]


def test_nothing_is_named_after_a_kind_of_voice() -> None:
    """No table, column, counter or log key."""
    assert not [name for name in names() if KINDS.search(name)]
    assert KINDS.search("dropped_opinions") and KINDS.search("voice_kind")  # the arm: such names would be found


def test_reports_count_one_number_and_no_kinds(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an import of canaries says, prints and stores: one total, nothing that tells voices from chat."""
    texts = written()[:60]
    workspace.__dict__["reader"] = _dropping()
    outcome = imported(workspace, texts, tmp_path)
    out = io.StringIO()
    show.print_outcome(outcome, Console(file=out, width=200))
    with workspace.store.read() as connection:
        counts = windows.counts(connection)
        show.print_json(show.totals(1, counts, view.claims(connection, lambda _: ())))
        rows = [tuple(row) for table in schema.metadata.sorted_tables for row in connection.execute(sa.select(table))]
        stored = list(connection.execute(sa.select(schema.window_count)))
    assert {name: n for name, n in counts.dropped().items() if n} == {"out_of_scope": 420}
    assert len(stored) == 1 and not KINDS.search(f"{out.getvalue()}{capsys.readouterr()}{rows}")


def _dropping() -> Reader:
    packs = load_packs()
    return Reader(packs, (), deaf(packs), load_scorer())


def test_models_hold_one_weight_a_feature_and_no_kinds() -> None:
    """Two models of one answer each, a calibration and a measure of likeness: no classes, no labels, no kinds."""
    assert {path.name for path in MODELS.iterdir()} == {"claim.json", "voice.json", "score.json", "match.json"}
    for name in ("claim", "voice"):
        document = json.loads((MODELS / f"{name}.json").read_text(encoding="utf-8"))
        assert document.keys() == {"intercept", "marks", "threshold", "weights"}
        assert isinstance(document["intercept"], float) and isinstance(document["threshold"], float)
        for table in ("marks", "weights"):
            assert {type(weight) for weight in document[table].values()} <= {float, int}
        assert all(re.fullmatch("[rml]:[a-z0-9_]+", mark) and not KINDS.search(mark) for mark in document["marks"])
    assert json.loads((MODELS / "score.json").read_text(encoding="utf-8")).keys() == {"bias", "model", "weights"}


# -- canaries --------------------------------------------------------------------------------------


def test_the_shipped_gate_drops_every_canary() -> None:
    """With the sample region's places; the seconds it takes are printed."""
    began = time.perf_counter()
    region = load_region(Path(canary.__file__).parent / "packs" / "regions" / "yunxiu.toml")
    tried = check(load_gate(load_packs()), (region,))
    print(f"{tried} canaries in {time.perf_counter() - began:.2f} s (aim: 2 s)")
    assert tried >= 600


def test_one_canary_let_through_refuses_by_its_id() -> None:
    """The program names which, never its words."""
    id_, text = list(canary.voices())[321]
    packs = load_packs()
    assert check(deaf(packs)) > 600
    with pytest.raises(CanaryError) as refused:
        check(deaf(packs, normalise(text)))
    assert id_ in str(refused.value) and "1 of" in str(refused.value)
    assert not any(clause in str(refused.value) for clause in clauses(normalise(text)))


@pytest.mark.parametrize(("written", "passes"), [(599, False), (600, True)])
def test_fewer_than_600_canaries_refuse(tmp_path: Path, written: int, passes: bool) -> None:
    """A list that was cut short is no guard."""
    lines = (canary.CANARIES / "voices.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "voices.jsonl").write_text("".join(lines[:written]), encoding="utf-8")
    (tmp_path / "templates.json").write_bytes((canary.CANARIES / "templates.json").read_bytes())
    gate = deaf(load_packs())
    if passes:
        assert check(gate, folder=tmp_path) > 600
    else:
        with pytest.raises(CanaryError, match="599 canaries; 600 are required"):
            check(gate, folder=tmp_path)


def test_a_term_added_locally_is_tried() -> None:
    """A pack's new word goes through a template; before it was added, no canary held it."""
    packs, term = load_packs(), "青螺膏药"
    check(deaf(packs, term))
    id_, hazard = next(iter(packs.hazards.items()))
    wider = replace(packs, hazards={**packs.hazards, id_: replace(hazard, terms=(*hazard.terms, term))})
    with pytest.raises(CanaryError, match=f"with {id_}"):
        check(deaf(wider, term))


def test_a_place_added_locally_is_tried() -> None:
    """Each of a region's places stands in some template."""
    packs, places = load_packs(), ("青螺医院", "北滩小学", "松岭水厂")
    check(deaf(packs, *places))
    for place in places:
        with pytest.raises(CanaryError, match="template"):
            check(deaf(packs, place), (Region("青螺", places),))
