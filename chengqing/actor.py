"""Who acts: a staff login or a short name, as it goes into the record, where it can't be erased."""

import getpass
import re

import typer

from chengqing.messages import say

_LOGIN = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}|[\u4e00-\u9fff]{2,8}")


def actor_of(by: str) -> str:
    """The name given by ``--by``, or the login of whoever runs the command."""
    actor = by or getpass.getuser()
    if not _LOGIN.fullmatch(actor) or actor == "system":
        raise typer.BadParameter(say("erase_by"))
    return actor
