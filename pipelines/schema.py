"""The tables. There is none of individuals' posts (design, Data at rest).

Three kinds of rows stand here, by what they may say:

* **pending** (``pending``, ``band``, ``clause``, ``asking``, ``seen``): keyed features of texts below the floor, dead
  with their epoch's key and gone after 72 hours;
* **shown** (``claim``, ``part``, ``claim_hour``, ``shared_clause``, ``question`` …): claims and questions above the
  floor, wording only of clauses that at least five accounts share;
* **published** (``article``): texts of organisations, which may be named.

Times are Unix seconds, hours are hours since 1970 (UTC), 64-bit values are signed.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

fact = Table("fact", metadata, Column("key", String(40), primary_key=True), Column("value", Text, nullable=False))
"""Facts of this database: that it is a demo, which run of the program made it."""

window = Table(
    "window",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(80), nullable=False),
    Column("name", String(64), nullable=False, unique=True),
    Column("basis", String(240), nullable=False),
    Column("format", String(20)),
    Column("as_of", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("epoch", String(32)),
    Column("cursor", BigInteger, nullable=False, default=0),
    Column("line", BigInteger, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("opened_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("lane", String(80), nullable=False, default="", server_default=""),
    Column("since", BigInteger),
    Column("until", BigInteger),
    Column("resume", String(500), nullable=False, default="", server_default=""),
    Column("holder", String(80)),
    Column("leased_until", Float),
    Column("not_before", BigInteger, nullable=False, default=0, server_default="0"),
    Column("why", String(24)),
    Index("ix_window_state", "state", "source"),
    Index("ix_window_lane", "source", "lane", "until"),
    Index("ix_window_until", "until"),
)
"""What is read, and how far: one row a file, or a stretch of a source's time. The table is the queue and the record.

Of a file ``name`` is keyed and ``cursor`` a byte offset. Of a source, ``lane`` is what is asked (a channel, or hazard
and county), ``since`` and ``until`` are Unix seconds, ``cursor`` counts the pages that were committed, ``resume`` is
what the next question needs: numbers only where individuals are read. ``why`` is a closed word.
"""

window_count = Table(
    "window_count",
    metadata,
    Column("window", ForeignKey("window.id", ondelete="CASCADE"), primary_key=True),
    Column("unit", String(12), primary_key=True),
    Column("outcome", String(16), primary_key=True),
    Column("n", BigInteger, nullable=False),
)
"""Outcomes of a window's texts: per unit (``text``, ``quoted``), read = kept + the dropped reasons."""

window_problem = Table(
    "window_problem",
    metadata,
    Column("window", ForeignKey("window.id", ondelete="CASCADE"), primary_key=True),
    Column("line", BigInteger, primary_key=True),
    Column("fault", String(20), nullable=False),
)
"""The first malformed records of a window: line and closed fault, never content."""

