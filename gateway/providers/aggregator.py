"""Any SMS aggregator with an HTTP interface in JSON or forms: the settings say how it is spoken to, not this file.

An answer is believed as far as the settings explain it; whatever they do not explain leaves the message in doubt.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from config.aggregator import PLACE, Aggregator
from config.sms_codes import ACCEPTED, LATER, STOP
from gateway.providers.line import Line, Reply
from gateway.providers.port import (
    LONGEST_ID,
    LONGEST_WORD,
    Answered,
    NotSent,
    Outcome,
    Recipient,
    Unknown,
)
from gateway.providers.statuses import by_status
from models.identifiers import BadMsisdn, Msisdn

WAYS = {"+22370000001": "+", "22370000001": "", "0022370000001": "00"}
"""How a number is written, by the example of the settings: what stands before its digits. Else without country."""

COUNTRY = "+223"


class Unexplained(Exception):
    """The settings do not explain this answer. The message says which part, in words of ours."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What an answer says of one number, or of the whole request: our word, and the entry."""

    word: str
    told: object


class AggregatorProvider:
    """One aggregator as `how` describes it."""

    name = "aggregator"

    def __init__(
        self, line: Line, how: Aggregator, *, url: str, username: str, key: str, sender: str
    ) -> None:
        self.most = how.most
        self._line, self._how, self._url = line, how, url
        basic = b64encode(f"{username}:{key}".encode()).decode()
        self._account = {"username": username, "key": key, "basic": basic, "sender": sender}
        self._headers = {
            "Accept": "application/json",
            **{name: str(filled(value, self._account)) for name, value in how.headers.items()},
        }

    def send(self, text: str, to: Sequence[Msisdn]) -> Outcome:
        """Asks once; see the port."""
        if len(to) > self.most:
            return NotSent("more numbers than one request may carry", stop=True)
        numbers = [written(number, self._how.number) for number in to]
        form = self._how.format == "form"
        places = {
            **self._account,
            "text": text,
            "number": numbers[0],
            "numbers": ",".join(numbers) if form else numbers,
        }
        body = filled(self._how.body, places)
        reply = self._line.post(self._url, self._headers, **({"data": body} if form else {"json": body}))
        return read(reply, to, self._how) if isinstance(reply, Reply) else reply

    def close(self) -> None:
        """Closes the connections that were kept."""
        self._line.close()


def filled(template: Any, places: Mapping[str, Any]) -> Any:
    """A template with its places filled, each once: what a person wrote is never taken for a place."""
    if isinstance(template, str):
        alone = PLACE.fullmatch(template)
        if alone:
            return places[alone[1]]
        return PLACE.sub(lambda place: str(places[place[1]]), template)
    if isinstance(template, dict):
        return {name: filled(value, places) for name, value in template.items()}
    if isinstance(template, list):
        return [filled(value, places) for value in template]
    return template


def written(number: Msisdn, example: str) -> str:
    """A number as the aggregator wants it. Where it wants none of the country, a foreign number keeps its own."""
    if example in WAYS:
        return WAYS[example] + number.e164[1:]
    return number.e164.removeprefix(COUNTRY)


def read(reply: Reply, to: Sequence[Msisdn], how: Aggregator) -> Outcome:
    """What an answer says of each number of `to`; Unknown unless it speaks of every one of them."""
    if not reply.ok and not 400 <= reply.status < 500:
        return by_status(reply, own_error=False)
    try:
        outcome = _explained(json.loads(reply.body), to, how)
    except Unexplained as fault:
        outcome = Unknown(str(fault))
    except (ValueError, RecursionError):
        outcome = Unknown("the answer cannot be read")
    if reply.ok or _is_refusal(outcome):
        return outcome
    return by_status(reply, own_error=False)


def _is_refusal(outcome: Outcome) -> bool:
    """Whether nothing was taken: of a 4xx, only this is believed."""
    if isinstance(outcome, Answered):
        return not any(recipient.accepted for recipient in outcome.recipients)
    return isinstance(outcome, NotSent)


def _explained(told: object, to: Sequence[Msisdn], how: Aggregator) -> Outcome:
    """Raises Unexplained."""
    failure = at(told, how.answer.failure) if how.answer.failure else None
    whole = how.meanings.get(_word(failure)) if failure is not None else None
    if whole and whole != ACCEPTED:
        return _refused_whole(whole, to)
    entries = _entries(told, to, how)
    words = {entry.word for entry in entries.values()}
    if words and words <= {LATER, STOP}:
        return _refused_whole(STOP if STOP in words else LATER, to)
    if words & {LATER, STOP}:
        raise Unexplained("only a part of the request was put off")
    if missing := sum(number not in entries for number in to):
        raise Unexplained(f"{missing} of {len(to)} numbers missing in the answer")
    return Answered(tuple(_recipient(number, entries[number], how) for number in to))


def _refused_whole(word: str, to: Sequence[Msisdn]) -> Outcome:
    if word == STOP:
        return NotSent("the aggregator refuses the account", stop=True)
    if word == LATER:
        return NotSent("the aggregator asks to wait")
    return Answered(tuple(Recipient(number, False, None, word, "") for number in to))


def _entries(told: object, to: Sequence[Msisdn], how: Aggregator) -> dict[Msisdn, _Entry]:
    """What is said of each number. Raises Unexplained."""
    listed = at(told, how.answer.recipients) if how.answer.recipients else [told]
    if not isinstance(listed, list):
        raise Unexplained("no list of recipients in the answer")
    if not how.answer.number and len(listed) > 1:
        raise Unexplained("more entries than numbers in the answer")
    found: dict[Msisdn, _Entry] = {}
    for one in listed:
        number = _number(at(one, how.answer.number)) if how.answer.number else to[0]
        if number in found:
            raise Unexplained("the answer names a number twice")
        found[number] = _Entry(_meaning(at(one, how.answer.status), how), one)
    return found


def _number(told: object) -> Msisdn:
    try:
        return Msisdn.parse(str(told))
    except BadMsisdn:
        raise Unexplained("the answer names something that is no number") from None


def _meaning(told: object, how: Aggregator) -> str:
    meaning = how.meanings.get(_word(told))
    if meaning is None:
        raise Unexplained("the answer has a word that the settings do not explain")
    return meaning


def _word(told: object) -> str:
    """A status as it is written in JSON, so that `true` and `0` can be named in the settings."""
    return told if isinstance(told, str) else json.dumps(told)


def _recipient(number: Msisdn, entry: _Entry, how: Aggregator) -> Recipient:
    given = at(entry.told, how.answer.id) if how.answer.id else None
    own_id = _word(given) if isinstance(given, str | int) else ""
    if len(own_id) > LONGEST_ID:
        raise Unexplained("an id that cannot be kept")
    accepted = entry.word == ACCEPTED
    return Recipient(number, accepted, own_id or None, entry.word, _cost(entry.told, how))


def _cost(told: object, how: Aggregator) -> str:
    """The price with its currency, in whole units; empty when none is told."""
    amount = at(told, how.answer.cost) if how.answer.cost else None
    try:
        price = Decimal(str(amount)) / how.answer.cost_divisor
    except InvalidOperation:
        return ""
    cost = f"{how.answer.currency} {price:f}".strip() if price.is_finite() else ""
    return cost if len(cost) <= LONGEST_WORD else ""


def at(told: object, path: str) -> object:
    """What stands at a path of an answer; None when there is nothing."""
    for step in path.split("."):
        if isinstance(told, dict):
            told = told.get(step)
        elif isinstance(told, list) and step.isdecimal() and int(step) < len(told):
            told = told[int(step)]
        else:
            return None
    return told
