"""How fast messages leave: one token bucket an operator in Redis, shared by all workers of all machines.

A bucket fills at the operator's pace and holds a burst at most. One Lua function takes and gives back, by Redis' own
clock. Without Redis nothing is taken: campaigns wait.
"""

from __future__ import annotations

from dataclasses import dataclass

from config.settings import Settings
from gateway.redis_lines import RedisLines, Script
from models.operators import OTHER

KEY = "bucket:"

# left: tokens, which may be owed (a request that is larger than a burst is let through when the bucket is full).
_TAKE = Script(
    1,
    """
local rate, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local kept = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = burst
if kept[1] then
  left = math.min(burst, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * rate / 1000)
end
local missing = math.min(wanted, burst) - left
if missing <= 0 then left = math.min(burst, left - wanted) end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', now)
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - left) / rate * 1000) + 60000)
if missing <= 0 then return 0 end
return math.ceil(missing / rate * 1000)
""",
)


@dataclass(frozen=True, slots=True)
class Pace:
    """Messages a second, and how many at once after a rest."""

    per_second: float
    burst: int


def pace_of(settings: Settings, operator: str) -> Pace:
    """The pace of an operator; one that the settings do not name has that of all others (`AUTRE`), or the least."""
    paces = settings.paces
    return Pace(*(paces.get(operator) or paces.get(OTHER) or min(paces.values())))


class Buckets:
    """The buckets of one installation."""

    def __init__(self, lines: RedisLines) -> None:
        self._lines = lines

    def take(self, operator: str, pace: Pace, wanted: int) -> float:
        """Take `wanted` tokens: 0.0 when they are taken, else the seconds until they will be there, and none is taken.

        Raises RedisAway: then nothing may be sent.
        """
        told = self._lines.run(_TAKE, KEY + operator, str(pace.per_second), str(pace.burst), str(wanted))
        return int(told) / 1000

    def give_back(self, operator: str, pace: Pace, unused: int) -> None:
        """Tokens of messages that were not sent after all. Raises RedisAway; they are then lost, which harms nobody."""
        if unused > 0:
            self.take(operator, pace, -unused)
