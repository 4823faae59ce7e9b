"""`ramu mutuelle baseline`: the national strategy's own figures of the mutuelles, with which ours are compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import click

from config.facts import NotInForce
from gateway.campaign_words import number
from gateway.text_tables import lines
from models.mutuelle_baseline import ND, Baseline, Counts, Printed, percent
from models.mutuelle_baseline import baseline as baseline_of

YEAR = 2019
HEADER = ("Région", "Mutuelles", "Bénéficiaires", "Soignés", "Soignés/bénéf.")
NAMES = {"mutuelles": "mutuelles", "beneficiaries": "bénéficiaires", "treated": "soignés"}


@click.command("baseline")
@click.option("--year", type=int, default=YEAR, show_default=True, help="The year of the tables.")
@click.option("--json", "as_json", is_flag=True, help="For programs; null is ND.")
def baseline(year: int, as_json: bool) -> None:
    """Print the strategy's tables of the mutuelles, their totals added up again, and what does not agree.

    ND is what nobody counted: the mutuelles of the North that did not work. It is never 0. Exit code 2 for a year
    without tables.

    Example: ramu mutuelle baseline
    """
    try:
        found = baseline_of(year)
    except NotInForce:
        raise click.BadParameter(f"aucun tableau pour {year}", param_hint="--year") from None
    if as_json:
        click.echo(json.dumps(object_of(found), ensure_ascii=False))
    else:
        click.echo("\n".join(lines_of(found)))


def object_of(found: Baseline) -> dict[str, Any]:
    """The tables for programs."""
    told = {name: _plain(value) for name, value in asdict(found).items()}
    told["totals"] = {name: _printed(total) for name, total in found.totals.items()}
    return told | {"recovery": _printed(found.recovery), "balance": _printed(found.balance)}


def lines_of(found: Baseline) -> Iterator[str]:
    """The tables for the screen."""
    yield f"Tableau 1 : mutuelles et bénéficiaires, {found.year}"
    total = Counts("Total", *(int(found.totals[name].printed) for name in NAMES))
    yield from _indented(lines(HEADER, [_row(row) for row in (*found.regions, total)]))
    missing = sum(row.mutuelles or 0 for row in found.unknown)
    yield (
        f"  {ND} : {missing} mutuelles de {', '.join(row.region for row in found.unknown)}"
        " ne fonctionnaient pas ; elles comptent dans le total des mutuelles."
    )
    for name, label in NAMES.items():
        yield f"  {_checked(f'Somme des {label}', found.totals[name], '')}"
    yield f"  {_spread(found)}"
    yield ""
    yield f"Tableau 2 : finances, {found.year} (FCFA)"
    yield from _indented(lines(("", "FCFA"), [*_money(found)]))
    yield f"  {_checked('Recouvrement', found.recovery, ' %')}"
    yield f"  {_checked('Solde', found.balance, ' FCFA')}"
    gap = found.care_in_text - found.care
    yield (
        f"  Le texte dit {number(found.care_in_text)} FCFA de soins, le tableau {number(found.care)} :"
        f" écart {number(gap)}. Le tableau est gardé."
    )
    yield ""
    yield from (f"Source : {source}" for source in found.sources)


def _row(row: Counts) -> tuple[str, ...]:
    counts = (row.mutuelles, row.beneficiaries, row.treated)
    return (row.region, *(ND if count is None else number(count) for count in counts), _percent(_share(row)))


def _share(row: Counts) -> Decimal | None:
    """How many in a hundred of those who depend on mutuelles were treated."""
    if row.treated is None or row.beneficiaries is None:
        return None
    return percent(row.treated, row.beneficiaries)


def _spread(found: Baseline) -> str:
    shares = {row.region: share for row in found.regions if (share := _share(row)) is not None}
    least, most = min(shares, key=shares.__getitem__), max(shares, key=shares.__getitem__)
    return (
        f"Part des soignés : de {_percent(shares[least])} ({least}) à {_percent(shares[most])} ({most}),"
        " un écart peu vraisemblable : à lire avec prudence."
    )


def _percent(share: Decimal | None) -> str:
    return ND if share is None else f"{share.quantize(Decimal('0.1'))}\u00a0%".replace(".", ",")


def _money(found: Baseline) -> Iterator[tuple[str, str]]:
    for year, fcfa in found.before.items():
        yield f"Reçu en {year}", number(fcfa)
    yield "Attendu", number(found.expected)
    yield "Reçu", number(found.received)
    yield "Soins", number(found.care)
    yield "Fonctionnement", number(found.running)
    yield "Solde", number(int(found.balance.printed))


def _checked(label: str, total: Printed, unit: str) -> str:
    """A printed figure beside what its parts give."""
    said = f"{label} : {number(total.computed)}{unit}"
    if not total.difference:
        return f"{said}, comme imprimé."
    return f"{said}, imprimé {number(total.printed)}{unit} : écart {number(total.difference)}{unit}."


def _indented(table: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in table)


def _printed(total: Printed) -> dict[str, int | float]:
    return {name: _plain(getattr(total, name)) for name in ("printed", "computed", "difference")}


def _plain(value: Any) -> Any:
    """A whole number as one, another as a float."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == int(value) else float(value)
