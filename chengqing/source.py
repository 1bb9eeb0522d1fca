"""One source as its operator declares it: what may be asked, of whom, on which basis.

The shapes are closed (sources' notes, C2). There is no setting for a query, an account, a place on the map, a cookie
or a header, and no generic source reaches a social platform (design, Bounds 1, 2 and 7).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import AfterValidator, Field, PrivateAttr

from chengqing.address import Base, Channel, is_loopback, netloc_of
from chengqing.fields import INVENTED, Context, Division, HazardName, Organisation, Secret, Strict, matching, once
from chengqing.listing import (
    CursorPaging,
    Dates,
    Detail,
    JmesPath,
    JsonListing,
    JsonMap,
    Listing,
    MarkupMap,
    PagePaging,
    Paging,
    Politeness,
    Select,
    Window,
    jmes_path,
    selector,
)
from chengqing.messages import say
from chengqing.secret import SecretRef
from chengqing.toml_file import Place

Problems = Iterator[tuple[Place, str]]


class Source(Strict):
    """What every source declares. Use ``stores`` to ask whether texts of it may be kept."""

    id: str
    kind: str
    access_basis: str | None = None
    basis_note: Annotated[str, matching(r"[^\x00-\x1f\x7f]{0,200}", "basis_form")] = ""
    valid_until: date | None = None
    may_store: bool = False
    organisation: Organisation | None = None
    fetched: ClassVar[bool] = False
    """Whether it is read over the network, and so needs the desk's contact for its User-Agent."""
    _disabled: str | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        """Settle once, at load, whether the source can be used at all."""
        self._disabled = say("lacks_also").join(self._lacks(Context.of(context))) or None

    @property
    def disabled(self) -> str | None:
        """Why the source is not used at all, with the remedy; None where it is in use."""
        return self._disabled

    @property
    def basis(self) -> str:
        """The access basis with its note, as records keep it: the same in every language."""
        return f"{self.access_basis or 'basis not declared'}, {self.basis_note or 'no note'}"

    @property
    def formats(self) -> tuple[str, ...]:
        """What files of this source may be imported as; none where it is read over the network."""
        return ()

    def expired(self, today: date) -> bool:
        """Whether the basis ended before ``today``: from then on texts are counted only."""
        return self.valid_until is not None and self.valid_until < today

    def stores(self, today: date) -> bool:
        """Whether texts of this source may be read and kept on ``today``; else they are counted only."""
        return self.disabled is None and self.may_store and not self.expired(today)

    def secrets(self) -> Mapping[str, SecretRef | None]:
        """The credentials by field; None where one is still to be named."""
        return {}

    def problems(self) -> Problems:
        """What is wrong between fields that are each right: where, and what with its remedy."""
        yield from ()

    def _lacks(self, context: Context) -> Iterator[str]:
        if self.access_basis is None:
            yield say("lacks_basis")
        if not self.basis_note.strip():
            yield say("lacks_note")
        if self.valid_until is None and self.access_basis != "open_feed":
            yield say("lacks_end")
        for field, reference in self.secrets().items():
            if reference is None:
                yield say("lacks_secret", field=field)
            elif problem := reference.missing():
                yield f"{field}: {problem}"
        if self.fetched and not context.contact:
            yield say("lacks_contact")


class Crawled(Source):
    """A source that is read over the network."""

    fetched = True
    politeness: Politeness = Politeness()

    def problems(self) -> Problems:
        first, last = self.politeness.active_hours.split("-")
        if first >= last:
            yield ("politeness", "active_hours"), say("hours_order")
        if self.politeness.delay < 2 and not self._local():
            yield ("politeness", "delay"), say("delay_short")

    def netlocs(self) -> frozenset[str]:
        """The hosts that may be asked, with their ports where these are named."""
        raise NotImplementedError

    def lanes(self) -> tuple[str, ...]:
        """What is asked at each reading: one entry, or one a channel."""
        return ("",)

    def _local(self) -> bool:
        return all(is_loopback(netloc.partition(":")[0]) for netloc in self.netlocs())


class Generic(Crawled):
    """A publisher's feed or list."""

    access_basis: Literal["publisher_consent", "open_feed", "official_api"] | None = None
    organisation: Organisation
    channels: Annotated[tuple[Channel, ...], Field(strict=False), AfterValidator(once)] = ()
    list: Listing
    detail: Detail | None = None
    dates: Dates = Dates()
    window: Window = Window()

    def secrets(self) -> Mapping[str, SecretRef | None]:
        return {f"list.secret_params.{name}": reference for name, reference in self.list.secret_params.items()}

    def netlocs(self) -> frozenset[str]:
        return frozenset(netloc_of(url) for url in (self.list.url, self.detail and self.detail.url) if url)

    def lanes(self) -> tuple[str, ...]:
        return self.channels or ("",)

    def problems(self) -> Problems:
        yield from super().problems()
        used = _names(self.list.url) | {name for value in self.list.params.values() for name in _names(str(value))}
        if used - {"channel"}:
            yield ("list", "url"), say("url_placeholder", known="{channel}")
        if "channel" in used and not self.channels:
            yield ("channels",), say("channels_missing")
        if self.channels and "channel" not in used:
            yield ("channels",), say("channels_unused")
        if self.detail and self.detail.url and _names(self.detail.url) - {"id"}:
            yield ("detail", "url"), say("url_placeholder", known="{id}")


