"""The edge: where records of a source become anonymous texts, and what every reader there shares.

A reader is a pure function of one record and an :class:`Edge`. It either builds a closed type of
``pipelines.page`` or raises :class:`Refusal`, which carries closed words only, never a piece of the record.
Rules on dates, bylines and leftovers follow the sources' notes (C3) and design, Bounds 3 and 7.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from parsel import Selector

from pipelines.page import Fault, Reason, Signers

CHINA = timezone(timedelta(hours=8), "+08:00")
"""The zone of a time that names none: one zone, no summer time since 1991."""
YEARS = range(2009, 2101)
"""Years in which a text can have been published; anything else is a broken clock."""
OLDEST = timedelta(hours=72)
"""An individual's post older than this is not read (design, Bound 5)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNFIT = re.compile("[\0\ud800-\udfff]")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_ID = re.compile(r"[0-9]{1,20}")
_PLAIN_NAME = re.compile(r"[a-z]{1,30}(_[a-z]{1,30}){0,5}")
_MOST_NAMES = 20
_FIELD_WORDS = frozenset(
    (
        "ad ads age audit mblog mblogtype "
        "album alt app appid area article attitude attitudes attr audio author avatar banner base "
        "bid blog body bool brief business button can card cards category channel city clean click code "
        "collect column comment comments common config content copyright count country cover create created "
        "cursor data date day deleted desc description detail device digest display domain duration edit "
        "edited end error expire ext extend extra favorite favourite feature field file filter flag follow "
        "format forward from full gender geo group has head height hide high hot html icon id ids image "
        "images img in index info is item items key keys keyword kind label lang last lat latest length level "
        "like likes limit link links list lng local location log long low mark media meta mid mlevel mode "
        "modified more msg multi name new next news nickname no note num number object of off open option "
        "order origin original other owner page parent param path pay photo pic pics pid pinned place play "
        "plain position post praise preview price profile promotion province public publish published rank "
        "rate raw read reads reason recommend ref region related remark repost reposts reply result retweet "
        "review reward rid scheme scope score section seq series share shared shares short show simple site "
        "size sort source special spread start state stats status story sub subject summary tag tags target "
        "task template text thumb thumbnail time timeline title to token top topic topics total trace trend "
        "truncated type uid update updated url urls use user uv version verified video view views visible "
        "vote web weibo weight width word words year zone "
    ).split()
)

_DROPPED = frozenset(("script", "style", "noscript", "template", "head", "title", "textarea", "select", "svg"))
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_TAG = re.compile(r"""<([A-Za-z][A-Za-z0-9:-]*+)(?:[^"'<>]++|"[^"]*+"|'[^']*+')*+>?""")
_LONGEST_TAG = 20_000
"""Characters: a picture written into its tag is longer, and nothing of it is read."""
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b\ufeff]+")

_ROLES = ["责任编辑", "通讯员", "记者", "作者", "编辑", "责编", "审核", "校对", "摄影", "来源"]
_ROLE = "(?:" + "|".join(r"[ \u3000]{0,2}".join(role) for role in _ROLES) + r")[ \u3000]{0,2}[:：∶︰|｜丨]"
_BEFORE = r"(?:本报|本台|本网|本刊|文字|图片|视频|新媒体|值班|实习|特约|信息|消息|稿件|供稿|首席)?"
_MORE = r"(?:[ \u3000、/·]{1,3}[\u4e00-\u9fff]{2,4}(?=$|[\s、/·）)】\]。；;])){0,8}"
_NAMES = r"[ \u3000]{0,3}[^\s，,。；;！!？?）)】\]]{0,20}" + _MORE
_BYLINE = re.compile(rf"[^\w\n]{{0,4}}{_BEFORE}{_ROLE}")
_BRACKETED = re.compile(rf"[（(【\[][^（）()【】\[\]\n]{{0,60}}{_ROLE}[^（）()【】\[\]\n]{{0,80}}[）)】\]]")
_SEGMENT = re.compile(rf"{_BEFORE}{_ROLE}{_NAMES}")
_LONGEST_BYLINE = 60


@dataclass(frozen=True, slots=True)
class Edge:
    """What a reader is told about the source it reads, and the moment.

    ``organisation`` is the declared name of the body that publishes all of the source (design, Bound 7); without
    it the writer may be an individual. ``permitted`` false: nothing of the source may be read. ``accounts``, where
    given, are the organisation's own: what another published is not permitted.
    """

    source: str
    signers: Signers
    now: datetime
    organisation: str | None = None
    permitted: bool = True
    accounts: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("Edge: now needs a time zone")


class Refusal(Exception):
    """A record, or a part of it, does not get past the edge; ``fault`` only where it is malformed."""

    def __init__(self, reason: Reason, fault: Fault | None = None) -> None:
        super().__init__(reason, fault)
        self.reason = reason
        self.fault = fault


def malformed(fault: Fault) -> Refusal:
    """The refusal of a record that breaks its source's format."""
    return Refusal("malformed", fault)


def sound(text: str) -> str:
    """``text`` without NUL and lone surrogates: what UTF-8 and every store can hold."""
    return _UNFIT.sub("", text)


def as_object(record: object) -> Mapping[str, object]:
    """``record`` if it is a JSON object; else a refusal."""
    if not isinstance(record, dict):
        raise malformed("not_an_object")
    return record


