"""Figures of mutuelles, and how those of several add up. What nobody knows (ND) is None, never 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from decimal import Decimal

from models.intervals import wilson
from models.mutuelle_baseline import percent


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a mutuelle, or of all those of a place. Money in whole FCFA; None is ND. At the end of the period unless told.

    `mutuelles`: how many; `known`: of which the gateway knows members; `paid_up_in`: with a household that is up to
    date; `cofinanced`: with a claim on the State in the period. `members` are households (adhérents), `accounts` those
    whose account is kept here (the others are known by a register's file), `paid_up` those that are up to date. `due`:
    contributions that fell due in the period, `recovered` what was paid on these; `received`: all money that came in
    during the period, `state`, `guarantee`: what the State and the guarantee fund are owed for what was put on dues in
    it. `acts`, `treated`, `care_fcfa`: care of the period, people, and what centres told it costs. `cash`: with
    collectors. `season_due` to `season_high` are the forecast's (see `forecast`).
    """

    mutuelles: int | None = None
    known: int | None = None
    paid_up_in: int | None = None
    cofinanced: int | None = None
    members: int | None = None
    accounts: int | None = None
    paid_up: int | None = None
    beneficiaries: int | None = None
    due: int | None = None
    recovered: int | None = None
    received: int | None = None
    state: int | None = None
    guarantee: int | None = None
    acts: int | None = None
    treated: int | None = None
    care_fcfa: int | None = None
    cash: int | None = None
    season_due: int | None = None
    season_paid: int | None = None
    season_forecast: int | None = None
    season_low: int | None = None
    season_high: int | None = None
    communes: frozenset[str] | None = field(default=None)

    @property
    def recovery(self) -> Decimal | None:
        """What was paid of each hundred francs that fell due; None when nothing did."""
        if self.due is None or self.recovered is None:
            return None
        return percent(self.recovered, self.due)

    @property
    def season_recovery(self) -> Decimal | None:
        """What is forecast to be paid of each hundred francs of the season."""
        if self.season_due is None or self.season_forecast is None:
            return None
        return percent(self.season_forecast, self.season_due)


COUNTED = tuple(one.name for one in fields(Figures) if one.name != "communes")
"""The figures that add up."""


def total(parts: Iterable[Figures]) -> Figures:
    """Figures of several together: the sum of what is known; None where of none anything is."""
    told = list(parts)
    known = {name: [value for one in told if (value := getattr(one, name)) is not None] for name in COUNTED}
    communes = [one.communes for one in told if one.communes is not None]
    sums = {name: sum(values) if values else None for name, values in known.items()}
    return Figures(**sums, communes=frozenset().union(*communes) if communes else None)


@dataclass(frozen=True, slots=True)
class Season:
    """Contributions of one mutuelle in a season, up to a day and beyond it. FCFA.

    `due` fell due by the day, `paid` was paid on it, `squares` is the sum of the squares of what was due of each
    household. `coming` is called and falls due later in the season, `ahead` was paid on it already.
    """

    due: int
    paid: int
    squares: int
    coming: int
    ahead: int


def forecast(season: Season, usual: Decimal) -> dict[str, int]:
    """What a season will have brought at its end, and between which amounts; by the names of Figures.

    What is still to come is paid like what fell due so far; what came late stays unpaid. The interval is Wilson's, of
    as many equal households as would be as uncertain as these unequal ones (Kish); it is that of chance alone. Before
    anything fell due, `usual` percent is forecast, between nothing and all.
    """
    share, low, high = float(usual) / 100, 0.0, 1.0
    if season.due:
        share = min(max(season.paid / season.due, 0.0), 1.0)
        people = max(1, round(season.due**2 / season.squares))
        bounds = wilson(round(share * people), people)
        low, high = min(bounds[0], share), max(bounds[1], share)
    amounts = [season.paid + max(season.ahead, round(part * season.coming)) for part in (share, low, high)]
    return {
        "season_due": season.due + season.coming,
        "season_paid": season.paid + season.ahead,
        "season_forecast": amounts[0],
        "season_low": amounts[1],
        "season_high": amounts[2],
    }
