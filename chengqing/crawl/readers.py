"""From a source's declaration to what reads it: the one place where configuration meets the spiders."""

from datetime import timedelta
from typing import cast
from zoneinfo import ZoneInfo

from chengqing.crawl.lanes import queries
from chengqing.listing import CursorPaging, DateWindowPaging, LinkPaging, OffsetPaging, PagePaging, Paging
from chengqing.source import Crawled, Generic, JsonList, MarkupList, WechatAccount, WeiboSearch, WeiboTimeline
from nlp.packs import Packs
from spiders import plan as plans
from spiders.conversation import Reader
from spiders.plan import Plan
from spiders.wechat_api import WechatAccount as AccountReader
from spiders.weibo_search import WeiboSearch as SearchReader
from spiders.weibo_timeline import WeiboTimeline as TimelineReader


def reader_of(source: Crawled, packs: Packs) -> Reader:
    """The reader of ``source``, with its credentials. Raises SecretError where one can't be had now."""
    if isinstance(source, WeiboSearch):
        return SearchReader(_secret(source, "token"), queries(source, packs.hazards), source.base)
    if isinstance(source, WeiboTimeline):
        return TimelineReader(_secret(source, "token"), source.outlet, source.base)
    if isinstance(source, WechatAccount):
        return AccountReader(_secret(source, "appid"), _secret(source, "secret"), source.id, source.base)
    if isinstance(source, Generic):
        return _publisher(source)
    raise TypeError(f"no reader for {source.kind}")


def _publisher(source: Generic) -> Reader:
    """A publisher's list or feed, its declaration in plain types."""
    from spiders.publisher import Publisher  # what finds an article's body is slow to load, and only needed here

    listing, paging = source.list, getattr(source, "paging", None)
    mapped = source.map if isinstance(source, JsonList | MarkupList) else None
    return Publisher(
        Plan(
            source=source.id,
            organisation=source.organisation.name,
            kind=cast(plans.Kind, source.kind),  # the kinds of a publisher's three schemas
            url=listing.url,
            params={name: str(value) for name, value in listing.params.items()},
            private={name: reference.read() for name, reference in listing.secret_params.items()},
            channels=source.channels,
            ok=getattr(listing, "ok", None) or "",
            items=getattr(source, "items", ""),
            map=mapped.model_dump(exclude_none=True) if mapped else {},
            paging=_paging(paging) if paging else None,
            detail=_detail(source),
            formats=source.dates.formats,
            tz=ZoneInfo(source.dates.tz),
            dated_by=source.window.field,
            overlap=timedelta(minutes=source.window.overlap_minutes),
            max_age=timedelta(days=source.window.max_age_days),
        )
    )


def _detail(source: Generic) -> plans.Detail | None:
    detail = source.detail
    return plans.Detail(detail.body, detail.url or "", detail.drop) if detail else None


def _paging(paging: Paging) -> plans.Paging:
    match paging:
        case PagePaging():
            return plans.Pages(paging.param, paging.start, paging.total_pages or "", paging.max_pages)
        case OffsetPaging():
            return plans.Offset(paging.param, paging.step, paging.start, paging.max_pages)
        case CursorPaging():
            return plans.Cursor(paging.from_, paging.param, paging.max_pages)
        case LinkPaging():
            return plans.Links(paging.max_pages)
        case DateWindowPaging():
            return plans.Days(paging.from_, paging.to, paging.format)


def _secret(source: Crawled, field: str) -> str:
    reference = source.secrets()[field]
    if reference is None:
        raise ValueError(f"{source.id}: {field} is not declared")
    return reference.read()
