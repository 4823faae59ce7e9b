"""Two robots that answer each other never stop: who is not a phone gets no answer, and nobody gets too many.

A message that is held stays in the inbox with a word that says why, and is counted. Of who writes too often only the
answers are held: what such a message asks for is done all the same.
"""

from __future__ import annotations

from datetime import timedelta

from config.settings import Settings
from models.identifiers import BadMsisdn, Msisdn, digits, in_ascii

ALPHANUMERIC = "ALPHANUMERIQUE"
"""A name for a sender (`OrangeMali`): nobody reads what is sent to it."""

SHORT_CODE = "NUMERO_COURT"
"""Another service, or an operator's own robot."""

OWN_NUMBER = "NOTRE_NUMERO"
"""We would answer ourselves."""

TOO_MANY = "BOUCLE"
"""The number had its share of answers: the message is worked on, and not answered."""

UNREADABLE = "ILLISIBLE"
"""Its key is gone for good: nobody can know whom to answer."""

WINDOW = timedelta(minutes=10)


class LoopGuard:
    """Says which senders are not answered."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.answers_in_ten_minutes
        self._most_of_staff = settings.staff_answers_in_ten_minutes
        self._own = frozenset(filter(None, map(written, settings.service_numbers)))

    def unanswerable(self, sender: str) -> str:
        """Why a sender is never answered, as a word; "" for a phone."""
        number = written(sender)
        if number is None:
            plain = in_ascii(sender).lstrip("+")
            return SHORT_CODE if plain and digits(plain) == plain else ALPHANUMERIC
        return OWN_NUMBER if number in self._own else ""

    def too_many(self, answers: int, *, staff: bool = False) -> bool:
        """Whether a number that got so many answers within WINDOW gets no more; `staff`: it may ask as staff now."""
        return answers >= (self._most_of_staff if staff else self._most)


def written(sender: str) -> str | None:
    """A sender's number in the international form; None when it is no telephone number."""
    try:
        return Msisdn.parse(sender).e164
    except BadMsisdn:
        return None
