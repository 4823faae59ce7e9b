"""Filters of an audience: each is one small function that turns what an agent wrote into a condition.

A new filter is one function and one row of FILTERS. What several filters say of a right (scheme, status, days to its
end, group) must be true of one and the same right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, FromClause, and_, exists, func, or_, select

from config import facts
from config.faults import Fault
from config.vocabulary import RELATIONS, SCHEMES
from models.campaign_tables import HELD_OUT, SKIPPED, STOPPED, recipients
from models.coverage import coverages
from models.days import day_of
from models.dues import dues
from models.homes import LEVELS, homes
from models.inbound import inbound
from models.member_groups import member_group_households, member_groups
from models.messages import PENDING, REJECTED
from models.mutuelle_tables import memberships
from models.mutuelles import mutuelles
from models.people import persons
from models.phones import phone_links, phones
from models.places import fold

SEPARATOR = "|"
NO, YES = "non", "oui"
FRENCH = "fr"
NOT_CONTACTED = (PENDING, REJECTED, HELD_OUT, STOPPED, SKIPPED)
"""States of a recipient to whom nothing went."""

HOMES = homes()
Condition = ColumnElement[bool]


class BadFilter(Fault):
    """A filter, or its value, is not known; the message says what may be written."""


@dataclass(frozen=True, slots=True)
class Filter:
    """`make` turns (what was written, now) into a condition; `about_right` when it is about a row of coverages."""

    make: Callable[[str, datetime], Condition]
    means: str
    example: str
    about_right: bool = False


def _words(written: str) -> list[str]:
    found = [word.strip() for word in written.split(SEPARATOR)]
    if not all(found):
        raise BadFilter(f"« {written} » : une valeur est vide -> séparez par un seul {SEPARATOR}")
    return found


def _one_of(written: str, known: tuple[str, ...]) -> list[str]:
    found = [word.upper() for word in _words(written)]
    for word in found:
        if word not in known:
            raise BadFilter(f"« {word} » n'est pas connu -> {', '.join(known)}")
    return found


def _range(written: str, digits: int = 4) -> tuple[int | None, int | None]:
    """`-30..90`, `18..`, `..5` or one number: both ends included, None where it is open."""
    number = f"(-?[0-9]{{1,{digits}}})?"
    found = re.fullmatch(rf"{number}(?:(\.\.){number})?", written.strip())
    if not found or not (found[1] or found[3]):
        raise BadFilter(f"« {written} » n'est pas un intervalle -> par exemple 0..90, 18.. ou ..5")
    low = int(found[1]) if found[1] else None
    high = int(found[3]) if found[3] else None
    if not found[2]:
        return low, low
    if low is not None and high is not None and low > high:
        raise BadFilter(f"« {written} » : {low} est après {high} -> {high}..{low}")
    return low, high


def _yes(written: str) -> bool:
    if written.lower() not in (YES, NO):
        raise BadFilter(f"« {written} » -> {YES} ou {NO}")
    return written.lower() == YES


def _between(column: ColumnElement[int], low: int | None, high: int | None) -> Condition:
    return and_(
        *([column >= low] if low is not None else []), *([column <= high] if high is not None else [])
    )


def _place(level: str) -> Callable[[str, datetime], Condition]:
    def make(written: str, now: datetime) -> Condition:
        return HOMES.c[level].in_([fold(word) for word in _words(written)])

    return make


def _scheme(written: str, now: datetime) -> Condition:
    return coverages.c.scheme.in_(_one_of(written, SCHEMES))


def _status(written: str, now: datetime) -> Condition:
    return coverages.c.status.in_([word.upper() for word in _words(written)])


def _expires(written: str, now: datetime) -> Condition:
    """In so many days the right ends; a negative number: it ended so many days ago."""
    low, high = _range(written)
    day = day_of(now)
    ends = coverages.c.valid_to
    return and_(
        ends.is_not(None),
        *([ends >= day + timedelta(days=low)] if low is not None else []),
        *([ends <= day + timedelta(days=high)] if high is not None else []),
    )


def _group(written: str, now: datetime) -> Condition:
    ids = select(mutuelles.c.id).where(mutuelles.c.code.in_(_words(written)))
    return coverages.c.mutuelle_id.in_(ids)


def _member(*of_membership: Condition) -> Condition:
    """Her household is in a mutuelle, and this holds of its membership."""
    running = (memberships.c.household_id == persons.c.household_id, memberships.c.ended_on.is_(None))
    return exists().where(*running, *of_membership)


def _balance(written: str, now: datetime) -> Condition:
    """FCFA that are called of her household and not paid, late or not yet."""
    low, high = _range(written, digits=7)
    if (low or 0) < 0 or (high or 0) < 0:
        raise BadFilter(f"« {written} » : un reste n'est pas négatif -> par exemple 1.. ou 1000..5000")
    owed = (
        select(func.coalesce(func.sum(dues.c.amount - dues.c.paid), 0))
        .where(dues.c.membership_id == memberships.c.id)
        .scalar_subquery()
    )
    return _member(_between(owed, low, high))


def _crop(written: str, now: datetime) -> Condition:
    known = tuple(row["code"] for row in facts.SHIPPED.in_force("contribution_plans", day_of(now)))
    return _member(memberships.c.crop.in_(_one_of(written, known)))


def _pays_together(written: str, now: datetime) -> Condition:
    """Her household pays with others: a co-operative, a village's women."""
    return exists().where(
        member_group_households.c.household_id == persons.c.household_id,
        member_group_households.c.group_id == member_groups.c.id,
        member_groups.c.code.in_([word.upper() for word in _words(written)]),
    )


