"""Where Redis is: one server, or a name that Sentinels know and whose master they tell.

    redis+sentinel://:password@one:26379,two:26379,three:26379/ramu/0

The password is that of Redis; one for the Sentinels themselves is `?sentinel_password=`. Port 26379 is left out at
will, and so is the number of the database. With `?ssl=true` Redis is spoken to over TLS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from redis import ConnectionPool
from redis.sentinel import Sentinel, SentinelConnectionPool

from config.faults import Fault

SCHEME = "redis+sentinel://"
PORT = 26_379


class BadRedisAddress(Fault, ValueError):
    """REDIS_URL cannot be used. The message holds no part of it."""


@dataclass(frozen=True, slots=True, repr=False)
class Watched:
    """A server behind Sentinels: it has no repr, which would tell the passwords."""

    sentinels: tuple[tuple[str, int], ...]
    service: str
    database: int
    username: str | None
    password: str | None
    sentinel_password: str | None
    ssl: bool


def pool_of(url: str, **options: Any) -> ConnectionPool:
    """The connections to an address, made when they are needed. Raises BadRedisAddress."""
    if not url.startswith(SCHEME):
        return ConnectionPool.from_url(url, **options)
    found = watched(url)
    # The Sentinels are asked with the same patience; they say who is the master whenever a connection is made.
    patience = {
        name: options[name] for name in ("socket_timeout", "socket_connect_timeout") if name in options
    }
    sentinel = Sentinel(found.sentinels, sentinel_kwargs={**patience, "password": found.sentinel_password})
    return SentinelConnectionPool(
        found.service,
        sentinel,
        db=found.database,
        username=found.username,
        password=found.password,
        ssl=found.ssl,
        **options,
    )


def watched(url: str) -> Watched:
    """The parts of a Sentinel address. Raises BadRedisAddress."""
    parts = urlsplit(url.replace("redis+sentinel", "redis", 1))
    account, _, places = parts.netloc.rpartition("@")
    username, _, password = account.partition(":")
    service, _, number = parts.path.strip("/").partition("/")
    asked = dict(parse_qsl(parts.query))
    try:
        database = int(number or 0)
        sentinels = tuple(_place(place) for place in places.split(","))
    except ValueError:
        raise BadRedisAddress(
            "REDIS_URL: a port or the database of a Sentinel address is no number"
        ) from None
    if not service or not all(host for host, _ in sentinels):
        raise BadRedisAddress(
            "REDIS_URL: a Sentinel address names hosts and a service. Remedy: redis+sentinel://one,two,three/ramu"
        )
    return Watched(
        sentinels,
        service,
        database,
        unquote(username) or None,
        unquote(password) or None,
        asked.get("sentinel_password"),
        asked.get("ssl", "false").lower() == "true",
    )


def _place(told: str) -> tuple[str, int]:
    host, colon, port = told.strip().rpartition(":")
    return (host, int(port)) if colon else (port, PORT)
