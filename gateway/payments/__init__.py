"""Operators of mobile money. `operators_of` makes those that the settings name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from config.faults import Fault
from config.money import MoneyContract
from config.settings import DEMO_SECRET, Settings
from gateway.payments.contract import ContractOperator
from gateway.payments.port import Operator
from gateway.payments.simulated import address_of, simulated_contract
from gateway.providers import is_private
from gateway.providers.line import Line
from models.money_operators import money_operators

PREFIX = "/hooks/payments/"
"""Where operators call us: then the operator's code and a secret."""


def operators_of(settings: Settings, day: date) -> Mapping[str, Operator]:
    """Every operator that a payment can be asked of on a day, by its code; () when none is set. Connects to nothing.

    Raises Fault when a setting that one needs is missing or wrong.
    """
    known = [one.code for one in money_operators(day)]
    contracts = _contracts(settings, known)
    if strange := set(contracts) - set(known):
        raise Fault(
            f"money_operators: {', '.join(sorted(strange))} is not in force. Remedy: {', '.join(known)}"
        )
    line = Line(settings.money_seconds, settings.payments_at_once, settings.provider_authorities)
    return {
        code: ContractOperator(line, code, contract, callback_address(settings, code))
        for code, contract in contracts.items()
    }


def callback_address(settings: Settings, code: str) -> str:
    """Where an operator is told to call us, with a secret that we accept."""
    secret = settings.payment_secrets[0] if settings.payment_secrets else DEMO_SECRET
    return f"{settings.address}{PREFIX}{code}/{secret}"


def _contracts(settings: Settings, known: list[str]) -> Mapping[str, MoneyContract]:
    if settings.money == "simulated":
        _private("money_url", address_of(settings))
        return {code: simulated_contract(settings, code) for code in known}
    if settings.money != "operators":
        return {}
    if not settings.money_operators:
        raise Fault("money_operators: none is described. Remedy: the tables of docs/payments.md in ramu.toml")
    for code, contract in settings.money_operators.items():
        for url in (contract.url, contract.query_url):
            _private(f"money_operators.{code}", url)
    return settings.money_operators


def _private(name: str, url: str) -> None:
    if not is_private(url):
        raise Fault(f"{name}: the key would travel in clear. Remedy: an address that begins with https://")
