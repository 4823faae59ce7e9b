"""Who may call: the secret of the callbacks, the networks, and the register of routes with their guards."""

from __future__ import annotations

import hmac
from base64 import b64decode
from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import blake2b
from ipaddress import ip_address
from typing import Any, TypeVar

from config.settings import Settings

Environ = dict[str, Any]
View = TypeVar("View", bound=Callable[..., Any])

GUARD = "guard"
"""The attribute of a view that says who may call it."""


class Gate:
    """Lets a provider's callback pass, or not: it must show a secret and come from an allowed network."""

    def __init__(self, settings: Settings, secrets: Iterable[str] | None = None) -> None:
        """`secrets` are those of these callbacks alone; the installation's when there are none."""
        shared = settings.secrets if secrets is None else secrets
        self._known = tuple(_digest(secret) for secret in shared)
        self._allowed = settings.allowed_networks
        self._proxies = settings.trusted_proxies
        self._may_call = lru_cache(maxsize=1024)(self._in_networks)

    def lets_in(self, environ: Environ, shown: str) -> bool:
        """Whether `shown`, a secret of the path, or the password of basic authentication is one of ours.

        Every secret is compared, in constant time, whatever the first comparison said.
        """
        if self._allowed and not self._may_call(self._caller(environ)):
            return False
        fits = self._is_known(shown)
        if "HTTP_AUTHORIZATION" in environ:
            fits |= self._is_known(_password(environ["HTTP_AUTHORIZATION"]))
        return fits

    def _is_known(self, secret: str) -> bool:
        offer, fits = _digest(secret), False
        for known in self._known:
            fits |= hmac.compare_digest(known, offer)
        return fits

    def _caller(self, environ: Environ) -> str:
        """The nearest address that is not a proxy of ours: what a proxy wrote counts only behind that proxy.

        WSGI gives `X_Forwarded_For` the same name (RFC 3875, 4.1.18); gateway.front leaves such headers out.
        """
        chain = [environ.get("REMOTE_ADDR", "")]
        if self._proxies:
            chain = [*environ.get("HTTP_X_FORWARDED_FOR", "").split(","), *chain]
        for address in reversed([part.strip() for part in chain]):
            if not _inside(address, self._proxies):
                return str(address)
        return ""

    def _in_networks(self, address: str) -> bool:
        return _inside(address, self._allowed)


def _inside(address: str, networks: Iterable[Any]) -> bool:
    try:
        place = ip_address(address)
    except ValueError:
        return False
    return any(place in network for network in networks)


def _digest(secret: str) -> bytes:
    return blake2b(secret.encode("utf-8", "surrogatepass"), digest_size=32).digest()


def _password(authorization: str) -> str:
    scheme, _, packed = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return b64decode(packed, validate=True).decode().partition(":")[2]
    except ValueError:  # neither base64 nor letters
        return ""


def guarded(guard: str) -> Callable[[View], View]:
    """Names who may call a route: `provider` (the secret), `demo` (the demonstration), `public` (anybody).

    A test walks the routes and fails on one without a name.
    """

    def mark(view: View) -> View:
        setattr(view, GUARD, guard)
        return view

    return mark
