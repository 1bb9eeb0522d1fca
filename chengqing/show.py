"""Claims and outcomes as people and programs read them."""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from chengqing.clock import hour_text, short_hour
from chengqing.importing import Outcome
from chengqing.measure import reason_record
from chengqing.messages import language, say
from nlp.packs import Hazard
from pipelines.page import REASONS
from pipelines.view import ClaimView, Variant
from pipelines.windows import Counts

_CLAUSES, _REASONS = 3, 3
_ALIKE = 0.4
"""Share of character pairs from which two clauses are wordings of one thing."""


def claim_record(claim: ClaimView) -> dict[str, Any]:
    """A claim as ``claims --json`` prints it: these fields and no others."""
    return {
        "id": claim.id,
        "scope": claim.scope,
        "hazard": claim.hazard,
        "headline": claim.headline,
        "wording": list(claim.wording),
        "variants": [
            {
                "id": variant.id,
                "slots": {k: v if isinstance(v, str) else list(v) for k, v in variant.slots.items()},
                "wording": list(variant.wording),
                "accounts_at_least": variant.accounts_at_least,
                "mentions": variant.mentions,
            }
            for variant in claim.variants
        ],
        "accounts": claim.accounts,
        "accounts_at_least": claim.accounts_at_least,
        "mentions": claim.mentions,
        "questions": claim.questions,
        "outlets": list(claim.outlets),
        "first_hour": hour_text(claim.first_hour),
        "last_hour": hour_text(claim.last_hour),
        "check_score": claim.check_score,
        "reasons": [reason_record(reason) for reason in claim.reasons],
        "early_warning": claim.early_warning,
        "status": claim.status,
    }


