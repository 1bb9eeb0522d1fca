"""What crawling shows: rounds, sources, coverage, trials."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console

from chengqing.clock import CHINA, hour_text
from chengqing.crawl.forget import Forgotten
from chengqing.crawl.planning import Planned, wakes
from chengqing.crawl.rounds import Outcome
from chengqing.crawl.status import Standing
from chengqing.crawl.tried import Trial
from chengqing.messages import say
from chengqing.workspace import Workspace
from pipelines.coverage import Hour


def _line(console: Console, key: str, **values: object) -> None:
    console.print(say(key, **values), soft_wrap=True, markup=False, highlight=False)


def why(word: str, source: str) -> str:
    """A closed word for why something was not read, in words, with the remedy."""
    return say(f"why_{word}", id=source)


def _skipped(planned: Planned, workspace: Workspace) -> str:
    """Why a source is not read in this round."""
    at = wakes(planned.source, workspace.clock.now()).astimezone(CHINA).strftime("%H:%M")
    reason = why(planned.why, planned.source.id) if planned.skip in ("paused", "stopped") else planned.why
    return say(f"skip_{planned.skip}", why=reason, at=at)


def print_round(outcome: Outcome, standings: Iterable[Standing], workspace: Workspace, console: Console) -> None:
    """Every source with what was read of it, or why it was not."""
    standing = {one.source.id: one for one in standings}
    for planned in outcome.planned:
        id_ = planned.source.id
        if planned.skip is not None:
            _line(console, "source_row", id=id_, kind=planned.source.kind, state=_skipped(planned, workspace))
        elif totals := outcome.totals.get(id_):
            _line(console, "crawl_source", id=id_, read=totals["read"], kept=totals["kept"], pages=totals["pages"])
        else:
            _line(console, "crawl_nothing", id=id_)
        for word, n in standing[id_].waiting.items() if id_ in standing else ():
            _line(console, "crawl_left", n=n, why=why(word, id_))
    for host in outcome.failed:
        _line(console, "crawl_child_failed", host=host)


def print_sources(standings: Iterable[Standing], console: Console) -> None:
    """Every declared source with its state."""
    for one in standings:
        _line(console, "source_row", id=one.source.id, kind=one.source.kind, state=_state(one))
        if one.unknown:
            _line(console, "source_unknown_fields", names=", ".join(one.unknown))


def _state(one: Standing) -> str:
    if not one.source.fetched:
        return say("source_files") if one.disabled is None else say("skip_disabled", why=one.disabled)
    if one.disabled is not None:
        return say("skip_disabled", why=one.disabled)
    if one.expired:
        return say("skip_expired")
    if one.stopped is not None:
        return say("skip_stopped", why=why(one.stopped, one.source.id))
    if one.until is None:
        return say("source_new")
    return say("source_ready", until=hour_text(one.until // 3600)[:16], n=sum(one.waiting.values()))


def print_trial(trial: Trial, console: Console) -> None:
    """What one page came to."""
    for asked in trial.asked:
        _line(console, "try_asked", asked=asked)
    if trial.failure is not None:
        _line(console, "try_failed", why=why(trial.failure, trial.source))
        return
    _line(console, "try_read", read=trial.read, kept=trial.would_keep)
    dropped = {reason: n for reason, n in trial.outcomes.items() if n}
    if dropped:
        _line(console, "import_dropped", reasons=", ".join(f"{say(f'reason_{r}')} {n}" for r, n in dropped.items()))
    for title in trial.titles:
        _line(console, "try_title", title=title)
    if trial.faults:
        _line(console, "try_faults", faults=", ".join(f"{say(f'fault_{f}')} {n}" for f, n in trial.faults.items()))
    if trial.unknown:
        _line(console, "source_unknown_fields", names=", ".join(sorted(trial.unknown)))


def print_forgotten(source: str, forgotten: Forgotten, console: Console) -> None:
    """What went with a source."""
    _line(
        console,
        "source_forgot",
        id=source,
        articles=forgotten.articles,
        claims=forgotten.claims,
        trimmed=forgotten.trimmed,
        windows=forgotten.windows,
    )


def coverage_record(hour: Hour) -> dict[str, Any]:
    """One hour of one source as ``coverage --json`` prints it."""
    return {
        "source": hour.source,
        "hour": hour_text(hour.hour),
        "planned": hour.planned,
        "read": hour.read,
        "failed": hour.failed,
        "not_looked_at": hour.not_looked_at,
        "why": dict(sorted(hour.why.items())),
    }


def print_coverage(hours: Iterable[Hour], console: Console) -> None:
    """Every hour of every source, with its holes."""
    some = list(hours)
    for hour in some:
        record = coverage_record(hour)
        reasons = "；".join(f"{why(word, hour.source)} {n}" for word, n in record.pop("why").items())
        _line(console, "coverage_row", **record, why=f"（{reasons}）" if reasons else "")
    if not some:
        _line(console, "coverage_none")
