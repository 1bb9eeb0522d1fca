"""The commands that crawl: ``crawl``, ``source``, ``coverage``."""

import signal
from datetime import datetime, timedelta
from typing import Annotated

import typer

from chengqing import show
from chengqing.actor import actor_of
from chengqing.clock import Clock, ReplayClock, SystemClock, parse_moment
from chengqing.crawl import screens
from chengqing.crawl.forget import forget, known, left
from chengqing.crawl.rounds import Outcome, Rounds
from chengqing.crawl.status import standings
from chengqing.crawl.tried import HostHeld
from chengqing.messages import say
from chengqing.refused import REFUSED
from chengqing.session import Options, errors, opened, out
from chengqing.source import Crawled, Source
from chengqing.workspace import Workspace
from pipelines import pace
from pipelines.coverage import coverage as hours_of
from spiders.recheck import LANE as RECHECK

DAYS = 3
"""Days back of which ``coverage`` tells when no time is given."""

source_app = typer.Typer(
    help="来源：查看、试读、删除、恢复。 Sources: list, try, forget, resume.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("crawl")(crawl)
    app.command("coverage")(coverage)
    app.add_typer(source_app, name="source")


AsOf = Annotated[str | None, typer.Option(help="按此时刻起计算 Begin at this moment.")]


def crawl(
    context: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE…]", help="只读这些来源 Only these sources.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="读一轮就结束 One round, then end.")] = False,
    as_of: AsOf = None,
) -> None:
    """按计划采集来源；中断后接着读。 Crawl sources as planned; goes on where it stopped."""
    with opened(context, keep_turn=False, clock=_clock(as_of)) as workspace:
        wanted = crawled_of(workspace, sources)
        if not wanted:
            errors().print(say("crawl_none"))
            raise typer.Exit(REFUSED)
        rounds = rounds_of(context, workspace)
        if once:
            outcome = rounds.once(wanted)
            report_round(workspace, outcome)
            if outcome.failed:
                raise typer.Exit(REFUSED)
        else:
            rounds.forever(wanted, lambda outcome: report_round(workspace, outcome))


def _clock(as_of: str | None) -> Clock:
    if as_of is None:
        return SystemClock()
    try:
        return ReplayClock(parse_moment(as_of))
    except ValueError:
        raise typer.BadParameter(say("bad_as_of")) from None


def rounds_of(context: typer.Context, workspace: Workspace) -> Rounds:
    """Rounds that end when the command is told to."""
    options: Options = context.obj
    rounds = Rounds(
        workspace,
        str(options.config) if options.config else None,
        options.log_level or workspace.config.log_level,
        warn=lambda text: errors().print(text),
    )

    def stop(*_: object) -> None:
        errors().print(say("crawl_stopping"))
        rounds.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return rounds


def report_round(workspace: Workspace, outcome: Outcome) -> None:
    """Say what a round came to."""
    with workspace.store.read() as connection:
        found = standings(connection, workspace, (one.source for one in outcome.planned))
    screens.print_round(outcome, found, workspace, out())


def _named(workspace: Workspace, name: str) -> Source:
    known = workspace.config.sources
    if name not in known:
        raise typer.BadParameter(say("unknown_source", id=name, known=", ".join(known) or "–"))
    return known[name]


def crawled_of(workspace: Workspace, names: list[str] | None) -> list[Crawled]:
    """The sources that are to be crawled: those that are named, or all that are read over the network."""
    if not names:
        return [source for source in workspace.config.sources.values() if isinstance(source, Crawled)]
    found = [_named(workspace, name) for name in dict.fromkeys(names)]
    for source in found:
        if not isinstance(source, Crawled):
            raise typer.BadParameter(say("crawl_file", id=source.id))
    return [source for source in found if isinstance(source, Crawled)]


