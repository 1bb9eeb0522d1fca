"""What organisations have already said about a claim: matched by hazard and by shared wording.

Matching serves reading only: it shows a notice beside a claim, decides nothing and joins nothing.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from nlp.text import letters
from pipelines import outbox, schema
from pipelines.store import upsert

CONTAINED = 0.7
"""Share of a clause's character pairs that the article must hold."""
SHORTEST = 6
CLAIM_HOURS, ARTICLE_HOURS = 72, 7 * 24


def attach(connection: Connection, now: int) -> int:
    """Show recent notices beside recent claims of the same hazard that they speak of; how many were new.

    Looks at claims heard within 72 hours and articles published within 7 days before ``now`` (Unix seconds).
    """
    claim, clause, article, link = schema.claim, schema.shared_clause, schema.article, schema.claim_article
    hour = now // 3600
    notices: dict[str, list[tuple[int, set[str]]]] = {}
    for row in connection.execute(
        sa.select(article).where(article.c.role == "notice", article.c.published >= now - ARTICLE_HOURS * 3600)
    ):
        notices.setdefault(row.hazard, []).append((row.id, _pairs(letters(f"{row.title}\n{row.text}"))))
    if not notices:
        return 0
    wording: dict[str, list[set[str]]] = {}
    hazards: dict[str, str] = {}
    for row in connection.execute(
        sa.select(claim.c.id, claim.c.hazard, clause.c.text)
        .join(clause, clause.c.claim == claim.c.id)
        .where(claim.c.last_hour >= hour - CLAIM_HOURS, claim.c.hazard.in_(notices))
    ):
        hazards[row.id] = row.hazard
        if len(row.text) >= SHORTEST:
            wording.setdefault(row.id, []).append(_pairs(row.text))
    stands = {(row.claim, row.article) for row in connection.execute(sa.select(link))}
    new = [
        {"claim": id_, "article": number, "role": "notice"}
        for id_, clauses in wording.items()
        for number, pairs in notices[hazards[id_]]
        if (id_, number) not in stands and _speaks_of(pairs, clauses)
    ]
    upsert(connection, link, new)
    outbox.put(connection, "claim", {str(row["claim"]) for row in new}, now)
    return len(new)


def _pairs(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


def _speaks_of(article: set[str], clauses: Iterable[set[str]]) -> bool:
    return any(len(clause & article) >= CONTAINED * len(clause) for clause in clauses)
