"""What was read of an organisation before: stamps of its articles, validators of its lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from pipelines import schema
from pipelines.page import Visit
from pipelines.store import Store, slices
from spiders.conversation import Held

_SOME = 20


@dataclass(frozen=True, slots=True)
class Stored:
    """Implements :class:`spiders.conversation.Memory` on the database, for one source."""

    store: Store
    source: str
    held_since: int = 0
    """Articles published before (Unix seconds) are not looked at again."""

    def stamps(self, keys: Iterable[str]) -> Mapping[str, str]:
        """The stamps of those of ``keys`` that were dealt with before."""
        known = schema.known
        found: dict[str, str] = {}
        with self.store.read() as connection:
            for some in slices(set(keys)):
                rows = connection.execute(
                    sa.select(known.c.key, known.c.stamp).where(known.c.source == self.source, known.c.key.in_(some))
                )
                found.update((row.key, row.stamp) for row in rows)
        return found

    def visit(self, url: str) -> Visit | None:
        """The validators that ``url`` gave when it was last read to the end."""
        table = schema.visit
        with self.store.read() as connection:
            row = connection.execute(
                sa.select(table).where(table.c.source == self.source, table.c.url == url)
            ).one_or_none()
        return Visit(row.url, row.etag, row.last_modified) if row is not None else None

    def held(self, after: int) -> list[Held]:
        """Some of the source's articles that stand here, by number, from the one after ``after`` on."""
        article = schema.article
        with self.store.read() as connection:
            rows = connection.execute(
                sa.select(article.c.id, article.c.key, article.c.link)
                .where(article.c.source == self.source, article.c.id > after, article.c.published >= self.held_since)
                .order_by(article.c.id)
                .limit(_SOME)
            )
            return [Held(row.id, row.key, row.link) for row in rows]
