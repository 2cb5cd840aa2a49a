"""How often an address or an account may ask: counted in Valkey, and never in the way when that is away."""

import time
from functools import lru_cache
from math import ceil
from typing import cast

import structlog
from limits import RateLimitItem
from limits.storage import Storage, storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError
from starlette.requests import Request

from agency.kernel.errors import AgencyError
from agency.kernel.settings import Settings
from portal.shared.i18n import N_

log = structlog.get_logger()


class TooMany(AgencyError):
    """Somebody asked too often in a short time."""

    status = 429
    code = "too_many"

    def __init__(self, message: str, *, wait_seconds: int = 60, field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.headers = {"Retry-After": str(wait_seconds)}


def counted(settings: Settings, limit: RateLimitItem, *key: str) -> bool:
    """This function will count one use and say whether it is within the limit.

    When the counter cannot be reached it is: nobody is locked out because a counter is away.
    """
    limiter = SlidingWindowCounterRateLimiter(_storage(settings.redis_url))
    try:
        return limiter.hit(limit, *key)
    except RedisError as error:
        log.warning("portal.throttle_away", what=key[0], error=type(error).__name__)
        return True


def exhausted(settings: Settings, limit: RateLimitItem, *key: str) -> bool:
    """This function will say, without counting a use, whether the next one would be over the limit.

    When the counter cannot be reached it would not.
    """
    try:
        return not SlidingWindowCounterRateLimiter(_storage(settings.redis_url)).test(limit, *key)
    except RedisError as error:
        log.warning("portal.throttle_away", what=key[0], error=type(error).__name__)
        return False


def wait_seconds(settings: Settings, limit: RateLimitItem, *key: str) -> int:
    """This function will say after how many seconds, at least one, another use is within the limit."""
    try:
        stats = SlidingWindowCounterRateLimiter(_storage(settings.redis_url)).get_window_stats(limit, *key)
    except RedisError:
        return limit.get_expiry()
    return min(max(1, ceil(stats.reset_time - time.time())), limit.get_expiry())


def refuse_too_many(request: Request, settings: Settings, limit: RateLimitItem, *, what: str) -> None:
    """This function will count one use by the asker's address.

    :raises TooMany: it is over the limit.
    """
    if not counted(settings, limit, what, address_of(request)):
        raise TooMany(N_("Too many tries. Wait a minute and try again."))


def address_of(request: Request) -> str:
    """This function will return the network address that a request came from."""
    return request.client.host if request.client else "unknown"


@lru_cache(maxsize=2)
def _storage(url: str) -> Storage:
    return cast(Storage, storage_from_string(url))
