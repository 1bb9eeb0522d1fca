"""What is wrong with a table, in words: place, problem and remedy, never the value that stood there."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from chengqing.address import excluded
from chengqing.fields import Strict
from chengqing.messages import say
from chengqing.toml_file import Place, TomlFile

_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,40}")
_WRONG_TYPE = {
    "string_type": "type_text",
    "int_type": "type_number",
    "bool_type": "type_truth",
    "date_type": "type_date",
    "tuple_type": "type_list",
    "dict_type": "type_table",
    "model_type": "type_table",
    "model_attributes_type": "type_table",
}


def problem_text(file: TomlFile, place: Place, what: str) -> str:
    """One problem as a line: ``file:line: field: what is wrong; what to do``."""
    line = file.line(place)
    return f"{file.path}{f':{line}' if line else ''}: {_field(place)}: {what}"


def explain(error: ValidationError, table: Mapping[str, Any], top: frozenset[str]) -> Iterator[tuple[Place, str]]:
    """Every problem of ``error`` with its place in ``table``; ``top`` are the keys that belong above all tables."""
    for found in error.errors(include_url=False, include_input=False):
        place = _place(found["loc"], table)
        yield place, _what(found["type"], found.get("ctx", {}), place, top)


def unknown_key(place: Place, top: frozenset[str] = frozenset()) -> str:
    """What to say of a key that nothing reads."""
    key = str(place[-1])
    if problem := excluded(key):
        return problem
    if len(place) > 1 and key in top:
        return say("key_above")
    known = _known_keys(Strict)
    if key in known:
        return say("key_here")
    close = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.75)
    return say("key_close", close=close[0]) if close else say("key_unknown")


def _known_keys(schema: type[Strict]) -> set[str]:
    keys = {field.alias or name for name, field in schema.model_fields.items()}
    return keys.union(*(_known_keys(inner) for inner in schema.__subclasses__()))


def _what(kind: str, context: Mapping[str, Any], place: Place, top: frozenset[str]) -> str:
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        return unknown_key(place, top)
    if kind == "missing":
        return say("field_missing")
    if kind == "literal_error":
        return say("field_choice", choices=context["expected"].replace(" or ", ", "))
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        known = context.get("expected_tags", "page, offset, cursor, link, date_window")
        return say("field_type", choices=known)
    return say(_WRONG_TYPE.get(kind, "type_other"))


def _place(location: Place, table: Mapping[str, Any]) -> Place:
    """``location`` without the steps that pydantic adds: names of variants and types that are no keys of the file."""
    place: list[str | int] = []
    here: Any = table
    for number, step in enumerate(location):
        inside = step in here if isinstance(here, dict) else isinstance(here, list) and isinstance(step, int)
        if inside:
            here = here[step]
        if inside or (number == len(location) - 1 and isinstance(here, dict) and step != "[key]"):
            place.append(step)
    return tuple(place)


def _field(place: Place) -> str:
    """The place as ``source.demo.list.url`` or ``channels[0]``; a key that is no plain word is not repeated."""
    text = ""
    for step in place:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step if _PLAIN_KEY.fullmatch(step) else say('some_key')}"
    return text.removeprefix(".")
