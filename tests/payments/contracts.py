"""An operator that exists nowhere, as settings describe it."""

from __future__ import annotations

from typing import Any

KEY, SIGNING = "k" * 24, "s" * 40


def contract(**changed: Any) -> dict[str, Any]:
    """The table of one operator, with some of it changed."""
    return {
        "url": "https://om.example/pay",
        "query_url": "https://om.example/pay/{order}",
        "key": KEY,
        "headers": {"Authorization": "Bearer {key}"},
        "body": {"id": "{order}", "sum": "{amount}", "from": "{payer}", "hook": "{callback}"},
        "answer": {"status": "state", "reason": "error.code", "ref": "txn"},
        "query": {"status": "state", "reason": "error.code", "order": "id", "amount": "sum", "ref": "txn"},
        "callback": {
            "status": "state",
            "reason": "error.code",
            "order": "id",
            "amount": "sum",
            "ref": "txn",
            "payer": "from",
        },
        "meanings": {
            "PAID": "CONFIRMED",
            "OPEN": "PENDING",
            "NONE": "NEVER_SEEN",
            "BUSY": "LATER",
            "DENIED": "STOP",
            "KO": "AUTRE",
            "POOR": "SOLDE",
        },
        "signature": {"header": "X-Om-Signature", "keys": [SIGNING]},
        **changed,
    }
