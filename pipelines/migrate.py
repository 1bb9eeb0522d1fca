"""Brings a database to the tables this version knows, in one transaction."""

from pathlib import Path

import sqlalchemy as sa

from pipelines.store import Store, StoreError

HEAD = "0003"
"""The newest revision under ``migrations/versions``."""
MIGRATIONS = Path(__file__).parent / "migrations"


def revision(store: Store) -> str | None:
    """The revision that the database stands at, or None when it is empty."""
    with store.read() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return version


def upgrade(store: Store) -> None:
    """Make or migrate the tables. A database newer than this program is refused."""
    before = revision(store)
    if before == HEAD:
        return
    if before is not None and not list(MIGRATIONS.glob(f"versions/{before}_*.py")):
        raise StoreError(
            f"the database is at revision {before}, newer than this program ({HEAD}): install the newer program, "
            "or restore the backup made before the upgrade"
        )
    # Imported here: most starts find the database up to date, and Alembic is slow to load.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