def text_field(record: Mapping[str, object], *names: str) -> str | None:
    """The first of the fields ``names`` that is there and not null, as sound text; a refusal if it is no text."""
    for name in names:
        value = record.get(name)
        if value is not None:
            if not isinstance(value, str):
                raise malformed("bad_field")
            return sound(value)
    return None


def id_field(record: Mapping[str, object], *names: str) -> str | None:
    """The number in the first of the fields ``names`` that is there, as exact decimal digits.

    Every one of them must be a whole number or its digits: a double has lost the last digits of a
    16-digit id, so it is refused even beside a sound one.
    """
    found = [_digits(record[name]) for name in names if record.get(name) not in (None, "")]
    return found[0] if found else None


def _digits(value: object) -> str:
    if isinstance(value, str) and _ID.fullmatch(value):
        return str(int(value))
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**20:
        return str(value)
    raise malformed("bad_field")


def is_set(flag: object) -> bool:
    """Whether an optional mark ("deleted", "is_deleted") is set; whatever is no plain "no" counts as a yes."""
    return flag not in (None, False, 0, "", "0", "false")


def hour_of(moment: datetime) -> int:
    """The whole hour of ``moment``, in hours since 1970-01-01T00Z. ``moment`` needs a time zone."""
    return (moment - _EPOCH) // timedelta(hours=1)


def age_fault(published: datetime, now: datetime) -> Reason | None:
    """``too_old`` for an individual's post published more than 72 hours before ``now``, or after it."""
    return None if timedelta(0) <= now - published <= OLDEST else "too_old"


def read_moment(text: str | None) -> datetime:
    """A time as RFC 3339 or ``YYYY-MM-DD HH:MM[:SS]``; one without a zone is China's. Else a refusal."""
    if not text or text.isspace():
        raise malformed("no_time")
    if not _MOMENT.fullmatch(text.strip()):
        raise malformed("bad_time")
    try:
        moment = datetime.fromisoformat(text.strip().upper())
    except ValueError:
        raise malformed("bad_time") from None
    return in_years(moment if moment.tzinfo else moment.replace(tzinfo=CHINA))


def read_unix(value: object) -> datetime:
    """A time in whole seconds since 1970, as a number or its digits. Else a refusal."""
    if value in (None, ""):
        raise malformed("no_time")
    try:
        return in_years(datetime.fromtimestamp(int(_digits(value)), CHINA))
    except (Refusal, ValueError, OverflowError, OSError):
        raise malformed("bad_time") from None


def in_years(moment: datetime) -> datetime:
    """``moment`` if its year can be right; else a refusal."""
    if moment.year not in YEARS:
        raise malformed("bad_time")
    return moment


def unknown_fields(record: Mapping[str, object], known: Collection[str]) -> frozenset[str]:
    """Names of the fields that the reader does not know, at most 20, as plain lower-case words.

    ``readCount`` becomes ``read_count``. A name with a part outside a closed list of words that interfaces use may
    be a piece of content (an id, a person's name used as a key): it is reported as ``other``.
    """
    names = (re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name[:80]).lower() for name in record if name not in known)
    plain = {
        name if _PLAIN_NAME.fullmatch(name) and set(name.split("_")) <= _FIELD_WORDS else "other" for name in names
    }
    return frozenset(sorted(plain)[:_MOST_NAMES])


def tame(html: str) -> str:
    """``html`` without the attributes of overlong tags: a parser takes the square of their number.

    A tag within bounds stays as it is.
    """
    return _TAG.sub(lambda found: found[0] if len(found[0]) <= _LONGEST_TAG else f"<{found[1]}>", html)


def clean_html(html: str) -> str:
    """Text of a HTML fragment: a line per block element, entities resolved, blank lines dropped.

    Scripts, styles and images (with their ``alt`` and ``data-src``) leave nothing.
    """
    lines = "".join(_pieces(Selector(text=tame(sound(html)), type="html").root)).split("\n")
    return "\n".join(line for line in (_BLANK.sub(" ", raw).strip() for raw in lines) if line)


def _pieces(root: Any) -> Iterator[str]:
    """Text of a tree in document order, a line break at both ends of each block; no recursion, however deep."""
    stack = [(root, False)]
    while stack:
        node, left = stack.pop()
        if left:
            yield "\n" if node.tag in _BLOCKS else ""
            yield _BLANK.sub(" ", node.tail or "")
            continue
        stack.append((node, True))
        if isinstance(node.tag, str) and node.tag not in _DROPPED:
            yield "\n" if node.tag in _BLOCKS else ""
            yield _BLANK.sub(" ", node.text or "")
            stack.extend((child, False) for child in reversed(node))


def drop_bylines(text: str) -> str:
    """``text`` without the lines, brackets and segments that name who wrote, edited or photographed.

    A short line that begins with such a word goes whole; inside a longer one the word and the names after it go.
    """
    lines = (_BRACKETED.sub("", line).strip() for line in text.split("\n"))
    kept = (line for line in lines if len(line) > _LONGEST_BYLINE or not _BYLINE.match(line))
    return "\n".join(line for line in (_SEGMENT.sub("", line).strip() for line in kept) if line)
