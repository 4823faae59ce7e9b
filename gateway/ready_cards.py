"""A card waits: the file says where, and the phone of its person is told, once and at a decent hour."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from config.jobs import TRANSACTIONAL
from flows import reminder_texts
from flows.texts import Catalogues
from models import deaths, dossiers, enrolment, messages, phones, places
from models.days import day_of
from models.deaths import CONFIRMED
from models.dossier_records import Dossier
from models.keyring import KeyRing
from models.places import region_of
from models.reminder_kinds import WINDOW
from models.sending_windows import next_open, open_at

KIND = "card_ready"


def tell(
    conn: Connection,
    keys: KeyRing,
    catalogues: Catalogues,
    dossier_id: int,
    where: str | None,
    hours: str | None,
    now: datetime,
) -> bool:
    """The card of a file waits at `where` (else the usual place of its commune) in these hours; False: it did before.

    Of somebody whose death was confirmed the place is kept and nobody is written to. Raises LookupError.
    """
    dossier = dossiers.by_id(conn, keys, dossier_id)
    if dossier is None:
        raise LookupError(f"no file {dossier_id}")
    kind, usual = enrolment.pickup(dossier.scheme, day_of(now))
    to = None if _has_died(conn, dossier) else dossiers.phone_of(conn, keys, dossier_id)
    known = phones.reachable(conn, keys, phones.phone_index(keys, to)) if to else None
    translate = catalogues.translator((known and known[1]) or "fr")
    where = where or reminder_texts.town_hall(translate, kind, places.name_of(dossier.commune_code))
    hours, at = hours or usual, _decent_hour(dossier.commune_code, now)
    if not dossiers.make_ready(conn, dossier_id, f"{where}, {hours}", at if to else None, now):
        return False
    if to:
        text = reminder_texts.card_waits(
            translate, dossier.scheme, dossier.given, dossier.family, where, hours
        )
        messages.owe(
            conn,
            keys,
            to=to,
            text=text,
            kind=KIND,
            lane=TRANSACTIONAL,
            once=f"card:{dossier_id}".encode(),
            now=now,
            not_before=at if at > now else None,
        )
    return True


def _has_died(conn: Connection, dossier: Dossier) -> bool:
    said = deaths.of(conn, f"person:{dossier.person_id}") if dossier.person_id else None
    return said is not None and said.state == CONFIRMED


def _decent_hour(commune_code: str, now: datetime) -> datetime:
    region = region_of(commune_code)
    return now if open_at(WINDOW, now).at(region) else next_open(WINDOW, region, now)
