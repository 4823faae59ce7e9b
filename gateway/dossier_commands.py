"""`ramu dossier`: pre-registration files for who keeps the registers. Names are masked unless they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from config.faults import Fault
from config.settings import load
from flows.texts import Catalogues
from flows.wording import capitals
from gateway.console_audit import note
from gateway.ready_cards import tell
from gateway.register import opened
from gateway.spreadsheet import private_file, write_csv
from models import deaths, dossier_lists, dossiers, enrolment, people, places
from models.database import Connection
from models.days import day_of
from models.dossier_records import Dossier
from models.dossier_tables import DEAD, DONE, OPEN, READY
from models.keyring import KeyRing

HEADER = (
    "dossier",
    "regime",
    "etat",
    "nom",
    "prenoms",
    "sexe",
    "annee_naissance",
    "commune",
    "code_commune",
    "nina",
    "telephone",
    "personnes_annoncees",
    "lien",
    "pieces_vues",
    "pieces_manquantes",
    "fait_par",
    "accord",
    "fait_le",
)
MOST = 100


class NoSuchFile(Fault):
    """There is no such file, or it is not in the state that was meant."""


@click.group("dossier")
def dossier() -> None:
    """Pre-registration files (INS): list, show, cards that wait, deaths reported, export."""


@dossier.command("list")
@click.option(
    "--state", type=click.Choice([OPEN, READY, DONE, DEAD], case_sensitive=False), help="Only these."
)
@click.option("--doubles", is_flag=True, help="Only files whose name, year and commune another file has too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=MOST, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_files(state: str | None, doubles: bool, limit: int, as_json: bool) -> None:
    """List files, the newest first, their people masked.

    Example: ramu dossier list --state OPEN
    """
    with opened(load()) as (database, keys), database.begin(reading=True) as conn:
        found = dossier_lists.newest(conn, keys, state, doubles=doubles, limit=limit)
    rows = [_row(one) for one in found]
    if as_json:
        click.echo(json.dumps({"dossiers": rows}, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            f"{row['code']:10}{row['state']:7}{row['scheme']:10}{row['who']:22}{row['commune']:20}{row['made_by']}"
        )
    click.echo(f"{len(rows)} files", err=True)


@dossier.command()
@click.argument("number")
@click.option("--whole", is_flag=True, help="Whole names; the trail notes who asked.")
def show(number: str, whole: bool) -> None:
    """Show one file with its dependants, and which papers it lacks.

    Example: ramu dossier show 482213
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        one = _the_file(conn, keys, number)
        members = dossiers.members_of(conn, keys, one.dossier_id)
        seen = dossiers.papers_of(conn, one.dossier_id)
        note(conn, keys, "dossier.shown", f"dossier:{number}", "whole" if whole else "masked", now)
    row = _row(one)
    name = f"{capitals(one.given)} {capitals(one.family)}" if whole else row["who"]
    click.echo(f"{number} {row['state']} {row['scheme']} {name} {one.sex} {row['year']} {row['commune']}")
    for member in members:
        given = member.given if whole else f"{member.given[:1]}***"
        click.echo(f"  {member.link} {given} {member.sex} {member.birth_year or ''}".rstrip())
    lacking = enrolment.lacking(one.scheme, members, seen, day_of(now))
    click.echo(f"  pieces vues: {len(seen)}; manquent: {', '.join(word for _, word in lacking) or 'aucune'}")
    if one.place:
        click.echo(f"  carte: {one.place}")


@dossier.command()
@click.argument("number")
@click.option("--place", help="Where it waits; else the usual place of the commune.")
@click.option("--hours", help="When it may be fetched; else the usual hours.")
def ready(number: str, place: str | None, hours: str | None) -> None:
    """Say that the card of a file waits: its person is told by SMS.

    Example: ramu dossier ready 482213 --place "la mairie de Kati" --hours "lun-ven 8h-15h"
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        one = _the_file(conn, keys, number)
        if not tell(conn, keys, Catalogues.load(), one.dossier_id, place, hours, now):
            raise NoSuchFile(f"the card of {number} waits already, or the file is closed: {one.state}")
        told = dossiers.phone_of(conn, keys, one.dossier_id)
        note(conn, keys, "dossier.ready", f"dossier:{number}", "told" if told else "no phone", now)
    click.echo(f"{number}: the card waits; {f'{told} is told by SMS' if told else 'no phone is known'}")


@dossier.command("deaths")
@click.option("--confirm", type=int, help="The death of report N is certain: rights and messages end.")
@click.option("--refuse", type=int, help="Report N was wrong: messages go on.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def reported(confirm: int | None, refuse: int | None, as_json: bool) -> None:
    """List deaths that were reported by SMS (DEC), or settle one after the act was seen.

    Example: ramu dossier deaths --confirm 12
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        if confirm is not None or refuse is not None:
            subject = _settled(conn, confirm, refuse, now)
            note(conn, keys, "death.confirmed" if confirm is not None else "death.refused", subject, "", now)
            click.echo(f"{subject}: {'died' if confirm is not None else 'alive'}")
            return
        found = deaths.waiting(conn)
    rows = [
        {"report": one.death_id, "about": one.subject, "state": one.state, "since": one.said_at.isoformat()}
        for one in found
    ]
    if as_json:
        click.echo(json.dumps({"deaths": rows}))
        return
    for row in rows:
        click.echo(f"{row['report']:<8}{row['about']:20}{row['state']:11}{str(row['since'])[:16]}")
    click.echo(f"{len(rows)} reports", err=True)


