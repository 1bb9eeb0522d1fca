"""What tables and values of the configuration have in common: strict, closed, refused with the remedy.

A check raises ValueError with a text of its own; no text ever repeats the value that was refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, ValidationInfo
from stdnum import numdb
from stdnum.cn import uscc

from chengqing.messages import say
from chengqing.secret import SecretRef, parse_secret
from nlp.packs import SCOPES, Hazard, load_packs


class Strict(BaseModel):
    """A table of the configuration: no key beside its own, no type but the right one, never changed after."""

    # Without hide_input_in_errors an error that somebody prints would hold what stood in the file.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Context:
    """What a table is read with: where its file lies, the desk's scopes, whether the desk names a contact."""

    folder: Path
    scopes: tuple[str, ...] = SCOPES
    contact: bool = True

    @classmethod
    def of(cls, context: object) -> "Context":
        """The context that a validator is handed; one with the defaults where there is none."""
        return context if isinstance(context, cls) else cls(Path())


def between(least: int, most: int, remedy: str) -> AfterValidator:
    """A whole number from ``least`` to ``most``; the message ``remedy`` says what to do about another."""

    def check(value: int) -> int:
        if not least <= value <= most:
            raise ValueError(say("out_of_range", least=least, most=most, remedy=say(remedy)))
        return value

    return AfterValidator(check)


def matching(pattern: str, problem: str) -> AfterValidator:
    """A text that is ``pattern`` from end to end; the message ``problem`` says what is wrong with another."""
    form = re.compile(pattern)

    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(say(problem))
        return value

    return AfterValidator(check)


def _secret(value: object, info: ValidationInfo) -> SecretRef:
    return parse_secret(value, Context.of(info.context).folder)


def once(values: tuple[str, ...]) -> tuple[str, ...]:
    """A list that names something, and nothing twice."""
    if not values or len(set(values)) < len(values):
        raise ValueError(say("list_once"))
    return values


Line = Annotated[str, matching(r"[^\x00-\x1f\x7f]{1,200}", "line_form")]
Secret = Annotated[SecretRef, PlainValidator(_secret)]
# TOML knows lists alone; what is read is a tuple, which nobody can change.
Names = Annotated[tuple[str, ...], Field(strict=False), AfterValidator(once)]


def _credit_code(code: str) -> str:
    # 92 and 93 are the registers of self-employed people and farmers' co-operatives. No register begins with 0.
    if not uscc.is_valid(code) or uscc.compact(code) != code or code[:2] in ("92", "93") or code.startswith("0"):
        raise ValueError(say("organisation_code"))
    return code


class Organisation(Strict):
    """A public body or licensed medium, as registered (design, Bound 7)."""

    name: Annotated[str, matching(r"[^\x00-\x1f\x7f@/]{2,60}", "organisation_name")]
    credit_code: Annotated[str, AfterValidator(_credit_code)]


_NO_COUNTY = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")
_FORMER = re.compile(r"\[[0-9]*-[0-9]+\]")
_SINCE = re.compile(r"\[[0-9]+-\]")
INVENTED = {"999901": "云岫区"}
"""Counties that no country has, for the sample town: only a server on this machine may be asked about them."""


def county_name(code: str) -> str | None:
    """The name of a county-level division by its code of GB/T 2260; None where there is no such county now."""
    if code in INVENTED:
        return INVENTED[code]
    found = numdb.get("cn/loc").info(code) if re.fullmatch("[0-9]{6}", code) and not code.endswith("00") else []
    names = found[-1][1].get("county", "").split(",") if found else []
    now = [_SINCE.sub("", name) for name in names if not _FORMER.match(name)]
    return next((name for name in now if name not in ("", *_NO_COUNTY)), None)


def _division(code: str) -> str:
    if county_name(code) is None:
        raise ValueError(say("division_form"))
    return code


@cache
def _hazards() -> Mapping[str, Hazard]:
    return load_packs().hazards


def _hazard(name: str, info: ValidationInfo) -> str:
    hazards, scopes = _hazards(), Context.of(info.context).scopes
    if name not in SCOPES and name not in hazards:
        raise ValueError(say("hazard_unknown"))
    if (hazards[name].scope if name in hazards else name) not in scopes:
        raise ValueError(say("hazard_outside"))
    return name


Division = Annotated[str, AfterValidator(_division)]
HazardName = Annotated[str, AfterValidator(_hazard)]
