"""The simulated provider: the real adapter, at the address of `ramu provider simulate`. It reaches no phone."""

from __future__ import annotations

from config.settings import Settings
from gateway.providers.africastalking import AfricasTalking
from gateway.providers.line import Line

USERNAME, KEY = "sandbox", "simulated"
"""What the simulated provider accepts. Nobody is to be kept out of it."""


def address_of(settings: Settings) -> str:
    """Where it listens: `provider_url`, by default the port after the gateway's own."""
    return settings.provider_url.rstrip("/") or f"http://127.0.0.1:{settings.port + 1}"


def simulated(settings: Settings, line: Line) -> AfricasTalking:
    """The adapter for it."""
    base = address_of(settings)
    return AfricasTalking(line, USERNAME, KEY, sender=settings.sender, base=base, name="simulated")
