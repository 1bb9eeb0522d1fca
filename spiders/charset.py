"""The text of a page or list, whatever encoding it came in.

Declared or not, GB18030 still occurs (the sources' notes, C3). Only encodings that Chinese publishers use count: the
Latin-1 of a server that was never set up would decode anything, and wrongly.
"""

import re

from spiders.edge import malformed, sound

_SUPERSETS = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "x-gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
}
_DECLARED = re.compile(rb"""(?:charset|encoding)\s{0,3}=\s{0,3}["']?\s{0,3}([0-9A-Za-z_-]{2,20})""")
_HEAD = 2048


def decoded(body: bytes, declared: str = "") -> str:
    """The text of ``body``: by its header (``declared``), its own head, as UTF-8, as GB18030; the first that fits.

    A refusal with ``bad_encoding`` where none does, or where it is no text at all.
    """
    if b"\0" in body[:_HEAD]:
        raise malformed("bad_encoding")
    within = _DECLARED.search(body[:_HEAD])
    names = (declared, within[1].decode("ascii") if within else "", "utf-8", "gb18030")
    for encoding in dict.fromkeys(_SUPERSETS.get(name.lower(), "") for name in names):
        try:
            if encoding:
                return sound(body.decode(encoding))
        except UnicodeDecodeError:
            continue
    raise malformed("bad_encoding")
