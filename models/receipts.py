"""The RAMED receipt (récépissé d'immatriculation): what the paper carries beyond the right, and its five verdicts.

Fields as in the receipt annexed to the étude RAMED 2024. The reference is kept as printed, never parsed; it
is sealed, for it leads to one person's file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Column, Date, ForeignKey, String, Table

from models.coverage import Verdict, verdict
from models.database import Sealed, metadata
from models.keyring import KeyRing

REFERENCE = "reference"
"""Purpose of a receipt's sealed reference."""

receipts = Table(
    "receipts",
    metadata,
    Column("coverage_id", ForeignKey("coverages.id"), primary_key=True, autoincrement=False),
    Column("reference_sealed", Sealed(REFERENCE)),
    Column("issue_place", String(60)),
    Column("issue_date", Date),
    Column("signatory_title", String(80)),
    Column("signatory_sealed", Sealed("signatory")),
)


def receipt_columns(keys: KeyRing, printed: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a receipt whose fields are given as printed: its reference, when it has one, is sealed."""
    columns = dict(printed)
    reference = columns.pop("reference", None)
    return {**columns, "reference_sealed": keys.seal(reference, REFERENCE) if reference else None}


def receipt_verdict(valid_from: date | None, valid_to: date | None, day: date) -> Verdict:
    """VALIDE, PAS_ENCORE_VALIDE or EXPIRE for the dates printed on a receipt, the last day included.

    A month alone as the first date counts from its first day (assumption). Without dates there is nothing to judge:
    INCONNU. FORMAT_INVALIDE, the fifth, is said of a number that is no receipt's before any date is looked at.
    """
    if valid_from is None or valid_to is None:
        return Verdict.INCONNU
    return verdict("RAMED", "ACTIF", valid_from, valid_to, None, day)
