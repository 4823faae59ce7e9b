"""Calls between two hops, in Redis: held by one hop at a time, every answer kept so that a repeat is byte-equal.

A call is one hash, `ussd:<keyed hash of the session id>`: `b` binds it to the phone and the code, `s` is the
sealed session (empty once the call is over), and one field for each text that was answered holds the sealed
answer. A form left open is also kept under `left:<keyed hash of the phone>`. Nothing in Redis is in clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple

from config.settings import Settings
from flows.inputs import seen
from flows.session import Place, Session, UnknownRecord
from gateway.redis_lines import RedisLines, Script
from models.identifiers import Msisdn
from models.keyring import KeyRing, KeyRingError
from models.nonces import Nonces
from models.strands import pause

HELD_MS = 3_000
"""A hop that has not answered after this long has lost the call to its repeat."""

TWIN_SECONDS = 1.2
"""How long a hop waits for its twin's answer."""

LOOK_SECONDS = 0.02

TOKEN_BYTES = 8
"""Of the mark by which a hop knows that it still holds its call."""

HOPS = "hops"
"""Stream of the funnel: one entry a hop, drained into the database by a worker."""

MOST_HOPS = 200_000
"""The funnel's stream keeps about so many entries while nobody drains it."""

AS_IT_IS = b"as it is"
"""In place of a form left open: it stays as it is."""

_OPEN = Script(
    3,
    """
    local call = redis.call('HMGET', KEYS[1], 'b', ARGV[1], 's')
    if call[1] and call[1] ~= ARGV[2] then return {'foreign', ''} end
    if call[2] then return {'answered', call[2]} end
    if call[3] == '' then return {'over', ''} end
    if not redis.call('SET', KEYS[2], ARGV[3], 'NX', 'PX', ARGV[4])
        and redis.call('GET', KEYS[2]) ~= ARGV[3] then return {'held', ''} end
    if call[3] then return {'open', call[3]} end
    return {'new', redis.call('GET', KEYS[3])}
    """,
)

_SAVE = Script(
    4,
    """
    if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
    redis.call('HSET', KEYS[1], 'b', ARGV[2], 's', ARGV[3], ARGV[4], ARGV[5])
    redis.call('EXPIRE', KEYS[1], ARGV[6])
    if ARGV[7] == '' then redis.call('DEL', KEYS[3])
    elseif ARGV[7] ~= 'as it is' then redis.call('SET', KEYS[3], ARGV[7], 'EX', ARGV[8]) end
    redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[10], '*', 'h', ARGV[9])
    redis.call('DEL', KEYS[2])
    return 1
    """,
)

_RELEASE = Script(1, "return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0")


class Foreign(Exception):
    """The session id belongs to another phone or another code."""


class Over(Exception):
    """The call has ended: there is nothing to continue."""


class StillHeld(Exception):
    """Another hop of this call is being worked on and did not finish in time."""


class Answer(NamedTuple):
    """What a hop was answered: the screen's name and the whole body, `CON ` or `END ` included."""

    screen: str
    body: str


@dataclass(slots=True)
class Call:
    """A call held by this hop. `seed` depends only on the call and the text; `left` is a form left open before.

    `unread` says that the call's record could not be read (older code, a dropped key) and begins again.
    """

    name: bytes
    caller: bytes
    binding: bytes
    seed: bytes
    token: bytes
    session: Session | None = None
    left: Session | None = None
    unread: bool = False


class Sessions:
    """The store of calls. Every operation is one round trip and raises RedisAway."""

    def __init__(self, lines: RedisLines, keys: KeyRing, settings: Settings) -> None:
        self._lines = lines
        self._keys = keys
        self._tokens = Nonces(TOKEN_BYTES)
        self._call_seconds = settings.session_seconds
        self._left_seconds = settings.resume_minutes * 60

    def open(self, session_id: str, phone: Msisdn, service_code: str, text: str) -> Call | Answer:
        """Holds the call for this hop, or finds the answer that this text already had.

        A hop that comes while another of its call is worked on waits for it. Raises Foreign, Over, StillHeld.
        """
        index = self._keys.index
        whole = f"{session_id}\n{phone.e164}\n{service_code}"
        call = Call(
            name=index(session_id, "session"),
            caller=index(phone.e164, "left"),
            binding=index(whole, "binding"),
            seed=index(f"{whole}\n{text}", "hop"),
            token=self._tokens.next(),
        )
        state, record = self._hold(call)
        if state == b"foreign":
            raise Foreign
        if state == b"over":
            raise Over
        if state == b"answered":
            screen, _, body = self._keys.unseal(record, "answer").partition("\n")
            return Answer(screen, body)
        if state == b"open":
            return self._continued(call, record, text)
        call.left = self._read(record) if record else None
        return call

    def save(
        self,
        call: Call,
        session: Session,
        answer: Answer,
        *,
        over: bool,
        left: bool | None,
        hop: str,
        left_seconds: int | None = None,
    ) -> bool:
        """Stores the answer and the session, lets the call go, and adds the hop to the funnel.

        `over`: the call has ended; `left`: whether a form stands open, to be offered to a later call (None: what
        was kept before stays), for `left_seconds` instead of the usual; `hop`: the funnel's row. False when the
        call was lost to a repeat.
        """
        record = b"" if over and not left else self._keys.seal_bytes(session.encode(), "session")
        return bool(
            self._lines.run(
                _SAVE,
                b"ussd:" + call.name,
                b"hold:" + call.name,
                b"left:" + call.caller,
                HOPS,
                call.token,
                call.binding,
                b"" if over else record,
                b"a" + call.seed,
                self._keys.seal(f"{answer.screen}\n{answer.body}", "answer"),
                self._call_seconds,
                AS_IT_IS if left is None else record if left else b"",
                left_seconds or self._left_seconds,
                hop,
                MOST_HOPS,
            )
        )

    def release(self, call: Call) -> None:
        """Lets the call go without an answer, so that a repeat is worked on at once."""
        self._lines.run(_RELEASE, b"hold:" + call.name, call.token)

    def _hold(self, call: Call) -> tuple[bytes, bytes]:
        until = monotonic() + TWIN_SECONDS
        keys = (b"ussd:" + call.name, b"hold:" + call.name, b"left:" + call.caller)
        while True:
            state, record = self._lines.run(_OPEN, *keys, b"a" + call.seed, call.binding, call.token, HELD_MS)
            if state != b"held":
                return state, record
            if monotonic() > until:
                raise StillHeld
            pause(LOOK_SECONDS)

    def _continued(self, call: Call, record: bytes, text: str) -> Call:
        call.session = self._read(record)
        if call.session is None:
            # A place that no code knows: the engine says in words that the call begins again.
            call.session, call.unread = Session(Place("unread"), seen=seen(text)), True
        return call

    def _read(self, record: bytes) -> Session | None:
        try:
            return Session.decode(self._keys.unseal_bytes(record, "session"))
        except (UnknownRecord, KeyRingError):
            return None
