"""A report of the mutuelles as lines for the screen, as cells for a spreadsheet and as an object for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from gateway.campaign_words import number
from gateway.text_tables import lines
from models.mutuelle_baseline import ND
from models.mutuelle_publish import Cell, Cells, published, whole
from models.mutuelle_report import CERCLE, COUNTRY, ONE, REGION, Place, Report
from models.people_reached import NOTE

COLUMNS = {
    "mutuelles": "mutuelles",
    "known": "mutuelles_connues",
    "paid_up_in": "mutuelles_avec_adherents_a_jour",
    "cofinanced": "mutuelles_cofinancees",
    "communes": "communes_couvertes",
    "members": "adherents",
    "accounts": "adherents_avec_compte",
    "paid_up": "adherents_a_jour",
    "beneficiaries": "beneficiaires",
    "due": "cotisations_dues_fcfa",
    "recovered": "cotisations_payees_fcfa",
    "recovery": "recouvrement_pourcent",
    "received": "encaisse_fcfa",
    "state": "cofinancement_etat_fcfa",
    "guarantee": "fonds_garantie_fcfa",
    "acts": "actes",
    "treated": "soignes",
    "care_fcfa": "soins_dits_fcfa",
    "cash": "chez_collecteurs_fcfa",
    "season_due": "saison_appelee_fcfa",
    "season_paid": "saison_payee_fcfa",
    "season_forecast": "saison_prevue_fcfa",
    "season_low": "saison_prevue_min_fcfa",
    "season_high": "saison_prevue_max_fcfa",
    "season_recovery": "saison_recouvrement_prevu_pourcent",
}
"""The figures of a row in a spreadsheet, in their order."""

PLACE = ("du", "au", "niveau", "region", "cercle", "code", "mutuelle")
HEADER = (*PLACE, *COLUMNS.values(), "recouvrement_reference_pourcent")

TABLES = {
    "Membres et soins": {
        "members": "Adhérents",
        "accounts": "Avec compte",
        "paid_up": "À jour",
        "beneficiaries": "Bénéficiaires",
        "communes": "Communes",
        "treated": "Soignés",
        "acts": "Actes",
        "care_fcfa": "Soins dits",
    },
    "Cotisations (FCFA)": {
        "due": "Dû",
        "recovered": "Payé",
        "recovery": "Recouvr.",
        "gap": "Écart",
        "received": "Encaissé",
        "state": "Dû par l'État",
        "guarantee": "Fonds",
        "cash": "Collecteurs",
    },
    "Prévision de fin de saison (FCFA)": {
        "season_due": "Appelé",
        "season_paid": "Payé",
        "season_forecast": "Prévu",
        "season_low": "entre",
        "season_high": "et",
        "season_recovery": "Recouvr.",
    },
}
"""The tables of the screen: a heading for each figure. `gap`: points between recovery and that of the baseline."""

LABELS = {COUNTRY: "Pays", REGION: "Région", CERCLE: "Cercle", ONE: "Mutuelle"}


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown of a report: the country and the rows of one level; `hidden`: small counts are."""

    report: Report
    level: str
    hidden: bool
    country: Cells
    rows: Mapping[Place, Cells]


def page(report: Report, level: str, *, publish: bool) -> Page:
    """The rows of a level, and small counts hidden when it is to be published."""
    shown = (published if publish else whole)(report.rows)
    (country,) = shown[COUNTRY].values()
    return Page(report, level, publish, country, {} if level == COUNTRY else shown[level])


def lines_of(shown: Page) -> Iterator[str]:
    """A report for the screen. Places of which nothing is known are counted below the tables, regions are listed."""
    report = shown.report
    yield f"Mutuelles de santé, du {_day(report.period.first)} au {_day(report.until)}"
    if report.until < report.period.last:
        yield f"La période va jusqu'au {_day(report.period.last)} : elle n'est pas finie."
    told = {place: row for place, row in shown.rows.items() if shown.level == REGION or row["known"]}
    for title, columns in TABLES.items():
        yield ""
        yield title
        header = (LABELS[shown.level], *columns.values())
        rows = [(_name(place, shown.level), *_texts(row, columns, report)) for place, row in told.items()]
        yield from (
            f"  {line}" for line in lines(header, [*rows, ("Mali", *_texts(shown.country, columns, report))])
        )
    yield ""
    yield from _notes(shown, len(shown.rows) - len(told))


