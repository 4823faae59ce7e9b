"""Signatures of callbacks about money: HMAC over the body as it came, compared in constant time with every key."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping

from config.money import Signature


def sign(how: Signature, body: bytes, key: str) -> str:
    """What stands in the header of a callback with this body."""
    digest = hmac.digest(key.encode(), body, how.algorithm)
    return how.prefix + (digest.hex() if how.encoding == "hex" else b64encode(digest).decode())


def is_signed(how: Signature, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the keys made the signature. All are tried, whatever the first one said.

    `headers` with names in small letters.
    """
    shown = headers.get(how.header.lower(), "").strip().encode("utf-8", "surrogatepass")
    right = [sign(how, body, key.get_secret_value()).encode() for key in how.keys]
    fits = [hmac.compare_digest(one, shown) for one in right]
    return any(fits)