def print_json(record: Mapping[str, Any]) -> None:
    """One JSON object on a line of standard output."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def _name(hazard: Hazard) -> str:
    return hazard.zh if language() == "zh" else hazard.en


def _spread(claim: ClaimView) -> str:
    if not claim.above_floor:
        return say("spread_outlet", outlets="、".join(claim.outlets))
    key = "spread_accounts" if claim.accounts is not None else "spread_at_least"
    parts = [say(key, about=claim.accounts, at_least=claim.accounts_at_least, mentions=claim.mentions)]
    if claim.questions:
        parts.append(say("spread_questions", n=claim.questions))
    parts.append("\n" + say("spread_hours", first=short_hour(claim.first_hour), last=short_hour(claim.last_hour)))
    return "".join(parts)


def _telling(clauses: Iterable[str], hazard: Hazard) -> list[str]:
    """The clauses in their order, those that name the hazard first."""
    return sorted(clauses, key=lambda clause: not any(term in clause for term in hazard.terms))


def _wording(claim: ClaimView, hazard: Hazard) -> str:
    """Headline or most telling clauses, what contradicts them, and the id to act by."""
    own = claim.variants[0].wording if claim.variants else ()
    others = [variant for variant in claim.variants[1:] if _contradict(claim.variants[0], variant)]
    elsewhere = {clause for variant in others for clause in variant.wording}
    clauses = _telling((c for c in claim.wording if c in own or c not in elsewhere), hazard)
    more = len(clauses) + claim.hidden_wording > _CLAUSES
    head = claim.headline or "，".join(clauses[:_CLAUSES]) + ("…" if more else "") or say("no_wording")
    if claim.early_warning:
        head = f"【{say('early_warning')}】{head}"
    tails = [say("other_variant", wording="，".join(variant.wording[:2])) for variant in others[:2]]
    return "\n".join([head, *tails, claim.id])


def _contradict(first: Variant, other: Variant) -> bool:
    """Whether two variants say nearly the same and pin down the same slot in different ways."""
    differs = any(name in first.slots and first.slots[name] != value for name, value in other.slots.items())
    return differs and any(_alike(a, b) for a in first.wording for b in other.wording)


def _alike(left: str, right: str) -> bool:
    a, b = ({text[i : i + 2] for i in range(len(text) - 1)} for text in (left, right))
    return len(a & b) >= _ALIKE * len(a | b)


def _why(claim: ClaimView) -> str:
    rising = [reason for reason in claim.reasons if reason.weight > 0]
    return "；".join(reason.zh if language() == "zh" else reason.en for reason in rising[:_REASONS])


def print_claims(
    claims: list[ClaimView], spoken: Mapping[str, int], hazards: Mapping[str, Hazard], console: Console
) -> None:
    """The table that a desk reads first: what to check, how far it spread, why; plain lines in a pipe."""
    if not claims:
        console.print(say("claims_none"))
    elif console.is_terminal:
        console.print(_table(claims, hazards))
    else:
        console.print(say("claims_title", n=len(claims)))
        for claim in claims:
            cells = (
                _wording(claim, hazards[claim.hazard]),
                _name(hazards[claim.hazard]),
                _spread(claim),
                _why(claim),
                "、".join(claim.said),
            )
            line = "\t".join([f"{claim.check_score:.1f}", *cells]).replace("\n", " ")
            console.file.write(line + "\n")  # Rich would turn tabs into blanks
    if spoken:
        console.print(say("claims_hazards"))
        for hazard, n in sorted(spoken.items()):
            console.print(say("claims_hazard", hazard=_name(hazards[hazard]), n=n))


def _table(claims: Iterable[ClaimView], hazards: Mapping[str, Hazard]) -> Table:
    rows = list(claims)
    table = Table(title=say("claims_title", n=len(rows)), show_lines=True, title_justify="left")
    table.add_column(say("column_score"), justify="right", width=6, overflow="fold")
    for key, ratio in (("claim", 6), ("hazard", 2), ("spread", 4), ("why", 3), ("said", 2)):
        table.add_column(say(f"column_{key}"), ratio=ratio, overflow="fold")  # Chinese has no blanks to break at
    for claim in rows:
        table.add_row(
            f"{claim.check_score:.1f}",
            _wording(claim, hazards[claim.hazard]),
            _name(hazards[claim.hazard]),
            _spread(claim),
            _why(claim),
            "、".join(claim.said),
            style="bold" if claim.early_warning else None,
        )
    return table


def _reasons(counts: Counts, unit: Any = "text") -> str:
    return "、".join(f"{say('reason_' + reason)} {n}" for reason, n in counts.dropped(unit).items() if n)


def print_outcome(outcome: Outcome, console: Console) -> None:
    """What became of one file: totals that add up, and each malformed record by line."""

    def line(key: str, **values: object) -> None:
        console.print(say(key, **values), soft_wrap=True, markup=False, highlight=False)

    counts = outcome.counts
    key = {"imported": "import_done", "resumed": "import_resumed", "already": "import_already"}[outcome.state]
    line(key, name=outcome.name, read=counts.read(), kept=counts.kept(), basis=outcome.basis)
    if outcome.state == "resumed":
        line("import_as_of_kept", as_of=outcome.as_of.isoformat())
    if reasons := _reasons(counts):
        line("import_dropped", reasons=reasons)
    if counts.read("quoted"):
        line("import_quoted", read=counts.read("quoted"), kept=counts.kept("quoted"))
    for number, fault in outcome.problems:
        line("import_problem", line=number, fault=say(f"fault_{fault}"))
    if (more := counts.dropped()["malformed"] - len(outcome.problems)) > 0 and outcome.problems:
        line("import_problems_more", n=more)
    if outcome.unknown:
        line("import_unknown", names=", ".join(outcome.unknown))


def totals(sources: int, counts: Counts, claims: list[ClaimView]) -> dict[str, Any]:
    """The last line of ``demo``: read = kept + all dropped."""
    return {
        "sources": sources,
        "read": counts.read(),
        "kept": counts.kept(),
        "dropped": {reason: counts.dropped()[reason] for reason in REASONS},
        "claims": len(claims),
        "above_floor": sum(claim.above_floor for claim in claims),
    }