@source_app.command("list")
def list_(context: typer.Context) -> None:
    """所有来源和它们的状态。 Every source with its state."""
    with opened(context, reads=True) as workspace:
        with workspace.store.read() as connection:
            found = standings(connection, workspace, workspace.config.sources.values())
        screens.print_sources(found, out())
        if not found:
            out().print(say("source_no_sources"), soft_wrap=True)


@source_app.command("try")
def try_(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="来源 Source id.")],
    as_of: AsOf = None,
) -> None:
    """试读一页，什么也不保存。 Read one page; stores nothing."""
    with opened(context, keep_turn=False, clock=_clock(as_of)) as workspace:
        (one,) = crawled_of(workspace, [source])
        if one.disabled is not None:
            raise typer.BadParameter(say("source_disabled", id=source, why=one.disabled))
        if not one.stores(workspace.today):
            raise typer.BadParameter(say("source_disabled", id=source, why=say("skip_expired")))
        from chengqing.crawl.trial import try_source  # Scrapy is slow to load, and no other command needs it

        try:
            trial = try_source(workspace, one)
        except HostHeld as held:
            errors().print(say("source_held", host=held))
            raise typer.Exit(REFUSED) from None
        screens.print_trial(trial, out())
        if trial.failure is not None:
            raise typer.Exit(REFUSED)


@source_app.command("resume")
def resume(context: typer.Context, source: Annotated[str, typer.Argument(help="来源 Source id.")]) -> None:
    """停下的来源，问题解决后再读。 Read a stopped source again, once its trouble is over."""
    with opened(context, keep_turn=False) as workspace:
        _named(workspace, source)
        with workspace.store.write() as connection:
            stood = pace.mend(connection, [f"source:{source}"])
    out().print(say("source_resumed" if stood else "source_not_stopped", id=source), soft_wrap=True)


@source_app.command("forget")
def forget_(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="来源 Source id.")],
    by: Annotated[str, typer.Option(help="操作人 Who asks.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="合同已结束 The contract has ended.")] = False,
) -> None:
    """合同结束：删除这个来源的一切，并核对。 The contract has ended: erase everything of a source, and prove it."""
    actor = actor_of(by)
    with opened(context) as workspace:
        declared = workspace.config.sources.get(source)
        with workspace.store.read() as connection:
            if declared is None and not known(connection, source):
                _named(workspace, source)
        if declared is not None and declared.stores(workspace.today) and not yes:
            errors().print(say("source_forget_sure", id=source))
            raise typer.Exit(REFUSED)
        forgotten = forget(workspace, source, actor)
        with workspace.store.read() as connection:
            rest = left(connection, source)
    if rest:
        errors().print(
            say("source_forget_left", id=source, tables=", ".join(f"{name} {n}" for name, n in rest.items()))
        )
        raise typer.Exit(REFUSED)
    screens.print_forgotten(source, forgotten, out())


def coverage(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="每行一个 JSON One JSON object a line.")] = False,
    since: Annotated[str | None, typer.Option(help="从何时起 From this moment.")] = None,
    until: Annotated[str | None, typer.Option(help="到何时止 Up to this moment.")] = None,
) -> None:
    """每个来源每小时读到了什么程度。 How far each hour of each source was read."""
    with opened(context, reads=True) as workspace:
        end = _hour(until, workspace.clock.now())
        begin = _hour(since, workspace.clock.now() - timedelta(days=DAYS))
        with workspace.store.read() as connection:
            found = list(hours_of(connection, since=begin, until=end, apart=[RECHECK]))
        if json:
            for hour in found:
                show.print_json(screens.coverage_record(hour))
        else:
            screens.print_coverage(found, out())


def _hour(text: str | None, default: datetime) -> int:
    """The whole hour (since 1970) of a moment that is given, or of the default."""
    try:
        moment = parse_moment(text) if text else default
    except ValueError:
        raise typer.BadParameter(say("bad_as_of")) from None
    return int(moment.timestamp()) // 3600
