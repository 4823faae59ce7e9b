"""Providers of SMS, one file each. `provider_of` makes the one that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from config.faults import Fault
from config.settings import Settings
from gateway.providers.port import (
    Answered,
    NotSent,
    Outcome,
    Provider,
    Recipient,
    Unknown,
)

__all__ = ["Answered", "NotSent", "Outcome", "Provider", "Recipient", "Unknown", "provider_of"]

ADAPTERS: Mapping[str, Callable[[Settings], Provider]] = {}
"""The setting `provider` to what makes it."""


def provider_of(settings: Settings) -> Provider | None:
    """The provider of this installation; None when none is set: messages then wait. Connects to nothing.

    Raises Fault when a setting that it needs is missing or wrong.
    """
    if not settings.provider:
        return None
    make = ADAPTERS.get(settings.provider)
    if make is None:
        raise Fault(f"provider {settings.provider} is not known. Remedy: RAMU_PROVIDER={'|'.join(ADAPTERS)}")
    return make(settings)