@dossier.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--state", type=click.Choice([OPEN, READY, DONE, DEAD], case_sensitive=False), default=OPEN)
@click.option("--whole", is_flag=True, help="Whole names, NINA and phones, for the register; else masked.")
def export(file: Path, state: str, whole: bool) -> None:
    """Write files with their dependants to FILE (CSV), a line a person; the trail notes it.

    Example: ramu dossier export dossiers.csv --whole
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys):
        # Noted before anything is written: a file that exists is a file that somebody asked for.
        with database.begin() as conn:
            note(
                conn, keys, "dossier.export", "dossier:all", f"{state} {'whole' if whole else 'masked'}", now
            )
        with database.begin(reading=True) as conn, private_file(file) as sheet:
            count = write_csv(sheet, HEADER, _lines(conn, keys, state, whole, now))
    click.echo(f"{count} lines in {file}")


def _lines(
    conn: Connection, keys: KeyRing, state: str, whole: bool, now: datetime
) -> Iterator[tuple[Any, ...]]:
    """A line for the person of each file, then one for each dependant, in the order of HEADER."""
    day = day_of(now)
    for one in dossier_lists.every(conn, keys, state):
        members = dossiers.members_of(conn, keys, one.dossier_id)
        seen = dossiers.papers_of(conn, one.dossier_id)
        lacking = " ".join(code for code, _ in enrolment.lacking(one.scheme, members, seen, day))
        nina, phone, accord = dossier_lists.private(conn, keys, one.dossier_id)
        place = (places.name_of(one.commune_code), one.commune_code)
        shown = (nina, phone.e164 if phone else "") if whole else ("oui" if nina else "", phone or "")
        made = (_made_by(one), accord, one.created_at.date())
        about = (
            one.code,
            one.scheme,
            one.state,
            *_names(one.given, one.family, whole),
            one.sex,
            one.birth_year or "",
        )
        yield (*about, *place, *shown, one.others, "", " ".join(sorted(seen)), lacking, *made)
        for member in members:
            names = _names(member.given, member.family, whole)
            hers = (one.code, one.scheme, one.state, *names, member.sex, member.birth_year or "")
            yield (*hers, *place, "", "", "", member.link, "", "", *made)


def _names(given: str, family: str, whole: bool) -> tuple[str, str]:
    return (family, given) if whole else (f"{family[:1]}***", given)


def _the_file(conn: Connection, keys: KeyRing, number: str) -> Dossier:
    one = dossiers.by_code(conn, keys, number)
    if one is None:
        raise NoSuchFile(f"no file {number}: ramu dossier list")
    return one


def _settled(conn: Connection, confirm: int | None, refuse: int | None, now: datetime) -> str:
    """About whom it was; a confirmed one ends the rights of a person, or closes a file. Raises NoSuchFile."""
    if confirm is not None and refuse is not None:
        raise click.UsageError("--confirm or --refuse, not both")
    subject = deaths.settle(conn, confirm if confirm is not None else refuse or 0)
    if subject is None:
        raise NoSuchFile("no such report: ramu dossier deaths")
    kind, _, number = subject.partition(":")
    if confirm is not None and kind == "person":
        people.note_death(conn, int(number), day_of(now))
    elif confirm is not None:
        dossiers.close_as_dead(conn, int(number), now)
    return subject


def _made_by(one: Dossier) -> str:
    return one.agent or (f"centre {one.facility_id}" if one.facility_id else "la personne")


def _row(one: Dossier) -> dict[str, Any]:
    return {
        "code": one.code,
        "state": one.state,
        "scheme": one.scheme,
        "who": f"{capitals(one.given)} {capitals(one.family)[:1]}***",
        "sex": one.sex,
        "year": one.birth_year or "",
        "commune": places.name_of(one.commune_code),
        "members": one.members,
        "made_by": _made_by(one),
        "made_at": one.created_at.isoformat(),
    }
