"""The documents name everything that the program has, and nothing that it has not.

An entry is the first cell of a table row, in backticks, under the heading where a reader looks for it. What has none
fails by name.
"""

import json
import re
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from chengqing import cli, measure, refused, show
from chengqing.config import _Tables
from chengqing.questions import question_record
from chengqing.source import KINDS
from nlp.ask_words import WORDS
from nlp.packs import PLACE_KINDS
from nlp.reader import load_reader
from nlp.score import Reason
from pipelines.asked import QuestionView
from pipelines.page import REASONS, Fault
from pipelines.schema import metadata
from pipelines.view import ClaimView, Variant
from pipelines.windows import Counts

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CARD = ROOT / "nlp" / "corpus" / "DATA_CARD.md"
DOCUMENTS = (
    *sorted(ROOT.glob("*.md")),
    *sorted(DOCS.glob("*.md")),
    CARD,
    ROOT / "chengqing" / "town" / "README.md",
)
_HEADING = re.compile(r"^#{1,6} (.+)$")
_ROW = re.compile(r"^\| `([^`]+)` \|")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FOLDERS = "chengqing|spiders|nlp|pipelines|alerts|benchmarks|tests|docs|scripts"
_PATH = re.compile(rf"`((?:{_FOLDERS})/[\w./-]*)`")


def headings(text: str) -> list[str]:
    """Every heading's text, code blocks left out."""
    lines = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL).splitlines()
    return [found[1] for line in lines if (found := _HEADING.match(line))]


def sections(text: str) -> Iterator[tuple[str, str]]:
    """(heading without its backticks, what stands below it) in order."""
    for part in re.split(r"^(?=#{1,6} )", text, flags=re.MULTILINE):
        head, _, body = part.partition("\n")
        if found := _HEADING.match(head):
            yield found[1].replace("`", ""), body


@cache
def entries(file: Path) -> Mapping[str, frozenset[str]]:
    """Names with an entry, by heading."""
    return {
        head: frozenset(found[1] for line in body.splitlines() if (found := _ROW.match(line)))
        for head, body in sections(file.read_text(encoding="utf-8"))
    }


def compare(file: Path, heading: str, there: set[str]) -> None:
    """Fail with the names that lack an entry, or that have one and are no more."""
    written = entries(file).get(heading, frozenset())
    place = f"{file.relative_to(ROOT)}, “{heading}”"
    missing, stale = sorted(there - written), sorted(written - there)
    assert not missing, f"{place} has no entry for: {', '.join(missing)}; add a row | `NAME` | … |"
    assert not stale, f"{place} has an entry for what is no more: {', '.join(stale)}; take the row out"


# -- the command line ------------------------------------------------------------------------------


def _options(command: Any, before: str = "") -> set[str]:
    return {
        f"{before}{name}"
        for parameter in command.params
        if parameter.param_type_name == "option"
        for name in parameter.opts
        if name != "--help"
    }


def _commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(cli.app)
    return dict(group.commands)


def test_every_command_and_option() -> None:
    """docs/operating.md has each command and each of its options."""
    there = _options(typer.main.get_command(cli.app))
    for name, command in _commands().items():
        there |= {name} | _options(command, f"{name} ")
    compare(DOCS / "operating.md", "Commands", there)


def test_every_exit_code() -> None:
    """docs/operating.md has each exit code, and the README has it in both languages."""
    codes = {0, 2, refused.REFUSED, refused.CONFIG, refused.STORAGE, refused.FAULT}
    compare(DOCS / "operating.md", "Exit codes", set(map(str, codes)))
    for half in _readme():
        missing = [code for code in sorted(codes) if f"\n| {code} | " not in half]
        assert not missing, f"README.md: no row in a table of exit codes for {missing}"


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_no_command_that_is_none(file: Path) -> None:
    """What a document tells a reader to type exists: commands, and targets of make."""
    text = file.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"`([^`\n]+)`", text) + re.findall(r"^ {4,}(\S.*)$", text, re.MULTILINE))
    said = set(re.findall(r"\bchengqing (?:--(?:data|config|log-level) \S+ )*([a-z]+)\b", code))
    assert not (unknown := sorted(said - _commands().keys())), f"{file.name}: no such command: {unknown}"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    made = set(re.findall(r"\bmake ([a-z]+)\b", code))
    assert not (unknown := sorted(made - targets)), f"{file.name}: no such target of make: {unknown}"


# -- the configuration -----------------------------------------------------------------------------


