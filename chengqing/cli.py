"""The command line.

Exit codes: 0 done, 1 refused or partly unreadable, 2 wrong usage, 3 configuration, 4 storage, 70 a fault.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from chengqing import demo as town
from chengqing import doctor as checks
from chengqing import logs, measure, show
from chengqing.actor import actor_of
from chengqing.clock import ReplayClock, SystemClock, parse_moment
from chengqing.config import LogLevel, load_config
from chengqing.crawl.commands import crawled_of, report_round, rounds_of
from chengqing.crawl.commands import register as register_crawl
from chengqing.crawl.planning import SETTLE
from chengqing.importing import Format, ImportRefused, import_file
from chengqing.messages import cause, say
from chengqing.questions import print_questions, question_record
from chengqing.refused import REFUSED, keep_quiet, told
from chengqing.session import Options, errors, opened, out
from chengqing.source import Source
from chengqing.starter import write_starter
from chengqing.workspace import Workspace
from nlp.reader import load_reader
from pipelines import asked, erase, retention, view, windows

app = typer.Typer(
    name="chengqing",
    help="澄清：从公开信息里找出需要官方回应的说法。 Finds public claims that need an official answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _options(
    context: typer.Context,
    data: Annotated[Path, typer.Option(envvar="CHENGQING_DATA", help="数据目录 Data directory.")] = Path("var"),
    config: Annotated[Path | None, typer.Option(help="配置文件 Configuration file.")] = None,
    log_level: Annotated[LogLevel | None, typer.Option(help="日志级别 Log level.")] = None,
) -> None:
    logs.configure(log_level or "warning")
    context.obj = Options(data, config, log_level)


@app.command("import")
def import_(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="要导入的文件 Files to import.")],
    format: Annotated[Format, typer.Option(help="文件格式 The files' format.")],
    source: Annotated[str | None, typer.Option(help="已声明的来源 Declared source.")] = None,
    as_of: Annotated[str | None, typer.Option(help="按此时刻计算 Read as of this moment.")] = None,
) -> None:
    """导入公开帖文或机构文章。 Import public posts, or articles of organisations."""
    moment = _moment(as_of)
    failed = False
    with opened(context) as workspace:
        declared = _source(workspace, source, format)
        for path in files:
            try:
                with _progress(path) as progress:
                    outcome = import_file(workspace, path, format, source=declared, as_of=moment, progress=progress)
                show.print_outcome(outcome, out())
            except ImportRefused as refusal:
                errors().print(str(refusal))
                failed = True
    if failed:
        raise typer.Exit(REFUSED)


def _moment(text: str | None) -> datetime | None:
    try:
        return parse_moment(text) if text else None
    except ValueError:
        raise typer.BadParameter(say("bad_as_of")) from None


def _source(workspace: Workspace, name: str | None, format: Format) -> Source | None:
    if name is None:
        return None
    sources = workspace.config.sources
    if name not in sources:
        raise typer.BadParameter(say("unknown_source", id=name, known=", ".join(sources) or "–"))
    found = sources[name]
    if (why := found.disabled) is not None:
        raise typer.BadParameter(say("source_disabled", id=name, why=why))
    if format not in found.formats:
        raise typer.BadParameter(say("source_format", id=name, format=format))
    return found


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal; nothing in a pipe."""
    console = errors()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(path.name, total=None)
        yield lambda done, size: bar.update(task, completed=done, total=size)


@app.command()
def triage(
    context: typer.Context, file: Annotated[Path, typer.Argument(help='每行 {"id","text"} One object a line.')]
) -> None:
    """逐条判读自己的文本，不保存。 Run the language stages on your own texts; stores nothing."""
    _measure(context, file, measure.triage)


@app.command()
def group(
    context: typer.Context, file: Annotated[Path, typer.Argument(help='每行 {"id","text"} One object a line.')]
) -> None:
    """给任意文本分组，不保存。 Group near-duplicate texts; stores nothing."""
    _measure(context, file, measure.group)


def _measure(context: typer.Context, file: Path, command: Callable[..., Iterator[dict[str, Any]]]) -> None:
    options: Options = context.obj
    bad: list[measure.BadLine] = []

    def good(stream: Any) -> Iterator[measure.Text]:
        for text in measure.texts(file.name, stream):
            if isinstance(text, measure.BadLine):
                bad.append(text)
            else:
                yield text

    settings = load_config(options.data, options.config)
    reader = load_reader(settings.regions, scopes=settings.scopes)
    try:
        stream = file.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {say('unreadable', why=cause(error))}") from None
    with stream:
        for record in command(reader, good(stream)):
            show.print_json(record)
    for problem in bad:
        errors().print(str(problem))
    if bad:
        raise typer.Exit(REFUSED)


@app.command()
def claims(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="每行一个 JSON One JSON object a line.")] = False,
    status: Annotated[Literal["open", "answered", "dismissed"] | None, typer.Option(help="只看 Only these.")] = None,
) -> None:
    """列出需要核实的说法，最要紧的在前。 List claims to check, the most pressing first."""
    with opened(context, reads=True) as workspace, workspace.store.read() as connection:
        found = view.claims(connection, workspace.scorer.explain, harms=workspace.harms, status=status)
        if json:
            for claim in found:
                show.print_json(show.claim_record(claim))
        else:
            show.print_claims(found, view.hazards(connection), workspace.packs.hazards, out())


