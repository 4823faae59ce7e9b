"""Audiences: who a campaign would write to, as one statement, and why the others are left out.

Everybody who is found is counted once: among the people, or under the first reason that applies to her. So what was
found, less what is excluded, is always exactly the people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    cast,
    false,
    func,
    null,
    or_,
    select,
    text,
)

from config import facts
from models.audience_filters import FRENCH, NOT_CONTACTED, conditions, people_table
from models.campaign_tables import lines, recipients
from models.consent import consents
from models.database import Connection
from models.days import day_of
from models.homes import homes
from models.keyring import KeyRing
from models.messages import DELIVERED, EXPIRED, REJECTED, UNDELIVERED
from models.operators import OTHER
from models.people import persons
from models.phones import phone_links, phones

TOPIC = "CAMPAGNES"
"""The topic of consents under which campaigns are refused."""

STOP, RECENT, DEAD, OFF = "STOP", "RECENT", "DEAD", "OFF"
REASONS = (STOP, RECENT, DEAD, OFF)
"""Why a number that was found is not written to, in the order in which they are looked at."""

WRONG_NUMBERS = ("NUMERO_INVALIDE", "NUMERO_REFUSE")
"""Refusals after which a number is never tried again."""

_PART = 4
"""Bytes of a phone's index by which the hold-out is drawn: as good as random, under our key."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Who is held out: `percent` in a hundred, by a `mark` of sixteen bytes that the keys give to a campaign."""

    mark: bytes
    percent: int

    @classmethod
    def of(cls, keys: KeyRing, campaign_id: int, percent: int) -> Draw:
        """The draw of a campaign: always the same people in one, others in another."""
        return cls(keys.index(str(campaign_id), "hold-out"), percent)

    def condition(self, index: ColumnElement[bytes]) -> ColumnElement[bool]:
        """Whether a phone with this index is held out: a part of it lies between two marks."""
        if self.percent == 0:
            return false()
        place, start, end = self._between()
        part = func.substr(index, 1 + place, _PART)
        above, below = part >= start, part < end
        return and_(above, below) if start < end else or_(above, below)

    def holds(self, index: bytes) -> bool:
        """The same of one phone's index."""
        if self.percent == 0:
            return False
        place, start, end = self._between()
        above, below = start <= (part := index[place : place + _PART]), part < end
        return above and below if start < end else above or below

    def _between(self) -> tuple[int, bytes, bytes]:
        """Where the part begins, from 0, and its two marks."""
        whole = 256**_PART
        start = int.from_bytes(self.mark[1 : 1 + _PART])
        end = (start + self.percent * whole // 100) % whole
        return self.mark[0] % (len(self.mark) - _PART + 1), start.to_bytes(_PART), end.to_bytes(_PART)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an audience is asked for: `filters` of the register, or None for the numbers of the campaign's file.

    `languages` are those whose text a speaker has read, French aside. `low` (left out) and `high` (let in) bound the
    phones, or the file's lines, by their ids.
    """

    campaign_id: int
    filters: dict[str, str] | None
    languages: tuple[str, ...]
    draw: Draw
    now: datetime
    low: int | None = None
    high: int | None = None


def people(asked: Asked) -> Select[Any]:
    """One row a number that is found; `excluded` is a reason or NULL, `language` that of its text.

    Columns: position (of the phone or line), phone_id, phone_index, phone_sealed, person_id, values_sealed, language,
    operator, region, sex, excluded, hold_out. Raises BadFilter.
    """
    found = _of_file(asked) if asked.filters is None else _of_register(asked, asked.filters)
    home = homes()
    refused, recent, off = _refused(asked), _recent(asked), _off(asked.now)
    spoken = func.coalesce(found.c.language, FRENCH)
    joined = (
        found.outerjoin(home, home.c.code == found.c.commune_code)
        .outerjoin(refused, refused.c.phone_id == found.c.phone_id)
        .outerjoin(recent, recent.c.phone_index == found.c.phone_index)
        .outerjoin(off, off.c.phone_index == found.c.phone_index)
    )
    return select(
        *(found.c[name] for name in ("position", "phone_id", "phone_index", "phone_sealed", "person_id")),
        found.c.values_sealed,
        case((spoken.in_(asked.languages), spoken), else_=FRENCH).label("language"),
        func.coalesce(found.c.operator, OTHER).label("operator"),
        home.c.region,
        found.c.sex,
        case(
            (refused.c.phone_id.is_not(None), STOP),
            (recent.c.phone_index.is_not(None), RECENT),
            (found.c.died_on.is_not(None), DEAD),
            (off.c.phone_index.is_not(None), OFF),
            else_=null(),
        ).label("excluded"),
        asked.draw.condition(found.c.phone_index).label("hold_out"),
    ).select_from(joined)


def by_sets(conn: Connection) -> None:
    """Tell PostgreSQL, until the end of the transaction, that an audience is large and its tables are joined whole.

    What campaigns were sent a moment ago it does not know yet: taken for few rows, they would be looked through again
    for every phone.
    """
    if conn.dialect.name == "postgresql":
        for setting in ("work_mem = '64MB'", "enable_nestloop = off", "enable_mergejoin = off"):
            conn.execute(text(f"SET LOCAL {setting}"))


def highest(asked: Asked) -> Select[Any]:
    """The highest position that `people` could find: where slices end."""
    if asked.filters is None:
        return select(func.max(lines.c.id)).where(lines.c.campaign_id == asked.campaign_id)
    return select(func.max(phones.c.id))


_HERS = (persons.c.id.label("person_id"), persons.c.sex, persons.c.commune_code, persons.c.died_on)


def _one_each(rows: Select[Any], by: ColumnElement[int]) -> Subquery:
    """Of all people of a phone one: a living one when there is one, and always the same."""
    alive_first = case((persons.c.died_on.is_(None), 0), else_=1)
    rank = func.row_number().over(partition_by=by, order_by=(alive_first, persons.c.id)).label("rank")
    ranked = rows.add_columns(rank).subquery("ranked")
    return select(ranked).where(ranked.c.rank == 1).subquery("found")


def _of_register(asked: Asked, filters: dict[str, str]) -> Subquery:
    rows = (
        select(
            phones.c.id.label("position"),
            phones.c.id.label("phone_id"),
            phones.c.phone_index,
            phones.c.phone_sealed,
            phones.c.operator,
            phones.c.language,
            cast(null(), lines.c.values_sealed.type).label("values_sealed"),
            *_HERS,
        )
        .select_from(people_table(filters, _bounds(phone_links.c.phone_id, asked)))
        .where(
            phones.c.phone_sealed.is_not(None),
            *_bounds(phones.c.id, asked),
            *conditions(filters, asked.now),
        )
    )
    return _one_each(rows, phones.c.id)


def _of_file(asked: Asked) -> Subquery:
    tied = (
        lines.outerjoin(phones, phones.c.phone_index == lines.c.phone_index)
        .outerjoin(phone_links, phone_links.c.phone_id == phones.c.id)
        .outerjoin(persons, and_(persons.c.id == phone_links.c.person_id, persons.c.erased_at.is_(None)))
    )
    rows = (
        select(
            lines.c.id.label("position"),
            phones.c.id.label("phone_id"),
            lines.c.phone_index,
            lines.c.phone_sealed,
            lines.c.operator,
            phones.c.language,
            lines.c.values_sealed,
            *_HERS,
        )
        .select_from(tied)
        .where(lines.c.campaign_id == asked.campaign_id, *_bounds(lines.c.id, asked))
    )
    return _one_each(rows, lines.c.id)


def _bounds(column: ColumnElement[int], asked: Asked) -> list[ColumnElement[bool]]:
    low = [column > bindparam("low", asked.low)] if asked.low is not None else []
    high = [column <= bindparam("high", asked.high)] if asked.high is not None else []
    return [*low, *high]


def _refused(asked: Asked) -> Subquery:
    """Phones whose newest word on campaigns is no."""
    within = _bounds(consents.c.phone_id, asked) if asked.filters is not None else []
    newest = (
        select(func.max(consents.c.id).label("id"))
        .where(consents.c.topic == TOPIC, *within)
        .group_by(consents.c.phone_id)
        .subquery("newest")
    )
    return (
        select(consents.c.phone_id)
        .select_from(consents.join(newest, newest.c.id == consents.c.id))
        .where(consents.c.given.is_(False))
        .subquery("refused")
    )


def _recent(asked: Asked) -> Subquery:
    """Numbers to which another campaign wrote within the days of rest."""
    days = int(facts.parameter("campaign_rest_days", day_of(asked.now)))
    return (
        select(recipients.c.phone_index)
        .where(
            recipients.c.settled_at > asked.now - timedelta(days=days),
            recipients.c.campaign_id != asked.campaign_id,
            recipients.c.state.not_in(NOT_CONTACTED),
        )
        .distinct()
        .subquery("recent")
    )


def _off(now: datetime) -> Subquery:
    """Numbers that do not exist, and those where an SMS failed so many days ago and none has come through since."""
    days = int(facts.parameter("number_off_days", day_of(now)))
    state, at = recipients.c.state, recipients.c.settled_at
    wrong = and_(state == REJECTED, recipients.c.code.in_(WRONG_NUMBERS))
    silent = and_(state.in_((UNDELIVERED, EXPIRED)), at <= now - timedelta(days=days))
    came, failed = func.max(case((state == DELIVERED, at))), func.max(case((silent, at)))
    return (
        select(recipients.c.phone_index)
        .where(or_(wrong, state.in_((UNDELIVERED, EXPIRED, DELIVERED))))
        .group_by(recipients.c.phone_index)
        .having(
            or_(
                func.max(case((wrong, 1))) == 1, and_(failed.is_not(None), or_(came.is_(None), came < failed))
            )
        )
        .subquery("off")
    )
