"""`ramu campaign text|audience|file|limits`: what a campaign says, to whom, within what. Each makes it a draft."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from config.faults import Fault
from config.settings import load
from flows.campaign_text import CHARSETS, GSM7, UCS2, Price, parse, price, replaced
from flows.gsm7 import fold
from flows.texts import SOURCE, languages
from gateway import campaign_files
from gateway.console_audit import note
from gateway.register import opened
from gateway.register_files import ENCODINGS
from gateway.register_progress import ProgressTeller
from models import campaigns, saved_audiences
from models.audience_filters import FILTERS, BadFilter, conditions
from models.campaign_content import Text, put_text

LEFT_OUT = 3
"""The exit code when lines of a file were left out."""


@click.command()
@click.argument("number", type=int)
@click.argument("words")
@click.option(
    "--language", type=click.Choice([one.code for one in languages()]), default=SOURCE, show_default=True
)
@click.option("--charset", type=click.Choice(CHARSETS), default=GSM7, show_default=True)
@click.option(
    "--read-by", metavar="NAME", help="The speaker who read it; without one, French is sent instead."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def text(number: int, words: str, language: str, charset: str, read_by: str | None, as_json: bool) -> None:
    """Write the text of one language; it may hold {prenom}, {jour_fin}, {mutuelle}, {code_service} or a file's columns.

    Shows the letters that GSM-7 replaces, and what either charset costs.

    Example: ramu campaign text 12 "Sante Mali: {prenom|Bonjour}, votre droit finit le {jour_fin}. *212#. STOP"
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        template = parse(words, charset, campaigns.load(conn, number).columns)
        campaigns.change(conn, number, now)
        put_text(conn, number, Text(language, words, charset, read_by and read_by[:40]))
        note(conn, keys, "campaign.text", f"campaign:{number}", f"{language} {charset}", now)
    prices = [price(fold(words), GSM7), price(words, UCS2)]
    told = {
        "campaign": number,
        "language": language,
        "charset": charset,
        "variables": sorted(template.variables),
        "replaced": replaced(words),
        "before": words,
        "after": fold(words) if charset == GSM7 else words,
        "prices": {one.charset: {"used": one.used, "segments": one.segments} for one in prices},
        "sent": language == SOURCE or read_by is not None,
    }
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    _show(told, prices)


@click.command()
@click.argument("number", type=int)
@click.option(
    "--filter", "written", multiple=True, metavar="NAME=VALUE", help="One condition; all must hold."
)
@click.option("--use", metavar="NAME", help="The filters that are kept by this name.")
@click.option("--save", metavar="NAME", help="Keep these filters by a name.")
@click.option("--everybody", is_flag=True, help="Every phone that may be written to.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def audience(
    number: int, written: tuple[str, ...], use: str | None, save: str | None, everybody: bool, as_json: bool
) -> None:
    """Choose to whom, by filters of the register. Several values of one filter have | between them.

    Example: ramu campaign audience 12 --filter region=Kayes --filter regime=MUTUELLE --filter statut=EN_RETARD
    """
    if not (written or use or everybody):
        known = "\n".join(f"  {name}={one.example}  {one.means}" for name, one in FILTERS.items())
        raise click.UsageError(f"say --filter NAME=VALUE, --use NAME or --everybody. Filters:\n{known}")
    now = datetime.now(UTC)
    with opened(load()) as (database, keys), database.begin() as conn:
        filters = saved_audiences.named(conn, use) if use else {}
        filters |= dict(map(_pair, written))
        conditions(filters, now)
        if save:
            author = campaigns.load(conn, number).author
            saved_audiences.save(conn, save[:60], filters, author, now)
        campaigns.drop_lines(conn, number)
        as_text = json.dumps(filters, sort_keys=True, ensure_ascii=False)
        campaigns.change(conn, number, now, audience=as_text, file_index=None, columns=None)
        note(conn, keys, "campaign.audience", f"campaign:{number}", f"{len(filters)} filters", now)
    click.echo(
        json.dumps({"campaign": number, "audience": filters}, ensure_ascii=False) if as_json else as_text
    )


