"""What workers count. They show no page of their own, so their figures live in Redis and the web's page adds them.

A Redis that was emptied begins at nought again, as a process that was started anew does.
"""

from __future__ import annotations

from collections import defaultdict

import structlog
from redis import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

TALLIES = "tallies"
"""One hash: `<figure>|<why>` to how often."""


def tally(redis: Redis, figure: str, why: str, times: int = 1) -> None:
    """Counts. `figure` is a name such as `ramu_held`, `why` a word of ours; without Redis it is not counted."""
    try:
        redis.hincrby(TALLIES, f"{figure}|{why}", times)
    except RedisError as fault:
        log.warning("not counted", figure=figure, reason=type(fault).__name__)


def page(redis: Redis) -> bytes:
    """Every tally in Prometheus' text format; nothing while Redis is away."""
    try:
        told: dict[bytes, bytes] = redis.hgetall(TALLIES)  # type: ignore[assignment]
    except RedisError as fault:
        log.warning("no tallies", reason=type(fault).__name__)
        return b""
    figures: dict[str, list[str]] = defaultdict(list)
    for name, times in sorted(told.items()):
        figure, _, why = name.decode().partition("|")
        figures[figure].append(f'{figure}_total{{why="{why}"}} {float(times)}')
    lines = (
        line for figure, rows in figures.items() for line in (f"# TYPE {figure}_total counter", *rows, "")
    )
    return "\n".join(lines).encode()
