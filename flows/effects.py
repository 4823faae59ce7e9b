"""What a hop asks to be done: plain records, applied once by the gateway in one transaction.

The engine never acts. It returns these, and the caller commits them under the hop's key (`Context.seed`), so that a hop
which arrives twice is answered twice and acted on once. References and codes are in the record for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flows.collecting_effects import CollectingEffect
from flows.contribution_effects import ContributionEffect
from flows.enrolment_effects import EnrolmentEffect
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
    `facility_id` is the centre of a member of staff who asked: it counts against the centre's day as well.
    """

    action: str
    about: str = ""
    facility_id: int | None = None


@dataclass(frozen=True, slots=True)
class HitsSpent:
    """Look-ups that found somebody: counts towards the phone's hour."""

    count: int


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
    """A six-digit visit code for one person's right, valid `hours` hours from the hop.

    `facility_id` is the centre that asked for it (PEC); without one the holder asked, and any centre may use it once.
    """

    code: str
    person_id: int
    coverage_id: int
    hours: int
    facility_id: int | None = None


@dataclass(frozen=True, slots=True)
class VisitBound:
    """A holder's own visit code was shown at a centre: from here on it is that centre's."""

    visit_id: int
    facility_id: int


@dataclass(frozen=True, slots=True)
class VisitConfirmed:
    """The register says what its copy said: a provisional visit code is as good as any."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class VisitWithdrawn:
    """The register does not say what its copy said: a provisional visit code is closed, and nobody is to blame."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class VisitCancelled:
    """The patient is not the card's holder: the code is worth nothing any more, and an incident is opened."""

    visit_id: int
    facility_id: int
    reference: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A member of staff checked a number: what it was worth, for the day sheet. `person_id` None when nobody has it."""

    staff_id: int
    facility_id: int
    verdict: str
    scheme: str
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class ActRecorded:
    """An act of care under a visit code; `nth` counts the same act again, `amount_fcfa` what the medicine cost."""

    visit_id: int
    facility_id: int
    act: str
    nth: int
    amount_fcfa: int | None
    staff_id: int


@dataclass(frozen=True, slots=True)
class ActsUndone:
    """Acts of today under a visit code are taken back: one act, or all of them."""

    visit_id: int
    act: str | None = None


@dataclass(frozen=True, slots=True)
class StaffRequested:
    """The sender wants this phone tied to a centre; its chief decides."""

    facility_id: int


@dataclass(frozen=True, slots=True)
class StaffSettled:
    """The chief accepted or refused a phone."""

    staff_id: int
    accepted: bool


@dataclass(frozen=True, slots=True)
class StaffUsed:
    """A member of staff is at work: her phone does not fall idle."""

    staff_id: int


@dataclass(frozen=True, slots=True)
class StaffAdded:
    """The chief ties a phone to the centre."""

    phone: Msisdn
    facility_id: int


@dataclass(frozen=True, slots=True)
class StaffRemoved:
    """The chief takes a phone from the centre."""

    phone: Msisdn
    facility_id: int


@dataclass(frozen=True, slots=True)
class ComplaintFiled:
    """A complaint in the sender's own words, kept sealed."""

    reference: str
    text: str
    facility_id: int | None = None


@dataclass(frozen=True, slots=True)
class HolderAsked:
    """The holder of a visit's card will read the question about it at a moment, on this phone."""

    visit_id: int
    phone: Msisdn
    at: datetime


@dataclass(frozen=True, slots=True)
class HolderNotAsked:
    """Nothing is left to ask the holder about this visit."""

    visit_id: int
    phone: Msisdn


@dataclass(frozen=True, slots=True)
class VisitAnswered:
    """What the holder says of a visit: 1 cared for and nothing paid, 2 cared for and paid, 3 not there."""

    visit_id: int
    answer: int


@dataclass(frozen=True, slots=True)
class TopicStopped:
    """One topic of messages is stopped for this phone; service answers never are."""

    topic: str


@dataclass(frozen=True, slots=True)
class CampaignApproved:
    """An approver sent a code for a campaign's content: approved if it is hers, else a try is counted."""

    campaign_id: int
    approver: str
    code: str
    content: bytes


@dataclass(frozen=True, slots=True)
class CampaignSteered:
    """An agent takes a step of models.campaigns.STEPS with a campaign."""

    campaign_id: int
    step: str
    why: str


@dataclass(frozen=True, slots=True)
class CampaignShown:
    """An agent is sent a campaign's texts, with nobody's data in them; `is_test`: its author, who then has seen it."""

    campaign_id: int
    is_test: bool


@dataclass(frozen=True, slots=True)
class PaymentAsked:
    """`payer` is to be asked for `amount` FCFA by a mobile money operator (OM, MOOV), for a membership.

    `member_phone` gets the receipt too, when it is another. `again`: the person has seen that the same amount was asked
    for minutes ago and wants a second time; without it, that is found and nothing is asked.
    """

    membership_id: int
    payer: Msisdn
    operator: str
    amount: int
    reference: str
    member_phone: Msisdn | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an SMS conversation is about, for the next message of the sender, or of `phone`."""

    record: str
    phone: Msisdn | None = None


@dataclass(frozen=True, slots=True)
class MessageOwed:
    """One SMS to the caller, or to `to`: `text` is final (septets counted by the sender), `kind` a word for reports.

    It leaves at once, or not before a moment.
    """

    text: str
    kind: str
    to: Msisdn | None = None
    not_before: datetime | None = None


Effect = (
    ActRecorded
    | ActsUndone
    | CampaignApproved
    | CampaignShown
    | CampaignSteered
    | CollectingEffect
    | ComplaintFiled
    | ContributionEffect
    | Disclosed
    | EnrolmentEffect
    | HitsSpent
    | HolderAsked
    | HolderNotAsked
    | Missed
    | PaymentAsked
    | Remembered
    | StaffAdded
    | StaffRemoved
    | StaffRequested
    | StaffSettled
    | StaffUsed
    | TopicStopped
    | Verified
    | VisitAnswered
    | VisitBound
    | VisitCancelled
    | LanguageChosen
    | CharsetChosen
    | ConsentGiven
    | TopicsChosen
    | PhoneLinked
    | CallbackRequested
    | ErasureRequested
    | VisitCodeIssued
    | VisitConfirmed
    | VisitWithdrawn
    | MessageOwed
)
