"""`ramu offline-list`: a facility's holders on a signed list, for the days when there is no network."""

from __future__ import annotations

import json
import os
import secrets
import sys
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from config import facts
from config.faults import Fault
from config.settings import load
from gateway.console_audit import note
from gateway.register import BAMAKO, opened, the_facility
from gateway.register_progress import ProgressTeller
from gateway.spreadsheet import private_file
from models import offline_list
from models.facilities import KIND_LABELS
from models.identifiers import digits
from models.offline_list import SALT_BYTES, Holder, OfflineList

SECRET_FILE, PUBLIC_FILE = "offline-list.key", "offline-list.pub"
NOT_IN_LIST, NO_LONGER_VALID = 3, 4
"""Exit codes of `check`."""

LIST_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class BadSigningKey(Fault):
    """The key that signs lists, or checks them, cannot be used."""


@click.group("offline-list", invoke_without_command=True)
@click.option("--facility", "where", metavar="ID|NAME", help="For which facility.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def offline_list_command(ctx: click.Context, where: str | None, out: Path | None, as_json: bool) -> None:
    """Write the list of a facility's holders: signed, dated, and naming nobody without a card's number.

    It is good until the end of the next night. The trail notes who made it.

    Example: ramu offline-list --facility "kati koko"
    """
    if ctx.invoked_subcommand:
        return
    if not where:
        raise click.UsageError("--facility says for which facility")
    settings, now = load(), datetime.now(UTC)
    key = signing_key(settings.key_folder)
    with opened(settings) as (database, keys), database.begin() as conn:
        facility = the_facility(conn, where)
        today = now.astimezone(BAMAKO).date()
        found = list(offline_list.holders(conn, keys, facility.commune_code, today))
        subject = f"facility:{facility.facility_id}"
        note(conn, keys, "offline-list.made", subject, f"{len(found)} holders", now)
    salt = secrets.token_bytes(SALT_BYTES)
    text = offline_list.signed(
        key,
        f"{KIND_LABELS[facility.kind]} {facility.name}",
        now,
        valid_until(now),
        salt,
        _lines(found, salt),
    )
    out = out or Path(f"liste-{facility.facility_id}-{today}.txt")
    with private_file(out) as file:
        file.write(text)
    told = {"file": str(out), "holders": len(found), "valid_until": valid_until(now).isoformat()}
    click.echo(json.dumps(told) if as_json else f"{out}: {len(found)} titulaires, {_until(valid_until(now))}")


@offline_list_command.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def key(as_json: bool) -> None:
    """Print the public key with which lists are checked; it is no secret. Made when there is none.

    Example: ramu offline-list key > offline-list.pub
    """
    shown = _written(signing_key(load().key_folder).public_key())
    click.echo(json.dumps({"public_key": shown}) if as_json else shown)


@offline_list_command.command()
@click.argument("file", type=LIST_FILE)
@click.option("--number", help="The digits of a card: whether it is on the list.")
@click.option("--key", "known", metavar="KEY|FILE", help="The public key, when it is not in the key folder.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(file: Path, number: str | None, known: str | None, as_json: bool) -> None:
    """Check a list's signature and date and, with --number, who holds a card. Needs no database and no key ring.

    Exit code 1 for a list that was changed, 3 for a number that is not on it, 4 when it is no longer good.

    Example: ramu offline-list check liste-1-2026-11-22.txt --number 2600100000017
    """
    found = offline_list.read(file.read_text(encoding="utf-8"), _public_key(known))
    now = datetime.now(UTC)
    if now > found.valid_until:
        _answer(
            as_json, "EXPIREE", f"Liste du {_day(found.made)} : périmée depuis le {_day(found.valid_until)}"
        )
        sys.exit(NO_LONGER_VALID)
    if number is None:
        _answer(
            as_json, "BONNE", f"{found.facility}: {len(found.lines)} titulaires, {_until(found.valid_until)}"
        )
        return
    holder = found.find(digits(number))
    if holder is None or (holder.valid_to and holder.valid_to < now.astimezone(BAMAKO).date()):
        _answer(as_json, "ABSENT", f"Ce numéro n'est pas sur la liste du {_day(found.made)}")
        sys.exit(NOT_IN_LIST)
    _answer(as_json, "OK", _told(found, holder, now))


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """The key that signs lists, made when there is none, its public half beside it. Raises BadSigningKey."""
    path = folder / SECRET_FILE
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_signing_key(path)
    made = Ed25519PrivateKey.generate()
    with os.fdopen(descriptor, "w") as file:
        file.write(b64encode(made.private_bytes_raw()).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    (folder / PUBLIC_FILE).write_text(_written(made.public_key()) + "\n")
    return made


def _read_signing_key(path: Path) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise BadSigningKey(f"{path} can be read by others: chmod 600 {path}")
    try:
        return Ed25519PrivateKey.from_private_bytes(b64decode(path.read_text(), validate=False))
    except (ValueError, BadBase64) as fault:
        raise BadSigningKey(f"{path} holds no key") from fault


def _public_key(known: str | None) -> Ed25519PublicKey:
    path = Path(known) if known and Path(known).is_file() else load().key_folder / PUBLIC_FILE
    try:
        written = known if known and not Path(known).is_file() else path.read_text()
        return Ed25519PublicKey.from_public_bytes(b64decode(written.strip(), validate=True))
    except FileNotFoundError:
        raise BadSigningKey(
            "no public key here. Remedy: --key, with what `ramu offline-list key` prints"
        ) from None
    except (ValueError, BadBase64):
        raise BadSigningKey("that is no public key: it is what `ramu offline-list key` prints") from None


def valid_until(made: datetime) -> datetime:
    """The end of the next night: the first such hour that is far enough away to be of use."""
    day = made.astimezone(BAMAKO).date()
    hour = int(facts.parameter("offline_list_end_hour", day))
    least = timedelta(hours=int(facts.parameter("offline_list_least_hours", day)))
    end = made.astimezone(BAMAKO).replace(hour=hour, minute=0, second=0, microsecond=0)
    while end - made < least:
        end += timedelta(days=1)
    return end.astimezone(UTC)


def _lines(found: list[tuple[str, Holder]], salt: bytes) -> list[str]:
    lines = []
    with ProgressTeller(0) as teller:
        teller.begin("titulaires", len(found))
        for number, holder in found:
            lines.append(offline_list.line_of(number, holder, salt))
            teller.advance(1)
    return lines


def _told(found: OfflineList, holder: Holder, now: datetime) -> str:
    year = now.astimezone(BAMAKO).year
    people = ", ".join(f"{one.name} {one.sex} {year - one.birth_year} ans" for one in holder.people)
    end = f" jusqu'au {holder.valid_to:%d/%m/%Y}" if holder.valid_to else ""
    said = f"OK selon la liste du {_day(found.made)} : {holder.scheme}{end} ; {people}."
    return f"{said} En cas de doute, pièce d'identité"


def _answer(as_json: bool, verdict: str, told: str) -> None:
    click.echo(json.dumps({"verdict": verdict, "told": told}, ensure_ascii=False) if as_json else told)


def _written(key: Ed25519PublicKey) -> str:
    return b64encode(key.public_bytes_raw()).decode()


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(BAMAKO):%d/%m/%Y %H:%M}"


def _until(moment: datetime) -> str:
    return f"bonne jusqu'au {_day(moment)}"
