"""One place of a publisher's list: the entry that stands there, or the reason why none does."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urljoin, urlsplit

from pipelines.page import Fault, Reason
from spiders.article import public_link
from spiders.article_json import is_users_channel
from spiders.bridge import is_social
from spiders.dates import read_date
from spiders.edge import Refusal, malformed
from spiders.entry import Entry
from spiders.plan import Plan
from spiders.selecting import plain_lines
from spiders.wechat_link import canonical, is_wechat

_USERS_PARTS = frozenset(
    "bbs forum forums luntan wenzheng baoliao shequ quanzi suishoupai liuyan tieba comments pinglun gentie ugc".split()
)
"""Parts of an address under which users write."""
_AGO = re.compile("前|刚")
_LONGEST_ID = 200
_LONGEST_TITLE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What stands in one place of an answer, from 1; 0 where the place is not known.

    ``stamp`` changes when the entry is edited. ``mark`` names what is no entry, so that it is counted once.
    """

    place: int
    entry: Entry | None = None
    stamp: str = ""
    reason: Reason = "malformed"
    fault: Fault | None = None
    mark: str = ""
    unknown: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What stands for the record within one reading."""
        return digest(self.entry.id, self.entry.url) if self.entry else self.mark


@dataclass(frozen=True, slots=True)
class Origin:
    """Where records come from: the source, the list's address, the moment that its relative times count from."""

    plan: Plan
    url: str
    at: datetime

    def record(
        self, place: int, fields: Mapping[str, str], channels: Iterable[str] = (), unknown: frozenset[str] = frozenset()
    ) -> Record:
        """The record of what the configuration's ``map`` found in one place."""
        try:
            entry = self._entry(fields)
        except Refusal as refusal:
            mark = digest(*(fields[name] for name in sorted(fields)))
            return Record(place=place, fault=refusal.fault, mark=mark, unknown=unknown)
        inexact = any(_AGO.search(fields.get(name, "")) for name in ("updated", "published"))
        return checked(place, entry, channels, unknown, inexact=inexact)

    def _entry(self, fields: Mapping[str, str]) -> Entry:
        name = _name(fields.get("id", ""))
        detail = self.plan.detail
        link = self._link(fields.get("url", "")) or (detail.page_of(name) if detail else "")
        title = _title(fields.get("title", ""))
        if not link or not title:
            raise malformed("no_text" if link else "no_id")
        return Entry(
            url=link,
            title=title,
            id=name,
            dedupe=_name(fields.get("dedupe", "")),
            published=self._moment(fields.get("published", "")),
            updated=self._moment(fields.get("updated", "")),
            text=fields.get("text") or None,
        )

    def _link(self, text: str) -> str:
        """An address, which may be relative to the list's; empty where it is none, or a secret stands in it."""
        try:
            link = public_link(urljoin(self.url, text)) if text else ""
        except ValueError:
            return ""
        return canonical(link) if is_wechat(link) else link

    def _moment(self, text: str) -> datetime | None:
        return read_date(text, self.plan.formats, tz=self.plan.tz, at=self.at) if text else None


def checked(
    place: int,
    entry: Entry,
    channels: Iterable[str] = (),
    unknown: frozenset[str] = frozenset(),
    *,
    inexact: bool = False,
) -> Record:
    """The record of an entry. What users write, or what lies on a social platform, is not the organisation's.

    WeChat is no exception but for a link beside a text: its pages are never asked for.
    """
    foreign = is_social(entry.url) and not is_wechat(entry.url)
    if foreign or _is_users_page(entry.url) or any(map(is_users_channel, channels)):
        mark = digest(entry.id, entry.url)
        return Record(place=place, reason="not_permitted", mark=mark, unknown=unknown)
    return Record(place=place, entry=entry, stamp=_stamp(entry, inexact=inexact), unknown=unknown)


def _is_users_page(link: str) -> bool:
    path = unquote(urlsplit(link).path)
    return is_users_channel(path) or not _USERS_PARTS.isdisjoint(re.split("[^a-z0-9]+", path.lower()))


def _stamp(entry: Entry, *, inexact: bool) -> str:
    """What an edit changes: the entry's time, or its words where that is ``inexact`` ("3小时前") or missing."""
    moment = entry.updated or entry.published
    return iso(moment) if moment and not inexact else digest(entry.title, entry.text or "")


def iso(moment: datetime) -> str:
    """A moment, to the second, as text that sorts as moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(*parts: str) -> str:
    """Sixteen bytes, in hexadecimal digits, that stand for ``parts``."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _title(text: str) -> str:
    return " ".join(plain_lines(text).split())[:_LONGEST_TITLE]


def _name(text: str) -> str:
    """An id; "0" is none, as in the ``originalId`` of an original."""
    if len(text) > _LONGEST_ID:
        raise malformed("bad_field")
    return "" if text == "0" else text
