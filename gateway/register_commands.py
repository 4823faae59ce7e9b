"""`ramu register`: registers of the schemes, facilities and staff, brought in from files and written to them."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import click
from sqlalchemy import Connection

from config.faults import Fault
from config.settings import load
from config.vocabulary import REGISTERS
from gateway import register_export
from gateway.console_audit import note
from gateway.register import BAMAKO, opened, the_facility
from gateway.register_files import ENCODINGS, RegisterFile, understood
from gateway.register_import import Order, Outcome, PeopleImport
from gateway.register_progress import ProgressTeller
from gateway.register_rejects import refuse_taken
from gateway.register_small import SmallImport
from gateway.spreadsheet import private_file, write_csv
from models.import_cells import BadCell, commune_code
from models.imports import BATCH_LINES, SCHEME_OF

PROCESSES = 1
"""Processes that read, check and seal; one more writes. One keeps up with one PostgreSQL."""

LEFT_OUT = 3
"""The exit code when lines were left out."""

IN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("register")
def register() -> None:
    """Registers of people, facilities and staff: from files, and into them."""


@register.command("import")
@click.argument("kind", type=click.Choice(REGISTERS))
@click.argument("file", type=IN_FILE)
@click.option("--apply", is_flag=True, help="Write it; without this nothing is changed, and all is checked.")
@click.option("--complete", is_flag=True, help="The file is whole: rights that it does not hold end today.")
@click.option("--ends", type=click.IntRange(0), help="How many rights a complete file may end, at most.")
@click.option("--encoding", type=click.Choice(ENCODINGS), help="When it is not found by itself.")
@click.option(
    "--rejects", type=OUT_FILE, help="Where lines that are left out go (FILE-refus.csv): a new file."
)
@click.option("--errors", type=click.IntRange(0), default=50, show_default=True, help="How many to show.")
@click.option("--batch", type=click.IntRange(1, 100_000), default=BATCH_LINES, help="Lines in a transaction.")
@click.option("--processes", type=click.IntRange(0, 16), default=PROCESSES, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs: the last line is one JSON object.")
def bring_in(
    kind: str,
    file: Path,
    apply: bool,
    complete: bool,
    ends: int | None,
    encoding: str | None,
    rejects: Path | None,
    errors: int,
    batch: int,
    processes: int,
    as_json: bool,
) -> None:
    """Check a CSV or XLSX file, line by line and cell by cell; with --apply, bring it in.

    After a stop or a crash, the same command goes on where it stopped. Exit code 3 when lines were left out:
    with --apply they are in a file of their own, to be corrected there and sent like this one. A file that
    is there already is never written over: exit code 1, and nothing is brought in.

    Example: ramu register import ramed liste.csv --apply
    """
    if complete and kind not in SCHEME_OF:
        raise click.UsageError("--complete is for registers of people")
    now = datetime.now(UTC)
    today = now.astimezone(BAMAKO).date()
    source = understood(file, kind, today, encoding)
    rejects = rejects or file.with_name(f"{file.stem}-refus.csv")
    refuse_taken(rejects, file, apply=apply)
    actor = f"console:{os.getuid()}"
    order = Order(kind, source, rejects, batch, processes, actor, now, today, complete, ends)
    started = monotonic()
    settings = load()
    with opened(settings) as (database, keys), ProgressTeller(errors) as teller:
        work: PeopleImport | SmallImport = SmallImport(database, keys, order, teller)
        if kind in SCHEME_OF:
            work = PeopleImport(database, keys, settings.key_folder, order, teller)
        outcome = work.apply() if apply else work.try_out()
    told = _summary(order, outcome, apply, monotonic() - started)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        _tell(source, told)
    sys.exit(LEFT_OUT if told["rejected"] else 0)


@register.command("export")
@click.argument("kind", type=click.Choice(REGISTERS))
@click.option("--facility", "where", metavar="ID|NAME", help="People of this facility's commune.")
@click.option("--commune", metavar="CODE|NAME", help="Only what is in this commune.")
@click.option("--all", "everything", is_flag=True, help="The whole register.")
@click.option("--out", type=OUT_FILE, help="The file to write (KIND-DATE.csv here).")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def write_out(
    kind: str, where: str | None, commune: str | None, everything: bool, out: Path | None, as_json: bool
) -> None:
    """Write a register to a CSV file that a spreadsheet opens as text and that `import` reads back.

    The file names people: only its owner can read it, and the trail notes who asked for it.

    Example: ramu register export ramed --commune Kati
    """
    if sum(map(bool, (where, commune, everything))) != 1:
        raise click.UsageError("one of --facility, --commune, --all")
    now = datetime.now(UTC)
    today = now.astimezone(BAMAKO).date()
    out = out or Path(f"{kind}-{today}.csv")
    with opened(load()) as (database, keys):
        with database.begin() as conn:
            communes = _communes(conn, where, commune, today)
            note(
                conn,
                keys,
                "register.export",
                f"register:{kind}",
                f"begun, {len(communes) or 'all'} communes",
                now,
            )
        with database.begin(reading=True) as conn, private_file(out) as file:
            content = register_export.rows(conn, keys, kind, communes, today)
            count = write_csv(file, register_export.header(kind, today), content)
        with database.begin() as conn:
            note(conn, keys, "register.export", f"register:{kind}", f"{count} rows", now)
    click.echo(json.dumps({"rows": count, "file": str(out)}) if as_json else f"{count} lignes dans {out}")


def _communes(conn: Connection, where: str | None, commune: str | None, today: date) -> frozenset[str]:
    """The communes that are meant; none of them: all. Raises Fault."""
    if where:
        return frozenset({the_facility(conn, where).commune_code})
    if not commune:
        return frozenset()
    try:
        return frozenset({commune_code(commune, "", "", today)})
    except BadCell as bad:
        raise Fault(f"{bad.wrong} -> {bad.remedy}") from None


def _summary(order: Order, outcome: Outcome, applied: bool, seconds: float) -> dict[str, Any]:
    counts = outcome.counts
    return {
        "register": order.register,
        "applied": applied,
        "lines": outcome.lines,
        "new": counts.added,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "ended": counts.ended,
        "rejected": counts.rejected,
        "rejects": str(order.rejects) if counts.rejected and applied else None,
        "resumed_batches": outcome.resumed,
        "not_ended_because_of_rejects": outcome.not_ended,
        "seconds": round(seconds, 1),
        "lines_per_second": round(outcome.lines / seconds) if seconds else 0,
    }


def _tell(source: RegisterFile, told: dict[str, Any]) -> None:
    if source.heading.unread:
        click.echo(f"Colonnes non lues : {', '.join(source.heading.unread)}")
    counts = (
        f"{told['new']} nouvelles, {told['changed']} modifiées, {told['unchanged']} inchangées,"
        f" {told['rejected']} refusées"
    )
    click.echo(f"{told['lines']} lignes : {counts} ; {told['ended']} droits terminés")
    if told["rejects"]:
        click.echo(f"Lignes refusées, à corriger et à renvoyer : {told['rejects']}")
    if told["not_ended_because_of_rejects"]:
        click.echo("Aucun droit n'a été terminé : un fichier complet ne doit avoir aucune ligne refusée")
    if not told["applied"]:
        click.echo("Rien n'a été changé. Pour appliquer : la même commande avec --apply")
