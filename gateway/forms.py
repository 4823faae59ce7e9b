"""The provider's form, read strictly and by hand: no longer than allowed, each field once, letters that exist.

Werkzeug's parser is right for pages and costs half a hop (docs/decisions).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

MOST_FIELDS = 50


class BadForm(Exception):
    """The body cannot be taken. The message says why, in French, without a word of what was sent."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def body_of(environ: dict[str, Any], most: int) -> bytes:
    """The request's body, of at most `most` bytes, with or without a declared length. Raises BadForm."""
    declared = environ.get("CONTENT_LENGTH") or ""
    known = declared.isdecimal()
    length = int(declared[:12]) if known else most + 1
    if known and length > most:
        raise BadForm("demande trop longue", 413)
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except OSError as fault:
        raise BadForm("demande interrompue") from fault
    return no_longer(body, most)


def no_longer(body: bytes, most: int) -> bytes:
    """A body of at most `most` bytes, as it is. Raises BadForm."""
    if len(body) > most:
        raise BadForm("demande trop longue", 413)
    return body


def fields_of(body: bytes) -> dict[str, str]:
    """The fields of a form-encoded body. Raises BadForm for a repeated field, bad UTF-8, a NUL."""
    fields: dict[str, str] = {}
    try:
        text = _usual(body.decode())
        pairs = text.split("&", MOST_FIELDS) if body else []
        for pair in pairs:
            name, _, content = pair.partition("=")
            fields[name] = content
        if "%" in text:
            fields = {_decoded(name): _decoded(content) for name, content in fields.items()}
    except UnicodeDecodeError as fault:
        raise BadForm("texte illisible (UTF-8 attendu)") from fault
    if len(pairs) > MOST_FIELDS:
        raise BadForm("trop de champs")
    if len(fields) < len(pairs):
        raise BadForm("champ répété")
    if "\0" in text or "%00" in text:
        raise BadForm("caractère interdit")
    return fields


def required(fields: dict[str, str], name: str, most: int) -> str:
    """One field, of at most `most` characters. Raises BadForm."""
    value = fields.get(name)
    if value is None:
        raise BadForm(f"champ {name} absent")
    if len(value) > most:
        raise BadForm(f"champ {name} trop long")
    return value


def _usual(text: str) -> str:
    """`text` without the escapes that nearly every form has, of signs that part no fields and end no other escape."""
    return text.replace("+", " ").replace("%2B", "+").replace("%2A", "*").replace("%23", "#")


def _decoded(escaped: str) -> str:
    return unquote_to_bytes(escaped).decode() if "%" in escaped else escaped
