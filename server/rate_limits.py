"""How often one address may knock, and one account's password be guessed. Counted in Redis; in this process's memory while it's away."""

import math
from collections.abc import Callable
from typing import TypeVar

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from server import clock
from server.domain.errors import QuotaExceeded
from server.settings import Settings

T = TypeVar("T")
SAID = {"password": "guesses at this account's password"}


class RateLimits:
    """The limits of the settings, by what is done."""

    def __init__(self, settings: Settings) -> None:
        self._items: dict[str, RateLimitItem] = {
            "sign-up": RateLimitItemPerHour(settings.sign_ups_per_hour),
            "sign-in": RateLimitItemPerMinute(settings.sign_ins_per_minute),
            "upload": RateLimitItemPerMinute(settings.uploads_per_minute),
            "enrol": RateLimitItemPerMinute(settings.sign_ins_per_minute),
            "password": RateLimitItemPerHour(settings.password_guesses_per_hour),
            "password-refusal": RateLimitItemPerHour(1),
        }
        self._memory = FixedWindowRateLimiter(MemoryStorage())
        self._shared = FixedWindowRateLimiter(storage_from_string(settings.redis_url, socket_connect_timeout=0.5, socket_timeout=0.5))

    def hit(self, what: str, who: str) -> None:
        """Count one. Raises QuotaExceeded, with the seconds until the count begins anew."""
        item = self._items[what]
        if self._ask(lambda limiter: limiter.hit(item, what, who)):
            return
        reset_at = self._ask(lambda limiter: limiter.get_window_stats(item, what, who).reset_time)
        after_s = min(max(1, math.ceil(reset_at - clock.now().timestamp())), item.get_expiry())
        said = SAID.get(what, f"{what} requests")
        raise QuotaExceeded(f"too many {said}; {item} are allowed", f"wait for {after_s} s and try again", retry_after_s=after_s)

    def first(self, what: str, who: str) -> bool:
        """Count one; whether it's still within the limit."""
        return self._ask(lambda limiter: limiter.hit(self._items[what], what, who))

    def forgive(self, what: str, who: str) -> None:
        """Count anew."""
        self._ask(lambda limiter: limiter.clear(self._items[what], what, who))

    def _ask(self, question: Callable[[FixedWindowRateLimiter], T]) -> T:
        try:
            return question(self._shared)
        except (RedisError, OSError):
            return question(self._memory)
