"""A campaign's report and a year's as lines, as cells for a spreadsheet, as an object for programs, and as a chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gateway.bar_chart import Bar, Chart, Panel
from gateway.campaign_words import ACTS, EXCLUDED, MONTHS, SEXES, STATES, number, percent, reason, region
from models.campaign_acts import WINDOW
from models.campaign_report import Act, Report
from models.intervals import Difference
from models.people_reached import NOTE, Reached

HEADER = ("partie", "detail", "valeur", "unite")
PEOPLE, FCFA = "personnes", "FCFA"
Cells = tuple[str, str, object, str]


def cells_of(report: Report) -> Iterator[Cells]:
    """A campaign's report, one figure a line."""
    figures = report.campaign.figures
    if "found" in figures:
        yield "trouvés", "", figures["found"], PEOPLE
    for word, people in figures.get("excluded", {}).items():
        yield "exclus avant", EXCLUDED.get(word, reason(word)), people, PEOPLE
    yield "destinataires", "", report.audience, PEOPLE
    for state, people in report.states.items():
        yield _state(state), "", people, PEOPLE
        for code, some in report.reasons.get(state, {}).items():
            yield _state(state), reason(code), some, PEOPLE
    yield "pris par le fournisseur", "", report.sent, PEOPLE
    for operator, cost in report.costs.items():
        yield "coût prévu", operator, cost.planned_fcfa, FCFA
        yield "coût réel", operator, cost.real_fcfa, FCFA
        yield "sans prix annoncé", operator, cost.untold, PEOPLE
    for act, found in report.acts.items():
        yield ACTS[act], f"dans les {WINDOW} jours après leur SMS", found.in_time, PEOPLE
        yield ACTS[act], f"sur {number(report.arms[0])} destinataires", found.people, PEOPLE
        yield ACTS[act], f"sur {number(report.arms[1])} tenus à l'écart", found.held_out, PEOPLE
        if found.effect:
            yield ACTS[act], "effet", effect(found.effect), "points"


def effect(found: Difference) -> str:
    """A difference with its interval, in points."""
    value, low, high = (
        f"{100 * part:+.1f}".replace(".", ",") for part in (found.value, found.low, found.high)
    )
    return f"{value} ({low} à {high})"


def lines_of(report: Report) -> Iterator[str]:
    """A campaign's report for the screen."""
    campaign = report.campaign
    yield f"Campagne {campaign.campaign_id} « {campaign.name} », {campaign.state}"
    yield from _table(
        (f"{part}{' : ' if detail else ''}{detail}", f"{_cell(value)} {unit}")
        for part, detail, value, unit in cells_of(report)
    )
    yield f"Effet : écart entre les deux groupes, en points, avec l'intervalle à 95 %. {NOTE}"


def object_of(report: Report) -> dict[str, Any]:
    """A campaign's report for programs."""
    return {
        "campaign": report.campaign.campaign_id,
        "name": report.campaign.name,
        "state": report.campaign.state,
        "audience": report.audience,
        "states": report.states,
        "reasons": report.reasons,
        "sent": report.sent,
        "arms": {"messaged": report.arms[0], "held_out": report.arms[1]},
        "costs": {
            operator: {
                "sent": cost.sent,
                "planned_fcfa": cost.planned_fcfa,
                "real_fcfa": float(cost.real_fcfa),
                "untold": cost.untold,
            }
            for operator, cost in report.costs.items()
        },
        "acts": {act: _act(found) for act, found in report.acts.items()},
        "window_days": WINDOW,
    }


def chart_of(report: Report) -> Chart:
    """A campaign's report on a page."""
    became = [
        Bar(_state(state), people, number(people), light=state != "DELIVERED")
        for state, people in report.states.items()
        if people
    ]
    did = [bar for act, found in report.acts.items() for bar in _arms(act, found, report.arms)]
    shares = [bar.value or 0 for bar in did]
    return Chart(
        f"Campagne {report.campaign.campaign_id} : {number(report.audience)} destinataires",
        (
            Panel("Ce qu'ils sont devenus (personnes)", became),
            Panel("Ce qu'ils ont fait ensuite (part de chaque groupe)", did, full=max([0.01, *shares])),
        ),
        (
            "En bas, foncé : à qui un SMS était destiné ; clair : tenus à l'écart, tirés au sort.",
            NOTE,
        ),
    )


