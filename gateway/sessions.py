"""Calls between two hops, in Redis: held by one hop at a time, every answer kept so that a repeat is byte-equal.

A call is one hash, `ussd:<keyed hash of the session id>`: `b` binds it to the phone and the code, `s` is the
sealed session (empty once the call is over), and one field for each text that was answered holds the sealed
answer. A form left open is also kept under `left:<keyed hash of the phone>`. Nothing in Redis is in clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
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

CALLS_KEPT = 4_096
"""Calls whose names a process remembers from one hop to the next: more than are in the air at once."""

HOPS = "hops"
"""Stream of the funnel: one entry a hop, drained into the database by a worker."""

MOST_HOPS = 200_000
"""The funnel's stream keeps about so many entries while nobody drains it."""

_MARK = """
    local binding, text, token = ARGV[1]:sub(1, 16), ARGV[1]:sub(17, 33), ARGV[1]:sub(34)
"""
"""Both scripts are given these three, of fixed lengths, as one: each argument costs here and there."""

_FOREIGN, _ANSWERED, _OVER, _HELD, _OPEN, _NEW = b"F", b"A", b"E", b"H", b"O", b"N"
"""What holding a call begins to answer; a record may follow."""

_HOLD = Script(
    3,
    f"""{_MARK}
    local call = redis.call('HMGET', KEYS[1], 'b', text, 's')
    if call[1] and call[1] ~= binding then return 'F' end
    if call[2] then return 'A' .. call[2] end
    if call[3] == '' then return 'E' end
    if not redis.call('SET', KEYS[2], token, 'NX', 'PX', '{HELD_MS}')
        and redis.call('GET', KEYS[2]) ~= token then return 'H' end
    if call[3] then return 'O' .. call[3] end
    return 'N' .. (redis.call('GET', KEYS[3]) or '')
    """,
)

_SAVE = f"""{_MARK}
    if redis.call('GET', KEYS[2]) ~= token then return 0 end
    redis.call('HSET', KEYS[1], 'b', binding, 's', ARGV[2], text, ARGV[3])
    redis.call('EXPIRE', KEYS[1], '%d')
    if ARGV[5] == '' then redis.call('DEL', KEYS[3])
    elseif ARGV[5] then redis.call('SET', KEYS[3], ARGV[5], 'EX', ARGV[6]) end
    redis.call('XADD', '{HOPS}', 'MAXLEN', '~', '{MOST_HOPS}', '*', 'h', ARGV[4])
    redis.call('DEL', KEYS[2])
    return 1
"""
"""The answer and the funnel's row, and what becomes of a form left open: unless it is told, it stays as it is."""

_RELEASE = Script(
    3, f"{_MARK} return redis.call('GET', KEYS[2]) == token and redis.call('DEL', KEYS[2]) or 0"
)


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


class _Names(NamedTuple):
    """What a call is called in Redis: the same for all of its hops. `keys` are those of its scripts."""

    call: bytes
    caller: bytes
    keys: tuple[bytes, bytes, bytes]
    binding: bytes


@dataclass(slots=True)
class Call:
    """A call held by this hop. `seed` depends only on the call and the text; `left` is a form left open before.

    `held` is what Redis is told of it: the keys of the call, of its hold and of the caller's form, and the mark.
    `unread` says that the call's record could not be read (older code, a dropped key) and begins again.
    """

    name: bytes
    caller: bytes
    seed: bytes
    held: tuple[bytes, bytes, bytes, bytes]
    session: Session | None = None
    left: Session | None = None
    unread: bool = False


class Sessions:
    """The store of calls. Every operation is one round trip and raises RedisAway."""

    def __init__(self, lines: RedisLines, keys: KeyRing, settings: Settings) -> None:
        self._lines = lines
        self._keys = keys
        self._names = lru_cache(maxsize=CALLS_KEPT)(self._named)
        self._tokens = Nonces(TOKEN_BYTES)
        self._save = Script(3, _SAVE % settings.session_seconds)
        self._left_seconds = settings.resume_minutes * 60

    def open(self, session_id: str, phone: Msisdn, service_code: str, text: str) -> Call | Answer:
        """Holds the call for this hop, or finds the answer that this text already had.

        A hop that comes while another of its call is worked on waits for it. Raises Foreign, Over, StillHeld.
        """
        names = self._names(session_id, phone.e164, service_code)
        seed = self._keys.index(f"{session_id}\n{phone.e164}\n{service_code}\n{text}", "hop")
        mark = names.binding + b"a" + seed + self._tokens.next()
        call = Call(names.call, names.caller, seed, (*names.keys, mark))
        state, record = self._hold(call)
        if state == _OPEN:
            return self._continued(call, record, text)
        if state == _ANSWERED:
            screen, _, body = self._keys.unseal(record, "answer").partition("\n")
            return Answer(screen, body)
        if state == _FOREIGN:
            raise Foreign
        if state == _OVER:
            raise Over
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
        words = [
            *call.held,
            b"" if over else record,
            self._keys.seal(f"{answer.screen}\n{answer.body}", "answer"),
            hop.encode(),
        ]
        if left is not None:
            words += (record, b"%d" % (left_seconds or self._left_seconds)) if left else (b"",)
        return bool(self._lines.run(self._save, *words))

    def release(self, call: Call) -> None:
        """Lets the call go without an answer, so that a repeat is worked on at once."""
        self._lines.run(_RELEASE, *call.held)

    def _named(self, session_id: str, number: str, service_code: str) -> _Names:
        index = self._keys.index
        call, caller = index(session_id, "session"), index(number, "left")
        keys = (b"ussd:" + call, b"hold:" + call, b"left:" + caller)
        return _Names(call, caller, keys, index(f"{session_id}\n{number}\n{service_code}", "binding"))

    def _hold(self, call: Call) -> tuple[bytes, bytes]:
        """How the call stands, and the record that is told with it."""
        until = monotonic() + TWIN_SECONDS
        while True:
            told: bytes = self._lines.run(_HOLD, *call.held)
            if told != _HELD:
                return told[:1], told[1:]
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
