"""The words in which a campaign's report is read: French, for who prepares campaigns and for who pays for them."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from config import facts
from models import campaign_acts, messages
from models.campaign_tables import HELD_OUT, SKIPPED, STOPPED
from models.places import fold

STATES = {
    HELD_OUT: "Tenus à l'écart, pour comparer",
    STOPPED: "Ont dit STOP avant l'envoi",
    SKIPPED: "Écartés avant l'envoi",
    messages.PENDING: "Pas envoyés",
    messages.UNKNOWN: "En doute : parti ou non ?",
    messages.REJECTED: "Refusés à l'envoi",
    messages.ACCEPTED: "Envoyés, accusé attendu",
    messages.DELIVERED: "Remis",
    messages.NO_RECEIPT: "Sans accusé après 72 h",
    messages.UNDELIVERED: "Non remis",
    messages.EXPIRED: "Délai de remise dépassé",
}
"""What may have become of a recipient."""

EXCLUDED = {
    "STOP": "ont dit STOP",
    "RECENT": "contactés cette semaine",
    "DEAD": "décédés",
    "OFF": "numéro éteint",
}
"""Why numbers that an audience found are no recipients."""

ACTS = {
    campaign_acts.DIALLED: "Ont appelé le service",
    campaign_acts.WROTE: "Ont écrit un SMS",
    campaign_acts.STOPPED: "Ont dit STOP",
    campaign_acts.TIED: "Ont relié une personne",
    campaign_acts.COVERED: "Ont eu un droit ouvert",
    campaign_acts.CARED: "Vérifiés dans un centre",
}
"""What people may have done afterwards."""

SEXES = {"F": "Femmes", "M": "Hommes", "": "Inconnu"}
MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)
UNKNOWN_REGION = "Inconnue"


def number(count: object) -> str:
    """A number as French writes it, with spaces that do not break; a mark as it is."""
    if isinstance(count, Decimal):
        count = (
            int(count) if count == int(count) else f"{count:,.2f}".replace(",", "\u00a0").replace(".", ",")
        )
    return f"{count:,}".replace(",", "\u00a0") if isinstance(count, int) else str(count)


def percent(share: float, digits: int = 1) -> str:
    """A share of 1 in a hundred, with a comma."""
    return f"{100 * share:.{digits}f}".replace(".", ",") + "\u00a0%"


def reason(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ").lower()


def region(folded: str) -> str:
    """A region's name with its accents."""
    return _regions().get(folded, folded.title()) or UNKNOWN_REGION


@cache
def _regions() -> dict[str, str]:
    tables = ("mali_admin_2021", "mali_admin", "mali_communes_2023")
    return {fold(row["region"]): row["region"] for table in tables for row in facts.reference(table)}