@click.command()
@click.argument("number", type=int)
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--again", is_flag=True, help="Take it although another campaign had the same file.")
@click.option("--encoding", type=click.Choice(ENCODINGS), help="When it is not found by itself.")
@click.option("--errors", type=click.IntRange(0), default=50, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def file(number: int, path: Path, again: bool, encoding: str | None, errors: int, as_json: bool) -> None:
    """Take the numbers of a CSV or XLSX file; its other columns are variables for the text.

    Doubled numbers count once. Exit code 3 when lines were left out because of a wrong cell.

    Example: ramu campaign file 12 numeros.csv
    """
    now = datetime.now(UTC)
    with opened(load()) as (database, keys):
        with database.begin(reading=True) as conn:
            before = campaign_files.sent_before(conn, campaign_files.index_of(keys, path), number)
        if before and not again:
            raise Fault(f"ce fichier a déjà servi : campagne {before[-1]} -> --again si c'est voulu")
        with ProgressTeller(0) as teller:
            teller.begin("lignes lues", None)
            taken = campaign_files.take(
                database, keys, number, path, now, encoding=encoding, most=errors, done=teller.advance
            )
        with database.begin() as conn:
            detail = f"{taken.kept} kept, {taken.refused} refused"
            note(conn, keys, "campaign.file", f"campaign:{number}", detail, now)
    for fault in taken.faults:
        click.echo(str(fault), err=True)
    told = {
        "campaign": number,
        "kept": taken.kept,
        "doubled": taken.doubled,
        "refused": taken.refused,
        "columns": list(taken.columns),
        "faults": [str(fault) for fault in taken.faults],
    }
    summary = f"{taken.kept} numéros, {taken.doubled} doubles enlevés, {taken.refused} lignes refusées"
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else summary)
    sys.exit(LEFT_OUT if taken.refused else 0)


@click.command()
@click.argument("number", type=int)
@click.option("--budget", type=click.IntRange(0), metavar="FCFA", help="What it may cost.")
@click.option("--segments", type=click.IntRange(1, 6), help="SMS that one message may take.")
@click.option("--hold-out", type=click.IntRange(0, 50), help="Percent left out, to see the effect.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def limits(
    number: int, budget: int | None, segments: int | None, hold_out: int | None, as_json: bool
) -> None:
    """Change what a campaign may cost, how long its messages are, or how many people are held out.

    Example: ramu campaign limits 12 --budget 500000
    """
    now = datetime.now(UTC)
    asked = {"budget_fcfa": budget, "max_segments": segments, "hold_out_percent": hold_out}
    values = {name: value for name, value in asked.items() if value is not None}
    with opened(load()) as (database, keys), database.begin() as conn:
        campaigns.change(conn, number, now, **values)
        note(conn, keys, "campaign.limits", f"campaign:{number}", " ".join(values), now)
    told = {"campaign": number, "state": campaigns.DRAFT, **values}
    click.echo(json.dumps(told) if as_json else ", ".join(f"{name} {value}" for name, value in told.items()))


def _pair(written: str) -> tuple[str, str]:
    name, equals, value = written.partition("=")
    if not equals:
        raise BadFilter(f"« {written} » -> NOM=VALEUR, par exemple region=Kayes")
    return name.strip().lower(), value.strip()


def _show(told: dict[str, object], prices: list[Price]) -> None:
    click.echo(f"avant : {told['before']}")
    click.echo(f"après : {told['after']}")
    changed = told["replaced"]
    if isinstance(changed, dict) and changed:
        click.echo("lettres remplacées : " + ", ".join(f"{old} -> {new}" for old, new in changed.items()))
    for one in prices:
        click.echo(
            f"{one.charset} : {one.used} signes, {one.segments} SMS par personne (variables non comptées)"
        )
    if not told["sent"]:
        click.echo("aucun locuteur ne l'a lu : ces personnes recevront le texte français (--read-by NOM)")
