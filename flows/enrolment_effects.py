"""What is to be done about pre-registration files and reminders: effects as those of `flows.effects`."""

from __future__ import annotations

from dataclasses import dataclass

from models.dossier_records import Candidate, Dependant, Owner
from models.identifiers import NinaNumber


@dataclass(frozen=True, slots=True)
class DossierOpened:
    """A file is kept under the number that the answer names; `consent_version` is the wording that was accepted."""

    code: str
    owner: Owner
    who: Candidate
    consent_version: str


@dataclass(frozen=True, slots=True)
class DependantNamed:
    """Somebody belongs to the person of a file."""

    dossier_id: int
    one: Dependant


@dataclass(frozen=True, slots=True)
class PapersSeen:
    """Papers (codes of documents) of a file were seen, or its person's national number was told."""

    dossier_id: int
    papers: tuple[str, ...]
    nina: NinaNumber | None = None


@dataclass(frozen=True, slots=True)
class CardHandedOver:
    """The person of a file has her card."""

    dossier_id: int


@dataclass(frozen=True, slots=True)
class DeathSaid:
    """The sender says that somebody has died: `subject` is `person:12` or `dossier:7`."""

    subject: str


@dataclass(frozen=True, slots=True)
class ReminderAnswered:
    """The person says that what she was reminded of is done."""

    reminder_id: int


EnrolmentEffect = CardHandedOver | DeathSaid | DependantNamed | DossierOpened | PapersSeen | ReminderAnswered
