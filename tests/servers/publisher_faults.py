"""What the publisher's stand-in does to whole answers: encodings that surprise, documents that are made to hurt."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.servers.base import Answer

HUGE = 11 << 20
DEEP = 50_000
_BOMB = '<!ENTITY b0 "哈">' + "".join(f'<!ENTITY b{n} "' + f"&b{n - 1};" * 10 + '">' for n in range(1, 10))
_PLACES = re.compile(r"(<title>|<loc>|<record>)")
_DECLARED = re.compile(r'((?:charset|encoding)=")utf-8"', re.IGNORECASE)


def spoilt(answer: Answer, scenario: Mapping[str, Any], entity: str) -> Answer:
    """The answer, made deep, huge or hostile; ``entity`` is the address that an external entity names."""
    kind = answer.headers.get("Content-Type", "")
    if "xml" in kind and (scenario.get("xxe") or scenario.get("bomb")):
        answer = replace(answer, body=_hostile(answer.body.decode(), entity if scenario.get("xxe") else "").encode())
    if scenario.get("deep") and "html" in kind:
        answer = replace(answer, body=_nested(answer.body))
    if scenario.get("deep") and "json" in kind:
        answer = replace(answer, body=b'{"data":' * DEEP + b"1" + b"}" * DEEP)
    return replace(answer, body=answer.body + b" " * HUGE) if scenario.get("huge") else answer


def _nested(body: bytes) -> bytes:
    return body.replace(b"<body>", b"<body>" + b"<div>" * DEEP).replace(b"</body>", b"</div>" * DEEP + b"</body>")


def _hostile(text: str, entity: str) -> str:
    """A document whose titles and links hold an entity: a file's and an address's content, or a billion of laughs."""
    outside = f'<!ENTITY e SYSTEM "{entity}"><!ENTITY f SYSTEM "file:///etc/hostname">'
    declared, used = (outside, "&e;&f;") if entity else (_BOMB, "&b9;")
    head, end, rest = text.partition("?>")
    return f"{head}{end}<!DOCTYPE any [{declared}]>" + _PLACES.sub(rf"\1{used}", rest)


def recoded(answer: Answer, scenario: Mapping[str, Any]) -> Answer:
    """The answer in GB18030, as far as the scenario wants it: see ``gb18030`` and ``wrong_encoding``."""
    told = "wrong" if scenario.get("wrong_encoding") else scenario.get("gb18030")
    kind = answer.headers.get("Content-Type")
    if not told or not kind:
        return answer
    text = answer.body.decode("utf-8", "replace")
    if told in ("declared", "meta"):
        text = _DECLARED.sub(r'\1GB18030"', text)
    elif told == "undeclared":
        text = text.replace('<meta charset="utf-8">', "").replace(' encoding="UTF-8"', "")
    plain = kind.partition(";")[0]
    content_type = {"declared": f"{plain}; charset=GB18030", "wrong": kind}.get(told, plain)
    return replace(answer, body=text.encode("gb18030"), headers={**answer.headers, "Content-Type": content_type})
