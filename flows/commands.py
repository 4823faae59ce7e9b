"""`ramu flows`: the menu checked, drawn, and its texts kept."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from config import facts
from flows import catalogues, efforts, explorer, graph
from flows.texts import languages
from flows.world import UNKNOWN, World
from models.identifiers import Msisdn

GRAPH = Path(__file__).resolve().parent.parent / "docs" / "flows.md"
DRAWN_ON = datetime(2026, 11, 22, 10, tzinfo=UTC)
"""The moment of the demo world that the kept diagram shows; move it when a dated rule changes the menu."""

FULLEST = "+22370000001"
"""The demo phone whose household has every kind of member; one of those that are walked in every language."""

MEMBER = "+22370000021"
"""The demo phone whose household contributes to a mutuelle; walked in every language, too."""


@click.group(name="flows")
def flows() -> None:
    """The menu: check it, draw it, keep its texts. Example: ramu flows check"""


@flows.command()
def check() -> None:
    """Walk every screen as every demo phone, in every language, with the longest values. Exits 1 on a fault.

    Example: ramu flows check
    """
    try:
        with TemporaryDirectory() as folder:
            walk, strays = checked(Path(folder), datetime.now(UTC))
    except facts.NotInForce as gap:
        raise click.ClickException(f"config/rules: {gap}") from gap
    for complaint in walk.complaints:
        click.echo(f"{complaint.screen}: {complaint.fault}\n{complaint.text}".rstrip(), err=True)
    for stray in strays:
        click.echo(stray, err=True)
    faults = len(walk.complaints) + len(strays)
    click.echo(f"{len(walk.seen)} screens, {walk.states} states, {len(walk.edges)} ways, {faults} faults")
    sys.exit(1 if faults else 0)


@flows.command(name="graph")
@click.option("--stdout", is_flag=True, help="Print the diagram instead of writing docs/flows.md.")
def draw(stdout: bool) -> None:
    """Write the state machine as Mermaid. Example: ramu flows graph --stdout"""
    with TemporaryDirectory() as folder:
        page = graph.mermaid(drawn_walk(Path(folder), DRAWN_ON))
    if stdout:
        click.echo(page)
    else:
        GRAPH.write_text(page, encoding="utf-8")
        click.echo(f"wrote {GRAPH.name}")


@flows.command()
def texts() -> None:
    """Bring the translation files in step with the screens, keeping what is translated.

    Example: ramu flows texts
    """
    for language, count in catalogues.update().items():
        click.echo(f"{language}: {count} texts")


def drawn_walk(folder: Path, now: datetime) -> explorer.Walk:
    """The walk from which the diagram is drawn: every demo phone, in French."""
    world, walk = World.build(folder, now), explorer.Walk()
    world.make_card()
    for phone in (UNKNOWN, *world.phones.values()):
        explorer.explore(world, phone, walk)
    explorer.tell_stories(world, walk, Msisdn.parse(FULLEST), UNKNOWN)
    return walk


def checked(folder: Path, now: datetime) -> tuple[explorer.Walk, list[str]]:
    """What `ramu flows check` looks at: the walk with its complaints, tasks and dial strings gone astray."""
    walk = drawn_walk(folder / "demo", now)
    world = World.build(folder / "long", now)
    world.stretch()
    world.make_card()
    fullest = Msisdn.parse(FULLEST)
    for phone in (UNKNOWN, *world.phones.values()):
        explorer.explore(world, phone, walk)
    explorer.tell_stories(world, walk, fullest, UNKNOWN)
    for language in languages():
        for phone in (UNKNOWN, fullest, Msisdn.parse(MEMBER)):
            explorer.explore(world, phone, walk, language.code)
            explorer.explore(world, phone, walk, language.code, "UCS2")
    explorer.unreached(walk)
    explorer.check_dials(world, walk.complain, fullest, UNKNOWN)
    callers = efforts.Callers(fullest, UNKNOWN, Msisdn.parse(MEMBER))
    strays = [
        *efforts.too_much(world, callers),
        *efforts.astray(world, callers),
        *catalogues.missing(),
        *catalogues.broken(),
    ]
    return walk, strays
