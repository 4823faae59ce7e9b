"""`ramu staff`: which phones may ask as staff of which facility. The supervisor's way; chiefs have `CHEF` by SMS."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy import Connection

from config.faults import Fault
from config.jobs import TRANSACTIONAL
from config.settings import load
from flows.sms.writing import one_segment
from gateway.console_audit import note
from gateway.register import opened
from models import facilities, messages, staff
from models.facilities import KIND_LABELS, Facility
from models.identifiers import BadMsisdn, Msisdn
from models.keyring import KeyRing

STATES = {
    staff.ACTIVE: "may verify",
    staff.PENDING: "waits for the chief's OUI",
    staff.FLAGGED: "stopped: SIM may be in other hands",
}
IDLE = "idle: must be enrolled anew"


class Unclear(Fault):
    """A phone or a facility that the command names cannot be used."""


class PhoneNumber(click.ParamType):
    """A telephone number of Mali, as people write it."""

    name = "phone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Msisdn:
        """The number; ends the command when it is none. What was typed is not repeated."""
        try:
            phone = value if isinstance(value, Msisdn) else Msisdn.parse(value)
        except BadMsisdn as fault:
            self.fail(str(fault), param, ctx)
        if not phone.is_malian:
            self.fail("staff have Malian numbers, since answers go to no other", param, ctx)
        return phone


PHONE = PhoneNumber()
at_facility = click.option(
    "--facility", "where", required=True, metavar="ID|NAME", help="Its number, or enough of its name."
)


@click.group("staff")
def staff_phones() -> None:
    """Phones of health staff, each tied to one facility."""


@staff_phones.command("list")
@click.option(
    "--facility", "where", metavar="ID|NAME", help="Only this one: its number, or enough of its name."
)
@click.option("--whole", is_flag=True, help="Whole telephone numbers; the trail notes who asked.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_phones(where: str | None, whole: bool, as_json: bool) -> None:
    """List the phones that are tied to a facility, and whether each may ask.

    Example: ramu staff list --facility koko
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys):
        with database.begin(reading=True) as conn:
            facility = _facility(conn, where) if where else None
            found = staff.everybody(conn, keys, now, facility.facility_id if facility else None)
        if whole:
            with database.begin() as conn:
                note(conn, keys, "staff.list", "staff:all", f"{len(found)} phones", now)
    rows = [_told(listed, whole) for listed in found]
    if as_json:
        click.echo(json.dumps({"staff": rows}, ensure_ascii=False))
        return
    click.echo(f"{'phone':14}{'role':7}{'state':36}{'last used':12}facility")
    for row in rows:
        used = (row["last_used_at"] or "never")[:10]
        click.echo(f"{row['phone']:14}{row['role']:7}{row['means']:36}{used:12}{row['facility']}")


@staff_phones.command()
@click.argument("phone", type=PHONE)
@at_facility
@click.option("--chief", is_flag=True, help="The chief: says OUI to others, adds and removes them.")
def add(phone: Msisdn, where: str, chief: bool) -> None:
    """Tie PHONE to a facility at once, and tell it so by SMS.

    Example: ramu staff add 70000101 --facility "kati koko" --chief
    """
    now, role = datetime.now(UTC), staff.CHIEF if chief else staff.STAFF
    with opened(load()) as (database, keys), database.begin() as conn:
        facility = _facility(conn, where)
        try:
            staff.add(conn, keys, phone, facility.facility_id, role, now)
        except staff.AlreadyTied:
            raise Unclear(f"{phone} is active elsewhere: ramu staff remove it there first") from None
        note(conn, keys, "staff.added", f"facility:{facility.facility_id}", role, now)
        news = f"Sante Mali: votre telephone est lie a {_name(facility)}. Envoyez le numero d'une carte."
        _tell(conn, keys, phone, news, now)
    click.echo(f"{phone} is tied to {_name(facility)} ({role})")


