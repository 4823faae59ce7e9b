"""Providers of SMS, one file each. `provider_of` makes the one that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from config.faults import Fault
from config.settings import Settings
from gateway.providers.africastalking import AfricasTalking
from gateway.providers.aggregator import AggregatorProvider
from gateway.providers.line import Line
from gateway.providers.port import (
    Answered,
    NotSent,
    Outcome,
    Provider,
    Recipient,
    Unknown,
)
from gateway.providers.simulated import simulated

__all__ = ["Answered", "NotSent", "Outcome", "Provider", "Recipient", "Unknown", "provider_of"]


def provider_of(settings: Settings) -> Provider | None:
    """The provider of this installation; None when none is set: messages then wait. Connects to nothing.

    Raises Fault when a setting that it needs is missing or wrong.
    """
    if not settings.provider:
        return None
    if settings.provider_url and not is_private(settings.provider_url):
        raise Fault(
            "provider_url: the key would travel in clear. Remedy: an address that begins with https://"
        )
    if settings.provider_authorities and not Path(settings.provider_authorities).is_file():
        raise Fault("provider_authorities: no such file. Remedy: the path of a file of certificates (PEM)")
    line = Line(settings.provider_seconds, settings.sends_at_once, settings.provider_authorities)
    return ADAPTERS[settings.provider](settings, line)


def _africastalking(settings: Settings, line: Line) -> Provider:
    _need(settings, "provider_username", settings.provider_username)
    key = _need(settings, "provider_key", settings.provider_key.get_secret_value())
    return AfricasTalking(
        line,
        settings.provider_username,
        key,
        sender=settings.sender,
        base=settings.provider_url,
        name="africastalking",
    )


def _aggregator(settings: Settings, line: Line) -> Provider:
    url = _need(settings, "provider_url", settings.provider_url)
    if settings.aggregator is None:
        raise Fault(
            "aggregator: not described. Remedy: the table [aggregator] of docs/providers.md in ramu.toml"
        )
    key = settings.provider_key.get_secret_value()
    if settings.aggregator.needs_key:
        _need(settings, "provider_key", key)
    return AggregatorProvider(
        line,
        settings.aggregator,
        url=url,
        username=settings.provider_username,
        key=key,
        sender=settings.sender,
    )


ADAPTERS: Mapping[str, Callable[[Settings, Line], Provider]] = {
    "simulated": simulated,
    "africastalking": _africastalking,
    "aggregator": _aggregator,
}
"""The setting `provider` to what makes it."""


def _need(settings: Settings, name: str, value: str) -> str:
    """A setting that this provider cannot do without. Raises Fault."""
    if not value:
        raise Fault(f"{name} is not set. Remedy: RAMU_{name.upper()}, which {settings.provider} needs")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise Fault(f"{name} has a space, an accent or a line end. Remedy: copy it again")
    return value


def is_private(url: str) -> bool:
    """Whether nobody on the way reads along: TLS, or this machine itself."""
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return True
    try:
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.scheme == "http" and parts.hostname == "localhost"
