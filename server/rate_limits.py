"""How often one address may knock. Counted in Redis; in this process's memory while Redis is away."""

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from server.domain.errors import QuotaExceeded
from server.settings import Settings


class RateLimits:
    """The limits of the settings, by what is done."""

    def __init__(self, settings: Settings) -> None:
        self._items: dict[str, RateLimitItem] = {
            "sign-up": RateLimitItemPerHour(settings.sign_ups_per_hour),
            "sign-in": RateLimitItemPerMinute(settings.sign_ins_per_minute),
            "upload": RateLimitItemPerMinute(settings.uploads_per_minute),
            "enrol": RateLimitItemPerMinute(settings.sign_ins_per_minute),
        }
        self._memory = FixedWindowRateLimiter(MemoryStorage())
        self._shared = FixedWindowRateLimiter(storage_from_string(settings.redis_url, socket_connect_timeout=0.5, socket_timeout=0.5))

    def hit(self, what: str, who: str) -> None:
        """Count one. Raises QuotaExceeded."""
        item = self._items[what]
        try:
            allowed = self._shared.hit(item, what, who)
        except (RedisError, OSError):
            allowed = self._memory.hit(item, what, who)
        if not allowed:
            raise QuotaExceeded(f"too many {what} requests; {item} are allowed", "wait a little and try again")
