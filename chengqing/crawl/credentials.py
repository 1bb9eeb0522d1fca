"""Whether a source's credentials have changed since they were refused."""

import hashlib
import hmac
from collections.abc import Iterable

from sqlalchemy.engine import Connection

from chengqing.secret import SecretError
from chengqing.source import Crawled
from chengqing.workspace import Workspace
from pipelines import pace


def credential(workspace: Workspace, source: Crawled) -> str | None:
    """A value under the installation key that tells credentials apart and says nothing else; None without any."""
    try:
        secrets = [reference.read() if reference else "" for reference in source.secrets().values()]
    except SecretError:
        return None
    message = b"\0".join([b"credential", *(secret.encode() for secret in secrets)])
    return hmac.digest(workspace.keys.installation(), message, hashlib.sha256).hex()


def mend_changed(connection: Connection, workspace: Workspace, sources: Iterable[Crawled]) -> None:
    """Ask sources again that were stopped for credentials which have been replaced since."""
    for source in sources:
        name = f"source:{source.id}"
        stopped = pace.tripped(connection, [name]).get(name)
        if stopped and stopped.why == "auth_required" and stopped.credential != credential(workspace, source):
            pace.mend(connection, [name])
