"""Bound 3 over HTTP: 1,000 planted identities in every field of every source, and none of them in any byte left anywhere.

Sources are read as people read them, at log level debug, by processes with a home, a temporary and a working directory
of their own: pages that are whole and pages that are broken in every way, twice, tried, killed in the middle, forgotten.
After each command every file and all that was said is searched. Secrets are looked for in the same way.
"""

from datetime import UTC, datetime, timedelta

NOW = datetime.now(UTC).replace(microsecond=0)
FIRST = NOW - timedelta(hours=1)
"""When the first round begins; the second one's time is the present."""
AT = (NOW - timedelta(hours=3)).astimezone(planted_zone) if False else NOW - timedelta(hours=3)
