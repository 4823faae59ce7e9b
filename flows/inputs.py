"""What the person typed on this hop, found in the provider's `text`: the whole history joined with `*`."""

from __future__ import annotations

from dataclasses import dataclass

from flows.session import Session, digest


@dataclass(frozen=True, slots=True)
class Dial:
    """A first hop. `tail` holds what followed the service code: empty for a plain dial, a shortcut otherwise."""

    tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stale:
    """A hop that is older than the session: answered with the present screen, never acted on."""


def newest(session: Session | None, text: str) -> Dial | Stale | str:
    """The newest input: a Dial without a session, else the difference to the text seen before, `*` and `#` included.

    The provider sends no number with a hop, so the text is compared by prefix: what is new is what comes after the text
    already seen and one `*`. A text that does not continue the one seen is a late or repeated hop.
    """
    if session is None:
        return Dial(tuple(text.rstrip("#").split("*")) if text.strip("#") else ())
    length, fingerprint = session.seen
    if len(text) <= length or digest(text[:length]) != fingerprint:
        return Stale()
    rest = text[length:]
    if length == 0:
        return rest
    return rest[1:] if rest.startswith("*") else Stale()


def seen(text: str) -> tuple[int, str]:
    """What a session remembers of the provider's text: (characters, fingerprint)."""
    return len(text), digest(text)
