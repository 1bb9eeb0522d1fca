"""The closed list of hazards: packs of terms, and the places of one region.

A pack is one TOML file a scope under ``nlp/packs``; a region is one file a desk. Packs decide what a text
can be about at all: a text that holds no term is out of scope before any model looks at it.
"""

import tomllib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, get_args

from ahocorasick_rs import AhoCorasick, MatchKind

from nlp.text import normalise

Scope = Literal["health", "food_drug", "disaster", "public_service", "consumer_safety"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PACKS = Path(__file__).parent / "packs"


class PackError(ValueError):
    """A pack or region file that can't be used; the message names file, field and remedy."""


@dataclass(frozen=True, slots=True)
class Hazard:
    """Something that may harm people, with the words by which posts speak of it.

    ``harm`` is 1 (nuisance) to 5 (death or mass panic). ``terms`` alone decide that a text touches the
    hazard; ``context`` words only break ties between hazards.
    """

    id: str
    scope: Scope
    zh: str
    en: str
    harm: int
    harm_why: str
    expert: str
    terms: tuple[str, ...]
    context: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Touch:
    """The hazard that a text touches most, and the pack terms that say so."""

    hazard: Hazard
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Region:
    """The desk's own district: places and outlets that serve matching, never queries (design, Bound 2)."""

    name: str
    places: tuple[str, ...]
    outlets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Packs:
    """All hazards of the five scopes, ready to match; figures and institutions that redaction spares."""

    hazards: Mapping[str, Hazard]
    institutions: tuple[str, ...]
    figures: tuple[str, ...]

    def within(self, scopes: Collection[str]) -> "Packs":
        """The same packs with the hazards of ``scopes`` alone."""
        kept = {id_: hazard for id_, hazard in self.hazards.items() if hazard.scope in scopes}
        return replace(self, hazards=kept)

    @cached_property
    def _index(self) -> tuple[AhoCorasick, list[list[tuple[Hazard, int]]], list[str]]:
        owners: dict[str, list[tuple[Hazard, int]]] = {}
        for hazard in self.hazards.values():
            for word in hazard.context:
                owners.setdefault(word, []).append((hazard, 0))
            for word in hazard.terms:
                owners.setdefault(word, []).append((hazard, 1))
        words = list(owners)
        automaton = AhoCorasick(words, matchkind=MatchKind.Standard)
        return automaton, [owners[word] for word in words], words

    def touch(self, text: str) -> Touch | None:
        """The hazard that the normalised ``text`` touches most, or None when it holds no term.

        Most different terms win, then most context words, then the longest term, then the id, so that
        the answer depends on the text alone.
        """
        automaton, owners, words = self._index
        hits = {index for index, _, _ in automaton.find_matches_as_indexes(text, overlapping=True)}
        terms: dict[str, list[str]] = {}
        context: Counter[str] = Counter()
        for index in hits:
            for hazard, weight in owners[index]:
                if weight:
                    terms.setdefault(hazard.id, []).append(words[index])
                else:
                    context[hazard.id] += 1
        if not terms:
            return None
        best = min(terms, key=lambda id_: (-len(terms[id_]), -context[id_], -max(map(len, terms[id_])), id_))
        return Touch(self.hazards[best], tuple(sorted(terms[best], key=lambda word: (-len(word), word))))


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackError(f"{path.name}: not valid TOML ({error}); mend the line it names") from None


def _words(path: Path, field: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise PackError(f"{path.name}: {field} must be a list of words in quotes")
    for word in value:
        if len(word) < 2 or normalise(word) != word:
            raise PackError(
                f"{path.name}: {field}: {word!r} must have at least two characters, half-width, lower case, simplified"
                f" (try {normalise(word)!r})"
            )
    return tuple(dict.fromkeys(value))


_HAZARD_FIELDS = {"zh", "en", "harm", "harm_why", "expert", "terms", "context"}


def _hazard(path: Path, scope: Scope, id_: str, table: Mapping[str, Any]) -> Hazard:
    name = f"hazard.{id_}"
    if unknown := set(table) - _HAZARD_FIELDS:
        raise PackError(f"{path.name}: {name}: unknown field {sorted(unknown)[0]!r}; known: {sorted(_HAZARD_FIELDS)}")
    if missing := _HAZARD_FIELDS - {"context"} - set(table):
        raise PackError(f"{path.name}: {name}: {sorted(missing)[0]!r} is missing")
    if not isinstance(table["harm"], int) or not 1 <= table["harm"] <= 5:
        raise PackError(f"{path.name}: {name}.harm must be a whole number from 1 to 5")
    return Hazard(
        id=id_,
        scope=scope,
        terms=_words(path, f"{name}.terms", table["terms"]),
        context=_words(path, f"{name}.context", table.get("context", [])),
        **{key: table[key] for key in ("zh", "en", "harm", "harm_why", "expert")},
    )


def load_packs(folder: Path = PACKS) -> Packs:
    """Read the five packs, the institutions and the public figures from ``folder``.

    Raises PackError for anything out of form: an unknown scope or field, a hazard id used twice.
    """
    hazards: dict[str, Hazard] = {}
    for scope in SCOPES:
        path = folder / f"{scope}.toml"
        table = _table(path)
        if table.get("scope") != scope:
            raise PackError(f"{path.name}: scope must be {scope!r}; scopes are a closed list")
        for id_, fields in table.get("hazard", {}).items():
            if id_ in hazards:
                raise PackError(f"{path.name}: hazard.{id_} stands already under {hazards[id_].scope}; ids are unique")
            hazards[id_] = _hazard(path, scope, id_, fields)
    institutions = _words(
        folder / "institutions.toml", "words", [normalise(w) for w in _table(folder / "institutions.toml")["words"]]
    )
    figures = _words(
        folder / "public_figures.toml",
        "figures",
        [normalise(w) for w in _table(folder / "public_figures.toml")["figures"]],
    )
    return Packs(hazards, institutions, figures)


# A place added locally must end in a kind of place, so that no name of a person fits (design, Bound 2).
PLACE_KINDS = (
    "街道 镇 乡 村 社区 小区 医院 保健院 卫生院 卫生服务中心 小学 中学 一中 二中 三中 四中 高中 学校 幼儿园 水厂 供水公司 供电公司 路 线 大道 市场 超市 商场 "
    "河 江 湖 水库 公司 中心 站 车站 地铁站 广场 大桥 桥 公园 区 县 市 厂 园区 隧道 收费站 政务大厅"
).split()


def load_region(path: Path) -> Region:
    """Read one region file: ``name``, lists of places by kind, ``outlets``.

    Raises PackError when a place does not end in one of PLACE_KINDS, naming the list and the place.
    """
    table = _table(path)
    places: list[str] = []
    for field, value in table.items():
        if field in ("name", "division", "outlets"):
            continue
        for word in _words(path, field, [normalise(w) for w in value] if isinstance(value, list) else value):
            if not word.endswith(tuple(PLACE_KINDS)):
                raise PackError(
                    f"{path.name}: {field}: {word!r} does not end in a kind of place; "
                    f"write the full name, ending in one of: {' '.join(PLACE_KINDS)}"
                )
            places.append(word)
    if not isinstance(table.get("name"), str):
        raise PackError(f"{path.name}: name is missing: the district's own name in quotes")
    outlets: Sequence[str] = table.get("outlets", [])
    return Region(table["name"], tuple(dict.fromkeys(places)), tuple(outlets))
