"""Alembic's entry: migrate the database of the settings, or the connection that the caller hands in."""

from alembic import context
from sqlalchemy import Connection

from server.db import rows
from server.db.base import Base
from server.db.session import Database
from server.settings import load_settings

assert rows.__all__  # importing the package registers every table


def run(connection: Connection) -> None:
    """Migrate over an open connection; batch mode rebuilds tables on SQLite, and nobody may check meanwhile who refers to them."""
    sqlite = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
    if sqlite is not None:
        sqlite.execute("PRAGMA foreign_keys=OFF")
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
    if sqlite is not None:
        sqlite.execute("PRAGMA foreign_keys=ON")


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    settings = load_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    with database.engine.connect() as connection:
        run(connection)
        connection.commit()
    database.close()
