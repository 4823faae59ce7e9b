"""Any operator of mobile money that is asked by HTTP and calls back: the settings say how it is spoken to.

A word is believed as far as the settings explain it; whatever they do not explain leaves the payment in doubt.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

from config.money import CONFIRMED, LATER, NEVER_SEEN, PENDING, STOP, MoneyContract, Said
from gateway.payments.port import (
    Asked,
    BadCallback,
    Confirmed,
    NeverSeen,
    Pending,
    Refused,
    Status,
    Taken,
    Wanted,
)
from gateway.payments.signing import is_signed
from gateway.providers.aggregator import at, filled, written
from gateway.providers.line import Line, Reply
from gateway.providers.port import LONGEST_ID, NotSent, Unknown
from gateway.providers.statuses import by_status
from models import payments
from models.identifiers import BadMsisdn, Msisdn
from models.payment_callbacks import LONGEST_ORDER, Told

NOT_EXPLAINED = Unknown("the answer has a word that the settings do not explain")
MOST_FCFA = 100_000_000


class ContractOperator:
    """One operator as `how` describes it; `callback` is the address that it is told to call."""

    def __init__(self, line: Line, code: str, how: MoneyContract, callback: str) -> None:
        self.code = code
        self._line, self._how = line, how
        key = how.key.get_secret_value()
        basic = b64encode(f"{how.username}:{key}".encode()).decode()
        self._account = {"username": how.username, "key": key, "basic": basic, "callback": callback}
        self._headers = {
            "Accept": "application/json",
            **{name: str(filled(value, self._account)) for name, value in how.headers.items()},
        }

    def request(self, wanted: Wanted) -> Asked:
        """Asks once; see the port."""
        places = {
            **self._account,
            "order": wanted.order_id,
            "reference": wanted.reference,
            "amount": wanted.amount,
            "payer": written(wanted.payer, self._how.number),
        }
        reply = self._posted(self._how.url, self._how.body, places)
        return self._asked(reply) if isinstance(reply, Reply) else reply

    def status(self, order_id: str) -> Status:
        """Asks what became of an order; that nothing could be asked is as unknown as everything else."""
        places = {**self._account, "order": order_id}
        if self._how.query_method == "GET":
            reply = self._line.get(_address(self._how.query_url, places), self._headers)
        else:
            reply = self._posted(self._how.query_url, self._how.query_body, places)
        if not isinstance(reply, Reply):
            return Unknown(reply.why)
        return self._status(reply, order_id)

    def signed(self, headers: dict[str, str], body: bytes) -> bool:
        """Whether the operator wrote this callback."""
        return is_signed(self._how.signature, headers, body)

    def told(self, body: bytes) -> tuple[Told, str]:
        """What a callback says, and its reason. Raises BadCallback."""
        told = _parsed(body, self._how.format)
        where = self._how.callback
        order = at(told, where.order)
        if not isinstance(order, str) or not 0 < len(order) <= LONGEST_ORDER or not order.isprintable():
            raise BadCallback("no order in it")
        word = self._meaning(told, where)
        outcome = {CONFIRMED: payments.CONFIRMED, PENDING: payments.SENT, NEVER_SEEN: payments.EXPIRED}.get(
            word, payments.REFUSED if word and word not in (LATER, STOP) else payments.UNKNOWN
        )
        amount = _amount(told, where)
        if outcome == payments.CONFIRMED and where.amount and amount is None:
            outcome = payments.UNKNOWN
        reason = word if outcome == payments.REFUSED else ""
        return Told(self.code, order, outcome, amount, _ref(told, where), _payer(told, where)), reason

    def close(self) -> None:
        """Closes the connections that were kept."""
        self._line.close()

    def _posted(self, url: str, body: Mapping[str, Any], places: Mapping[str, Any]) -> Any:
        told = filled(dict(body), places)
        form = self._how.format == "form"
        return self._line.post(
            _address(url, places), self._headers, **({"data": told} if form else {"json": told})
        )

    def _asked(self, reply: Reply) -> Asked:
        told = _read(reply)
        word = self._meaning(told, self._how.answer)
        if word == LATER:
            return NotSent("the operator asks to wait", retry_after=reply.retry_after)
        if word == STOP:
            return NotSent("the operator refuses the account", stop=True)
        if word and word not in (CONFIRMED, PENDING, NEVER_SEEN):
            return Refused(word, _ref(told, self._how.answer))
        if not reply.ok:
            return by_status(reply, own_error=False)
        if word in (CONFIRMED, PENDING) or not self._how.answer.status:
            return Taken(_ref(told, self._how.answer))
        return NOT_EXPLAINED

    def _status(self, reply: Reply, order_id: str) -> Status:
        told = _read(reply)
        where = self._how.query
        if told is None or (where.order and at(told, where.order) not in (None, order_id)):
            return Unknown(f"HTTP {reply.status}, and no answer to the question")
        match self._meaning(told, where):
            case "":
                return NOT_EXPLAINED
            case "CONFIRMED":
                amount = _amount(told, where)
                if where.amount and amount is None:
                    return Unknown("confirmed, and the amount cannot be read")
                return Confirmed(amount, _ref(told, where))
            case "PENDING":
                return Pending()
            case "NEVER_SEEN":
                return NeverSeen()
            case "LATER" | "STOP":
                return Unknown("the operator does not answer the question")
            case reason:
                return Refused(reason, _ref(told, where))

    def _meaning(self, told: object, where: Said) -> str:
        """What the words mean; empty when the settings explain neither of them."""
        status = self._explained(at(told, where.status)) if where.status else ""
        reason = self._explained(at(told, where.reason)) if where.reason else ""
        return reason if reason and status not in (CONFIRMED, PENDING, NEVER_SEEN) else status

    def _explained(self, word: object) -> str:
        text = word if isinstance(word, str) else json.dumps(word)
        return self._how.meanings.get(text, "")


def _address(url: str, places: Mapping[str, Any]) -> str:
    return str(filled(url, {name: quote(str(value), safe="") for name, value in places.items()}))


def _read(reply: Reply) -> object:
    """The body, None when it is no JSON."""
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _parsed(body: bytes, form: str) -> object:
    """Raises BadCallback."""
    try:
        text = body.decode()
        return dict(parse_qsl(text, keep_blank_values=True)) if form == "form" else json.loads(text)
    except (ValueError, RecursionError):
        raise BadCallback("it cannot be read") from None


def _amount(told: object, where: Said) -> int | None:
    """Whole FCFA; None when it is not said, or not so that nobody can doubt it."""
    said = at(told, where.amount) if where.amount else None
    text = str(said) if isinstance(said, str | int | float) and not isinstance(said, bool) else ""
    whole, _, rest = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 10 and not rest.strip("0")):
        return None
    return int(whole) if int(whole) <= MOST_FCFA else None


def _ref(told: object, where: Said) -> str | None:
    said = at(told, where.ref) if where.ref else None
    text = str(said) if isinstance(said, str | int) and not isinstance(said, bool) else ""
    return text if text.isprintable() and 0 < len(text) <= LONGEST_ID else None


def _payer(told: object, where: Said) -> Msisdn | None:
    said = at(told, where.payer) if where.payer else None
    try:
        return Msisdn.parse(str(said)) if said else None
    except BadMsisdn:
        return None