def cells_of(shown: Page) -> Iterator[Sequence[object]]:
    """A report for a spreadsheet: the country, then each row of the level; ND where nothing is known."""
    report = shown.report
    for level, place, row in _all(shown):
        yield (
            str(report.period.first),
            str(report.until),
            level,
            place.region,
            place.cercle,
            place.code,
            place.name,
            *(_bare(row[name]) for name in COLUMNS),
            _bare(report.baseline),
        )


def object_of(shown: Page) -> dict[str, Any]:
    """A report for programs; null is ND."""
    report = shown.report
    return {
        "from": str(report.period.first),
        "to": str(report.period.last),
        "until": str(report.until),
        "season": {"from": str(report.season.first), "to": str(report.season.last)},
        "baseline": {"year": report.baseline_year, "recovery_percent": float(report.baseline)},
        "covered": {
            name: {"with_members": some, "of": all_} for name, (some, all_) in report.covered.items()
        },
        "published": shown.hidden,
        "rows": [
            {
                "level": level,
                "region": place.region or None,
                "cercle": place.cercle or None,
                "code": place.code or None,
                "name": place.name or None,
                **{name: float(cell) if isinstance(cell, Decimal) else cell for name, cell in row.items()},
            }
            for level, place, row in _all(shown)
        ],
    }


def _all(shown: Page) -> Iterator[tuple[str, Place, Cells]]:
    yield COUNTRY, Place(), shown.country
    for place, row in shown.rows.items():
        yield shown.level, place, row


def _notes(shown: Page, unknown: int) -> Iterator[str]:
    """What is said of the country below the tables, and how the tables are to be read."""
    report, country = shown.report, shown.country
    reference = f"{_text(report.baseline)} en {report.baseline_year}"
    yield f"Recouvrement : {_text(country['recovery'])} ; {reference} ; écart {_gap(country, report)} points."
    yield (
        f"Mutuelles avec des adhérents à jour : {_text(country['paid_up_in'])} sur {_text(country['mutuelles'])}"
        f" ; cofinancées par l'État : {_text(country['cofinanced'])}."
    )
    (cercles, all_cercles), (communes, all_communes) = report.covered.values()
    yield f"Avec des adhérents : {cercles} cercles sur {all_cercles}, {communes} communes sur {all_communes}."
    yield (
        f"Saison du {_day(report.season.first)} au {_day(report.season.last)} ; la prévision et son intervalle"
        " (95 %) : docs/mutuelle-figures.md."
    )
    if unknown:
        yield f"{ND} : rien n'est connu de {unknown} autres lignes ; --csv les donne toutes."
    if shown.hidden:
        yield NOTE


def _texts(row: Cells, columns: Mapping[str, str], report: Report) -> tuple[str, ...]:
    return tuple(_gap(row, report) if name == "gap" else _text(row[name]) for name in columns)


def _gap(row: Cells, report: Report) -> str:
    """Points above or below the baseline, with their sign."""
    recovery = row["recovery"]
    if isinstance(recovery, Decimal):
        return f"{recovery - report.baseline:+}".replace(".", ",")
    return _text(recovery)


def _text(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return f"{_bare(cell)}\u00a0%"
    return ND if cell is None else number(cell)


def _bare(cell: Cell) -> str | int:
    if isinstance(cell, Decimal):
        return str(cell).replace(".", ",")
    return ND if cell is None else cell


def _name(place: Place, level: str) -> str:
    return {REGION: place.region, CERCLE: place.cercle or place.region}.get(
        level, f"{place.code} {place.name}"
    )


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
