"""What a hop asks to be done: plain records, applied once by the gateway in one transaction.

The engine never acts. It returns these, and the caller commits them under the hop's key (`Context.seed`), so that a hop
which arrives twice is answered twice and acted on once. References and codes are in the record for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.identifiers import Msisdn


@dataclass(frozen=True, slots=True)
class Disclosed:
    """Something about a person was shown: one audit row. `subject` is an opaque id such as `person:12`."""

    action: str
    subject: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Missed:
    """A look-up found nobody, or a proof failed: counts towards the phone's lock (A9) and leaves an audit row.

    `about` is the opaque id of the person whom a failed proof was about: it counts against her too, from any phone.
    """

    action: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class LanguageChosen:
    """The phone's language, an ISO 639 code of config/reference/languages.csv."""

    language: str


@dataclass(frozen=True, slots=True)
class CharsetChosen:
    """`GSM7` or `UCS2`: the letters that this phone wants to read."""

    charset: str


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """The person accepted that her file is kept; `text_version` names the wording she read."""

    topic: str
    text_version: str


@dataclass(frozen=True, slots=True)
class TopicsChosen:
    """Which messages the phone accepts from now on; receipts and answers are never stopped."""

    reminders: bool
    campaigns: bool


@dataclass(frozen=True, slots=True)
class PhoneLinked:
    """The caller proved to know the household: this phone now belongs to `person_id`'s household."""

    person_id: int


@dataclass(frozen=True, slots=True)
class CallbackRequested:
    """Somebody must call: `slot` MATIN, APRES_MIDI, SOIR or JOURNEE; name and commune only when they were asked."""

    reference: str
    slot: str
    reason: str
    language: str
    name: str | None = None
    commune_code: str | None = None


@dataclass(frozen=True, slots=True)
class ErasureRequested:
    """Everything this phone has stored is to be erased; carried out by a worker, confirmed by SMS."""

    reference: str


@dataclass(frozen=True, slots=True)
class VisitCodeIssued:
    """A six-digit visit code for one person's right, valid `hours` hours from the hop."""

    code: str
    person_id: int
    coverage_id: int
    hours: int


@dataclass(frozen=True, slots=True)
class MessageOwed:
    """One SMS to the caller, or to `to`: `text` is final (septets counted by the sender), `kind` a word for reports."""

    text: str
    kind: str
    to: Msisdn | None = None


Effect = (
    Disclosed
    | Missed
    | LanguageChosen
    | CharsetChosen
    | ConsentGiven
    | TopicsChosen
    | PhoneLinked
    | CallbackRequested
    | ErasureRequested
    | VisitCodeIssued
    | MessageOwed
)