def _sex(written: str, now: datetime) -> Condition:
    return persons.c.sex.in_(_one_of(written, ("F", "M")))


def _age(written: str, now: datetime) -> Condition:
    """By the year of birth alone, which is all that is in clear: the age reached in the course of the year."""
    low, high = _range(written)
    if (low or 0) < 0 or (high or 0) < 0:
        raise BadFilter(f"« {written} » : un âge n'est pas négatif -> par exemple 18..49")
    year = day_of(now).year
    youngest = None if low is None else year - low
    oldest = None if high is None else year - high
    return _between(persons.c.birth_year, oldest, youngest)


def _language(written: str, now: datetime) -> Condition:
    found = [word.lower() for word in _words(written)]
    return func.coalesce(phones.c.language, FRENCH).in_(found)


def _source(written: str, now: datetime) -> Condition:
    return phone_links.c.how.in_([word.lower() for word in _words(written)])


def _relation(written: str, now: datetime) -> Condition:
    return persons.c.relation.in_(_one_of(written, RELATIONS))


def _operator(written: str, now: datetime) -> Condition:
    return phones.c.operator.in_([word.upper() for word in _words(written)])


def _written_to(since: datetime | None = None) -> Condition:
    """A campaign wrote to the phone (since a moment)."""
    went = [recipients.c.state != state for state in NOT_CONTACTED]
    lately = [recipients.c.settled_at >= since] if since else []
    return exists().where(recipients.c.phone_index == phones.c.phone_index, *went, *lately)


def _wrote_to_us(since: datetime) -> Condition:
    return exists().where(inbound.c.from_index == phones.c.phone_index, inbound.c.received_at >= since)


def _contact(written: str, now: datetime) -> Condition:
    """The last SMS in either direction was so many days ago."""
    low, high = _range(written)
    parts = []
    if high is not None:
        since = now - timedelta(days=high)
        parts.append(or_(_written_to(since), _wrote_to_us(since)))
    if low:
        since = now - timedelta(days=low) + timedelta(microseconds=1)
        parts += [~_written_to(since), ~_wrote_to_us(since)]
    return and_(*parts)


def _never(written: str, now: datetime) -> Condition:
    return ~_written_to() if _yes(written) else _written_to()


FILTERS = {
    "region": Filter(_place("region"), "région de 2023", "Kayes|Ségou"),
    "cercle": Filter(_place("cercle"), "cercle de 2023", "Kati"),
    "commune": Filter(_place("commune"), "commune de 2023", "Kati|Kambila"),
    "regime": Filter(_scheme, "régime", "RAMED|MUTUELLE", about_right=True),
    "statut": Filter(_status, "statut du droit dans son registre", "EN_RETARD", about_right=True),
    "fin": Filter(_expires, "jours avant la fin du droit, négatifs après", "0..90", about_right=True),
    "groupe": Filter(_group, "code d'une mutuelle", "MUT-KATI", about_right=True),
    "reste": Filter(_balance, "FCFA que le foyer doit encore à sa mutuelle, échus ou non", "1..20000"),
    "culture": Filter(_crop, "plan de cotisation du foyer", "COTON|RIZ"),
    "collectif": Filter(_pays_together, "code d'un groupe de foyers qui cotisent ensemble", "COOP12"),
    "sexe": Filter(_sex, "F ou M", "F"),
    "age": Filter(_age, "âge atteint dans l'année", "18..49"),
    "langue": Filter(_language, "langue choisie au téléphone", "bm|fr"),
    "source": Filter(_source, "comment le téléphone a été lié : ussd, agent...", "ussd"),
    "lien": Filter(_relation, "lien dans le foyer ; SOI en est le chef", "SOI"),
    "operateur": Filter(_operator, "réseau probable", "ORANGE|MOOV"),
    "contact": Filter(_contact, "jours depuis le dernier SMS, dans un sens ou l'autre", "30.."),
    "jamais": Filter(_never, "oui : aucune campagne ne lui a encore écrit", "oui"),
}
"""The filters by the name that an agent writes."""


def conditions(filters: dict[str, str], now: datetime) -> list[Condition]:
    """What must hold for a phone and its person. Raises BadFilter."""
    found: list[Condition] = []
    of_right: list[Condition] = []
    for name, written in sorted(filters.items()):
        known = FILTERS.get(name)
        if known is None:
            raise BadFilter(f"le filtre « {name} » n'existe pas -> {', '.join(FILTERS)}")
        (of_right if known.about_right else found).append(known.make(written, now))
    if of_right:
        found.append(exists().where(coverages.c.person_id == persons.c.id, *of_right))
    return found


def people_table(filters: dict[str, str], within: Sequence[Condition]) -> FromClause:
    """Every phone beside each of its people, and where she lives when a filter asks for it.

    A phone that is tied to nobody has one row. `within` bounds the links to those of a slice of the phones.
    """
    told = phones.outerjoin(phone_links, and_(phone_links.c.phone_id == phones.c.id, *within)).outerjoin(
        persons, and_(persons.c.id == phone_links.c.person_id, persons.c.erased_at.is_(None))
    )
    if filters.keys().isdisjoint(LEVELS):
        return told
    return told.outerjoin(HOMES, HOMES.c.code == persons.c.commune_code)


def unknown_places(filters: dict[str, str], known: dict[str, frozenset[str]]) -> list[str]:
    """Words of the filters that name no place; `known` has the folded names of each level."""
    return [
        word
        for level in LEVELS
        if level in filters
        for word in _words(filters[level])
        if fold(word) not in known[level]
    ]