def year_cells_of(found: Reached) -> Iterator[Cells]:
    """A year's people, one figure a line."""
    year = str(found.year)
    yield "personnes atteintes", year, found.people, PEOPLE
    yield "objectif", found.source, found.goal, PEOPLE
    for name, people in found.by_region.items():
        yield "région", region(name), people, PEOPLE
    for sex, people in found.by_sex.items():
        yield "sexe", SEXES[sex], people, PEOPLE
    for month, people in found.by_month.items():
        yield "mois", f"{MONTHS[month - 1]} {year}", people, PEOPLE


def year_lines_of(found: Reached) -> Iterator[str]:
    """A year's people for the screen."""
    yield _year_title(found)
    yield from _table(
        (f"{part} : {detail}", f"{_cell(value)} {unit}")
        for part, detail, value, unit in year_cells_of(found)
        if part != "objectif"
    )
    yield f"Objectif : {found.source}"
    yield f"Chaque numéro compte une fois, au mois du premier SMS remis. {NOTE}"


def year_object_of(found: Reached) -> dict[str, Any]:
    """A year's people for programs."""
    return {
        "year": found.year,
        "people": found.people,
        "goal": found.goal,
        "percent": None if found.percent is None else round(found.percent, 3),
        "source": found.source,
        "by_region": found.by_region,
        "by_sex": found.by_sex,
        "by_month": found.by_month,
    }


def year_chart_of(found: Reached) -> Chart:
    """A year's people on a page."""
    total = _bar(f"Atteintes en {found.year}", found.people)
    goal = Bar("Objectif de l'année", found.goal, number(found.goal), light=True)
    months = {MONTHS[month - 1]: people for month, people in found.by_month.items()}
    return Chart(
        _year_title(found),
        (
            Panel("Personnes différentes, et l'objectif", (total, goal), full=found.goal),
            Panel("Par mois du premier SMS remis (personnes)", _bars(months)),
            Panel("Par région (personnes)", _bars({region(name): n for name, n in found.by_region.items()})),
            Panel("Par sexe (personnes)", _bars({SEXES[sex]: n for sex, n in found.by_sex.items()})),
        ),
        (f"Objectif : {found.source}.", NOTE),
    )


def _year_title(found: Reached) -> str:
    share = "" if found.percent is None else f" ({percent(found.percent / 100)})"
    return f"{found.year} : {number(found.people)} personnes atteintes sur {number(found.goal)}{share}"


def _bars(counts: Mapping[str, int | str]) -> list[Bar]:
    return [_bar(label, count) for label, count in counts.items()]


def _bar(label: str, count: int | str) -> Bar:
    return Bar(label, count if isinstance(count, int) else None, number(count))


def _arms(act: str, found: Act, arms: tuple[int, int]) -> Iterator[Bar]:
    groups = ((found.people, arms[0], ACTS[act], False), (found.held_out, arms[1], "", True))
    for count, among, label, light in groups:
        if isinstance(count, str) or not among:
            yield Bar(label, None, str(count) if among else "–", light)
            continue
        interval = f" ; effet {effect(found.effect)} points" if found.effect and not light else ""
        yield Bar(label, count / among, f"{percent(count / among)}{interval}", light)


def _act(found: Act) -> dict[str, Any]:
    told: dict[str, Any] = {
        "in_time": found.in_time,
        "people": found.people,
        "held_out": found.held_out,
        "effect": None,
    }
    if found.effect:
        told["effect"] = {
            "difference": found.effect.value,
            "low": found.effect.low,
            "high": found.effect.high,
            "sure": found.effect.is_sure,
        }
    return told


def _state(state: str) -> str:
    return STATES.get(state, state)


def _cell(value: object) -> str:
    return "-" if value is None else number(value)


def _table(rows: Iterator[tuple[str, str]]) -> Iterator[str]:
    listed = list(rows)
    width = max(len(label) for label, _ in listed)
    return (f"  {label:<{width}}  {value}" for label, value in listed)