class Feed(Generic):
    """A feed or sitemap in a standard form: its fields need no map."""

    kind: Literal["rss", "atom", "jsonfeed", "sitemap"]


class JsonList(Generic):
    """A list that answers in JSON."""

    kind: Literal["json_list"]
    list: JsonListing
    items: JmesPath
    map: JsonMap
    paging: Paging | None = None

    def problems(self) -> Problems:
        yield from super().problems()
        yield from _unmapped(self.detail, self.map)
        yield from _unsound(self.paging, jmes_path)


class MarkupList(Generic):
    """A list in HTML or XML."""

    kind: Literal["html_list", "xml_list"]
    items: Select
    map: MarkupMap
    paging: Paging | None = None

    def problems(self) -> Problems:
        yield from super().problems()
        yield from _unmapped(self.detail, self.map)
        yield from _unsound(self.paging, selector)


class Official(Crawled):
    """A documented API, called with the operator's own credentials. ``base`` is a stand-in for it on this machine."""

    host: ClassVar[str]
    base: Base | None = None

    def netlocs(self) -> frozenset[str]:
        return frozenset((netloc_of(self.base) if self.base else self.host,))


class WeiboSearch(Official):
    """Keyword search of the commercial API: shipped hazard terms × county divisions, nothing else."""

    host = "c.api.weibo.com"
    kind: Literal["weibo_search"]
    access_basis: Literal["official_api"] | None = None
    hazards: Annotated[tuple[HazardName, ...], Field(strict=False), AfterValidator(once)]
    divisions: Annotated[tuple[Division, ...], Field(strict=False), AfterValidator(once)]
    token: Secret | None = None

    def secrets(self) -> Mapping[str, SecretRef | None]:
        return {"token": self.token}

    def problems(self) -> Problems:
        yield from super().problems()
        if self.base is None and not INVENTED.keys().isdisjoint(self.divisions):
            yield ("divisions",), say("division_form")


class WeiboTimeline(Official):
    """The posts of an account that the platform verifies as a public body or a medium; ``outlet`` is its name there."""

    host = "api.weibo.com"
    kind: Literal["weibo_timeline"]
    access_basis: Literal["official_api", "own_account", "publisher_consent"] | None = None
    organisation: Organisation
    outlet: Annotated[str, matching(r"(?!\d+$)(?!.*\d{6})[\w·（）()-]{2,30}", "outlet_form")]
    token: Secret | None = None

    def secrets(self) -> Mapping[str, SecretRef | None]:
        return {"token": self.token}


class WechatAccount(Official):
    """The operator's own official account, read through the account API."""

    host = "api.weixin.qq.com"
    kind: Literal["wechat_account"]
    access_basis: Literal["own_account"] | None = None
    organisation: Organisation
    appid: Secret | None = None
    secret: Secret | None = None

    def secrets(self) -> Mapping[str, SecretRef | None]:
        return {"appid": self.appid, "secret": self.secret}


_BIZ = matching(r"[A-Za-z0-9+/]{6,22}={0,2}", "biz_form")


class ContractFiles(Source):
    """Files handed over: what ``chengqing import --source ID`` names. Nothing is fetched.

    ``biz`` are the WeChat accounts that the organisation owns; an article of another account is not its own.
    """

    kind: Literal["contract_files"]
    access_basis: Literal["contract_export", "publisher_consent", "own_account"] | None = None
    read_as: Annotated[
        tuple[Literal["weibo-status", "wechat-html", "article-json"], ...],
        Field(strict=False, alias="formats"),
        AfterValidator(once),
    ]
    biz: Annotated[tuple[Annotated[str, _BIZ], ...], Field(strict=False), AfterValidator(once)] = ()

    @property
    def formats(self) -> tuple[str, ...]:
        return self.read_as

    def problems(self) -> Problems:
        if self.organisation is None and set(self.formats) != {"weibo-status"}:
            yield ("organisation",), say("files_organisation")
        if self.biz and "wechat-html" not in self.formats:
            yield ("biz",), say("files_biz")
        if "wechat-html" in self.formats and not self.biz:
            yield ("biz",), say("files_biz_missing")


def _names(text: str) -> set[str]:
    return set(re.findall(r"\{([^{}]*)\}", text))


def _unmapped(detail: Detail | None, map: JsonMap | MarkupMap) -> Problems:
    if detail and detail.url and "id" in _names(detail.url) and map.id is None:
        yield ("map", "id"), say("map_id")
    if detail is None and map.text is None:
        yield ("map", "text"), say("map_text")


def _unsound(paging: Paging | None, check: Callable[[str], str]) -> Problems:
    """What a paging looks for in an answer must be in the language of the list: ``check`` raises ValueError."""
    place, expression = "total_pages", None
    if isinstance(paging, PagePaging):
        expression = paging.total_pages
    elif isinstance(paging, CursorPaging):
        place, expression = "from", paging.from_
    try:
        check(expression or "a")
    except ValueError as error:
        yield ("paging", place), str(error)


_CLASSES: tuple[type[Source], ...] = (
    Feed,
    JsonList,
    MarkupList,
    WeiboSearch,
    WeiboTimeline,
    WechatAccount,
    ContractFiles,
)
KINDS: Mapping[str, type[Source]] = {
    kind: source for source in _CLASSES for kind in get_args(source.model_fields["kind"].annotation)
}
"""Every kind of source, with its schema."""
