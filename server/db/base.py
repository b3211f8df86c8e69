"""The declarative base and the column types that every table shares."""

import datetime as dt
import math
from typing import Any

from sqlalchemy import DateTime, Dialect, Float, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every row's base; names constraints so that migrations can find them."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware instant, UTC in every database; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse naive instants, store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive instant {value!r}: every instant is aware")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """SQLite forgets the zone; it was UTC."""
        if value is None:
            return None
        instant: dt.datetime = value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
        return instant


class FiniteFloat(TypeDecorator[float]):
    """A float that is never NaN or infinite: SQLite would store NaN as NULL, and NULL sorts first."""

    impl = Float(53)
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """Refuse non-finite numbers."""
        if value is not None and not math.isfinite(value):
            raise ValueError(f"non-finite number {value!r} may not be stored")
        return value