epoch = Table(
    "epoch",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("private", Boolean, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
)
"""Epochs whose keyed rows stand below. Keys lie elsewhere."""

seen = Table(
    "seen",
    metadata,
    Column("token", BigInteger, primary_key=True, autoincrement=False),
    Column("epoch", String(32), nullable=False),
    Column("hour", Integer, nullable=False),
    Index("ix_seen_hour", "hour"),
)

pending = Table(
    "pending",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("epoch", String(32), nullable=False),
    Column("bins", BigInteger, nullable=False),
    Column("mentions", Integer, nullable=False),
    Column("questions", Integer, nullable=False),
    Column("reposts", BigInteger, nullable=False),
    Column("score", Integer, nullable=False),
    Column("early_warning", Boolean, nullable=False),
    Column("hazards", JSON, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("created", Integer, nullable=False),
    Column("touched", Integer, nullable=False),
    Column("claim", ForeignKey("claim.id", ondelete="SET NULL")),
    Column("muted", Boolean, nullable=False, default=False),
    Column("inherits", ForeignKey("claim.id", ondelete="SET NULL")),
    Index("ix_pending_epoch", "epoch"),
    Index("ix_pending_claim", "claim"),
    Index("ix_pending_inherits", "inherits"),
)
"""A group of near duplicates. ``bins`` is its 64-bit set, zeroed when the floor is reached.

``inherits`` is the claim of the group that a post signed under two keys belongs to under the older one: the group
becomes part of that claim once it has reached the floor in its own epoch, and not before.
"""

band = Table(
    "band",
    metadata,
    Column("epoch", String(32), primary_key=True),
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("group", BigInteger, nullable=False),
    Index("ix_band_group", "group"),
)

clause = Table(
    "clause",
    metadata,
    Column("epoch", String(32), primary_key=True),
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("group", BigInteger, primary_key=True, autoincrement=False),
    Column("bins", BigInteger, nullable=False),
    Column("mentions", Integer, nullable=False),
    Column("shown", Boolean, nullable=False, default=False),
    Index("ix_clause_group", "group"),
)
"""64-bit sets per (clause hash, group); group 0 is the set over all groups, gone once the text is known."""

clause_text = Table(
    "clause_text",
    metadata,
    Column("epoch", String(32), primary_key=True),
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("text", String(60), nullable=False),
)
"""Clauses that at least five bins share over all groups of an epoch."""

claim = Table(
    "claim",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("scope", String(20), nullable=False),
    Column("hazard", String(60), nullable=False),
    Column("headline", Text),
    Column("status", String(12), nullable=False),
    Column("mentions", Integer, nullable=False),
    Column("questions", Integer, nullable=False),
    Column("reposts", BigInteger, nullable=False),
    Column("score", Integer, nullable=False),
    Column("early_warning", Boolean, nullable=False),
    Column("rules", JSON, nullable=False),
    Column("above_floor", Boolean, nullable=False),
    Column("first_hour", Integer, nullable=False),
    Column("last_hour", Integer, nullable=False),
    Column("observed_at", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_claim_hazard", "hazard"),
    Index("ix_claim_observed_at", "observed_at"),
)

part = Table(
    "part",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("claim", ForeignKey("claim.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("epoch", String(32), nullable=False, index=True),
    Column("guard", Text),
    Column("bitmap", LargeBinary),
    Column("at_least", Integer, nullable=False),
    Column("about", Integer),
)
"""Accounts of a group (``guard`` null) or of one of its variants. ``bitmap`` goes with the epoch, numbers stay."""

claim_hour = Table(
    "claim_hour",
    metadata,
    Column("claim", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("source", String(80), primary_key=True),
    Column("mentions", Integer, nullable=False),
    Column("questions", Integer, nullable=False),
)

shared_clause = Table(
    "shared_clause",
    metadata,
    Column("claim", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
    Column("text", String(60), primary_key=True),
    Column("guard", Text, nullable=False),
    Column("mentions", Integer, nullable=False),
)
"""Clauses of individuals that at least five different bins of one group share: all the wording there is."""

claim_alias = Table(
    "claim_alias",
    metadata,
    Column("old", String(16), primary_key=True),
    Column("new", ForeignKey("claim.id", ondelete="CASCADE"), nullable=False, index=True),
)
"""Claims that a later post joined into one: the old id still finds it."""

carried = Table(
    "carried",
    metadata,
    Column("epoch", String(32), primary_key=True),
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("claim", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
)
"""Shared clauses of older claims under a newer key: a group that holds one may belong to that claim."""

proposal = Table(
    "proposal",
    metadata,
    Column("claim", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
    Column("target", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
    Column("reason", String(20), nullable=False),
)
"""Joins that staff may accept; matching only proposes."""

hazard_spread = Table(
    "hazard_spread",
    metadata,
    Column("epoch", String(32), primary_key=True),
    Column("hazard", String(60), primary_key=True),
    Column("at_least", Integer, nullable=False),
    Column("observed_at", BigInteger, nullable=False),
)
"""Hazards that many accounts speak of in no common wording: 10, 20 or 40 accounts at least."""

asking = Table(
    "asking",
    metadata,
    Column("epoch", String(32), primary_key=True),
    Column("hash", BigInteger, primary_key=True, autoincrement=False),
    Column("bins", BigInteger, nullable=False),
    Column("mentions", Integer, nullable=False),
    Column("created", Integer, nullable=False),
    Column("touched", Integer, nullable=False),
    Column("question", ForeignKey("question.id", ondelete="SET NULL")),
    Column("muted", Boolean, nullable=False, default=False),
    Index("ix_asking_question", "question"),
)
"""A question for a public fact, keyed. ``bins`` is its 64-bit set, zeroed when the floor is reached."""

question = Table(
    "question",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("epoch", String(32), nullable=False, index=True),
    Column("hazard", String(60), nullable=False),
    Column("place", Text, nullable=False),
    Column("word", String(12), nullable=False),
    Column("mentions", Integer, nullable=False),
    Column("at_least", Integer, nullable=False),
    Column("first_hour", Integer, nullable=False),
    Column("last_hour", Integer, nullable=False),
    Column("bitmap", LargeBinary),
)
"""Questions above the floor: words of closed lists, and counts. ``bitmap`` goes with the epoch, numbers stay."""

article = Table(
    "article",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", String(80), nullable=False),
    Column("key", String(200), nullable=False, unique=True),
    Column("outlet", String(120), nullable=False),
    Column("link", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("hazard", String(60), nullable=False, index=True),
    Column("role", String(8), nullable=False),
    Column("published", BigInteger, nullable=False),
    Column("updated", BigInteger),
    Column("version", Integer, nullable=False),
)
"""In-scope articles of organisations. ``role``: ``claim`` (repeats a doubtful claim) or ``notice``."""

claim_article = Table(
    "claim_article",
    metadata,
    Column("claim", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
    Column("article", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(8), nullable=False),
)

group_article = Table(
    "group_article",
    metadata,
    Column("group", BigInteger, primary_key=True, autoincrement=False),
    Column("article", ForeignKey("article.id", ondelete="CASCADE"), primary_key=True),
)

erasure = Table(
    "erasure",
    metadata,
    Column("claim", ForeignKey("claim.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", String(40), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Claims hidden at once that a second person must confirm erased: early warnings, and claims with a verdict."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("subject", String(40), nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("done_at", BigInteger),
    Index("ix_outbox_done_at", "done_at"),
)
"""What the search index must learn: kind, id and version, never content."""

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(40), nullable=False),
    Column("action", String(24), nullable=False),
    Column("subject", String(40), nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
)
"""Append-only, chained: ``mac`` is keyed over the row and the one before."""

lease = Table(
    "lease",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("holder", String(80), nullable=False),
    Column("until", Float, nullable=False),
)
"""Who works on what: while a desk holds ``desk``, writers pause as long as they wrote."""

tally = Table(
    "tally",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("day", Integer, primary_key=True),
    Column("unit", String(12), primary_key=True),
    Column("outcome", String(16), primary_key=True),
    Column("n", BigInteger, nullable=False),
)
"""Outcomes of a crawled source's texts, a day (since 1970, UTC). Its windows keep none: one may be one hazard's."""

lane = Table(
    "lane",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("lane", String(80), primary_key=True),
    Column("looked_at", BigInteger, nullable=False),
    Column("calls", Float, nullable=False),
    Column("hits", Float, nullable=False),
)
"""What asking about a hazard in a county brought, fading: ``hits`` grows in steps of five, by texts that were kept."""

host = Table(
    "host",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("holder", String(80)),
    Column("leased_until", Float),
    Column("asked_at", Float, nullable=False, default=0),
    Column("robots_absent_at", BigInteger),
)
"""Hosts that are asked: who asks now, and when it was last asked (Unix seconds).

``robots_absent_at``: when an API called with the operator's own credentials last had no robots.txt that says anything.
"""

budget = Table(
    "budget",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("day", Integer, nullable=False),
    Column("used", Integer, nullable=False),
)
"""Requests of a day (since 1970, +08:00) that ``host:…`` or ``source:…`` has taken out; taken before they are sent."""

breaker = Table(
    "breaker",
    metadata,
    Column("name", String(255), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", BigInteger),
    Column("why", String(24), nullable=False),
    Column("credential", String(64)),
)
"""What is left alone: ``host:…`` or ``source:…``, until a moment, or (null) until a person has acted.

``credential`` is a keyed value of the credentials that were refused: with new ones the source is asked again.
"""

known = Table(
    "known",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("stamp", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_known_at", "at"),
)
"""Articles of organisations that were dealt with, kept or not, so that none is asked for twice."""

visit = Table(
    "visit",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("url", String(500), primary_key=True),
    Column("etag", String(200), nullable=False),
    Column("last_modified", String(60), nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Validators for conditional GETs of organisations' lists and feeds."""

unknown_field = Table(
    "unknown_field",
    metadata,
    Column("source", String(80), primary_key=True),
    Column("name", String(190), primary_key=True),
    Column("n", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""Fields of a source's answers that no reader knows: plain names from a closed list of words, never values."""
