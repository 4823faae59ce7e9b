"""The provider's end event of a USSD session: kept without anything that leads back to a person.

Fields as in Africa's Talking's documentation of USSD notifications. The event carries the phone, what was typed
and the last screen; none of it is stored. It goes into a Redis stream, which a worker drains into the database.

The phone's keyed index goes as far as the worker: if a campaign wrote to that phone in these days, the worker notes
that it called (models.campaign_acts); of any other phone it keeps nothing. No hop pays for it.
"""

from __future__ import annotations

from flows.tree import SCREENS
from gateway.forms import BadForm, required
from gateway.redis_lines import Script
from gateway.runtime import Runtime
from models.identifiers import BadMsisdn, Msisdn
from models.operators import OTHER, operator_of
from models.phones import phone_index

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
        phone = _phone(fields.get("phoneNumber", ""))
        row = "|".join(
            (
                status,
                _last_screen(fields.get("hopsMetadata", "")),
                operator_of(phone, self._runtime.clock().date()) if phone else OTHER,
                str(_count(fields, "hopsCount")),
                str(_count(fields, "durationInMillis")),
                phone_index(self._runtime.keys, phone).hex() if phone else "",
            )
        )
        self._runtime.lines.run(_KEEP, b"end:" + session, ENDS, REMEMBERED_SECONDS, MOST_ENDS, row)


def _phone(number: str) -> Msisdn | None:
    """The phone that called; None when that cannot be read."""
    number = f"+{number[1:]}" if number.startswith(" ") else number
    try:
        return Msisdn.parse(number)
    except BadMsisdn:
        return None


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
