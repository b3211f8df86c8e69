"""Migrations on each database: up, equal to the rows, down to nothing, up again."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect

from server.db.session import Database
from server.settings import Settings

CONFIG = Path(__file__).parents[2] / "alembic.ini"


def test_up_check_down_and_up_again(settings: Settings) -> None:
    config = Config(str(CONFIG))
    command.upgrade(config, "head")
    command.check(config)
    command.downgrade(config, "base")
    database = Database(settings.database)
    assert inspect(database.engine).get_table_names() == ["alembic_version"]
    database.close()
    command.upgrade(config, "head")
    command.check(config)
