"""The provider's end event of a USSD session: kept without anything that leads back to a person.

Fields as in Africa's Talking's documentation of USSD notifications. The event carries the phone, what was typed
and the last screen; none of it is stored. It goes into a Redis stream, which a worker drains into the database.
"""

from __future__ import annotations

from flows.tree import SCREENS
from gateway.forms import BadForm, required
from gateway.redis_lines import Script
from gateway.runtime import Runtime
from models.identifiers import BadMsisdn, Msisdn
from models.operators import operator_of

ENDS = "ends"
"""Stream of the ends of calls."""

MOST_ENDS = 200_000

REMEMBERED_SECONDS = 86_400
"""How long a session's end is known, so that a second delivery of the event counts once."""

STATUSES = {"success": "Success", "incomplete": "Incomplete", "failed": "Failed"}
"""The provider's words; an unknown one is kept as Unknown."""

EDGES = {"slow.owed", *(f"edge.{name}" for name in ("redis", "foreign", "over", "busy", "crowded", "failed"))}
"""Screens that are not in the menu: what the edge itself answers."""

_KEEP = Script(
    2,
    """
    if not redis.call('SET', KEYS[1], '', 'NX', 'EX', ARGV[1]) then return 0 end
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'e', ARGV[3])
    return 1
    """,
)


class EndEvents:
    """Takes end events, each session's once."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def take(self, fields: dict[str, str]) -> None:
        """Keeps one event. Raises BadForm, RedisAway (the provider may deliver it again)."""
        session = self._runtime.keys.index(required(fields, "sessionId", 128), "session")
        status = STATUSES.get(required(fields, "status", 32).lower(), "Unknown")
        row = "|".join(
            (
                status,
                _last_screen(fields.get("hopsMetadata", "")),
                self._operator(fields.get("phoneNumber", "")),
                str(_count(fields, "hopsCount")),
                str(_count(fields, "durationInMillis")),
            )
        )
        self._runtime.lines.run(_KEEP, b"end:" + session, ENDS, REMEMBERED_SECONDS, MOST_ENDS, row)

    def _operator(self, number: str) -> str:
        number = f"+{number[1:]}" if number.startswith(" ") else number
        try:
            return operator_of(Msisdn.parse(number), self._runtime.clock().date())
        except BadMsisdn:
            return "AUTRE"


def _last_screen(metadata: str) -> str:
    """The last screen, if it is one of ours: whatever else stands there may be a name."""
    last = metadata[-400:].rsplit("|", 1)[-1].strip()
    return last if last in SCREENS or last in EDGES else ""


def _count(fields: dict[str, str], name: str) -> int:
    """A figure of the event, 0 when it is not told. Raises BadForm."""
    told = fields.get(name) or "0"
    if not (told.isascii() and told.isdigit() and len(told) <= 9):
        raise BadForm(f"champ {name} illisible")
    return int(told)
