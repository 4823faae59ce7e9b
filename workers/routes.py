"""The ways out: the provider of the settings and, when it fails, a second one. Each has its own pause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from config.settings import Settings
from gateway.providers import Provider, provider_of
from workers.pauses import Pause


@dataclass(frozen=True, slots=True)
class Route:
    """A provider, and the state in which this process knows it."""

    provider: Provider
    pause: Pause = field(default_factory=Pause)


class Routes:
    """The routes of one process, in their order."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = tuple(routes)

    def pick(self) -> Route | None:
        """The first that lets a request through, which is then to be told how it went; None when all are paused.

        A route whose pause is over gets one request before the next one, so that it is found well again.
        """
        return next((route for route in self._routes if route.pause.lets_through()), None)

    def close(self) -> None:
        """Closes the connections of all."""
        for route in self._routes:
            route.provider.close()


def routes_of(settings: Settings) -> Routes | None:
    """The routes of this installation; None without a provider. Raises Fault when one is badly configured."""
    first = provider_of(settings)
    if first is None:
        return None
    second = provider_of(second_of(settings)) if settings.provider2 else None
    return Routes([Route(one) for one in (first, second) if one])


def second_of(settings: Settings) -> Settings:
    """The settings as they would be if the second provider were the first."""
    return settings.model_copy(
        update={
            "provider": settings.provider2,
            "provider_url": settings.provider2_url,
            "provider_username": settings.provider2_username,
            "provider_key": settings.provider2_key,
            "sender": settings.sender2,
        }
    )
