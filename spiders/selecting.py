"""HTML and XML of publishers, parsed so that neither can do harm, and looked through with CSS selectors or XPath."""

import re
from collections.abc import Iterator
from html import escape, unescape
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from parsel import Selector, SelectorList

from spiders.edge import clean_html, malformed, sound, tame

_MOST_WORK = 2_000_000
"""Steps from the root to each element, summed: what a selector costs at worst. A large page has a tenth of it."""
_DECLARATION = re.compile(r"\s*<\?xml[^>]{0,200}\?>")
_TAG = re.compile("<[a-zA-Z/!]")
_GATES = ("环境异常", "完成验证", "去验证", "安全验证", "访问验证", "人机验证", "滑动验证", "输入验证码", "captcha")
_LOGIN = re.compile("登录|登陆|log ?in|sign ?in", re.IGNORECASE)
_LONGEST_GATE = 600


def parse_html(text: str) -> Selector:
    """A page; a refusal with ``too_deep`` where looking through it could take minutes."""
    return _bounded(Selector(text=tame(text), type="html"))


def parse_xml(text: str) -> Selector:
    """A whole, well-formed document without a document type (so without entities); a refusal with ``not_an_object``."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise malformed("not_an_object")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8")
    try:
        root = etree.fromstring(_DECLARATION.sub("", text, count=1).strip().encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise malformed("not_an_object") from None
    return _bounded(Selector(root=root, type="xml"))


def _bounded(document: Selector) -> Selector:
    work = depth = 0
    for event, _ in etree.iterwalk(document.root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        work += depth
        if work > _MOST_WORK:
            raise malformed("too_deep")
    return document


def is_xpath(expression: str) -> bool:
    """Whether an expression is an XPath; else it is a CSS selector."""
    return expression.startswith(("/", "./", "("))


def select(node: Selector, expression: str) -> SelectorList[Selector]:
    """What ``expression`` finds within ``node``; nothing where it can't be evaluated there."""
    try:
        return node.xpath(expression) if is_xpath(expression) else node.css(expression)
    except (ValueError, SyntaxError):
        return SelectorList()


def value(node: Selector, expression: str) -> str:
    """The first text or attribute found, or the text of the first element; empty where nothing is."""
    for found in select(node, expression)[:1]:
        return " ".join(sound(found.xpath("string()").get() or "" if _is_element(found) else str(found.get())).split())
    return ""


def body_text(node: Selector, expression: str) -> str:
    """The text of everything found, a line per paragraph. What lies in something found already counts once."""
    return clean_html("\n".join(_outermost(select(node, expression))))


def _outermost(found: SelectorList[Selector]) -> Iterator[str]:
    """Markup of each element that is not within an earlier one; texts and attributes as paragraphs."""
    within: set[Any] = set()
    for one in found:
        if not _is_element(one):
            yield f"<p>{escape(str(one.get()))}</p>"
        elif one.root not in within:
            within.update(one.root.iter())
            # In XML, HTML is often the text of an element (CDATA) and no part of the document.
            yield _as_markup(one.root.text or "") if one.type == "xml" and not len(one.root) else str(one.get())


def plain_lines(text: str) -> str:
    """The text of a body that may be HTML or not, a line per paragraph."""
    return clean_html(_as_markup(text))


def _as_markup(text: str) -> str:
    return text if _TAG.search(text) else escape(unescape(text)).replace("\n", "<br>")


def empty(node: Selector, expression: str) -> None:
    """Take what is within the elements found out of the document; what follows them stays."""
    for found in select(node, expression):
        if _is_element(found):
            found.root.clear(keep_tail=True)


def _is_element(found: Selector) -> bool:
    return isinstance(found.root, etree._Element)


def is_gate(text: str) -> bool:
    """Whether a page asks for a login or a proof that a person reads it: short, and little else in it."""
    if "<" not in text[:_LONGEST_GATE]:
        return False
    page = parse_html(text)
    shown = clean_html(text)
    if len(shown) > _LONGEST_GATE:
        return False
    title = value(page, "title")
    asks = _LOGIN.search(title) or page.css('input[type="password"]')
    return bool(asks) or any(word in shown + title for word in _GATES)
