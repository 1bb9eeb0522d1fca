"""The command line.

Exit codes: 0 done, 1 refused or partly unreadable, 2 wrong usage, 3 configuration, 4 storage, 70 a fault.
"""

import getpass
import os
import re
import resource
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import Progress

from chengqing import demo as town
from chengqing import doctor as checks
from chengqing import logs, measure, show
from chengqing.clock import SystemClock, parse_moment
from chengqing.config import ConfigError, LogLevel, load_config
from chengqing.importing import Format, ImportRefused, import_file
from chengqing.keys import KeyringError
from chengqing.messages import cause, say
from chengqing.source import Source
from chengqing.starter import write_starter
from chengqing.workspace import Workspace, WorkspaceError, open_workspace
from nlp.canary import CanaryError
from nlp.packs import PackError
from nlp.reader import load_reader
from pipelines import erase, retention, view, windows
from pipelines.store import StoreError

REFUSED, CONFIG, STORAGE, FAULT = 1, 3, 4, 70
_LOGIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}|[\u4e00-\u9fff]{2,8}")
"""A staff login or a short name: what is written into the record can't be erased."""

app = typer.Typer(
    name="chengqing",
    help="澄清：从公开信息里找出需要官方回应的说法。 Finds public claims that need an official answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@dataclass(frozen=True, slots=True)
class Options:
    """What every command is given."""

    data: Path
    config: Path | None
    log_level: LogLevel | None


@app.callback()
def _options(
    context: typer.Context,
    data: Annotated[Path, typer.Option(envvar="CHENGQING_DATA", help="数据目录 Data directory.")] = Path("var"),
    config: Annotated[Path | None, typer.Option(help="配置文件 Configuration file.")] = None,
    log_level: Annotated[LogLevel | None, typer.Option(help="日志级别 Log level.")] = None,
) -> None:
    logs.configure(log_level or "warning")
    context.obj = Options(data, config, log_level)


@contextmanager
def _workspace(context: typer.Context, *, reads: bool = False) -> Iterator[Workspace]:
    options: Options = context.obj
    with open_workspace(
        options.data,
        options.config,
        SystemClock(),
        waiting=lambda: _errors().print(say("waiting")),
        beside=(lambda: _errors().print(say("beside"))) if reads else None,
        warn=lambda text: _errors().print(text),
    ) as workspace:
        logs.configure(options.log_level or workspace.config.log_level)
        yield workspace


def _out() -> Console:
    return Console()


def _errors() -> Console:
    return Console(stderr=True, soft_wrap=True, markup=False, highlight=False)


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
    with _workspace(context) as workspace:
        declared = _source(workspace, source, format)
        for path in files:
            try:
                with _progress(path) as progress:
                    outcome = import_file(workspace, path, format, source=declared, as_of=moment, progress=progress)
                show.print_outcome(outcome, _out())
            except ImportRefused as refusal:
                _errors().print(str(refusal))
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
    console = _errors()
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
        _errors().print(str(problem))
    if bad:
        raise typer.Exit(REFUSED)


@app.command()
def claims(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="每行一个 JSON One JSON object a line.")] = False,
    status: Annotated[Literal["open", "answered", "dismissed"] | None, typer.Option(help="只看 Only these.")] = None,
) -> None:
    """列出需要核实的说法，最要紧的在前。 List claims to check, the most pressing first."""
    with _workspace(context, reads=True) as workspace, workspace.store.read() as connection:
        found = view.claims(connection, workspace.scorer.explain, harms=workspace.harms, status=status)
        if json:
            for claim in found:
                show.print_json(show.claim_record(claim))
        else:
            show.print_claims(found, view.hazards(connection), workspace.packs.hazards, _out())


@app.command()
def init(context: typer.Context) -> None:
    """写入带注释的配置，然后自检。 Write a commented configuration, then check the set-up."""
    options: Options = context.obj
    for path in write_starter(options.data):
        _out().print(say("init_wrote", path=path), soft_wrap=True)
    doctor(context)


@app.command()
def doctor(context: typer.Context) -> None:
    """自检：什么可用，缺什么，怎么补。 What works, what is missing, how to mend it."""
    options: Options = context.obj
    found = checks.examine(options.data, options.config, SystemClock())
    checks.print_checks(found, _out())
    if any(check.state == "broken" for check in found):
        raise typer.Exit(REFUSED)


@app.command()
def retain(context: typer.Context) -> None:
    """清除到期内容并核对。 Delete what is past its time, and prove it."""
    with _workspace(context) as workspace:
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
        _out().print(
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
    actor = by or getpass.getuser()
    if not _LOGIN.fullmatch(actor) or actor == "system":
        raise typer.BadParameter(say("erase_by"))
    with _workspace(context) as workspace:
        answer = _erase(workspace, claim, actor)
    message = say(f"erase_{answer.value}", claim=claim)
    if answer in (erase.Erased.UNKNOWN, erase.Erased.NEEDS_ANOTHER):
        _errors().print(message)
        raise typer.Exit(REFUSED)
    _out().print(message, soft_wrap=True)


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


@app.command()
def demo(context: typer.Context) -> None:
    """样例小镇：虚构的三天，导入空目录。 The sample town: three invented days, into an empty directory."""
    options: Options = context.obj
    if options.config is not None:
        raise typer.BadParameter(say("demo_config"))
    town.prepare(options.data)
    with _workspace(context) as workspace:
        out = _out()
        out.print(say("demo_intro", as_of=town.briefing(workspace.clock.now()).isoformat()), soft_wrap=True)
        sources = {outcome.source for outcome in town.import_town(workspace)}
        with workspace.store.read() as connection:
            found = view.claims(connection, workspace.scorer.explain, harms=workspace.harms)
            show.print_claims(found, view.hazards(connection), workspace.packs.hazards, out)
            show.print_json(show.totals(len(sources), windows.counts(connection), found))


# What is refused, its exit code, and the message that names the kind where the refusal's own words are English.
_KNOWN: tuple[tuple[type[Exception], int, str | None], ...] = (
    (ConfigError, CONFIG, None),
    (PackError, CONFIG, "kind_pack"),
    (CanaryError, CONFIG, "kind_canary"),
    (KeyringError, STORAGE, None),
    (StoreError, STORAGE, "kind_store"),
    (WorkspaceError, STORAGE, None),
    (retention.RetentionError, STORAGE, "kind_retention"),
    (town.DemoRefused, REFUSED, None),
)


def main() -> None:
    """Run a command. A fault prints its kind and place, never a value: a traceback may hold a text."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o077)
    try:
        app()
    except BrokenPipeError:
        # Whoever read the output has gone: no fault, and nothing more to say to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(REFUSED)
    except Exception as error:
        code, message = _told(error)
        _errors().print(message)
        sys.exit(code)


def _told(error: Exception) -> tuple[int, str]:
    """The exit code of an error, and what people are told of it."""
    for kind, code, named in _KNOWN:
        if isinstance(error, kind):
            return code, say(named, problem=error) if named else str(error)
    return FAULT, _fault(error)


def _fault(error: Exception) -> str:
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
    return say("unexpected", kind=type(error).__name__, where=where)
