"""References to secrets: a configuration says where a secret is, never what it is."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chengqing.messages import cause, say

_ENV = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_FILE = re.compile(r"[^\x00-\x1f\x7f]{1,400}")
_LARGEST = 64 << 10
"""Bytes of the largest secret file."""


class SecretError(ValueError):
    """A secret that can't be had; the message names the reference and the remedy, never the value."""


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is: a variable of the environment, or a file. Printing it shows the place, never the value."""

    kind: Literal["env", "file"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    def read(self) -> str:
        """The secret, without the line end of its file.

        Raises SecretError when there is none, when it has more than one line, or when others can read its file.
        """
        value = os.environ.get(self.name, "") if self.kind == "env" else self._read_file()
        if not value:
            raise SecretError(say(f"secret_unset_{self.kind}", place=self))
        if not value.isprintable():
            raise SecretError(say("secret_lines", place=self))
        return value

    def missing(self) -> str | None:
        """Why the secret can't be read now, or None when it can."""
        try:
            self.read()
        except SecretError as error:
            return str(error)
        return None

    def exposed(self) -> bool:
        """Whether others than its owner can read the secret's file."""
        try:
            return self.kind == "file" and _open_to_others(Path(self.name).stat().st_mode)
        except OSError:
            return False

    def _read_file(self) -> str:
        try:
            # Without O_NONBLOCK a named pipe would hold the start up for ever.
            descriptor = os.open(self.name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise SecretError(say("secret_unreadable", place=self, why=cause(error))) from None
        try:
            mode = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(mode):
                raise SecretError(say("secret_no_file", place=self))
            if _open_to_others(mode):
                raise SecretError(say("secret_open", place=self))
            content = os.read(descriptor, _LARGEST)
        finally:
            os.close(descriptor)
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            text = "\0"  # refused by the caller; the error would carry the bytes
        return text.rstrip("\r\n")


def _open_to_others(mode: int) -> bool:
    return bool(mode & 0o077) and stat.S_ISREG(mode)


def parse_secret(value: object, folder: Path) -> SecretRef:
    """The reference that ``value`` writes down; a relative file is looked for from ``folder``.

    Raises ValueError for a value in clear, without repeating it, and for a file that others can read.
    """
    kind, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    if kind == "env" and _ENV.fullmatch(name):
        return SecretRef("env", name)
    if kind == "file" and _FILE.fullmatch(name):
        reference = SecretRef("file", str(folder / name))
        if reference.exposed():
            raise ValueError(say("secret_exposed"))
        return reference
    raise ValueError(say("secret_form", how=say("secret_how")))
