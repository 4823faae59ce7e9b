"""`ramu audit`: the proof that nobody changed who asked what about whom."""

from __future__ import annotations

import json
from pathlib import Path

import click

from config.settings import load
from gateway import audit_head
from gateway.register import opened
from models import audit as trail


@click.group("audit")
def audit() -> None:
    """The trail of who asked what about whom."""


@audit.command()
def head() -> None:
    """Seal what waits and print the newest link. Keep it outside of this machine, for `verify --head`.

    Example: ramu audit head > audit.head
    """
    with opened(load()) as (database, keys):
        sealed = trail.BATCH
        while sealed == trail.BATCH:
            with database.begin() as conn:
                sealed = trail.seal_pending(conn, keys)
                newest = trail.head(conn)
    click.echo(audit_head.written(newest))


@audit.command()
@click.option(
    "--head", "kept", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A kept head."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def verify(kept: Path | None, as_json: bool) -> None:
    """Read the whole trail and check every row and link. Exit code 1 when something was tampered with.

    Without --head the end is checked against the head that the sealing job keeps in the data folder, if there is one.

    Example: ramu audit verify --head audit.head
    """
    settings = load()
    own = settings.data_folder / audit_head.FILE_NAME
    known = audit_head.read(kept) if kept else audit_head.read(own) if own.exists() else None
    with opened(settings) as (database, keys), database.begin(reading=True) as conn:
        report = trail.verify_chain(conn, keys, known)
    if as_json:
        counts = {"rows": report.rows, "links": report.links, "unsealed": report.unsealed}
        click.echo(json.dumps({"ok": report.ok, **counts, "faults": report.faults}))
    else:
        for fault in report.faults:
            click.echo(fault)
        state = "intact" if report.ok else "TAMPERED WITH"
        click.echo(f"{report.rows} rows, {report.links} links, {report.unsealed} not sealed yet: {state}")
    if not report.ok:
        raise SystemExit(1)
