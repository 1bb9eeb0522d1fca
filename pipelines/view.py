"""Claims as they are read: declared fields only, from rows that hold nothing of an individual.

Below the floor a claim shows neither counts nor wording of individuals; it has a row here only when an
organisation published it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from nlp.score import Reason
from pipelines import schema

WORDING = 20
"""Shared clauses that are shown: those with most mentions."""
_BEGINNING = 40


@dataclass(frozen=True, slots=True)
class Variant:
    """Shared clauses of a claim that pin down the same things: "能吃" and "不能吃" are two."""

    id: str
    slots: Mapping[str, str | tuple[str, ...]]
    wording: tuple[str, ...]
    accounts: int | None
    accounts_at_least: int
    mentions: int


@dataclass(frozen=True, slots=True)
class ClaimView:
    """One claim. ``accounts`` is an estimate ("about"), None above 4,000 or without individuals' counts.

    Hours count from 1970 (UTC); ``check_score`` is 0 to 1. ``hidden_wording`` counts shared clauses beyond the 20.
    """

    id: str
    scope: str
    hazard: str
    headline: str | None
    wording: tuple[str, ...]
    hidden_wording: int
    variants: tuple[Variant, ...]
    accounts: int | None
    accounts_at_least: int | None
    mentions: int
    questions: int
    outlets: tuple[str, ...]
    said: tuple[str, ...]
    first_hour: int
    last_hour: int
    check_score: float
    reasons: tuple[Reason, ...]
    early_warning: bool
    status: str
    above_floor: bool


@dataclass(frozen=True, slots=True)
class _Rows:
    """Everything that belongs to the claims being read, by claim."""

    clauses: Mapping[str, list[Row[Any]]]
    parts: Mapping[str, list[Row[Any]]]
    articles: Mapping[str, list[Row[Any]]]


def claims(
    connection: Connection,
    explain: Callable[[Iterable[str]], tuple[Reason, ...]],
    *,
    harms: Mapping[str, int] = MappingProxyType({}),
    status: str | None = None,
) -> list[ClaimView]:
    """Every claim that may be shown, what most needs an answer first.

    Early warnings come first, then the product of check score and harm, then accounts. ``explain`` turns rule ids
    into reasons, ``harms`` gives hazards 1 (nuisance) to 5 (death); ``status`` keeps one status only. Hidden claims
    are left out.
    """
    claim = schema.claim
    query = sa.select(claim).where(claim.c.id.not_in(sa.select(schema.erasure.c.claim)))
    if status is not None:
        query = query.where(claim.c.status == status)
    rows = connection.execute(query).all()
    belonging = _Rows(
        _by_claim(connection, sa.select(schema.shared_clause)),
        _by_claim(connection, sa.select(schema.part)),
        _by_claim(
            connection,
            sa.select(
                schema.claim_article.c.claim,
                schema.claim_article.c.role,
                schema.article.c.outlet,
                schema.article.c.title,
                sa.func.substr(schema.article.c.text, 1, _BEGINNING + 1).label("text"),
            )
            .join(schema.article, schema.article.c.id == schema.claim_article.c.article)
            .order_by(schema.article.c.published),
        ),
    )
    views = [_view(row, belonging, explain(row.rules)) for row in rows]
    return sorted(
        views,
        key=lambda v: (
            not v.early_warning,
            -v.check_score * harms.get(v.hazard, 1),
            -(v.accounts_at_least or 0),
            v.id,
        ),
    )


def hazards(connection: Connection) -> dict[str, int]:
    """Hazards that many accounts speak of in no common wording: at least 10, 20 or 40 accounts in one epoch."""
    table = schema.hazard_spread
    rows = connection.execute(sa.select(table.c.hazard, sa.func.max(table.c.at_least)).group_by(table.c.hazard))
    return {hazard: int(n) for hazard, n in rows}


def _by_claim(connection: Connection, query: sa.Select[Any]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.claim, []).append(row)
    return found


def _view(row: Row[Any], rows: _Rows, reasons: tuple[Reason, ...]) -> ClaimView:
    clauses = sorted(rows.clauses.get(row.id, ()), key=lambda c: (-c.mentions, c.text))
    shown = clauses[:WORDING]
    parts = rows.parts.get(row.id, [])
    variants = _variants(row.id, shown, parts) if row.above_floor else ()
    count = _largest(variants, parts) if row.above_floor else None
    articles = rows.articles.get(row.id, [])
    claiming = [a for a in articles if a.role == "claim"]
    return ClaimView(
        id=row.id,
        scope=row.scope,
        hazard=row.hazard,
        headline=row.headline or (_headline(claiming[0]) if claiming else None),
        wording=tuple(c.text for c in shown),
        hidden_wording=len(clauses) - len(shown),
        variants=variants,
        accounts=count[1] if count else None,
        accounts_at_least=count[0] if count else None,
        mentions=row.mentions,
        questions=row.questions,
        outlets=tuple(dict.fromkeys(a.outlet for a in claiming)),
        said=tuple(dict.fromkeys(a.outlet for a in articles if a.role == "notice")),
        first_hour=row.first_hour,
        last_hour=row.last_hour,
        check_score=row.score / 10,
        reasons=reasons,
        early_warning=row.early_warning,
        status=row.status,
        above_floor=row.above_floor,
    )


def _headline(article: Row[Any]) -> str:
    """An article's title, or the beginning of one without (a post of an organisation)."""
    title, text = str(article.title), str(article.text)
    return title or (text if len(text) <= _BEGINNING else f"{text[:_BEGINNING]}…")


def _variants(claim: str, clauses: list[Row[Any]], parts: list[Row[Any]]) -> tuple[Variant, ...]:
    """Variants by guard key, the one with most accounts first; one without slots when no clause has any."""
    guards = sorted({c.guard for c in clauses if c.guard})
    if not guards:
        whole = _most([p for p in parts if p.guard is None])
        wording = tuple(c.text for c in clauses)
        return (Variant(f"{claim}-1", {}, wording, whole[1], whole[0], max((c.mentions for c in clauses), default=0)),)
    found = []
    for number, guard in enumerate(guards, start=1):
        own = [c for c in clauses if c.guard == guard]
        at_least, about = _most([p for p in parts if p.guard == guard])
        found.append(
            Variant(
                f"{claim}-{number}",
                slots_of(guard),
                tuple(c.text for c in own),
                about,
                at_least,
                max(c.mentions for c in own),
            )
        )
    return tuple(sorted(found, key=lambda v: (-v.accounts_at_least, -v.mentions, v.id)))


def _most(parts: list[Row[Any]]) -> tuple[int, int | None]:
    """The largest count of several parts: accounts of merged parts are their maximum, never their sum."""
    best = max(parts, key=lambda p: p.at_least, default=None)
    return (best.at_least, best.about) if best is not None else (0, None)


def _largest(variants: tuple[Variant, ...], parts: list[Row[Any]]) -> tuple[int, int | None]:
    if variants:
        return variants[0].accounts_at_least, variants[0].accounts
    return _most([p for p in parts if p.guard is None])


def slots_of(guard: str) -> dict[str, str | tuple[str, ...]]:
    """A guard key's slots by name: ``{"polarity": "no", "date": ("3月2日",)}``."""
    slots: dict[str, str | tuple[str, ...]] = {}
    for pair in guard.split("|"):
        name, _, value = pair.partition("=")
        before = slots.get(name, ())
        slots[name] = value if name == "polarity" else (*before, value)
    return slots
