"""Questions for a public fact as people and programs read them."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from chengqing.clock import hour_text, short_hour
from chengqing.messages import language, say
from nlp.ask_words import WORDS
from nlp.packs import Hazard
from pipelines.asked import QuestionView

_NAMES = {word.id: {"zh": word.zh, "en": word.en} for word in WORDS}


def question_record(question: QuestionView) -> dict[str, Any]:
    """A question as ``questions --json`` prints it: these fields and no others."""
    return {
        "id": question.id,
        "hazard": question.hazard,
        "place": question.place,
        "word": question.word,
        "accounts_at_least": question.accounts_at_least,
        "mentions": question.mentions,
        "first_hour": hour_text(question.first_hour),
        "last_hour": hour_text(question.last_hour),
    }


def _cells(question: QuestionView, hazards: Mapping[str, Hazard]) -> tuple[str, ...]:
    hazard = hazards[question.hazard]
    return (
        question.place,
        hazard.zh if language() == "zh" else hazard.en,
        _NAMES[question.word][language()],
        say("spread_at_least", at_least=question.accounts_at_least, mentions=question.mentions),
        say("spread_hours", first=short_hour(question.first_hour), last=short_hour(question.last_hour)),
        question.id,
    )


def print_questions(questions: Iterable[QuestionView], hazards: Mapping[str, Hazard], console: Console) -> None:
    """What people ask, what most accounts ask first: a table on a terminal, lines in a pipe."""
    rows = [_cells(question, hazards) for question in questions]
    if not rows:
        console.print(say("questions_none"))
    elif console.is_terminal:
        console.print(_table(rows))
    else:
        console.print(say("questions_title", n=len(rows)))
        for cells in rows:
            console.file.write("\t".join(cells) + "\n")  # Rich would turn tabs into blanks


def _table(rows: list[tuple[str, ...]]) -> Table:
    heads = ("column_place", "column_hazard", "column_asked", "column_spread", "column_hours", "column_id")
    table = Table(title=say("questions_title", n=len(rows)), show_lines=True, title_justify="left")
    for key in heads:
        table.add_column(say(key), overflow="fold")  # Chinese has no blanks to break at
    for cells in rows:
        table.add_row(*cells)
    return table
