"""XML that others wrote, read without harm.

Nothing is fetched, no entity is resolved, depth and size are limited, and what is no XML is refused whole: half an
answer is none. Only three slips that publishers are known for are mended: bare ampersands, the entities of HTML,
control characters.
"""

import re
from contextlib import suppress
from html import escape
from html.entities import html5
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from spiders.charset import decoded
from spiders.edge import Refusal, malformed

_CHINESE = re.compile("[\u0800-\uffff]")
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,9});|#x([0-9A-Fa-f]{1,9});|([A-Za-z][A-Za-z0-9]{1,31});)?")


def read_xml(body: bytes) -> Any:
    """The root element of an XML document, without comments; a refusal for whatever is none, or declares entities.

    Chinese in UTF-8 can't be mistaken, whatever is declared; anything else see in :mod:`spiders.charset`.
    """
    text = _UNFIT.sub("", _text(body)).lstrip()
    try:
        root = _parsed(text)
    except Refusal:
        root = _parsed(_mended(text))
    document_type = root.getroottree().docinfo.internalDTD
    if document_type is not None and any(document_type.iterentities()):
        raise malformed("not_an_article")
    return root


def _text(body: bytes) -> str:
    with suppress(UnicodeDecodeError):
        text = body.decode("utf-8-sig")
        if text.isascii() or _CHINESE.search(text):
            return text
    # A few characters of GB18030 pass for Greek or Arabic in UTF-8: there the declaration counts.
    return decoded(body)


def _parsed(text: str) -> Any:
    """The root element; a refusal where the text is not well-formed, too deep (256) or holds a text over 10 MB."""
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        raise malformed("not_an_article") from None


def _mended(text: str) -> str:
    """``text`` with the references of HTML resolved and bare ampersands escaped, outside CDATA sections."""
    first, *sections = text.split("<![CDATA[")
    pieces = [_REFERENCE.sub(_reference, first)]
    for section in sections:
        inside, end, outside = section.partition("]]>")
        pieces += ["<![CDATA[", inside, end, _REFERENCE.sub(_reference, outside)]
    return "".join(pieces)


def _reference(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    if decimal or hexadecimal:
        code = int(decimal) if decimal else int(hexadecimal, 16)
        return "" if code > 0x10FFFF or _UNFIT.match(chr(code)) else found[0]
    if name in ("amp", "lt", "gt", "quot", "apos"):
        return found[0]
    plain = html5.get(f"{name};", "")
    return plain if plain and set(plain).isdisjoint("<>&") else f"&amp;{found[0][1:]}"


def inner_html(element: Any) -> str:
    """What stands in an element as HTML: the markup of XHTML in a feed, without its namespaces."""
    for node in element.iterdescendants():
        node.tag = etree.QName(node).localname
    rest = (etree.tostring(child, encoding="unicode", method="html") for child in element)
    return escape(element.text or "", quote=False) + "".join(rest)