def fields(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Every field of a table and of the tables in it, as ``desk.organisation.name``."""
    for name, field in model.model_fields.items():
        place = above + (field.alias or name)
        yield place
        for inner in _tables(field.annotation):
            yield from fields(inner, f"{place}.")


def _tables(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _tables(inner)


def test_every_setting_of_the_desk() -> None:
    """docs/configuration.md has each field of chengqing.toml."""
    compare(DOCS / "configuration.md", "chengqing.toml", set(fields(_Tables)))


def test_every_kind_of_source() -> None:
    """docs/configuration.md has each kind."""
    compare(DOCS / "configuration.md", "Kinds of source", set(KINDS))


SOURCE_SECTIONS = (
    "Every source",
    "Files handed over: contract_files",
    "Sources read over the network",
    "Feeds and lists",
    "Platform APIs",
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_of_a_source(kind: str) -> None:
    """docs/configuration.md has each field of each kind of source."""
    written = frozenset().union(*(entries(DOCS / "configuration.md").get(name, ()) for name in SOURCE_SECTIONS))
    missing = sorted(set(fields(KINDS[kind])) - written)
    assert not missing, f"docs/configuration.md has no entry for what {kind} may have: {', '.join(missing)}"


def test_no_setting_that_is_none() -> None:
    """docs/configuration.md describes no field of a source that no kind has."""
    there = {name for schema in KINDS.values() for name in fields(schema)}
    for heading in SOURCE_SECTIONS:
        stale = sorted(entries(DOCS / "configuration.md")[heading] - there)
        assert not stale, f"docs/configuration.md, “{heading}”: no source has: {', '.join(stale)}"


def test_kinds_of_place_are_shown_by_example() -> None:
    """The kinds of place that the page names are kinds."""
    shown = re.search(r"end in a kind of place \(([^…)]+)", (DOCS / "configuration.md").read_text(encoding="utf-8"))
    assert shown is not None
    assert {word for word in re.split("[, ]+", shown[1]) if word} <= set(PLACE_KINDS)


# -- the database ----------------------------------------------------------------------------------


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_every_table_and_column(table: str) -> None:
    """docs/data.md has each table with each column, and how long its rows are kept."""
    compare(DOCS / "data.md", table, {column.name for column in metadata.tables[table].columns})
    body = dict(sections((DOCS / "data.md").read_text(encoding="utf-8")))[table]
    assert "Kept: " in body, f"docs/data.md, {table}: does not say how long it is kept; add “Kept: …”"


def test_no_table_that_is_none() -> None:
    """docs/data.md describes no table that is no more."""
    titles = re.findall(r"^### `(\w+)`$", (DOCS / "data.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(titles) == sorted(metadata.tables)


# -- formats ---------------------------------------------------------------------------------------


def test_every_drop_reason_and_fault() -> None:
    """docs/formats.md has each closed reason and fault; the README has the reasons in both languages."""
    compare(DOCS / "formats.md", "Drop reasons", set(REASONS))
    compare(DOCS / "formats.md", "Faults", set(typing.get_args(Fault)))
    for half in _readme():
        assert not (missing := [reason for reason in REASONS if f"`{reason}`" not in half]), f"README.md: {missing}"


def names(record: Mapping[str, Any], above: str = "", closed: tuple[str, ...] = ()) -> Iterator[str]:
    """Every key of a JSON record and of the records in its lists; keys below ``closed`` are data."""
    for key, value in record.items():
        yield above + key
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict) and key not in closed:
                yield from names(inner, f"{above}{key}.", closed)


REASON = Reason("hearsay", "说法来自传闻", "Hearsay", 0.2)
CLAIM = ClaimView(
    id="0" * 12, scope="health", hazard="h", headline=None, wording=("c",), hidden_wording=0,
    variants=(Variant("v", {"polarity": "no"}, ("c",), 5, 5, 5),), accounts=5, accounts_at_least=5, mentions=5,
    questions=0, outlets=(), said=(), first_hour=0, last_hour=0, check_score=0.5, reasons=(REASON,),
    early_warning=False, status="open", above_floor=True,
)  # fmt: skip


def test_every_field_of_claims_json() -> None:
    """docs/formats.md has each field of ``claims --json``."""
    compare(DOCS / "formats.md", "claims --json", set(names(show.claim_record(CLAIM), closed=("slots",))))


def test_every_field_of_questions_json() -> None:
    """docs/formats.md has each field of ``questions --json``, and data.md and formats.md name every question word."""
    view = QuestionView("0" * 12, "h", "某街道", "when", 5, 5, 0, 0)
    compare(DOCS / "formats.md", "questions --json", set(names(question_record(view))))
    for page in ("formats.md", "data.md", "language.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        assert not (missing := [word.id for word in WORDS if f"`{word.id}`" not in text]), f"docs/{page}: {missing}"


def test_every_field_of_the_last_line() -> None:
    """docs/formats.md has each field of the demo's last line, and the README in both languages."""
    there = set(names(show.totals(1, Counts(), []), closed=("dropped",)))
    compare(DOCS / "formats.md", "demo: the last line", there)
    for half in _readme():
        assert not (missing := [name for name in there if f"\n| `{name}` |" not in half]), f"README.md: {missing}"


def test_every_field_of_triage_and_group() -> None:
    """docs/formats.md has each field that ``triage`` and ``group`` print."""
    town = (ROOT / "chengqing" / "town" / "posts.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [measure.Text(number, json.loads(line)["text"]) for number, line in enumerate(town[:120])]
    reader = load_reader(canaries=False)
    triaged = list(measure.triage(reader, texts))
    assert any("hazard" in record for record in triaged), "the gate keeps none of 120 posts of the town"
    compare(DOCS / "formats.md", "triage", {key for record in triaged for key in record})
    compare(DOCS / "formats.md", "group", {key for record in measure.group(reader, texts[:2]) for key in record})


# -- measures, the corpus, links -------------------------------------------------------------------


def test_every_benchmark() -> None:
    """docs/language.md has each benchmark's command."""
    table = dict(sections((DOCS / "language.md").read_text(encoding="utf-8")))["What is measured by which command"]
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        if "def main(" in path.read_text(encoding="utf-8"):
            assert f"-m benchmarks.{path.stem}`" in table, f"docs/language.md has no row for benchmarks/{path.name}"


def corpus_rows() -> list[str]:
    """The data card's table, as the corpus stands."""
    kinds = ("claim", "question", "notice", "accountability", "opinion", "help", "other")
    rows, total = [], [0] * (len(kinds) + 3)
    for path in sorted(CARD.parent.glob("*.jsonl")):
        texts = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        numbers = [
            len(texts),
            len({text["occasion"] for text in texts}),
            *(sum(text["kind"] == kind for text in texts) for kind in kinds),
            sum(text["flag"] for text in texts),
        ]
        rows.append(f"| `{path.name}` | {' | '.join(map(str, numbers))} |")
        total = [a + b for a, b in zip(total, numbers, strict=True)]
    head = f"| file | texts | occasions | {' | '.join(kinds)} | flagged |"
    return [head, "|" + "---|" * (len(kinds) + 4), *rows, f"| all | {' | '.join(map(str, total))} |"]


def test_the_data_card_counts_the_corpus() -> None:
    """nlp/corpus/DATA_CARD.md has the numbers of the files as they stand."""
    table = "\n".join(corpus_rows())
    assert table in CARD.read_text(encoding="utf-8"), f"{CARD.relative_to(ROOT)}: counts differ; write\n{table}"


def _readme() -> tuple[str, str]:
    chinese, english = (ROOT / "README.md").read_text(encoding="utf-8").split("\n# English\n")
    return chinese, english


@pytest.mark.parametrize("half", [0, 1], ids=["zh", "en"])
def test_the_readme_names_both_commands(half: int) -> None:
    """Each half of the README is complete: the two commands, and every command of the program."""
    text = _readme()[half]
    for command in ("make run", "make test"):
        assert command in text, f"README.md: `{command}` is not named"
    missing = [name for name in _commands() if f"\n| `{name}`" not in text]
    assert not missing, f"README.md: no row for: {', '.join(missing)}"


def anchors(file: Path) -> set[str]:
    """The anchors that a host makes of a document's headings."""
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings(file.read_text(encoding="utf-8")))
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_resolves(file: Path) -> None:
    """Every relative link leads to a file, and to a heading where it names one; every path in backticks is there."""
    text = file.read_text(encoding="utf-8")
    for link in _LINK.findall(text):
        if link.startswith(("https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = file.parent / name if name else file
        assert target.exists(), f"{file.relative_to(ROOT)}: {link} leads to nothing"
        assert not anchor or anchor in anchors(target), f"{file.relative_to(ROOT)}: {link} names no heading"
    for path in _PATH.findall(text):
        assert list(ROOT.glob(path.rstrip("/"))), f"{file.relative_to(ROOT)}: {path} is not there"