@app.command()
def questions(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="每行一个 JSON One JSON object a line.")] = False,
) -> None:
    """列出大家在问的事：主题、地点、问什么，不含原话。 List what people ask about a hazard and a place; no wording."""
    with opened(context, reads=True) as workspace, workspace.store.read() as connection:
        found = asked.questions(connection)
        if json:
            for question in found:
                show.print_json(question_record(question))
        else:
            print_questions(found, workspace.packs.hazards, out())


@app.command()
def init(context: typer.Context) -> None:
    """写入带注释的配置，然后自检。 Write a commented configuration, then check the set-up."""
    options: Options = context.obj
    for path in write_starter(options.data):
        out().print(say("init_wrote", path=path), soft_wrap=True)
    doctor(context)


@app.command()
def doctor(context: typer.Context) -> None:
    """自检：什么可用，缺什么，怎么补。 What works, what is missing, how to mend it."""
    options: Options = context.obj
    found = checks.examine(options.data, options.config, SystemClock())
    checks.print_checks(found, out())
    if any(check.state == "broken" for check in found):
        raise typer.Exit(REFUSED)


@app.command()
def retain(context: typer.Context) -> None:
    """清除到期内容并核对。 Delete what is past its time, and prove it."""
    with opened(context) as workspace:
        limits = workspace.config.retention
        with workspace.store.write() as connection:
            swept = retention.sweep(connection, limits, workspace.now)
        retention.empty_log(workspace.store)
        with workspace.store.read() as connection:
            left = retention.overdue(connection, limits, workspace.now)
        if left:
            raise retention.RetentionError(
                say("retain_left", tables=", ".join(f"{name} {n}" for name, n in left.items()))
            )
        out().print(
            say(
                "retain_done",
                groups=swept.groups,
                seen=swept.seen,
                claims=swept.claims,
                articles=swept.articles,
                keys=len(workspace.keys.destroyed),
            )
        )


@app.command("erase")
def erase_(
    context: typer.Context,
    claim: Annotated[str, typer.Argument(help="说法编号 Claim id.")],
    by: Annotated[str, typer.Option(help="操作人 Who asks.")] = "",
) -> None:
    """这是意见或投诉，不是说法：删除。 This is a voice, not a claim: erase it."""
    actor = actor_of(by)
    with opened(context) as workspace:
        answer = _erase(workspace, claim, actor)
    message = say(f"erase_{answer.value}", claim=claim)
    if answer in (erase.Erased.UNKNOWN, erase.Erased.NEEDS_ANOTHER):
        errors().print(message)
        raise typer.Exit(REFUSED)
    out().print(message, soft_wrap=True)


def _erase(workspace: Workspace, claim: str, actor: str) -> erase.Erased:
    key, now = workspace.keys.audit(), workspace.now
    with workspace.store.read() as connection:
        standing = erase.resolve(connection, claim)
        if standing is None:
            return erase.Erased.UNKNOWN
        answer = erase.decide(connection, standing, actor)
        ids = erase.names(connection, standing)
    if answer is erase.Erased.DONE:
        # Outside the database first: a kill between the two leaves a claim that the next start erases.
        workspace.keys.remember_erased(ids)
    with workspace.store.write() as connection:
        if answer is erase.Erased.DONE:
            erase.erase(connection, [standing], actor, key, now)
        elif answer is erase.Erased.HIDDEN:
            workspace.keys.remember_hidden(standing, actor, now)
            erase.hide(connection, standing, actor, key, now)
    retention.empty_log(workspace.store)
    return answer


register_crawl(app)


@app.command()
def demo(context: typer.Context) -> None:
    """样例小镇：虚构的三天，导入空目录。 The sample town: three invented days, into an empty directory."""
    options: Options = context.obj
    if options.config is not None:
        raise typer.BadParameter(say("demo_config"))
    town.prepare(options.data)
    if addresses := town.servers():
        town.declare_live(options.data, addresses)
    end = town.served_end() or town.briefing(SystemClock().now())
    with opened(context, clock=ReplayClock(end + timedelta(seconds=SETTLE))) as workspace:
        town.mark(workspace)
        screen = out()
        screen.print(say("demo_intro", as_of=end.isoformat()), soft_wrap=True)
        if addresses:
            read = _crawl_town(context, workspace, screen)
        else:
            read = {outcome.source for outcome in town.import_town(workspace)}
        with workspace.store.read() as connection:
            found = view.claims(connection, workspace.scorer.explain, harms=workspace.harms)
            show.print_claims(found, view.hazards(connection), workspace.packs.hazards, screen)
            show.print_json(show.totals(len(read), windows.counts(connection), found))


def _crawl_town(context: typer.Context, workspace: Workspace, screen: Console) -> set[str]:
    """Read every source of the town over HTTP; the ids of those that were read."""
    for source in workspace.config.sources.values():
        screen.print(say("demo_source", id=source.id, like=say(f"like_{source.kind}")), soft_wrap=True)
    outcome = rounds_of(context, workspace).once(crawled_of(workspace, None))
    report_round(workspace, outcome)
    if outcome.failed or any(one.skip for one in outcome.planned):
        raise typer.Exit(REFUSED)
    return set(outcome.totals)


def main() -> None:
    """Run a command. A fault prints its kind and place, never a value: a traceback may hold a text."""
    keep_quiet()
    try:
        app()
    except BrokenPipeError:
        # Whoever read the output has gone: no fault, and nothing more to say to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(REFUSED)
    except Exception as error:
        code, message = told(error)
        errors().print(message)
        sys.exit(code)
