"""The simulated operator: the real adapter, at the address of `ramu payments simulate`. No money moves."""

from __future__ import annotations

from pydantic import SecretStr

from config.money import MoneyContract, Said, Signature
from config.settings import Settings

SIGNING_KEY = "simulated-operator-of-mobile-money"
"""What the simulated operator signs its callbacks with. Everybody may know it: nothing real is behind it."""

USERNAME, KEY = "sandbox", "simulated"

PAYMENTS = "/money/{code}/payments"
"""Where it is asked for a payment; about one, the order follows."""

WORDS = {
    "ACCEPTED": "PENDING",
    "WAITING_FOR_PIN": "PENDING",
    "SUCCESSFUL": "CONFIRMED",
    "UNKNOWN_ORDER": "NEVER_SEEN",
    "TRY_LATER": "LATER",
    "BAD_CREDENTIALS": "STOP",
    "FAILED": "AUTRE",
    "INSUFFICIENT_FUNDS": "SOLDE",
    "DECLINED_BY_CUSTOMER": "REFUS",
    "WRONG_PIN": "CODE",
    "PIN_TIMEOUT": "DELAI",
    "LIMIT_REACHED": "PLAFOND",
    "NO_ACCOUNT": "COMPTE",
    "REVERSED": "ANNULE",
}
"""Its words to ours. Invented: no operator's documents are at hand."""


def address_of(settings: Settings) -> str:
    """Where it listens: `money_url`, by default the port after the gateway's own."""
    return settings.money_url.rstrip("/") or f"http://127.0.0.1:{settings.port + 1}"


def simulated_contract(settings: Settings, code: str) -> MoneyContract:
    """How it is spoken to, in the part of one operator."""
    url = address_of(settings) + PAYMENTS.format(code=code)
    return MoneyContract(
        url=url,
        query_url=f"{url}/{{order}}",
        username=USERNAME,
        key=SecretStr(KEY),
        headers={"Authorization": "Basic {basic}"},
        body={
            "order": "{order}",
            "label": "RAMU {reference}",
            "amount": "{amount}",
            "currency": "XOF",
            "customer": "{payer}",
            "notify": "{callback}",
        },
        answer=Said(status="status", reason="reason", ref="transaction"),
        query=_SAID,
        callback=_SAID,
        meanings=WORDS,
        signature=Signature(prefix="sha256=", keys=(SecretStr(SIGNING_KEY),)),
    )


_SAID = Said(
    status="status",
    reason="reason",
    order="order",
    amount="amount",
    ref="transaction",
    payer="customer",
)