@staff_phones.command()
@click.argument("phone", type=PHONE)
def remove(phone: Msisdn) -> None:
    """Untie PHONE from its facility, and tell it so by SMS.

    Example: ramu staff remove 70000102
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        before = staff.of_phone(conn, keys, phone, now)
        if before is None or not staff.remove(conn, keys, phone, before.facility.facility_id, now):
            raise Unclear(f"{phone} is tied to no facility")
        note(conn, keys, "staff.removed", f"facility:{before.facility.facility_id}", before.role, now)
        _tell(
            conn, keys, phone, f"Sante Mali: votre telephone n'est plus lie a {_name(before.facility)}.", now
        )
    click.echo(f"{phone} is no longer tied to {_name(before.facility)}")


@staff_phones.command()
@click.argument("phone", type=PHONE)
def flag(phone: Msisdn) -> None:
    """Stop PHONE because its SIM may be in other hands. No SMS goes out: who would read it?

    Its owner is enrolled anew by ACT and her chief's OUI, or by `ramu staff add`.

    Example: ramu staff flag 70000102
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        before = staff.of_phone(conn, keys, phone, now)
        if before is None or not staff.flag(conn, keys, phone, now):
            raise Unclear(f"{phone} is not active at any facility")
        note(conn, keys, "staff.flagged", f"facility:{before.facility.facility_id}", before.role, now)
    click.echo(f"{phone} may no longer verify for {_name(before.facility)}")


@staff_phones.command()
@at_facility
@click.option("--new", is_flag=True, help="Draw another code; the old one is worth nothing from now on.")
def code(where: str, new: bool) -> None:
    """Show a facility's activation code, for its chief to hand out. The trail notes who asked.

    Example: ramu staff code --facility koko
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        facility = _facility(conn, where)
        shown = None if new else facilities.activation_code(conn, keys, facility.facility_id)
        fresh = shown is None
        shown = shown or _draw(conn, keys, facility.facility_id)
        detail = "new" if fresh else "shown"
        note(conn, keys, "staff.code", f"facility:{facility.facility_id}", detail, now)
    click.echo(f"{_name(facility)}: ACT {shown} {shown}")


def _draw(conn: Connection, keys: KeyRing, facility_id: int) -> str:
    """A code that no other facility has."""
    candidates = facilities.activation_codes_from(secrets.token_bytes(16))
    free = (one for one in candidates if facilities.by_activation_code(conn, keys, one) is None)
    fresh = next(free)
    facilities.set_activation_code(conn, keys, facility_id, fresh)
    return fresh


def _facility(conn: Connection, where: str) -> Facility:
    """The one facility that the words name. Raises Unclear."""
    found = facilities.named(conn, where)
    if len(found) != 1:
        some = "; ".join(f"{one.facility_id} {_name(one)}" for one in found[:5])
        raise Unclear(f"{len(found)} facilities are called so{': ' if some else ''}{some}")
    return found[0]


def _name(facility: Facility) -> str:
    return f"{KIND_LABELS[facility.kind]} {facility.name}"


def _told(listed: staff.Listed, whole: bool) -> dict[str, Any]:
    tie = listed.staff
    means = IDLE if tie.state == staff.ACTIVE and tie.idle else STATES[tie.state]
    return {
        "phone": listed.phone.e164 if whole else listed.phone.masked,
        "role": tie.role,
        "state": tie.state,
        "active": tie.active,
        "means": means,
        "last_used_at": listed.last_used_at.isoformat() if listed.last_used_at else None,
        "facility_id": tie.facility.facility_id,
        "facility": _name(tie.facility),
    }


def _tell(conn: Connection, keys: KeyRing, phone: Msisdn, news: str, now: datetime) -> None:
    messages.owe(
        conn,
        keys,
        to=phone,
        text=one_segment(news),
        kind="staff",
        lane=TRANSACTIONAL,
        once=secrets.token_bytes(16),
        now=now,
    )
